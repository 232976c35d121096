//! The second step of signing in: a code of the app, or one of the recovery codes.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::{Next, local_path, refused, user_agent, why_not};
use crate::{
    app::second_factor::{GivenCode, SecondStep, awaited_user, second_step},
    secrets::Secret,
    services::Services,
    store::users::User,
    web::{
        Shell, WebResult,
        auth::address_of,
        filters, form as web_form,
        pages::unsent,
        render::{html, see_other},
        session,
    },
};

#[derive(Template)]
#[template(path = "sign_in/code.html")]
struct CodePage {
    shell: Shell,
    next: String,
    /// A recovery code was typed.
    recovery: bool,
    error: Option<String>,
}

/// Whose code is awaited here; `None`: begin with the password.
async fn awaited(services: &Services, session: &Session) -> WebResult<Option<User>> {
    let Some(awaits) = session::awaits_code(session, services.now()) else {
        return Ok(None);
    };
    Ok(awaited_user(services, awaits.user_id, awaits.version).await?)
}

pub(super) async fn form(
    shell: Shell,
    services: web::Data<Services>,
    session: Session,
    query: web::Query<Next>,
) -> WebResult<HttpResponse> {
    if shell.user.is_some() || awaited(&services, &session).await?.is_none() {
        return Ok(see_other("/login"));
    }
    html(&CodePage {
        shell,
        next: query.into_inner().next,
        recovery: false,
        error: None,
    })
}

#[derive(Deserialize)]
pub(super) struct CodeForm {
    #[serde(default = "web_form::no_secret", deserialize_with = "web_form::secret")]
    code: Secret,
    #[serde(default = "web_form::no_secret", deserialize_with = "web_form::secret")]
    recovery: Secret,
    /// Which of the two forms was sent.
    #[serde(default)]
    with: String,
    #[serde(default)]
    next: String,
}

pub(super) async fn submit(
    req: HttpRequest,
    shell: Shell,
    services: web::Data<Services>,
    session: Session,
    fields: web::Form<CodeForm>,
) -> WebResult<HttpResponse> {
    let fields = fields.into_inner();
    let Some(user) = awaited(&services, &session).await? else {
        return Ok(see_other("/login"));
    };
    let (t, recovery) = (shell.t, fields.with == "recovery");
    let given = if recovery {
        GivenCode::Recovery(fields.recovery)
    } else {
        GivenCode::OfApp(fields.code)
    };
    let (kind, text) = match second_step(&services, &user, given, &address_of(&req)).await {
        Ok(step) => {
            let unsent = session::unsent(&session);
            session::sign_in(&session, &user, user_agent(&req))?;
            let waits = session::keep_unsent(&session, unsent)?;
            if let SecondStep::Recovered { left } = step {
                session::flash(&session, true, t.with("second-recovered", "n", left))?;
            }
            return Ok(see_other(if waits {
                unsent::PATH
            } else {
                local_path(&fields.next)
            }));
        }
        Err(error) => {
            let wrong = if recovery {
                "second-recovery-wrong"
            } else {
                "second-code-wrong"
            };
            why_not(error, wrong, t)?
        }
    };
    refused(
        kind,
        &CodePage {
            shell,
            next: fields.next,
            recovery,
            error: Some(text),
        },
    )
}

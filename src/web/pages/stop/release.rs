//! Letting a stop go: what it covers and why it is there, a reason, and the password once more.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::{
    super::sign_in::{password_again, refused},
    covered, may_release,
};
use crate::{
    app::kill_switch::{StopError, allowed, release_stop, target_of},
    domain::KillSwitchId,
    secrets::Secret,
    services::Services,
    store::kill_switches::{NamedStop, kill_switch_fetch},
    web::{
        Shell, WebError, WebResult,
        auth::{ManagerUser, path_id},
        error::ErrorKind,
        filters, form as web_form,
        render::{html, html_with, see_other},
        session,
    },
};

#[derive(Template)]
#[template(path = "stop/release.html")]
struct ReleasePage {
    shell: Shell,
    named: NamedStop,
    name: String,
    reason: String,
    reason_error: String,
    password_error: String,
}

impl ReleasePage {
    /// The page of a stop in force that this person may release.
    async fn new(
        req: &HttpRequest,
        shell: Shell,
        user: &ManagerUser,
        services: &Services,
    ) -> WebResult<Self> {
        let id: KillSwitchId = path_id(req)?;
        let actor = user.0.actor(req);
        let named = services
            .db
            .read(move |conn| {
                let named = kill_switch_fetch(conn, actor.tenant(), id)?.ok_or(StopError::NotFound)?;
                allowed(conn, &actor, &target_of(&named.stop).ok_or(StopError::NotFound)?)?;
                Ok::<_, StopError>(named)
            })
            .await?;
        if !may_release(&shell, &named.stop) {
            return Err(WebError::forbidden());
        }
        Ok(Self {
            name: covered(&named, &shell.t),
            shell,
            named,
            reason: String::new(),
            reason_error: String::new(),
            password_error: String::new(),
        })
    }
}

/// Released already: there is nothing to ask for.
fn too_late(shell: &Shell, session: &Session) -> WebResult<HttpResponse> {
    session::flash(session, false, shell.t.get("stop-released-already"))?;
    Ok(see_other("/stop"))
}

pub(super) async fn form(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    let page = ReleasePage::new(&req, shell, &user, &services).await?;
    if page.named.stop.released_at.is_some() {
        return too_late(&page.shell, &session);
    }
    html(&page)
}

#[derive(Deserialize)]
pub(super) struct ReleaseForm {
    #[serde(default)]
    reason: String,
    #[serde(default = "web_form::no_secret", deserialize_with = "web_form::secret")]
    password: Secret,
}

pub(super) async fn submit(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
    fields: web::Form<ReleaseForm>,
) -> WebResult<HttpResponse> {
    let mut page = ReleasePage::new(&req, shell, &user, &services).await?;
    let (t, id) = (page.shell.t, page.named.stop.id);
    if page.named.stop.released_at.is_some() {
        return too_late(&page.shell, &session);
    }
    let fields = fields.into_inner();
    page.reason = fields.reason;
    if page.reason.trim().is_empty() {
        page.reason_error = t.get("stop-no-reason");
        return html_with(ErrorKind::Invalid.status(), &page);
    }
    let words = ("stop-wrong-password", t);
    let confirmed = match password_again(&req, &services, &user.0, fields.password, words).await? {
        Ok(confirmed) => confirmed,
        Err((kind, text)) => {
            page.password_error = text;
            return refused(kind, &page);
        }
    };
    match release_stop(&services, &user.0.actor(&req), &confirmed, id, &page.reason).await {
        Ok(()) => session::flash(&session, true, t.get("stop-released"))?,
        Err(StopError::NotStopped) => return too_late(&page.shell, &session),
        Err(error) => return Err(error.into()),
    }
    Ok(see_other("/stop"))
}

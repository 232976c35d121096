//! Letting a stop go: what it covers and why it is there, a reason, and the password once more.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::{covered, may_release};
use crate::{
    app::{
        kill_switch::{StopError, allowed, release_stop, target_of},
        sign_in::{SignInError, confirm},
    },
    domain::KillSwitchId,
    secrets::Secret,
    services::Services,
    store::kill_switches::{NamedStop, kill_switch_fetch},
    web::{
        Shell, WebError, WebResult,
        auth::{ManagerUser, path_id},
        error::ErrorKind,
        filters, form as web_form,
        middleware::retry_after,
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
    let address = req
        .peer_addr()
        .map_or_else(String::new, |peer| peer.ip().to_string());
    let confirmed = match confirm(&services, &user.0.user, fields.password, &address).await {
        Ok(confirmed) => confirmed,
        Err(SignInError::Wrong) => {
            page.password_error = t.get("stop-wrong-password");
            return html_with(ErrorKind::Invalid.status(), &page);
        }
        Err(SignInError::TooMany { after }) => {
            page.password_error = t.with("sign-in-too-many", "minutes", after.div_ceil(60));
            let kind = ErrorKind::TooMany { after };
            let mut answer = html_with(kind.status(), &page)?;
            if let Some((name, value)) = retry_after(kind) {
                answer.headers_mut().insert(name, value);
            }
            return Ok(answer);
        }
        Err(SignInError::Store(error)) => return Err(error.into()),
        Err(SignInError::Hash(error)) => return Err(WebError::internal(error.into())),
    };
    match release_stop(&services, &user.0.actor(&req), &confirmed, id, &page.reason).await {
        Ok(()) => session::flash(&session, true, t.get("stop-released"))?,
        Err(StopError::NotStopped) => return too_late(&page.shell, &session),
        Err(error) => return Err(error.into()),
    }
    Ok(see_other("/stop"))
}

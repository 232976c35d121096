//! One's own sessions: which browsers are signed in, since when, and ending them.

mod device;

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use crate::{
    app::own_sessions::{OwnSessionError, end_other_sessions, end_own_session, list_own_sessions},
    services::Services,
    store::sessions::OwnSession,
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, path_id},
        filters,
        render::{html, see_other},
        routes::{Access, Kind, Route},
        session,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/profile/sessions", Kind::Page, Access::SignedIn, || {
        web::to(show)
    }),
    Route::post(
        "/profile/sessions/end-others",
        Kind::Page,
        Access::SignedIn,
        || web::to(end_others),
    ),
    Route::post("/profile/sessions/{id}/end", Kind::Page, Access::SignedIn, || {
        web::to(end)
    }),
];

#[derive(Template)]
#[template(path = "sessions/page.html")]
struct SessionsPage {
    shell: Shell,
    sessions: Vec<OwnSession>,
    /// Hash of the key of the one that asks.
    own: Vec<u8>,
}

impl SessionsPage {
    /// `Chrome, Windows`; a sentence where the browser told nothing that is known.
    fn device(&self, session: &OwnSession) -> String {
        let agent = session.user_agent.as_deref().unwrap_or_default();
        device::words(agent).unwrap_or_else(|| self.shell.t.get("sessions-unknown"))
    }

    fn is_own(&self, session: &OwnSession) -> bool {
        self.own == session.key_hash
    }

    fn has_others(&self) -> bool {
        self.sessions.iter().any(|session| !self.is_own(session))
    }
}

fn own(req: &HttpRequest, services: &Services) -> WebResult<Vec<u8>> {
    session::key_hash(req, services).ok_or_else(WebError::unauthenticated)
}

async fn show(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    html(&SessionsPage {
        shell,
        sessions: list_own_sessions(&services, user.id(), session::IDLE).await?,
        own: own(&req, &services)?,
    })
}

async fn end(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    let id: Uuid = path_id(&req)?;
    if end_own_session(&services, &user.actor(&req), &user.user, id).await? == own(&req, &services)? {
        session::sign_out(&session);
        return Ok(see_other("/login"));
    }
    session::flash(&session, true, shell.t.get("sessions-ended"))?;
    Ok(see_other("/profile/sessions"))
}

async fn end_others(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    let own = own(&req, &services)?;
    let ended = end_other_sessions(&services, &user.actor(&req), &user.user, own).await?;
    session::flash(&session, true, shell.t.with("sessions-others-ended", "n", ended))?;
    Ok(see_other("/profile/sessions"))
}

impl From<OwnSessionError> for WebError {
    fn from(error: OwnSessionError) -> Self {
        match error {
            OwnSessionError::NotFound => Self::not_found(),
            OwnSessionError::Forbidden => Self::forbidden(),
            OwnSessionError::Store(error) => error.into(),
        }
    }
}

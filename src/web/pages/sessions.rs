//! One's own sessions: which browsers are signed in, since when, and ending them.

mod device;

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use uuid::Uuid;

use super::sign_in::{password_again, refused};
use crate::{
    app::{
        own_sessions::{OwnSessionError, end_other_sessions, end_own_session, list_own_sessions},
        sign_in::Confirmed,
    },
    secrets::Secret,
    services::Services,
    store::sessions::OwnSession,
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, path_id},
        filters, form as web_form,
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
    /// What is wrong with the password; empty: nothing.
    error: String,
}

impl SessionsPage {
    async fn new(
        req: &HttpRequest,
        shell: Shell,
        services: &Services,
        user: &CurrentUser,
    ) -> WebResult<Self> {
        Ok(Self {
            shell,
            sessions: list_own_sessions(services, user.id(), session::IDLE).await?,
            own: own(req, services)?,
            error: String::new(),
        })
    }

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
    html(&SessionsPage::new(&req, shell, &services, &user).await?)
}

#[derive(Deserialize)]
struct PasswordForm {
    #[serde(default = "web_form::no_secret", deserialize_with = "web_form::secret")]
    password: Secret,
}

/// The password again, or the page that says why not: whoever sits down at an open browser throws nobody out.
async fn confirmed(
    req: &HttpRequest,
    shell: Shell,
    services: &Services,
    user: &CurrentUser,
    form: web::Form<PasswordForm>,
) -> WebResult<Result<(Confirmed, Shell), HttpResponse>> {
    let password = form.into_inner().password;
    let words = ("profile-wrong-password", shell.t);
    match password_again(req, services, user, password, words).await? {
        Ok(confirmed) => Ok(Ok((confirmed, shell))),
        Err((kind, text)) => {
            let mut page = SessionsPage::new(req, shell, services, user).await?;
            page.error = text;
            refused(kind, &page).map(Err)
        }
    }
}

async fn end(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<PasswordForm>,
) -> WebResult<HttpResponse> {
    let id: Uuid = path_id(&req)?;
    let (confirmed, shell) = match confirmed(&req, shell, &services, &user, form).await? {
        Ok(done) => done,
        Err(answer) => return Ok(answer),
    };
    let ended = end_own_session(&services, &user.actor(&req), &user.user, id, &confirmed).await?;
    if ended == own(&req, &services)? {
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
    form: web::Form<PasswordForm>,
) -> WebResult<HttpResponse> {
    let (confirmed, shell) = match confirmed(&req, shell, &services, &user, form).await? {
        Ok(done) => done,
        Err(answer) => return Ok(answer),
    };
    let own = own(&req, &services)?;
    let ended = end_other_sessions(&services, &user.actor(&req), &user.user, own, &confirmed).await?;
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

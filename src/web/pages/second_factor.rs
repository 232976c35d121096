//! One's own second factor: switched on with the password and a first code, new recovery codes, switched off.
//! The seed and the recovery codes are told in one answer alone.

mod qr;

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::sign_in::{password_again, refused, user_agent, why_not};
use crate::{
    app::{
        second_factor::{
            Codes, Enrolment, SecondFactorError, SecondFactorState, begin, finish, renew_codes,
            second_factor_state, switch_off,
        },
        sign_in::Confirmed,
    },
    secrets::Secret,
    services::Services,
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, address_of},
        error::ErrorKind,
        filters, form as web_form,
        render::{html, see_other},
        routes::{Access, Kind, Route},
        session,
    },
};

const PAGE: &str = "/profile/second-factor";

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get(PAGE, Kind::Page, Access::SignedIn, || web::to(show)),
    Route::post(
        "/profile/second-factor/begin",
        Kind::Page,
        Access::SignedIn,
        || web::to(start),
    ),
    Route::post(
        "/profile/second-factor/finish",
        Kind::Page,
        Access::SignedIn,
        || web::to(end),
    ),
    Route::post(
        "/profile/second-factor/codes",
        Kind::Page,
        Access::SignedIn,
        || web::to(codes),
    ),
    Route::post("/profile/second-factor/off", Kind::Page, Access::SignedIn, || {
        web::to(off)
    }),
];

/// Which form of the page an error belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Begin,
    Finish,
    Codes,
    Off,
}

impl Part {
    /// Id of the field that was filled in wrongly.
    const fn field(self) -> &'static str {
        match self {
            Self::Begin => "password",
            Self::Finish => "code",
            Self::Codes => "codes-password",
            Self::Off => "off-password",
        }
    }
}

#[derive(Template)]
#[template(path = "second_factor/page.html")]
struct SecondFactorPage {
    shell: Shell,
    state: SecondFactorState,
    /// Nobody works in the panel without one.
    demanded: bool,
    /// The seed of a moment ago, with its picture.
    enrolment: Option<Drawn>,
    /// The recovery codes of a moment ago.
    recovery: Vec<String>,
    error: Option<(Part, String)>,
}

/// What an app needs, for the page.
struct Drawn {
    seed: String,
    address: String,
    picture: Option<qr::Picture>,
}

impl From<Enrolment> for Drawn {
    fn from(made: Enrolment) -> Self {
        Self {
            seed: grouped(made.seed.expose_secret()),
            address: made.address.expose_secret().to_owned(),
            picture: qr::picture(made.address.expose_secret()),
        }
    }
}

/// In groups of four letters, for typing.
fn grouped(seed: &str) -> String {
    let letters: Vec<char> = seed.chars().collect();
    let groups = letters.chunks(4).map(|group| group.iter().collect::<String>());
    groups.collect::<Vec<_>>().join(" ")
}

fn told(codes: &[Secret]) -> Vec<String> {
    codes.iter().map(|code| code.expose_secret().to_owned()).collect()
}

impl SecondFactorPage {
    async fn new(shell: Shell, services: &Services, user: &CurrentUser) -> WebResult<Self> {
        Ok(Self {
            shell,
            state: second_factor_state(services, user.id()).await?,
            demanded: services.config.http.second_factor_demanded,
            enrolment: None,
            recovery: Vec::new(),
            error: None,
        })
    }

    /// The page again, with the sentence at the form it belongs to.
    fn wrong(mut self, part: Part, kind: ErrorKind, text: String) -> WebResult<HttpResponse> {
        self.error = Some((part, text));
        refused(kind, &self)
    }

    /// It has to be switched on before anything else.
    fn is_owed(&self) -> bool {
        self.demanded && !matches!(self.state, SecondFactorState::On { .. })
    }

    /// How many fields are wrong.
    fn errors(&self) -> usize {
        usize::from(self.error.is_some())
    }

    /// What is wrong with the form whose field is `id`; empty: nothing.
    fn error_at(&self, id: &str) -> &str {
        match &self.error {
            Some((part, text)) if part.field() == id => text,
            _ => "",
        }
    }
}

async fn show(shell: Shell, user: CurrentUser, services: web::Data<Services>) -> WebResult<HttpResponse> {
    html(&SecondFactorPage::new(shell, &services, &user).await?)
}

#[derive(Deserialize)]
struct PasswordForm {
    #[serde(default = "web_form::no_secret", deserialize_with = "web_form::secret")]
    password: Secret,
}

/// The password again, or the page that says why not.
async fn confirmed(
    req: &HttpRequest,
    shell: Shell,
    services: &Services,
    user: &CurrentUser,
    (part, password): (Part, Secret),
) -> WebResult<Result<(Confirmed, SecondFactorPage), HttpResponse>> {
    let page = SecondFactorPage::new(shell, services, user).await?;
    let words = ("second-wrong-password", page.shell.t);
    match password_again(req, services, user, password, words).await? {
        Ok(confirmed) => Ok(Ok((confirmed, page))),
        Err((kind, text)) => page.wrong(part, kind, text).map(Err),
    }
}

/// Somebody was faster, in another window: the page as it is now.
fn elsewhere(shell: &Shell, session: &Session) -> WebResult<HttpResponse> {
    session::flash(session, false, shell.t.get("second-elsewhere"))?;
    Ok(see_other(PAGE))
}

/// Shows the seed, in this answer alone.
async fn start(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<PasswordForm>,
) -> WebResult<HttpResponse> {
    let password = (Part::Begin, form.into_inner().password);
    let (confirmed, mut page) = match confirmed(&req, shell, &services, &user, password).await? {
        Ok(done) => done,
        Err(answer) => return Ok(answer),
    };
    match begin(&services, &user.actor(&req), &user.user, &confirmed).await {
        Ok(made) => {
            page.state = SecondFactorState::Begun;
            page.enrolment = Some(made.into());
            html(&page)
        }
        Err(SecondFactorError::WrongState) => elsewhere(&page.shell, &session),
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
struct CodeForm {
    #[serde(default = "web_form::no_secret", deserialize_with = "web_form::secret")]
    code: Secret,
}

/// The first code; shows the recovery codes, in this answer alone.
async fn end(
    req: HttpRequest,
    user: CurrentUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<CodeForm>,
) -> WebResult<HttpResponse> {
    let code = form.into_inner().code;
    let done = finish(&services, &user.actor(&req), &user.user, code, &address_of(&req)).await;
    if let Ok(Codes { user: now, .. }) = &done {
        // All sessions of before are over; this one goes on under a new key.
        session::sign_in(&session, now, user_agent(&req))?;
    }
    let shell = Shell::load(&req).await?;
    let mut page = SecondFactorPage::new(shell, &services, &user).await?;
    match done {
        Ok(codes) => {
            page.recovery = told(&codes.recovery);
            html(&page)
        }
        Err(SecondFactorError::Code(error)) => {
            let (kind, text) = why_not(error, "second-code-wrong", page.shell.t)?;
            page.wrong(Part::Finish, kind, text)
        }
        Err(SecondFactorError::WrongState) => elsewhere(&page.shell, &session),
        Err(error) => Err(error.into()),
    }
}

/// New recovery codes, shown in this answer alone.
async fn codes(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<PasswordForm>,
) -> WebResult<HttpResponse> {
    let password = (Part::Codes, form.into_inner().password);
    let (confirmed, page) = match confirmed(&req, shell, &services, &user, password).await? {
        Ok(done) => done,
        Err(answer) => return Ok(answer),
    };
    match renew_codes(&services, &user.actor(&req), &user.user, &confirmed).await {
        Ok(codes) => {
            let mut page = SecondFactorPage::new(page.shell, &services, &user).await?;
            page.recovery = told(&codes);
            html(&page)
        }
        Err(SecondFactorError::WrongState) => elsewhere(&page.shell, &session),
        Err(error) => Err(error.into()),
    }
}

async fn off(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<PasswordForm>,
) -> WebResult<HttpResponse> {
    let password = (Part::Off, form.into_inner().password);
    let (confirmed, page) = match confirmed(&req, shell, &services, &user, password).await? {
        Ok(done) => done,
        Err(answer) => return Ok(answer),
    };
    match switch_off(&services, &user.actor(&req), &user.user, &confirmed).await {
        Ok(now) => {
            session::sign_in(&session, &now, user_agent(&req))?;
            session::flash(&session, true, page.shell.t.get("second-is-off"))?;
            Ok(see_other(PAGE))
        }
        Err(SecondFactorError::NotFound) => elsewhere(&page.shell, &session),
        Err(error) => Err(error.into()),
    }
}

impl From<SecondFactorError> for WebError {
    fn from(error: SecondFactorError) -> Self {
        match error {
            SecondFactorError::NotFound => Self::not_found(),
            SecondFactorError::Forbidden => Self::forbidden(),
            SecondFactorError::WrongState => Self::new(ErrorKind::Invalid),
            SecondFactorError::Code(error) => error.into(),
            SecondFactorError::Secret(error) => Self::internal(error.into()),
            SecondFactorError::Store(error) => error.into(),
        }
    }
}

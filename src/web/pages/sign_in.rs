//! Signing in and out, and the choice of language, theme and keys.

mod code;

use actix_session::{Session, SessionExt};
use actix_web::{
    HttpRequest, HttpResponse,
    cookie::{Cookie, SameSite, time::Duration},
    http::{StatusCode, header},
    web,
};
use askama::Template;
use serde::Deserialize;

use crate::{
    app::{
        sign_in::{Confirmed, FirstStep, SignInError, confirm, sign_in as app_sign_in},
        user_accounts::{UserError, set_preferences},
    },
    secrets::Secret,
    services::Services,
    store::StoreError,
    web::{
        Shell, WebError, WebResult,
        auth::{self, CurrentUser, address_of},
        error::ErrorKind,
        filters, form,
        pages::unsent,
        render::{self, html, html_with, see_other},
        routes::{Access, Kind, Route},
        session,
        texts::{Language, Texts},
        unsent::Unsent,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/login", Kind::Page, Access::Anonymous, || web::to(sign_in_form)),
    Route::post("/login", Kind::Page, Access::Anonymous, || web::to(submit)),
    Route::get("/login/code", Kind::Page, Access::Anonymous, || {
        web::to(code::form)
    }),
    Route::post("/login/code", Kind::Page, Access::Anonymous, || {
        web::to(code::submit)
    }),
    Route::post("/logout", Kind::Page, Access::Anonymous, || web::to(sign_out)),
    Route::post("/preferences", Kind::Page, Access::Anonymous, || {
        web::to(preferences)
    }),
];

#[derive(Template)]
#[template(path = "sign_in/page.html")]
struct SignInPage {
    shell: Shell,
    email: String,
    next: String,
    /// A form that waits.
    unsent: Option<Unsent>,
    error: Option<String>,
}

/// The login page in the place of an answer to a form whose session has ended.
///
/// # Errors
/// No randomness.
pub fn with_unsent(req: &HttpRequest, form: Unsent) -> WebResult<HttpResponse> {
    let mut shell = Shell::without_database(req)?;
    shell.csrf = session::csrf_token(&req.get_session())?;
    let page = SignInPage {
        shell,
        email: String::new(),
        next: String::new(),
        unsent: Some(form),
        error: None,
    };
    html_with(StatusCode::UNAUTHORIZED, &page)
}

#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

async fn sign_in_form(shell: Shell, query: web::Query<Next>) -> WebResult<HttpResponse> {
    if shell.user.is_some() {
        return Ok(see_other(local_path(&query.next)));
    }
    html(&SignInPage {
        shell,
        email: String::new(),
        next: query.into_inner().next,
        unsent: None,
        error: None,
    })
}

#[derive(Deserialize)]
struct SignInForm {
    #[serde(default)]
    email: String,
    #[serde(deserialize_with = "form::secret")]
    password: Secret,
    #[serde(default)]
    next: String,
    #[serde(default)]
    unsent_to: String,
    #[serde(default)]
    unsent_page: String,
    #[serde(default)]
    unsent_form: String,
}

impl SignInForm {
    /// The form that waits, where one does.
    fn unsent(&mut self) -> Option<Unsent> {
        let unsent = Unsent {
            to: std::mem::take(&mut self.unsent_to),
            page: std::mem::take(&mut self.unsent_page),
            form: std::mem::take(&mut self.unsent_form),
        };
        unsent.may_wait().then_some(unsent)
    }
}

async fn submit(
    req: HttpRequest,
    services: web::Data<Services>,
    session: Session,
    fields: web::Form<SignInForm>,
) -> WebResult<HttpResponse> {
    let mut form = fields.into_inner();
    let unsent = form.unsent();
    match app_sign_in(&services, &form.email, form.password, &address_of(&req)).await {
        Ok(FirstStep::SignedIn(user)) => {
            session::sign_in(&session, &user, user_agent(&req))?;
            let waits = session::keep_unsent(&session, unsent)?;
            Ok(see_other(if waits {
                unsent::PATH
            } else {
                local_path(&form.next)
            }))
        }
        Ok(FirstStep::CodeWanted(user)) => {
            session::await_code(&session, &user, services.now())?;
            session::keep_unsent(&session, unsent)?;
            let next: String = url::form_urlencoded::byte_serialize(form.next.as_bytes()).collect();
            Ok(see_other(&format!("/login/code?next={next}")))
        }
        Err(error) => refuse(&req, error, (form.email, form.next, unsent)).await,
    }
}

/// How the browser names itself.
pub(super) fn user_agent(req: &HttpRequest) -> &str {
    let agent = req.headers().get(header::USER_AGENT);
    agent.and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The form again, with the e-mail kept and the password gone.
async fn refuse(
    req: &HttpRequest,
    error: SignInError,
    (email, next, unsent): (String, String, Option<Unsent>),
) -> WebResult<HttpResponse> {
    let shell = Shell::load(req).await?;
    let (kind, text) = why_not(error, "sign-in-wrong", shell.t)?;
    let page = SignInPage {
        shell,
        email,
        next,
        unsent,
        error: Some(text),
    };
    refused(kind, &page)
}

/// Why a password or a code did not count, for the form again: its status and the sentence. `wrong` is the key of the
/// one about what was typed.
pub(super) fn why_not(error: SignInError, wrong: &str, t: Texts) -> WebResult<(ErrorKind, String)> {
    match error {
        SignInError::Wrong => Ok((ErrorKind::Invalid, t.get(wrong))),
        SignInError::Over => Ok((ErrorKind::Invalid, t.get("sign-in-given-over"))),
        SignInError::TooMany { after } => Ok((
            ErrorKind::TooMany { after },
            t.with("sign-in-too-many", "minutes", after.div_ceil(60)),
        )),
        error @ (SignInError::Store(_) | SignInError::Hash(_)) => Err(error.into()),
    }
}

impl From<SignInError> for WebError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Wrong | SignInError::Over => Self::new(ErrorKind::Invalid),
            SignInError::TooMany { after } => Self::new(ErrorKind::TooMany { after }),
            SignInError::Store(error) => error.into(),
            SignInError::Hash(error) => Self::internal(error.into()),
        }
    }
}

/// The password of who is signed in, asked for again: whoever sits down at an open browser does nothing that needs it. Else
/// what his form says, with the text `wrong` where it is another one.
///
/// # Errors
/// The database does not answer, or the password cannot be checked.
pub(super) async fn password_again(
    req: &HttpRequest,
    services: &Services,
    user: &CurrentUser,
    password: Secret,
    (wrong, t): (&str, Texts),
) -> WebResult<Result<Confirmed, (ErrorKind, String)>> {
    match confirm(services, &user.user, password, &address_of(req)).await {
        Ok(confirmed) => Ok(Ok(confirmed)),
        Err(error) => Ok(Err(why_not(error, wrong, t)?)),
    }
}

/// A form again because of `kind`; who came too often is told when to come back.
pub(super) fn refused(kind: ErrorKind, page: &impl Template) -> WebResult<HttpResponse> {
    let mut response = html_with(kind.status(), page)?;
    if let Some((name, value)) = crate::web::middleware::retry_after(kind) {
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

async fn sign_out(session: Session) -> HttpResponse {
    session::sign_out(&session);
    let mut answer = see_other("/login");
    // Nothing of what was seen stays in the browser.
    answer.headers_mut().insert(
        header::HeaderName::from_static("clear-site-data"),
        header::HeaderValue::from_static(r#""cache", "storage""#),
    );
    answer
}

#[derive(Deserialize)]
struct PreferencesForm {
    language: Option<String>,
    theme: Option<String>,
    keys: Option<String>,
    #[serde(default)]
    next: String,
}

/// Kept with the user, and in cookies for the time before the next sign-in.
async fn preferences(
    req: HttpRequest,
    services: web::Data<Services>,
    form: web::Form<PreferencesForm>,
) -> WebResult<HttpResponse> {
    let language = form.language.as_deref().and_then(Language::parse);
    let theme = form.theme.as_deref().map(render::theme_word);
    if let Some(user) = auth::user_of(&req) {
        let language = language.map_or(user.user.language.clone(), |l| l.code().to_owned());
        let theme = theme.map_or(user.user.theme.clone(), str::to_owned);
        let keys = form.keys.as_deref();
        let shortcuts = keys.map_or(user.user.shortcuts, |word| render::on_off(word) == "on");
        set_preferences(&services, user.id(), language, theme, shortcuts).await?;
    }
    let secure = services.config.http.secure();
    let mut response = see_other(local_path(&form.next));
    let chosen = [
        (render::LANGUAGE_COOKIE, language.map(Language::code)),
        (render::THEME_COOKIE, theme),
        (render::KEYS_COOKIE, form.keys.as_deref().map(render::on_off)),
    ];
    for (name, value) in chosen {
        if let Some(value) = value {
            let cookie = Cookie::build(name, value)
                .path("/")
                .http_only(true)
                .secure(secure)
                .same_site(SameSite::Lax)
                .max_age(Duration::days(365))
                .finish();
            response
                .add_cookie(&cookie)
                .map_err(|error| WebError::internal(error.into()))?;
        }
    }
    Ok(response)
}

/// A path of our own, or the dashboard: a form must not send people to another site.
pub(super) fn local_path(next: &str) -> &str {
    let ours = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(['\\', '\r', '\n', '\t'])
        && next.chars().all(|c| c.is_ascii_graphic());
    if ours { next } else { "/" }
}

impl From<UserError> for WebError {
    fn from(error: UserError) -> Self {
        match error {
            UserError::Store(error) => error.into(),
            UserError::EmailTaken => StoreError::Stale.into(),
            UserError::NotFound => Self::not_found(),
            UserError::BadEmail
            | UserError::BadName
            | UserError::PasswordTooShort
            | UserError::PasswordTooLong
            | UserError::PasswordTooEasy
            | UserError::PasswordGiven
            | UserError::LastAdmin
            | UserError::OwnAccount => Self::new(ErrorKind::Invalid),
            UserError::Changed => Self::new(ErrorKind::Conflict),
            UserError::Hash(error) => Self::internal(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_our_own_are_followed() {
        for own in ["/", "/stores", "/products?q=a%20b&page=2"] {
            assert_eq!(local_path(own), own);
        }
        for foreign in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: x",
        ] {
            assert_eq!(local_path(foreign), "/", "{foreign:?}");
        }
    }

    #[test]
    fn no_spelling_of_an_address_leads_a_browser_away() {
        let ways = [
            "",
            "/",
            "//",
            "///",
            "\\",
            "\\\\",
            "/\\",
            "\\/",
            "/\t/",
            "/\n/",
            "\t//",
            " //",
            "/ /",
            "/./",
            "/.//",
            "/..//",
            "/%2f",
            "%2f%2f",
            "/%5c",
            "/%09/",
            "https:",
            "https:/",
            "https://",
            "https:\\\\",
            "HTTPS://",
            "http:",
            "ftp://",
            "data:text/html,",
            "javascript:",
            "java\tscript:",
            "vbscript:",
            "/\u{0}/",
            "/\u{200b}/",
            "/\u{ff0f}/",
            "\u{2028}//",
            "?next=//",
            "#//",
            ".",
            "..//",
        ];
        let hosts = [
            "evil.example",
            "panel.example@evil.example",
            "panel.example:1@evil.example/",
            "evil.example/%2e%2e",
            "[::1]",
            "0x7f.1",
        ];
        let page = url::Url::parse("https://panel.example/login").unwrap();
        let mut looked_at = 0;
        for (way, host) in ways.iter().flat_map(|way| hosts.map(|host| (way, host))) {
            let next = format!("{way}{host}");
            let lands = page.join(local_path(&next)).unwrap();
            assert_eq!(lands.origin(), page.origin(), "{next:?}");
            looked_at += 1;
        }
        assert!(looked_at > 200, "{looked_at}");
        assert_ne!(
            page.join("/\\evil.example").unwrap().origin(),
            page.origin(),
            "the check can fail"
        );
    }
}

//! Turns templates into answers and gathers what every page shows around its content.

use actix_session::SessionExt;
use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::{
        Method, StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION},
    },
};
use askama::Template;
use chrono::{DateTime, Utc};
use futures_util::future::LocalBoxFuture;

use super::{
    WebResult,
    api::texts as api,
    auth::{self, CurrentUser},
    error::ErrorKind,
    filters,
    header::Header,
    middleware::{self, RequestInfo},
    session::{self, Flash},
    texts::{Language, Texts},
};
use crate::{
    domain::{Role, UserId},
    store::overview::{Overview, overview_fetch},
};

/// Cookie of the language of people who are not signed in.
pub const LANGUAGE_COOKIE: &str = "kaspi-panel-language";
/// Cookie of the theme of people who are not signed in.
pub const THEME_COOKIE: &str = "kaspi-panel-theme";

/// Cookie of people who do not want single keys to act.
pub const KEYS_COOKIE: &str = "kaspi-panel-keys";

/// What every page shows around its content. Templates reach it as `shell`.
#[derive(Debug, Clone)]
pub struct Shell {
    /// Texts in the reader's language.
    pub t: Texts,
    /// `system`, `light` or `dark`.
    pub theme: String,
    /// `on` or `off`: do single keys act?
    pub keys: &'static str,
    /// `dense` or `calm`.
    pub density: &'static str,
    /// Who is signed in.
    pub user: Option<CurrentUser>,
    /// Token against forged requests, for hidden fields and the header of htmx.
    pub csrf: String,
    /// Path and query of this page.
    pub target: String,
    /// First part of the path: the area that the navigation marks.
    pub area: String,
    /// Messages of the request before.
    pub flash: Vec<Flash>,
    /// Figures of the header; empty where nobody is signed in and for fragments.
    pub overview: Overview,
    /// What the header tells.
    pub header: Header,
    /// Hosts other than the marketplace's: a bar says so.
    pub other_hosts: bool,
    /// Id of this request.
    pub request_id: String,
    /// The present moment.
    pub now: DateTime<Utc>,
    /// A part of a page was asked for.
    pub htmx: bool,
}

impl Shell {
    /// Gathers it for a request that passed the guard.
    ///
    /// # Errors
    /// The database is away.
    pub async fn load(req: &HttpRequest) -> WebResult<Self> {
        let mut shell = Self::without_database(req)?;
        let session = req.get_session();
        shell.csrf = session::csrf_token(&session)?;
        if shell.user.is_some() && !shell.htmx {
            // An act that redirects shows nothing: the messages wait for the page it leads to.
            if req.method() == Method::GET {
                shell.flash = session::take_flash(&session);
            }
            shell.load_overview(req).await?;
        }
        Ok(shell)
    }

    /// Adds the figures of the header; fragments that show them ask for it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn load_overview(&mut self, req: &HttpRequest) -> WebResult<()> {
        let Some(user) = &self.user else {
            return Ok(());
        };
        let (tenant, now) = (user.tenant(), self.now);
        self.overview = auth::services(req)?
            .db
            .read(move |conn| overview_fetch(conn, tenant, now))
            .await?;
        self.header = Header::of_page(&self.overview);
        Ok(())
    }

    /// What needs neither database nor session: no messages are taken, no figures known.
    ///
    /// # Errors
    /// The application was put together without services.
    pub fn without_database(req: &HttpRequest) -> WebResult<Self> {
        let services = auth::services(req)?;
        let info = middleware::info(req);
        let user = auth::user_of(req);
        let language = user
            .as_ref()
            .and_then(|user| Language::parse(&user.user.language))
            .unwrap_or(info.language);
        let theme = match (&user, req.cookie(THEME_COOKIE)) {
            (Some(user), _) => user.user.theme.clone(),
            (None, Some(cookie)) => cookie.value().to_owned(),
            (None, None) => "system".to_owned(),
        };
        Ok(Self {
            t: Texts::new(language),
            theme: theme_word(&theme).to_owned(),
            keys: match (&user, req.cookie(KEYS_COOKIE)) {
                (Some(user), _) if user.user.shortcuts => "on",
                (Some(_), _) => "off",
                (None, cookie) => on_off(cookie.as_ref().map_or("on", |cookie| cookie.value())),
            },
            density: density_word(user.as_ref().map_or("", |user| &user.user.density)),
            user,
            csrf: String::new(),
            area: area_of(req.path()),
            target: info.target,
            flash: Vec::new(),
            overview: Overview::default(),
            header: Header::default(),
            other_hosts: services.config.kaspi.other_hosts,
            request_id: info.id,
            now: services.now(),
            htmx: info.htmx,
        })
    }

    /// Is `area` the one being shown? For `aria-current`.
    #[must_use]
    pub fn in_area(&self, area: &str) -> bool {
        self.area == area
    }

    /// Is the user an administrator?
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.user
            .as_ref()
            .is_some_and(|user| user.user.role == Role::Admin)
    }

    /// May the user change things?
    #[must_use]
    pub fn may_change(&self) -> bool {
        self.user.as_ref().is_some_and(CurrentUser::may_change)
    }

    /// Does the user decide who else sees things of this owner?
    #[must_use]
    pub fn decides_about(&self, owner: &UserId) -> bool {
        let decides =
            |user: &CurrentUser| user.user.role == Role::Admin || (user.may_change() && user.id() == *owner);
        self.user.as_ref().is_some_and(decides)
    }

    /// The languages to choose from.
    #[must_use]
    pub fn languages(&self) -> [Language; 3] {
        Language::ALL
    }
}

impl FromRequest for Shell {
    type Error = super::WebError;
    type Future = LocalBoxFuture<'static, WebResult<Self>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let req = req.clone();
        Box::pin(async move { Self::load(&req).await })
    }
}

/// `light`, `dark`, or `system` for anything else.
#[must_use]
pub fn theme_word(text: &str) -> &'static str {
    match text {
        "light" => "light",
        "dark" => "dark",
        _ => "system",
    }
}

/// `calm`, or `dense` for anything else.
#[must_use]
pub fn density_word(text: &str) -> &'static str {
    if text == "calm" { "calm" } else { "dense" }
}

/// `off`, or `on` for anything else.
#[must_use]
pub fn on_off(text: &str) -> &'static str {
    if text == "off" { "off" } else { "on" }
}

fn area_of(path: &str) -> String {
    path.trim_start_matches('/')
        .split('/')
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// A page or fragment with status 200.
///
/// # Errors
/// The template fails.
pub fn html(template: &impl Template) -> WebResult<HttpResponse> {
    html_with(StatusCode::OK, template)
}

/// A page or fragment with another status: 422 for a form that must be corrected, 409 for a conflict.
///
/// # Errors
/// The template fails.
pub fn html_with(status: StatusCode, template: &impl Template) -> WebResult<HttpResponse> {
    let body = template.render()?;
    Ok(HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .body(body))
}

/// Media type of a spreadsheet.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A file to be saved, never shown. `name`: letters, digits, `_`, `-` and points alone.
#[must_use]
pub fn attachment(name: &str, media_type: &str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(bytes)
}

/// To another page after a POST.
#[must_use]
pub fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, location))
        .finish()
}

#[derive(Template)]
#[template(path = "layout/error.html")]
struct ErrorPage {
    shell: Shell,
    title: String,
    text: String,
}

#[derive(Template)]
#[template(path = "layout/error_bare.html")]
struct BareErrorPage<'a> {
    t: Texts,
    title: String,
    text: String,
    request_id: &'a str,
}

fn error_texts(t: Texts, kind: ErrorKind) -> (String, String) {
    let code = kind.code();
    let text = match kind.retry_after() {
        Some(seconds) => t.with(format!("error-{code}-text"), "seconds", seconds),
        None => t.get(format!("error-{code}-text")),
    };
    (t.get(format!("error-{code}-title")), text)
}

/// The error as a page with navigation, as a sentence for htmx, or as the way to the login page.
pub async fn error_page(req: &HttpRequest, info: &RequestInfo, kind: ErrorKind) -> HttpResponse {
    match kind {
        ErrorKind::Unauthenticated => return middleware::to_login(info),
        ErrorKind::Owing(debt) => return middleware::redirect(info, kind, debt.page()),
        _ => {}
    }
    // Without the database there is no navigation to show, and asking again would only take longer.
    let shell = match kind {
        ErrorKind::Unavailable => None,
        _ => Shell::load(req).await.ok(),
    };
    let Some(shell) = shell else {
        return bare_error_page(info, kind);
    };
    if info.htmx {
        return sentence(shell.t, info, kind);
    }
    let (title, text) = error_texts(shell.t, kind);
    let page = ErrorPage { shell, title, text };
    match page.render() {
        Ok(body) => answer(kind, "text/html; charset=utf-8", body),
        Err(_) => bare_error_page(info, kind),
    }
}

/// The error as a page without navigation.
#[must_use]
pub fn bare_error_page(info: &RequestInfo, kind: ErrorKind) -> HttpResponse {
    let t = Texts::new(info.language);
    if info.htmx {
        return sentence(t, info, kind);
    }
    let (title, text) = error_texts(t, kind);
    let page = BareErrorPage {
        t,
        title,
        text,
        request_id: &info.id,
    };
    answer(
        kind,
        "text/html; charset=utf-8",
        page.render().unwrap_or_default(),
    )
}

/// For htmx: text that the script shows in a banner; what is on the page stays.
fn sentence(t: Texts, info: &RequestInfo, kind: ErrorKind) -> HttpResponse {
    let (title, text) = error_texts(t, kind);
    let id = t.with("error-request-id-text", "id", &info.id);
    answer(kind, "text/plain; charset=utf-8", format!("{title}. {text} {id}"))
}

/// The error in the envelope of the JSON API; the sentence is always Russian, the code stable.
#[must_use]
pub fn error_json(info: &RequestInfo, kind: ErrorKind) -> HttpResponse {
    let body = match kind {
        ErrorKind::NotFound => serde_json::json!({ "detail": api::NOT_FOUND }),
        ErrorKind::Unauthenticated => serde_json::json!({ "detail": api::NO_CREDENTIALS }),
        ErrorKind::MethodNotAllowed => {
            serde_json::json!({ "detail": api::method_not_allowed(&info.method) })
        }
        _ => serde_json::json!({
            "success": false,
            "error": error_texts(Texts::default(), kind).1,
            "code": kind.code(),
            "request_id": info.id,
        }),
    };
    answer(kind, "application/json", body.to_string())
}

fn answer(kind: ErrorKind, content_type: &'static str, body: String) -> HttpResponse {
    let mut response = HttpResponse::build(kind.status());
    response.insert_header((CONTENT_TYPE, content_type));
    if let Some(header) = middleware::retry_after(kind) {
        response.insert_header(header);
    }
    response.body(body)
}

//! Around every request: an id, a log span, the security headers, and the face of whatever went wrong.

use std::{panic::AssertUnwindSafe, time::Instant};

use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::Next,
    web,
};
use futures_util::FutureExt;
use tracing::Instrument;

use super::{
    api,
    error::{ErrorKind, WebError},
    render, routes,
    texts::Language,
};
use crate::{metrics, services::Services};

/// The policy of all pages: our own files and nothing inline.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'";

/// Header that carries the request's id back to the client.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The same on every answer, of whatever kind.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=()",
    ),
];

/// What is known of a request before anything else: for headers, log and error pages.
#[derive(Debug, Clone)]
pub struct RequestInfo {
    /// The id in log lines, headers and error pages.
    pub id: String,
    /// `GET`, `POST`, …
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Path and query of the page that asked, as the browser tells it.
    pub page: Option<String>,
    /// Did htmx ask for a part of a page?
    pub htmx: bool,
    /// Does a page want to listen?
    pub stream: bool,
    /// JSON is wanted.
    pub api: bool,
    /// Language of the cookie.
    pub language: Language,
    secure: bool,
}

impl RequestInfo {
    fn new(req: &HttpRequest) -> Self {
        let has = |name: &str| req.headers().get(name).is_some_and(|v| v == "true");
        let path = req.path();
        Self {
            id: uuid::Uuid::now_v7().simple().to_string(),
            method: req.method().to_string(),
            target: req
                .uri()
                .path_and_query()
                .map_or_else(|| path.to_owned(), ToString::to_string),
            page: page_of(req),
            stream: wants_stream(req),
            // A page that the browser restores from its history must be whole.
            htmx: has("hx-request") && !has("hx-history-restore-request"),
            api: path.starts_with("/api/") || path.starts_with("/health"),
            language: req
                .cookie(render::LANGUAGE_COOKIE)
                .and_then(|cookie| Language::parse(cookie.value()))
                .unwrap_or_default(),
            secure: req
                .app_data::<web::Data<Services>>()
                .is_some_and(|services| services.config.http.secure()),
        }
    }
}

/// The page that a request comes from: only its path and query count, wherever it says that it stands.
fn page_of(req: &HttpRequest) -> Option<String> {
    let told = req.headers().get("hx-current-url");
    let told = told.or_else(|| req.headers().get(header::REFERER))?;
    let page = url::Url::parse(told.to_str().ok()?).ok()?;
    Some(match page.query() {
        Some(query) => format!("{}?{query}", page.path()),
        None => page.path().to_owned(),
    })
}

/// The id of the request.
#[must_use]
pub fn request_id(req: &HttpRequest) -> String {
    info(req).id
}

/// What is known of the request.
#[must_use]
pub fn info(req: &HttpRequest) -> RequestInfo {
    if let Some(info) = req.extensions().get::<RequestInfo>() {
        return info.clone();
    }
    RequestInfo::new(req)
}

/// The outermost middleware.
///
/// # Errors
/// Only as a finished answer: errors that lost their request.
pub async fn answer(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let began = Instant::now();
    let info = RequestInfo::new(req.request());
    req.extensions_mut().insert(info.clone());
    let span = tracing::info_span!("request", id = %info.id, method = %req.method(), path = path_for_log(req.path()));
    async move {
        let outcome = AssertUnwindSafe(next.call(req)).catch_unwind().await;
        let counted = |status: StatusCode, route: Option<&str>| {
            metrics::answered(&info.method, route, status.as_u16(), began.elapsed());
        };
        let mut res = match outcome {
            Ok(Ok(res)) => face(&info, res.map_into_boxed_body()).await,
            Ok(Err(error)) => {
                counted(error.as_response_error().status_code(), None);
                return Err(bare(&info, &error));
            }
            Err(_) => {
                // The panic hook has written message and place to the log.
                counted(StatusCode::INTERNAL_SERVER_ERROR, None);
                let error = WebError::internal(anyhow::anyhow!("the handler panicked")).into();
                return Err(bare(&info, &error));
            }
        };
        let pattern = res.request().match_pattern();
        counted(res.status(), pattern.as_deref());
        let allowed = pattern.map(|path| routes::allowed(&path));
        if let Some(allowed) = allowed.filter(|allowed| info.api && !allowed.is_empty())
            && let Ok(value) = HeaderValue::from_str(&allowed)
        {
            res.headers_mut().insert(header::ALLOW, value);
        }
        add_headers(&info, res.headers_mut());
        Ok(res)
    }
    .instrument(span)
    .await
}

/// The path as it may stand in the log: the address of a price list is a secret.
fn path_for_log(path: &str) -> &str {
    if path.starts_with("/feeds/") {
        "/feeds/…"
    } else {
        path
    }
}

/// Gives an answer that carries an error the face that fits its request; others stay as they are.
pub(super) async fn face(info: &RequestInfo, res: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let kind = match res.response().error() {
        // The API's own refusals say what their clients know.
        Some(error) if error.as_error::<api::envelope::Refused>().is_some() => return res,
        Some(error) => {
            log(error);
            WebError::from_framework(error)
        }
        None if is_empty_error(res.response()) => WebError::from_status(res.status()),
        None => return res,
    };
    let (req, old) = res.into_parts();
    let mut new = if info.api {
        render::error_json(info, kind)
    } else {
        render::error_page(&req, info, kind).await
    };
    // Cookies and `Allow` of the first answer stay.
    for name in [header::SET_COOKIE, header::ALLOW] {
        for value in old.headers().get_all(&name) {
            new.headers_mut().append(name.clone(), value.clone());
        }
    }
    ServiceResponse::new(req, new)
}

fn is_empty_error(res: &HttpResponse) -> bool {
    (res.status().is_client_error() || res.status().is_server_error())
        && matches!(res.body().size(), BodySize::None | BodySize::Sized(0))
}

/// An error whose request is gone: a page without navigation.
fn bare(info: &RequestInfo, error: &Error) -> Error {
    log(error);
    let kind = WebError::from_framework(error);
    let mut response = if info.api {
        render::error_json(info, kind)
    } else {
        render::bare_error_page(info, kind)
    };
    add_headers(info, response.headers_mut());
    InternalError::from_response(kind.code(), response).into()
}

/// Writes the chain of causes to the log, once.
fn log(error: &Error) {
    let cause = error.as_error::<WebError>().and_then(|e| e.source.as_ref());
    let server_error = error.as_response_error().status_code().is_server_error();
    match cause {
        Some(cause) if server_error => tracing::error!(cause = format!("{cause:#}"), "request failed"),
        Some(cause) => tracing::debug!(cause = format!("{cause:#}"), "request refused"),
        None if server_error => tracing::error!(cause = %error, "request failed"),
        None if matches!(
            WebError::from_framework(error),
            ErrorKind::Forbidden | ErrorKind::Forged
        ) =>
        {
            tracing::warn!("request refused: no right to it, or forged");
        }
        None => {}
    }
}

fn add_headers(info: &RequestInfo, headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if info.secure {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
    if let Ok(id) = HeaderValue::from_str(&info.id) {
        headers.insert(REQUEST_ID, id);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.append(header::VARY, HeaderValue::from_static("HX-Request"));
    }
}

/// The kind of an answer's status, for pages that make their own error answers.
#[must_use]
pub fn retry_after(kind: ErrorKind) -> Option<(HeaderName, HeaderValue)> {
    kind.retry_after()
        .map(|seconds| (header::RETRY_AFTER, HeaderValue::from(seconds)))
}

/// Is a stream of events wanted, and no page?
#[must_use]
pub fn wants_stream(req: &HttpRequest) -> bool {
    let accepts = req.headers().get(header::ACCEPT);
    let accepts = accepts.and_then(|value| value.to_str().ok());
    accepts.is_some_and(|accepts| accepts.contains("text/event-stream"))
}

/// 401 becomes a way to the login page.
#[must_use]
pub fn to_login(info: &RequestInfo) -> HttpResponse {
    // Back to a page that can be opened, also from a form or a part of a page.
    let is_page = info.method == "GET" && !info.htmx;
    let page = if is_page {
        Some(&info.target)
    } else {
        info.page.as_ref()
    };
    let location = match page.map(String::as_str) {
        None | Some("/") => "/login".to_owned(),
        Some(page) => {
            let next: String = url::form_urlencoded::byte_serialize(page.as_bytes()).collect();
            format!("/login?next={next}")
        }
    };
    redirect(info, ErrorKind::Unauthenticated, &location)
}

/// The way to another page instead of an error: a redirect, or for htmx the header that makes it one. Who wants to listen has
/// no use for a page.
#[must_use]
pub fn redirect(info: &RequestInfo, kind: ErrorKind, location: &str) -> HttpResponse {
    if info.stream {
        HttpResponse::build(kind.status()).finish()
    } else if info.htmx {
        HttpResponse::build(kind.status())
            .insert_header(("HX-Redirect", location))
            .finish()
    } else {
        HttpResponse::SeeOther()
            .insert_header((header::LOCATION, location))
            .finish()
    }
}

//! The outer form of answers: objects, pages of lists, errors, and how money and times are written.

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError, http::StatusCode, http::header,
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;

use super::{
    fields::{Errors, Field},
    query, texts,
};
use crate::{
    app::edit::{EditError, FieldError},
    domain::Tenge,
    store::page::{PAGE_SIZE, PageRequest, Paged},
    web::{WebError, error::ErrorKind, middleware, texts::Texts},
};

/// A refusal in a shape of its own, unlike the common ones of [`crate::web::WebError`].
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// 404: the list has no such page.
    #[error("no such page")]
    NoSuchPage,
    /// 400: the parameter and what is wrong with it.
    #[error("parameter {0}: {1}")]
    Parameter(&'static str, String),
    /// 400: what is wrong with which fields.
    #[error("{} fields are wrong", .0.0.len())]
    Fields(Errors),
    /// 400: a bare list with one sentence, as actions answer.
    #[error("{0}")]
    Bare(String),
    /// A status with one sentence.
    #[error("{1}")]
    Detail(StatusCode, String),
    /// A status with an object of its own.
    #[error("refused with status {0}")]
    Object(StatusCode, serde_json::Value),
}

impl Refused {
    /// 400 with one sentence at one field.
    #[must_use]
    pub fn one(field: &'static str, text: String) -> Self {
        Self::Fields(Errors(vec![(field, vec![text])]))
    }

    /// A failure in the envelope of the API: a sentence, a stable code and the id of the request.
    #[must_use]
    pub fn failure(req: &HttpRequest, status: StatusCode, code: &str, text: &str) -> Self {
        Self::failure_with(req, status, code, text, json!({}))
    }

    /// [`Refused::failure`] with more fields behind.
    #[must_use]
    pub fn failure_with(
        req: &HttpRequest,
        status: StatusCode,
        code: &str,
        text: &str,
        more: serde_json::Value,
    ) -> Self {
        let mut body = json!({
            "success": false,
            "error": text,
            "code": code,
            "request_id": middleware::request_id(req),
        });
        if let (Some(body), serde_json::Value::Object(more)) = (body.as_object_mut(), more) {
            body.extend(more);
        }
        Self::Object(status, body)
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NoSuchPage => StatusCode::NOT_FOUND,
            Self::Parameter(..) | Self::Fields(_) | Self::Bare(_) => StatusCode::BAD_REQUEST,
            Self::Detail(status, _) | Self::Object(status, _) => *status,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let body = match self {
            Self::NoSuchPage => json!({ "detail": texts::BAD_PAGE }),
            Self::Parameter(name, text) => json!({ *name: [text] }),
            Self::Fields(errors) => errors
                .0
                .iter()
                .map(|(name, told)| ((*name).to_owned(), json!(told)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            Self::Bare(text) => json!([text]),
            Self::Detail(_, text) => json!({ "detail": text }),
            Self::Object(_, body) => body.clone(),
        };
        send(HttpResponse::build(self.status_code()), &body)
    }
}

/// What a changing function of `app` refused, in the API's words: `names` gives the API's name of a column's error.
pub fn refused_edit<R: std::fmt::Debug>(
    req: &HttpRequest,
    error: EditError<R>,
    fields: &[Field],
    names: impl Fn(&FieldError) -> (&'static str, Option<String>),
) -> actix_web::Error {
    match error {
        EditError::NotFound => WebError::not_found().into(),
        EditError::Forbidden => WebError::forbidden().into(),
        EditError::Store(error) => WebError::from(error).into(),
        EditError::Conflict(_) => {
            let text = "Объект меняется прямо сейчас или ждёт отправки цены. Повторите запрос.";
            Refused::failure(req, StatusCode::CONFLICT, ErrorKind::Conflict.code(), text).into()
        }
        EditError::Invalid(wrong) => {
            let (mut errors, t) = (Errors::default(), Texts::default());
            for error in &wrong {
                let (name, text) = names(error);
                errors.add(name, text.unwrap_or_else(|| t.get(error.code)));
            }
            Refused::Fields(errors.in_order_of(fields)).into()
        }
    }
}

/// 200 with the object.
pub fn ok(body: &impl Serialize) -> HttpResponse {
    answer(StatusCode::OK, body)
}

/// Another good end with an object: 201, 202.
pub fn answer(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    let mut answer = HttpResponse::build(status);
    answer.insert_header((header::VARY, "Cookie, origin"));
    send(answer, body)
}

/// 204: done, and nothing to tell.
pub fn no_content() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::VARY, "Cookie, origin"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

/// Compact JSON; the media type has no charset.
fn send(mut answer: HttpResponseBuilder, body: &impl Serialize) -> HttpResponse {
    match serde_json::to_string(body) {
        Ok(text) => answer
            .insert_header((header::CONTENT_TYPE, "application/json"))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .body(text),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// Which page of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageParam {
    /// By number, from 1.
    Number(i64),
    /// `page=last`.
    Last,
}

impl PageParam {
    /// Reads `page`.
    ///
    /// # Errors
    /// [`Refused::NoSuchPage`] for anything that is no number above zero.
    pub fn of(request: &HttpRequest) -> Result<Self, Refused> {
        match query::value(request, "page").as_deref() {
            None => Ok(Self::Number(1)),
            Some("last") => Ok(Self::Last),
            Some(text) => match text.trim().parse() {
                Ok(number) if number >= 1 => Ok(Self::Number(number)),
                _ => Err(Refused::NoSuchPage),
            },
        }
    }

    /// The rows to load of a list with `total` rows; `None` beyond the end. An empty list has one empty page.
    #[must_use]
    pub fn within(self, total: i64) -> Option<PageRequest> {
        let whole = Paged::<()> {
            rows: Vec::new(),
            total,
            page: PageRequest::new(1, PAGE_SIZE),
        };
        let number = match self {
            Self::Last => whole.last_page(),
            Self::Number(number) if number <= whole.last_page() => number,
            Self::Number(_) => return None,
        };
        Some(PageRequest::new(number, PAGE_SIZE))
    }
}

#[derive(Serialize)]
struct Envelope<T> {
    count: i64,
    next: Option<String>,
    previous: Option<String>,
    results: Vec<T>,
}

/// 200 with a page of a list and the addresses of its neighbours; `None` is a page beyond the end.
///
/// # Errors
/// [`Refused::NoSuchPage`]
pub fn page<R, T: Serialize>(
    request: &HttpRequest,
    list: Option<Paged<R>>,
    show: impl Fn(R) -> T,
) -> Result<HttpResponse, Refused> {
    let list = list.ok_or(Refused::NoSuchPage)?;
    let number = list.page.number;
    let to = |number: i64| query::page_link(request, number);
    Ok(ok(&Envelope {
        count: list.total,
        next: (number < list.last_page()).then(|| to(number + 1)),
        previous: (number > 1).then(|| to(number - 1)),
        results: list.rows.into_iter().map(show).collect(),
    }))
}

/// A time as clients know it: Almaty, with offset and microseconds.
#[must_use]
pub fn time(at: DateTime<Utc>) -> String {
    at.with_timezone(&chrono_tz::Asia::Almaty)
        .format("%Y-%m-%dT%H:%M:%S%.6f%:z")
        .to_string()
}

/// An amount with two decimals, as clients know it.
#[must_use]
pub fn decimal(amount: Tenge) -> String {
    format!("{}.00", amount.0)
}

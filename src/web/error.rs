//! What a request can end with besides its answer. Handlers return [`WebError`]; which face it gets (page,
//! sentence for htmx, JSON) is decided in one place, by the address. Server errors tell nothing but a request
//! id: no cause, no SQL, no text of the marketplace ever reaches a browser.

use actix_web::{HttpResponse, ResponseError, http::StatusCode};

use super::auth::Debt;
use crate::{app::edit::EditError, store::StoreError};

/// Result of handlers and extractors.
pub type WebResult<T> = Result<T, WebError>;

/// Kinds of errors: each has a status, a text in `errors.ftl` and a stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Not there, or not this user's.
    NotFound,
    /// Nobody is signed in.
    Unauthenticated,
    /// Signed in, but this is not allowed.
    Forbidden,
    /// Signed in, but something has to be done before anything else.
    Owing(Debt),
    /// An unsafe request that did not come from our own page.
    Forged,
    /// The request cannot be understood.
    BadRequest,
    /// Another method of the same address.
    MethodNotAllowed,
    /// Somebody else was faster.
    Conflict,
    /// Understood, but against a rule.
    Invalid,
    /// Larger than allowed.
    TooLarge,
    /// Too often; wait so many seconds.
    TooMany {
        /// Seconds until the next try makes sense.
        after: u64,
    },
    /// The marketplace did not do its part.
    Upstream,
    /// The database is away, or somebody else holds what is wanted: try again soon.
    Unavailable,
    /// A fault of the program.
    Internal,
}

impl ErrorKind {
    /// One of each, for tests and texts.
    pub const ALL: &'static [Self] = &[
        Self::NotFound,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::Owing(Debt::OwnPassword),
        Self::Owing(Debt::SecondFactor),
        Self::Forged,
        Self::BadRequest,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::Invalid,
        Self::TooLarge,
        Self::TooMany { after: 60 },
        Self::Upstream,
        Self::Unavailable,
        Self::Internal,
    ];

    /// Stable word: the API's `code` and the middle of the text keys.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::Owing(Debt::OwnPassword) => "own-password-wanted",
            Self::Owing(Debt::SecondFactor) => "second-factor-wanted",
            Self::Forged => "forged",
            Self::BadRequest => "bad-request",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Conflict => "conflict",
            Self::Invalid => "invalid",
            Self::TooLarge => "too-large",
            Self::TooMany { .. } => "too-many",
            Self::Upstream => "upstream",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    /// Seconds after which a new try makes sense.
    #[must_use]
    pub const fn retry_after(self) -> Option<u64> {
        match self {
            Self::TooMany { after } => Some(after),
            Self::Unavailable => Some(5),
            _ => None,
        }
    }

    /// The status.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::Owing(_) | Self::Forged => StatusCode::FORBIDDEN,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Upstream => StatusCode::BAD_GATEWAY,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// An error of a handler: what kind, and for the log why.
#[derive(Debug)]
pub struct WebError {
    /// What kind.
    pub kind: ErrorKind,
    /// For the log only.
    pub source: Option<anyhow::Error>,
}

impl WebError {
    /// An error without a cause worth a log line.
    #[must_use]
    pub const fn new(kind: ErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// Not there, or not this user's.
    #[must_use]
    pub const fn not_found() -> Self {
        Self::new(ErrorKind::NotFound)
    }

    /// Nobody is signed in.
    #[must_use]
    pub const fn unauthenticated() -> Self {
        Self::new(ErrorKind::Unauthenticated)
    }

    /// Not allowed.
    #[must_use]
    pub const fn forbidden() -> Self {
        Self::new(ErrorKind::Forbidden)
    }

    /// Not from our own page.
    #[must_use]
    pub const fn forged() -> Self {
        Self::new(ErrorKind::Forged)
    }

    /// A fault of the program, with its cause for the log.
    #[must_use]
    pub const fn internal(source: anyhow::Error) -> Self {
        Self {
            kind: ErrorKind::Internal,
            source: Some(source),
        }
    }

    /// Reads the kind out of an error of the framework.
    #[must_use]
    pub fn from_framework(error: &actix_web::Error) -> ErrorKind {
        use actix_session::storage::{SaveError, UpdateError};
        use actix_web::error::InternalError;
        if let Some(error) = error.as_error::<Self>() {
            return error.kind;
        }
        // Only the session middleware fails with these, and only when its database does.
        if error.as_error::<InternalError<anyhow::Error>>().is_some()
            || error.as_error::<InternalError<SaveError>>().is_some()
            || error.as_error::<InternalError<UpdateError>>().is_some()
        {
            return ErrorKind::Unavailable;
        }
        Self::from_status(error.as_response_error().status_code())
    }

    /// The kind of a status that the framework chose.
    #[must_use]
    pub fn from_status(status: StatusCode) -> ErrorKind {
        ErrorKind::ALL
            .iter()
            .copied()
            .find(|kind| kind.status() == status)
            .unwrap_or(if status.is_client_error() {
                ErrorKind::BadRequest
            } else {
                ErrorKind::Internal
            })
    }
}

impl std::fmt::Display for WebError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind.code())
    }
}

impl std::error::Error for WebError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(AsRef::as_ref)
    }
}

impl ResponseError for WebError {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }

    /// Without a body: `middleware::answer` writes the face that fits the request.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

impl From<StoreError> for WebError {
    fn from(error: StoreError) -> Self {
        let kind = match &error {
            StoreError::Unavailable(_) | StoreError::WrongVersion | StoreError::OldTimeZones => {
                ErrorKind::Unavailable
            }
            busy if busy.is_busy() => ErrorKind::Unavailable,
            StoreError::Stale | StoreError::Duplicate(_) => ErrorKind::Conflict,
            StoreError::OutsideLimits => ErrorKind::Invalid,
            StoreError::Db(_) => ErrorKind::Internal,
        };
        Self {
            kind,
            source: Some(error.into()),
        }
    }
}

/// A refusal that no form shows.
impl<R: std::fmt::Debug> From<EditError<R>> for WebError {
    fn from(error: EditError<R>) -> Self {
        match error {
            EditError::NotFound => Self::not_found(),
            EditError::Forbidden => Self::forbidden(),
            EditError::Invalid(_) => Self::new(ErrorKind::Invalid),
            EditError::Conflict(_) => Self::new(ErrorKind::Conflict),
            EditError::Store(error) => error.into(),
        }
    }
}

impl From<askama::Error> for WebError {
    fn from(error: askama::Error) -> Self {
        Self::internal(error.into())
    }
}

/// The answer to every address that is not in the route table.
///
/// # Errors
/// Always.
pub async fn not_found() -> WebResult<HttpResponse> {
    Err(WebError::not_found())
}

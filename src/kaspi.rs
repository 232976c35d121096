//! The marketplace: its client and its login. Speaks domain types outward; wire shapes stay inside.
//! A read that gets no answer is asked again a little later; a write never is. What follows from an error is
//! decided by the callers.
//! Start reading at [`KaspiClient`].

pub mod addresses;
mod cabinet;
mod http;
mod identity;
pub mod login;
mod market;
pub mod orders;
pub mod pictures;
pub mod price;
pub mod price_list;
pub mod proxies;
pub mod session;

pub use cabinet::PAGE_SIZE;
pub use http::client::KaspiClient;
/// One page of the cabinet's list from the bytes that came: for benchmarks.
pub use http::convert::offers_page as read_offers_page;
pub use identity::Identity;
pub use price::Accepted;
pub use proxies::{ProxyAddress, ProxyCounts};
pub use session::{CabinetSession, Cookie};

/// What a call to the marketplace may end in, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum KaspiError {
    /// The session ended: a login is needed.
    #[error("the cabinet session has expired")]
    SessionExpired,
    /// The marketplace or something before it refuses us: wait, do not log in.
    #[error("the marketplace blocks requests for now")]
    Blocked,
    /// Too many requests.
    #[error("the marketplace asks to slow down")]
    RateLimited {
        /// Wait at least so long, where it was said.
        after: Option<std::time::Duration>,
    },
    /// The request was understood and refused: repeating it will not help.
    #[error("the marketplace refused the request: {message}")]
    Rejected {
        /// HTTP status.
        status: u16,
        /// What it said, shortened.
        message: String,
    },
    /// The official API does not take the token: a person must give another one.
    #[error("the token of the official API is refused")]
    TokenRefused,
    /// Nothing was asked: the program itself waits, after a limit or several failures.
    #[error("the program pauses its requests for {} seconds", wait.as_secs())]
    Paused {
        /// At least so long.
        wait: std::time::Duration,
    },
    /// Overload, connection trouble or timeout. For a write: the outcome is not known.
    #[error("the marketplace does not answer")]
    Unavailable(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// An answer we do not understand; never read as "no data". For a write: the outcome is not known.
    #[error("the marketplace sent an unexpected answer: {what}")]
    Malformed {
        /// What was wrong, without any of the content.
        what: String,
    },
}

impl KaspiError {
    /// An answer that cannot be understood.
    fn malformed(what: impl Into<String>) -> Self {
        Self::Malformed { what: what.into() }
    }

    /// The code that runs and attempts keep; a text for each stands in the locales.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::SessionExpired => "session_expired",
            Self::Blocked => "marketplace_blocked",
            Self::RateLimited { .. } => "rate_limited",
            Self::Rejected { .. } => "marketplace_rejected",
            Self::TokenRefused => "token_refused",
            Self::Paused { .. } => "paused",
            Self::Unavailable(_) => "marketplace_unavailable",
            Self::Malformed { .. } => "malformed_answer",
        }
    }
}

//! The marketplace: its client and its login. Speaks domain types outward; wire shapes stay inside.

use crate::config;

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
    /// Overload, connection trouble or timeout. For a write: the outcome is not known.
    #[error("the marketplace does not answer")]
    Unavailable(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// An answer we do not understand; never read as "no data".
    #[error("the marketplace sent an unexpected answer: {what}")]
    Malformed {
        /// What was wrong, without any of the content.
        what: String,
    },
}

/// Client of the marketplace; cheap to clone.
#[derive(Debug, Clone)]
pub struct KaspiClient {
    _hosts: config::Kaspi,
}

impl KaspiClient {
    /// A client for these hosts.
    ///
    /// # Errors
    /// The TLS library cannot start.
    pub fn new(config: &config::Kaspi) -> Result<Self, KaspiError> {
        Ok(Self {
            _hosts: config.clone(),
        })
    }
}

//! How often somebody who has signed in may ask this process: each key of the API, each person's sessions there, and each
//! person's pages. What is done again and again by a script of a stolen session ends soon, and costs the others little.

use std::num::NonZeroU32;

use actix_web::HttpRequest;
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
};

use super::{
    WebError,
    auth::{self, CurrentUser},
    error::ErrorKind,
    routes::Kind,
};
use crate::{config::Http, secrets::hash_of_random_key};

/// So many callers are remembered before the quiet ones are forgotten.
const CALLERS: usize = 10_000;

/// The counts.
pub struct Limits {
    api: DefaultKeyedRateLimiter<Vec<u8>>,
    pages: DefaultKeyedRateLimiter<Vec<u8>>,
}

impl Limits {
    /// So many requests in a minute as the settings say, all at once if need be.
    #[must_use]
    pub fn new(http: &Http) -> Self {
        let of = |per_minute: NonZeroU32| RateLimiter::keyed(Quota::per_minute(per_minute));
        Self {
            api: of(http.api_per_minute),
            pages: of(http.pages_per_minute),
        }
    }

    /// Counts a request of a user.
    ///
    /// # Errors
    /// 429 with the seconds until the next one.
    pub fn count(&self, kind: Kind, user: &CurrentUser, req: &HttpRequest) -> Result<(), WebError> {
        let counts = if kind == Kind::Api { &self.api } else { &self.pages };
        if counts.len() > CALLERS {
            counts.retain_recent();
        }
        counts.check_key(&caller(user, req)).map_err(|early| {
            let wait = early.wait_time_from(DefaultClock::default().now());
            WebError::new(ErrorKind::TooMany {
                after: wait.as_secs() + 1,
            })
        })
    }
}

/// Who asks, as far as counting goes: a key, however its header is written, or a person in all his sessions.
fn caller(user: &CurrentUser, req: &HttpRequest) -> Vec<u8> {
    match auth::api_token(req) {
        Some(key) if auth::has_api_token(req) => hash_of_random_key(&key),
        _ => user.id().0.as_bytes().to_vec(),
    }
}

//! A cabinet session: the cookies of a login and the browser identity they belong to. It is a secret:
//! printing hides it, memory is wiped, and its only text form goes into the vault.

use reqwest::header::HeaderValue;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use url::Url;
use zeroize::{Zeroize, Zeroizing};

use super::Identity;
use crate::secrets::Secret;

/// One cookie with the scope the server gave it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cookie {
    /// Name.
    pub name: String,
    /// Value: a secret.
    pub value: String,
    /// Host, or `.host` for its subdomains too.
    pub domain: String,
    /// Path prefix.
    pub path: String,
}

impl Drop for Cookie {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

impl std::fmt::Debug for Cookie {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cookie")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Cookie {
    fn belongs_to(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let host_fits = match self.domain.strip_prefix('.') {
            Some(parent) => {
                host == parent || host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'))
            }
            None => host == self.domain,
        };
        let path_fits = url
            .path()
            .strip_prefix(self.path.as_str())
            .is_some_and(|rest| self.path.ends_with('/') || rest.is_empty() || rest.starts_with('/'));
        host_fits && path_fits
    }
}

/// The whole cookie jar of a login, of all hosts: also the device trust of the login host.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CabinetSession {
    cookies: Vec<Cookie>,
    identity: Identity,
}

impl std::fmt::Debug for CabinetSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CabinetSession")
            .field("cookies", &self.cookies.len())
            .finish_non_exhaustive()
    }
}

/// A kept session is not in the form we write.
#[derive(Debug, thiserror::Error)]
#[error("a kept session cannot be read")]
pub struct SessionUnreadable;

impl CabinetSession {
    /// A session from the cookies of a browser.
    #[must_use]
    pub fn new(cookies: Vec<Cookie>, identity: Identity) -> Self {
        Self { cookies, identity }
    }

    /// The text to seal.
    #[must_use]
    pub fn to_secret(&self) -> Secret {
        // A struct of texts always serializes; an empty text would be refused when it is read back.
        Secret::from(serde_json::to_string(self).unwrap_or_default())
    }

    /// Reads what [`CabinetSession::to_secret`] wrote.
    ///
    /// # Errors
    /// The text is something else.
    pub fn from_secret(text: &Secret) -> Result<Self, SessionUnreadable> {
        serde_json::from_str(text.expose_secret()).map_err(|_| SessionUnreadable)
    }

    /// The browser of the login.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The `Cookie` header for an address; `None` when no cookie belongs to it.
    pub(super) fn cookie_header(&self, url: &Url) -> Option<HeaderValue> {
        let pairs = Zeroizing::new(
            self.cookies
                .iter()
                .filter(|cookie| cookie.belongs_to(url))
                .map(|cookie| format!("{}={}", cookie.name, cookie.value))
                .collect::<Vec<_>>()
                .join("; "),
        );
        if pairs.is_empty() {
            return None;
        }
        let mut header = HeaderValue::from_str(&pairs).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

#[cfg(test)]
mod tests;

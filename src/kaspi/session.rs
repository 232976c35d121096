//! A cabinet session: the cookies of a login and the browser identity they belong to. It is a secret:
//! printing hides it, memory is wiped, and its only text form goes into the vault.

use cookie::Expiration;
use reqwest::header::HeaderValue;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;
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

/// One `Set-Cookie` line, as far as we may believe it.
struct SetCookie {
    cookie: Cookie,
    forget: bool,
}

impl SetCookie {
    fn parse(line: &str, host: &str) -> Option<Self> {
        let parsed = cookie::Cookie::parse(line).ok()?;
        let domain = match parsed.domain() {
            Some(domain) if domain != host => {
                let below = host
                    .strip_suffix(domain)
                    .is_some_and(|rest| rest.ends_with('.') && domain.contains('.'));
                // An address is no name: it has no subdomains.
                if !below || host.parse::<std::net::IpAddr>().is_ok() {
                    return None;
                }
                format!(".{domain}")
            }
            Some(domain) if domain.contains('.') && domain.parse::<std::net::IpAddr>().is_err() => {
                format!(".{domain}")
            }
            _ => host.to_owned(),
        };
        // A server forgets a cookie by an end long ago, which needs no clock to be seen.
        let long_ago = match parsed.expires() {
            Some(Expiration::DateTime(end)) => end.year() < 2000,
            _ => false,
        };
        let no_life = parsed.max_age().is_some_and(|life| !life.is_positive());
        Some(Self {
            forget: no_life || long_ago || parsed.value().is_empty(),
            cookie: Cookie {
                name: parsed.name().to_owned(),
                value: parsed.value().to_owned(),
                domain,
                path: parsed
                    .path()
                    .filter(|path| path.starts_with('/'))
                    .unwrap_or("/")
                    .to_owned(),
            },
        })
    }
}

/// The whole cookie jar of a login, of all hosts: also the device trust of the login host.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CabinetSession {
    id: Uuid,
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
        Self {
            id: Uuid::now_v7(),
            cookies,
            identity,
        }
    }

    /// Which login this jar comes from; stays while its cookies rotate.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The same cookies as those of a login of their own.
    #[must_use]
    pub(super) fn renewed(self) -> Self {
        Self::new(self.cookies.clone(), self.identity.clone())
    }

    /// Takes over what the `Set-Cookie` lines of an answer from `host` say: new values, and cookies to forget.
    /// `true`: the jar has changed and is to be kept. Cookies for foreign domains are ignored.
    pub fn absorb(&mut self, lines: &[&str], host: &str) -> bool {
        let mut changed = false;
        for line in lines {
            let Some(set) = SetCookie::parse(line, host) else {
                continue;
            };
            let place = self.cookies.iter().position(|known| {
                known.name == set.cookie.name
                    && known.domain == set.cookie.domain
                    && known.path == set.cookie.path
            });
            match place {
                Some(place) if set.forget => {
                    self.cookies.remove(place);
                    changed = true;
                }
                None if set.forget => {}
                None => {
                    self.cookies.push(set.cookie);
                    changed = true;
                }
                Some(place) => {
                    if let Some(known) = self.cookies.get_mut(place)
                        && known.value != set.cookie.value
                    {
                        *known = set.cookie;
                        changed = true;
                    }
                }
            }
        }
        changed
    }

    /// The cookies of one host, for a browser that shall be known there again.
    pub(super) fn cookies_for(&self, url: &Url) -> impl Iterator<Item = &Cookie> {
        let url = url.clone();
        self.cookies.iter().filter(move |cookie| cookie.belongs_to(&url))
    }

    /// Values that must not show up anywhere.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.cookies.iter().map(|cookie| cookie.value.as_str())
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

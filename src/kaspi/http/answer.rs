//! What an answer means, by status and content type together. Only "expired" may start a login, and nothing
//! unclear is ever read as "no data".

use std::time::Duration;

use chrono::DateTime;
use reqwest::{
    Response,
    header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER},
};

use crate::{
    config,
    kaspi::{KaspiError, price_list::UNFINISHED},
};

/// Whom we asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The cabinet back end, with a session.
    Cabinet,
    /// The public shop, without one.
    Public,
    /// The official orders API, with a token.
    Orders,
}

/// Why there is no body to read.
#[derive(Debug)]
pub enum Refusal {
    /// The meaning is clear.
    Error(KaspiError),
    /// 403 without a page: dead session or missing right.
    Forbidden {
        /// What it said, shortened.
        message: String,
    },
}

impl From<KaspiError> for Refusal {
    fn from(error: KaspiError) -> Self {
        Self::Error(error)
    }
}

/// Status and headers that decide.
#[derive(Debug)]
pub struct Head {
    /// HTTP status.
    pub status: u16,
    content_type: String,
    location: Option<String>,
    retry_after: Option<Duration>,
}

impl Head {
    /// The head of a response.
    pub fn of(response: &Response) -> Self {
        let headers = response.headers();
        Self {
            status: response.status().as_u16(),
            content_type: text(headers, &CONTENT_TYPE)
                .unwrap_or_default()
                .to_ascii_lowercase(),
            location: text(headers, &LOCATION).map(str::to_owned),
            retry_after: text(headers, &RETRY_AFTER)
                .and_then(|value| retry_after(value, text(headers, &DATE))),
        }
    }

    fn is_html(&self) -> bool {
        self.content_type.contains("html")
    }

    fn is_json(&self) -> bool {
        self.content_type.contains("json")
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Longest wait that is believed.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

/// Both forms: seconds, and a date, which is compared with the server's own clock.
fn retry_after(value: &str, server_date: Option<&str>) -> Option<Duration> {
    let wait = match value.trim().parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = DateTime::parse_from_rfc2822(value.trim()).ok()?;
            let now = DateTime::parse_from_rfc2822(server_date?.trim()).ok()?;
            (until - now).to_std().ok()?
        }
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

/// Judges an answer; a good one gives its body.
///
/// # Errors
/// [`Refusal`], never with any of the answer's content but its own `message` field.
pub fn judge(asked: Asked, head: &Head, body: Vec<u8>, hosts: &config::Kaspi) -> Result<Vec<u8>, Refusal> {
    let refusal = match (head.status, asked) {
        (200..=299, _) if head.is_json() => return Ok(body),
        (200..=299, Asked::Cabinet) if head.is_html() && is_login_page(&body) => KaspiError::SessionExpired,
        (200..=299, _) if head.is_html() => KaspiError::Blocked,
        // The upload says so in plain text, with whatever status.
        (200..=299, Asked::Cabinet) if said(&body).contains(UNFINISHED) => KaspiError::Rejected {
            status: head.status,
            message: said(&body),
        },
        (200..=299, _) => KaspiError::malformed("an answer that is no JSON"),
        (300..=399, Asked::Cabinet) if leads_to_login(head, hosts) => KaspiError::SessionExpired,
        (300..=399, _) => KaspiError::malformed("a redirect to somewhere else"),
        (401, Asked::Cabinet) => KaspiError::SessionExpired,
        (401, Asked::Orders) => KaspiError::TokenRefused,
        // Without a page it is the API that speaks; a page comes from what stands before it.
        (403, Asked::Orders) if !head.is_html() => KaspiError::TokenRefused,
        (403, Asked::Cabinet) if !head.is_html() => {
            return Err(Refusal::Forbidden { message: said(&body) });
        }
        (403, _) | (401 | 405, Asked::Public) => KaspiError::Blocked,
        (429, _) => KaspiError::RateLimited {
            after: head.retry_after,
        },
        (400..=499, _) => KaspiError::Rejected {
            status: head.status,
            message: said(&body),
        },
        (500..=599, _) => KaspiError::Unavailable(None),
        (other, _) => KaspiError::malformed(format!("status {other}")),
    };
    Err(refusal.into())
}

/// The login page under another address: recognised by its first field.
fn is_login_page(body: &[u8]) -> bool {
    String::from_utf8_lossy(body).contains("user_email_field")
}

fn leads_to_login(head: &Head, hosts: &config::Kaspi) -> bool {
    let Some(location) = &head.location else {
        return false;
    };
    let Ok(url) = hosts.cabinet.join(location) else {
        return false;
    };
    url.origin() == hosts.login.origin() || url.path().contains("login") || url.path().contains("oauth2")
}

/// What an error body says, shortened: the cabinet's `message`, the first `title` of the orders API, or a
/// short text; empty where there is none.
fn said(body: &[u8]) -> String {
    let value: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let title = || value.pointer("/errors/0/title")?.as_str();
    let text = match value
        .get("message")
        .and_then(serde_json::Value::as_str)
        .or_else(title)
    {
        Some(text) => text.to_owned(),
        None if value.is_null() && !body.starts_with(b"<") => String::from_utf8_lossy(body).into_owned(),
        None => String::new(),
    };
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests;

//! An answer of the marketplace, before it becomes HTTP.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// An answer. Status 0 stands for a connection that is dropped without one.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// Sent when there is a body.
    pub content_type: Option<Cow<'static, str>>,
    pub headers: Vec<(Cow<'static, str>, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(status: u16, value: &Value) -> Self {
        Self::with_body(status, JSON, value.to_string().into_bytes())
    }

    /// 200 with something that is written as JSON.
    pub fn of(value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::with_body(200, JSON, body),
            Err(error) => Self::message(500, &error.to_string()),
        }
    }

    pub fn ok(value: &Value) -> Self {
        Self::json(200, value)
    }

    /// A refusal with a `message`, as the cabinet writes them.
    pub fn message(status: u16, message: &str) -> Self {
        Self::json(status, &json!({ "message": message }))
    }

    pub fn html(status: u16, page: String) -> Self {
        Self::with_body(status, HTML, page.into_bytes())
    }

    pub fn text(status: u16, text: String) -> Self {
        Self::with_body(status, TEXT, text.into_bytes())
    }

    pub fn empty(status: u16) -> Self {
        Self::with_body(status, JSON, Vec::new())
    }

    pub fn redirect(to: String) -> Self {
        Self::empty(302).with("Location", to)
    }

    pub fn bytes(content_type: &'static str, body: Vec<u8>) -> Self {
        Self::with_body(200, content_type, body)
    }

    /// An answer of any kind.
    pub fn with_body(status: u16, content_type: &'static str, body: Vec<u8>) -> Self {
        Self {
            status,
            content_type: Some(Cow::Borrowed(content_type)),
            headers: Vec::new(),
            body,
        }
    }

    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((Cow::Borrowed(name), value));
        self
    }

    /// Sets a header in place of all others of its name, or takes them out.
    pub fn with_header(mut self, name: &str, value: Option<&str>) -> Self {
        if name.eq_ignore_ascii_case("content-type") {
            self.content_type = value.map(|value| Cow::Owned(value.to_owned()));
            return self;
        }
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        if let Some(value) = value {
            self.headers.push((Cow::Owned(name.to_owned()), value.to_owned()));
        }
        self
    }

    /// Sets a cookie of this host. Not `Secure`: the simulated hosts speak plain HTTP.
    pub fn with_cookie(self, name: &str, value: &str) -> Self {
        self.with(
            "Set-Cookie",
            format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax"),
        )
    }
}

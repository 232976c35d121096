//! A form whose session ended while somebody filled it in: it waits through the login page, and is sent by a press of
//! whoever signed in. Only forms without secrets wait.

use serde::{Deserialize, Serialize};

use super::csrf;

/// Where forms go that may wait: much is typed into them, and nothing that is secret.
const TARGETS: &[&str] = &[
    "/preorders",
    "/preorders/{id}",
    "/products/{id}/edit",
    "/products/{id}/terms",
    "/rules/new",
    "/rules/{id}",
    "/stop",
    "/stores/{id}/put-back",
    "/stores/{id}/terms/edit",
    "/tariffs/new",
    "/tariffs/{id}",
];

/// A longer form does not wait, bytes as it came.
const LENGTH_MAX: usize = 60_000;

/// Fields that carry what a page knows, not what somebody typed.
const OF_THE_PAGE: &[&str] = &["act", "back", "from", "idempotency", "scope", "store", "version"];

/// A form that was not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsent {
    /// Where it was to go.
    #[serde(default)]
    pub to: String,
    /// The page that it stood on.
    #[serde(default)]
    pub page: String,
    /// Its fields as a browser writes them.
    #[serde(default)]
    pub form: String,
}

impl Unsent {
    /// The form of a request, where it is one that may wait.
    #[must_use]
    pub fn new(to: &str, page: Option<&str>, body: &[u8]) -> Option<Self> {
        let fields = url::form_urlencoded::parse(body).filter(|(name, _)| name != csrf::FIELD);
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let unsent = Self {
            to: to.to_owned(),
            page: page.unwrap_or("/").to_owned(),
            form,
        };
        unsent.may_wait().then_some(unsent)
    }

    /// Is it a form of ours, and none too long?
    #[must_use]
    pub fn may_wait(&self) -> bool {
        let parts: Vec<&str> = self.to.split('/').collect();
        let fits = |target: &&&str| {
            let pattern: Vec<&str> = target.split('/').collect();
            let is_part = |(pattern, part): (&&str, &&str)| {
                pattern == part || *pattern == "{id}" && part.parse::<uuid::Uuid>().is_ok()
            };
            pattern.len() == parts.len() && pattern.iter().zip(&parts).all(is_part)
        };
        self.form.len() <= LENGTH_MAX && TARGETS.iter().any(|target| fits(&target))
    }

    /// Its fields, name and value.
    #[must_use]
    pub fn fields(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(self.form.as_bytes())
            .into_owned()
            .collect()
    }

    /// What somebody typed or chose, as far as it says something to people.
    #[must_use]
    pub fn typed(&self) -> Vec<String> {
        self.fields()
            .into_iter()
            .filter(|(name, value)| {
                !OF_THE_PAGE.contains(&name.as_str())
                    && !matches!(value.trim(), "" | "1")
                    && value.parse::<uuid::Uuid>().is_err()
            })
            .map(|(_, value)| value)
            .collect()
    }
}

//! Helpers for what forms send.

use serde::{Deserialize, Deserializer};

use crate::{domain::percent::Percent, secrets::Secret};

/// Reads a field straight into its secret type: `#[serde(deserialize_with = "form::secret")]`.
///
/// # Errors
/// The field is no text.
pub fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::from)
}

/// The secret of a form that does not ask for one.
#[must_use]
pub fn no_secret() -> Secret {
    Secret::from("")
}

/// A percentage as people type it: `12,5 %`.
#[must_use]
pub fn percent(text: &str) -> Option<Percent> {
    let digits = text.trim().trim_end_matches('%').trim_end();
    digits.replace(',', ".").parse().ok()
}

//! Helpers for what forms send.

use serde::{Deserialize, Deserializer};

use crate::secrets::Secret;

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

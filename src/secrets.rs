//! Secrets at rest and in memory: the type that cannot be printed, the vault that seals what is stored, and
//! the file outside the database that holds its keys. Start reading at [`Vault`].

mod key_file;
mod secret;
pub mod totp;
mod vault;

use sha2::{Digest, Sha256};

pub use key_file::{AddedKey, KeyFile};
pub use secret::Secret;
pub use vault::{HEAD_LEN, KeyId, Place, Vault};

/// Why a secret cannot be sealed, opened, or its keys not be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The key file cannot be read or written.
    #[error("secret key file {path}: {source}")]
    KeyFile {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key file holds something else than random 256-bit keys, or others may read it.
    #[error("secret key file {path}: {what}")]
    BadKey {
        /// The file.
        path: String,
        /// What is wrong and what to do.
        what: String,
    },
    /// Damaged, moved from another row, or sealed with another key. On purpose not told apart.
    #[error("a stored secret cannot be opened with this key")]
    CannotOpen,
    /// No randomness or no memory.
    #[error("a secret cannot be sealed")]
    CannotSeal,
}

/// Random bytes of the operating system, for keys, nonces and tokens.
///
/// # Errors
/// The system has none.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], SecretError> {
    use rand::TryRngCore;
    let mut bytes = [0; N];
    rand::rngs::OsRng
        .try_fill_bytes(&mut bytes)
        .map_err(|_| SecretError::CannotSeal)?;
    Ok(bytes)
}

/// SHA-256 of a random key: what the database keeps of session keys and API tokens.
#[must_use]
pub fn hash_of_random_key(key: &str) -> Vec<u8> {
    Sha256::digest(key.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests;

//! Secrets at rest: sealed by AEAD with a key from a file outside the database. A sealed value opens only
//! for the row it was sealed for: table, column and row are its associated data.

use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, os::unix::fs::PermissionsExt, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// A text that is never printed: no `Display`, no `Serialize`, `Debug` hides it, memory is wiped on drop.
pub type Secret = SecretString;

/// Why a secret cannot be sealed, opened, or its key not be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The key file cannot be read or made.
    #[error("secret key file {path}: {source}")]
    KeyFile {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key file holds something else than one 256-bit key in base64.
    #[error(
        "secret key file {path}: {what}; it must hold 32 bytes in base64 and be readable by its owner alone"
    )]
    BadKey {
        /// The file.
        path: String,
        /// What is wrong.
        what: &'static str,
    },
    /// Damaged, moved from another row, or sealed with another key. On purpose not told apart.
    #[error("a stored secret cannot be opened with this key")]
    CannotOpen,
    /// No randomness or no memory.
    #[error("a secret cannot be sealed")]
    CannotSeal,
}

/// Where a sealed value lives; a value moved elsewhere does not open.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Table and column, e.g. `store_credentials.password`.
    pub column: &'static str,
    /// Key of the row.
    pub row: uuid::Uuid,
}

impl Place {
    fn associated_data(self) -> Vec<u8> {
        [self.column.as_bytes(), b"\0", self.row.as_bytes()].concat()
    }
}

/// Seals and opens secrets with one key.
pub struct Vault {
    key: Zeroizing<[u8; 32]>,
    key_id: [u8; 8],
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

/// First byte of a sealed value: the format.
const FORMAT: u8 = 1;
const NONCE_LEN: usize = 24;

impl Vault {
    /// A vault over this key.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        let digest = Sha256::digest(key);
        let mut key_id = [0; 8];
        key_id
            .iter_mut()
            .zip(digest.iter())
            .for_each(|(to, from)| *to = *from);
        Self {
            key: Zeroizing::new(key),
            key_id,
        }
    }

    /// Reads the key file; where it is absent it is made with mode 0600.
    ///
    /// # Errors
    /// Unreadable, malformed, or readable by others than its owner.
    pub fn open_or_create(path: &Path) -> Result<Self, SecretError> {
        let io = |source| SecretError::KeyFile {
            path: path.display().to_string(),
            source,
        };
        if !path.exists() {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(io)?;
            }
            let text = Zeroizing::new(STANDARD.encode(*Zeroizing::new(random_bytes::<32>()?)));
            match fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path)
            {
                Ok(mut file) => file
                    .write_all(text.as_bytes())
                    .and_then(|()| file.sync_all())
                    .map_err(io)?,
                // Another process of ours was faster: its key is the key.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(io(error)),
            }
        }
        let bad = |what| SecretError::BadKey {
            path: path.display().to_string(),
            what,
        };
        if fs::metadata(path).map_err(io)?.permissions().mode() & 0o077 != 0 {
            return Err(bad("others may read it"));
        }
        let text = Zeroizing::new(fs::read_to_string(path).map_err(io)?);
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| bad("not base64"))?);
        let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| bad("not 32 bytes"))?;
        if key.iter().all(|b| *b == 0) {
            return Err(bad("an empty key"));
        }
        Ok(Self::new(key))
    }

    /// Seals `secret` for `place`: format, key id, nonce, ciphertext.
    ///
    /// # Errors
    /// No randomness.
    pub fn seal(&self, place: Place, secret: &Secret) -> Result<Vec<u8>, SecretError> {
        let nonce = random_bytes::<NONCE_LEN>()?;
        let payload = Payload {
            msg: secret.expose_secret().as_bytes(),
            aad: &place.associated_data(),
        };
        let sealed = self
            .cipher()?
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SecretError::CannotSeal)?;
        Ok([&[FORMAT][..], &self.key_id, &nonce, &sealed].concat())
    }

    /// Opens what `seal` made for the same place.
    ///
    /// # Errors
    /// [`SecretError::CannotOpen`], whatever the reason.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<Secret, SecretError> {
        let open = || {
            let rest = sealed.strip_prefix(&[FORMAT])?.strip_prefix(&self.key_id)?;
            let (nonce, ciphertext) = rest.split_at_checked(NONCE_LEN)?;
            let nonce: [u8; NONCE_LEN] = nonce.try_into().ok()?;
            let payload = Payload {
                msg: ciphertext,
                aad: &place.associated_data(),
            };
            let bytes = self.cipher().ok()?.decrypt(&XNonce::from(nonce), payload).ok()?;
            String::from_utf8(bytes).ok().map(Secret::from)
        };
        open().ok_or(SecretError::CannotOpen)
    }

    /// 64 bytes for `purpose` that follow from the key and tell nothing about it.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Vec<u8> {
        let half = |part: &[u8]| {
            let digest = Sha256::new()
                .chain_update(self.key.as_slice())
                .chain_update(part)
                .chain_update(purpose.as_bytes());
            // Twice, so that a longer purpose cannot continue a shorter one's digest.
            Sha256::digest(digest.finalize())
        };
        [half(b"1"), half(b"2")].concat()
    }

    fn cipher(&self) -> Result<XChaCha20Poly1305, SecretError> {
        XChaCha20Poly1305::new_from_slice(self.key.as_slice()).map_err(|_| SecretError::CannotSeal)
    }
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

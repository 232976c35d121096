//! Envelope encryption: every value has a random key of its own, which a key from the key file wraps. A sealed
//! value opens only in the place it was sealed for: table, column, row and tenant are associated data.

use std::sync::{Arc, PoisonError, RwLock};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{KeyFile, Secret, SecretError, random_bytes};

/// Where a sealed value lives; a value moved elsewhere does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Table and column, e.g. `proxies.credentials_sealed`. All of them stand in `store::sealed`.
    pub column: &'static str,
    /// Key of the row.
    pub row: uuid::Uuid,
    /// The user whose row it is, where the row names one.
    pub tenant: Option<uuid::Uuid>,
}

impl Place {
    /// `part` keeps a wrapped key from being taken for a value. No two places have the same bytes: a column's
    /// name holds no zero, the rest has a fixed length.
    fn associated_data(self, part: u8) -> Vec<u8> {
        let tenant = self.tenant.unwrap_or_default();
        let has_tenant = u8::from(self.tenant.is_some());
        [
            &[FORMAT, part],
            self.column.as_bytes(),
            &[0],
            self.row.as_bytes(),
            &[has_tenant],
            tenant.as_bytes(),
        ]
        .concat()
    }
}

/// Names a key without telling anything about it; stands at the head of each value the key sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; KEY_ID_LEN]);

impl KeyId {
    /// The first bytes of every value that is sealed with this key: format and key.
    #[must_use]
    pub fn head(self) -> Vec<u8> {
        [&[FORMAT][..], &self.0].concat()
    }
}

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// One key-encryption key.
pub(super) struct Key {
    pub(super) id: KeyId,
    bytes: Zeroizing<[u8; 32]>,
}

impl Key {
    pub(super) fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        let mut id = [0; KEY_ID_LEN];
        let digest = Sha256::new()
            .chain_update(b"key id")
            .chain_update(*bytes)
            .finalize();
        id.iter_mut()
            .zip(digest.iter())
            .for_each(|(to, from)| *to = *from);
        Self { id: KeyId(id), bytes }
    }
}

/// First byte of a sealed value. 1 was a value under the file's key itself; nothing reads it any more.
const FORMAT: u8 = 2;
const KEY_ID_LEN: usize = 8;
const NONCE_LEN: usize = 24;
/// A 256-bit key and its tag.
const WRAPPED_LEN: usize = 32 + 16;
/// Format and key id: the bytes by which the database is asked what is sealed with which key.
pub const HEAD_LEN: usize = 1 + KEY_ID_LEN;

const OF_THE_KEY: u8 = b'k';
const OF_THE_VALUE: u8 = b'v';

/// Seals with the newest key and opens with any. Several processes share the file: a key that one of them adds
/// is noticed by the others before they need it.
pub struct Vault {
    file: Option<KeyFile>,
    keys: RwLock<Arc<Keys>>,
}

/// The keys, oldest first, and the look of the file they come from.
pub(super) struct Keys {
    pub(super) list: Vec<Key>,
    pub(super) stamp: Option<super::key_file::Stamp>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

impl Vault {
    /// A vault over these keys, oldest first.
    ///
    /// # Errors
    /// There is none.
    pub fn new(keys: &[[u8; 32]]) -> Result<Self, SecretError> {
        let list: Vec<Key> = keys.iter().map(|key| Key::new(Zeroizing::new(*key))).collect();
        if list.is_empty() {
            return Err(SecretError::CannotSeal);
        }
        Ok(Self {
            file: None,
            keys: RwLock::new(Arc::new(Keys { list, stamp: None })),
        })
    }

    /// A vault over the file; where it is absent it is made.
    ///
    /// # Errors
    /// As [`KeyFile::read`].
    pub fn open_or_create(file: KeyFile) -> Result<Self, SecretError> {
        if !file.exists() {
            file.create()?;
        }
        let keys = file.read()?;
        Ok(Self {
            file: Some(file),
            keys: RwLock::new(Arc::new(keys)),
        })
    }

    /// The ids of the keys, oldest first.
    #[must_use]
    pub fn key_ids(&self) -> Vec<KeyId> {
        self.current().list.iter().map(|key| key.id).collect()
    }

    /// The key that seals.
    #[must_use]
    pub fn newest(&self) -> Option<KeyId> {
        self.current().list.last().map(|key| key.id)
    }

    /// Seals `secret` for `place`: format, key id, nonce and wrapped key, nonce and ciphertext.
    ///
    /// # Errors
    /// No randomness.
    pub fn seal(&self, place: Place, secret: &Secret) -> Result<Vec<u8>, SecretError> {
        let keys = self.current();
        let key = keys.list.last().ok_or(SecretError::CannotSeal)?;
        let own_key = Zeroizing::new(random_bytes::<32>()?);
        let wrapped = encrypt(&key.bytes, place.associated_data(OF_THE_KEY), own_key.as_slice())?;
        let value = secret.expose_secret().as_bytes();
        let sealed = encrypt(&own_key, place.associated_data(OF_THE_VALUE), value)?;
        Ok([key.id.head(), wrapped, sealed].concat())
    }

    /// Opens what `seal` made for the same place.
    ///
    /// # Errors
    /// [`SecretError::CannotOpen`], whatever the reason.
    pub fn open(&self, place: Place, sealed: &[u8]) -> Result<Secret, SecretError> {
        let open = || {
            let rest = sealed.strip_prefix(&[FORMAT])?;
            let (id, rest) = rest.split_at_checked(KEY_ID_LEN)?;
            let keys = self.current();
            let key = keys.list.iter().find(|key| key.id.0 == id)?;
            let (wrapped, value) = rest.split_at_checked(NONCE_LEN + WRAPPED_LEN)?;
            let own_key = decrypt(&key.bytes, place.associated_data(OF_THE_KEY), wrapped)?;
            let own_key = Zeroizing::new(<[u8; 32]>::try_from(own_key.as_slice()).ok()?);
            let value = decrypt(&own_key, place.associated_data(OF_THE_VALUE), value)?;
            std::str::from_utf8(&value).ok().map(Secret::from)
        };
        open().ok_or(SecretError::CannotOpen)
    }

    /// The same secret under a fresh key of its own, wrapped by the newest key.
    ///
    /// # Errors
    /// As [`Vault::open`] and [`Vault::seal`].
    pub fn reseal(&self, place: Place, sealed: &[u8]) -> Result<Vec<u8>, SecretError> {
        self.seal(place, &self.open(place, sealed)?)
    }

    /// 64 bytes for `purpose` that follow from the oldest key and tell nothing about it: they stay the same
    /// while a key is added, and change when the oldest one is dropped.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> Vec<u8> {
        let keys = self.current();
        let key = keys
            .list
            .first()
            .map(|key| key.bytes.as_slice())
            .unwrap_or_default();
        let half = |part: &[u8]| {
            let digest = Sha256::new()
                .chain_update(key)
                .chain_update(part)
                .chain_update(purpose.as_bytes());
            // Twice, so that a longer purpose cannot continue a shorter one's digest.
            Sha256::digest(digest.finalize())
        };
        [half(b"1"), half(b"2")].concat()
    }

    /// The keys as the file has them now. A file that cannot be read at the moment changes nothing.
    fn current(&self) -> Arc<Keys> {
        let known = Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner));
        let Some(file) = &self.file else { return known };
        if file.stamp().is_none_or(|stamp| known.stamp == Some(stamp)) {
            return known;
        }
        match file.read() {
            Ok(keys) => {
                let keys = Arc::new(keys);
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&keys);
                keys
            }
            Err(error) => {
                tracing::error!(%error, "the changed key file cannot be used; the keys of before stay");
                known
            }
        }
    }
}

/// Nonce and ciphertext.
fn encrypt(key: &[u8; 32], aad: Vec<u8>, msg: &[u8]) -> Result<Vec<u8>, SecretError> {
    let nonce = random_bytes::<NONCE_LEN>()?;
    let cipher = XChaCha20Poly1305::new_from_slice(key).map_err(|_| SecretError::CannotSeal)?;
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), Payload { msg, aad: &aad })
        .map_err(|_| SecretError::CannotSeal)?;
    Ok([&nonce[..], &sealed].concat())
}

fn decrypt(key: &[u8; 32], aad: Vec<u8>, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, msg) = sealed.split_at_checked(NONCE_LEN)?;
    let nonce: [u8; NONCE_LEN] = nonce.try_into().ok()?;
    let cipher = XChaCha20Poly1305::new_from_slice(key).ok()?;
    let payload = Payload { msg, aad: &aad };
    cipher
        .decrypt(&XNonce::from(nonce), payload)
        .ok()
        .map(Zeroizing::new)
}

//! Passwords of the panel's users: hashing and checking, never storing.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;

use crate::{config::PasswordCost, secrets::Secret, telemetry};

/// Shortest password that is accepted, characters.
pub const MIN_LENGTH: usize = 12;
/// Longest: more is an attempt to keep the machine busy.
pub const MAX_LENGTH: usize = 512;

/// Hashes at once in this process: each takes its memory, and a flood of logins must not take it all.
static HASHING: Semaphore = Semaphore::const_new(4);

/// Hashing failed: no randomness, no memory, or the process is ending.
#[derive(Debug, thiserror::Error)]
#[error("the password cannot be hashed")]
pub struct HashError;

/// Argon2id in PHC form, with a random salt.
///
/// # Errors
/// See [`HashError`].
pub async fn hash(cost: PasswordCost, password: Secret) -> Result<String, HashError> {
    on_pool(move || hash_blocking(cost, &password)).await?
}

/// Does the password belong to the hash? Without a hash (unknown user) the same work is done and the answer
/// is no, so that nobody learns from the time who exists.
///
/// # Errors
/// See [`HashError`].
pub async fn matches(
    cost: PasswordCost,
    known_hash: Option<String>,
    password: Secret,
) -> Result<bool, HashError> {
    on_pool(move || match known_hash {
        Some(hash) => Ok(PasswordHash::new(&hash).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.expose_secret().as_bytes(), &hash)
                .is_ok()
        })),
        None => hash_blocking(cost, &password).map(|_| false),
    })
    .await?
}

async fn on_pool<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, HashError> {
    let _permit = HASHING.acquire().await.map_err(|_| HashError)?;
    telemetry::spawn_blocking(work).await.map_err(|_| HashError)
}

fn hash_blocking(cost: PasswordCost, password: &Secret) -> Result<String, HashError> {
    let params = Params::new(cost.memory_kib, cost.iterations, 1, None).map_err(|_| HashError)?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password(password.expose_secret().as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|_| HashError)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: PasswordCost = PasswordCost {
        memory_kib: 64,
        iterations: 1,
    };

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let hash = hash(CHEAP, Secret::from("correct horse battery")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{hash}");
        let matches_known = |text: &str| matches(CHEAP, Some(hash.clone()), Secret::from(text));
        assert!(matches_known("correct horse battery").await.unwrap());
        assert!(!matches_known("correct horse batterz").await.unwrap());
        assert!(
            !matches(CHEAP, None, Secret::from("correct horse battery"))
                .await
                .unwrap()
        );
    }
}

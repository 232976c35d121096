//! Requests that must have one effect however often they are sent: the first one takes the key, its answer is given to
//! all that come after it for a day.

use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::{
    domain::UserId,
    services::Services,
    store::{
        StoreError,
        idempotency::{KeptAnswer, idempotency_fetch, idempotency_free, idempotency_keep, idempotency_take},
    },
};

/// So long the first answer is given again.
pub const KEPT_FOR: TimeDelta = TimeDelta::hours(24);
/// A request that has not ended after this time was lost with its program.
const LOST_AFTER: TimeDelta = TimeDelta::minutes(10);
/// Longest key, characters.
pub const KEY_MAX: usize = 255;

/// What is to be done with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// It is the first: do it, then [`keep_answer`].
    First(Uuid),
    /// It was done: this was the answer.
    Done(KeptAnswer),
    /// It is being done.
    Running,
    /// The key belongs to another request.
    Other,
}

/// What tells one request from another; needs the program's key, because bodies may hold passwords.
#[must_use]
pub fn fingerprint(services: &Services, parts: &[&[u8]]) -> Vec<u8> {
    let key = services.vault.derive("idempotency");
    let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(&key) else {
        return Vec::new();
    };
    for part in parts {
        // With its length before it, so that no two lists of parts look alike.
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// Takes the key for a request, or tells who has it.
///
/// # Errors
/// See [`StoreError`].
pub async fn take_turn(
    services: &Services,
    user: UserId,
    key: &str,
    fingerprint: Vec<u8>,
) -> Result<Turn, StoreError> {
    let (key, now) = (key.to_owned(), services.now());
    services
        .db
        .tx(move |conn| {
            let free = (now - KEPT_FOR, now - LOST_AFTER);
            if let Some(id) = idempotency_take(conn, (user, &key), &fingerprint, free, now)? {
                return Ok(Turn::First(id));
            }
            Ok(match idempotency_fetch(conn, user, &key)? {
                Some(kept) if kept.fingerprint != fingerprint => Turn::Other,
                Some(kept) => kept.answer().map_or(Turn::Running, Turn::Done),
                // It was given back this very moment: whoever asks again may have it.
                None => Turn::Running,
            })
        })
        .await
}

/// Keeps the answer of the first request; without one the key is free again.
///
/// # Errors
/// See [`StoreError`].
pub async fn keep_answer(
    services: &Services,
    id: Uuid,
    answer: Option<KeptAnswer>,
) -> Result<(), StoreError> {
    let now = services.now();
    services
        .db
        .tx(move |conn| match answer {
            Some(answer) => idempotency_keep(conn, id, &answer, now),
            None => idempotency_free(conn, id),
        })
        .await
}

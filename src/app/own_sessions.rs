//! The sessions of a user: seen by himself, and ended one by one or all at once. What is ended is refused on its
//! next request.

use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

use super::sign_in::Confirmed;
use crate::{
    domain::{Actor, Role, UserId},
    services::Services,
    store::{
        StoreError,
        audit::{AuditEntry, audit_insert},
        sessions::{OwnSession, session_delete_one, session_delete_others, session_list},
        users::{User, user_end_sessions},
    },
};

/// Why no session was ended.
#[derive(Debug, thiserror::Error)]
pub enum OwnSessionError {
    /// The user has no such session, or there is no such user.
    #[error("there is no such session")]
    NotFound,
    /// Only an administrator does this for others.
    #[error("this is for administrators")]
    Forbidden,
    /// The database did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The live sessions of a user, last used first. A session is over when nobody used it for `idle`.
///
/// # Errors
/// See [`StoreError`].
pub async fn list_own_sessions(
    services: &Services,
    user: UserId,
    idle: TimeDelta,
) -> Result<Vec<OwnSession>, StoreError> {
    let now = services.now();
    services
        .db
        .read(move |conn| session_list(conn, user, now, now - idle))
        .await
}

/// Ends a session of the user and gives the hash of its key: his own request may be of it.
///
/// # Errors
/// `NotFound` where he has no such session.
pub async fn end_own_session(
    services: &Services,
    actor: &Actor,
    user: &User,
    id: Uuid,
    _: &Confirmed,
) -> Result<Vec<u8>, OwnSessionError> {
    let (user_id, entry) = (user.id, entry(services, actor, user));
    services
        .db
        .tx(move |conn| {
            let key_hash = session_delete_one(conn, user_id, id)?.ok_or(OwnSessionError::NotFound)?;
            audit_insert(conn, &entry)?;
            Ok(key_hash)
        })
        .await
}

/// Ends all sessions of the user but the one whose key has the hash `own`; gives how many there were.
///
/// # Errors
/// See [`StoreError`].
pub async fn end_other_sessions(
    services: &Services,
    actor: &Actor,
    user: &User,
    own: Vec<u8>,
    _: &Confirmed,
) -> Result<usize, StoreError> {
    let (user_id, entry) = (user.id, entry(services, actor, user));
    services
        .db
        .tx(move |conn| {
            let ended = session_delete_others(conn, user_id, Some(&own))?;
            if ended > 0 {
                audit_insert(conn, &entry.change(json!({}), json!({ "sessions_ended": ended })))?;
            }
            Ok(ended)
        })
        .await
}

/// Ends all sessions of any user. For administrators.
///
/// # Errors
/// `Forbidden` for others, `NotFound` where there is no such user.
pub async fn end_sessions_of(
    services: &Services,
    actor: &Actor,
    user: UserId,
) -> Result<(), OwnSessionError> {
    if actor.role != Role::Admin {
        return Err(OwnSessionError::Forbidden);
    }
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let user = user_end_sessions(conn, user, now)?.ok_or(OwnSessionError::NotFound)?;
            let object = ("user", user.id.0, user.email.as_str());
            Ok(audit_insert(
                conn,
                &AuditEntry::new(&actor, now, None, object, "session_end"),
            )?)
        })
        .await
}

fn entry(services: &Services, actor: &Actor, user: &User) -> AuditEntry {
    let object = ("user", user.id.0, user.email.as_str());
    AuditEntry::new(actor, services.now(), None, object, "session_end")
}

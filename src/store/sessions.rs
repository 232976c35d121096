//! Sessions of browsers. Which key a browser holds is not known here, only its hash.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::StoreError;
use crate::{domain::UserId, schema::sessions};

/// One session.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = sessions, check_for_backend(diesel::pg::Pg))]
pub struct SessionRow {
    /// SHA-256 of the key.
    pub key_hash: Vec<u8>,
    /// Who is signed in.
    pub user_id: Option<UserId>,
    /// What the session holds.
    pub state: Value,
    /// The browser, as it named itself at sign-in.
    pub user_agent: Option<String>,
    /// Begun at.
    pub created_at: DateTime<Utc>,
    /// Last request, to the minute.
    pub last_seen_at: DateTime<Utc>,
    /// Ends then, however much it is used.
    pub expires_at: DateTime<Utc>,
    /// Its name for its owner; opens nothing.
    pub id: Uuid,
}

/// A session as its owner sees it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = sessions, check_for_backend(diesel::pg::Pg))]
pub struct OwnSession {
    /// Its name.
    pub id: Uuid,
    /// SHA-256 of the key: not to be shown, only to tell whose request this is.
    pub key_hash: Vec<u8>,
    /// The browser, as it named itself at sign-in.
    pub user_agent: Option<String>,
    /// Begun at.
    pub created_at: DateTime<Utc>,
    /// Last request, to the minute.
    pub last_seen_at: DateTime<Utc>,
}

/// The live sessions of a user, last used first; at most 500. Live: before its end, and used after `idle_since`.
///
/// # Errors
/// See [`StoreError`].
pub fn session_list(
    conn: &mut PgConnection,
    user: UserId,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<Vec<OwnSession>, StoreError> {
    Ok(sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::expires_at.gt(now))
        .filter(sessions::last_seen_at.gt(idle_since))
        .order((
            sessions::last_seen_at.desc(),
            sessions::created_at.desc(),
            sessions::id,
        ))
        .limit(500)
        .select(OwnSession::as_select())
        .load(conn)?)
}

/// Removes a session of the user by its name, and gives the hash of its key. `None`: he has none of this name.
///
/// # Errors
/// See [`StoreError`].
pub fn session_delete_one(
    conn: &mut PgConnection,
    user: UserId,
    id: Uuid,
) -> Result<Option<Vec<u8>>, StoreError> {
    let one = sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::id.eq(id));
    Ok(diesel::delete(one)
        .returning(sessions::key_hash)
        .get_result(conn)
        .optional()?)
}

/// Removes the sessions of the user, all but the one whose key has the hash `keep`; tells how many.
///
/// # Errors
/// See [`StoreError`].
pub fn session_delete_others(
    conn: &mut PgConnection,
    user: UserId,
    keep: Option<&[u8]>,
) -> Result<usize, StoreError> {
    let others = sessions::table
        .filter(sessions::user_id.eq(user))
        .filter(sessions::key_hash.ne(keep.unwrap_or_default()));
    Ok(diesel::delete(others).execute(conn)?)
}

/// What a live session holds; notes its use (at most once a minute). Live: before its end, and used after
/// `idle_since`.
///
/// # Errors
/// See [`StoreError`].
pub fn session_touch(
    conn: &mut PgConnection,
    key_hash: &[u8],
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<Option<Value>, StoreError> {
    let found = sessions::table
        .filter(sessions::key_hash.eq(key_hash))
        .filter(sessions::expires_at.gt(now))
        .filter(sessions::last_seen_at.gt(idle_since))
        .select((sessions::state, sessions::last_seen_at))
        .first::<(Value, DateTime<Utc>)>(conn)
        .optional()?;
    let Some((state, last_seen_at)) = found else {
        return Ok(None);
    };
    if now - last_seen_at > TimeDelta::minutes(1) {
        diesel::update(sessions::table.filter(sessions::key_hash.eq(key_hash)))
            .set(sessions::last_seen_at.eq(now))
            .execute(conn)?;
    }
    Ok(Some(state))
}

/// Adds a session.
///
/// # Errors
/// See [`StoreError`].
pub fn session_insert(conn: &mut PgConnection, session: &SessionRow) -> Result<(), StoreError> {
    diesel::insert_into(sessions::table)
        .values(session)
        .execute(conn)?;
    Ok(())
}

/// Writes what a session holds; its end stays.
///
/// # Errors
/// See [`StoreError`].
pub fn session_update(
    conn: &mut PgConnection,
    key_hash: &[u8],
    user_id: Option<UserId>,
    state: &Value,
) -> Result<(), StoreError> {
    diesel::update(sessions::table.filter(sessions::key_hash.eq(key_hash)))
        .set((sessions::user_id.eq(user_id), sessions::state.eq(state)))
        .execute(conn)?;
    Ok(())
}

/// Removes a session.
///
/// # Errors
/// See [`StoreError`].
pub fn session_delete(conn: &mut PgConnection, key_hash: &[u8]) -> Result<(), StoreError> {
    diesel::delete(sessions::table.filter(sessions::key_hash.eq(key_hash))).execute(conn)?;
    Ok(())
}

/// Removes sessions that are over.
///
/// # Errors
/// See [`StoreError`].
pub fn session_delete_expired(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::delete(
        sessions::table.filter(
            sessions::expires_at
                .le(now)
                .or(sessions::last_seen_at.le(idle_since)),
        ),
    )
    .execute(conn)?;
    Ok(())
}

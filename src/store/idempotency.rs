//! Keys of requests that must have one effect, with their first answer.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*, sql_types as sql};
use uuid::Uuid;

use super::StoreError;
use crate::{domain::UserId, schema::idempotency_keys};

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Status.
    pub status: i32,
    /// Media type; empty where there is no body.
    pub media_type: String,
    /// The body as it went out.
    pub body: Vec<u8>,
}

/// A request that came with a key.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = idempotency_keys, check_for_backend(Pg))]
pub struct KeptRequest {
    /// Key of the row.
    pub id: Uuid,
    /// What the request was.
    pub fingerprint: Vec<u8>,
    status: Option<i32>,
    media_type: Option<String>,
    body: Option<Vec<u8>>,
}

impl KeptRequest {
    /// Its answer; `None` while it is being worked on.
    #[must_use]
    pub fn answer(self) -> Option<KeptAnswer> {
        Some(KeptAnswer {
            status: self.status?,
            media_type: self.media_type.unwrap_or_default(),
            body: self.body?,
        })
    }
}

/// Takes a key for a request. `None`: somebody has it, as [`idempotency_fetch`] tells. A key older than `expired`, or one
/// whose request has not ended since `lost`, is free.
///
/// # Errors
/// See [`StoreError`].
pub fn idempotency_take(
    conn: &mut PgConnection,
    (user, key): (UserId, &str),
    fingerprint: &[u8],
    (expired, lost): (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<Option<Uuid>, StoreError> {
    #[derive(QueryableByName)]
    struct Taken {
        #[diesel(sql_type = sql::Uuid)]
        id: Uuid,
    }
    let taken: Option<Taken> = diesel::sql_query(
        "insert into idempotency_keys as kept (id, user_id, key, fingerprint, created_at)
         values ($1, $2, $3, $4, $5)
         on conflict (user_id, key) do update set id = excluded.id, fingerprint = excluded.fingerprint,
           created_at = excluded.created_at, status = null, media_type = null, body = null, finished_at = null
         where kept.created_at <= $6 or (kept.finished_at is null and kept.created_at <= $7)
         returning id",
    )
    .bind::<sql::Uuid, _>(Uuid::now_v7())
    .bind::<sql::Uuid, _>(user.0)
    .bind::<sql::Text, _>(key)
    .bind::<sql::Bytea, _>(fingerprint)
    .bind::<sql::Timestamptz, _>(now)
    .bind::<sql::Timestamptz, _>(expired)
    .bind::<sql::Timestamptz, _>(lost)
    .get_result(conn)
    .optional()?;
    Ok(taken.map(|taken| taken.id))
}

/// The request that has a key.
///
/// # Errors
/// See [`StoreError`].
pub fn idempotency_fetch(
    conn: &mut PgConnection,
    user: UserId,
    key: &str,
) -> Result<Option<KeptRequest>, StoreError> {
    Ok(idempotency_keys::table
        .filter(idempotency_keys::user_id.eq(user))
        .filter(idempotency_keys::key.eq(key))
        .select(KeptRequest::as_select())
        .first(conn)
        .optional()?)
}

/// Keeps the answer of a request that still has its key.
///
/// # Errors
/// See [`StoreError`].
pub fn idempotency_keep(
    conn: &mut PgConnection,
    id: Uuid,
    answer: &KeptAnswer,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(idempotency_keys::table.find(id))
        .set((
            idempotency_keys::status.eq(answer.status),
            idempotency_keys::media_type.eq(&answer.media_type),
            idempotency_keys::body.eq(&answer.body),
            idempotency_keys::finished_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Gives a key back whose request had no effect.
///
/// # Errors
/// See [`StoreError`].
pub fn idempotency_free(conn: &mut PgConnection, id: Uuid) -> Result<(), StoreError> {
    diesel::delete(idempotency_keys::table.find(id)).execute(conn)?;
    Ok(())
}

/// Forgets keys from before a moment.
///
/// # Errors
/// See [`StoreError`].
pub fn idempotency_prune(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<usize, StoreError> {
    Ok(
        diesel::delete(idempotency_keys::table.filter(idempotency_keys::created_at.le(before)))
            .execute(conn)?,
    )
}

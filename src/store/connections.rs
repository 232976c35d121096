//! Attempts to log a store in: the row that the page and the worker both look at.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use super::StoreError;
use crate::{
    domain::{AttemptId, AttemptState, StoreId, Tenant, UserId},
    schema::connection_attempts,
};

/// One attempt to log in.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = connection_attempts, check_for_backend(diesel::pg::Pg))]
pub struct ConnectionAttempt {
    /// Key.
    pub id: AttemptId,
    /// Who asked.
    pub user_id: UserId,
    /// The store to log in again, or the one that came out of it.
    pub store_id: Option<StoreId>,
    /// Account of the cabinet.
    pub email: String,
    /// Sealed password, until the attempt ends.
    pub password_sealed: Option<Vec<u8>>,
    /// Where it stands.
    pub state: AttemptState,
    /// Merchants to choose from: `domain::offer::Merchant` as JSON.
    pub merchants: Value,
    /// The chosen one.
    pub merchant_id: Option<String>,
    /// The marketplace wants us to wait until then.
    pub blocked_until: Option<DateTime<Utc>>,
    /// Given up after that.
    pub deadline_at: DateTime<Utc>,
    /// Asked for at.
    pub created_at: DateTime<Utc>,
    /// Changed at.
    pub updated_at: DateTime<Utc>,
    /// Ended at.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Adds an attempt.
///
/// # Errors
/// See [`StoreError`].
pub fn attempt_insert(conn: &mut PgConnection, attempt: &ConnectionAttempt) -> Result<(), StoreError> {
    diesel::insert_into(connection_attempts::table)
        .values(attempt)
        .execute(conn)?;
    Ok(())
}

/// An attempt of the tenant: a user sees his own.
///
/// # Errors
/// See [`StoreError`].
pub fn attempt_fetch(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: AttemptId,
) -> Result<Option<ConnectionAttempt>, StoreError> {
    let mut query = connection_attempts::table
        .filter(connection_attempts::id.eq(id))
        .into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(connection_attempts::user_id.eq(user));
    }
    Ok(query
        .select(ConnectionAttempt::as_select())
        .first(conn)
        .optional()?)
}

/// Takes a waiting attempt up. `false`: it does not wait any more.
///
/// # Errors
/// See [`StoreError`].
pub fn attempt_start(conn: &mut PgConnection, id: AttemptId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let rows = diesel::update(
        connection_attempts::table
            .find(id)
            .filter(connection_attempts::state.eq(AttemptState::Queued))
            .filter(connection_attempts::deadline_at.gt(now)),
    )
    .set((
        connection_attempts::state.eq(AttemptState::Running),
        connection_attempts::updated_at.eq(now),
    ))
    .execute(conn)?;
    Ok(rows == 1)
}

/// What an attempt came to.
#[derive(Debug, Clone, Default)]
pub struct AttemptEnd {
    /// The store that came out of it.
    pub store_id: Option<StoreId>,
    /// No login before then.
    pub blocked_until: Option<DateTime<Utc>>,
}

/// Ends a running attempt and wipes its password.
///
/// # Errors
/// See [`StoreError`].
pub fn attempt_finish(
    conn: &mut PgConnection,
    id: AttemptId,
    state: AttemptState,
    end: &AttemptEnd,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(
        connection_attempts::table
            .find(id)
            .filter(connection_attempts::state.eq(AttemptState::Running)),
    )
    .set((
        connection_attempts::state.eq(state),
        end.store_id.map(|store| connection_attempts::store_id.eq(store)),
        connection_attempts::blocked_until.eq(end.blocked_until),
        connection_attempts::password_sealed.eq(None::<Vec<u8>>),
        connection_attempts::updated_at.eq(now),
        connection_attempts::finished_at.eq(now),
    ))
    .execute(conn)?;
    Ok(())
}

/// Makes a running attempt wait for a person to choose one of `merchants`; the password stays sealed in it.
///
/// # Errors
/// See [`StoreError`].
pub fn attempt_offer_choice(
    conn: &mut PgConnection,
    id: AttemptId,
    merchants: &Value,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(
        connection_attempts::table
            .find(id)
            .filter(connection_attempts::state.eq(AttemptState::Running)),
    )
    .set((
        connection_attempts::state.eq(AttemptState::ChooseMerchant),
        connection_attempts::merchants.eq(merchants),
        connection_attempts::updated_at.eq(now),
    ))
    .execute(conn)?;
    Ok(())
}

/// Puts an attempt with its chosen merchant back into the queue. `false`: nothing is to be chosen any more.
///
/// # Errors
/// See [`StoreError`].
pub fn attempt_choose(
    conn: &mut PgConnection,
    id: AttemptId,
    merchant_id: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let rows = diesel::update(
        connection_attempts::table
            .find(id)
            .filter(connection_attempts::state.eq(AttemptState::ChooseMerchant))
            .filter(connection_attempts::deadline_at.gt(now)),
    )
    .set((
        connection_attempts::state.eq(AttemptState::Queued),
        connection_attempts::merchant_id.eq(merchant_id),
        connection_attempts::updated_at.eq(now),
    ))
    .execute(conn)?;
    Ok(rows == 1)
}

/// Gives up the attempts whose deadline has passed, e.g. after a worker was killed, and wipes their passwords.
///
/// # Errors
/// See [`StoreError`].
pub fn attempt_expire(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<usize, StoreError> {
    Ok(diesel::update(
        connection_attempts::table
            .filter(connection_attempts::finished_at.is_null())
            .filter(connection_attempts::deadline_at.le(now)),
    )
    .set((
        connection_attempts::state.eq(AttemptState::Failed),
        connection_attempts::password_sealed.eq(None::<Vec<u8>>),
        connection_attempts::updated_at.eq(now),
        connection_attempts::finished_at.eq(now),
    ))
    .execute(conn)?)
}

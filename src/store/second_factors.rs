//! Second factors of users: the sealed seed of their app, and the hashes of their recovery codes.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::StoreError;
use crate::{
    domain::UserId,
    schema::{recovery_codes, second_factors},
};

/// The second factor of a user.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = second_factors, check_for_backend(diesel::pg::Pg))]
pub struct SecondFactor {
    /// Whose.
    pub user_id: UserId,
    /// The seed, sealed; `None`: given up with a lost key.
    pub secret_sealed: Option<Vec<u8>>,
    /// Counts since; `None`: a first code is awaited.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// Codes of half minutes up to this one are spent.
    pub last_step: i64,
    /// The seed was made at.
    pub created_at: DateTime<Utc>,
}

/// The second factor of a user, confirmed or not.
///
/// # Errors
/// See [`StoreError`].
pub fn second_factor_fetch(
    conn: &mut PgConnection,
    user: UserId,
) -> Result<Option<SecondFactor>, StoreError> {
    Ok(second_factors::table
        .find(user)
        .select(SecondFactor::as_select())
        .first(conn)
        .optional()?)
}

/// As [`second_factor_fetch`], locked until the end of the transaction: codes of a user are looked at one by one.
///
/// # Errors
/// See [`StoreError`].
pub fn second_factor_fetch_for_update(
    conn: &mut PgConnection,
    user: UserId,
) -> Result<Option<SecondFactor>, StoreError> {
    Ok(second_factors::table
        .find(user)
        .for_update()
        .select(SecondFactor::as_select())
        .first(conn)
        .optional()?)
}

/// Writes a factor that awaits its first code, in the place of an earlier one that did. `false`: the user has one
/// that counts.
///
/// # Errors
/// See [`StoreError`].
pub fn second_factor_begin(conn: &mut PgConnection, factor: &SecondFactor) -> Result<bool, StoreError> {
    let unfinished = second_factors::table
        .find(factor.user_id)
        .filter(second_factors::confirmed_at.is_null());
    diesel::delete(unfinished).execute(conn)?;
    let rows = diesel::insert_into(second_factors::table)
        .values(factor)
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(rows == 1)
}

/// The factor counts from now on; the code of `step` is spent.
///
/// # Errors
/// See [`StoreError`].
pub fn second_factor_confirm(
    conn: &mut PgConnection,
    user: UserId,
    step: i64,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(second_factors::table.find(user))
        .set((
            second_factors::confirmed_at.eq(now),
            second_factors::last_step.eq(step),
        ))
        .execute(conn)?;
    Ok(())
}

/// The codes up to `step` are spent.
///
/// # Errors
/// See [`StoreError`].
pub fn second_factor_spend(conn: &mut PgConnection, user: UserId, step: i64) -> Result<(), StoreError> {
    diesel::update(second_factors::table.find(user))
        .set(second_factors::last_step.eq(step))
        .execute(conn)?;
    Ok(())
}

/// Removes the factor with its recovery codes. `false`: there was none that counted.
///
/// # Errors
/// See [`StoreError`].
pub fn second_factor_delete(conn: &mut PgConnection, user: UserId) -> Result<bool, StoreError> {
    let confirmed: Option<Option<DateTime<Utc>>> = diesel::delete(second_factors::table.find(user))
        .returning(second_factors::confirmed_at)
        .get_result(conn)
        .optional()?;
    Ok(confirmed.flatten().is_some())
}

/// Puts new recovery codes in the place of all earlier ones of the user.
///
/// # Errors
/// See [`StoreError`].
pub fn recovery_codes_replace(
    conn: &mut PgConnection,
    user: UserId,
    hashes: &[Vec<u8>],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user))).execute(conn)?;
    let rows: Vec<_> = hashes
        .iter()
        .map(|hash| {
            (
                recovery_codes::id.eq(uuid::Uuid::now_v7()),
                recovery_codes::user_id.eq(user),
                recovery_codes::code_hash.eq(hash),
                recovery_codes::created_at.eq(now),
            )
        })
        .collect();
    diesel::insert_into(recovery_codes::table)
        .values(rows)
        .execute(conn)?;
    Ok(())
}

/// Uses a recovery code up. `false`: the user has no such code, or has used it.
///
/// # Errors
/// See [`StoreError`].
pub fn recovery_code_use(
    conn: &mut PgConnection,
    user: UserId,
    hash: &[u8],
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let unused = recovery_codes::table
        .filter(recovery_codes::user_id.eq(user))
        .filter(recovery_codes::code_hash.eq(hash))
        .filter(recovery_codes::used_at.is_null());
    let rows = diesel::update(unused)
        .set(recovery_codes::used_at.eq(now))
        .execute(conn)?;
    Ok(rows == 1)
}

/// How many recovery codes the user has left.
///
/// # Errors
/// See [`StoreError`].
pub fn recovery_code_count(conn: &mut PgConnection, user: UserId) -> Result<i64, StoreError> {
    Ok(recovery_codes::table
        .filter(recovery_codes::user_id.eq(user))
        .filter(recovery_codes::used_at.is_null())
        .count()
        .get_result(conn)?)
}

//! Accounts of the cabinet: one login, its sealed password and cookies, and the stores that live on it.

use chrono::{DateTime, Utc};
use diesel::{prelude::*, sql_types};
use uuid::Uuid;

use super::{StoreError, stores::Store};
use crate::{
    domain::{AccountId, AccountKind, SessionState, StoreId, UserId},
    schema::{cabinet_accounts, connection_attempts, stores},
};

/// One login of the cabinet.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, Insertable, AsChangeset)]
#[diesel(table_name = cabinet_accounts, treat_none_as_null = true, check_for_backend(diesel::pg::Pg))]
pub struct CabinetAccount {
    /// Key.
    pub id: AccountId,
    /// Whose it is.
    pub owner_id: UserId,
    /// How it is named.
    pub kind: AccountKind,
    /// E-mail in lower case, or a number as `+77000000001`.
    pub login: String,
    /// The one merchant of its session, where the login asked for a choice.
    pub merchant_id: Option<String>,
    /// Sealed password, where one was given and not refused since.
    pub password_sealed: Option<Vec<u8>>,
    /// When the password was set.
    pub password_set_at: Option<DateTime<Utc>>,
    /// Sealed `kaspi::CabinetSession`: cookies of all hosts and the browser identity.
    pub cookies_sealed: Option<Vec<u8>>,
    /// When the cookies were set.
    pub cookies_set_at: Option<DateTime<Utc>>,
    /// The login that the cookies come from.
    pub session_id: Option<Uuid>,
    /// Last use of the session, noted once a minute at most.
    pub session_used_at: Option<DateTime<Utc>>,
    /// No try to renew the session before then.
    pub renew_after: Option<DateTime<Utc>>,
    /// Tries to renew that failed in a row.
    pub renew_failures: i32,
    /// Made at.
    pub created_at: DateTime<Utc>,
    /// Changed at.
    pub updated_at: DateTime<Utc>,
}

/// An account by its key.
///
/// # Errors
/// See [`StoreError`].
pub fn account_fetch(conn: &mut PgConnection, id: AccountId) -> Result<Option<CabinetAccount>, StoreError> {
    Ok(cabinet_accounts::table
        .find(id)
        .select(CabinetAccount::as_select())
        .first(conn)
        .optional()?)
}

/// The account that a store lives on.
///
/// # Errors
/// See [`StoreError`].
pub fn account_of_store(
    conn: &mut PgConnection,
    store_id: StoreId,
) -> Result<Option<CabinetAccount>, StoreError> {
    Ok(stores::table
        .inner_join(cabinet_accounts::table)
        .filter(stores::id.eq(store_id))
        .select(CabinetAccount::as_select())
        .first(conn)
        .optional()?)
}

/// The account whose cookies come from this login; `None`: there was another login since.
///
/// # Errors
/// See [`StoreError`].
pub fn account_of_session(
    conn: &mut PgConnection,
    session_id: Uuid,
) -> Result<Option<CabinetAccount>, StoreError> {
    Ok(cabinet_accounts::table
        .filter(cabinet_accounts::session_id.eq(session_id))
        .select(CabinetAccount::as_select())
        .first(conn)
        .optional()?)
}

/// The accounts of an owner with this login, newest cookies first: more than one where the login itself asks
/// for a merchant.
///
/// # Errors
/// See [`StoreError`].
pub fn account_list_by_login(
    conn: &mut PgConnection,
    owner: UserId,
    kind: AccountKind,
    login: &str,
) -> Result<Vec<CabinetAccount>, StoreError> {
    Ok(cabinet_accounts::table
        .filter(cabinet_accounts::owner_id.eq(owner))
        .filter(cabinet_accounts::kind.eq(kind))
        .filter(cabinet_accounts::login.eq(login))
        .order(cabinet_accounts::cookies_set_at.desc().nulls_last())
        .select(CabinetAccount::as_select())
        .load(conn)?)
}

/// The accounts of an owner, by login; at most 100.
///
/// # Errors
/// See [`StoreError`].
pub fn account_list(conn: &mut PgConnection, owner: UserId) -> Result<Vec<CabinetAccount>, StoreError> {
    Ok(cabinet_accounts::table
        .filter(cabinet_accounts::owner_id.eq(owner))
        .order((cabinet_accounts::login, cabinet_accounts::id))
        .limit(100)
        .select(CabinetAccount::as_select())
        .load(conn)?)
}

/// Writes an account: a new one, or the same key once more.
///
/// # Errors
/// See [`StoreError`].
pub fn account_save(conn: &mut PgConnection, account: &CabinetAccount) -> Result<(), StoreError> {
    diesel::insert_into(cabinet_accounts::table)
        .values(account)
        .on_conflict(cabinet_accounts::id)
        .do_update()
        .set(account)
        .execute(conn)?;
    Ok(())
}

/// Writes the cookies of a login over older ones of the same login. `false`: there was another login since,
/// or the account is gone.
///
/// # Errors
/// See [`StoreError`].
pub fn account_save_cookies(
    conn: &mut PgConnection,
    id: AccountId,
    session_id: Uuid,
    sealed: &[u8],
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let rows = diesel::update(
        cabinet_accounts::table
            .find(id)
            .filter(cabinet_accounts::session_id.eq(session_id)),
    )
    .set((
        cabinet_accounts::cookies_sealed.eq(sealed),
        cabinet_accounts::cookies_set_at.eq(now),
        cabinet_accounts::updated_at.eq(now),
    ))
    .execute(conn)?;
    Ok(rows == 1)
}

/// Notes a use of the session.
///
/// # Errors
/// See [`StoreError`].
pub fn account_touch(conn: &mut PgConnection, id: AccountId, now: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(cabinet_accounts::table.find(id))
        .set(cabinet_accounts::session_used_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// Takes the right to renew the session, for at most two minutes by the database's clock. `false`: another
/// process has it.
///
/// # Errors
/// See [`StoreError`].
pub fn account_claim_renewal(conn: &mut PgConnection, id: AccountId) -> Result<bool, StoreError> {
    let rows = diesel::sql_query(
        "update cabinet_accounts set renewing_until = now() + interval '120 seconds'
         where id = $1 and (renewing_until is null or renewing_until < now())",
    )
    .bind::<sql_types::Uuid, _>(id.0)
    .execute(conn)?;
    Ok(rows == 1)
}

/// Gives the right to renew back.
///
/// # Errors
/// See [`StoreError`].
pub fn account_release_renewal(conn: &mut PgConnection, id: AccountId) -> Result<(), StoreError> {
    diesel::update(cabinet_accounts::table.find(id))
        .set(cabinet_accounts::renewing_until.eq(None::<DateTime<Utc>>))
        .execute(conn)?;
    Ok(())
}

/// Notes that renewing failed for a cause that passes: not again before `after`. Returns how often in a row.
///
/// # Errors
/// See [`StoreError`].
pub fn account_renew_later(
    conn: &mut PgConnection,
    id: AccountId,
    after: DateTime<Utc>,
) -> Result<i32, StoreError> {
    Ok(diesel::update(cabinet_accounts::table.find(id))
        .set((
            cabinet_accounts::renew_after.eq(after),
            cabinet_accounts::renew_failures.eq(cabinet_accounts::renew_failures + 1),
        ))
        .returning(cabinet_accounts::renew_failures)
        .get_result(conn)?)
}

/// Wipes a password that the marketplace refused: it is not tried again.
///
/// # Errors
/// See [`StoreError`].
pub fn account_forget_password(
    conn: &mut PgConnection,
    id: AccountId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(cabinet_accounts::table.find(id))
        .set((
            cabinet_accounts::password_sealed.eq(None::<Vec<u8>>),
            cabinet_accounts::password_set_at.eq(None::<DateTime<Utc>>),
            cabinet_accounts::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// The stores of an account, locked until the end of the transaction, always in the same order.
///
/// # Errors
/// See [`StoreError`].
pub fn account_stores_for_update(conn: &mut PgConnection, id: AccountId) -> Result<Vec<Store>, StoreError> {
    Ok(stores::table
        .filter(stores::account_id.eq(id))
        .order(stores::id)
        .for_update()
        .select(Store::as_select())
        .load(conn)?)
}

/// Connected accounts whose session was not used since `before`, longest unused first, each with one of its
/// stores; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn account_list_unused(
    conn: &mut PgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<StoreId>, StoreError> {
    let rows: Vec<(AccountId, StoreId)> = cabinet_accounts::table
        .inner_join(stores::table)
        .filter(stores::session_state.eq(SessionState::Connected))
        .filter(stores::active)
        .filter(cabinet_accounts::session_used_at.le(before))
        .order((
            cabinet_accounts::session_used_at,
            cabinet_accounts::id,
            stores::id,
        ))
        .limit(limit * 20)
        .select((cabinet_accounts::id, stores::id))
        .load(conn)?;
    Ok(one_store_each(rows, limit))
}

/// Accounts that are being renewed while nobody is at it, each with one of its stores; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn account_list_to_renew(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<StoreId>, StoreError> {
    let open = connection_attempts::table
        .filter(connection_attempts::finished_at.is_null())
        .filter(connection_attempts::account_id.eq(cabinet_accounts::id.nullable()));
    let rows: Vec<(AccountId, StoreId)> = cabinet_accounts::table
        .inner_join(stores::table)
        .filter(stores::session_state.eq(SessionState::Renewing))
        .filter(
            cabinet_accounts::renew_after
                .is_null()
                .or(cabinet_accounts::renew_after.le(now)),
        )
        .filter(diesel::dsl::not(diesel::dsl::exists(open)))
        .order((cabinet_accounts::renew_after, cabinet_accounts::id, stores::id))
        .limit(limit * 20)
        .select((cabinet_accounts::id, stores::id))
        .load(conn)?;
    Ok(one_store_each(rows, limit))
}

fn one_store_each(mut rows: Vec<(AccountId, StoreId)>, limit: i64) -> Vec<StoreId> {
    rows.dedup_by_key(|(account, _)| *account);
    let limit = usize::try_from(limit).unwrap_or_default();
    rows.into_iter().map(|(_, store)| store).take(limit).collect()
}

/// Removes the owner's accounts that no store lives on and no login is at: secrets do not outlive their use.
///
/// # Errors
/// See [`StoreError`].
pub fn account_delete_unused(conn: &mut PgConnection, owner: UserId) -> Result<usize, StoreError> {
    let used = stores::table.filter(stores::account_id.eq(cabinet_accounts::id.nullable()));
    let open = connection_attempts::table
        .filter(connection_attempts::finished_at.is_null())
        .filter(connection_attempts::account_id.eq(cabinet_accounts::id.nullable()));
    Ok(diesel::delete(
        cabinet_accounts::table
            .filter(cabinet_accounts::owner_id.eq(owner))
            .filter(diesel::dsl::not(diesel::dsl::exists(used)))
            .filter(diesel::dsl::not(diesel::dsl::exists(open))),
    )
    .execute(conn)?)
}

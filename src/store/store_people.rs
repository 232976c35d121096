//! With whom a store is shared, and what they may do there.

use chrono::{DateTime, Utc};
use diesel::{pg::upsert::excluded, prelude::*};
use uuid::Uuid;

use super::StoreError;
use crate::{
    domain::{Role, StoreId, UserId},
    schema::{store_access, users},
};

/// A person with whom a store is shared.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct StorePerson {
    /// Who.
    pub user_id: UserId,
    /// What he signs in with.
    pub email: String,
    /// His name; may be empty.
    pub name: String,
    /// May he sign in?
    pub active: bool,
    /// Manager or viewer of this store.
    pub role: Role,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// The people with whom a store is shared, by e-mail; at most 500. The owner is none of them.
///
/// # Errors
/// See [`StoreError`].
pub fn store_people_list(conn: &mut PgConnection, store: StoreId) -> Result<Vec<StorePerson>, StoreError> {
    Ok(store_access::table
        .inner_join(users::table)
        .filter(store_access::store_id.eq(store))
        .order((users::email, users::id))
        .limit(500)
        .select((
            users::id,
            users::email,
            users::name,
            users::active,
            store_access::role,
            store_access::created_at,
        ))
        .load(conn)?)
}

/// One sharing of a store.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = store_access, check_for_backend(diesel::pg::Pg))]
pub struct StoreAccess {
    /// Key.
    pub id: Uuid,
    /// Which store.
    pub store_id: StoreId,
    /// With whom.
    pub user_id: UserId,
    /// Manager or viewer of this store.
    pub role: Role,
    /// Raised by each change.
    pub version: i32,
}

/// How a store is shared with somebody, locked until the end of the transaction; `None`: not at all.
///
/// # Errors
/// See [`StoreError`].
pub fn store_access_of(
    conn: &mut PgConnection,
    store: StoreId,
    user: UserId,
) -> Result<Option<StoreAccess>, StoreError> {
    Ok(store_access::table
        .find((store, user))
        .for_update()
        .select(StoreAccess::as_select())
        .first(conn)
        .optional()?)
}

/// The sharing with this key, locked until the end of the transaction.
///
/// # Errors
/// See [`StoreError`].
pub fn store_access_fetch_for_update(
    conn: &mut PgConnection,
    id: Uuid,
) -> Result<Option<StoreAccess>, StoreError> {
    Ok(store_access::table
        .filter(store_access::id.eq(id))
        .for_update()
        .select(StoreAccess::as_select())
        .first(conn)
        .optional()?)
}

/// Shares a store with somebody, or lets him do something else there. Returns the key of the sharing.
///
/// # Errors
/// See [`StoreError`].
pub fn store_person_put(
    conn: &mut PgConnection,
    store: StoreId,
    user: UserId,
    role: Role,
    now: DateTime<Utc>,
) -> Result<Uuid, StoreError> {
    Ok(diesel::insert_into(store_access::table)
        .values((
            store_access::id.eq(Uuid::now_v7()),
            store_access::store_id.eq(store),
            store_access::user_id.eq(user),
            store_access::role.eq(role),
            store_access::created_at.eq(now),
        ))
        .on_conflict((store_access::store_id, store_access::user_id))
        .do_update()
        .set((
            store_access::role.eq(excluded(store_access::role)),
            store_access::version.eq(store_access::version + 1),
        ))
        .returning(store_access::id)
        .get_result(conn)?)
}

/// Ends the sharing of a store with somebody.
///
/// # Errors
/// See [`StoreError`].
pub fn store_person_remove(conn: &mut PgConnection, store: StoreId, user: UserId) -> Result<(), StoreError> {
    diesel::delete(store_access::table.find((store, user))).execute(conn)?;
    Ok(())
}

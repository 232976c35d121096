//! Stores, who may see them, their points of service and their sealed credentials.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::StoreError;
use crate::{
    domain::{AccountId, RepricingMode, Role, SessionState, StoreId, Tenant, UserId},
    schema::{store_access, store_cities, store_points, stores, users},
};

/// A seller's shop on the marketplace.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = stores, check_for_backend(diesel::pg::Pg))]
pub struct Store {
    /// Key.
    pub id: StoreId,
    /// Whose it is.
    pub owner_id: UserId,
    /// The marketplace's id of the shop.
    pub merchant_id: String,
    /// The shop's name.
    pub name: String,
    /// A reference for the predecessor's clients; it opens nothing.
    pub api_key: String,
    /// Off: nothing is done for the store.
    pub active: bool,
    /// Is the cabinet session usable?
    pub session_state: SessionState,
    /// Last time the session was used or probed.
    pub session_checked_at: Option<DateTime<Utc>>,
    /// Last login.
    pub logged_in_at: Option<DateTime<Utc>>,
    /// City whose price stands for the product.
    pub main_city_id: String,
    /// What the robot does.
    pub repricing_mode: RepricingMode,
    /// Products in the last complete catalogue.
    pub products_count: i32,
    /// End of the last complete sync.
    pub last_sync_at: Option<DateTime<Utc>>,
    /// Worker that may write prices.
    pub lease_owner: Option<Uuid>,
    /// Raised whenever the lease changes hands.
    pub lease_epoch: i64,
    /// End of the lease.
    pub lease_until: Option<DateTime<Utc>>,
    /// No write before: the marketplace said "too many".
    pub frozen_until: Option<DateTime<Utc>>,
    /// Raised by each change of a person, for conflict checks.
    pub version: i32,
    /// Made at.
    pub created_at: DateTime<Utc>,
    /// Changed at.
    pub updated_at: DateTime<Utc>,
    /// The account of the cabinet that its session comes from.
    pub account_id: Option<AccountId>,
}

/// Keys of the stores that a user owns or that are shared with him, as a subquery.
#[must_use]
pub fn store_ids_of(user: UserId) -> stores::BoxedQuery<'static, Pg, diesel::sql_types::Uuid> {
    let shared = store_access::table
        .filter(store_access::user_id.eq(user))
        .select(store_access::store_id);
    stores::table
        .filter(stores::owner_id.eq(user).or(stores::id.eq_any(shared)))
        .select(stores::id)
        .into_boxed()
}

/// The stores of a tenant, ready for more filters.
#[must_use]
pub fn stores_of(tenant: Tenant) -> stores::BoxedQuery<'static, Pg> {
    let query = stores::table.into_boxed();
    match tenant {
        Tenant::All => query,
        Tenant::User(user) => query.filter(stores::id.eq_any(store_ids_of(user))),
    }
}

/// A store that the tenant may see.
///
/// # Errors
/// See [`StoreError`].
pub fn store_fetch(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: StoreId,
) -> Result<Option<Store>, StoreError> {
    Ok(stores_of(tenant)
        .filter(stores::id.eq(id))
        .select(Store::as_select())
        .first(conn)
        .optional()?)
}

/// A store that the tenant may see, locked until the end of the transaction.
///
/// # Errors
/// See [`StoreError`].
pub fn store_fetch_for_update(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: StoreId,
) -> Result<Option<Store>, StoreError> {
    if store_fetch(conn, tenant, id)?.is_none() {
        return Ok(None);
    }
    Ok(stores::table
        .find(id)
        .for_update()
        .select(Store::as_select())
        .first(conn)
        .optional()?)
}

/// May the user change things of the store? Owner and shared managers; viewers by role never.
///
/// # Errors
/// See [`StoreError`].
pub fn store_role(conn: &mut PgConnection, store: &Store, user: UserId) -> Result<Option<Role>, StoreError> {
    if store.owner_id == user {
        return Ok(Some(Role::Manager));
    }
    Ok(store_access::table
        .find((store.id, user))
        .select(store_access::role)
        .first(conn)
        .optional()?)
}

/// The stores of a tenant by name; at most 500.
///
/// # Errors
/// See [`StoreError`].
pub fn store_list(conn: &mut PgConnection, tenant: Tenant) -> Result<Vec<Store>, StoreError> {
    Ok(stores_of(tenant)
        .order((stores::name, stores::id))
        .limit(500)
        .select(Store::as_select())
        .load(conn)?)
}

/// How many stores there are.
///
/// # Errors
/// See [`StoreError`].
pub fn store_count(conn: &mut PgConnection) -> Result<i64, StoreError> {
    Ok(stores::table.count().get_result(conn)?)
}

/// The store of an owner with this merchant.
///
/// # Errors
/// See [`StoreError`].
pub fn store_fetch_by_merchant(
    conn: &mut PgConnection,
    owner: UserId,
    merchant_id: &str,
) -> Result<Option<Store>, StoreError> {
    Ok(stores::table
        .filter(stores::owner_id.eq(owner))
        .filter(stores::merchant_id.eq(merchant_id))
        .select(Store::as_select())
        .first(conn)
        .optional()?)
}

/// Merchant ids of all stores of these owners, sorted: those of one owner are never competitors of each other.
///
/// # Errors
/// See [`StoreError`].
pub fn store_own_merchants(
    conn: &mut PgConnection,
    owners: &[UserId],
) -> Result<HashMap<UserId, Vec<String>>, StoreError> {
    let rows: Vec<(UserId, String)> = stores::table
        .filter(stores::owner_id.eq_any(owners))
        .select((stores::owner_id, stores::merchant_id))
        .order((stores::owner_id, stores::merchant_id))
        .distinct()
        .load(conn)?;
    let mut merchants: HashMap<UserId, Vec<String>> = HashMap::new();
    for (owner, merchant) in rows {
        merchants.entry(owner).or_default().push(merchant);
    }
    Ok(merchants)
}

/// Adds a store.
///
/// # Errors
/// `Duplicate(StoreMerchant)` when the owner has this merchant already.
pub fn store_insert(conn: &mut PgConnection, store: &Store) -> Result<(), StoreError> {
    diesel::insert_into(stores::table).values(store).execute(conn)?;
    Ok(())
}

/// What a person may change of a store.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = stores)]
pub struct StoreChange {
    /// The shop's name.
    pub name: String,
    /// Off: nothing is done for the store.
    pub active: bool,
    /// City whose price stands for the product.
    pub main_city_id: String,
    /// What the robot does.
    pub repricing_mode: RepricingMode,
}

/// Changes a store that still has `version`.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else changed it meanwhile.
pub fn store_update(
    conn: &mut PgConnection,
    id: StoreId,
    version: i32,
    change: &StoreChange,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let rows = diesel::update(stores::table.find(id).filter(stores::version.eq(version)))
        .set((
            change,
            stores::version.eq(version + 1),
            stores::updated_at.eq(now),
        ))
        .execute(conn)?;
    if rows == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Names another merchant for a store that was never logged in.
///
/// # Errors
/// `Duplicate(StoreMerchant)` when the owner has this merchant already; [`StoreError::Stale`] for a store that was.
pub fn store_update_merchant(
    conn: &mut PgConnection,
    id: StoreId,
    merchant_id: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let kept = stores::table
        .find(id)
        .filter(stores::session_state.eq(SessionState::Never));
    let rows = diesel::update(kept)
        .set((
            stores::merchant_id.eq(merchant_id),
            stores::version.eq(stores::version + 1),
            stores::updated_at.eq(now),
        ))
        .execute(conn)?;
    if rows == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Removes a store and everything that belongs to it; `false`: somebody else was faster.
///
/// # Errors
/// See [`StoreError`].
pub fn store_delete(conn: &mut PgConnection, id: StoreId) -> Result<bool, StoreError> {
    Ok(diesel::delete(stores::table.find(id)).execute(conn)? > 0)
}

/// Notes whether the cabinet session works.
///
/// # Errors
/// See [`StoreError`].
pub fn store_update_session(
    conn: &mut PgConnection,
    id: StoreId,
    state: SessionState,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(stores::table.find(id))
        .set((
            stores::session_state.eq(state),
            stores::session_checked_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Notes a login that just succeeded: account, session state, name and time.
///
/// # Errors
/// See [`StoreError`].
pub fn store_update_logged_in(
    conn: &mut PgConnection,
    id: StoreId,
    account_id: AccountId,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(stores::table.find(id))
        .set((
            stores::account_id.eq(account_id),
            stores::name.eq(name),
            stores::session_state.eq(SessionState::Connected),
            stores::session_checked_at.eq(now),
            stores::logged_in_at.eq(now),
            stores::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Notes a complete sync.
///
/// # Errors
/// See [`StoreError`].
pub fn store_update_synced(
    conn: &mut PgConnection,
    id: StoreId,
    products_count: i32,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(stores::table.find(id))
        .set((
            stores::products_count.eq(products_count),
            stores::last_sync_at.eq(now),
            stores::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// A point of service.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = store_points, check_for_backend(diesel::pg::Pg))]
pub struct StorePoint {
    /// Whose.
    pub store_id: StoreId,
    /// As `30000001_PP1`.
    pub point_id: String,
    /// Shown name.
    pub name: String,
    /// City of the point, where known.
    pub city_id: Option<String>,
    /// In use.
    pub enabled: bool,
}

/// Replaces the points of service and cities of a store.
///
/// # Errors
/// See [`StoreError`].
pub fn store_points_replace(
    conn: &mut PgConnection,
    id: StoreId,
    points: &[StorePoint],
    cities: &[(String, String)],
) -> Result<(), StoreError> {
    diesel::delete(store_points::table.filter(store_points::store_id.eq(id))).execute(conn)?;
    diesel::insert_into(store_points::table)
        .values(points)
        .execute(conn)?;
    diesel::delete(store_cities::table.filter(store_cities::store_id.eq(id))).execute(conn)?;
    let cities: Vec<_> = cities
        .iter()
        .map(|(city, name)| {
            (
                store_cities::store_id.eq(id),
                store_cities::city_id.eq(city),
                store_cities::name.eq(name),
            )
        })
        .collect();
    diesel::insert_into(store_cities::table)
        .values(cities)
        .execute(conn)?;
    Ok(())
}

/// The points of service of a store.
///
/// # Errors
/// See [`StoreError`].
pub fn store_points_list(conn: &mut PgConnection, id: StoreId) -> Result<Vec<StorePoint>, StoreError> {
    Ok(store_points::table
        .filter(store_points::store_id.eq(id))
        .order(store_points::point_id)
        .select(StorePoint::as_select())
        .load(conn)?)
}

/// E-mail and external id of a store's owner.
///
/// # Errors
/// See [`StoreError`].
pub fn store_owner_names(
    conn: &mut PgConnection,
    id: StoreId,
) -> Result<Option<(String, String)>, StoreError> {
    Ok(stores::table
        .inner_join(users::table)
        .filter(stores::id.eq(id))
        .select((users::email, users::external_id))
        .first(conn)
        .optional()?)
}

/// Switches the robot of a live store to another mode. `false`: it is live no more.
///
/// # Errors
/// See [`StoreError`].
pub fn store_mode_set(
    conn: &mut PgConnection,
    id: StoreId,
    mode: RepricingMode,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let live = stores::table
        .find(id)
        .filter(stores::repricing_mode.eq(RepricingMode::Live));
    let rows = diesel::update(live)
        .set((
            stores::repricing_mode.eq(mode),
            stores::version.eq(stores::version + 1),
            stores::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(rows == 1)
}

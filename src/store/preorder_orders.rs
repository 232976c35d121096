//! Buyers' orders that were made on preorder, and each store's token for the marketplace's orders interface.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*, sql_types as sql};
use serde_json::Value;

use super::{
    StoreError,
    stores::{Store, store_ids_of},
};
use crate::{
    domain::{Arrival, PreorderOrderId, StoreId, Tenant, Tenge, UserId},
    schema::{orders_accesses, preorder_orders, stores},
};

/// A store's token, sealed, and how reading with it goes.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable)]
#[diesel(table_name = orders_accesses, check_for_backend(Pg), primary_key(store_id))]
pub struct OrdersAccess {
    /// The store.
    pub store_id: StoreId,
    /// The token; opens only in its own row.
    pub token_sealed: Vec<u8>,
    /// Given at.
    pub set_at: DateTime<Utc>,
    /// The last reading that saw everything.
    pub read_at: Option<DateTime<Utc>>,
    /// Code of what was in the way of the last reading.
    pub failure: Option<String>,
    /// Next reading; `None`: the token was refused.
    pub next_read_at: Option<DateTime<Utc>>,
}

/// An order on preorder.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable)]
#[diesel(table_name = preorder_orders, check_for_backend(Pg))]
pub struct PreorderOrder {
    /// Key.
    pub id: PreorderOrderId,
    /// The store.
    pub store_id: StoreId,
    /// The marketplace's key.
    pub order_key: String,
    /// The marketplace's number for people.
    pub code: String,
    /// Where it is, in the marketplace's words.
    pub state: String,
    /// How far it is, in the marketplace's words.
    pub status: String,
    /// What the buyer pays for the goods.
    pub total_tenge: Tenge,
    /// `[{"sku": "…", "name": "…", "quantity": 1}]`; `None`: not read yet.
    pub entries: Option<Value>,
    /// Placed at.
    pub placed_at: DateTime<Utc>,
    /// Promised for.
    pub planned_at: Option<DateTime<Utc>>,
    /// How far it is told that the goods are there.
    pub arrival: Option<Arrival>,
    /// Who said so.
    pub arrival_by: Option<UserId>,
    /// When.
    pub arrival_at: Option<DateTime<Utc>>,
    /// What the marketplace said against it.
    pub arrival_failure: Option<String>,
    /// Last read at.
    pub seen_at: DateTime<Utc>,
}

/// Which orders are wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderFilter {
    /// Only this store's.
    pub store_id: Option<StoreId>,
    /// Also those whose goods have come, or that are over.
    pub all: bool,
}

/// Status of an order whose goods are awaited: the seller took it on.
const ACCEPTED: &str = "ACCEPTED_BY_MERCHANT";
/// Where orders are that are over.
const ARCHIVE: &str = "ARCHIVE";

/// Orders that the tenant may see: overdue first, then by the day they are promised for; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_order_list(
    conn: &mut PgConnection,
    tenant: Tenant,
    filter: OrderFilter,
    limit: i64,
) -> Result<Vec<(PreorderOrder, Store)>, StoreError> {
    let mut query = preorder_orders::table.inner_join(stores::table).into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(preorder_orders::store_id.eq_any(store_ids_of(user)));
    }
    if let Some(store_id) = filter.store_id {
        query = query.filter(preorder_orders::store_id.eq(store_id));
    }
    if !filter.all {
        query = query
            .filter(preorder_orders::status.eq(ACCEPTED))
            .filter(preorder_orders::state.ne(ARCHIVE))
            .filter(preorder_orders::arrival.is_distinct_from(Arrival::Told));
    }
    Ok(query
        .order((
            preorder_orders::planned_at.asc().nulls_last(),
            preorder_orders::placed_at,
            preorder_orders::id,
        ))
        .limit(limit)
        .select((PreorderOrder::as_select(), Store::as_select()))
        .load(conn)?)
}

/// An order that the tenant may see, with its store.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_order_fetch(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: PreorderOrderId,
) -> Result<Option<(PreorderOrder, Store)>, StoreError> {
    let mut query = preorder_orders::table
        .inner_join(stores::table)
        .filter(preorder_orders::id.eq(id))
        .into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(preorder_orders::store_id.eq_any(store_ids_of(user)));
    }
    Ok(query
        .select((PreorderOrder::as_select(), Store::as_select()))
        .first(conn)
        .optional()?)
}

/// What was read of an order.
#[derive(Debug, Clone)]
pub struct ReadOrder {
    /// The marketplace's key.
    pub order_key: String,
    /// Its number for people.
    pub code: String,
    /// Where it is.
    pub state: &'static str,
    /// How far it is.
    pub status: String,
    /// What the buyer pays.
    pub total_tenge: Tenge,
    /// Placed at.
    pub placed_at: DateTime<Utc>,
    /// Promised for.
    pub planned_at: Option<DateTime<Utc>>,
}

/// Keeps what was read of a store's orders. An order that shows as arrived is told; one whose answer was not clear and
/// that does not show as arrived has failed.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_orders_keep(
    conn: &mut PgConnection,
    store_id: StoreId,
    orders: &[ReadOrder],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for order in orders {
        diesel::sql_query(
            "insert into preorder_orders as o (id, store_id, order_key, code, state, status, total_tenge, placed_at,
               planned_at, seen_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             on conflict (store_id, order_key) do update set code = excluded.code, state = excluded.state,
               status = excluded.status, total_tenge = excluded.total_tenge, planned_at = excluded.planned_at,
               seen_at = excluded.seen_at,
               arrival = case
                 when excluded.status in ('ARRIVED', 'COMPLETED') and o.arrival is not null then 'told'
                 when o.arrival = 'unclear' and o.arrival_at < excluded.seen_at then 'failed'
                 else o.arrival end",
        )
        .bind::<sql::Uuid, _>(PreorderOrderId::new().0)
        .bind::<sql::Uuid, _>(store_id.0)
        .bind::<sql::Text, _>(&order.order_key)
        .bind::<sql::Text, _>(&order.code)
        .bind::<sql::Text, _>(order.state)
        .bind::<sql::Text, _>(&order.status)
        .bind::<sql::BigInt, _>(order.total_tenge.0)
        .bind::<sql::Timestamptz, _>(order.placed_at)
        .bind::<sql::Nullable<sql::Timestamptz>, _>(order.planned_at)
        .bind::<sql::Timestamptz, _>(now)
        .execute(conn)?;
    }
    Ok(())
}

/// Orders of a store whose lines were not read yet; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_orders_bare(
    conn: &mut PgConnection,
    store_id: StoreId,
    limit: i64,
) -> Result<Vec<(PreorderOrderId, String)>, StoreError> {
    Ok(preorder_orders::table
        .filter(preorder_orders::store_id.eq(store_id))
        .filter(preorder_orders::entries.is_null())
        .order(preorder_orders::planned_at)
        .limit(limit)
        .select((preorder_orders::id, preorder_orders::order_key))
        .load(conn)?)
}

/// Keeps the lines of an order.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_order_set_entries(
    conn: &mut PgConnection,
    id: PreorderOrderId,
    entries: &Value,
) -> Result<(), StoreError> {
    diesel::update(preorder_orders::table.find(id))
        .set(preorder_orders::entries.eq(entries))
        .execute(conn)?;
    Ok(())
}

/// Notes how far the arrival of an order's goods is told, where it stands at one of `from`. `false`: it does not.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_order_arrival(
    conn: &mut PgConnection,
    id: PreorderOrderId,
    from: &[Option<Arrival>],
    (arrival, failure): (Arrival, Option<&str>),
    by: Option<(Option<UserId>, DateTime<Utc>)>,
) -> Result<bool, StoreError> {
    let now_at: Option<Option<Arrival>> = preorder_orders::table
        .find(id)
        .for_update()
        .select(preorder_orders::arrival)
        .first(conn)
        .optional()?;
    if !now_at.is_some_and(|now_at| from.contains(&now_at)) {
        return Ok(false);
    }
    let failure: Option<String> = failure.map(|said| said.chars().take(500).collect());
    diesel::update(preorder_orders::table.find(id))
        .set((
            preorder_orders::arrival.eq(arrival),
            preorder_orders::arrival_failure.eq(failure),
            by.map(|(user, at)| {
                (
                    preorder_orders::arrival_by.eq(user),
                    preorder_orders::arrival_at.eq(at),
                )
            }),
        ))
        .execute(conn)?;
    Ok(true)
}

/// The orders of a store of which a person said that the goods are there, and that were not told yet.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_orders_asked(
    conn: &mut PgConnection,
    store_id: StoreId,
) -> Result<Vec<PreorderOrder>, StoreError> {
    Ok(preorder_orders::table
        .filter(preorder_orders::store_id.eq(store_id))
        .filter(preorder_orders::arrival.eq(Arrival::Asked))
        .order(preorder_orders::arrival_at)
        .select(PreorderOrder::as_select())
        .load(conn)?)
}

/// The token of a store.
///
/// # Errors
/// See [`StoreError`].
pub fn orders_access_fetch(
    conn: &mut PgConnection,
    store_id: StoreId,
) -> Result<Option<OrdersAccess>, StoreError> {
    Ok(orders_accesses::table
        .find(store_id)
        .select(OrdersAccess::as_select())
        .first(conn)
        .optional()?)
}

/// Keeps a new token; orders are read with it at once.
///
/// # Errors
/// See [`StoreError`].
pub fn orders_access_save(
    conn: &mut PgConnection,
    store_id: StoreId,
    token_sealed: &[u8],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row = || {
        (
            orders_accesses::token_sealed.eq(token_sealed.to_vec()),
            orders_accesses::set_at.eq(now),
            orders_accesses::failure.eq(None::<String>),
            orders_accesses::next_read_at.eq(now),
        )
    };
    diesel::insert_into(orders_accesses::table)
        .values((orders_accesses::store_id.eq(store_id), row()))
        .on_conflict(orders_accesses::store_id)
        .do_update()
        .set(row())
        .execute(conn)?;
    Ok(())
}

/// Forgets a store's token. `false`: there was none.
///
/// # Errors
/// See [`StoreError`].
pub fn orders_access_delete(conn: &mut PgConnection, store_id: StoreId) -> Result<bool, StoreError> {
    Ok(diesel::delete(orders_accesses::table.find(store_id)).execute(conn)? == 1)
}

/// Takes stores whose orders are to be read, at most `limit`; nobody else takes them before `until`.
///
/// # Errors
/// See [`StoreError`].
pub fn orders_accesses_due(
    conn: &mut PgConnection,
    limit: i64,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<OrdersAccess>, StoreError> {
    let due: Vec<StoreId> = orders_accesses::table
        .filter(orders_accesses::next_read_at.le(now))
        .order(orders_accesses::next_read_at)
        .limit(limit)
        .for_update()
        .skip_locked()
        .select(orders_accesses::store_id)
        .load(conn)?;
    Ok(
        diesel::update(orders_accesses::table.filter(orders_accesses::store_id.eq_any(due)))
            .set(orders_accesses::next_read_at.eq(until))
            .returning(OrdersAccess::as_returning())
            .get_results(conn)?,
    )
}

/// Notes how a reading went; with `next` `None` there is no other one with this token.
///
/// # Errors
/// See [`StoreError`].
pub fn orders_access_read(
    conn: &mut PgConnection,
    store_id: StoreId,
    failure: Option<&str>,
    next: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(orders_accesses::table.find(store_id))
        .set((
            failure.is_none().then(|| orders_accesses::read_at.eq(now)),
            orders_accesses::failure.eq(failure),
            orders_accesses::next_read_at.eq(next),
        ))
        .execute(conn)?;
    Ok(())
}

/// Reads a store's orders as soon as a worker has time.
///
/// # Errors
/// See [`StoreError`].
pub fn orders_access_wake(
    conn: &mut PgConnection,
    store_id: StoreId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(
        orders_accesses::table
            .find(store_id)
            .filter(orders_accesses::next_read_at.is_not_null()),
    )
    .set(orders_accesses::next_read_at.eq(now))
    .execute(conn)?;
    Ok(())
}

/// Forgets orders that no reading has shown since a moment.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_orders_prune(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::delete(preorder_orders::table.filter(preorder_orders::seen_at.lt(before))).execute(conn)?;
    Ok(())
}

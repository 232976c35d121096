//! Price lists that the marketplace fetches: the address of each store's, what the last complete one said, and who
//! fetched it.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use serde_json::Value;
use uuid::Uuid;

use super::{StoreError, pushes::Push};
use crate::{
    domain::{ProductId, Publishing, PushState, StoreId},
    schema::{feed_fetches, price_feeds, price_pushes, products, store_points},
};

/// How a store's prices reach the marketplace, and the address of its price list.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable, Insertable, AsChangeset)]
#[diesel(table_name = price_feeds, primary_key(store_id), treat_none_as_null = true, check_for_backend(Pg))]
pub struct PriceFeed {
    /// The store.
    pub store_id: StoreId,
    /// How prices reach the marketplace.
    pub publishing: Publishing,
    /// SHA-256 of the secret in the address; `None`: no address was made yet.
    pub address_hash: Option<Vec<u8>>,
    /// When the address was made.
    pub address_set_at: Option<DateTime<Utc>>,
    /// Name of the basic authentication; `None`: the address is enough.
    pub username: Option<String>,
    /// SHA-256 of its random password.
    pub password_hash: Option<Vec<u8>>,
    /// When the password was made.
    pub password_set_at: Option<DateTime<Utc>>,
    /// SHA-256 of what the last complete list says, without its date.
    pub content_hash: Option<Vec<u8>>,
    /// Since when it says so.
    pub modified_at: Option<DateTime<Utc>>,
    /// How many offers it has.
    pub offers: Option<i32>,
    /// Raised by each change of a person, for conflict checks.
    pub version: i32,
    /// Changed at.
    pub updated_at: DateTime<Utc>,
}

impl PriceFeed {
    /// What holds for a store for which nobody has set anything.
    #[must_use]
    pub fn unset(store_id: StoreId, now: DateTime<Utc>) -> Self {
        Self {
            store_id,
            publishing: Publishing::Cabinet,
            address_hash: None,
            address_set_at: None,
            username: None,
            password_hash: None,
            password_set_at: None,
            content_hash: None,
            modified_at: None,
            offers: None,
            version: 0,
            updated_at: now,
        }
    }
}

/// What is set for a store. The caller has seen to it that it is the tenant's.
///
/// # Errors
/// See [`StoreError`].
pub fn feed_fetch(conn: &mut PgConnection, store: StoreId) -> Result<Option<PriceFeed>, StoreError> {
    Ok(price_feeds::table
        .find(store)
        .select(PriceFeed::as_select())
        .first(conn)
        .optional()?)
}

/// The price list behind an address, locked until the end of the transaction; `None`: there is no such address.
///
/// # Errors
/// See [`StoreError`].
pub fn feed_fetch_by_address_for_update(
    conn: &mut PgConnection,
    address_hash: &[u8],
) -> Result<Option<PriceFeed>, StoreError> {
    Ok(price_feeds::table
        .filter(price_feeds::address_hash.eq(address_hash))
        .for_update()
        .select(PriceFeed::as_select())
        .first(conn)
        .optional()?)
}

/// Keeps what a person has set, in place of what had the version before this row's.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else changed it meanwhile.
pub fn feed_save(conn: &mut PgConnection, row: &PriceFeed) -> Result<(), StoreError> {
    let rows = if row.version == 1 {
        diesel::insert_into(price_feeds::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn)?
    } else {
        diesel::update(
            price_feeds::table
                .find(row.store_id)
                .filter(price_feeds::version.eq(row.version - 1)),
        )
        .set(row)
        .execute(conn)?
    };
    if rows == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Keeps what a complete list says.
///
/// # Errors
/// See [`StoreError`].
pub fn feed_set_content(
    conn: &mut PgConnection,
    store: StoreId,
    content_hash: &[u8],
    offers: i32,
    modified_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(price_feeds::table.find(store))
        .set((
            price_feeds::content_hash.eq(content_hash),
            price_feeds::offers.eq(offers),
            price_feeds::modified_at.eq(modified_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// One fetch of a price list.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = feed_fetches, check_for_backend(Pg))]
pub struct FeedFetch {
    /// Key.
    pub id: Uuid,
    /// The store.
    pub store_id: StoreId,
    /// When.
    pub at: DateTime<Utc>,
    /// From which address.
    pub address: String,
    /// What it called itself.
    pub agent: String,
    /// Status of the answer.
    pub status: i32,
    /// Code of the refusal.
    pub detail: Option<String>,
    /// Size of the answer's body.
    pub bytes: i32,
}

/// Notes a fetch.
///
/// # Errors
/// See [`StoreError`].
pub fn feed_fetch_insert(conn: &mut PgConnection, fetch: &FeedFetch) -> Result<(), StoreError> {
    diesel::insert_into(feed_fetches::table)
        .values(fetch)
        .execute(conn)?;
    Ok(())
}

/// How often a store's list was fetched since a moment.
///
/// # Errors
/// See [`StoreError`].
pub fn feed_fetch_count(
    conn: &mut PgConnection,
    store: StoreId,
    since: DateTime<Utc>,
) -> Result<i64, StoreError> {
    Ok(feed_fetches::table
        .filter(feed_fetches::store_id.eq(store))
        .filter(feed_fetches::at.gt(since))
        .count()
        .get_result(conn)?)
}

/// The last fetches of a store's list, newest first.
///
/// # Errors
/// See [`StoreError`].
pub fn feed_fetch_list(
    conn: &mut PgConnection,
    store: StoreId,
    limit: i64,
) -> Result<Vec<FeedFetch>, StoreError> {
    Ok(feed_fetches::table
        .filter(feed_fetches::store_id.eq(store))
        .order((feed_fetches::at.desc(), feed_fetches::id.desc()))
        .limit(limit.clamp(1, 200))
        .select(FeedFetch::as_select())
        .load(conn)?)
}

/// Forgets the fetches before a moment.
///
/// # Errors
/// See [`StoreError`].
pub fn feed_fetch_prune(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<usize, StoreError> {
    Ok(diesel::delete(feed_fetches::table.filter(feed_fetches::at.lt(before))).execute(conn)?)
}

/// What a price list says of a product.
#[derive(Debug, Clone, PartialEq, Queryable)]
pub struct FeedProduct {
    /// The product.
    pub id: ProductId,
    /// The seller's article.
    pub sku: Option<String>,
    /// Title.
    pub name: String,
    /// Brand.
    pub brand: Option<String>,
    /// On sale, as last read.
    pub on_sale: bool,
    /// The points of service as last read.
    pub availabilities: Option<Value>,
}

/// The products of a store that are not archived, by article; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn feed_products(
    conn: &mut PgConnection,
    store: StoreId,
    limit: i64,
) -> Result<Vec<FeedProduct>, StoreError> {
    Ok(products::table
        .filter(products::store_id.eq(store))
        .filter(products::archived_at.is_null())
        .order((products::sku, products::id))
        .limit(limit)
        .select((
            products::id,
            products::sku,
            products::name,
            products::brand,
            products::on_sale,
            products::availabilities,
        ))
        .load(conn)?)
}

/// May a planned write be shown? What the last gate asks of it before it leaves: not stopped, the newest of its product,
/// of a store that is live, not locked, decided on a look no older than ten minutes and under the rules of now.
const MAY_BE_SHOWN: [&str; 3] = [
    "(price_pushes.state not in ('planned', 'claimed') or (
       not exists (select from kill_switches k where k.released_at is null and (k.scope = 'all'
         or (k.scope = 'store' and k.store_id = price_pushes.store_id)
         or (k.scope = 'product' and k.product_id = price_pushes.product_id)
         or (k.scope = 'strategy' and price_pushes.origin = 'robot' and k.strategy = coalesce((select
           d.input #>> '{rule,strategy,kind}' from price_decisions d where d.id = price_pushes.decision_id), k.strategy))))
       and exists (select from products p join stores s on s.id = p.store_id where p.id = price_pushes.product_id
         and s.active and p.on_sale and p.archived_at is null and p.push_sequence = price_pushes.sequence
         and (price_pushes.origin <> 'robot' or (s.repricing_mode = 'live' and p.repricing_enabled
           and (p.locked_until is null or p.locked_until <= ",
    ") and price_pushes.fingerprint is not distinct from decision_fingerprint(p.id)
           and price_pushes.market_taken_at >= ",
    "::timestamptz - interval '10 minutes')))))",
];

/// The writes of a store that are decided and have not ended yet: those on their way, and planned ones that may be
/// shown. Of several of a product the newest comes first.
///
/// # Errors
/// See [`StoreError`].
pub fn feed_wanted_pushes(
    conn: &mut PgConnection,
    store: StoreId,
    now: DateTime<Utc>,
) -> Result<Vec<Push>, StoreError> {
    use diesel::sql_types::{Bool, Timestamptz};
    let [until_lock, until_look, end] = MAY_BE_SHOWN;
    let may_be_shown = diesel::dsl::sql::<Bool>(until_lock)
        .bind::<Timestamptz, _>(now)
        .sql(until_look)
        .bind::<Timestamptz, _>(now)
        .sql(end);
    Ok(price_pushes::table
        .filter(price_pushes::store_id.eq(store))
        .filter(price_pushes::state.eq_any(PushState::OPEN))
        .filter(may_be_shown)
        .order((price_pushes::product_id, price_pushes::sequence.desc()))
        .select(Push::as_select())
        .load(conn)?)
}

/// The points of service of a store that are in use.
///
/// # Errors
/// See [`StoreError`].
pub fn feed_points(conn: &mut PgConnection, store: StoreId) -> Result<Vec<String>, StoreError> {
    Ok(store_points::table
        .filter(store_points::store_id.eq(store))
        .filter(store_points::enabled)
        .order(store_points::point_id)
        .select(store_points::point_id)
        .load(conn)?)
}

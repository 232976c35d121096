//! What reports list that no page lists so: changes of prices with what led to them, and everybody's offers on the
//! cards of products. Read a piece at a time, each from where the last one ended.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid},
};
use serde_json::Value;

use super::StoreError;
use crate::domain::{ProductId, StoreId, Tenant, Tenge};

/// A change of a price with what led to it.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct PriceChange {
    /// Key.
    #[diesel(sql_type = Uuid)]
    pub id: uuid::Uuid,
    /// When it was read.
    #[diesel(sql_type = Timestamptz)]
    pub at: DateTime<Utc>,
    /// The store's name.
    #[diesel(sql_type = Text)]
    pub store_name: String,
    /// The seller's article.
    #[diesel(sql_type = Nullable<Text>)]
    pub sku: Option<String>,
    /// Title.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// The city.
    #[diesel(sql_type = Text)]
    pub city_id: String,
    /// Price before; `None`: not known.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub before: Option<Tenge>,
    /// Price after; `None`: on sale there no more.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub after: Option<Tenge>,
    /// Word of who wanted it; `None`: none of our writes.
    #[diesel(sql_type = Nullable<Text>)]
    pub origin: Option<String>,
    /// The person's name, where one wanted it.
    #[diesel(sql_type = Nullable<Text>)]
    pub person: Option<String>,
    /// The decision's list of `{"code", "params"}`.
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub reasons: Option<Value>,
    /// Place among the competitors that the decision aimed at.
    #[diesel(sql_type = Nullable<Integer>)]
    pub place: Option<i32>,
    /// Price of the cheapest competitor then.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub best_rival: Option<Tenge>,
}

/// Which changes are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeFilter {
    /// Whose stores.
    pub tenant: Tenant,
    /// Only this store.
    pub store_id: Option<StoreId>,
    /// Only this product.
    pub product_id: Option<ProductId>,
    /// From this moment on.
    pub from: DateTime<Utc>,
    /// Before this moment.
    pub until: DateTime<Utc>,
}

/// `$1` user or null, `$2` store or null, `$3` product or null, `$4` from, `$5` until.
const CHANGES: &str = "
from price_changes c join products p on p.id = c.product_id join stores s on s.id = coalesce(c.store_id, p.store_id)";
const WANTED: &str = "
where ($1 is null or s.owner_id = $1
    or exists (select from store_access a where a.store_id = s.id and a.user_id = $1))
  and ($2 is null or s.id = $2) and ($3 is null or c.product_id = $3) and c.at >= $4 and c.at < $5";

/// How many changes match.
///
/// # Errors
/// See [`StoreError`].
pub fn price_change_count(conn: &mut PgConnection, filter: &ChangeFilter) -> Result<i64, StoreError> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        changes: i64,
    }
    let row: Count = diesel::sql_query(format!("select count(*) as changes {CHANGES} {WANTED}"))
        .bind::<Nullable<Uuid>, _>(user_of(filter.tenant))
        .bind::<Nullable<Uuid>, _>(filter.store_id)
        .bind::<Nullable<Uuid>, _>(filter.product_id)
        .bind::<Timestamptz, _>(filter.from)
        .bind::<Timestamptz, _>(filter.until)
        .get_result(conn)?;
    Ok(row.changes)
}

/// The next changes, newest first, behind the one that `after` names by moment and key; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn price_change_page(
    conn: &mut PgConnection,
    filter: &ChangeFilter,
    after: Option<(DateTime<Utc>, uuid::Uuid)>,
    limit: i64,
) -> Result<Vec<PriceChange>, StoreError> {
    let (at, id) = after.unwrap_or((filter.until, uuid::Uuid::max()));
    Ok(diesel::sql_query(format!(
        "select c.id, c.at, s.name as store_name, p.sku, p.name, c.city_id, c.before_tenge as before,
           c.price_tenge as after, u.origin, coalesce(nullif(w.name, ''), w.email) as person, d.reasons, d.place,
           d.best_rival_tenge as best_rival
         {CHANGES} left join price_pushes u on u.id = c.push_id left join price_decisions d on d.id = u.decision_id
         left join users w on w.id = u.actor_id
         {WANTED} and (c.at, c.id) < ($6, $7) order by c.at desc, c.id desc limit $8"
    ))
    .bind::<Nullable<Uuid>, _>(user_of(filter.tenant))
    .bind::<Nullable<Uuid>, _>(filter.store_id)
    .bind::<Nullable<Uuid>, _>(filter.product_id)
    .bind::<Timestamptz, _>(filter.from)
    .bind::<Timestamptz, _>(filter.until)
    .bind::<Timestamptz, _>(at)
    .bind::<Uuid, _>(id)
    .bind::<BigInt, _>(limit)
    .load(conn)?)
}

fn user_of(tenant: Tenant) -> Option<uuid::Uuid> {
    match tenant {
        Tenant::All => None,
        Tenant::User(user) => Some(user.0),
    }
}

/// Somebody's offer on the card of a product, in the main city of the product's store.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct CardOffer {
    /// The product.
    #[diesel(sql_type = Uuid)]
    pub product_id: ProductId,
    /// The city.
    #[diesel(sql_type = Text)]
    pub city_id: String,
    /// The offer is the store's own.
    #[diesel(sql_type = diesel::sql_types::Bool)]
    pub own: bool,
    /// Shop's name.
    #[diesel(sql_type = Text)]
    pub merchant_name: String,
    /// Asked price.
    #[diesel(sql_type = BigInt)]
    pub price: Tenge,
    /// Hundredths; `None`: no rating.
    #[diesel(sql_type = Nullable<Integer>)]
    pub rating_centi: Option<i32>,
    /// Number of reviews.
    #[diesel(sql_type = Integer)]
    pub reviews: i32,
    /// Days until the goods arrive.
    #[diesel(sql_type = Integer)]
    pub preorder_days: i32,
    /// The marketplace's word for the delivery time.
    #[diesel(sql_type = Nullable<Text>)]
    pub delivery: Option<String>,
    /// First seen so.
    #[diesel(sql_type = Timestamptz)]
    pub first_seen_at: DateTime<Utc>,
    /// Last seen so.
    #[diesel(sql_type = Timestamptz)]
    pub last_seen_at: DateTime<Utc>,
}

/// The offers on the cards of these products, of each cheapest first. The caller has seen to it that the products are
/// the tenant's.
///
/// # Errors
/// See [`StoreError`].
pub fn card_offer_list(
    conn: &mut PgConnection,
    products: &[ProductId],
) -> Result<Vec<CardOffer>, StoreError> {
    let ids: Vec<uuid::Uuid> = products.iter().map(|id| id.0).collect();
    Ok(diesel::sql_query(
        "select p.id as product_id, o.city_id, o.merchant_id = s.merchant_id as own, o.merchant_name,
           o.price_tenge as price, o.rating_centi, o.reviews, o.preorder_days, o.delivery, o.first_seen_at,
           o.last_seen_at
         from products p join stores s on s.id = p.store_id
         join market_offers o on o.card_id = p.card_id and o.city_id = s.main_city_id and o.gone_at is null
         where p.id = any($1) order by p.id desc, o.price_tenge, o.merchant_id",
    )
    .bind::<Array<Uuid>, _>(ids)
    .load(conn)?)
}

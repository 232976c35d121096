//! Prices of an earlier moment, and what was planned to bring them back.

use chrono::{DateTime, Utc};
use diesel::{
    dsl::count_star,
    pg::Pg,
    prelude::*,
    sql_types::{self, Array, Nullable, Timestamptz},
};

use super::{StoreError, stores::store_ids_of};
use crate::{
    domain::{ProductId, PushId, PushOrigin, PushState, PutBackId, StoreId, Tenant, Tenge},
    schema::{price_pushes, products, put_backs},
};

/// What a person asked to be put back.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = put_backs, check_for_backend(Pg))]
pub struct PutBackRow {
    /// Key, made with the preview: the same form sent twice is the same act.
    pub id: PutBackId,
    /// The store.
    pub store_id: StoreId,
    /// The moment whose prices are wanted.
    pub wanted_at: DateTime<Utc>,
    /// Who.
    pub requested_by: String,
    /// Writes that were planned.
    pub planned: i32,
    /// Products whose price may not be put back now.
    pub refused: i32,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// The price of a product in one city, now and at an earlier moment.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct PastPrice {
    /// The product.
    #[diesel(sql_type = sql_types::Uuid)]
    pub product_id: ProductId,
    /// Its title.
    #[diesel(sql_type = sql_types::Text)]
    pub name: String,
    /// The seller's article.
    #[diesel(sql_type = Nullable<sql_types::Text>)]
    pub sku: Option<String>,
    /// On sale, as last read.
    #[diesel(sql_type = sql_types::Bool)]
    pub on_sale: bool,
    /// The city.
    #[diesel(sql_type = sql_types::Text)]
    pub city_id: String,
    /// The confirmed price of now.
    #[diesel(sql_type = sql_types::BigInt)]
    pub present: Tenge,
    /// The confirmed price of then; `None`: not known.
    #[diesel(sql_type = Nullable<sql_types::BigInt>)]
    pub past: Option<Tenge>,
}

/// Prices of a store's products (`None`: all of them) now and at an earlier moment, by product and city. What a product
/// cost while another store sold it is not known here.
///
/// # Errors
/// See [`StoreError`].
pub fn past_prices(
    conn: &mut PgConnection,
    store_id: StoreId,
    products: Option<&[ProductId]>,
    at: DateTime<Utc>,
) -> Result<Vec<PastPrice>, StoreError> {
    let ids = products.map(|ids| ids.iter().map(|id| id.0).collect::<Vec<_>>());
    Ok(diesel::sql_query(
        "select p.id as product_id, p.name, p.sku, p.on_sale, price.city_id, price.price_tenge as present,
           past.price_tenge as past
         from products p join product_prices price on price.product_id = p.id
         left join lateral (select c.price_tenge from price_changes c
           where c.product_id = p.id and c.city_id = price.city_id and c.at <= $3
             and (c.store_id is null or c.store_id = p.store_id) order by c.at desc limit 1) past on true
         where p.store_id = $1 and p.archived_at is null and ($2 is null or p.id = any($2))
         order by p.id, price.city_id",
    )
    .bind::<sql_types::Uuid, _>(store_id)
    .bind::<Nullable<Array<sql_types::Uuid>>, _>(ids)
    .bind::<Timestamptz, _>(at)
    .load(conn)?)
}

/// Hands off these products until `until`: the robot leaves what a person has put back.
///
/// # Errors
/// See [`StoreError`].
pub fn products_lock(
    conn: &mut PgConnection,
    ids: &[ProductId],
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(products::table.filter(products::id.eq_any(ids)))
        .set(products::locked_until.eq(until))
        .execute(conn)?;
    Ok(())
}

/// Products for which an earlier price waits to be sent already.
///
/// # Errors
/// See [`StoreError`].
pub fn put_back_waiting(conn: &mut PgConnection, ids: &[ProductId]) -> Result<Vec<ProductId>, StoreError> {
    Ok(price_pushes::table
        .filter(price_pushes::product_id.eq_any(ids))
        .filter(price_pushes::state.eq(PushState::Planned))
        .filter(price_pushes::origin.eq(PushOrigin::PutBack))
        .select(price_pushes::product_id)
        .load(conn)?)
}

/// Writes down what was asked for, with the writes planned for it. False: this was asked for already.
///
/// # Errors
/// See [`StoreError`].
pub fn put_back_insert(conn: &mut PgConnection, row: &PutBackRow) -> Result<bool, StoreError> {
    let rows = diesel::insert_into(put_backs::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(rows == 1)
}

/// Notes that these writes belong to a put-back.
///
/// # Errors
/// See [`StoreError`].
pub fn put_back_own(conn: &mut PgConnection, id: PutBackId, pushes: &[PushId]) -> Result<(), StoreError> {
    diesel::update(price_pushes::table.filter(price_pushes::id.eq_any(pushes)))
        .set(price_pushes::put_back_id.eq(id))
        .execute(conn)?;
    Ok(())
}

/// A put-back that the tenant may see.
///
/// # Errors
/// See [`StoreError`].
pub fn put_back_fetch(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: PutBackId,
) -> Result<Option<PutBackRow>, StoreError> {
    let mut query = put_backs::table.filter(put_backs::id.eq(id)).into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(put_backs::store_id.eq_any(store_ids_of(user)));
    }
    Ok(query.select(PutBackRow::as_select()).first(conn).optional()?)
}

/// The newest put-backs of a store; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn put_back_list(
    conn: &mut PgConnection,
    store_id: StoreId,
    limit: i64,
) -> Result<Vec<PutBackRow>, StoreError> {
    Ok(put_backs::table
        .filter(put_backs::store_id.eq(store_id))
        .order(put_backs::created_at.desc())
        .limit(limit.clamp(1, 200))
        .select(PutBackRow::as_select())
        .load(conn)?)
}

/// Where the writes of a put-back stand: state, code of what ended it, how many.
///
/// # Errors
/// See [`StoreError`].
pub fn put_back_states(
    conn: &mut PgConnection,
    id: PutBackId,
) -> Result<Vec<(PushState, Option<String>, i64)>, StoreError> {
    Ok(price_pushes::table
        .filter(price_pushes::put_back_id.eq(id))
        .group_by((price_pushes::state, price_pushes::reason))
        .select((price_pushes::state, price_pushes::reason, count_star()))
        .order(count_star().desc())
        .load(conn)?)
}

/// The products of these writes.
///
/// # Errors
/// See [`StoreError`].
pub fn push_products(
    conn: &mut PgConnection,
    ids: &[PushId],
) -> Result<Vec<(PushId, ProductId)>, StoreError> {
    Ok(price_pushes::table
        .filter(price_pushes::id.eq_any(ids))
        .select((price_pushes::id, price_pushes::product_id))
        .load(conn)?)
}

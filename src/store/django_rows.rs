//! Rows of the predecessor written as ours, a batch in a statement, and what a batch has to be compared with. A row that
//! is here is never written again.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz, Uuid},
};

use super::{StoreError, preorders::Preorder, stores::Store, users::User};
use crate::{
    domain::{
        AccountId, PreorderId, ProductId, StoreId, Tenge, UserId,
        django::rows::{TakenPreorder, TakenProduct},
    },
    schema::{preorders, products, stores, users},
};

/// Rows of a statement that binds each value by itself: 65,535 are the most.
const MANY: usize = 1_000;

/// Lets the transaction write nothing, whatever it tries.
///
/// # Errors
/// See [`StoreError`].
pub fn write_nothing(conn: &mut PgConnection) -> Result<(), StoreError> {
    diesel::sql_query("set transaction read only").execute(conn)?;
    Ok(())
}

/// Users by what API clients call them.
///
/// # Errors
/// See [`StoreError`].
pub fn users_by_external_ids(conn: &mut PgConnection, ids: &[&str]) -> Result<Vec<User>, StoreError> {
    let found = users::table.filter(users::external_id.eq_any(ids));
    Ok(found.select(User::as_select()).load(conn)?)
}

/// Users by e-mails in lower case.
///
/// # Errors
/// See [`StoreError`].
pub fn users_by_emails(conn: &mut PgConnection, emails: &[&str]) -> Result<Vec<User>, StoreError> {
    let found = users::table.filter(users::email.eq_any(emails));
    Ok(found.select(User::as_select()).load(conn)?)
}

/// Adds users.
///
/// # Errors
/// `Duplicate` for an e-mail or external id that exists.
pub fn users_insert(conn: &mut PgConnection, rows: &[&User]) -> Result<(), StoreError> {
    for rows in rows.chunks(MANY) {
        diesel::insert_into(users::table)
            .values(rows.to_vec())
            .execute(conn)?;
    }
    Ok(())
}

/// Gives a user the name by which API clients know him.
///
/// # Errors
/// `Duplicate` where another user has it.
pub fn user_update_external_id(
    conn: &mut PgConnection,
    id: UserId,
    external_id: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(users::table.find(id))
        .set((users::external_id.eq(external_id), users::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// Gives a user another e-mail.
///
/// # Errors
/// `Duplicate` where another user has it.
pub fn user_update_email(
    conn: &mut PgConnection,
    id: UserId,
    email: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(users::table.find(id))
        .set((users::email.eq(email), users::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// Stores with these keys, and those that have the place of one: the same merchant of the same owner.
///
/// # Errors
/// See [`StoreError`].
pub fn stores_in_place(
    conn: &mut PgConnection,
    ids: &[StoreId],
    owners: &[UserId],
    merchants: &[&str],
) -> Result<Vec<Store>, StoreError> {
    let owned = stores::owner_id
        .eq_any(owners)
        .and(stores::merchant_id.eq_any(merchants));
    Ok(stores::table
        .filter(stores::id.eq_any(ids).or(owned))
        .select(Store::as_select())
        .load(conn)?)
}

/// Adds stores.
///
/// # Errors
/// `Duplicate` when somebody made one of them meanwhile.
pub fn stores_insert(conn: &mut PgConnection, rows: &[Store]) -> Result<(), StoreError> {
    for rows in rows.chunks(MANY) {
        diesel::insert_into(stores::table).values(rows).execute(conn)?;
    }
    Ok(())
}

/// Lets a store that has never been connected live on an account. `false`: it lives on one already.
///
/// # Errors
/// See [`StoreError`].
pub fn store_account_set(
    conn: &mut PgConnection,
    id: StoreId,
    account_id: AccountId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let free = stores::table.find(id).filter(stores::account_id.is_null());
    let rows = diesel::update(free)
        .set((stores::account_id.eq(account_id), stores::updated_at.eq(now)))
        .execute(conn)?;
    Ok(rows == 1)
}

/// What the import compares of a product.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct ProductHere {
    /// Key.
    pub id: ProductId,
    /// Its store.
    pub store_id: StoreId,
    /// Article.
    pub sku: Option<String>,
    /// Opt-in.
    pub repricing_enabled: bool,
    /// Lowest price.
    pub floor: Option<Tenge>,
    /// Highest price.
    pub ceiling: Option<Tenge>,
    /// Strategy.
    pub strategy: Option<String>,
}

/// Products with these keys.
///
/// # Errors
/// See [`StoreError`].
pub fn products_here(conn: &mut PgConnection, ids: &[ProductId]) -> Result<Vec<ProductHere>, StoreError> {
    let found = products::table.filter(products::id.eq_any(ids));
    let columns = (
        products::id,
        products::store_id,
        products::sku,
        products::repricing_enabled,
        products::floor_tenge,
        products::ceiling_tenge,
        products::strategy,
    );
    Ok(found.select(columns).load(conn)?)
}

#[derive(QueryableByName)]
struct PlaceRow {
    #[diesel(sql_type = Uuid)]
    wanted: uuid::Uuid,
    #[diesel(sql_type = Uuid)]
    here: uuid::Uuid,
}

/// For each row whose place another one has here, its key and that one's: the same article of the same store.
///
/// # Errors
/// See [`StoreError`].
pub fn products_in_place(
    conn: &mut PgConnection,
    rows: &[&TakenProduct],
) -> Result<Vec<(ProductId, ProductId)>, StoreError> {
    let found: Vec<PlaceRow> = diesel::sql_query(
        "select row.id as wanted, p.id as here from unnest($1, $2, $3) as row (id, store_id, sku)
         join products p on p.store_id = row.store_id and p.sku = row.sku where p.id <> row.id",
    )
    .bind::<Array<Uuid>, _>(rows.iter().map(|row| row.id).collect::<Vec<_>>())
    .bind::<Array<Uuid>, _>(rows.iter().map(|row| row.store_id).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(rows.iter().map(|row| row.sku.as_deref()).collect::<Vec<_>>())
    .load(conn)?;
    let pairs = found.into_iter();
    Ok(pairs
        .map(|row| (ProductId(row.wanted), ProductId(row.here)))
        .collect())
}

/// Adds products, with the price last seen where there is one; `cities`: the main city of each one's store.
///
/// # Errors
/// `Duplicate` when somebody made one of them meanwhile.
pub fn products_insert(
    conn: &mut PgConnection,
    rows: &[&TakenProduct],
    cities: &[&str],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    fn texts<'a>(
        rows: &[&'a TakenProduct],
        get: fn(&TakenProduct) -> Option<&String>,
    ) -> Vec<Option<&'a str>> {
        rows.iter().map(|row| get(row).map(String::as_str)).collect()
    }
    let money = |get: fn(&TakenProduct) -> Option<Tenge>| -> Vec<Option<i64>> {
        rows.iter().map(|row| get(row).map(|amount| amount.0)).collect()
    };
    let times = |get: fn(&TakenProduct) -> Option<DateTime<Utc>>| -> Vec<Option<DateTime<Utc>>> {
        rows.iter().map(|row| get(row)).collect()
    };
    // A time of the future would keep newer readings away.
    diesel::sql_query(
        "with row as materialized (
           select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
             as row (id, store_id, offer_id, sku, card_id, name, category, image_url, enabled, floor, ceiling,
               strategy, created_at, updated_at, price, city_id)),
         written as (
           insert into products (id, store_id, kaspi_product_id, sku, card_id, name, category, image_url,
             repricing_enabled, floor_tenge, ceiling_tenge, strategy, created_at, updated_at)
           select id, store_id, offer_id, sku, card_id, name, category, image_url, enabled, floor, ceiling, strategy,
             coalesce(created_at, $17), coalesce(updated_at, $17)
           from row returning id)
         insert into product_prices (product_id, city_id, price_tenge, read_at)
         select row.id, row.city_id, row.price, least(coalesce(row.updated_at, row.created_at), $17)
         from row join written on written.id = row.id where row.price is not null",
    )
    .bind::<Array<Uuid>, _>(rows.iter().map(|row| row.id).collect::<Vec<_>>())
    .bind::<Array<Uuid>, _>(rows.iter().map(|row| row.store_id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(
        rows.iter()
            .map(|row| row.kaspi_product_id.as_str())
            .collect::<Vec<_>>(),
    )
    .bind::<Array<Nullable<Text>>, _>(texts(rows, |row| row.sku.as_ref()))
    .bind::<Array<Nullable<Text>>, _>(texts(rows, |row| row.card_id.as_ref()))
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(texts(rows, |row| row.category.as_ref()))
    .bind::<Array<Nullable<Text>>, _>(texts(rows, |row| row.image_url.as_ref()))
    .bind::<Array<Bool>, _>(rows.iter().map(|row| row.repricing_enabled).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(money(|row| row.floor))
    .bind::<Array<Nullable<BigInt>>, _>(money(|row| row.ceiling))
    .bind::<Array<Nullable<Text>>, _>(texts(rows, |row| row.strategy.as_ref()))
    .bind::<Array<Nullable<Timestamptz>>, _>(times(|row| row.created_at))
    .bind::<Array<Nullable<Timestamptz>>, _>(times(|row| row.updated_at))
    .bind::<Array<Nullable<BigInt>>, _>(money(|row| row.price))
    .bind::<Array<Text>, _>(cities)
    .bind::<Timestamptz, _>(now)
    .execute(conn)?;
    diesel::sql_query(
        "update product_checks due set last_check_at = least(told.at, $3), next_check_at = least(due.next_check_at, $3)
         from unnest($1, $2) as told (id, at) where due.product_id = told.id",
    )
    .bind::<Array<Uuid>, _>(rows.iter().map(|row| row.id).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(times(|row| row.last_check_at))
    .bind::<Timestamptz, _>(now)
    .execute(conn)?;
    Ok(())
}

/// Preorders with these keys.
///
/// # Errors
/// See [`StoreError`].
pub fn preorders_here(conn: &mut PgConnection, ids: &[PreorderId]) -> Result<Vec<Preorder>, StoreError> {
    let found = preorders::table.filter(preorders::id.eq_any(ids));
    Ok(found.select(Preorder::as_select()).load(conn)?)
}

/// For each row whose place another one has here, its key and that one's: the same product of the same store.
///
/// # Errors
/// See [`StoreError`].
pub fn preorders_in_place(
    conn: &mut PgConnection,
    rows: &[&TakenPreorder],
) -> Result<Vec<(PreorderId, PreorderId)>, StoreError> {
    let found: Vec<PlaceRow> = diesel::sql_query(
        "select row.id as wanted, o.id as here from unnest($1, $2, $3) as row (id, product_id, store_id)
         join preorders o on o.product_id = row.product_id and o.store_id = row.store_id where o.id <> row.id",
    )
    .bind::<Array<Uuid>, _>(rows.iter().map(|row| row.id).collect::<Vec<_>>())
    .bind::<Array<Uuid>, _>(rows.iter().map(|row| row.product_id).collect::<Vec<_>>())
    .bind::<Array<Uuid>, _>(rows.iter().map(|row| row.store_id).collect::<Vec<_>>())
    .load(conn)?;
    let pairs = found.into_iter();
    Ok(pairs
        .map(|row| (PreorderId(row.wanted), PreorderId(row.here)))
        .collect())
}

/// Adds preorders.
///
/// # Errors
/// `Duplicate` when somebody made one of them meanwhile.
pub fn preorders_insert(
    conn: &mut PgConnection,
    rows: &[&TakenPreorder],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::sql_query(
        "insert into preorders (id, store_id, product_id, article, name, brand, status, price_tenge, warehouses,
           delivery_days, created_at, updated_at)
         select id, store_id, product_id, article, name, brand, status, price, points::jsonb, days,
           coalesce(created_at, $13), coalesce(updated_at, $13)
         from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
           as row (id, store_id, product_id, article, name, brand, status, price, points, days, created_at,
             updated_at)",
    )
    .bind::<Array<Uuid>, _>(rows.iter().map(|row| row.id).collect::<Vec<_>>())
    .bind::<Array<Uuid>, _>(rows.iter().map(|row| row.store_id).collect::<Vec<_>>())
    .bind::<Array<Uuid>, _>(rows.iter().map(|row| row.product_id).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(rows.iter().map(|row| row.article.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(rows.iter().map(|row| row.brand.as_deref()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.status.as_str()).collect::<Vec<_>>())
    .bind::<Array<Nullable<BigInt>>, _>(
        rows.iter()
            .map(|row| row.price.map(|price| price.0))
            .collect::<Vec<_>>(),
    )
    .bind::<Array<Text>, _>(rows.iter().map(|row| row.warehouses.to_string()).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(rows.iter().map(|row| row.delivery_days).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(rows.iter().map(|row| row.created_at).collect::<Vec<_>>())
    .bind::<Array<Nullable<Timestamptz>>, _>(rows.iter().map(|row| row.updated_at).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(now)
    .execute(conn)?;
    Ok(())
}

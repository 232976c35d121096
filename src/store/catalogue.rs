//! Writing a catalogue as it is read: pages of the cabinet's list in a few statements each. Never touches
//! what belongs to people: floor, ceiling, opt-in, lock.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Bool, Date, Integer, Nullable, Text, Timestamptz, Uuid},
};

use super::StoreError;
use crate::{
    domain::{ProductId, StoreId, Tenge, offer::CabinetOffer},
    schema::products,
};

/// When and how a page was read.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The store.
    pub store_id: StoreId,
    /// City whose price stands for products without city prices.
    pub main_city_id: &'a str,
    /// Before the page was asked for: a push that was under way since then knows better.
    pub started_at: DateTime<Utc>,
    /// Now.
    pub now: DateTime<Utc>,
    /// The day in Almaty.
    pub today: NaiveDate,
}

/// What a page changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PageCounts {
    /// New products.
    pub added: usize,
    /// Products of which something differs.
    pub changed: usize,
    /// Products that had been archived.
    pub restored: usize,
}

/// Lets one sync at a time write for a store, until the end of the transaction.
///
/// # Errors
/// See [`StoreError`].
pub fn catalogue_lock(conn: &mut PgConnection, store_id: StoreId) -> Result<(), StoreError> {
    diesel::sql_query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind::<Text, _>(format!("catalogue:{store_id}"))
        .execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Written {
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Bool)]
    added: bool,
}

#[derive(QueryableByName)]
struct Sku {
    #[diesel(sql_type = Text)]
    sku: String,
}

/// Writes one page; every sku at most once in it. Rows that are as before are not written again.
///
/// # Errors
/// See [`StoreError`].
pub fn catalogue_upsert(
    conn: &mut PgConnection,
    reading: Reading<'_>,
    offers: &[CabinetOffer],
) -> Result<PageCounts, StoreError> {
    let skus: Vec<&str> = offers.iter().map(|offer| offer.sku.as_str()).collect();
    let archived: Vec<String> = products::table
        .filter(products::store_id.eq(reading.store_id))
        .filter(products::sku.eq_any(&skus))
        .filter(products::archived_at.is_not_null())
        .select(products::sku.assume_not_null())
        .load(conn)?;
    let written = write_products(conn, reading, offers)?;
    let repriced = write_prices(conn, reading, offers)?;
    let added: Vec<&str> = written
        .iter()
        .filter(|row| row.added)
        .map(|row| row.sku.as_str())
        .collect();
    let mut changed: Vec<&str> = written
        .iter()
        .map(|row| row.sku.as_str())
        .chain(repriced.iter().map(|row| row.sku.as_str()))
        .filter(|sku| !added.contains(sku) && !archived.iter().any(|a| a == sku))
        .collect();
    changed.sort_unstable();
    changed.dedup();
    Ok(PageCounts {
        added: added.len(),
        changed: changed.len(),
        restored: archived.len(),
    })
}

/// One statement for the products of a page.
fn write_products(
    conn: &mut PgConnection,
    reading: Reading<'_>,
    offers: &[CabinetOffer],
) -> Result<Vec<Written>, StoreError> {
    const SQL: &str = "
        insert into products as p (id, store_id, sku, kaspi_product_id, card_id, name, brand, category, image_url,
          on_sale, stock, preorder_days, availabilities, availabilities_read_at, next_check_at, created_at, updated_at)
        select id, $1, sku, offer_id, card_id, name, brand, category, image_url, on_sale, stock, preorder_days,
          image::jsonb, case when image is null then null else $2 end, $2, $2, $2
        from unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
          as row (id, sku, offer_id, card_id, name, brand, category, image_url, on_sale, stock, preorder_days, image)
        on conflict (store_id, sku) where sku is not null do update set
          kaspi_product_id = excluded.kaspi_product_id, card_id = excluded.card_id, name = excluded.name,
          brand = excluded.brand, category = excluded.category, image_url = excluded.image_url,
          on_sale = excluded.on_sale, stock = excluded.stock, preorder_days = excluded.preorder_days,
          availabilities = excluded.availabilities, availabilities_read_at = excluded.availabilities_read_at,
          archived_at = null, updated_at = excluded.updated_at
        where p.archived_at is not null
          or (p.kaspi_product_id, p.card_id, p.name, p.brand, p.category, p.image_url, p.on_sale, p.stock,
              p.preorder_days, p.availabilities)
            is distinct from (excluded.kaspi_product_id, excluded.card_id, excluded.name, excluded.brand,
              excluded.category, excluded.image_url, excluded.on_sale, excluded.stock, excluded.preorder_days,
              excluded.availabilities)
        returning p.sku, p.xmax = 0 as added";
    let text = |get: fn(&CabinetOffer) -> Option<&String>| -> Vec<Option<&str>> {
        offers
            .iter()
            .map(|offer| get(offer).map(String::as_str))
            .collect()
    };
    let images: Vec<Option<String>> = offers
        .iter()
        .map(|offer| {
            offer
                .availabilities
                .as_ref()
                .and_then(|image| serde_json::to_string(image).ok())
        })
        .collect();
    Ok(diesel::sql_query(SQL)
        .bind::<Uuid, _>(reading.store_id)
        .bind::<Timestamptz, _>(reading.now)
        .bind::<Array<Uuid>, _>(offers.iter().map(|_| ProductId::new().0).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(offers.iter().map(|o| o.sku.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(
            offers
                .iter()
                .map(|o| o.offer_id.as_deref().unwrap_or(&o.sku))
                .collect::<Vec<_>>(),
        )
        .bind::<Array<Nullable<Text>>, _>(text(|o| o.card_id.as_ref()))
        .bind::<Array<Text>, _>(offers.iter().map(|o| o.name.as_str()).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(text(|o| o.brand.as_ref()))
        .bind::<Array<Nullable<Text>>, _>(text(|o| o.category.as_ref()))
        .bind::<Array<Nullable<Text>>, _>(text(|o| o.image_url.as_ref()))
        .bind::<Array<Bool>, _>(offers.iter().map(|o| o.on_sale).collect::<Vec<_>>())
        .bind::<Array<Nullable<Integer>>, _>(
            offers
                .iter()
                .map(|o| o.stock.map(|stock| i32::try_from(stock).unwrap_or(i32::MAX)))
                .collect::<Vec<_>>(),
        )
        .bind::<Array<Integer>, _>(
            offers
                .iter()
                .map(|o| i32::from(o.preorder_days))
                .collect::<Vec<_>>(),
        )
        .bind::<Array<Nullable<Text>>, _>(images)
        .load(conn)?)
}

/// Which prices may be written: not those of a product whose push is under way or ended while the page was
/// being read. `$5` is when the reading began.
const NO_PUSH: &str = "not exists (select from price_pushes push where push.product_id = p.id
    and (push.state in ('claimed', 'sent', 'accepted', 'unknown') or push.finished_at >= $5))";

/// Prices per city: changed ones are written, cities without a price are dropped, the day's opening price is
/// kept. Returns the skus whose price is new.
fn write_prices(
    conn: &mut PgConnection,
    reading: Reading<'_>,
    offers: &[CabinetOffer],
) -> Result<Vec<Sku>, StoreError> {
    let mut skus: Vec<&str> = Vec::new();
    let mut cities: Vec<&str> = Vec::new();
    let mut prices: Vec<i64> = Vec::new();
    for offer in offers {
        for (city, price) in city_prices(offer, reading.main_city_id) {
            skus.push(&offer.sku);
            cities.push(city);
            prices.push(price.0);
        }
    }
    let rows = "unnest($2, $3, $4) as row (sku, city_id, price)
        join products p on p.store_id = $1 and p.sku = row.sku";
    let upsert = format!(
        "with written as (
           insert into product_prices as old (product_id, city_id, price_tenge, opening_price_tenge, opening_date,
             read_at, changed_at)
           select p.id, row.city_id, row.price, row.price, $6, $7, null from {rows} where {NO_PUSH}
           on conflict (product_id, city_id) do update set
             price_tenge = excluded.price_tenge, read_at = excluded.read_at, changed_at = excluded.read_at,
             opening_price_tenge = case when old.opening_date = excluded.opening_date
               then old.opening_price_tenge else excluded.opening_price_tenge end,
             opening_date = excluded.opening_date
           where old.price_tenge <> excluded.price_tenge
           returning product_id)
         select distinct p.sku from written join products p on p.id = written.product_id"
    );
    let new_day = format!(
        "update product_prices old set opening_price_tenge = row.price, opening_date = $6, read_at = $7
         from {rows}
         where old.product_id = p.id and old.city_id = row.city_id and old.opening_date is distinct from $6
           and {NO_PUSH}"
    );
    let gone = format!(
        "delete from product_prices old using products p
         where p.store_id = $1 and p.sku = any($2) and old.product_id = p.id and {NO_PUSH}
           and not exists (select from unnest($2, $3, $4) as row (sku, city_id, price)
             where row.sku = p.sku and row.city_id = old.city_id)"
    );
    let bound = |sql: String| {
        diesel::sql_query(sql)
            .bind::<Uuid, _>(reading.store_id)
            .bind::<Array<Text>, _>(skus.clone())
            .bind::<Array<Text>, _>(cities.clone())
            .bind::<Array<BigInt>, _>(prices.clone())
            .bind::<Timestamptz, _>(reading.started_at)
            .bind::<Date, _>(reading.today)
            .bind::<Timestamptz, _>(reading.now)
    };
    let repriced = bound(upsert).load(conn)?;
    bound(new_day).execute(conn)?;
    bound(gone).execute(conn)?;
    Ok(repriced)
}

/// The prices to keep of an offer: its city prices, and the base price for the main city.
fn city_prices<'a>(offer: &'a CabinetOffer, main_city_id: &'a str) -> Vec<(&'a str, Tenge)> {
    let mut prices: Vec<(&str, Tenge)> = offer
        .city_prices
        .iter()
        .map(|(city, price)| (city.as_str(), *price))
        .collect();
    if !prices.iter().any(|(city, _)| *city == main_city_id)
        && let Some(price) = offer.price
    {
        prices.push((main_city_id, price));
    }
    prices.sort_unstable();
    prices.dedup_by(|a, b| a.0 == b.0);
    prices
}

/// Archives the products that a complete pass did not show. Only after a complete pass.
///
/// # Errors
/// See [`StoreError`].
pub fn catalogue_archive_absent(
    conn: &mut PgConnection,
    store_id: StoreId,
    seen_skus: &[String],
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    Ok(diesel::sql_query(
        "update products p set archived_at = $3, on_sale = false, updated_at = $3
         where p.store_id = $1 and p.archived_at is null and p.sku is not null
           and not exists (select from unnest($2) as seen (sku) where seen.sku = p.sku)",
    )
    .bind::<Uuid, _>(store_id)
    .bind::<Array<Text>, _>(seen_skus)
    .bind::<Timestamptz, _>(now)
    .execute(conn)?)
}

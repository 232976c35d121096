//! Writing a catalogue as it is read: any number of rows in three statements. Never touches what belongs to
//! people: floor, ceiling, opt-in, lock.
//!
//! What a row does not tell stays as it is known (`coalesce`): an archived row with empty fields, or a field
//! that the marketplace leaves out one day, empties nothing. Rows that are as before are neither written nor
//! locked, so that an unchanged catalogue costs reading only. The big tables are looked up row by row, in `lateral`
//! subqueries that `offset 0` keeps whole: joined, the planner reads them from end to end for every page.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Bool, Date, Integer, Nullable, Text, Timestamptz, Uuid},
};

use super::StoreError;
use crate::domain::{ProductId, StoreId, Tenge, offer::CabinetOffer};

/// When and how rows were read.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The store.
    pub store_id: StoreId,
    /// City whose price stands for products without city prices.
    pub main_city_id: &'a str,
    /// Before the first of the rows was asked for: a push that was under way since then knows better.
    pub started_at: DateTime<Utc>,
    /// Now.
    pub now: DateTime<Utc>,
    /// The day in Almaty.
    pub today: NaiveDate,
}

/// The skus of what was changed, each once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatalogueChanges {
    /// New products.
    pub added: Vec<String>,
    /// Products of which something differs.
    pub changed: Vec<String>,
    /// Products that had been archived.
    pub restored: Vec<String>,
}

/// Lets one sync at a time write for a store, until the end of the transaction. Its statements are planned
/// anew each time: a plan that was made for an empty table, or for a page of ten, takes minutes for a first
/// catalogue of tens of thousands.
///
/// # Errors
/// See [`StoreError`].
pub fn catalogue_lock(conn: &mut PgConnection, store_id: StoreId) -> Result<(), StoreError> {
    diesel::sql_query(
        "select pg_advisory_xact_lock(hashtextextended($1, 0)),
           set_config('plan_cache_mode', 'force_custom_plan', true)",
    )
    .bind::<Text, _>(format!("catalogue:{store_id}"))
    .execute(conn)?;
    Ok(())
}

/// Writes rows; every sku at most once among them.
///
/// # Errors
/// See [`StoreError`].
pub fn catalogue_upsert(
    conn: &mut PgConnection,
    reading: Reading<'_>,
    offers: &[CabinetOffer],
) -> Result<CatalogueChanges, StoreError> {
    let mut changes = CatalogueChanges::default();
    if offers.is_empty() {
        return Ok(changes);
    }
    name_products(conn, reading, offers)?;
    for row in write_products(conn, reading, offers)? {
        match (row.known, row.was_archived) {
            (false, _) => changes.added.push(row.sku),
            (true, true) => changes.restored.push(row.sku),
            (true, false) => changes.changed.push(row.sku),
        }
    }
    let counted: std::collections::HashSet<&str> = changes
        .added
        .iter()
        .chain(&changes.restored)
        .chain(&changes.changed)
        .map(String::as_str)
        .collect();
    let repriced: Vec<String> = write_prices(conn, reading, offers)?
        .into_iter()
        .map(|row| row.sku)
        .filter(|sku| !counted.contains(sku.as_str()))
        .collect();
    changes.changed.extend(repriced);
    Ok(changes)
}

#[derive(QueryableByName)]
struct Written {
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Bool)]
    known: bool,
    #[diesel(sql_type = Bool)]
    was_archived: bool,
}

#[derive(QueryableByName)]
struct Sku {
    #[diesel(sql_type = Text)]
    sku: String,
}

/// The seller's article for products that came without one and are known by their offer id alone, as the predecessor
/// kept some. Only where both are the only ones of that id in the store; products with an article are never another's.
const NAMES: &str = "
    with row as materialized (
      select offer_id, min(sku) as sku from unnest($3, $4) as row (sku, offer_id) group by offer_id having count(*) = 1),
    nameless as materialized (
      select p.id, row.sku, row.offer_id from row cross join lateral (
        select (array_agg(p.id))[1] as id from products p
        where p.store_id = $1 and p.sku is null and p.kaspi_product_id = row.offer_id having count(*) = 1) p),
    -- Looks through the store's products, which it does only where there is something to name.
    named as materialized (
      select p.kaspi_product_id from products p
      where exists (select from nameless) and p.store_id = $1 and p.sku is not null
        and p.kaspi_product_id in (select offer_id from nameless)),
    held as materialized (
      select p.id, nameless.sku from products p join nameless on nameless.id = p.id
      where p.sku is null and nameless.offer_id not in (select kaspi_product_id from named)
      order by p.id for no key update of p)
    update products set sku = held.sku, updated_at = $2 from held
    where products.id = held.id
      and not exists (select from products other where other.store_id = $1 and other.sku = held.sku)";

fn name_products(
    conn: &mut PgConnection,
    reading: Reading<'_>,
    offers: &[CabinetOffer],
) -> Result<(), StoreError> {
    let named = offers
        .iter()
        .filter_map(|o| Some((o.sku.as_str(), o.offer_id.as_deref()?)));
    let (skus, offer_ids): (Vec<&str>, Vec<&str>) = named.unzip();
    diesel::sql_query(NAMES)
        .bind::<Uuid, _>(reading.store_id)
        .bind::<Timestamptz, _>(reading.now)
        .bind::<Array<Text>, _>(skus)
        .bind::<Array<Text>, _>(offer_ids)
        .execute(conn)?;
    Ok(())
}

/// Products that are new, were archived, or differ in anything that was told. A row without points keeps
/// stock, preorder days and availability image; a new product without a name is called by its sku.
const PRODUCTS: &str = "
    with told as materialized (
      select coalesce(p.id, row.id) as id, row.sku, p.id is not null as known,
        p.archived_at is not null as was_archived, new.*
      from unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        as row (id, sku, offer_id, card_id, name, brand, category, image_url, on_sale, stock, preorder_days, points)
      left join lateral (select p.* from products p where p.store_id = $1 and p.sku = row.sku offset 0) p on true
      cross join lateral (select coalesce(row.offer_id, p.kaspi_product_id, row.sku) as kaspi_product_id,
        coalesce(row.card_id, p.card_id) as card_id, coalesce(row.name, p.name, row.sku) as name,
        coalesce(row.brand, p.brand) as brand, coalesce(row.category, p.category) as category,
        coalesce(row.image_url, p.image_url) as image_url, row.on_sale,
        case when row.points is null then p.stock else row.stock end as stock,
        case when row.points is null then coalesce(p.preorder_days, 0) else row.preorder_days end as preorder_days,
        coalesce(row.points::jsonb, p.availabilities) as availabilities,
        case when row.points is null then p.availabilities_read_at else $2 end as availabilities_read_at) new
      where p.id is null or p.archived_at is not null
        or (p.kaspi_product_id, p.card_id, p.name, p.brand, p.category, p.image_url, p.on_sale, p.stock,
            p.preorder_days, p.availabilities)
          is distinct from (new.kaspi_product_id, new.card_id, new.name, new.brand, new.category, new.image_url,
            new.on_sale, new.stock, new.preorder_days, new.availabilities)),
    written as (
      insert into products (id, store_id, sku, kaspi_product_id, card_id, name, brand, category, image_url, on_sale,
        stock, preorder_days, availabilities, availabilities_read_at, created_at, updated_at)
      select id, $1, sku, kaspi_product_id, card_id, name, brand, category, image_url, on_sale, stock, preorder_days,
        availabilities, availabilities_read_at, $2, $2
      -- Whoever holds several products takes them by their keys.
      from told order by id
      on conflict (store_id, sku) where sku is not null do update set
        kaspi_product_id = excluded.kaspi_product_id, card_id = excluded.card_id, name = excluded.name,
        brand = excluded.brand, category = excluded.category, image_url = excluded.image_url,
        on_sale = excluded.on_sale, stock = excluded.stock, preorder_days = excluded.preorder_days,
        availabilities = excluded.availabilities, availabilities_read_at = excluded.availabilities_read_at,
        archived_at = null, updated_at = excluded.updated_at
      returning sku)
    select told.sku, told.known, told.was_archived from told join written on written.sku = told.sku";

fn write_products(
    conn: &mut PgConnection,
    reading: Reading<'_>,
    offers: &[CabinetOffer],
) -> Result<Vec<Written>, StoreError> {
    let text = |get: fn(&CabinetOffer) -> Option<&String>| -> Vec<Option<&str>> {
        offers
            .iter()
            .map(|offer| get(offer).map(String::as_str))
            .collect()
    };
    let points: Vec<Option<String>> = offers
        .iter()
        .map(|offer| {
            offer
                .availabilities
                .as_ref()
                .and_then(|image| serde_json::to_string(image).ok())
        })
        .collect();
    let stock = |offer: &CabinetOffer| offer.stock.map(|stock| i32::try_from(stock).unwrap_or(i32::MAX));
    Ok(diesel::sql_query(PRODUCTS)
        .bind::<Uuid, _>(reading.store_id)
        .bind::<Timestamptz, _>(reading.now)
        .bind::<Array<Uuid>, _>(offers.iter().map(|_| ProductId::new().0).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(offers.iter().map(|o| o.sku.as_str()).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(text(|o| o.offer_id.as_ref()))
        .bind::<Array<Nullable<Text>>, _>(text(|o| o.card_id.as_ref()))
        .bind::<Array<Nullable<Text>>, _>(text(|o| o.name.as_ref()))
        .bind::<Array<Nullable<Text>>, _>(text(|o| o.brand.as_ref()))
        .bind::<Array<Nullable<Text>>, _>(text(|o| o.category.as_ref()))
        .bind::<Array<Nullable<Text>>, _>(text(|o| o.image_url.as_ref()))
        .bind::<Array<Bool>, _>(offers.iter().map(|o| o.on_sale).collect::<Vec<_>>())
        .bind::<Array<Nullable<Integer>>, _>(offers.iter().map(stock).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(
            offers
                .iter()
                .map(|o| i32::from(o.preorder_days))
                .collect::<Vec<_>>(),
        )
        .bind::<Array<Nullable<Text>>, _>(points)
        .load(conn)?)
}

/// Prices per city: changed ones are written, the day's opening price is kept, and cities without a price are
/// dropped where the row told all its cities. Not for a product whose push is under way or ended while the
/// rows were being read, and not over a price that somebody wrote since then. Gives the skus whose price is
/// new.
const PRICES: &str = "
    with told as materialized (
      select p.id, whole.sku, whole.told_all
      from unnest($2, $3) as whole (sku, told_all)
      cross join lateral (select p.id from products p where p.store_id = $1 and p.sku = whole.sku offset 0) p
      cross join lateral (select exists (select from price_pushes push where push.product_id = p.id
        and (push.state in ('claimed', 'sent', 'accepted', 'unknown') or push.finished_at >= $7)) as under_way) push
      where not push.under_way),
    row as materialized (
      select told.id, row.city_id, row.price
      from unnest($4, $5, $6) as row (sku, city_id, price) join told on told.sku = row.sku),
    different as materialized (
      select row.*, old.price_tenge is distinct from row.price as repriced
      from row left join lateral (select old.price_tenge, old.opening_date from product_prices old
        where old.product_id = row.id and old.city_id = row.city_id offset 0) old on true
      where old.price_tenge is distinct from row.price or old.opening_date is distinct from $8),
    written as (
      insert into product_prices as old (product_id, city_id, price_tenge, opening_price_tenge, opening_date, read_at)
      select id, city_id, price, price, $8, $7 from different
      on conflict (product_id, city_id) do update set
        price_tenge = excluded.price_tenge, read_at = excluded.read_at,
        changed_at = case when old.price_tenge = excluded.price_tenge then old.changed_at else $9 end,
        opening_price_tenge = case when old.opening_date = excluded.opening_date
          then old.opening_price_tenge else excluded.opening_price_tenge end,
        opening_date = excluded.opening_date
      where old.read_at <= $7
      returning product_id, city_id),
    not_told as materialized (
      select told.id, old.city_id
      from told cross join lateral (select old.city_id from product_prices old
        where old.product_id = told.id and old.read_at <= $7 offset 0) old
      where told.told_all
        and not exists (select from row where row.id = told.id and row.city_id = old.city_id)),
    gone as (
      delete from product_prices old using not_told
      where old.product_id = not_told.id and old.city_id = not_told.city_id
      returning old.product_id)
    select distinct told.sku from told where told.id in (
      select written.product_id from written
      join different on different.id = written.product_id and different.city_id = written.city_id
      where different.repriced
      union all select product_id from gone)";

fn write_prices(
    conn: &mut PgConnection,
    reading: Reading<'_>,
    offers: &[CabinetOffer],
) -> Result<Vec<Sku>, StoreError> {
    let (mut skus, mut told_all) = (Vec::new(), Vec::new());
    let (mut price_skus, mut cities, mut prices) = (Vec::new(), Vec::new(), Vec::<i64>::new());
    for offer in offers {
        let told = told_prices(offer, reading.main_city_id);
        if told.is_empty() {
            continue;
        }
        skus.push(offer.sku.as_str());
        told_all.push(offer.city_prices.is_some());
        for (city, price) in told {
            price_skus.push(offer.sku.as_str());
            cities.push(city);
            prices.push(price.0);
        }
    }
    if skus.is_empty() {
        return Ok(Vec::new());
    }
    Ok(diesel::sql_query(PRICES)
        .bind::<Uuid, _>(reading.store_id)
        .bind::<Array<Text>, _>(skus)
        .bind::<Array<Bool>, _>(told_all)
        .bind::<Array<Text>, _>(price_skus)
        .bind::<Array<Text>, _>(cities)
        .bind::<Array<BigInt>, _>(prices)
        .bind::<Timestamptz, _>(reading.started_at)
        .bind::<Date, _>(reading.today)
        .bind::<Timestamptz, _>(reading.now)
        .load(conn)?)
}

/// The prices that a row tells: its city prices, and the base price for the main city. Empty: the row tells
/// no price at all, as archived ones do, and the known prices stay.
fn told_prices<'a>(offer: &'a CabinetOffer, main_city_id: &'a str) -> Vec<(&'a str, Tenge)> {
    let mut prices: Vec<(&str, Tenge)> = offer
        .city_prices
        .iter()
        .flatten()
        .map(|(city, price)| (city.as_str(), *price))
        .collect();
    if !prices.iter().any(|(city, _)| *city == main_city_id)
        && let Some(price) = offer.price
    {
        prices.push((main_city_id, price));
    }
    prices
}

/// Archives the products that the pages of a pass do not show, and tells their skus. Only after a complete
/// pass.
///
/// # Errors
/// See [`StoreError`].
pub fn catalogue_archive_absent(
    conn: &mut PgConnection,
    store_id: StoreId,
    now: DateTime<Utc>,
) -> Result<Vec<String>, StoreError> {
    let archived: Vec<Sku> = diesel::sql_query(
        // `not in`: hashed whatever the planner thinks of the number of rows. No sku of a page is null.
        "with absent as materialized (
           select p.id from products p
           where p.store_id = $1 and p.archived_at is null and p.sku is not null
             and p.sku not in (
               select entry.sku from sync_pages page, jsonb_array_elements_text(page.skus) as entry (sku)
               where page.store_id = $1)
           order by p.id for no key update)
         update products p set archived_at = $2, on_sale = false, updated_at = $2 from absent
         where p.id = absent.id
         returning p.sku",
    )
    .bind::<Uuid, _>(store_id)
    .bind::<Timestamptz, _>(now)
    .load(conn)?;
    Ok(archived.into_iter().map(|row| row.sku).collect())
}

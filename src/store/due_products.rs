//! The claim of products that are due: found by store in the order of their time, so that a claim costs what it
//! takes, however many products a store has and however many stores are switched off.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    prelude::*,
    sql_types::{self, Array, BigInt, Nullable, Timestamptz},
};

use super::{
    StoreError,
    products::{Product, ProductPrice},
    stores::Store,
    terms::LIMITED,
};
use crate::{
    domain::{ProductId, StoreId, UserId},
    schema::{product_prices, products, stores},
};

/// A worker that decides about a product holds it so long at most: what a dead one held is decided within a minute and
/// a half.
const CLAIM: TimeDelta = TimeDelta::seconds(75);

/// A product to decide about, with what the decision needs besides the market.
#[derive(Debug, Clone)]
pub struct DueProduct {
    /// The product.
    pub product: Product,
    /// Its price in the main city.
    pub price: ProductPrice,
    /// The store.
    pub store: Arc<Store>,
}

/// Whose turn it is: claims go round among the stores, so that no store waits for the backlog of another. Each process
/// goes round by itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoreTurn(Option<StoreId>);

/// Claims products that are due: of each store whose turn it is as many as of the others, the oldest first, and more
/// of them where the others have none. Rows that another worker is taking are passed over. Nothing is due without a
/// floor or a known cost, a card, a sku, a known price, or of a store that is off or not connected. With
/// `checked_before` everything that was not decided about since then is due.
///
/// # Errors
/// See [`StoreError`].
pub fn due_products_claim(
    conn: &mut PgConnection,
    turn: &mut StoreTurn,
    store_id: Option<StoreId>,
    checked_before: Option<DateTime<Utc>>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<DueProduct>, StoreError> {
    // A claim that a crash of the server loses is made again: nobody has to wait for the disk.
    diesel::sql_query("set local synchronous_commit = off").execute(conn)?;
    let due = Due { checked_before, now };
    let mut taken = Taken::default();
    match store_id {
        Some(store_id) => {
            due.take(conn, &[store_id], limit, &mut taken)?;
        }
        None => due.go_round(conn, turn, limit, &mut taken)?,
    }
    let Taken { mut products, prices } = taken;
    products.sort_unstable_by_key(|product| (product.next_check_at, product.id));
    with_store(conn, products, prices)
}

/// What the claim of one product came to.
#[derive(Debug)]
pub enum Claimed {
    /// To be decided about.
    Due(Box<DueProduct>),
    /// Another pass is at it.
    Busy,
    /// Not repriced at present: switched off, withdrawn, without limits, or of a store that is off or not connected.
    Excluded,
}

/// Claims one product whether it is due or not.
///
/// # Errors
/// See [`StoreError`].
pub fn due_product_claim(
    conn: &mut PgConnection,
    id: ProductId,
    now: DateTime<Utc>,
) -> Result<Claimed, StoreError> {
    let row: Option<(StoreId, Option<DateTime<Utc>>)> = products::table
        .find(id)
        .for_update()
        .select((products::store_id, products::claimed_until))
        .first(conn)
        .optional()?;
    let Some((store_id, claimed_until)) = row else {
        return Ok(Claimed::Excluded);
    };
    if claimed_until.is_some_and(|until| until >= now) {
        return Ok(Claimed::Busy);
    }
    if !is_candidate(conn, store_id, id)? {
        return Ok(Claimed::Excluded);
    }
    diesel::update(products::table.find(id))
        .set(products::claimed_until.eq(now + CLAIM))
        .execute(conn)?;
    let due = due_products_load(conn, &[id])?.pop();
    Ok(due.map_or(Claimed::Excluded, |due| Claimed::Due(Box::new(due))))
}

/// May the product be decided about at all?
fn is_candidate(conn: &mut PgConnection, store_id: StoreId, id: ProductId) -> Result<bool, StoreError> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = sql_types::Bool)]
        found: bool,
    }
    let found: Found = diesel::sql_query(format!(
        "select exists (select from stores join products on products.store_id = stores.id
           where products.id = $2 and stores.id = $1 and {REPRICED} and {LIMITED} and {PRICED} and {STORE_ON}) as found"
    ))
    .bind::<sql_types::Uuid, _>(store_id)
    .bind::<sql_types::Uuid, _>(id)
    .get_result(conn)?;
    Ok(found.found)
}

/// The robot may change its price.
const REPRICED: &str = "products.repricing_enabled and products.on_sale and products.archived_at is null
             and products.card_id is not null and products.sku is not null";
/// Its price in the main city is known.
const PRICED: &str = "exists (select from product_prices price
               where price.product_id = products.id and price.city_id = stores.main_city_id)";
/// Something is decided for its store.
const STORE_ON: &str =
    "stores.active and stores.repricing_mode <> 'off' and stores.session_state = 'connected'";

/// Stores looked at in one statement; twice as many in the next one, where these had too little.
const STORES_AT_ONCE: i64 = 16;

/// What is due.
#[derive(Clone, Copy)]
struct Due {
    checked_before: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
}

/// What a claim has come to so far.
#[derive(Default)]
struct Taken {
    products: Vec<Product>,
    prices: Vec<ProductPrice>,
}

impl Due {
    /// A condition on `products` of a row of `stores`; `$1` is the moment, `$2` that of `checked_before`.
    fn condition(&self) -> String {
        let due = match self.checked_before {
            None => "products.next_check_at <= $1",
            Some(_) => "(products.last_check_at is null or products.last_check_at < $2)",
        };
        format!(
            "products.store_id = stores.id and {REPRICED}
               and (products.claimed_until is null or products.claimed_until < $1) and {due} and {LIMITED}"
        )
    }

    /// Takes products of one store after the other, once around and of each store the same share; then more of those
    /// that have more.
    fn go_round(
        self,
        conn: &mut PgConnection,
        turn: &mut StoreTurn,
        limit: i64,
        taken: &mut Taken,
    ) -> Result<(), StoreError> {
        let mut more = Vec::new();
        let mut at_once = STORES_AT_ONCE;
        let start = turn.0;
        for (mut after, until) in [(start, None), (None, start)] {
            loop {
                let left = limit - length(&taken.products);
                let wanted = at_once.min(left);
                let stores = self.stores(conn, after, until, wanted)?;
                let Some(last) = stores.last().copied() else {
                    break;
                };
                (after, turn.0) = (Some(last), Some(last));
                let found = length(&stores);
                more.extend(self.take(conn, &stores, left / found.max(1), taken)?);
                if found < wanted || length(&taken.products) >= limit {
                    break;
                }
                at_once *= 2;
            }
            // Without a start that was all around already.
            if start.is_none() || length(&taken.products) >= limit {
                break;
            }
        }
        while length(&taken.products) < limit && !more.is_empty() {
            let left = limit - length(&taken.products);
            more.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            more = self.take(conn, &more, left / length(&more).max(1), taken)?;
        }
        Ok(())
    }

    /// The next stores that have anything, in the order of their keys.
    fn stores(
        self,
        conn: &mut PgConnection,
        after: Option<StoreId>,
        until: Option<StoreId>,
        count: i64,
    ) -> Result<Vec<StoreId>, StoreError> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = sql_types::Uuid)]
            id: StoreId,
        }
        let rows: Vec<Row> = diesel::sql_query(format!(
            "select stores.id from stores
             where ($3 is null or stores.id > $3) and ($4 is null or stores.id <= $4) and {STORE_ON}
               and exists (select from products where {} and {PRICED})
             order by stores.id limit $5",
            self.condition()
        ))
        .bind::<Timestamptz, _>(self.now)
        .bind::<Nullable<Timestamptz>, _>(self.checked_before)
        .bind::<Nullable<sql_types::Uuid>, _>(after)
        .bind::<Nullable<sql_types::Uuid>, _>(until)
        .bind::<BigInt, _>(count)
        .load(conn)?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// Claims so many products of each of these stores, but those that another worker has locked. Returns the stores
    /// that gave as many. Each store's are read in the order of its index and no further than needed; a join would
    /// let the planner read whole stores.
    fn take(
        self,
        conn: &mut PgConnection,
        stores: &[StoreId],
        share: i64,
        taken: &mut Taken,
    ) -> Result<Vec<StoreId>, StoreError> {
        let locked: Vec<ProductPrice> = diesel::sql_query(format!(
            "select due.* from unnest($3) as turn (id) join stores on stores.id = turn.id
             cross join lateral (
               select price.* from products
               join product_prices price on price.product_id = products.id and price.city_id = stores.main_city_id
               where {}
               order by products.next_check_at limit $4 for update of products skip locked) due
             where {STORE_ON}",
            self.condition()
        ))
        .bind::<Timestamptz, _>(self.now)
        .bind::<Nullable<Timestamptz>, _>(self.checked_before)
        .bind::<Array<sql_types::Uuid>, _>(stores.iter().map(|store| store.0).collect::<Vec<_>>())
        .bind::<BigInt, _>(share)
        .load(conn)?;
        let ids: Vec<ProductId> = locked.iter().map(|price| price.product_id).collect();
        let claimed: Vec<Product> = diesel::update(products::table.filter(products::id.eq_any(ids)))
            .set(products::claimed_until.eq(self.now + CLAIM))
            .returning(Product::as_returning())
            .get_results(conn)?;
        let mut given: BTreeMap<StoreId, i64> = BTreeMap::new();
        for product in &claimed {
            *given.entry(product.store_id).or_default() += 1;
        }
        taken.products.extend(claimed);
        taken.prices.extend(locked);
        Ok(given
            .into_iter()
            .filter(|(_, count)| *count >= share)
            .map(|(store, _)| store)
            .collect())
    }
}

fn length<T>(list: &[T]) -> i64 {
    i64::try_from(list.len()).unwrap_or(i64::MAX)
}

/// Products with their price and store, in the order in which they are due. Table by table, each by its key.
fn due_products_load(conn: &mut PgConnection, ids: &[ProductId]) -> Result<Vec<DueProduct>, StoreError> {
    let products: Vec<Product> = products::table
        .filter(products::id.eq_any(ids))
        .order((products::next_check_at, products::id))
        .select(Product::as_select())
        .load(conn)?;
    let prices = product_prices::table
        .filter(product_prices::product_id.eq_any(ids))
        .select(ProductPrice::as_select())
        .load(conn)?;
    with_store(conn, products, prices)
}

/// Products with their store and their price in its main city; those without one are left out.
fn with_store(
    conn: &mut PgConnection,
    products: Vec<Product>,
    prices: Vec<ProductPrice>,
) -> Result<Vec<DueProduct>, StoreError> {
    let store_ids: BTreeSet<StoreId> = products.iter().map(|product| product.store_id).collect();
    let stores: BTreeMap<StoreId, Arc<Store>> = stores::table
        .filter(stores::id.eq_any(store_ids))
        .select(Store::as_select())
        .load(conn)?
        .into_iter()
        .map(|store| (store.id, Arc::new(store)))
        .collect();
    let mut prices: HashMap<(ProductId, String), ProductPrice> = prices
        .into_iter()
        .map(|price| ((price.product_id, price.city_id.clone()), price))
        .collect();
    Ok(products
        .into_iter()
        .filter_map(|product| {
            let store = stores.get(&product.store_id)?.clone();
            let price = prices.remove(&(product.id, store.main_city_id.clone()))?;
            Some(DueProduct {
                product,
                price,
                store,
            })
        })
        .collect())
}

/// The products with which owners sell cards in a city by automatic prices: those of one owner must not compete.
///
/// # Errors
/// See [`StoreError`].
pub fn due_product_siblings(
    conn: &mut PgConnection,
    owners: &[UserId],
    card_ids: &[&str],
) -> Result<Vec<DueProduct>, StoreError> {
    let rows: Vec<(ProductId, UserId, Option<String>, String)> = products::table
        .inner_join(stores::table)
        .filter(products::card_id.eq_any(card_ids))
        .filter(stores::owner_id.eq_any(owners))
        .filter(stores::active)
        .filter(stores::repricing_mode.ne(crate::domain::RepricingMode::Off))
        .filter(products::repricing_enabled)
        .filter(products::on_sale)
        .filter(products::archived_at.is_null())
        .select((
            products::id,
            stores::owner_id,
            products::card_id,
            stores::main_city_id,
        ))
        .load(conn)?;
    let mut sharing: HashMap<_, Vec<ProductId>> = HashMap::new();
    for (id, owner, card, city) in rows {
        sharing.entry((owner, card, city)).or_default().push(id);
    }
    let ids: Vec<ProductId> = sharing
        .into_values()
        .filter(|ids| ids.len() > 1)
        .flatten()
        .collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    due_products_load(conn, &ids)
}

/// How the claim of a product ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// The product.
    pub id: ProductId,
    /// How often in a row it was alone on its card.
    pub alone_streak: i32,
}

/// Ends the claims of products that were decided about, or could not be; they are next due at `next_check_at`.
///
/// # Errors
/// See [`StoreError`].
pub fn due_product_release(
    conn: &mut PgConnection,
    releases: &[Release],
    next_check_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::sql_query(
        "update products set last_check_at = $3, next_check_at = $4, claimed_until = null,
           alone_streak = told.alone_streak
         from unnest($1, $2) as told (id, alone_streak) where products.id = told.id",
    )
    .bind::<Array<sql_types::Uuid>, _>(releases.iter().map(|r| r.id.0).collect::<Vec<_>>())
    .bind::<Array<sql_types::Integer>, _>(releases.iter().map(|r| r.alone_streak).collect::<Vec<_>>())
    .bind::<sql_types::Timestamptz, _>(now)
    .bind::<sql_types::Timestamptz, _>(next_check_at)
    .execute(conn)?;
    Ok(())
}

/// Gives claims back: nothing was decided about these products, they are due as before.
///
/// # Errors
/// See [`StoreError`].
pub fn due_product_give_back(conn: &mut PgConnection, ids: &[ProductId]) -> Result<(), StoreError> {
    diesel::update(products::table.filter(products::id.eq_any(ids)))
        .set(products::claimed_until.eq(None::<DateTime<Utc>>))
        .execute(conn)?;
    Ok(())
}

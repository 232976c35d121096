//! The claim of products that are due: found by store in the order of their time, so that a claim costs what it
//! takes, however many products a store has and however many stores are switched off.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    expression::SqlLiteral,
    prelude::*,
    sql_types::{self, Array, BigInt, Nullable, Timestamptz},
};
use uuid::Uuid;

use super::{
    StoreError,
    planned::planned,
    products::{Product, ProductPrice},
    stores::Store,
    terms::{LIMITED, limited},
};
use crate::{
    domain::{ProductId, StoreId, UserId},
    schema::{product_checks, product_prices, products, stores},
};

/// A worker that decides about a product holds it so long at most: what a dead one held is decided within a minute and
/// a half.
const CLAIM: TimeDelta = TimeDelta::seconds(75);
/// What has no limits or no known price is looked at again so much later, should nobody have told of a change.
const WITHOUT_LIMITS: TimeDelta = TimeDelta::minutes(10);

/// A product to decide about, with what the decision needs besides the market.
#[derive(Debug, Clone)]
pub struct DueProduct {
    /// The product.
    pub product: Product,
    /// Its price in the main city.
    pub price: ProductPrice,
    /// The store.
    pub store: Arc<Store>,
    /// Snapshots in a row in which nobody else sold the card.
    pub alone_streak: i32,
    /// Since when it is due.
    pub due_at: DateTime<Utc>,
}

/// Whose turn it is: claims go round among the stores, so that no store waits for the backlog of another. Each process
/// goes round by itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoreTurn(Option<StoreId>);

/// A claimed product: nobody else decides about it until the claim ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Claim {
    /// The product.
    #[diesel(sql_type = sql_types::Uuid)]
    pub product_id: ProductId,
    /// Its store.
    #[diesel(sql_type = sql_types::Uuid)]
    pub store_id: StoreId,
    /// Since when it is due.
    #[diesel(sql_type = Timestamptz)]
    pub due_at: DateTime<Utc>,
}

/// Claims products that are due: of each store whose turn it is as many as of the others, the oldest first, and more
/// of them where the others have none. Rows that another worker is taking are passed over. Nothing is due without a
/// card or a sku, or of a store that is off or not connected. With `checked_before` everything that was not decided
/// about since then is due, but for what has no limits or no known price. [`due_products_load`] reads what was claimed.
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
) -> Result<Vec<Claim>, StoreError> {
    // A claim that a crash of the server loses is made again: nobody has to wait for the disk. And no store's checks
    // are read whole, or to be sorted, whatever the planner knows of the table.
    planned(
        "select set_config(name, 'off', true) from unnest(array['synchronous_commit', 'enable_seqscan',
           'enable_hashjoin', 'enable_mergejoin', 'enable_bitmapscan', 'enable_sort', 'jit']) as setting (name)",
    )
    .execute(conn)?;
    let due = Due { checked_before, now };
    let mut claims = Vec::new();
    match store_id {
        Some(store_id) => {
            due.take(conn, &[store_id], limit, &mut claims)?;
        }
        None => due.go_round(conn, turn, limit, &mut claims)?,
    }
    claims.sort_unstable_by_key(|claim| (claim.due_at, claim.product_id));
    Ok(claims)
}

/// The claimed products, the oldest first. The claim of what has no floor and no known cost, or no known price, ends
/// here: nothing can be decided about it.
///
/// # Errors
/// See [`StoreError`].
pub fn due_products_load(
    conn: &mut PgConnection,
    claims: &[Claim],
    now: DateTime<Utc>,
) -> Result<Vec<DueProduct>, StoreError> {
    let ids: Vec<ProductId> = claims.iter().map(|claim| claim.product_id).collect();
    let due = load(conn, &ids, Some(limited()))?;
    let loaded: HashSet<ProductId> = due.iter().map(|due| due.product.id).collect();
    let left_out: Vec<ProductId> = ids.into_iter().filter(|id| !loaded.contains(id)).collect();
    if !left_out.is_empty() {
        diesel::update(product_checks::table.filter(product_checks::product_id.eq_any(left_out)))
            .set((
                product_checks::claimed_until.eq(None::<DateTime<Utc>>),
                product_checks::next_check_at.eq(now + WITHOUT_LIMITS),
            ))
            .execute(conn)?;
    }
    Ok(due)
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
    let claimed_until: Option<Option<DateTime<Utc>>> = product_checks::table
        .find(id)
        .for_update()
        .select(product_checks::claimed_until)
        .first(conn)
        .optional()?;
    let Some(claimed_until) = claimed_until else {
        return Ok(Claimed::Excluded);
    };
    if claimed_until.is_some_and(|until| until >= now) {
        return Ok(Claimed::Busy);
    }
    if !is_candidate(conn, id)? {
        return Ok(Claimed::Excluded);
    }
    diesel::update(product_checks::table.find(id))
        .set(product_checks::claimed_until.eq(now + CLAIM))
        .execute(conn)?;
    let due = load(conn, &[id], None)?.pop();
    Ok(due.map_or(Claimed::Excluded, |due| Claimed::Due(Box::new(due))))
}

/// May the product be decided about at all?
fn is_candidate(conn: &mut PgConnection, id: ProductId) -> Result<bool, StoreError> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = sql_types::Bool)]
        found: bool,
    }
    let found: Found = diesel::sql_query(format!(
        "select exists (select from product_checks due join stores on stores.id = due.store_id
           where due.product_id = $1 and due.repriced and {} and {STORE_ON}) as found",
        decidable()
    ))
    .bind::<sql_types::Uuid, _>(id)
    .get_result(conn)?;
    Ok(found.found)
}

/// Something can be decided about the product of `due`: its price in the main city is known, and a floor or its cost.
fn decidable() -> String {
    format!(
        "exists (select from products join product_prices price
           on price.product_id = products.id and price.city_id = stores.main_city_id
           where products.id = due.product_id and {LIMITED})"
    )
}

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

impl Due {
    /// A condition on `due`, a row of `product_checks`, and `stores`; `$1` is the moment, `$2` that of
    /// `checked_before`.
    fn condition(&self) -> String {
        let due = match self.checked_before {
            None => "due.next_check_at <= $1".to_owned(),
            Some(_) => format!(
                "(due.last_check_at is null or due.last_check_at < $2) and {}",
                decidable()
            ),
        };
        format!(
            "due.store_id = stores.id and due.repriced and (due.claimed_until is null or due.claimed_until < $1)
               and {due}"
        )
    }

    /// Takes products of one store after the other, once around and of each store the same share; then more of those
    /// that have more.
    fn go_round(
        self,
        conn: &mut PgConnection,
        turn: &mut StoreTurn,
        limit: i64,
        taken: &mut Vec<Claim>,
    ) -> Result<(), StoreError> {
        let mut more = Vec::new();
        let (mut at_once, mut enough) = (STORES_AT_ONCE, limit);
        let start = turn.0;
        for (mut after, until) in [(start, None), (None, start)] {
            loop {
                let left = limit - length(taken);
                let wanted = at_once.min(left);
                let stores = self.stores(conn, after, until, wanted)?;
                let Some(last) = stores.last().copied() else {
                    break;
                };
                (after, turn.0) = (Some(last), Some(last));
                let found = length(&stores);
                more.extend(self.take(conn, &stores, left / found.max(1), taken)?);
                // What is less than one for each of so many stores is not worth another round.
                enough = limit - found.min(limit / STORES_AT_ONCE);
                if found < wanted || length(taken) >= enough {
                    break;
                }
                at_once *= 2;
            }
            // Without a start that was all around already.
            if start.is_none() || length(taken) >= enough {
                break;
            }
        }
        while length(taken) < enough && !more.is_empty() {
            let left = limit - length(taken);
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
        let rows: Vec<Row> = planned(format!(
            "select stores.id from stores
             where stores.id > $3 and stores.id <= $4 and {STORE_ON}
               and exists (select from product_checks due where {})
             order by stores.id limit $5",
            self.condition()
        ))
        .bind::<Timestamptz, _>(self.now)
        .bind::<Nullable<Timestamptz>, _>(self.checked_before)
        .bind::<sql_types::Uuid, _>(after.map_or(Uuid::nil(), |store| store.0))
        .bind::<sql_types::Uuid, _>(until.map_or(Uuid::max(), |store| store.0))
        .bind::<BigInt, _>(count)
        .load(conn)?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// Claims so many products of each of these stores, but those that another worker has locked. Returns the stores
    /// that gave as many. Each store's are read in the order of its index and no further than needed; a join would
    /// let the planner read whole stores. The locked rows are written where they stand, without another search by key.
    fn take(
        self,
        conn: &mut PgConnection,
        stores: &[StoreId],
        share: i64,
        taken: &mut Vec<Claim>,
    ) -> Result<Vec<StoreId>, StoreError> {
        let claimed: Vec<Claim> = planned(format!(
            "with taken as materialized (
               select due.ctid from unnest($3) as turn (id) join stores on stores.id = turn.id
               cross join lateral (
                 select due.ctid from product_checks due where {}
                 order by due.next_check_at limit $4 for update of due skip locked) due
               where {STORE_ON})
             update product_checks set claimed_until = $5
             where ctid = any(array(select ctid from taken))
             returning product_id, store_id, next_check_at as due_at",
            self.condition()
        ))
        .bind::<Timestamptz, _>(self.now)
        .bind::<Nullable<Timestamptz>, _>(self.checked_before)
        .bind::<Array<sql_types::Uuid>, _>(stores.iter().map(|store| store.0).collect::<Vec<_>>())
        .bind::<BigInt, _>(share)
        .bind::<Timestamptz, _>(self.now + CLAIM)
        .load(conn)?;
        let mut given: BTreeMap<StoreId, i64> = BTreeMap::new();
        for claim in &claimed {
            *given.entry(claim.store_id).or_default() += 1;
        }
        taken.extend(claimed);
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

/// Products with their price in the store's main city and their store, in the order in which they are due; those
/// without a price, or that do not meet the condition, are left out. Table by table, each by its key.
fn load(
    conn: &mut PgConnection,
    ids: &[ProductId],
    condition: Option<SqlLiteral<sql_types::Bool>>,
) -> Result<Vec<DueProduct>, StoreError> {
    let mut query = products::table
        .inner_join(product_checks::table)
        .filter(products::id.eq_any(ids))
        .order((product_checks::next_check_at, products::id))
        .select((
            Product::as_select(),
            product_checks::alone_streak,
            product_checks::next_check_at,
        ))
        .into_boxed();
    if let Some(condition) = condition {
        query = query.filter(condition);
    }
    let rows: Vec<(Product, i32, DateTime<Utc>)> = query.load(conn)?;
    let store_ids: BTreeSet<StoreId> = rows.iter().map(|(product, ..)| product.store_id).collect();
    let stores: BTreeMap<StoreId, Arc<Store>> = stores::table
        .filter(stores::id.eq_any(store_ids))
        .select(Store::as_select())
        .load(conn)?
        .into_iter()
        .map(|store| (store.id, Arc::new(store)))
        .collect();
    let mut prices: HashMap<(ProductId, String), ProductPrice> = product_prices::table
        .filter(product_prices::product_id.eq_any(ids))
        .select(ProductPrice::as_select())
        .load(conn)?
        .into_iter()
        .map(|price| ((price.product_id, price.city_id.clone()), price))
        .collect();
    Ok(rows
        .into_iter()
        .filter_map(|(product, alone_streak, due_at)| {
            let store = stores.get(&product.store_id)?.clone();
            let price = prices.remove(&(product.id, store.main_city_id.clone()))?;
            Some(DueProduct {
                product,
                price,
                store,
                alone_streak,
                due_at,
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
    load(conn, &ids, None)
}

/// How the claim of a product ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// The product.
    pub id: ProductId,
    /// How often in a row it was alone on its card.
    pub alone_streak: i32,
    /// Since when it was due as it was claimed.
    pub due_at: DateTime<Utc>,
}

/// Ends the claims of products that were decided about, or could not be; they are next due at `next_check_at`, or as
/// somebody has told since they were claimed: what was changed meanwhile is decided about at once.
///
/// # Errors
/// See [`StoreError`].
pub fn due_product_release(
    conn: &mut PgConnection,
    releases: &[Release],
    next_check_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    planned(
        "update product_checks due set last_check_at = $4, claimed_until = null, alone_streak = told.alone_streak,
           next_check_at = case when due.next_check_at = told.due_at then $5 else due.next_check_at end
         from unnest($1, $2, $3) as told (id, alone_streak, due_at) where due.product_id = told.id",
    )
    .bind::<Array<sql_types::Uuid>, _>(releases.iter().map(|r| r.id.0).collect::<Vec<_>>())
    .bind::<Array<sql_types::Integer>, _>(releases.iter().map(|r| r.alone_streak).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(releases.iter().map(|r| r.due_at).collect::<Vec<_>>())
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(next_check_at)
    .execute(conn)?;
    Ok(())
}

/// Gives claims back: nothing was decided about these products, they are due as before.
///
/// # Errors
/// See [`StoreError`].
pub fn due_product_give_back(conn: &mut PgConnection, ids: &[ProductId]) -> Result<(), StoreError> {
    diesel::update(product_checks::table.filter(product_checks::product_id.eq_any(ids)))
        .set(product_checks::claimed_until.eq(None::<DateTime<Utc>>))
        .execute(conn)?;
    Ok(())
}

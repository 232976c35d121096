//! Decisions of the repricing loop, kept whole so that each can be explained and replayed; and the claim of
//! products that are due.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use serde_json::Value;

use super::{StoreError, products::Product, stores::store_ids_of, terms::limited};
use crate::{
    domain::{DecisionId, Outcome, ProductId, StoreId, Tenant, Tenge, UserId},
    schema::{price_decisions, product_prices, products, stores},
};

/// One answer of the deciding function, with its whole input.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = price_decisions, check_for_backend(Pg))]
pub struct StoredDecision {
    /// Key.
    pub id: DecisionId,
    /// The store.
    pub store_id: StoreId,
    /// The product.
    pub product_id: ProductId,
    /// The city.
    pub city_id: String,
    /// When; the last time, where the same was decided again and again.
    pub decided_at: DateTime<Utc>,
    /// Version of the deciding function.
    pub decision_version: i32,
    /// The answer.
    pub outcome: Outcome,
    /// Price at that time.
    pub current_tenge: Tenge,
    /// The new price of a change.
    pub price_tenge: Option<Tenge>,
    /// What the strategy wanted.
    pub target_tenge: Option<Tenge>,
    /// Place among the competitors.
    pub place: Option<i32>,
    /// Number of competitors.
    pub competitors: Option<i32>,
    /// Price of the cheapest competitor.
    pub best_rival_tenge: Option<Tenge>,
    /// List of `{"code", "params"}`.
    pub reasons: Value,
    /// List of words.
    pub flags: Value,
    /// The whole `domain::pricing::Input`.
    pub input: Value,
    /// Only explained, not sent.
    pub shadow: bool,
}

/// The newest decision about a product in a city.
///
/// # Errors
/// See [`StoreError`].
pub fn decision_fetch_newest(
    conn: &mut PgConnection,
    product_id: ProductId,
    city_id: &str,
) -> Result<Option<StoredDecision>, StoreError> {
    Ok(price_decisions::table
        .filter(price_decisions::product_id.eq(product_id))
        .filter(price_decisions::city_id.eq(city_id))
        .order((price_decisions::decided_at.desc(), price_decisions::id.desc()))
        .select(StoredDecision::as_select())
        .first(conn)
        .optional()?)
}

/// The newest decision of each of these products, in any city.
///
/// # Errors
/// See [`StoreError`].
pub fn decision_list_newest(
    conn: &mut PgConnection,
    product_ids: &[ProductId],
) -> Result<Vec<StoredDecision>, StoreError> {
    Ok(price_decisions::table
        .filter(price_decisions::product_id.eq_any(product_ids))
        .distinct_on(price_decisions::product_id)
        .order((price_decisions::product_id, price_decisions::decided_at.desc()))
        .select(StoredDecision::as_select())
        .load(conn)?)
}

/// The last decisions of a tenant with the products' names; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn decision_list(
    conn: &mut PgConnection,
    tenant: Tenant,
    product_id: Option<ProductId>,
    limit: i64,
) -> Result<Vec<(StoredDecision, String)>, StoreError> {
    let mut query = price_decisions::table.inner_join(products::table).into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(price_decisions::store_id.eq_any(store_ids_of(user)));
    }
    if let Some(product_id) = product_id {
        query = query.filter(price_decisions::product_id.eq(product_id));
    }
    Ok(query
        .order((price_decisions::decided_at.desc(), price_decisions::id.desc()))
        .limit(limit.clamp(1, 200))
        .select((StoredDecision::as_select(), products::name))
        .load(conn)?)
}

/// Keeps a decision. The same answer as last time, without a change, only gets a later time and the newer
/// input: a quiet product must not fill the table.
///
/// # Errors
/// See [`StoreError`].
pub fn decision_record(conn: &mut PgConnection, decision: &StoredDecision) -> Result<DecisionId, StoreError> {
    let last = decision_fetch_newest(conn, decision.product_id, &decision.city_id)?;
    let codes = |reasons: &Value| -> Vec<Value> {
        reasons
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|r| r.get("code").cloned())
            .collect()
    };
    if let Some(last) = last.filter(|last| {
        decision.outcome != Outcome::Change
            && last.outcome == decision.outcome
            && last.current_tenge == decision.current_tenge
            && last.decision_version == decision.decision_version
            && last.shadow == decision.shadow
            && codes(&last.reasons) == codes(&decision.reasons)
    }) {
        diesel::update(price_decisions::table.find(last.id))
            .set((
                price_decisions::decided_at.eq(decision.decided_at),
                price_decisions::reasons.eq(&decision.reasons),
                price_decisions::flags.eq(&decision.flags),
                price_decisions::input.eq(&decision.input),
                price_decisions::place.eq(decision.place),
                price_decisions::competitors.eq(decision.competitors),
                price_decisions::best_rival_tenge.eq(decision.best_rival_tenge),
                price_decisions::target_tenge.eq(decision.target_tenge),
            ))
            .execute(conn)?;
        return Ok(last.id);
    }
    diesel::insert_into(price_decisions::table)
        .values(decision)
        .execute(conn)?;
    Ok(decision.id)
}

/// A product to decide about, with what the decision needs besides the market.
#[derive(Debug, Clone)]
pub struct DueProduct {
    /// The product.
    pub product: Product,
    /// Its price in the main city.
    pub price: super::products::ProductPrice,
    /// The store.
    pub store: super::stores::Store,
}

/// Claims products that are due, oldest first: rows that another worker is taking are passed over. Nothing is
/// due without a floor or a known cost, a card, a sku, a known price, or of a store that is off or not connected. With
/// `checked_before` everything that was not decided about since then is due.
///
/// # Errors
/// See [`StoreError`].
pub fn due_products_claim(
    conn: &mut PgConnection,
    store_id: Option<StoreId>,
    checked_before: Option<DateTime<Utc>>,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<DueProduct>, StoreError> {
    let mut query = products::table
        .inner_join(stores::table)
        .inner_join(
            product_prices::table.on(product_prices::product_id
                .eq(products::id)
                .and(product_prices::city_id.eq(stores::main_city_id))),
        )
        .filter(stores::active)
        .filter(stores::repricing_mode.ne(crate::domain::RepricingMode::Off))
        .filter(stores::session_state.eq(crate::domain::SessionState::Connected))
        .filter(products::repricing_enabled)
        .filter(products::on_sale)
        .filter(products::archived_at.is_null())
        .filter(limited())
        .filter(products::card_id.is_not_null())
        .filter(products::sku.is_not_null())
        .filter(
            products::claimed_until
                .is_null()
                .or(products::claimed_until.lt(now)),
        )
        .into_boxed();
    query = match checked_before {
        None => query.filter(products::next_check_at.le(now)),
        Some(at) => query.filter(
            products::last_check_at
                .is_null()
                .or(products::last_check_at.lt(at)),
        ),
    };
    if let Some(store_id) = store_id {
        query = query.filter(products::store_id.eq(store_id));
    }
    let candidates: Vec<ProductId> = query
        .order((products::next_check_at, products::id))
        .limit(limit)
        .select(products::id)
        .load(conn)?;
    let claimed: Vec<ProductId> = products::table
        .filter(products::id.eq_any(&candidates))
        .filter(
            products::claimed_until
                .is_null()
                .or(products::claimed_until.lt(now)),
        )
        .order(products::id)
        .for_update()
        .skip_locked()
        .select(products::id)
        .load(conn)?;
    diesel::update(products::table.filter(products::id.eq_any(&claimed)))
        .set(products::claimed_until.eq(now + chrono::TimeDelta::minutes(2)))
        .execute(conn)?;
    due_products_load(conn, &claimed)
}

/// Products with their price and store, in the order in which they are due.
fn due_products_load(conn: &mut PgConnection, ids: &[ProductId]) -> Result<Vec<DueProduct>, StoreError> {
    let rows = products::table
        .inner_join(stores::table)
        .inner_join(
            product_prices::table.on(product_prices::product_id
                .eq(products::id)
                .and(product_prices::city_id.eq(stores::main_city_id))),
        )
        .filter(products::id.eq_any(ids))
        .order((products::next_check_at, products::id))
        .select((
            Product::as_select(),
            super::products::ProductPrice::as_select(),
            super::stores::Store::as_select(),
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(product, price, store)| DueProduct {
            product,
            price,
            store,
        })
        .collect())
}

/// The products with which the stores of one owner sell a card in a city by automatic prices, this one
/// included: they must not compete.
///
/// # Errors
/// See [`StoreError`].
pub fn due_product_siblings(
    conn: &mut PgConnection,
    owner: UserId,
    card_id: &str,
    city_id: &str,
) -> Result<Vec<DueProduct>, StoreError> {
    let ids: Vec<ProductId> = products::table
        .inner_join(stores::table)
        .filter(stores::owner_id.eq(owner))
        .filter(stores::main_city_id.eq(city_id))
        .filter(stores::active)
        .filter(stores::repricing_mode.ne(crate::domain::RepricingMode::Off))
        .filter(products::card_id.eq(card_id))
        .filter(products::repricing_enabled)
        .filter(products::on_sale)
        .filter(products::archived_at.is_null())
        .select(products::id)
        .load(conn)?;
    due_products_load(conn, &ids)
}

/// Ends the claim of a product: when it was decided about, when it is next due, and how long it is alone.
///
/// # Errors
/// See [`StoreError`].
pub fn due_product_release(
    conn: &mut PgConnection,
    id: ProductId,
    alone_streak: i32,
    next_check_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(products::table.find(id))
        .set((
            products::last_check_at.eq(now),
            products::next_check_at.eq(next_check_at),
            products::claimed_until.eq(None::<DateTime<Utc>>),
            products::alone_streak.eq(alone_streak),
        ))
        .execute(conn)?;
    Ok(())
}

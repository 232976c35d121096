//! Decisions of the repricing loop, kept whole so that each can be explained and replayed.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{self, Array},
};
use serde_json::Value;
use uuid::Uuid;

use super::{StoreError, stores::store_ids_of};
use crate::{
    domain::{DecisionId, Outcome, ProductId, StoreId, Tenant, Tenge},
    schema::{price_decisions, products},
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
    #[derive(QueryableByName)]
    struct Newest {
        #[diesel(sql_type = sql_types::Uuid)]
        id: DecisionId,
    }
    // A product has thousands of decisions after a while: only the first of its index is read.
    let newest: Vec<Newest> = diesel::sql_query(
        "select newest.id from unnest($1) as product (id)
         cross join lateral (select d.id from price_decisions d where d.product_id = product.id
           order by d.decided_at desc, d.id desc limit 1) newest",
    )
    .bind::<Array<sql_types::Uuid>, _>(uuids(product_ids))
    .load(conn)?;
    let ids: Vec<DecisionId> = newest.into_iter().map(|row| row.id).collect();
    Ok(price_decisions::table
        .filter(price_decisions::id.eq_any(ids))
        .select(StoredDecision::as_select())
        .load(conn)?)
}

/// In how many nights from `since` on, days of Almaty before `today`, a reason of this code came with a change of
/// these products' prices. Products without any are left out.
///
/// # Errors
/// See [`StoreError`].
pub fn decision_count_nights(
    conn: &mut PgConnection,
    product_ids: &[ProductId],
    code: &str,
    since: DateTime<Utc>,
    today: NaiveDate,
) -> Result<HashMap<ProductId, i64>, StoreError> {
    #[derive(QueryableByName)]
    struct Nights {
        #[diesel(sql_type = sql_types::Uuid)]
        product_id: ProductId,
        #[diesel(sql_type = sql_types::BigInt)]
        nights: i64,
    }
    let rows: Vec<Nights> = diesel::sql_query(
        "select product_id, count(distinct (decided_at at time zone 'Asia/Almaty')::date) as nights
         from price_decisions
         where product_id = any($1) and decided_at >= $3 and outcome = 'change'
           and reasons @> jsonb_build_array(jsonb_build_object('code', $2))
           and (decided_at at time zone 'Asia/Almaty')::date < $4
         group by product_id",
    )
    .bind::<Array<sql_types::Uuid>, _>(uuids(product_ids))
    .bind::<sql_types::Text, _>(code)
    .bind::<sql_types::Timestamptz, _>(since)
    .bind::<sql_types::Date, _>(today)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.product_id, row.nights)).collect())
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

/// Keeps decisions, one about each product. The same answer as last time, without a change, only gets a later time
/// and the newer input: a quiet product must not fill the table. Returns the keys under which they are kept, in
/// the same order.
///
/// # Errors
/// See [`StoreError`].
pub fn decision_record(
    conn: &mut PgConnection,
    decisions: &[StoredDecision],
) -> Result<Vec<DecisionId>, StoreError> {
    let last = decisions_last(conn, decisions)?;
    let (mut ids, mut fresh, mut again) = (Vec::with_capacity(decisions.len()), Vec::new(), Vec::new());
    for decision in decisions {
        match last
            .get(&decision.product_id)
            .filter(|last| last.says_the_same(decision))
        {
            Some(last) => {
                ids.push(last.id);
                again.push((last.id, decision));
            }
            None => {
                ids.push(decision.id);
                fresh.push(decision);
            }
        }
    }
    decisions_renew(conn, &again)?;
    if !fresh.is_empty() {
        diesel::insert_into(price_decisions::table)
            .values(fresh)
            .execute(conn)?;
    }
    Ok(ids)
}

/// The newest decision about a product, as far as the next one is compared with it.
#[derive(QueryableByName)]
struct LastDecision {
    #[diesel(sql_type = sql_types::Uuid)]
    id: DecisionId,
    #[diesel(sql_type = sql_types::Uuid)]
    product_id: ProductId,
    #[diesel(sql_type = sql_types::Text)]
    outcome: Outcome,
    #[diesel(sql_type = sql_types::BigInt)]
    current_tenge: Tenge,
    #[diesel(sql_type = sql_types::Integer)]
    decision_version: i32,
    #[diesel(sql_type = sql_types::Bool)]
    shadow: bool,
    #[diesel(sql_type = sql_types::Jsonb)]
    reasons: Value,
}

impl LastDecision {
    fn says_the_same(&self, decision: &StoredDecision) -> bool {
        fn codes(reasons: &Value) -> impl Iterator<Item = &Value> {
            let reasons = reasons.as_array().into_iter().flatten();
            reasons.filter_map(|reason| reason.get("code"))
        }
        decision.outcome != Outcome::Change
            && self.outcome == decision.outcome
            && self.current_tenge == decision.current_tenge
            && self.decision_version == decision.decision_version
            && self.shadow == decision.shadow
            && codes(&self.reasons).eq(codes(&decision.reasons))
    }
}

fn decisions_last(
    conn: &mut PgConnection,
    decisions: &[StoredDecision],
) -> Result<HashMap<ProductId, LastDecision>, StoreError> {
    let rows: Vec<LastDecision> = diesel::sql_query(
        "select last.* from unnest($1, $2) as told (product_id, city_id)
         cross join lateral (
           select d.id, d.product_id, d.outcome, d.current_tenge, d.decision_version, d.shadow, d.reasons
           from price_decisions d where d.product_id = told.product_id and d.city_id = told.city_id
           order by d.decided_at desc, d.id desc limit 1) last",
    )
    .bind::<Array<sql_types::Uuid>, _>(decisions.iter().map(|d| d.product_id.0).collect::<Vec<_>>())
    .bind::<Array<sql_types::Text>, _>(decisions.iter().map(|d| &*d.city_id).collect::<Vec<_>>())
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.product_id, row)).collect())
}

/// The same was decided again: time, input and the numbers of the reasons are the newer ones.
fn decisions_renew(
    conn: &mut PgConnection,
    again: &[(DecisionId, &StoredDecision)],
) -> Result<(), StoreError> {
    if again.is_empty() {
        return Ok(());
    }
    let json = |get: fn(&StoredDecision) -> &Value| -> Vec<String> {
        again
            .iter()
            .map(|(_, decision)| get(decision).to_string())
            .collect()
    };
    let tenge = |get: fn(&StoredDecision) -> Option<Tenge>| -> Vec<Option<i64>> {
        again
            .iter()
            .map(|(_, decision)| get(decision).map(|price| price.0))
            .collect()
    };
    let number = |get: fn(&StoredDecision) -> Option<i32>| -> Vec<Option<i32>> {
        again.iter().map(|(_, decision)| get(decision)).collect()
    };
    diesel::sql_query(
        "update price_decisions set decided_at = told.decided_at, reasons = told.reasons::jsonb,
           flags = told.flags::jsonb, input = told.input::jsonb, place = told.place, competitors = told.competitors,
           best_rival_tenge = told.best_rival, target_tenge = told.target
         from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
           as told (id, decided_at, reasons, flags, input, place, competitors, best_rival, target)
         where price_decisions.id = told.id",
    )
    .bind::<Array<sql_types::Uuid>, _>(again.iter().map(|(id, _)| id.0).collect::<Vec<_>>())
    .bind::<Array<sql_types::Timestamptz>, _>(again.iter().map(|(_, d)| d.decided_at).collect::<Vec<_>>())
    .bind::<Array<sql_types::Text>, _>(json(|d| &d.reasons))
    .bind::<Array<sql_types::Text>, _>(json(|d| &d.flags))
    .bind::<Array<sql_types::Text>, _>(json(|d| &d.input))
    .bind::<Array<sql_types::Nullable<sql_types::Integer>>, _>(number(|d| d.place))
    .bind::<Array<sql_types::Nullable<sql_types::Integer>>, _>(number(|d| d.competitors))
    .bind::<Array<sql_types::Nullable<sql_types::BigInt>>, _>(tenge(|d| d.best_rival_tenge))
    .bind::<Array<sql_types::Nullable<sql_types::BigInt>>, _>(tenge(|d| d.target_tenge))
    .execute(conn)?;
    Ok(())
}

fn uuids(ids: &[ProductId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.0).collect()
}

//! One pass of the repricing loop: claim due products, read each card, decide, and write decision, audit row
//! and intended push in one transaction. Sending is `push_prices`' business.

mod input;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt, stream};
use serde_json::json;

use super::sync_products::sync_after_pass;
use crate::{
    domain::{
        Actor, DecisionId, Outcome, PushOrigin, RepricingMode, StoreId, Tenge,
        pricing::{self, Decision, Input},
    },
    services::Services,
    store::{
        PgConnection, StoreError,
        audit::{AuditEntry, audit_insert},
        decisions::{DueProduct, StoredDecision, decision_record, due_product_release, due_products_claim},
        market::market_record,
        products::product_prices_list,
        pushes::{NewPush, push_in_flight, push_insert},
    },
    telemetry::chain,
};

/// What to look at.
#[derive(Debug, Clone, Copy)]
pub struct Pass {
    /// Only this store.
    pub store_id: Option<StoreId>,
    /// Not what is due, but all that was not decided about since then.
    pub checked_before: Option<DateTime<Utc>>,
    /// Decide and explain, plan nothing.
    pub dry_run: bool,
    /// Products at most.
    pub limit: i64,
}

/// What came of a pass.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct PassSummary {
    /// Products decided about.
    pub checked: u64,
    /// Prices planned (or, in shadow and dry runs, that would have been).
    pub changed: u64,
    /// Already right.
    pub kept: u64,
    /// Held or refused, by the last code of the reasons.
    pub held: BTreeMap<String, u64>,
    /// Products without a decision: a fault of database or program.
    pub failed: u64,
    /// Syncs asked for afterwards.
    pub syncs: u64,
}

impl PassSummary {
    /// Adds another summary.
    pub fn add(&mut self, other: Self) {
        self.checked += other.checked;
        self.changed += other.changed;
        self.kept += other.kept;
        self.failed += other.failed;
        self.syncs += other.syncs;
        for (code, count) in other.held {
            *self.held.entry(code).or_default() += count;
        }
    }
}

/// The deciding function; replaced in tests by one that returns anything.
pub type Decide = fn(&Input) -> Decision;

/// Cards read at once.
const CARDS_AT_ONCE: usize = 4;

/// Decides about the products that are due, and asks for a sync of the stores for which prices were planned.
///
/// # Errors
/// The database cannot be asked for due products; faults of single products are counted.
pub async fn reprice_due(services: &Services, pass: Pass) -> Result<PassSummary, StoreError> {
    reprice_due_with(services, pass, pricing::decide).await
}

/// [`reprice_due`] with a given deciding function.
///
/// # Errors
/// As [`reprice_due`].
pub async fn reprice_due_with(
    services: &Services,
    pass: Pass,
    decide: Decide,
) -> Result<PassSummary, StoreError> {
    let now = services.now();
    let due = services
        .db
        .tx(move |conn| due_products_claim(conn, pass.store_id, pass.checked_before, pass.limit, now))
        .await?;
    let mut summary = PassSummary::default();
    let mut touched = BTreeSet::new();
    let mut results = stream::iter(due)
        .map(|due| async move {
            let name = due.product.name.clone();
            let store_id = due.store.id;
            match reprice_product(services, due, pass.dry_run, decide).await {
                Ok((decision, planned)) => Some((decision, planned.then_some(store_id))),
                Err(error) => {
                    tracing::error!(
                        product = name,
                        error = %chain(&error),
                        "no decision about a product"
                    );
                    None
                }
            }
        })
        .buffer_unordered(CARDS_AT_ONCE);
    while let Some(result) = results.next().await {
        match result {
            None => summary.failed += 1,
            Some((decision, store_id)) => {
                summary.checked += 1;
                touched.extend(store_id);
                match decision.outcome {
                    Outcome::Change => summary.changed += 1,
                    Outcome::Keep => summary.kept += 1,
                    Outcome::Hold | Outcome::Refuse => {
                        let code = decision
                            .reasons
                            .last()
                            .map_or_else(String::new, |r| r.code.as_str().to_owned());
                        *summary.held.entry(code).or_default() += 1;
                    }
                }
            }
        }
    }
    match sync_after_pass(services, &touched).await {
        Ok(syncs) => summary.syncs = syncs,
        // The prices are planned; the next pass asks again.
        Err(error) => tracing::error!(error = %chain(&error), "no sync was asked for after a pass"),
    }
    Ok(summary)
}

async fn reprice_product(
    services: &Services,
    due: DueProduct,
    dry_run: bool,
    decide: Decide,
) -> Result<(Decision, bool), StoreError> {
    let id = due.product.id;
    let check_interval =
        TimeDelta::from_std(services.config.worker.check_interval).unwrap_or(TimeDelta::minutes(5));
    let card_id = due.product.card_id.clone().unwrap_or_default();
    let market = match services
        .kaspi
        .market_offers(&card_id, &due.store.main_city_id)
        .await
    {
        Ok(market) => Some(market),
        Err(error) => {
            // Unread is not empty: the decision will say "no evidence".
            tracing::warn!(product = due.product.name, card = card_id, error = %error, "the card could not be read");
            None
        }
    };
    let now = services.now();
    let next_check_at = now + check_interval;
    let streak = due.product.alone_streak;
    let result = services
        .db
        .tx(move |conn| {
            if let Some(market) = &market {
                market_record(conn, &card_id, &due.store.main_city_id, market, now)?;
            }
            let input = input::build(conn, &due, market.as_ref(), now)?;
            let decision = decide(&input);
            let shadow = dry_run || due.store.repricing_mode != RepricingMode::Live;
            let planned = record(conn, &due, &input, &decision, shadow, now)?;
            let streak = match (&market, decision.alone) {
                (None, _) => due.product.alone_streak,
                (Some(_), true) => due.product.alone_streak.saturating_add(1),
                (Some(_), false) => 0,
            };
            due_product_release(conn, id, streak, next_check_at, now)?;
            Ok((decision, planned))
        })
        .await;
    if result.is_err() {
        // Nothing was written; the claim is ended so that the next pass may try again.
        services
            .db
            .tx(move |conn| due_product_release(conn, id, streak, next_check_at, now))
            .await?;
    }
    result
}

/// A write replaces the prices of all cities: those the decision is not about keep theirs, brought into the safe
/// set where they are outside.
fn all_cities(
    conn: &mut PgConnection,
    due: &DueProduct,
    input: &Input,
    price: Tenge,
) -> Result<Vec<(String, Tenge, Tenge)>, StoreError> {
    let prices = product_prices_list(conn, due.product.id)?;
    Ok(prices
        .into_iter()
        .map(|city| {
            let before = city.price_tenge;
            let wanted = if city.city_id == due.store.main_city_id {
                price
            } else {
                pricing::brought_inside(input.limits, input.economics.as_ref(), before).unwrap_or(price)
            };
            (city.city_id, before, wanted)
        })
        .collect())
}

/// Decision, audit row and intended push, all in the caller's transaction. `true`: a push is planned.
fn record(
    conn: &mut PgConnection,
    due: &DueProduct,
    input: &Input,
    decision: &Decision,
    shadow: bool,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let (product, store) = (&due.product, &due.store);
    let stored = StoredDecision {
        id: DecisionId::new(),
        store_id: store.id,
        product_id: product.id,
        city_id: store.main_city_id.clone(),
        decided_at: now,
        decision_version: pricing::DECISION_VERSION,
        outcome: decision.outcome,
        current_tenge: input.product.price,
        price_tenge: decision.price,
        target_tenge: decision.target,
        place: decision.place,
        competitors: Some(decision.competitors),
        best_rival_tenge: decision.best_rival,
        reasons: json!(decision.reasons),
        flags: json!(decision.flags),
        input: json!(input),
        shadow,
    };
    let decision_id = decision_record(conn, &stored)?;
    let Some(price) = decision.price.filter(|_| !shadow) else {
        return Ok(false);
    };
    if push_in_flight(conn, product.id)? {
        return Ok(false);
    }
    let cities = all_cities(conn, due, input, price)?;
    let lowest_tenge = pricing::lowest_safe(input.limits, input.economics.as_ref()).unwrap_or(price);
    let push_id = push_insert(
        conn,
        &NewPush {
            store_id: store.id,
            product_id: product.id,
            decision_id: Some(decision_id),
            origin: PushOrigin::Robot,
            actor_id: None,
            market_taken_at: input.market.as_ref().map_or(Some(now), |m| Some(m.taken_at)),
            lowest_tenge,
            cities,
        },
        now,
    )?;
    let object = ("price_push", push_id.0, product.name.as_str());
    let entry = AuditEntry::new(&Actor::robot(), now, Some(store.id), object, "plan")
        .change(
            json!({ "price_tenge": input.product.price }),
            json!({ "price_tenge": price }),
        )
        .because(
            decision
                .reasons
                .iter()
                .map(|r| r.code.as_str())
                .collect::<Vec<_>>()
                .join(" "),
        );
    audit_insert(conn, &entry)?;
    Ok(true)
}

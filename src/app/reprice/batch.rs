//! What is decided about a batch of cards that have been read: readings, decisions, audit rows and intended pushes
//! in one transaction, each kind in one statement. A product that fails does not take the others with it: one whose
//! decision breaks is left out, and a batch that the database refuses is written in two halves, down to the product
//! that is to blame.

use std::{
    collections::{HashMap, HashSet},
    iter,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{
    Decide, input,
    mass_move::{Moved, stop_mass_moves},
};
use crate::{
    app::alerts::raise_of_decisions,
    domain::{
        Actor, DecisionId, ProductId, PushOrigin, PushState, RepricingMode, StoreId, Tenge,
        offer::Market,
        pricing::{self, Decision, Input, worth},
    },
    fail_points, metrics,
    services::Services,
    store::{
        PgConnection, StoreError,
        audit::{AuditEntry, audit_insert_all},
        batch::plan_by_index,
        decisions::{StoredDecision, decision_record},
        due_products::{DueProduct, Release, due_product_release},
        market::{Reading, market_record},
        product_writes::{HeldProduct, products_hold},
        products::product_prices_list,
        pushes::{EndedPush, NewPush, push_in_flight, push_insert, push_supersede},
    },
    telemetry::chain,
};

/// A claimed product with its card as read; `None`: it could not be read, which is not "empty".
pub(super) struct CardRead {
    pub due: DueProduct,
    pub market: Option<Market>,
    pub read_at: DateTime<Utc>,
}

impl CardRead {
    fn card_id(&self) -> &str {
        self.due.product.card_id.as_deref().unwrap_or_default()
    }

    fn released(&self, decision: Option<&Decision>) -> Release {
        let streak = self.due.alone_streak;
        Release {
            id: self.due.product.id,
            due_at: self.due.due_at,
            alone_streak: match (&self.market, decision) {
                (None, _) | (_, None) => streak,
                (Some(_), Some(decision)) if decision.alone => streak.saturating_add(1),
                (Some(_), Some(_)) => 0,
            },
        }
    }
}

/// How a batch is decided.
#[derive(Clone, Copy)]
pub(super) struct How {
    pub decide: Decide,
    pub dry_run: bool,
}

/// What became of a product.
pub(super) struct Settled {
    pub product_id: ProductId,
    /// `None`: nothing was decided, for a fault of database or program.
    pub decision: Option<Decision>,
    /// The store for which a price was planned.
    pub planned: Option<StoreId>,
}

/// Decides about cards that have been read and writes everything down. Each claim ends, whatever happens.
pub(super) async fn settle(services: &Services, cards: Vec<CardRead>, how: How) -> Vec<Settled> {
    let cards: Arc<[CardRead]> = cards.into();
    let mut waiting: Vec<Range<usize>> = iter::once(0..cards.len()).collect();
    let mut settled = Vec::with_capacity(cards.len());
    while let Some(part) = waiting.pop() {
        match write(services, &cards, part.clone(), how).await {
            Ok(written) => settled.extend(written),
            // Each half anew: the halves without the culprit are written.
            Err(error) if part.len() > 1 && !matches!(error, StoreError::Unavailable(_)) => {
                let middle = part.start + part.len() / 2;
                waiting.extend([middle..part.end, part.start..middle]);
            }
            Err(error) => settled.extend(give_up(services, &cards, part, &error).await),
        }
    }
    settled
}

fn next_check(services: &Services, now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::from_std(services.config.worker.check_interval).unwrap_or(TimeDelta::minutes(5))
}

async fn write(
    services: &Services,
    cards: &Arc<[CardRead]>,
    part: Range<usize>,
    how: How,
) -> Result<Vec<Settled>, StoreError> {
    let (cards, now) = (cards.clone(), services.now());
    let next_check_at = next_check(services, now);
    services
        .db
        .tx(move |conn| {
            let cards = cards.get(part).unwrap_or_default();
            plan_by_index(conn)?;
            let impossible = market_record(conn, &readings(cards))?;
            let decided = decide_all(conn, cards, how.decide, now)?;
            let how = Recording {
                dry_run: how.dry_run,
                check_interval: next_check_at - now,
                impossible: &impossible,
            };
            let planned = record(conn, &decided, &how, now)?;
            let releases: Vec<Release> = decided
                .iter()
                .map(|(card, answer)| card.released(answer.as_ref().map(|(_, decision)| decision)))
                .collect();
            due_product_release(conn, &releases, next_check_at, now)?;
            fail_points::pass(fail_points::BATCH_WRITTEN);
            for (card, answer) in &decided {
                if let Some((_, decision)) = answer {
                    let delay = (now - card.due.due_at).to_std().unwrap_or_default();
                    metrics::decided(decision.outcome.as_str(), delay);
                }
            }
            Ok(decided
                .into_iter()
                .map(|(card, answer)| Settled {
                    product_id: card.due.product.id,
                    decision: answer.map(|(_, decision)| decision),
                    planned: planned
                        .contains(&card.due.product.id)
                        .then_some(card.due.store.id),
                })
                .collect())
        })
        .await
        .inspect(|_| fail_points::pass(fail_points::BATCH_COMMITTED))
}

/// Nothing was written; the claims end so that a later pass may try again.
async fn give_up(
    services: &Services,
    cards: &[CardRead],
    part: Range<usize>,
    error: &StoreError,
) -> Vec<Settled> {
    let cards = cards.get(part).unwrap_or_default();
    for card in cards {
        tracing::error!(product = card.due.product.name, error = %chain(error), "no decision about a product");
    }
    let releases: Vec<Release> = cards.iter().map(|card| card.released(None)).collect();
    let now = services.now();
    let next_check_at = next_check(services, now);
    let released = services
        .db
        .tx(move |conn| due_product_release(conn, &releases, next_check_at, now))
        .await;
    if let Err(error) = released {
        tracing::error!(error = %chain(&error), "claims end by themselves");
    }
    let product_ids = cards.iter().map(|card| card.due.product.id);
    product_ids
        .map(|product_id| Settled {
            product_id,
            decision: None,
            planned: None,
        })
        .collect()
}

fn readings(cards: &[CardRead]) -> Vec<Reading<'_>> {
    cards
        .iter()
        .filter_map(|card| {
            Some(Reading {
                card_id: card.card_id(),
                city_id: &card.due.store.main_city_id,
                market: card.market.as_ref()?,
                taken_at: card.read_at,
            })
        })
        .collect()
}

type Decided<'a> = (&'a CardRead, Option<(Input, Decision)>);

fn decide_all<'a>(
    conn: &mut PgConnection,
    cards: &'a [CardRead],
    decide: Decide,
    now: DateTime<Utc>,
) -> Result<Vec<Decided<'a>>, StoreError> {
    let batch: Vec<&DueProduct> = cards.iter().map(|card| &card.due).collect();
    let known = input::Known::gather(conn, &batch, now)?;
    let decide_one = |card: &CardRead| {
        let market = card.market.as_ref().map(|market| (market, card.read_at));
        let input = input::build(&known, &card.due, market, now);
        let decision = decide(&input);
        (input, decision)
    };
    Ok(cards
        .iter()
        .map(|card| {
            // Nothing is shared that a panic could leave half changed.
            let answer = catch_unwind(AssertUnwindSafe(|| decide_one(card)));
            if answer.is_err() {
                tracing::error!(
                    product = card.due.product.name,
                    "the decision about a product broke"
                );
            }
            (card, answer.ok())
        })
        .collect())
}

/// How decisions are written down.
struct Recording<'a> {
    dry_run: bool,
    /// A product is checked once in this time.
    check_interval: TimeDelta,
    /// Card and city of readings that look impossible.
    impossible: &'a HashSet<(String, String)>,
}

/// Decisions, and for changes in live stores intended pushes with their audit rows. Returns the products for which
/// a price is planned.
fn record(
    conn: &mut PgConnection,
    decided: &[Decided<'_>],
    how: &Recording<'_>,
    now: DateTime<Utc>,
) -> Result<HashSet<ProductId>, StoreError> {
    let answers = || {
        let answered = decided.iter();
        answered
            .filter_map(|(card, answer)| answer.as_ref().map(|(input, decision)| (*card, input, decision)))
    };
    let rows: Vec<StoredDecision> = answers()
        .map(|(card, input, decision)| stored(&card.due, input, decision, how.dry_run, now))
        .collect();
    if rows.is_empty() {
        return Ok(HashSet::new());
    }
    let named: Vec<(&str, &StoredDecision)> = answers()
        .map(|(card, ..)| card.due.product.name.as_str())
        .zip(&rows)
        .filter(|(_, row)| !row.shadow)
        .collect();
    let live: Vec<ProductId> = rows
        .iter()
        .filter(|row| !row.shadow)
        .map(|row| row.product_id)
        .collect();
    // Held before anything that hangs on them: whoever removes a product takes it first, too.
    let held = products_hold(conn, &live)?;
    raise_of_decisions(conn, &named, now)?;
    let kept = decision_record(conn, &rows)?;
    // What was planned rests on an older look: whatever is decided now, it is not sent any more.
    let replaced = supersede(conn, &live, now)?;
    let moves: Vec<Moved> = answers()
        .zip(&rows)
        .filter(|(_, row)| !row.shadow)
        .map(|((card, ..), row)| moved(card, row, how.impossible))
        .collect();
    let stopped = stop_mass_moves(conn, &moves, how.check_interval, now)?;
    let mut changes: Vec<Change<'_>> = answers()
        .zip(rows.iter().zip(kept))
        .filter(|(_, (row, _))| !row.shadow && !stopped.contains(&row.store_id))
        .filter_map(|((card, input, decision), (_, decision_id))| {
            Some(Change {
                due: &card.due,
                input,
                decision,
                decision_id,
                price: decision.price?,
            })
        })
        .collect();
    let products: Vec<ProductId> = changes.iter().map(|change| change.due.product.id).collect();
    if !products.is_empty() {
        let under_way = push_in_flight(conn, &products)?;
        // A write that ended after the look, or after the claim, has made another price of the one decided about:
        // looked up after the writes under way, so that none slips through in between.
        let mut present = present_prices(conn, &products)?;
        changes.retain(|change| {
            !under_way.contains(&change.due.product.id)
                && is_about_present_offer(change, &held)
                && rests_on_present_price(change, &present)
        });
        plan(conn, &changes, &mut present, &replaced, now)?;
    }
    Ok(changes.iter().map(|change| change.due.product.id).collect())
}

fn stored(
    due: &DueProduct,
    input: &Input,
    decision: &Decision,
    dry_run: bool,
    now: DateTime<Utc>,
) -> StoredDecision {
    StoredDecision {
        id: DecisionId::new(),
        store_id: due.store.id,
        product_id: due.product.id,
        city_id: due.store.main_city_id.clone(),
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
        shadow: dry_run || decision.suggestion || due.store.repricing_mode != RepricingMode::Live,
    }
}

fn moved(card: &CardRead, row: &StoredDecision, impossible: &HashSet<(String, String)>) -> Moved {
    let store = &card.due.store;
    let key = (card.card_id().to_owned(), store.main_city_id.clone());
    Moved {
        store_id: store.id,
        store_name: store.name.clone(),
        before: row.current_tenge,
        price: row.price_tenge,
        impossible: impossible.contains(&key),
    }
}

/// A price that is to be planned.
struct Change<'a> {
    due: &'a DueProduct,
    input: &'a Input,
    decision: &'a Decision,
    decision_id: DecisionId,
    price: Tenge,
}

/// City prices of products.
type Prices = HashMap<ProductId, Vec<(String, Tenge)>>;

/// The prices that the products have now, by city.
fn present_prices(conn: &mut PgConnection, products: &[ProductId]) -> Result<Prices, StoreError> {
    let mut prices = Prices::new();
    for price in product_prices_list(conn, products)? {
        let cities = prices.entry(price.product_id).or_default();
        cities.push((price.city_id, price.price_tenge));
    }
    Ok(prices)
}

/// Is the product still what it was when its card was read? A market of another card tells nothing about it, and a price
/// of another offer or store is not its.
fn is_about_present_offer(change: &Change<'_>, held: &[HeldProduct]) -> bool {
    let read = &change.due.product;
    held.iter().any(|product| {
        product.id == read.id
            && (product.store_id, &product.sku, &product.card_id) == (read.store_id, &read.sku, &read.card_id)
    })
}

/// Is the price that was decided about the product's price still? What was decided about another one may be too far a
/// step from it, or no step at all.
fn rests_on_present_price(change: &Change<'_>, present: &Prices) -> bool {
    let main_city = &change.due.store.main_city_id;
    let cities = present.get(&change.due.product.id).map_or(&[][..], Vec::as_slice);
    cities
        .iter()
        .any(|(city, price)| city == main_city && *price == change.input.product.price)
}

/// A push for each change, and the audit row without which there is none.
fn plan(
    conn: &mut PgConnection,
    changes: &[Change<'_>],
    prices: &mut Prices,
    replaced: &[EndedPush],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    let pushes: Vec<NewPush> = changes
        .iter()
        .map(|change| NewPush {
            store_id: change.due.store.id,
            product_id: change.due.product.id,
            decision_id: Some(change.decision_id),
            origin: PushOrigin::Robot,
            actor_id: None,
            market_taken_at: change
                .input
                .market
                .as_ref()
                .map_or(Some(now), |m| Some(m.taken_at)),
            lowest_tenge: pricing::lowest_safe(change.input.limits, change.input.economics.as_ref())
                .unwrap_or(change.price),
            worth: worth(change.input, change.decision),
            cities: all_cities(change, prices.remove(&change.due.product.id).unwrap_or_default()),
            restore_image: None,
        })
        .collect();
    let push_ids = push_insert(conn, &pushes, replaced, now)?;
    let actor = Actor::robot();
    let entries: Vec<AuditEntry> = changes
        .iter()
        .zip(push_ids)
        .map(|(change, push_id)| {
            let object = ("price_push", push_id.0, change.due.product.name.as_str());
            let codes: Vec<&str> = change.decision.reasons.iter().map(|r| r.code.as_str()).collect();
            AuditEntry::new(&actor, now, Some(change.due.store.id), object, "plan")
                .change(
                    json!({ "price_tenge": change.input.product.price }),
                    json!({ "price_tenge": change.price }),
                )
                .because(codes.join(" "))
        })
        .collect();
    audit_insert_all(conn, &entries)
}

/// Ends what the robot planned for these products, with an audit row for each.
pub(in crate::app) fn supersede(
    conn: &mut PgConnection,
    products: &[ProductId],
    now: DateTime<Utc>,
) -> Result<Vec<EndedPush>, StoreError> {
    let robots = Some(PushOrigin::Robot);
    supersede_of(conn, &Actor::robot(), products, (robots, None), now)
}

/// Ends what `origin`, or anybody, planned for these products, with an audit row for each that says why.
pub(in crate::app) fn supersede_of(
    conn: &mut PgConnection,
    actor: &Actor,
    products: &[ProductId],
    (origin, reason): (Option<PushOrigin>, Option<&str>),
    now: DateTime<Utc>,
) -> Result<Vec<EndedPush>, StoreError> {
    let ended = push_supersede(conn, products, origin, now)?;
    let entries: Vec<AuditEntry> = ended
        .iter()
        .map(|push| {
            let object = ("price_push", push.id.0, push.product_name.as_str());
            let end = PushState::Superseded;
            let entry = AuditEntry::new(actor, now, Some(push.store_id), object, end.as_str());
            AuditEntry {
                reason: reason.map(str::to_owned),
                ..entry.change(json!({ "state": PushState::Planned }), json!({ "state": end }))
            }
        })
        .collect();
    audit_insert_all(conn, &entries)?;
    Ok(ended)
}

/// A write replaces the prices of all cities: those the decision is not about keep theirs, brought into the safe
/// set where they are outside.
fn all_cities(change: &Change<'_>, prices: Vec<(String, Tenge)>) -> Vec<(String, Tenge, Tenge)> {
    let (input, main_city) = (change.input, &change.due.store.main_city_id);
    prices
        .into_iter()
        .map(|(city_id, before)| {
            let wanted = if city_id == *main_city {
                change.price
            } else {
                pricing::brought_inside(input.limits, input.economics.as_ref(), before)
                    .unwrap_or(change.price)
            };
            (city_id, before, wanted)
        })
        .collect()
}

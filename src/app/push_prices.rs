//! From a planned price to the shop: lease, claim, fresh availability image, last gate, send, read back.
//! The states and their order are the push protocol's; an unknown outcome is resolved by reading.

mod brakes;
mod budget;
mod due;
mod fitness;
mod public;
mod read_back;
mod restore;
mod send;

pub(crate) use brakes::is_braked;
pub use due::{push_due, push_until};
pub use fitness::announce_protocol;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::{
    alerts::{self, NewAlert},
    reprice::reprice_product,
};
use crate::{
    domain::{
        Actor, AlertKind, ProductId, PushId, PushOrigin, PushState, StoreId, Tenant,
        pricing::MARKET_MAX_AGE_SECONDS,
    },
    fail_points, metrics,
    services::Services,
    store::{
        PgConnection, StoreError,
        audit::{AuditEntry, audit_insert},
        leases::{store_lease_acquire, store_lease_end, store_lease_renew},
        products::{Product, product_load, product_load_all},
        pushes::{
            Push, PushCity, PushStep, push_advance, push_cities, push_cities_all, push_claim, push_list_left,
        },
        stores::{Store, store_fetch},
    },
};

/// A price that was decided on an older look at the market is not sent: it is decided anew.
const FRESH: TimeDelta = TimeDelta::seconds(MARKET_MAX_AGE_SECONDS);

/// What came of one round for a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct PushSummary {
    /// Left for the marketplace.
    pub sent: u64,
    /// Seen on the marketplace.
    pub confirmed: u64,
    /// Stopped by a gate.
    pub held: u64,
    /// Refused by the marketplace.
    pub rejected: u64,
    /// Waiting for the price to show, or for the outcome to be known.
    pub waiting: u64,
    /// Had waited too long for a write: decided anew.
    pub decided_anew: u64,
}

impl PushSummary {
    /// Adds another summary.
    pub const fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.confirmed += other.confirmed;
        self.held += other.held;
        self.rejected += other.rejected;
        self.waiting += other.waiting;
        self.decided_anew += other.decided_anew;
    }
}

/// Sends what is planned for a store and looks at what was sent. Does nothing where another worker has the
/// lease. `owner` is the same for all rounds of one worker process.
///
/// # Errors
/// The database failed; nothing was sent without being written down first.
pub async fn push_store(
    services: &Services,
    store_id: StoreId,
    owner: Uuid,
) -> Result<PushSummary, StoreError> {
    push_store_until(services, store_id, owner, || false).await
}

/// The same, but no further write begins once `stopping` says so.
async fn push_store_until(
    services: &Services,
    store_id: StoreId,
    owner: Uuid,
    stopping: impl Fn() -> bool,
) -> Result<PushSummary, StoreError> {
    let mut summary = PushSummary::default();
    if !fitness::is_fit(services).await? {
        return Ok(summary);
    }
    let Some(epoch) = begin(services, store_id, owner).await? else {
        return Ok(summary);
    };
    fail_points::pass(fail_points::RECOVERED);
    read_back::read_back(services, store_id, &mut summary).await?;
    let next = budget::next(services, store_id).await?;
    let mut budget = budget::Budget::of(services, store_id).await?;
    let mut session = None;
    for next in next {
        if stopping() {
            break;
        }
        if !rests_on_fresh_look(services, &next) {
            // An old price is never sent: the product is looked at again, and what is decided then takes its turn.
            if reprice_product(services, next.product_id).await?.is_some() {
                summary.decided_anew += 1;
            }
            continue;
        }
        if !budget.take(services).await {
            break;
        }
        let (now, lease) = (services.now(), services.config.worker.lease);
        // Renewed before each write, so that a lost lease ends the round.
        let id = next.id;
        let claimed = services
            .db
            .tx(move |conn| {
                if !store_lease_renew(conn, store_id, epoch, lease)? {
                    return Ok::<_, StoreError>(None);
                }
                let Some(push) = push_claim(conn, id, epoch, now)? else {
                    return Ok(Some(None));
                };
                Ok(Some(with_facts(conn, store_id, vec![push])?.pop()))
            })
            .await?;
        let Some(claimed) = claimed else { break };
        if let Some((push, facts)) = claimed {
            fail_points::pass(fail_points::CLAIMED);
            send::send(services, push, facts, epoch, &mut session, &mut summary).await?;
        }
    }
    // Cards may be slow to read: no write waits for them.
    public::look(services, store_id).await?;
    // The next turn of the store may be another worker's.
    services
        .db
        .tx(move |conn| store_lease_end(conn, store_id, epoch))
        .await?;
    Ok(summary)
}

/// Is what the price was decided on still evidence? People's prices rest on no look at the market.
fn rests_on_fresh_look(services: &Services, push: &Push) -> bool {
    push.origin != PushOrigin::Robot
        || push
            .market_taken_at
            .is_some_and(|taken| services.now() - taken <= FRESH)
}

/// Takes the store's lease and takes up what an earlier round left behind: what was not sent expires, and the product
/// is decided anew; what was sent has an unknown outcome, which is read.
async fn begin(services: &Services, store_id: StoreId, owner: Uuid) -> Result<Option<i64>, StoreError> {
    let (now, lease) = (services.now(), services.config.worker.lease);
    services
        .db
        .tx(move |conn| {
            let Some(epoch) = store_lease_acquire(conn, store_id, owner, lease)? else {
                return Ok(None);
            };
            let left = push_list_left(conn, store_id, epoch)?;
            alert_of_lost_worker(conn, store_id, left.len(), now)?;
            for push in left {
                let sent = push.state == PushState::Sent;
                let step = PushStep {
                    reason: Some("worker_lost"),
                    next_read_at: sent.then_some(now),
                    ..PushStep::default()
                };
                let next = if sent {
                    PushState::Unknown
                } else {
                    PushState::Expired
                };
                if let Some(product) = product_load(conn, push.product_id)? {
                    advance(conn, &push, &product, next, &step, now)?;
                }
            }
            Ok(Some(epoch))
        })
        .await
}

async fn finish(
    services: &Services,
    push: Push,
    product: &Product,
    next: PushState,
    step: PushStep,
) -> Result<(), StoreError> {
    let now = services.now();
    let product = product.clone();
    services
        .db
        .tx(move |conn| advance(conn, &push, &product, next, &step, now))
        .await
}

/// Moves a push on; each end leaves an audit row.
fn advance(
    conn: &mut PgConnection,
    push: &Push,
    product: &Product,
    next: PushState,
    step: &PushStep,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    push_advance(conn, push, next, step, now)?;
    metrics::push_became(next.as_str());
    if next.is_final() {
        audit_end(conn, push, &product.name, (next, step.reason), now)?;
        alert_of_end(conn, push, product, next, now)?;
    }
    Ok(())
}

/// The audit row of a push that ended: from which state, with which prices, why.
fn audit_end(
    conn: &mut PgConnection,
    push: &Push,
    product_name: &str,
    (end, reason): (PushState, Option<&str>),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let prices: Vec<_> = push_cities(conn, push.id)?
        .into_iter()
        .map(|city| json!({ "city": city.city_id, "before": city.before_tenge, "price": city.price_tenge, "seen": city.seen_tenge }))
        .collect();
    let object = ("price_push", push.id.0, product_name);
    let entry = AuditEntry::new(&Actor::robot(), now, Some(push.store_id), object, end.as_str()).change(
        json!({ "state": push.state }),
        json!({ "state": end, "prices": prices }),
    );
    audit_insert(
        conn,
        &AuditEntry {
            reason: reason.map(str::to_owned),
            ..entry
        },
    )
}

/// Tells of a worker that left writes of a store behind.
fn alert_of_lost_worker(
    conn: &mut PgConnection,
    store_id: StoreId,
    left: usize,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if left == 0 {
        return Ok(());
    }
    let store = store_fetch(conn, Tenant::All, store_id)?.map(|store| store.name);
    let alert = NewAlert {
        kind: AlertKind::WorkerLost,
        store_id: Some(store_id),
        product_id: None,
        data: json!({ "store": store, "left": left }),
        times: 1,
    };
    alerts::raise(conn, &alert, now)
}

/// A price or an offer that is not as we wrote it is told; a confirmed write ends the trouble.
fn alert_of_end(
    conn: &mut PgConnection,
    push: &Push,
    product: &Product,
    end: PushState,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let kind = match end {
        PushState::Mismatch => AlertKind::Mismatch,
        PushState::Removed => AlertKind::OfferRemoved,
        PushState::Confirmed => {
            // Points of service are whole again only where they were brought back.
            let restored = (push.origin == PushOrigin::Restore).then_some(AlertKind::OfferDamaged);
            let over: Vec<AlertKind> = [
                AlertKind::Mismatch,
                AlertKind::OfferRemoved,
                AlertKind::NeedsPerson,
            ]
            .into_iter()
            .chain(restored)
            .collect();
            return alerts::resolve(conn, &over, Some(push.store_id), Some(product.id), now);
        }
        _ => return Ok(()),
    };
    alert_of_product(conn, kind, push, product, now)
}

/// Tells of a trouble that a write has with its product.
fn alert_of_product(
    conn: &mut PgConnection,
    kind: AlertKind,
    push: &Push,
    product: &Product,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let alert = NewAlert {
        kind,
        store_id: Some(push.store_id),
        product_id: Some(product.id),
        data: json!({ "product": product.name }),
        times: 1,
    };
    alerts::raise(conn, &alert, now)
}

/// What a push is about: its store, its product and its prices.
type Facts = (Store, Product, Vec<PushCity>);

/// Pushes of a store with what they are about, but for those whose product is no more.
fn with_facts(
    conn: &mut PgConnection,
    store_id: StoreId,
    pushes: Vec<Push>,
) -> Result<Vec<(Push, Facts)>, StoreError> {
    if pushes.is_empty() {
        return Ok(Vec::new());
    }
    let Some(store) = store_fetch(conn, Tenant::All, store_id)? else {
        return Ok(Vec::new());
    };
    let ids: Vec<PushId> = pushes.iter().map(|push| push.id).collect();
    let product_ids: Vec<ProductId> = pushes.iter().map(|push| push.product_id).collect();
    let products = product_load_all(conn, &product_ids)?;
    let mut cities = push_cities_all(conn, &ids)?;
    Ok(pushes
        .into_iter()
        .filter_map(|push| {
            let product = products.get(&push.product_id)?.clone();
            let cities = cities.remove(&push.id).unwrap_or_default();
            Some((push, (store.clone(), product, cities)))
        })
        .collect())
}

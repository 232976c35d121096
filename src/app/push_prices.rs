//! From a planned price to the shop: lease, claim, fresh availability image, last gate, send, read back.
//! The states and their order are the push protocol's; an unknown outcome is resolved by reading.

mod due;

pub use due::push_due;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::cabinet_session::{Renewal, SessionError, renew_session, session_of};
use crate::{
    domain::{Actor, PushState, StoreId, Tenant, Tenge, offer::CabinetOffer},
    kaspi::{CabinetSession, KaspiError},
    last_gate::{self, GateError},
    services::Services,
    store::{
        PgConnection, StoreError,
        audit::{AuditEntry, audit_insert},
        products::{Product, product_fetch, product_lock},
        pushes::{
            Push, PushCity, PushStep, product_price_confirm, push_advance, push_cities, push_city_seen,
            push_claim, push_count_sent, push_list_to_read, push_recover, push_set_availabilities,
            store_freeze, store_lease_acquire,
        },
        stores::{Store, store_fetch},
    },
};

/// Writes of one round: in between, what was sent is read back.
const WRITES_PER_ROUND: u32 = 8;
/// A 429 on a price write: no write of this merchant for so long, whatever the answer says.
const FREEZE: TimeDelta = TimeDelta::minutes(30);
/// Given up after this time without the price showing.
const READ_BACK_LIMIT: TimeDelta = TimeDelta::minutes(15);
/// Told as "late" after this time.
const LATE_AFTER: TimeDelta = TimeDelta::minutes(2);

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
}

impl PushSummary {
    /// Adds another summary.
    pub const fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.confirmed += other.confirmed;
        self.held += other.held;
        self.rejected += other.rejected;
        self.waiting += other.waiting;
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
    let mut summary = PushSummary::default();
    if lease(services, store_id, owner).await?.is_none() {
        return Ok(summary);
    }
    read_back(services, store_id, &mut summary).await?;
    for _ in 0..WRITES_PER_ROUND {
        if !within_budget(services, store_id).await? {
            break;
        }
        // Renewed before each write, so that a lost lease ends the round.
        let Some(epoch) = lease(services, store_id, owner).await? else {
            break;
        };
        let now = services.now();
        let Some(push) = services
            .db
            .tx(move |conn| push_claim(conn, store_id, epoch, now))
            .await?
        else {
            break;
        };
        send(services, push, epoch, &mut summary).await?;
    }
    Ok(summary)
}

async fn lease(services: &Services, store_id: StoreId, owner: Uuid) -> Result<Option<i64>, StoreError> {
    let now = services.now();
    services
        .db
        .tx(move |conn| {
            let epoch = store_lease_acquire(conn, store_id, owner)?;
            if let Some(epoch) = epoch {
                push_recover(conn, store_id, epoch, now)?;
            }
            Ok(epoch)
        })
        .await
}

/// Are writes of the half hour left, counted over all workers? The client keeps the gap between two writes and
/// counts those of this process as well.
async fn within_budget(services: &Services, store_id: StoreId) -> Result<bool, StoreError> {
    let since = services.now() - TimeDelta::minutes(30);
    let limits = &services.config.kaspi.limits;
    let (count, last) = services
        .db
        .read(move |conn| push_count_sent(conn, store_id, since))
        .await?;
    // Another worker may have written a moment ago.
    let gap = TimeDelta::from_std(limits.write_interval).unwrap_or_default();
    let wait = last
        .map_or(TimeDelta::zero(), |last| gap - (services.now() - last))
        .min(gap);
    if let Ok(wait) = wait.to_std() {
        tokio::time::sleep(wait).await;
    }
    Ok(count < i64::from(limits.writes_per_half_hour))
}

/// One claimed push: fresh image, gate, write.
async fn send(
    services: &Services,
    push: Push,
    epoch: i64,
    summary: &mut PushSummary,
) -> Result<(), StoreError> {
    let Some((store, product, cities)) = facts(services, &push).await? else {
        return Ok(());
    };
    let (session, offer) = match fresh_offer(services, &store, &product).await? {
        Ok(found) => found,
        Err(code) => return hold(services, &push, &product, code, summary).await,
    };
    let now = services.now();
    let moved = moved_prices(&offer, &cities);
    if !moved.is_empty() {
        // Somebody changed a price meanwhile: what we decided rests on a price that is no more.
        let id = product.id;
        services
            .db
            .tx(move |conn| {
                moved
                    .iter()
                    .try_for_each(|(city, seen)| product_price_confirm(conn, id, city, *seen, now))
            })
            .await?;
        return hold(services, &push, &product, "price_changed_outside", summary).await;
    }
    let image = offer.availabilities.as_ref().map(|points| json!(points));
    let claimed = push.clone();
    services
        .db
        .tx(move |conn| push_set_availabilities(conn, &claimed, image.as_ref(), now))
        .await?;
    let id = push.id;
    let write = match services
        .db
        .tx(move |conn| last_gate::clear(conn, id, epoch, now))
        .await
    {
        Ok(write) => write,
        Err(GateError::Refused(code)) => return hold(services, &push, &product, code, summary).await,
        Err(GateError::Store(error)) => return Err(error),
    };
    let push = Push {
        state: PushState::Sent,
        ..push
    };
    // From here on the outcome is read, never guessed, whatever happens to this process.
    let answer = if write.is_stale() {
        Err(KaspiError::Unavailable(None))
    } else {
        services.kaspi.set_price(&session, &write).await
    };
    let now = services.now();
    summary.sent += 1;
    let soon = Some(now + TimeDelta::seconds(2));
    let (next, step) = match answer {
        Ok(accepted) => {
            summary.waiting += 1;
            (
                PushState::Accepted,
                PushStep {
                    operation_id: Some(accepted.operation_id),
                    next_read_at: soon,
                    ..PushStep::default()
                },
            )
        }
        Err(KaspiError::SessionExpired) => {
            // Not with the new session either: the next decision is a new one.
            renew_session(services, &Actor::robot(), store.id).await?;
            (
                PushState::Rejected,
                PushStep {
                    reason: Some("session_expired"),
                    ..PushStep::default()
                },
            )
        }
        Err(KaspiError::RateLimited { after }) => {
            let pause = after
                .and_then(|after| TimeDelta::from_std(after).ok())
                .unwrap_or(FREEZE)
                .max(FREEZE);
            let (id, until) = (store.id, now + pause);
            services.db.tx(move |conn| store_freeze(conn, id, until)).await?;
            (
                PushState::Rejected,
                PushStep {
                    reason: Some("rate_limited"),
                    ..PushStep::default()
                },
            )
        }
        Err(KaspiError::Rejected { message, .. }) => (
            PushState::Rejected,
            PushStep {
                reason: Some("marketplace_rejected"),
                detail: Some(message),
                ..PushStep::default()
            },
        ),
        Err(error @ KaspiError::Paused { .. }) => {
            // Nothing left the program: the product is decided about anew.
            summary.held += 1;
            summary.sent -= 1;
            (
                PushState::Held,
                PushStep {
                    reason: Some(error.code()),
                    ..PushStep::default()
                },
            )
        }
        Err(
            error @ (KaspiError::Blocked
            | KaspiError::TokenRefused
            | KaspiError::Unavailable(_)
            | KaspiError::Malformed { .. }),
        ) => {
            summary.waiting += 1;
            (
                PushState::Unknown,
                PushStep {
                    reason: Some(error.code()),
                    next_read_at: soon,
                    ..PushStep::default()
                },
            )
        }
    };
    if next == PushState::Rejected {
        summary.rejected += 1;
    }
    finish(services, push, &product, next, step).await
}

/// City prices of the offer that are not what the push rests on, cities that it does not know included.
fn moved_prices(offer: &CabinetOffer, cities: &[PushCity]) -> Vec<(String, Tenge)> {
    let unknown = offer
        .city_prices
        .iter()
        .flatten()
        .filter(|(id, _)| !cities.iter().any(|city| city.city_id == *id))
        .cloned();
    let moved = cities.iter().filter_map(|city| {
        let seen = offer.price_in(&city.city_id)?;
        (seen != city.before_tenge).then(|| (city.city_id.clone(), seen))
    });
    unknown.chain(moved).collect()
}

/// Looks at every push whose outcome is due to be seen.
async fn read_back(
    services: &Services,
    store_id: StoreId,
    summary: &mut PushSummary,
) -> Result<(), StoreError> {
    let now = services.now();
    for push in services
        .db
        .read(move |conn| push_list_to_read(conn, store_id, now))
        .await?
    {
        let Some((store, product, cities)) = facts(services, &push).await? else {
            continue;
        };
        let offer = match session_of(services, store.id).await {
            Ok(session) => match services
                .kaspi
                .offer_by_sku(
                    &session,
                    &store.merchant_id,
                    product.sku.as_deref().unwrap_or_default(),
                )
                .await
            {
                Ok(offer) => offer,
                Err(KaspiError::SessionExpired) => {
                    // The next round reads with whatever session there is then.
                    renew_session(services, &Actor::robot(), store.id).await?;
                    return Ok(());
                }
                Err(error) => {
                    tracing::warn!(store = store.name, %error, "a price could not be read back");
                    look_again(services, push, &product, TimeDelta::seconds(30)).await?;
                    continue;
                }
            },
            Err(SessionError::Store(error)) => return Err(error),
            Err(_) => return Ok(()),
        };
        judge(services, push, &product, &cities, offer.as_ref(), summary).await?;
    }
    Ok(())
}

/// What a read of the cabinet says about a push.
async fn judge(
    services: &Services,
    push: Push,
    product: &Product,
    cities: &[PushCity],
    offer: Option<&CabinetOffer>,
    summary: &mut PushSummary,
) -> Result<(), StoreError> {
    let now = services.now();
    let age = now - push.accepted_at.or(push.sent_at).unwrap_or(push.planned_at);
    let given_up = age > READ_BACK_LIMIT;
    let seen = |city: &PushCity| offer.and_then(|offer| offer.price_in(&city.city_id));
    let on_sale = offer.is_some_and(|offer| offer.on_sale);
    if on_sale && cities.iter().all(|city| seen(city) == Some(city.price_tenge)) {
        summary.confirmed += 1;
        return settle(services, push, product, cities, offer, PushState::Confirmed, None).await;
    }
    if !on_sale {
        return settle(
            services,
            push,
            product,
            cities,
            offer,
            PushState::Removed,
            Some("offer_removed"),
        )
        .await;
    }
    let waiting = cities
        .iter()
        .all(|city| seen(city) == Some(city.before_tenge) || seen(city) == Some(city.price_tenge));
    if !waiting {
        return settle(
            services,
            push,
            product,
            cities,
            offer,
            PushState::Mismatch,
            Some("other_price_seen"),
        )
        .await;
    }
    if given_up {
        let end = if push.state == PushState::Unknown {
            PushState::Expired
        } else {
            PushState::Mismatch
        };
        return settle(services, push, product, cities, offer, end, Some("never_applied")).await;
    }
    summary.waiting += 1;
    look_again(
        services,
        push,
        product,
        (age / 2).clamp(TimeDelta::seconds(2), TimeDelta::seconds(60)),
    )
    .await
}

/// Ends a push by what was read: prices that were seen are the product's prices now.
async fn settle(
    services: &Services,
    push: Push,
    product: &Product,
    cities: &[PushCity],
    offer: Option<&CabinetOffer>,
    end: PushState,
    reason: Option<&'static str>,
) -> Result<(), StoreError> {
    let now = services.now();
    let seen: Vec<_> = cities
        .iter()
        .map(|city| {
            (
                city.clone(),
                offer.and_then(|offer| offer.price_in(&city.city_id)),
            )
        })
        .collect();
    let product = product.clone();
    services
        .db
        .tx(move |conn| {
            for (city, price) in &seen {
                push_city_seen(conn, push.id, &city.city_id, *price)?;
                if let Some(price) = price {
                    product_price_confirm(conn, product.id, &city.city_id, *price, now)?;
                }
            }
            if matches!(end, PushState::Mismatch | PushState::Removed) {
                // A person should look before the robot goes on.
                product_lock(conn, product.id, now + TimeDelta::hours(1))?;
            }
            advance(
                conn,
                &push,
                &product,
                end,
                &PushStep {
                    reason,
                    ..PushStep::default()
                },
                now,
            )
        })
        .await
}

async fn look_again(
    services: &Services,
    push: Push,
    product: &Product,
    after: TimeDelta,
) -> Result<(), StoreError> {
    let now = services.now();
    let late = now - push.accepted_at.or(push.sent_at).unwrap_or(now) > LATE_AFTER;
    let step = PushStep {
        next_read_at: Some(now + after),
        late,
        ..PushStep::default()
    };
    let state = push.state;
    finish(services, push, product, state, step).await
}

async fn hold(
    services: &Services,
    push: &Push,
    product: &Product,
    code: &'static str,
    summary: &mut PushSummary,
) -> Result<(), StoreError> {
    summary.held += 1;
    let end = match code {
        "expired" => PushState::Expired,
        "superseded" => PushState::Superseded,
        _ => PushState::Held,
    };
    finish(
        services,
        push.clone(),
        product,
        end,
        PushStep {
            reason: Some(code),
            ..PushStep::default()
        },
    )
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
    if next.is_final() {
        let prices: Vec<_> = push_cities(conn, push.id)?
            .into_iter()
            .map(|city| json!({ "city": city.city_id, "before": city.before_tenge, "price": city.price_tenge, "seen": city.seen_tenge }))
            .collect();
        let object = ("price_push", push.id.0, product.name.as_str());
        let entry = AuditEntry::new(&Actor::robot(), now, Some(push.store_id), object, next.as_str()).change(
            json!({ "state": push.state }),
            json!({ "state": next, "prices": prices }),
        );
        audit_insert(
            conn,
            &AuditEntry {
                reason: step.reason.map(str::to_owned),
                ..entry
            },
        )?;
    }
    Ok(())
}

async fn facts(
    services: &Services,
    push: &Push,
) -> Result<Option<(Store, Product, Vec<PushCity>)>, StoreError> {
    let (id, store_id, product_id) = (push.id, push.store_id, push.product_id);
    services
        .db
        .read(move |conn| {
            let store = store_fetch(conn, Tenant::All, store_id)?;
            let product = product_fetch(conn, Tenant::All, product_id)?;
            let cities = push_cities(conn, id)?;
            Ok(store
                .zip(product)
                .map(|(store, row)| (store, row.product, cities)))
        })
        .await
}

/// The offer as the cabinet shows it now, or the code of what is in the way.
async fn fresh_offer(
    services: &Services,
    store: &Store,
    product: &Product,
) -> Result<Result<(CabinetSession, CabinetOffer), &'static str>, StoreError> {
    let mut session = match session_of(services, store.id).await {
        Ok(session) => session,
        Err(SessionError::Store(error)) => return Err(error),
        Err(_) => return Ok(Err("store_not_connected")),
    };
    let Some(sku) = product.sku.as_deref() else {
        return Ok(Err("no_sku"));
    };
    let kaspi = &services.kaspi;
    let mut read = kaspi.offer_by_sku(&session, &store.merchant_id, sku).await;
    if matches!(read, Err(KaspiError::SessionExpired)) {
        session = match renew_session(services, &Actor::robot(), store.id).await? {
            Renewal::Ready(renewed) => renewed,
            Renewal::Queued | Renewal::NeedsLogin => return Ok(Err("session_expired")),
        };
        read = kaspi.offer_by_sku(&session, &store.merchant_id, sku).await;
    }
    Ok(match read {
        Ok(Some(offer)) if offer.on_sale => Ok((session, offer)),
        Ok(_) => Err("not_on_sale"),
        Err(error) => Err(error.code()),
    })
}

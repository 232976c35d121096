//! What became of a write: the cabinet's list is read until the price shows, another one does, or time is up.

use chrono::TimeDelta;

use super::{PushSummary, advance, alert_of_product, brakes, finish, public, restore, with_facts};
use crate::{
    app::cabinet_session::{SessionError, renew_session, session_of},
    domain::{Actor, AlertKind, PushOrigin, PushState, StoreId, offer::CabinetOffer},
    fail_points,
    kaspi::KaspiError,
    services::Services,
    store::{
        StoreError,
        products::{Product, product_lock},
        public_looks::public_look_start,
        push_queue::push_usual_delay,
        pushes::{Push, PushCity, PushStep, product_price_set, push_city_seen, push_list_to_read},
    },
};

/// Told as "late" after this time, or after the store's usual delay where that is longer.
const LATE_AFTER: TimeDelta = TimeDelta::minutes(2);
/// An outcome that stays unknown for so long and the store's usual delay is given up (push protocol, I6).
const UNKNOWN_AT_MOST: TimeDelta = TimeDelta::minutes(5);
/// A price is seen before the rest of its write: points of service, stock and preorder days have so long to follow.
const SETTLING: TimeDelta = TimeDelta::seconds(30);

/// Looks at every push whose outcome is due to be seen.
pub(super) async fn read_back(
    services: &Services,
    store_id: StoreId,
    summary: &mut PushSummary,
) -> Result<(), StoreError> {
    let now = services.now();
    let due = services
        .db
        .read(move |conn| {
            let due = push_list_to_read(conn, store_id, now)?;
            with_facts(conn, store_id, due)
        })
        .await?;
    if due.is_empty() {
        return Ok(());
    }
    let session = match session_of(services, store_id).await {
        Ok(session) => session,
        Err(SessionError::Store(error)) => return Err(error),
        Err(_) => return Ok(()),
    };
    for (push, (store, product, cities)) in due {
        let offer = match services
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
                let step = PushStep {
                    late: is_late(services, &push, TimeDelta::zero()),
                    next_read_at: Some(services.now() + TimeDelta::seconds(30)),
                    ..PushStep::default()
                };
                look_again(services, push, &product, step).await?;
                continue;
            }
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
    let age = services.now() - push.accepted_at.or(push.sent_at).unwrap_or(push.planned_at);
    let usual = usual_delay(services, push.store_id, age).await?;
    let seen = |city: &PushCity| offer.and_then(|offer| offer.price_in(&city.city_id));
    let shows_ours = |city: &PushCity| seen(city) == Some(city.price_tenge);
    let not_applied = |city: &PushCity| seen(city) == Some(city.before_tenge);
    let is_unknown = push.state == PushState::Unknown;
    let at_most = if is_unknown {
        unknown_at_most(services) + usual
    } else {
        accepted_at_most(services, usual)
    };
    let given_up = age > at_most;
    let on_sale = offer.filter(|offer| offer.on_sale);
    let damaged = on_sale.is_none_or(|offer| restore::is_offer_damaged(&push, offer));
    let end = if damaged && push.origin == PushOrigin::Restore && !given_up {
        // It changes no price: it is applied once the points are back.
        None
    } else if on_sale.is_none() {
        Some((PushState::Removed, Some("offer_removed")))
    } else if cities.iter().all(shows_ours) {
        let settled = !damaged || age >= SETTLING;
        settled.then_some((PushState::Confirmed, damaged.then_some("offer_damaged")))
    } else if !cities.iter().all(|city| shows_ours(city) || not_applied(city)) {
        Some((PushState::Mismatch, Some("other_price_seen")))
    } else if !given_up {
        None
    } else if is_unknown {
        Some((PushState::Expired, Some("never_applied")))
    } else {
        Some((PushState::Mismatch, Some("never_applied")))
    };
    if let Some((end, reason)) = end {
        summary.confirmed += u64::from(end == PushState::Confirmed);
        return settle(services, push, product, cities, offer, end, reason).await;
    }
    summary.waiting += 1;
    // The last look is the one that gives up.
    let last = (at_most - age + TimeDelta::seconds(1)).max(TimeDelta::seconds(2));
    let after = (age / 2)
        .clamp(TimeDelta::seconds(2), TimeDelta::seconds(60))
        .min(last);
    let now = services.now();
    let step = PushStep {
        late: is_late(services, &push, usual),
        next_read_at: Some(now + after),
        looked_at: Some(now),
        ..PushStep::default()
    };
    look_again(services, push, product, step).await
}

/// An unknown outcome is given up after this time; tests may wait for less.
fn unknown_at_most(services: &Services) -> TimeDelta {
    let limit = TimeDelta::from_std(services.config.worker.read_back_limit);
    limit.unwrap_or(UNKNOWN_AT_MOST).min(UNKNOWN_AT_MOST)
}

/// An accepted price that does not show is given up after this time (push protocol, I12).
fn accepted_at_most(services: &Services, usual: TimeDelta) -> TimeDelta {
    let least = TimeDelta::from_std(services.config.worker.read_back_limit).unwrap_or(TimeDelta::MAX);
    least.max(usual * 3)
}

/// The store's usual delay, asked for only where a write is old enough for it to matter.
async fn usual_delay(
    services: &Services,
    store_id: StoreId,
    age: TimeDelta,
) -> Result<TimeDelta, StoreError> {
    if age <= LATE_AFTER {
        return Ok(TimeDelta::zero());
    }
    services
        .db
        .read(move |conn| push_usual_delay(conn, store_id))
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
    let damaged =
        end == PushState::Removed || offer.is_some_and(|offer| restore::is_offer_damaged(&push, offer));
    let points = offer.and_then(|offer| offer.availabilities.clone());
    let product = product.clone();
    fail_points::pass(fail_points::SEEN);
    services
        .db
        .tx(move |conn| {
            for (city, price) in &seen {
                push_city_seen(conn, push.id, &city.city_id, *price)?;
                if let Some(price) = price {
                    product_price_set(conn, product.id, &city.city_id, *price, now)?;
                }
            }
            if damaged || end == PushState::Mismatch {
                // A person should look before the robot goes on.
                product_lock(conn, product.id, now + TimeDelta::hours(1))?;
            }
            let step = PushStep {
                reason,
                ..PushStep::default()
            };
            advance(conn, &push, &product, end, &step, now)?;
            if end == PushState::Confirmed && product.card_id.is_some() {
                public_look_start(conn, &push, now + public::FIRST_LOOK)?;
            }
            if end == PushState::Removed {
                brakes::after_removed(conn, push.store_id, now)?;
            } else if damaged {
                alert_of_product(conn, AlertKind::OfferDamaged, &push, &product, now)?;
            }
            if damaged {
                restore::plan_restore(conn, &push, &product, points.as_deref(), &seen, now)?;
            }
            Ok::<_, StoreError>(())
        })
        .await?;
    fail_points::pass(fail_points::SETTLED);
    Ok(())
}

/// Does a write take longer than usual?
fn is_late(services: &Services, push: &Push, usual: TimeDelta) -> bool {
    let now = services.now();
    now - push.accepted_at.or(push.sent_at).unwrap_or(now) > LATE_AFTER.max(usual)
}

async fn look_again(
    services: &Services,
    push: Push,
    product: &Product,
    step: PushStep,
) -> Result<(), StoreError> {
    let state = push.state;
    finish(services, push, product, state, step).await
}

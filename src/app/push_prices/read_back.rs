//! What became of a write: the cabinet's list is read until the price shows, another one does, or time is up.

use chrono::TimeDelta;

use super::{PushSummary, advance, brakes, facts, finish};
use crate::{
    app::cabinet_session::{SessionError, renew_session, session_of},
    domain::{Actor, PushState, StoreId, offer::CabinetOffer},
    fail_points,
    kaspi::KaspiError,
    services::Services,
    store::{
        StoreError,
        products::{Product, product_lock},
        pushes::{Push, PushCity, PushStep, product_price_confirm, push_city_seen, push_list_to_read},
    },
};

/// Told as "late" after this time.
const LATE_AFTER: TimeDelta = TimeDelta::minutes(2);

/// Looks at every push whose outcome is due to be seen.
pub(super) async fn read_back(
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
    let given_up = age
        .to_std()
        .is_ok_and(|age| age > services.config.worker.read_back_limit);
    let seen = |city: &PushCity| offer.and_then(|offer| offer.price_in(&city.city_id));
    let on_sale = offer.is_some_and(|offer| offer.on_sale);
    let shows_ours = |city: &PushCity| seen(city) == Some(city.price_tenge);
    let not_applied = |city: &PushCity| seen(city) == Some(city.before_tenge);
    let end = if !on_sale {
        Some((PushState::Removed, Some("offer_removed")))
    } else if cities.iter().all(shows_ours) {
        summary.confirmed += 1;
        Some((PushState::Confirmed, None))
    } else if !cities.iter().all(|city| shows_ours(city) || not_applied(city)) {
        Some((PushState::Mismatch, Some("other_price_seen")))
    } else if given_up && push.state == PushState::Unknown {
        Some((PushState::Expired, Some("never_applied")))
    } else {
        given_up.then_some((PushState::Mismatch, Some("never_applied")))
    };
    if let Some((end, reason)) = end {
        return settle(services, push, product, cities, offer, end, reason).await;
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
    fail_points::pass(fail_points::SEEN);
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
            let step = PushStep {
                reason,
                ..PushStep::default()
            };
            advance(conn, &push, &product, end, &step, now)?;
            if end == PushState::Removed {
                brakes::after_removed(conn, push.store_id, now)?;
            }
            Ok::<_, StoreError>(())
        })
        .await?;
    fail_points::pass(fail_points::SETTLED);
    Ok(())
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

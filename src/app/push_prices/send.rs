//! One claimed push on its way to the shop: fresh availability image, last gate, write, what the answer means.

use chrono::TimeDelta;
use serde_json::json;

use super::{Facts, PushSummary, advance, brakes, restore};
use crate::{
    app::cabinet_session::{Renewal, SessionError, renew_session, session_of},
    domain::{Actor, PushOrigin, PushState, Tenge, offer::CabinetOffer},
    fail_points,
    kaspi::{CabinetSession, KaspiError},
    last_gate::{self, GateError},
    metrics,
    services::Services,
    store::{
        StoreError,
        products::{Product, product_due_at, product_image_set},
        pushes::{Push, PushCity, PushStep, product_price_set, store_freeze},
        stores::Store,
    },
};

/// The gate's code for a price that was decided under other rules: the product is decided about at once.
const CHANGED_SINCE: &str = "changed_since";
/// A 429 on a price write: no write of this merchant for so long, whatever the answer says.
const FREEZE: TimeDelta = TimeDelta::minutes(30);

/// One claimed push: fresh image, gate, write. `session` is the store's, kept from one write of a round to the next.
pub(super) async fn send(
    services: &Services,
    push: Push,
    (store, product, cities): Facts,
    epoch: i64,
    session: &mut Option<CabinetSession>,
    summary: &mut PushSummary,
) -> Result<(), StoreError> {
    let (session, offer) = match fresh_offer(services, &store, &product, session).await? {
        Ok((_, offer)) if !offer.on_sale && push.origin != PushOrigin::Restore => {
            return hold(services, &push, &product, "not_on_sale", summary).await;
        }
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
                    .try_for_each(|(city, seen)| product_price_set(conn, id, city, *seen, now))
            })
            .await?;
        return hold(services, &push, &product, "price_changed_outside", summary).await;
    }
    let image = match restore::image_to_send(&push, &offer) {
        Ok(image) => image.map(|points| json!(points)),
        Err(code) => return hold(services, &push, &product, code, summary).await,
    };
    let stock = offer.stock.map(|stock| i32::try_from(stock).unwrap_or(i32::MAX));
    let (id, claimed, main_city_id) = (push.id, push.clone(), store.main_city_id.clone());
    let write = match services
        .db
        .tx(move |conn| {
            product_image_set(conn, claimed.product_id, image.as_ref(), stock, now)?;
            fail_points::pass(fail_points::IMAGE_KEPT);
            brakes::check(conn, &claimed, &main_city_id, now)?;
            last_gate::clear(conn, id, epoch, now)
        })
        .await
    {
        Ok(write) => write,
        Err(GateError::Refused(code)) => return hold(services, &push, &product, code, summary).await,
        Err(GateError::Store(error)) => return Err(error),
    };
    metrics::push_became(PushState::Sent.as_str());
    fail_points::pass(fail_points::CLEARED);
    let push = Push {
        state: PushState::Sent,
        ..push
    };
    // From here on the outcome is read, never guessed, whatever happens to this process.
    let answer = services.kaspi.set_price(session, &write).await;
    fail_points::pass(fail_points::ANSWERED);
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
            let late = write.is_stale().then_some("too_late");
            (
                PushState::Held,
                PushStep {
                    reason: late.or(Some(error.code())),
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
    super::finish(services, push, &product, next, step).await?;
    fail_points::pass(fail_points::OUTCOME_KEPT);
    Ok(())
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
    let (now, push, product) = (services.now(), push.clone(), product.clone());
    let step = PushStep {
        reason: Some(code),
        ..PushStep::default()
    };
    services
        .db
        .tx(move |conn| {
            if code == brakes::TOO_MANY_DROPS {
                brakes::switch_off(conn, &push, &product, now)?;
            }
            brakes::alert_of_hold(conn, &push, &product, code, now)?;
            if code == CHANGED_SINCE {
                product_due_at(conn, product.id, now)?;
            }
            advance(conn, &push, &product, end, &step, now)
        })
        .await
}

/// The offer as the cabinet shows it now, or the code of what is in the way.
async fn fresh_offer<'a>(
    services: &Services,
    store: &Store,
    product: &Product,
    session: &'a mut Option<CabinetSession>,
) -> Result<Result<(&'a CabinetSession, CabinetOffer), &'static str>, StoreError> {
    let session = match session {
        Some(session) => session,
        None => match session_of(services, store.id).await {
            Ok(opened) => session.insert(opened),
            Err(SessionError::Store(error)) => return Err(error),
            Err(_) => return Ok(Err("store_not_connected")),
        },
    };
    let Some(sku) = product.sku.as_deref() else {
        return Ok(Err("no_sku"));
    };
    let kaspi = &services.kaspi;
    let mut read = kaspi.offer_by_sku(session, &store.merchant_id, sku).await;
    if matches!(read, Err(KaspiError::SessionExpired)) {
        *session = match renew_session(services, &Actor::robot(), store.id).await? {
            Renewal::Ready(renewed) => renewed,
            Renewal::Queued | Renewal::NeedsLogin => return Ok(Err("session_expired")),
        };
        read = kaspi.offer_by_sku(session, &store.merchant_id, sku).await;
    }
    Ok(match read {
        Ok(Some(offer)) => Ok((session, offer)),
        Ok(None) => Err("not_on_sale"),
        Err(error) => Err(error.code()),
    })
}

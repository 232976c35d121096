//! Do buyers see what the cabinet shows? After a confirmed write the public offers of the card are read until they
//! carry the price, or a person is told that they do not.

use chrono::TimeDelta;

use super::{alert_of_product, with_facts};
use crate::{
    app::alerts,
    domain::{AlertKind, StoreId},
    services::Services,
    store::{
        StoreError,
        products::Product,
        public_looks::{public_look_list, public_look_next, public_look_seen},
        pushes::{Push, PushCity},
        stores::Store,
    },
};

/// The public page follows the cabinet after a while: the first look comes so long after the cabinet's.
pub(super) const FIRST_LOOK: TimeDelta = TimeDelta::seconds(20);
/// A price that buyers do not see after this time is told of.
const SHOWN_WITHIN: TimeDelta = TimeDelta::minutes(30);
/// Cards read in one round; they go through the same limits as all reading.
const PER_ROUND: i64 = 8;

/// Looks for the confirmed prices of a store that are due to be looked for.
pub(super) async fn look(services: &Services, store_id: StoreId) -> Result<(), StoreError> {
    let now = services.now();
    let due = services
        .db
        .read(move |conn| {
            let due = public_look_list(conn, store_id, PER_ROUND, now)?;
            with_facts(conn, store_id, due)
        })
        .await?;
    for (push, (store, product, cities)) in due {
        let shown = shown(services, &store, &product, &cities).await;
        keep(services, push, product, shown).await?;
    }
    Ok(())
}

/// Is the price of the main city among the public offers? `None`: they could not be read.
async fn shown(services: &Services, store: &Store, product: &Product, cities: &[PushCity]) -> Option<bool> {
    let city = cities
        .iter()
        .find(|city| city.city_id == store.main_city_id)
        .or(cities.first())?;
    let card = product.card_id.as_deref()?;
    let market = services.kaspi.market_offers(card, &city.city_id).await;
    let market = market
        .inspect_err(|error| tracing::warn!(store = store.name, %error, "a price could not be looked for"))
        .ok()?;
    Some(
        market
            .offers
            .iter()
            .any(|offer| offer.merchant_id == store.merchant_id && offer.price == city.price_tenge),
    )
}

/// Writes down what the look showed.
async fn keep(
    services: &Services,
    push: Push,
    product: Product,
    shown: Option<bool>,
) -> Result<(), StoreError> {
    let now = services.now();
    let age = now - push.finished_at.unwrap_or(push.planned_at);
    services
        .db
        .tx(move |conn| {
            if shown == Some(true) {
                public_look_seen(conn, push.id, now)?;
                return alerts::resolve(
                    conn,
                    &[AlertKind::NotShown],
                    Some(push.store_id),
                    Some(product.id),
                    now,
                );
            }
            if age < SHOWN_WITHIN {
                let pause = (age / 2).clamp(FIRST_LOOK, TimeDelta::minutes(5));
                return public_look_next(conn, push.id, Some(now + pause));
            }
            public_look_next(conn, push.id, None)?;
            if shown.is_none() {
                // Nothing is known: that is no news for anybody.
                return Ok(());
            }
            alert_of_product(conn, AlertKind::NotShown, &push, &product, now)
        })
        .await
}

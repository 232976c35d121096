//! Points of service, stock and preorder days that a write damaged are brought back by one more write, through the
//! same gate; a person is told in any case.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::{
    app::reprice::supersede,
    domain::{
        Actor, PushOrigin, Tenge, WriteClass,
        offer::CabinetOffer,
        pricing::Worth,
        product::{Availability, LOWEST_PRICE, is_damaged, restored},
    },
    store::{
        PgConnection, StoreError,
        audit::{AuditEntry, audit_insert},
        products::Product,
        pushes::{NewPush, Push, PushCity, push_insert, push_last_restore},
        terms::terms_of_products,
    },
};

/// The gate's code for points of service that cannot be read.
const UNREADABLE: &str = "availabilities_unreadable";
/// Damage that is seen later after the image was read may as well be a person's doing: it is told, not undone.
const OURS_WITHIN: TimeDelta = TimeDelta::minutes(10);
/// A product is restored once in this time: what comes back damaged again needs a person.
const NOT_AGAIN: TimeDelta = TimeDelta::days(1);

/// The points of service that a push carried or is to bring back, when there are any.
pub(super) fn sent_image(push: &Push) -> Option<Vec<Availability>> {
    serde_json::from_value(push.availabilities.clone()?).ok()
}

/// Does the cabinet show other points of service, stock or preorder days than the write carried? What the cabinet
/// does not tell is no damage.
pub(super) fn is_offer_damaged(push: &Push, offer: &CabinetOffer) -> bool {
    sent_image(push)
        .zip(offer.availabilities.as_deref())
        .is_some_and(|(sent, seen)| is_damaged(&sent, seen))
}

/// The image that a push carries: the one just read, or what a restoring write brings back of it. `None`: unknown, so
/// the write says nothing of points.
///
/// # Errors
/// The code of why nothing can be restored.
pub(super) fn image_to_send(
    push: &Push,
    offer: &CabinetOffer,
) -> Result<Option<Vec<Availability>>, &'static str> {
    if push.origin != PushOrigin::Restore {
        return Ok(offer.availabilities.clone());
    }
    let before = sent_image(push).ok_or(UNREADABLE)?;
    let seen = offer.availabilities.as_deref().ok_or(UNREADABLE)?;
    Ok(Some(restored(&before, seen)))
}

/// Plans the write that brings back what a write took off sale or damaged, where something can be brought back.
/// `points` and `prices` of each city: as just seen.
pub(super) fn plan_restore(
    conn: &mut PgConnection,
    push: &Push,
    product: &Product,
    points: Option<&[Availability]>,
    prices: &[(PushCity, Option<Tenge>)],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let sent = sent_image(push).zip(points);
    let Some((image, _)) = sent.filter(|(image, seen)| is_damaged(image, seen)) else {
        return Ok(());
    };
    let read_at = push.availabilities_read_at.unwrap_or(push.planned_at);
    let before = push_last_restore(conn, product.id)?;
    if push.origin == PushOrigin::Restore
        || now - read_at > OURS_WITHIN
        || before.is_some_and(|before| now - before < NOT_AGAIN)
    {
        return Ok(());
    }
    let cities: Vec<(String, Tenge, Tenge)> = prices
        .iter()
        .map(|(city, seen)| {
            let price = seen.unwrap_or(city.before_tenge);
            (city.city_id.clone(), price, price)
        })
        .collect();
    if !are_prices_permitted(conn, product, &cities)? {
        return Ok(());
    }
    let replaced = supersede(conn, &[product.id], now)?;
    let new = NewPush {
        store_id: push.store_id,
        product_id: product.id,
        decision_id: None,
        origin: PushOrigin::Restore,
        actor_id: None,
        market_taken_at: None,
        lowest_tenge: LOWEST_PRICE,
        worth: Worth {
            class: WriteClass::Restore,
            per_day: Tenge(0),
        },
        cities,
        restore_image: Some(json!(image)),
    };
    let ids = push_insert(conn, &[new], &replaced, now)?;
    for id in ids {
        let object = ("price_push", id.0, product.name.as_str());
        let entry = AuditEntry::new(&Actor::robot(), now, Some(push.store_id), object, "restore")
            .change(json!({}), json!({ "image": image, "after": push.id }));
        audit_insert(conn, &entry)?;
    }
    Ok(())
}

/// The journal refuses a price outside the limits: then only a person can help.
fn are_prices_permitted(
    conn: &mut PgConnection,
    product: &Product,
    cities: &[(String, Tenge, Tenge)],
) -> Result<bool, StoreError> {
    let Some(terms) = terms_of_products(conn, &[product.id])?.remove(&product.id) else {
        return Ok(false);
    };
    let limits = terms.limits();
    let inside = |price: Tenge| {
        price >= limits.floor.unwrap_or(LOWEST_PRICE) && limits.ceiling.is_none_or(|ceiling| price <= ceiling)
    };
    let has_lower_bound = terms.floor.is_some() || terms.unit_cost.is_some();
    Ok(has_lower_bound && cities.iter().all(|(.., price)| inside(*price)))
}

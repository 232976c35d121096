//! Brakes directly before and after a write that look at more than the one price: far from what the product cost
//! lately, lowered over and over, offers that vanish after writes (pricing rules, guards at the send G12, G17, G18).

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::{
    app::alerts::{self, NewAlert},
    domain::{
        Actor, AlertKind, ProductId, PushOrigin, RepricingMode, StoreId, Tenant, brakes::is_outside_collar,
    },
    last_gate::GateError,
    store::{
        PgConnection, StoreError,
        audit::{AuditEntry, audit_insert},
        brakes::{product_drops, push_medians, safety_limits_load, store_removed},
        products::{Product, product_switch_off},
        pushes::Push,
        stores::{store_fetch, store_mode_set},
    },
};

/// A product that was lowered so often is switched off.
pub(super) const TOO_MANY_DROPS: &str = "too_many_drops";
/// A store whose offers vanish after writes only suggests.
const OFFERS_REMOVED: &str = "offers_removed";
/// A price far from those of the last days waits for a person.
const OUTSIDE_COLLAR: &str = "outside_collar";

/// May this price leave, seen from what happened lately? People's prices are their own affair.
///
/// # Errors
/// [`GateError::Refused`] with the brake's code.
pub(super) fn check(
    conn: &mut PgConnection,
    push: &Push,
    main_city_id: &str,
    now: DateTime<Utc>,
) -> Result<(), GateError> {
    if push.origin != PushOrigin::Robot {
        return Ok(());
    }
    let limits = safety_limits_load(conn)?;
    let mut beside = push_medians(conn, push.id, now)?.into_iter();
    if beside.any(|(price, median)| is_outside_collar(price, median, &limits)) {
        return Err(GateError::Refused(OUTSIDE_COLLAR));
    }
    let drops = product_drops(conn, push.product_id, main_city_id, now)?;
    if drops >= i64::from(limits.drops_per_day) {
        return Err(GateError::Refused(TOO_MANY_DROPS));
    }
    Ok(())
}

/// Does a brake hold this price? For whoever shows a price instead of writing it.
///
/// # Errors
/// See [`StoreError`].
pub(crate) fn is_braked(
    conn: &mut PgConnection,
    push: &Push,
    main_city_id: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    match check(conn, push, main_city_id, now) {
        Ok(()) => Ok(false),
        Err(GateError::Refused(_)) => Ok(true),
        Err(GateError::Store(error)) => Err(error),
    }
}

/// Takes a product out of automatic prices until a person switches it on again.
pub(super) fn switch_off(
    conn: &mut PgConnection,
    push: &Push,
    product: &Product,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if !product_switch_off(conn, product.id, now)? {
        return Ok(());
    }
    let object = ("product", product.id.0, product.name.as_str());
    let entry = AuditEntry::new(&Actor::robot(), now, Some(push.store_id), object, "update").change(
        json!({ "repricing_enabled": true }),
        json!({ "repricing_enabled": false }),
    );
    audit_insert(conn, &entry.because(TOO_MANY_DROPS))
}

/// Tells of a price that a brake holds until a person has looked; nothing for what held it otherwise.
pub(super) fn alert_of_hold(
    conn: &mut PgConnection,
    push: &Push,
    product: &Product,
    code: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if ![TOO_MANY_DROPS, OUTSIDE_COLLAR].contains(&code) {
        return Ok(());
    }
    needs_person(conn, push.store_id, Some(product.id), (&product.name, code), now)
}

fn needs_person(
    conn: &mut PgConnection,
    store_id: StoreId,
    product_id: Option<ProductId>,
    (name, code): (&str, &str),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let alert = NewAlert {
        kind: AlertKind::NeedsPerson,
        store_id: Some(store_id),
        product_id,
        data: json!({ "product": name, "reason": code }),
        times: 1,
    };
    alerts::raise(conn, &alert, now)
}

/// Lets the robot of a store only suggest, once too many of its offers vanished after writes within a day.
pub(super) fn after_removed(
    conn: &mut PgConnection,
    store_id: StoreId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let limits = safety_limits_load(conn)?;
    let Some(store) = store_fetch(conn, Tenant::All, store_id)? else {
        return Ok(());
    };
    if store.repricing_mode != RepricingMode::Live
        || store_removed(conn, store.id, now)? < i64::from(limits.removed_per_day)
        || !store_mode_set(conn, store.id, RepricingMode::Shadow, now)?
    {
        return Ok(());
    }
    let object = ("store", store.id.0, store.name.as_str());
    let entry = AuditEntry::new(&Actor::robot(), now, Some(store.id), object, "update").change(
        json!({ "repricing_mode": RepricingMode::Live }),
        json!({ "repricing_mode": RepricingMode::Shadow }),
    );
    audit_insert(conn, &entry.because(OFFERS_REMOVED))?;
    needs_person(conn, store.id, None, (&store.name, OFFERS_REMOVED), now)
}

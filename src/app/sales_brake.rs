//! The brake on sales (pricing rules, guard G14): a product that sells much faster than usual at a price below its
//! usual one may be cheap by mistake. The robot leaves it alone, and a person is told.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::alerts::{self, NewAlert};
use crate::{
    domain::{Actor, AlertKind},
    services::Services,
    store::{
        PgConnection, StoreError,
        audit::{AuditEntry, audit_insert},
        brakes::safety_limits_load,
        products::product_lock,
        stock_falls::{FastSale, fast_sales},
    },
};

/// The code of the brake.
const SELLING_FAST: &str = "selling_fast";
/// The robot leaves such a product alone for so long, unless a person lets it go on.
const HANDS_OFF: TimeDelta = TimeDelta::days(1);

/// Looks for products that sell too fast and freezes them.
///
/// # Errors
/// See [`StoreError`].
pub async fn brake_fast_sales(services: &Services) -> Result<(), StoreError> {
    let now = services.now();
    services
        .db
        .tx(move |conn| {
            let limits = safety_limits_load(conn)?;
            let found = fast_sales(
                conn,
                (limits.sales_times, limits.sales_at_least),
                SELLING_FAST,
                now,
            )?;
            found.iter().try_for_each(|sale| freeze(conn, sale, now))
        })
        .await
}

fn freeze(conn: &mut PgConnection, sale: &FastSale, now: DateTime<Utc>) -> Result<(), StoreError> {
    let until = now + HANDS_OFF;
    product_lock(conn, sale.product_id, until)?;
    let object = ("product", sale.product_id.0, sale.name.as_str());
    let entry = AuditEntry::new(&Actor::robot(), now, Some(sale.store_id), object, "update")
        .change(json!({}), json!({ "locked_until": until }));
    audit_insert(conn, &entry.because(SELLING_FAST))?;
    let alert = NewAlert {
        kind: AlertKind::NeedsPerson,
        store_id: Some(sale.store_id),
        product_id: Some(sale.product_id),
        data: json!({ "product": sale.name, "reason": SELLING_FAST, "units": sale.units }),
        times: 1,
    };
    alerts::raise(conn, &alert, now)
}

//! Urgent troubles that nobody answers: after a while the store they are of is stopped (reliability, surveillance).

use chrono::TimeDelta;
use serde_json::json;

use crate::{
    app::kill_switch::stop_by_brake,
    services::Services,
    store::{StoreError, alerts::alert_stores_unanswered, brakes::safety_limits_load},
};

/// The code of such a stop.
const UNANSWERED: &str = "alert_unanswered";

/// Stops the stores with an urgent trouble about prices that has stood for longer than the safety limits allow
/// without anybody taking it on. A released store is not stopped again for what stood before.
///
/// # Errors
/// See [`StoreError`].
pub async fn stop_unanswered(services: &Services) -> Result<(), StoreError> {
    let now = services.now();
    services
        .db
        .tx(move |conn| {
            let minutes = safety_limits_load(conn)?.unanswered_minutes;
            if minutes == 0 {
                return Ok(());
            }
            let before = now - TimeDelta::minutes(minutes.into());
            for (store_id, name) in alert_stores_unanswered(conn, before)? {
                stop_by_brake(conn, (store_id, &name), UNANSWERED, json!({}), now)?;
            }
            Ok(())
        })
        .await
}

//! Troubles that people should hear of. They are raised in the transaction of what they tell of: without one there is
//! no other.

pub mod channels;
pub mod unanswered;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::edit::{EditError, store_for_change};
use crate::{
    domain::{Actor, AlertId, AlertKind, ProductId, Role, StoreId, pricing::Code},
    queue::enqueue::enqueue_alert,
    services::Services,
    store::{
        PgConnection, StoreError,
        alert_channels::channel_list,
        alerts::{AlertObject, alert_acknowledge, alert_fetch, alert_raise, alert_resolve},
        audit::{AuditEntry, audit_insert},
        decisions::{StoredDecision, decision_list_newest},
    },
};

/// Reasons that say that a product cannot go lower although it would.
const AT_FLOOR: [Code; 3] = [
    Code::FLOOR_REACHED,
    Code::AT_FLOOR_SCENARIO,
    Code::BELOW_FLOOR_SCENARIO,
];

/// A trouble to be told.
#[derive(Debug, Clone)]
pub struct NewAlert {
    /// What it is.
    pub kind: AlertKind,
    /// The store; `None`: every one.
    pub store_id: Option<StoreId>,
    /// The product, where it is about one.
    pub product_id: Option<ProductId>,
    /// What the texts name: `store`, `product`, `price_tenge`, `reason`, `who`. No secrets.
    pub data: Value,
    /// How often it happened just now.
    pub times: i32,
}

/// Tells of a trouble: in the panel, and through every channel that delivers its kind. The same trouble of the same
/// object is told once in ten minutes and counted in between.
///
/// # Errors
/// See [`StoreError`].
pub fn raise(conn: &mut PgConnection, alert: &NewAlert, now: DateTime<Utc>) -> Result<(), StoreError> {
    let object = AlertObject {
        kind: alert.kind,
        store_id: alert.store_id,
        product_id: alert.product_id,
    };
    let (id, tell) = alert_raise(conn, object, &alert.data, alert.times, now)?;
    if tell {
        for row in channel_list(conn)?.iter().filter(|row| row.delivers(alert.kind)) {
            enqueue_alert(conn, id, row.channel, now)?;
        }
    }
    Ok(())
}

/// Notes that troubles of an object are over; nothing where they do not stand.
///
/// # Errors
/// See [`StoreError`].
pub fn resolve(
    conn: &mut PgConnection,
    kinds: &[AlertKind],
    store_id: Option<StoreId>,
    product_id: Option<ProductId>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    alert_resolve(conn, kinds, (store_id, product_id), now)
}

/// Tells of products that came down to their floor or lost the first place by these decisions, one alert for each
/// store. Called before they are kept: what was decided before them is looked up.
///
/// # Errors
/// See [`StoreError`].
pub fn raise_of_decisions(
    conn: &mut PgConnection,
    decisions: &[(&str, &StoredDecision)],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let candidates: Vec<ProductId> = decisions
        .iter()
        .filter(|(_, decision)| is_at_floor(decision) || lost_first(decision))
        .map(|(_, decision)| decision.product_id)
        .collect();
    if candidates.is_empty() {
        return Ok(());
    }
    let before: HashMap<ProductId, StoredDecision> = decision_list_newest(conn, &candidates)?
        .into_iter()
        .map(|decision| (decision.product_id, decision))
        .collect();
    let mut found: HashMap<(AlertKind, StoreId), NewAlert> = HashMap::new();
    for (name, decision) in decisions {
        let Some(earlier) = before.get(&decision.product_id) else {
            continue;
        };
        let fell = is_at_floor(decision) && !is_at_floor(earlier);
        let lost = lost_first(decision) && earlier.place == Some(1);
        let kinds = [(fell, AlertKind::FloorReached), (lost, AlertKind::FirstPlaceLost)];
        for (_, kind) in kinds.into_iter().filter(|(happened, _)| *happened) {
            let alert = found
                .entry((kind, decision.store_id))
                .or_insert_with(|| NewAlert {
                    kind,
                    store_id: Some(decision.store_id),
                    product_id: None,
                    data: json!({ "product": name, "product_id": decision.product_id }),
                    times: 0,
                });
            alert.times += 1;
        }
    }
    // In the order of their keys, so that two workers wait for each other, not both.
    let mut alerts: Vec<NewAlert> = found.into_values().collect();
    alerts.sort_by_key(|alert| (alert.kind, alert.store_id));
    alerts.iter().try_for_each(|alert| raise(conn, alert, now))
}

fn is_at_floor(decision: &StoredDecision) -> bool {
    let reasons = decision.reasons.as_array().map_or(&[][..], Vec::as_slice);
    reasons
        .iter()
        .filter_map(|reason| reason.get("code")?.as_str())
        .any(|code| AT_FLOOR.iter().any(|known| known.as_str() == code))
}

fn lost_first(decision: &StoredDecision) -> bool {
    decision.place.is_some_and(|place| place > 1)
}

/// Why nothing was acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// There is no such alert for this actor.
    #[error("there is no such alert")]
    NotFound,
    /// The actor may look but not change; what concerns every store is an administrator's.
    #[error("no right to change this")]
    Forbidden,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<EditError<()>> for AlertError {
    fn from(error: EditError<()>) -> Self {
        match error {
            EditError::Forbidden => Self::Forbidden,
            EditError::Store(error) => Self::Store(error),
            EditError::NotFound | EditError::Invalid(_) | EditError::Conflict(_) => Self::NotFound,
        }
    }
}

/// Notes that a person has seen a trouble and cares for it. Nothing happens where somebody has already.
///
/// # Errors
/// See [`AlertError`].
pub async fn acknowledge(services: &Services, actor: &Actor, id: AlertId) -> Result<(), AlertError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let alert = alert_fetch(conn, actor.tenant(), id)?.ok_or(AlertError::NotFound)?;
            match alert.store_id {
                Some(store) => {
                    store_for_change::<()>(conn, &actor, store)?;
                }
                None if actor.role != Role::Admin => return Err(AlertError::Forbidden),
                None => {}
            }
            if alert_acknowledge(conn, id, &actor.name, now)? {
                let object = ("alert", id.0, alert.kind.as_str());
                let entry = AuditEntry::new(&actor, now, alert.store_id, object, "acknowledge");
                audit_insert(conn, &entry)?;
            }
            Ok(())
        })
        .await
}

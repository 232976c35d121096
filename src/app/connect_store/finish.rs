//! The end of a successful login: store, points of service, first sync and audit line in one transaction. The
//! session itself is kept with the account before.

use serde_json::json;

use crate::{
    app::{alerts::resolve, store_edit::fresh_store},
    domain::{
        AccountId, Actor, AlertKind, AttemptState, JobKind, SessionState, StoreId, Tenant, UserId,
        city::ALMATY, offer::MerchantCard,
    },
    queue::enqueue::enqueue_for_store,
    services::Services,
    store::{
        PgConnection, StoreError,
        accounts::account_delete_unused,
        audit::{AuditEntry, audit_insert},
        connections::{AttemptEnd, ConnectionAttempt, attempt_finish},
        stores::{
            Store, StorePoint, store_fetch, store_fetch_by_merchant, store_insert, store_points_replace,
            store_update_logged_in,
        },
    },
};

use super::ConnectError;

/// Everything a successful login gave.
pub(super) struct Connected {
    pub attempt: ConnectionAttempt,
    pub actor: Actor,
    pub owner_id: UserId,
    pub account_id: AccountId,
    pub card: MerchantCard,
}

/// Makes or renews the store. A store that exists keeps its key and everything people set.
pub(super) async fn store_connected(
    services: &Services,
    connected: Connected,
) -> Result<StoreId, ConnectError> {
    let now = services.now();
    services
        .db
        .tx(move |conn| {
            let Connected {
                attempt,
                actor,
                owner_id,
                account_id,
                card,
            } = connected;
            let known = known_store(conn, &attempt, owner_id, &card.id)?;
            let is_new = known.is_none();
            let store = match known {
                Some(store) => store,
                None => {
                    let store = new_store(owner_id, &card, now)?;
                    store_insert(conn, &store)?;
                    store
                }
            };
            let id = store.id;
            store_update_logged_in(conn, id, account_id, &card.name, now)?;
            store_points_replace(conn, id, &points(id, &card), &card.cities)?;
            let end = AttemptEnd {
                store_id: Some(id),
                account_id: Some(account_id),
                blocked_until: None,
            };
            attempt_finish(conn, attempt.id, AttemptState::Done, &end, now)?;
            // Its store may have lived on another account before.
            account_delete_unused(conn, owner_id)?;
            enqueue_for_store(conn, JobKind::SyncStore, id, Some(attempt.user_id), now)?;
            let action = if is_new { "create" } else { "login" };
            let entry = AuditEntry::new(&actor, now, Some(id), ("store", id.0, &card.name), action).change(
                json!({ "session_state": store.session_state }),
                json!({ "session_state": SessionState::Connected, "merchant_id": card.id, "name": card.name }),
            );
            audit_insert(conn, &entry)?;
            resolve(conn, &[AlertKind::SessionLost], Some(id), None, now)?;
            Ok(id)
        })
        .await
}

/// The store that the login belongs to: the one it was begun for, or the owner's store of the same merchant.
fn known_store(
    conn: &mut PgConnection,
    attempt: &ConnectionAttempt,
    owner_id: UserId,
    merchant_id: &str,
) -> Result<Option<Store>, StoreError> {
    match attempt.store_id {
        Some(store_id) => store_fetch(conn, Tenant::All, store_id),
        None => store_fetch_by_merchant(conn, owner_id, merchant_id),
    }
}

/// A new store, whose main city is one of those that the merchant sells in.
fn new_store(
    owner_id: UserId,
    card: &MerchantCard,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Store, ConnectError> {
    let main_city = card
        .cities
        .iter()
        .find(|(city, _)| city == ALMATY)
        .or(card.cities.first());
    Ok(Store {
        main_city_id: main_city.map_or(ALMATY, |(city, _)| city).to_owned(),
        ..fresh_store(owner_id, &card.id, &card.name, now)?
    })
}

fn points(store_id: StoreId, card: &MerchantCard) -> Vec<StorePoint> {
    let mut points: Vec<StorePoint> = card
        .points
        .iter()
        .map(|point| StorePoint {
            store_id,
            point_id: point.id.clone(),
            name: point.name.clone(),
            city_id: Some(point.city_id.clone()),
            enabled: point.enabled,
        })
        .collect();
    points.sort_by(|a, b| a.point_id.cmp(&b.point_id));
    points.dedup_by(|a, b| a.point_id == b.point_id);
    points
}

//! The end of a successful login: store, sealed credentials, points of service, first sync and audit line in
//! one transaction.

use serde_json::json;

use crate::{
    app::cabinet_session::{cookies_place, password_place},
    domain::{
        Actor, AttemptState, JobKind, RepricingMode, SessionState, StoreId, Tenant, UserId, city::ALMATY,
        offer::MerchantCard,
    },
    kaspi::CabinetSession,
    queue::enqueue::enqueue_for_store,
    secrets::{Secret, random_bytes},
    services::Services,
    store::{
        PgConnection, StoreError,
        audit::{AuditEntry, audit_insert},
        connections::{AttemptEnd, ConnectionAttempt, attempt_finish},
        stores::{
            Store, StoreCredentials, StorePoint, store_credentials_upsert, store_fetch,
            store_fetch_by_merchant, store_insert, store_points_replace, store_update_logged_in,
        },
    },
};

use super::ConnectError;

/// Everything a successful login gave.
pub(super) struct Connected {
    pub attempt: ConnectionAttempt,
    pub actor: Actor,
    pub password: Secret,
    pub session: CabinetSession,
    pub card: MerchantCard,
}

/// Makes or renews the store. A store that exists keeps its key and everything people set.
pub(super) async fn store_connected(
    services: &Services,
    connected: Connected,
) -> Result<StoreId, ConnectError> {
    let (services, now) = (services.clone(), services.now());
    let db = services.db.clone();
    db.tx(move |conn| {
        let Connected {
            attempt,
            actor,
            password,
            session,
            card,
        } = connected;
        let known = known_store(conn, &attempt, &card.id)?;
        let is_new = known.is_none();
        let store = match known {
            Some(store) => store,
            None => {
                let store = new_store(attempt.user_id, &card, now)?;
                store_insert(conn, &store)?;
                store
            }
        };
        let id = store.id;
        store_update_logged_in(conn, id, &card.name, now)?;
        let credentials = StoreCredentials {
            store_id: id,
            email: Some(attempt.email.clone()),
            password_sealed: Some(services.vault.seal(password_place(id), &password)?),
            cookies_sealed: Some(services.vault.seal(cookies_place(id), &session.to_secret())?),
            password_set_at: Some(now),
            cookies_set_at: Some(now),
            user_agent: session.identity().user_agent().to_owned(),
            updated_at: now,
        };
        store_credentials_upsert(conn, &credentials)?;
        store_points_replace(conn, id, &points(id, &card), &card.cities)?;
        let end = AttemptEnd {
            store_id: Some(id),
            blocked_until: None,
        };
        attempt_finish(conn, attempt.id, AttemptState::Done, &end, now)?;
        enqueue_for_store(conn, JobKind::SyncStore, id, Some(attempt.user_id), now)?;
        let action = if is_new { "create" } else { "login" };
        let entry = AuditEntry::new(&actor, now, Some(id), ("store", id.0, &card.name), action).change(
            json!({ "session_state": store.session_state }),
            json!({ "session_state": SessionState::Connected, "merchant_id": card.id, "name": card.name }),
        );
        audit_insert(conn, &entry)?;
        Ok(id)
    })
    .await
}

/// The store that the login belongs to: the one it was begun for, or the user's store of the same merchant.
fn known_store(
    conn: &mut PgConnection,
    attempt: &ConnectionAttempt,
    merchant_id: &str,
) -> Result<Option<Store>, StoreError> {
    match attempt.store_id {
        Some(store_id) => store_fetch(conn, Tenant::All, store_id),
        None => store_fetch_by_merchant(conn, attempt.user_id, merchant_id),
    }
}

/// A new store does nothing by itself: repricing is switched on by a person.
fn new_store(
    owner_id: UserId,
    card: &MerchantCard,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Store, ConnectError> {
    let reference = random_bytes::<16>()?;
    let main_city = card
        .cities
        .iter()
        .find(|(city, _)| city == ALMATY)
        .or(card.cities.first());
    Ok(Store {
        id: StoreId::new(),
        owner_id,
        merchant_id: card.id.clone(),
        name: card.name.clone(),
        api_key: reference.iter().map(|byte| format!("{byte:02x}")).collect(),
        active: true,
        session_state: SessionState::Never,
        session_checked_at: None,
        logged_in_at: None,
        main_city_id: main_city.map_or(ALMATY, |(city, _)| city).to_owned(),
        repricing_mode: RepricingMode::Off,
        products_count: 0,
        last_sync_at: None,
        lease_owner: None,
        lease_epoch: 0,
        lease_until: None,
        frozen_until: None,
        version: 1,
        created_at: now,
        updated_at: now,
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

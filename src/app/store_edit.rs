//! Changing and removing stores. Logging a store in is `app::connect_store`.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};

use super::{
    edit::{EditError, FieldError, changed_fields, store_for_change, too_long},
    kill_switch::ACCEPTED_FOR,
};
use crate::{
    domain::{Actor, RepricingMode, StoreId, Tenant, city::CITIES},
    services::Services,
    store::{
        StoreError,
        accounts::account_delete_unused,
        audit::{AuditEntry, audit_insert},
        brakes::store_cycle_accept,
        stores::{Store, StoreChange, store_delete, store_fetch, store_update},
    },
};

/// Why a store was not changed.
pub type StoreEditError = EditError<Store>;

/// Changes name, city, switch and robot mode of a store that still has `version`. A change to the same values
/// writes nothing.
///
/// # Errors
/// See [`EditError`].
pub async fn edit_store(
    services: &Services,
    actor: &Actor,
    id: StoreId,
    version: i32,
    change: StoreChange,
) -> Result<(), StoreEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| edit_in(conn, &actor, (id, version), change, now))
        .await
}

fn edit_in(
    conn: &mut PgConnection,
    actor: &Actor,
    (id, version): (StoreId, i32),
    change: StoreChange,
    now: DateTime<Utc>,
) -> Result<(), StoreEditError> {
    let store = store_for_change::<Store>(conn, actor, id)?;
    let change = StoreChange {
        name: change.name.trim().to_owned(),
        ..change
    };
    let errors = change_errors(&store, &change);
    if !errors.is_empty() {
        return Err(EditError::Invalid(errors));
    }
    if store.version != version {
        return Err(EditError::Conflict(Box::new(store)));
    }
    let Some((before, after)) = changed_fields(change_json(&change_of(&store)), change_json(&change)) else {
        return Ok(());
    };
    match store_update(conn, id, version, &change, now) {
        Err(StoreError::Stale) => {
            let store = store_fetch(conn, actor.tenant(), id)?.ok_or(EditError::NotFound)?;
            return Err(EditError::Conflict(Box::new(store)));
        }
        result => result?,
    }
    let entry = entry(actor, now, &store, "update").change(before, after);
    Ok(audit_insert(conn, &entry)?)
}

/// Switches the robot of a store to `mode`, whatever the version.
///
/// # Errors
/// See [`EditError`].
pub async fn set_repricing_mode(
    services: &Services,
    actor: &Actor,
    id: StoreId,
    mode: RepricingMode,
) -> Result<(), StoreEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let store = store_for_change::<Store>(conn, &actor, id)?;
            let change = StoreChange {
                repricing_mode: mode,
                ..change_of(&store)
            };
            if mode == RepricingMode::Live {
                // The moves that are to come stood in the preview.
                store_cycle_accept(conn, id, now + ACCEPTED_FOR, now)?;
            }
            edit_in(conn, &actor, (id, store.version), change, now)
        })
        .await
}

/// Removes a store with its products, preorders, decisions, pushes and login data. Only its owner and
/// administrators may; what happened stays in the audit log.
///
/// # Errors
/// See [`EditError`].
pub async fn delete_store(services: &Services, actor: &Actor, id: StoreId) -> Result<(), StoreEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let store = store_for_change::<Store>(conn, &actor, id)?;
            if let Tenant::User(user) = actor.tenant()
                && store.owner_id != user
            {
                return Err(EditError::Forbidden);
            }
            store_delete(conn, id)?;
            account_delete_unused(conn, store.owner_id)?;
            let mut before = change_json(&change_of(&store));
            if let Value::Object(fields) = &mut before {
                fields.insert("merchant_id".to_owned(), json!(store.merchant_id));
            }
            let entry = entry(&actor, now, &store, "delete").change(before, json!({}));
            Ok(audit_insert(conn, &entry)?)
        })
        .await
}

/// What a person may change, as the store has it now.
#[must_use]
pub fn change_of(store: &Store) -> StoreChange {
    StoreChange {
        name: store.name.clone(),
        active: store.active,
        main_city_id: store.main_city_id.clone(),
        repricing_mode: store.repricing_mode,
    }
}

fn change_json(change: &StoreChange) -> Value {
    json!({
        "name": change.name,
        "active": change.active,
        "main_city_id": change.main_city_id,
        "repricing_mode": change.repricing_mode.as_str(),
    })
}

fn change_errors(store: &Store, change: &StoreChange) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if change.name.is_empty() {
        errors.push(FieldError::new("name", "error-empty"));
    }
    if too_long(Some(&change.name), 255) {
        errors.push(FieldError::new("name", "error-too-long"));
    }
    // A city that the marketplace told us stays, known to us or not.
    let known = CITIES.iter().any(|(city, _)| *city == change.main_city_id);
    if !known && change.main_city_id != store.main_city_id {
        errors.push(FieldError::new("main_city_id", "store-error-city-unknown"));
    }
    errors
}

fn entry(actor: &Actor, now: DateTime<Utc>, store: &Store, action: &str) -> AuditEntry {
    let object = ("store", store.id.0, store.name.as_str());
    AuditEntry::new(actor, now, Some(store.id), object, action)
}

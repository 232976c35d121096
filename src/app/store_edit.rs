//! Changing and removing stores. Logging a store in is `app::connect_store`.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};

use super::{
    edit::{EditError, FieldError, changed_fields, store_for_change, too_long},
    kill_switch::ACCEPTED_FOR,
};
use crate::{
    domain::{
        Actor, RepricingMode, Role, SessionState, StoreId, Tenant, UserId,
        city::{ALMATY, CITIES},
    },
    secrets::{SecretError, random_bytes},
    services::Services,
    store::{
        StoreError,
        accounts::account_delete_unused,
        audit::{AuditEntry, audit_insert},
        brakes::store_cycle_accept,
        error::Unique,
        stores::{
            Store, StoreChange, store_delete, store_fetch, store_insert, store_update, store_update_merchant,
        },
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

/// A store to be made by hand; a login connects it later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStore {
    /// Whose it will be: the actor's own, except where an administrator makes it for somebody else.
    pub owner_id: UserId,
    /// The marketplace's id of the shop.
    pub merchant_id: String,
    /// The shop's name.
    pub name: String,
    /// Off: nothing is done for the store.
    pub active: bool,
}

/// Makes a store that was never logged in. It explains prices and sends none until a person says so.
///
/// # Errors
/// See [`EditError`]; `Invalid` also where the owner has a store of this merchant.
pub async fn create_store(
    services: &Services,
    actor: &Actor,
    new: NewStore,
) -> Result<StoreId, StoreEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let own = actor.user_id == Some(new.owner_id);
            if !actor.may_change() || !(own || actor.role == Role::Admin) {
                return Err(EditError::Forbidden);
            }
            let merchant_id = new.merchant_id.trim();
            let fresh = fresh_store(new.owner_id, merchant_id, new.name.trim(), now)
                .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
            let store = Store {
                active: new.active,
                ..fresh
            };
            let mut errors = change_errors(&store, &change_of(&store));
            errors.extend(merchant_errors(merchant_id));
            if !errors.is_empty() {
                return Err(EditError::Invalid(errors));
            }
            match store_insert(conn, &store) {
                Err(StoreError::Duplicate(Unique::StoreMerchant)) => return Err(merchant_taken()),
                result => result?,
            }
            let after =
                json!({ "merchant_id": store.merchant_id, "name": store.name, "active": store.active });
            audit_insert(
                conn,
                &entry(&actor, now, &store, "create").change(json!({}), after),
            )?;
            Ok(store.id)
        })
        .await
}

/// What a program may change of a store; `None` leaves it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreWrite {
    /// The marketplace's id of the shop: only until the store is logged in.
    pub merchant_id: Option<String>,
    /// The shop's name.
    pub name: Option<String>,
    /// Off: nothing is done for the store.
    pub active: Option<bool>,
}

/// Changes a store as programs do, whatever its version.
///
/// # Errors
/// See [`EditError`].
pub async fn write_store(
    services: &Services,
    actor: &Actor,
    id: StoreId,
    write: StoreWrite,
) -> Result<(), StoreEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let store = store_for_change::<Store>(conn, &actor, id)?;
            let kept = change_of(&store);
            let change = StoreChange {
                name: write.name.unwrap_or(kept.name),
                active: write.active.unwrap_or(kept.active),
                ..kept
            };
            let merchant_id = write.merchant_id.map(|text| text.trim().to_owned());
            let other = merchant_id.filter(|merchant_id| *merchant_id != store.merchant_id);
            let Some(merchant_id) = other else {
                return edit_in(conn, &actor, (id, store.version), change, now);
            };
            let mut errors = merchant_errors(&merchant_id);
            if store.session_state != SessionState::Never {
                errors.push(FieldError::new("merchant_id", "store-error-merchant-fixed"));
            }
            if !errors.is_empty() {
                return Err(EditError::Invalid(errors));
            }
            edit_in(conn, &actor, (id, store.version), change, now)?;
            match store_update_merchant(conn, id, &merchant_id, now) {
                Err(StoreError::Duplicate(Unique::StoreMerchant)) => return Err(merchant_taken()),
                result => result?,
            }
            let (before, after) = (
                json!({ "merchant_id": store.merchant_id }),
                json!({ "merchant_id": merchant_id }),
            );
            Ok(audit_insert(
                conn,
                &entry(&actor, now, &store, "update").change(before, after),
            )?)
        })
        .await
}

/// A store that was never logged in and does nothing by itself: repricing is switched on by a person.
///
/// # Errors
/// The system has no randomness.
pub(super) fn fresh_store(
    owner_id: UserId,
    merchant_id: &str,
    name: &str,
    now: DateTime<Utc>,
) -> Result<Store, SecretError> {
    let reference = random_bytes::<16>()?;
    Ok(Store {
        id: StoreId::new(),
        owner_id,
        merchant_id: merchant_id.to_owned(),
        name: name.to_owned(),
        api_key: format!(
            "kaspi_{}",
            reference
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>()
        ),
        active: true,
        session_state: SessionState::Never,
        session_checked_at: None,
        logged_in_at: None,
        main_city_id: ALMATY.to_owned(),
        // It explains from the first sync on, and sends nothing until a person says so.
        repricing_mode: RepricingMode::Shadow,
        products_count: 0,
        last_sync_at: None,
        lease_owner: None,
        lease_epoch: 0,
        lease_until: None,
        frozen_until: None,
        version: 1,
        created_at: now,
        updated_at: now,
        account_id: None,
    })
}

fn merchant_errors(merchant_id: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if merchant_id.is_empty() {
        errors.push(FieldError::new("merchant_id", "error-empty"));
    }
    if too_long(Some(merchant_id), 255) {
        errors.push(FieldError::new("merchant_id", "error-too-long"));
    }
    errors
}

fn merchant_taken() -> StoreEditError {
    EditError::Invalid(vec![FieldError::new("merchant_id", "store-error-merchant-taken")])
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
            if !store_delete(conn, id)? {
                return Err(EditError::NotFound);
            }
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

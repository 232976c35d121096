//! Stopping and releasing automatic prices. A stop is latched: it holds over restarts until released.

use serde_json::json;

use crate::{
    domain::{Actor, KillSwitchId, Role, StopScope, StoreId},
    services::Services,
    store::{
        StoreError,
        audit::{AuditEntry, audit_insert},
        kill_switches::{KillSwitch, kill_switch_insert, kill_switch_list_active, kill_switch_release},
        stores::store_fetch,
    },
};

/// Why a stop or release did not happen.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// No such store for this actor.
    #[error("there is no such store")]
    NotFound,
    /// Only an administrator stops or releases everything; a viewer nothing.
    #[error("this needs more rights")]
    Forbidden,
    /// A reason is needed: somebody will ask tomorrow.
    #[error("a reason is needed")]
    NoReason,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Stops automatic prices of a store, or of everything (`None`). A manager stops only the stores he sees.
///
/// # Errors
/// See [`StopError`].
pub async fn stop_prices(
    services: &Services,
    actor: &Actor,
    store_id: Option<StoreId>,
    reason: &str,
) -> Result<KillSwitchId, StopError> {
    let reason: String = reason.trim().chars().take(500).collect();
    if reason.is_empty() {
        return Err(StopError::NoReason);
    }
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let name = allowed(conn, &actor, store_id)?;
            let stop = KillSwitch {
                id: KillSwitchId::new(),
                scope: if store_id.is_some() {
                    StopScope::Store
                } else {
                    StopScope::All
                },
                store_id,
                product_id: None,
                reason: reason.clone(),
                stopped_by: actor.name.clone(),
                stopped_at: now,
                released_by: None,
                released_at: None,
            };
            kill_switch_insert(conn, &stop)?;
            let entry = AuditEntry::new(&actor, now, store_id, ("kill_switch", stop.id.0, &name), "stop");
            audit_insert(
                conn,
                &entry
                    .change(json!({}), json!({ "scope": stop.scope }))
                    .because(reason),
            )?;
            Ok(stop.id)
        })
        .await
}

/// Releases the stops of a store, or the one over everything (`None`). Returns how many.
///
/// # Errors
/// See [`StopError`].
pub async fn release_prices(
    services: &Services,
    actor: &Actor,
    store_id: Option<StoreId>,
    reason: &str,
) -> Result<usize, StopError> {
    let reason = reason.trim().to_owned();
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let name = allowed(conn, &actor, store_id)?;
            let released = kill_switch_release(conn, store_id, &actor.name, now)?;
            for stop in &released {
                let entry = AuditEntry::new(
                    &actor,
                    now,
                    store_id,
                    ("kill_switch", stop.id.0, &name),
                    "release",
                );
                audit_insert(conn, &entry.because(reason.clone()))?;
            }
            Ok(released.len())
        })
        .await
}

/// The stops in force that concern the actor's stores.
///
/// # Errors
/// See [`StoreError`].
pub async fn active_stops(services: &Services, actor: &Actor) -> Result<Vec<KillSwitch>, StoreError> {
    let tenant = actor.tenant();
    services
        .db
        .read(move |conn| kill_switch_list_active(conn, tenant))
        .await
}

/// Name of the store where the actor may stop and release it.
fn allowed(
    conn: &mut crate::store::PgConnection,
    actor: &Actor,
    store_id: Option<StoreId>,
) -> Result<String, StopError> {
    if !actor.may_change() {
        return Err(StopError::Forbidden);
    }
    match store_id {
        None if actor.role == Role::Admin => Ok(String::new()),
        None => Err(StopError::Forbidden),
        Some(id) => Ok(store_fetch(conn, actor.tenant(), id)?
            .ok_or(StopError::NotFound)?
            .name),
    }
}

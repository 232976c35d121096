//! Stopping and releasing automatic prices. A stop is latched: it holds over restarts until a person with the
//! right to it lets go, says why, and has shown once more who he is.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{
    alerts::{self, NewAlert},
    edit::{EditError, store_for_change},
    reprice::supersede,
    sign_in::Confirmed,
};
use crate::{
    domain::{Actor, AlertKind, KillSwitchId, Role, StopScope, StopTarget, StoreId, pricing::Strategy},
    services::Services,
    store::{
        PgConnection, StoreError,
        audit::{AuditEntry, audit_insert},
        brakes::store_cycle_accept,
        kill_switches::{
            KillSwitch, kill_switch_fetch, kill_switch_ids_active, kill_switch_insert, kill_switch_release,
        },
        products::product_fetch,
        pushes::push_products_planned,
    },
};

/// Big moves that a person has looked at are not stopped by the program for so long.
pub(crate) const ACCEPTED_FOR: TimeDelta = TimeDelta::minutes(15);

/// Longest reason that is kept, characters.
const REASON_MAX: usize = 500;

/// Why a stop or release did not happen.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// No such store, product, strategy or stop for this actor.
    #[error("there is no such store, product, strategy or stop")]
    NotFound,
    /// Everything and strategies are an administrator's; a viewer stops and releases nothing.
    #[error("this needs more rights")]
    Forbidden,
    /// A reason is needed: somebody will ask tomorrow.
    #[error("a reason is needed")]
    NoReason,
    /// Nothing is stopped there (any more).
    #[error("nothing is stopped there")]
    NotStopped,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<EditError<()>> for StopError {
    fn from(error: EditError<()>) -> Self {
        match error {
            EditError::Forbidden => Self::Forbidden,
            EditError::Store(error) => Self::Store(error),
            EditError::NotFound | EditError::Invalid(_) | EditError::Conflict(_) => Self::NotFound,
        }
    }
}

/// Stops automatic prices. Everything and strategies are stopped by administrators; a store and its products by
/// whoever may change it. Nobody is asked for a password: stopping must never wait.
///
/// # Errors
/// See [`StopError`].
pub async fn stop_prices(
    services: &Services,
    actor: &Actor,
    target: StopTarget,
    reason: &str,
) -> Result<KillSwitchId, StopError> {
    let reason = reason_of(reason)?;
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let (store_id, name) = allowed(conn, &actor, &target)?;
            let id = latch(conn, &actor, &target, (store_id, &name), &reason, now)?;
            if matches!(target, StopTarget::All | StopTarget::Store(_)) {
                let alert = NewAlert {
                    kind: AlertKind::StoreStopped,
                    store_id,
                    product_id: None,
                    data: json!({ "store": name, "who": actor.name, "reason": reason }),
                    times: 1,
                };
                alerts::raise(conn, &alert, now)?;
            }
            Ok(id)
        })
        .await
}

/// The program itself stops a store, in the transaction of what made it necessary: what is planned is not sent, and
/// people are told. `reason` is a code, `figures` more of what the alert tells. Nothing for a store that is stopped.
///
/// # Errors
/// See [`StoreError`].
pub(crate) fn stop_by_brake(
    conn: &mut PgConnection,
    (store_id, name): (StoreId, &str),
    reason: &'static str,
    figures: Value,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let planned = push_products_planned(conn, store_id)?;
    supersede(conn, &planned, now)?;
    let target = StopTarget::Store(store_id);
    if !kill_switch_ids_active(conn, &target)?.is_empty() {
        return Ok(());
    }
    tracing::error!(store = name, reason, %figures, "the program stops the prices of a store");
    latch(
        conn,
        &Actor::robot(),
        &target,
        (Some(store_id), name),
        reason,
        now,
    )?;
    let mut data = json!({ "store": name, "reason": reason });
    if let (Some(data), Value::Object(figures)) = (data.as_object_mut(), figures) {
        data.extend(figures);
    }
    let alert = NewAlert {
        kind: AlertKind::Breaker,
        store_id: Some(store_id),
        product_id: None,
        data,
        times: 1,
    };
    alerts::raise(conn, &alert, now)
}

/// Stops everything in the caller's transaction, with a code for a reason; nothing where it is stopped already.
///
/// # Errors
/// See [`StoreError`].
pub(super) fn stop_everything(
    conn: &mut PgConnection,
    actor: &Actor,
    reason: &'static str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if kill_switch_ids_active(conn, &StopTarget::All)?.is_empty() {
        latch(conn, actor, &StopTarget::All, (None, ""), reason, now)?;
    }
    Ok(())
}

/// The row that stops, with its audit row. `of`: store and name of what is stopped.
fn latch(
    conn: &mut PgConnection,
    actor: &Actor,
    target: &StopTarget,
    of: (Option<StoreId>, &str),
    reason: &str,
    now: DateTime<Utc>,
) -> Result<KillSwitchId, StoreError> {
    let (store_id, name) = of;
    let (strategy, product_id) = match target {
        StopTarget::Strategy(kind) => (Some(kind.clone()), None),
        StopTarget::Product(id) => (None, Some(*id)),
        StopTarget::All | StopTarget::Store(_) => (None, None),
    };
    let stop = KillSwitch {
        id: KillSwitchId::new(),
        scope: target.scope(),
        store_id,
        strategy,
        product_id,
        reason: reason.to_owned(),
        stopped_by: actor.name.clone(),
        stopped_at: now,
        released_by: None,
        released_at: None,
        release_reason: None,
    };
    kill_switch_insert(conn, &stop)?;
    let entry = AuditEntry::new(actor, now, store_id, ("kill_switch", stop.id.0, name), "stop")
        .change(json!({}), json!({ "scope": stop.scope }));
    audit_insert(conn, &entry.because(reason))?;
    Ok(stop.id)
}

/// Releases one stop. `_confirmed` is the proof that the actor has just given his password again, or sits at the
/// machine's own command line.
///
/// # Errors
/// See [`StopError`]; [`StopError::NotStopped`] when somebody else was faster.
pub async fn release_stop(
    services: &Services,
    actor: &Actor,
    _confirmed: &Confirmed,
    id: KillSwitchId,
    reason: &str,
) -> Result<(), StopError> {
    let reason = reason_of(reason)?;
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| release(conn, &actor, id, &reason, now))
        .await
}

/// Releases every stop of exactly this target; narrower and wider ones stay. Returns how many.
///
/// # Errors
/// See [`StopError`]; [`StopError::NotStopped`] when there is none.
pub async fn release_prices(
    services: &Services,
    actor: &Actor,
    _confirmed: &Confirmed,
    target: StopTarget,
    reason: &str,
) -> Result<usize, StopError> {
    let reason = reason_of(reason)?;
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            allowed(conn, &actor, &target)?;
            let ids = kill_switch_ids_active(conn, &target)?;
            if ids.is_empty() {
                return Err(StopError::NotStopped);
            }
            for id in &ids {
                release(conn, &actor, *id, &reason, now)?;
            }
            Ok(ids.len())
        })
        .await
}

fn release(
    conn: &mut PgConnection,
    actor: &Actor,
    id: KillSwitchId,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), StopError> {
    let found = kill_switch_fetch(conn, actor.tenant(), id)?.ok_or(StopError::NotFound)?;
    let (store_id, name) = allowed(conn, actor, &target_of(&found.stop).ok_or(StopError::NotFound)?)?;
    if !kill_switch_release(conn, id, (&actor.name, reason), now)? {
        return Err(StopError::NotStopped);
    }
    let entry = AuditEntry::new(actor, now, store_id, ("kill_switch", id.0, &name), "release");
    audit_insert(conn, &entry.because(reason))?;
    // Another stop of the same may still be in force.
    let target = target_of(&found.stop).ok_or(StopError::NotFound)?;
    if matches!(target, StopTarget::All | StopTarget::Store(_))
        && kill_switch_ids_active(conn, &target)?.is_empty()
    {
        let over = [AlertKind::StoreStopped, AlertKind::Breaker];
        alerts::resolve(conn, &over, store_id, None, now)?;
    }
    if let StopTarget::Store(store) = target {
        // Who lets go has looked at the moves: they are not stopped again while they are made.
        store_cycle_accept(conn, store, now + ACCEPTED_FOR, now)?;
    }
    Ok(())
}

/// What a stop is aimed at.
#[must_use]
pub fn target_of(stop: &KillSwitch) -> Option<StopTarget> {
    match stop.scope {
        StopScope::All => Some(StopTarget::All),
        StopScope::Store => stop.store_id.map(StopTarget::Store),
        StopScope::Strategy => stop.strategy.clone().map(StopTarget::Strategy),
        StopScope::Product => stop.product_id.map(StopTarget::Product),
    }
}

fn reason_of(text: &str) -> Result<String, StopError> {
    let reason: String = text.trim().chars().take(REASON_MAX).collect();
    if reason.is_empty() {
        return Err(StopError::NoReason);
    }
    Ok(reason)
}

/// Store and name of what the actor may stop and release.
///
/// # Errors
/// See [`StopError`].
pub fn allowed(
    conn: &mut PgConnection,
    actor: &Actor,
    target: &StopTarget,
) -> Result<(Option<StoreId>, String), StopError> {
    if !actor.may_change() {
        return Err(StopError::Forbidden);
    }
    match target {
        StopTarget::All | StopTarget::Strategy(_) if actor.role != Role::Admin => Err(StopError::Forbidden),
        StopTarget::All => Ok((None, String::new())),
        StopTarget::Strategy(kind) if Strategy::KINDS.contains(&kind.as_str()) => Ok((None, kind.clone())),
        StopTarget::Strategy(_) => Err(StopError::NotFound),
        StopTarget::Store(id) => Ok((Some(*id), store_for_change::<()>(conn, actor, *id)?.name)),
        StopTarget::Product(id) => {
            let row = product_fetch(conn, actor.tenant(), *id)?.ok_or(StopError::NotFound)?;
            let store = store_for_change::<()>(conn, actor, row.product.store_id)?;
            Ok((Some(store.id), row.product.name))
        }
    }
}

//! What the headers of all open pages show, of every store at once: one look serves them all.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{count_star, exists, not},
    prelude::*,
};

use super::{
    StoreError,
    alerts::TOLD_BY_STATE,
    overview::{RECENT, failed_runs},
    terms::limited,
};
use crate::{
    domain::{JobState, PushState, RepricingMode, Role, SessionState, StopScope, StoreId, UserId},
    schema::{
        alerts, job_runs, kill_switches, price_pushes, pricing_terms, products, sessions, store_access,
        stores, users,
    },
};

/// What changes from one second to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveNow {
    /// All stores.
    pub stores: Vec<LiveStore>,
    /// Who sees which stores besides their owners.
    pub shared: BTreeSet<(UserId, StoreId)>,
    /// Stops in force, with their store.
    pub stops: Vec<(StopScope, Option<StoreId>)>,
    /// Runs that wait or work, by store.
    pub jobs: BTreeMap<StoreId, i64>,
    /// Troubles that nobody has seen yet and that show nowhere else in the header; `None`: of no store.
    pub alerts: BTreeMap<Option<StoreId>, i64>,
}

/// A store, as far as headers tell of it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[expect(missing_docs, reason = "the names of the columns")]
pub struct LiveStore {
    pub id: StoreId,
    pub owner_id: UserId,
    pub active: bool,
    pub session_state: SessionState,
    pub repricing_mode: RepricingMode,
}

/// What changes slowly and costs more to find out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveSlow {
    /// Stores with prices that a gate held back within a day.
    pub held: BTreeSet<StoreId>,
    /// Stores with products whose robot is on but that have no floor.
    pub without_floor: BTreeSet<StoreId>,
    /// Failed runs of the last day that nothing has made good since, by store.
    pub failed: BTreeMap<StoreId, usize>,
}

/// Stores, stops, open runs and open troubles.
///
/// # Errors
/// See [`StoreError`].
pub fn live_now(conn: &mut PgConnection) -> Result<LiveNow, StoreError> {
    let stores = stores::table
        .order(stores::id)
        .select((
            stores::id,
            stores::owner_id,
            stores::active,
            stores::session_state,
            stores::repricing_mode,
        ))
        .load(conn)?;
    let shared: Vec<(UserId, StoreId)> = store_access::table
        .select((store_access::user_id, store_access::store_id))
        .load(conn)?;
    let stops = kill_switches::table
        .filter(kill_switches::released_at.is_null())
        .order(kill_switches::id)
        .select((kill_switches::scope, kill_switches::store_id))
        .load(conn)?;
    let jobs: Vec<(Option<StoreId>, i64)> = job_runs::table
        // Of no store: on nobody's header; and the index of open runs has those with a store.
        .filter(job_runs::store_id.is_not_null())
        .filter(job_runs::state.eq_any([JobState::Queued, JobState::Running]))
        .group_by(job_runs::store_id)
        .select((job_runs::store_id, count_star()))
        .load(conn)?;
    let alerts: Vec<(Option<StoreId>, i64)> = alerts::table
        .filter(alerts::resolved_at.is_null())
        .filter(alerts::acknowledged_at.is_null())
        .filter(alerts::kind.ne_all(TOLD_BY_STATE))
        .group_by(alerts::store_id)
        .select((alerts::store_id, count_star()))
        .load(conn)?;
    Ok(LiveNow {
        stores,
        shared: shared.into_iter().collect(),
        stops,
        jobs: jobs
            .into_iter()
            .filter_map(|(store, count)| Some((store?, count)))
            .collect(),
        alerts: alerts.into_iter().collect(),
    })
}

/// Held prices, missing floors and failed runs.
///
/// # Errors
/// See [`StoreError`].
pub fn live_slow(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<LiveSlow, StoreError> {
    let ids: Vec<StoreId> = stores::table.select(stores::id).load(conn)?;
    // The index of planned moments begins with the store.
    let held: Vec<StoreId> = price_pushes::table
        .filter(price_pushes::store_id.eq_any(&ids))
        .filter(price_pushes::state.eq(PushState::Held))
        .filter(price_pushes::planned_at.gt(now - RECENT))
        .select(price_pushes::store_id)
        .distinct()
        .load(conn)?;
    // What holds for a whole store spares a look at its products; in the others the first product without a floor does.
    let of_all = pricing_terms::table
        .filter(pricing_terms::store_id.eq(stores::id))
        .filter(pricing_terms::product_id.is_null())
        .filter(pricing_terms::category.is_null())
        .filter(
            pricing_terms::floor_tenge
                .is_not_null()
                .or(pricing_terms::unit_cost_tenge.is_not_null()),
        );
    let bare = products::table
        .filter(products::store_id.eq(stores::id))
        .filter(products::repricing_enabled)
        .filter(products::archived_at.is_null())
        .filter(not(limited()));
    let without_floor: Vec<StoreId> = stores::table
        .filter(not(exists(of_all)))
        .filter(exists(bare))
        .select(stores::id)
        .load(conn)?;
    let mut failed = BTreeMap::new();
    for store in failed_runs(conn, &ids, now)?
        .into_iter()
        .filter_map(|run| run.store_id)
    {
        *failed.entry(store).or_default() += 1;
    }
    Ok(LiveSlow {
        held: held.into_iter().collect(),
        without_floor: without_floor.into_iter().collect(),
        failed,
    })
}

/// Which of these sessions are alive, by the hashes of their keys.
///
/// # Errors
/// See [`StoreError`].
pub fn live_sessions(
    conn: &mut PgConnection,
    hashes: &[Vec<u8>],
    now: DateTime<Utc>,
    idle_since: DateTime<Utc>,
) -> Result<BTreeSet<Vec<u8>>, StoreError> {
    let alive: Vec<Vec<u8>> = sessions::table
        .filter(sessions::key_hash.eq_any(hashes))
        .filter(sessions::expires_at.gt(now))
        .filter(sessions::last_seen_at.gt(idle_since))
        .select(sessions::key_hash)
        .load(conn)?;
    Ok(alive.into_iter().collect())
}

/// Session version and role of these users, as far as they may still sign in.
///
/// # Errors
/// See [`StoreError`].
pub fn live_users(
    conn: &mut PgConnection,
    ids: &[UserId],
) -> Result<BTreeMap<UserId, (i32, Role)>, StoreError> {
    let rows: Vec<(UserId, i32, Role)> = users::table
        .filter(users::id.eq_any(ids))
        .filter(users::active)
        .select((users::id, users::session_version, users::role))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, version, role)| (id, (version, role)))
        .collect())
}

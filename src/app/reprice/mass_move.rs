//! The brake on many moves at once (pricing rules, guard G13): what is decided about a store's products is added up
//! over all workers, and before anything of it is planned the store is stopped where too much of it looks wrong.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::{
    app::kill_switch::stop_by_brake,
    domain::{
        StoreId, Tenge,
        brakes::{Cycle, MassMove, is_big_drop},
    },
    store::{
        PgConnection, StoreError,
        brakes::{safety_limits_load, store_cycles_add},
    },
};

/// The shortest cycle: checks may be asked for more often than they are due.
const CYCLE_AT_LEAST: TimeDelta = TimeDelta::minutes(10);

/// One live decision as the brake sees it.
pub(super) struct Moved {
    pub store_id: StoreId,
    pub store_name: String,
    pub before: Tenge,
    /// The new price; `None`: it stays.
    pub price: Option<Tenge>,
    /// What was read of the card looks impossible beside what was read before.
    pub impossible: bool,
}

/// Adds decisions to the cycles of their stores, and stops the stores where this is too much. Returns those that are
/// stopped: nothing of theirs is planned, and what was planned before is not sent.
///
/// # Errors
/// See [`StoreError`].
pub(super) fn stop_mass_moves(
    conn: &mut PgConnection,
    moves: &[Moved],
    check_interval: TimeDelta,
    now: DateTime<Utc>,
) -> Result<HashSet<StoreId>, StoreError> {
    if moves.is_empty() {
        return Ok(HashSet::new());
    }
    let limits = safety_limits_load(conn)?;
    let mut added: BTreeMap<StoreId, (Cycle, &str)> = BTreeMap::new();
    for one in moves {
        let (cycle, _) = added
            .entry(one.store_id)
            .or_insert((Cycle::default(), &one.store_name));
        cycle.decided += 1;
        cycle.impossible += i64::from(one.impossible);
        if let Some(price) = one.price {
            cycle.changes += 1;
            cycle.big_drops += i64::from(is_big_drop(one.before, price, &limits));
        }
    }
    let batch: Vec<(StoreId, Cycle)> = added.iter().map(|(store, (cycle, _))| (*store, *cycle)).collect();
    let sums = store_cycles_add(conn, &batch, now - check_interval.max(CYCLE_AT_LEAST), now)?;
    let mut stopped = HashSet::new();
    for (store_id, (cycle, accepted)) in sums {
        let why = match cycle.stopped_by(&limits) {
            Some(MassMove::BigDrops | MassMove::MedianDrop) if accepted => continue,
            Some(why) => why,
            None => continue,
        };
        stopped.insert(store_id);
        let name = added.get(&store_id).map_or("", |(_, name)| *name);
        let figures =
            json!({ "decided": cycle.decided, "drops": cycle.big_drops, "impossible": cycle.impossible });
        stop_by_brake(conn, (store_id, name), why.as_str(), figures, now)?;
    }
    Ok(stopped)
}

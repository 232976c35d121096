//! What is kept for a while only, and for how long. A worker forgets the rest now and then.

use chrono::TimeDelta;

use crate::{
    services::Services,
    store::{StoreError, evidence::evidence_prune, sync_runs::sync_changes_prune},
};

/// Pictures and sources of login pages that were not understood.
pub const EVIDENCE_LIFE: TimeDelta = TimeDelta::days(7);
/// Which products a sync changed; the counts of its run stay.
pub const SYNC_CHANGES_LIFE: TimeDelta = TimeDelta::days(30);
/// Sync runs whose changes are forgotten in one transaction.
const RUNS_AT_ONCE: i64 = 50;

/// Forgets what was kept long enough, a part of it at a time. `true`: there may be more.
///
/// # Errors
/// See [`StoreError`].
pub async fn forget_old(services: &Services) -> Result<bool, StoreError> {
    let now = services.now();
    services
        .db
        .tx(move |conn| {
            evidence_prune(conn, now - EVIDENCE_LIFE)?;
            let runs = sync_changes_prune(conn, now - SYNC_CHANGES_LIFE, RUNS_AT_ONCE)?;
            Ok(runs >= RUNS_AT_ONCE)
        })
        .await
}

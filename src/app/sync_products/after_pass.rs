//! What a repricing pass planned prices for is read again afterwards, so that the catalogue shows what became of
//! them. The sync is a job of its own: the next pass does not wait for it.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    domain::{JobKind, SessionState, StoreId, Tenant},
    queue::{
        enqueue::enqueue_for_store,
        runs::{JobRun, job_run_newest},
    },
    services::Services,
    store::{PgConnection, StoreError, stores::store_fetch},
};

/// Asks for a sync of each of these stores that has none waiting or running and was not synced within the least
/// interval (`KASPI_PANEL_SYNC_AFTER_SECONDS`), however that sync ended. Returns how many were asked for.
///
/// # Errors
/// See [`StoreError`].
pub async fn sync_after_pass(services: &Services, stores: &BTreeSet<StoreId>) -> Result<u64, StoreError> {
    let interval = TimeDelta::from_std(services.config.worker.sync_after).unwrap_or(TimeDelta::MAX);
    let mut asked = 0;
    for store_id in stores.iter().copied() {
        let now = services.now();
        let is_new = services
            .db
            .tx(move |conn| request(conn, store_id, interval, now))
            .await?;
        asked += u64::from(is_new);
    }
    Ok(asked)
}

fn request(
    conn: &mut PgConnection,
    store_id: StoreId,
    interval: TimeDelta,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let connected = store_fetch(conn, Tenant::All, store_id)?
        .is_some_and(|store| store.active && store.session_state == SessionState::Connected);
    if !connected
        || job_run_newest(conn, JobKind::SyncStore, store_id)?
            .is_some_and(|run| is_recent(&run, interval, now))
    {
        return Ok(false);
    }
    enqueue_for_store(conn, JobKind::SyncStore, store_id, None, now)?;
    Ok(true)
}

/// A run that is not over serves this pass too. It is not asked for again: that would cut short the pause
/// before its next try.
fn is_recent(run: &JobRun, interval: TimeDelta, now: DateTime<Utc>) -> bool {
    run.finished_at
        .is_none_or(|finished| now.signed_duration_since(finished) < interval)
}

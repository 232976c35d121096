//! Which writes a store makes next, and how many it may still make: the marketplace takes so many of a merchant within
//! half an hour, with a gap between two.

use chrono::TimeDelta;

use crate::{
    domain::{StoreId, Tenant},
    services::Services,
    store::{
        StoreError,
        brakes::safety_limits_load,
        pushes::{Push, push_count_sent, push_list_next},
        stores::store_fetch,
    },
};

/// Writes of one round: in between, what was sent is read back.
const PER_ROUND: i64 = 8;

/// The planned pushes whose turn it is; none while the marketplace has frozen the store.
pub(super) async fn next(services: &Services, store_id: StoreId) -> Result<Vec<Push>, StoreError> {
    let now = services.now();
    services
        .db
        .read(move |conn| {
            let store = store_fetch(conn, Tenant::All, store_id)?;
            if store.is_none_or(|store| store.frozen_until.is_some_and(|until| until > now)) {
                return Ok(Vec::new());
            }
            let gap = safety_limits_load(conn)?.product_gap_seconds;
            push_list_next(conn, store_id, TimeDelta::seconds(gap.into()), PER_ROUND, now)
        })
        .await
}

/// Are writes of the half hour left, counted over all workers? The client keeps the gap between two writes and
/// counts those of this process as well.
pub(super) async fn within_budget(services: &Services, store_id: StoreId) -> Result<bool, StoreError> {
    let since = services.now() - TimeDelta::minutes(30);
    let limits = &services.config.kaspi.limits;
    let (count, last) = services
        .db
        .read(move |conn| push_count_sent(conn, store_id, since))
        .await?;
    // Another worker may have written a moment ago.
    let gap = TimeDelta::from_std(limits.write_interval).unwrap_or_default();
    let wait = last
        .map_or(TimeDelta::zero(), |last| gap - (services.now() - last))
        .min(gap);
    if let Ok(wait) = wait.to_std() {
        tokio::time::sleep(wait).await;
    }
    Ok(count < i64::from(limits.writes_per_half_hour))
}

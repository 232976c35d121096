//! How many writes a store may still make: the marketplace takes so many of a merchant within half an hour, with a
//! gap between two.

use chrono::TimeDelta;

use crate::{
    domain::StoreId,
    services::Services,
    store::{StoreError, pushes::push_count_sent},
};

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

//! Which writes a store makes next, and how many it may still make: the marketplace takes so many of a merchant within
//! half an hour, with a gap between two.

use chrono::{DateTime, TimeDelta, Utc};

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

/// What a store may still write within the half hour, counted over all workers when a round begins: until it ends, the
/// lease keeps all others from writing.
pub(super) struct Budget {
    left: i64,
    /// Another worker may have written a moment ago.
    last_sent_at: Option<DateTime<Utc>>,
}

impl Budget {
    pub(super) async fn of(services: &Services, store_id: StoreId) -> Result<Self, StoreError> {
        let since = services.now() - TimeDelta::minutes(30);
        let (count, last_sent_at) = services
            .db
            .read(move |conn| push_count_sent(conn, store_id, since))
            .await?;
        Ok(Self {
            left: i64::from(services.config.kaspi.limits.writes_per_half_hour) - count,
            last_sent_at,
        })
    }

    /// Takes a write out of what is left, after the gap to the last one of another worker. False: none is left. The
    /// client keeps the gap between two writes of this process, and counts them as well.
    pub(super) async fn take(&mut self, services: &Services) -> bool {
        let gap = TimeDelta::from_std(services.config.kaspi.limits.write_interval).unwrap_or_default();
        if let Some(last) = self.last_sent_at.take() {
            let wait = (gap - (services.now() - last)).min(gap);
            if let Ok(wait) = wait.to_std() {
                tokio::time::sleep(wait).await;
            }
        }
        self.left -= 1;
        self.left >= 0
    }
}

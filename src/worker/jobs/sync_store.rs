//! The job that reads a store's catalogue.

use super::{JobError, give_up, take_up};
use crate::{
    app::sync_products::{AfterFailure, SyncError, sync_failed, sync_store},
    domain::{JobKind, JobRunId},
    queue::enqueue::max_attempts,
    services::Services,
    telemetry::chain,
};

/// Runs a sync and writes down what came of it.
///
/// # Errors
/// [`JobError`].
pub async fn run(services: Services, run_id: JobRunId) -> Result<(), JobError> {
    let Some((run, actor)) = take_up(&services, run_id).await? else {
        return Ok(());
    };
    let Some(store_id) = run.store_id else {
        return give_up(&services, run_id, SyncError::NotFound.code()).await;
    };
    // Every try before this one ended with its worker: whatever it is, it is not to be repeated for ever.
    if run.attempts > max_attempts(JobKind::SyncStore) {
        return give_up(&services, run_id, "worker_lost").await;
    }
    match sync_store(&services, &actor, store_id, run_id).await {
        Ok(_) | Err(SyncError::Cancelled) => Ok(()),
        Err(error) => {
            tracing::warn!(store.id = %store_id, error = %chain(&error), "a sync did not finish");
            match sync_failed(&services, run_id, &error).await? {
                AfterFailure::Postponed { .. } => Err(JobError::Postponed(error.code())),
                AfterFailure::GivenUp => Err(JobError::Fail(error.code())),
            }
        }
    }
}

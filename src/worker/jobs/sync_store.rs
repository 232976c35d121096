//! The job that reads a store's catalogue.

use serde_json::json;

use super::{JobError, take_up};
use crate::{
    app::sync_products::{SyncError, sync_store},
    domain::{JobKind, JobRunId},
    kaspi::KaspiError,
    queue::{
        enqueue::max_attempts,
        runs::{job_run_fail, job_run_succeed},
    },
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
    let now = || services.now();
    match sync_store(&services, &actor, store_id, run_id).await {
        Ok(summary) => {
            let (summary, at) = (json!(summary), now());
            let done = move |conn: &mut _| job_run_succeed(conn, run_id, &summary, at);
            Ok(services.db.tx(done).await?)
        }
        Err(SyncError::Cancelled) => Ok(()),
        Err(error) => {
            tracing::warn!(store.id = %store_id, error = %chain(&error), "a sync did not finish");
            if passes(&error) && run.attempts < max_attempts(JobKind::SyncStore) {
                Err(JobError::Retry(error.code()))
            } else {
                give_up(&services, run_id, error.code()).await
            }
        }
    }
}

/// Trouble that passes by itself.
fn passes(error: &SyncError) -> bool {
    matches!(
        error,
        SyncError::Kaspi(KaspiError::Unavailable(_) | KaspiError::Blocked | KaspiError::RateLimited { .. })
            | SyncError::Store(_)
    )
}

async fn give_up(services: &Services, run_id: JobRunId, code: &'static str) -> Result<(), JobError> {
    let now = services.now();
    services
        .db
        .tx(move |conn| job_run_fail(conn, run_id, code, now))
        .await?;
    Err(JobError::Fail(code))
}

//! The job that logs a store in. Tried once: an account is never hammered.

use serde_json::json;

use super::{JobError, take_up};
use crate::{
    app::connect_store::{ConnectError, Stop, run_connection},
    domain::{AttemptId, AttemptState, JobRunId},
    queue::runs::{JobRun, job_run_fail, job_run_succeed},
    services::Services,
    telemetry::chain,
};

/// Runs a login and writes down what came of it.
///
/// # Errors
/// [`JobError::Fail`] with the state of the attempt.
pub async fn run(services: Services, run_id: JobRunId, stop: Stop) -> Result<(), JobError> {
    let Some((run, _)) = take_up(&services, run_id).await? else {
        return Ok(());
    };
    let outcome = match attempt_of(&run) {
        Some(attempt_id) => run_connection(&services, attempt_id, run_id, stop).await,
        None => Err(ConnectError::NotFound),
    };
    let now = services.now();
    let code = match outcome {
        Ok(AttemptState::Done) => {
            let mut summary = run.summary.clone();
            if let Some(summary) = summary.as_object_mut() {
                summary.insert("state".to_owned(), json!(outcome.ok()));
            }
            let done = move |conn: &mut _| job_run_succeed(conn, run_id, &summary, now);
            return Ok(services.db.tx(done).await?);
        }
        Ok(state) => state.as_str(),
        Err(error) => {
            tracing::error!(error = %chain(&error), "a login failed");
            AttemptState::Failed.as_str()
        }
    };
    services
        .db
        .tx(move |conn| job_run_fail(conn, run_id, code, now))
        .await?;
    Err(JobError::Fail(code))
}

fn attempt_of(run: &JobRun) -> Option<AttemptId> {
    run.summary.get("attempt_id")?.as_str()?.parse().ok()
}

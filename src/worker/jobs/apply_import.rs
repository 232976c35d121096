//! The job that writes an import, or brings back what was there before.

use super::{JobError, give_up, take_up};
use crate::{
    app::imports::apply::{ApplyError, apply_failed, apply_some, import_of},
    domain::{JobKind, JobRunId},
    queue::enqueue::max_attempts,
    services::Services,
};

/// Goes on until nothing is left to do. A job that is taken up again goes on where the last one stopped.
///
/// # Errors
/// [`JobError`].
pub async fn run(services: Services, run_id: JobRunId) -> Result<(), JobError> {
    let Some((run, actor)) = take_up(&services, run_id).await? else {
        return Ok(());
    };
    let Some(id) = import_of(&run.summary) else {
        return give_up(&services, run_id, "not_found").await;
    };
    // Every try before this one ended with its worker: whatever it is, it is not to be repeated for ever.
    if run.attempts > max_attempts(JobKind::ApplyImport) {
        apply_failed(&services, id).await?;
        return give_up(&services, run_id, "worker_lost").await;
    }
    loop {
        match apply_some(&services, &actor, run_id, id).await {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(ApplyError::Store(error)) => return Err(error.into()),
            Err(error) => {
                apply_failed(&services, id).await?;
                let code = match error {
                    ApplyError::Forbidden => "forbidden",
                    ApplyError::Gone | ApplyError::Store(_) => "not_found",
                };
                return give_up(&services, run_id, code).await;
            }
        }
    }
}

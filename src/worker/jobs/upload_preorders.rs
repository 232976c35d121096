//! The job that uploads a store's preorders and looks after the file until the marketplace has taken it over.

use super::{JobError, give_up, take_up};
use crate::{
    app::preorder_upload::{UploadGoesOn, continue_upload},
    domain::{JobKind, JobRunId},
    queue::{
        enqueue::{add_job_later, store_queue},
        runs::job_run_postpone,
    },
    services::Services,
};

/// Goes on with an upload; waits in the queue, not in the worker.
///
/// # Errors
/// [`JobError`].
pub async fn run(services: Services, run_id: JobRunId) -> Result<(), JobError> {
    let Some((run, actor)) = take_up(&services, run_id).await? else {
        return Ok(());
    };
    let Some(store_id) = run.store_id else {
        return give_up(&services, run_id, "store_missing").await;
    };
    match continue_upload(&services, &actor, run_id).await? {
        UploadGoesOn::Over => Ok(()),
        UploadGoesOn::Later(pause, code) => {
            let retry_at = services.now() + pause;
            services
                .db
                .tx(move |conn| {
                    if job_run_postpone(conn, run_id, code, retry_at)? {
                        let queue = store_queue(store_id);
                        add_job_later(conn, JobKind::UploadPreorders, run_id, &queue, pause)?;
                    }
                    Ok::<_, crate::store::StoreError>(())
                })
                .await?;
            Err(JobError::Postponed(code))
        }
    }
}

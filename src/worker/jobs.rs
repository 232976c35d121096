//! One file per kind of job. A job gets the key of its run, calls `app`, and says what follows from a failure.

pub mod apply_import;
pub mod connect_store;
pub mod make_report;
pub mod send_alert;
pub mod sync_store;
pub mod tell_arrived;
pub mod upload_preorders;

use crate::{
    domain::{Actor, ActorKind, JobRunId, Tenant},
    queue::runs::{JobRun, job_run_fail, job_run_fetch, job_run_start},
    services::Services,
    store::{StoreError, users::user_fetch},
    telemetry::chain,
};

/// Why a job is not done. The codes are those of the runs; a text for each stands in the locales.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// Trouble that passes: once more, later.
    #[error("{0}, to be tried again")]
    Retry(&'static str),
    /// Trouble that passes; the run waits in the queue already.
    #[error("{0}, put back")]
    Postponed(&'static str),
    /// Given up; the run says so already.
    #[error("{0}")]
    Fail(&'static str),
}

impl From<StoreError> for JobError {
    /// The run cannot be marked without a database: it is tried again.
    fn from(error: StoreError) -> Self {
        tracing::error!(
            error = %chain(&error),
            "the database failed in a job"
        );
        Self::Retry("database")
    }
}

/// Takes a run up, with the person who asked for it. `None`: it was called off or is over.
async fn take_up(services: &Services, run_id: JobRunId) -> Result<Option<(JobRun, Actor)>, StoreError> {
    let now = services.now();
    services
        .db
        .tx(move |conn| {
            if !job_run_start(conn, run_id, now)? {
                return Ok(None);
            }
            let Some(run) = job_run_fetch(conn, Tenant::All, run_id)? else {
                return Ok(None);
            };
            let user = match run.requested_by {
                Some(id) => user_fetch(conn, id)?,
                None => None,
            };
            let request_id = Some(run_id.to_string());
            let actor = match user {
                Some(user) => user.actor(ActorKind::Person, request_id),
                None => Actor {
                    request_id,
                    ..Actor::system()
                },
            };
            Ok(Some((run, actor)))
        })
        .await
        .inspect(|taken: &Option<(JobRun, Actor)>| {
            if let Some(store) = taken.as_ref().and_then(|(run, _)| run.store_id) {
                tracing::Span::current().record("store", tracing::field::display(store));
            }
        })
}

/// Ends a run that cannot be done.
async fn give_up(services: &Services, run_id: JobRunId, code: &'static str) -> Result<(), JobError> {
    let now = services.now();
    services
        .db
        .tx(move |conn| job_run_fail(conn, run_id, code, now))
        .await?;
    Err(JobError::Fail(code))
}

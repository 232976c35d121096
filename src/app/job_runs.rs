//! What people do with background work: wait for it, call it off, or ask for it once more.

use std::time::Duration;

use super::{
    edit::{EditError, store_for_change},
    waiting::settled,
};
use crate::{
    app::sync_products::{SyncError, request_sync},
    domain::{Actor, AlertChannel, AlertId, JobKind, JobRunId, JobState, ReportState, Role, Tenant},
    queue::{
        enqueue::enqueue_alert,
        runs::{JobRun, job_run_cancel, job_run_fetch},
    },
    services::Services,
    store::{
        StoreError,
        audit::{AuditEntry, audit_insert},
        reports::{report_end, report_fetch_by_run},
        sync_runs::sync_pages_delete,
    },
};

/// Waits until a run is over, `patience` at most; then as it stands.
///
/// # Errors
/// `NotFound` for runs of others, `Store`.
pub async fn settled_run(
    services: &Services,
    tenant: Tenant,
    id: JobRunId,
    patience: Duration,
) -> Result<JobRun, JobRunError> {
    let look = async || {
        services
            .db
            .read(move |conn| job_run_fetch(conn, tenant, id))
            .await?
            .ok_or(JobRunError::NotFound)
    };
    settled(patience, look, |run| {
        !matches!(run.state, JobState::Queued | JobState::Running)
    })
    .await
}

/// Why work was not called off.
#[derive(Debug, thiserror::Error)]
pub enum JobRunError {
    /// There is no such run for this actor.
    #[error("not found")]
    NotFound,
    /// The actor may look but not change.
    #[error("no right to change this")]
    Forbidden,
    /// It is over, or not of a kind or state for this.
    #[error("this cannot be done with this run any more, or with its kind of work")]
    TooLate,
    /// The store's session is gone: a login comes first.
    #[error("the store needs a login")]
    NeedsLogin,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<EditError<()>> for JobRunError {
    fn from(error: EditError<()>) -> Self {
        match error {
            EditError::Forbidden => Self::Forbidden,
            EditError::Store(error) => Self::Store(error),
            EditError::NotFound | EditError::Invalid(_) | EditError::Conflict(_) => Self::NotFound,
        }
    }
}

/// Calls a sync or a report off; what a sync has read so far stays, nothing is marked as gone. Logins and price writes are
/// not broken off: their outcome must be known.
///
/// # Errors
/// See [`JobRunError`].
pub async fn cancel_run(services: &Services, actor: &Actor, id: JobRunId) -> Result<(), JobRunError> {
    if !actor.may_change() {
        return Err(JobRunError::Forbidden);
    }
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let run = job_run_fetch(conn, actor.tenant(), id)?.ok_or(JobRunError::NotFound)?;
            if let Some(store_id) = run.store_id {
                store_for_change::<()>(conn, &actor, store_id)?;
            }
            let open = matches!(run.state, JobState::Queued | JobState::Running);
            let can_be = open && matches!(run.kind, JobKind::SyncStore | JobKind::MakeReport);
            if !can_be || !job_run_cancel(conn, id, now)? {
                return Err(JobRunError::TooLate);
            }
            if let Some(report) = report_fetch_by_run(conn, id)? {
                report_end(conn, report.id, (ReportState::Cancelled, None), now)?;
            }
            // The next sync begins anew: nobody expects it to go on where this one was not wanted any more.
            if let Some(store_id) = run.store_id {
                sync_pages_delete(conn, store_id)?;
            }
            let what = ("job_run", id.0, run.kind.as_str());
            let entry = AuditEntry::new(&actor, now, run.store_id, what, "cancel");
            Ok(audit_insert(conn, &entry)?)
        })
        .await
}

/// Asks once more for a message that failed, which is an administrator's; or for a sync that failed: a new run, which goes on where the failed one stopped if that was
/// within the last hour; or the run that waits or runs already. A login is not repeated from here: it may need
/// another password.
///
/// # Errors
/// See [`JobRunError`]; `TooLate` for a run that did not fail, or is a login.
pub async fn retry_run(services: &Services, actor: &Actor, id: JobRunId) -> Result<JobRunId, JobRunError> {
    let tenant = actor.tenant();
    let run = services
        .db
        .read(move |conn| job_run_fetch(conn, tenant, id))
        .await?
        .ok_or(JobRunError::NotFound)?;
    if (run.state, run.kind) == (JobState::Failed, JobKind::SendAlert) {
        return send_again(services, actor, &run).await;
    }
    let (JobState::Failed, JobKind::SyncStore, Some(store_id)) = (run.state, run.kind, run.store_id) else {
        return Err(JobRunError::TooLate);
    };
    request_sync(services, actor, store_id)
        .await
        .map_err(|error| match error {
            SyncError::Forbidden => JobRunError::Forbidden,
            SyncError::NeedsLogin => JobRunError::NeedsLogin,
            SyncError::Store(error) => JobRunError::Store(error),
            SyncError::NotFound | SyncError::Renewing | SyncError::Cancelled | SyncError::Kaspi(_) => {
                JobRunError::NotFound
            }
        })
}

/// A new run for an alert that was not delivered.
async fn send_again(services: &Services, actor: &Actor, run: &JobRun) -> Result<JobRunId, JobRunError> {
    if actor.role != Role::Admin {
        return Err(JobRunError::Forbidden);
    }
    let word = |name: &str| run.summary.get(name).and_then(serde_json::Value::as_str);
    let alert: Option<AlertId> = word("alert_id").and_then(|id| id.parse().ok());
    let channel: Option<AlertChannel> = word("channel").and_then(|word| word.parse().ok());
    let (Some(alert), Some(channel)) = (alert, channel) else {
        return Err(JobRunError::TooLate);
    };
    let now = services.now();
    Ok(services
        .db
        .tx(move |conn| enqueue_alert(conn, alert, channel, now))
        .await?)
}

//! Putting a job into the queue: part of the transaction that makes it necessary.

use std::time::Duration;

use diesel::{PgConnection, RunQueryDsl, sql_types};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{AlertChannel, AlertId, AttemptId, ImportId, JobKind, JobRunId, ReportId, StoreId, UserId},
    store::StoreError,
};

/// What every job carries: the key of its run, nothing else. The run knows kind and store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunPayload {
    /// The run.
    pub run_id: JobRunId,
}

/// Enqueues work for a store, or joins the same work that waits or runs already; work that waits for its next
/// try is brought forward, unless the marketplace itself asked for the pause. Jobs of one store run one after
/// the other, except logins, which have a queue of their own.
///
/// # Errors
/// See [`StoreError`].
pub fn enqueue_for_store(
    conn: &mut PgConnection,
    kind: JobKind,
    store_id: StoreId,
    requested_by: Option<UserId>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<JobRunId, StoreError> {
    let (run_id, is_new) = super::runs::job_run_open(conn, kind, store_id, requested_by, now)?;
    if is_new || super::runs::job_run_wake(conn, run_id)? {
        add_job(conn, kind, &RunPayload { run_id }, &store_queue(store_id))?;
    }
    Ok(run_id)
}

/// Enqueues a login. Logins of one account run one after the other, whoever asks: parallel ones are
/// punished by the marketplace.
///
/// # Errors
/// `Duplicate(JobOpen)` when the store is being logged in already.
pub fn enqueue_login(
    conn: &mut PgConnection,
    attempt_id: AttemptId,
    store_id: Option<StoreId>,
    account: &str,
    requested_by: Option<UserId>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<JobRunId, StoreError> {
    let kind = JobKind::ConnectStore;
    let summary = serde_json::json!({ "attempt_id": attempt_id });
    let run_id = super::runs::job_run_insert(conn, kind, store_id, requested_by, summary, now)?;
    // The queue's tables keep the name of a queue for long: a digest instead of the address.
    let digest = crate::secrets::hash_of_random_key(account);
    let queue: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    add_job(conn, kind, &RunPayload { run_id }, &format!("login:{queue}"))?;
    Ok(run_id)
}

/// Enqueues the delivery of an alert through a channel. Each channel delivers one after the other.
///
/// # Errors
/// See [`StoreError`].
pub fn enqueue_alert(
    conn: &mut PgConnection,
    alert_id: AlertId,
    channel: AlertChannel,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<JobRunId, StoreError> {
    let kind = JobKind::SendAlert;
    let summary = serde_json::json!({ "alert_id": alert_id, "channel": channel });
    let run_id = super::runs::job_run_insert(conn, kind, None, None, summary, now)?;
    add_job(conn, kind, &RunPayload { run_id }, &alert_queue(channel))?;
    Ok(run_id)
}

/// Enqueues the making of a report. Those of one person are made one after the other.
///
/// # Errors
/// See [`StoreError`].
pub fn enqueue_report(
    conn: &mut PgConnection,
    report_id: ReportId,
    user_id: UserId,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<JobRunId, StoreError> {
    let kind = JobKind::MakeReport;
    let summary = serde_json::json!({ "report_id": report_id });
    let run_id = super::runs::job_run_insert(conn, kind, None, Some(user_id), summary, now)?;
    add_job(conn, kind, &RunPayload { run_id }, &format!("report:{user_id}"))?;
    Ok(run_id)
}

/// Enqueues the writing of an import, or the way back. Those of one store run one after the other, beside its syncs.
///
/// # Errors
/// `Duplicate(JobOpen)` when an import of the store waits or runs already.
pub fn enqueue_import(
    conn: &mut PgConnection,
    import_id: ImportId,
    store_id: StoreId,
    requested_by: Option<UserId>,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<JobRunId, StoreError> {
    let kind = JobKind::ApplyImport;
    let summary = serde_json::json!({ "import_id": import_id });
    let run_id = super::runs::job_run_insert(conn, kind, Some(store_id), requested_by, summary, now)?;
    add_job(conn, kind, &RunPayload { run_id }, &format!("import:{store_id}"))?;
    Ok(run_id)
}

/// Hands a job to the queue, within the caller's transaction.
///
/// # Errors
/// See [`StoreError`].
pub fn add_job(
    conn: &mut PgConnection,
    kind: JobKind,
    payload: &RunPayload,
    queue: &str,
) -> Result<(), StoreError> {
    let json = serde_json::json!({ "run_id": payload.run_id });
    diesel::sql_query("select enqueue_job($1, $2, $3, $4, $5)")
        .bind::<sql_types::Text, _>(kind.as_str())
        .bind::<sql_types::Jsonb, _>(json)
        .bind::<sql_types::Text, _>(queue)
        .bind::<sql_types::Text, _>(format!("run:{}", payload.run_id))
        .bind::<sql_types::Integer, _>(queue_attempts(kind))
        .execute(conn)?;
    Ok(())
}

/// Hands the job of a run to the queue once more, to be taken up after a delay. Called by the job
/// itself, which then ends well: the queue would otherwise repeat it in its own time.
///
/// # Errors
/// See [`StoreError`].
pub fn add_job_later(
    conn: &mut PgConnection,
    kind: JobKind,
    run_id: JobRunId,
    queue: &str,
    delay: Duration,
) -> Result<(), StoreError> {
    diesel::sql_query("select enqueue_job_later($1, $2, $3, $4, $5, $6)")
        .bind::<sql_types::Text, _>(kind.as_str())
        .bind::<sql_types::Jsonb, _>(serde_json::json!({ "run_id": run_id }))
        .bind::<sql_types::Text, _>(queue)
        .bind::<sql_types::Text, _>(format!("run:{run_id}"))
        .bind::<sql_types::Integer, _>(queue_attempts(kind))
        .bind::<sql_types::Integer, _>(i32::try_from(delay.as_secs()).unwrap_or(i32::MAX))
        .execute(conn)?;
    Ok(())
}

/// The queue of a channel's deliveries, which go one after the other.
#[must_use]
pub fn alert_queue(channel: AlertChannel) -> String {
    format!("alert:{channel}")
}

/// The queue of a store's jobs, which run one after the other.
#[must_use]
pub fn store_queue(store_id: StoreId) -> String {
    format!("store:{store_id}")
}

/// How often a run is tried: a login once (never hammer an account), a sync for about two hours, a message for about
/// half an hour, a report three times, an import as long as a database may be away; an upload looks after its file as
/// often as an hour of it takes.
#[must_use]
pub fn max_attempts(kind: JobKind) -> i32 {
    match kind {
        JobKind::ConnectStore => 1,
        JobKind::SyncStore => 8,
        JobKind::SendAlert => 6,
        JobKind::UploadPreorders => 400,
        JobKind::TellArrived => 6,
        JobKind::MakeReport => 3,
        JobKind::ApplyImport => 20,
    }
}

/// How often the queue itself hands a job out. A sync counts its tries in its run and gives up by itself; one
/// more lets it say so when every one of them ended with its worker.
fn queue_attempts(kind: JobKind) -> i32 {
    match kind {
        JobKind::ConnectStore => max_attempts(kind),
        JobKind::SyncStore
        | JobKind::SendAlert
        | JobKind::UploadPreorders
        | JobKind::TellArrived
        | JobKind::MakeReport
        | JobKind::ApplyImport => max_attempts(kind) + 1,
    }
}

/// How long a run waits after its try number `attempt`, the first being 1: two hours in all for a sync.
#[must_use]
pub fn retry_delay(attempt: i32) -> Duration {
    const SECONDS: [u64; 7] = [15, 60, 180, 480, 1200, 2400, 3000];
    let index = usize::try_from(attempt.max(1) - 1).unwrap_or_default();
    let last = SECONDS.last().copied().unwrap_or_default();
    Duration::from_secs(SECONDS.get(index).copied().unwrap_or(last))
}

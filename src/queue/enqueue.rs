//! Putting a job into the queue: part of the transaction that makes it necessary.

use diesel::{PgConnection, RunQueryDsl, sql_types};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{AttemptId, JobKind, JobRunId, StoreId, UserId},
    store::StoreError,
};

/// What every job carries: the key of its run, nothing else. The run knows kind and store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunPayload {
    /// The run.
    pub run_id: JobRunId,
}

/// Enqueues work for a store, or joins the same work that waits or runs already. Jobs of one store run one
/// after the other, except logins, which have a queue of their own.
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
    if is_new {
        add_job(conn, kind, &RunPayload { run_id }, &format!("store:{store_id}"))?;
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
    requested_by: UserId,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<JobRunId, StoreError> {
    let kind = JobKind::ConnectStore;
    let summary = serde_json::json!({ "attempt_id": attempt_id });
    let run_id = super::runs::job_run_insert(conn, kind, store_id, Some(requested_by), summary, now)?;
    // The queue's tables keep the name of a queue for long: a digest instead of the address.
    let digest = crate::secrets::hash_of_random_key(account);
    let queue: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    add_job(conn, kind, &RunPayload { run_id }, &format!("login:{queue}"))?;
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
        .bind::<sql_types::Integer, _>(max_attempts(kind))
        .execute(conn)?;
    Ok(())
}

/// How often a job is tried: a login once (never hammer an account), a sync for about two hours.
#[must_use]
pub fn max_attempts(kind: JobKind) -> i32 {
    match kind {
        JobKind::ConnectStore => 1,
        JobKind::SyncStore => 8,
    }
}

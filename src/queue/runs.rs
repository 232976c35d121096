//! Our own history of background work: the queue deletes what is done, people want to see it.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{Nullable, Timestamptz},
};
use serde_json::Value;

use crate::{
    domain::{AttemptId, JobKind, JobRunId, JobState, StoreId, Tenant, UserId},
    schema::{job_runs, stores},
    store::{StoreError, stores::store_ids_of},
};

#[diesel::declare_sql_function]
extern "SQL" {
    fn coalesce(first: Nullable<Timestamptz>, other: Nullable<Timestamptz>) -> Nullable<Timestamptz>;
}

/// One run of background work.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = job_runs, check_for_backend(diesel::pg::Pg))]
pub struct JobRun {
    /// Key.
    pub id: JobRunId,
    /// What is done.
    pub kind: JobKind,
    /// For which store.
    pub store_id: Option<StoreId>,
    /// Who asked; `None`: the program.
    pub requested_by: Option<UserId>,
    /// Where it stands.
    pub state: JobState,
    /// Units done.
    pub progress_done: i32,
    /// Units in all, once known.
    pub progress_total: Option<i32>,
    /// Counts for people.
    pub summary: Value,
    /// Code of the failure.
    pub failure: Option<String>,
    /// Tries so far.
    pub attempts: i32,
    /// Asked for at.
    pub created_at: DateTime<Utc>,
    /// First taken up at.
    pub started_at: Option<DateTime<Utc>>,
    /// Last sign of life.
    pub heartbeat_at: Option<DateTime<Utc>>,
    /// Ended at.
    pub finished_at: Option<DateTime<Utc>>,
    /// When a queued run is tried again after `failure`; `None`: as soon as a worker is free.
    pub retry_at: Option<DateTime<Utc>>,
}

impl JobRun {
    fn queued(
        kind: JobKind,
        store_id: Option<StoreId>,
        requested_by: Option<UserId>,
        summary: Value,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id: JobRunId::new(),
            kind,
            store_id,
            requested_by,
            state: JobState::Queued,
            progress_done: 0,
            progress_total: None,
            summary,
            failure: None,
            attempts: 0,
            created_at: now,
            started_at: None,
            heartbeat_at: None,
            finished_at: None,
            retry_at: None,
        }
    }
}

/// Opens a run that joins no other, e.g. a login; `summary` holds what the job works on.
///
/// # Errors
/// `Duplicate(JobOpen)` when the same work for the store waits or runs already.
pub fn job_run_insert(
    conn: &mut PgConnection,
    kind: JobKind,
    store_id: Option<StoreId>,
    requested_by: Option<UserId>,
    summary: Value,
    now: DateTime<Utc>,
) -> Result<JobRunId, StoreError> {
    let run = JobRun::queued(kind, store_id, requested_by, summary, now);
    diesel::insert_into(job_runs::table).values(&run).execute(conn)?;
    Ok(run.id)
}

/// Opens a run, or finds the one of the same kind and store that waits or runs; tells whether it is new.
///
/// # Errors
/// See [`StoreError`].
pub fn job_run_open(
    conn: &mut PgConnection,
    kind: JobKind,
    store_id: StoreId,
    requested_by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<(JobRunId, bool), StoreError> {
    let summary = Value::Object(serde_json::Map::new());
    let run = JobRun::queued(kind, Some(store_id), requested_by, summary, now);
    // `do nothing` waits for a parallel insert; the second look then sees its row.
    let added = diesel::insert_into(job_runs::table)
        .values(&run)
        .on_conflict_do_nothing()
        .execute(conn)?;
    if added == 1 {
        return Ok((run.id, true));
    }
    let open = job_runs::table
        .filter(job_runs::kind.eq(kind))
        .filter(job_runs::store_id.eq(store_id))
        .filter(job_runs::state.eq_any([JobState::Queued, JobState::Running]))
        .select(job_runs::id)
        .first(conn)
        .optional()?;
    match open {
        Some(id) => Ok((id, false)),
        // It ended between the two looks.
        None => job_run_open(conn, kind, store_id, requested_by, now),
    }
}

/// A run that the tenant may see.
///
/// # Errors
/// See [`StoreError`].
pub fn job_run_fetch(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: JobRunId,
) -> Result<Option<JobRun>, StoreError> {
    Ok(runs_of(tenant)
        .filter(job_runs::id.eq(id))
        .select(JobRun::as_select())
        .first(conn)
        .optional()?)
}

/// The newest run of a kind for a store.
///
/// # Errors
/// See [`StoreError`].
pub fn job_run_newest(
    conn: &mut PgConnection,
    kind: JobKind,
    store_id: StoreId,
) -> Result<Option<JobRun>, StoreError> {
    Ok(job_runs::table
        .filter(job_runs::store_id.eq(store_id))
        .filter(job_runs::kind.eq(kind))
        .order((job_runs::created_at.desc(), job_runs::id.desc()))
        .select(JobRun::as_select())
        .first(conn)
        .optional()?)
}

/// Which runs are listed; nothing set: all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// For this store.
    pub store_id: Option<StoreId>,
    /// Of this kind.
    pub kind: Option<JobKind>,
    /// In this state.
    pub state: Option<JobState>,
}

/// The newest runs that the tenant may see, with the store's name; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn job_run_list(
    conn: &mut PgConnection,
    tenant: Tenant,
    filter: RunFilter,
    limit: i64,
) -> Result<Vec<(JobRun, Option<String>)>, StoreError> {
    let mut query = runs_of(tenant);
    if let Some(store_id) = filter.store_id {
        query = query.filter(job_runs::store_id.eq(store_id));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(job_runs::kind.eq(kind));
    }
    if let Some(state) = filter.state {
        query = query.filter(job_runs::state.eq(state));
    }
    let runs = query
        .order((job_runs::created_at.desc(), job_runs::id.desc()))
        .limit(limit.clamp(1, 200))
        .select(JobRun::as_select())
        .load(conn)?;
    let ids: Vec<StoreId> = runs.iter().filter_map(|run| run.store_id).collect();
    let names: Vec<(StoreId, String)> = stores::table
        .filter(stores::id.eq_any(ids))
        .select((stores::id, stores::name))
        .load(conn)?;
    let name_of = |id: Option<StoreId>| {
        names
            .iter()
            .find(|(store, _)| Some(*store) == id)
            .map(|(_, name)| name.clone())
    };
    Ok(runs
        .into_iter()
        .map(|run| {
            let name = name_of(run.store_id);
            (run, name)
        })
        .collect())
}

/// Marks a run as taken up. `false`: it was cancelled or is over, so there is nothing to do.
///
/// # Errors
/// See [`StoreError`].
pub fn job_run_start(conn: &mut PgConnection, id: JobRunId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let rows = diesel::update(
        job_runs::table
            .find(id)
            .filter(job_runs::state.eq_any([JobState::Queued, JobState::Running])),
    )
    .set((
        job_runs::state.eq(JobState::Running),
        job_runs::failure.eq(None::<String>),
        job_runs::retry_at.eq(None::<DateTime<Utc>>),
        // A run that is taken up again began when it was taken up first.
        job_runs::started_at.eq(coalesce(job_runs::started_at, Some(now))),
        job_runs::heartbeat_at.eq(now),
        job_runs::attempts.eq(job_runs::attempts + 1),
    ))
    .execute(conn)?;
    Ok(rows == 1)
}

/// Notes progress and the counts so far. `false`: the run was cancelled meanwhile.
///
/// # Errors
/// See [`StoreError`].
pub fn job_run_progress(
    conn: &mut PgConnection,
    id: JobRunId,
    done: i32,
    total: Option<i32>,
    summary: &Value,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let rows = diesel::update(
        job_runs::table
            .find(id)
            .filter(job_runs::state.eq(JobState::Running)),
    )
    .set((
        job_runs::progress_done.eq(done),
        job_runs::progress_total.eq(total),
        job_runs::summary.eq(summary),
        job_runs::heartbeat_at.eq(now),
    ))
    .execute(conn)?;
    Ok(rows == 1)
}

/// Puts a running run back into the queue, with the code of what broke it off and when it is tried again.
/// `false`: it was cancelled meanwhile.
///
/// # Errors
/// See [`StoreError`].
pub fn job_run_postpone(
    conn: &mut PgConnection,
    id: JobRunId,
    failure: &str,
    retry_at: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let rows = diesel::update(
        job_runs::table
            .find(id)
            .filter(job_runs::state.eq(JobState::Running)),
    )
    .set((
        job_runs::state.eq(JobState::Queued),
        job_runs::failure.eq(failure),
        job_runs::retry_at.eq(retry_at),
    ))
    .execute(conn)?;
    Ok(rows == 1)
}

/// Ends the waiting of a run that was put back, unless it waits because the marketplace said so. `true`: its
/// job is to be brought forward.
///
/// # Errors
/// See [`StoreError`].
pub fn job_run_wake(conn: &mut PgConnection, id: JobRunId) -> Result<bool, StoreError> {
    let rows = diesel::update(
        job_runs::table
            .find(id)
            .filter(job_runs::state.eq(JobState::Queued))
            .filter(job_runs::retry_at.is_not_null())
            .filter(job_runs::failure.ne_all(["rate_limited", "marketplace_blocked"])),
    )
    .set(job_runs::retry_at.eq(None::<DateTime<Utc>>))
    .execute(conn)?;
    Ok(rows == 1)
}

/// Ends a run well, with counts for people.
///
/// # Errors
/// See [`StoreError`].
pub fn job_run_succeed(
    conn: &mut PgConnection,
    id: JobRunId,
    summary: &Value,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    finish(conn, id, JobState::Succeeded, Some(summary), None, now)?;
    Ok(())
}

/// Ends a run that failed for good, with the code of the cause.
///
/// # Errors
/// See [`StoreError`].
pub fn job_run_fail(
    conn: &mut PgConnection,
    id: JobRunId,
    failure: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    finish(conn, id, JobState::Failed, None, Some(failure), now)?;
    Ok(())
}

/// Gives up the runs of a kind that were asked for before `before` and have not ended, e.g. because their
/// worker was killed and the kind is never repeated.
///
/// # Errors
/// See [`StoreError`].
pub fn job_run_expire(
    conn: &mut PgConnection,
    kind: JobKind,
    before: DateTime<Utc>,
    failure: &str,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    Ok(diesel::update(
        job_runs::table
            .filter(job_runs::kind.eq(kind))
            .filter(job_runs::state.eq_any([JobState::Queued, JobState::Running]))
            .filter(job_runs::created_at.le(before)),
    )
    .set((
        job_runs::state.eq(JobState::Failed),
        job_runs::failure.eq(failure),
        job_runs::finished_at.eq(now),
    ))
    .execute(conn)?)
}

/// Ends the open runs that belong to these logins: whose workers are gone, or that a person called off.
///
/// # Errors
/// See [`StoreError`].
pub fn job_run_end_logins(
    conn: &mut PgConnection,
    attempts: &[AttemptId],
    (state, failure): (JobState, Option<&str>),
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let ids: Vec<String> = attempts.iter().map(ToString::to_string).collect();
    let of_these = diesel::dsl::sql::<diesel::sql_types::Bool>("summary ->> 'attempt_id' = any(")
        .bind::<diesel::sql_types::Array<diesel::sql_types::Text>, _>(ids)
        .sql(")");
    Ok(diesel::update(
        job_runs::table
            .filter(job_runs::kind.eq(JobKind::ConnectStore))
            .filter(job_runs::state.eq_any([JobState::Queued, JobState::Running]))
            .filter(of_these),
    )
    .set((
        job_runs::state.eq(state),
        job_runs::failure.eq(failure),
        job_runs::finished_at.eq(now),
    ))
    .execute(conn)?)
}

/// Calls a waiting or running run off; `false`: it has ended already.
///
/// # Errors
/// See [`StoreError`].
pub fn job_run_cancel(conn: &mut PgConnection, id: JobRunId, now: DateTime<Utc>) -> Result<bool, StoreError> {
    finish(conn, id, JobState::Cancelled, None, None, now)
}

fn finish(
    conn: &mut PgConnection,
    id: JobRunId,
    state: JobState,
    summary: Option<&Value>,
    failure: Option<&str>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let finished = diesel::update(
        job_runs::table
            .find(id)
            .filter(job_runs::state.eq_any([JobState::Queued, JobState::Running])),
    )
    .set((
        job_runs::state.eq(state),
        summary.map(|s| job_runs::summary.eq(s)),
        job_runs::failure.eq(failure),
        job_runs::retry_at.eq(None::<DateTime<Utc>>),
        job_runs::finished_at.eq(now),
    ))
    .execute(conn)?;
    Ok(finished > 0)
}

fn runs_of(tenant: Tenant) -> job_runs::BoxedQuery<'static, diesel::pg::Pg> {
    let query = job_runs::table.into_boxed();
    match tenant {
        Tenant::All => query,
        Tenant::User(user) => query.filter(
            job_runs::requested_by
                .eq(user)
                .and(job_runs::store_id.is_null())
                .or(job_runs::store_id.eq_any(store_ids_of(user).select(stores::id.nullable()))),
        ),
    }
}

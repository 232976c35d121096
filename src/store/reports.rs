//! Reports that people asked for and their files, in pieces. A report is its owner's alone: no query takes a tenant,
//! each takes the user.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use serde_json::Value;

use super::StoreError;
use crate::{
    domain::{JobRunId, ReportId, ReportKind, ReportState, StoreId, UserId},
    schema::{report_parts, reports, stores},
};

/// Largest piece of a file, in bytes.
pub const PART_BYTES: usize = 1_048_576;

/// A report.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = reports, check_for_backend(Pg))]
pub struct Report {
    /// Key.
    pub id: ReportId,
    /// Whose.
    pub user_id: UserId,
    /// Only this store; `None`: all that the owner sees.
    pub store_id: Option<StoreId>,
    /// The run that makes it.
    pub run_id: Option<JobRunId>,
    /// What it lists.
    pub kind: ReportKind,
    /// A `domain::report::ReportQuery`.
    pub parameters: Value,
    /// Name of the file.
    pub name: String,
    /// Where it stands.
    pub state: ReportState,
    /// Code of the failure.
    pub failure: Option<String>,
    /// Number of the try that writes.
    pub attempt: i32,
    /// Progress; rows of the file once it is ready.
    pub rows_done: i32,
    /// What the progress counts up to, once known.
    pub rows_total: Option<i32>,
    /// Size of the file.
    pub bytes: i64,
    /// Asked for at.
    pub created_at: DateTime<Utc>,
    /// Ended at.
    pub finished_at: Option<DateTime<Utc>>,
    /// Kept until.
    pub expires_at: DateTime<Utc>,
}

/// Keeps a new report.
///
/// # Errors
/// See [`StoreError`].
pub fn report_insert(conn: &mut PgConnection, report: &Report) -> Result<(), StoreError> {
    diesel::insert_into(reports::table).values(report).execute(conn)?;
    Ok(())
}

/// A report of this user that is still kept.
///
/// # Errors
/// See [`StoreError`].
pub fn report_fetch(
    conn: &mut PgConnection,
    user: UserId,
    id: ReportId,
    now: DateTime<Utc>,
) -> Result<Option<Report>, StoreError> {
    Ok(reports::table
        .find(id)
        .filter(reports::user_id.eq(user))
        .filter(reports::expires_at.gt(now))
        .select(Report::as_select())
        .first(conn)
        .optional()?)
}

/// The report that a run makes.
///
/// # Errors
/// See [`StoreError`].
pub fn report_fetch_by_run(conn: &mut PgConnection, run: JobRunId) -> Result<Option<Report>, StoreError> {
    Ok(reports::table
        .filter(reports::run_id.eq(run))
        .select(Report::as_select())
        .first(conn)
        .optional()?)
}

/// The reports of this user that are still kept with their store's name, newest first; at most 200.
///
/// # Errors
/// See [`StoreError`].
pub fn report_list(
    conn: &mut PgConnection,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<Vec<(Report, Option<String>)>, StoreError> {
    Ok(reports::table
        .left_join(stores::table)
        .filter(reports::user_id.eq(user))
        .filter(reports::expires_at.gt(now))
        .order((reports::created_at.desc(), reports::id.desc()))
        .limit(200)
        .select((Report::as_select(), stores::name.nullable()))
        .load(conn)?)
}

/// How many reports of this user wait or are being made, and how many there are.
///
/// # Errors
/// See [`StoreError`].
pub fn report_count(conn: &mut PgConnection, user: UserId) -> Result<(i64, i64), StoreError> {
    let of_user = || reports::table.filter(reports::user_id.eq(user)).count();
    let open = of_user()
        .filter(reports::state.eq_any([ReportState::Queued, ReportState::Running]))
        .get_result(conn)?;
    Ok((open, of_user().get_result(conn)?))
}

/// The report of this user over the same that waits or is being made.
///
/// # Errors
/// See [`StoreError`].
pub fn report_fetch_open(
    conn: &mut PgConnection,
    user: UserId,
    (kind, parameters): (ReportKind, &Value),
) -> Result<Option<ReportId>, StoreError> {
    Ok(reports::table
        .filter(reports::user_id.eq(user))
        .filter(reports::state.eq_any([ReportState::Queued, ReportState::Running]))
        .filter(reports::kind.eq(kind))
        .filter(reports::parameters.eq(parameters))
        .select(reports::id)
        .first(conn)
        .optional()?)
}

/// Begins a try: pieces of earlier ones are thrown away. `None`: it is over, called off or gone.
///
/// # Errors
/// See [`StoreError`].
pub fn report_start(conn: &mut PgConnection, id: ReportId) -> Result<Option<i32>, StoreError> {
    let attempt: Option<i32> = diesel::update(
        reports::table
            .find(id)
            .filter(reports::state.eq_any([ReportState::Queued, ReportState::Running])),
    )
    .set((
        reports::state.eq(ReportState::Running),
        reports::attempt.eq(reports::attempt + 1),
        reports::rows_done.eq(0),
        reports::rows_total.eq(None::<i32>),
    ))
    .returning(reports::attempt)
    .get_result(conn)
    .optional()?;
    if attempt.is_some() {
        diesel::delete(report_parts::table.filter(report_parts::report_id.eq(id))).execute(conn)?;
    }
    Ok(attempt)
}

/// A try that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportTry {
    /// The report.
    pub id: ReportId,
    /// Number of the try.
    pub attempt: i32,
}

/// Notes progress. `false`: the try does not count any more, because the report was called off or another worker
/// makes it.
///
/// # Errors
/// See [`StoreError`].
pub fn report_progress(
    conn: &mut PgConnection,
    work: ReportTry,
    done: i32,
    total: i32,
) -> Result<bool, StoreError> {
    let rows = diesel::update(under_way(work))
        .set((reports::rows_done.eq(done), reports::rows_total.eq(total)))
        .execute(conn)?;
    Ok(rows == 1)
}

/// Keeps a piece of the file.
///
/// # Errors
/// See [`StoreError`].
pub fn report_part_insert(
    conn: &mut PgConnection,
    work: ReportTry,
    position: i32,
    content: &[u8],
) -> Result<(), StoreError> {
    diesel::insert_into(report_parts::table)
        .values((
            report_parts::report_id.eq(work.id),
            report_parts::attempt.eq(work.attempt),
            report_parts::position.eq(position),
            report_parts::content.eq(content),
        ))
        .execute(conn)?;
    Ok(())
}

/// What a finished file is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finished {
    /// Rows of the file.
    pub rows: i32,
    /// Its size.
    pub bytes: i64,
    /// When it was ready.
    pub at: DateTime<Utc>,
    /// Kept until.
    pub expires_at: DateTime<Utc>,
}

/// Lets the report be fetched. `false`: the try does not count any more.
///
/// # Errors
/// See [`StoreError`].
pub fn report_finish(
    conn: &mut PgConnection,
    work: ReportTry,
    name: &str,
    finished: Finished,
) -> Result<bool, StoreError> {
    let rows = diesel::update(under_way(work))
        .set((
            reports::state.eq(ReportState::Ready),
            reports::name.eq(name),
            reports::rows_done.eq(finished.rows),
            reports::rows_total.eq(finished.rows),
            reports::bytes.eq(finished.bytes),
            reports::finished_at.eq(finished.at),
            reports::expires_at.eq(finished.expires_at),
        ))
        .execute(conn)?;
    Ok(rows == 1)
}

/// Ends a report that waits or is being made. `false`: it has ended already.
///
/// # Errors
/// See [`StoreError`].
pub fn report_end(
    conn: &mut PgConnection,
    id: ReportId,
    (state, failure): (ReportState, Option<&str>),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let rows = diesel::update(
        reports::table
            .find(id)
            .filter(reports::state.eq_any([ReportState::Queued, ReportState::Running])),
    )
    .set((
        reports::state.eq(state),
        reports::failure.eq(failure),
        reports::finished_at.eq(now),
    ))
    .execute(conn)?;
    diesel::delete(report_parts::table.filter(report_parts::report_id.eq(id))).execute(conn)?;
    Ok(rows == 1)
}

/// Removes a report with its file.
///
/// # Errors
/// See [`StoreError`].
pub fn report_delete(conn: &mut PgConnection, id: ReportId) -> Result<(), StoreError> {
    diesel::delete(reports::table.find(id)).execute(conn)?;
    Ok(())
}

/// A piece of a file that can be fetched; `None` behind the last one, and once the report is gone.
///
/// # Errors
/// See [`StoreError`].
pub fn report_part_fetch(
    conn: &mut PgConnection,
    work: ReportTry,
    position: i32,
) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(report_parts::table
        .find((work.id, work.attempt, position))
        .select(report_parts::content)
        .first(conn)
        .optional()?)
}

/// Removes reports that were kept long enough, at most `limit`. Returns how many.
///
/// # Errors
/// See [`StoreError`].
pub fn report_prune(conn: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Result<i64, StoreError> {
    let old: Vec<ReportId> = reports::table
        .filter(reports::expires_at.le(now))
        .select(reports::id)
        .limit(limit)
        .load(conn)?;
    let gone = diesel::delete(reports::table.filter(reports::id.eq_any(old))).execute(conn)?;
    Ok(i64::try_from(gone).unwrap_or(limit))
}

type UnderWay = diesel::dsl::Filter<
    diesel::dsl::Filter<diesel::dsl::Find<reports::table, ReportId>, diesel::dsl::Eq<reports::attempt, i32>>,
    diesel::dsl::Eq<reports::state, ReportState>,
>;

fn under_way(work: ReportTry) -> UnderWay {
    reports::table
        .find(work.id)
        .filter(reports::attempt.eq(work.attempt))
        .filter(reports::state.eq(ReportState::Running))
}

//! Worker processes, each with a row for as long as it works: who they are, on which machines, and when they were last
//! heard of, by the database's clock.

use chrono::{DateTime, Utc};
use diesel::{dsl::now, prelude::*, sql_types as sql};
use uuid::Uuid;

use super::{StoreError, planned::planned};
use crate::schema::workers;

/// A worker process.
#[derive(Debug, Clone)]
pub struct Worker {
    /// Its name in leases; a new one each time the program starts.
    pub id: Uuid,
    /// The machine.
    pub host: String,
    /// Its number on the machine.
    pub pid: u32,
}

/// A worker as it was last heard of.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct WorkerLine {
    /// The machine.
    #[diesel(sql_type = sql::Text)]
    pub host: String,
    /// Its number on the machine.
    #[diesel(sql_type = sql::Integer)]
    pub pid: i32,
    /// The version of the program.
    #[diesel(sql_type = sql::Text)]
    pub build_id: String,
    /// When it began.
    #[diesel(sql_type = sql::Timestamptz)]
    pub started_at: DateTime<Utc>,
    /// When it was last heard of.
    #[diesel(sql_type = sql::Timestamptz)]
    pub seen_at: DateTime<Utc>,
    /// Was it killed, or is its machine gone? Nothing was heard of it for so long that others do its work.
    #[diesel(sql_type = sql::Bool)]
    pub silent: bool,
    /// Stores that it alone may write for now.
    #[diesel(sql_type = sql::BigInt)]
    pub stores: i64,
}

/// The worker says that it works.
///
/// # Errors
/// See [`StoreError`].
pub fn worker_seen(conn: &mut PgConnection, worker: &Worker) -> Result<(), StoreError> {
    let pid = i32::try_from(worker.pid).unwrap_or(i32::MAX);
    diesel::insert_into(workers::table)
        .values((
            workers::id.eq(worker.id),
            workers::host.eq(&worker.host),
            workers::pid.eq(pid),
            workers::build_id.eq(crate::BUILD_ID),
            workers::started_at.eq(now),
            workers::seen_at.eq(now),
        ))
        .on_conflict(workers::id)
        .do_update()
        .set(workers::seen_at.eq(now))
        .execute(conn)?;
    Ok(())
}

/// The worker ends in order.
///
/// # Errors
/// See [`StoreError`].
pub fn worker_gone(conn: &mut PgConnection, id: Uuid) -> Result<(), StoreError> {
    diesel::delete(workers::table.find(id)).execute(conn)?;
    Ok(())
}

/// All of them, machine by machine.
///
/// # Errors
/// See [`StoreError`].
pub fn worker_lines(conn: &mut PgConnection) -> Result<Vec<WorkerLine>, StoreError> {
    Ok(planned(
        "select w.host, w.pid, w.build_id, w.started_at, w.seen_at,
                w.seen_at < now() - interval '90 seconds' as silent,
                (select count(*) from stores s where s.lease_owner = w.id and s.lease_until >= now()) as stores
         from workers w order by w.host, w.started_at, w.id",
    )
    .load(conn)?)
}

/// Does any worker work?
///
/// # Errors
/// See [`StoreError`].
pub fn worker_works(conn: &mut PgConnection) -> Result<bool, StoreError> {
    Ok(worker_lines(conn)?.iter().any(|worker| !worker.silent))
}

/// Forgets those of which nothing was heard since `before`.
///
/// # Errors
/// See [`StoreError`].
pub fn workers_prune(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<usize, StoreError> {
    Ok(diesel::delete(workers::table.filter(workers::seen_at.lt(before))).execute(conn)?)
}

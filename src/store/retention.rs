//! Rows of the past that nobody looks for any more, removed a limited number at a time: what is left comes with the next
//! call.

use chrono::{DateTime, Utc};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Timestamptz},
};

use super::StoreError;

fn remove(
    conn: &mut PgConnection,
    sql: &str,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<usize, StoreError> {
    Ok(diesel::sql_query(sql)
        .bind::<Timestamptz, _>(before)
        .bind::<BigInt, _>(limit)
        .execute(conn)?)
}

/// Decisions made before `before`, `limit` of each store. The last one of a product stays, however old it is: it tells why
/// the price is what it is.
///
/// # Errors
/// See [`StoreError`].
pub fn decisions_prune(
    conn: &mut PgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<usize, StoreError> {
    remove(
        conn,
        "delete from price_decisions where id in (
           select old.id from stores s cross join lateral (
             select d.id from price_decisions d
             where d.store_id = s.id and d.decided_at < $1
               and exists (select from price_decisions later
                           where later.product_id = d.product_id and later.decided_at > d.decided_at)
             order by d.decided_at limit $2) old)",
        before,
        limit,
    )
}

/// Price writes that ended and were planned before `before`, `limit` of each store. The last one of a product stays: its
/// page tells of it.
///
/// # Errors
/// See [`StoreError`].
pub fn pushes_prune(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> Result<usize, StoreError> {
    remove(
        conn,
        "delete from price_pushes where id in (
           select old.id from stores s cross join lateral (
             select p.id from price_pushes p
             where p.store_id = s.id and p.planned_at < $1 and p.finished_at is not null
               and exists (select from price_pushes later
                           where later.product_id = p.product_id and later.sequence > p.sequence)
             order by p.planned_at limit $2) old)",
        before,
        limit,
    )
}

/// Runs of background work that ended and were asked for before `before`, with what hangs on them.
///
/// # Errors
/// See [`StoreError`].
pub fn job_runs_prune(
    conn: &mut PgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<usize, StoreError> {
    remove(
        conn,
        "delete from job_runs where id in (
           select id from job_runs where created_at < $1 and state in ('succeeded', 'failed', 'cancelled')
             and not exists (select from sync_pages page where page.run_id = job_runs.id)
           order by created_at limit $2)",
        before,
        limit,
    )
}

/// Logins into the cabinet that ended and began before `before`.
///
/// # Errors
/// See [`StoreError`].
pub fn attempts_prune(
    conn: &mut PgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<usize, StoreError> {
    remove(
        conn,
        "delete from connection_attempts where id in (
           select id from connection_attempts
           where created_at < $1 and finished_at is not null and (blocked_until is null or blocked_until < $1) limit $2)",
        before,
        limit,
    )
}

/// Attempts to sign in to the panel before `before`.
///
/// # Errors
/// See [`StoreError`].
pub fn sign_ins_prune(
    conn: &mut PgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<usize, StoreError> {
    remove(
        conn,
        "delete from sign_in_attempts where id in (
           select id from sign_in_attempts where at < $1 order by at limit $2)",
        before,
        limit,
    )
}

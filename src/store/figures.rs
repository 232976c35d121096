//! Figures of the moment for monitoring and for the page of the program's state: short queries over small indexes,
//! because they are asked every few seconds.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Text, Timestamptz},
};

use super::{
    StoreError,
    workers::{WorkerLine, worker_lines},
};
use crate::schema::audit_log;

/// A word and how many there are.
pub type Counts = Vec<(String, u64)>;

/// What the database says of the moment.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// Background work that waits or runs, by kind.
    pub jobs: Counts,
    /// Seconds for which the oldest waiting work has waited.
    pub jobs_oldest: u64,
    /// Price writes under way, by state.
    pub pushes: Counts,
    /// Seconds for which the oldest planned price has waited.
    pub pushes_oldest: u64,
    /// Seconds by which the product that waits longest for a look is late.
    pub looks_oldest: u64,
    /// Stores by state of their session.
    pub stores: Counts,
    /// Open troubles by severity.
    pub alerts: Counts,
    /// Worker processes, those that say that they work and those that fell silent.
    pub workers: Counts,
    /// Stops in force.
    pub stops: u64,
    /// Seconds since the last backup; none was made: absent.
    pub backup_age: Option<u64>,
    /// Seconds by which the clock of the database is ahead of or behind the program's.
    pub clock_off: u64,
    /// Connections of the database server: of all programs, and how many it takes.
    pub connections: (u64, u64),
    /// Bytes of the database.
    pub bytes: u64,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Text)]
    word: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn counts(conn: &mut PgConnection, sql: &str) -> Result<Counts, StoreError> {
    let rows: Vec<Counted> = diesel::sql_query(sql).load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.word, u64::try_from(row.number).unwrap_or_default()))
        .collect())
}

fn number(conn: &mut PgConnection, sql: &str, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let sql = format!("select '' as word, coalesce(({sql}), 0)::bigint as number");
    let row: Counted = diesel::sql_query(sql)
        .bind::<Timestamptz, _>(now)
        .get_result(conn)?;
    Ok(u64::try_from(row.number).unwrap_or_default())
}

fn workers_by_state(lines: &[WorkerLine]) -> Counts {
    let silent = lines.iter().filter(|line| line.silent).count();
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    vec![
        ("working".to_owned(), count(lines.len() - silent)),
        ("silent".to_owned(), count(silent)),
    ]
}

/// How far the database's clock is from `now`, whichever way.
///
/// # Errors
/// See [`StoreError`].
pub fn clock_off(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<TimeDelta, StoreError> {
    let seconds = number(conn, "abs(extract(epoch from clock_timestamp() - $1))", now)?;
    Ok(TimeDelta::seconds(
        i64::try_from(seconds).unwrap_or(i64::MAX / 1_000),
    ))
}

/// When a backup was last made.
///
/// # Errors
/// See [`StoreError`].
pub fn last_backup(conn: &mut PgConnection) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(audit_log::table
        .filter(audit_log::object_kind.eq("database"))
        .filter(audit_log::action.eq("back_up"))
        .order(audit_log::at.desc())
        .select(audit_log::at)
        .first(conn)
        .optional()?)
}

/// Everything.
///
/// # Errors
/// See [`StoreError`].
pub fn figures(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Figures, StoreError> {
    let backup = last_backup(conn)?;
    Ok(Figures {
        jobs: counts(
            conn,
            "select kind as word, count(*) as number from job_runs where state in ('queued', 'running') group by 1 order by 1",
        )?,
        jobs_oldest: number(
            conn,
            "select extract(epoch from $1 - min(coalesce(retry_at, created_at))) from job_runs where state = 'queued'",
            now,
        )?,
        pushes: counts(
            conn,
            "select state as word, count(*) as number from price_pushes
             where state in ('planned', 'claimed', 'sent', 'accepted', 'unknown') group by 1 order by 1",
        )?,
        pushes_oldest: number(
            conn,
            "select extract(epoch from $1 - min(planned_at)) from price_pushes where state = 'planned'",
            now,
        )?,
        looks_oldest: number(
            conn,
            "select extract(epoch from $1 - min(due.at)) from stores s cross join lateral (
               select next_check_at as at from product_checks c
               where c.store_id = s.id and c.repriced order by next_check_at limit 1) due
             where s.repricing_mode <> 'off'",
            now,
        )?,
        stores: counts(
            conn,
            "select session_state as word, count(*) as number from stores group by 1 order by 1",
        )?,
        alerts: counts(
            conn,
            "select severity as word, count(*) as number from alerts where resolved_at is null group by 1 order by 1",
        )?,
        workers: workers_by_state(&worker_lines(conn)?),
        stops: number(
            conn,
            "select count(*) from kill_switches where released_at is null and $1 is not null",
            now,
        )?,
        backup_age: backup.and_then(|at| u64::try_from((now - at).num_seconds()).ok()),
        clock_off: u64::try_from(clock_off(conn, now)?.num_seconds()).unwrap_or_default(),
        connections: (
            number(
                conn,
                "select sum(numbackends) from pg_stat_database where $1 is not null",
                now,
            )?,
            number(
                conn,
                "select current_setting('max_connections')::bigint where $1 is not null",
                now,
            )?,
        ),
        bytes: number(
            conn,
            "select pg_database_size(current_database()) where $1 is not null",
            now,
        )?,
    })
}

/// A table with its rows, as the database estimates them, and its bytes with indexes.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct TableSize {
    /// Its name.
    #[diesel(sql_type = Text)]
    pub name: String,
    /// About how many rows.
    #[diesel(sql_type = BigInt)]
    pub rows: i64,
    /// Bytes with indexes.
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
}

/// The largest tables; months of one table are added up.
///
/// # Errors
/// See [`StoreError`].
pub fn largest_tables(conn: &mut PgConnection, limit: i64) -> Result<Vec<TableSize>, StoreError> {
    Ok(diesel::sql_query(
        "select coalesce(p.relname, c.relname)::text as name, sum(greatest(c.reltuples, 0))::bigint as rows,
                sum(pg_total_relation_size(c.oid))::bigint as bytes
         from pg_class c left join pg_inherits i on i.inhrelid = c.oid left join pg_class p on p.oid = i.inhparent
         where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
         group by 1 order by 3 desc, 1 limit $1",
    )
    .bind::<BigInt, _>(limit)
    .load(conn)?)
}

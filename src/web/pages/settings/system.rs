//! The state of the program for administrators: version, database, queue, backups, and what takes space.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    BUILD_ID,
    services::Services,
    store::{
        StoreError,
        db::PoolState,
        figures::{Figures, TableSize, figures, largest_tables, last_backup},
        workers::{WorkerLine, worker_lines},
    },
    web::{Shell, WebResult, auth::AdminUser, filters, format, render::html, texts::Texts},
};

/// Tables that are listed.
const TABLES: i64 = 12;
/// A backup that is older asks for attention.
const BACKUP_AGE_MAX: TimeDelta = TimeDelta::hours(36);

#[derive(Template)]
#[template(path = "settings/system.html")]
struct SystemPage {
    shell: Shell,
    rows: Vec<Row>,
    workers: Vec<WorkerLine>,
    tables: Vec<TableSize>,
    last_backup: Option<DateTime<Utc>>,
}

/// One line: what it is, and how it stands.
struct Row {
    name: String,
    value: String,
}

impl SystemPage {
    fn backup_is_old(&self) -> bool {
        self.last_backup
            .is_none_or(|at| self.shell.now - at > BACKUP_AGE_MAX)
    }

    fn no_worker_works(&self) -> bool {
        self.workers.iter().all(|worker| worker.silent)
    }

    fn megabytes(&self, bytes: &i64) -> String {
        megabytes(*bytes, self.shell.t)
    }
}

/// Shows it.
pub async fn show(shell: Shell, _: AdminUser, services: web::Data<Services>) -> WebResult<HttpResponse> {
    let now = shell.now;
    let (found, workers, tables, last_backup) = services
        .db
        .read(move |conn| -> Result<_, StoreError> {
            Ok((
                figures(conn, now)?,
                worker_lines(conn)?,
                largest_tables(conn, TABLES)?,
                last_backup(conn)?,
            ))
        })
        .await?;
    let rows = rows(&found, services.db.pool(), shell.t);
    html(&SystemPage {
        shell,
        rows,
        workers,
        tables,
        last_backup,
    })
}

fn rows(found: &Figures, pool: PoolState, t: Texts) -> Vec<Row> {
    let row = |key: &str, value: String| Row {
        name: t.get(key),
        value,
    };
    let of = |used: u64, most: u64| {
        let (used, most) = (number(used), number(most));
        t.with2("system-of", "used", used, "most", most)
    };
    let total = |counts: &[(String, u64)]| number(counts.iter().map(|(_, count)| count).sum());
    vec![
        row("system-version", BUILD_ID.to_owned()),
        row("system-database-size", megabytes(signed(found.bytes), t)),
        row("system-connections", of(found.connections.0, found.connections.1)),
        row(
            "system-pool",
            of(u64::from(pool.connections), u64::from(pool.most)),
        ),
        row("system-clock", seconds(found.clock_off, t)),
        row("system-jobs", total(&found.jobs)),
        row("system-jobs-oldest", seconds(found.jobs_oldest, t)),
        row("system-pushes", total(&found.pushes)),
        row("system-pushes-oldest", seconds(found.pushes_oldest, t)),
        row("system-market-age", seconds(found.looks_oldest, t)),
    ]
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn number(count: u64) -> String {
    format::number(signed(count))
}

fn seconds(count: u64, t: Texts) -> String {
    let length = TimeDelta::try_seconds(signed(count)).unwrap_or(TimeDelta::MAX);
    format::duration(length, t)
}

fn megabytes(bytes: i64, t: Texts) -> String {
    t.with(
        "system-megabytes",
        "n",
        format::number(bytes.div_euclid(1024 * 1024)),
    )
}

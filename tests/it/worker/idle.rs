//! A worker that has nothing to do leaves the database alone.

use std::{cell::Cell, time::Duration};

use diesel::{prelude::*, sql_query, sql_types as sql};

use crate::support::{Process, TestApp, wait_until};

/// So long an idle worker is watched, in milliseconds.
const WATCHED: i64 = 3_000;

/// How often the tables of the job queue were looked through so far, and the database's time in milliseconds.
fn looks(app: &TestApp) -> (i64, i64) {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql::BigInt)]
        looks: i64,
        #[diesel(sql_type = sql::BigInt)]
        at: i64,
    }
    let row: Row = sql_query(
        "select (coalesce(seq_scan, 0) + coalesce(idx_scan, 0))::bigint as looks,
           (extract(epoch from clock_timestamp()) * 1000)::bigint as at
         from pg_stat_user_tables where relname = '_private_jobs'",
    )
    .get_result(&mut app.conn())
    .unwrap();
    (row.looks, row.at)
}

#[actix_web::test]
async fn an_idle_worker_asks_for_jobs_a_few_times_a_second() {
    let app = TestApp::new();
    let _worker = Process::worker(&app, &[]);
    let patience = Duration::from_secs(60);
    let began = looks(&app).0;
    wait_until("the worker asks for jobs", patience, || async {
        let (found, _) = looks(&app);
        if found > began { Ok(()) } else { Err(found) }
    })
    .await;
    let (first, since) = looks(&app);
    let last = Cell::new(first);
    wait_until("the worker is watched", patience, || async {
        let (found, at) = looks(&app);
        last.set(found);
        if at - since > WATCHED { Ok(()) } else { Err(at) }
    })
    .await;
    // Two queues; without a pause it is hundreds a second.
    let asked = last.get() - first;
    assert!(asked < 100, "{asked} times within {WATCHED} ms");
}

//! The worker as a process: it takes jobs up, survives what can be survived, and stops in order.

mod idle;
mod logins;
mod logs;

use std::time::Duration;

use diesel::prelude::*;
use kaspi_panel::{
    app::sync_products::request_sync,
    domain::{Actor, JobRunId, JobState},
    schema::{job_runs, workers},
};
use serde_json::json;

use crate::support::{Cabinet, Process, TestApp, db_connected_store, wait_until};

async fn until(app: &TestApp, run: JobRunId, state: JobState) {
    wait_until("the run's state", Duration::from_secs(90), || async {
        let found: JobState = job_runs::table
            .find(run)
            .select(job_runs::state)
            .first(&mut app.conn())
            .expect("the run");
        if found == state { Ok(()) } else { Err(found) }
    })
    .await;
}

#[actix_web::test]
async fn jobs_of_a_killed_worker_are_taken_up_by_another_at_their_page() {
    let app = TestApp::new();
    let store = db_connected_store(&app, Cabinet::DEMO).await;
    let offers: Vec<_> = (0..250)
        .map(|n| json!({ "merchant": "30000001", "sku": format!("bulk-{n}"), "card": "300000001", "title": "Bulk", "price": 1_000 }))
        .collect();
    app.market.control("/control/offers", json!(offers)).await;
    // The first worker hangs in the middle of the catalogue.
    app.market
        .fault(
            "list",
            "slow",
            json!({ "delay_ms": 60_000, "after": 3, "times": 1 }),
        )
        .await;
    let run = request_sync(&app.services, &Actor::system(), store)
        .await
        .unwrap();
    let mut first = Process::worker(&app, &[]);
    wait_until("the page that hangs", Duration::from_secs(90), || async {
        let calls = app.market.calls("list").await.len();
        if calls == 4 { Ok(()) } else { Err(calls) }
    })
    .await;
    // What was read before is written while the worker waits.
    wait_until("the pages before it", Duration::from_secs(30), || async {
        let done: i32 = job_runs::table
            .find(run)
            .select(job_runs::progress_done)
            .first(&mut app.conn())
            .unwrap();
        if done == 203 { Ok(()) } else { Err(done) }
    })
    .await;
    first.kill();

    let _second = Process::worker(&app, &[]);
    until(&app, run, JobState::Succeeded).await;
    let (attempts, done): (i32, i32) = job_runs::table
        .find(run)
        .select((job_runs::attempts, job_runs::progress_done))
        .first(&mut app.conn())
        .unwrap();
    assert_eq!((attempts, done), (2, 266));
    let asked = app.market.calls("list").await;
    assert_eq!(asked.len(), 5, "only the page that hung is asked for again");
    assert_eq!(asked[3]["path"], asked[4]["path"]);
}

#[actix_web::test]
async fn a_rolled_back_request_leaves_no_job() {
    let app = TestApp::new();
    let store = db_connected_store(&app, Cabinet::DEMO).await;
    let now = app.services.now();
    let rolled_back: Result<(), diesel::result::Error> = app.conn().transaction(|conn| {
        kaspi_panel::queue::enqueue::enqueue_for_store(
            conn,
            kaspi_panel::domain::JobKind::SyncStore,
            store,
            None,
            now,
        )
        .expect("a job in the transaction");
        Err(diesel::result::Error::RollbackTransaction)
    });
    assert!(rolled_back.is_err());
    let run = request_sync(&app.services, &Actor::system(), store)
        .await
        .unwrap();
    let again = request_sync(&app.services, &Actor::system(), store)
        .await
        .unwrap();
    assert_eq!(run, again, "a second request joins the first");
    let jobs: i64 = diesel::sql_query("select count(*) as count from graphile_worker._private_jobs")
        .get_result::<Count>(&mut app.conn())
        .unwrap()
        .count;
    assert_eq!(jobs, 1);
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

#[actix_web::test]
async fn a_worker_that_is_told_to_stop_ends_well() {
    let app = TestApp::new();
    let store = db_connected_store(&app, Cabinet::DEMO).await;
    let run = request_sync(&app.services, &Actor::system(), store)
        .await
        .unwrap();
    let mut worker = Process::worker(&app, &[]);
    until(&app, run, JobState::Succeeded).await;
    let known = || {
        let conn = &mut app.conn();
        workers::table.select(workers::pid).load::<i32>(conn).unwrap()
    };
    assert_eq!(known(), [i32::try_from(worker.id()).unwrap()]);
    let ended = worker.terminate().await;
    assert_eq!(ended.code(), Some(0));
    assert_eq!(known(), [0; 0], "it is not missed");
}

//! The worker as a process: it takes jobs up, survives what can be survived, and stops in order.

use std::{
    process::{Child, Command},
    time::Duration,
};

use diesel::prelude::*;
use kaspi_panel::{
    app::{
        connect_store::{sms_start, sms_verify},
        sync_products::request_sync,
    },
    clock::{Clock, SystemClock},
    domain::{Actor, ActorKind, AttemptId, AttemptState, JobRunId, JobState, Role},
    schema::{connection_attempts, job_runs},
    secrets::Secret,
    store::users::user_fetch,
};
use serde_json::json;

use crate::support::{Cabinet, TestApp, db_connected_store, db_user, wait_until};

/// Where the workers of a test make their temporary folders.
fn temp_dir(app: &TestApp) -> std::path::PathBuf {
    let folder = app.services.config.data_dir.join("tmp");
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// A worker of its own process; killed with this value.
pub struct Worker(Child);

impl Worker {
    /// Starts it on this test's database and market.
    pub fn start(app: &TestApp) -> Self {
        let child = app
            .program(&["worker"])
            .env("TMPDIR", temp_dir(app))
            .spawn()
            .expect("the worker starts");
        Self(child)
    }

    /// `kill -9`
    fn kill(&mut self) {
        self.0.kill().expect("the worker is killed");
        self.0.wait().expect("the worker is gone");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended already.
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

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
    let mut first = Worker::start(&app);
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

    let _second = Worker::start(&app);
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
    let mut worker = Worker::start(&app);
    until(&app, run, JobState::Succeeded).await;
    let id = worker.0.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
    let ended = wait_until("the worker ends", Duration::from_secs(30), || {
        let ended = worker.0.try_wait().unwrap().ok_or("it runs");
        async move { ended }
    })
    .await;
    assert_eq!(ended.code(), Some(0));
}

#[actix_web::test]
async fn a_login_of_a_killed_worker_ends_with_start_again_and_leaves_nothing_behind() {
    let app = TestApp::new();
    let owner = db_user(&mut app.conn(), "aigul", Role::Manager);
    let user = user_fetch(&mut app.conn(), owner).unwrap().unwrap();
    let actor = user.actor(ActorKind::Person, None);
    let state = |id: AttemptId| -> AttemptState {
        connection_attempts::table
            .find(id)
            .select(connection_attempts::state)
            .first(&mut app.conn())
            .unwrap()
    };
    let reaches = async |id, wanted: AttemptState| {
        wait_until(wanted.as_str(), Duration::from_secs(90), || async {
            let found = state(id);
            if found == wanted { Ok(()) } else { Err(found) }
        })
        .await;
    };
    // A process of its own goes by the machine's clock.
    let behind = SystemClock.now() - app.services.now();
    app.advance(u32::try_from(behind.num_seconds()).unwrap_or_default())
        .await;
    let id = sms_start(&app.services, &actor, "+77000000001", None)
        .await
        .unwrap();
    let mut first = Worker::start(&app);
    reaches(id, AttemptState::SmsCode).await;
    let folders = || browser_folders(&app);
    assert_eq!(folders(), 1, "one browser");
    first.kill();

    // Another one notices the silence; its next login clears the folder away.
    let second = Worker::start(&app);
    reaches(id, AttemptState::Interrupted).await;
    app.advance(70).await;
    let id = sms_start(&app.services, &actor, "+77000000001", None)
        .await
        .unwrap();
    reaches(id, AttemptState::SmsCode).await;
    assert_eq!(folders(), 1, "the dead worker's folder is gone");
    sms_verify(&app.services, &actor, id, &Secret::from("123456"))
        .await
        .unwrap();
    reaches(id, AttemptState::Done).await;
    wait_until("the browser is gone", Duration::from_secs(30), || async {
        if folders() == 0 { Ok(()) } else { Err(folders()) }
    })
    .await;
    drop(second);
}

/// Browser folders in the worker's own temporary folder.
fn browser_folders(app: &TestApp) -> usize {
    std::fs::read_dir(temp_dir(app)).unwrap().flatten().count()
}

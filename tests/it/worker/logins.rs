//! Logins that wait for a code in a worker of its own process, while that worker, or the web process beside it,
//! ends: what is left of them, for people and on the machine.

use std::time::Duration;

use diesel::prelude::*;
use kaspi_panel::{
    app::connect_store::{sms_start, sms_verify},
    clock::{Clock, SystemClock},
    domain::{Actor, ActorKind, AttemptId, AttemptState, JobState, Role, SessionState},
    os::processes,
    schema::{connection_attempts, job_runs, stores},
    secrets::Secret,
    store::users::user_fetch,
};

use crate::support::{Client, Process, TestApp, db_user, entries, wait_until, worker_temp_dir};

/// The telephone of the market's first account and the code of its SMS.
const PHONE: &str = "+77000000001";
const CODE: &str = "123456";

fn person(app: &TestApp) -> Actor {
    let id = db_user(&mut app.conn(), "aigul", Role::Manager);
    let user = user_fetch(&mut app.conn(), id).unwrap().unwrap();
    user.actor(ActorKind::Person, None)
}

/// A process of its own goes by the machine's clock: the test's follows it.
async fn follow_the_machines_clock(app: &TestApp) {
    let behind = SystemClock.now() - app.services.now();
    app.advance(u32::try_from(behind.num_seconds()).unwrap_or_default())
        .await;
}

async fn reaches(app: &TestApp, id: AttemptId, wanted: AttemptState) {
    wait_until(wanted.as_str(), Duration::from_secs(90), || async {
        let found: AttemptState = connection_attempts::table
            .find(id)
            .select(connection_attempts::state)
            .first(&mut app.conn())
            .unwrap();
        if found == wanted { Ok(()) } else { Err(found) }
    })
    .await;
}

/// Browser folders in the workers' temporary folder.
fn browser_folders(app: &TestApp) -> usize {
    entries(&worker_temp_dir(app))
}

/// Processes that were started with something in the workers' temporary folder: drivers and browsers.
fn browsers(app: &TestApp) -> Vec<String> {
    let folder = worker_temp_dir(app).display().to_string();
    processes::list()
        .into_iter()
        .map(|process| process.arguments().join(" "))
        .filter(|arguments| arguments.contains(&folder))
        .collect()
}

#[actix_web::test]
async fn a_worker_that_is_told_to_stop_ends_its_login_with_start_again_and_leaves_nothing_behind() {
    let mut app = TestApp::new();
    let actor = person(&app);
    follow_the_machines_clock(&app).await;
    let id = sms_start(&app.services, &actor, PHONE, None).await.unwrap();
    let mut worker = Process::worker(&app, &[]);
    reaches(&app, id, AttemptState::SmsCode).await;
    assert_eq!(browser_folders(&app), 1, "one browser");
    assert!(browsers(&app).len() > 2, "{:?}", browsers(&app));

    let ended = worker.terminate().await;

    assert_eq!(ended.code(), Some(0));
    // The worker is gone, so what it left is left for good: there is nothing to wait for.
    reaches(&app, id, AttemptState::Interrupted).await;
    assert_eq!(browser_folders(&app), 0, "the profile is gone");
    assert_eq!(browsers(&app), [""; 0], "and so is whoever wrote to it");
    let run: (JobState, Option<String>) = job_runs::table
        .select((job_runs::state, job_runs::failure))
        .first(&mut app.conn())
        .unwrap();
    assert_eq!(run, (JobState::Failed, Some("interrupted".to_owned())));
    let client = app.sign_in("aigul").await;
    let page = client.get(&format!("/stores/connect/{id}")).await.expect(200);
    assert_eq!(page.texts("#attempt h2"), ["Вход прервался. Начните заново."]);
    assert_eq!(page.count("#code"), 0);
    assert_eq!(page.attribute("#attempt a.btn.main", "href"), "/stores/new/phone");
    // Nothing blocks the account: the next login is another one.
    assert!(sms_start(&app.services, &actor, PHONE, None).await.is_ok());
}

#[actix_web::test]
async fn the_web_process_is_started_anew_while_another_process_waits_for_the_code() {
    let app = TestApp::new();
    db_user(&mut app.conn(), "aigul", Role::Manager);
    let _worker = Process::worker(&app, &[]);
    let mut web = Process::serve(&app, "127.0.0.1:0");
    let address = web.address().await;
    let client = Client::anonymous(&address);
    client.sign_in("aigul@example.kz").await.expect(303);
    let begun = client
        .post("/stores/new", &[("by", "phone"), ("phone", PHONE)])
        .await
        .expect(303);
    let page = begun.location();
    let id: AttemptId = page.rsplit('/').next().unwrap().parse().unwrap();
    reaches(&app, id, AttemptState::SmsCode).await;

    assert_eq!(web.terminate().await.code(), Some(0));
    let bind = format!("127.0.0.1:{}", address.port().unwrap());
    let again = Process::serve(&app, &bind);
    assert_eq!(again.address().await, address);

    // The same person in the same browser, as if nothing had been.
    let shown = client.get(&page).await.expect(200);
    assert_eq!(shown.attribute("#code", "autocomplete"), "one-time-code");
    client
        .post(&format!("{page}/code"), &[("code", CODE)])
        .await
        .expect(303);
    reaches(&app, id, AttemptState::Done).await;
    let shown = client.get(&page).await.expect(200);
    assert_eq!(shown.texts("#attempt h2"), ["Магазин подключён"]);
    let store: (String, SessionState) = stores::table
        .select((stores::merchant_id, stores::session_state))
        .first(&mut app.conn())
        .unwrap();
    assert_eq!(store, ("30000001".to_owned(), SessionState::Connected));
}

#[actix_web::test]
async fn a_login_of_a_killed_worker_ends_with_start_again_and_leaves_nothing_behind() {
    let app = TestApp::new();
    let actor = person(&app);
    follow_the_machines_clock(&app).await;
    let id = sms_start(&app.services, &actor, PHONE, None).await.unwrap();
    let mut first = Process::worker(&app, &[]);
    reaches(&app, id, AttemptState::SmsCode).await;
    assert_eq!(browser_folders(&app), 1, "one browser");
    first.kill();

    // Another one notices the silence; its next login clears the folder away.
    let second = Process::worker(&app, &[]);
    reaches(&app, id, AttemptState::Interrupted).await;
    app.advance(70).await;
    let id = sms_start(&app.services, &actor, PHONE, None).await.unwrap();
    reaches(&app, id, AttemptState::SmsCode).await;
    assert_eq!(browser_folders(&app), 1, "the dead worker's folder is gone");
    sms_verify(&app.services, &actor, id, &Secret::from(CODE))
        .await
        .unwrap();
    reaches(&app, id, AttemptState::Done).await;
    wait_until("the browser is gone", Duration::from_secs(30), || async {
        match browser_folders(&app) {
            0 => Ok(()),
            left => Err(left),
        }
    })
    .await;
    drop(second);
}

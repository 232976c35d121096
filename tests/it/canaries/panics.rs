//! Panics with secrets around: in requests that carry one, and in a login that has one opened. What they print is
//! place, message and a list of functions; a value is in it only where a message was made of one, and a
//! `Secret` cannot be made a message of (its own tests show that).

use std::{
    panic::AssertUnwindSafe,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use chrono::{DateTime, Utc};
use kaspi_panel::{
    app::connect_store::{cancel_attempt, start_connection},
    clock::{Clock, SystemClock},
    config::{LogFormat, LoginDriver},
    domain::{Actor, ActorKind, Role},
    secrets::Secret,
    services::Services,
    store::users::user_fetch,
    telemetry,
    worker::jobs,
};
use tokio::sync::watch;

use super::*;
use crate::support::{db_user, now};

/// What the clock says when it goes off.
const MESSAGE: &str = "the clock is a trap";

/// A clock that panics when it is asked for the time once more than it was told. Every request and every job asks
/// it, with secrets in hand.
#[derive(Debug, Clone, Default)]
struct Trap(Arc<AtomicU32>);

impl Trap {
    /// Goes off when it is asked for the `nth` time from now on, the first being 1.
    fn set(&self, nth: u32) {
        self.0.store(nth, Ordering::SeqCst);
    }

    /// Has it gone off? If not it is taken away.
    fn sprang(&self) -> bool {
        self.0.swap(0, Ordering::SeqCst) == 0
    }
}

impl Clock for Trap {
    fn now(&self) -> DateTime<Utc> {
        let left = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(left != Ok(1), "{MESSAGE}");
        now()
    }

    fn machine(&self) -> DateTime<Utc> {
        SystemClock.now()
    }
}

/// Posts a form again and again, each time with a panic at the next place where the time is asked for, until there
/// is no further place; tells how many there were.
async fn post_through_panics(client: &Client, trap: &Trap, path: &str, form: &[(&str, &str)]) -> u32 {
    // The session's token is not part of it.
    client.token().await;
    for nth in 1.. {
        trap.set(nth);
        let answer = client.post(path, form).await;
        if !trap.sprang() {
            return nth - 1;
        }
        assert_eq!(answer.status, 500, "{path}: {}", answer.body_text());
        let secret = form.last().unwrap().1;
        assert!(!answer.body_text().contains(secret), "{path}");
    }
    unreachable!("the time is asked for a few times")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_and_jobs_panic_wherever_they_can() {
    // Who wants to see the output of this test sees its log too.
    if std::env::args().any(|argument| argument == "--nocapture") {
        telemetry::init("debug,kaspi_panel=trace", LogFormat::Text);
    }
    let mut app = TestApp::builder()
        .settings(|config| config.browser.driver = LoginDriver::Http)
        .build();
    let trap = Trap::default();
    let config = app.services.config.as_ref().clone();
    let database = Secret::from(app.db.url());
    app.services = Services::with_clock(config, &database, Arc::new(trap.clone())).unwrap();
    let user = db_user(&mut app.conn(), "aigul", Role::Admin);
    account(&app.market, "canary@example.kz", json!({})).await;

    let stranger = app.anonymous();
    let guess = [("email", "aigul@example.kz"), ("password", WRONG_PANEL_PASSWORD)];
    assert!(post_through_panics(&stranger, &trap, "/login", &guess).await > 1);
    let client = app.sign_in("aigul").await;
    let proxy = format!("http://{PROXY_USER}:{PROXY_PASSWORD}@192.0.2.1:3128");
    assert!(post_through_panics(&client, &trap, "/settings/proxies", &[("lines", &proxy)]).await > 1);
    let login = [("email", "canary@example.kz"), ("password", STORE_PASSWORD)];
    assert!(post_through_panics(&client, &trap, "/stores/new", &login).await > 1);

    let user = user_fetch(&mut app.conn(), user).unwrap().unwrap();
    let actor: Actor = user.actor(ActorKind::Person, None);
    let mut panics = 0;
    loop {
        cancel_open(&app, &actor).await;
        let secret = Secret::from(STORE_PASSWORD);
        start_connection(&app.services, &actor, "canary@example.kz", secret, None)
            .await
            .unwrap();
        let run = job_runs::table
            .filter(job_runs::state.eq("queued"))
            .filter(job_runs::kind.eq("connect_store"))
            .select(job_runs::id)
            .first(&mut app.conn())
            .unwrap();
        trap.set(panics + 1);
        let (_order, stop) = watch::channel(false);
        let job = jobs::connect_store::run(app.services.clone(), run, stop);
        let ended = futures_util::FutureExt::catch_unwind(AssertUnwindSafe(job)).await;
        if !trap.sprang() {
            assert!(matches!(ended, Ok(Ok(()))), "{ended:?}");
            break;
        }
        assert!(ended.is_err(), "the trap went off in the job");
        panics += 1;
    }
    assert!(panics > 3, "before, during and after the login: {panics}");
}

/// Calls off the login of the last round.
async fn cancel_open(app: &TestApp, actor: &Actor) {
    let open = connection_attempts::table
        .filter(connection_attempts::finished_at.is_null())
        .select(connection_attempts::id)
        .load(&mut app.conn())
        .unwrap();
    for id in open {
        cancel_attempt(&app.services, actor, id).await.unwrap();
    }
}

#[test]
fn a_panic_prints_no_secret() {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program)
        .args(["--exact", "--nocapture", "--test-threads=1"])
        .arg("canaries::panics::requests_and_jobs_panic_wherever_they_can")
        .env("RUST_BACKTRACE", "full")
        .output()
        .expect("the tests run once more");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let panics = text.matches(MESSAGE).count();
    assert!(panics > 8, "{panics} panics in {text}");
    assert!(text.contains("stack backtrace"), "as talkative as it can be");
    assert!(text.contains("TRACE") || text.contains("DEBUG"), "with its log");

    let mut canaries = Canaries::default();
    for (what, secret) in [
        ("password of the cabinet", STORE_PASSWORD),
        ("wrong password of the panel", WRONG_PANEL_PASSWORD),
        ("user of a proxy", PROXY_USER),
        ("password of a proxy", PROXY_PASSWORD),
    ] {
        canaries.add(what, secret);
    }
    let search = canaries.search();
    let found = [
        search.found_in("errors", &output.stderr),
        search.found_in("output", &output.stdout),
    ]
    .concat();
    assert!(found.is_empty(), "secrets were found:\n{}", found.join("\n"));
}

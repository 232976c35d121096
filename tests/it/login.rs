//! Logging accounts in against the login pages of the simulator: with a real browser, and by the page's own
//! requests.

/// Runs each case with a browser and without one.
macro_rules! by_both_ways {
    ($($case:ident,)+) => {
        mod by_browser {
            $(#[tokio::test] async fn $case() { super::$case(super::app_with(super::LoginDriver::WebDriver)).await; })+
        }
        mod by_http {
            $(#[tokio::test] async fn $case() { super::$case(super::app_with(super::LoginDriver::Http)).await; })+
        }
    };
}

mod command;
mod flows;
mod lost;
mod odd_pages;
mod password;
mod proxies;
mod renewal;
mod several;

use std::time::Duration;

use diesel::prelude::*;
use kaspi_panel::{
    app::{
        cabinet_session::session_of,
        connect_store::{ConnectError, expire_connections, reconnect_store, start_connection},
    },
    config::LoginDriver,
    domain::{Actor, ActorKind, AttemptId, AttemptState, JobRunId, Role, SessionState, StoreId, UserId},
    schema::{cabinet_accounts, connection_attempts, job_runs, stores},
    secrets::Secret,
    store::{
        connections::ConnectionAttempt,
        stores::{Store, store_points_list},
        users::user_fetch,
    },
    worker::jobs::{self, JobError},
};
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinHandle};

use crate::support::{TestApp, db_user, wait_until};

const EMAIL: &str = "demo@example.kz";
const PASSWORD: &str = "Demo-Password-1";
const PHONE: &str = "8 (700) 000-00-01";
const SMS_CODE: &str = "246810";
const MAIL_CODE: &str = "135799";

/// Longest wait for a login to get somewhere; a browser on a busy machine takes its time.
const PATIENCE: Duration = Duration::from_secs(90);

fn person(app: &TestApp, name: &str) -> (UserId, Actor) {
    let mut conn = app.conn();
    let id = db_user(&mut conn, name, Role::Manager);
    let user = user_fetch(&mut conn, id).unwrap().unwrap();
    (id, user.actor(ActorKind::Person, None))
}

/// An application whose logins go this way.
fn app_with(driver: LoginDriver) -> TestApp {
    TestApp::builder()
        .settings(move |config| config.browser.driver = driver)
        .build()
}

/// The account of the tests, with what is special about it.
async fn account(app: &TestApp, more: Value) {
    let mut account = json!({ "email": EMAIL, "password": PASSWORD, "merchants": ["30000001"],
        "phone": "+7 700 000 00 01", "sms_code": SMS_CODE, "mail_code_value": MAIL_CODE });
    let fields = account.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    app.market.control("/control/accounts", account).await;
}

async fn start(app: &TestApp, actor: &Actor, password: &str, store: Option<StoreId>) -> AttemptId {
    start_connection(&app.services, actor, EMAIL, Secret::from(password), store)
        .await
        .expect("an attempt")
}

/// The run of the newest login.
fn newest_run(app: &TestApp) -> JobRunId {
    job_runs::table
        .filter(job_runs::kind.eq("connect_store"))
        .order(job_runs::id.desc())
        .select(job_runs::id)
        .first(&mut app.conn())
        .unwrap()
}

/// Runs the newest login as the worker does.
async fn run(app: &TestApp) -> Result<(), JobError> {
    let (_order, stop) = watch::channel(false);
    jobs::connect_store::run(app.services.clone(), newest_run(app), stop).await
}

/// A login that a worker is at, while the test plays the person.
struct Running {
    job: JoinHandle<Result<(), JobError>>,
    /// The order to stop.
    stop: watch::Sender<bool>,
}

impl Running {
    /// Takes the newest login up.
    fn newest(app: &TestApp) -> Self {
        let (order, stop) = watch::channel(false);
        let job = jobs::connect_store::run(app.services.clone(), newest_run(app), stop);
        Self {
            job: tokio::spawn(job),
            stop: order,
        }
    }

    async fn ended(self) -> Result<(), JobError> {
        tokio::time::timeout(PATIENCE, self.job)
            .await
            .expect("the job ends")
            .unwrap()
    }
}

/// Waits until the attempt is in this state; an answer that a worker has not taken yet does not count.
async fn until(app: &TestApp, id: AttemptId, state: AttemptState) -> ConnectionAttempt {
    wait_until(state.as_str(), PATIENCE, || async {
        let found = attempt(app, id);
        if found.state == state {
            Ok(found)
        } else {
            Err(found.state)
        }
    })
    .await
}

fn attempt(app: &TestApp, id: AttemptId) -> ConnectionAttempt {
    connection_attempts::table
        .find(id)
        .select(ConnectionAttempt::as_select())
        .first(&mut app.conn())
        .unwrap()
}

fn all_stores(app: &TestApp) -> Vec<Store> {
    stores::table
        .order(stores::merchant_id)
        .select(Store::as_select())
        .load(&mut app.conn())
        .unwrap()
}

fn only_store(app: &TestApp) -> Store {
    let mut all = all_stores(app);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

/// Everything of a table as bytes, to look for what must not be there.
fn dump(app: &TestApp, table: &str) -> String {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = diesel::sql_types::Text)]
        line: String,
    }
    diesel::sql_query(format!("select row_to_json(t)::text as line from {table} t"))
        .load::<Line>(&mut app.conn())
        .unwrap()
        .into_iter()
        .map(|row| row.line)
        .collect::<Vec<_>>()
        .join("\n")
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_login_makes_a_store_with_sealed_secrets_and_a_first_sync() {
    let app = TestApp::new();
    let (owner, actor) = person(&app, "aigul");
    let id = start(&app, &actor, PASSWORD, None).await;
    let waiting = dump(&app, "connection_attempts");
    assert!(!waiting.contains(PASSWORD) && !waiting.contains(&hex(PASSWORD)));

    assert_eq!(run(&app).await, Ok(()));

    let done = attempt(&app, id);
    let store = only_store(&app);
    assert_eq!((done.state, done.store_id), (AttemptState::Done, Some(store.id)));
    assert_eq!(done.password_sealed, None, "wiped");
    assert_eq!(
        (store.owner_id, store.merchant_id.as_str(), store.name.as_str()),
        (owner, "30000001", "Demo Shop")
    );
    assert_eq!(store.session_state, SessionState::Connected);
    assert_eq!(
        store.repricing_mode.as_str(),
        "shadow",
        "nothing is sent by itself"
    );
    assert_eq!(store.main_city_id, "750000000");
    assert_eq!(store_points_list(&mut app.conn(), store.id).unwrap().len(), 2);

    // The session works, and neither it nor the password can be read in the database.
    let session = session_of(&app.services, store.id).await.unwrap();
    let merchants = app.services.kaspi.merchants(&session).await.unwrap();
    assert_eq!(merchants[0].id, "30000001");
    let sid = secrecy::ExposeSecret::expose_secret(&session.to_secret()).to_owned();
    let sid = serde_json::from_str::<serde_json::Value>(&sid).unwrap()["cookies"]
        .as_array()
        .unwrap()
        .iter()
        .find(|cookie| cookie["name"] == "mc-sid")
        .unwrap()["value"]
        .as_str()
        .unwrap()
        .to_owned();
    for table in [
        "cabinet_accounts",
        "connection_attempts",
        "job_runs",
        "audit_log",
        "graphile_worker.jobs",
    ] {
        let dump = dump(&app, table);
        for canary in [PASSWORD, &sid] {
            assert!(!dump.contains(canary) && !dump.contains(&hex(canary)), "{table}");
        }
    }
    let kinds: Vec<String> = job_runs::table
        .filter(job_runs::state.eq("queued"))
        .select(job_runs::kind)
        .load(&mut app.conn())
        .unwrap();
    assert_eq!(kinds, ["sync_store"]);

    // Logged in again with what was kept: the same store.
    diesel::update(stores::table)
        .set(stores::session_state.eq(SessionState::NeedsLogin))
        .execute(&mut app.conn())
        .unwrap();
    assert!(session_of(&app.services, store.id).await.is_err());
    let again = reconnect_store(&app.services, &actor, store.id).await.unwrap();
    let twice = reconnect_store(&app.services, &actor, store.id).await;
    assert!(
        matches!(twice, Err(ConnectError::AlreadyRunning { attempt: Some(open) }) if open == again),
        "{twice:?}"
    );
    assert_eq!(run(&app).await, Ok(()));
    assert_eq!(attempt(&app, again).state, AttemptState::Done);
    assert_eq!(only_store(&app).id, store.id);
    assert!(session_of(&app.services, store.id).await.is_ok());
    assert!(dump(&app, "audit_log").contains("\"action\":\"login\""));
}

#[tokio::test]
async fn a_wrong_password_is_known_in_seconds_and_kept_nowhere() {
    // Who waited for success first would wait for minutes.
    let app = TestApp::builder()
        .settings(|config| config.browser.login_timeout = PATIENCE * 10)
        .build();
    let (_, actor) = person(&app, "aigul");
    let id = start(&app, &actor, "Canary-Password", None).await;

    let known = tokio::time::timeout(PATIENCE, run(&app))
        .await
        .expect("known at once");
    assert_eq!(known, Err(JobError::Fail("wrong_credentials")));
    let ended = attempt(&app, id);
    assert_eq!(ended.state, AttemptState::WrongCredentials);
    assert_eq!(ended.password_sealed, None);
    let stores: i64 = stores::table.count().get_result(&mut app.conn()).unwrap();
    let credentials: i64 = cabinet_accounts::table
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    assert_eq!((stores, credentials), (0, 0));
}

#[tokio::test]
async fn without_a_browser_the_attempt_says_what_to_install() {
    let app = TestApp::builder()
        .settings(|config| config.browser.chromedriver = Some("/nowhere/chromedriver".into()))
        .build();
    let (_, actor) = person(&app, "aigul");
    let id = start(&app, &actor, PASSWORD, None).await;

    assert_eq!(run(&app).await, Err(JobError::Fail("browser_missing")));

    let ended = attempt(&app, id);
    assert_eq!(
        (ended.state, ended.password_sealed),
        (AttemptState::BrowserMissing, None)
    );
}

#[tokio::test]
async fn bad_input_and_missing_rights_start_nothing() {
    let app = TestApp::new();
    let (_, actor) = person(&app, "aigul");
    let (_, stranger) = person(&app, "bolat");
    let viewer = Actor {
        role: Role::Viewer,
        ..actor.clone()
    };
    let start = |actor: Actor, email: &'static str, password: &'static str, store| {
        let services = app.services.clone();
        async move { start_connection(&services, &actor, email, Secret::from(password), store).await }
    };
    for (email, password, fields) in [
        ("", "x", vec!["email"]),
        ("no-at-sign", "x", vec!["email"]),
        ("a b@example.kz", "x", vec!["email"]),
        (EMAIL, "", vec!["password"]),
        ("", "", vec!["email", "password"]),
    ] {
        match start(actor.clone(), email, password, None).await {
            Err(ConnectError::Invalid(wrong)) => {
                assert_eq!(wrong.iter().map(|w| w.field).collect::<Vec<_>>(), fields);
            }
            other => panic!("{email:?} {password:?}: {other:?}"),
        }
    }
    let forbidden = start(viewer, EMAIL, PASSWORD, None).await;
    assert!(matches!(forbidden, Err(ConnectError::Forbidden)), "{forbidden:?}");
    let owner = actor.user_id.unwrap();
    let store = crate::support::db_store(&mut app.conn(), owner, "30000001");
    let foreign = start(stranger, EMAIL, PASSWORD, Some(store)).await;
    assert!(matches!(foreign, Err(ConnectError::NotFound)), "{foreign:?}");
    let kept = reconnect_store(&app.services, &actor, store).await;
    assert!(matches!(kept, Err(ConnectError::NoPassword)), "{kept:?}");
    let attempts: i64 = connection_attempts::table
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    assert_eq!(attempts, 0);
}

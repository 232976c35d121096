//! `store login` and `store sync` on the command line: the program itself, with a worker of its own process.

use std::{
    io::Write,
    process::{Child, Output, Stdio},
};

use kaspi_panel::{
    app::sync_products::SyncSummary,
    schema::{audit_log, products},
};

use super::*;
use crate::support::{Process, db_store};

/// Logins without a browser: what the command does is the same.
const BY_HTTP: &[(&str, &str)] = &[("KASPI_PANEL_LOGIN_DRIVER", "http")];

/// The command with its input held open, as of somebody who types.
struct Typing(Child);

impl Typing {
    fn begin(app: &TestApp, arguments: &[&str]) -> Self {
        let mut command = app.program(arguments);
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        Self(child)
    }

    fn line(&mut self, text: &str) {
        let stdin = self.0.stdin.as_mut().unwrap();
        writeln!(stdin, "{text}").expect("the program reads");
    }

    /// Ends the input and waits for the command.
    fn ended(mut self) -> Told {
        drop(self.0.stdin.take());
        told(&self.0.wait_with_output().expect("the program ends"))
    }
}

/// What came of a command.
#[derive(Debug)]
struct Told {
    status: Option<i32>,
    lines: String,
    errors: String,
}

fn told(output: &Output) -> Told {
    Told {
        status: output.status.code(),
        lines: String::from_utf8(output.stdout.clone()).unwrap(),
        errors: String::from_utf8(output.stderr.clone()).unwrap(),
    }
}

/// Runs a command to its end with these lines as its input.
fn typed(app: &TestApp, arguments: &[&str], lines: &[&str]) -> Told {
    let mut command = Typing::begin(app, arguments);
    for line in lines {
        command.line(line);
    }
    command.ended()
}

/// A store whose session is gone, of nobody's account yet.
fn store_to_log_in(app: &TestApp, merchant_id: &str) -> String {
    let (owner, _) = person(app, &format!("owner-of-{merchant_id}"));
    let id = db_store(&mut app.conn(), owner, merchant_id);
    diesel::update(stores::table.find(id))
        .set(stores::session_state.eq(SessionState::NeedsLogin))
        .execute(&mut app.conn())
        .unwrap();
    id.to_string()
}

/// Waits for the newest login to be in this state, after so many wrong answers.
async fn newest_is(app: &TestApp, state: AttemptState, wrong: i32) {
    wait_until(state.as_str(), PATIENCE, || async {
        let found: Option<(AttemptState, i32)> = connection_attempts::table
            .order(connection_attempts::id.desc())
            .select((connection_attempts::state, connection_attempts::wrong_answers))
            .first(&mut app.conn())
            .optional()
            .unwrap();
        if found == Some((state, wrong)) {
            Ok(())
        } else {
            Err(found)
        }
    })
    .await;
}

#[actix_web::test]
async fn a_store_is_logged_in_by_e_mail_with_a_browser_and_its_catalogue_read() {
    let app = TestApp::new();
    let store = store_to_log_in(&app, "30000001");
    let _worker = Process::worker(&app, &[]);

    let login = [
        "store",
        "login",
        "--store",
        &store,
        "--email",
        EMAIL,
        "--password-stdin",
    ];
    let told = typed(&app, &login, &[PASSWORD]);

    assert_eq!(told.status, Some(0), "{told:?}");
    assert_eq!(told.lines.lines().last(), Some("login: The store is connected"));
    assert!(!told.lines.contains(PASSWORD) && !told.errors.contains(PASSWORD));
    let connected = only_store(&app);
    assert_eq!(connected.session_state, SessionState::Connected);
    assert!(session_of(&app.services, connected.id).await.is_ok());
    let by: Vec<String> = audit_log::table
        .filter(audit_log::action.eq("login"))
        .select(audit_log::actor_name)
        .load(&mut app.conn())
        .unwrap();
    assert_eq!(by.len(), 1, "a login belongs to somebody: {by:?}");

    // The sync that a login asks for may be under way: the command joins it.
    let told = typed(&app, &["store", "sync", "--store", &store, "--json"], &[]);
    assert_eq!(told.status, Some(0), "{told:?}");
    let answer: Value = serde_json::from_str(&told.lines).expect("one object and nothing else");
    assert_eq!(
        (&answer["state"], &answer["store"]),
        (&json!("succeeded"), &json!(store))
    );
    let summary: SyncSummary = serde_json::from_value(answer["summary"].clone()).unwrap();
    assert!(summary.complete && summary.total == 16, "{summary:?}");
    let read: i64 = products::table.count().get_result(&mut app.conn()).unwrap();
    assert_eq!(read, 16);

    // The next time what was kept is enough, and nobody is asked.
    let told = typed(&app, &["store", "login", "--store", &store, "--json"], &[]);
    assert_eq!(told.status, Some(0), "{told:?}");
    let answer: Value = serde_json::from_str(&told.lines).expect("one object and nothing else");
    assert_eq!(
        (&answer["state"], &answer["store"]),
        (&json!("done"), &json!(store))
    );
}

#[actix_web::test]
async fn a_code_by_sms_is_typed_in_and_a_wrong_one_may_be_corrected() {
    let app = TestApp::new();
    account(&app, json!({})).await;
    let store = store_to_log_in(&app, "30000001");
    let _worker = Process::worker(&app, BY_HTTP);
    let login = ["store", "login", "--store", &store, "--phone", "--password-stdin"];
    let mut command = Typing::begin(&app, &login);
    // No number is known yet.
    command.line(PHONE);
    newest_is(&app, AttemptState::SmsCode, 0).await;
    command.line("12 ab");
    command.line("000000");
    newest_is(&app, AttemptState::SmsCode, 1).await;
    command.line(SMS_CODE);

    let told = command.ended();

    assert_eq!(told.status, Some(0), "{told:?}");
    let position = |text: &str| {
        told.lines
            .find(text)
            .unwrap_or_else(|| panic!("{text}: {told:?}"))
    };
    let order = [
        "login: Enter the code from the SMS",
        "login: Enter the digits of the code, usually six.",
        "login: The code is wrong. Check it and enter it again.",
        "login: The store is connected",
    ];
    assert!(order.map(position).is_sorted(), "{told:?}");
    assert!(!told.lines.contains(SMS_CODE));
    assert!(session_of(&app.services, only_store(&app).id).await.is_ok());
    let number: String = cabinet_accounts::table
        .select(cabinet_accounts::login)
        .first(&mut app.conn())
        .unwrap();
    assert_eq!(number, "+77000000001");

    // Where the input ends before the code, the login is not left waiting for it.
    app.market.advance(70).await;
    let told = typed(&app, &login, &[]);
    assert_eq!(told.status, Some(1));
    assert_eq!(
        told.errors.trim_end(),
        "kaspi-panel: standard input ended before the answer"
    );
    newest_is(&app, AttemptState::Cancelled, 0).await;
}

#[actix_web::test]
async fn what_stands_in_the_way_of_a_login_is_one_sentence_and_an_exit_status() {
    let app = TestApp::new();
    let store = store_to_log_in(&app, "30000001");
    let _worker = Process::worker(&app, BY_HTTP);
    let login = [
        "store",
        "login",
        "--store",
        &store,
        "--email",
        EMAIL,
        "--password-stdin",
    ];
    let sentence = |told: &Told| {
        assert_eq!(told.status, Some(1), "{told:?}");
        assert_eq!(told.errors.lines().count(), 1, "{told:?}");
        told.errors.trim_end().to_owned()
    };

    let wrong = typed(&app, &login, &["Wrong-Password-1"]);
    assert_eq!(
        sentence(&wrong),
        "kaspi-panel: the store was not logged in: Kaspi did not accept the login details. Check them and try again."
    );
    assert!(!format!("{wrong:?}").contains("Wrong-Password-1"));
    let json = typed(&app, &[&login[..], &["--json"]].concat(), &["Wrong-Password-1"]);
    sentence(&json);
    let answer: Value = serde_json::from_str(&json.lines).expect("one object and nothing else");
    assert_eq!(
        (&answer["state"], &answer["blocked_until"]),
        (&json!("wrong_credentials"), &json!(null))
    );
    assert_eq!(only_store(&app).session_state, SessionState::NeedsLogin);

    let no_email = [&login[..4], &["--password-stdin"]].concat();
    assert_eq!(
        sentence(&typed(&app, &no_email, &[PASSWORD])),
        "kaspi-panel: the store has no e-mail yet: add --email"
    );
    let odd = [&login[..4], &["--email", "nobody", "--password-stdin"]].concat();
    assert_eq!(
        sentence(&typed(&app, &odd, &[""])),
        "kaspi-panel: Enter the e-mail you use for the seller's cabinet. Enter the password of the seller's cabinet."
    );
    let nobody_to_ask = typed(&app, &login[..6], &[PASSWORD]);
    assert_eq!(
        sentence(&nobody_to_ask),
        "kaspi-panel: no terminal to ask at: add --password-stdin and give the answers line by line"
    );
    let unknown = "0199c0de-0000-7000-8000-000000000001";
    for command in ["login", "sync"] {
        let told = typed(&app, &["store", command, "--store", unknown], &[]);
        assert_eq!(told.status, Some(1), "{told:?}");
        assert!(
            told.errors.contains("there is no such store") || told.errors.contains(unknown),
            "{told:?}"
        );
    }
    let needs_login = typed(&app, &["store", "sync", "--store", &store], &[]);
    assert_eq!(sentence(&needs_login), "kaspi-panel: the store needs a login");
    // A password among the arguments would stand in the list of processes: there is no such argument.
    let argument = typed(&app, &[&login[..], &["--password", PASSWORD]].concat(), &[]);
    assert_eq!(argument.status, Some(2), "{argument:?}");
}

#[actix_web::test]
async fn of_an_account_with_several_merchants_the_store_gets_its_own() {
    let app = TestApp::new();
    account(&app, json!({ "merchants": ["30000001", "30000002"] })).await;
    let second = store_to_log_in(&app, "30000002");
    let stranger = store_to_log_in(&app, "30000003");
    let _worker = Process::worker(&app, BY_HTTP);
    let login = |store: &str| {
        let arguments = [
            "store",
            "login",
            "--store",
            store,
            "--email",
            EMAIL,
            "--password-stdin",
        ];
        typed(&app, &arguments, &[PASSWORD])
    };

    let told = login(&second);
    assert_eq!(told.status, Some(0), "{told:?}");
    let merchants: Vec<(String, SessionState)> = stores::table
        .order(stores::merchant_id)
        .select((stores::merchant_id, stores::session_state))
        .load(&mut app.conn())
        .unwrap();
    assert_eq!(
        merchants,
        [
            ("30000002".to_owned(), SessionState::Connected),
            ("30000003".to_owned(), SessionState::NeedsLogin)
        ]
    );
    let session = session_of(&app.services, all_stores(&app)[0].id).await.unwrap();
    let held = app.services.kaspi.merchants(&session).await.unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].id, "30000002");

    let told = login(&stranger);
    assert_eq!(told.status, Some(1), "{told:?}");
    assert!(
        told.errors.contains("This account does not have the shop."),
        "{told:?}"
    );
}

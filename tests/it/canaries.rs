//! Canaries: unique texts in the place of every secret, one whole run with everything that can go wrong, and then
//! a search for them in all that the program leaves behind.

mod panics;
mod search;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use diesel::{connection::SimpleConnection, prelude::*};
use kaspi_panel::{
    clock::{Clock, SystemClock},
    schema::{connection_attempts, job_runs, price_decisions, products, proxies, stores},
    secrets::{KeyFile, KeyId, Vault},
    store::sealed::{SEALED_COLUMNS, sealed_list_outdated_for_update},
    web::routes::{Kind, all},
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use self::search::Canaries;
use crate::support::{Answer, Client, Process, Simulator, TestApp, TestProxy, code_at, wait_until};

const PATIENCE: Duration = Duration::from_secs(90);

const STORE_PASSWORD: &str = "Canary-Store-Password-7f3a91";
const WRONG_PASSWORD: &str = "Canary-Wrong-Password-51bc02";
const SMS_CODE: &str = "83910472";
const MAIL_CODE: &str = "59283716";
const WRONG_CODE: &str = "70461835";
const PANEL_PASSWORD: &str = "Canary-Panel-Password-e2c6d8";
const WRONG_PANEL_PASSWORD: &str = "Canary-Guessed-Password-4410aa";
const ENV_PROXY_USER: &str = "CanaryEnvProxyUserA93F";
const ENV_PROXY_PASSWORD: &str = "CanaryEnvProxyPassword5D21";
const PROXY_USER: &str = "CanaryProxyUser77C0";
const PROXY_PASSWORD: &str = "CanaryProxyPassword18EE";
const BAD_LINE_PASSWORD: &str = "CanaryBadLinePassword6B09";

/// The program as it is run for real: panel and worker in one process, its log in a file.
struct Panel {
    process: Process,
    environment: Vec<(String, String)>,
}

impl Panel {
    fn start(app: &TestApp, folder: &Path, proxy: &TestProxy) -> Self {
        let config = &app.services.config;
        let proxy = format!("http://{ENV_PROXY_USER}:{ENV_PROXY_PASSWORD}@{}", proxy.address);
        let environment: Vec<(String, String)> = [
            ("DATABASE_URL", app.db.url()),
            ("KASPI_PANEL_DATA_DIR", config.data_dir.to_str().unwrap()),
            ("KASPI_PANEL_BIND", "127.0.0.1:0"),
            ("KASPI_PANEL_CHECK_SECONDS", "2"),
            ("KASPI_ALLOW_OTHER_HOSTS", "1"),
            ("KASPI_ALLOW_PRIVATE_PROXIES", "1"),
            ("KASPI_PROXIES", &proxy),
            ("KASPI_LOGIN_URL", config.kaspi.login.as_str()),
            ("KASPI_CABINET_URL", config.kaspi.cabinet.as_str()),
            ("KASPI_PUBLIC_URL", config.kaspi.public.as_str()),
            ("KASPI_ORDERS_URL", config.kaspi.orders.as_str()),
            ("KASPI_CDN_URL", config.kaspi.cdn.as_str()),
            ("RUST_LOG", "debug,kaspi_panel=trace"),
            ("RUST_BACKTRACE", "1"),
            ("TMPDIR", folder.join("tmp").to_str().unwrap()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        fs::create_dir_all(folder.join("tmp")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaspi-panel"));
        command.args(["serve", "--with-worker"]).envs(environment.clone());
        Self {
            process: Process::start(command, folder.join("log")),
            environment,
        }
    }

    /// Another command of the program, in the same environment.
    fn command(&self, arguments: &[&str], input: Option<&str>) -> Output {
        use std::io::Write;
        let mut child = Command::new(env!("CARGO_BIN_EXE_kaspi-panel"))
            .args(arguments)
            .envs(self.environment.clone())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.unwrap_or_default().as_bytes()).unwrap();
        drop(stdin);
        child.wait_with_output().unwrap()
    }
}

/// Everything that people and programs were shown.
#[derive(Default)]
struct Shown(Vec<(String, Vec<u8>)>);

impl Shown {
    fn answer(&mut self, what: &str, answer: &Answer) {
        let mut text = format!("{} {}\n", what, answer.status).into_bytes();
        for (name, value) in &answer.headers {
            text.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"].concat());
        }
        text.extend(&answer.body);
        self.0.push((what.to_owned(), text));
    }

    fn output(&mut self, what: &str, output: &Output) {
        self.0.push((format!("output of {what}"), output.stdout.clone()));
        self.0.push((format!("errors of {what}"), output.stderr.clone()));
    }
}

/// Starts a login through the page and waits for its end.
async fn connect(app: &TestApp, client: &Client, shown: &mut Shown, email: &str, password: &str) -> String {
    let form = [("email", email), ("password", password)];
    let begun = client.post("/stores/new", &form).await;
    shown.answer("POST /stores/new", &begun);
    assert_eq!(begun.status, 303, "{}", begun.body_text());
    wait_until("the login ends", PATIENCE, || async {
        ended(app).ok_or("no end")
    })
    .await
}

/// Begins a login that asks for a code, gives a wrong one and then the right one.
async fn connect_with_code(
    app: &TestApp,
    client: &Client,
    shown: &mut Shown,
    form: &[(&str, &str)],
    (state, code): (&str, &str),
) {
    let begun = client.post("/stores/new", form).await;
    shown.answer("POST /stores/new", &begun);
    let page = begun.expect(303).location();
    let waits = |wrong: i32| async move {
        let waiting: Option<i32> = connection_attempts::table
            .filter(connection_attempts::finished_at.is_null())
            .filter(connection_attempts::state.eq(state))
            .select(connection_attempts::wrong_answers)
            .first(&mut app.conn())
            .optional()
            .unwrap();
        (waiting == Some(wrong)).then_some(()).ok_or(waiting)
    };
    for (wrong, code) in [(0, WRONG_CODE), (1, code)] {
        wait_until("a code is wanted", PATIENCE, || waits(wrong)).await;
        shown.answer("the page that wants a code", &client.get(&page).await);
        let given = client.post(&format!("{page}/code"), &[("code", code)]).await;
        shown.answer("POST of a code", &given);
        assert!(given.status.as_u16() < 400, "{}", given.body_text());
    }
    let state = wait_until("the login ends", PATIENCE, || async {
        ended(app).ok_or("no end")
    })
    .await;
    assert_eq!(state, "done");
}

/// Where the newest login ended, once none is under way.
fn ended(app: &TestApp) -> Option<String> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        state: String,
    }
    diesel::sql_query(
        "select state from connection_attempts
         where not exists (select from connection_attempts where finished_at is null)
         order by created_at desc limit 1",
    )
    .get_result::<Row>(&mut app.conn())
    .optional()
    .unwrap()
    .map(|row| row.state)
}

async fn account(market: &Simulator, email: &str, more: Value) {
    let mut account = json!({ "email": email, "password": STORE_PASSWORD, "sms_code": SMS_CODE,
        "mail_code_value": MAIL_CODE, "merchants": ["30000001"] });
    for (name, value) in more.as_object().unwrap() {
        account[name] = value.clone();
    }
    market.control("/control/accounts", json!([account])).await;
}

/// Somebody with a second factor: the seed and the recovery codes are told in one answer each, which is not kept here.
async fn second_factor(panel: &Panel, address: &url::Url, canaries: &mut Canaries, shown: &mut Shown) {
    let email = "second@example.kz";
    let create = [
        "user",
        "create",
        "--email",
        email,
        "--role",
        "manager",
        "--password-stdin",
    ];
    shown.output("user create", &panel.command(&create, Some(PANEL_PASSWORD)));
    let client = Client::anonymous(address);
    client.sign_in_with(email, PANEL_PASSWORD).await.expect(303);
    let password = [("password", PANEL_PASSWORD)];
    let begun = client
        .post("/profile/second-factor/begin", &password)
        .await
        .expect(200);
    let seed = begun.text("#seed");
    canaries.add("seed of a second factor", seed.replace(' ', ""));
    canaries.add("seed of a second factor, spaced", &seed);
    let wrong = [("code", WRONG_CODE)];
    let answer = client.post("/profile/second-factor/finish", &wrong).await;
    shown.answer("wrong first code", &answer.expect(422));
    let code = code_at(&seed, SystemClock.now());
    let done = client
        .post("/profile/second-factor/finish", &[("code", &code)])
        .await
        .expect(200);
    for (number, code) in done.texts("#recovery code").iter().enumerate() {
        canaries.add(format!("recovery code {number}"), code);
        canaries.add(format!("recovery code {number}, bare"), code.replace('-', ""));
    }
    client.forget_token();
    shown.answer(
        "second factor",
        &client.get("/profile/second-factor").await.expect(200),
    );
    let other = Client::anonymous(address);
    other.sign_in_with(email, PANEL_PASSWORD).await.expect(303);
    let used = done.texts("#recovery code").remove(0);
    let fields = [("with", "recovery"), ("recovery", used.as_str())];
    other.post("/login/code", &fields).await.expect(303);
    shown.answer("signed in with it", &other.get("/").await.expect(200));
}

/// Every text inside a value: of JSON its leaves that are long enough to be unique.
fn texts_of(secret: &str) -> Vec<String> {
    fn leaves(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) => found.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| leaves(item, found)),
            // Of a cookie only the value is a secret.
            Value::Object(fields) if fields.contains_key("value") => leaves(&fields["value"], found),
            // Of a jar its cookies: the session's number and the browser's headers open nothing.
            Value::Object(fields) if fields.contains_key("cookies") => leaves(&fields["cookies"], found),
            Value::Object(fields) => fields.values().for_each(|value| leaves(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    match serde_json::from_str::<Value>(secret) {
        Ok(value) if value.is_object() || value.is_array() => leaves(&value, &mut found),
        _ => found.push(secret.to_owned()),
    }
    found.retain(|text| text.len() >= 12);
    found
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .flatten()
        .flat_map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => files_below(&entry.path()),
            Ok(kind) if kind.is_file() => vec![entry.path()],
            _ => Vec::new(),
        })
        .collect()
}

#[tokio::test]
async fn no_secret_is_found_anywhere_after_a_run_with_failures() {
    let app = TestApp::new();
    let folder = tempfile::tempdir().unwrap();
    let mut canaries = Canaries::default();
    for (what, secret) in [
        ("password of the cabinet", STORE_PASSWORD),
        ("wrong password of the cabinet", WRONG_PASSWORD),
        ("code by SMS", SMS_CODE),
        ("code by mail", MAIL_CODE),
        ("wrong code", WRONG_CODE),
        ("password of the panel", PANEL_PASSWORD),
        ("wrong password of the panel", WRONG_PANEL_PASSWORD),
        ("user of the environment's proxy", ENV_PROXY_USER),
        ("password of the environment's proxy", ENV_PROXY_PASSWORD),
        ("user of a proxy", PROXY_USER),
        ("password of a proxy", PROXY_PASSWORD),
        ("password of a refused proxy", BAD_LINE_PASSWORD),
    ] {
        canaries.add(what, secret);
    }
    let way_out = TestProxy::start(Some(&format!("{ENV_PROXY_USER}:{ENV_PROXY_PASSWORD}"))).await;
    let mut panel = Panel::start(&app, folder.path(), &way_out);
    let mut shown = Shown::default();

    // People and programs.
    let root = [
        "user",
        "create",
        "--email",
        "root@example.kz",
        "--role",
        "admin",
        "--password-stdin",
    ];
    shown.output("user create", &panel.command(&root, Some(PANEL_PASSWORD)));
    let token = panel.command(
        &["token", "create", "--user", "root@example.kz", "--name", "script"],
        None,
    );
    let token = String::from_utf8(token.stdout).unwrap().trim().to_owned();
    canaries.add("key of our own API", &token);
    let address = panel.process.address().await;
    let client = Client::anonymous(&address);
    shown.answer(
        "wrong sign-in",
        &client.sign_in_with("root@example.kz", WRONG_PANEL_PASSWORD).await,
    );
    let signed_in = client
        .sign_in_with("root@example.kz", PANEL_PASSWORD)
        .await
        .expect(303);
    let cookie = signed_in.header("set-cookie");
    let cookie = cookie
        .split(';')
        .next()
        .unwrap()
        .split_once('=')
        .unwrap()
        .1
        .to_owned();
    canaries.add("session of the panel", &cookie);
    second_factor(&panel, &address, &mut canaries, &mut shown).await;

    // A store: a wrong password, a page that changed, a code, and then it works.
    account(&app.market, "canary@example.kz", json!({})).await;
    account(&app.market, "coded@example.kz", json!({ "mail_code": true })).await;
    account(
        &app.market,
        "by-phone@example.kz",
        json!({ "phone": "+77011234567" }),
    )
    .await;
    assert_ne!(
        connect(&app, &client, &mut shown, "canary@example.kz", WRONG_PASSWORD).await,
        "done"
    );
    assert_eq!(
        connect(&app, &client, &mut shown, "canary@example.kz", STORE_PASSWORD).await,
        "done"
    );
    shown.answer(
        "bad form",
        &client
            .post("/stores/new", &[("email", ""), ("password", WRONG_PASSWORD)])
            .await,
    );
    let mail = [("email", "coded@example.kz"), ("password", STORE_PASSWORD)];
    connect_with_code(&app, &client, &mut shown, &mail, ("mail_code", MAIL_CODE)).await;
    let sms = [("by", "phone"), ("phone", "+7 701 123 45 67")];
    connect_with_code(&app, &client, &mut shown, &sms, ("sms_code", SMS_CODE)).await;
    let store: uuid::Uuid = stores::table.select(stores::id).first(&mut app.conn()).unwrap();
    wait_until("a sync", PATIENCE, || async {
        let done: i64 = job_runs::table
            .filter(job_runs::kind.eq("sync_store"))
            .filter(job_runs::state.eq("succeeded"))
            .count()
            .get_result(&mut app.conn())
            .unwrap();
        (done > 0).then_some(()).ok_or("none")
    })
    .await;

    // Repricing while the marketplace fails in every way.
    app.conn()
        .batch_execute(
            "update products set repricing_enabled = true, floor_tenge = 100, ceiling_tenge = 9000000;
             update product_checks set next_check_at = now();
             update stores set repricing_mode = 'live'",
        )
        .unwrap();
    let faults = [
        ("process", "status", json!({ "status": 500, "times": 2 })),
        ("list", "status", json!({ "status": 503, "times": 1 })),
        ("list", "malformed", json!({ "times": 1 })),
        ("offers", "status", json!({ "status": 403, "times": 1 })),
    ];
    for (endpoint, kind, more) in &faults {
        app.market.fault(endpoint, kind, more.clone()).await;
    }
    shown.answer("sync", &client.post(&format!("/stores/{store}/sync"), &[]).await);
    wait_until("decisions", PATIENCE, || async {
        let decided: i64 = price_decisions::table
            .count()
            .get_result(&mut app.conn())
            .unwrap();
        (decided > 3).then_some(()).ok_or(decided)
    })
    .await;
    for (endpoint, kind, _) in &faults {
        wait_until(&format!("{kind} on {endpoint}"), PATIENCE, || async {
            let struck = app.market.struck(endpoint, kind).await;
            (struck > 0).then_some(()).ok_or("not yet")
        })
        .await;
    }
    // A login that dies in the middle of the job.
    app.market
        .fault("login", "status", json!({ "status": 500, "times": 5 }))
        .await;
    let failing = client
        .post(
            "/stores/new",
            &[("email", "by-phone@example.kz"), ("password", STORE_PASSWORD)],
        )
        .await;
    shown.answer("failing login", &failing);
    wait_until("the failing login ends", PATIENCE, || async {
        ended(&app).ok_or("no end")
    })
    .await;
    assert!(
        app.market.struck("login", "status").await > 0,
        "it died of the fault"
    );

    // Proxies: a good one, a bad line, a check that fails. Off, so that nothing else goes through it.
    let lines = format!(
        "http://{PROXY_USER}:{PROXY_PASSWORD}@{}\nhttp://{PROXY_USER}:{BAD_LINE_PASSWORD}@nowhere",
        way_out.address
    );
    shown.answer(
        "POST /settings/proxies",
        &client
            .post("/settings/proxies", &[("lines", &lines)])
            .await
            .expect(422),
    );
    let proxy: uuid::Uuid = proxies::table
        .filter(proxies::origin.eq("panel"))
        .select(proxies::id)
        .first(&mut app.conn())
        .unwrap();
    let off = format!("/settings/proxies/{proxy}/enabled");
    client.post(&off, &[("enabled", "off")]).await.expect(303);
    client
        .post(&format!("/settings/proxies/{proxy}/check"), &[])
        .await
        .expect(303);
    wait_until("the check", PATIENCE, || async {
        let error: Option<String> = proxies::table
            .find(kaspi_panel::domain::ProxyId(proxy))
            .select(proxies::check_error)
            .first(&mut app.conn())
            .unwrap();
        error.ok_or("not yet")
    })
    .await;

    // Every page, the API, errors, exports.
    let product: uuid::Uuid = products::table
        .select(products::id)
        .first(&mut app.conn())
        .unwrap();
    let models = [
        "products",
        "stores",
        "users",
        "jobs",
        "audit",
        "pushes",
        "decisions",
        "preorders",
    ];
    for route in all().filter(|route| route.method == "GET" && route.kind != Kind::Static) {
        let thing = match route.path {
            path if path.contains("proxies") => proxy,
            path if path.contains("products") => product,
            _ => store,
        };
        let wanted: &[&str] = if route.path.contains("{model}") {
            &models
        } else {
            &["-"]
        };
        for model in wanted {
            let path = route
                .path
                .replace("{model}", model)
                .replace("{id}", &thing.to_string());
            for asker in [&client, &client.htmx()] {
                shown.answer(&path, &asker.get(&path).await);
            }
        }
    }
    let api = Client::api(&address, &token);
    for path in [
        "/api/v1/",
        "/api/v1/products/",
        "/api/v1/preorders/",
        "/api/v1/kaspi/stores/",
        "/api/v1/nothing/",
    ] {
        shown.answer(path, &api.get(path).await);
    }
    shown.answer(
        "bad key",
        &Client::api(&address, "no-such-key")
            .get("/api/v1/products/")
            .await,
    );
    shown.answer("404", &client.get("/nothing/here").await.expect(404));
    shown.answer(
        "403",
        &client
            .post_bare("/stop", &[("csrf_token", "guessed")])
            .await
            .expect(403),
    );
    shown.answer(
        "bad form",
        &client.post("/stores/new", &[("nothing", "here")]).await,
    );

    // Other commands, with the key changed in the middle of it all.
    for arguments in [
        &["user", "list", "--json"][..],
        &["jobs", "list", "--json"],
        &["secrets", "rotate", "--json"],
        &["secrets", "forget", "--json"],
        &["demper", "--once", "--dry-run", "--json"],
        &[
            "preorders",
            "export",
            "--store",
            &store.to_string(),
            "--out",
            folder.path().join("tmp/out.xlsx").to_str().unwrap(),
        ],
        &["config", "check"],
        &["store", "sync", "--store", "nonsense"],
    ] {
        shown.output(&arguments.join(" "), &panel.command(arguments, None));
    }
    // What the vault still opens: passwords and the cookies of the marketplace.
    let key_file = app.services.config.secret_key_file.clone();
    let vault = Vault::open_or_create(KeyFile::at(&key_file)).unwrap();
    let mut opened = 0;
    for column in SEALED_COLUMNS {
        let values =
            sealed_list_outdated_for_update(&mut app.conn(), *column, KeyId([0; 8]), None, 1_000).unwrap();
        for value in values {
            let secret = vault
                .open(value.place, &value.sealed)
                .expect("the vault opens it");
            for text in texts_of(secret.expose_secret()) {
                canaries.add(format!("{} {opened}", column.name), text);
                opened += 1;
            }
        }
    }
    assert!(opened > 3, "passwords and cookies are kept: {opened}");
    for (number, line) in fs::read_to_string(&key_file).unwrap().lines().enumerate() {
        canaries.add(format!("key {number}"), line);
        canaries.add(format!("key {number}, decoded"), STANDARD.decode(line).unwrap());
    }
    assert_eq!(panel.process.terminate().await.code(), Some(0));

    let search = canaries.search();
    let mut found = Vec::new();
    let log = panel.process.log();
    assert!(
        log.len() > 20_000,
        "the log is as talkative as it can be: {}",
        log.len()
    );
    found.extend(search.found_in("log", &log));
    for (what, bytes) in &shown.0 {
        // The answer that opens the session is the one place where its name stands.
        let hits = search.found_in(what, bytes);
        found.extend(
            hits.into_iter()
                .filter(|hit| !hit.contains("session of the panel")),
        );
    }
    let dump = Command::new("pg_dump")
        .arg(app.db.url())
        .output()
        .expect("pg_dump");
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    let text = String::from_utf8_lossy(&dump.stdout);
    for table in [
        "public.audit_log",
        "public.job_runs",
        "public.proxies",
        "graphile_worker._private_jobs",
        "public.sessions",
    ] {
        assert!(text.contains(&format!("COPY {table} ")), "{table} is in the dump");
    }
    found.extend(search.found_in("database", &dump.stdout));
    let data = app.services.config.data_dir.clone();
    let files = [files_below(&data), files_below(&folder.path().join("tmp"))].concat();
    for file in files.iter().filter(|file| **file != key_file) {
        found.extend(search.found_in(&file.display().to_string(), &fs::read(file).unwrap()));
    }
    assert!(found.is_empty(), "secrets were found:\n{}", found.join("\n"));
    assert!(way_out.take_seen().len() > 5, "the run went through the proxy");
}

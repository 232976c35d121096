//! Stored secrets in a real database: the list of sealed columns, refusing to start, changing the key.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use diesel::{connection::SimpleConnection, prelude::*, sql_types::Text};
use kaspi_panel::{
    domain::{ProxyId, ProxyOrigin, ProxyScheme},
    schema::{audit_log, proxies},
    secrets::{KeyFile, Place, Secret, Vault},
    store::{
        proxies::{Proxy, proxy_insert},
        sealed::{SEALED_COLUMNS, sealed_count},
    },
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{TestApp, TestDb, long, now};

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// Every column that says it is sealed, with the key of its table.
fn sealed_columns(conn: &mut PgConnection) -> Vec<String> {
    diesel::sql_query(
        "select format('%s.%s by %s', c.relname, a.attname,
           (select string_agg(k.attname, '+') from pg_index i
            join pg_attribute k on k.attrelid = i.indrelid and k.attnum = any (i.indkey)
            where i.indrelid = c.oid and i.indisprimary)) as line
         from pg_attribute a join pg_class c on c.oid = a.attrelid
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attname like '%\\_sealed'
           and not a.attisdropped order by 1",
    )
    .load::<Line>(conn)
    .unwrap()
    .into_iter()
    .map(|row| row.line)
    .collect()
}

#[test]
fn the_list_of_sealed_columns_is_the_catalogues() {
    let db = TestDb::new();
    let listed: Vec<String> = SEALED_COLUMNS
        .iter()
        .map(|column| format!("{} by {}", column.name, column.row))
        .collect();
    assert_eq!(
        listed,
        sealed_columns(&mut db.conn()),
        "by name, with the key of the table"
    );
    for column in SEALED_COLUMNS {
        let (table, name) = column.parts();
        let tenant = column.tenant.unwrap_or("null::uuid");
        let query = format!(
            "select {name}::bytea, {}::uuid, {tenant}::uuid from {table}",
            column.row
        );
        db.conn().batch_execute(&query).unwrap();
    }

    db.conn()
        .batch_execute("create table bad (id uuid primary key, token_sealed bytea)")
        .unwrap();
    assert!(
        sealed_columns(&mut db.conn()).contains(&"bad.token_sealed by id".to_owned()),
        "the check can fail"
    );
}

fn place(row: Uuid) -> Place {
    Place {
        column: "proxies.credentials_sealed",
        row,
        tenant: None,
    }
}

/// So many proxies with sealed credentials: `secret-0`, `secret-1`, …
fn db_sealed(app: &TestApp, values: usize) -> Vec<Uuid> {
    let rows: Vec<Proxy> = (0..values)
        .map(|number| {
            let id = ProxyId::new();
            let secret = Secret::from(format!("secret-{number}"));
            Proxy {
                credentials_sealed: Some(app.services.vault.seal(place(id.0), &secret).unwrap()),
                ..Proxy::new(
                    (id, ProxyOrigin::Panel),
                    ProxyScheme::Http,
                    ("proxy.example.kz".into(), 80),
                    now(),
                )
            }
        })
        .collect();
    let mut conn = app.conn();
    for part in rows.chunks(1_000) {
        proxy_insert(&mut conn, part).unwrap();
    }
    rows.iter().map(|row| row.id.0).collect()
}

fn db_value(conn: &mut PgConnection, row: Uuid) -> Vec<u8> {
    proxies::table
        .find(ProxyId(row))
        .select(proxies::credentials_sealed.assume_not_null())
        .first(conn)
        .unwrap()
}

/// The program as a process, on the database and the key file of `app`.
fn program(app: &TestApp, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaspi-panel"));
    command
        .args(arguments)
        .env("DATABASE_URL", app.db.url())
        .env("KASPI_PANEL_DATA_DIR", &app.services.config.data_dir)
        .env("RUST_LOG", "warn")
        .env_remove("KASPI_PANEL_SECRET_KEY_FILE")
        .stdin(Stdio::null());
    command
}

/// What the program says in the end: on success standard output, else standard error.
fn said(command: &mut Command) -> Result<String, String> {
    let output = command.output().expect("the program runs");
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8(output.stderr).unwrap())
    }
}

fn events(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Heads of all values: one for each key in use.
fn heads(conn: &mut PgConnection) -> BTreeSet<Vec<u8>> {
    sealed_count(conn)
        .unwrap()
        .into_iter()
        .map(|count| count.head)
        .collect()
}

fn backup(app: &TestApp) -> (std::path::PathBuf, Vec<u8>) {
    let path = app.services.config.secret_key_file.clone();
    let text = fs::read(&path).unwrap();
    (path, text)
}

#[test]
fn a_start_without_the_key_file_is_refused_where_values_are_sealed() {
    let app = TestApp::new();
    let (path, text) = backup(&app);
    fs::remove_file(&path).unwrap();
    said(&mut program(&app, &["user", "list"])).expect("nothing is sealed: a file is made");
    assert!(path.exists());
    fs::write(&path, &text).unwrap();

    db_sealed(&app, 3);
    fs::remove_file(&path).unwrap();
    for command in [["user", "list"], ["secrets", "rotate"]] {
        let refusal = said(&mut program(&app, &command)).unwrap_err();
        assert!(refusal.contains("is missing, but 3 stored secrets"), "{refusal}");
        assert!(
            refusal.contains("backup") && refusal.contains("secrets forget"),
            "the next step: {refusal}"
        );
        assert_eq!(refusal.lines().count(), 1, "{refusal}");
        assert!(!path.exists(), "no key is made that opens nothing");
    }
}

#[test]
fn a_start_with_a_weak_or_readable_key_file_is_refused() {
    let app = TestApp::new();
    db_sealed(&app, 1);
    let (path, text) = backup(&app);
    for (content, mode, what) in [
        (text.clone(), 0o640, "chmod 600"),
        (text.clone(), 0o604, "chmod 600"),
        (text[..20].to_vec(), 0o600, "line 1"),
        (
            b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_vec(),
            0o600,
            "not a random key",
        ),
        (Vec::new(), 0o600, "holds no key"),
    ] {
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let refusal = said(&mut program(&app, &["user", "list"])).unwrap_err();
        assert!(refusal.contains(what), "{what}: {refusal}");
    }
}

#[test]
fn a_start_with_another_key_is_refused_until_the_values_are_given_up() {
    let app = TestApp::new();
    db_sealed(&app, 4);
    let (path, text) = backup(&app);
    let newest = app.services.vault.newest().unwrap();
    let (id, head) = (newest.to_string(), newest.head());
    let other = TestApp::new();
    fs::copy(&other.services.config.secret_key_file, &path).unwrap();
    let refusal = said(&mut program(&app, &["user", "list"])).unwrap_err();
    assert!(
        refusal.contains("4 stored secrets") && refusal.contains(&id),
        "{refusal}"
    );
    assert!(refusal.contains("secrets forget"), "the next step: {refusal}");

    // With both keys it starts: every key reads.
    let both = [text, fs::read(&path).unwrap()].concat();
    fs::write(&path, both).unwrap();
    said(&mut program(&app, &["user", "list"])).unwrap();
    assert_eq!(
        said(&mut program(&app, &["secrets", "forget"]))
            .unwrap()
            .lines()
            .count(),
        1,
        "nothing to forget"
    );
    assert_eq!(heads(&mut app.conn()), [head].into());

    fs::copy(&other.services.config.secret_key_file, &path).unwrap();
    let told = events(&said(&mut program(&app, &["secrets", "forget", "--json"])).unwrap());
    assert_eq!(told[0]["values"]["proxies.credentials_sealed"], 4);
    said(&mut program(&app, &["user", "list"])).expect("nothing is left that cannot be opened");
    let audited: i64 = audit_log::table
        .filter(audit_log::action.eq("forget"))
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    assert_eq!(audited, 1);
}

#[test]
fn a_value_that_was_moved_does_not_open_and_keeps_its_key() {
    let app = TestApp::new();
    let rows = db_sealed(&app, 3);
    let mut conn = app.conn();
    let moved = db_value(&mut conn, rows[0]);
    let vault = &app.services.vault;
    assert!(vault.open(place(rows[0]), &moved).is_ok() && vault.open(place(rows[1]), &moved).is_err());
    conn.batch_execute(&format!(
        "update proxies set credentials_sealed = (select credentials_sealed from proxies where id = '{}') where id = '{}'",
        rows[0], rows[1]
    ))
    .unwrap();
    let refusal = said(&mut program(&app, &["secrets", "rotate"])).unwrap_err();
    assert!(
        refusal.contains("1 stored secrets cannot be opened")
            && refusal.contains("proxies.credentials_sealed"),
        "{refusal}"
    );
    assert_eq!(db_value(&mut conn, rows[1]), moved, "it stays as it is");
    assert_eq!(heads(&mut conn).len(), 2);
    for number in [0, 2] {
        let value = db_value(&mut conn, rows[number]);
        let secret = vault.open(place(rows[number]), &value).unwrap();
        assert_eq!(secret.expose_secret(), format!("secret-{number}"));
        assert!(value.starts_with(&vault.newest().unwrap().head()));
    }
}

/// Values of the long test; each commit makes do with fewer.
fn many() -> usize {
    if long() { 10_000 } else { 2_500 }
}

#[test]
fn the_key_changes_while_others_read_and_write_and_an_interrupted_change_goes_on() {
    let app = TestApp::new();
    let values = many();
    let rows = db_sealed(&app, values);
    let before = heads(&mut app.conn());
    let stop = AtomicBool::new(false);
    let (reads, writes) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let resealed = std::thread::scope(|scope| {
        // Two processes that run on: each has read the key file before the change.
        for worker in 0..2 {
            let (rows, stop, reads, writes, app) = (&rows, &stop, &reads, &writes, &app);
            let key_file = KeyFile::at(&app.services.config.secret_key_file);
            let vault = Vault::open_or_create(key_file).unwrap();
            scope.spawn(move || {
                let mut conn = app.db.runtime_conn();
                let mut at = worker;
                while !stop.load(Ordering::Relaxed) {
                    at = (at + 7_919) % rows.len();
                    let value = db_value(&mut conn, rows[at]);
                    let secret = vault.open(place(rows[at]), &value).expect("no read fails");
                    assert_eq!(secret.expose_secret(), format!("secret-{at}"));
                    reads.fetch_add(1, Ordering::Relaxed);
                    if at % 50 == worker {
                        let sealed = vault.seal(place(rows[at]), &secret).unwrap();
                        diesel::update(proxies::table.find(ProxyId(rows[at])))
                            .set(proxies::credentials_sealed.eq(sealed))
                            .execute(&mut conn)
                            .unwrap();
                        writes.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        let rotated = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            // Killed in the middle.
            let mut first = program(&app, &["secrets", "rotate", "--json"])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let lines = BufReader::new(first.stdout.take().unwrap()).lines();
            let seen: Vec<String> = lines
                .map(Result::unwrap)
                .take_while(|line| !line.contains("\"done\":1") && !line.contains("\"event\":\"done\""))
                .collect();
            first.kill().unwrap();
            first.wait().unwrap();
            assert!(seen[0].contains("\"added\":true"), "{seen:?}");
            let halfway = heads(&mut app.conn());
            assert_eq!(halfway.len(), 2, "in the middle");

            events(&said(&mut program(&app, &["secrets", "rotate", "--json"])).unwrap())
        }));
        stop.store(true, Ordering::Relaxed);
        rotated.unwrap()
    });
    let (key, done) = (&resealed[0], resealed.last().unwrap());
    assert_eq!(
        key["added"], false,
        "the change goes on with the key of before: {resealed:?}"
    );
    assert_eq!((&done["left"], &done["unreadable"]), (&json!(0), &json!({})));
    assert!(reads.load(Ordering::Relaxed) > 50 && writes.load(Ordering::Relaxed) > 0);

    let after = heads(&mut app.conn());
    assert_eq!(after.len(), 1, "all values are sealed with the new key");
    assert!(after.is_disjoint(&before));
    let (path, text) = backup(&app);
    let text = String::from_utf8(text).unwrap();
    assert_eq!(text.lines().count(), 2);
    fs::write(&path, text.lines().last().unwrap()).unwrap();
    said(&mut program(&app, &["user", "list"])).expect("the old key can be dropped");

    let again = said(&mut program(&app, &["secrets", "rotate"])).unwrap();
    assert!(
        again.contains("Added key") && again.contains("delete all its lines but the last one"),
        "{again}"
    );
    let actions: Vec<String> = audit_log::table
        .filter(audit_log::object_kind.eq("secret_key"))
        .order((audit_log::at, audit_log::id))
        .select(audit_log::action)
        .load(&mut app.conn())
        .unwrap();
    assert_eq!(actions, ["add_key", "reseal", "add_key", "reseal"]);
}

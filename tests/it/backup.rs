//! Backup and restore, rehearsed with the program itself: into another database, with everything compared, everything
//! stopped, nothing of the old work left; and files and databases that must be refused.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Output,
    sync::atomic::{AtomicBool, Ordering},
};

use diesel::{
    connection::SimpleConnection,
    prelude::*,
    sql_types::{BigInt, Text},
};
use kaspi_panel::{
    app::backup::{BackupError, BackupOptions, RestoreOptions, back_up, restore},
    domain::{Actor, JobKind, Role},
    secrets::{KeyFile, Place, Secret},
    store::backup::is_empty,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{NewProduct, TestApp, TestDb, db_job_run, db_product, db_store, db_user, now};

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// A number that a query calls `number`.
fn number(db: &TestDb, query: &str) -> i64 {
    let query = format!("select ''::text as name, ({query})::bigint as number");
    diesel::sql_query(query)
        .get_result::<Row>(&mut db.conn())
        .unwrap()
        .number
}

/// Rows of every table of ours, counted in another way than the program does.
fn counts(db: &TestDb) -> BTreeMap<String, i64> {
    let tables: Vec<Row> = diesel::sql_query(
        "select tablename::text as name, 0::bigint as number from pg_tables where schemaname = 'public'
           and tablename not in (select inhrelid::regclass::text from pg_inherits)",
    )
    .load(&mut db.conn())
    .unwrap();
    tables
        .into_iter()
        .map(|row| {
            let count = number(db, &format!("select count(*) from {}", row.name));
            (row.name, count)
        })
        .collect()
}

/// A store at work: prices planned and sent, work in the queue, somebody signed in, sealed values.
async fn fill(app: &mut TestApp) {
    app.signed_in("anna", Role::Admin).await;
    let conn = &mut app.conn();
    let owner = db_user(conn, "berik", Role::Manager);
    let store = db_store(conn, owner, "30000001");
    let mut pushes = String::new();
    for (n, state) in ["planned", "sent", "confirmed"].into_iter().enumerate() {
        let sku = format!("SKU-{n}");
        let product = db_product(
            conn,
            store,
            &NewProduct {
                sku: &sku,
                ..NewProduct::default()
            },
        );
        pushes += &format!(
            "insert into price_pushes (id, store_id, product_id, sequence, state, origin, build_id, planned_at, next_read_at)
             values ('{}', '{store}', '{product}', 1, '{state}', 'robot', 'test', now(), now());",
            Uuid::now_v7()
        );
    }
    db_job_run(conn, JobKind::SyncStore, store, &json!({}));
    conn.batch_execute(&pushes).unwrap();
    conn.batch_execute("select enqueue_job('sync_store', '{}'::jsonb, null, null, 3)")
        .unwrap();
    let id = Uuid::now_v7();
    let place = Place {
        column: "proxies.credentials_sealed",
        row: id,
        tenant: None,
    };
    let sealed = app
        .services
        .vault
        .seal(place, &Secret::from("sealed-secret"))
        .unwrap();
    diesel::sql_query(
        "insert into proxies (id, origin, scheme, host, port, credentials_sealed, created_at, updated_at)
         values ($1, 'panel', 'http', 'proxy.example.kz', 80, $2, now(), now())",
    )
    .bind::<diesel::sql_types::Uuid, _>(id)
    .bind::<diesel::sql_types::Binary, _>(sealed)
    .execute(conn)
    .unwrap();
}

/// A command of the program on another database.
fn on(app: &TestApp, db: &TestDb, arguments: &[&str]) -> Output {
    app.program(arguments)
        .env("DATABASE_URL", db.url())
        .output()
        .unwrap()
}

fn done(output: &Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[actix_web::test]
async fn a_restored_database_is_the_same_and_everything_is_stopped() {
    let mut app = TestApp::new();
    fill(&mut app).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("panel.kpb");
    let before = counts(&app.db);

    let made = done(&app.program(&["backup", text(&file), "--json"]).output().unwrap());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(made["bytes"], fs::metadata(&file).unwrap().len());
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing beside the file");
    let told = refused(&app.program(&["backup", text(&file)]).output().unwrap());
    assert!(told.contains("exists already"), "{told}");
    let logged = number(
        &app.db,
        "select count(*) from audit_log where object_kind = 'database' and action = 'back_up'",
    );
    assert_eq!(logged, 1);

    let target = TestDb::empty();
    let restored = done(&on(&app, &target, &["restore", text(&file), "--json"]));
    assert_eq!(restored["rows"], made["rows"]);
    assert_eq!(
        (&restored["ended"]["planned_prices"], &restored["ended"]["jobs"]),
        (&json!(1), &json!(1))
    );

    // The same rows, but for what a restore adds and leaves out.
    let mut expected = before;
    expected.insert("sessions".into(), 0);
    *expected.get_mut("kill_switches").unwrap() += 1;
    // The stop, the planned price that is given up, the restore.
    *expected.get_mut("audit_log").unwrap() += 3;
    assert_eq!(counts(&target), expected);
    for (what, query, expected) in [
        (
            "everything is stopped",
            "select count(*) from kill_switches where scope = 'all' and released_at is null and reason = 'restored'",
            1,
        ),
        (
            "nothing waits in the queue",
            "select count(*) from graphile_worker._private_jobs",
            0,
        ),
        (
            "no work is open",
            "select count(*) from job_runs where state in ('queued', 'running')",
            0,
        ),
        (
            "no price is planned",
            "select count(*) from price_pushes where state = 'planned'",
            0,
        ),
        (
            "what may have been sent is still looked for",
            "select count(*) from price_pushes where state = 'sent'",
            1,
        ),
    ] {
        assert_eq!(number(&target, query), expected, "{what}");
    }
    assert_eq!(
        number(&app.db, "select count(*) from graphile_worker._private_jobs"),
        1,
        "the database that was copied is as it was"
    );

    // It works: with the key file every secret opens; without it nothing starts.
    let rotated = on(&app, &target, &["secrets", "rotate", "--json"]);
    assert!(
        String::from_utf8_lossy(&rotated.stdout).contains("\"resealed\":1"),
        "{rotated:?}"
    );
    let elsewhere = tempfile::tempdir().unwrap();
    let told = refused(
        &app.program(&["jobs", "list"])
            .env("DATABASE_URL", target.url())
            .env("KASPI_PANEL_DATA_DIR", elsewhere.path())
            .output()
            .unwrap(),
    );
    assert!(told.contains("secret key file"), "{told}");
    assert!(!KeyFile::at(elsewhere.path().join("secret.key")).exists());

    let whole = counts(&target);
    let told = refused(&on(&app, &target, &["restore", text(&file)]));
    assert!(told.contains("not empty"), "{told}");
    assert_eq!(counts(&target), whole);
}

#[actix_web::test]
async fn a_backup_is_of_one_moment_and_opens_with_its_key_alone() {
    let mut app = TestApp::new();
    fill(&mut app).await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (file, key, other) = (path("panel.kpb"), path("backup.key"), path("other.key"));
    let told = app.program(&["backup-key", text(&key)]).output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let recipient = told.split_whitespace().last().unwrap().to_owned();
    assert!(recipient.starts_with("age1"), "{told}");
    done(&app.program(&["backup-key", text(&other)]).output().unwrap());

    // Somebody writes all the time: each row of one table has one of another.
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let conn = &mut app.conn();
            while !stop.load(Ordering::Relaxed) {
                db_user(conn, &Uuid::now_v7().to_string(), Role::Viewer);
            }
        });
        let made = app
            .program(&["backup", text(&file), "--encrypt-to", &recipient, "--json"])
            .output();
        stop.store(true, Ordering::Relaxed);
        done(&made.unwrap());
    });
    let bytes = fs::read(&file).unwrap();
    assert!(bytes.starts_with(b"age-encryption.org/v1"));

    let target = TestDb::empty();
    let url = Secret::from(target.url());
    let mut changed = bytes.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let damaged = path("damaged.kpb");
    fs::write(&damaged, changed).unwrap();
    let cut = path("cut.kpb");
    fs::write(&cut, &bytes[..middle]).unwrap();
    let none = path("none.kpb");
    fs::write(&none, b"PGDMP").unwrap();
    for (file, keys, expected) in [
        (&file, vec![], "is encrypted"),
        (&file, vec![&other], "for somebody else"),
        (&damaged, vec![&key], "damaged or cut off"),
        (&cut, vec![&key], "damaged or cut off"),
        (&none, vec![], "no backup of kaspi-panel"),
        (&file, vec![&file], "stream did not contain valid UTF-8"),
        (&file, vec![&none], "holds no identity"),
    ] {
        let mut arguments = vec!["restore", text(file)];
        for key in keys {
            arguments.extend(["--identity", text(key)]);
        }
        let told = refused(&on(&app, &target, &arguments));
        assert!(told.contains(expected), "{arguments:?}: {told}");
        assert!(is_empty(&url).unwrap(), "{arguments:?}: nothing was written");
    }

    // The check sums of every table hold, although rows were written while it was made.
    let restored = [
        "restore",
        text(&file),
        "--identity",
        text(&other),
        "--identity",
        text(&key),
        "--json",
    ];
    done(&on(&app, &target, &restored));
    let users = number(&target, "select count(*) from users");
    assert!(users >= 2 && users <= number(&app.db, "select count(*) from users"));
}

#[actix_web::test]
async fn a_backup_of_another_version_and_a_viewers_wish_are_refused() {
    let app = TestApp::new();
    let folder = tempfile::tempdir().unwrap();
    let options = |name: &str| BackupOptions {
        url: Secret::from(app.db.url()),
        file: folder.path().join(name),
        recipients: vec![],
    };
    let viewer = Actor {
        role: Role::Viewer,
        ..Actor::system()
    };
    let error = back_up(&app.services, &viewer, options("none"), |_| ())
        .await
        .unwrap_err();
    assert!(matches!(error, BackupError::Forbidden), "{error}");

    app.conn()
        .batch_execute("insert into __diesel_schema_migrations (version) values ('99990101000000')")
        .unwrap();
    back_up(&app.services, &Actor::system(), options("newer"), |_| ())
        .await
        .unwrap();
    let target = TestDb::empty();
    let options = RestoreOptions {
        url: Secret::from(target.url()),
        file: folder.path().join("newer"),
        identities: vec![],
        bin_dir: None,
    };
    let error = restore(options, now(), |_| ()).await.unwrap_err();
    assert!(matches!(error, BackupError::OtherVersion(_)), "{error}");
    assert!(is_empty(&Secret::from(target.url())).unwrap());
}

//! What is kept for a while only: the settings say for how long, what still tells something stays, and the tables stay small.

use std::collections::BTreeMap;

use diesel::{connection::SimpleConnection, prelude::*, sql_types::BigInt};
use kaspi_panel::{app::retention::forget_old, domain::Role};

use crate::support::{NewProduct, TestApp, db_product, db_store, db_user};

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn counts(app: &TestApp) -> BTreeMap<&'static str, i64> {
    let tables = [
        "price_decisions",
        "price_pushes",
        "job_runs",
        "connection_attempts",
        "sign_in_attempts",
        "sessions",
        "audit_log",
    ];
    let count = |table| {
        let row: Count = diesel::sql_query(format!("select count(*) from {table}"))
            .get_result(&mut app.conn())
            .unwrap();
        row.count
    };
    tables.into_iter().map(|table| (table, count(table))).collect()
}

async fn forget(app: &TestApp) {
    while forget_old(&app.services).await.unwrap() {}
}

#[tokio::test]
async fn the_past_goes_and_what_still_tells_something_stays() {
    let app = TestApp::builder()
        .settings(|config| {
            config.worker.keep_decisions_days = 10;
            config.worker.keep_pushes_days = 20;
            config.worker.keep_jobs_days = 30;
        })
        .build();
    let conn = &mut app.conn();
    let owner = db_user(conn, "anna", Role::Manager);
    let store = db_store(conn, owner, "30000001");
    let product = db_product(conn, store, &NewProduct::default());
    // Of each kind six hundred that are old, more than one transaction takes, and two that are young.
    let of_age = |days: u32| {
        format!(
            "from (select n, timestamptz '2026-11-23T06:59:00Z' - case when n <= 600 then interval '{days} days' + n * interval '1 minute' else interval '1 day' - n * interval '1 second' end as at from generate_series(1, 602) n) rows"
        )
    };
    conn.batch_execute(&format!(
        "insert into price_decisions (id, store_id, product_id, city_id, decided_at, decision_version, outcome, current_tenge, reasons, flags, input, shadow)
           select gen_random_uuid(), '{store}', '{product}', '750000000', at, 1, 'keep', 10000, '[]', '[]', '{{}}', false {};
         insert into price_pushes (id, store_id, product_id, sequence, state, origin, build_id, planned_at, finished_at)
           select gen_random_uuid(), '{store}', '{product}', n, 'superseded', 'robot', 'test', at, at {};
         insert into job_runs (id, kind, store_id, state, created_at, finished_at)
           select gen_random_uuid(), 'sync_store', '{store}', 'succeeded', at, at {};
         insert into sign_in_attempts (id, account, address, succeeded, at)
           select gen_random_uuid(), 'anna@example.kz', '203.0.113.7', false, at {};
         insert into job_runs (id, kind, state, created_at) values (gen_random_uuid(), 'make_report', 'queued', '2025-01-01');
         insert into sessions (key_hash, user_id, state, created_at, last_seen_at, expires_at) values
           (decode(repeat('01', 32), 'hex'), '{owner}', '{{}}', '2026-11-20', '2026-11-20', '2026-11-27'),
           (decode(repeat('02', 32), 'hex'), '{owner}', '{{}}', '2026-11-23', '2026-11-23T06:00:00Z', '2026-11-30');",
        of_age(10),
        of_age(20),
        of_age(30),
        of_age(90),
    ))
    .unwrap();
    let audit = counts(&app)["audit_log"];
    forget(&app).await;
    let left = counts(&app);
    let expected = BTreeMap::from([
        ("price_decisions", 2),
        ("price_pushes", 2),
        // One that waits is never forgotten.
        ("job_runs", 3),
        ("connection_attempts", 0),
        ("sign_in_attempts", 2),
        ("sessions", 1),
        ("audit_log", audit),
    ]);
    assert_eq!(left, expected);

    // Long afterwards: the last decision and the last write of the product tell why its price is what it is.
    // The rows grow old, not the clock: months are dropped by the database's own.
    conn.batch_execute(
        "update price_decisions set decided_at = decided_at - interval '400 days';
         update price_pushes set planned_at = planned_at - interval '400 days', finished_at = finished_at - interval '400 days';
         update job_runs set created_at = created_at - interval '400 days', finished_at = finished_at - interval '400 days';
         update sign_in_attempts set at = at - interval '400 days';
         update sessions set created_at = created_at - interval '400 days', last_seen_at = last_seen_at - interval '400 days',
           expires_at = expires_at - interval '400 days'",
    )
    .unwrap();
    forget(&app).await;
    let left = counts(&app);
    assert_eq!(
        (left["price_decisions"], left["price_pushes"], left["job_runs"]),
        (1, 1, 1)
    );
    assert_eq!((left["sign_in_attempts"], left["sessions"]), (0, 0));
}

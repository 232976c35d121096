//! What is kept for a while only: the settings say for how long, what still tells something stays, and the tables stay small.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use diesel::{
    connection::SimpleConnection,
    prelude::*,
    sql_types::{BigInt, Text},
};
use kaspi_panel::{
    app::retention::forget_old,
    domain::Role,
    store::months::{Monthly, month_make},
};

use crate::support::{NewProduct, TestApp, db_product, db_store, db_user, now};

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
    let conn = &mut app.conn();
    tables
        .into_iter()
        .map(|table| (table, count(conn, table)))
        .collect()
}

fn count(conn: &mut PgConnection, table: &str) -> i64 {
    let row: Count = diesel::sql_query(format!("select count(*) from {table}"))
        .get_result(conn)
        .unwrap();
    row.count
}

/// Every table of the program, without the parts of a table.
fn tables(conn: &mut PgConnection) -> Vec<String> {
    #[derive(diesel::QueryableByName)]
    struct Table {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let found: Vec<Table> = diesel::sql_query(
        "select relname::text as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
           and not relispartition and relname <> '__diesel_schema_migrations'",
    )
    .load(conn)
    .unwrap();
    found.into_iter().map(|table| table.name).collect()
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

/// Rows of a day in each table that grows by itself.
const OF_A_DAY: usize = 3;
/// Days that have passed.
const DAYS: usize = 500;

/// What fills a table, from `ROWS` with the moment `at` and the number `n` of each row, and for how many days it is kept.
type Grows = (&'static str, &'static str, u32);

/// Tables that grow by themselves, in the order in which they are filled.
fn growing(app: &TestApp) -> Vec<Grows> {
    let worker = &app.services.config.worker;
    let (decisions, pushes, jobs) = (
        worker.keep_decisions_days,
        worker.keep_pushes_days,
        worker.keep_jobs_days,
    );
    vec![
        (
            "price_decisions",
            "(id, store_id, product_id, city_id, decided_at, decision_version, outcome, current_tenge, reasons, flags, input, shadow)
             select gen_random_uuid(), 'STORE', 'PRODUCT', '750000000', at, 1, 'keep', 10000, '[]', '[]', '{}', false from ROWS",
            decisions,
        ),
        (
            "price_pushes",
            "(id, store_id, product_id, sequence, state, origin, build_id, planned_at, finished_at)
             select gen_random_uuid(), 'STORE', 'PRODUCT', n, 'superseded', 'robot', 'test', at, at from ROWS",
            pushes,
        ),
        (
            "price_push_cities",
            "(push_id, city_id, before_tenge, price_tenge, floor_tenge)
             select id, '750000000', 10000, 9000, 8000 from price_pushes",
            pushes,
        ),
        (
            "public_looks",
            "(push_id, store_id, product_id) select id, store_id, product_id from price_pushes",
            pushes,
        ),
        (
            "job_runs",
            "(id, kind, store_id, state, created_at, finished_at)
             select gen_random_uuid(), 'sync_store', 'STORE', 'succeeded', at, at from ROWS",
            jobs,
        ),
        (
            "sync_changes",
            "(run_id, kind, position) select id, 'added', 1 from job_runs",
            30,
        ),
        (
            "connection_attempts",
            "(id, user_id, login, state, deadline_at, created_at, updated_at, finished_at)
             select gen_random_uuid(), 'USER', 'anna@example.kz', 'needs_code', at, at, at, at from ROWS",
            jobs,
        ),
        (
            "attempt_evidence",
            "(attempt_id, page, address, taken_at) select id, '', '', created_at from connection_attempts",
            7,
        ),
        (
            "sign_in_attempts",
            "(id, account, address, succeeded, at)
             select gen_random_uuid(), 'anna@example.kz', '203.0.113.7', false, at from ROWS",
            90,
        ),
        (
            "sessions",
            "(key_hash, user_id, state, created_at, last_seen_at, expires_at)
             select sha256(n::text::bytea), 'USER', '{}', at, at, at + interval '7 days' from ROWS",
            1,
        ),
        (
            "idempotency_keys",
            "(id, user_id, key, fingerprint, created_at)
             select gen_random_uuid(), 'USER', n::text, sha256(''), at from ROWS",
            1,
        ),
        (
            "alerts",
            "(id, kind, severity, store_id, created_at, last_at, told_at, resolved_at)
             select gen_random_uuid(), 'mismatch', 'warning', 'STORE', at, at, at, at from ROWS",
            90,
        ),
        (
            "feed_fetches",
            "(id, store_id, at, address, agent, status) select gen_random_uuid(), 'STORE', at, '', '', 200 from ROWS",
            30,
        ),
        (
            "workers",
            "(id, host, pid, build_id, started_at, seen_at) select gen_random_uuid(), 'a', 1, 'test', at, at from ROWS",
            1,
        ),
        (
            "stock_falls",
            "(id, product_id, at, units) select gen_random_uuid(), 'PRODUCT', at, 1 from ROWS",
            91,
        ),
        (
            "reports",
            "(id, user_id, kind, name, state, created_at, finished_at, expires_at)
             select gen_random_uuid(), 'USER', 'products', 'a.xlsx', 'ready', at, at, at + interval '7 days' from ROWS",
            7,
        ),
        (
            "report_parts",
            "(report_id, attempt, position, content) select id, 1, 0, 'x' from reports",
            7,
        ),
        (
            "imports",
            "(id, store_id, user_name, file_name, sha256, kind, layout, rows_changed, rows_unchanged, rows_wrong, created_at)
             select gen_random_uuid(), 'STORE', 'anna', 'a.xlsx', sha256(''), 'table', '{}', 1, 0, 0, at from ROWS",
            180,
        ),
        (
            "import_rows",
            "(import_id, row_number, sku, state) select id, 1, 'A-1', 'planned' from imports",
            180,
        ),
        (
            "preorder_uploads",
            "(id, store_id, run_id, state, format, file_name, file, lines, created_at, finished_at)
             select gen_random_uuid(), 'STORE', (select id from job_runs limit 1), 'failed', 'xlsx', 'a.xlsx', '', 1, at, at from ROWS",
            90,
        ),
        (
            "preorder_upload_lines",
            "(upload_id, line, sku, name, price_tenge, delivery_days)
             select id, 1, 'A-1', 'Kettle', 9000, 3 from preorder_uploads",
            90,
        ),
        (
            "preorder_orders",
            "(id, store_id, order_key, code, state, status, total_tenge, placed_at, seen_at)
             select gen_random_uuid(), 'STORE', n::text, n::text, 'ARCHIVE', 'COMPLETED', 9000, at, at from ROWS",
            180,
        ),
        (
            "price_changes",
            "(id, product_id, city_id, at, price_tenge) select gen_random_uuid(), 'PRODUCT', '750000000', at, 9000 from ROWS",
            worker.keep_prices_days + 31,
        ),
        (
            "past_market_offers",
            "(id, card_id, city_id, merchant_id, merchant_name, price_tenge, reviews, preorder_days, first_seen_at, last_seen_at, gone_at)
             select gen_random_uuid(), '100000001', '750000000', '7001', 'Shop', 9000, 0, 0, at, at, at from ROWS",
            worker.keep_market_days + 31,
        ),
    ]
}

/// Tables that grow with what people have and do, and the log of who did what, which is kept.
const OF_PEOPLE: [&str; 33] = [
    "alert_channels",
    "api_tokens",
    "audit_log",
    "cabinet_accounts",
    "kill_switches",
    "listed_prices",
    "market_offers",
    "market_snapshots",
    "orders_accesses",
    "preorders",
    "price_feeds",
    "pricing_terms",
    "product_checks",
    "product_columns",
    "product_prices",
    "products",
    "proxies",
    "put_backs",
    "recovery_codes",
    "rule_products",
    "rules",
    "saved_views",
    "second_factors",
    "settings",
    "store_access",
    "store_catalogues",
    "store_cities",
    "store_cycles",
    "store_points",
    "stores",
    "sync_pages",
    "tariffs",
    "users",
];

#[tokio::test]
async fn no_table_grows_without_end() {
    let app = TestApp::new();
    let conn = &mut app.conn();
    let owner = db_user(conn, "anna", Role::Manager);
    let store = db_store(conn, owner, "30000001");
    let product = db_product(conn, store, &NewProduct::default());
    let growing = growing(&app);
    for table in tables(conn) {
        let known = growing.iter().any(|(name, ..)| *name == table) || OF_PEOPLE.contains(&table.as_str());
        assert!(
            known,
            "{table}: does it grow by itself, and until when is a row of it kept?"
        );
    }
    for month in 0..DAYS / 28 + 1 {
        let day = (now() - TimeDelta::days(28 * i64::try_from(month).unwrap())).date_naive();
        for table in [Monthly::PriceChanges, Monthly::PastMarketOffers] {
            month_make(conn, table, day).unwrap();
        }
    }
    let rows = format!(
        "(select n, timestamptz '2026-11-23T06:59:00Z' - (n / {OF_A_DAY}) * interval '1 day' as at from generate_series(0, {}) n) rows",
        DAYS * OF_A_DAY - 1
    );
    for (table, values, _) in &growing {
        let values = values
            .replace("ROWS", &rows)
            .replace("STORE", &store.to_string())
            .replace("PRODUCT", &product.to_string())
            .replace("USER", &owner.to_string());
        conn.batch_execute(&format!("insert into {table} {values}"))
            .unwrap_or_else(|error| panic!("{table}: {error}"));
    }
    forget(&app).await;
    for (table, _, days) in &growing {
        let left = usize::try_from(count(conn, table)).unwrap();
        let most = (usize::try_from(*days).unwrap() + 2) * OF_A_DAY;
        assert!(
            left <= most,
            "{table}: {left} rows are left of {}, {most} are young",
            DAYS * OF_A_DAY
        );
        assert!(left > 0 || *days <= 1, "{table}: what is young stays");
    }
}

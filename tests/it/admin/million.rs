//! Very many rows: no page of a list of price changes reads or counts them all. A million in the long form of the tests.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use diesel::{
    Connection, PgConnection, QueryableByName, RunQueryDsl,
    connection::{InstrumentationEvent, SimpleConnection},
    sql_types,
};
use kaspi_panel::admin::{framework::TypedRows, site};

use super::{panel, product};
use crate::support::{TestApp, long, now};

/// Rows of the table that a page may read: a few of those that it passes over for each that it shows.
const READ: i64 = 20_000;

#[derive(QueryableByName)]
struct Read {
    #[diesel(sql_type = sql_types::BigInt)]
    rows: i64,
}

#[expect(clippy::print_stderr, reason = "the figures are told to whoever runs it")]
fn tell(line: &str) {
    eprintln!("very many price changes: {line}");
}

/// Rows of price changes that this transaction has read so far.
fn read(conn: &mut PgConnection) -> i64 {
    let read = diesel::sql_query(
        "select coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint as rows
         from pg_stat_xact_user_tables where relname like 'price\\_changes%'",
    );
    read.get_result::<Read>(conn).unwrap().rows
}

#[tokio::test]
async fn a_million_price_changes_are_a_list_like_any_other() {
    let many = if long() { 1_000_000 } else { 40_000 };
    // A store with a thousand of them.
    let seldom = many / 1_000;
    let mut app = TestApp::new();
    let (_, store) = panel(&mut app).await;
    let kettle = product(&app, store, "K", "Kettle", 9_000);
    let conn = &mut app.conn();
    conn.batch_execute(&format!(
        "insert into price_changes (id, product_id, city_id, at, before_tenge, price_tenge, store_id)
           select gen_random_uuid(), '{kettle}', '750000000', timestamptz '2026-11-23 06:00Z' - n * interval '4000000 seconds' / {many},
             9000 + n % 900, 9000 + (n + 1) % 900, case when n % {seldom} = 0 then '{store}'::uuid end
           from generate_series(1, {many}) n;
         analyze price_changes"
    ))
    .unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = asked.clone();
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            noted.lock().unwrap().push(query.to_string());
        }
    });
    let models = site();
    let list = models.get("price-changes").unwrap();
    let mut show = |what: &str, query: &str| {
        asked.lock().unwrap().clear();
        let start = Instant::now();
        let look = |conn: &mut PgConnection| {
            let page = list.list(conn, query, &TypedRows::new(), now()).unwrap();
            Ok::<_, diesel::result::Error>((page, start.elapsed(), read(conn)))
        };
        let (page, took, rows) = conn.transaction(look).unwrap();
        let statements = std::mem::take(&mut *asked.lock().unwrap());
        assert!(!page.lines.is_empty(), "{what}");
        assert_eq!(page.total, None, "{what} is counted");
        for statement in &statements {
            assert!(
                !statement.to_lowercase().contains("count("),
                "{what}: {statement}"
            );
        }
        tell(&format!("{what}: {} ms, {rows} rows read", took.as_millis()));
        assert!(rows <= READ, "{what} reads {rows} rows: {statements:#?}");
        page
    };
    let first = show("first page", "n=100");
    show(
        "second page",
        first.pager.next.as_deref().unwrap().trim_start_matches('?'),
    );
    show("last page", "n=100&before=");
    show("filter by a price", "n=100&price-from=9100&price-until=9110");
    show("filter by a store", &format!("n=100&store={store}"));
    show("a month", "n=100&day=2026-10");
}

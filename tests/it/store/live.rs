//! What open pages ask for every second reads what is open, not all that ever was.

use diesel::{PgConnection, RunQueryDsl, connection::SimpleConnection, sql_types::BigInt};
use kaspi_panel::{
    domain::{Role, Tenant},
    store::{
        live::{live_now, live_slow},
        overview::overview_fetch,
    },
};

use crate::support::{TestDb, db_store, db_user, now};

#[derive(diesel::QueryableByName)]
struct Rows {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Rows of a table that this session has taken so far, by whatever way.
pub fn rows_read(conn: &mut PgConnection, table: &str) -> i64 {
    conn.batch_execute("select pg_stat_force_next_flush()").unwrap();
    let row: Rows = diesel::sql_query(
        "select (seq_tup_read + idx_tup_fetch)::bigint as number from pg_stat_user_tables where relname = $1",
    )
    .bind::<diesel::sql_types::Text, _>(table)
    .get_result(conn)
    .unwrap();
    row.number
}

#[test]
fn looks_read_little_of_long_tables() {
    let db = TestDb::new();
    let conn = &mut db.conn();
    let aigul = db_user(conn, "aigul", Role::Manager);
    let store = db_store(conn, aigul, "30000001");
    let now = now();
    conn.batch_execute(&format!(
        "insert into job_runs (id, kind, store_id, state, created_at)
         select gen_random_uuid(), 'sync_store', case when n % 2 = 0 then '{store}'::uuid end, 'succeeded',
           '{now}'::timestamptz - interval '30 days' - n * interval '1 minute' from generate_series(1, 5000) n;
         insert into job_runs (id, kind, store_id, state, created_at)
         values (gen_random_uuid(), 'sync_store', '{store}', 'queued', '{now}'),
           (gen_random_uuid(), 'sync_store', null, 'queued', '{now}');
         insert into products (id, store_id, kaspi_product_id, name, created_at, updated_at)
         select gen_random_uuid(), '{store}', 'K-1', 'Kettle', '{now}', '{now}';
         insert into price_pushes (id, store_id, product_id, sequence, state, origin, build_id, planned_at)
         select gen_random_uuid(), '{store}', id, n, 'held', 'robot', 'test', '{now}'::timestamptz - interval '30 days'
         from products, generate_series(1, 5000) n;
         analyze"
    ))
    .unwrap();
    let before = rows_read(conn, "job_runs");
    assert_eq!(live_now(conn).unwrap().jobs.get(&store), Some(&1));
    let read = rows_read(conn, "job_runs") - before;
    assert!(read < 50, "{read} runs read");
    let before = rows_read(conn, "price_pushes");
    assert!(live_slow(conn, now).unwrap().held.is_empty());
    let read = rows_read(conn, "price_pushes") - before;
    assert!(read < 50, "{read} writes read");
}

#[test]
fn all_troubles_are_counted_of_which_a_page_lists_the_most_urgent_hundred() {
    let db = TestDb::new();
    let conn = &mut db.conn();
    let aigul = db_user(conn, "aigul", Role::Manager);
    let store = db_store(conn, aigul, "30000001");
    let mut trouble = |from: i32, to: i32| {
        conn.batch_execute(&format!(
            "insert into products (id, store_id, kaspi_product_id, name, created_at, updated_at)
             select gen_random_uuid(), '{store}', 'K-' || n, 'Kettle', now(), now() from generate_series({from}, {to}) n;
             insert into alerts (id, kind, severity, store_id, product_id, created_at, last_at, told_at)
             select gen_random_uuid(), 'floor_reached', 'notice', store_id, id, now(), now(), now() from products
             where id not in (select product_id from alerts)"
        ))
        .unwrap();
        let overview = overview_fetch(conn, Tenant::User(aigul), now()).unwrap();
        (overview.alerts.len(), overview.alerts_count)
    };
    assert_eq!(trouble(1, 99), (99, 99));
    assert_eq!(trouble(100, 100), (100, 100));
    assert_eq!(trouble(101, 103), (100, 103));
}

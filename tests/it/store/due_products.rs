//! A claim costs what it takes, however large the store is.

use diesel::{Connection, PgConnection, RunQueryDsl, connection::SimpleConnection, sql_types::BigInt};
use kaspi_panel::{
    domain::Role,
    store::{StoreError, batch::plan_by_index, due_products::due_products_claim},
};

use crate::support::{TestDb, db_store, db_user, now};

/// Rows of `products` that the transaction has taken, through whatever index or none.
fn rows_read(conn: &mut PgConnection) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        rows: i64,
    }
    let row: Row = diesel::sql_query(
        "select (seq_tup_read + idx_tup_fetch)::bigint as rows from pg_stat_xact_user_tables
         where relname = 'products'",
    )
    .get_result(conn)
    .unwrap();
    row.rows
}

#[test]
fn a_claim_reads_what_it_takes() {
    let db = TestDb::new();
    let conn = &mut db.conn();
    let owner = db_user(conn, "aigul", Role::Manager);
    let (on, off) = (
        db_store(conn, owner, "30000001"),
        db_store(conn, owner, "30000002"),
    );
    // Both due since the same moment, and the store that is off has waited longer.
    conn.batch_execute(&format!(
        "update stores set repricing_mode = 'off' where id = '{off}';
         insert into products (id, store_id, kaspi_product_id, sku, card_id, name, floor_tenge, repricing_enabled,
           next_check_at, created_at, updated_at)
         select gen_random_uuid(), store.id, n, n, n, 'Kettle', 1, true, store.since, now(), now()
         from generate_series(1, 4000) n,
           (values ('{on}'::uuid, timestamptz '2026-11-23T07:00:00Z'), ('{off}', '2026-11-22T07:00:00Z')) store (id, since);
         insert into product_prices (product_id, city_id, price_tenge, read_at)
         select id, '750000000', 1000, now() from products"
    ))
    .unwrap();
    for analysed in [false, true] {
        if analysed {
            conn.batch_execute("analyze").unwrap();
        }
        for checked_before in [None, Some(now())] {
            conn.transaction::<_, StoreError, _>(|conn| {
                plan_by_index(conn)?;
                let before = rows_read(conn);
                let due = due_products_claim(conn, None, checked_before, 20, now())?;
                assert_eq!(due.len(), 20);
                assert!(due.iter().all(|due| due.store.id == on));
                let read = rows_read(conn) - before;
                assert!(
                    read <= 20 * 8,
                    "{read} rows for 20 products, {analysed}, {checked_before:?}"
                );
                Ok(())
            })
            .unwrap();
        }
    }
}

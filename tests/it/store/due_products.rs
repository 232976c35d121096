//! A claim costs what it takes, however large the store is; it goes round among the stores, and two workers share.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{Connection, PgConnection, RunQueryDsl, connection::SimpleConnection, sql_types::BigInt};
use kaspi_panel::{
    domain::{ProductId, Role, StoreId},
    store::{
        StoreError,
        batch::plan_by_index,
        due_products::{StoreTurn, due_products_claim},
    },
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
                let due =
                    due_products_claim(conn, &mut StoreTurn::default(), None, checked_before, 20, now())?;
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

/// A connected store with so many products, due for so many minutes.
fn db_backlog(conn: &mut PgConnection, merchant_id: u32, products: u32, minutes: u32) -> StoreId {
    let owner = db_user(conn, &format!("owner{merchant_id}"), Role::Manager);
    let store = db_store(conn, owner, &merchant_id.to_string());
    conn.batch_execute(&format!(
        "insert into products (id, store_id, kaspi_product_id, sku, card_id, name, floor_tenge, repricing_enabled,
           next_check_at, created_at, updated_at)
         select gen_random_uuid(), '{store}', n, n, n, 'Kettle', 1, true,
           timestamptz '2026-11-23T07:00:00Z' - interval '{minutes} minutes' + n * interval '1 ms', now(), now()
         from generate_series(1, {products}) n;
         insert into product_prices (product_id, city_id, price_tenge, read_at)
         select id, '750000000', 1000, now() from products where store_id = '{store}'"
    ))
    .unwrap();
    store
}

/// A claim of any store's products, in a transaction of its own.
fn claim(conn: &mut PgConnection, turn: &mut StoreTurn, limit: i64) -> Vec<(StoreId, ProductId)> {
    conn.transaction::<_, StoreError, _>(|conn| {
        plan_by_index(conn)?;
        due_products_claim(conn, turn, None, None, limit, now())
    })
    .unwrap()
    .into_iter()
    .map(|due| (due.store.id, due.product.id))
    .collect()
}

/// How many of each store.
fn shares(claimed: &[(StoreId, ProductId)]) -> BTreeMap<StoreId, usize> {
    let mut shares = BTreeMap::new();
    for (store, _) in claimed {
        *shares.entry(*store).or_default() += 1;
    }
    shares
}

#[test]
fn the_backlog_of_one_store_keeps_no_other_waiting() {
    let db = TestDb::new();
    let conn = &mut db.conn();
    // It has waited for an hour with all it has; the others became due a moment ago.
    let large = db_backlog(conn, 30_000_001, 3_000, 60);
    let small: Vec<StoreId> = (0..4).map(|n| db_backlog(conn, 30_000_002 + n, 5, 1)).collect();
    let mut turn = StoreTurn::default();
    let first = shares(&claim(conn, &mut turn, 20));
    assert_eq!(first.len(), 5, "each of them in the first claim: {first:?}");
    assert_eq!(first[&large], 4, "no more than the others: {first:?}");
    // What the small ones do not need is the large one's.
    let second = shares(&claim(conn, &mut turn, 100));
    assert_eq!(second[&large], 96, "{second:?}");
    assert!(small.iter().all(|store| second[store] == 1), "{second:?}");
    assert_eq!(
        shares(&claim(conn, &mut turn, 100)),
        BTreeMap::from([(large, 100)])
    );
}

#[test]
fn claims_smaller_than_the_number_of_stores_go_round() {
    let db = TestDb::new();
    let conn = &mut db.conn();
    for n in 0..40 {
        db_backlog(conn, 30_000_001 + n, 50, n + 1);
    }
    let mut turn = StoreTurn::default();
    for round in 1..=3 {
        let served: Vec<StoreId> = (0..5)
            .flat_map(|_| claim(conn, &mut turn, 8))
            .map(|(store, _)| store)
            .collect();
        let stores: BTreeSet<StoreId> = served.iter().copied().collect();
        assert_eq!((served.len(), stores.len()), (40, 40), "round {round}");
    }
}

#[test]
fn two_workers_share_the_products_of_one_store() {
    let db = TestDb::new();
    db_backlog(&mut db.conn(), 30_000_001, 300, 1);
    let (mut one, mut other) = (db.conn(), db.conn());
    let mut turn = StoreTurn::default();
    // The other claims before the first one's claim is committed, and gets all that it wants.
    let (first, second) = one
        .transaction::<_, StoreError, _>(|conn| {
            plan_by_index(conn)?;
            let first = due_products_claim(conn, &mut StoreTurn::default(), None, None, 100, now())?;
            Ok((first, claim(&mut other, &mut turn, 100)))
        })
        .unwrap();
    let mut all: BTreeSet<ProductId> = first.iter().map(|due| due.product.id).collect();
    all.extend(second.iter().map(|(_, id)| *id));
    assert_eq!((first.len(), second.len(), all.len()), (100, 100, 200));
    let third = claim(&mut other, &mut turn, 1_000);
    all.extend(third.iter().map(|(_, id)| *id));
    assert_eq!((third.len(), all.len()), (100, 300));
}

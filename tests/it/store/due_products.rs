//! A claim costs what it takes, however large the store is; it goes round among the stores, and two workers share.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use diesel::{Connection, PgConnection, RunQueryDsl, connection::SimpleConnection, sql_types::BigInt};
use kaspi_panel::{
    domain::{ProductId, Role, StoreId},
    store::{
        StoreError,
        batch::plan_by_index,
        due_products::{Release, StoreTurn, due_product_release, due_products_claim, due_products_load},
        products::product_due_at,
    },
};

use crate::support::{TestDb, db_store, db_user, now};

/// Rows of products and their checks that the transaction has taken, through whatever index or none.
fn rows_read(conn: &mut PgConnection) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        rows: i64,
    }
    let row: Row = diesel::sql_query(
        "select sum(seq_tup_read + idx_tup_fetch)::bigint as rows from pg_stat_xact_user_tables
         where relname in ('products', 'product_checks')",
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
           created_at, updated_at)
         select gen_random_uuid(), store.id, n, n, n, 'Kettle', 1, true, store.since, now()
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
                let claims =
                    due_products_claim(conn, &mut StoreTurn::default(), None, checked_before, 20, now())?;
                let due = due_products_load(conn, &claims, now())?;
                assert_eq!((claims.len(), due.len()), (20, 20));
                assert!(due.iter().all(|due| due.store.id == on));
                let read = rows_read(conn) - before;
                assert!(
                    read <= 20 * 11,
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
           created_at, updated_at)
         select gen_random_uuid(), '{store}', n, n, n, 'Kettle', 1, true,
           timestamptz '2026-11-23T07:00:00Z' - interval '{minutes} minutes' + n * interval '1 ms', now()
         from generate_series(1, {products}) n;
         insert into product_prices (product_id, city_id, price_tenge, read_at)
         select id, '750000000', 1000, now() from products where store_id = '{store}'"
    ))
    .unwrap();
    store
}

/// A claim of any store's products, in a transaction of its own.
fn claim(conn: &mut PgConnection, turn: &mut StoreTurn, limit: i64) -> Vec<(StoreId, ProductId)> {
    conn.transaction::<_, StoreError, _>(|conn| due_products_claim(conn, turn, None, None, limit, now()))
        .unwrap()
        .into_iter()
        .map(|claim| (claim.store_id, claim.product_id))
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
            let first = due_products_claim(conn, &mut StoreTurn::default(), None, None, 100, now())?;
            Ok((first, claim(&mut other, &mut turn, 100)))
        })
        .unwrap();
    let mut all: BTreeSet<ProductId> = first.iter().map(|claim| claim.product_id).collect();
    all.extend(second.iter().map(|(_, id)| *id));
    assert_eq!((first.len(), second.len(), all.len()), (100, 100, 200));
    let third = claim(&mut other, &mut turn, 1_000);
    all.extend(third.iter().map(|(_, id)| *id));
    assert_eq!((third.len(), all.len()), (100, 300));
}

#[test]
fn every_product_has_its_row_and_is_claimed_only_while_it_may_be_repriced() {
    let db = TestDb::new();
    let conn = &mut db.conn();
    let store = db_backlog(conn, 30_000_001, 1, 1);
    let (on, off) = ("repricing_enabled = true", "repricing_enabled = false");
    let cases = [
        (off, on),
        ("on_sale = false", "on_sale = true"),
        ("archived_at = now()", "archived_at = null"),
        ("card_id = null", "card_id = '1'"),
        ("sku = null", "sku = '1'"),
    ];
    for (away, back) in cases {
        for (change, found) in [(away, 0), (back, 1)] {
            conn.batch_execute(&format!(
                "update products set {change}; update product_checks set claimed_until = null"
            ))
            .unwrap();
            let claimed = claim(conn, &mut StoreTurn::default(), 10);
            assert_eq!(claimed.len(), found, "{change}");
        }
    }
    // A product that moves is its new store's.
    let owner = db_user(conn, "other", Role::Manager);
    let other = db_store(conn, owner, "30000002");
    conn.batch_execute(&format!(
        "update products set store_id = '{other}'; update product_checks set claimed_until = null"
    ))
    .unwrap();
    let claimed = claim(conn, &mut StoreTurn::default(), 10);
    assert_eq!(
        shares(&claimed),
        BTreeMap::from([(other, 1)]),
        "no more {store}'s"
    );
}

#[test]
fn what_cannot_be_decided_is_looked_at_again_later_and_hides_nothing() {
    let db = TestDb::new();
    let conn = &mut db.conn();
    db_backlog(conn, 30_000_001, 3, 1);
    conn.batch_execute(
        "update products set floor_tenge = null where sku = '1';
         delete from product_prices where product_id = (select id from products where sku = '2')",
    )
    .unwrap();
    let mut read = |at| {
        conn.transaction::<_, StoreError, _>(|conn| {
            plan_by_index(conn)?;
            let claims = due_products_claim(conn, &mut StoreTurn::default(), None, None, 10, at)?;
            let due = due_products_load(conn, &claims, at)?;
            let read: Vec<String> = due.iter().filter_map(|due| due.product.sku.clone()).collect();
            Ok((claims.len(), read))
        })
        .unwrap()
    };
    let soon = now() + TimeDelta::seconds(599);
    assert_eq!(read(now()), (3, vec!["3".to_owned()]));
    assert_eq!(
        read(soon),
        (1, vec!["3".to_owned()]),
        "its claim has ended, the others wait"
    );
    assert_eq!(read(now() + TimeDelta::seconds(600)).0, 2);
}

#[test]
fn what_somebody_made_due_while_it_was_decided_is_decided_once_more() {
    let db = TestDb::new();
    let conn = &mut db.conn();
    db_backlog(conn, 30_000_001, 2, 1);
    let next = now() + TimeDelta::minutes(5);
    let decided = conn
        .transaction::<_, StoreError, _>(|conn| {
            plan_by_index(conn)?;
            let claims = due_products_claim(conn, &mut StoreTurn::default(), None, None, 10, now())?;
            let due = due_products_load(conn, &claims, now())?;
            product_due_at(conn, due[0].product.id, now())?;
            let releases: Vec<Release> = due
                .iter()
                .map(|due| Release {
                    id: due.product.id,
                    alone_streak: 0,
                    due_at: due.due_at,
                })
                .collect();
            due_product_release(conn, &releases, next, now())?;
            Ok(due[0].product.id)
        })
        .unwrap();
    let again: Vec<ProductId> = claim(conn, &mut StoreTurn::default(), 10)
        .into_iter()
        .map(|(_, id)| id)
        .collect();
    assert_eq!(again, [decided]);
}

//! The right to write for a store: one worker's at a time, by the database's clock; the tests' own clock stands still,
//! days away from it.

use std::time::Duration;

use diesel::{PgConnection, RunQueryDsl, connection::SimpleConnection, sql_types as sql};
use kaspi_panel::{
    domain::{Role, StoreId},
    store::{
        leases::{store_lease_acquire, store_lease_end, store_lease_renew},
        planned::planned,
        pushes::push_stores_with_work,
    },
};
use uuid::Uuid;

use crate::support::{NewProduct, TestDb, db_product, db_store, db_user, now};

const MINUTE: Duration = Duration::from_secs(60);

fn store(conn: &mut PgConnection) -> StoreId {
    let owner = db_user(conn, "aigul", Role::Manager);
    db_store(conn, owner, "30000001")
}

#[test]
fn a_lease_ends_by_the_databases_clock_and_its_epoch_with_it() {
    let db = TestDb::new();
    let conn = &mut db.conn();
    let (store, one, other) = (store(conn), Uuid::now_v7(), Uuid::now_v7());
    let epoch = store_lease_acquire(conn, store, one, MINUTE).unwrap().unwrap();
    assert_eq!(store_lease_acquire(conn, store, other, MINUTE).unwrap(), None);
    assert!(store_lease_renew(conn, store, epoch, MINUTE).unwrap());
    conn.batch_execute("update stores set lease_until = now() - interval '1 ms'")
        .unwrap();
    assert!(
        !store_lease_renew(conn, store, epoch, MINUTE).unwrap(),
        "it has ended"
    );
    let next = store_lease_acquire(conn, store, other, MINUTE).unwrap().unwrap();
    assert!(next > epoch);
    assert!(
        !store_lease_renew(conn, store, epoch, MINUTE).unwrap(),
        "it is another's"
    );
    // The former holder, back from wherever it was, ends nobody's lease.
    store_lease_end(conn, store, epoch).unwrap();
    assert!(store_lease_renew(conn, store, next, MINUTE).unwrap());
}

#[test]
fn a_store_whose_round_is_over_is_anybodys_and_one_in_a_round_is_not_looked_at() {
    let db = TestDb::new();
    let conn = &mut db.conn();
    let (store, one, other) = (store(conn), Uuid::now_v7(), Uuid::now_v7());
    let product = db_product(conn, store, &NewProduct::default());
    conn.batch_execute(&format!(
        "insert into price_pushes (id, store_id, product_id, sequence, origin, build_id, planned_at)
         values (gen_random_uuid(), '{store}', '{product}', 1, 'robot', 'test', now())"
    ))
    .unwrap();
    let work = |conn: &mut PgConnection, owner| push_stores_with_work(conn, owner, now()).unwrap();
    assert_eq!(work(conn, other), [store]);
    let epoch = store_lease_acquire(conn, store, one, MINUTE).unwrap().unwrap();
    assert_eq!(work(conn, one), [store]);
    assert_eq!(work(conn, other), [], "it is in a round of another worker");
    store_lease_end(conn, store, epoch).unwrap();
    assert_eq!(work(conn, other), [store]);
}

#[test]
fn a_statement_is_planned_once_for_a_connection() {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql::BigInt)]
        value: i64,
    }
    let db = TestDb::new();
    let conn = &mut db.conn();
    for number in 1..=3_i64 {
        let row: Row = planned("select $2 - $1 * $1 as value")
            .bind::<sql::BigInt, _>(number)
            .bind::<sql::BigInt, _>(100)
            .get_result(conn)
            .unwrap();
        assert_eq!(row.value, 100 - number * number);
    }
    let kept: Row = planned(
        "select count(*) as value from pg_prepared_statements where statement like 'select $2 - $1%'",
    )
    .get_result(conn)
    .unwrap();
    assert_eq!(kept.value, 1);
}

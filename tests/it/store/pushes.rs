//! The journal's queries.

use diesel::{PgConnection, connection::SimpleConnection};
use kaspi_panel::{
    domain::{ProductId, PushState, Role, StoreId},
    store::pushes::{push_claim, push_list_left, push_list_next, push_list_to_read},
};

use crate::support::{NewProduct, TestDb, db_product, db_store, db_user, now};

/// A write of each product that is claimed and left, one that is accepted, and one that waits.
fn pushes(conn: &mut PgConnection, store: StoreId, products: &[ProductId]) {
    for product in products {
        conn.batch_execute(&format!(
            "insert into price_pushes (id, store_id, product_id, sequence, state, origin, build_id, planned_at,
               lease_epoch, next_read_at)
             values (gen_random_uuid(), '{store}', '{product}', 1, 'planned', 'person', 'test', now(), 1, '2026-01-01')"
        ))
        .unwrap();
    }
}

#[test]
fn a_running_worker_reads_the_journal_after_a_migration_has_added_a_column() {
    let db = TestDb::new();
    let conn = &mut db.conn();
    let owner = db_user(conn, "anna", Role::Manager);
    let store = db_store(conn, owner, "30000001");
    let products: Vec<ProductId> = ["one", "two", "three", "four"]
        .map(|sku| {
            db_product(
                conn,
                store,
                &NewProduct {
                    sku,
                    ..NewProduct::default()
                },
            )
        })
        .to_vec();
    pushes(conn, store, &products);
    let gap = chrono::TimeDelta::zero();
    let look = |conn: &mut PgConnection| {
        let next = push_list_next(conn, store, gap, 10, now()).unwrap();
        let claimed = push_claim(conn, next[0].id, 1, now()).unwrap();
        assert_eq!(claimed.unwrap().state, PushState::Claimed);
        assert!(push_list_left(conn, store, 1).unwrap().is_empty());
        assert!(push_list_to_read(conn, store, now()).unwrap().is_empty());
        next.len()
    };
    assert_eq!(look(conn), 4);
    db.conn()
        .batch_execute("alter table price_pushes add column later text")
        .unwrap();
    assert_eq!(look(conn), 3);
}

//! Catalogues cost what their rows cost, however many other rows there are and whatever the planner believes.

use diesel::{
    Connection, ExpressionMethods, NullableExpressionMethods, PgConnection, QueryDsl, RunQueryDsl,
    connection::SimpleConnection,
    sql_types::{BigInt, Text},
};
use kaspi_panel::{
    domain::{Role, StoreId, Tenge, offer::CabinetOffer},
    schema::products,
    store::{
        StoreError,
        catalogue::{CatalogueChanges, Reading, catalogue_lock, catalogue_upsert},
    },
};

use crate::support::{TestDb, db_store, db_user, now};

const BATCH: usize = 500;
const BATCHES: usize = 8;

/// Rows that the transaction has taken from a table, through whatever index or none.
fn rows_read(conn: &mut PgConnection, table: &str) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        rows: i64,
    }
    let row: Row = diesel::sql_query(
        "select (seq_tup_read + idx_tup_fetch)::bigint as rows from pg_stat_xact_user_tables where relname = $1",
    )
    .bind::<Text, _>(table)
    .get_result(conn)
    .unwrap();
    row.rows
}

fn offers(from: usize, count: usize) -> Vec<CabinetOffer> {
    (from..from + count)
        .map(|n| CabinetOffer {
            sku: format!("sku-{n:06}"),
            offer_id: Some(format!("offer-{n}")),
            card_id: Some(format!("{}", 200_000_000 + n)),
            name: Some(format!("Demo {n}")),
            model: None,
            brand: None,
            category: None,
            image_url: None,
            on_sale: true,
            price: None,
            city_prices: Some(vec![
                ("750000000".to_owned(), Tenge(5_000)),
                ("710000000".to_owned(), Tenge(5_100)),
            ]),
            stock: None,
            preorder_days: 0,
            availabilities: None,
        })
        .collect()
}

fn upsert(conn: &mut PgConnection, store_id: StoreId, offers: &[CabinetOffer]) -> CatalogueChanges {
    catalogue_lock(conn, store_id).unwrap();
    let reading = Reading {
        store_id,
        main_city_id: "750000000",
        started_at: now(),
        now: now(),
        today: now().date_naive(),
    };
    catalogue_upsert(conn, reading, offers).unwrap()
}

#[test]
fn a_store_that_the_planner_has_not_heard_of_costs_no_more_than_its_rows() {
    let db = TestDb::new();
    let conn = &mut db.conn();
    let owner = db_user(conn, "anna", Role::Manager);
    let known = db_store(conn, owner, "30000001");
    upsert(conn, known, &offers(0, BATCH));
    // From here on the statistics know one store and nothing else.
    conn.batch_execute("analyze products; analyze product_prices")
        .unwrap();
    let new = db_store(conn, owner, "30000002");
    for batch in 0..BATCHES {
        let changes = upsert(conn, new, &offers(batch * BATCH, BATCH));
        assert_eq!(changes.added.len(), BATCH);
    }
    // What was counted so far is none of the next transaction's.
    conn.batch_execute("select pg_stat_force_next_flush()").unwrap();

    // The unchanged catalogue once more: rows in the tables by far outnumber those of a batch.
    conn.transaction(|conn| {
        let changes = upsert(conn, new, &offers(BATCH, BATCH));
        assert_eq!(changes, CatalogueChanges::default());
        let (products, prices) = (rows_read(conn, "products"), rows_read(conn, "product_prices"));
        let batch = i64::try_from(BATCH).unwrap();
        assert!(products <= 2 * batch, "{products} products read for {batch} rows");
        assert!(prices <= 4 * batch, "{prices} prices read for {batch} rows");
        Ok::<(), StoreError>(())
    })
    .unwrap();

    // And new rows.
    conn.transaction(|conn| {
        let changes = upsert(conn, new, &offers(BATCH * BATCHES, BATCH));
        assert_eq!(changes.added.len(), BATCH);
        let read = rows_read(conn, "products");
        let batch = i64::try_from(BATCH).unwrap();
        // Once by the prices, by the foreign keys of prices, checks and listed prices, twice at most by each, and once
        // for each of the two prices, which are kept with the store.
        assert!(read <= 10 * batch, "{read} products read for {batch} new rows");
        Ok::<(), StoreError>(())
    })
    .unwrap();
}

#[test]
fn a_product_without_an_article_is_known_by_its_offer_id_where_that_is_clear() {
    let db = TestDb::new();
    let conn = &mut db.conn();
    let owner = db_user(conn, "anna", Role::Manager);
    let store = db_store(conn, owner, "30000001");
    // 1: clear. 2: two of them. 3: the article has a product. 4: another store's. 5: one with an article is of that id
    // too. 6: the cabinet told no id, and an article is none.
    let other = db_store(conn, owner, "30000002");
    conn.batch_execute(&format!(
        "insert into products (id, store_id, kaspi_product_id, sku, name, floor_tenge, created_at, updated_at) values
           (gen_random_uuid(), '{store}', 'offer-1', null, 'one', 700, now(), now()),
           (gen_random_uuid(), '{store}', 'offer-2', null, 'two', 700, now(), now()),
           (gen_random_uuid(), '{store}', 'offer-2', null, 'two again', 700, now(), now()),
           (gen_random_uuid(), '{store}', 'offer-3', null, 'three', 700, now(), now()),
           (gen_random_uuid(), '{store}', 'old-offer', 'sku-000003', 'three of old', 800, now(), now()),
           (gen_random_uuid(), '{other}', 'offer-4', null, 'four', 700, now(), now()),
           (gen_random_uuid(), '{store}', 'offer-5', null, 'five', 700, now(), now()),
           (gen_random_uuid(), '{store}', 'offer-5', 'other-sku', 'five of old', 800, now(), now()),
           (gen_random_uuid(), '{store}', 'sku-000006', null, 'six', 700, now(), now())"
    ))
    .unwrap();
    let mut told = offers(1, 6);
    told[5].offer_id = None;
    let mut changes = upsert(conn, store, &told);
    changes.added.sort();
    assert_eq!(
        changes.added,
        ["sku-000002", "sku-000004", "sku-000005", "sku-000006"]
    );
    let mut known: Vec<(String, Option<Tenge>)> = products::table
        .filter(products::store_id.eq(store))
        .filter(products::sku.is_not_null())
        .order(products::sku)
        .select((products::sku.assume_not_null(), products::floor_tenge))
        .load(conn)
        .unwrap();
    known.retain(|(_, floor)| floor.is_some());
    assert_eq!(
        known,
        [
            ("other-sku".to_owned(), Some(Tenge(800))),
            ("sku-000001".to_owned(), Some(Tenge(700))),
            ("sku-000003".to_owned(), Some(Tenge(800)))
        ]
    );
}

//! The search over everything among many products: little is read and sorted for a few lines, and what is called
//! exactly so is found however much else has the same word.

use diesel::connection::SimpleConnection;
use kaspi_panel::{
    domain::{Role, Tenant},
    store::search::search_products,
};

use super::live::rows_read;
use crate::support::{TestDb, db_store, db_user};

#[test]
fn a_word_that_everything_has_reads_and_sorts_a_part() {
    let db = TestDb::new();
    let conn = &mut db.conn();
    let aigul = db_user(conn, "aigul", Role::Manager);
    let (store, other) = (
        db_store(conn, aigul, "30000001"),
        db_store(conn, aigul, "30000002"),
    );
    conn.batch_execute(&format!(
        "insert into products (id, store_id, kaspi_product_id, sku, card_id, name, created_at, updated_at)
         select gen_random_uuid(), case when n % 2 = 0 then '{store}'::uuid else '{other}'::uuid end, 'K-' || n, 'S-' || n,
           (100000000 + n)::text, 'Чайник ' || n, now(), now() from generate_series(1, 8000) n;
         insert into products (id, store_id, kaspi_product_id, sku, card_id, name, created_at, updated_at)
         values (gen_random_uuid(), '{store}', 'X-9', 'чайник', null, 'Я последний чайник', now(), now());
         analyze"
    ))
    .unwrap();
    let mut search = |text: &str| {
        let before = rows_read(conn, "products");
        let found = search_products(conn, Tenant::User(aigul), text, 6).unwrap();
        let names: Vec<String> = found.into_iter().map(|found| found.name).collect();
        (names, rows_read(conn, "products") - before)
    };
    let (names, read) = search("чайник");
    assert_eq!((names.len(), names[0].as_str()), (6, "Я последний чайник"));
    assert!(read < 4_000, "{read} products read");
    // Too short for the index of parts of names: by its whole name alone.
    for text in ["ча", "a b"] {
        let (names, read) = search(text);
        assert!(names.is_empty() && read < 50, "{text}: {read} products read");
    }
    let (names, _) = search("X-9");
    assert_eq!(names, ["Я последний чайник"]);
    let (names, _) = search("K-1");
    assert_eq!((names.len(), names[0].as_str()), (6, "Чайник 1"));
    let (names, _) = search("чай 7999");
    assert_eq!(names, ["Чайник 7999"]);
    let (names, _) = search("100007999");
    assert_eq!(names, ["Чайник 7999"]);
}

//! Doubtful rows: each kind is told with table, key and reason; it is left out, or one value is left empty. A dry run
//! tells the same and writes nothing.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{PreorderId, ProductId, StoreId, Tenge},
    schema::{preorders, product_prices, products, stores},
};

use super::*;

/// One row of each kind of doubt, and a good one beside it.
fn doubtful() -> Move {
    let moving = Move::new();
    let old = &moving.old;
    old.without_constraints();
    old.execute(
        "alter table kaspi_stores alter name type text; alter table products alter name type text,
           alter category type text, alter strategy type text, alter price type bigint,
           alter store_id drop not null;
         alter table preorders alter warehouses drop not null, alter status type text, alter name drop not null",
    );
    old.store(1, &[]);
    // Nobody knows which of two is right.
    old.store(2, &[("merchant_id", "'M-2'")]);
    old.store(3, &[("merchant_id", "'M-2'")]);
    old.store(4, &[("user_id", "''")]);
    old.store(5, &[("name", "repeat('я', 256)")]);
    old.store(6, &[("products_count", "-1"), ("user_id", "'user-2'")]);

    old.product(1, &[]);
    old.product(2, &[("price", "503869")]);
    old.product(3, &[("price", "0")]);
    old.product(4, &[("price", "-100")]);
    old.product(5, &[("min_profit", "10900.50")]);
    old.product(6, &[("max_profit", "13000.50")]);
    old.product(7, &[("min_profit", "0"), ("bot_active", "false")]);
    old.product(8, &[("min_profit", "13001")]);
    old.product(9, &[("kaspi_sku", "'twice'")]);
    old.product(10, &[("kaspi_sku", "'twice'")]);
    old.product(11, &[("store_id", "'00000000-0000-0000-0000-000000000000'")]);
    old.product(12, &[("store_id", "null")]);
    let left_out = format!("'{}'", store(2));
    old.product(13, &[("store_id", &left_out)]);
    old.product(14, &[("name", "repeat('x', 501)")]);
    old.product(
        15,
        &[("category", "repeat('x', 256)"), ("strategy", "repeat('x', 51)")],
    );
    old.product(16, &[("kaspi_product_id", "' '"), ("image_url", "'/p/51.jpg'")]);
    for n in 20..30 {
        old.product(n, &[]);
    }

    old.preorder(20, &[]);
    old.preorder(21, &[("price", "107919")]);
    old.preorder(22, &[("price", "0")]);
    old.preorder(23, &[("delivery_days", "31")]);
    old.preorder(24, &[("delivery_days", "-4")]);
    old.preorder(25, &[("warehouses", "'[1]'"), ("status", "'odd'")]);
    let twice = format!("'{}'", product(26));
    old.preorder(26, &[]);
    old.preorder(126, &[("product_id", &twice)]);
    // Its product was left out.
    old.preorder(9, &[]);
    old.preorder(199, &[]);
    let other = format!("'{}'", store(6));
    old.preorder(27, &[("store_id", &other)]);
    old.preorder(28, &[("warehouses", "null"), ("article", "repeat('x', 255)")]);
    moving
}

#[tokio::test]
async fn each_kind_of_doubt_is_told_and_nothing_is_guessed() {
    use OldTable::{Preorders, Products, Stores};
    let moving = doubtful();
    let (totals, told) = moving.run(ImportOptions::default()).await;
    assert!(!totals.is_complete());
    let pair = "user_id, merchant_id";
    let off = ("bot_active", Reason::SwitchedOff);
    let (out, emptied) = (true, false);
    assert_eq!(
        doubts(&told),
        [
            (out, Stores, store(2), vec![(pair, Reason::Duplicate)]),
            (out, Stores, store(3), vec![(pair, Reason::Duplicate)]),
            (out, Stores, store(4), vec![("user_id", Reason::Empty)]),
            (out, Stores, store(5), vec![("name", Reason::TooLong)]),
            (
                emptied,
                Stores,
                store(6),
                vec![("products_count", Reason::NotANumber)]
            ),
            (emptied, Products, product(2), vec![("price", Reason::Fraction)]),
            (
                emptied,
                Products,
                product(3),
                vec![("price", Reason::NotPositive)]
            ),
            (
                emptied,
                Products,
                product(4),
                vec![("price", Reason::NotPositive)]
            ),
            (
                emptied,
                Products,
                product(5),
                vec![("min_profit", Reason::Fraction), off]
            ),
            (
                emptied,
                Products,
                product(6),
                vec![("max_profit", Reason::Fraction), off]
            ),
            (
                emptied,
                Products,
                product(7),
                vec![("min_profit", Reason::NotPositive)]
            ),
            (
                emptied,
                Products,
                product(8),
                vec![("max_profit", Reason::FloorAboveCeiling), off]
            ),
            (out, Products, product(9), vec![("kaspi_sku", Reason::Duplicate)]),
            (out, Products, product(10), vec![("kaspi_sku", Reason::Duplicate)]),
            (out, Products, product(11), vec![("store_id", Reason::NoStore)]),
            (out, Products, product(12), vec![("store_id", Reason::NoStore)]),
            (out, Products, product(13), vec![("store_id", Reason::NoStore)]),
            (out, Products, product(14), vec![("name", Reason::TooLong)]),
            (
                emptied,
                Products,
                product(15),
                vec![("category", Reason::TooLong), ("strategy", Reason::TooLong), off]
            ),
            (
                out,
                Products,
                product(16),
                vec![("kaspi_product_id", Reason::Empty)]
            ),
            (
                out,
                Preorders,
                preorder(9),
                vec![("product_id", Reason::NoProduct)]
            ),
            (out, Preorders, preorder(21), vec![("price", Reason::Fraction)]),
            (out, Preorders, preorder(22), vec![("price", Reason::NotPositive)]),
            (
                out,
                Preorders,
                preorder(23),
                vec![("delivery_days", Reason::Days)]
            ),
            (
                out,
                Preorders,
                preorder(24),
                vec![("delivery_days", Reason::Days)]
            ),
            (
                out,
                Preorders,
                preorder(25),
                vec![
                    ("status", Reason::UnknownWord),
                    ("warehouses", Reason::Unreadable)
                ]
            ),
            (
                out,
                Preorders,
                preorder(26),
                vec![("product_id, store_id", Reason::Duplicate)]
            ),
            (
                out,
                Preorders,
                preorder(27),
                vec![("store_id", Reason::OtherStore)]
            ),
            (
                out,
                Preorders,
                preorder(126),
                vec![("product_id, store_id", Reason::Duplicate)]
            ),
            (
                out,
                Preorders,
                preorder(199),
                vec![("product_id", Reason::NoProduct)]
            ),
        ]
    );

    let conn = &mut moving.app.conn();
    let here: Vec<StoreId> = stores::table
        .order(stores::id)
        .select(stores::id)
        .load(conn)
        .unwrap();
    assert_eq!(here, [store(1), store(6)].map(StoreId));
    let here: Vec<(ProductId, bool, Option<Tenge>, Option<Tenge>)> = products::table
        .order(products::id)
        .select((
            products::id,
            products::repricing_enabled,
            products::floor_tenge,
            products::ceiling_tenge,
        ))
        .limit(9)
        .load(conn)
        .unwrap();
    let (low, high) = (Some(Tenge(10_900)), Some(Tenge(13_000)));
    assert_eq!(
        here,
        [
            (ProductId(product(1)), true, low, high),
            (ProductId(product(2)), true, low, high),
            (ProductId(product(3)), true, low, high),
            (ProductId(product(4)), true, low, high),
            (ProductId(product(5)), false, None, high),
            (ProductId(product(6)), false, low, None),
            (ProductId(product(7)), false, None, high),
            (ProductId(product(8)), false, None, None),
            (ProductId(product(15)), false, low, high),
        ]
    );
    assert_eq!(moving.count("products"), 9 + 10);
    let priceless: Vec<ProductId> = products::table
        .left_join(product_prices::table)
        .filter(product_prices::product_id.nullable().is_null())
        .order(products::id)
        .select(products::id)
        .load(conn)
        .unwrap();
    assert_eq!(priceless, [product(2), product(3), product(4)].map(ProductId));
    let here: Vec<PreorderId> = preorders::table
        .order(preorders::id)
        .select(preorders::id)
        .load(conn)
        .unwrap();
    assert_eq!(here, [preorder(20), preorder(28)].map(PreorderId));
}

#[tokio::test]
async fn a_dry_run_tells_the_same_and_writes_nothing() {
    let moving = doubtful();
    moving
        .old
        .execute(r#"update kaspi_stores set guid = '{"email": "a@example.kz", "password": "secret-1"}'"#);
    let before = moving.counts();
    let options = ImportOptions {
        with_passwords: true,
        ..ImportOptions::default()
    };
    let dry = ImportOptions {
        dry_run: true,
        ..options.clone()
    };
    let imagined = moving.run(dry.clone()).await;
    assert_eq!(moving.counts(), before);
    let real = moving.run(options).await;
    assert_eq!(imagined, real);
    assert_eq!((real.0.preorders.taken, real.0.passwords_taken), (2, 2));

    let after = moving.counts();
    let again = moving.run(dry).await;
    assert_eq!(moving.counts(), after);
    assert_eq!((again.0.products.taken, again.0.products.same), (0, 19));
}

#[tokio::test]
async fn what_has_its_place_here_already_stays() {
    let moving = Move::new();
    moving.old.store(1, &[]);
    moving.old.product(1, &[]);
    moving.old.preorder(1, &[]);
    moving.run(ImportOptions::default()).await;
    // Somebody has made the preorder anew meanwhile, and given the product the article of the next one.
    let anew = "'00000009-0000-4000-8000-000000000009'";
    moving.change(&format!("update preorders set id = {anew}"));
    moving.old.product(2, &[]);
    moving.change(&format!(
        "update products set sku = 'S2' where id = '{}'",
        product(1)
    ));
    let (totals, told) = moving.run(ImportOptions::default()).await;
    assert_eq!(
        doubts(&told),
        [
            (
                true,
                OldTable::Products,
                product(2),
                vec![("kaspi_sku", Reason::TakenHere)]
            ),
            (
                true,
                OldTable::Preorders,
                preorder(1),
                vec![("product_id, store_id", Reason::TakenHere)]
            ),
        ]
    );
    assert_eq!((totals.products.taken, totals.preorders.taken), (0, 0));

    // A store that its owner has connected here before the import.
    let moving = Move::new();
    moving.old.store(1, &[]);
    moving.run(ImportOptions::default()).await;
    moving.change(&format!("update stores set id = {anew}"));
    moving.old.product(1, &[]);
    let (_, told) = moving.run(ImportOptions::default()).await;
    assert_eq!(
        doubts(&told),
        [
            (
                true,
                OldTable::Stores,
                store(1),
                vec![("user_id, merchant_id", Reason::TakenHere)]
            ),
            (
                true,
                OldTable::Products,
                product(1),
                vec![("store_id", Reason::NoStore)]
            ),
        ]
    );
}

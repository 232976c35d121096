//! A second run: what is the same stays, what is new comes, what somebody has changed here is told and stays. And a run
//! that was killed is finished by the next one.

use std::os::unix::process::ExitStatusExt;

use diesel::prelude::*;
use kaspi_panel::{
    app::import_django::{Counts, Difference},
    domain::{ProductId, Tenge},
    schema::{audit_log, products},
};
use serde_json::Value;

use super::*;

fn differs(table: OldTable, id: Uuid, fields: &[(&'static str, Option<&str>, Option<&str>)]) -> ImportEvent {
    let fields = fields
        .iter()
        .map(|(field, here, there)| Difference {
            field,
            here: here.map(str::to_owned),
            there: there.map(str::to_owned),
        })
        .collect();
    ImportEvent::Differs { table, id, fields }
}

#[tokio::test]
async fn a_second_run_brings_what_is_new_and_overwrites_nothing() {
    let moving = Move::new();
    let old = &moving.old;
    old.store(1, &[]);
    for n in 1..=3 {
        old.product(n, &[]);
        old.preorder(n, &[]);
    }
    moving.run(ImportOptions::default()).await;
    let before = moving.counts();

    let (totals, told) = moving.run(ImportOptions::default()).await;
    let same = |read| Counts {
        read,
        same: read,
        ..Counts::default()
    };
    assert_eq!(
        (totals.kaspi_stores, totals.products, totals.preorders),
        (same(1), same(3), same(3))
    );
    assert_eq!(moving.counts(), before, "not even a line in the log");
    assert!(matches!(told.as_slice(), [ImportEvent::Owner { .. }]), "{told:?}");

    // A person works here, a sync tells other titles and prices, and the old one goes on, too.
    moving.change(&format!(
        "update products set floor_tenge = 11500, ceiling_tenge = null where id = '{}';
         update products set name = 'as synced', category = null; update product_prices set price_tenge = 12001;
         update preorders set delivery_days = 9 where id = '{}'; update stores set active = false, name = 'x'",
        product(1),
        preorder(2)
    ));
    old.execute(&format!(
        "update products set bot_active = false where id = '{}'",
        product(3)
    ));
    old.product(4, &[]);
    old.preorder(4, &[]);
    let (totals, told) = moving.run(ImportOptions::default()).await;
    assert_eq!((totals.products.taken, totals.preorders.taken), (1, 1));
    assert!(totals.is_complete(), "differences are no doubts");
    assert_eq!(
        told[1..],
        [
            differs(
                OldTable::Stores,
                store(1),
                &[("is_active", Some("false"), Some("true"))]
            ),
            differs(
                OldTable::Products,
                product(1),
                &[
                    ("min_profit", Some("11500"), Some("10900")),
                    ("max_profit", None, Some("13000"))
                ]
            ),
            differs(
                OldTable::Products,
                product(3),
                &[("bot_active", Some("true"), Some("false"))]
            ),
            differs(
                OldTable::Preorders,
                preorder(2),
                &[("delivery_days", Some("9"), Some("2"))]
            ),
        ]
    );
    let (floor, name): (Option<Tenge>, String) = products::table
        .find(ProductId(product(1)))
        .select((products::floor_tenge, products::name))
        .first(&mut moving.app.conn())
        .unwrap();
    assert_eq!((floor, name.as_str()), (Some(Tenge(11_500)), "as synced"));
}

#[tokio::test]
async fn what_comes_to_a_store_that_works_is_switched_off() {
    let moving = Move::new();
    let old = &moving.old;
    old.store(1, &[]);
    old.product(1, &[]);
    moving.run(ImportOptions::default()).await;
    moving.change("update stores set repricing_mode = 'live'");
    old.product(2, &[]);
    let (totals, told) = moving.run(ImportOptions::default()).await;
    assert_eq!(totals.products.taken, 1);
    let off = told.iter().any(|event| {
        matches!(event, ImportEvent::Emptied { id, doubts, .. } if *id == product(2)
            && doubts.iter().any(|doubt| doubt.reason == Reason::StoreWorks))
    });
    assert!(off, "{told:?}");
    let enabled: Vec<bool> = products::table
        .order(products::id)
        .select(products::repricing_enabled)
        .load(&mut moving.app.conn())
        .unwrap();
    assert_eq!(enabled, [true, false]);
}

#[tokio::test]
async fn a_killed_run_is_finished_by_the_next_one() {
    let moving = Move::new();
    let old = &moving.old;
    old.store(1, &[]);
    old.product(1, &[]);
    old.execute(
        "insert into products select (lpad(to_hex(9), 8, '0') || '-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
           created_at, updated_at, 'K' || n, 'S' || n, price, name, external_kaspi_id, category, image_url,
           bot_active, last_check_time, min_profit, max_profit, strategy, store_id
         from products, generate_series(2, 2500) as n",
    );
    old.preorder(1, &[]);

    let killed = moving
        .app
        .program(&["import-django", "--from", old.db.url()])
        .env("KASPI_PANEL_FAIL_POINT", "import_written:2:kill")
        .output()
        .unwrap();
    assert_eq!(killed.status.signal(), Some(9), "{killed:?}");
    assert_eq!(
        (moving.count("products"), moving.count("preorders")),
        (1_000, 0),
        "the second batch was not committed"
    );

    let (totals, _) = moving.run(ImportOptions::default()).await;
    let products = Counts {
        read: 2_500,
        taken: 1_500,
        same: 1_000,
        ..Counts::default()
    };
    assert_eq!((totals.products, totals.preorders.taken), (products, 1));
    assert_eq!(
        (
            moving.count("products"),
            moving.count("product_prices"),
            moving.count("preorders")
        ),
        (2_500, 2_500, 1)
    );
    // Each row stands in exactly one line of the log.
    let lines: Vec<Option<Value>> = audit_log::table
        .filter(audit_log::action.eq("import"))
        .select(audit_log::after)
        .load(&mut moving.app.conn())
        .unwrap();
    let logged = |what: &str| -> u64 {
        lines
            .iter()
            .flatten()
            .filter_map(|after| after[what].as_u64())
            .sum()
    };
    assert_eq!((logged("products"), logged("preorders")), (2_500, 1));
}

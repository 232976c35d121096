//! What a round leaves behind that ended in the middle: killed, cut off from the database, or overtaken by a newer
//! decision. The next round takes it up, also where it is the same worker's, and says so in the audit log.

use kaspi_panel::domain::PushId;

use super::*;

/// The database went away between two steps of a round; the worker lives and still has its lease.
#[actix_web::test]
async fn what_a_workers_own_failed_round_left_is_taken_up_by_its_next_round() {
    for (left, end) in [
        ("claimed", (PushState::Expired, Some("worker_lost".to_owned()))),
        ("sent", (PushState::Expired, Some("never_applied".to_owned()))),
    ] {
        let shop = Shop::open().await;
        shop.reprice().await;
        shop.sql(&format!(
            "update stores set lease_owner = '{}', lease_epoch = 5, lease_until = now() + interval '1 minute'",
            shop.worker
        ));
        shop.sql(&format!(
            "update price_pushes set state = '{left}', lease_epoch = 5, sent_at = '2026-11-23T07:00:00Z'"
        ));
        shop.push().await;
        shop.later(901).await;
        shop.push().await;
        assert_eq!(shop.pushes(), [end], "{left}");
        assert!(shop.asked().await.is_empty(), "{left}");
        shop.reprice().await;
        assert_eq!(shop.push().await.sent, 1, "{left}: the product goes on");
    }
}

#[actix_web::test]
async fn a_write_that_the_client_itself_holds_back_ends_as_held() {
    let shop = Shop::open_with(|config| config.kaspi.limits.writes_per_half_hour = 1).await;
    shop.reprice().await;
    assert_eq!(shop.push().await.sent, 1);
    // The client counts the half hour by its own clock, which the test does not move.
    shop.later(1_801).await;
    assert_eq!(shop.push().await.confirmed, 1);
    shop.app
        .market
        .control(
            "/control/rivals",
            json!({ "card": "100000001", "merchant_id": "40000009", "name": "Mover",
            "prices": { "750000000": 15_500 } }),
        )
        .await;
    shop.reprice().await;
    let pushed = shop.push().await;
    assert_eq!((pushed.sent, pushed.held), (0, 1));
    assert_eq!(shop.pushes()[1], (PushState::Held, Some("paused".to_owned())));
}

#[actix_web::test]
async fn a_decision_made_while_a_write_leaves_does_not_stop_the_stores_other_writes() {
    let shop = Shop::open().await;
    shop.reprice().await;
    shop.push().await;
    // Decided in the moment in which the first was claimed: planned beside a write on its way.
    shop.sql(
        "insert into price_pushes (id, store_id, product_id, sequence, origin, build_id, planned_at, market_taken_at)
         select gen_random_uuid(), store_id, product_id, 2, 'robot', 'test', planned_at, market_taken_at
         from price_pushes",
    );
    let other = NewProduct {
        sku: "100000002_200000003",
        card_id: Some("100000002"),
        price: 10_000,
        ..NewProduct::default()
    };
    db_product(&mut shop.app.conn(), shop.store, &other);
    shop.sql(
        "insert into price_pushes (id, store_id, product_id, sequence, origin, build_id, planned_at, market_taken_at)
         select gen_random_uuid(), store_id, id, 0, 'robot', 'test', '2026-11-23T07:00:00Z', '2026-11-23T07:00:00Z'
         from products where sku = '100000002_200000003'",
    );
    shop.push().await;
    let states: Vec<(String, i64, PushState)> = price_pushes::table
        .inner_join(kaspi_panel::schema::products::table)
        .order((kaspi_panel::schema::products::sku, price_pushes::sequence))
        .select((
            kaspi_panel::schema::products::kaspi_product_id,
            price_pushes::sequence,
            price_pushes::state,
        ))
        .load(&mut shop.app.conn())
        .unwrap();
    let of = |sku: &str, sequence| {
        let found = states.iter().find(|row| row.0 == sku && row.1 == sequence);
        found.map(|row| row.2)
    };
    assert_eq!(of(SKU, 1), Some(PushState::Accepted));
    assert_eq!(of(SKU, 2), Some(PushState::Planned), "waits for the first to end");
    assert_ne!(
        of("100000002_200000003", 0),
        Some(PushState::Planned),
        "its turn came"
    );
}

/// Actions of the audit rows of a push, oldest first.
fn audited(shop: &Shop, push: PushId) -> Vec<String> {
    audit_log::table
        .filter(audit_log::object_id.eq(push.0))
        .order(audit_log::id)
        .select(audit_log::action)
        .load(&mut shop.app.conn())
        .unwrap()
}

fn ids(shop: &Shop) -> Vec<PushId> {
    price_pushes::table
        .order(price_pushes::sequence)
        .select(price_pushes::id)
        .load(&mut shop.app.conn())
        .unwrap()
}

#[actix_web::test]
async fn the_end_of_a_lost_workers_push_is_audited() {
    let shop = Shop::open().await;
    shop.reprice().await;
    shop.sql("update price_pushes set state = 'claimed', lease_epoch = 0");
    shop.push().await;
    assert_eq!(audited(&shop, ids(&shop)[0]), ["plan", "expired"]);
}

#[actix_web::test]
async fn the_end_of_a_plan_that_a_newer_one_replaces_is_audited() {
    let shop = Shop::open().await;
    shop.reprice().await;
    shop.later(301).await;
    shop.reprice().await;
    let ids = ids(&shop);
    assert_eq!(shop.pushes()[0].0, PushState::Superseded);
    assert_eq!(audited(&shop, ids[0]), ["plan", "superseded"]);
    assert_eq!(audited(&shop, ids[1]), ["plan"]);
}

/// Where the test below keeps its database.
static DATABASE: std::sync::OnceLock<String> = std::sync::OnceLock::new();

/// Decides as usual, while a write that was on its way is confirmed: the product has the wanted price already.
fn confirmed_meanwhile(input: &Input) -> Decision {
    let decision = decide(input);
    let mut conn = PgConnection::establish(DATABASE.get().unwrap()).unwrap();
    diesel::update(product_prices::table.filter(product_prices::city_id.eq("750000000")))
        .set(product_prices::price_tenge.eq(decision.price.unwrap()))
        .execute(&mut conn)
        .unwrap();
    decision
}

#[actix_web::test]
async fn a_decision_about_a_price_that_has_just_changed_plans_nothing() {
    let shop = Shop::open().await;
    DATABASE.set(shop.app.db.url().to_owned()).unwrap();
    let pass = reprice_due_with(&shop.app.services, PASS, confirmed_meanwhile)
        .await
        .unwrap();
    assert_eq!((pass.checked, pass.failed), (1, 0));
    assert_eq!(shop.pushes(), []);
    // The other price is decided about as ever.
    shop.sql("update product_prices set price_tenge = 15990 where city_id = '750000000'");
    shop.later(301).await;
    shop.reprice().await;
    assert_eq!(shop.pushes(), [(PushState::Planned, None)]);
}

//! Several writes of one shop in one request: each passed the last gate by itself.

use std::time::Duration;

use chrono::TimeDelta;
use kaspi_panel::{
    app::cabinet_session::session_of,
    last_gate,
    store::{
        leases::store_lease_acquire,
        pushes::{push_claim, push_list_next},
    },
};

use super::*;

const SECOND: &str = "100000002_200000003";

#[actix_web::test]
async fn writes_of_one_shop_go_out_in_one_request() {
    let shop = Shop::open().await;
    let state = shop.app.market.state().await;
    let offers = state["offers"].as_array().unwrap();
    let offer = offers
        .iter()
        .find(|offer| offer["merchant"] == "30000001" && offer["sku"] == SECOND)
        .expect("the offer");
    let price = offer["listed"]["city_prices"]["750000000"]
        .as_i64()
        .or(offer["listed"]["price"].as_i64())
        .expect("a price");
    let new = NewProduct {
        sku: SECOND,
        card_id: Some("100000002"),
        price,
        floor: Some(price - 1_000),
        ceiling: Some(price + 1_000),
        ..NewProduct::default()
    };
    db_product(&mut shop.app.conn(), shop.store, &new);
    assert_eq!(shop.reprice().await.changed, 2);

    let (conn, now) = (&mut shop.app.conn(), shop.app.services.now());
    let epoch = store_lease_acquire(conn, shop.store, shop.worker, Duration::from_secs(60))
        .unwrap()
        .unwrap();
    let mut writes = Vec::new();
    for push in push_list_next(conn, shop.store, TimeDelta::zero(), 8, now).unwrap() {
        push_claim(conn, push.id, epoch, now)
            .unwrap()
            .expect("still planned");
        writes.push(last_gate::clear(conn, push.id, epoch, now).unwrap());
    }
    assert_eq!(writes.len(), 2);
    let session = session_of(&shop.app.services, shop.store).await.unwrap();
    let accepted = shop
        .app
        .services
        .kaspi
        .set_prices(&session, &writes)
        .await
        .unwrap();

    assert!(!accepted.operation_id.is_empty());
    let calls = shop.app.market.calls("process_batch").await;
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0]["writes"].as_array().map(Vec::len), Some(2));
    let none = shop.app.services.kaspi.set_prices(&session, &[]).await;
    assert!(none.is_err(), "nothing is no batch");
    assert_eq!(shop.app.market.calls("process_batch").await.len(), 1);
}

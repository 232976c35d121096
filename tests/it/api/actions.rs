//! Actions on products: offers, a price by hand, switching many.

use std::time::Duration;

use diesel::prelude::*;
use kaspi_panel::{
    app::push_prices::push_store,
    domain::{KillSwitchId, ProductId, SessionState, StoreId},
    schema::{kill_switches, market_offers, market_snapshots, price_pushes, products, stores, users},
    worker::jobs,
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{post, program, seller, send};
use crate::support::{
    CITY, Cabinet, Client, NewProduct, TestApp, db_connected_store, db_product, now, wait_until,
};

const SKU: &str = "100000001_200000002";
const PRICE: &str = "/api/v1/products/update_price/";

/// A price by hand is on its way to be sent.
async fn planned() -> (TestApp, Client, ProductId) {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let product = db_product(&mut app.conn(), store, &NewProduct::default());
    let body = json!({ "product_id": product, "price": "9500" }).to_string();
    let told = post(&anna, &format!("{PRICE}?wait=0"), &body)
        .await
        .expect(202)
        .json();
    assert_eq!(told["data"]["state"], "planned");
    (app, anna, product)
}

#[tokio::test]
async fn what_a_price_waits_for_stays_the_same_offer_until_it_has_ended() {
    let (app, anna, product) = planned().await;
    let path = format!("/api/v1/products/{product}/");
    for body in [r#"{"kaspi_sku":"another"}"#, r#"{"external_kaspi_id":"999"}"#] {
        send(&anna, Method::PATCH, &path, body).await.expect(409);
    }
    send(&anna, Method::PATCH, &path, r#"{"name":"Another name"}"#)
        .await
        .expect(200);
    // Nor is it removed: the person waits for an answer, and on its way its end would be known to nobody.
    send(&anna, Method::DELETE, &path, "").await.expect(409);
    diesel::update(price_pushes::table)
        .set(price_pushes::state.eq("sent"))
        .execute(&mut app.conn())
        .unwrap();
    send(&anna, Method::DELETE, &path, "").await.expect(409);
    diesel::update(price_pushes::table)
        .set(price_pushes::state.eq("confirmed"))
        .execute(&mut app.conn())
        .unwrap();
    send(&anna, Method::DELETE, &path, "").await.expect(204);
}

#[tokio::test]
async fn a_row_that_somebody_holds_is_told_as_busy() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let product = db_product(&mut app.conn(), store, &NewProduct::default());
    let mut other = app.conn();
    diesel::Connection::begin_test_transaction(&mut other).unwrap();
    diesel::update(products::table.find(product))
        .set(products::name.eq("held"))
        .execute(&mut other)
        .unwrap();
    let path = format!("/api/v1/products/{product}/");
    let answer = send(&anna, Method::PATCH, &path, r#"{"name":"a"}"#)
        .await
        .expect(503);
    assert_eq!(answer.json()["code"], "unavailable");
}

#[tokio::test]
async fn offers_of_a_product_are_those_last_read_of_its_card() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let (_, _, boris) = seller(&mut app, "boris", "30000002").await;
    db_product(
        &mut app.conn(),
        store,
        &NewProduct {
            sku: "1",
            ..NewProduct::default()
        },
    );
    diesel::insert_into(market_snapshots::table)
        .values((
            market_snapshots::card_id.eq("100000001"),
            market_snapshots::city_id.eq(CITY),
            market_snapshots::taken_at.eq(now()),
            market_snapshots::total.eq(2),
            market_snapshots::complete.eq(true),
        ))
        .execute(&mut app.conn())
        .unwrap();
    for (merchant, price) in [("RIVAL2", 950_i64), ("RIVAL1", 900)] {
        diesel::insert_into(market_offers::table)
            .values((
                market_offers::id.eq(Uuid::now_v7()),
                market_offers::card_id.eq("100000001"),
                market_offers::city_id.eq(CITY),
                market_offers::merchant_id.eq(merchant),
                market_offers::merchant_name.eq(merchant),
                market_offers::price_tenge.eq(price),
                market_offers::reviews.eq(0),
                market_offers::preorder_days.eq(0),
                market_offers::first_seen_at.eq(now()),
                market_offers::last_seen_at.eq(now()),
            ))
            .execute(&mut app.conn())
            .unwrap();
    }
    let path = "/api/v1/products/offers_by_product/";
    assert_eq!(
        post(&anna, path, r#"{"sku":"1"}"#).await.expect(200).body_text(),
        r#"{"success":true,"data":[{"merchant_id":"RIVAL1","price":900},{"merchant_id":"RIVAL2","price":950}]}"#
    );
    for sku in ["1", "100000001"] {
        let answer = post(&boris, path, &format!(r#"{{"sku":"{sku}"}}"#))
            .await
            .expect(404);
        assert_eq!(
            answer.body_text(),
            r#"{"success":false,"error":"Товар не найден"}"#
        );
    }
    assert_eq!(
        post(&anna, path, "{}").await.expect(400).body_text(),
        r#"["sku обязателен"]"#
    );
}

#[tokio::test]
async fn products_of_a_store_are_switched_by_their_offer_ids() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let (_, _, boris) = seller(&mut app, "boris", "30000002").await;
    for (sku, repricing) in [("K1", true), ("K2", false), ("K3", true)] {
        let new = NewProduct {
            sku,
            repricing,
            floor: None,
            ..NewProduct::default()
        };
        db_product(&mut app.conn(), store, &new);
    }
    let body = format!(r#"{{"store_id":"{store}","product_ids":["K1","K2","none"]}}"#);
    let on = || {
        products::table
            .order(products::kaspi_product_id)
            .select(products::repricing_enabled)
            .load::<bool>(&mut app.conn())
            .unwrap()
    };
    for (action, told, switched) in [
        (
            "disable",
            r#"{"success":true,"updated_count":2,"message":"Отключено товаров: 2"}"#,
            [false, false, true],
        ),
        (
            "enable",
            r#"{"success":true,"updated_count":2,"message":"Включено товаров: 2"}"#,
            [true, true, true],
        ),
    ] {
        let path = format!("/api/v1/products/batch_{action}/");
        assert_eq!(post(&anna, &path, &body).await.expect(200).body_text(), told);
        assert_eq!(on(), switched);
        post(&boris, &path, &body).await.expect(404);
        for (bad, told) in [
            ("{}", r#"["store_id и product_ids обязательны"]"#.to_owned()),
            (
                r#"{"store_id":"abc","product_ids":["K1"]}"#,
                r#"["Значение “abc” не является верным UUID-ом."]"#.to_owned(),
            ),
        ] {
            assert_eq!(post(&anna, &path, bad).await.expect(400).body_text(), told);
        }
        let odd = format!(r#"{{"store_id":"{store}","product_ids":[["K1"]]}}"#);
        post(&anna, &path, &odd).await.expect(400);
    }
    assert_eq!(on(), [true, true, true]);
}

/// A store of the market with its catalogue read, and a program of its owner.
async fn shop(app: &mut TestApp) -> (StoreId, ProductId, Client) {
    let store = db_connected_store(app, Cabinet::DEMO).await;
    let run = kaspi_panel::app::sync_products::request_sync(
        &app.services,
        &kaspi_panel::domain::Actor::system(),
        store,
    )
    .await
    .unwrap();
    jobs::sync_store::run(app.services.clone(), run).await.unwrap();
    let product: ProductId = products::table
        .filter(products::sku.eq(SKU))
        .select(products::id)
        .first(&mut app.conn())
        .unwrap();
    diesel::update(products::table.find(product))
        .set((
            products::floor_tenge.eq(1_000_i64),
            products::ceiling_tenge.eq(100_000_i64),
        ))
        .execute(&mut app.conn())
        .unwrap();
    let name: String = stores::table
        .inner_join(users::table)
        .filter(stores::id.eq(store))
        .select(users::external_id)
        .first(&mut app.conn())
        .unwrap();
    let client = program(app, &name).await;
    (store, product, client)
}

fn states(app: &TestApp) -> Vec<String> {
    price_pushes::table
        .order(price_pushes::id)
        .select(price_pushes::state)
        .load(&mut app.conn())
        .unwrap()
}

#[tokio::test]
async fn a_price_by_hand_goes_the_way_of_every_price() {
    let mut app = TestApp::new();
    let (store, product, client) = shop(&mut app).await;
    let body = format!(r#"{{"product_id":"{product}","price":"15000"}}"#);

    // Nobody sends: written down, and not yet a success.
    let waits = post(&client, &format!("{PRICE}?wait=0"), &body)
        .await
        .expect(202)
        .json();
    assert_eq!(
        (&waits["success"], &waits["data"]["state"]),
        (&json!(false), &json!("planned"))
    );
    let push = waits["data"]["push_id"].as_str().unwrap().to_owned();
    let told = client
        .get(&format!("/api/v1/price-pushes/{push}/"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&told["state"], &told["origin"]),
        (&json!("planned"), &json!("person"))
    );
    let cities = told["cities"].as_array().unwrap();
    let main = cities.iter().find(|city| city["city"] == CITY).unwrap();
    assert_eq!(main["price"], 15_000);
    assert!(
        cities
            .iter()
            .filter(|city| city["city"] != CITY)
            .all(|city| city["price"] == city["before"]),
        "other cities keep theirs"
    );

    // A second wish takes its place; a worker sends it, and the answer is the marketplace's.
    let send = async {
        wait_until("a second write", Duration::from_secs(30), || async {
            let states = states(&app);
            if states.len() == 2 { Ok(()) } else { Err(states) }
        })
        .await;
        push_store(&app.services, store, Uuid::now_v7()).await.unwrap();
    };
    let second = format!(r#"{{"product_id":"{product}","price":14990}}"#);
    let target = format!("{PRICE}?wait=30");
    let (answer, ()) = tokio::join!(post(&client, &target, &second), send);
    let answer = answer.expect(200).json();
    let id = answer["data"]["push_id"].as_str().unwrap().to_owned();
    assert_eq!(
        answer.to_string(),
        format!(
            r#"{{"success":true,"data":{{"success":true,"message":"Товар {product} успешно синхронизирован","push_id":"{id}","state":"accepted"}}}}"#
        )
    );
    assert_eq!(states(&app), ["superseded", "accepted"]);
    let writes = app.market.calls("process").await;
    assert_eq!(writes.len(), 1, "one write, of the second wish");
    let locked: Option<chrono::DateTime<chrono::Utc>> = products::table
        .find(product)
        .select(products::locked_until)
        .first(&mut app.conn())
        .unwrap();
    assert!(
        locked.is_some_and(|until| until > now()),
        "the robot's hands are off for a while"
    );
}

#[tokio::test]
async fn what_forbids_a_price_is_told_with_the_limit() {
    let mut app = TestApp::new();
    let (store, product, client) = shop(&mut app).await;
    let wish = |price: Value| json!({ "product_id": product, "price": price }).to_string();
    for (price, code, limit) in [
        (json!(999), "below_floor", json!(1_000)),
        (json!("100001"), "above_ceiling", json!(100_000)),
    ] {
        let answer = post(&client, PRICE, &wish(price)).await.expect(409).json();
        let keys: Vec<&String> = answer.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["success", "error", "code", "request_id", "limit"]);
        assert_eq!((&answer["code"], &answer["limit"]), (&json!(code), &limit));
        assert_eq!(answer["success"], false);
    }
    for (price, told) in [
        (json!("abc"), r#"{"price":["Введите правильное число."]}"#),
        (
            json!("1500.50"),
            r#"{"price":["Цена должна быть целым числом тенге."]}"#,
        ),
        (
            json!(0),
            r#"{"price":["Убедитесь, что это значение больше либо равно 1."]}"#,
        ),
        (
            json!(-7),
            r#"{"price":["Убедитесь, что это значение больше либо равно 1."]}"#,
        ),
        (json!([1]), r#"{"price":["Введите правильное число."]}"#),
    ] {
        let answer = post(&client, PRICE, &wish(price)).await.expect(400);
        assert_eq!(answer.body_text(), told);
    }
    for body in ["{}", r#"{"product_id":"x"}"#, r#"{"price":1}"#] {
        let answer = post(&client, PRICE, body).await.expect(400);
        assert_eq!(answer.body_text(), r#"["product_id и price обязательны"]"#);
    }
    for id in ["00000000-0000-0000-0000-000000000000", "no-key"] {
        let body = format!(r#"{{"product_id":"{id}","price":"1500"}}"#);
        let answer = post(&client, PRICE, &body).await.expect(404);
        assert_eq!(
            answer.body_text(),
            r#"{"success":false,"error":"Товар не найден"}"#
        );
    }
    diesel::insert_into(kill_switches::table)
        .values((
            kill_switches::id.eq(KillSwitchId::new()),
            kill_switches::scope.eq("store"),
            kill_switches::store_id.eq(store),
            kill_switches::reason.eq("look"),
            kill_switches::stopped_by.eq("anna"),
            kill_switches::stopped_at.eq(now()),
        ))
        .execute(&mut app.conn())
        .unwrap();
    let stopped = post(&client, PRICE, &wish(json!(15_000)))
        .await
        .expect(409)
        .json();
    assert_eq!(stopped["code"], "stopped");
    diesel::update(products::table.find(product))
        .set((
            products::floor_tenge.eq(None::<i64>),
            products::ceiling_tenge.eq(None::<i64>),
        ))
        .execute(&mut app.conn())
        .unwrap();
    diesel::delete(kill_switches::table)
        .execute(&mut app.conn())
        .unwrap();
    let none = post(&client, PRICE, &wish(json!(15_000)))
        .await
        .expect(409)
        .json();
    assert_eq!(none["code"], "no_floor");
    // Without a session nobody looks at the price.
    diesel::update(stores::table.find(store))
        .set(stores::session_state.eq(SessionState::NeedsLogin))
        .execute(&mut app.conn())
        .unwrap();
    let answer = post(&client, PRICE, &wish(json!("abc"))).await.expect(401);
    assert_eq!(
        answer.body_text(),
        r#"{"success":false,"error":"Сессия истекла"}"#
    );
    assert!(states(&app).is_empty(), "nothing was planned");
}

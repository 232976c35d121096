//! Shapes of objects and lists: order of fields, types, paging, search, order, filters.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{PreorderId, ProductId, StoreId},
    schema::{preorders, products, stores},
};
use serde_json::{Value, json};

use super::seller;
use crate::support::{Client, NewProduct, TestApp, db_product, now};

fn shown_preorder(app: &TestApp, store: StoreId, product: ProductId, name: &str, status: &str) -> PreorderId {
    let id = PreorderId::new();
    diesel::insert_into(preorders::table)
        .values((
            preorders::id.eq(id),
            preorders::store_id.eq(store),
            preorders::product_id.eq(product),
            preorders::article.eq("ART1"),
            preorders::name.eq(name),
            preorders::status.eq(status),
            preorders::price_tenge.eq(1_079),
            preorders::warehouses.eq(json!({"1": {"id": 1, "quantity": 3}})),
            preorders::delivery_days.eq(2),
            preorders::created_at.eq(now()),
            preorders::updated_at.eq(now()),
        ))
        .execute(&mut app.conn())
        .expect("a preorder");
    id
}

async fn names(client: &Client, path: &str) -> Vec<String> {
    let list = client.get(path).await.expect(200).json();
    let results = list.get("results").and_then(Value::as_array).unwrap();
    results
        .iter()
        .map(|object| object.get("name").and_then(Value::as_str).unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_root_tells_the_lists() {
    let mut app = TestApp::new();
    let (_, _, anna) = seller(&mut app, "anna", "30000001").await;
    let host = app.serve();
    let host = host.as_str().trim_end_matches('/');
    assert_eq!(
        anna.get("/api/v1/").await.expect(200).body_text(),
        format!(
            r#"{{"kaspi/stores":"{host}/api/v1/kaspi/stores/","products":"{host}/api/v1/products/","preorders":"{host}/api/v1/preorders/"}}"#
        )
    );
}

#[tokio::test]
async fn a_store_looks_as_its_clients_know_it() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    diesel::update(stores::table.find(store))
        .set((stores::products_count.eq(7), stores::last_sync_at.eq(now())))
        .execute(&mut app.conn())
        .unwrap();
    let at = "2026-11-23T12:00:00.000000+05:00";
    let object = format!(
        r#"{{"id":"{store}","created_at":"{at}","updated_at":"{at}","user_id":"anna","merchant_id":"30000001","name":"Store 30000001","api_key":"reference","products_count":7,"last_sync":"{at}","is_active":true}}"#
    );
    let detail = anna
        .get(&format!("/api/v1/kaspi/stores/{store}/"))
        .await
        .expect(200);
    assert_eq!(detail.body_text(), object);
    let list = anna.get("/api/v1/kaspi/stores/?user_id=anna").await.expect(200);
    assert_eq!(
        list.body_text(),
        format!(r#"{{"count":1,"next":null,"previous":null,"results":[{object}]}}"#)
    );
}

#[tokio::test]
async fn a_product_looks_as_its_clients_know_it() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let new = NewProduct {
        sku: "S0000051",
        name: "Чайник Barys",
        price: 5_038,
        floor: Some(500),
        ceiling: None,
        ..NewProduct::default()
    };
    let product = db_product(&mut app.conn(), store, &new);
    let at = "2026-11-23T12:00:00.000000+05:00";
    let answer = anna
        .get(&format!("/api/v1/products/{product}/"))
        .await
        .expect(200);
    assert_eq!(
        answer.body_text(),
        format!(
            r#"{{"id":"{product}","kaspi_product_id":"S0000051","kaspi_sku":"S0000051","store":"{store}","price":503800,"price_in_tenge":"5038.00","name":"Чайник Barys","external_kaspi_id":"100000001","category":null,"image_url":null,"bot_active":true,"last_check_time":null,"min_profit":"500.00","max_profit":null,"strategy":null,"created_at":"{at}","updated_at":"{at}"}}"#
        )
    );
}

#[tokio::test]
async fn a_preorder_looks_as_its_clients_know_it() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let product = db_product(&mut app.conn(), store, &NewProduct::default());
    let preorder = shown_preorder(&app, store, product, "Предзаказ", "completed");
    let at = "2026-11-23T12:00:00.000000+05:00";
    let object = format!(
        r#"{{"id":"{preorder}","product":"{product}","store":"{store}","article":"ART1","name":"Предзаказ","brand":null,"status":"completed","price":107900,"warehouses":{{"1":{{"id":1,"quantity":3}}}},"delivery_days":2,"created_at":"{at}","updated_at":"{at}"}}"#
    );
    let answer = anna
        .get(&format!("/api/v1/preorders/{preorder}/"))
        .await
        .expect(200);
    assert_eq!(answer.body_text(), object);
    for (query, count) in [
        ("status=completed", 1),
        ("status=processing", 0),
        ("search=предзаказ", 1),
        ("search=art1,ничего", 0),
    ] {
        let list = anna.get(&format!("/api/v1/preorders/?{query}")).await.expect(200);
        assert_eq!(list.json()["count"], count, "{query}");
    }
    let answer = anna.get("/api/v1/preorders/?status=odd").await.expect(400);
    assert_eq!(
        answer.body_text(),
        r#"{"status":["Значения odd нет среди допустимых вариантов."]}"#
    );
}

#[tokio::test]
async fn lists_come_in_pages_of_fifty() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let mut conn = app.conn();
    for number in 0..101 {
        let sku = format!("S{number:03}");
        let new = NewProduct {
            sku: &sku,
            name: &sku,
            ..NewProduct::default()
        };
        db_product(&mut conn, store, &new);
    }
    let host = app.serve();
    let at = |query: &str| json!(format!("{host}api/v1/products/{query}"));

    let first = anna.get("/api/v1/products/").await.expect(200).json();
    assert_eq!((&first["count"], &first["next"]), (&json!(101), &at("?page=2")));
    assert!(first["previous"].is_null());
    assert_eq!(first["results"].as_array().unwrap().len(), 50);
    let second = anna
        .get("/api/v1/products/?page_size=1&page=2&limit=1")
        .await
        .expect(200)
        .json();
    assert_eq!(second["next"], at("?limit=1&page=3&page_size=1"));
    assert_eq!(second["previous"], at("?limit=1&page_size=1"));
    let last = anna.get("/api/v1/products/?page=last").await.expect(200).json();
    assert_eq!((&last["next"], &last["previous"]), (&json!(null), &at("?page=2")));
    assert_eq!(last["results"].as_array().unwrap().len(), 1);

    let mut seen: Vec<_> = [first, second, last]
        .iter()
        .flat_map(|page| page["results"].as_array().unwrap().clone())
        .map(|product| product["id"].as_str().unwrap().to_owned())
        .collect();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 101, "each product is on one page");
    for page in ["999999", "abc", "0", "-1", ""] {
        let answer = anna
            .get(&format!("/api/v1/products/?page={page}"))
            .await
            .expect(404);
        assert_eq!(
            answer.body_text(),
            r#"{"detail":"Неправильная страница"}"#,
            "{page:?}"
        );
    }
}

#[tokio::test]
async fn products_are_searched_ordered_and_filtered() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let mut conn = app.conn();
    for (sku, name, price, repricing) in [
        ("A-1", "Чайник белый", 300, true),
        ("A-2", "Чайник чёрный", 100, false),
        ("B%1", "Утюг", 200, true),
    ] {
        let new = NewProduct {
            sku,
            name,
            price,
            repricing,
            ..NewProduct::default()
        };
        let id = db_product(&mut conn, store, &new);
        diesel::update(products::table.find(id))
            .set(products::category.eq((sku == "B%1").then_some("Утюги")))
            .execute(&mut conn)
            .unwrap();
    }
    for (query, expected) in [
        (
            "search=чайник&ordering=price",
            vec!["Чайник чёрный", "Чайник белый"],
        ),
        ("search=ЧАЙНИК,белый", vec!["Чайник белый"]),
        ("search=%25", vec!["Утюг"]),
        ("search=100000001", vec![]),
        ("ordering=-price", vec!["Чайник белый", "Утюг", "Чайник чёрный"]),
        (
            "ordering=name,colour",
            vec!["Утюг", "Чайник белый", "Чайник чёрный"],
        ),
        ("bot_active=false", vec!["Чайник чёрный"]),
        ("category=%D0%A3%D1%82%D1%8E%D0%B3%D0%B8", vec!["Утюг"]),
        ("store=00000000-0000-0000-0000-000000000000", vec![]),
    ] {
        assert_eq!(
            names(&anna, &format!("/api/v1/products/?{query}")).await,
            expected,
            "{query}"
        );
    }
    let newest_first = names(&anna, &format!("/api/v1/products/?store={store}")).await;
    assert_eq!(newest_first, ["Утюг", "Чайник чёрный", "Чайник белый"]);
    for (query, body) in [
        (
            "store=zzz",
            r#"{"store":["Значение “zzz” не является верным UUID-ом."]}"#,
        ),
        (
            "bot_active=perhaps",
            r#"{"bot_active":["Must be a valid boolean."]}"#,
        ),
    ] {
        let answer = anna.get(&format!("/api/v1/products/?{query}")).await.expect(400);
        assert_eq!(answer.body_text(), body);
    }
}

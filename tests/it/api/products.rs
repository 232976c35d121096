//! Products made, changed and removed by programs.

use diesel::prelude::*;
use kaspi_panel::{
    app::put_back::{Wish, preview_put_back},
    domain::Actor,
    schema::{alerts, audit_log, price_pushes, product_prices, products, public_looks},
};
use reqwest::Method;
use serde_json::{Value, json};

use super::{post, seller, send, text};
use crate::support::{CITY, NewProduct, TestApp, db_preorder, db_product, db_store};

const LIST: &str = "/api/v1/products/";
const REQUIRED: &str = "Обязательное поле.";

#[tokio::test]
async fn a_product_is_made_byte_for_byte_as_clients_know_it() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let body = format!(
        r#"{{"kaspi_product_id":"T4","kaspi_sku":"S4","price":12345600,"name":" Чайник демо ","store":"{store}","min_profit":"500","id":"x","price_in_tenge":"1.00"}}"#
    );
    let answer = post(&anna, LIST, &body).await.expect(201);
    let id = text(&answer.json(), "id");
    let at = "2026-11-23T12:00:00.000000+05:00";
    assert_eq!(
        answer.body_text(),
        format!(
            r#"{{"id":"{id}","kaspi_product_id":"T4","kaspi_sku":"S4","store":"{store}","price":12345600,"price_in_tenge":"123456.00","name":"Чайник демо","external_kaspi_id":null,"category":null,"image_url":null,"bot_active":true,"last_check_time":null,"min_profit":"500.00","max_profit":null,"strategy":null,"created_at":"{at}","updated_at":"{at}"}}"#
        )
    );
    assert_eq!(answer.header("content-type"), "application/json");
    let actions: Vec<String> = audit_log::table
        .filter(audit_log::object_name.eq("Чайник демо"))
        .select(audit_log::action)
        .load(&mut app.conn())
        .unwrap();
    assert_eq!(actions, ["create"]);
    let again = post(&anna, LIST, &body).await.expect(400);
    assert_eq!(
        again.body_text(),
        r#"{"non_field_errors":["Поля store, kaspi_sku должны производить массив с уникальными значениями."]}"#
    );
    // `store_id` alone is enough.
    let body = format!(r#"{{"kaspi_product_id":"T5","price":"500","name":5,"store_id":"{store}"}}"#);
    let made = post(&anna, LIST, &body).await.expect(201).json();
    assert_eq!(
        (&made["kaspi_sku"], &made["name"], &made["price_in_tenge"]),
        (&json!(null), &json!("5"), &json!("5.00"))
    );
}

#[tokio::test]
async fn what_is_wrong_is_told_in_the_words_and_the_order_of_the_predecessor() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let (_, foreign, _) = seller(&mut app, "boris", "30000002").await;
    for body in ["{}", ""] {
        assert_eq!(
            post(&anna, LIST, body).await.expect(400).body_text(),
            format!(
                r#"{{"kaspi_product_id":["{REQUIRED}"],"store":["{REQUIRED}"],"price":["{REQUIRED}"],"name":["{REQUIRED}"]}}"#
            )
        );
    }
    let number = r#"{"price":["Введите правильное число."]}"#;
    let whole = r#"{"price":["Цена указывается в тиынах и должна быть целым числом тенге: две последние цифры — нули."]}"#;
    for (field, value, told) in [
        ("price", json!("abc"), number.to_owned()),
        ("price", json!(10.5), number.to_owned()),
        (
            "price",
            json!(99_999_999_999_i64),
            r#"{"price":["Убедитесь, что это значение меньше либо равно 2147483647."]}"#.to_owned(),
        ),
        (
            "price",
            json!(0),
            r#"{"price":["Убедитесь, что это значение больше либо равно 1."]}"#.to_owned(),
        ),
        (
            "price",
            json!(-100),
            r#"{"price":["Убедитесь, что это значение больше либо равно 1."]}"#.to_owned(),
        ),
        ("price", json!(503_869), whole.to_owned()),
        (
            "store",
            json!("zzz"),
            r#"{"store":["Значение “zzz” не является верным UUID-ом."]}"#.to_owned(),
        ),
        (
            "store",
            json!("00000000-0000-0000-0000-000000000000"),
            r#"{"store":["Недопустимый первичный ключ \"00000000-0000-0000-0000-000000000000\" - объект не существует."]}"#.to_owned(),
        ),
        (
            "store",
            json!(foreign),
            format!(r#"{{"store":["Недопустимый первичный ключ \"{foreign}\" - объект не существует."]}}"#),
        ),
        (
            "kaspi_product_id",
            json!("a\0b"),
            r#"{"kaspi_product_id":["Данные содержат запрещённый символ: ноль-байт"]}"#.to_owned(),
        ),
        (
            "name",
            json!("я".repeat(501)),
            r#"{"name":["Убедитесь, что это значение содержит не более 500 символов."]}"#.to_owned(),
        ),
        ("name", json!(true), r#"{"name":["Not a valid string."]}"#.to_owned()),
        ("name", json!(null), r#"{"name":["Это поле не может быть пустым."]}"#.to_owned()),
        ("min_profit", json!("-1"), "{\"min_profit\":[\"Пол — не меньше 10\u{a0}₸\"]}".to_owned()),
    ] {
        let mut body = json!({
            "kaspi_product_id": "T4", "price": 100_000, "name": "Чайник", "store": store,
        });
        body[field] = value;
        let answer = post(&anna, LIST, &body.to_string()).await.expect(400);
        assert_eq!(answer.body_text(), told, "{body}");
    }
    let product = db_product(&mut app.conn(), store, &NewProduct::default());
    let bad = r#"{"min_profit":"1.234","bot_active":"maybe","image_url":"no url"}"#;
    let answer = send(&anna, Method::PATCH, &format!("{LIST}{product}/"), bad)
        .await
        .expect(400);
    assert_eq!(
        answer.body_text(),
        r#"{"image_url":["Введите правильный URL."],"bot_active":["Must be a valid boolean."],"min_profit":["Убедитесь, что вы ввели не более 2 цифры после запятой."]}"#
    );
}

#[tokio::test]
async fn a_product_is_changed_in_part_or_whole_and_removed() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let product = db_product(&mut app.conn(), store, &NewProduct::default());
    let path = format!("{LIST}{product}/");
    let changed = send(
        &anna,
        Method::PATCH,
        &path,
        r#"{"name":"Утюг","category":"Утюги","price":1200000,"min_profit":"9000.50","max_profit":"13000.99","bot_active":"0","strategy":"anything","image_url":"https://a.kz/b.jpg","external_kaspi_id":""}"#,
    )
    .await
    .expect(200)
    .json();
    for (field, value) in [
        ("name", json!("Утюг")),
        ("category", json!("Утюги")),
        ("price", json!(1_200_000)),
        ("price_in_tenge", json!("12000.00")),
        ("min_profit", json!("9001.00")),
        ("max_profit", json!("13000.00")),
        ("bot_active", json!(false)),
        ("strategy", json!("anything")),
        ("image_url", json!("https://a.kz/b.jpg")),
        ("external_kaspi_id", json!(null)),
        ("kaspi_sku", json!("SKU-1")),
    ] {
        assert_eq!(changed[field], value, "{field}");
    }
    let pushes: i64 = price_pushes::table.count().get_result(&mut app.conn()).unwrap();
    assert_eq!(pushes, 0, "a stated price is not sent");
    let answer = send(&anna, Method::PUT, &path, r#"{"name":"a"}"#)
        .await
        .expect(400);
    assert_eq!(
        answer.body_text(),
        format!(r#"{{"kaspi_product_id":["{REQUIRED}"],"store":["{REQUIRED}"],"price":["{REQUIRED}"]}}"#)
    );
    let whole = format!(
        r#"{{"kaspi_product_id":"N1","store":"{store}","price":1200000,"name":"Утюг 2","min_profit":null}}"#
    );
    let put = send(&anna, Method::PUT, &path, &whole).await.expect(200).json();
    assert_eq!(
        (&put["kaspi_product_id"], &put["min_profit"], &put["category"]),
        (&json!("N1"), &json!(null), &json!("Утюги"))
    );
    let low = send(&anna, Method::PATCH, &path, r#"{"min_profit":"14000"}"#)
        .await
        .expect(400);
    assert_eq!(
        low.body_text(),
        r#"{"max_profit":["Потолок ниже пола: введите не меньше пола"]}"#
    );
    assert!(
        send(&anna, Method::DELETE, &path, "")
            .await
            .expect(204)
            .body
            .is_empty()
    );
    anna.get(&path).await.expect(404);
    send(&anna, Method::DELETE, &path, "").await.expect(404);
}

#[tokio::test]
async fn a_product_moves_to_another_store_of_its_owner_alone() {
    let mut app = TestApp::new();
    let (owner, store, anna) = seller(&mut app, "anna", "30000001").await;
    let second = db_store(&mut app.conn(), owner, "30000003");
    let (_, foreign, _) = seller(&mut app, "boris", "30000002").await;
    let product = db_product(&mut app.conn(), store, &NewProduct::default());
    let path = format!("{LIST}{product}/");
    let refused = send(
        &anna,
        Method::PATCH,
        &path,
        &format!(r#"{{"store_id":"{foreign}"}}"#),
    )
    .await;
    refused.expect(400);
    let moved = send(
        &anna,
        Method::PATCH,
        &path,
        &format!(r#"{{"store":"{store}","store_id":"{second}"}}"#),
    )
    .await
    .expect(200)
    .json();
    assert_eq!(moved["store"], json!(second));
    assert_eq!(
        moved["price"],
        json!(null),
        "what one store asks is not what the other does"
    );
}

#[tokio::test]
async fn the_prices_of_a_product_in_its_old_store_are_no_prices_of_the_new_one() {
    let mut app = TestApp::new();
    let (owner, store, anna) = seller(&mut app, "anna", "30000001").await;
    let conn = &mut app.conn();
    let second = db_store(conn, owner, "30000003");
    let product = db_product(conn, store, &NewProduct::default());
    // A day ago it had its price in the old store; both stores are of the same city.
    diesel::sql_query("update price_changes set at = at - interval '1 day'")
        .execute(conn)
        .unwrap();
    let (services, actor) = (&app.services, &Actor::system());
    let past = |store| {
        let wish = Wish {
            store_id: store,
            products: None,
            at: crate::support::now() - chrono::TimeDelta::hours(1),
        };
        preview_put_back(services, actor, wish)
    };
    let there = past(store).await.unwrap();
    assert_eq!((there.same, there.unknown), (1, 0));
    let path = format!("{LIST}{product}/");
    let body = format!(r#"{{"store_id":"{second}","price":1200000}}"#);
    send(&anna, Method::PATCH, &path, &body).await.expect(200);
    let here = past(second).await.unwrap();
    assert_eq!((here.lines.len(), here.same, here.unknown), (0, 0, 1));
    let told = anna.get(&format!("{path}price-history/")).await.json();
    let told = told["results"].as_array().unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        (&told[0]["before"], &told[0]["price"]),
        (&json!(null), &json!(12_000))
    );
    // Back in its old store it has its old prices again.
    let body = format!(r#"{{"store_id":"{store}"}}"#);
    send(&anna, Method::PATCH, &path, &body).await.expect(200);
    let told = anna.get(&format!("{path}price-history/")).await.json();
    let prices: Vec<&Value> = told["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| &change["price"])
        .collect();
    assert_eq!(prices, [&json!(null), &json!(10_000)]);
}

#[tokio::test]
async fn the_troubles_of_an_offer_end_with_it() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let conn = &mut app.conn();
    let product = db_product(conn, store, &NewProduct::default());
    for statement in [
        format!(
            "insert into price_pushes (id, store_id, product_id, sequence, state, origin, build_id, planned_at)
             values (gen_random_uuid(), '{store}', '{product}', 1, 'confirmed', 'person', 'test', now())"
        ),
        "insert into public_looks (push_id, store_id, product_id, next_look_at)
           select id, store_id, product_id, now() from price_pushes"
            .to_owned(),
        format!(
            "insert into alerts (id, kind, severity, store_id, product_id, created_at, last_at, told_at)
             values (gen_random_uuid(), 'mismatch', 'critical', '{store}', '{product}', now(), now(), now())"
        ),
    ] {
        diesel::sql_query(statement).execute(conn).unwrap();
    }
    let path = format!("{LIST}{product}/");
    let stand = |app: &TestApp| -> (i64, i64) {
        let conn = &mut app.conn();
        (
            public_looks::table
                .filter(public_looks::next_look_at.is_not_null())
                .count()
                .get_result(conn)
                .unwrap(),
            alerts::table
                .filter(alerts::resolved_at.is_null())
                .count()
                .get_result(conn)
                .unwrap(),
        )
    };
    send(&anna, Method::PATCH, &path, r#"{"name":"Another name"}"#)
        .await
        .expect(200);
    assert_eq!(stand(&app), (1, 1));
    send(&anna, Method::PATCH, &path, r#"{"kaspi_sku":"another"}"#)
        .await
        .expect(200);
    assert_eq!(stand(&app), (0, 0));
}

#[tokio::test]
async fn a_product_that_moves_leaves_everything_of_its_old_store_behind() {
    let mut app = TestApp::new();
    let (owner, store, anna) = seller(&mut app, "anna", "30000001").await;
    let conn = &mut app.conn();
    let second = db_store(conn, owner, "30000003");
    let product = db_product(conn, store, &NewProduct::default());
    let preorder = db_preorder(conn, store, product, "Kettle");
    for statement in [
        format!("update stores set main_city_id = '710000000' where id = '{second}'"),
        format!(
            "update products set stock = 5, availabilities = '[]', availabilities_read_at = now() where id = '{product}'"
        ),
        format!(
            "insert into price_feeds (store_id, publishing, updated_at) values ('{second}', 'feed', now())"
        ),
    ] {
        diesel::sql_query(statement).execute(conn).unwrap();
    }
    // Where a price list is published nothing comes that somebody may have stated.
    let path = format!("{LIST}{product}/");
    let away = format!(r#"{{"store_id":"{second}"}}"#);
    send(&anna, Method::PATCH, &path, &away).await.expect(400);
    diesel::sql_query("delete from price_feeds")
        .execute(conn)
        .unwrap();
    let priced = format!(r#"{{"store_id":"{second}","price":1200000}}"#);
    let moved = send(&anna, Method::PATCH, &path, &priced)
        .await
        .expect(200)
        .json();
    assert_eq!(moved["price"], 1_200_000, "in the main city of the new store");
    let (stock, image): (Option<i32>, Option<Value>) = products::table
        .find(product)
        .select((products::stock, products::availabilities))
        .first(conn)
        .unwrap();
    assert_eq!((stock, image), (None, None));
    let cities: Vec<String> = product_prices::table
        .select(product_prices::city_id)
        .load(conn)
        .unwrap();
    assert_eq!(cities, ["710000000"]);
    let told: i64 = audit_log::table
        .filter(audit_log::object_kind.eq("preorder"))
        .filter(audit_log::object_id.eq(preorder.0))
        .count()
        .get_result(conn)
        .unwrap();
    assert_eq!(told, 1, "its preorders go along, and the log says so");
}

#[tokio::test]
async fn a_product_that_a_program_makes_starts_safe() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let body = format!(
        r#"{{"kaspi_product_id":"T","kaspi_sku":"T","external_kaspi_id":"100000001","price":1000000,"name":"T","store":"{store}"}}"#
    );
    let made = post(&anna, LIST, &body).await.expect(201).json();
    assert_eq!(made["bot_active"], true, "as clients know it");
    let pass = kaspi_panel::app::reprice::Pass {
        store_id: Some(store),
        checked_before: None,
        dry_run: false,
        limit: 10,
    };
    let summary = kaspi_panel::app::reprice::reprice_due(&app.services, pass)
        .await
        .unwrap();
    assert_eq!(summary.changed, 0);
    let planned: i64 = price_pushes::table.count().get_result(&mut app.conn()).unwrap();
    assert_eq!(planned, 0, "without a floor the robot's hands are off");
}

#[tokio::test]
async fn a_stated_price_never_reaches_buyers_by_the_price_list() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let product = db_product(&mut app.conn(), store, &NewProduct::default());
    diesel::sql_query(format!(
        "insert into price_feeds (store_id, publishing, updated_at) values ('{store}', 'feed', now())"
    ))
    .execute(&mut app.conn())
    .unwrap();
    let path = format!("{LIST}{product}/");
    let answer = send(&anna, Method::PATCH, &path, r#"{"price":100000}"#)
        .await
        .expect(400);
    assert!(
        answer.json()["price"][0]
            .as_str()
            .unwrap()
            .contains("update_price")
    );
    send(&anna, Method::PATCH, &path, r#"{"name":"b"}"#)
        .await
        .expect(200);
}

#[tokio::test]
async fn a_new_price_ends_what_the_robot_planned_on_the_old_one() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let product = db_product(&mut app.conn(), store, &NewProduct::default());
    let cities = vec![(
        CITY.to_owned(),
        kaspi_panel::domain::Tenge(10_000),
        kaspi_panel::domain::Tenge(9_000),
    )];
    let push = kaspi_panel::store::pushes::NewPush {
        store_id: store,
        product_id: product,
        decision_id: None,
        origin: kaspi_panel::domain::PushOrigin::Robot,
        actor_id: None,
        market_taken_at: Some(crate::support::now()),
        lowest_tenge: kaspi_panel::domain::Tenge(8_000),
        worth: kaspi_panel::domain::pricing::Worth {
            class: kaspi_panel::domain::WriteClass::Place,
            per_day: kaspi_panel::domain::Tenge(0),
        },
        cities,
        restore_image: None,
    };
    app.services
        .db
        .tx(move |conn| kaspi_panel::store::pushes::push_insert(conn, &[push], &[], crate::support::now()))
        .await
        .unwrap();
    let path = format!("{LIST}{product}/");
    send(&anna, Method::PATCH, &path, r#"{"price":1100000}"#)
        .await
        .expect(200);
    let states: Vec<String> = price_pushes::table
        .select(price_pushes::state)
        .load(&mut app.conn())
        .unwrap();
    assert_eq!(states, ["superseded"]);
    let enabled: bool = products::table
        .find(product)
        .select(products::repricing_enabled)
        .first(&mut app.conn())
        .unwrap();
    assert!(enabled);
    let kept: Value = anna.get(&path).await.json();
    assert_eq!(kept["price"], 1_100_000);
}

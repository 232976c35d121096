//! Preorders made, changed and removed by programs; a store's list, spreadsheet and upload.

use diesel::prelude::*;
use kaspi_panel::{domain::SessionState, schema::stores};
use reqwest::Method;
use serde_json::json;

use super::{post, seller, send, text};
use crate::support::{NewProduct, TestApp, db_product};

const LIST: &str = "/api/v1/preorders/";

#[tokio::test]
async fn a_preorder_is_made_changed_and_removed() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let product = db_product(&mut app.conn(), store, &NewProduct::default());
    let body = format!(
        r#"{{"product":"{product}","store":"{store}","article":"A1","name":"Демо","brand":"Tulpar","price":107900,"warehouses":{{"1":{{"id":1,"quantity":3}}}}}}"#
    );
    let answer = post(&anna, LIST, &body).await.expect(201);
    let id = text(&answer.json(), "id");
    let at = "2026-11-23T12:00:00.000000+05:00";
    assert_eq!(
        answer.body_text(),
        format!(
            r#"{{"id":"{id}","product":"{product}","store":"{store}","article":"A1","name":"Демо","brand":"Tulpar","status":"processing","price":107900,"warehouses":{{"1":{{"id":1,"quantity":3}}}},"delivery_days":30,"created_at":"{at}","updated_at":"{at}"}}"#
        )
    );
    let again = format!(r#"{{"product_id":"{product}","store_id":"{store}","name":"Демо"}}"#);
    assert_eq!(
        post(&anna, LIST, &again).await.expect(400).body_text(),
        r#"{"non_field_errors":["Поля product, store должны производить массив с уникальными значениями."]}"#
    );
    let path = format!("{LIST}{id}/");
    let changed = send(
        &anna,
        Method::PATCH,
        &path,
        r#"{"status":"completed","price":null,"brand":"","delivery_days":"7"}"#,
    )
    .await
    .expect(200)
    .json();
    assert_eq!(
        (
            &changed["status"],
            &changed["price"],
            &changed["brand"],
            &changed["delivery_days"]
        ),
        (&json!("completed"), &json!(null), &json!(null), &json!(7))
    );
    send(&anna, Method::PUT, &path, "{}").await.expect(400);
    let whole = format!(r#"{{"product":"{product}","store":"{store}","name":"Иначе"}}"#);
    let put = send(&anna, Method::PUT, &path, &whole).await.expect(200).json();
    assert_eq!(
        (&put["name"], &put["status"]),
        (&json!("Иначе"), &json!("completed"))
    );
    send(&anna, Method::DELETE, &path, "").await.expect(204);
    anna.get(&path).await.expect(404);
}

#[tokio::test]
async fn what_is_wrong_with_a_preorder_is_told_by_field() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let product = db_product(&mut app.conn(), store, &NewProduct::default());
    assert_eq!(
        post(&anna, LIST, "{}").await.expect(400).body_text(),
        r#"{"product":["Обязательное поле."],"store":["Обязательное поле."],"name":["Обязательное поле."]}"#
    );
    for (field, value, told) in [
        (
            "status",
            json!("odd"),
            r#"{"status":["Значения odd нет среди допустимых вариантов."]}"#,
        ),
        (
            "status",
            json!(""),
            r#"{"status":["Значения  нет среди допустимых вариантов."]}"#,
        ),
        (
            "delivery_days",
            json!(-4),
            r#"{"delivery_days":["Убедитесь, что это значение больше либо равно 0."]}"#,
        ),
        (
            "price",
            json!(150),
            r#"{"price":["Цена указывается в тиынах и должна быть целым числом тенге: две последние цифры — нули."]}"#,
        ),
        (
            "warehouses",
            json!([1]),
            r#"{"warehouses":["Склады: введите число штук, «да» или оставьте пустым"]}"#,
        ),
        (
            "product",
            json!("00000000-0000-0000-0000-000000000000"),
            r#"{"product":["Недопустимый первичный ключ \"00000000-0000-0000-0000-000000000000\" - объект не существует."]}"#,
        ),
    ] {
        let mut body = json!({ "product": product, "store": store, "name": "Демо" });
        body[field] = value;
        let answer = post(&anna, LIST, &body.to_string()).await.expect(400);
        assert_eq!(answer.body_text(), told, "{body}");
    }
}

#[tokio::test]
async fn a_stores_preorders_come_in_a_shape_of_their_own() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let mut ids = Vec::new();
    for sku in ["A", "B", "C"] {
        let new = NewProduct {
            sku,
            ..NewProduct::default()
        };
        let product = db_product(&mut app.conn(), store, &new);
        let body = format!(
            r#"{{"product":"{product}","store":"{store}","name":"{sku}","article":"A1","delivery_days":4,"warehouses":{{"1":{{"id":1,"quantity":3}}}}}}"#
        );
        let made = post(&anna, LIST, &body).await.expect(201).json();
        ids.push((text(&made, "id"), product));
    }
    let path = format!("{LIST}list_by_store/");
    let (id, product) = &ids[0];
    let at = "2026-11-23T07:00:00.000000+00:00";
    let one = anna
        .get(&format!("{path}?store_id={store}&limit=1&offset=2"))
        .await
        .expect(200);
    assert_eq!(
        one.body_text(),
        format!(
            r#"{{"success":true,"preorders":[{{"id":"{id}","product_id":"{product}","store_id":"{store}","article":"A1","name":"A","brand":null,"price":null,"status":"processing","warehouses":{{"1":{{"id":1,"quantity":3}}}},"delivery_days":4,"created_at":"{at}","updated_at":"{at}"}}],"count":3}}"#
        )
    );
    assert_eq!(
        anna.get(&path).await.expect(400).body_text(),
        r#"["store_id обязателен"]"#
    );
    assert_eq!(
        anna.get(&format!("{path}?store_id=abc"))
            .await
            .expect(400)
            .body_text(),
        r#"["Значение “abc” не является верным UUID-ом."]"#
    );
    anna.get(&format!("{path}?store_id=00000000-0000-0000-0000-000000000000"))
        .await
        .expect(404);
    anna.get(&format!("{path}?store_id={store}&limit=0"))
        .await
        .expect(400);
}

#[tokio::test]
async fn a_spreadsheet_is_made_and_can_be_fetched_by_its_owner_alone() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let (_, _, boris) = seller(&mut app, "boris", "30000002").await;
    let path = format!("{LIST}generate_excel/");
    let body = format!(r#"{{"store_id":"{store}"}}"#);
    assert_eq!(
        post(&anna, &path, &body).await.expect(200).body_text(),
        r#"{"success":false,"error":"Нет предзаказов для генерации Excel файла"}"#
    );
    assert_eq!(
        post(&anna, &path, "{}").await.expect(400).body_text(),
        r#"["store_id обязателен"]"#
    );
    post(&boris, &path, &body).await.expect(404);
    let product = db_product(&mut app.conn(), store, &NewProduct::default());
    let new = format!(r#"{{"product":"{product}","store":"{store}","name":"Демо","delivery_days":4}}"#);
    post(&anna, LIST, &new).await.expect(201);
    let made = post(&anna, &path, &body).await.expect(200).json();
    let keys: Vec<&String> = made.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["success", "filepath", "message", "url", "rows", "size"]);
    assert_eq!(made["message"], "Excel файл успешно сгенерирован");
    assert_eq!(made["rows"], 1);
    let file = text(&made, "filepath");
    assert!(
        file.starts_with(&format!("preorder_exports/preorders_{store}_20261123_120000_")),
        "{file}"
    );
    assert!(text(&made, "url").ends_with(&file));
    let sheet = anna.get(&format!("/{file}")).await.expect(200);
    assert!(sheet.header("content-disposition").starts_with("attachment"));
    assert_eq!(made["size"], sheet.body.len());
    boris.get(&format!("/{file}")).await.expect(404);
    app.anonymous().get(&format!("/{file}")).await.expect(303);
}

#[tokio::test]
async fn an_upload_is_asked_for_and_told_as_a_job() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let path = format!("{LIST}upload/?wait=0");
    let body = format!(r#"{{"store_id":"{store}"}}"#);
    assert_eq!(
        post(&anna, &path, "{}").await.expect(400).body_text(),
        r#"["store_id обязателен"]"#
    );
    assert_eq!(
        post(&anna, &path, &body).await.expect(200).body_text(),
        r#"{"success":false,"error":"Нет предзаказов для генерации Excel файла"}"#
    );
    let product = db_product(&mut app.conn(), store, &NewProduct::default());
    let new = format!(r#"{{"product":"{product}","store":"{store}","name":"Демо"}}"#);
    post(&anna, LIST, &new).await.expect(201);
    let asked = post(&anna, &path, &body).await.expect(202).json();
    let job = text(&asked, "job_id");
    let again = post(&anna, &path, &body).await.expect(202).json();
    assert_eq!(text(&again, "job_id"), job, "the second joins the first");
    let told = anna.get(&format!("/api/v1/jobs/{job}/")).await.expect(200).json();
    assert_eq!(told["kind"], "upload_preorders");
    diesel::update(stores::table.find(store))
        .set(stores::session_state.eq(SessionState::NeedsLogin))
        .execute(&mut app.conn())
        .unwrap();
    assert_eq!(
        post(&anna, &path, &body).await.expect(401).body_text(),
        r#"{"success":false,"error":"Сессия истекла"}"#
    );
}

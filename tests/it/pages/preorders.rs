//! Preorders: list, form, status, and the spreadsheet as another program reads it.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use diesel::prelude::*;
use kaspi_panel::{
    domain::{PreorderId, ProductId, Role, StoreId, UserId},
    schema::{preorders, users},
};

use super::seed::db_access;
use crate::support::{Client, NewProduct, TestApp, db_product, db_store, db_user};

async fn shop(app: &mut TestApp) -> (Client, StoreId, ProductId) {
    let client = app.signed_in("aigul", Role::Manager).await;
    let conn = &mut app.conn();
    let owner: UserId = users::table.select(users::id).first(conn).unwrap();
    let store = db_store(conn, owner, "30000001");
    let new = NewProduct {
        sku: "=KT-1",
        name: "=1+1 Kettle",
        price: 12_480,
        ..NewProduct::default()
    };
    let product = db_product(conn, store, &new);
    (client, store, product)
}

async fn add(client: &Client, product: ProductId, more: &[(&str, &str)]) -> crate::support::Answer {
    let id = product.to_string();
    let mut fields = vec![
        ("product", id.as_str()),
        ("delivery_days", "7"),
        ("pp1", "3"),
        ("pp3", "да"),
    ];
    fields.extend(more);
    client.post("/preorders", &fields).await
}

fn only_id(app: &TestApp) -> PreorderId {
    preorders::table
        .select(preorders::id)
        .get_result(&mut app.conn())
        .unwrap()
}

#[tokio::test]
async fn a_preorder_is_made_for_a_product_and_listed() {
    let mut app = TestApp::new();
    let (client, _, product) = shop(&mut app).await;
    let empty = client.get("/preorders").await.expect(200);
    assert_eq!(empty.attribute(".blank a", "href"), "/preorders/new");

    let choose = client.get("/preorders/new?q=kettle").await.expect(200);
    let link = choose.attribute(".item a", "href");
    let form = client.get(&link).await.expect(200);
    assert_eq!(form.attribute("#name", "value"), "=1+1 Kettle");
    assert_eq!(form.attribute("#article", "value"), "=KT-1");

    assert_eq!(
        add(&client, product, &[]).await.expect(303).location(),
        "/preorders"
    );
    let list = client.get("/preorders").await.expect(200);
    assert_eq!(list.text("table tbody th a"), "=1+1 Kettle");
    assert_eq!(list.text(".flash p"), "Предзаказ сохранён");
    assert_eq!(list.text("table tbody .st"), "в работе");
    assert_eq!(list.texts("#tabs .count"), ["1", "1", "0", "0"]);
    let none = client.get("/preorders?status=completed").await.expect(200);
    assert_eq!(none.count("table"), 0);

    let twice = add(&client, product, &[]).await.expect(422);
    assert!(twice.text(".errors").contains("уже есть предзаказ"));
}

#[tokio::test]
async fn a_wrong_preorder_comes_back_as_typed() {
    let mut app = TestApp::new();
    let (client, _, product) = shop(&mut app).await;
    let id = product.to_string();
    let fields = [
        ("product", id.as_str()),
        ("name", "Kettle"),
        ("price_tenge", "12,5"),
        ("delivery_days", "31"),
        ("pp2", "много"),
    ];
    let refused = client.post("/preorders", &fields).await.expect(422);
    assert_eq!(refused.attribute("#price_tenge", "value"), "12,5");
    assert_eq!(refused.attribute("#delivery_days", "value"), "31");
    assert_eq!(refused.attribute("#pp2", "value"), "много");
    assert_eq!(refused.attribute("#price_tenge", "aria-invalid"), "true");

    let late = add(&client, product, &[]).await.expect(303);
    assert_eq!(late.location(), "/preorders");
    let id = only_id(&app);
    let fields = [("name", ""), ("delivery_days", "31"), ("version", "1")];
    let refused = client
        .post(&format!("/preorders/{id}"), &fields)
        .await
        .expect(422);
    assert_eq!(refused.texts(".errors a").len(), 2);
}

#[tokio::test]
async fn status_and_removal_ask_for_the_version_and_for_consent() {
    let mut app = TestApp::new();
    let (client, _, product) = shop(&mut app).await;
    add(&client, product, &[]).await.expect(303);
    let id = only_id(&app);
    let path = format!("/preorders/{id}");

    let done = [("status", "completed"), ("version", "1")];
    client.post(&format!("{path}/status"), &done).await.expect(303);
    client.post(&format!("{path}/status"), &done).await.expect(409);
    let page = client.get(&path).await.expect(200);
    assert_eq!(page.text(".head .st"), "завершён");
    assert_eq!(page.attribute("button[name=status]", "value"), "processing");

    let stale = [("name", "Other"), ("delivery_days", "9"), ("version", "1")];
    let conflict = client.post(&path, &stale).await.expect(409);
    assert!(conflict.text(".conflict").contains("aigul"));
    assert_eq!(conflict.attribute("#name", "value"), "Other");

    let ask = client.get(&format!("{path}/delete")).await.expect(200);
    assert_eq!(ask.count("form[action$='/delete'] button.bad-main"), 1);
    client.post(&format!("{path}/delete"), &[]).await.expect(303);
    client.get(&path).await.expect(404);
    let log = client.get("/log").await.expect(200);
    assert_eq!(
        log.texts("table tbody td:nth-child(3)"),
        ["удалил", "изменил", "создал"]
    );
}

#[tokio::test]
async fn the_download_is_kaspis_form() {
    let mut app = TestApp::new();
    let (client, store, product) = shop(&mut app).await;
    let path = format!("/preorders/export?store={store}");
    let empty = client.get(&path).await.expect(303);
    let list = client.get(&empty.location()).await.expect(200);
    assert!(
        list.text(".flash.bad").contains("нет предзаказов"),
        "{}",
        list.text(".flash")
    );

    add(&client, product, &[]).await.expect(303);
    let file = client.get(&path).await.expect(200);
    assert_eq!(
        file.header("content-disposition"),
        "attachment; filename=\"preorders_2026-11-23_1200.xlsx\""
    );
    file.keep_sheet("preorder_form");
    let mut book = Xlsx::new(Cursor::new(file.body.clone())).unwrap();
    let name = book.sheet_names()[0].clone();
    let formulas = book.worksheet_formula(&name).unwrap();
    assert_eq!(formulas.used_cells().next(), None);
    let rows: Vec<Vec<Data>> = book
        .worksheet_range(&name)
        .unwrap()
        .rows()
        .map(<[Data]>::to_vec)
        .collect();
    let text = |value: &str| Data::String(value.into());
    assert_eq!(
        rows[1],
        [
            text("=KT-1"),
            text("=1+1 Kettle"),
            text("Без бренда"),
            Data::Float(12_480.0),
            Data::Float(3.0),
            text("no"),
            text("yes"),
            text("no"),
            text("no"),
            Data::Float(7.0),
        ]
    );
}

#[tokio::test]
async fn viewers_look_and_strangers_see_nothing() {
    let mut app = TestApp::new();
    let (client, store, product) = shop(&mut app).await;
    add(&client, product, &[]).await.expect(303);
    let id = only_id(&app);
    let path = format!("/preorders/{id}");

    let stranger = app.signed_in("stranger", Role::Manager).await;
    for address in [
        path.clone(),
        format!("{path}/delete"),
        format!("/preorders/export?store={store}"),
    ] {
        stranger.get(&address).await.expect(404);
    }
    add(&stranger, product, &[]).await.expect(404);
    stranger.post(&format!("{path}/delete"), &[]).await.expect(404);

    let viewer = db_user(&mut app.conn(), "viewer", Role::Viewer);
    db_access(&mut app.conn(), store, viewer, Role::Viewer);
    let viewer = app.sign_in("viewer").await;
    let page = viewer.get(&path).await.expect(200);
    assert_eq!(page.count("main button[type=submit]"), 0);
    viewer.post(&path, &[("name", "x")]).await.expect(403);
    viewer.post(&format!("{path}/delete"), &[]).await.expect(403);
    viewer.get("/preorders/new").await.expect(403);
    assert_eq!(only_id(&app), id);
}

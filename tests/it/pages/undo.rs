//! Putting back: from the message after a change, from the log, for many at once; what changed meanwhile stays.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{ProductId, Role, StoreId, UserId},
    schema::{audit_log, price_pushes, products, users},
};
use serde_json::{Value, json};

use super::seed::{db_access, db_limits};
use crate::support::{Answer, Client, NewProduct, TestApp, db_product, db_store, db_user};

async fn shop(app: &mut TestApp) -> (Client, StoreId, Vec<ProductId>) {
    let client = app.signed_in("aigul", Role::Manager).await;
    let conn = &mut app.conn();
    let owner: UserId = users::table.select(users::id).first(conn).unwrap();
    let store = db_store(conn, owner, "30000001");
    let ids = [("KT-1", "Kettle"), ("IR-1", "Iron"), ("TO-1", "Toaster")]
        .map(|(sku, name)| {
            let new = NewProduct {
                sku,
                name,
                floor: (sku != "TO-1").then_some(9_000),
                ceiling: None,
                repricing: false,
                ..NewProduct::default()
            };
            db_product(conn, store, &new)
        })
        .to_vec();
    (client, store, ids)
}

/// Saves a floor in the row.
async fn set_floor(client: &Client, product: ProductId, floor: &str) -> Answer {
    let path = format!("/products/{product}/edit");
    let form = client.get(&path).await.expect(200);
    let version = form.attribute("input[name=version]", "value");
    let fields = [
        ("floor_tenge", floor),
        ("version", &version),
        ("back", "/products?q=e"),
    ];
    client.post(&path, &fields).await
}

fn floor(app: &TestApp, product: ProductId) -> Option<i64> {
    db_limits(&mut app.conn(), product).0
}

#[tokio::test]
async fn a_change_in_a_row_is_undone_from_its_message() {
    let mut app = TestApp::new();
    let (client, _, ids) = shop(&mut app).await;
    let htmx = client.htmx();
    let saved = set_floor(&htmx, ids[0], "9 500").await.expect(200);
    assert_eq!(saved.text(".toast > span"), "Сохранено");
    let line = saved.attribute(".toast input[name=line]", "value");
    assert_eq!(saved.attribute(".toast button", "data-key"), "u");
    let fields = [("line", line.as_str()), ("back", "/products?q=e")];

    let undone = htmx.post("/undo", &fields).await.expect(200);
    assert_eq!(undone.text(".toast > span"), "Прежние значения возвращены");
    assert_eq!(undone.count(".toast form"), 0);
    assert_eq!(undone.texts(".corr > span")[0], "9 000");
    assert_eq!(floor(&app, ids[0]), Some(9_000));
    let lines: Vec<(Option<Value>, Option<Value>)> = audit_log::table
        .filter(audit_log::object_id.eq(ids[0].0))
        .order(audit_log::id)
        .select((audit_log::before, audit_log::after))
        .load(&mut app.conn())
        .unwrap();
    let change = |from: i64, to: i64| {
        (
            Some(json!({ "floor_tenge": from })),
            Some(json!({ "floor_tenge": to })),
        )
    };
    assert_eq!(lines, [change(9_000, 9_500), change(9_500, 9_000)], "two lines");

    // Once more: it is not what that change made any more.
    let again = htmx.post("/undo", &fields).await.expect(200);
    assert_eq!(again.count(".toast"), 0);
    assert!(
        again.text("[role=alert]").contains("Kettle"),
        "{}",
        again.body_text()
    );
    assert_eq!(floor(&app, ids[0]), Some(9_000));

    // What changed nothing offers nothing.
    let same = set_floor(&htmx, ids[0], "9 000").await.expect(200);
    assert_eq!((same.count(".toast"), same.count(".toast form")), (1, 0));
}

#[tokio::test]
async fn without_scripts_the_message_of_the_next_page_undoes() {
    let mut app = TestApp::new();
    let (client, _, ids) = shop(&mut app).await;
    let saved = set_floor(&client, ids[0], "9 500").await.expect(303);
    let list = client.get(&saved.location()).await.expect(200);
    let fields = list.form_fields(".flash form");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let undone = client.post("/undo", &fields).await.expect(303);
    assert_eq!(undone.location(), "/products?q=e");
    assert_eq!(floor(&app, ids[0]), Some(9_000));
    let list = client.get(&undone.location()).await.expect(200);
    assert_eq!(list.text(".flash"), "Прежние значения возвращены");

    // The product's own page and the log offer the same.
    let path = format!("/products/{}", ids[0]);
    let page = client.get(&path).await.expect(200);
    let version = page.attribute("#settings input[name=version]", "value");
    client
        .post(&path, &[("floor_tenge", "9 700"), ("version", &version)])
        .await
        .expect(303);
    assert_eq!(client.get(&path).await.count(".flash form[action='/undo']"), 1);
    let log = client.get("/log").await.expect(200);
    assert_eq!(log.count("form[action='/undo']"), 3);
    let fields = log.form_fields("tbody tr:first-child form[action='/undo']");
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(client.post("/undo", &fields).await.expect(303).location(), "/log");
    assert_eq!(floor(&app, ids[0]), Some(9_000));
}

#[tokio::test]
async fn automatic_prices_of_many_are_switched_and_put_back_where_nobody_came_between() {
    let mut app = TestApp::new();
    let (client, _, ids) = shop(&mut app).await;
    let keys: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let mut fields: Vec<(&str, &str)> = keys.iter().map(|id| ("product", id.as_str())).collect();
    fields.extend([("of", "chosen"), ("sort", "name")]);
    let on =
        |app: &TestApp| -> Vec<bool> { ids.iter().map(|id| db_limits(&mut app.conn(), *id).2).collect() };

    let answer = client.post("/products/chosen/on", &fields).await.expect(303);
    assert_eq!(answer.location(), "/products?sort=name");
    assert_eq!(on(&app), [true, true, false]);
    let list = client.get(&answer.location()).await.expect(200);
    let said = list.text(".flash p");
    assert_eq!(
        said,
        "Автоцены включены: 2 товара. Без пола, остались выключены: 1."
    );
    let undo = list.form_fields(".flash form");

    // One of them is changed in another value, and one in the same.
    set_floor(&client, ids[0], "9 100").await.expect(303);
    assert_eq!(
        on(&app),
        [false, true, false],
        "the form of the row switches it off"
    );
    client.get("/products").await.expect(200);
    let undo: Vec<(&str, &str)> = undo.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let undone = client.post("/undo", &undo).await.expect(303);
    let told = client.get(&undone.location()).await.expect(200).texts(".flash p");
    assert_eq!(told[0], "Прежние значения возвращены");
    assert!(
        told[1].contains("Kettle: с тех пор это изменил(а) aigul"),
        "{told:?}"
    );
    assert_eq!(on(&app), [false, false, false]);

    // All that the list found, and none.
    let off = client
        .post("/products/chosen/off", &[("of", "found"), ("q", "iron")])
        .await
        .expect(303);
    let said = client.get(&off.location()).await.text(".flash p");
    assert_eq!(said, "Автоцены выключены: 0 товаров. Уже так и было: 1.");
    let none = client.post("/products/chosen/off", &[("of", "chosen")]).await;
    let told = client.get(&none.expect(303).location()).await;
    assert_eq!(told.count(".flash.bad"), 1);
    let pushes: i64 = price_pushes::table.count().get_result(&mut app.conn()).unwrap();
    assert_eq!(pushes, 0, "no price is sent by any of this");
}

#[tokio::test]
async fn only_who_may_change_a_product_undoes_and_only_what_can_be_undone() {
    let mut app = TestApp::new();
    let (client, store, ids) = shop(&mut app).await;
    set_floor(&client, ids[0], "9 500").await.expect(303);
    let log = client.get("/log").await.expect(200);
    let line = log.attribute("form[action='/undo'] input[name=line]", "value");
    let fields = [("line", line.as_str())];

    let stranger = app.signed_in("boris", Role::Manager).await;
    stranger.post("/undo", &fields).await.expect(404);
    let guest = db_user(&mut app.conn(), "dana", Role::Manager);
    db_access(&mut app.conn(), store, guest, Role::Viewer);
    let guest = app.sign_in("dana").await;
    let told = guest.post("/undo", &fields).await.expect(303);
    assert_eq!(guest.get(&told.location()).await.count(".flash.bad"), 1);
    assert_eq!(floor(&app, ids[0]), Some(9_500), "he may look alone");

    for line in ["", "x", &uuid::Uuid::nil().to_string()] {
        client.post("/undo", &[("line", line)]).await.expect(404);
    }
    // A line about something else.
    let other: uuid::Uuid = audit_log::table
        .filter(audit_log::object_kind.ne("product"))
        .select(audit_log::id)
        .first(&mut app.conn())
        .optional()
        .unwrap()
        .unwrap_or_default();
    client
        .post("/undo", &[("line", &other.to_string())])
        .await
        .expect(404);

    // Values that cannot be taken any more: the floor of before lies above the ceiling of now.
    diesel::update(products::table.find(ids[0]))
        .set(products::ceiling_tenge.eq(8_000))
        .execute(&mut app.conn())
        .unwrap_err();
    diesel::update(products::table.find(ids[0]))
        .set((
            products::floor_tenge.eq(None::<i64>),
            products::ceiling_tenge.eq(8_000),
        ))
        .execute(&mut app.conn())
        .unwrap();
    let told = client.post("/undo", &fields).await.expect(303);
    let told = client.get(&told.location()).await.text(".flash.bad");
    assert!(told.contains("Kettle: значения с тех пор изменились"), "{told}");
}

#[tokio::test]
async fn the_reason_of_a_price_opens_in_its_row() {
    let mut app = TestApp::new();
    let (client, _, ids) = shop(&mut app).await;
    let (kettle, iron) = (ids[0], ids[1]);
    super::seed::db_decision(&mut app.conn(), kettle, "30000001", &[("7001", 12_900)]);
    let list = client.get("/products?q=kettle").await.expect(200);
    let address = list.attribute("details.why-here div a", "hx-get");
    assert_eq!(
        list.attribute("details.why-here div a", "href"),
        format!("/products/{kettle}#why-h")
    );
    assert_eq!(
        client.get(&address).await.expect(303).location(),
        format!("/products/{kettle}#why-h")
    );

    let part = client.htmx().get(&address).await.expect(200);
    let full = client.get(&format!("/products/{kettle}")).await.expect(200);
    assert_eq!(part.texts("ol li b"), full.texts("ol.why h3"), "the same steps");
    assert!(part.count("ol li") > 1);
    let none = client
        .htmx()
        .get(&format!("/products/{iron}/why"))
        .await
        .expect(200);
    assert_eq!(none.count("ol"), 0);
    assert!(
        none.body_text().contains(
            &client
                .get(&format!("/products/{iron}"))
                .await
                .text("#why-h ~ span, section[aria-labelledby=why-h] p")
        )
    );
    let stranger = app.signed_in("boris", Role::Manager).await;
    stranger.htmx().get(&address).await.expect(404);
}

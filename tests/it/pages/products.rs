//! The list of products and limits changed in its rows.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{ProductId, Role, StoreId, UserId},
    schema::{audit_log, users},
};

use super::seed::{db_access, db_decision, db_limits};
use crate::support::{Client, NewProduct, TestApp, db_product, db_store, db_user};

const KETTLE: NewProduct<'_> = NewProduct {
    sku: "KT-6140",
    card_id: Some("100000001"),
    name: "Kettle Kitfort",
    price: 12_480,
    floor: Some(10_900),
    ceiling: Some(15_900),
    repricing: true,
};

/// A manager with one store of three products.
async fn shop(app: &mut TestApp) -> (Client, StoreId, ProductId) {
    let client = app.signed_in("aigul", Role::Manager).await;
    let conn = &mut app.conn();
    let owner: UserId = users::table.select(users::id).first(conn).unwrap();
    let store = db_store(conn, owner, "30000001");
    let kettle = db_product(conn, store, &KETTLE);
    for (sku, name, floor) in [
        ("PH-1", "Phone Samsung", Some(8_000)),
        ("IR-1", "Iron <b>&", None),
    ] {
        let new = NewProduct {
            sku,
            name,
            floor,
            repricing: false,
            card_id: None,
            ..NewProduct::default()
        };
        db_product(conn, store, &new);
    }
    (client, store, kettle)
}

fn names(answer: &crate::support::Answer) -> Vec<String> {
    answer.texts(".goods tbody th .item a")
}

#[tokio::test]
async fn the_list_searches_filters_and_sorts() {
    let mut app = TestApp::new();
    let (client, _, _) = shop(&mut app).await;

    let all = client.get("/products?sort=name").await.expect(200);
    assert_eq!(names(&all), ["Iron <b>&", "Kettle Kitfort", "Phone Samsung"]);
    assert_eq!(all.attribute(".goods th[aria-sort]", "aria-sort"), "ascending");
    assert_eq!(all.text("#tabs a[aria-current] .count"), "3");

    let found = client.get("/products?q=kt-61+KETTLE").await.expect(200);
    assert_eq!(names(&found), ["Kettle Kitfort"]);
    assert_eq!(found.attribute("#f-q", "value"), "kt-61 KETTLE");

    let without = client.get("/products?view=no-floor").await.expect(200);
    assert_eq!(names(&without), ["Iron <b>&"]);
    assert_eq!(without.text("#tabs a[aria-current] .count"), "1");

    let part = client.htmx().get("/products?q=phone").await.expect(200);
    assert_eq!(names(&part), ["Phone Samsung"]);
    assert_eq!((part.count("main"), part.count("#tabs")), (0, 1));

    for query in ["page=999", "page=x", "view=nonsense", "store=nonsense", "size=3"] {
        let lenient = client.get(&format!("/products?{query}")).await.expect(200);
        assert_eq!(names(&lenient).len(), 3, "{query}");
    }
}

#[tokio::test]
async fn a_row_tells_price_rival_place_and_state() {
    let mut app = TestApp::new();
    let (client, _, kettle) = shop(&mut app).await;
    db_decision(
        &mut app.conn(),
        kettle,
        "30000001",
        &[("7001", 12_900), ("7002", 13_500)],
    );

    let list = client.get("/products?q=kettle").await.expect(200);
    assert_eq!(list.text(".own-price"), "12 480 ₸");
    assert_eq!(list.text(".rival > span"), "12 900 ₸");
    assert_eq!(list.text("td.place b"), "1");
    assert_eq!(list.count("svg.g .g-own"), 1);
    assert_eq!(list.count("svg.g .g-rival"), 1);
    assert_eq!(list.text("td .st"), "работает");

    let iron = client.get("/products?view=no-floor").await.expect(200);
    assert_eq!(iron.text("td .st"), "без пола");
    assert_eq!(iron.count("svg.g .g-none"), 1);
}

#[tokio::test]
async fn nothing_yet_and_nothing_found_are_different() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let empty = client.get("/products").await.expect(200);
    assert_eq!(empty.attribute(".blank a.main", "href"), "/stores/new");
    assert_eq!(empty.count(".filters"), 0);

    let owner: UserId = users::table.select(users::id).first(&mut app.conn()).unwrap();
    let store = db_store(&mut app.conn(), owner, "30000001");
    db_product(&mut app.conn(), store, &KETTLE);
    let nothing = client.get("/products?q=teapot").await.expect(200);
    assert_eq!(nothing.attribute(".blank a", "href"), "/products");
    assert_eq!(nothing.count(".filters"), 1);
}

#[tokio::test]
async fn limits_are_changed_in_the_row() {
    let mut app = TestApp::new();
    let (client, _, kettle) = shop(&mut app).await;
    let htmx = client.htmx();
    let path = format!("/products/{kettle}/edit");

    let form = htmx.get(&path).await.expect(200);
    assert_eq!(form.attribute("input[name=floor_tenge]", "value"), "10\u{a0}900");
    assert_eq!(form.count("main"), 0);
    let version = form.attribute("input[name=version]", "value");
    let saved = htmx
        .post(
            &path,
            &[
                ("floor_tenge", "11 000 ₸"),
                ("ceiling_tenge", "16\u{a0}000"),
                ("version", &version),
            ],
        )
        .await
        .expect(200);
    assert_eq!(saved.count(".edit"), 0);
    assert_eq!(saved.texts(".corr > span"), ["11 000", "16 000"]);
    assert_eq!(saved.count(".toast"), 1);
    assert_eq!(
        db_limits(&mut app.conn(), kettle),
        (Some(11_000), Some(16_000), false, 2)
    );

    let (action, before, after): (String, serde_json::Value, serde_json::Value) = audit_log::table
        .filter(audit_log::object_id.eq(kettle.0))
        .select((
            audit_log::action,
            audit_log::before.assume_not_null(),
            audit_log::after.assume_not_null(),
        ))
        .first(&mut app.conn())
        .unwrap();
    assert_eq!(action, "update");
    assert_eq!(before["floor_tenge"], 10_900);
    assert_eq!(after["floor_tenge"], 11_000);
    assert_eq!(after["repricing_enabled"], false);
}

#[tokio::test]
async fn wrong_limits_stay_in_the_form_with_a_sentence() {
    let mut app = TestApp::new();
    let (client, _, kettle) = shop(&mut app).await;
    let before = db_limits(&mut app.conn(), kettle);
    let path = format!("/products/{kettle}/edit");
    for (floor, ceiling, on, field) in [
        ("12,5", "16000", "1", "floor"),
        ("9", "", "1", "floor"),
        ("", "16000", "1", "floor"),
        ("15000", "14999", "", "ceiling"),
        ("99999999999999999999", "", "", "floor"),
        ("-5", "", "", "floor"),
    ] {
        let fields = [
            ("floor_tenge", floor),
            ("ceiling_tenge", ceiling),
            ("version", "1"),
            ("repricing_enabled", on),
        ];
        let fields = if on.is_empty() { &fields[..3] } else { &fields[..] };
        let refused = client.htmx().post(&path, fields).await.expect(422);
        assert_eq!(refused.attribute("input[name=floor_tenge]", "value"), floor);
        assert_eq!(refused.attribute("input[name=ceiling_tenge]", "value"), ceiling);
        let described = refused.attribute("input[aria-invalid]", "aria-describedby");
        assert!(described.starts_with(field), "{floor} {ceiling}: {described}");
        assert!(!refused.text(&format!("#{described}")).is_empty());
        assert_eq!(refused.count(".toast"), 0);
    }
    assert_eq!(db_limits(&mut app.conn(), kettle), before);
}

#[tokio::test]
async fn without_javascript_the_form_is_a_page_of_its_own() {
    let mut app = TestApp::new();
    let (client, _, kettle) = shop(&mut app).await;
    let path = format!("/products/{kettle}/edit");
    let page = client
        .get(&format!("{path}?back=%2Fproducts%3Fq%3Dkettle"))
        .await
        .expect(200);
    assert_eq!(page.count("main form[method=post] input[name=floor_tenge]"), 1);
    assert_eq!(page.attribute("input[name=back]", "value"), "/products?q=kettle");

    let refused = client
        .post(
            &path,
            &[("floor_tenge", "abc"), ("version", "1"), ("back", "/products")],
        )
        .await
        .expect(422);
    assert!(
        refused.text("title").starts_with("Ошибка"),
        "{}",
        refused.text("title")
    );
    assert_eq!(refused.attribute(".errors a", "href"), "#floor");
    assert_eq!(refused.attribute("#floor", "value"), "abc");

    let saved = client
        .post(
            &path,
            &[
                ("floor_tenge", "11000"),
                ("version", "1"),
                ("back", "/products?q=kettle"),
            ],
        )
        .await
        .expect(303);
    assert_eq!(saved.location(), "/products?q=kettle");
    let list = client.get(&saved.location()).await.expect(200);
    assert_eq!(list.text(".flash p"), "Сохранено");

    let astray = client
        .post(
            &path,
            &[
                ("floor_tenge", "11000"),
                ("version", "2"),
                ("back", "//evil.example"),
            ],
        )
        .await
        .expect(303);
    assert_eq!(astray.location(), "/products");
}

#[tokio::test]
async fn the_second_of_two_editors_sees_what_the_first_saved() {
    let mut app = TestApp::new();
    let (client, _, kettle) = shop(&mut app).await;
    let path = format!("/products/{kettle}/edit");
    let first = [
        ("floor_tenge", "11000"),
        ("ceiling_tenge", "16000"),
        ("version", "1"),
    ];
    client.htmx().post(&path, &first).await.expect(200);

    let second = [
        ("floor_tenge", "9000"),
        ("ceiling_tenge", "15000"),
        ("version", "1"),
    ];
    let conflict = client.htmx().post(&path, &second).await.expect(409);
    let told = conflict.text(".conflict");
    assert!(told.contains("aigul") && told.contains("11 000"), "{told}");
    assert_eq!(conflict.attribute("input[name=floor_tenge]", "value"), "9000");
    assert_eq!(conflict.attribute("input[name=version]", "value"), "2");
    assert_eq!(
        db_limits(&mut app.conn(), kettle),
        (Some(11_000), Some(16_000), false, 2)
    );

    let again = [
        ("floor_tenge", "9000"),
        ("ceiling_tenge", "15000"),
        ("version", "2"),
    ];
    client.htmx().post(&path, &again).await.expect(200);
    assert_eq!(
        db_limits(&mut app.conn(), kettle),
        (Some(9_000), Some(15_000), false, 3)
    );
}

#[tokio::test]
async fn viewers_look_and_strangers_see_nothing() {
    let mut app = TestApp::new();
    let (_, store, kettle) = shop(&mut app).await;
    let path = format!("/products/{kettle}/edit");
    let fields = [("floor_tenge", "11000"), ("version", "1")];

    let stranger = app.signed_in("stranger", Role::Manager).await;
    let list = stranger.get("/products").await.expect(200);
    assert_eq!(list.count(".goods"), 0);
    for address in [
        path.clone(),
        format!("/products/{kettle}"),
        format!("/products/{kettle}/row"),
    ] {
        stranger.htmx().get(&address).await.expect(404);
    }
    stranger.post(&path, &fields).await.expect(404);
    stranger.get("/products/nonsense").await.expect(404);

    let looking = db_user(&mut app.conn(), "looking", Role::Manager);
    db_access(&mut app.conn(), store, looking, Role::Viewer);
    let looking = app.sign_in("looking").await;
    looking.get(&format!("/products/{kettle}")).await.expect(200);
    looking.get(&path).await.expect(403);
    looking.post(&path, &fields).await.expect(403);

    let viewer = db_user(&mut app.conn(), "viewer", Role::Viewer);
    db_access(&mut app.conn(), store, viewer, Role::Manager);
    let viewer = app.sign_in("viewer").await;
    let list = viewer.get("/products").await.expect(200);
    assert_eq!(list.count("#found tbody tr"), 3);
    assert_eq!(list.count("a[href*='/edit']"), 0);
    viewer.post(&path, &fields).await.expect(403);

    app.anonymous()
        .get(&format!("/products/{kettle}"))
        .await
        .expect(303);
    assert_eq!(
        db_limits(&mut app.conn(), kettle),
        (Some(10_900), Some(15_900), true, 1)
    );
}

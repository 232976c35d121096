//! The user's own list of products: columns, and views under names.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{ProductId, Role, UserId},
    schema::{saved_views, users},
};

use crate::support::{Answer, Client, NewProduct, TestApp, db_product, db_store};

/// A manager with two products.
async fn shop(app: &mut TestApp) -> (Client, ProductId) {
    let client = app.signed_in("aigul", Role::Manager).await;
    let conn = &mut app.conn();
    let owner: UserId = users::table.select(users::id).first(conn).unwrap();
    let store = db_store(conn, owner, "30000001");
    let mut kettle = None;
    for (sku, name) in [("PH-1", "Phone"), ("KT-1", "Kettle")] {
        let new = NewProduct {
            sku,
            name,
            ..NewProduct::default()
        };
        kettle = Some(db_product(conn, store, &new));
    }
    (client, kettle.unwrap())
}

fn heads(page: &Answer) -> Vec<String> {
    page.texts(".goods thead th").split_off(1)
}

fn names(page: &Answer) -> Vec<String> {
    page.texts(".goods tbody th .item a")
}

#[tokio::test]
async fn columns_are_chosen_kept_and_left_out_of_rows_too() {
    let mut app = TestApp::new();
    let (client, kettle) = shop(&mut app).await;
    let usual = client.get("/products").await.expect(200);
    assert_eq!(
        heads(&usual),
        [
            "Товар",
            "Моя цена",
            "Соперник",
            "Место",
            "Пол — потолок, ₸",
            "Остаток",
            "Состояние",
            "Возраст"
        ]
    );
    assert_eq!(usual.count(".mine input[name=column][checked]"), 5);

    let chosen = [
        ("column", "brand"),
        ("column", "stock"),
        ("column", "x"),
        ("q", "ket"),
    ];
    let answer = client.post("/products/columns", &chosen).await.expect(303);
    assert_eq!(answer.location(), "/products?q=ket", "the list stays as it was");
    let page = client.get(&answer.location()).await.expect(200);
    let wanted = ["Товар", "Моя цена", "Пол — потолок, ₸", "Остаток", "Бренд"];
    assert_eq!(heads(&page), wanted);
    assert_eq!(page.count(".goods tbody tr > *"), 6);
    // A row that comes alone, and one that is edited, have the cells of their list.
    let htmx = client.htmx();
    // A parser drops cells outside a table, so they are counted as they are written.
    let cells = |row: &Answer| row.body_text().matches("role=\"cell\"").count();
    for part in ["row", "edit"] {
        let row = htmx.get(&format!("/products/{kettle}/{part}")).await.expect(200);
        assert_eq!(cells(&row), 5, "{part}");
    }
    let row = htmx
        .get(&format!(
            "/products/{kettle}/row?back=%2Fproducts%3Fcolumns%3Dnone"
        ))
        .await
        .expect(200);
    assert_eq!(cells(&row), 3, "as the address of the list says");

    // Whoever else looks sees the usual ones.
    let other = app.signed_in("root", Role::Admin).await;
    assert_eq!(heads(&other.get("/products").await), heads(&usual));
    // None at all is a choice too, and there is a way back.
    client.post("/products/columns", &[]).await.expect(303);
    assert_eq!(heads(&client.get("/products").await), wanted[..3]);
    client
        .post("/products/columns", &[("usual", "1")])
        .await
        .expect(303);
    assert_eq!(heads(&client.get("/products").await), heads(&usual));
}

#[tokio::test]
async fn a_view_keeps_filters_order_and_columns_under_its_name() {
    let mut app = TestApp::new();
    let (client, _) = shop(&mut app).await;
    let fields = [
        ("name", "  Мои   чайники "),
        ("q", "kettle"),
        ("sort", "-price"),
        ("columns", "brand"),
        ("page", "3"),
    ];
    let saved = client.post("/products/views", &fields).await.expect(303);
    assert_eq!(saved.location(), "/products?q=kettle&sort=-price&columns=brand");
    let page = client.get(&saved.location()).await.expect(200);
    assert_eq!(names(&page), ["Kettle"]);
    assert_eq!(heads(&page), ["Товар", "Моя цена", "Пол — потолок, ₸", "Бренд"]);
    assert_eq!(page.texts("#tabs a[aria-current]"), ["Мои чайники1"]);
    assert_eq!(
        page.count(".mine form[action='/products/views']"),
        0,
        "it is saved"
    );

    // Another list is not marked and can be saved; the tab is there with every list, for its owner alone.
    let other = client.get("/products?q=phone").await.expect(200);
    assert_eq!(other.texts("#tabs a[aria-current]"), ["Все1"]);
    assert_eq!(other.count("#tabs li"), 7);
    let root = app.signed_in("root", Role::Admin).await;
    assert_eq!(root.get("/products").await.count("#tabs li"), 6);

    // A part of the page for htmx has it as well.
    let part = client.htmx().get(&saved.location()).await.expect(200);
    assert_eq!(
        (part.count("main"), part.count("#tabs li"), part.count("#own")),
        (0, 7, 1)
    );
}

#[tokio::test]
async fn names_are_there_once_and_wrong_ones_are_told_with_what_was_typed() {
    let mut app = TestApp::new();
    let (client, _) = shop(&mut app).await;
    let save = async |name: &str| {
        client
            .post("/products/views", &[("name", name), ("q", "phone")])
            .await
    };
    save("Чайники").await.expect(303);
    let long = "я".repeat(61);
    for (name, sentence) in [
        ("", "Введите имя вида"),
        (" \u{a0} ", "Введите имя вида"),
        (long.as_str(), "Имя длиннее 60 знаков: сократите его"),
        ("чайники", "Вид с таким именем уже есть: введите другое имя"),
        ("a\u{7}b", "В имени есть невидимые знаки: введите его заново"),
    ] {
        let wrong = save(name).await.expect(422);
        assert_eq!(wrong.text("#name-error"), sentence, "{name}");
        assert_eq!(wrong.attribute("#name", "value"), name);
        assert_eq!(wrong.attribute(".errors a", "href"), "#name");
        assert_eq!(
            wrong.attribute("main input[type=hidden][name=q]", "value"),
            "phone"
        );
    }
    save(&"я".repeat(60)).await.expect(303);
    for number in 3..=30 {
        save(&format!("Вид {number}")).await.expect(303);
    }
    let full = save("Ещё один").await.expect(422);
    assert!(full.text(".errors").contains("30"), "{}", full.text(".errors"));
    let count: i64 = saved_views::table.count().get_result(&mut app.conn()).unwrap();
    assert_eq!(count, 30);
    let page = client.get("/products/views").await.expect(200);
    assert_eq!(page.count(".own-views li"), 30);
    assert_eq!(
        page.count("form[action='/products/views']"),
        0,
        "no more can be saved"
    );
}

#[tokio::test]
async fn views_are_renamed_opened_first_and_deleted_by_their_owner_alone() {
    let mut app = TestApp::new();
    let (client, _) = shop(&mut app).await;
    let first = client
        .post(
            "/products/views",
            &[("name", "Первый"), ("q", "kettle"), ("default", "1")],
        )
        .await
        .expect(303);
    client
        .post("/products/views", &[("name", "Второй"), ("q", "phone")])
        .await
        .expect(303);

    // The list opens with the view; everything is one link away and stays where one goes on from there.
    assert_eq!(
        client.get("/products").await.expect(303).location(),
        first.location()
    );
    let list = client.get(&first.location()).await.expect(200);
    let all = list.page_links("#tabs li:first-child a");
    let all = client.get(&all[0]).await.expect(200);
    assert_eq!(names(&all), ["Kettle"], "a tab keeps the words of the search");
    let all = client.get("/products?view=all").await.expect(200);
    assert_eq!(names(&all).len(), 2);
    assert_eq!(all.texts("#tabs a[aria-current]"), ["Все2"]);
    let nothing = client.get("/products?q=teapot").await.expect(200);
    assert_eq!(nothing.attribute(".blank a", "href"), "/products?view=all");

    let page = client.get("/products/views").await.expect(200);
    let ids: Vec<String> = page.texts(".own-views > li > p > a");
    assert_eq!(ids, ["Первый", "Второй"]);
    let (one, two): (uuid::Uuid, uuid::Uuid) = {
        let ids: Vec<uuid::Uuid> = saved_views::table
            .order(saved_views::id)
            .select(saved_views::id)
            .load(&mut app.conn())
            .unwrap();
        (ids[0], ids[1])
    };
    let path = |id: uuid::Uuid| format!("/products/views/{id}");
    let taken = client.post(&path(two), &[("name", "первый")]).await.expect(422);
    assert_eq!(taken.attribute(&format!("#name-{two}"), "value"), "первый");
    assert_eq!(taken.count(&format!("details[open] #name-{two}-error")), 1);
    client.post(&path(two), &[("name", "Другой")]).await.expect(303);
    client
        .post("/products/views/default", &[("view", &two.to_string())])
        .await
        .expect(303);
    let opened = client.get("/products").await.expect(303).location();
    assert!(opened.starts_with("/products?q=phone"), "{opened}");

    let other = app.signed_in("boris", Role::Manager).await;
    other.post(&path(one), &[("name", "Мой")]).await.expect(404);
    other
        .post(&format!("{}/delete", path(one)), &[])
        .await
        .expect(404);
    other
        .post("/products/views/default", &[("view", &one.to_string())])
        .await
        .expect(404);

    client
        .post(&format!("{}/delete", path(two)), &[])
        .await
        .expect(303);
    client
        .post(&format!("{}/delete", path(two)), &[])
        .await
        .expect(404);
    client.get("/products").await.expect(200);
    client
        .post("/products/views/default", &[("view", &one.to_string())])
        .await
        .expect(303);
    client.get("/products").await.expect(303);
    client
        .post("/products/views/default", &[("view", "")])
        .await
        .expect(303);
    client.get("/products").await.expect(200);
}

//! One product: the stored decision in words, the sellers of its card, its history and settings.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{Outcome, ProductId, PushState, Role, StoreId, UserId},
    schema::{products, users},
};

use super::seed::{db_decision, db_limits, db_push};
use crate::support::{Client, NewProduct, TestApp, db_product, db_store};

async fn kettle(app: &mut TestApp) -> (Client, StoreId, ProductId) {
    let client = app.signed_in("aigul", Role::Manager).await;
    let conn = &mut app.conn();
    let owner: UserId = users::table.select(users::id).first(conn).unwrap();
    let store = db_store(conn, owner, "30000001");
    let new = NewProduct {
        price: 10_000,
        floor: Some(9_300),
        ceiling: Some(12_500),
        ..NewProduct::default()
    };
    let product = db_product(conn, store, &new);
    (client, store, product)
}

#[tokio::test]
async fn the_stored_decision_is_told_step_by_step() {
    let mut app = TestApp::new();
    let (client, store, product) = kettle(&mut app).await;
    let conn = &mut app.conn();
    let (id, outcome, price) = db_decision(conn, product, "30000001", &[("7001", 9_900), ("7002", 11_000)]);
    assert_eq!((outcome, price.map(|p| p.0)), (Outcome::Change, Some(9_899)));
    db_push(
        conn,
        (store, product),
        Some(id),
        (10_000, 9_899),
        (PushState::Confirmed, None),
    );

    let page = client.get(&format!("/products/{product}")).await.expect(200);
    let titles = page.texts(".why h3");
    assert_eq!(
        titles,
        [
            "Прочитали карточку",
            "Отобрали соперников",
            "Правило «Быть первым»",
            "Отправили и увидели в кабинете"
        ]
    );
    assert_eq!(page.texts(".why output"), ["цель 9 899 ₸", "9 899 ₸"]);
    let texts = page.texts(".why p");
    assert_eq!(texts[2], "Лучший соперник 9 900 ₸, шаг 1 ₸");
    assert!(page.text(".why li.end p").contains("отправлено 12:00:00"));

    // Limits changed afterwards do not change what was decided.
    diesel::update(products::table.find(product))
        .set(products::floor_tenge.eq(9_990_i64))
        .execute(conn)
        .unwrap();
    let later = client.get(&format!("/products/{product}")).await.expect(200);
    assert_eq!(later.texts(".why h3"), titles);
}

#[tokio::test]
async fn sellers_stand_by_price_with_our_own_marked() {
    let mut app = TestApp::new();
    let (client, _, product) = kettle(&mut app).await;
    let rivals = [("7001", 9_900), ("7002", 11_000), ("7003", 1_000)];
    db_decision(&mut app.conn(), product, "30000001", &rivals);

    let page = client.get(&format!("/products/{product}")).await.expect(200);
    assert_eq!(page.count(".offers tbody tr"), 4);
    assert_eq!(page.count(".offers tr.own"), 1);
    assert!(page.text(".offers tr.own th").contains("вы"));
    // Far below the median: seen, but no evidence.
    assert_eq!(page.text(".offers tr.out td:last-child"), "цена-выброс");
    assert_eq!(page.text(".offers tr.own td:first-child"), "2");
}

#[tokio::test]
async fn a_product_nobody_looked_at_says_so() {
    let mut app = TestApp::new();
    let (client, _, product) = kettle(&mut app).await;
    let page = client.get(&format!("/products/{product}")).await.expect(200);
    assert_eq!(page.count(".why"), 0);
    assert_eq!(page.count(".offers"), 0);
    assert!(page.text("main").contains("Робот ещё не проверял"));
}

#[tokio::test]
async fn settings_are_saved_refused_and_kept_from_overwriting() {
    let mut app = TestApp::new();
    let (client, _, product) = kettle(&mut app).await;
    let path = format!("/products/{product}");
    let page = client.get(&path).await.expect(200);
    assert_eq!(page.attribute("#floor", "value"), "9\u{a0}300");

    let wrong = [
        ("floor_tenge", "13000"),
        ("ceiling_tenge", "12 500"),
        ("version", "1"),
        ("locked_until", ""),
    ];
    let refused = client.post(&path, &wrong).await.expect(422);
    assert_eq!(refused.attribute(".errors a", "href"), "#ceiling");
    assert_eq!(refused.attribute("#floor", "value"), "13000");
    assert_eq!(refused.attribute("#ceiling", "aria-invalid"), "true");

    let right = [
        ("floor_tenge", "9400"),
        ("ceiling_tenge", "12600"),
        ("version", "1"),
        ("repricing_enabled", "1"),
        ("locked_until", "2026-11-24T09:00"),
    ];
    let saved = client.post(&path, &right).await.expect(303);
    assert_eq!(saved.location(), path);
    assert_eq!(
        db_limits(&mut app.conn(), product),
        (Some(9_400), Some(12_600), true, 2)
    );
    let page = client.get(&path).await.expect(200);
    assert_eq!(page.text(".hero .v .st"), "заморожен");
    let history = page.text(".hist");
    assert!(
        history.contains("aigul") && history.contains("9 400"),
        "{history}"
    );

    let conflict = client.post(&path, &right).await.expect(409);
    assert!(conflict.text(".conflict").contains("9 400"));
    assert_eq!(conflict.attribute("#settings input[name=version]", "value"), "2");
}

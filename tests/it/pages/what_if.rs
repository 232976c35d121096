//! "What if" on the page of a product: the real deciding function on supposed values, and nothing else happens.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{ProductId, Role, UserId},
    schema::{audit_log, price_decisions, price_pushes, products, users},
};

use super::seed::db_decision;
use crate::support::{Answer, Client, NewProduct, TestApp, db_product, db_store};

async fn kettle(app: &mut TestApp) -> (Client, ProductId) {
    let client = app.signed_in("aigul", Role::Manager).await;
    let conn = &mut app.conn();
    let owner: UserId = users::table.select(users::id).first(conn).unwrap();
    let store = db_store(conn, owner, "30000001");
    let new = NewProduct {
        floor: Some(9_300),
        ceiling: Some(12_500),
        ..NewProduct::default()
    };
    (client, db_product(conn, store, &new))
}

fn end(page: &Answer) -> (String, String) {
    (page.text("#try li.end h3"), page.text("#try li.end output"))
}

/// Everything that a decision leaves behind.
fn traces(conn: &mut PgConnection) -> [i64; 4] {
    [
        price_decisions::table.count().get_result(conn).unwrap(),
        price_pushes::table.count().get_result(conn).unwrap(),
        audit_log::table.count().get_result(conn).unwrap(),
        products::table
            .filter(products::push_sequence.gt(0))
            .count()
            .get_result(conn)
            .unwrap(),
    ]
}

#[tokio::test]
async fn unchanged_values_give_the_price_of_the_decision() {
    let mut app = TestApp::new();
    let (client, product) = kettle(&mut app).await;
    let rivals = [("7001", 9_900), ("7002", 11_000), ("7003", 1_000)];
    let (_, _, price) = db_decision(&mut app.conn(), product, "30000001", &rivals);
    assert_eq!(price.unwrap().0, 9_899);

    let page = client.get(&format!("/products/{product}")).await.expect(200);
    assert_eq!(page.count("#try ol.why"), 0);
    assert_eq!(page.text("#try .card-head .st"), "ничего не отправляется");
    let fields = page.form_fields("#try form");
    let typed: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        typed,
        [
            ("try", "1"),
            ("rival", "9\u{a0}900"),
            ("strategy", ""),
            ("floor", "9\u{a0}300"),
            ("ceiling", "12\u{a0}500")
        ]
    );
    let same = client.get(&address(product, &typed)).await.expect(200);
    assert_eq!(
        end(&same),
        ("Робот изменил бы цену".to_owned(), "9 899 ₸".to_owned())
    );
    // Step by step as the decision itself, but for the end.
    let steps = |list: &str| {
        let mut steps = same.texts(&format!("{list} > li:not(.end)"));
        steps.sort();
        steps
    };
    assert_eq!(same.count("ol.why"), 2);
    assert_eq!(steps("#try ol.why"), steps("[aria-labelledby=why-h] ol.why"));
}

fn address(product: ProductId, fields: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    format!("/products/{product}?{query}")
}

async fn supposed(client: &Client, product: ProductId, fields: &[(&str, &str)]) -> Answer {
    let fields = [&[("try", "1")], fields].concat();
    client.get(&address(product, &fields)).await.expect(200)
}

#[tokio::test]
async fn other_values_are_decided_by_the_real_function() {
    let mut app = TestApp::new();
    let (client, product) = kettle(&mut app).await;
    db_decision(
        &mut app.conn(),
        product,
        "30000001",
        &[("7001", 9_900), ("7002", 11_000)],
    );
    let client = client.htmx();
    let lower = supposed(
        &client,
        product,
        &[("rival", "9 700"), ("floor", "9300"), ("ceiling", "12500")],
    )
    .await;
    assert_eq!(end(&lower).1, "9 699 ₸");
    assert!(
        lower
            .body_text()
            .starts_with("<section class=\"card\" id=\"try\"")
    );
    // The cheapest goes up: the next one counts.
    let higher = supposed(
        &client,
        product,
        &[("rival", "20000"), ("floor", "9300"), ("ceiling", "12500")],
    )
    .await;
    assert!(higher.text("#try .why").contains("лучшая цена 11 000 ₸"));
    // Another strategy.
    let matched = supposed(
        &client,
        product,
        &[
            ("rival", "9900"),
            ("floor", "9300"),
            ("ceiling", "12500"),
            ("strategy", "match_lowest"),
        ],
    )
    .await;
    assert_eq!(end(&matched).1, "9 900 ₸");
    assert_eq!(
        matched.attribute("#try-strategy option[selected]", "value"),
        "match_lowest"
    );
    // Limits the wrong way round.
    let inverted = supposed(
        &client,
        product,
        &[("rival", "9900"), ("floor", "12500"), ("ceiling", "9300")],
    )
    .await;
    assert_eq!(
        end(&inverted),
        ("Робот не стал бы менять цену".to_owned(), "10 000 ₸".to_owned())
    );
    // No floor: hands off.
    let without = supposed(&client, product, &[("rival", "9900"), ("ceiling", "12500")]).await;
    assert_eq!(end(&without).0, "Робот не стал бы менять цену");
    assert_eq!(without.attribute("#try-floor", "value"), "");
}

#[tokio::test]
async fn nothing_is_sent_stored_or_asked() {
    let mut app = TestApp::new();
    let (client, product) = kettle(&mut app).await;
    db_decision(&mut app.conn(), product, "30000001", &[("7001", 9_900)]);
    let before = (traces(&mut app.conn()), app.market.journal().await.len());
    let fields = [
        ("try", "1"),
        ("rival", "9700"),
        ("floor", "9300"),
        ("ceiling", "12500"),
    ];
    for client in [client.htmx(), client] {
        let page = client.get(&address(product, &fields)).await.expect(200);
        assert_eq!(end(&page).1, "9 699 ₸");
    }
    assert_eq!(
        (traces(&mut app.conn()), app.market.journal().await.len()),
        before
    );
}

#[tokio::test]
async fn what_cannot_be_read_stays_in_its_field() {
    let mut app = TestApp::new();
    let (client, product) = kettle(&mut app).await;
    db_decision(&mut app.conn(), product, "30000001", &[("7001", 9_900)]);
    let fields = [
        ("try", "1"),
        ("rival", "12,5"),
        ("floor", "<b>"),
        ("ceiling", "12500"),
    ];
    let page = client.get(&address(product, &fields)).await.expect(422);
    assert_eq!(page.attribute("#try-rival", "value"), "12,5");
    assert_eq!(page.attribute("#try-rival", "aria-invalid"), "true");
    assert_eq!(page.attribute("#try-floor", "value"), "<b>");
    assert_eq!(page.count("#try ol.why, #try b"), 0);
    assert!(page.text("head > title").starts_with("Ошибка:"));
}

#[tokio::test]
async fn a_product_without_a_decision_and_one_of_somebody_else() {
    let mut app = TestApp::new();
    let (client, product) = kettle(&mut app).await;
    let page = client.get(&address(product, &[("try", "1")])).await.expect(200);
    assert_eq!(page.count("#try form"), 0);
    assert!(page.text("#try p").starts_with("Считать пока не по чему"));
    let stranger = app.signed_in("askar", Role::Manager).await;
    stranger.get(&address(product, &[("try", "1")])).await.expect(404);
    stranger
        .htmx()
        .get(&address(product, &[("try", "1")]))
        .await
        .expect(404);
}

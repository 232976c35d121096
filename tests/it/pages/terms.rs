//! Limits and economics: set by hand for a store, a category and a product, and what follows for the price.

use diesel::prelude::*;
use kaspi_panel::web::texts::{Language, Texts};
use kaspi_panel::{
    app::{edit::EditError, terms::set_terms},
    domain::{Actor, ProductId, Role, StoreId, Tenge, UserId, terms::Terms},
    schema::{audit_log, pricing_terms, product_checks, products, users},
    store::terms::{TermsPlace, terms_of_products},
};
use serde_json::Value;

use super::seed::db_access;
use crate::support::{Client, NewProduct, TestApp, db_product, db_store, db_user, now};

async fn shop(app: &mut TestApp) -> (Client, StoreId, ProductId) {
    let client = app.signed_in("aigul", Role::Manager).await;
    let conn = &mut app.conn();
    let owner: UserId = users::table.select(users::id).first(conn).unwrap();
    let store = db_store(conn, owner, "30000001");
    let product = db_product(
        conn,
        store,
        &NewProduct {
            price: 12_000,
            floor: None,
            ceiling: None,
            ..NewProduct::default()
        },
    );
    diesel::update(products::table)
        .set(products::category.eq("Чайники"))
        .execute(conn)
        .unwrap();
    diesel::update(product_checks::table)
        .set(product_checks::next_check_at.eq(now() + chrono::TimeDelta::hours(1)))
        .execute(conn)
        .unwrap();
    (client, store, product)
}

fn holds(app: &TestApp, product: ProductId) -> Terms {
    terms_of_products(&mut app.conn(), &[product])
        .unwrap()
        .remove(&product)
        .unwrap()
}

fn audited(app: &TestApp) -> Vec<(String, Option<Value>)> {
    audit_log::table
        .filter(audit_log::object_kind.eq("pricing_terms"))
        .order(audit_log::at)
        .select((audit_log::object_name, audit_log::after))
        .load(&mut app.conn())
        .unwrap()
}

#[tokio::test]
async fn a_person_sets_costs_from_wide_to_near_and_sees_what_follows() {
    let mut app = TestApp::new();
    let (client, store, product) = shop(&mut app).await;
    let page = client.get(&format!("/stores/{store}/terms")).await.expect(200);
    assert!(page.body_text().contains("Пока ничего не задано"));
    assert_eq!(page.texts("td.num"), ["1"]);

    let edit = format!("/stores/{store}/terms/edit");
    client.get(&edit).await.expect(200);
    let form = [
        ("version", "0"),
        ("tax", "simplified"),
        ("delivery", "city"),
        ("goal_kind", "margin"),
        ("goal_value", "5 %"),
    ];
    client.post(&edit, &form).await.expect(303);
    let category = client
        .get(&format!(
            "{edit}?category=%D0%A7%D0%B0%D0%B9%D0%BD%D0%B8%D0%BA%D0%B8"
        ))
        .await
        .expect(200);
    assert_eq!(category.texts("#tax option")[0], "упрощённый режим (от магазина)");
    let form = [("category", "Чайники"), ("version", "0"), ("weight_grams", "900")];
    client.post(&edit, &form).await.expect(303);

    let own = format!("/products/{product}/terms");
    let page = client.get(&own).await.expect(200);
    assert_eq!(
        page.texts(".plainlist li"),
        [
            "Себестоимость не указана: действует только пол",
            "Пола тоже нет: робот не меняет цену"
        ]
    );
    // Where each value comes from, the nearest place first.
    assert!(page.text("#weight-h").starts_with("900 г (от категории)"));
    assert_eq!(page.texts("#delivery option")[0], "по городу (от магазина)");
    assert_eq!(page.texts("#commission option")[0], "обычная (обычно)");
    assert_eq!(page.texts("#goal_kind option")[0], "5 % цены (от магазина)");
    let shown = client.get(&format!("/products/{product}")).await.expect(200);
    assert_eq!(
        shown.texts("#economics li")[0],
        "Себестоимость не указана: действует только пол"
    );
    assert_eq!(page.texts(".figs dd")[0], "—");
    client
        .post(&own, &[("version", "0"), ("unit_cost_tenge", "9 000")])
        .await
        .expect(303);

    let page = client.get(&own).await.expect(200);
    // 0.845 · 12 000 − 1 099 · 1.16 − 9 000 = −134.84, rounded down; from 12 160 a sale earns nothing, and with
    // five hundredths of the price wanted (10 274.84 / 0.795) from 12 925.
    assert_eq!(page.texts(".figs dd")[0], "12 925 ₸");
    assert_eq!(page.texts(".figs dd")[2], "\u{2212}135 ₸");
    assert!(page.body_text().contains("в убыток"));
    let shown = client.get(&format!("/products/{product}")).await.expect(200);
    let facts = shown.texts("#economics dd");
    assert_eq!(facts, ["9 000 ₸", "12 925 ₸", "\u{2212}135 ₸"]);
    assert_eq!(holds(&app, product).unit_cost, Some(Tenge(9_000)));
    assert_eq!(holds(&app, product).weight_grams, Some(900));

    let lines = audited(&app);
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[1].0, "Чайники");
    assert_eq!(lines[1].1, Some(serde_json::json!({"weight_grams": 900})));
    let due: chrono::DateTime<chrono::Utc> = product_checks::table
        .select(product_checks::next_check_at)
        .first(&mut app.conn())
        .unwrap();
    assert_eq!(due, app.services.now(), "looked at again at once");

    // Everything emptied: what is set more widely holds again.
    client
        .post(&own, &[("version", "1"), ("unit_cost_tenge", "")])
        .await
        .expect(303);
    assert_eq!(holds(&app, product).unit_cost, None);
    let left: i64 = pricing_terms::table.count().get_result(&mut app.conn()).unwrap();
    assert_eq!(left, 2);
}

#[tokio::test]
async fn wrong_values_are_said_at_their_field_and_nothing_typed_is_lost() {
    let mut app = TestApp::new();
    let (client, store, _) = shop(&mut app).await;
    let edit = format!("/stores/{store}/terms/edit");
    for (field, value, code) in [
        ("floor_tenge", "9", "product-error-floor-low"),
        ("ceiling_tenge", "5", "product-error-ceiling-low"),
        ("unit_cost_tenge", "12,5", "error-money-fraction"),
        ("weight_grams", "1 000 001", "terms-error-weight"),
        ("tax", "no_such", "terms-error-tariff"),
        ("commission", "city", "terms-error-tariff"),
    ] {
        let page = client
            .post(&edit, &[("version", "0"), (field, value)])
            .await
            .expect(422);
        assert_eq!(
            page.text(".errors li a"),
            Texts::new(Language::Ru).get(code).replace('\u{a0}', " "),
            "{field}"
        );
        assert_eq!(
            page.attribute(".errors li a", "href"),
            format!("#{field}"),
            "{field}"
        );
        if !matches!(field, "tax" | "commission") {
            assert_eq!(page.attribute(&format!("#{field}"), "value"), value);
        }
    }
    for (kind, value) in [
        ("margin", "1001"),
        ("roi", "-1"),
        ("profit", "-1"),
        ("profit", ""),
    ] {
        let form = [("version", "0"), ("goal_kind", kind), ("goal_value", value)];
        client.post(&edit, &form).await.expect(422);
    }
    let set: i64 = pricing_terms::table.count().get_result(&mut app.conn()).unwrap();
    assert_eq!(set, 0);
}

#[tokio::test]
async fn the_second_of_two_is_told_and_keeps_what_was_typed() {
    let mut app = TestApp::new();
    let (client, store, _) = shop(&mut app).await;
    let edit = format!("/stores/{store}/terms/edit");
    client
        .post(&edit, &[("version", "0"), ("weight_grams", "100")])
        .await
        .expect(303);
    let page = client
        .post(&edit, &[("version", "0"), ("weight_grams", "200")])
        .await
        .expect(409);
    let told = page.text(".conflict");
    assert!(told.contains("aigul") && told.contains("100 г"), "{told}");
    assert_eq!(page.attribute("#weight_grams", "value"), "200");
    assert_eq!(page.attribute("input[name=version]", "value"), "1");
    client
        .post(&edit, &[("version", "1"), ("weight_grams", "200")])
        .await
        .expect(303);
}

#[tokio::test]
async fn what_belongs_to_others_is_not_found() {
    let mut app = TestApp::new();
    let (client, store, product) = shop(&mut app).await;
    let conn = &mut app.conn();
    let stranger = db_user(conn, "erlan", Role::Manager);
    let other = db_store(conn, stranger, "30000002");
    let actor = Actor::system();
    for path in ["terms", "terms/edit"] {
        client.get(&format!("/stores/{other}/{path}")).await.expect(404);
    }
    client
        .post(
            &format!("/stores/{other}/terms/edit"),
            &[("version", "0"), ("weight_grams", "1")],
        )
        .await
        .expect(404);
    // A product of another store is none of this one's, whoever asks.
    let place = TermsPlace::Product(other, product);
    let refused = set_terms(&app.services, &actor, place, 0, Terms::default()).await;
    assert!(matches!(refused, Err(EditError::NotFound)), "{refused:?}");
    assert_eq!(holds(&app, product), Terms::default());
    let place = TermsPlace::Product(store, product);
    set_terms(&app.services, &actor, place, 0, Terms::default())
        .await
        .unwrap();
    assert_eq!(audited(&app), [], "nothing set, nothing told");
}

#[tokio::test]
async fn a_category_that_is_none_of_the_stores_does_not_exist() {
    let mut app = TestApp::new();
    let (client, store, product) = shop(&mut app).await;
    let edit = format!("/stores/{store}/terms/edit");
    client.get(&format!("{edit}?category=Phones")).await.expect(404);
    let form = [("category", "Phones"), ("version", "0"), ("weight_grams", "1")];
    client.post(&edit, &form).await.expect(404);
    // What is set for a category that lost its last product can still be cleared.
    let form = [("category", "Чайники"), ("version", "0"), ("weight_grams", "1")];
    client.post(&edit, &form).await.expect(303);
    diesel::update(products::table.find(product))
        .set(products::category.eq("Phones"))
        .execute(&mut app.conn())
        .unwrap();
    let page = client.get(&format!("/stores/{store}/terms")).await.expect(200);
    assert_eq!(page.texts("tbody th"), ["Phones", "Чайники"]);
    let form = [("category", "Чайники"), ("version", "1")];
    client.post(&edit, &form).await.expect(303);
    assert_eq!(audited(&app).len(), 2);
}

#[tokio::test]
async fn limits_of_a_category_fit_those_of_the_store() {
    let mut app = TestApp::new();
    let (client, store, _) = shop(&mut app).await;
    let edit = format!("/stores/{store}/terms/edit");
    let form = [
        ("version", "0"),
        ("floor_tenge", "5000"),
        ("ceiling_tenge", "9000"),
    ];
    client.post(&edit, &form).await.expect(303);
    for (field, value) in [("ceiling_tenge", "4999"), ("floor_tenge", "9001")] {
        let form = [("category", "Чайники"), ("version", "0"), (field, value)];
        let page = client.post(&edit, &form).await.expect(422);
        assert_eq!(page.attribute(".errors a", "href"), format!("#{field}"));
    }
}

#[tokio::test]
async fn whoever_may_only_look_does_not_get_the_form() {
    let mut app = TestApp::new();
    let (_, store, product) = shop(&mut app).await;
    let looking = db_user(&mut app.conn(), "looking", Role::Manager);
    db_access(&mut app.conn(), store, looking, Role::Viewer);
    let looking = app.sign_in("looking").await;
    looking.get(&format!("/stores/{store}/terms")).await.expect(200);
    for path in [
        format!("/stores/{store}/terms/edit"),
        format!("/products/{product}/terms"),
    ] {
        looking.get(&path).await.expect(403);
        looking
            .post(&path, &[("version", "0"), ("weight_grams", "1")])
            .await
            .expect(403);
    }
    assert_eq!(audited(&app), []);
}

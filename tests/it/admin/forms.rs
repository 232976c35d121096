//! Forms: saving through the rules, conflicts, deletion with its consequences, actions, history.

use diesel::prelude::*;
use kaspi_panel::schema::{audit_log, preorders, products, stores};

use super::{panel, product};
use crate::support::{Client, TestApp, db_preorder};

async fn post(client: &Client, path: &str, fields: &[(&str, &str)]) -> crate::support::Answer {
    client.post(path, fields).await
}

#[tokio::test]
async fn a_product_is_changed_by_the_same_rules_as_everywhere() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    let id = product(&app, store, "S-1", "Kettle", 10_000);
    let path = format!("/admin/products/{id}/");
    let page = root.get(&path).await.expect(200);
    assert_eq!(page.attribute("#f-floor_tenge", "value"), "8000");
    assert_eq!(page.attribute("input[name=version]", "value"), "1");

    let wrong = [
        ("version", "1"),
        ("floor_tenge", "12 000"),
        ("ceiling_tenge", "9000"),
        ("repricing_enabled", "on"),
    ];
    let answer = post(&root, &path, &wrong).await.expect(422);
    assert_eq!(answer.attribute("#f-floor_tenge", "value"), "12 000");
    assert_eq!(answer.attribute("#f-ceiling_tenge", "aria-invalid"), "true");
    assert_eq!(answer.attribute("main .errors a", "href"), "#f-ceiling_tenge");
    assert_eq!(answer.texts("main .errors a").len(), 1);
    let answer = post(&root, &path, &[("version", "1"), ("floor_tenge", "12,5")])
        .await
        .expect(422);
    assert_eq!(answer.attribute("main .errors a", "href"), "#f-floor_tenge");

    let right = [
        ("version", "1"),
        ("floor_tenge", "7 500"),
        ("ceiling_tenge", ""),
        ("strategy", "match_lowest"),
        ("stay", "yes"),
    ];
    let answer = post(&root, &path, &right).await.expect(303);
    assert_eq!(answer.location(), path);
    let stored: (Option<i64>, Option<i64>, Option<String>, bool, i32) = products::table
        .find(id)
        .select((
            products::floor_tenge,
            products::ceiling_tenge,
            products::strategy,
            products::repricing_enabled,
            products::version,
        ))
        .first(&mut app.conn())
        .unwrap();
    assert_eq!(
        stored,
        (Some(7_500), None, Some("match_lowest".to_owned()), false, 2)
    );
    let refused = [("version", "2"), ("floor_tenge", "7 500"), ("strategy", "yo_yo")];
    let answer = post(&root, &path, &refused).await.expect(422);
    assert_eq!(answer.attribute("main .errors a", "href"), "#f-strategy");
    // A stored word that is no choice any more stays one.
    diesel::update(products::table.find(id))
        .set(products::strategy.eq("yo_yo"))
        .execute(&mut app.conn())
        .unwrap();
    let page = root.get(&path).await.expect(200);
    assert_eq!(page.attribute("#f-strategy option[selected]", "value"), "yo_yo");

    let history = root.get(&format!("{path}history/")).await.expect(200);
    let lines = history.text("main .hist");
    assert!(
        lines.contains("8 000 ₸") && lines.contains("7 500 ₸") && lines.contains("root"),
        "{lines}"
    );
}

#[tokio::test]
async fn the_second_of_two_writers_sees_both_versions() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    let path = format!("/admin/stores/{store}/");
    let form = |name: &'static str, version: &'static str| {
        [
            ("name", name),
            ("version", version),
            ("main_city_id", "750000000"),
            ("repricing_mode", "live"),
            ("active", "on"),
        ]
    };
    post(&root, &path, &form("First", "1")).await.expect(303);
    let answer = post(&root, &path, &form("Second", "1")).await.expect(409);
    assert_eq!(answer.attribute("#f-name", "value"), "Second");
    assert!(
        answer.text("main .note.warn").contains("First"),
        "{}",
        answer.text("main .note.warn")
    );
    let name = |app: &TestApp| -> String {
        let query = stores::table.find(store).select(stores::name);
        query.first(&mut app.conn()).unwrap()
    };
    assert_eq!(name(&app), "First");
    assert_eq!(answer.attribute("input[name=version]", "value"), "2");
    post(&root, &path, &form("Second", "2")).await.expect(303);
    assert_eq!(name(&app), "Second");
    post(&root, &path, &[("name", "x")]).await.expect(400);
}

#[tokio::test]
async fn a_store_goes_with_everything_it_has_after_a_question() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    let kettle = product(&app, store, "S-1", "Kettle", 10_000);
    product(&app, store, "S-2", "Iron", 10_000);
    db_preorder(&mut app.conn(), store, kettle, "Kettle, ordered");
    let path = format!("/admin/stores/{store}/delete/");
    let question = root.get(&path).await.expect(200);
    assert_eq!(question.texts("main .losses li"), ["2 товара", "1 предзаказ"]);
    assert_eq!(question.attribute("main form", "action"), path);
    let left = |app: &TestApp| -> i64 { products::table.count().get_result(&mut app.conn()).unwrap() };
    assert_eq!(left(&app), 2, "a question changes nothing");

    let answer = post(&root, &path, &[]).await.expect(303);
    assert_eq!(answer.location(), "/admin/stores/");
    assert_eq!(left(&app), 0);
    root.get(&format!("/admin/stores/{store}/")).await.expect(404);
    let kept: Vec<String> = audit_log::table
        .filter(audit_log::object_id.eq(store.0))
        .select(audit_log::action)
        .load(&mut app.conn())
        .unwrap();
    assert_eq!(kept, ["delete"]);
    root.get(&format!("/admin/stores/{store}/history/"))
        .await
        .expect(200);
    post(&root, &path, &[]).await.expect(404);
}

#[tokio::test]
async fn an_action_on_selected_rows_is_confirmed_first() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    let one = product(&app, store, "S-1", "Kettle", 10_000).to_string();
    let two = product(&app, store, "S-2", "Iron", 10_000).to_string();
    let other = product(&app, store, "S-3", "Fan", 10_000).to_string();
    let path = "/admin/products/actions/";
    let chosen = [("action", "repricing-off"), ("ids", &one), ("ids", &two)];
    let question = post(&root, path, &chosen).await.expect(200);
    assert_eq!(question.texts("main .rows li"), ["Kettle", "Iron"]);
    let on = |app: &TestApp| -> Vec<String> {
        products::table
            .filter(products::repricing_enabled)
            .order(products::name)
            .select(products::name)
            .load(&mut app.conn())
            .unwrap()
    };
    assert_eq!(on(&app).len(), 3, "a question changes nothing");
    let mut confirmed = chosen.to_vec();
    confirmed.push(("confirmed", "yes"));
    post(&root, path, &confirmed).await.expect(303);
    assert_eq!(on(&app), ["Fan"]);

    post(&root, path, &[("action", "explode"), ("ids", &other)])
        .await
        .expect(400);
    post(&root, path, &[("action", "delete"), ("ids", "no-key")])
        .await
        .expect(400);
    let delete = [("action", "delete"), ("ids", &other), ("confirmed", "yes")];
    post(&root, path, &delete).await.expect(303);
    assert!(on(&app).is_empty());
    post(&root, path, &[("action", "delete")]).await.expect(303);
}

#[tokio::test]
async fn a_preorder_is_added_changed_and_completed() {
    let mut app = TestApp::new();
    let (root, store) = panel(&mut app).await;
    let kettle = product(&app, store, "S-1", "Kettle", 10_000).to_string();
    let add = "/admin/preorders/add/";
    let form = |product: &str, days: &str, points: &str| {
        [
            ("product_id", product.to_owned()),
            ("name", String::new()),
            ("status", "processing".to_owned()),
            ("price_tenge", "9 900".to_owned()),
            ("delivery_days", days.to_owned()),
            ("warehouses", points.to_owned()),
            ("stay", "yes".to_owned()),
        ]
    };
    for (product, days, points, field) in [
        ("no-key", "5", "", "product_id"),
        ("00000000-0000-0000-0000-000000000000", "5", "", "product_id"),
        (kettle.as_str(), "31", "", "delivery_days"),
        (kettle.as_str(), "5", "x", "warehouses"),
    ] {
        let form = form(product, days, points);
        let fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = post(&root, add, &fields).await.expect(422);
        assert_eq!(answer.attribute("main .errors a", "href"), format!("#f-{field}"));
    }
    let form = form(&kettle, "5", "1: 3\n2");
    let fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let added = post(&root, add, &fields).await.expect(303);
    let page = root.get(&added.location()).await.expect(200);
    assert_eq!(page.attribute("#f-name", "value"), "Kettle");
    assert_eq!(page.text("#f-warehouses"), "1: 3 2");
    post(&root, add, &fields).await.expect(422);

    let id = added.location().split('/').nth(3).unwrap().to_owned();
    let complete = [("action", "complete"), ("ids", id.as_str()), ("confirmed", "yes")];
    post(&root, "/admin/preorders/actions/", &complete)
        .await
        .expect(303);
    let status: String = preorders::table
        .select(preorders::status)
        .first(&mut app.conn())
        .unwrap();
    assert_eq!(status, "completed");
}

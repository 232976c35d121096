//! The pages of the rules: list, form, order, switch, removing; and who may.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{ProductId, Role, RuleId, RuleScope, StoreId, Tenant},
    schema::{audit_log, product_checks, products, rules, users},
    store::rules::{RuleRow, rule_fetch, rule_list, rule_products_list},
};
use serde_json::Value;

use crate::support::{Client, NewProduct, TestApp, db_product, db_store, db_user, now};

struct Seller {
    app: TestApp,
    client: Client,
    store: StoreId,
}

async fn seller() -> Seller {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let owner = users::table
        .filter(users::external_id.eq("aigul"))
        .select(users::id)
        .first(&mut app.conn())
        .unwrap();
    let store = db_store(&mut app.conn(), owner, "30000001");
    Seller { app, client, store }
}

impl Seller {
    fn product(&self, sku: &str) -> ProductId {
        db_product(
            &mut self.app.conn(),
            self.store,
            &NewProduct {
                sku,
                ..NewProduct::default()
            },
        )
    }

    fn rules(&self) -> Vec<RuleRow> {
        rule_list(&mut self.app.conn(), Tenant::All, Some(self.store)).unwrap()
    }

    fn rule(&self, id: RuleId) -> RuleRow {
        rule_fetch(&mut self.app.conn(), Tenant::All, id)
            .unwrap()
            .unwrap()
    }

    /// The fields of the form as a browser sends them, with some of them typed anew.
    async fn typed(&self, path: &str, changes: &[(&str, &str)]) -> Vec<(String, String)> {
        self.typed_in("main form.card", path, changes).await
    }

    async fn typed_in(&self, form: &str, path: &str, changes: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut fields = self.client.get(path).await.expect(200).form_fields(form);
        for (name, value) in changes {
            fields.retain(|(known, _)| known != name);
            if !value.is_empty() || *name == "name" {
                fields.push(((*name).to_owned(), (*value).to_owned()));
            }
        }
        fields
    }

    async fn send(&self, path: &str, fields: &[(String, String)]) -> crate::support::Answer {
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .filter(|(name, _)| name != "csrf_token")
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.client.post(path, &fields).await
    }

    /// Makes a rule by its form.
    async fn make(&self, scope: &str, changes: &[(&str, &str)]) -> RuleId {
        let path = format!("/rules/new?store={}&scope={scope}&kind=beat_lowest", self.store);
        let fields = self.typed(&path, changes).await;
        let location = self.send("/rules/new", &fields).await.expect(303).location();
        location.strip_prefix("/rules/").unwrap().parse().unwrap()
    }

    /// Acts and changed fields that the log keeps of a rule, oldest first.
    fn log(&self, id: RuleId) -> Vec<(String, Option<Value>, Option<Value>)> {
        audit_log::table
            .filter(audit_log::object_kind.eq("rule"))
            .filter(audit_log::object_id.eq(id.0))
            .order(audit_log::id)
            .select((audit_log::action, audit_log::before, audit_log::after))
            .load(&mut self.app.conn())
            .unwrap()
    }
}

#[tokio::test]
async fn a_rule_is_made_in_two_steps_and_stands_in_the_list() {
    let shop = seller().await;
    shop.product("A-1");
    let page = shop.client.get("/rules").await.expect(200);
    assert_eq!(page.attribute(".blank a.btn", "href"), "/rules/new");
    let starters = page.page_links(".first-steps a");
    assert_eq!(starters.len(), 4);
    for start in starters {
        let page = shop.client.get(&start).await.expect(200);
        assert_eq!(page.count("input[name=scope][value=store]"), 1, "{start}");
        assert_eq!(page.count("#step"), 1, "{start}");
    }
    let page = shop.client.get("/rules/new").await.expect(200);
    assert_eq!(page.count("input[name=kind]"), 12);
    assert_eq!(page.count("input[name=scope]"), 4);

    let id = shop
        .make(
            "store",
            &[("name", "Whole store"), ("step", "0,5"), ("step_unit", "percent")],
        )
        .await;
    let rule = shop.rule(id);
    assert_eq!(
        (rule.scope, rule.strategy.as_str()),
        (RuleScope::Store, "beat_lowest")
    );
    assert_eq!(rule.definition["strategy"]["step"]["percent"], "0.5");
    let log = shop.log(id);
    assert_eq!(log.len(), 1);
    assert_eq!(log[0].0, "create");
    assert_eq!(log[0].2.as_ref().unwrap()["rule-step"], "0.5 %");

    let page = shop.client.get("/rules").await.expect(200);
    assert_eq!(page.texts("tbody th a"), ["Whole store"]);
    assert_eq!(page.text("tbody td.num"), "1");
    // One for the store: the second is told at its field.
    let path = format!("/rules/new?store={}&scope=store&kind=match_lowest", shop.store);
    let fields = shop.typed(&path, &[("name", "Another")]).await;
    let page = shop.send("/rules/new", &fields).await.expect(422);
    assert_eq!(page.count("#attached"), 1);
    assert_eq!(page.attribute("#name", "value"), "Another");
    assert_eq!(shop.rules().len(), 1);
}

#[tokio::test]
async fn what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost() {
    let shop = seller().await;
    let id = shop.make("store", &[("name", "Rule")]).await;
    let path = format!("/rules/{id}");
    let before = shop.rule(id);
    let typed = [
        ("name", "New name"),
        ("step", "0"),
        ("max_up_percent", "ten"),
        ("max_down_percent", "7,5"),
        ("alone", "hold"),
    ];
    let fields = shop.typed(&path, &typed).await;
    let page = shop.send(&path, &fields).await.expect(422);
    assert_eq!(page.count("#step[aria-invalid=true]"), 1);
    assert_eq!(page.count(".err"), 2);
    assert_eq!(page.page_links(".errors a"), ["#step", "#max_up_percent"]);
    assert_eq!(page.attribute("#name", "value"), "New name");
    assert_eq!(page.attribute("#max_down_percent", "value"), "7,5");
    assert_eq!(page.attribute("#alone option[selected]", "value"), "hold");
    assert_eq!(shop.rule(id), before);
}

#[tokio::test]
async fn another_kind_is_chosen_without_losing_what_was_typed_and_saved_with_its_parameters() {
    let shop = seller().await;
    let id = shop.make("store", &[("name", "Rule")]).await;
    let path = format!("/rules/{id}");
    // Without the button too: the parameters were not on the screen.
    for act in ["kind", ""] {
        let fields = shop
            .typed(&path, &[("kind", "hold_place"), ("name", "Typed"), ("act", act)])
            .await;
        let page = shop.send(&path, &fields).await.expect(200);
        assert_eq!(page.attribute("#name", "value"), "Typed");
        assert_eq!(page.attribute("#place", "value"), "1");
        assert_eq!(shop.rule(id).strategy, "beat_lowest");
        let mut fields = page.form_fields("main form.card");
        fields.retain(|(name, _)| name != "place");
        fields.push(("place".to_owned(), "3".to_owned()));
        if act.is_empty() {
            shop.send(&path, &fields).await.expect(303);
        }
    }
    let rule = shop.rule(id);
    assert_eq!(rule.definition["strategy"]["place"], 3);
    assert_eq!((rule.strategy.as_str(), rule.version), ("hold_place", 2));
    let log = shop.log(id);
    assert_eq!(log[1].0, "update");
    assert_eq!(log[1].1.as_ref().unwrap()["strategy"], "beat_lowest");
    assert_eq!(log[1].2.as_ref().unwrap()["rule-place"], 3);
    let page = shop.client.get("/log").await.expect(200);
    assert!(
        page.text("tbody").contains("Держать место"),
        "the log speaks in words"
    );
}

#[tokio::test]
async fn a_selection_is_pasted_by_sku_and_unknown_ones_are_named() {
    let shop = seller().await;
    let (first, second) = (shop.product("A-1"), shop.product("A-2"));
    let path = format!("/rules/new?store={}&scope=selection&kind=beat_lowest", shop.store);
    let fields = shop
        .typed(&path, &[("name", "Choice"), ("skus", "A-1\nB-9\n\nC-7")])
        .await;
    let page = shop.send("/rules/new", &fields).await.expect(422);
    assert!(page.text("#skus-e").ends_with("B-9, C-7"));
    assert_eq!(page.text("#skus"), "A-1 B-9 C-7");
    let id = shop
        .make("selection", &[("name", "Choice"), ("skus", " A-1 \r\nA-1\r\n")])
        .await;
    assert_eq!(rule_products_list(&mut shop.app.conn(), id).unwrap(), [first]);
    let path = format!("/rules/{id}");
    let fields = shop.typed(&path, &[("skus", "A-2")]).await;
    shop.send(&path, &fields).await.expect(303);
    assert_eq!(rule_products_list(&mut shop.app.conn(), id).unwrap(), [second]);
    let log = shop.log(id);
    assert_eq!(log[1].1.as_ref().unwrap()["products"], "A-1");
    assert_eq!(log[1].2.as_ref().unwrap()["products"], "A-2");
    // The same again writes nothing.
    let fields = shop.typed(&path, &[]).await;
    shop.send(&path, &fields).await.expect(303);
    assert_eq!(shop.log(id).len(), 2);
}

#[tokio::test]
async fn selections_are_put_in_order_and_the_upper_one_governs() {
    let shop = seller().await;
    shop.product("A-1");
    let first = shop
        .make("selection", &[("name", "First"), ("skus", "A-1")])
        .await;
    let second = shop
        .make("selection", &[("name", "Second"), ("skus", "A-1")])
        .await;
    let reach = async || {
        let page = shop.client.get("/rules").await.expect(200);
        (page.texts("tbody th a"), page.texts("tbody td.num"))
    };
    let words = |list: [&str; 2]| list.map(str::to_owned).to_vec();
    assert_eq!(reach().await, (words(["First", "Second"]), words(["1", "0"])));
    shop.client
        .post(&format!("/rules/{second}/move"), &[("to", "up")])
        .await
        .expect(303);
    assert_eq!(reach().await, (words(["Second", "First"]), words(["1", "0"])));
    shop.client
        .post(&format!("/rules/{second}/enabled"), &[("enabled", "off")])
        .await
        .expect(303);
    assert_eq!(reach().await, (words(["Second", "First"]), words(["0", "1"])));
    assert!(!shop.rule(second).enabled);
    assert_eq!(shop.rule(first).position, 1);
}

#[tokio::test]
async fn a_change_makes_the_products_of_the_rule_due() {
    let shop = seller().await;
    let (inside, outside) = (shop.product("A-1"), shop.product("A-2"));
    let id = shop
        .make("selection", &[("name", "Choice"), ("skus", "A-1")])
        .await;
    let later = now() + chrono::TimeDelta::hours(1);
    let wait = || {
        diesel::update(products::table)
            .set(products::repricing_enabled.eq(true))
            .execute(&mut shop.app.conn())
            .unwrap();
        diesel::update(product_checks::table)
            .set(product_checks::next_check_at.eq(later))
            .execute(&mut shop.app.conn())
            .unwrap();
    };
    let due = |product: ProductId| {
        product_checks::table
            .find(product)
            .select(product_checks::next_check_at.le(now()))
            .first::<bool>(&mut shop.app.conn())
            .unwrap()
    };
    let path = format!("/rules/{id}");
    wait();
    let fields = shop.typed(&path, &[("step", "5")]).await;
    shop.send(&path, &fields).await.expect(303);
    assert_eq!((due(inside), due(outside)), (true, false));
    wait();
    let off = [("enabled", "off")];
    shop.client
        .post(&format!("{path}/enabled"), &off)
        .await
        .expect(303);
    assert_eq!((due(inside), due(outside)), (true, false));
    wait();
    // Who leaves the selection is looked at as well.
    let fields = shop.typed(&path, &[("skus", "A-2")]).await;
    shop.send(&path, &fields).await.expect(303);
    assert_eq!((due(inside), due(outside)), (true, true));
}

#[tokio::test]
async fn who_saves_second_is_asked_and_keeps_what_was_typed() {
    let shop = seller().await;
    let id = shop.make("store", &[("name", "Rule")]).await;
    let path = format!("/rules/{id}");
    let mine = shop.typed(&path, &[("name", "Mine")]).await;
    let theirs = shop.typed(&path, &[("name", "Theirs")]).await;
    shop.send(&path, &theirs).await.expect(303);
    let page = shop.send(&path, &mine).await.expect(409);
    assert_eq!(page.attribute("#name", "value"), "Mine");
    assert!(page.text(".conflict h2").contains("aigul"), "who was it");
    assert_eq!(page.texts(".conflict tbody td"), ["Theirs", "Mine"]);
    assert_eq!(page.attribute(".conflict a", "href"), path);
    assert_eq!(shop.rule(id).name, "Theirs");
    shop.send(&path, &page.form_fields("main form.card"))
        .await
        .expect(303);
    assert_eq!(shop.rule(id).name, "Mine");
    // Removing too asks for what was on the screen.
    let delete = format!("{path}/delete");
    shop.client.post(&delete, &[("version", "1")]).await.expect(409);
    assert_eq!(shop.rules().len(), 1);
    let version = shop
        .client
        .get(&delete)
        .await
        .expect(200)
        .attribute("input[name=version]", "value");
    shop.client
        .post(&delete, &[("version", &version)])
        .await
        .expect(303);
    assert!(shop.rules().is_empty());
    assert_eq!(shop.log(id).last().unwrap().0, "delete");
}

#[tokio::test]
async fn rules_of_others_do_not_exist_and_viewers_only_look() {
    let mut shop = seller().await;
    let id = shop.make("store", &[("name", "Rule")]).await;
    let path = format!("/rules/{id}");
    let stranger = shop.app.signed_in("askar", Role::Manager).await;
    assert!(
        !stranger
            .get("/rules")
            .await
            .expect(200)
            .body_text()
            .contains("Rule<")
    );
    stranger.get(&path).await.expect(404);
    stranger.get(&format!("{path}/delete")).await.expect(404);
    for act in ["", "/enabled", "/move", "/delete"] {
        let fields = [("kind", "match_lowest"), ("name", "Stolen"), ("version", "1")];
        stranger.post(&format!("{path}{act}"), &fields).await.expect(404);
    }
    let new = format!("/rules/new?store={}&scope=product&kind=match_lowest", shop.store);
    stranger.get(&new).await.expect(404);
    assert_eq!(shop.rule(id).name, "Rule");

    let viewer = db_user(&mut shop.app.conn(), "viewer", Role::Viewer);
    super::seed::db_access(&mut shop.app.conn(), shop.store, viewer, Role::Viewer);
    let viewer = shop.app.sign_in("viewer").await;
    let page = viewer.get(&path).await.expect(200);
    assert_eq!(page.count("fieldset:not([disabled])"), 0);
    assert_eq!(page.count("form.card .save"), 0);
    viewer.post(&path, &[("kind", "match_lowest")]).await.expect(403);
    assert_eq!(
        rules::table
            .count()
            .get_result::<i64>(&mut shop.app.conn())
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn a_product_names_its_strategy_and_its_page_the_rule_that_governs_it() {
    let shop = seller().await;
    let product = shop.product("A-1");
    let path = format!("/products/{product}");
    let page = shop.client.get(&path).await.expect(200);
    assert_eq!(page.count("a[href^='/rules/new?']"), 1);
    let wide = shop.make("store", &[("name", "Wide")]).await;
    let near = shop.make("product", &[("name", "Near"), ("sku", "A-1")]).await;
    let governing = async || shop.client.get(&path).await.expect(200).page_links(".facts a");
    assert_eq!(governing().await[0], format!("/rules/{near}"));
    shop.client
        .post(&format!("/rules/{near}/enabled"), &[("enabled", "off")])
        .await
        .expect(303);
    assert_eq!(governing().await[0], format!("/rules/{wide}"));

    let stored = || {
        products::table
            .find(product)
            .select(products::strategy)
            .first::<Option<String>>(&mut shop.app.conn())
            .unwrap()
    };
    let edit = format!("{path}/edit");
    let page = shop.client.get(&edit).await.expect(200);
    let kinds = page.page().html();
    assert!(kinds.contains("value=\"target_margin\"") && !kinds.contains("value=\"hold_place\""));
    for (typed, status, kept) in [
        ("match_lowest", 303, Some("match_lowest")),
        ("hold_place", 422, Some("match_lowest")),
        ("", 303, None),
    ] {
        let mut fields = shop
            .client
            .get(&edit)
            .await
            .expect(200)
            .form_fields("main form.card");
        fields.retain(|(name, _)| name != "strategy");
        fields.push(("strategy".to_owned(), typed.to_owned()));
        let answer = shop.send(&edit, &fields).await.expect(status);
        assert_eq!(stored().as_deref(), kept);
        if status == 422 {
            assert_eq!(answer.attribute("#strategy", "aria-invalid"), "true");
        }
    }
}

#[tokio::test]
async fn a_strategy_that_is_not_known_survives_a_change_of_limits() {
    let shop = seller().await;
    let product = shop.product("A-1");
    let path = format!("/products/{product}");
    diesel::update(products::table.find(product))
        .set(products::strategy.eq("yo_yo"))
        .execute(&mut shop.app.conn())
        .unwrap();
    // The form in the row does not show it.
    let row = [
        ("floor_tenge", "8 100"),
        ("ceiling_tenge", "12 000"),
        ("version", "1"),
    ];
    shop.client.post(&format!("{path}/edit"), &row).await.expect(303);
    let page = shop.client.get(&path).await.expect(200);
    assert_eq!(page.attribute("#strategy option[selected]", "value"), "yo_yo");
    assert_eq!(page.attribute("#floor", "value"), "8\u{a0}100");
    let fields = shop
        .typed_in("#settings form", &path, &[("floor_tenge", "8 200")])
        .await;
    shop.send(&path, &fields).await.expect(303);
    let stored: (Option<String>, Option<i64>) = products::table
        .find(product)
        .select((products::strategy, products::floor_tenge))
        .first(&mut shop.app.conn())
        .unwrap();
    assert_eq!(stored, (Some("yo_yo".to_owned()), Some(8_200)));
}

#[tokio::test]
async fn a_rule_that_cannot_be_read_says_so_until_it_is_replaced() {
    let shop = seller().await;
    let id = shop.make("store", &[("name", "Rule")]).await;
    let path = format!("/rules/{id}");
    let warnings = async || shop.client.get(&path).await.expect(200).texts(".note.bad").len();
    assert_eq!(warnings().await, 0);
    diesel::update(rules::table.find(id))
        .set(rules::definition.eq(serde_json::json!({ "strategy": { "kind": "of_tomorrow" } })))
        .execute(&mut shop.app.conn())
        .unwrap();
    assert_eq!(warnings().await, 1);
    let fields = shop.typed(&path, &[]).await;
    shop.send(&path, &fields).await.expect(303);
    assert_eq!(warnings().await, 0);
    assert_eq!(shop.rule(id).definition["strategy"]["kind"], "beat_lowest");
}

//! What a rule or a store that goes live would do: counted from stored decisions, without a trace.

use diesel::prelude::*;
use kaspi_panel::{
    app::rules::trial::preview_of_store,
    domain::{ProductId, RepricingMode, Role, StoreId},
    schema::{audit_log, price_decisions, price_pushes, products, rules, stores, users},
};
use serde_json::json;
use uuid::Uuid;

use super::seed::db_decision;
use crate::support::{Answer, Client, NewProduct, TestApp, db_product, db_store, now};

const MERCHANT: &str = "30000001";

struct Shop {
    app: TestApp,
    client: Client,
    store: StoreId,
    rule: Uuid,
}

impl Shop {
    /// A store with a rule, and one product of each fate under "cheaper than all".
    async fn open() -> Self {
        let mut app = TestApp::new();
        let client = app.signed_in("aigul", Role::Manager).await;
        let mut conn = app.conn();
        let owner = users::table
            .filter(users::external_id.eq("aigul"))
            .select(users::id)
            .first(&mut conn)
            .unwrap();
        let store = db_store(&mut conn, owner, MERCHANT);
        diesel::update(stores::table)
            .set(stores::repricing_mode.eq(RepricingMode::Shadow))
            .execute(&mut conn)
            .unwrap();
        let rule = Uuid::now_v7();
        diesel::insert_into(rules::table)
            .values((
                rules::id.eq(rule),
                rules::store_id.eq(store),
                rules::name.eq("Rule"),
                rules::definition.eq(json!({"strategy": {"kind": "beat_lowest"}})),
                rules::created_at.eq(now()),
                rules::updated_at.eq(now()),
            ))
            .execute(&mut conn)
            .unwrap();
        let shop = Self {
            app,
            client,
            store,
            rule,
        };
        shop.product("FALLS", true, Some(9_900));
        shop.product("RISES", true, Some(11_000));
        shop.product("HELD", true, Some(7_000));
        shop.product("NEW", true, None);
        shop.product("OFF", false, Some(9_000));
        shop
    }

    fn product(&self, sku: &str, repricing: bool, rival: Option<i64>) -> ProductId {
        let mut conn = self.app.conn();
        let product = db_product(
            &mut conn,
            self.store,
            &NewProduct {
                sku,
                name: sku,
                card_id: Some(sku),
                repricing,
                ..NewProduct::default()
            },
        );
        if let Some(rival) = rival {
            db_decision(&mut conn, product, MERCHANT, &[("R", rival)]);
        }
        product
    }

    async fn tried(&self, changes: &[(&str, &str)]) -> Answer {
        let path = format!("/rules/{}", self.rule);
        let mut fields = self
            .client
            .get(&path)
            .await
            .expect(200)
            .form_fields("main form.card");
        for (name, value) in changes {
            fields.retain(|(known, _)| known != name);
            if !value.is_empty() {
                fields.push(((*name).to_owned(), (*value).to_owned()));
            }
        }
        fields.push(("act".to_owned(), "try".to_owned()));
        fields.retain(|(name, _)| name != "csrf_token");
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        self.client.post(&path, &fields).await
    }

    /// Decisions, pushes, audit rows and the rule's version.
    fn traces(&self) -> (i64, i64, i64, i32) {
        let mut conn = self.app.conn();
        (
            price_decisions::table.count().get_result(&mut conn).unwrap(),
            price_pushes::table.count().get_result(&mut conn).unwrap(),
            audit_log::table.count().get_result(&mut conn).unwrap(),
            rules::table
                .find(self.rule)
                .select(rules::version)
                .first(&mut conn)
                .unwrap(),
        )
    }
}

/// Figures and moves of the card.
fn told(page: &Answer) -> (Vec<String>, Vec<String>) {
    (page.texts("#trial dd"), page.texts("#trial tbody tr"))
}

#[tokio::test]
async fn a_typed_rule_is_tried_without_a_trace() {
    let shop = Shop::open().await;
    let before = shop.traces();
    let page = shop.tried(&[("step", "100")]).await.expect(200);
    let (figures, moves) = told(&page);
    // Rise, fall, stay, held, nothing to count with, robot off.
    assert_eq!(figures, ["1", "1", "0", "1", "1", "1"]);
    assert_eq!(moves.len(), 2);
    assert!(moves[0].starts_with("RISES10 000 ₸10 900 ₸"), "{moves:?}");
    assert!(moves[1].starts_with("FALLS10 000 ₸9 800 ₸"), "{moves:?}");
    assert_eq!(page.texts("#trial li").len(), 1);
    assert_eq!(page.text("#trial .age"), "только что", "the age of the data");
    assert_eq!(page.attribute("#step", "value"), "100", "what was typed stays");
    assert_eq!(shop.traces(), before);

    let page = shop
        .tried(&[("allow_up", ""), ("allow_down", "")])
        .await
        .expect(200);
    assert_eq!(told(&page).0, ["0", "0", "0", "3", "1", "1"]);
    // What cannot be saved cannot be tried.
    let page = shop.tried(&[("step", "0")]).await.expect(422);
    assert_eq!(page.count("#trial"), 0);
    assert_eq!(shop.traces(), before);
}

#[tokio::test]
async fn a_trial_looks_at_what_the_rule_governs_and_plays_the_products_own_strategy() {
    let shop = Shop::open().await;
    let mut conn = shop.app.conn();
    diesel::update(products::table.filter(products::sku.eq("FALLS")))
        .set(products::strategy.eq("match_lowest"))
        .execute(&mut conn)
        .unwrap();
    let rises: ProductId = products::table
        .filter(products::sku.eq("RISES"))
        .select(products::id)
        .first(&mut conn)
        .unwrap();
    diesel::insert_into(rules::table)
        .values((
            rules::id.eq(Uuid::now_v7()),
            rules::store_id.eq(shop.store),
            rules::name.eq("Nearer"),
            rules::scope.eq("product"),
            rules::product_id.eq(rises),
            rules::definition.eq(json!({"strategy": {"kind": "match_lowest"}})),
            rules::created_at.eq(now()),
            rules::updated_at.eq(now()),
        ))
        .execute(&mut conn)
        .unwrap();
    let page = shop.tried(&[("step", "100")]).await.expect(200);
    let (figures, moves) = told(&page);
    assert_eq!(figures, ["0", "1", "0", "1", "1", "1"]);
    assert!(moves[0].starts_with("FALLS10 000 ₸9 900 ₸"), "{moves:?}");
}

#[tokio::test]
async fn who_goes_live_sees_what_would_be_sent() {
    let shop = Shop::open().await;
    let before = shop.traces();
    let path = format!("/stores/{}/mode", shop.store);
    let page = shop.client.post(&path, &[("mode", "live")]).await.expect(200);
    let (figures, moves) = told(&page);
    assert_eq!(figures, ["1", "1", "0", "1", "1"]);
    assert!(moves[0].starts_with("RISES10 000 ₸10 999 ₸"), "{moves:?}");
    assert!(moves[1].starts_with("FALLS10 000 ₸9 899 ₸"), "{moves:?}");
    assert_eq!(shop.traces(), before);

    diesel::delete(price_decisions::table)
        .execute(&mut shop.app.conn())
        .unwrap();
    let page = shop.client.post(&path, &[("mode", "live")]).await.expect(200);
    assert!(page.text("#trial p.dim").contains("В тени"));
    let trial = preview_of_store(&mut shop.app.conn(), shop.store).unwrap();
    assert_eq!((trial.without_input, trial.data), (4, None));
}

#[tokio::test]
async fn a_new_rule_is_tried_before_it_is_made() {
    let shop = Shop::open().await;
    let before = shop.traces();
    let tried = async |scope: &str, changes: &[(&str, &str)]| {
        let store = shop.store;
        let path = format!("/rules/new?store={store}&scope={scope}&kind=beat_lowest");
        let mut fields = shop
            .client
            .get(&path)
            .await
            .expect(200)
            .form_fields("main form.card");
        for (name, value) in [("name", "New"), ("act", "try")].iter().chain(changes) {
            fields.retain(|(known, _)| known != name);
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        fields.retain(|(name, _)| name != "csrf_token");
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        told(&shop.client.post("/rules/new", &fields).await.expect(200))
    };
    // Nearer than the store's: it would govern what it is attached to.
    let (figures, moves) = tried("product", &[("sku", "FALLS"), ("step", "100")]).await;
    assert_eq!(figures, ["0", "1", "0", "0"]);
    assert!(moves[0].starts_with("FALLS10 000 ₸9 800 ₸"), "{moves:?}");
    let (figures, _) = tried("selection", &[("skus", "RISES\nHELD\nOFF")]).await;
    assert_eq!(figures, ["1", "0", "0", "1", "1"]);
    // Another selection stands before it, another store's rule does not matter.
    diesel::insert_into(rules::table)
        .values((
            rules::id.eq(Uuid::now_v7()),
            rules::store_id.eq(shop.store),
            rules::name.eq("Before"),
            rules::scope.eq("selection"),
            rules::definition.eq(json!({"strategy": {"kind": "match_lowest"}})),
            rules::created_at.eq(now()),
            rules::updated_at.eq(now()),
        ))
        .execute(&mut shop.app.conn())
        .unwrap();
    let chosen = "insert into rule_products (rule_id, product_id)
        select r.id, p.id from rules r, products p where r.name = 'Before' and p.sku = 'RISES'";
    diesel::sql_query(chosen).execute(&mut shop.app.conn()).unwrap();
    let (figures, _) = tried("selection", &[("skus", "RISES\nHELD")]).await;
    assert_eq!(figures, ["0", "0", "0", "1"]);
    assert_eq!(shop.traces(), before);
}

//! What the loop puts into a decision: the store's rule, other own stores on the card; and that a stored
//! decision can be taken out and decided again.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{
        Outcome, StoreId, Tenge,
        pricing::{DECISION_VERSION, Input, decide, wire::answer_decide},
    },
    schema::{price_decisions, rules, stores},
    store::decisions::{StoredDecision, decision_fetch_newest},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{PASS, SKU, Shop};
use crate::support::{CITY, NewProduct, db_product, db_store, now};

pub(super) fn rule(shop: &Shop, definition: &Value) {
    diesel::insert_into(rules::table)
        .values((
            rules::id.eq(Uuid::now_v7()),
            rules::store_id.eq(shop.store),
            rules::name.eq("a rule"),
            rules::definition.eq(definition),
            rules::created_at.eq(now()),
            rules::updated_at.eq(now()),
        ))
        .execute(&mut shop.app.conn())
        .unwrap();
}

pub(super) fn newest(shop: &Shop) -> StoredDecision {
    decision_fetch_newest(&mut shop.app.conn(), shop.product, CITY)
        .unwrap()
        .unwrap()
}

pub(super) fn codes(decision: &StoredDecision) -> Vec<String> {
    let reasons = decision.reasons.as_array().unwrap().iter();
    reasons
        .map(|reason| reason["code"].as_str().unwrap().to_owned())
        .collect()
}

#[actix_web::test]
async fn the_stores_rule_is_played() {
    let shop = Shop::open().await;
    rule(
        &shop,
        &json!({"strategy": {"kind": "fixed", "price": 15_500}, "motion": {"max_down_percent": "1"}}),
    );
    shop.reprice().await;
    let decision = newest(&shop);
    assert_eq!(codes(&decision), ["FIXED", "STEP_LIMIT"]);
    assert_eq!(decision.price_tenge, Some(Tenge(15_831)));
    assert_eq!(decision.decision_version, DECISION_VERSION);
}

#[actix_web::test]
async fn a_rule_that_cannot_be_read_stops_its_products() {
    for definition in [
        json!({"strategy": {"kind": "beat_lowest", "stepp": 1}}),
        json!({"strategy": {"kind": "liquidation"}}),
        json!({"strategy": {"kind": "hold_place", "place": 0}}),
        json!({}),
    ] {
        let shop = Shop::open().await;
        rule(&shop, &definition);
        shop.reprice().await;
        let decision = newest(&shop);
        assert_eq!(
            (decision.outcome, decision.price_tenge),
            (Outcome::Refuse, None),
            "{definition}"
        );
        assert!(shop.pushes().is_empty());
    }
}

#[actix_web::test]
async fn a_stored_decision_is_decided_again_bit_for_bit() {
    let shop = Shop::open().await;
    shop.reprice().await;
    let stored = newest(&shop);
    let input = Input::from_stored(stored.decision_version, &stored.input).unwrap();
    let again = decide(&input);
    assert_eq!(
        (
            json!(again.reasons),
            json!(again.flags),
            again.price,
            again.target,
            again.place
        ),
        (
            stored.reasons.clone(),
            stored.flags,
            stored.price_tenge,
            stored.target_tenge,
            stored.place
        )
    );
    // What is stored is a line of `pricing decide` but for the name.
    let mut line = stored.input;
    line["id"] = json!("support");
    let mut out = Vec::new();
    assert!(answer_decide(line.to_string().as_bytes(), 1, &mut out));
    let answer: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(answer["reasons"], stored.reasons);
    assert_eq!(answer["price"], json!(stored.price_tenge));
}

/// A second store of the same owner that sells the same card.
fn sister(shop: &Shop, price: i64) -> StoreId {
    let owner = stores::table
        .find(shop.store)
        .select(stores::owner_id)
        .first(&mut shop.app.conn())
        .unwrap();
    let store = db_store(&mut shop.app.conn(), owner, "30000077");
    let new = NewProduct {
        sku: SKU,
        card_id: Some("100000001"),
        price,
        floor: Some(15_100),
        ceiling: Some(20_000),
        ..NewProduct::default()
    };
    db_product(&mut shop.app.conn(), store, &new);
    store
}

#[actix_web::test]
async fn of_two_own_stores_one_leads_and_the_other_stays_behind_it() {
    let shop = Shop::open().await;
    let sister = sister(&shop, 16_500);
    let pass = shop.reprice().await;
    assert_eq!((pass.checked, pass.failed), (2, 0));
    let decisions: Vec<(StoreId, Option<Tenge>, Value)> = price_decisions::table
        .select((
            price_decisions::store_id,
            price_decisions::price_tenge,
            price_decisions::input,
        ))
        .load(&mut shop.app.conn())
        .unwrap();
    assert_eq!(decisions.len(), 2);
    for (store, price, input) in &decisions {
        // The lower floor leads, and both know it.
        assert_eq!(input["own_stores"]["champion"], "30000001");
        assert_eq!(input["own_merchants"], json!(["30000001", "30000077"]));
        if *store == sister {
            // The rival stands at 15 980, the champion still at 15 990.
            assert_eq!(*price, Some(Tenge(15_991)));
        } else {
            assert_eq!(*price, Some(Tenge(15_979)));
        }
    }
    // Who leads goes on leading, though the other could now go lower.
    shop.sql("update products set floor_tenge = 100");
    shop.sql("update products set floor_tenge = 15000 where id in (select p.id from products p join stores s on s.id = p.store_id where s.merchant_id = '30000001')");
    shop.later(301).await;
    kaspi_panel::app::reprice::reprice_due(&shop.app.services, PASS)
        .await
        .unwrap();
    let decision = newest(&shop);
    assert_eq!(decision.input["own_stores"]["champion"], "30000001");
    assert_eq!(decision.input["own_stores"]["since"], json!(now()));
}

#[actix_web::test]
async fn a_store_that_is_off_leads_nobody() {
    let shop = Shop::open().await;
    let sister = sister(&shop, 16_500);
    diesel::update(stores::table.find(sister))
        .set(stores::active.eq(false))
        .execute(&mut shop.app.conn())
        .unwrap();
    shop.reprice().await;
    assert!(newest(&shop).input.get("own_stores").is_none());
}

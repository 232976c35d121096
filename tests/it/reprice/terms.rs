//! Limits, costs and rules as set for a product, a category or a store: what is set nearest counts, for the
//! decision and, read again, at the last gate.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{
        Outcome, PushState, RuleId, RuleScope, Tenge,
        percent::Percent,
        pricing::{Goal, Input},
        terms::Terms,
    },
    schema::{price_push_cities, products},
    store::{
        decisions::{StoredDecision, decision_fetch_newest},
        rules::{RuleRow, rule_insert, rule_products_set},
        terms::{PricingTerms, TermsPlace, terms_insert},
    },
};
use serde_json::{Value, json};

use super::{SKU, Shop};
use crate::support::{CITY, NewProduct, db_product, now};

const CATEGORY: &str = "Headphones";

fn newest(shop: &Shop) -> StoredDecision {
    decision_fetch_newest(&mut shop.app.conn(), shop.product, CITY)
        .unwrap()
        .unwrap()
}

fn input(shop: &Shop) -> Input {
    serde_json::from_value(newest(shop).input).unwrap()
}

fn set(shop: &Shop, place: &TermsPlace, terms: Terms) {
    terms_insert(&mut shop.app.conn(), &PricingTerms::new(place, &terms, now())).unwrap();
}

/// Costs of the shop's product at which 15 000 ₸ and more earn something.
fn costs(unit_cost: i64) -> Terms {
    Terms {
        unit_cost: Some(Tenge(unit_cost)),
        tax: Some("simplified".to_owned()),
        delivery: Some("city".to_owned()),
        weight_grams: Some(900),
        ..Terms::default()
    }
}

async fn shop() -> Shop {
    let shop = Shop::open().await;
    diesel::update(products::table)
        .set(products::category.eq(CATEGORY))
        .execute(&mut shop.app.conn())
        .unwrap();
    shop
}

#[actix_web::test]
async fn the_nearest_limits_and_costs_count() {
    let shop = shop().await;
    shop.sql("update products set floor_tenge = null, ceiling_tenge = null");
    let store = TermsPlace::Store(shop.store);
    set(
        &shop,
        &store,
        Terms {
            floor: Some(Tenge(10)),
            ceiling: Some(Tenge(18_000)),
            ..costs(1)
        },
    );
    let category = TermsPlace::Category(shop.store, CATEGORY.to_owned());
    set(
        &shop,
        &category,
        Terms {
            floor: Some(Tenge(15_500)),
            goal: Some(Goal::Margin(Percent::whole(5))),
            ..Terms::default()
        },
    );
    let other = TermsPlace::Category(shop.store, "Phones".to_owned());
    set(
        &shop,
        &other,
        Terms {
            floor: Some(Tenge(99_999)),
            ..Terms::default()
        },
    );
    set(
        &shop,
        &TermsPlace::Product(shop.store, shop.product),
        Terms {
            unit_cost: Some(Tenge(9_000)),
            ..Terms::default()
        },
    );

    shop.reprice().await;

    let input = input(&shop);
    assert_eq!(input.limits.floor, Some(Tenge(15_500)));
    assert_eq!(input.limits.ceiling, Some(Tenge(18_000)));
    let economics = input.economics.unwrap();
    assert_eq!(economics.unit_cost, Tenge(9_000));
    assert_eq!(economics.goal, Goal::Margin(Percent::whole(5)));
    assert_eq!(economics.commission_percent, Percent::from_hundredths(1_250));
    assert_eq!(economics.tax_percent, Percent::whole(3));
    assert_eq!(economics.delivery.last().map(|band| band.fee), Some(Tenge(1_099)));
    shop.push().await;
    assert_eq!(shop.pushes(), [(PushState::Accepted, None)]);
}

#[actix_web::test]
async fn a_tariff_counts_from_its_day_on_in_almaty() {
    let shop = shop().await;
    set(&shop, &TermsPlace::Store(shop.store), costs(9_000));
    for (day, percent) in [("2026-11-23", 14), ("2026-11-24", 15)] {
        shop.sql(&format!(
            "insert into tariffs (id, kind, name, valid_from, percent_millionths, created_at, updated_at)
             values (gen_random_uuid(), 'commission', 'usual', '{day}', {percent}000000, now(), now())"
        ));
    }
    // 12:00 in Almaty on the 23rd.
    shop.reprice().await;
    assert_eq!(
        input(&shop).economics.unwrap().commission_percent,
        Percent::whole(14)
    );
    // 00:30 on the 24th; in UTC it is the 23rd still.
    shop.later(12 * 3_600 + 1_800).await;
    shop.reprice().await;
    assert_eq!(
        input(&shop).economics.unwrap().commission_percent,
        Percent::whole(15)
    );
}

#[actix_web::test]
async fn known_costs_do_without_a_floor_and_the_gate_counts_again() {
    let shop = shop().await;
    shop.sql("update products set floor_tenge = null");
    let place = TermsPlace::Product(shop.store, shop.product);
    set(&shop, &place, costs(9_000));
    let pass = shop.reprice().await;
    assert_eq!((pass.checked, pass.changed), (1, 1));
    let lowest: Vec<i64> = price_push_cities::table
        .select(price_push_cities::floor_tenge)
        .load(&mut shop.app.conn())
        .unwrap();
    // 0.845 p − 1 099 · 1.16 − 9 000 ≥ 0 from 12 160 on.
    assert_eq!(lowest, [12_160, 12_160]);

    // 15 979 earns 3 227 now. One tenge more of costs than that, and it is not sent.
    shop.sql("update pricing_terms set unit_cost_tenge = 12228");
    shop.push().await;
    assert_eq!(shop.pushes(), [(PushState::Held, Some("below_goal".to_owned()))]);
    assert!(shop.asked().await.is_empty());
}

#[actix_web::test]
async fn the_gate_knows_every_goal() {
    // 15 979 ₸ earns 3 227.4 ₸: 20.19 % of the price, 35.8 % of the cost.
    for (kind, enough, too_much) in [
        ("profit", 3_227_i64, 3_228_i64),
        ("margin", 20_190_000, 20_200_000),
        ("roi", 35_850_000, 35_870_000),
    ] {
        for (value, state) in [(enough, PushState::Accepted), (too_much, PushState::Held)] {
            let shop = shop().await;
            set(&shop, &TermsPlace::Store(shop.store), costs(9_000));
            shop.reprice().await;
            shop.sql(&format!(
                "update pricing_terms set goal_kind = '{kind}', goal_value = {value}"
            ));
            shop.push().await;
            assert_eq!(shop.pushes()[0].0, state, "{kind} {value}");
        }
    }
}

#[actix_web::test]
async fn a_floor_of_the_category_or_the_store_holds_at_the_gate() {
    for place in ["category = 'Headphones'", "category is null"] {
        let shop = shop().await;
        shop.sql("update products set floor_tenge = null");
        let limits = |floor: i64| Terms {
            floor: Some(Tenge(floor)),
            ceiling: Some(Tenge(20_000)),
            ..Terms::default()
        };
        set(&shop, &TermsPlace::Store(shop.store), limits(15_000));
        if place.contains("Headphones") {
            let category = TermsPlace::Category(shop.store, CATEGORY.to_owned());
            set(&shop, &category, limits(15_100));
        }
        assert_eq!(shop.reprice().await.changed, 1);
        shop.sql(&format!(
            "update pricing_terms set floor_tenge = 15980 where {place}"
        ));
        shop.push().await;
        assert_eq!(
            shop.pushes(),
            [(PushState::Held, Some("below_floor".to_owned()))],
            "{place}"
        );
    }
}

fn rule(shop: &Shop, scope: RuleScope, position: i32, definition: &Value) -> RuleRow {
    let row = RuleRow {
        id: RuleId::new(),
        store_id: shop.store,
        name: format!("{scope} {position}"),
        strategy: "fixed".to_owned(),
        definition: definition.clone(),
        scope,
        category: (scope == RuleScope::Category).then(|| CATEGORY.to_owned()),
        product_id: (scope == RuleScope::Product).then_some(shop.product),
        position,
        enabled: true,
        version: 1,
        created_at: now(),
        updated_at: now(),
    };
    rule_insert(&mut shop.app.conn(), &row).unwrap();
    row
}

/// The price that the rule in force wants.
async fn wanted(shop: &Shop) -> Option<Tenge> {
    shop.later(301).await;
    shop.reprice().await;
    newest(shop).target_tenge
}

#[actix_web::test]
async fn the_nearest_rule_wins() {
    let shop = shop().await;
    let conn = &mut shop.app.conn();
    let fixed = |price: i64| json!({"strategy": {"kind": "fixed", "price": price}});
    rule(&shop, RuleScope::Store, 0, &fixed(15_001));
    assert_eq!(wanted(&shop).await, Some(Tenge(15_001)));
    rule(&shop, RuleScope::Category, 0, &fixed(15_002));
    assert_eq!(wanted(&shop).await, Some(Tenge(15_002)));
    let late = rule(&shop, RuleScope::Selection, 2, &fixed(15_003));
    let other = NewProduct {
        sku: "other",
        ..NewProduct::default()
    };
    let other = db_product(conn, shop.store, &other);
    rule_products_set(conn, &late, &[other]).unwrap();
    assert_eq!(
        wanted(&shop).await,
        Some(Tenge(15_002)),
        "not one of the selection"
    );
    rule_products_set(conn, &late, &[other, shop.product]).unwrap();
    assert_eq!(wanted(&shop).await, Some(Tenge(15_003)));
    let early = rule(&shop, RuleScope::Selection, 1, &fixed(15_004));
    rule_products_set(conn, &early, &[shop.product]).unwrap();
    assert_eq!(
        wanted(&shop).await,
        Some(Tenge(15_004)),
        "the selection that stands first"
    );
    rule(&shop, RuleScope::Product, 9, &fixed(15_005));
    assert_eq!(wanted(&shop).await, Some(Tenge(15_005)));

    shop.sql("update rules set enabled = false where scope in ('product', 'selection')");
    assert_eq!(
        wanted(&shop).await,
        Some(Tenge(15_002)),
        "a rule switched off is not there"
    );
}

#[actix_web::test]
async fn a_strategy_named_with_the_product_takes_the_place_of_the_rules() {
    let shop = shop().await;
    let definition =
        json!({"strategy": {"kind": "fixed", "price": 15_500}, "motion": {"max_down_percent": "1"}});
    rule(&shop, RuleScope::Store, 0, &definition);
    shop.sql("update products set strategy = 'match_lowest'");
    shop.reprice().await;
    assert_eq!(newest(&shop).price_tenge, Some(Tenge(15_980)), "{SKU}");

    for unknown in ["undercut_everybody", "hold_place", "yo_yo"] {
        shop.sql(&format!("update products set strategy = '{unknown}'"));
        shop.later(301).await;
        shop.reprice().await;
        assert_eq!(newest(&shop).outcome, Outcome::Refuse, "{unknown}");
    }
}

//! Brakes that look at more than one price: what was decided under other rules, far from what the product cost lately,
//! over and over, by a program that is too old or has a wrong clock.

use chrono::TimeDelta;
use kaspi_panel::{
    app::{kill_switch::release_prices, sign_in::Confirmed},
    domain::{Actor, AlertKind, StopTarget},
    schema::{alerts, kill_switches},
};

use super::*;

/// What people change between plan and write: each means that the product is decided about anew.
const CHANGES: &[&str] = &[
    "insert into rules (id, store_id, name, strategy, definition, scope, created_at, updated_at)
     select gen_random_uuid(), id, 'Rule', 'beat_lowest', '{\"strategy\":{\"kind\":\"beat_lowest\",\"step\":{\"tenge\":2}}}',
       'store', now(), now() from stores",
    "insert into pricing_terms (id, store_id, product_id, unit_cost_tenge, created_at, updated_at)
     select gen_random_uuid(), store_id, id, 9000, now(), now() from products",
    "update products set floor_tenge = floor_tenge - 1",
    "update products set ceiling_tenge = ceiling_tenge + 1",
    "update products set strategy = 'match_lowest'",
    "update tariffs set version = version + 1 where name = 'usual'",
    "insert into settings (key, value, updated_at) values ('safety_limits', '{}', now())",
    "insert into kill_switches (id, scope, reason, stopped_by, stopped_at, released_by, released_at)
     values (gen_random_uuid(), 'all', 'test', 'test', now(), 'test', now())",
];

#[actix_web::test]
async fn what_was_decided_under_other_rules_is_decided_anew() {
    for change in CHANGES {
        let shop = Shop::open().await;
        shop.reprice().await;
        shop.sql(change);
        assert_eq!(shop.push().await.sent, 0, "{change}");
        assert_eq!(
            shop.pushes(),
            [(PushState::Held, Some("changed_since".to_owned()))],
            "{change}"
        );
        // At once, not with the next turn of the loop.
        assert_eq!(shop.reprice().await.checked, 1, "{change}");
        assert_eq!(shop.push().await.sent, 1, "{change}");
    }
}

/// A confirmed write of the product in the past, from one price to another.
pub fn past_write(shop: &Shop, minutes_ago: i64, (before, price): (i64, i64)) {
    let sequence = -minutes_ago;
    shop.sql(&format!(
        "with made as (insert into price_pushes (id, store_id, product_id, sequence, state, origin, build_id, planned_at,
           sent_at, finished_at)
         select gen_random_uuid(), store_id, id, {sequence}, 'confirmed', 'robot', 'test', at, at, at
         from products, (select timestamptz '2026-11-23T07:00:00Z' - interval '{minutes_ago} minutes' as at) moment
         returning id)
         insert into price_push_cities (push_id, city_id, before_tenge, price_tenge, floor_tenge)
         select id, '750000000', {before}, {price}, 10 from made"
    ));
}

#[actix_web::test]
async fn a_price_far_from_those_of_the_last_days_waits_for_a_person() {
    // 15 979 is wanted: less than 70 % of 22 830, and more than 150 % of 10 650.
    for (lately, held) in [(22_830, true), (22_820, false), (10_650, true), (10_655, false)] {
        let shop = Shop::open().await;
        past_write(&shop, 3_000, (lately - 1, lately));
        past_write(&shop, 6_000, (lately - 1, lately));
        // Too long ago to count.
        past_write(&shop, 11_000, (999, 1_000));
        past_write(&shop, 12_000, (999, 1_000));
        past_write(&shop, 13_000, (999, 1_000));
        shop.reprice().await;
        assert_eq!(shop.push().await.sent, u64::from(!held), "{lately}");
        let last = shop.pushes().pop().unwrap();
        assert_eq!(last.1.as_deref() == Some("outside_collar"), held, "{lately}");
    }
}

#[actix_web::test]
async fn a_product_that_was_lowered_over_and_over_is_switched_off() {
    let enabled = |shop: &Shop| {
        products::table
            .find(shop.product)
            .select(products::repricing_enabled)
            .first::<bool>(&mut shop.app.conn())
            .unwrap()
    };
    let lowered = async |times: i64| {
        let shop = Shop::open().await;
        for nth in 0..times {
            past_write(&shop, 60 + nth, (16_000, 15_995));
        }
        shop
    };
    let often = lowered(20).await;
    often.reprice().await;
    assert_eq!(often.push().await.sent, 0);
    assert_eq!(
        often.pushes().pop().unwrap(),
        (PushState::Held, Some("too_many_drops".to_owned()))
    );
    assert!(!enabled(&often));
    let told: i64 = audit_log::table
        .filter(audit_log::object_kind.eq("product"))
        .filter(audit_log::reason.eq("too_many_drops"))
        .count()
        .get_result(&mut often.app.conn())
        .unwrap();
    assert_eq!(told, 1);

    let less_often = lowered(19).await;
    less_often.reprice().await;
    assert_eq!(less_often.push().await.sent, 1);
    assert!(enabled(&less_often));

    // A raise in between begins anew.
    let with_a_raise = lowered(20).await;
    past_write(&with_a_raise, 30, (15_000, 15_995));
    with_a_raise.reprice().await;
    assert_eq!(with_a_raise.push().await.sent, 1);

    // So does a person who did something with the product.
    let looked_at = lowered(20).await;
    looked_at.sql(
        "insert into audit_log (id, at, actor_kind, actor_name, object_kind, object_id, object_name, action, build_id)
         select gen_random_uuid(), '2026-11-23T06:00:00Z', 'person', 'Aigul', 'product', id, name, 'update', 'test' from products",
    );
    looked_at.reprice().await;
    assert_eq!(looked_at.push().await.sent, 1);
}

#[actix_web::test]
async fn a_store_whose_offers_vanish_after_writes_only_suggests() {
    for (earlier, mode) in [(0, RepricingMode::Live), (1, RepricingMode::Shadow)] {
        let shop = Shop::open().await;
        for _ in 0..earlier {
            past_write(&shop, 60, (16_000, 15_995));
            shop.sql("update price_pushes set state = 'removed'");
        }
        shop.app
            .market
            .fault("process", "withdraw", json!({ "times": 1 }))
            .await;
        shop.reprice().await;
        shop.push().await;
        shop.later(130).await;
        shop.push().await;
        assert_eq!(shop.pushes()[earlier].0, PushState::Removed);
        let now: RepricingMode = stores::table
            .select(stores::repricing_mode)
            .first(&mut shop.app.conn())
            .unwrap();
        assert_eq!(now, mode, "after {earlier} others");
    }
}

#[actix_web::test]
async fn nothing_is_sent_with_a_wrong_clock() {
    let shop = Shop::open().await;
    shop.reprice().await;
    for seconds in [7, -7, 300, -300, 3_600, -3_600] {
        shop.app.clock.skew_machine(TimeDelta::seconds(seconds));
        assert_eq!(shop.push().await, PushSummary::default());
    }
    assert_eq!(shop.pushes(), [(PushState::Planned, None)]);
    shop.app.clock.skew_machine(TimeDelta::zero());
    assert_eq!(shop.push().await.sent, 1);
}

#[actix_web::test]
async fn a_program_older_than_another_of_the_fleet_sends_nothing() {
    let shop = Shop::open().await;
    shop.reprice().await;
    announce_protocol(&shop.app.services).await.unwrap();
    shop.sql("update settings set value = to_jsonb((value #>> '{}')::int + 1) where key = 'push_protocol'");
    assert_eq!(shop.push().await, PushSummary::default());
    assert_eq!(shop.pushes(), [(PushState::Planned, None)]);
    // It does not take the lock away from the newer one either.
    announce_protocol(&shop.app.services).await.unwrap();
    assert_eq!(shop.push().await, PushSummary::default());
}

/// A shop with so many more products on cards of the market.
async fn shop_with(more: i64) -> Shop {
    let shop = Shop::open().await;
    for nth in 0..more {
        let sku = format!("10000000{}_20000000{}", nth + 2, nth + 3);
        let card = format!("10000000{}", nth + 2);
        let new = NewProduct {
            sku: &sku,
            card_id: Some(&card),
            price: 15_990,
            floor: Some(1_000),
            ceiling: Some(200_000),
            ..NewProduct::default()
        };
        db_product(&mut shop.app.conn(), shop.store, &new);
    }
    shop.sql("update products set floor_tenge = 1000, ceiling_tenge = 200000");
    shop
}

/// A deciding function that wants 6 % off everything.
fn six_percent_off(input: &Input) -> Decision {
    Decision {
        outcome: Outcome::Change,
        price: Some(Tenge(input.product.price.0 * 94 / 100)),
        ..decide(input)
    }
}

/// What the shop's store was stopped for, and whether people are told.
fn stopped(shop: &Shop) -> (Vec<String>, i64) {
    let conn = &mut shop.app.conn();
    let reasons = kill_switches::table
        .filter(kill_switches::released_at.is_null())
        .select(kill_switches::reason)
        .load(conn)
        .unwrap();
    let told = alerts::table
        .filter(alerts::kind.eq(AlertKind::Breaker))
        .count()
        .get_result(conn)
        .unwrap();
    (reasons, told)
}

#[actix_web::test]
async fn many_big_drops_at_once_stop_the_store_and_nothing_of_them_is_sent() {
    let shop = shop_with(4).await;
    reprice_due_with(&shop.app.services, PASS, six_percent_off)
        .await
        .unwrap();
    assert_eq!(stopped(&shop), (vec!["mass_move".to_owned()], 1));
    assert!(shop.pushes().iter().all(|push| push.0 == PushState::Superseded));
    assert_eq!(shop.push().await.sent, 0);
    assert!(shop.asked().await.is_empty());

    // Who lets go has seen the moves: they go out now.
    let (person, confirmed) = (Actor::system(), Confirmed::at_the_machine());
    let target = StopTarget::Store(shop.store);
    release_prices(&shop.app.services, &person, &confirmed, target, "checked")
        .await
        .unwrap();
    shop.later(301).await;
    let again = reprice_due_with(&shop.app.services, PASS, six_percent_off);
    assert_eq!(again.await.unwrap().changed, 5);
    assert_eq!(stopped(&shop).0, [""; 0]);
    assert!(shop.pushes().iter().any(|push| push.0 == PushState::Planned));
}

#[actix_web::test]
async fn a_few_big_drops_are_no_alarm() {
    let shop = shop_with(3).await;
    reprice_due_with(&shop.app.services, PASS, six_percent_off)
        .await
        .unwrap();
    assert_eq!(stopped(&shop), (Vec::new(), 0));
    assert_eq!(shop.pushes().len(), 4);
}

#[actix_web::test]
async fn a_market_that_reads_impossible_stops_the_store_whoever_accepted_its_moves() {
    let shop = shop_with(4).await;
    shop.reprice().await;
    assert_eq!(stopped(&shop).0, [""; 0]);
    shop.sql("update market_offers set price_tenge = price_tenge * 11");
    shop.sql("update store_cycles set accepted_until = '2026-11-24T07:00:00Z'");
    shop.later(301).await;
    shop.reprice().await;
    assert_eq!(stopped(&shop), (vec!["impossible_market".to_owned()], 1));
    assert_eq!(shop.push().await.sent, 0);
}

#[actix_web::test]
async fn the_moves_that_a_person_saw_before_going_live_are_made() {
    let shop = shop_with(4).await;
    kaspi_panel::app::store_edit::set_repricing_mode(
        &shop.app.services,
        &Actor::system(),
        shop.store,
        RepricingMode::Live,
    )
    .await
    .unwrap();
    reprice_due_with(&shop.app.services, PASS, six_percent_off)
        .await
        .unwrap();
    assert_eq!(stopped(&shop).0, [""; 0]);
}

#[actix_web::test]
async fn the_pause_between_writes_of_a_product_is_the_one_that_is_set() {
    for (pause, sent) in [(59, 1), (61, 0)] {
        let shop = Shop::open().await;
        shop.sql(&format!(
            "insert into settings (key, value, updated_at)
             values ('safety_limits', '{{\"product_gap_seconds\": {pause}}}', now())"
        ));
        past_write(&shop, 1, (16_000, 15_995));
        shop.reprice().await;
        assert_eq!(shop.push().await.sent, sent, "{pause}");
    }
}

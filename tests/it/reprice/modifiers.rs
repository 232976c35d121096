//! A rival that answers each price with a lower one is matched and no longer undercut; in quiet hours nothing is
//! sent.

use super::{
    rules::{codes, newest, rule},
    *,
};
use crate::support::CITY;

const RIVAL: &str = "40000099";

/// What the rival asks in the main city.
async fn asked_by_rival(shop: &Shop) -> i64 {
    let state = shop.app.market.state().await;
    let rivals = state["rivals"].as_array().unwrap();
    let rival = rivals
        .iter()
        .find(|rival| rival["merchant_id"] == RIVAL && rival["card"] == "100000001")
        .unwrap();
    rival["prices"][CITY].as_i64().unwrap()
}

#[actix_web::test]
async fn a_price_war_ends_in_a_match() {
    let shop = Shop::open().await;
    shop.sql("update products set floor_tenge = 12000");
    let step = json!({ "kind": "beat_lowest", "step": { "tenge": 80 } });
    rule(&shop, &json!({ "strategy": step }));
    let rival = json!([{
        "card": "100000001", "merchant_id": RIVAL, "name": "Undercutter", "prices": { CITY: 15_900 }, "reviews": 5,
        "behaviour": { "kind": "undercut", "step": 80, "delay_seconds": 60, "floor": 12_000, "rest_seconds": null },
    }]);
    shop.app.market.control("/control/rivals", rival).await;

    let mut rounds = Vec::new();
    for _ in 0..6 {
        let theirs = asked_by_rival(&shop).await;
        shop.reprice().await;
        let decision = newest(&shop);
        let ours = decision.price_tenge.map_or(0, |price| price.0);
        rounds.push((codes(&decision).join(" "), theirs - ours));
        shop.push().await;
        // Applied after 90 seconds, answered by the rival a minute later, looked at every five minutes.
        shop.later(130).await;
        shop.push().await;
        shop.later(171).await;
    }
    let undercut = ("BEAT_LOWEST".to_owned(), 80);
    let matched = ("WAR_MATCH BEAT_LOWEST".to_owned(), 0);
    let expected = [[&undercut; 4].as_slice(), [&matched; 2].as_slice()].concat();
    assert_eq!(rounds.iter().collect::<Vec<_>>(), expected);

    let war = &newest(&shop).input["wars"][0];
    assert_eq!(
        (&war["rival"], &war["duel"]["bot"]),
        (&json!(RIVAL), &json!(true))
    );
    assert_eq!(war["duel"]["usual_undercut"], json!(80));
    let asked = shop.asked().await;
    let prices: Vec<_> = asked
        .iter()
        .map(|write| write["price"].as_i64().unwrap())
        .collect();
    assert_eq!(prices.len(), 6);
    let steps: Vec<i64> = prices.windows(2).map(|pair| pair[0] - pair[1]).collect();
    assert_eq!(
        steps,
        [160, 160, 160, 80, 80],
        "the fall slows down to the rival's own steps"
    );
}

#[actix_web::test]
async fn in_quiet_hours_nothing_is_planned_and_afterwards_it_goes_on() {
    let shop = Shop::open().await;
    // The clock stands at noon of a Monday in Almaty.
    let hours = json!([{ "days": ["mon"], "from": "11:00", "to": "12:05", "action": "hold" }]);
    rule(
        &shop,
        &json!({ "strategy": { "kind": "beat_lowest" }, "schedule": hours }),
    );
    let pass = shop.reprice().await;
    assert_eq!(pass.held.get("QUIET_HOURS"), Some(&1));
    assert!(shop.pushes().is_empty());
    shop.later(301).await;
    assert_eq!(shop.reprice().await.changed, 1);
    assert_eq!(shop.pushes(), [(PushState::Planned, None)]);
}

#[actix_web::test]
async fn suggestions_are_shown_and_not_sent() {
    let shop = Shop::open().await;
    let hours = json!([{ "days": ["mon"], "from": "11:00", "to": "13:00", "action": "suggest" }]);
    rule(
        &shop,
        &json!({ "strategy": { "kind": "beat_lowest" }, "schedule": hours }),
    );
    assert_eq!(shop.reprice().await.changed, 1);
    let decision = newest(&shop);
    assert_eq!(
        (decision.shadow, decision.price_tenge),
        (true, Some(Tenge(15_979)))
    );
    assert!(shop.pushes().is_empty());
}

#[actix_web::test]
async fn windows_that_overlap_stop_the_rule() {
    let shop = Shop::open().await;
    let hours = json!([
        { "days": ["tue"], "from": "11:00", "to": "13:00", "action": "hold" },
        { "days": ["tue"], "from": "12:59", "to": "14:00", "action": "normal" },
    ]);
    rule(
        &shop,
        &json!({ "strategy": { "kind": "beat_lowest" }, "schedule": hours }),
    );
    shop.reprice().await;
    assert_eq!(newest(&shop).outcome, Outcome::Refuse);
    assert!(shop.pushes().is_empty());
}

//! Rivals react in market time and respect their own bounds.

use serde_json::json;

use crate::support::{ALMATY, SKU, Simulator};

const CARD: &str = "100000001";

async fn only_rival(market: &Simulator, price: i64, behaviour: serde_json::Value) {
    market.control("DELETE", "rivals", json!({ "card": CARD })).await;
    market
        .control(
            "DELETE",
            "offers",
            json!({ "merchant": "30000002", "sku": "second-1" }),
        )
        .await;
    let rival = json!([{ "card": CARD, "merchant_id": "40000009", "name": "Mover", "prices": { ALMATY: price },
                         "behaviour": behaviour }]);
    market.control("POST", "rivals", rival).await;
}

async fn price(market: &Simulator) -> i64 {
    market
        .ask_of(CARD, ALMATY, "40000009")
        .await
        .expect("the rival sells")
}

#[tokio::test]
async fn undercutter_follows_down_to_its_floor_and_back_up_to_its_first_price() {
    let market = Simulator::start();
    market.enter().await;
    only_rival(
        &market,
        17_000,
        json!({ "kind": "undercut", "step": 5, "delay_seconds": 30, "floor": 15_000 }),
    )
    .await;
    market.advance(29).await;
    assert_eq!(price(&market).await, 17_000);
    market.advance(1).await;
    assert_eq!(price(&market).await, 15_985);
    for (ours, theirs) in [(15_200, 15_195), (14_000, 15_000), (30_000, 17_000)] {
        market.process(SKU, json!({ "price": ours })).await;
        market.advance(90 + 30).await;
        assert_eq!(price(&market).await, theirs, "when we ask {ours}");
        market.control("POST", "limits", json!({})).await;
    }
}

#[tokio::test]
async fn two_undercutters_stop_at_their_floors() {
    let market = Simulator::start();
    only_rival(
        &market,
        16_000,
        json!({ "kind": "undercut", "step": 100, "delay_seconds": 1, "floor": 12_000 }),
    )
    .await;
    let second = json!([{ "card": CARD, "merchant_id": "40000010", "name": "Other", "prices": { ALMATY: 16_000 },
                          "behaviour": { "kind": "undercut", "step": 100, "delay_seconds": 1, "floor": 11_000 } }]);
    market.control("POST", "rivals", second).await;
    market.advance(3600).await;
    assert_eq!(price(&market).await, 12_000);
    assert_eq!(market.ask_of(CARD, ALMATY, "40000010").await, Some(11_900));
}

#[tokio::test]
async fn follower_takes_the_lowest_other_price_within_its_bounds() {
    let market = Simulator::start();
    only_rival(
        &market,
        17_000,
        json!({ "kind": "follow", "delay_seconds": 10, "floor": 15_000 }),
    )
    .await;
    market.advance(10).await;
    assert_eq!(price(&market).await, 15_990);
}

#[tokio::test]
async fn random_rival_moves_within_its_range_and_the_same_seed_repeats_it() {
    let mut walks = Vec::new();
    for _ in 0..2 {
        let market = Simulator::start();
        only_rival(&market, 16_000, json!({ "kind": "fixed" })).await;
        let behaviour = json!({ "card": CARD, "merchant_id": "40000009", "kind": "random", "min": 15_000, "max": 17_000,
                                "every_seconds": 60 });
        assert_eq!(
            market.control("POST", "rivals/behaviour", behaviour).await["count"],
            1
        );
        let mut walk = Vec::new();
        for _ in 0..10 {
            market.advance(60).await;
            walk.push(price(&market).await);
        }
        assert!(
            walk.iter().all(|price| (15_000..=17_000).contains(price)),
            "{walk:?}"
        );
        assert!(walk.windows(2).any(|pair| pair[0] != pair[1]), "{walk:?}");
        walks.push(walk);
    }
    assert_eq!(walks[0], walks[1]);
}

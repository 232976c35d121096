//! Price changes: validation, delayed application, replaced availabilities, the limiter, the journal.

use serde_json::{Value, json};

use crate::support::{ALMATY, ASTANA, SKU, Simulator};

const CARD: &str = "100000001";

#[tokio::test]
async fn accepted_price_shows_after_the_delay_first_in_the_list_then_in_public() {
    let market = Simulator::start();
    market.enter().await;
    market
        .control(
            "POST",
            "limits",
            json!({ "apply_list_seconds": 60, "apply_public_seconds": 120 }),
        )
        .await;
    let prices = json!([{ "cityId": ALMATY, "value": 15_970 }, { "cityId": ASTANA, "value": 16_400 }]);
    let (status, answer) = market.process(SKU, json!({ "cityPrices": prices })).await;
    assert_eq!((status, answer["id"].as_str().unwrap().len()), (200, 24));
    market.advance(59).await;
    assert_eq!(market.row(SKU).await["minPrice"], 15_990);
    market.advance(1).await;
    assert_eq!(
        market.row(SKU).await["cityPrices"],
        json!([
            { "cityId": ASTANA, "value": 16_400 }, { "cityId": ALMATY, "value": 15_970 }
        ])
    );
    assert_eq!(market.ask_of(CARD, ALMATY, "30000001").await, Some(15_990));
    market.advance(60).await;
    assert_eq!(market.ask_of(CARD, ALMATY, "30000001").await, Some(15_970));
    assert_eq!(market.ask_of(CARD, ASTANA, "30000001").await, Some(16_400));
    let state = market.control("GET", "state", Value::Null).await;
    assert_eq!(state["pending_operations"], json!([]));
}

#[tokio::test]
async fn points_that_are_left_out_go_off_sale() {
    let market = Simulator::start();
    market.enter().await;
    let only = json!([{ "storeId": "30000001_PP1", "available": "yes", "stockEnabled": false }]);
    assert_eq!(
        market
            .process(SKU, json!({ "price": 15_900, "availabilities": only }))
            .await
            .0,
        200
    );
    market.advance(90).await;
    assert_eq!(
        market.row(SKU).await["availabilities"].as_array().unwrap().len(),
        1
    );
    assert_eq!(market.ask_of(CARD, ALMATY, "30000001").await, Some(15_900));
    assert_eq!(market.ask_of(CARD, ASTANA, "30000001").await, None);
}

#[tokio::test]
async fn change_without_availabilities_leaves_them_alone() {
    let market = Simulator::start();
    market.enter().await;
    let before = market.row(SKU).await["availabilities"].clone();
    assert_eq!(market.process(SKU, json!({ "price": 14_000 })).await.0, 200);
    market.advance(90).await;
    let row = market.row(SKU).await;
    assert_eq!((&row["availabilities"], &row["price"]), (&before, &json!(14_000)));
    assert_eq!(row["maxPrice"], 14_000, "a price without cities holds everywhere");
}

#[tokio::test]
async fn withdrawing_everywhere_moves_the_offer_to_the_archive() {
    let market = Simulator::start();
    market.enter().await;
    let none = json!([{ "storeId": "30000001_PP1", "available": "no" }, { "storeId": "30000001_PP2", "available": "no" }]);
    assert_eq!(
        market.process(SKU, json!({ "availabilities": none })).await.0,
        200
    );
    market.advance(90).await;
    let counts = market.get("/offers/api/v1/offer/count?m=30000001").await.1;
    assert_eq!(counts, json!({ "published": 12, "archived": 4 }));
    assert_eq!(market.ask_of(CARD, ALMATY, "30000001").await, None);
}

#[tokio::test]
async fn wrong_changes_are_refused_and_change_nothing() {
    let market = Simulator::start();
    market.enter().await;
    market
        .control("POST", "limits", json!({ "enabled": false }))
        .await;
    let point = |fields: Value| {
        let mut row = json!({ "storeId": "30000001_PP1", "available": "yes" });
        row.as_object_mut()
            .unwrap()
            .extend(fields.as_object().unwrap().clone());
        json!({ "availabilities": [row] })
    };
    let wrong = [
        json!({}),
        json!({ "price": 0 }),
        json!({ "price": -5 }),
        json!({ "price": 15_990.5 }),
        json!({ "price": "15990" }),
        json!({ "price": 2_000_000_000_i64 }),
        json!({ "cityPrices": [] }),
        json!({ "cityPrices": [{ "cityId": "770000000", "value": 100 }] }),
        json!({ "cityPrices": [{ "cityId": ALMATY, "value": 1 }, { "cityId": ALMATY, "value": 2 }] }),
        point(json!({ "storeId": "30000002_PP1" })),
        point(json!({ "storeId": "30000001_PP9" })),
        point(json!({ "available": true })),
        point(json!({ "stockCount": 0 })),
        point(json!({ "preOrder": 31 })),
        point(json!({ "preOrder": 3, "available": "no" })),
    ];
    for body in wrong {
        let (status, answer) = market.process(SKU, body.clone()).await;
        assert_eq!(status, 400, "{body}");
        assert!(answer["message"].is_string());
    }
    assert_eq!(
        market.process("no-such-sku", json!({ "price": 100 })).await.0,
        400
    );
    let foreign = json!({ "merchantUid": "30000002", "sku": "second-1", "price": 100 });
    assert_eq!(
        market
            .send("POST", "cabinet", "/pricefeed/upload/merchant/process", foreign)
            .await
            .0,
        403
    );
    assert_eq!(
        market.control("GET", "state", Value::Null).await["operations"],
        json!([])
    );
}

#[tokio::test]
async fn batch_changes_several_offers_of_one_merchant() {
    let market = Simulator::start();
    market.enter().await;
    let row = |sku: &str, price: i64| json!({ "merchantUid": "30000001", "sku": sku, "price": price });
    let other = "100000002_200000003";
    let path = "/pricefeed/upload/merchant/process/process/batch";
    let (status, _) = market
        .send(
            "POST",
            "cabinet",
            path,
            json!([row(SKU, 15_000), row(other, 24_000)]),
        )
        .await;
    assert_eq!(status, 200);
    market.advance(90).await;
    assert_eq!(market.row(other).await["price"], 24_000);
    let entry = market.journal("process_batch").await.pop().unwrap();
    assert_eq!(entry["writes"][1]["price_after"], 24_000);
    assert!(entry["sku"].is_null());
}

#[tokio::test]
async fn journal_holds_the_price_before_and_after() {
    let market = Simulator::start();
    market.enter().await;
    let prices = json!([{ "cityId": ALMATY, "value": 15_950 }, { "cityId": ASTANA, "value": 16_000 }]);
    market.process(SKU, json!({ "cityPrices": prices })).await;
    let entry = market.journal("process").await.pop().unwrap();
    assert_eq!(
        (&entry["sku"], &entry["merchant"]),
        (&json!(SKU), &json!("30000001"))
    );
    assert_eq!(
        (&entry["price_before"], &entry["price_after"]),
        (&json!(15_990), &json!(15_950))
    );
    assert_eq!((&entry["status"], &entry["warnings"]), (&json!(200), &json!([])));
    let number = entry["n"].as_u64().unwrap();
    let later = market
        .control("GET", &format!("journal?since={number}"), Value::Null)
        .await;
    assert_eq!(later, json!([]));
}

#[tokio::test]
async fn fourth_change_in_a_second_blocks_the_account_for_half_an_hour() {
    let market = Simulator::start();
    market.enter().await;
    // The rate is counted in real time: on a slow machine the burst is tried again until it fits into a second.
    let mut statuses = Vec::new();
    for _ in 0..20 {
        market.control("POST", "limits", json!({})).await;
        statuses.clear();
        let start = std::time::Instant::now();
        for price in 15_000..15_004 {
            statuses.push(market.process(SKU, json!({ "price": price })).await.0);
        }
        if start.elapsed().as_millis() < 1000 {
            break;
        }
    }
    assert_eq!(statuses, [200, 200, 200, 429]);
    market.advance(29 * 60).await;
    assert_eq!(market.process(SKU, json!({ "price": 15_001 })).await.0, 429);
    assert_eq!(market.get("/s/m").await.0, 200, "only price changes are blocked");
    market.advance(61).await;
    assert_eq!(market.process(SKU, json!({ "price": 15_001 })).await.0, 200);
}

#[tokio::test]
async fn too_many_changes_in_half_an_hour_block_the_merchant() {
    let market = Simulator::start();
    market.enter().await;
    market
        .control(
            "POST",
            "limits",
            json!({ "process_rps": 1000, "process_per_30min": 5 }),
        )
        .await;
    for price in 15_000..15_005 {
        assert_eq!(market.process(SKU, json!({ "price": price })).await.0, 200);
    }
    assert_eq!(market.process(SKU, json!({ "price": 15_001 })).await.0, 429);
    market
        .control("POST", "limits", json!({ "enabled": false }))
        .await;
    assert_eq!(market.process(SKU, json!({ "price": 15_001 })).await.0, 200);
}

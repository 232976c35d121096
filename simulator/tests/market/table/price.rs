//! Rows about price changes.

use serde_json::{Value, json};

use super::section;
use crate::support::{ALMATY, ASTANA, SKU, Simulator};

const CARD: &str = "100000001";

#[tokio::test]
async fn every_row_shows() {
    let mut market = Simulator::start();
    for row in section("Price change") {
        market.begin_anew().await;
        market.enter().await;
        row.switch_on(&market).await;
        check(&market, &row.name).await;
    }
}

/// Both cities at 15,000 and both points as they are, with more on the second.
fn change(second: Value) -> Value {
    let mut second_point = json!({ "storeId": "30000001_PP2", "available": "yes" });
    second_point
        .as_object_mut()
        .expect("an object")
        .extend(second.as_object().expect("an object").clone());
    json!({
        "price": 15_000,
        "cityPrices": [{ "cityId": ALMATY, "value": 15_000 }, { "cityId": ASTANA, "value": 15_000 }],
        "availabilities": [{ "storeId": "30000001_PP1", "available": "yes" }, second_point],
    })
}

async fn accepted(market: &Simulator, change: Value) {
    let (status, answer) = market.process(SKU, change).await;
    assert_eq!((status, answer["id"].is_string()), (200, true), "{answer}");
}

async fn listed(market: &Simulator) -> Value {
    market.row(SKU).await["minPrice"].clone()
}

async fn public(market: &Simulator, city: &str) -> Option<i64> {
    market.ask_of(CARD, city, "30000001").await
}

async fn check(market: &Simulator, name: &str) {
    match name {
        "price-applied-late" => {
            accepted(market, change(json!({}))).await;
            market.advance(90).await;
            assert_eq!(listed(market).await, 15_990);
            market.advance(600).await;
            assert_eq!(
                (listed(market).await, public(market, ALMATY).await),
                (json!(15_000), Some(15_000))
            );
        }
        "price-never-applied" => {
            accepted(market, change(json!({}))).await;
            market.advance(24 * 60 * 60).await;
            assert_eq!(
                (listed(market).await, public(market, ALMATY).await),
                (json!(15_990), Some(15_990))
            );
        }
        "price-not-public" => {
            accepted(market, change(json!({}))).await;
            market.advance(24 * 60 * 60).await;
            assert_eq!(
                (listed(market).await, public(market, ALMATY).await),
                (json!(15_000), Some(15_990))
            );
        }
        "price-one-city" => {
            accepted(market, change(json!({}))).await;
            market.advance(90).await;
            assert_eq!(
                (public(market, ALMATY).await, public(market, ASTANA).await),
                (Some(15_000), Some(16_490))
            );
        }
        "price-answer-without-id" | "price-500-but-applied" => {
            let (status, answer) = market.process(SKU, change(json!({}))).await;
            let wanted = if name == "price-500-but-applied" { 500 } else { 200 };
            assert_eq!((status, answer.get("id")), (wanted, None), "{name}");
            market.advance(90).await;
            assert_eq!(listed(market).await, 15_000, "{name}");
        }
        "price-rejected" | "price-unknown-store" => {
            let (status, answer) = market.process(SKU, change(json!({}))).await;
            assert_eq!((status, answer["message"].is_string()), (400, true), "{name}");
        }
        "price-base-required" => {
            let mut alone = change(json!({}));
            alone.as_object_mut().expect("an object").remove("price");
            assert_eq!(market.process(SKU, alone).await.0, 400);
            accepted(market, change(json!({}))).await;
        }
        "price-left-out-point" => {
            let mut left_out = change(json!({}));
            left_out["availabilities"].as_array_mut().expect("points").pop();
            accepted(market, left_out).await;
            market.advance(90).await;
            assert_eq!(market.row(SKU).await["available"], false);
        }
        "price-stock-count" => {
            accepted(market, change(json!({ "stockCount": 3 }))).await;
            market.advance(90).await;
            assert_eq!(market.row(SKU).await["available"], false);
        }
        "price-withdrawn" => {
            accepted(market, change(json!({}))).await;
            market.advance(90).await;
            let row = market.row(SKU).await;
            assert_eq!(
                (&row["available"], &row["minPrice"]),
                (&json!(false), &json!(15_000))
            );
        }
        "price-preorder-ignored" => {
            accepted(market, change(json!({ "preOrder": 12 }))).await;
            market.advance(90).await;
            let days = |row: Value| row["availabilities"][1]["preOrder"].clone();
            assert_eq!(days(market.row(SKU).await), 7, "as it was");
            assert_eq!(listed(market).await, 15_000, "the price is applied");
            market.advance(14_400).await;
            assert_eq!(days(market.row(SKU).await), 12);
        }
        "price-delivered-twice" => {
            accepted(market, change(json!({}))).await;
            market.advance(120).await;
            accepted(market, json!({ "price": 14_000 })).await;
            market.advance(90).await;
            assert_eq!(listed(market).await, 14_000);
            market.advance(300).await;
            assert_eq!(listed(market).await, 15_000, "the old change came once more");
        }
        "price-empty-resets" => {
            accepted(market, change(json!({}))).await;
            market.advance(90).await;
            let row = market.row(SKU).await;
            assert_eq!(row["availabilities"][0]["stockCount"], Value::Null);
            assert_eq!(row["availabilities"][1]["preOrder"], 0);
            market.begin_again_without_resets().await;
            accepted(market, change(json!({}))).await;
            market.advance(90).await;
            let row = market.row(SKU).await;
            assert_eq!(row["availabilities"][0]["stockCount"], 4);
            assert_eq!(row["availabilities"][1]["preOrder"], 7);
        }
        other => panic!("no test for {other}"),
    }
}

impl Simulator {
    async fn begin_again_without_resets(&self) {
        self.control("POST", "reset", json!({ "seed": 1 })).await;
        self.control("POST", "limits", json!({ "empty_resets": false }))
            .await;
        self.enter().await;
    }
}

//! Rows about public offers.

use serde_json::{Value, json};

use super::section;
use crate::support::{ALMATY, ASTANA, Simulator};

#[tokio::test]
async fn every_row_shows() {
    let mut market = Simulator::start();
    for row in section("Public offers") {
        market.begin_anew().await;
        row.switch_on(&market).await;
        check(&market, &row.name).await;
    }
}

async fn offers(market: &Simulator, card: &str, city: &str) -> Value {
    let body = json!({ "cityId": city, "limit": 64 });
    let (status, answer) = market
        .send("POST", "public", &format!("/yml/offer-view/offers/{card}"), body)
        .await;
    assert_eq!(status, 200);
    answer
}

async fn sellers(market: &Simulator, card: &str, city: &str) -> Vec<String> {
    market
        .asks(card, city)
        .await
        .into_iter()
        .map(|(id, _)| id)
        .collect()
}

const CARD: &str = "100000001";

async fn check(market: &Simulator, name: &str) {
    let answer = || offers(market, CARD, ALMATY);
    match name {
        "offers-card-unknown" => {
            let answer = answer().await;
            assert_eq!((&answer["offers"], &answer["total"]), (&json!([]), &json!(0)));
            assert_eq!(
                sellers(market, "100000002", ALMATY).await.len(),
                4,
                "another card"
            );
        }
        "offers-nobody-sells" => assert!(sellers(market, "100000012", ALMATY).await.is_empty()),
        "offers-wrong-city" => {
            assert!(sellers(market, CARD, ASTANA).await.is_empty());
            assert_eq!(sellers(market, CARD, ALMATY).await.len(), 4);
        }
        "offers-own-absent" => {
            let sellers = sellers(market, CARD, ALMATY).await;
            assert_eq!(sellers, ["40000001", "30000002", "40000002"]);
        }
        "offers-own-only" => assert_eq!(sellers(market, "100000004", ALMATY).await, ["30000001"]),
        "offers-sister-cheapest" => {
            assert_eq!(
                market.asks(CARD, ALMATY).await[0],
                ("30000002".to_owned(), 14_000)
            );
        }
        "offers-tie" => {
            let asks = market.asks(CARD, ALMATY).await;
            assert_eq!((asks[0].1, asks[1].1), (15_990, 15_990));
        }
        "offers-below-headline" => {
            market.enter().await;
            let (_, headline) = market.get("/offers/api/v1/price/lowest?s=100000001").await;
            assert_eq!(headline["price"].to_string(), "15985.0");
            assert_eq!(market.asks(CARD, ALMATY).await[0].1, 15_980);
        }
        "offers-rival-flickers" => {
            let mut seen = Vec::new();
            for _ in 0..4 {
                let sellers = sellers(market, CARD, ALMATY).await;
                seen.push(sellers.contains(&"40000001".to_owned()));
            }
            assert_eq!(seen, [true, false, true, false]);
        }
        "offers-more-than-64" => {
            let answer = answer().await;
            assert_eq!(answer["offers"].as_array().map(Vec::len), Some(64));
            assert_eq!(answer["total"], 74);
        }
        "offers-row-without-merchant" => {
            let answer = answer().await;
            assert_eq!(answer["offers"][0].get("merchantId"), None);
            assert!(answer["offers"][1]["merchantId"].is_string());
        }
        "offers-row-without-price" => assert_eq!(answer().await["offers"][0].get("price"), None),
        "offers-price-zero" => assert_eq!(answer().await["offers"][0]["price"], 0),
        "offers-decoy" => assert_eq!(market.asks(CARD, ALMATY).await[0], ("40000001".to_owned(), 1)),
        "offers-rating-missing" => assert_eq!(answer().await["offers"][0].get("merchantRating"), None),
        "offers-preorder-rival" => {
            let cheapest = answer().await["offers"][0].clone();
            assert_eq!(
                (&cheapest["merchantId"], &cheapest["preorder"]),
                (&json!("40000009"), &json!(9))
            );
        }
        "offers-total-bigger" => {
            let answer = answer().await;
            assert_eq!(
                (&answer["total"], answer["offers"].as_array().map(Vec::len)),
                (&json!(99), Some(4))
            );
        }
        "offers-error-object" => {
            let answer = answer().await;
            assert!(answer["errors"].is_array() && answer.get("offers").is_none());
        }
        other => panic!("no test for {other}"),
    }
}

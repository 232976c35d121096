//! Rows about the orders interface.

use std::time::Duration;

use serde_json::{Value, json};

use super::section;
use crate::support::Simulator;

#[tokio::test]
async fn every_row_shows() {
    let mut market = Simulator::start();
    for row in section("Orders") {
        market.begin_anew().await;
        row.switch_on(&market).await;
        check(&market, &row.name).await;
    }
}

/// State and status of an order by its code.
async fn order(market: &Simulator, code: &str) -> (Value, Value) {
    let (status, list) = market.order_list(&format!("&filter[orders][code]={code}")).await;
    assert_eq!(status, 200);
    let attributes = &list["data"][0]["attributes"];
    (attributes["state"].clone(), attributes["status"].clone())
}

async fn change(market: &Simulator, code: &str, status: &str) -> (u16, Value) {
    let (_, list) = market.order_list(&format!("&filter[orders][code]={code}")).await;
    let id = list["data"][0]["id"].clone();
    let data = json!({ "type": "orders", "id": id, "attributes": { "code": code, "status": status } });
    market.orders("POST", "/orders", json!({ "data": data })).await
}

async fn check(market: &Simulator, name: &str) {
    match name {
        "orders-filter-missing" | "orders-window-too-long" | "orders-page-too-large" => {
            let (status, answer) = market.order_list("").await;
            assert_eq!(
                (status, answer["errors"][0]["title"].is_string()),
                (400, true),
                "{name}"
            );
            assert_eq!(market.order_list("").await.0, 200, "{name}");
        }
        "orders-wrong-token" => {
            assert_eq!(market.order_list("").await.0, 401);
            let (status, _) = market
                .orders_with("Another-Token-30000001", &[], "GET", "/cities", Value::Null)
                .await;
            assert_eq!(status, 200);
        }
        "orders-one-state-refused" => {
            assert_eq!(market.order_list("&filter[orders][state]=ARCHIVE").await.0, 500);
            assert_eq!(market.order_list("&filter[orders][state]=NEW").await.0, 200);
        }
        "orders-state-moves" => {
            let new = || market.order_list("&filter[orders][state]=NEW");
            let first = new().await.1["data"][0]["attributes"]["code"].clone();
            assert_eq!(new().await.1["meta"]["totalCount"], 2, "{first} has moved");
        }
        "orders-entries-missing" => {
            let (_, list) = market.order_list("").await;
            let id = list["data"][0]["id"].as_str().expect("an id");
            let (status, entries) = market
                .orders("GET", &format!("/orders/{id}/entries"), Value::Null)
                .await;
            assert_eq!((status, &entries["data"]), (200, &json!([])));
        }
        "orders-cancelled-meanwhile" => {
            let (status, _) = change(market, "400000001", "ACCEPTED_BY_MERCHANT").await;
            assert_eq!(status, 400);
            assert_eq!(
                order(market, "400000001").await,
                (json!("ARCHIVE"), json!("CANCELLED"))
            );
        }
        "orders-preorder-never-arrives" => {
            assert_eq!(change(market, "400000004", "ARRIVED").await.0, 200);
            market.advance(24 * 60 * 60).await;
            assert_eq!(order(market, "400000004").await.1, "ACCEPTED_BY_MERCHANT");
            assert_eq!(change(market, "400000001", "ACCEPTED_BY_MERCHANT").await.0, 200);
            assert_eq!(
                order(market, "400000001").await.0,
                "KASPI_DELIVERY",
                "other changes show"
            );
        }
        "orders-change-invisible" => {
            assert_eq!(change(market, "400000001", "ACCEPTED_BY_MERCHANT").await.0, 200);
            market.advance(24 * 60 * 60).await;
            assert_eq!(order(market, "400000001").await.0, "NEW");
        }
        "orders-change-late" => {
            assert_eq!(change(market, "400000001", "ACCEPTED_BY_MERCHANT").await.0, 200);
            assert_eq!(order(market, "400000001").await.0, "NEW");
            market.advance(300).await;
            assert_eq!(order(market, "400000001").await.0, "KASPI_DELIVERY");
        }
        "orders-rate-limit" => {
            let mut statuses = Vec::new();
            for _ in 0..4 {
                statuses.push(market.order_list("").await.0);
            }
            assert!(statuses[0] == 200 && statuses.contains(&429), "{statuses:?}");
        }
        "orders-timeout" => {
            let url = format!("{}/v2/cities", market.host("orders"));
            let request = market.http.get(url).timeout(Duration::from_millis(200));
            assert!(request.send().await.expect_err("it fails").is_timeout());
        }
        other => panic!("no test for {other}"),
    }
}

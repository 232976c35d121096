//! The control interface itself, the command line and the end of the process.

use serde_json::{Value, json};

use crate::support::{ALMATY, SKU, Simulator};

#[tokio::test]
async fn things_made_by_control_are_seen_by_clients() {
    let market = Simulator::start();
    market
        .control(
            "POST",
            "merchants",
            json!([{ "uid": "30000007", "name": "New Shop",
        "points": [{ "id": "PP1", "city": ALMATY }] }]),
        )
        .await;
    market
        .control(
            "POST",
            "offers",
            json!({ "merchant": "30000007", "sku": "n1", "card": "100000777",
        "title": "Новый товар", "price": 5_000 }),
        )
        .await;
    assert_eq!(market.ask_of("100000777", ALMATY, "30000007").await, Some(5_000));
    let wrong = market
        .http
        .post(format!("{}/control/offers", market.host("control")));
    let response = wrong
        .json(&json!({ "merchant": "30000007", "skuu": "n1" }))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status().as_u16(), 400);
    assert!(response.text().await.unwrap().contains("skuu"));
}

#[tokio::test]
async fn reset_brings_the_known_market_back() {
    let market = Simulator::start();
    market.enter().await;
    market.process(SKU, json!({ "price": 1_000 })).await;
    market.advance(3600).await;
    market.control("POST", "reset", json!({ "seed": 1 })).await;
    assert_eq!(market.ask_of("100000001", ALMATY, "30000001").await, Some(15_990));
    assert_eq!(market.get("/s/m").await.0, 401, "sessions are gone too");
    assert_eq!(
        market.control("GET", "clock", Value::Null).await["time"],
        "2026-09-01T08:00:00.000Z"
    );
}

#[tokio::test]
async fn state_tells_no_passwords() {
    let market = Simulator::start();
    let state = market
        .control("GET", "state?merchant=30000001", Value::Null)
        .await;
    assert_eq!(state["offers"].as_array().unwrap().len(), 16);
    assert_eq!(state["accounts"][0]["email"], "demo@example.kz");
    assert!(!state.to_string().contains("Password"));
}

#[tokio::test]
async fn demonstration_market_is_large_and_lively() {
    let market = Simulator::start_with(&["--time", "virtual", "--demo"]);
    let before = market.control("GET", "state", Value::Null).await;
    for merchant in ["30000001", "30000003"] {
        let own = before["offers"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|offer| offer["merchant"] == merchant);
        assert!(own.count() >= 120);
    }
    market.advance(600).await;
    let after = market.control("GET", "state", Value::Null).await;
    for kind in ["undercut", "follow", "random"] {
        let pairs = before["rivals"]
            .as_array()
            .unwrap()
            .iter()
            .zip(after["rivals"].as_array().unwrap());
        let moved =
            pairs.filter(|(old, new)| old["behaviour"]["kind"] == kind && old["prices"] != new["prices"]);
        assert!(moved.count() > 20, "{kind} rivals move");
    }
}

#[tokio::test]
async fn one_host_serves_everything_when_asked_to() {
    let market = Simulator::start_with(&["--time", "virtual", "--single-host"]);
    assert_eq!(market.host("login"), market.host("cdn"));
    market.enter().await;
    assert_eq!(market.get("/s/m").await.0, 200);
    assert_eq!(market.asks("100000001", ALMATY).await.len(), 4);
}

#[tokio::test]
async fn simulator_ends_when_its_parent_is_gone() {
    let market = Simulator::start();
    assert!(market.end_parent());
}

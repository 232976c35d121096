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

#[tokio::test]
async fn fields_are_changed_and_the_rest_stays() {
    let market = Simulator::start();
    market
        .control(
            "PATCH",
            "merchants",
            json!({ "uid": "30000001", "name": "Renamed" }),
        )
        .await;
    market
        .control(
            "PATCH",
            "accounts",
            json!({ "email": "demo@example.kz", "mail_code_value": "111111" }),
        )
        .await;
    let price = json!({ "merchant": "30000001", "sku": SKU, "city_prices": { "750000000": 1234 } });
    market.control("PATCH", "offers", price).await;
    market.enter().await;
    let (_, merchants) = market.get("/s/m").await;
    assert_eq!(merchants["merchants"][0]["name"], "Renamed");
    let row = market.row(SKU).await;
    assert_eq!(
        (&row["minPrice"], &row["points"]),
        (&json!(1234), &json!(["PP1", "PP2"]))
    );
    let state = market.control("GET", "state", Value::Null).await;
    assert_eq!(state["accounts"][0]["mail_code_value"], "111111");
    for (path, body) in [
        ("merchants", json!({ "uid": "nobody", "blocked": true })),
        ("merchants", json!({ "uid": "30000001", "unheard_of": 1 })),
        ("accounts", json!({ "email": "nobody@example.kz" })),
        (
            "offers",
            json!({ "merchant": "30000001", "sku": "nothing", "price": 1 }),
        ),
    ] {
        let url = format!("{}/control/{path}", market.host("control"));
        let answer = market
            .http
            .patch(url)
            .json(&body)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 400, "{path} {body}");
    }
}

#[tokio::test]
async fn a_large_assortment_is_made_in_one_call_and_paged_while_it_changes() {
    let market = Simulator::start();
    let many = json!({ "merchant": "30000001", "count": 5000, "withdrawn_every": 10 });
    market.control("POST", "offers/many", many).await;
    market
        .control("POST", "limits", json!({ "enabled": false }))
        .await;
    market.enter().await;
    let page = async |number: usize, on_sale: bool| {
        let path = format!("/bff/offer-view/list?m=30000001&p={number}&l=100&a={on_sale}");
        market.get(&path).await.1
    };
    let all = async |on_sale: bool| {
        let mut skus = Vec::new();
        for number in 0..60 {
            let page = page(number, on_sale).await;
            let rows = page["data"].as_array().expect("rows").clone();
            let total = page["total"].clone();
            skus.extend(rows.iter().map(|row| row["sku"].to_string()));
            if rows.is_empty() {
                assert_eq!(skus.len(), total, "all of them");
                break;
            }
        }
        skus.sort();
        skus.dedup();
        skus.len()
    };
    assert_eq!((all(true).await, all(false).await), (4513, 503));
    // Withdraws one, puts one on sale again, changes the price of a third.
    let point = |yes: &str| json!([{ "storeId": "30000001_PP1", "available": yes }]);
    for (sku, change) in [
        (
            "200000001_300000000",
            json!({ "price": 9_000, "availabilities": point("no") }),
        ),
        (
            "200000010_300000009",
            json!({ "price": 9_000, "availabilities": point("yes") }),
        ),
        (
            "200000020_300000019",
            json!({ "price": 9_000, "availabilities": point("yes") }),
        ),
        ("200000003_300000002", json!({ "price": 9_000 })),
    ] {
        assert_eq!(market.process(sku, change).await.0, 200, "{sku}");
    }
    market.advance(90).await;
    assert_eq!((all(true).await, all(false).await), (4514, 502));
    let (_, count) = market.get("/offers/api/v1/offer/count?m=30000001").await;
    assert_eq!(count, json!({ "published": 4514, "archived": 502 }));
    let gone = json!({ "merchant": "30000001", "sku": "200000003_300000002" });
    market.control("DELETE", "offers", gone).await;
    assert_eq!(all(true).await, 4513);
}

#[tokio::test]
async fn a_fault_that_could_never_strike_is_refused() {
    let market = Simulator::start();
    let switch_on = async |fault: Value| {
        let url = format!("{}/control/faults", market.host("control"));
        let answer = market.http.post(url).json(&fault).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    for (fault, named) in [
        (json!({ "endpoint": "lists", "kind": "malformed" }), "lists"),
        (json!({ "endpoint": "nowhere:*", "kind": "malformed" }), "nowhere"),
        (json!({ "endpoint": "list", "kind": "malformd" }), "malformd"),
        (
            json!({ "endpoint": "list", "kind": "malformed", "time": 1 }),
            "time",
        ),
    ] {
        let (status, text) = switch_on(fault.clone()).await;
        assert_eq!(status, 400, "{fault}");
        assert!(text.contains(named), "{fault}: {text}");
    }
    for endpoint in ["list", "point_list", "order_status", "upload", "cabinet:*", "*"] {
        let (status, text) = switch_on(json!({ "endpoint": endpoint, "kind": "malformed" })).await;
        assert_eq!(status, 200, "{endpoint}: {text}");
    }
}

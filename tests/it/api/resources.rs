//! What the predecessor did not have: decisions, offers, history, rules, alerts, stops.

use kaspi_panel::app::reprice::{Pass, reprice_due};
use reqwest::Method;
use serde_json::json;

use super::{post, seller, send, text};
use crate::support::{NewProduct, PASSWORD, TestApp, db_product};

#[tokio::test]
async fn why_a_product_has_its_price_is_told_in_words() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let product = db_product(&mut app.conn(), store, &NewProduct::default());
    let pass = Pass {
        store_id: Some(store),
        checked_before: None,
        dry_run: false,
        limit: 10,
    };
    reprice_due(&app.services, pass).await.unwrap();
    let path = format!("/api/v1/products/{product}");
    let told = anna.get(&format!("{path}/decisions/")).await.expect(200).json();
    let decision = &told["results"][0];
    assert_eq!(decision["current"], 10_000);
    assert!(
        decision["steps"]
            .as_array()
            .is_some_and(|steps| !steps.is_empty())
    );
    assert!(decision["reasons"][0]["code"].is_string());
    let offers = anna.get(&format!("{path}/offers/")).await.expect(200).json();
    assert_eq!(offers["card"], "100000001");
    assert!(
        offers["results"]
            .as_array()
            .is_some_and(|offers| !offers.is_empty())
    );
    let history = anna
        .get(&format!("{path}/price-history/?limit=5"))
        .await
        .expect(200)
        .json();
    assert_eq!(history["results"][0]["price"], 10_000);
    anna.get(&format!("{path}/price-history/?limit=500"))
        .await
        .expect(400);
}

#[tokio::test]
async fn rules_are_made_changed_and_removed() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let body =
        json!({ "store": store, "name": "Все", "definition": { "strategy": { "kind": "match_lowest" } } });
    let list = "/api/v1/rules/";
    let made = post(&anna, list, &body.to_string()).await.expect(201).json();
    assert_eq!(
        (&made["scope"], &made["strategy"]),
        (&json!("store"), &json!("match_lowest"))
    );
    post(&anna, list, &body.to_string()).await.expect(400);
    let path = format!("{list}{}/", text(&made, "id"));
    let changed = send(&anna, Method::PATCH, &path, r#"{"enabled":false}"#)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&changed["enabled"], &changed["name"]),
        (&json!(false), &json!("Все"))
    );
    for bad in [
        r#"{"definition":{"strategy":{"kind":"magic"}}}"#,
        r#"{"definition":7}"#,
        r#"{"products":"all"}"#,
        r#"{"name":""}"#,
    ] {
        send(&anna, Method::PATCH, &path, bad).await.expect(400);
    }
    assert_eq!(
        anna.get(list).await.json()["results"].as_array().unwrap().len(),
        1
    );
    send(&anna, Method::DELETE, &path, "").await.expect(204);
    anna.get(&path).await.expect(404);
}

#[tokio::test]
async fn prices_are_stopped_with_a_reason_and_let_go_with_the_password() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let list = "/api/v1/stops/";
    for (target, status) in [
        (json!(format!("store:{store}")), 201),
        (json!("all"), 403),
        (json!("store:00000000-0000-0000-0000-000000000000"), 400),
        (json!("everything"), 400),
    ] {
        let body = json!({ "target": target, "reason": "look" }).to_string();
        post(&anna, list, &body).await.expect(status);
    }
    let stops = anna.get(list).await.expect(200).json();
    assert_eq!(stops["results"].as_array().unwrap().len(), 1);
    let path = format!("{list}{}/release/", text(&stops["results"][0], "id"));
    post(&anna, &path, r#"{"reason":"done","password":"wrong"}"#)
        .await
        .expect(400);
    post(&anna, &path, r#"{"reason":"done"}"#).await.expect(400);
    let right = json!({ "reason": "done", "password": PASSWORD }).to_string();
    post(&anna, &path, &right).await.expect(204);
    post(&anna, &path, &right).await.expect(409);
    let past = anna.get(&format!("{list}?past=true")).await.expect(200).json();
    assert_eq!(past["results"][0]["release_reason"], "done");
    // A stopped store is told as an alert, which somebody takes on.
    let alerts = anna.get("/api/v1/alerts/").await.expect(200).json();
    assert!(alerts["results"].as_array().is_some());
}

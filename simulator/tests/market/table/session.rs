//! Rows about the session.

use serde_json::{Value, json};

use super::section;
use crate::support::Simulator;

fn page(number: usize) -> String {
    format!("/bff/offer-view/list?m=30000001&p={number}&l=5&a=true")
}

#[tokio::test]
async fn every_row_shows() {
    let mut market = Simulator::start();
    for row in section("Session") {
        market.begin_anew().await;
        market.enter().await;
        row.switch_on(&market).await;
        check(&market, &row.name).await;
    }
}

async fn check(market: &Simulator, name: &str) {
    let merchants = || market.get("/s/m");
    match name {
        "session-expired" | "session-visitor-only" => {
            assert_eq!(merchants().await, (401, Value::Null), "{name}");
            market.page("login", "/").await;
            assert_eq!(merchants().await.0, 401, "{name}: nothing renews it");
        }
        "session-renewable" => {
            assert_eq!(merchants().await, (401, Value::Null), "{name}");
            market.page("login", "/").await;
            assert_eq!(merchants().await.0, 200, "{name}");
        }
        "session-expired-mid-paging" => {
            assert_eq!(market.get(&page(0)).await.0, 200, "{name}");
            assert_eq!(market.get(&page(1)).await, (401, Value::Null), "{name}");
            assert_eq!(merchants().await.0, 401, "{name}: the session is gone");
        }
        "session-403-mid-paging" => {
            assert_eq!(market.get(&page(0)).await.0, 200, "{name}");
            let (status, body) = market.get(&page(1)).await;
            assert_eq!((status, body["message"].is_string()), (403, true), "{name}");
        }
        "session-redirect-mid-paging" => {
            assert_eq!(market.get(&page(0)).await.0, 200, "{name}");
            market.get(&page(1)).await;
            let entry = market.journal("list").await.pop().expect("an entry");
            assert_eq!(
                (&entry["status"], &entry["fault"]),
                (&json!(302), &json!("redirect_login"))
            );
        }
        "session-login-page-mid-paging" => {
            assert_eq!(market.get(&page(0)).await.0, 200, "{name}");
            let answer = market.raw("GET", "cabinet", &page(1), Value::Null).await;
            assert_eq!(answer.status(), 200);
            let html = answer.text().await.expect("a page");
            assert!(html.contains("user_email_field"), "{name}");
        }
        "session-of-another-merchant" => {
            assert_eq!(market.get(&page(0)).await.0, 403, "{name}");
            assert_eq!(merchants().await.1["merchants"][0]["uid"], "30000002");
        }
        "session-cookie-rotated" => {
            let answer = market.raw("GET", "cabinet", "/s/m", Value::Null).await;
            let cookie = answer.headers()["set-cookie"].to_str().expect("text").to_owned();
            assert!(cookie.starts_with("mc-sid="), "{name}: {cookie}");
            assert_eq!(merchants().await.0, 200, "the new cookie is worth something");
            let sessions = market.control("GET", "state", Value::Null).await["sessions"].clone();
            assert_eq!(sessions.as_array().map(Vec::len), Some(1), "the old one is gone");
        }
        "session-without-merchants" => {
            assert_eq!(merchants().await, (200, json!({ "merchants": [] })), "{name}");
        }
        "session-with-several-merchants" => {
            let (_, answer) = merchants().await;
            assert_eq!(answer["merchants"].as_array().map(Vec::len), Some(2), "{name}");
        }
        "merchant-blocked" => {
            let (status, body) = market.get(&page(0)).await;
            assert_eq!((status, body["message"].is_string()), (403, true), "{name}");
            let (status, _) = market.order_list("").await;
            assert_eq!(status, 403, "{name}");
        }
        other => panic!("no test for {other}"),
    }
}

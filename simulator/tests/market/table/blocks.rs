//! Rows about blocks, limits and connections.

use std::io::Read;
use std::net::TcpStream;

use serde_json::{Value, json};

use super::section;
use crate::support::{ALMATY, SKU, Simulator};

const LIST: &str = "/bff/offer-view/list?m=30000001&p=0&l=5&a=true";
const OFFERS: &str = "/yml/offer-view/offers/100000001";

#[tokio::test]
async fn every_row_shows() {
    let mut market = Simulator::start();
    for row in section("Blocks and limits") {
        market.begin_anew().await;
        market.enter().await;
        row.switch_on(&market).await;
        check(&market, &row.name).await;
    }
}

async fn list(market: &Simulator) -> reqwest::Response {
    market.raw("GET", "cabinet", LIST, Value::Null).await
}

async fn offers(market: &Simulator) -> reqwest::Response {
    market
        .raw("POST", "public", OFFERS, json!({ "cityId": ALMATY }))
        .await
}

fn is_html(answer: &reqwest::Response) -> bool {
    answer.headers()["content-type"]
        .to_str()
        .expect("text")
        .starts_with("text/html")
}

async fn retry_after(market: &Simulator, wanted: Option<&str>) {
    let answer = list(market).await;
    assert_eq!(answer.status(), 429);
    let seen = answer.headers().get("retry-after");
    assert_eq!(seen.map(|value| value.to_str().expect("text")), wanted);
    assert_eq!(list(market).await.status(), 200);
}

async fn twice(market: &Simulator, status: u16) {
    for wanted in [status, status, 200] {
        assert_eq!(list(market).await.status(), wanted);
    }
}

async fn check(market: &Simulator, name: &str) {
    let price = || json!({ "price": 15_000 });
    match name {
        "rate-limit-seconds" => retry_after(market, Some("7")).await,
        "rate-limit-date" => retry_after(market, Some("Tue, 01 Sep 2026 08:00:30 GMT")).await,
        "rate-limit-silent" => retry_after(market, None).await,
        "rate-limit-absurd" => retry_after(market, Some("99999999")).await,
        "public-limiter" => {
            // The rate is counted in real time: of three requests at once at least one is too many.
            let statuses = [
                offers(market).await.status(),
                offers(market).await.status(),
                offers(market).await.status(),
            ];
            assert!(statuses.iter().any(|status| *status == 403), "{statuses:?}");
            let blocked = offers(market).await;
            assert!(blocked.status() == 403 && is_html(&blocked));
            market.advance(10).await;
            assert_eq!(offers(market).await.status(), 200);
        }
        "process-limiter" => {
            assert_eq!(market.process(SKU, price()).await.0, 200);
            assert_eq!(market.process(SKU, price()).await.0, 429);
            assert_eq!(list(market).await.status(), 200);
            market.advance(30 * 60).await;
            assert_eq!(market.process(SKU, price()).await.0, 200);
        }
        "process-rate-limiter" => {
            let mut statuses = Vec::new();
            for _ in 0..3 {
                statuses.push(market.process(SKU, price()).await.0);
            }
            assert_eq!((statuses[0], statuses[2]), (200, 429), "{statuses:?}");
            market.advance(29 * 60).await;
            assert_eq!(market.process(SKU, price()).await.0, 429);
        }
        "public-405" | "public-403" => {
            let status = if name == "public-405" { 405 } else { 403 };
            let answer = offers(market).await;
            assert_eq!(
                (answer.status().as_u16(), is_html(&answer)),
                (status, status == 403)
            );
            assert_eq!(list(market).await.status(), 200, "only the public host");
        }
        "burst-526" => {
            for _ in 0..5 {
                assert_eq!(list(market).await.status(), 526);
            }
            assert_eq!(list(market).await.status(), 200);
        }
        "anti-bot-page" | "maintenance-page" => {
            let answer = list(market).await;
            assert!(answer.status() == 200 && is_html(&answer), "{name}");
        }
        "status-500" => twice(market, 500).await,
        "status-502" => twice(market, 502).await,
        "status-503" => twice(market, 503).await,
        "status-504" => twice(market, 504).await,
        "sometimes-500" => {
            let mut failed = 0;
            for _ in 0..40 {
                failed += i32::from(list(market).await.status() == 500);
            }
            assert!((5..=35).contains(&failed), "{failed} of 40");
        }
        "connection-refused" => {
            let error = market
                .try_send("GET", "cabinet", LIST, Value::Null)
                .await
                .expect_err("it fails");
            assert!(error.is_connect(), "{error:?}");
            assert_eq!(offers(market).await.status(), 200, "other hosts stand");
            let open = json!({ "host": "cabinet", "state": "open" });
            market.control("POST", "hosts", open).await;
            assert_eq!(list(market).await.status(), 200);
        }
        "connection-reset" | "garbage-answer" => {
            assert!(
                market
                    .try_send("GET", "cabinet", LIST, Value::Null)
                    .await
                    .is_err(),
                "{name}"
            );
        }
        "connection-reset-after" => {
            let change = json!({ "merchantUid": "30000001", "sku": SKU, "price": 15_000 });
            let path = "/pricefeed/upload/merchant/process";
            assert!(market.try_send("POST", "cabinet", path, change).await.is_err());
            market.advance(90).await;
            assert_eq!(market.row(SKU).await["price"], 15_000);
        }
        "tls-error" => {
            let address = market
                .host("cabinet")
                .strip_prefix("http://")
                .expect("an address");
            let mut stream = TcpStream::connect(address).expect("somebody listens");
            let mut seen = Vec::new();
            stream.read_to_end(&mut seen).expect("bytes and the end");
            assert!(!seen.is_empty() && !seen.starts_with(b"HTTP"), "{seen:?}");
            let secure = market.host("cabinet").replace("http:", "https:");
            assert!(market.http.get(secure).send().await.is_err());
        }
        other => panic!("no test for {other}"),
    }
}

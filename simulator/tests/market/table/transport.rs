//! Rows about the way of an answer.

use std::io::Read;
use std::time::Duration;

use serde_json::{Value, json};

use super::section;
use crate::support::Simulator;

const LIST: &str = "/bff/offer-view/list?m=30000001&p=0&l=5&a=true";
const MIB: usize = 1024 * 1024;
const SHORT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn every_row_shows() {
    let mut market = Simulator::start();
    for row in section("Transport") {
        market.begin_anew().await;
        market.enter().await;
        row.switch_on(&market).await;
        check(&market, &row.name).await;
    }
}

async fn list(market: &Simulator) -> reqwest::Response {
    market.raw("GET", "cabinet", LIST, Value::Null).await
}

async fn impatient(market: &Simulator) -> Result<reqwest::Response, reqwest::Error> {
    let url = format!("{}{LIST}", market.host("cabinet"));
    market.http.get(url).timeout(SHORT).send().await
}

fn total(body: &[u8]) -> Value {
    let value: Value = serde_json::from_slice(body).expect("JSON");
    value["total"].clone()
}

async fn unpacked(answer: reqwest::Response, coding: &str) -> Vec<u8> {
    assert_eq!(answer.headers()["content-encoding"], coding);
    let body = answer.bytes().await.expect("a body");
    let mut out = Vec::new();
    match coding {
        "gzip" => flate2::read::GzDecoder::new(body.as_ref()).read_to_end(&mut out),
        "br" => brotli::Decompressor::new(body.as_ref(), 4096).read_to_end(&mut out),
        _ => zstd::stream::read::Decoder::new(body.as_ref())
            .expect("zstd")
            .read_to_end(&mut out),
    }
    .expect("it unpacks");
    out
}

async fn check(market: &Simulator, name: &str) {
    match name {
        "slow-headers" => assert!(impatient(market).await.expect_err("it fails").is_timeout()),
        "slow-body" => {
            let answer = impatient(market).await.expect("headers in time");
            assert!(answer.bytes().await.expect_err("it fails").is_timeout());
            assert_eq!(total(&list(market).await.bytes().await.expect("all of it")), 13);
        }
        "endless-body" => {
            let mut answer = list(market).await;
            let mut seen = Vec::new();
            while !seen.ends_with(&[b' '; 4096]) {
                seen.extend(answer.chunk().await.expect("more").expect("no end"));
            }
            assert_eq!(total(&seen), 13, "blanks after JSON");
        }
        "cut-json" => {
            let body = list(market).await.bytes().await.expect("a body");
            assert!(body.starts_with(b"{") && serde_json::from_slice::<Value>(&body).is_err());
        }
        "cut-connection" => {
            let answer = list(market).await;
            assert!(answer.content_length().expect("a length") > 1000);
            assert!(answer.bytes().await.is_err());
        }
        "wrong-content-type" => {
            let answer = list(market).await;
            assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
            assert_eq!(total(&answer.bytes().await.expect("a body")), 13);
        }
        "no-content-type" => {
            let answer = list(market).await;
            assert!(answer.headers().get("content-type").is_none());
            assert_eq!(total(&answer.bytes().await.expect("a body")), 13);
        }
        "bom" => {
            let body = list(market).await.bytes().await.expect("a body");
            assert_eq!(total(body.strip_prefix(b"\xef\xbb\xbf").expect("a mark")), 13);
        }
        "gzip" => assert_eq!(total(&unpacked(list(market).await, "gzip").await), 13),
        "brotli" => assert_eq!(total(&unpacked(list(market).await, "br").await), 13),
        "zstd" => assert_eq!(total(&unpacked(list(market).await, "zstd").await), 13),
        "wrongly-compressed" => {
            let answer = list(market).await;
            assert_eq!(answer.headers()["content-encoding"], "gzip");
            assert!(answer.bytes().await.expect("a body").starts_with(b"{"));
        }
        "empty-body" => {
            let answer = list(market).await;
            assert_eq!(answer.status(), 200);
            assert!(answer.bytes().await.expect("nothing").is_empty());
        }
        "very-large-body" => {
            let body = list(market).await.bytes().await.expect("a body");
            assert!(body.len() > 10 * MIB);
            assert_eq!(total(&body), 13);
        }
        "compressed-bomb" => {
            let answer = list(market).await;
            assert!(answer.content_length().expect("a length") < 1_000_000);
            assert!(unpacked(answer, "gzip").await.len() > 50 * MIB);
        }
        other => panic!("no test for {other}"),
    }
    market.control("DELETE", "faults", json!(null)).await;
}

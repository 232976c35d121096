//! Rows about price list files.

use serde_json::{Value, json};

use super::section;
use crate::support::{SKU, Simulator};
use crate::upload::{EXCEL, workbook};

const SECOND: &str = "100000002_200000003";

#[tokio::test]
async fn every_row_shows() {
    let mut market = Simulator::start();
    for row in section("Files") {
        market.begin_anew().await;
        market.enter().await;
        row.switch_on(&market).await;
        check(&market, &row.name).await;
    }
}

async fn upload(market: &Simulator) -> (u16, Value) {
    let rows = [(SKU, 15_000, 0), (SECOND, 24_000, 0)];
    market.upload("prices.xlsx", EXCEL, workbook(&rows)).await
}

/// Uploads, lets time pass, and returns the file.
async fn finished(market: &Simulator) -> Value {
    let (status, answer) = upload(market).await;
    assert_eq!(status, 200, "{answer}");
    market.advance(200).await;
    last(market).await
}

async fn last(market: &Simulator) -> Value {
    market
        .get("/pricefeed/upload/merchant/files/last?m=30000001")
        .await
        .1
}

async fn price(market: &Simulator, sku: &str) -> Value {
    market.row(sku).await["minPrice"].clone()
}

async fn check(market: &Simulator, name: &str) {
    match name {
        "file-unfinished-200" | "file-unfinished-400" => {
            let status = if name == "file-unfinished-200" { 200 } else { 400 };
            assert_eq!(upload(market).await, (status, json!("Unfinished file found")));
            assert_eq!(last(market).await, json!({}), "nothing was taken");
        }
        "file-stuck" => {
            assert_eq!(finished(market).await["status"], "PROCESSING");
            market.advance(24 * 60 * 60).await;
            assert_eq!(upload(market).await, (400, json!("Unfinished file found")));
            let end = json!({ "merchant": "30000001", "status": "ERROR" });
            market.control("POST", "files/end", end).await;
            assert_eq!(upload(market).await.0, 200);
        }
        "file-row-errors" | "file-preorder-above-30" | "file-duplicate-sku" => {
            let file = finished(market).await;
            assert_eq!(file["status"], "FINISHED_WITH_ERRORS", "{name}");
            assert_eq!(
                (&file["errors"][0]["row"], &file["errors"][0]["sku"]),
                (&json!(2), &json!(SKU))
            );
            let prices = (price(market, SKU).await, price(market, SECOND).await);
            assert_eq!(prices, (json!(15_990), json!(24_000)), "{name}");
        }
        "file-unreadable" | "file-header-renamed" | "file-of-another-merchant" => {
            let (status, answer) = upload(market).await;
            assert_eq!((status, answer["message"].is_string()), (400, true), "{name}");
            assert_eq!(last(market).await, json!({}), "{name}");
        }
        "file-answer-without-id" => {
            assert_eq!(upload(market).await, (200, json!({})));
            assert_eq!(last(market).await["status"], "UPLOADED");
        }
        "file-413" => assert_eq!(upload(market).await.0, 413),
        "file-415" => assert_eq!(upload(market).await.0, 415),
        "file-error" | "file-unknown-status" => {
            let wanted = if name == "file-error" {
                "ERROR"
            } else {
                "ON_MODERATION"
            };
            assert_eq!(finished(market).await["status"], wanted);
            assert_eq!(price(market, SKU).await, 15_990, "nothing is applied");
        }
        other => panic!("no test for {other}"),
    }
}

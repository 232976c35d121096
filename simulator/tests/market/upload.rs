//! Price list files: real workbooks and real XML, one at a time, applied when they are done.

use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};

use crate::support::{ALMATY, ASTANA, SKU, Simulator};

pub const EXCEL: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const XML: &str = "text/xml";
const COLUMNS: [&str; 10] = [
    "SKU", "model", "brand", "price", "PP1", "PP2", "PP3", "PP4", "PP5", "preorder",
];

/// A workbook in the official template: sku, price, preorder days; both points sell.
pub fn workbook(rows: &[(&str, i32, i32)]) -> Vec<u8> {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|(sku, price, days)| {
            let cells = [*sku, "Model", "Demo", "", "yes", "yes", "no", "", "", ""];
            let mut cells: Vec<String> = cells.iter().map(ToString::to_string).collect();
            cells[3] = price.to_string();
            cells[9] = days.to_string();
            cells
        })
        .collect();
    sheet(&COLUMNS, &cells)
}

/// Numbers are written as numbers, everything else as text.
fn sheet(columns: &[&str], rows: &[Vec<String>]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in (0..).zip(columns) {
        sheet.write_string(0, column, *name).expect("a cell");
    }
    for (line, cells) in (1..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            match cell.parse::<f64>() {
                Ok(number) => sheet.write_number(line, column, number).expect("a cell"),
                Err(_) => sheet.write_string(line, column, cell).expect("a cell"),
            };
        }
    }
    book.save_to_buffer().expect("a workbook")
}

fn catalogue(merchant: &str, offers: &str) -> Vec<u8> {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<kaspi_catalog date="2026-09-01" xmlns="kaspiShopping" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="kaspiShopping http://kaspi.kz/kaspishopping.xsd">
  <company>Demo &amp; Shop</company><merchantid>{merchant}</merchantid>
  <offers>{offers}</offers>
</kaspi_catalog>"#
    )
    .into_bytes()
}

fn offer(sku: &str, inside: &str) -> String {
    format!(
        r#"<offer sku="{sku}"><model>Demo A1</model><brand>Demo</brand><availabilities>
        <availability available="yes" storeId="PP1" stockCount="2.0"/>
        <availability available="yes" storeId="30000001_PP2" preOrder="9"></availability></availabilities>{inside}</offer>"#
    )
}

async fn file(market: &Simulator, id: &Value) -> Value {
    let id = id.as_str().expect("an id");
    let path = format!("/pricefeed/protocol/merchant/file/{id}?m=30000001");
    market.get(&path).await.1
}

#[tokio::test]
async fn a_workbook_is_processed_in_market_time_and_applied_at_the_end() {
    let market = Simulator::start();
    market.enter().await;
    let rows = [(SKU, 15_000, 0), ("100000007_200000008", 50_000, 21)];
    let (status, answer) = market.upload("p.xlsx", EXCEL, workbook(&rows)).await;
    assert_eq!(status, 200, "{answer}");
    let id = &answer["id"];
    assert_eq!(id.as_str().map(str::len), Some(24));
    assert_eq!(file(&market, id).await["status"], "UPLOADED");
    let second = market.upload("q.xlsx", EXCEL, workbook(&rows)).await;
    assert_eq!(second, (400, json!("Unfinished file found")));
    market.advance(10).await;
    assert_eq!(file(&market, id).await["status"], "PROCESSING");
    assert_eq!(market.row(SKU).await["minPrice"], 15_990, "nothing yet");
    market.advance(90).await;
    let done = file(&market, id).await;
    assert_eq!(
        (&done["status"], &done["total"], &done["errors"]),
        (&json!("FINISHED"), &json!(2), &json!([]))
    );
    let row = market.row(SKU).await;
    assert_eq!(
        (&row["minPrice"], &row["maxPrice"]),
        (&json!(15_000), &json!(15_000))
    );
    let late = market.row("100000007_200000008").await;
    assert_eq!(late["points"], json!(["PP1", "PP2"]));
    assert_eq!(late["availabilities"][0]["preOrder"], 21);
    assert_eq!(market.ask_of("100000001", ALMATY, "30000001").await, Some(15_000));
    let protocol = json!({ "merchantUid": "30000001", "skuList": [SKU, "nothing"] });
    let (_, rows) = market
        .send(
            "POST",
            "cabinet",
            "/pricefeed/protocol/merchant/offer/list/s",
            protocol,
        )
        .await;
    assert_eq!(rows.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&rows[0]["sku"], &rows[0]["status"]),
        (&json!(SKU), &json!("FINISHED"))
    );
    assert_eq!(
        market.upload("q.xlsx", EXCEL, workbook(&[(SKU, 1, 0)])).await.0,
        200
    );
}

#[tokio::test]
async fn xml_brings_city_prices_points_and_preorders() {
    let market = Simulator::start();
    market.enter().await;
    let prices = format!(
        r#"<cityprices><cityprice cityId="{ALMATY}">15100</cityprice><cityprice cityId="{ASTANA}">15200</cityprice></cityprices>"#
    );
    let (status, answer) = market
        .upload("p.xml", XML, catalogue("30000001", &offer(SKU, &prices)))
        .await;
    assert_eq!(status, 200, "{answer}");
    market.advance(200).await;
    assert_eq!(file(&market, &answer["id"]).await["status"], "FINISHED");
    let row = market.row(SKU).await;
    assert_eq!(
        (&row["minPrice"], &row["maxPrice"]),
        (&json!(15_100), &json!(15_200))
    );
    let points = &row["availabilities"];
    assert_eq!(
        (&points[0]["stockCount"], &points[1]["preOrder"]),
        (&json!(2), &json!(9))
    );
}

#[tokio::test]
async fn bad_files_are_refused_as_a_whole() {
    let market = Simulator::start();
    market.enter().await;
    let fine = offer(SKU, "<price>15000</price>");
    let mut renamed = COLUMNS;
    renamed[9] = "stock";
    let wrong_order = r#"<offer sku="a"><price>1</price><model>M</model></offer>"#;
    let misplaced = r#"<offer sku="a"><availability available="yes" storeId="PP1"/><model>M</model></offer>"#;
    for (what, content_type, data, status) in [
        ("no workbook", EXCEL, b"PK broken".to_vec(), 400),
        ("no price list", XML, b"hello".to_vec(), 400),
        ("a renamed column", EXCEL, sheet(&renamed, &[]), 400),
        ("nothing in it", EXCEL, workbook(&[]), 400),
        ("another seller", XML, catalogue("30000002", &fine), 400),
        ("a wrong order", XML, catalogue("30000001", wrong_order), 400),
        ("a misplaced point", XML, catalogue("30000001", misplaced), 400),
        ("cut XML", XML, catalogue("30000001", &fine)[..400].to_vec(), 400),
        ("a picture", "image/png", workbook(&[(SKU, 1, 0)]), 415),
        ("too much", EXCEL, vec![0; 17 * 1024 * 1024], 413),
    ] {
        let (seen, answer) = market.upload("f", content_type, data).await;
        assert_eq!(seen, status, "{what}: {answer}");
    }
    assert_eq!(
        market
            .get("/pricefeed/upload/merchant/files/last?m=30000001")
            .await
            .1,
        json!({})
    );
    assert_eq!(
        market
            .get("/pricefeed/upload/merchant/files/last?m=30000002")
            .await
            .0,
        403
    );
}

#[tokio::test]
async fn bad_rows_are_refused_alone() {
    let market = Simulator::start();
    market.enter().await;
    let row = |sku: &str, model: &str, price: &str, point: &str, days: &str| -> Vec<String> {
        let cells = [sku, model, "", price, point, "", "", "", "", days];
        cells.iter().map(ToString::to_string).collect()
    };
    let rows = [
        row(SKU, "M", "15000", "yes", ""),
        row(SKU, "M", "14000", "yes", ""),
        row("100000002_200000003", "", "15000", "yes", ""),
        row("100000003_200000004", "M", "-5", "yes", ""),
        row("100000004_200000005", "M", "15000.5", "yes", ""),
        row("100000005_200000006", "M", "15000", "maybe", ""),
        row("100000006_200000007", "M", "15000", "yes", "31"),
        row("no-such-offer", "M", "15000", "yes", ""),
        row("кириллица", "M", "15000", "yes", ""),
    ];
    let (status, answer) = market.upload("p.xlsx", EXCEL, sheet(&COLUMNS, &rows)).await;
    assert_eq!(status, 200, "{answer}");
    market.advance(200).await;
    let file = file(&market, &answer["id"]).await;
    assert_eq!(file["status"], "FINISHED_WITH_ERRORS");
    let errors: Vec<(&Value, &str)> = file["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| (&error["row"], error["message"].as_str().expect("a text")))
        .collect();
    let wanted = [
        "duplicate sku",
        "model is required",
        "price must be positive",
        "price must be a whole number",
        "maybe is no stock",
        "preorder must be between 0 and 30",
        "unknown sku",
        "SKU must be up to 64 Latin letters and digits",
    ];
    assert_eq!(errors.iter().map(|error| error.1).collect::<Vec<_>>(), wanted);
    assert_eq!(errors[0].0, 3);
    assert_eq!(market.row(SKU).await["minPrice"], 15_000);
}

#[tokio::test]
async fn a_file_may_replace_the_assortment() {
    let market = Simulator::start();
    market.enter().await;
    market
        .control("POST", "limits", json!({ "file_replaces": true }))
        .await;
    market
        .upload("p.xlsx", EXCEL, workbook(&[(SKU, 15_000, 0)]))
        .await;
    market.advance(200).await;
    let (_, count) = market.get("/offers/api/v1/offer/count?m=30000001").await;
    assert_eq!(count, json!({ "published": 1, "archived": 15 }));
}

#[tokio::test]
async fn the_configuration_tells_a_live_session() {
    let market = Simulator::start();
    let path = "/pricefeed/upload/merchant/upload/configuration?merchantUid=30000001";
    assert_eq!(
        market.raw("POST", "cabinet", path, Value::Null).await.status(),
        401
    );
    market.enter().await;
    let answer = market.raw("POST", "cabinet", path, Value::Null).await;
    assert_eq!(answer.headers()["x-principal-type"], "2");
}

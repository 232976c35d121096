//! Rows about the cabinet list.

use serde_json::{Value, json};

use super::section;
use crate::support::{ALMATY, ASTANA, SKU, Simulator};

#[tokio::test]
async fn every_row_shows() {
    let mut market = Simulator::start();
    for row in section("List") {
        market.begin_anew().await;
        market.enter().await;
        row.switch_on(&market).await;
        check(&market, &row.name).await;
    }
}

async fn page(market: &Simulator, number: usize) -> Value {
    let path = format!("/bff/offer-view/list?m=30000001&p={number}&l=5&a=true");
    let (status, page) = market.get(&path).await;
    assert_eq!(status, 200);
    page
}

fn skus(page: &Value) -> Vec<String> {
    let rows = page["data"].as_array().expect("rows");
    rows.iter()
        .map(|row| row["sku"].as_str().expect("a sku").to_owned())
        .collect()
}

async fn three_pages(market: &Simulator) -> Vec<Value> {
    vec![
        page(market, 0).await,
        page(market, 1).await,
        page(market, 2).await,
    ]
}

async fn check(market: &Simulator, name: &str) {
    let row = || market.row(SKU);
    match name {
        "list-empty-with-total" => {
            assert_eq!(page(market, 0).await, json!({ "data": [], "total": 13 }));
        }
        "list-total-changes" => {
            let pages = three_pages(market).await;
            let totals: Vec<&Value> = pages.iter().map(|page| &page["total"]).collect();
            assert_eq!(totals, [13, 14, 14]);
        }
        "list-short-page" => {
            let lengths: Vec<usize> = three_pages(market)
                .await
                .iter()
                .map(|page| skus(page).len())
                .collect();
            assert_eq!(lengths, [5, 3, 3]);
        }
        "list-same-sku-twice" => {
            let pages = three_pages(market).await;
            assert_eq!(skus(&pages[0]).last(), skus(&pages[1]).first());
        }
        "list-row-jumps" => {
            let mut seen: Vec<String> = three_pages(market).await.iter().flat_map(skus).collect();
            seen.sort();
            seen.dedup();
            assert_eq!(seen.len(), 12, "one of 13 is on no page");
        }
        "list-null-offer-id" => assert_eq!(row().await.get("offerId"), Some(&Value::Null)),
        "list-no-images" => assert_eq!(row().await.get("images"), None),
        "list-min-price-zero" => assert_eq!(row().await["minPrice"], 0),
        "list-min-price-null" => assert_eq!(row().await.get("minPrice"), Some(&Value::Null)),
        "list-no-shop-link" => assert_eq!(row().await.get("shopLink"), None),
        "list-shop-link-without-slash" => {
            assert_eq!(row().await["shopLink"], "/p/demo-a1-100000001?c=750000000");
        }
        "list-no-availabilities" => assert_eq!(row().await.get("availabilities"), None),
        "list-price-float" => assert_eq!(row().await["price"].to_string(), "15990.0"),
        "list-price-string" => assert_eq!(row().await["price"], "15990"),
        "list-available-bool" => assert_eq!(row().await["availabilities"][0]["available"], true),
        "list-archived-junk" => {
            let (_, archive) = market
                .get("/bff/offer-view/list?m=30000001&p=0&l=100&a=false")
                .await;
            let junk = archive["data"]
                .as_array()
                .expect("rows")
                .last()
                .expect("a row")
                .clone();
            assert_eq!(
                (&junk["sku"], &junk["model"], &junk["price"]),
                (&json!("junk-1"), &json!(""), &json!(0))
            );
            assert_eq!(archive["total"], 4);
            assert_eq!(page(market, 0).await["total"], 13, "only the archive");
        }
        "list-unknown-fields" => assert_eq!(row().await["somethingNew"]["deep"][0], 1),
        "list-city-prices-differ" => {
            let row = row().await;
            assert_eq!(
                row["cityPrices"],
                json!([{ "cityId": ASTANA, "value": 19_000 }, { "cityId": ALMATY, "value": 15_000 }])
            );
            assert_eq!(
                (&row["minPrice"], &row["maxPrice"]),
                (&json!(15_000), &json!(19_000))
            );
        }
        "list-many-points" => {
            let row = row().await;
            assert_eq!(row["points"].as_array().map(Vec::len), Some(33));
            assert_eq!(row["availabilities"][32]["storeId"], "30000001_PP33");
        }
        "list-count-disagrees" => {
            let (_, count) = market.get("/offers/api/v1/offer/count?m=30000001").await;
            assert_eq!(
                (&count["published"], &page(market, 0).await["total"]),
                (&json!(99), &json!(13))
            );
        }
        other => panic!("no test for {other}"),
    }
}

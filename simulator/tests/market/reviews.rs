//! Public reviews of a card and the other reads around offers.

use serde_json::{Value, json};

use crate::support::{SKU, Simulator};

async fn reviews(market: &Simulator, card: &str, query: &str) -> (u16, Value) {
    let path = format!("/yml/review-view/api/v1/reviews/product/{card}?{query}");
    market.send("GET", "public", &path, Value::Null).await
}

#[tokio::test]
async fn reviews_are_counted_dated_and_paged() {
    let market = Simulator::start();
    let set = json!({ "card": "100000001", "count": 30, "rating": 4.6 });
    market.control("POST", "reviews", set).await;
    let (status, all) = reviews(&market, "100000001", "limit=100&page=0&withAgg=true").await;
    assert_eq!((status, all["data"].as_array().map(Vec::len)), (200, Some(30)));
    assert_eq!(all["data"][0]["date"], "01.09.2026", "the newest first");
    let counts = all["summary"]["statistic"].as_array().expect("counts");
    let sum: i64 = counts
        .iter()
        .map(|row| row["count"].as_i64().expect("a number"))
        .sum();
    assert_eq!((sum, &all["summary"]["global"]), (30, &json!(4.6)));
    assert_eq!(
        all["groupSummary"],
        json!([{ "id": "ALL", "total": 30 }, { "id": "COMMENT", "total": 20 }])
    );
    let (_, words) = reviews(&market, "100000001", "filter=COMMENT&limit=15&page=1").await;
    assert_eq!(words["data"].as_array().map(Vec::len), Some(5));
    assert!(words.get("summary").is_none());
    market.advance(24 * 60 * 60).await;
    let (_, later) = reviews(&market, "100000001", "limit=1").await;
    assert_eq!(later["data"][0]["date"], "02.09.2026");
    assert_eq!(
        reviews(&market, "999", "limit=1&withAgg=true").await.1["data"],
        json!([])
    );
    assert_eq!(reviews(&market, "100000001", "limit=0").await.0, 400);
}

#[tokio::test]
async fn details_of_several_offers_and_the_lowest_price() {
    let market = Simulator::start();
    market.enter().await;
    let (status, rows) = market
        .send(
            "POST",
            "cabinet",
            "/offers/api/v1/offer/details?m=30000001",
            json!({ "sku": [SKU, "nothing"] }),
        )
        .await;
    assert_eq!((status, rows.as_array().map(Vec::len)), (200, Some(1)));
    let almaty = &rows[0]["cities"][0];
    assert_eq!(
        (&almaty["cityId"], &almaty["price"]),
        (&json!("750000000"), &json!(15_990))
    );
    assert_eq!(
        almaty["points"][0],
        json!({ "pointId": "30000001_PP1", "name": "PP1", "available": true })
    );
    let (_, lowest) = market.get("/offers/api/v1/price/lowest?s=100000001").await;
    assert_eq!(lowest["price"].to_string(), "15980.0");
    assert_eq!(market.get("/offers/api/v1/price/lowest?s=9").await.0, 404);
}

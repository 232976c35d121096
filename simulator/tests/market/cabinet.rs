//! Reading in the cabinet and in public: list, count, points, details, public offers, pictures.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{ALMATY, ASTANA, SKU, Simulator};

#[tokio::test]
async fn list_pages_hold_every_offer_once_and_the_total_is_of_the_filter() {
    let market = Simulator::start();
    market.enter().await;
    for (filter, total) in [("&a=true", 13), ("&a=false", 3), ("", 16)] {
        let mut skus = BTreeSet::new();
        for page in 0..4 {
            let (status, list) = market
                .get(&format!("/bff/offer-view/list?m=30000001&p={page}&l=5{filter}"))
                .await;
            assert_eq!((status, &list["total"]), (200, &json!(total)));
            for row in list["data"].as_array().unwrap() {
                assert!(
                    skus.insert(row["sku"].as_str().unwrap().to_owned()),
                    "a sku on two pages"
                );
            }
        }
        assert_eq!(skus.len(), total);
    }
    let (_, past) = market
        .get("/bff/offer-view/list?m=30000001&p=9&l=100&a=true")
        .await;
    assert_eq!(past, json!({ "data": [], "total": 13 }));
    assert_eq!(
        market.get("/offers/api/v1/offer/count?m=30000001").await.1,
        json!({ "published": 13, "archived": 3 })
    );
}

#[tokio::test]
async fn row_shows_prices_by_city_and_availability_by_point() {
    let market = Simulator::start();
    market.enter().await;
    let row = market.row(SKU).await;
    assert_eq!(row["masterSku"], "100000001");
    assert_eq!(
        (&row["minPrice"], &row["maxPrice"]),
        (&json!(15_990), &json!(16_490))
    );
    assert_eq!(row["allCityPrices"][ASTANA]["price"], 16_490);
    let first = json!({ "storeId": "30000001_PP1", "available": "yes", "stockCount": 4, "preOrder": 0,
                        "stockEnabled": true, "stockSpecified": true });
    let second = json!({ "storeId": "30000001_PP2", "available": "yes", "stockCount": null, "preOrder": 7,
                         "stockEnabled": false, "stockSpecified": false });
    assert_eq!(row["availabilities"], json!([first, second]));
    assert_eq!(row["shopLink"], "/p/demo-a1-100000001/?c=750000000");
}

#[tokio::test]
async fn merchant_points_and_details_agree() {
    let market = Simulator::start();
    market.enter().await;
    let body = json!({ "operationName": "getMerchant", "variables": { "id": "30000001" }, "query": "…" });
    let (_, card) = market
        .send("POST", "cabinet", "/mc/facade/graphql?opName=getMerchant", body)
        .await;
    assert_eq!(card["data"]["merchant"]["name"], "Demo Shop");
    assert_eq!(card["data"]["merchant"]["points"][1]["city"]["id"], ASTANA);
    let (_, points) = market.get("/bff/offer-view/points?merchantUid=30000001").await;
    assert_eq!(points[0]["pickupPoints"][0]["name"], "30000001_PP1");
    assert_eq!(points[1]["id"], ASTANA);
    let (_, details) = market
        .get(&format!("/bff/offer-view/details?m=30000001&s={SKU}"))
        .await;
    assert_eq!(details["cityInfo"][1]["price"], 16_490);
    let (status, missing) = market.get("/bff/offer-view/details?m=30000001&s=none").await;
    assert_eq!(status, 404);
    assert!(missing["message"].is_string());
    let body = json!({ "operationName": "getCities", "variables": {} });
    let (_, cities) = market.send("POST", "cabinet", "/mc/facade/graphql", body).await;
    assert!(
        cities["data"]["cities"]
            .as_array()
            .unwrap()
            .iter()
            .any(|city| city["id"] == ALMATY)
    );
}

#[tokio::test]
async fn foreign_merchant_is_forbidden() {
    let market = Simulator::start();
    market.enter().await;
    assert_eq!(
        market.get("/bff/offer-view/list?m=30000002&p=0&l=10").await.0,
        403
    );
    let body = json!({ "operationName": "getMerchant", "variables": { "id": "30000002" } });
    let (status, answer) = market
        .send("POST", "cabinet", "/mc/facade/graphql?opName=getMerchant", body)
        .await;
    assert_eq!(status, 200);
    assert!(answer["data"].is_null() && answer["errors"][0]["message"].is_string());
}

#[tokio::test]
async fn public_offers_are_sorted_limited_and_need_no_login() {
    let market = Simulator::start();
    let asks = market.asks("100000001", ALMATY).await;
    let ids: Vec<&str> = asks.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["40000001", "30000001", "30000002", "40000002"]);
    assert_eq!(asks[1].1, 15_990);
    assert_eq!(market.ask_of("100000001", ASTANA, "30000001").await, Some(16_490));
    assert_eq!(
        market.ask_of("100000001", ASTANA, "30000002").await,
        None,
        "it has no point in Astana"
    );
    let path = "/yml/offer-view/offers/100000001";
    let page = json!({ "cityId": ALMATY, "limit": 3, "page": 1 });
    let (_, second) = market.send("POST", "public", path, page).await;
    assert_eq!(
        (second["offers"].as_array().unwrap().len(), &second["total"]),
        (1, &json!(4))
    );
    for wrong in [
        json!({ "cityId": ALMATY, "limit": 100 }),
        json!({ "limit": 5 }),
        json!([]),
    ] {
        assert_eq!(market.send("POST", "public", path, wrong).await.0, 400);
    }
    assert_eq!(market.send("GET", "public", path, Value::Null).await.0, 405);
}

#[tokio::test]
async fn unknown_card_wrong_city_and_unsold_card_look_alike() {
    let market = Simulator::start();
    assert!(market.asks("999999999", ALMATY).await.is_empty());
    assert!(market.asks("100000001", "770000000").await.is_empty());
    assert!(market.asks("100000001", "391010000").await.is_empty());
}

#[tokio::test]
async fn every_picture_is_a_png_and_known_ones_are_not_sent_again() {
    let market = Simulator::start();
    let url = format!("{}/img/m/p/h00/h00/1.jpg", market.host("cdn"));
    let response = market.http.get(&url).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "image/png");
    let tag = response.headers()["etag"].clone();
    let bytes = response.bytes().await.unwrap();
    assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.ends_with(b"IEND\xaeB`\x82"));
    let again = market
        .http
        .get(&url)
        .header("if-none-match", tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status().as_u16(), 304);
}

#[tokio::test]
async fn missing_headers_are_noted_and_refused_only_in_strict_mode() {
    let market = Simulator::start();
    market.enter().await;
    let url = format!("{}/s/m", market.host("cabinet"));
    assert_eq!(market.http.get(&url).send().await.unwrap().status().as_u16(), 200);
    let entry = market.journal("merchants").await.pop().unwrap();
    assert!(
        entry["warnings"].to_string().contains("x-auth-version"),
        "{entry}"
    );
    market.control("POST", "limits", json!({ "strict": true })).await;
    assert_eq!(market.http.get(&url).send().await.unwrap().status().as_u16(), 401);
    assert_eq!(market.get("/s/m").await.0, 200);
    assert_eq!(
        market.get("/bff/offer-view/list?m=30000001&p=0&l=500").await.0,
        400
    );
}

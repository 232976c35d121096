//! The official orders interface: filters, documents, and the ways of an order.

use serde_json::{Value, json};

use crate::support::{START_MS, Simulator};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn list(from_ms: i64, more: &str) -> String {
    format!("/orders?page[number]=0&page[size]=100&filter[orders][creationDate][$ge]={from_ms}{more}")
}

fn codes(list: &Value) -> Vec<&str> {
    let rows = list["data"].as_array().expect("rows");
    rows.iter()
        .map(|row| row["attributes"]["code"].as_str().expect("a code"))
        .collect()
}

/// An order as it is now.
async fn order(market: &Simulator, code: &str) -> Value {
    let (status, list) = market.order_list(&format!("&filter[orders][code]={code}")).await;
    assert_eq!(status, 200);
    list["data"][0].clone()
}

/// Asks for a change and returns status and answer.
async fn change(market: &Simulator, code: &str, attributes: Value, headers: &[(&str, &str)]) -> (u16, Value) {
    let mut all = json!({ "code": code });
    all.as_object_mut()
        .expect("an object")
        .extend(attributes.as_object().expect("an object").clone());
    let id = order(market, code).await["id"].clone();
    let body = json!({ "data": { "type": "orders", "id": id, "attributes": all } });
    market
        .orders_with("Token-30000001", headers, "POST", "/orders", body)
        .await
}

async fn stage(market: &Simulator, code: &str) -> (Value, Value) {
    let order = order(market, code).await;
    (
        order["attributes"]["state"].clone(),
        order["attributes"]["status"].clone(),
    )
}

#[tokio::test]
async fn pages_window_token_and_agent_are_mandatory() {
    let market = Simulator::start();
    let from = START_MS - 13 * DAY_MS;
    let filter = format!("filter[orders][creationDate][$ge]={from}");
    for (path, status) in [
        (list(from, ""), 200),
        (format!("/orders?page[size]=10&{filter}"), 400),
        (format!("/orders?page[number]=0&{filter}"), 400),
        (format!("/orders?page[number]=0&page[size]=101&{filter}"), 400),
        (format!("/orders?page[number]=0&page[size]=0&{filter}"), 400),
        ("/orders?page[number]=0&page[size]=10".to_owned(), 400),
        (list(START_MS - 15 * DAY_MS, ""), 400),
        (
            list(
                START_MS - 30 * DAY_MS,
                &format!("&filter[orders][creationDate][$le]={}", START_MS - 17 * DAY_MS),
            ),
            200,
        ),
        (list(START_MS / 1000, ""), 400),
    ] {
        let (seen, answer) = market.orders("GET", &path, Value::Null).await;
        assert_eq!(
            (seen, answer["errors"].is_array()),
            (status, status != 200),
            "{path}"
        );
    }
    let with = |token: &'static str, agent: &'static str| {
        let headers = [("User-Agent", agent)];
        let path = list(from, "");
        let market = &market;
        async move {
            market
                .orders_with(token, &headers, "GET", &path, Value::Null)
                .await
                .0
        }
    };
    assert_eq!(with("Token-30000001", "Mozilla/5.0").await, 200);
    assert_eq!(with("wrong", "Mozilla/5.0").await, 401);
    assert_eq!(with("Token-30000001", "").await, 403);
}

#[tokio::test]
async fn orders_are_filtered_paged_and_kept_apart() {
    let market = Simulator::start();
    let (_, all) = market.order_list("").await;
    assert_eq!(
        all["meta"],
        json!({ "pageCount": 1, "totalCount": 15 }),
        "one is older"
    );
    assert!(!codes(&all).contains(&"400000101"), "another seller's");
    for (filter, wanted) in [
        ("[state]=NEW", vec!["400000003", "400000002", "400000001"]),
        ("[status]=CANCELLED", vec!["400000012"]),
        ("[code]=400000005", vec!["400000005"]),
        (
            "[state]=NEW&filter[orders][deliveryType]=PICKUP",
            vec!["400000002"],
        ),
        ("[signatureRequired]=true", vec!["400000010"]),
        (
            "[state]=KASPI_DELIVERY&filter[orders][status]=KASPI_DELIVERY_RETURN_REQUESTED",
            vec!["400000013"],
        ),
    ] {
        let (_, list) = market.order_list(&format!("&filter[orders]{filter}")).await;
        assert_eq!(codes(&list), wanted, "{filter}");
    }
    let mut seen = Vec::new();
    for page in 0..3 {
        let from = START_MS - 13 * DAY_MS;
        let path =
            format!("/orders?page[number]={page}&page[size]=7&filter[orders][creationDate][$ge]={from}");
        let (_, list) = market.orders("GET", &path, Value::Null).await;
        assert_eq!(list["meta"], json!({ "pageCount": 3, "totalCount": 15 }));
        seen.extend(codes(&list).into_iter().map(str::to_owned));
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 15);
}

#[tokio::test]
async fn an_order_has_entries_products_and_plans() {
    let market = Simulator::start();
    let late = order(&market, "400000005").await;
    assert_eq!(late["id"], "NDAwMDAwMDA1");
    let attributes = &late["attributes"];
    assert_eq!(attributes["preOrder"], true);
    assert_eq!(
        attributes["plannedDeliveryDate"],
        START_MS - 3 * DAY_MS,
        "overdue"
    );
    assert_eq!(attributes["creationDate"], START_MS - 10 * DAY_MS);
    let (_, entries) = market
        .orders("GET", "/orders/NDAwMDAwMDA1/entries", Value::Null)
        .await;
    let entry = &entries["data"][0];
    assert_eq!(entry["attributes"]["offer"]["code"], "100000011_200000012");
    assert_eq!(entry["attributes"]["totalPrice"], attributes["totalPrice"]);
    let id = entry["id"].as_str().expect("an id");
    let (_, product) = market
        .orders("GET", &format!("/orderentries/{id}/product"), Value::Null)
        .await;
    assert_eq!(product["data"]["attributes"]["code"], "100000011");
    let (_, cities) = market.orders("GET", "/cities", Value::Null).await;
    assert_eq!(cities["data"][0]["attributes"]["code"], "750000000");
    let foreign = market
        .orders_with(
            "Token-30000002",
            &[],
            "GET",
            "/orders/NDAwMDAwMDA1/entries",
            Value::Null,
        )
        .await;
    assert_eq!(foreign.0, 404);
    assert_eq!(market.orders("GET", "/orders/nothing", Value::Null).await.0, 404);
}

#[tokio::test]
async fn a_preorder_goes_from_accepted_over_arrived_to_assembled() {
    let market = Simulator::start();
    let code = "400000003";
    let to = |status: &str| json!({ "status": status });
    let assemble = || json!({ "status": "ASSEMBLE", "numberOfSpace": "1" });
    assert_eq!(
        change(&market, code, assemble(), &[]).await.0,
        400,
        "not accepted"
    );
    assert_eq!(
        change(&market, code, to("ACCEPTED_BY_MERCHANT"), &[]).await.0,
        200
    );
    assert_eq!(
        stage(&market, code).await,
        (json!("KASPI_DELIVERY"), json!("ACCEPTED_BY_MERCHANT"))
    );
    assert_eq!(change(&market, code, assemble(), &[]).await.0, 400, "not arrived");
    assert_eq!(change(&market, code, to("ARRIVED"), &[]).await.0, 200);
    assert_eq!(
        change(&market, code, to("ASSEMBLE"), &[]).await.0,
        400,
        "no number of spaces"
    );
    assert_eq!(change(&market, code, assemble(), &[]).await.0, 200);
    let done = order(&market, code).await;
    assert_eq!(done["attributes"]["assembled"], true);
    assert_eq!(
        done["attributes"]["kaspiDelivery"]["waybillNumber"],
        "WB-400000003"
    );
    assert_eq!(
        change(&market, code, to("ACCEPTED_BY_MERCHANT"), &[]).await.0,
        400,
        "not new any more"
    );
}

#[tokio::test]
async fn a_pickup_is_completed_in_two_steps_with_the_buyers_code() {
    let market = Simulator::start();
    let code = "400000008";
    let completed = || json!({ "status": "COMPLETED" });
    let with = |code: &'static str| [("X-Security-Code", code)];
    assert_eq!(
        change(&market, code, completed(), &[]).await.0,
        400,
        "neither header"
    );
    assert_eq!(
        change(&market, code, completed(), &with("1234")).await.0,
        400,
        "no code was sent"
    );
    assert_eq!(
        change(&market, code, completed(), &[("X-Send-Code", "true")])
            .await
            .0,
        200
    );
    let messages = market.control("GET", "messages", Value::Null).await;
    assert_eq!(
        (&messages[0]["channel"], &messages[0]["code"]),
        (&json!("sms_to_buyer"), &json!("1234"))
    );
    assert_eq!(
        change(&market, code, completed(), &with("0000")).await.0,
        400,
        "a wrong code"
    );
    assert_eq!(stage(&market, code).await.0, "PICKUP");
    assert_eq!(change(&market, code, completed(), &with("1234")).await.0, 200);
    assert_eq!(stage(&market, code).await, (json!("ARCHIVE"), json!("COMPLETED")));
}

#[tokio::test]
async fn a_cancellation_needs_a_reason_and_a_foreign_order_is_not_found() {
    let market = Simulator::start();
    let cancel = |reason: &str| json!({ "status": "CANCELLED", "cancellationReason": reason });
    assert_eq!(
        change(&market, "400000001", json!({ "status": "CANCELLED" }), &[])
            .await
            .0,
        400
    );
    assert_eq!(change(&market, "400000001", cancel("BECAUSE"), &[]).await.0, 400);
    assert_eq!(
        change(&market, "400000001", cancel("MERCHANT_OUT_OF_STOCK"), &[])
            .await
            .0,
        200
    );
    let order = order(&market, "400000001").await;
    assert_eq!(order["attributes"]["cancellationReason"], "MERCHANT_OUT_OF_STOCK");
    assert_eq!(
        change(&market, "400000001", json!({ "status": "SOMETHING" }), &[])
            .await
            .0,
        400
    );
    let body = json!({ "data": { "type": "orders", "id": "NDAwMDAwMTAx",
                                 "attributes": { "code": "400000101", "status": "ACCEPTED_BY_MERCHANT" } } });
    assert_eq!(market.orders("POST", "/orders", body).await.0, 404);
}

#[tokio::test]
async fn new_orders_come_from_the_control_interface_and_from_the_demonstration() {
    let market = Simulator::start();
    let order =
        json!({ "code": "400000900", "merchant": "30000001", "sku": "100000001_200000002", "quantity": 2 });
    market.control("POST", "orders", order).await;
    let (_, list) = market.order_list("&filter[orders][code]=400000900").await;
    assert_eq!(list["data"][0]["attributes"]["totalPrice"], 31_980);
    let demo = Simulator::start_with(&["--demo", "--time", "virtual"]);
    let orders = demo.control("GET", "state", Value::Null).await["orders"].clone();
    let orders = orders.as_array().expect("orders");
    let of = |merchant: &'static str| orders.iter().filter(move |order| order["merchant"] == merchant);
    for merchant in ["30000001", "30000003"] {
        let preorders = of(merchant).filter(|order| order["pre_order"] == true);
        let late = preorders
            .clone()
            .filter(|order| order["planned_delivery_ms"].as_i64().expect("a plan") < START_MS);
        assert!((5..20).contains(&preorders.count()), "{merchant}");
        assert!(late.count() >= 2, "{merchant}");
        assert!(of(merchant).count() >= 17, "{merchant}");
    }
}

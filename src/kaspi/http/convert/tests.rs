//! Shapes as captured, and the hazards that other clients fell over.

use serde_json::json;

use super::*;

fn cdn() -> Url {
    "https://resources.example.kz".parse().unwrap()
}

fn page(row: serde_json::Value) -> Result<OffersPage, KaspiError> {
    let body = json!({"data": [row], "total": 1}).to_string();
    offers_page(body.as_bytes(), true, &cdn())
}

fn row() -> serde_json::Value {
    json!({
        "sku": "100000001_200000002", "offerId": "aaaaaaaaaaaaaaaaaaaaaaaa", "masterSku": "100000001",
        "masterTitle": "Наушники Demo A1", "title": "Demo A1", "model": "Demo A1", "brandName": "Demo",
        "available": true, "price": 15990, "minPrice": 15990, "maxPrice": 16490,
        "cityPrices": [{"cityId": "750000000", "value": 15990}, {"cityId": "710000000", "value": "16490.0"}],
        "availabilities": [
            {"storeId": "30000001_PP1", "available": "yes", "stockCount": 4.0, "preOrder": 0, "stockEnabled": true},
            {"storeId": "30000001_PP2", "available": true, "stockCount": null, "preOrder": 7}],
        "images": ["h00/h00/1.jpg"], "shopLink": "/p/demo-a1-100000001/?c=750000000",
        "masterCategory": "Master - Headphones", "somethingNew": {"x": 1}
    })
}

fn with(key: &str, value: serde_json::Value) -> serde_json::Value {
    let mut row = row();
    row[key] = value;
    row
}

#[test]
fn a_full_row_is_read_whole() {
    let offer = page(row()).unwrap().rows.remove(0);
    assert_eq!(offer.name.as_deref(), Some("Наушники Demo A1"));
    assert_eq!(offer.card_id.as_deref(), Some("100000001"));
    assert_eq!(offer.price_in("710000000"), Some(Tenge(16_490)));
    assert_eq!(offer.price_in("511010000"), Some(Tenge(15_990)));
    assert_eq!((offer.stock, offer.preorder_days), (Some(4), 0));
    assert_eq!(
        offer.image_url.as_deref(),
        Some("https://resources.example.kz/img/m/p/h00/h00/1.jpg")
    );
    let points = offer.availabilities.unwrap();
    assert_eq!(points[0].stock_count, Some(4));
    assert_eq!((points[1].preorder_days, points[1].stock_enabled), (7, None));
}

#[test]
fn an_archived_junk_row_does_not_stop_the_page() {
    let junk =
        json!({"sku": "x", "offerId": null, "price": 0, "minPrice": null, "model": "", "masterSku": null});
    let offer = page(junk).unwrap().rows.remove(0);
    assert_eq!((offer.name, offer.city_prices), (None, None));
    assert_eq!((offer.offer_id, offer.card_id, offer.price), (None, None, None));
    assert_eq!((offer.image_url, offer.availabilities), (None, None));
}

#[test]
fn a_fraction_or_an_impossible_price_is_refused() {
    for bad in [
        json!(15990.5),
        json!("12,5"),
        json!(-1),
        json!(2_000_000_000),
        json!(1e21),
        json!({}),
    ] {
        let page = page(with("price", bad.clone())).unwrap();
        assert_eq!((page.rows.len(), page.unreadable.len()), (0, 1), "{bad}");
        assert_eq!(page.unreadable[0].sku.as_deref(), Some("100000001_200000002"));
    }
}

#[test]
fn a_point_that_cannot_be_echoed_makes_the_image_unknown() {
    for bad in [
        json!([{"storeId": "30000001_PP1", "available": "maybe"}]),
        json!([{"storeId": "30000001_PP1", "available": "yes", "preOrder": 31}]),
        json!([{"storeId": "30000001_PP1", "available": "yes", "stockCount": 1.5}]),
        json!([{"available": "yes"}]),
    ] {
        let offer = page(with("availabilities", bad)).unwrap().rows.remove(0);
        assert_eq!(offer.availabilities, None);
    }
}

#[test]
fn pictures_come_from_the_image_host_only() {
    let of = |v2: serde_json::Value, images: serde_json::Value| {
        let mut row = row();
        row["imagesV2"] = v2;
        row["images"] = images;
        page(row).unwrap().rows.remove(0).image_url
    };
    assert_eq!(
        of(
            json!([{"medium": "https://resources.example.kz/m.jpg"}]),
            json!([])
        )
        .as_deref(),
        Some("https://resources.example.kz/m.jpg")
    );
    assert_eq!(
        of(json!([{"medium": "https://evil.example/m.jpg"}]), json!([])),
        None
    );
    assert_eq!(of(json!(null), json!(["https://evil.example/m.jpg"])), None);
    assert_eq!(of(json!([]), json!([])), None);
}

#[test]
fn a_card_is_found_in_the_link_with_and_without_its_last_slash() {
    for link in [
        "/p/demo-a1-100000001/?c=750000000",
        "https://example.kz/shop/p/demo-a1-100000001?c=1",
    ] {
        assert_eq!(card_id(None, Some(link)).as_deref(), Some("100000001"));
    }
    assert_eq!(card_id(None, Some("/p/demo-a1/")), None);
    assert_eq!(
        card_id(Some(&wire::Text("abc".into())), None),
        None,
        "a card id is digits"
    );
}

#[test]
fn offers_of_a_card_keep_what_can_be_used() {
    let body = json!({"offers": [
        {"merchantId": "30000002", "merchantName": "Rival", "price": 15980.0, "merchantRating": 4.85,
         "merchantReviewsQuantity": 310, "deliveryDuration": "TOMORROW", "preorder": 3},
        {"merchantName": "No id", "price": 100},
        {"merchantId": "30000003", "price": 15980.5},
        {"merchantId": 30000004, "price": "16000", "merchantRating": 0}
    ], "total": 4, "offersCount": 4});
    let (total, rows, offers) = market_page(body.to_string().as_bytes()).unwrap();
    assert_eq!((total, rows, offers.len()), (4, 4, 2));
    assert_eq!(offers[0].rating_centi, Some(485));
    assert_eq!(offers[0].preorder_days, 3);
    assert_eq!(
        (offers[1].merchant_id.as_str(), offers[1].rating_centi),
        ("30000004", None)
    );
}

#[test]
fn an_answer_of_another_shape_is_never_an_empty_list() {
    for body in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"errors": [{}]}"#,
        r#"{"offers": []}"#,
        r#"{"total": 0}"#,
        "<html>",
    ] {
        assert!(
            matches!(market_page(body.as_bytes()), Err(KaspiError::Malformed { .. })),
            "{body}"
        );
        assert!(offers_page(body.as_bytes(), true, &cdn()).is_err(), "{body}");
    }
    assert!(market_page(b"\xef\xbb\xbf{\"offers\": [], \"total\": 0}").is_ok());
}

#[test]
fn a_graphql_complaint_is_no_data() {
    let complaint = json!({"errors": [{"message": "Bad Request"}], "data": null}).to_string();
    assert!(matches!(
        merchant_name(complaint.as_bytes(), "30000001"),
        Err(KaspiError::Rejected { .. })
    ));
    let other = json!({"data": {"merchant": {"id": "30000009", "name": "Other"}}}).to_string();
    assert!(merchant_name(other.as_bytes(), "30000001").is_err());
}

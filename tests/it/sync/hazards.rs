//! Odd lists and odd rows: nothing known is emptied, nothing is archived that may still be there.

use super::*;

#[tokio::test]
async fn nothing_is_archived_when_the_marketplace_shows_less_than_it_counts() {
    let (app, id) = app().await;
    synced(&app, id).await;
    app.advance(60).await;
    for more in [
        json!({ "patch": { "total": 99 } }),
        json!({ "patch": { "data": [], "total": 16 } }),
    ] {
        app.market.fault("list", "patch", more).await;

        let (result, run) = sync(&app, id).await;

        assert_eq!(result, Ok(()));
        assert_eq!(run.summary["complete"], false);
        assert_eq!(run.summary["archived"], 0);
        app.market.clear_faults().await;
    }
    let archived: i64 = products::table
        .filter(products::archived_at.is_not_null())
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    assert_eq!(archived, 0);
    assert_eq!(store(&app, id).last_sync_at, Some(now()), "the last complete one");
}

/// Everything of the catalogue as it is stored.
fn stored(app: &TestApp) -> (Vec<Product>, Vec<(String, i64)>) {
    let mut conn = app.conn();
    let rows = products::table
        .order(products::sku)
        .select(Product::as_select())
        .load(&mut conn)
        .unwrap();
    let prices = product_prices::table
        .inner_join(products::table)
        .order((products::sku, product_prices::city_id))
        .select((product_prices::city_id, product_prices::price_tenge))
        .load(&mut conn)
        .unwrap();
    (rows, prices)
}

#[tokio::test]
async fn a_row_that_lacks_something_empties_nothing() {
    let (app, id) = app().await;
    synced(&app, id).await;
    let before = stored(&app);
    app.advance(60).await;
    for patch in [
        json!({ "offerId": null }),
        json!({ "offerId": "", "minPrice": 0 }),
        json!({ "masterTitle": null, "title": null, "model": null }),
        json!({ "masterTitle": "", "title": " ", "model": "" }),
        json!({ "brand": null, "brandName": null }),
        json!({ "brand": "", "brandName": "" }),
        json!({ "masterCategory": null }),
        json!({ "images": null, "imagesV2": null }),
        json!({ "images": [], "imagesV2": [] }),
        json!({ "images": "odd", "imagesV2": { "odd": true } }),
        json!({ "masterSku": null, "shopLink": null }),
        json!({ "availabilities": null }),
        json!({ "availabilities": [{ "storeId": "30000001_PP1", "available": "perhaps" }] }),
        json!({ "price": null, "minPrice": null, "cityPrices": null }),
        json!({ "price": 0, "minPrice": 0, "maxPrice": 0, "cityPrices": [] }),
        json!({ "cityPrices": null }),
    ] {
        app.market
            .fault("list", "row_patch", json!({ "patch": patch }))
            .await;

        assert_eq!(synced(&app, id).await, summary(0, 0, 0, 0, 16), "{patch}");

        assert_eq!(stored(&app), before, "{patch}");
        app.market.clear_faults().await;
    }
}

#[tokio::test]
async fn archived_junk_keeps_what_is_known_and_is_added_by_its_number() {
    let (app, id) = app().await;
    synced(&app, id).await;
    let first = product(&app, FIRST);
    let junk = |sku: &str| {
        json!({ "sku": sku, "offerId": null, "masterSku": null, "masterTitle": null, "title": null, "model": "",
                "price": 0, "minPrice": null, "cityPrices": null, "allCityPrices": null, "images": null,
                "availabilities": null, "shopLink": null, "archivedAt": "2026-09-01T08:00:00.123456789Z" })
    };
    let rows = json!({ "data": [junk(FIRST), junk("junk")], "total": 2 });
    app.market
        .fault("list", "patch", json!({ "after": 1, "times": 1, "patch": rows }))
        .await;

    let summary = synced(&app, id).await;

    assert_eq!((&summary["added"], &summary["changed"]), (&json!(1), &json!(1)));
    let after = product(&app, FIRST);
    assert!(!after.on_sale, "told: it is in the list of withdrawn offers");
    assert_eq!(
        (after.name, after.card_id, after.image_url, after.availabilities),
        (first.name, first.card_id, first.image_url, first.availabilities)
    );
    assert_eq!(price(&app, FIRST, ALMATY), Some(15_990));
    let new = product(&app, "junk");
    assert_eq!(
        (new.name.as_str(), new.kaspi_product_id.as_str()),
        ("junk", "junk")
    );
    assert_eq!((new.card_id, new.stock, new.availabilities), (None, None, None));
    assert_eq!(price(&app, "junk", ALMATY), None);
}

#[tokio::test]
async fn other_ways_to_write_the_same_are_the_same() {
    let (app, id) = app().await;
    bulk(&app, 1).await;
    let only = json!({ "sku": sku(0), "offerId": "aaaaaaaaaaaaaaaaaaaaaaaa", "masterTitle": "Kettle", "price": 1000,
                       "cityPrices": [{ "cityId": ALMATY, "value": 1000 }], "masterSku": "200000000",
                       "availabilities": [{ "storeId": "30000001_PP1", "available": "yes", "stockCount": 4,
                                            "preOrder": 3, "stockEnabled": true }] });
    let as_page = |row: &Value| json!({ "patch": { "data": [row], "total": 1 }, "after": 0, "times": 1 });
    app.market.fault("list", "patch", as_page(&only)).await;
    synced(&app, id).await;
    let before = product(&app, &sku(0));
    assert_eq!((before.stock, before.preorder_days), (Some(4), 3));
    app.advance(60).await;
    for (field, value) in [
        ("price", json!(1000.0)),
        ("price", json!("1000")),
        ("price", json!("1000.00")),
        (
            "cityPrices",
            json!([{ "cityId": 750_000_000, "value": "1000.0" }]),
        ),
        ("available", json!(true)),
        ("available", json!("yes")),
        ("masterSku", json!(200_000_000)),
        ("somethingNew", json!({ "deep": [1, null, {}] })),
        (
            "availabilities",
            json!([{ "storeId": "30000001_PP1", "available": true, "stockCount": 4.0, "preOrder": "3",
                     "stockEnabled": true, "new": 1 }]),
        ),
    ] {
        let mut row = only.clone();
        row[field] = value.clone();
        app.market.fault("list", "patch", as_page(&row)).await;

        let summary = synced(&app, id).await;

        assert_eq!(summary["changed"], 0, "{field} {value}");
        assert_eq!(product(&app, &sku(0)), before, "{field} {value}");
    }
    // The card is read from the link where there is no number, with and without a slash at its end.
    for link in [
        "/p/kettle-200000000/?c=750000000",
        "/p/kettle-200000000?c=1",
        "https://kaspi.kz/shop/p/k-200000000",
    ] {
        let mut row = only.clone();
        row["masterSku"] = Value::Null;
        row["shopLink"] = json!(link);
        app.market.fault("list", "patch", as_page(&row)).await;
        assert_eq!(synced(&app, id).await["changed"], 0, "{link}");
    }
    // Told to be empty is told.
    let mut row = only.clone();
    row["availabilities"] = json!([]);
    app.market.fault("list", "patch", as_page(&row)).await;
    assert_eq!(synced(&app, id).await["changed"], 1);
    let after = product(&app, &sku(0));
    assert_eq!((after.stock, after.availabilities), (None, Some(json!([]))));
}

#[tokio::test]
async fn every_one_of_many_points_is_kept_with_its_stock_and_its_preorder() {
    let (app, id) = app().await;
    let points: Vec<Value> = (1..=33)
        .map(|n| {
            json!({ "storeId": format!("30000001_PP{n}"), "available": "yes", "stockCount": n, "preOrder": n % 31,
                    "stockEnabled": true })
        })
        .collect();
    app.market
        .fault(
            "list",
            "row_patch",
            json!({ "patch": { "availabilities": points } }),
        )
        .await;

    synced(&app, id).await;

    let product = product(&app, FIRST);
    let image = product.availabilities.unwrap();
    assert_eq!(image.as_array().unwrap().len(), 33);
    assert_eq!(
        image[32],
        json!({ "point_id": "30000001_PP33", "available": true, "stock_count": 33, "preorder_days": 2,
                "stock_enabled": true })
    );
    assert_eq!(product.stock, Some((1..=33).sum()));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_told_and_its_product_stays() {
    let (app, id) = app().await;
    synced(&app, id).await;
    let before = stored(&app);
    app.advance(60).await;
    for (patch, reason) in [
        (json!({ "price": 15990.5 }), "price_unreadable"),
        (json!({ "price": "12,5" }), "price_unreadable"),
        (json!({ "price": -1 }), "price_impossible"),
        (json!({ "price": 2_000_000_000_i64 }), "price_impossible"),
        (
            json!({ "cityPrices": [{ "cityId": "Almaty", "value": 5 }] }),
            "city_unreadable",
        ),
        (
            json!({ "cityPrices": [{ "cityId": ALMATY, "value": 5.5 }] }),
            "row_unreadable",
        ),
        (json!({ "masterTitle": ["odd"] }), "row_unreadable"),
    ] {
        app.market
            .fault("list", "row_patch", json!({ "times": 1, "patch": patch }))
            .await;

        let (result, run) = sync(&app, id).await;

        assert_eq!(result, Ok(()), "{patch}");
        let mut expected = summary(0, 0, 0, 0, 3);
        expected["failed"] = json!(13);
        expected["total"] = json!(16);
        assert_eq!(run.summary, expected, "{patch}");
        assert_eq!(stored(&app), before, "{patch}");
        let failed = sync_change_list(&mut app.conn(), run.id, id, SyncChangeKind::Failed, 100).unwrap();
        assert_eq!(failed.len(), 13);
        assert_eq!(failed[0].sku.as_deref(), Some(FIRST));
        assert_eq!(failed[0].reason.as_deref(), Some(reason), "{patch}");
    }
}

#[tokio::test]
async fn while_a_row_without_a_number_is_listed_nothing_is_archived() {
    let (app, id) = app().await;
    synced(&app, id).await;
    app.market
        .fault(
            "list",
            "row_patch",
            json!({ "times": 1, "patch": { "sku": null } }),
        )
        .await;

    let (_, run) = sync(&app, id).await;

    assert_eq!(
        (&run.summary["failed"], &run.summary["complete"]),
        (&json!(13), &json!(false))
    );
    assert_eq!(archived(&app), [""; 0]);
}

/// Three pages on sale; `sku(0)` has left the marketplace.
async fn one_of_many_has_gone() -> (TestApp, StoreId) {
    let (app, id) = app().await;
    bulk(&app, 250).await;
    synced(&app, id).await;
    app.market
        .delete(
            "/control/offers",
            json!({ "merchant": "30000001", "sku": sku(0) }),
        )
        .await;
    (app, id)
}

#[tokio::test]
async fn nothing_is_archived_by_a_pass_with_a_gap_a_repeat_or_a_changing_count() {
    let (app, id) = one_of_many_has_gone().await;
    let row = |n: usize| json!({ "sku": sku(n), "masterTitle": "Newer", "price": 1 });
    for (patch, asked) in [
        // The count changes from page to page.
        (
            json!({ "total": 261 }),
            vec!["true/0", "false/0", "true/1", "true/2"],
        ),
        // A short page in the middle.
        (
            json!({ "data": [row(100)] }),
            vec!["true/0", "false/0", "true/1", "true/2"],
        ),
        // An empty page ends a list, whatever is counted.
        (json!({ "data": [] }), vec!["true/0", "false/0", "true/1"]),
        // Rows of the page before once more.
        (
            json!({ "data": [row(1), row(2), row(1)] }),
            vec!["true/0", "false/0", "true/1", "true/2"],
        ),
    ] {
        let seen = pages_asked(&app).await.len();
        app.market
            .fault("list", "patch", json!({ "after": 2, "times": 1, "patch": patch }))
            .await;

        let (result, run) = sync(&app, id).await;

        assert_eq!(result, Ok(()), "{patch}");
        assert_eq!(run.summary["complete"], false, "{patch}");
        assert_eq!(archived(&app), [""; 0], "{patch}");
        assert_eq!(pages_asked(&app).await[seen..], asked, "{patch}");
        app.market.clear_faults().await;
    }
    // Of a row that is shown twice the later one counts; the next pass puts it right again.
    assert_eq!(product(&app, &sku(1)).name, "Newer");
    let last = synced(&app, id).await;
    assert_eq!((&last["archived"], &last["complete"]), (&json!(1), &json!(true)));
    assert_eq!(archived(&app), [sku(0)]);
    assert_eq!(product(&app, &sku(1)).name, "Bulk 1");
}

#[tokio::test]
async fn a_count_that_disagrees_elsewhere_changes_nothing() {
    let (app, id) = one_of_many_has_gone().await;
    app.market
        .fault(
            "count",
            "patch",
            json!({ "patch": { "published": 1, "archived": 0 } }),
        )
        .await;

    assert_eq!(synced(&app, id).await, summary(0, 0, 1, 0, 265));
}

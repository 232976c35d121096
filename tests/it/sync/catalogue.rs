//! What a sync makes of the rows: products with everything they have, written only where something differs.

use super::*;

#[tokio::test]
async fn a_sync_reads_goods_on_sale_and_withdrawn_ones_with_everything_they_have() {
    let (app, id) = app().await;

    let (result, run) = sync(&app, id).await;

    assert_eq!(result, Ok(()));
    assert_eq!(run.summary, summary(16, 0, 0, 0, 0));
    assert_eq!((run.progress_done, run.progress_total), (16, Some(16)));
    let first = product(&app, FIRST);
    assert_eq!(first.card_id.as_deref(), Some("100000001"));
    assert_eq!(first.name, "Наушники Demo A1");
    assert_eq!(first.brand.as_deref(), Some("Demo"));
    assert!(first.on_sale && !first.repricing_enabled);
    assert_eq!((first.floor_tenge, first.stock), (None, Some(4)));
    let image = app.market.kaspi().cdn.join("/img/m/p/h00/h00/1.jpg").unwrap();
    assert_eq!(first.image_url.as_deref(), Some(image.as_str()));
    assert_eq!(
        first.availabilities,
        Some(json!([
            {"point_id": "30000001_PP1", "available": true, "stock_count": 4, "preorder_days": 0, "stock_enabled": true},
            {"point_id": "30000001_PP2", "available": true, "stock_count": null, "preorder_days": 7, "stock_enabled": false}
        ]))
    );
    assert_eq!(price(&app, FIRST, ALMATY), Some(15_990));
    assert_eq!(price(&app, FIRST, "710000000"), Some(16_490));
    let withdrawn: i64 = products::table
        .filter(products::on_sale.eq(false))
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    assert_eq!(withdrawn, 3);
    let store = store(&app, id);
    assert_eq!((store.products_count, store.last_sync_at), (16, Some(now())));
    assert_eq!(
        store.repricing_mode,
        RepricingMode::Live,
        "a sync changes no settings"
    );
}

#[tokio::test]
async fn a_second_sync_writes_nothing() {
    let (app, id) = app().await;
    synced(&app, id).await;
    app.advance(60).await;

    assert_eq!(synced(&app, id).await, summary(0, 0, 0, 0, 16));

    let rewritten: i64 = products::table
        .filter(products::updated_at.gt(now()))
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    let reread: i64 = product_prices::table
        .filter(product_prices::read_at.gt(now()))
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    assert_eq!((rewritten, reread), (0, 0));
}

#[tokio::test]
async fn many_pages_are_read_to_the_end() {
    let (app, id) = app().await;
    bulk(&app, 230).await;

    assert_eq!(synced(&app, id).await, summary(246, 0, 0, 0, 0));

    assert_eq!(count(&app), 246);
    let calls = app.market.calls("list").await;
    assert_eq!(calls.len(), 4, "three pages on sale, one withdrawn");
}

#[tokio::test]
async fn a_changed_offer_is_written_and_limits_stay_what_the_person_set() {
    let (app, id) = app().await;
    synced(&app, id).await;
    diesel::update(products::table.filter(products::sku.eq(FIRST)))
        .set((
            products::floor_tenge.eq(Tenge(9_000)),
            products::ceiling_tenge.eq(Tenge(20_000)),
            products::repricing_enabled.eq(true),
        ))
        .execute(&mut app.conn())
        .unwrap();
    let version = product(&app, FIRST).version;
    app.market
        .control(
            "/control/offers",
            json!({ "merchant": "30000001", "sku": FIRST, "card": "100000001", "title": "New name",
                    "price": 14_000, "city_prices": { ALMATY: 14_000 } }),
        )
        .await;

    assert_eq!(synced(&app, id).await, summary(0, 1, 0, 0, 15));

    let product = product(&app, FIRST);
    assert_eq!(product.name, "New name");
    assert_eq!(
        (product.floor_tenge, product.ceiling_tenge),
        (Some(Tenge(9_000)), Some(Tenge(20_000)))
    );
    assert!(product.repricing_enabled);
    assert_eq!(
        product.version, version,
        "a person's edit of the same moment is not refused"
    );
    assert_eq!(price(&app, FIRST, ALMATY), Some(14_000));
    assert_eq!(
        price(&app, FIRST, "710000000"),
        None,
        "a city without a price keeps none"
    );
}

#[tokio::test]
async fn the_opening_price_stays_for_the_day_and_moves_with_the_next_one_in_almaty() {
    let (app, id) = app().await;
    synced(&app, id).await;
    let opening = |app: &TestApp| {
        product_prices::table
            .inner_join(products::table)
            .filter(products::sku.eq(FIRST))
            .filter(product_prices::city_id.eq(ALMATY))
            .select((product_prices::opening_price_tenge, product_prices::opening_date))
            .first::<(Option<i64>, Option<chrono::NaiveDate>)>(&mut app.conn())
            .unwrap()
    };
    let set = |price: i64| json!({ "merchant": "30000001", "sku": FIRST, "card": "100000001", "title": "T", "price": price });
    app.market.control("/control/offers", set(15_000)).await;
    synced(&app, id).await;
    let day = |text: &str| Some(text.parse().unwrap());
    assert_eq!(opening(&app), (Some(15_990), day("2026-11-23")));

    // 12:00 in Almaty; thirteen hours later it is the next day there and still the same day in UTC.
    app.advance(13 * 3600).await;
    synced(&app, id).await;

    assert_eq!(opening(&app), (Some(15_000), day("2026-11-24")));
}

#[tokio::test]
async fn a_vanished_product_is_archived_and_restored_when_it_is_back() {
    let (app, id) = app().await;
    synced(&app, id).await;
    let key = json!({ "merchant": "30000001", "sku": FIRST });
    app.market.delete("/control/offers", key).await;

    assert_eq!(synced(&app, id).await, summary(0, 0, 1, 0, 15));
    assert!(product(&app, FIRST).archived_at.is_some());

    app.market
        .control(
            "/control/offers",
            json!({ "merchant": "30000001", "sku": FIRST, "card": "100000001", "title": "Back", "price": 15_990 }),
        )
        .await;
    assert_eq!(synced(&app, id).await, summary(0, 0, 0, 1, 15));
    assert_eq!(product(&app, FIRST).archived_at, None);
}

#[tokio::test]
async fn a_price_whose_push_is_under_way_is_left_to_the_push() {
    let (app, id) = app().await;
    synced(&app, id).await;
    let product_id = product(&app, FIRST).id;
    diesel::insert_into(price_pushes::table)
        .values((
            price_pushes::id.eq(uuid::Uuid::now_v7()),
            price_pushes::store_id.eq(id),
            price_pushes::product_id.eq(product_id),
            price_pushes::sequence.eq(1),
            price_pushes::state.eq("accepted"),
            price_pushes::origin.eq("robot"),
            price_pushes::build_id.eq("test"),
            price_pushes::planned_at.eq(now()),
        ))
        .execute(&mut app.conn())
        .unwrap();
    app.market
        .control(
            "/control/offers",
            json!({ "merchant": "30000001", "sku": FIRST, "card": "100000001", "title": "Наушники Demo A1",
                    "price": 13_000, "city_prices": { ALMATY: 13_000 } }),
        )
        .await;

    app.advance(60).await;
    synced(&app, id).await;
    assert_eq!(price(&app, FIRST, ALMATY), Some(15_990));

    diesel::update(price_pushes::table)
        .set((
            price_pushes::state.eq("confirmed"),
            price_pushes::finished_at.eq(now()),
        ))
        .execute(&mut app.conn())
        .unwrap();
    synced(&app, id).await;
    assert_eq!(price(&app, FIRST, ALMATY), Some(13_000));
}

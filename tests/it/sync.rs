//! Reading whole catalogues: complete, idempotent, safe when interrupted, and never touching what is a
//! person's.

use diesel::prelude::*;
use kaspi_panel::{
    app::sync_products::{SyncError, request_sync, sync_store},
    domain::{Actor, JobKind, JobRunId, JobState, RepricingMode, SessionState, StoreId, Tenant, Tenge},
    queue::runs::{JobRun, job_run_fetch, job_run_open, job_run_start},
    schema::{audit_log, price_pushes, product_prices, products, stores},
    store::{products::Product, stores::Store},
    worker::jobs::{self, JobError},
};
use serde_json::{Value, json};

use crate::support::{Cabinet, TestApp, db_connected_store, now};

const FIRST: &str = "100000001_200000002";
const ALMATY: &str = "750000000";

async fn app() -> (TestApp, StoreId) {
    let app = TestApp::new();
    let store = db_connected_store(&app, Cabinet::DEMO).await;
    (app, store)
}

fn open(app: &TestApp, store: StoreId) -> JobRunId {
    job_run_open(
        &mut app.conn(),
        JobKind::SyncStore,
        store,
        None,
        app.services.now(),
    )
    .unwrap()
    .0
}

/// Runs a sync as the worker does and gives the run as it stands afterwards.
async fn sync(app: &TestApp, store: StoreId) -> (Result<(), JobError>, JobRun) {
    let run_id = open(app, store);
    let result = jobs::sync_store::run(app.services.clone(), run_id).await;
    (result, run(app, run_id))
}

fn run(app: &TestApp, id: JobRunId) -> JobRun {
    job_run_fetch(&mut app.conn(), Tenant::All, id).unwrap().unwrap()
}

async fn synced(app: &TestApp, store: StoreId) -> Value {
    let (result, run) = sync(app, store).await;
    assert_eq!(result, Ok(()));
    assert_eq!(run.state, JobState::Succeeded);
    run.summary
}

fn product(app: &TestApp, sku: &str) -> Product {
    products::table
        .filter(products::sku.eq(sku))
        .select(Product::as_select())
        .first(&mut app.conn())
        .unwrap()
}

fn price(app: &TestApp, sku: &str, city: &str) -> Option<i64> {
    product_prices::table
        .inner_join(products::table)
        .filter(products::sku.eq(sku))
        .filter(product_prices::city_id.eq(city))
        .select(product_prices::price_tenge)
        .first::<i64>(&mut app.conn())
        .optional()
        .unwrap()
}

fn store(app: &TestApp, id: StoreId) -> Store {
    stores::table
        .find(id)
        .select(Store::as_select())
        .first(&mut app.conn())
        .unwrap()
}

fn count(app: &TestApp) -> i64 {
    products::table.count().get_result(&mut app.conn()).unwrap()
}

fn summary(added: usize, changed: usize, archived: usize, restored: usize, unchanged: usize) -> Value {
    json!({ "added": added, "changed": changed, "archived": archived, "restored": restored,
            "unchanged": unchanged, "complete": true })
}

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
    let offers: Vec<Value> = (0..230)
        .map(|n| {
            json!({ "merchant": "30000001", "sku": format!("bulk-{n}"), "card": format!("{}", 200_000_000 + n),
                    "title": format!("Bulk {n}"), "price": 1_000 + n })
        })
        .collect();
    app.market.control("/control/offers", json!(offers)).await;

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

#[tokio::test]
async fn a_session_that_expires_in_the_middle_pauses_the_store_and_loses_nothing() {
    let (app, id) = app().await;
    let offers: Vec<Value> = (0..120)
        .map(|n| {
            json!({ "merchant": "30000001", "sku": format!("bulk-{n}"), "card": "300000001",
                    "title": "Bulk", "price": 1_000 })
        })
        .collect();
    app.market.control("/control/offers", json!(offers)).await;
    app.market
        .fault("list", "expired", json!({ "after": 2, "times": 1 }))
        .await;

    let (result, run) = sync(&app, id).await;

    assert_eq!(result, Err(JobError::Fail("session_expired")));
    assert_eq!(
        (run.state, run.failure.as_deref()),
        (JobState::Failed, Some("session_expired"))
    );
    assert_eq!(store(&app, id).session_state, SessionState::NeedsLogin);
    assert_eq!(count(&app), 100, "the first page is kept");
    let lines: i64 = audit_log::table
        .filter(audit_log::action.eq("session_expired"))
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    assert_eq!(lines, 1);
    // Whoever asks again is told what to do instead of getting a run that must fail.
    let asked = request_sync(&app.services, &Actor::system(), id).await;
    assert!(matches!(asked, Err(SyncError::NeedsLogin)), "{asked:?}");
}

#[tokio::test]
async fn an_answer_that_is_no_list_fails_the_run_and_changes_nothing() {
    let (app, id) = app().await;
    synced(&app, id).await;
    for (kind, more, code) in [
        ("malformed", json!({}), "malformed_answer"),
        ("empty_body", json!({}), "malformed_answer"),
        ("status", json!({ "status": 403 }), "marketplace_rejected"),
        ("status", json!({ "status": 400 }), "marketplace_rejected"),
    ] {
        app.market.fault("list", kind, more).await;

        let (result, run) = sync(&app, id).await;

        assert_eq!(result, Err(JobError::Fail(code)), "{kind}");
        assert_eq!(run.failure.as_deref(), Some(code));
        app.market.clear_faults().await;
    }
    assert_eq!(store(&app, id).session_state, SessionState::Connected);
    assert_eq!(count(&app), 16);
    assert_eq!(synced(&app, id).await, summary(0, 0, 0, 0, 16));
}

#[tokio::test]
async fn trouble_that_passes_is_tried_again_and_given_up_in_the_end() {
    let (app, id) = app().await;
    let run_id = open(&app, id);
    for (kind, more, code) in [
        ("status", json!({ "status": 503 }), "marketplace_unavailable"),
        ("html", json!({}), "marketplace_blocked"),
        (
            "status",
            json!({ "status": 429, "retry_after": 5 }),
            "rate_limited",
        ),
        ("reset", json!({}), "marketplace_unavailable"),
    ] {
        app.market.fault("list", kind, more).await;
        let result = jobs::sync_store::run(app.services.clone(), run_id).await;
        assert_eq!(result, Err(JobError::Retry(code)), "{kind}");
        assert_eq!(run(&app, run_id).state, JobState::Running);
        app.market.clear_faults().await;
    }
    app.market.fault("list", "reset", json!({})).await;
    let mut last = Ok(());
    for _ in 0..4 {
        last = jobs::sync_store::run(app.services.clone(), run_id).await;
    }
    assert_eq!(last, Err(JobError::Fail("marketplace_unavailable")));
    assert_eq!(run(&app, run_id).state, JobState::Failed);
    assert_eq!(store(&app, id).session_state, SessionState::Connected);
}

#[tokio::test]
async fn a_second_request_joins_the_first_and_two_passes_at_once_do_no_harm() {
    let (app, id) = app().await;
    assert_eq!(open(&app, id), open(&app, id));
    let run_id = open(&app, id);
    assert!(job_run_start(&mut app.conn(), run_id, now()).unwrap());
    let actor = Actor::system();

    let (one, two) = tokio::join!(
        sync_store(&app.services, &actor, id, run_id),
        sync_store(&app.services, &actor, id, run_id),
    );

    assert_eq!(one.unwrap().added + two.unwrap().added, 16);
    assert_eq!(count(&app), 16);
}

#[tokio::test]
async fn a_run_that_was_called_off_stops_at_its_next_page() {
    let (app, id) = app().await;
    let run_id = open(&app, id);
    assert!(job_run_start(&mut app.conn(), run_id, now()).unwrap());
    kaspi_panel::queue::runs::job_run_cancel(&mut app.conn(), run_id, now()).unwrap();

    let result = sync_store(&app.services, &Actor::system(), id, run_id).await;

    assert!(matches!(result, Err(SyncError::Cancelled)), "{result:?}");
    assert_eq!(count(&app), 0);
    assert_eq!(jobs::sync_store::run(app.services.clone(), run_id).await, Ok(()));
    assert_eq!(run(&app, run_id).state, JobState::Cancelled);
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

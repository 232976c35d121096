//! Reading whole catalogues: complete, idempotent, safe when interrupted, and never touching what is a
//! person's. This file holds what the tests below share.

mod catalogue;
mod command;
mod hazards;
mod record;
mod resume;
mod retry;

use diesel::prelude::*;
use kaspi_panel::{
    app::{
        job_runs::cancel_run,
        sync_products::{SyncError, request_sync, sync_store},
    },
    domain::{
        Actor, JobKind, JobRunId, JobState, RepricingMode, SessionState, StoreId, SyncChangeKind, Tenant,
        Tenge,
    },
    queue::runs::{JobRun, job_run_fetch, job_run_open, job_run_start},
    schema::{audit_log, job_runs, price_pushes, product_prices, products, stores, sync_pages},
    store::{
        products::Product,
        stores::Store,
        sync_runs::{CHANGES_KEPT, sync_change_list},
    },
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

/// The summary of a complete run that read everything itself: products added, changed, archived, restored and as
/// before.
fn summary(added: usize, changed: usize, archived: usize, restored: usize, unchanged: usize) -> Value {
    json!({ "added": added, "changed": changed, "archived": archived, "restored": restored, "unchanged": unchanged,
            "failed": 0, "resumed": 0, "total": added + changed + restored + unchanged, "complete": true })
}

/// Offers `bulk-000`, `bulk-001` … of the demo merchant, in the order of the list.
async fn bulk(app: &TestApp, count: usize) {
    let offers: Vec<Value> = (0..count)
        .map(|n| {
            json!({ "merchant": "30000001", "sku": sku(n), "card": format!("{}", 200_000_000 + n),
                    "title": format!("Bulk {n}"), "price": 1_000 + n })
        })
        .collect();
    app.market.control("/control/offers", json!(offers)).await;
}

fn sku(n: usize) -> String {
    format!("bulk-{n:03}")
}

/// Pages asked for, oldest first, as `true/0`.
async fn pages_asked(app: &TestApp) -> Vec<String> {
    let part = |path: &str, name: &str| {
        let (_, rest) = path.split_once(&format!("{name}=")).unwrap();
        rest.split('&').next().unwrap().to_owned()
    };
    let calls = app.market.calls("list").await;
    let paths = calls.iter().map(|call| call["path"].as_str().unwrap());
    paths
        .map(|path| format!("{}/{}", part(path, "a"), part(path, "p")))
        .collect()
}

fn archived(app: &TestApp) -> Vec<String> {
    products::table
        .filter(products::archived_at.is_not_null())
        .select(products::sku.assume_not_null())
        .order(products::sku)
        .load(&mut app.conn())
        .unwrap()
}

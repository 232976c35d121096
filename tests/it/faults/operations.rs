//! What the product does while something is wrong, and how to tell what came of it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use futures_util::future::join_all;
use kaspi_panel::{
    app::{
        push_prices::push_store,
        reprice::{Pass, reprice_due},
    },
    domain::{
        JobKind, Outcome, PushState, SessionState, StoreId, Tenant, Tenge,
        order::{Order, OrderChange, OrderQuery, OrderState, OrderStatus},
        preorder::PointStock,
    },
    kaspi::{
        CabinetSession, KaspiClient, KaspiError,
        orders::OrdersAccess,
        price_list::{PriceListFormat, Upload},
    },
    queue::runs::{job_run_fetch, job_run_open},
    schema::{price_decisions, price_pushes, product_prices, products, stores},
    secrets::Secret,
    sheets::preorder_form::{PreorderFormRow, write_preorder_form},
    worker::jobs,
};
use serde_json::Value;
use uuid::Uuid;

use crate::support::{Cabinet, NewProduct, TestApp, cabinet_session, db_connected_store, db_product, now};

const SKU: &str = "100000001_200000002";
const CARD: &str = "100000001";
const ALMATY: &str = "750000000";
const ASTANA: &str = "710000000";
const MERCHANT: &str = "30000001";

/// What came of an operation.
#[derive(Debug, PartialEq, Eq)]
pub struct Observed {
    /// Code of the client's error, or `ok` with what it read.
    pub classified: String,
    /// What people see of it.
    pub shown: String,
    /// Requests to the endpoint that the operation is about.
    pub asked: String,
}

/// A connected store, before anything goes wrong.
pub struct Prepared {
    pub app: TestApp,
    store: StoreId,
    session: CabinetSession,
    token: Secret,
    /// Requests to the endpoint before.
    before: usize,
}

impl Prepared {
    fn kaspi(&self) -> &KaspiClient {
        &self.app.services.kaspi
    }

    fn orders(&self) -> OrdersAccess<'_> {
        OrdersAccess {
            merchant_id: MERCHANT,
            token: &self.token,
        }
    }
}

/// The endpoint that an operation is about.
fn endpoint(operation: &str) -> &'static str {
    match operation {
        "session" => "merchants",
        "sync" | "sync in a hurry" => "list",
        "write" | "two writes" => "process",
        "upload" | "upload of a workbook" => "upload",
        "orders" | "orders in a hurry" | "orders, many at once" => "orders",
        "order entries" => "order_entries",
        "arrived" => "order_status",
        reprice if reprice.starts_with("reprice") => "offers",
        other => panic!("no such operation: {other}"),
    }
}

/// Everything up to the moment when something goes wrong.
pub async fn prepare(operation: &str) -> Prepared {
    let (hurry, at_once) = (operation.ends_with("in a hurry"), operation == "two writes");
    let app = TestApp::builder()
        .settings(move |config| {
            if hurry {
                config.kaspi.timeout = Duration::from_secs(1);
            }
            if at_once {
                config.kaspi.limits.write_interval = Duration::ZERO;
            }
        })
        .build();
    let store = db_connected_store(&app, Cabinet::DEMO).await;
    let session = cabinet_session(&app.market, Cabinet::DEMO).await;
    match operation {
        "reprice a product alone on its card" => {
            product(&app, store, "100000012_200000013", "100000012").await
        }
        reprice if reprice.starts_with("reprice") => product(&app, store, SKU, CARD).await,
        "write" => product(&app, store, SKU, CARD).await,
        "two writes" => {
            product(&app, store, SKU, CARD).await;
            product(&app, store, "100000002_200000003", "100000002").await;
        }
        _ => {}
    }
    if operation == "reprice in Astana" {
        diesel::update(stores::table)
            .set(stores::main_city_id.eq(ASTANA))
            .execute(&mut app.conn())
            .unwrap();
    }
    let before = app.market.calls(endpoint(operation)).await.len();
    Prepared {
        app,
        store,
        session,
        token: Secret::from(format!("Token-{MERCHANT}").as_str()),
        before,
    }
}

/// A product as the market has it, due, with limits 1,000 ₸ around its price.
async fn product(app: &TestApp, store: StoreId, sku: &str, card: &str) {
    let state = app.market.state().await;
    let offers = state["offers"].as_array().expect("offers");
    let offer = offers
        .iter()
        .find(|offer| offer["merchant"] == MERCHANT && offer["sku"] == sku)
        .expect("the offer");
    let in_city = |city: &str| offer["listed"]["city_prices"][city].as_i64();
    let price = in_city(ALMATY)
        .or(offer["listed"]["price"].as_i64())
        .expect("a price");
    let new = NewProduct {
        sku,
        card_id: Some(card),
        price,
        floor: Some(price - 1_000),
        ceiling: Some(price + 1_000),
        ..NewProduct::default()
    };
    let id = db_product(&mut app.conn(), store, &new);
    if let Some(price) = in_city(ASTANA) {
        diesel::insert_into(product_prices::table)
            .values((
                product_prices::product_id.eq(id),
                product_prices::city_id.eq(ASTANA),
                product_prices::price_tenge.eq(price),
                product_prices::read_at.eq(now()),
            ))
            .execute(&mut app.conn())
            .unwrap();
    }
}

/// Runs it.
pub async fn run(prepared: &Prepared, operation: &str) -> Observed {
    let (classified, shown) = match operation {
        "session" => session(prepared).await,
        "sync" | "sync in a hurry" => sync(prepared).await,
        "reprice twice" => {
            reprice(prepared).await;
            prepared.app.advance(301).await;
            reprice(prepared).await
        }
        reprice_of if reprice_of.starts_with("reprice") => reprice(prepared).await,
        "write" | "two writes" => write(prepared).await,
        "upload" => upload(prepared, PriceListFormat::Xml, xml()).await,
        "upload of a workbook" => upload(prepared, PriceListFormat::Xlsx, workbook()).await,
        "orders" | "orders in a hurry" => orders(prepared).await,
        "orders, many at once" => orders_at_once(prepared).await,
        "order entries" => order_entries(prepared).await,
        "arrived" => arrived(prepared).await,
        other => panic!("no such operation: {other}"),
    };
    let calls = prepared.app.market.calls(endpoint(operation)).await;
    Observed {
        classified,
        shown,
        asked: (calls.len() - prepared.before).to_string(),
    }
}

fn code<T>(result: &Result<T, KaspiError>, good: impl FnOnce(&T) -> String) -> String {
    match result {
        Ok(value) => good(value),
        Err(error) => error.code().to_owned(),
    }
}

fn nothing_shown() -> String {
    "–".to_owned()
}

/// Asks for the merchants of the session, then once more.
async fn session(prepared: &Prepared) -> (String, String) {
    let mut answers = Vec::new();
    for _ in 0..2 {
        let merchants = prepared.kaspi().merchants(&prepared.session).await;
        answers.push(code(&merchants, |found| format!("ok {}", found.len())));
    }
    (answers.join(", then "), nothing_shown())
}

/// A run of the job, as a worker takes it up.
async fn sync(prepared: &Prepared) -> (String, String) {
    let (app, store) = (&prepared.app, prepared.store);
    let run_id = job_run_open(
        &mut app.conn(),
        JobKind::SyncStore,
        store,
        None,
        app.services.now(),
    )
    .unwrap()
    .0;
    let result = jobs::sync_store::run(app.services.clone(), run_id).await;
    let run = job_run_fetch(&mut app.conn(), Tenant::All, run_id)
        .unwrap()
        .unwrap();
    let session: SessionState = stores::table
        .find(store)
        .select(stores::session_state)
        .first(&mut app.conn())
        .unwrap();
    let known: i64 = products::table
        .filter(products::archived_at.is_null())
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    let classified = match &result {
        Ok(()) if run.summary["complete"] == Value::Bool(true) => "ok complete".to_owned(),
        Ok(()) => "ok incomplete".to_owned(),
        Err(error) => error.to_string(),
    };
    (
        classified,
        format!("run {}, store {session}, {known} products", run.state),
    )
}

const PASS: Pass = Pass {
    store_id: None,
    checked_before: None,
    dry_run: false,
    limit: 100,
};

/// Reads the card and decides about the product.
async fn reprice(prepared: &Prepared) -> (String, String) {
    let app = &prepared.app;
    let (card, city): (Option<String>, String) = products::table
        .inner_join(stores::table)
        .select((products::card_id, stores::main_city_id))
        .first(&mut app.conn())
        .unwrap();
    let market = prepared.kaspi().market_offers(&card.unwrap(), &city).await;
    let classified = code(&market, |market| {
        let word = if market.complete { "complete" } else { "incomplete" };
        format!("ok {word}, {} of {}", market.offers.len(), market.total)
    });
    reprice_due(&app.services, PASS).await.unwrap();
    let (outcome, reasons): (Outcome, Value) = price_decisions::table
        .order(price_decisions::id.desc())
        .select((price_decisions::outcome, price_decisions::reasons))
        .first(&mut app.conn())
        .unwrap();
    let last = reasons
        .as_array()
        .and_then(|all| all.last())
        .map(|reason| reason["code"].clone());
    let last = last
        .as_ref()
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let shown = match outcome {
        Outcome::Change | Outcome::Keep => outcome.to_string(),
        Outcome::Hold | Outcome::Refuse => format!("{outcome} {last}"),
    };
    (classified, shown)
}

/// Prices from the decision to their end, over the time that the market needs and more.
async fn write(prepared: &Prepared) -> (String, String) {
    let (app, store) = (&prepared.app, prepared.store);
    let worker = Uuid::now_v7();
    let states = || -> String {
        let pushes: Vec<(PushState, Option<String>)> = price_pushes::table
            .order(price_pushes::id)
            .select((price_pushes::state, price_pushes::reason))
            .load(&mut app.conn())
            .unwrap();
        let words = pushes.into_iter().map(|(state, reason)| match reason {
            Some(reason) => format!("{state} ({reason})"),
            None => state.to_string(),
        });
        words.collect::<Vec<_>>().join(", ")
    };
    reprice_due(&app.services, PASS).await.unwrap();
    push_store(&app.services, store, worker).await.unwrap();
    let first = states();
    for seconds in [130, 300, 300, 300] {
        app.advance(seconds).await;
        push_store(&app.services, store, worker).await.unwrap();
    }
    (first, states())
}

/// Sends a price list and asks for it ten minutes later.
async fn upload(prepared: &Prepared, format: PriceListFormat, file: Vec<u8>) -> (String, String) {
    let (client, session) = (prepared.kaspi(), &prepared.session);
    let uploaded = client
        .upload_price_list(session, MERCHANT, format, "prices", file)
        .await;
    let classified = code(&uploaded, |upload| match upload {
        Upload::Queued { .. } => "queued".to_owned(),
        Upload::Unfinished => "unfinished".to_owned(),
    });
    let Ok(Upload::Queued { file_id }) = uploaded else {
        return (classified, nothing_shown());
    };
    prepared.app.market.advance(600).await;
    let report = client.price_list_status(session, MERCHANT, &file_id).await;
    let shown = code(&report, |report| {
        format!("{:?}, {} rows refused", report.state, report.errors.len())
    });
    (classified, shown)
}

/// One product, on preorder for a week.
fn xml() -> Vec<u8> {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<kaspi_catalog date="2026-09-01" xmlns="kaspiShopping" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="kaspiShopping http://kaspi.kz/kaspishopping.xsd">
<company>Demo Shop</company><merchantid>{MERCHANT}</merchantid>
<offers><offer sku="{SKU}"><model>Demo</model><availabilities><availability available="yes" storeId="PP1" preOrder="7"/></availabilities><price>15990</price></offer></offers>
</kaspi_catalog>"#
    )
    .into_bytes()
}

/// The same in the marketplace's form.
fn workbook() -> Vec<u8> {
    write_preorder_form(&[PreorderFormRow {
        sku: SKU.into(),
        model: "Demo".into(),
        brand: None,
        price: Tenge(15_990),
        points: vec![PointStock {
            number: 1,
            quantity: Some(3),
        }],
        days: 7,
    }])
    .unwrap()
}

/// The market's time of seed 1.
fn market_now() -> DateTime<Utc> {
    "2026-09-01T08:00:00Z".parse().unwrap()
}

/// Orders of the last 13 days in every state.
fn queries() -> impl Iterator<Item = OrderQuery> {
    let to = market_now();
    OrderState::ALL.iter().map(move |state| OrderQuery {
        state: *state,
        status: None,
        created_from: to - TimeDelta::days(13),
        created_to: to,
        page: 0,
    })
}

async fn orders(prepared: &Prepared) -> (String, String) {
    let to = market_now();
    let read = prepared
        .kaspi()
        .orders_between(prepared.orders(), to - TimeDelta::days(13), to)
        .await;
    let mut failed: Vec<&str> = read.failed.iter().map(|(_, error)| error.code()).collect();
    failed.dedup();
    let classified = if failed.is_empty() {
        "ok".to_owned()
    } else {
        format!("{} of {}", failed.join(", "), read.failed.len())
    };
    let shown = format!("{} orders, {} unreadable", read.orders.len(), read.unreadable);
    (classified, shown)
}

async fn orders_at_once(prepared: &Prepared) -> (String, String) {
    let asked = queries().map(|query| async move {
        let page = prepared.kaspi().orders_page(prepared.orders(), &query).await;
        code(&page, |_| "ok".to_owned())
    });
    let mut answers = join_all(asked).await;
    answers.sort();
    answers.dedup();
    (answers.join(", "), nothing_shown())
}

/// A preorder that the seller has taken on and whose goods are awaited.
async fn preorder(prepared: &Prepared) -> Order {
    let to = market_now();
    let read = prepared
        .kaspi()
        .orders_between(prepared.orders(), to - TimeDelta::days(40), to)
        .await;
    let awaited = |order: &Order| order.preorder && order.status == Some(OrderStatus::AcceptedByMerchant);
    read.orders
        .into_iter()
        .find(awaited)
        .expect("the market has a preorder")
}

async fn order_entries(prepared: &Prepared) -> (String, String) {
    let order = preorder(prepared).await;
    let entries = prepared.kaspi().order_entries(prepared.orders(), &order.id).await;
    (
        code(&entries, |entries| format!("ok {}", entries.len())),
        nothing_shown(),
    )
}

/// The goods of a preorder have arrived; looked at ten minutes later.
async fn arrived(prepared: &Prepared) -> (String, String) {
    let order = preorder(prepared).await;
    let changed = prepared
        .kaspi()
        .change_order(prepared.orders(), &order, &OrderChange::Arrived)
        .await;
    prepared.app.market.advance(600).await;
    let to = market_now();
    let read = prepared
        .kaspi()
        .orders_between(prepared.orders(), to - TimeDelta::days(40), to)
        .await;
    let found = read
        .orders
        .iter()
        .find(|found| found.id == order.id)
        .expect("the order");
    let same = (found.state, found.status, found.preorder) == (order.state, order.status, order.preorder);
    let shown = format!(
        "{}, {}",
        found.status_word,
        if same { "as before" } else { "moved" }
    );
    (code(&changed, |()| "ok".to_owned()), shown)
}

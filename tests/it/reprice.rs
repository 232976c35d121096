//! From a rival's move to a price in the shop: decided, written down, gated, sent, read back. The judge is the
//! marketplace's own journal.

mod after_writes;
mod alerts;
mod batch;
mod brakes;
mod budget;
mod faults;
mod forbidden;
mod gate;
mod gate_edges;
mod isolation;
mod left;
mod modifiers;
mod passes;
mod put_back;
mod rules;
mod sales;
mod schedules;
mod storage;
mod terms;

use std::sync::atomic::{AtomicI64, Ordering};

use diesel::prelude::*;
use kaspi_panel::{
    app::{
        push_prices::{PushSummary, announce_protocol, push_store},
        reprice::{Pass, PassSummary, reprice_due, reprice_due_with},
    },
    config::Config,
    domain::{
        Outcome, ProductId, PushState, RepricingMode, StoreId, Tenge,
        pricing::{Decision, Input, decide},
    },
    schema::{audit_log, price_decisions, price_pushes, product_prices, products, stores},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Cabinet, NewProduct, TestApp, db_connected_store, db_price, db_product, now};

const SKU: &str = "100000001_200000002";
const ASTANA: &str = "710000000";

/// A connected store with one product of the market of seed 1: 15 990 ₸, the cheapest rival at 15 980 ₸.
struct Shop {
    app: TestApp,
    store: StoreId,
    product: ProductId,
    worker: Uuid,
}

impl Shop {
    async fn open() -> Self {
        Self::open_with(|_| {}).await
    }

    async fn open_with(settings: impl FnOnce(&mut Config) + 'static) -> Self {
        Self::on(TestApp::builder().settings(settings).build()).await
    }

    async fn on(app: TestApp) -> Self {
        let store = db_connected_store(&app, Cabinet::DEMO).await;
        let new = NewProduct {
            sku: SKU,
            card_id: Some("100000001"),
            price: 15_990,
            floor: Some(15_000),
            ceiling: Some(20_000),
            ..NewProduct::default()
        };
        let product = db_product(&mut app.conn(), store, &new);
        diesel::insert_into(product_prices::table)
            .values((
                product_prices::product_id.eq(product),
                product_prices::city_id.eq(ASTANA),
                product_prices::price_tenge.eq(16_490_i64),
                product_prices::read_at.eq(now()),
            ))
            .execute(&mut app.conn())
            .unwrap();
        Self {
            app,
            store,
            product,
            worker: Uuid::now_v7(),
        }
    }

    async fn reprice(&self) -> PassSummary {
        reprice_due(&self.app.services, PASS).await.unwrap()
    }

    async fn push(&self) -> PushSummary {
        push_store(&self.app.services, self.store, self.worker)
            .await
            .unwrap()
    }

    /// Lets the accepted price be applied and the product become due again.
    async fn later(&self, seconds: u32) {
        self.app.advance(seconds).await;
    }

    /// State and reason of every push, oldest first.
    fn pushes(&self) -> Vec<(PushState, Option<String>)> {
        price_pushes::table
            .order(price_pushes::sequence)
            .select((price_pushes::state, price_pushes::reason))
            .load(&mut self.app.conn())
            .unwrap()
    }

    /// Prices that the marketplace was asked for, by its own journal.
    async fn asked(&self) -> Vec<Value> {
        let writes = self.app.market.calls("process").await;
        writes
            .into_iter()
            .filter_map(|write| write.get("body").cloned())
            .collect()
    }

    fn sql(&self, statement: &str) {
        diesel::sql_query(statement)
            .execute(&mut self.app.conn())
            .unwrap();
    }
}

const PASS: Pass = Pass {
    store_id: None,
    checked_before: None,
    dry_run: false,
    limit: 100,
};

#[actix_web::test]
async fn a_rival_is_undercut_and_the_price_changes_only_when_it_is_seen() {
    let shop = Shop::open().await;
    let pass = shop.reprice().await;
    assert_eq!((pass.checked, pass.changed, pass.failed), (1, 1, 0));
    assert_eq!(shop.pushes(), [(PushState::Planned, None)]);

    assert_eq!(
        shop.push().await,
        PushSummary {
            sent: 1,
            waiting: 1,
            ..PushSummary::default()
        }
    );
    let asked = shop.asked().await;
    assert_eq!(asked.len(), 1);
    // One write with every city and the whole availability image.
    assert_eq!(
        asked[0]["cityPrices"],
        json!([{ "cityId": ASTANA, "value": 16_490 }, { "cityId": "750000000", "value": 15_979 }])
    );
    assert_eq!(asked[0]["price"], json!(15_979));
    let points: Vec<_> = asked[0]["availabilities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["storeId"].clone())
        .collect();
    assert_eq!(points, [json!("30000001_PP1"), json!("30000001_PP2")]);
    assert_eq!(
        db_price(&mut shop.app.conn(), shop.product),
        Tenge(15_990),
        "accepted is not applied"
    );

    shop.later(10).await;
    assert_eq!(shop.push().await.waiting, 1, "not applied yet");
    shop.later(120).await;
    assert_eq!(shop.push().await.confirmed, 1);
    assert_eq!(db_price(&mut shop.app.conn(), shop.product), Tenge(15_979));
    assert_eq!(shop.pushes(), [(PushState::Confirmed, None)]);

    let actions: Vec<String> = audit_log::table
        .filter(audit_log::object_kind.eq("price_push"))
        .order(audit_log::id)
        .select(audit_log::action)
        .load(&mut shop.app.conn())
        .unwrap();
    assert_eq!(actions, ["plan", "confirmed"]);
}

#[actix_web::test]
async fn a_won_place_is_kept_without_another_write() {
    let shop = Shop::open().await;
    shop.reprice().await;
    shop.push().await;
    shop.later(130).await;
    shop.push().await;
    shop.later(300).await;
    let pass = shop.reprice().await;
    assert_eq!((pass.checked, pass.kept), (1, 1));
    shop.push().await;
    assert_eq!(shop.asked().await.len(), 1);
}

#[actix_web::test]
async fn nothing_new_is_planned_while_a_write_is_on_its_way() {
    let shop = Shop::open().await;
    shop.reprice().await;
    shop.push().await;
    shop.later(301).await;
    // Due again, the first write is still not read back.
    assert_eq!(shop.reprice().await.changed, 1);
    assert_eq!(shop.pushes().len(), 1);
}

#[actix_web::test]
async fn in_the_shadow_everything_is_explained_and_nothing_planned() {
    let shop = Shop::open().await;
    diesel::update(stores::table)
        .set(stores::repricing_mode.eq(RepricingMode::Shadow))
        .execute(&mut shop.app.conn())
        .unwrap();
    assert_eq!(shop.reprice().await.changed, 1);
    let (outcome, shadow): (Outcome, bool) = price_decisions::table
        .select((price_decisions::outcome, price_decisions::shadow))
        .first(&mut shop.app.conn())
        .unwrap();
    assert_eq!((outcome, shadow), (Outcome::Change, true));
    assert!(shop.pushes().is_empty());
}

#[actix_web::test]
async fn only_products_with_a_floor_and_an_opt_in_of_connected_stores_are_touched() {
    for blank in [
        "update products set floor_tenge = null",
        "update products set repricing_enabled = false",
        "update products set on_sale = false",
        "update products set archived_at = now()",
        "update products set card_id = null",
        "update products set sku = null",
        "update product_checks set next_check_at = next_check_at + interval '1 second'",
        "update stores set repricing_mode = 'off'",
        "update stores set active = false",
        "update stores set session_state = 'needs_login'",
        "delete from product_prices",
    ] {
        let shop = Shop::open().await;
        shop.sql(blank);
        assert_eq!(shop.reprice().await, PassSummary::default(), "{blank}");
        assert!(shop.app.market.calls("offers").await.is_empty(), "{blank}");
    }
}

#[actix_web::test]
async fn a_stored_decision_replays_to_the_same_answer() {
    let shop = Shop::open().await;
    shop.reprice().await;
    let (input, reasons, price): (Value, Value, Option<Tenge>) = price_decisions::table
        .select((
            price_decisions::input,
            price_decisions::reasons,
            price_decisions::price_tenge,
        ))
        .first(&mut shop.app.conn())
        .unwrap();
    let again = decide(&serde_json::from_value::<Input>(input).unwrap());
    assert_eq!((json!(again.reasons), again.price), (reasons, price));
}

#[actix_web::test]
async fn two_workers_send_a_price_once() {
    let shop = Shop::open().await;
    shop.reprice().await;
    let other = push_store(&shop.app.services, shop.store, Uuid::now_v7());
    let (one, two) = tokio::join!(shop.push(), other);
    assert_eq!(one.sent + two.unwrap().sent, 1);
    assert_eq!(shop.asked().await.len(), 1);
}

#[actix_web::test]
async fn a_pass_by_two_workers_decides_each_product_once() {
    let shop = Shop::open().await;
    let (one, two) = tokio::join!(shop.reprice(), shop.reprice());
    assert_eq!(one.checked + two.checked, 1);
}

/// What the broken deciding function of the next test wants.
static WANTED: AtomicI64 = AtomicI64::new(0);

#[actix_web::test]
async fn no_deciding_function_can_get_a_forbidden_price_out() {
    fn broken(input: &Input) -> Decision {
        let price = Tenge(WANTED.load(Ordering::SeqCst));
        Decision {
            outcome: Outcome::Change,
            price: Some(price),
            ..decide(input)
        }
    }
    let shop = Shop::open().await;
    for wanted in [0, 1, -5, 9, 14_999, 20_001, i64::MIN, i64::MAX] {
        WANTED.store(wanted, Ordering::SeqCst);
        shop.later(301).await;
        let pass = reprice_due_with(&shop.app.services, PASS, broken).await.unwrap();
        assert_eq!((pass.checked, pass.failed), (0, 1), "{wanted}");
        assert_eq!(shop.push().await.sent, 0, "{wanted}");
    }
    // The same function with a permitted price does get through: the test would notice a closed door.
    WANTED.store(15_000, Ordering::SeqCst);
    shop.later(301).await;
    reprice_due_with(&shop.app.services, PASS, broken).await.unwrap();
    assert_eq!(shop.push().await.sent, 1);
    let asked = shop.asked().await;
    assert_eq!((asked.len(), &asked[0]["price"]), (1, &json!(15_000)));
}

#[actix_web::test]
async fn the_command_line_makes_one_pass_and_says_what_it_did() {
    let shop = Shop::open().await;
    let config = &shop.app.services.config;
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_kaspi-panel"))
            .args(arguments)
            .env_clear()
            .env("DATABASE_URL", shop.app.db.url())
            .env("KASPI_PANEL_DATA_DIR", &config.data_dir)
            .env("KASPI_ALLOW_OTHER_HOSTS", "1")
            .env("KASPI_LOGIN_URL", config.kaspi.login.as_str())
            .env("KASPI_CABINET_URL", config.kaspi.cabinet.as_str())
            .env("KASPI_PUBLIC_URL", config.kaspi.public.as_str())
            .env("KASPI_ORDERS_URL", config.kaspi.orders.as_str())
            .env("KASPI_CDN_URL", config.kaspi.cdn.as_str())
            .output()
            .unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{stdout} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_str::<Value>(stdout.lines().last().unwrap()).unwrap()
    };
    let dry = run(&["demper", "--once", "--dry-run", "--json"]);
    assert_eq!(
        (&dry["checked"], &dry["changed"], &dry["pushes"]["sent"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert!(shop.asked().await.is_empty());

    let wet = run(&["demper", "--once", "--json"]);
    assert_eq!(
        (&wet["changed"], &wet["failed"], &wet["pushes"]["sent"]),
        (&json!(1), &json!(0), &json!(1))
    );
    assert_eq!(shop.asked().await.len(), 1);

    run(&["demper", "--once", "--json", "--store", &shop.store.to_string()]);
    assert_eq!(shop.asked().await.len(), 1, "a write on its way is not repeated");
}

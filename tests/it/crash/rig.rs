//! Stores, rivals and workers of a crash test: a market in real time that applies prices after a second, stores whose
//! rule lets prices move as the rivals do, workers as processes of their own. And what is asked of the database while
//! they run.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    process::Command,
    time::{Duration, Instant},
};

use diesel::{connection::SimpleConnection, prelude::*};
use kaspi_panel::{
    app::reprice::{Pass, reprice_due},
    domain::{ProductId, Role, StoreId, brakes::SafetyLimits},
    schema::{cabinet_accounts, products, rules, stores},
    store::brakes::safety_limits_save,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    CITY, Cabinet, NewProduct, Process, TestApp, cabinet_session, db_account, db_product, db_store, db_user,
    wait_until,
};

pub use crate::support::long;

/// Long enough for whatever is waited for; nothing depends on it.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// A wait that takes longer is asked where everything stands, each time.
const STAND_AFTER: Duration = Duration::from_secs(30);

/// First card of the first store; each store has a thousand.
const FIRST_CARD: usize = 200_000_001;
/// Corridor of every product; rivals go beyond it on both sides.
pub const FLOOR: i64 = 9_000;
pub const CEILING: i64 = 12_000;

/// One account sees all stores of a crash test.
const ACCOUNT: Cabinet = Cabinet {
    email: "crash@example.kz",
    password: "Crash-Password-1",
    merchant_id: "31000000",
};

/// The randomness of a test; its seed is told when the test fails. `KASPI_PANEL_TEST_SEED` plays one again.
pub struct Chance {
    seed: u64,
    random: StdRng,
}

impl Chance {
    #[expect(
        clippy::disallowed_methods,
        reason = "which seed a test plays is no setting of the program"
    )]
    pub fn new() -> Self {
        let told = std::env::var("KASPI_PANEL_TEST_SEED").ok();
        let seed = told.map_or_else(rand::random, |text| text.parse().expect("a seed"));
        Self {
            seed,
            random: StdRng::seed_from_u64(seed),
        }
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.random.random_range(0..bound)
    }

    pub fn price(&mut self) -> i64 {
        self.random.random_range(FLOOR - 500..=CEILING + 500)
    }
}

impl Drop for Chance {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tell(&format!("played with KASPI_PANEL_TEST_SEED={}", self.seed));
        }
    }
}

/// Plays several runs at once, each in a thread of its own: most of their time is waiting.
pub fn side_by_side<T: Copy + Sync + Send>(runs: &[T], play: impl AsyncFn(T) + Sync) {
    std::thread::scope(|scope| {
        let play = &play;
        let threads: Vec<_> = runs
            .iter()
            .map(|run| scope.spawn(move || actix_web::rt::System::new().block_on(play(*run))))
            .collect();
        for thread in threads {
            if let Err(panic) = thread.join() {
                std::panic::resume_unwind(panic);
            }
        }
    });
}

/// Prints a line of figures or of help with a failure.
#[expect(
    clippy::print_stderr,
    reason = "what a test found out is told to whoever runs it"
)]
pub fn tell(line: &str) {
    eprintln!("crash harness: {line}");
}

/// What is special about a rig.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub stores: usize,
    pub products: usize,
}

/// The settings of the workers: times short enough for a test.
#[derive(Debug, Clone)]
pub struct Pace {
    /// Lease, seconds.
    pub lease: u32,
    /// Given up after, seconds.
    pub read_back: u32,
    /// Between two checks of a product, seconds.
    pub check: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            lease: 2,
            read_back: 8,
            check: 1,
        }
    }
}

/// Everything a crash test needs.
pub struct Rig {
    pub app: TestApp,
    pub pace: Pace,
    pub stores: Vec<(StoreId, String)>,
    pub size: Size,
    /// Addresses that workers are told instead of those of the app, for proxies in between.
    pub instead: BTreeMap<&'static str, String>,
    workers: Cell<u32>,
}

impl Rig {
    pub async fn open(size: Size, pace: Pace) -> Self {
        Self::with(TestApp::builder().real_time().build(), size, pace).await
    }

    /// Stores and offers in the market and in the database.
    pub async fn with(app: TestApp, size: Size, pace: Pace) -> Self {
        let market = &app.market;
        let limits = json!({ "enabled": false, "apply_list_seconds": 1, "apply_public_seconds": 1 });
        market.control("/control/limits", limits).await;
        let ids: Vec<String> = (0..size.stores).map(|n| (31_000_000 + n).to_string()).collect();
        let shops: Vec<Value> = ids
            .iter()
            .map(|id| json!({ "uid": id, "name": format!("Crash {id}"), "points": [{ "id": "PP1", "city": CITY }] }))
            .collect();
        market.control("/control/merchants", json!(shops)).await;
        let account = json!({ "email": ACCOUNT.email, "password": ACCOUNT.password, "merchants": ids,
            "choice_at_login": false });
        market.control("/control/accounts", account).await;
        let rig = Self {
            app,
            pace,
            stores: Vec::new(),
            size,
            instead: BTreeMap::new(),
            workers: Cell::new(0),
        };
        rig.furnish(&ids).await
    }

    async fn furnish(mut self, ids: &[String]) -> Self {
        let mut conn = self.app.conn();
        let owner = db_user(&mut conn, "crash", Role::Admin);
        let session = cabinet_session(&self.app.market, ACCOUNT).await;
        let account = db_account(&self.app, owner, ACCOUNT, &session, None);
        for (number, id) in ids.iter().enumerate() {
            let store = db_store(&mut conn, owner, id);
            let first = FIRST_CARD + number * 1_000;
            let offers =
                json!({ "merchant": id, "count": self.size.products, "first_card": first, "price": 10_000 });
            self.app.market.control("/control/offers/many", offers).await;
            for product in 0..self.size.products {
                let (sku, card) = (sku(first + product, product), (first + product).to_string());
                let price = 10_000 + i64::try_from(product % 100).unwrap() * 10;
                let new = NewProduct {
                    sku: &sku,
                    card_id: Some(&card),
                    name: &sku,
                    price,
                    floor: Some(FLOOR),
                    ceiling: Some(CEILING),
                    repricing: true,
                };
                db_product(&mut conn, store, &new);
            }
            self.stores.push((store, id.clone()));
            let definition = json!({ "strategy": { "kind": "beat_lowest" }, "motion": { "max_down_percent": "100",
                "max_up_percent": "100", "max_day_percent": "100", "quarantine_percent": "100",
                "max_changes_per_day": 1_000_000, "raise_cooldown_minutes": 0 } });
            diesel::insert_into(rules::table)
                .values((
                    rules::id.eq(Uuid::now_v7()),
                    rules::store_id.eq(store),
                    rules::name.eq("as the rivals do"),
                    rules::definition.eq(definition),
                    rules::created_at.eq(self.app.services.now()),
                    rules::updated_at.eq(self.app.services.now()),
                ))
                .execute(&mut conn)
                .unwrap();
        }
        diesel::update(stores::table)
            .set(stores::account_id.eq(account))
            .execute(&mut conn)
            .unwrap();
        // Prices move as wildly as they can: the brakes have tests of their own.
        let wild = SafetyLimits {
            big_drops_at_least: i32::MAX,
            impossible_share_percent: 100,
            collar_low_percent: 1,
            collar_high_percent: 1_000,
            drops_per_day: i32::MAX,
            product_gap_seconds: 0,
            removed_per_day: i32::MAX,
            unanswered_minutes: 0,
            ..SafetyLimits::default()
        };
        safety_limits_save(&mut conn, &wild, None, self.app.services.now()).unwrap();
        // The fixtures' stamps are those of a clock that stands still.
        conn.batch_execute(
            "update cabinet_accounts set cookies_set_at = now(), session_used_at = now();
             update stores set logged_in_at = now(), last_sync_at = now();
             update product_prices set read_at = now()",
        )
        .unwrap();
        let known: i64 = cabinet_accounts::table.count().get_result(&mut conn).unwrap();
        assert_eq!(known, 1);
        self
    }

    /// Starts a worker, with a fail-point where one is given.
    pub fn worker(&self, fail_point: Option<&str>) -> Process {
        self.paced(&self.pace, fail_point)
    }

    /// Starts a worker of the program of before.
    pub fn worker_of_before(&self) -> Process {
        self.started(self.app.program_of_before(&["worker"]), &self.pace, None)
    }

    fn paced(&self, pace: &Pace, fail_point: Option<&str>) -> Process {
        self.started(self.app.program(&["worker"]), pace, fail_point)
    }

    fn started(&self, mut command: Command, pace: &Pace, fail_point: Option<&str>) -> Process {
        let number = self.workers.replace(self.workers.get() + 1);
        command
            .env("KASPI_PANEL_LEASE_SECONDS", pace.lease.to_string())
            .env("KASPI_PANEL_READ_BACK_SECONDS", pace.read_back.to_string())
            .env("KASPI_PANEL_CHECK_SECONDS", pace.check.to_string())
            .env("KASPI_PANEL_SYNC_AFTER_SECONDS", "86400")
            // A dead worker keeps the products whose cards it was reading, until their claims end.
            .env("KASPI_PANEL_CARDS_AT_ONCE", "2")
            .env("KASPI_PANEL_DATABASE_POOL", "6")
            .env("KASPI_WRITES_PER_HALF_HOUR", "1000000")
            .env("KASPI_WRITE_INTERVAL_MS", "0")
            .env("KASPI_LIST_INTERVAL_MS", "0")
            .env("KASPI_PUBLIC_INTERVAL_MS", "0")
            .env("KASPI_PANEL_LOGIN_DRIVER", "http")
            .env("RUST_LOG", "info")
            .envs(&self.instead);
        if let Some(fail_point) = fail_point {
            command.env("KASPI_PANEL_FAIL_POINT", fail_point);
        }
        let log = self
            .app
            .services
            .config
            .data_dir
            .join(format!("worker-{number}.log"));
        Process::start(command, log)
    }

    /// Gives the only rival of a product's card another price.
    pub async fn move_rival(&self, store: usize, product: usize, price: i64) {
        self.app
            .market
            .control("/control/rivals", rival(store, product, price))
            .await;
    }

    /// Another price for a third of all rivals.
    fn moved_rivals(&self, chance: &mut Chance) -> Value {
        let mut moved = Vec::new();
        for store in 0..self.size.stores {
            for product in 0..self.size.products {
                if chance.below(3) == 0 {
                    moved.push(rival(store, product, chance.price()));
                }
            }
        }
        json!(moved)
    }

    /// Gives a third of all rivals another price.
    pub async fn move_rivals(&self, chance: &mut Chance) {
        let moved = self.moved_rivals(chance);
        self.app.market.control("/control/rivals", moved).await;
    }

    /// No product is due by itself: only [`Rig::plan`] decides.
    pub fn nothing_is_due(&self) {
        self.sql("update product_checks set next_check_at = now() + interval '1 hour'");
    }

    /// Decides about the products of a store, so that its pushes are planned.
    pub async fn plan(&self, store: usize) -> u64 {
        let pass = Pass {
            store_id: Some(self.stores[store].0),
            checked_before: Some(self.app.services.now()),
            dry_run: false,
            limit: 10_000,
        };
        reprice_due(&self.app.services, pass).await.unwrap().changed
    }

    /// The place of a store.
    pub fn number_of(&self, store: StoreId) -> usize {
        self.stores.iter().position(|one| one.0 == store).unwrap()
    }

    /// The key of a product.
    pub fn product_id(&self, store: usize, product: usize) -> ProductId {
        products::table
            .filter(products::store_id.eq(self.stores[store].0))
            .filter(products::sku.eq(sku_of(store, product)))
            .select(products::id)
            .first(&mut self.app.conn())
            .unwrap()
    }

    /// Waits until so many more writes have left, while the rivals go on moving.
    pub async fn more_sent(&self, count: i64, chance: &mut Chance) {
        let wanted = self.sent() + count;
        let chance = RefCell::new(chance);
        let looks = Cell::new(0);
        let stand = RefCell::new(String::new());
        let (began, told) = (Instant::now(), Cell::new(1));
        wait_until("more writes", PATIENCE, || async {
            if looks.replace(looks.get() + 1) % 20 == 0 {
                let moved = self.moved_rivals(&mut chance.borrow_mut());
                self.app.market.control("/control/rivals", moved).await;
            }
            let sent = self.sent();
            if sent >= wanted {
                return Ok(());
            }
            if began.elapsed() > STAND_AFTER * told.get() {
                told.set(told.get() + 1);
                stand.replace(self.stand());
            }
            Err(format!("{sent} of {wanted}\n{}", stand.borrow()))
        })
        .await;
    }

    /// Waits until each claimed push has ended and none waits for its turn.
    pub async fn calm(&self) {
        self.none("price_pushes where state in ('planned', 'claimed', 'sent', 'accepted', 'unknown')")
            .await;
    }

    /// The workers end in order. What they leave on its way is ended by one more, while the market stands still.
    pub async fn end(&self, workers: &mut [Process]) {
        for worker in workers {
            in_order(worker).await;
        }
        self.sql("update product_checks set next_check_at = now() + interval '1 day', claimed_until = null");
        // A write that was held makes its product due once more; once: on a busy machine some of the products would
        // otherwise be due at any moment.
        let once = Pace {
            check: 3_600,
            ..self.pace.clone()
        };
        let _last = self.paced(&once, None);
        self.none(
            "product_checks due where next_check_at <= now() or claimed_until > now() or exists (select from price_pushes u
               where u.product_id = due.product_id and u.state in ('planned', 'claimed', 'sent', 'accepted', 'unknown'))",
        )
        .await;
    }

    /// Waits until there is no such row.
    async fn none(&self, of: &str) {
        let looks = Cell::new(1_u32);
        let stand = RefCell::new(String::new());
        wait_until("every push ends", PATIENCE, || async {
            let open = self.count_rows(of);
            if open == 0 {
                return Ok(());
            }
            if looks.replace(looks.get() + 1).is_multiple_of(500) {
                stand.replace(self.stand());
            }
            Err(format!("{open} {:?}\n{}", self.open_pushes(), stand.borrow()))
        })
        .await;
    }
}

async fn in_order(worker: &mut Process) {
    let ended = worker.terminate().await;
    let log = String::from_utf8_lossy(&worker.log()).into_owned();
    // One that had only just begun had nothing to end in order.
    assert!(ended.code() == Some(0) || log.is_empty(), "{ended}: {log}");
}

/// As the market names its many offers.
fn sku(card: usize, product: usize) -> String {
    format!("{card}_{}", 300_000_000 + product)
}

/// The sku of a product.
pub fn sku_of(store: usize, product: usize) -> String {
    sku(FIRST_CARD + store * 1_000 + product, product)
}

/// The only rival of a product's card, as the market takes it.
pub fn rival(store: usize, product: usize, price: i64) -> Value {
    json!({ "card": (FIRST_CARD + store * 1_000 + product).to_string(), "merchant_id": "40000001", "name": "Mover",
        "prices": { CITY: price }, "reviews": 12 })
}

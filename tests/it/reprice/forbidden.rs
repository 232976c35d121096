//! Forbidden prices in great numbers: a deciding function that returns anything, rivals that ask one tenge. Each line of
//! defence is judged by itself against what the limits say, and at the end by the marketplace's own journal.

use diesel::{connection::SimpleConnection, sql_types as sql};
use kaspi_panel::{
    domain::{AlertKind, PushId},
    last_gate::{self, GateError},
    schema::{alerts, kill_switches},
    store::pushes::push_claim,
};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::*;
use crate::support::{CITY, long};

const FLOOR: i64 = 15_000;
const CEILING: i64 = 20_000;

/// Anything: what nobody would ask for, what lies just beside the limits, what is permitted.
fn anything(random: &mut StdRng) -> i64 {
    match random.random_range(0..8) {
        0 => [0, 1, 9, 10, -1, i64::MIN, i64::MAX, FLOOR - 1, CEILING + 1][random.random_range(0..9)],
        1 => -random.random_range(1..=i64::MAX),
        2 => random.random(),
        3 => random.random_range(FLOOR - 50..FLOOR + 50),
        4 => random.random_range(CEILING - 50..CEILING + 50),
        5 => random.random_range(0..FLOOR),
        _ => random.random_range(0..2 * CEILING),
    }
}

const fn permitted(price: i64) -> bool {
    FLOOR <= price && price <= CEILING
}

/// The journal's own constraint: a forbidden price cannot be written down as an intent.
#[actix_web::test]
async fn none_of_a_hundred_thousand_forbidden_prices_can_be_written_down() {
    let shop = Shop::open().await;
    shop.reprice().await;
    let mut random = StdRng::seed_from_u64(3);
    let prices: Vec<i64> = (0..100_000).map(|_| anything(&mut random)).collect();
    let mut conn = shop.app.conn();
    conn.batch_execute("create temporary table offered (n bigint, price bigint)")
        .unwrap();
    for (part, chunk) in prices.chunks(10_000).enumerate() {
        diesel::sql_query("insert into offered (n, price) select $1 + n, price from unnest($2) with ordinality as p (price, n)")
            .bind::<sql::BigInt, _>(i64::try_from(part * 10_000).unwrap())
            .bind::<sql::Array<sql::BigInt>, _>(chunk)
            .execute(&mut conn)
            .unwrap();
    }
    // Each price by itself, as the price of a city of its own.
    conn.batch_execute(&format!(
        "do $$ declare one record; begin
           for one in select n, price from offered loop
             begin
               insert into price_push_cities (push_id, city_id, before_tenge, price_tenge, floor_tenge, ceiling_tenge)
                 select id, (100000000 + one.n)::text, 15990, one.price, {FLOOR}, {CEILING} from price_pushes;
             exception when check_violation then null;
             end;
           end loop;
         end $$"
    ))
    .unwrap();
    #[derive(QueryableByName)]
    struct Taken {
        #[diesel(sql_type = sql::BigInt)]
        price: i64,
        #[diesel(sql_type = sql::Bool)]
        taken: bool,
    }
    let offered: Vec<Taken> = diesel::sql_query(
        "select o.price, c.price_tenge is not null as taken from offered o
         left join price_push_cities c on c.city_id = (100000000 + o.n)::text",
    )
    .load(&mut conn)
    .unwrap();
    assert_eq!(offered.len(), 100_000);
    let wrong: Vec<i64> = offered
        .iter()
        .filter(|one| one.taken != permitted(one.price))
        .map(|one| one.price)
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of them, {:?}",
        wrong.len(),
        &wrong[..wrong.len().min(9)]
    );
    let taken = offered.iter().filter(|one| one.taken).count();
    assert!(
        (10_000..90_000).contains(&taken),
        "{taken}: both kinds are offered"
    );
}

/// The last gate alone, with a journal that takes everything.
#[actix_web::test]
async fn no_forbidden_price_passes_the_gate_alone() {
    let count = if long() { 100_000 } else { 3_000 };
    let shop = Shop::open().await;
    shop.reprice().await;
    let (mut conn, now) = (shop.app.conn(), now());
    conn.batch_execute(
        "alter table price_push_cities drop constraint price_push_cities_within_limits,
           drop constraint price_push_cities_price_tenge_check;
         delete from price_push_cities where city_id <> '750000000';
         update stores set lease_epoch = 5, lease_until = now() + interval '1 day'",
    )
    .unwrap();
    let id: PushId = price_pushes::table
        .select(price_pushes::id)
        .first(&mut conn)
        .unwrap();
    let claimed = push_claim(&mut conn, id, 5, now).unwrap();
    assert!(claimed.is_some());
    let mut random = StdRng::seed_from_u64(4);
    let mut passed = 0;
    for _ in 0..count {
        let price = anything(&mut random);
        let cleared = Connection::test_transaction(&mut conn, |conn| {
            diesel::sql_query("update price_push_cities set price_tenge = $1")
                .bind::<sql::BigInt, _>(price)
                .execute(conn)?;
            Ok::<_, diesel::result::Error>(last_gate::clear(conn, id, 5, now))
        });
        match cleared {
            Ok(write) => {
                assert!(permitted(price), "{price} passed");
                assert_eq!(write.city_prices(), [(CITY.to_owned(), Tenge(price))]);
                passed += 1;
            }
            Err(GateError::Refused(_)) => assert!(!permitted(price), "{price} was refused"),
            Err(GateError::Store(error)) => panic!("{price}: {error}"),
        }
    }
    assert!(passed > count / 10, "{passed} of {count}: both kinds are offered");
}

/// Prices that the broken deciding function of the next test has still to return, by product.
static SOURCE: std::sync::Mutex<Option<StdRng>> = std::sync::Mutex::new(None);

/// The whole way with a deciding function that returns anything: only what is permitted arrives.
#[actix_web::test]
async fn a_random_deciding_function_gets_nothing_forbidden_to_the_marketplace() {
    fn random(input: &Input) -> Decision {
        let mut source = SOURCE.lock().unwrap();
        let price = anything(source.get_or_insert_with(|| StdRng::seed_from_u64(5)));
        Decision {
            outcome: Outcome::Change,
            price: Some(Tenge(price)),
            ..decide(input)
        }
    }
    let products = if long() { 2_000 } else { 200 };
    let shop = Crowd::open(products).await;
    let pass = reprice_due_with(
        &shop.app.services,
        Pass {
            limit: 10_000,
            ..PASS
        },
        random,
    )
    .await
    .unwrap();
    assert_eq!(usize::try_from(pass.checked + pass.failed).unwrap(), products);
    assert!(pass.checked > 0 && pass.failed > 0, "{pass:?}");
    let written = shop.push_all().await;
    assert!(!written.is_empty(), "what is permitted does get through");
    for price in written {
        assert!(permitted(price), "{price}");
    }
}

/// All rivals of a large store ask one tenge, or nothing that can be: nobody follows them below the floor.
#[actix_web::test]
async fn rivals_at_one_tenge_pull_no_price_below_the_floor() {
    let shop = Crowd::open(5_000).await;
    for price in [1, 0] {
        shop.rivals(price).await;
        let pass = shop.reprice().await;
        assert_eq!((pass.checked, pass.failed), (5_000, 0), "{pass:?}");
        let written = shop.push_all().await;
        let lowest = shop.lowest_planned();
        assert!(
            lowest.is_none_or(|lowest| lowest >= FLOOR),
            "planned at {lowest:?}"
        );
        assert!(
            written.iter().all(|price| *price >= FLOOR),
            "{:?}",
            written.iter().min()
        );
    }
    // The door is open: with rivals that can be, prices leave.
    shop.rivals(15_500).await;
    shop.reprice().await;
    assert!(shop.lowest_planned().is_some_and(|lowest| lowest >= FLOOR));
    assert!(!shop.push_all().await.is_empty());
}

/// The market's answers break for a whole store, with the brakes of the product: what leaves is next to nothing, and
/// nobody is left guessing why.
#[actix_web::test]
async fn a_market_that_breaks_is_not_followed_and_stops_the_store() {
    let rows = |price: Value| ("row_patch", json!({ "patch": { "price": price } }));
    let incidents = [
        ("one tenge", rows(json!(1)), Some("impossible_market")),
        ("a tenth", rows(json!(1_650)), Some("impossible_market")),
        ("nothing", rows(json!(0)), Some("impossible_market")),
        ("words", rows(json!("16 500 ₸")), None),
        (
            "another currency",
            rows(json!({ "value": 30, "currency": "EUR" })),
            None,
        ),
        ("no offers", ("empty", json!({})), None),
        ("half an answer", ("malformed", json!({})), None),
    ];
    for (nth, (name, (kind, more), stopped)) in incidents.into_iter().enumerate() {
        let products = if long() || nth == 0 { 5_000 } else { 100 };
        let shop = Crowd::open_with(products, &json!({})).await;
        shop.reprice().await;
        let before = shop.push_all().await.len();
        shop.app.market.fault("offers", kind, more).await;
        shop.reprice().await;
        let written = shop.push_all().await.split_off(before);
        assert!(
            written.len() <= (products / 100).max(20),
            "{name}: {} writes",
            written.len()
        );
        assert!(written.iter().all(|price| *price >= FLOOR), "{name}: {written:?}");
        let reasons: Vec<String> = kill_switches::table
            .filter(kill_switches::store_id.eq(shop.store))
            .select(kill_switches::reason)
            .load(&mut shop.app.conn())
            .unwrap();
        assert_eq!(reasons, Vec::from_iter(stopped.map(str::to_owned)), "{name}");
        let told: i64 = alerts::table
            .filter(alerts::kind.eq(AlertKind::Breaker))
            .count()
            .get_result(&mut shop.app.conn())
            .unwrap();
        assert_eq!(told, i64::from(stopped.is_some()), "{name}: people are told");
    }
}

/// A store of many products at 16 000 ₸, each on a card of its own with one rival.
struct Crowd {
    app: TestApp,
    store: StoreId,
    worker: Uuid,
    products: usize,
}

impl Crowd {
    /// Without the brakes on many moves at once, which would end most tests early.
    async fn open(products: usize) -> Self {
        let limits = json!({ "big_drops_at_least": 1_000_000, "impossible_share_percent": 100,
            "product_gap_seconds": 0 });
        Self::open_with(products, &limits).await
    }

    async fn open_with(products: usize, limits: &Value) -> Self {
        let app = TestApp::builder()
            .settings(|config| {
                config.kaspi.limits.write_interval = std::time::Duration::ZERO;
                config.kaspi.limits.writes_per_half_hour = 1_000_000;
                config.worker.cards_at_once = 64;
            })
            .build();
        let store = db_connected_store(&app, Cabinet::DEMO).await;
        app.market
            .control("/control/limits", json!({ "enabled": false }))
            .await;
        for part in 0..products.div_ceil(1_000) {
            let count = (products - part * 1_000).min(1_000);
            let offers: Vec<Value> = (0..count)
                .map(|n| {
                    let card = (200_000_001 + part * 1_000 + n).to_string();
                    json!({ "merchant": "30000001", "sku": card, "card": card, "title": "Crowd", "price": 16_000 })
                })
                .collect();
            app.market.control("/control/offers", json!(offers)).await;
        }
        let shop = Self {
            app,
            store,
            worker: Uuid::now_v7(),
            products,
        };
        let mut conn = shop.app.conn();
        diesel::sql_query(format!(
            "insert into products (id, store_id, kaspi_product_id, sku, card_id, name, floor_tenge, ceiling_tenge,
               repricing_enabled, created_at, updated_at)
             select gen_random_uuid(), $1, n::text, n::text, n::text, n::text, {FLOOR}, {CEILING}, true, $3, $3
             from generate_series(200000001, 200000000 + $2) as n"
        ))
        .bind::<sql::Uuid, _>(store.0)
        .bind::<sql::Integer, _>(i32::try_from(products).unwrap())
        .bind::<sql::Timestamptz, _>(now())
        .execute(&mut conn)
        .unwrap();
        conn.batch_execute(&format!(
            "insert into product_prices (product_id, city_id, price_tenge, read_at)
             select id, '{CITY}', 16000, created_at from products;
             insert into settings (key, value, updated_at) values ('safety_limits', '{limits}', now())"
        ))
        .unwrap();
        shop.rivals(16_500).await;
        shop
    }

    /// Every rival asks this.
    async fn rivals(&self, price: i64) {
        let cards: Vec<usize> = (0..self.products).collect();
        for part in cards.chunks(1_000) {
            let rivals: Vec<Value> = part
                .iter()
                .map(|card| {
                    json!({ "card": (200_000_001 + card).to_string(), "merchant_id": "40000001", "name": "Rival",
                        "prices": { CITY: price }, "reviews": 12 })
                })
                .collect();
            self.app.market.control("/control/rivals", json!(rivals)).await;
        }
    }

    /// One pass over every product, five minutes later.
    async fn reprice(&self) -> PassSummary {
        self.app.advance(301).await;
        let pass = Pass {
            limit: 10_000,
            ..PASS
        };
        reprice_due(&self.app.services, pass).await.unwrap()
    }

    /// Sends for some rounds, and gives the prices that the marketplace was asked for since the beginning.
    async fn push_all(&self) -> Vec<i64> {
        for _ in 0..10 {
            push_store(&self.app.services, self.store, self.worker)
                .await
                .unwrap();
        }
        let writes = self.app.market.calls("process").await;
        writes
            .iter()
            .map(|write| write["price_after"].as_i64().expect("a price"))
            .collect()
    }

    /// The lowest price that was ever planned.
    fn lowest_planned(&self) -> Option<i64> {
        use kaspi_panel::schema::price_push_cities;
        let lowest: Option<Tenge> = price_push_cities::table
            .select(price_push_cities::price_tenge)
            .order(price_push_cities::price_tenge)
            .first(&mut self.app.conn())
            .optional()
            .unwrap();
        lowest.map(|price| price.0)
    }
}

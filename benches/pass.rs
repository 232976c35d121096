//! Benchmark of a repricing pass: so many products, each on a card of its own with three rivals, with a real
//! PostgreSQL of its own and the simulator as a process of its own. The pace that the program keeps towards the
//! marketplace is lifted; nothing else differs from `kaspi-panel demper`. Three passes follow each other: the first
//! one, which reads every card anew and plans a price for every product; one in which nothing has moved; one
//! before which every tenth card got a cheaper rival.
//!
//! `cargo bench --bench pass -- --products 10000 --runs 3 --cards 256`, with `--profile` also the statements by the
//! time that their answers took; `script/bench` runs all benchmarks and
//! writes a table. The time that the simulator takes by itself is measured by asking it for the same cards with a
//! bare client, and told beside the whole: two cores share the work.
#![expect(
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a benchmark prints its figures and stops at what is not as it must be"
)]

mod support;

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use diesel::{Connection, PgConnection, RunQueryDsl, connection::SimpleConnection, sql_types};
use futures_util::{StreamExt, TryStreamExt, stream};
use kaspi_panel::{
    app::reprice::{Pass, reprice_due},
    config::{Config, LogFormat},
    os::{Cluster, ClusterOptions},
    secrets::Secret,
    services::Services,
};
use serde_json::{Value, json};

use support::{
    MERCHANT, Market, PROFILE, STATEMENTS, count_statements, median, memory, post, print_profile, spread,
};

const CITY: &str = "750000000";
const FIRST_CARD: usize = 200_000_001;

#[tokio::main]
async fn main() -> Result<()> {
    let settings = Settings::from_arguments()?;
    kaspi_panel::telemetry::init("warn", LogFormat::Text);
    count_statements()?;
    let files = tempfile::TempDir::new()?;
    let cluster = Cluster::start(&ClusterOptions::new(files.path().join("cluster")))?;
    let url = Secret::from(cluster.url());
    kaspi_panel::store::migrate::run(&url).context("migrations")?;
    kaspi_panel::queue::migrate(&url).await?;
    let mut conn = PgConnection::establish(&cluster.url())?;
    println!(
        "| pass over {} products, {} cards at once | seconds: median (least to most) | products/s | SQL statements | a product | memory above idle |",
        settings.products, settings.cards
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    for latency in [0, 50] {
        let market = Market::start(latency)?;
        let mut config = Config::for_tests(files.path().to_owned(), &cluster.url(), market.kaspi()?);
        config.worker.cards_at_once = settings.cards;
        let services = Services::new(config, &url)?;
        let (mut alone, mut first, mut still, mut moved) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..settings.runs {
            invent(&market, settings.products, settings.products).await?;
            alone.push(read_alone(&market, &settings).await?);
            conn.batch_execute("truncate users, market_snapshots, audit_log cascade")?;
            stock(&mut conn, settings.products)?;
            let all = settings.products as u64;
            first.push(measure(&services, (all, all)).await?);
            settle(&mut conn)?;
            still.push(measure(&services, (all, 0)).await?);
            conn.batch_execute("vacuum analyze")?;
            let tenth = settings.products / 10;
            invent(&market, tenth, settings.products).await?;
            moved.push(measure(&services, (all, tenth as u64)).await?);
        }
        let name = |what: &str| format!("{what}, answers after {latency} ms");
        let times = || alone.iter().map(Duration::as_secs_f64);
        println!(
            "| {} | {} | {:.0} | | | |",
            name("the simulator alone, asked for the same cards"),
            spread(times()),
            settings.products as f64 / median(times()),
        );
        row(
            &name("first pass, every price planned"),
            &first,
            settings.products,
        );
        row(&name("nothing has moved"), &still, settings.products);
        row(&name("a tenth of the prices planned"), &moved, settings.products);
        if settings.profile {
            print_profile();
        }
    }
    Ok(())
}

fn row(name: &str, samples: &[Sample], products: usize) {
    let seconds = || samples.iter().map(|sample| sample.took.as_secs_f64());
    let statements = median(samples.iter().map(|sample| sample.statements as f64));
    let memory = samples.iter().map(|sample| sample.memory_kib).max();
    println!(
        "| {name} | {} | {:.0} | {statements} | {:.2} | {:.1} MiB |",
        spread(seconds()),
        products as f64 / median(seconds()),
        statements / products as f64,
        memory.unwrap_or_default() as f64 / 1024.0
    );
}

/// What is measured.
struct Settings {
    products: usize,
    runs: usize,
    cards: usize,
    profile: bool,
}

impl Settings {
    fn from_arguments() -> Result<Self> {
        let mut settings = Self {
            products: 10_000,
            runs: 3,
            cards: 256,
            profile: false,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let place = match argument.as_str() {
                "--products" => &mut settings.products,
                "--runs" => &mut settings.runs,
                "--cards" => &mut settings.cards,
                "--profile" => {
                    settings.profile = true;
                    PROFILE.store(true, Ordering::Relaxed);
                    continue;
                }
                // What cargo passes to every benchmark.
                _ => continue,
            };
            *place = arguments
                .next()
                .and_then(|text| text.parse().ok())
                .with_context(|| format!("{argument} needs a number"))?;
        }
        ensure!(
            settings.products >= 10 && settings.runs > 0 && settings.cards > 0,
            "nothing to measure"
        );
        Ok(settings)
    }
}

/// One measured pass.
struct Sample {
    took: Duration,
    statements: u64,
    /// Highest resident memory less that of the idle program.
    memory_kib: u64,
}

/// Makes a pass as the command does; it must decide about as many products and plan as many prices as expected.
async fn measure(services: &Services, (checked, changed): (u64, u64)) -> Result<Sample> {
    // Resets the peak to the present memory.
    std::fs::write("/proc/self/clear_refs", "5")?;
    let idle = memory("VmRSS")?;
    STATEMENTS.store(0, Ordering::Relaxed);
    let start = Instant::now();
    let pass = Pass {
        store_id: None,
        checked_before: Some(services.now()),
        dry_run: false,
        limit: i64::MAX,
    };
    let summary = reprice_due(services, pass).await?;
    let took = start.elapsed();
    let statements = STATEMENTS.load(Ordering::Relaxed);
    let memory_kib = memory("VmHWM")?.saturating_sub(idle);
    ensure!(
        (summary.checked, summary.changed, summary.failed) == (checked, changed, 0),
        "not what was to be measured: {summary:?}"
    );
    Ok(Sample {
        took,
        statements,
        memory_kib,
    })
}

/// Our offer and three rivals on each of the first `count` of `all` cards; a second time with a rival that is
/// cheaper than we are then.
async fn invent(market: &Market, count: usize, all: usize) -> Result<()> {
    let control = market.host("control")?;
    let again = count < all;
    if !again {
        let offers =
            json!({ "merchant": MERCHANT, "count": count, "first_card": FIRST_CARD, "price": 10_000 });
        post(market, control.join("/control/offers/many")?, &offers).await?;
    }
    let numbers: Vec<usize> = (0..count).collect();
    for part in numbers.chunks(1_000) {
        let rival = |card: usize, merchant: usize, price: usize| {
            json!({ "card": (FIRST_CARD + card).to_string(), "merchant_id": merchant.to_string(),
                    "name": format!("Rival {merchant}"), "prices": { CITY: price }, "reviews": 12 })
        };
        let rivals: Vec<Value> = part
            .iter()
            .flat_map(|card| {
                let lowest = if again { 9_800 } else { 9_900 };
                [
                    rival(*card, 40_000_001, lowest),
                    rival(*card, 40_000_002, 10_400),
                    rival(*card, 40_000_003, 11_000),
                ]
            })
            .collect();
        post(market, control.join("/control/rivals")?, &json!(rivals)).await?;
    }
    Ok(())
}

/// Asks for every card as a pass does, and throws the answers away.
async fn read_alone(market: &Market, settings: &Settings) -> Result<Duration> {
    let base = market.host("public")?;
    let start = Instant::now();
    let rows: usize = stream::iter(0..settings.products)
        .map(|card| {
            let url = base.join(&format!("/yml/offer-view/offers/{}", FIRST_CARD + card));
            async {
                let question = json!({ "cityId": CITY, "limit": 64, "page": 0, "sortOption": "PRICE" });
                let body = market
                    .client
                    .post(url?)
                    .json(&question)
                    .send()
                    .await?
                    .bytes()
                    .await?;
                anyhow::Ok(body.windows(12).filter(|part| part == b"\"merchantId\"").count())
            }
        })
        .buffer_unordered(settings.cards)
        .try_fold(0, async |sum, rows| Ok(sum + rows))
        .await?;
    ensure!(rows == 4 * settings.products, "{rows} rows");
    Ok(start.elapsed())
}

/// A live store with so many products, all due; their prices stand ten tenge above the cheapest rival.
fn stock(conn: &mut PgConnection, products: usize) -> Result<()> {
    conn.batch_execute(
        "insert into users (id, external_id, email, password_hash, role, created_at, updated_at)
         values (gen_random_uuid(), 'bench', 'bench@example.kz', '', 'manager', now(), now())",
    )?;
    diesel::sql_query(
        "insert into stores (id, owner_id, merchant_id, name, api_key, session_state, repricing_mode, created_at,
           updated_at)
         select gen_random_uuid(), id, $1, 'Bench', '', 'connected', 'live', now(), now() from users",
    )
    .bind::<sql_types::Text, _>(MERCHANT)
    .execute(conn)?;
    // A sync makes a hundred products at a time, with the same moment; their availability image comes with them.
    diesel::sql_query(
        r#"insert into products (id, store_id, kaspi_product_id, sku, card_id, name, brand, category, floor_tenge,
             ceiling_tenge, repricing_enabled, stock, availabilities, availabilities_read_at, created_at,
             updated_at)
           select gen_random_uuid(), stores.id, 'offer-' || n, 'sku-' || n, ($2 + n)::text,
             'Наушники беспроводные Demo A' || n || ' чёрные', 'Demo', 'Headphones', 9000, 12000, true, 5,
             '[{"storeId": "30000001_PP1", "available": true, "stockCount": 3, "preOrder": 0},
               {"storeId": "30000001_PP2", "available": true, "stockCount": 2, "preOrder": 0}]',
             now(), now() - interval '1 hour' + (n / 100) * interval '100 ms', now()
           from stores, generate_series(0, $1 - 1) as n"#,
    )
    .bind::<sql_types::Integer, _>(i32::try_from(products)?)
    .bind::<sql_types::Integer, _>(i32::try_from(FIRST_CARD)?)
    .execute(conn)?;
    conn.batch_execute(
        "insert into product_prices (product_id, city_id, price_tenge, opening_price_tenge, opening_date, read_at)
         select products.id, city.id, 9910, 9910, current_date, now()
         from products, (values ('750000000'), ('710000000')) as city (id)",
    )?;
    conn.batch_execute("vacuum analyze")?;
    Ok(())
}

/// Every planned price is confirmed, as the push sender does within minutes.
fn settle(conn: &mut PgConnection) -> Result<()> {
    conn.batch_execute(
        "update product_prices set price_tenge = push.price_tenge, changed_at = now() - interval '1 hour'
         from (select product_id, city_id, price_tenge from price_pushes join price_push_cities on push_id = id) push
         where push.product_id = product_prices.product_id and push.city_id = product_prices.city_id;
         update price_pushes set state = 'confirmed', finished_at = now()",
    )?;
    conn.batch_execute("vacuum analyze")?;
    Ok(())
}

//! Benchmark of price writes through the whole protocol: planned writes of many stores are claimed, cleared by the last
//! gate, sent and read back until they are confirmed, by one, two and three workers. Every worker is the program itself
//! as a process of its own; PostgreSQL is a real one that keeps what it commits, and the simulator a process of its
//! own. The pace that program and marketplace keep is lifted; nothing else differs from a fleet.
//!
//! `cargo bench --bench pushes -- --push-stores 200 --pushes 30 --runs 3` (pushes of each store); `script/bench` runs
//! all benchmarks and writes a table. Time runs from the first claim to the last confirmed write, the two seconds
//! that a write waits for its read-back included. CPU is what the processes used meanwhile, by the kernel's count.
#![expect(
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a benchmark prints its figures and stops at what is not as it must be"
)]

mod support;

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use diesel::{Connection, PgConnection, RunQueryDsl, connection::SimpleConnection, sql_types};
use kaspi_panel::{
    clock::{Clock, SystemClock},
    config::{Config, LogFormat},
    domain::{ProductId, PushOrigin, StoreId, Tenge, UserId, WriteClass, pricing::Worth},
    kaspi::CabinetSession,
    os::{ChildProcess, Cluster, ClusterOptions},
    secrets::Secret,
    services::Services,
    store::pushes::{NewPush, push_insert},
};
use serde_json::{Value, json};

use support::{Market, PROFILE, arguments, cpu_of, logged_in, post, spread};

const CITY: &str = "750000000";
const FIRST_CARD: u64 = 200_000_001;
const FIRST_MERCHANT: u64 = 31_000_001;
/// Price of every product before the first run; each run raises it by ten tenge.
const PRICE: i64 = 10_000;
/// A run that takes longer is stuck.
const PATIENCE: Duration = Duration::from_secs(300);

#[tokio::main]
async fn main() -> Result<()> {
    let (mut stores, mut pushes, mut runs, mut most) = (200, 30, 3, 3);
    arguments(&mut [
        ("--push-stores", &mut stores),
        ("--pushes", &mut pushes),
        ("--runs", &mut runs),
        ("--workers", &mut most),
    ])?;
    kaspi_panel::telemetry::init("warn", LogFormat::Text);
    let files = tempfile::TempDir::new()?;
    let options = ClusterOptions::new(files.path().join("cluster"));
    let mut cluster = Cluster::start(&options)?;
    if PROFILE.load(Ordering::Relaxed) {
        let mut conn = PgConnection::establish(&cluster.url())?;
        conn.batch_execute("alter system set shared_preload_libraries = 'pg_stat_statements'")?;
        drop((conn, cluster));
        cluster = Cluster::start(&options)?;
        let mut conn = PgConnection::establish(&cluster.url())?;
        conn.batch_execute("create extension pg_stat_statements")?;
        conn.batch_execute("alter database postgres set pg_stat_statements.track_planning = on")?;
    }
    let url = Secret::from(cluster.url());
    kaspi_panel::store::migrate::run(&url).context("migrations")?;
    kaspi_panel::queue::migrate(&url).await?;
    let market = Market::start(0)?;
    let limits = json!({ "enabled": false, "apply_list_seconds": 0, "apply_public_seconds": 0 });
    post(&market, market.host("control")?.join("/control/limits")?, &limits).await?;
    let mut config = Config::for_tests(files.path().to_owned(), &cluster.url(), market.kaspi()?);
    config.kaspi.limits.write_interval = Duration::ZERO;
    let services = Services::new(config, &url)?;
    let mut conn = PgConnection::establish(&cluster.url())?;
    connect_stores(&services, &market, &mut conn, stores, pushes).await?;

    println!(
        "| {} writes of {stores} stores, planned to confirmed | pushes/s: median (least to most) | CPU of a push, ms: workers | PostgreSQL | simulator |",
        stores * pushes
    );
    println!("| --- | --- | --- | --- | --- |");
    let mut price = PRICE;
    for workers in 1..=most {
        let mut samples = Vec::new();
        for _ in 0..runs {
            let before = price;
            price += 10;
            plan(&mut conn, before, price)?;
            if PROFILE.load(Ordering::Relaxed) {
                diesel::sql_query("select pg_stat_statements_reset()").execute(&mut conn)?;
            }
            samples.push(
                measure(
                    &market,
                    &cluster,
                    &mut conn,
                    files.path(),
                    workers,
                    stores * pushes,
                )
                .await?,
            );
        }
        let column = |take: fn(&Sample) -> f64| spread(samples.iter().map(take));
        println!(
            "| {workers} {} | {} | {} | {} | {} |",
            if workers == 1 { "worker" } else { "workers" },
            column(|sample| sample.rate),
            column(|sample| sample.workers),
            column(|sample| sample.database),
            column(|sample| sample.market),
        );
        if PROFILE.load(Ordering::Relaxed) {
            profile(&mut conn, stores * pushes)?;
        }
    }
    Ok(())
}

/// Statements of the last run by PostgreSQL's own count of the time.
fn profile(conn: &mut PgConnection, pushes: u64) -> Result<()> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::Text)]
        line: String,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "select format('| %s | %s | %s | %s |', left(regexp_replace(query, '\\s+', ' ', 'g'), 110),
           round(calls / $1::numeric, 2), round((total_plan_time / $1)::numeric * 1000),
           round((total_exec_time / $1)::numeric * 1000)) as line
         from pg_stat_statements order by total_plan_time + total_exec_time desc limit 60",
    )
    .bind::<sql_types::BigInt, _>(i64::try_from(pushes)?)
    .load(conn)?;
    println!("| statement | times a write | µs of planning | µs of running |");
    for row in rows {
        println!("{}", row.line);
    }
    Ok(())
}

/// One measured run: writes a second, and milliseconds of CPU of a write.
struct Sample {
    rate: f64,
    workers: f64,
    database: f64,
    market: f64,
}

/// Starts so many workers and waits until every planned write is confirmed.
async fn measure(
    market: &Market,
    cluster: &Cluster,
    conn: &mut PgConnection,
    folder: &Path,
    workers: u64,
    pushes: u64,
) -> Result<Sample> {
    let running = (0..workers)
        .map(|_| Ok(ChildProcess::spawn(worker(market, cluster, folder)?)?))
        .collect::<Result<Vec<_>>>()?;
    let ids: Vec<u32> = running.iter().map(ChildProcess::id).collect();
    let (database, simulator) = (cpu_of(&[cluster.server_id()])?, cpu_of(&[market.process_id()])?);
    let deadline = Instant::now() + PATIENCE;
    let end = loop {
        // Seldom: counting them costs PostgreSQL as much as a write.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let end: End = diesel::sql_query(
            "select count(*) filter (where state = 'confirmed') as confirmed,
               count(*) filter (where finished_at is not null and state <> 'confirmed') as other,
               coalesce(min(reason), '') as reason,
               coalesce(extract(epoch from max(finished_at) - min(claimed_at)), 0)::float8 as seconds
             from price_pushes",
        )
        .get_result(conn)?;
        ensure!(
            end.other == 0,
            "{} writes ended otherwise: {}",
            end.other,
            end.reason
        );
        if u64::try_from(end.confirmed)? == pushes {
            break end;
        }
        ensure!(
            Instant::now() < deadline,
            "only {} writes were confirmed",
            end.confirmed
        );
    };
    let each = |used: Duration| used.as_secs_f64() * 1_000.0 / pushes as f64;
    let sample = Sample {
        rate: pushes as f64 / end.seconds,
        workers: each(cpu_of(&ids)?),
        database: each(cpu_of(&[cluster.server_id()])?.saturating_sub(database)),
        market: each(cpu_of(&[market.process_id()])?.saturating_sub(simulator)),
    };
    for worker in running {
        let status = worker.stop(Duration::from_secs(30))?;
        ensure!(status.success(), "a worker ended with {status}");
    }
    Ok(sample)
}

#[derive(diesel::QueryableByName)]
struct End {
    #[diesel(sql_type = sql_types::BigInt)]
    confirmed: i64,
    #[diesel(sql_type = sql_types::BigInt)]
    other: i64,
    #[diesel(sql_type = sql_types::Text)]
    reason: String,
    #[diesel(sql_type = sql_types::Double)]
    seconds: f64,
}

/// The program's own worker without the pace towards the marketplace.
fn worker(market: &Market, cluster: &Cluster, folder: &Path) -> Result<Command> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaspi-panel"));
    command
        .arg("worker")
        .env("DATABASE_URL", cluster.url())
        .env("KASPI_PANEL_DATA_DIR", folder)
        .env("KASPI_ALLOW_OTHER_HOSTS", "1")
        .env("KASPI_WRITE_INTERVAL_MS", "0")
        .env("KASPI_LIST_INTERVAL_MS", "0")
        .env("KASPI_WRITES_PER_HALF_HOUR", "1000000")
        .env("RUST_LOG", "error")
        .stdin(Stdio::null());
    for name in ["login", "cabinet", "public", "orders", "cdn"] {
        command.env(
            format!("KASPI_{}_URL", name.to_uppercase()),
            market.host(name)?.as_str(),
        );
    }
    Ok(command)
}

/// Stores of merchants with as many offers each, on the marketplace and here; every one with a login of its own.
async fn connect_stores(
    services: &Services,
    market: &Market,
    conn: &mut PgConnection,
    stores: u64,
    products: u64,
) -> Result<()> {
    let owner = UserId::new();
    diesel::sql_query(
        "insert into users (id, external_id, email, password_hash, role, created_at, updated_at)
         values ($1, 'bench', 'bench@example.kz', '', 'manager', now(), now())",
    )
    .bind::<sql_types::Uuid, _>(owner)
    .execute(conn)?;
    let control = market.host("control")?;
    for number in 0..stores {
        let merchant = (FIRST_MERCHANT + number).to_string();
        let email = format!("bench{number}@example.kz");
        post(
            market,
            control.join("/control/merchants")?,
            &json!({ "uid": merchant, "name": format!("Bench {number}"), "points": [{ "id": "PP1", "city": CITY }] }),
        )
        .await?;
        post(
            market,
            control.join("/control/accounts")?,
            &json!({ "email": email, "password": "Bench-Password-1", "merchants": [merchant] }),
        )
        .await?;
        let offers: Vec<Value> = (0..products)
            .map(|n| {
                json!({ "merchant": merchant, "sku": format!("sku-{n}"), "card": (FIRST_CARD + n).to_string(),
                        "title": format!("Demo A{n}"), "price": PRICE, "city_prices": { CITY: PRICE } })
            })
            .collect();
        post(market, control.join("/control/offers")?, &json!(offers)).await?;
        let (session, _) = market.log_in(&email, "Bench-Password-1").await?;
        connect_store(services, conn, owner, &merchant, &session)?;
    }
    diesel::sql_query(
        "insert into products (id, store_id, kaspi_product_id, sku, card_id, name, floor_tenge, ceiling_tenge,
           repricing_enabled, created_at, updated_at)
         select gen_random_uuid(), stores.id, 'sku-' || n, 'sku-' || n, ($2 + n)::text, 'Demo A' || n, 9000, 12000, true,
           now() + interval '1 day', now()
         from stores, generate_series(0, $1 - 1) as n",
    )
    .bind::<sql_types::BigInt, _>(i64::try_from(products)?)
    .bind::<sql_types::BigInt, _>(i64::try_from(FIRST_CARD)?)
    .execute(conn)?;
    diesel::sql_query(
        "insert into product_prices (product_id, city_id, price_tenge, opening_price_tenge, opening_date, read_at)
         select id, $1, $2, $2, current_date, now() from products",
    )
    .bind::<sql_types::Text, _>(CITY)
    .bind::<sql_types::BigInt, _>(PRICE)
    .execute(conn)?;
    Ok(())
}

fn connect_store(
    services: &Services,
    conn: &mut PgConnection,
    owner: UserId,
    merchant: &str,
    session: &CabinetSession,
) -> Result<()> {
    let id = logged_in(
        conn,
        services,
        (owner, &format!("{merchant}@example.kz")),
        session,
    )?;
    diesel::sql_query(
        "insert into stores (id, owner_id, merchant_id, account_id, name, api_key, session_state, repricing_mode,
           created_at, updated_at)
         values ($1, $2, $3, $4, $3, '', 'connected', 'live', now(), now())",
    )
    .bind::<sql_types::Uuid, _>(StoreId::new())
    .bind::<sql_types::Uuid, _>(owner)
    .bind::<sql_types::Text, _>(merchant)
    .bind::<sql_types::Uuid, _>(id)
    .execute(conn)?;
    Ok(())
}

/// Plans a raise of every product as a pass does, with a market that was read a moment ago.
fn plan(conn: &mut PgConnection, before: i64, price: i64) -> Result<()> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::Uuid)]
        id: ProductId,
        #[diesel(sql_type = sql_types::Uuid)]
        store_id: StoreId,
    }
    for order in ["truncate price_pushes cascade", "vacuum analyze", "checkpoint"] {
        conn.batch_execute(order)?;
    }
    let rows: Vec<Row> = diesel::sql_query("select id, store_id from products order by id").load(conn)?;
    let now = SystemClock.now();
    let new: Vec<NewPush> = rows
        .iter()
        .map(|row| NewPush {
            store_id: row.store_id,
            product_id: row.id,
            decision_id: None,
            origin: PushOrigin::Robot,
            actor_id: None,
            market_taken_at: Some(now),
            lowest_tenge: Tenge(9_000),
            worth: Worth {
                class: WriteClass::Raise,
                per_day: Tenge(10),
            },
            cities: vec![(CITY.to_owned(), Tenge(before), Tenge(price))],
            restore_image: None,
        })
        .collect();
    for part in new.chunks(128) {
        conn.transaction::<_, kaspi_panel::store::StoreError, _>(|conn| {
            kaspi_panel::store::batch::plan_by_index(conn)?;
            push_insert(conn, part, &[], now)?;
            Ok(())
        })?;
    }
    conn.batch_execute("analyze price_pushes, price_push_cities")?;
    Ok(())
}

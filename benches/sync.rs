//! Benchmark of a whole sync: a catalogue that the simulator invents is read into an empty store and again into
//! the unchanged one, with a real PostgreSQL of its own and the simulator as a process of its own. The pace
//! that the program keeps towards the marketplace is lifted; nothing else differs from a worker's run.
//!
//! `cargo bench --bench sync -- --offers 50000 --runs 5`; `script/bench` runs all benchmarks and writes a table.
//! The time that the simulator takes by itself is measured by asking it for the same pages with a bare client,
//! and told beside the whole: two cores share the work, so a difference of both is what the panel adds.
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
use kaspi_panel::{
    config::{Config, LogFormat},
    domain::{JobKind, StoreId, UserId},
    kaspi::{CabinetSession, PAGE_SIZE},
    os::{Cluster, ClusterOptions},
    queue::runs::job_run_open,
    secrets::Secret,
    services::Services,
    worker::jobs,
};
use serde_json::{Value, json};
use support::{MERCHANT, Market, STATEMENTS, count_statements, logged_in, median, memory, spread};

const EMAIL: &str = "demo@example.kz";

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
    let market = Market::start(0)?;
    market.invent(settings.offers).await?;
    let config = Config::for_tests(files.path().to_owned(), &cluster.url(), market.kaspi()?);
    let services = Services::new(config, &url)?;
    let mut conn = PgConnection::establish(&cluster.url())?;
    let (session, cookies) = market.log_in(EMAIL, "Demo-Password-1").await?;

    let (mut empty, mut unchanged, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..settings.runs {
        alone.push(market.read_alone(&cookies, settings.offers).await?);
        conn.batch_execute("truncate users cascade")?;
        let store = connected_store(&mut conn, &services, &session)?;
        empty.push(measure(&services, &mut conn, store, ("added", settings.offers)).await?);
        // The server does so by itself within a minute.
        conn.batch_execute("vacuum analyze")?;
        unchanged.push(measure(&services, &mut conn, store, ("unchanged", settings.offers)).await?);
    }
    let alone_median = median(alone.iter().map(Duration::as_secs_f64));
    println!(
        "| sync of {} offers | seconds: median (least to most) | offers/s | offers/s without the simulator's own time | SQL statements | memory above idle |",
        settings.offers
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    println!(
        "| the simulator alone, asked for the same pages | {} | {:.0} | | | |",
        spread(alone.iter().map(Duration::as_secs_f64)),
        settings.offers as f64 / alone_median
    );
    for (name, samples) in [
        ("into an empty store", &empty),
        ("into the unchanged store", &unchanged),
    ] {
        let seconds = || samples.iter().map(|sample| sample.took.as_secs_f64());
        let whole = median(seconds());
        println!(
            "| {name} | {} | {:.0} | {:.0} | {} | {:.1} MiB |",
            spread(seconds()),
            settings.offers as f64 / whole,
            settings.offers as f64 / (whole - alone_median).max(f64::EPSILON),
            median(samples.iter().map(|sample| sample.statements as f64)),
            samples
                .iter()
                .map(|sample| sample.memory_kib)
                .max()
                .unwrap_or_default() as f64
                / 1024.0
        );
    }
    Ok(())
}

/// What is measured.
struct Settings {
    offers: usize,
    runs: usize,
}

impl Settings {
    fn from_arguments() -> Result<Self> {
        let mut settings = Self {
            offers: 50_000,
            runs: 5,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let place = match argument.as_str() {
                "--offers" => &mut settings.offers,
                "--runs" => &mut settings.runs,
                // What cargo passes to every benchmark.
                _ => continue,
            };
            *place = arguments
                .next()
                .and_then(|text| text.parse().ok())
                .with_context(|| format!("{argument} needs a number"))?;
        }
        ensure!(settings.offers > 0 && settings.runs > 0, "nothing to measure");
        Ok(settings)
    }
}

/// One measured sync.
struct Sample {
    took: Duration,
    statements: u64,
    /// Highest resident memory less that of the idle program.
    memory_kib: u64,
}

/// Runs a sync as the worker does; the run's summary must count all offers as `expected` says.
async fn measure(
    services: &Services,
    conn: &mut PgConnection,
    store: StoreId,
    (kind, count): (&str, usize),
) -> Result<Sample> {
    let (run, _) = job_run_open(conn, JobKind::SyncStore, store, None, services.now())?;
    // Resets the peak to the present memory.
    std::fs::write("/proc/self/clear_refs", "5")?;
    let idle = memory("VmRSS")?;
    STATEMENTS.store(0, Ordering::Relaxed);
    let start = Instant::now();
    jobs::sync_store::run(services.clone(), run).await?;
    let took = start.elapsed();
    let statements = STATEMENTS.load(Ordering::Relaxed);
    let memory_kib = memory("VmHWM")?.saturating_sub(idle);
    let run = kaspi_panel::queue::runs::job_run_fetch(conn, kaspi_panel::domain::Tenant::All, run)?
        .context("the run is gone")?;
    let counted = run.summary.get(kind).and_then(Value::as_u64);
    ensure!(
        counted == u64::try_from(count).ok() && run.summary.get("complete") == Some(&json!(true)),
        "not what was to be measured: {}",
        run.summary
    );
    Ok(Sample {
        took,
        statements,
        memory_kib,
    })
}

/// What a sync needs of the marketplace.
impl Market {
    /// Fills the merchant's cabinet up to `count` offers, each in two cities and at two points.
    async fn invent(&self, count: usize) -> Result<()> {
        let control = self.host("control")?.join("/control/offers")?;
        let state = self.host("control")?.join("/control/state?merchant=30000001")?;
        let state: Value = self.client.get(state).send().await?.json().await?;
        let there = state.get("offers").and_then(Value::as_array).map_or(0, Vec::len);
        let numbers: Vec<usize> = (there..count).collect();
        for part in numbers.chunks(1_000) {
            let offers: Vec<Value> = part
                .iter()
                .map(|n| {
                    json!({ "merchant": MERCHANT, "sku": format!("sku-{n:06}"), "card": format!("{}", 200_000_000 + n),
                            "title": format!("Наушники беспроводные Demo A{n} чёрные"), "brand": "Demo",
                            "category": "Headphones", "price": 5_000 + n,
                            "city_prices": { "750000000": 5_000 + n, "710000000": 5_100 + n },
                            "images": [format!("h00/h{n}/1.jpg")] })
                })
                .collect();
            let answer = self.client.post(control.clone()).json(&offers).send().await?;
            ensure!(answer.status().is_success(), "{}", answer.text().await?);
        }
        Ok(())
    }

    /// Asks for every page as a sync does, and throws the answers away.
    async fn read_alone(&self, cookies: &str, count: usize) -> Result<Duration> {
        let cabinet = self.host("cabinet")?;
        let start = Instant::now();
        let mut rows = 0;
        for on_sale in ["true", "false"] {
            for page in 0_usize.. {
                let mut url = cabinet.join("/bff/offer-view/list")?;
                url.query_pairs_mut()
                    .append_pair("m", MERCHANT)
                    .append_pair("p", &page.to_string())
                    .append_pair("l", &PAGE_SIZE.to_string())
                    .append_pair("a", on_sale);
                let request = self.client.get(url).header("cookie", cookies);
                let body = request.send().await?.bytes().await?;
                let of_page = body.windows(9).filter(|part| part == b"\"offerId\"").count();
                rows += of_page;
                if of_page < usize::try_from(PAGE_SIZE)? {
                    break;
                }
            }
        }
        ensure!(rows == count, "{rows} rows instead of {count}");
        Ok(start.elapsed())
    }
}

/// A user and a store that is connected with the session.
fn connected_store(
    conn: &mut PgConnection,
    services: &Services,
    session: &CabinetSession,
) -> Result<StoreId> {
    let (owner, store) = (UserId::new(), StoreId::new());
    diesel::sql_query(
        "with owner as (
           insert into users (id, external_id, email, password_hash, role, created_at, updated_at)
           values ($1, 'bench', 'bench@example.kz', '', 'manager', now(), now()) returning id)
         insert into stores (id, owner_id, merchant_id, name, api_key, session_state, created_at, updated_at)
         select $2, id, $3, 'Bench', '', 'connected', now(), now() from owner",
    )
    .bind::<sql_types::Uuid, _>(owner)
    .bind::<sql_types::Uuid, _>(store)
    .bind::<sql_types::Text, _>(MERCHANT)
    .execute(conn)?;
    let id = logged_in(conn, services, (owner, "bench@example.kz"), session)?;
    diesel::sql_query("update stores set account_id = $1")
        .bind::<sql_types::Uuid, _>(id)
        .execute(conn)?;
    Ok(store)
}

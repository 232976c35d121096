//! Benchmark of the check of an import: so many rows from bytes to judged rows in the database, with the process that
//! reads the file and a real PostgreSQL. `cargo bench --bench imports -- --rows 50000 --runs 5`
#![expect(
    clippy::print_stdout,
    clippy::float_arithmetic,
    reason = "a benchmark prints its figures and stops at what is not as it must be"
)]

mod support;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use diesel::{Connection, PgConnection, connection::SimpleConnection};
use kaspi_panel::{
    app::imports::check_import,
    config::{Config, LogFormat},
    domain::{Actor, StoreId, Tenant, Tenge},
    os::{Cluster, ClusterOptions},
    secrets::Secret,
    services::Services,
    sheets::import_form::{ImportFormRow, write_import_form},
    store::imports::import_fetch,
};

use support::{median, memory, no_market};

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, default: usize| {
        let at = arguments.iter().position(|word| word == name);
        at.and_then(|at| arguments.get(at + 1)?.parse().ok())
            .unwrap_or(default)
    };
    let (rows, runs) = (number("--rows", 50_000), number("--runs", 5));
    kaspi_panel::telemetry::init("warn", LogFormat::Text);
    let files = tempfile::TempDir::new()?;
    let cluster = Cluster::start(&ClusterOptions::new(files.path().join("cluster")))?;
    let url = Secret::from(cluster.url());
    kaspi_panel::store::migrate::run(&url).context("migrations")?;
    kaspi_panel::queue::migrate(&url).await?;
    let store = StoreId::new();
    PgConnection::establish(&cluster.url())?.batch_execute(&format!(
        "insert into users (id, external_id, email, name, password_hash, role, created_at, updated_at)
           values ('{store}', 'bench', 'bench@example.kz', 'bench', 'none', 'manager', now(), now());
         insert into stores (id, owner_id, merchant_id, name, api_key, main_city_id, created_at, updated_at)
           values ('{store}', '{store}', '30000001', 'Bench', 'reference', '750000000', now(), now());
         insert into products (id, store_id, kaspi_product_id, sku, name, floor_tenge, created_at, updated_at)
           select gen_random_uuid(), '{store}', 'SKU' || n, 'SKU' || n, 'Чайник электрический ' || n, 5000, now(), now()
           from generate_series(1, {rows}) n;
         analyze products"
    ))?;
    let mut config = Config::for_tests(files.path().to_owned(), &cluster.url(), no_market()?);
    config.program = env!("CARGO_BIN_EXE_kaspi-panel").into();
    let services = Services::new(config, &url)?;
    let heads = [
        "SKU", "Product", "Floor", "Ceiling", "Cost", "Rule", "Enabled", "Preorder",
    ]
    .map(str::to_owned);
    println!(
        "| check of {rows} rows | file, KiB | seconds: median of {runs} | at most | peak memory above idle, KiB |"
    );
    println!("| --- | --- | --- | --- | --- |");
    for (name, floor, changed) in [("all unchanged", 5_000, 0), ("all changed", 6_000, rows)] {
        let lines: Vec<ImportFormRow> = (1..=rows)
            .map(|n| ImportFormRow {
                sku: format!("SKU{n}"),
                name: format!("Чайник электрический {n}"),
                floor: Some(Tenge(floor)),
                ceiling: None,
                unit_cost: None,
                rule: None,
                enabled: false,
                preorder_days: None,
            })
            .collect();
        let file = write_import_form(&heads, ("yes", "no"), &lines)?;
        drop(lines);
        std::fs::write("/proc/self/clear_refs", "5")?;
        let idle = memory("VmRSS")?;
        let mut times: Vec<Duration> = Vec::new();
        for _ in 0..runs {
            let started = Instant::now();
            let id = check_import(&services, &Actor::system(), store, "a.xlsx", file.clone()).await?;
            times.push(started.elapsed());
            let import = services
                .db
                .read(move |conn| import_fetch(conn, Tenant::All, id))
                .await
                .map_err(anyhow::Error::from)?
                .context("the import")?;
            ensure!(
                usize::try_from(import.rows_changed)? == changed,
                "{} rows changed",
                import.rows_changed
            );
        }
        let peak = memory("VmHWM")?.saturating_sub(idle);
        let most = times.iter().max().copied().unwrap_or_default();
        let seconds = times.iter().map(Duration::as_secs_f64);
        println!(
            "| {name} | {} | {:.2} | {:.2} | {peak} |",
            file.len() / 1024,
            median(seconds),
            most.as_secs_f64()
        );
    }
    Ok(())
}

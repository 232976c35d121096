//! Benchmark of reports in Excel, as a worker makes them: rows are read from PostgreSQL a piece at a time, written as
//! they come, and the file is kept in pieces in the database.
//!
//! `cargo bench --bench sheets -- --runs 5`; `script/bench` runs all benchmarks and writes a table. Time runs from the
//! request to the report that can be fetched, the start of the job excluded. Memory is the highest resident size of
//! the process during a run, above what it was before it; PostgreSQL is a process of its own and not counted.
#![expect(
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a benchmark prints its figures and stops at what is not as it must be"
)]

mod support;

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use diesel::{Connection, PgConnection, QueryDsl, RunQueryDsl, connection::SimpleConnection};
use kaspi_panel::{
    app::reports::request_report,
    config::{Config, LogFormat},
    domain::{Actor, ActorKind, ReportKind, ReportState, Role, UserId, report::ReportQuery},
    os::{Cluster, ClusterOptions},
    schema::reports,
    secrets::Secret,
    services::Services,
    worker::jobs::make_report,
};

use support::{Market, arguments, memory, spread};

/// Rows of everything that the largest run wants.
const SEED: &str = "
insert into users (id, external_id, email, name, password_hash, role, created_at, updated_at)
values ('019b0000-0000-7000-8000-000000000001', 'bench', 'bench@example.kz', 'Bench', 'x', 'manager', now(), now());
insert into stores (id, owner_id, merchant_id, name, api_key, main_city_id, created_at, updated_at)
values ('019b0000-0000-7000-8000-000000000002', '019b0000-0000-7000-8000-000000000001', '30000001', 'Demo Shop',
  'reference', '750000000', now(), now());
insert into products (id, store_id, kaspi_product_id, sku, card_id, name, brand, category, created_at,
  updated_at)
select gen_random_uuid(), '019b0000-0000-7000-8000-000000000002', 'o' || n, 'SKU-' || n, (100000000 + n)::text,
  'Наушники беспроводные Demo A' || n || ' чёрные', 'Demo', 'Headphones', now(), now()
from generate_series(1, 50000) n;
insert into product_prices (product_id, city_id, price_tenge, read_at)
select id, '750000000', 15990, now() from products;
delete from price_changes;
insert into preorders (id, store_id, product_id, article, name, brand, status, price_tenge, warehouses, delivery_days,
  created_at, updated_at)
select gen_random_uuid(), store_id, id, sku, name, brand, case when row_number() over () <= 5000 then 'processing'
  else 'completed' end, 15990, '{\"1\": {\"id\": 1, \"quantity\": 3}, \"2\": {\"id\": 2, \"quantity\": 1}}', 7, now(),
  now()
from products;
insert into price_changes (id, product_id, city_id, at, before_tenge, price_tenge)
select gen_random_uuid(), p.id, '750000000', now() - n * interval '1 hour' - random() * interval '1 hour', 15990, 15989
from products p, generate_series(1, 2) n;
analyze";

#[tokio::main]
async fn main() -> Result<()> {
    let mut runs = 5;
    arguments(&mut [("--runs", &mut runs)])?;
    kaspi_panel::telemetry::init("warn", LogFormat::Text);
    let files = tempfile::TempDir::new()?;
    let cluster = Cluster::start(&ClusterOptions::new(files.path().join("cluster")))?;
    let url = Secret::from(cluster.url());
    kaspi_panel::store::migrate::run(&url).context("migrations")?;
    kaspi_panel::queue::migrate(&url).await?;
    let market = Market::start(0)?;
    let config = Config::for_tests(files.path().to_owned(), &cluster.url(), market.kaspi()?);
    let services = Services::new(config, &url)?;
    let mut conn = PgConnection::establish(&cluster.url())?;
    conn.batch_execute(SEED).context("rows")?;
    let user: UserId = "019b0000-0000-7000-8000-000000000001".parse()?;
    let actor = Actor {
        kind: ActorKind::Person,
        user_id: Some(user),
        role: Role::Manager,
        name: "Bench".into(),
        request_id: None,
    };
    println!(
        "| report to .xlsx | seconds: median (least to most) | highest memory above idle, MiB | file, MiB |"
    );
    println!("| --- | --- | --- | --- |");
    let preorders = |status: Option<&str>| ReportQuery {
        status: status.and_then(|word| word.parse().ok()),
        ..ReportQuery::default()
    };
    for (name, kind, query, rows) in [
        (
            "5,000 preorders",
            ReportKind::Preorders,
            preorders(Some("processing")),
            5_000,
        ),
        ("50,000 preorders", ReportKind::Preorders, preorders(None), 50_000),
        (
            "100,000 price changes",
            ReportKind::PriceChanges,
            preorders(None),
            100_000,
        ),
    ] {
        let (mut seconds, mut memories, mut bytes) = (Vec::new(), Vec::new(), 0);
        for _ in 0..runs {
            let id = request_report(&services, &actor, kind, query.clone()).await?;
            let run = reports::table
                .find(id)
                .select(reports::run_id)
                .first::<Option<_>>(&mut conn)?;
            let before = memory("VmRSS")?;
            // The kernel forgets the highest size so far.
            std::fs::write("/proc/self/clear_refs", "5")?;
            let start = Instant::now();
            make_report::run(services.clone(), run.context("no run")?).await?;
            seconds.push(start.elapsed().as_secs_f64());
            memories.push(memory("VmHWM")?.saturating_sub(before) as f64 / 1024.0);
            let (state, done, size) = reports::table
                .find(id)
                .select((reports::state, reports::rows_done, reports::bytes))
                .first::<(ReportState, i32, i64)>(&mut conn)?;
            ensure!(
                (state, done) == (ReportState::Ready, rows),
                "{name}: {state} {done}"
            );
            bytes = size;
            diesel::delete(reports::table).execute(&mut conn)?;
        }
        println!(
            "| {name} | {} | {} | {:.1} |",
            spread(seconds.into_iter()),
            spread(memories.into_iter()),
            bytes as f64 / 1_048_576.0
        );
    }
    Ok(())
}

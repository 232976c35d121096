//! Benchmark of the claims of due products: so many products over many stores in a real PostgreSQL of its own, claimed
//! in batches by one, two and three claimers side by side, each with a connection of its own and through the
//! functions of the store, as a repricing pass does. Every batch is released between two claims as a pass releases it,
//! which is not part of the time. Twice: everything is due, and one product in ten is.
//!
//! `cargo bench --bench claims -- --due-products 1000000 --stores 1000 --batch 500 --claims 1000`, with `--profile`
//! also the statements by the time that their answers took; `script/bench` runs all benchmarks and writes a table. No
//! product may be claimed twice: the benchmark fails then.
#![expect(
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::float_arithmetic,
    clippy::cast_precision_loss,
    reason = "a benchmark prints its figures and stops at what is not as it must be"
)]

mod support;

use std::{
    collections::HashSet,
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use chrono::TimeDelta;
use diesel::{Connection, PgConnection, RunQueryDsl, connection::SimpleConnection, sql_types};
use kaspi_panel::{
    clock::{Clock, SystemClock},
    domain::ProductId,
    os::{Cluster, ClusterOptions},
    secrets::Secret,
    store::{
        StoreError,
        batch::plan_by_index,
        due_products::{Release, StoreTurn, due_product_release, due_products_claim, due_products_load},
    },
};

use support::{PROFILE, arguments, count_statements, percentile, print_profile};

/// Claims of each claimer whose time is not counted: caches are cold.
const COLD: u64 = 20;

#[tokio::main]
async fn main() -> Result<()> {
    let mut settings = Settings::default();
    arguments(&mut [
        ("--due-products", &mut settings.products),
        ("--stores", &mut settings.stores),
        ("--batch", &mut settings.batch),
        ("--claims", &mut settings.claims),
    ])?;
    count_statements()?;
    let files = tempfile::TempDir::new()?;
    let cluster = Cluster::start(&ClusterOptions::new(files.path().join("cluster")))?;
    let url = Secret::from(cluster.url());
    kaspi_panel::store::migrate::run(&url).context("migrations")?;
    let mut conn = PgConnection::establish(&cluster.url())?;
    println!(
        "| claims of {} due products, {} products over {} stores | claimers | p50 | p99 | most | reading them, p50 | p99 | products/s while claiming and reading |",
        settings.batch, settings.products, settings.stores
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    stock(&mut conn, &settings)?;
    for (name, share) in [("everything is due", 1), ("one in ten is due", 10)] {
        for claimers in 1..=3 {
            due_again(&mut conn, share)?;
            let all = settings.products / share;
            let each = (settings.claims + COLD).min(all / settings.batch / claimers);
            let took = side_by_side(&cluster.url(), &settings, claimers, each)?;
            let sum: Duration = took.iter().map(|(claim, read)| *claim + *read).sum();
            let (claims, reads): (Vec<Duration>, Vec<Duration>) = took.iter().copied().unzip();
            println!(
                "| {name} | {claimers} | {:.2} ms | {:.2} ms | {:.2} ms | {:.2} ms | {:.2} ms | {:.0} |",
                percentile(&claims, 50),
                percentile(&claims, 99),
                percentile(&claims, 100),
                percentile(&reads, 50),
                percentile(&reads, 99),
                claimers as f64 * settings.batch as f64 * took.len() as f64 / sum.as_secs_f64(),
            );
        }
    }
    if PROFILE.load(Ordering::Relaxed) {
        print_profile();
    }
    Ok(())
}

/// How long a claim took, and reading what was claimed.
type Times = (Duration, Duration);

/// What is measured.
struct Settings {
    products: u64,
    stores: u64,
    batch: u64,
    claims: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            products: 1_000_000,
            stores: 1_000,
            batch: 500,
            claims: 1_000,
        }
    }
}

/// Several claimers at once, each of which claims so often; the times of all warm ones.
fn side_by_side(url: &str, settings: &Settings, claimers: u64, each: u64) -> Result<Vec<Times>> {
    let claimed = AtomicU64::new(0);
    let results: Vec<Result<(Vec<Times>, HashSet<ProductId>)>> = thread::scope(|scope| {
        let running: Vec<_> = (0..claimers)
            .map(|_| scope.spawn(|| claim_all(url, settings.batch, each, &claimed)))
            .collect();
        running
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(anyhow!("a claimer panicked")))
            })
            .collect()
    });
    let (mut all, mut count, mut took) = (HashSet::new(), 0, Vec::new());
    for result in results {
        let (times, ids) = result?;
        count += ids.len();
        all.extend(ids);
        took.extend(times);
    }
    ensure!(
        all.len() == count,
        "{} products were claimed twice",
        count - all.len()
    );
    ensure!(
        claimed.into_inner() == count as u64,
        "a product was claimed twice by the same"
    );
    Ok(took)
}

fn claim_all(
    url: &str,
    batch: u64,
    claims: u64,
    claimed: &AtomicU64,
) -> Result<(Vec<Times>, HashSet<ProductId>)> {
    let mut conn = PgConnection::establish(url)?;
    conn.batch_execute("set role kaspi_panel_runtime; set timezone = 'UTC'")?;
    let mut turn = StoreTurn::default();
    let (mut times, mut ids, limit) = (Vec::new(), HashSet::new(), i64::try_from(batch)?);
    for number in 0..claims {
        let now = SystemClock.now();
        let start = Instant::now();
        let claims = conn
            .transaction(|conn| due_products_claim(conn, &mut turn, None, None, limit, now))
            .map_err(|error: StoreError| error)?;
        let took = start.elapsed();
        let start = Instant::now();
        let due = conn
            .transaction(|conn| {
                plan_by_index(conn)?;
                due_products_load(conn, &claims, now)
            })
            .map_err(|error: StoreError| error)?;
        if number >= COLD {
            times.push((took, start.elapsed()));
        }
        claimed.fetch_add(claims.len() as u64, Ordering::Relaxed);
        ensure!(due.len() == claims.len(), "what was claimed could not be read");
        ids.extend(claims.iter().map(|claim| claim.product_id));
        let releases: Vec<Release> = due
            .iter()
            .map(|due| Release {
                id: due.product.id,
                alone_streak: 0,
                due_at: due.due_at,
            })
            .collect();
        conn.transaction(|conn| {
            plan_by_index(conn)?;
            due_product_release(conn, &releases, now + TimeDelta::hours(2), now)
        })
        .map_err(|error: StoreError| error)?;
    }
    ensure!(!times.is_empty(), "nothing to measure");
    Ok((times, ids))
}

/// Live stores with so many products in all, as large as each other; the products of a store stand side by side and
/// their keys in the order of time, as a sync makes them.
fn stock(conn: &mut PgConnection, settings: &Settings) -> Result<()> {
    conn.batch_execute(
        "insert into users (id, external_id, email, password_hash, role, created_at, updated_at)
         values (gen_random_uuid(), 'bench', 'bench@example.kz', '', 'manager', now(), now())",
    )?;
    diesel::sql_query(
        "insert into stores (id, owner_id, merchant_id, name, api_key, session_state, repricing_mode, created_at,
           updated_at)
         select gen_random_uuid(), users.id, n, 'Bench ' || n, '', 'connected', 'live', now(), now()
         from users, generate_series(30000001, 30000000 + $1) n",
    )
    .bind::<sql_types::BigInt, _>(i64::try_from(settings.stores)?)
    .execute(conn)?;
    diesel::sql_query(
        r#"insert into products (id, store_id, kaspi_product_id, sku, card_id, name, brand, category, floor_tenge,
             ceiling_tenge, repricing_enabled, stock, availabilities, availabilities_read_at, created_at,
             updated_at)
           select (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0') || '7'
             || substr(md5(random()::text), 1, 19))::uuid, stores.id, 'offer-' || n, 'sku-' || n, (200000000 + n)::text,
             'Наушники беспроводные Demo A' || n || ' чёрные', 'Demo', 'Headphones', 9000, 12000, true, 5,
             '[{"storeId": "30000001_PP1", "available": true, "stockCount": 3, "preOrder": 0},
               {"storeId": "30000001_PP2", "available": true, "stockCount": 2, "preOrder": 0}]', now(), now(), now()
           from stores, generate_series(1, $1) as n order by stores.id, n"#,
    )
    .bind::<sql_types::BigInt, _>(i64::try_from(settings.products / settings.stores)?)
    .execute(conn)?;
    conn.batch_execute(
        "insert into product_prices (product_id, city_id, price_tenge, opening_price_tenge, opening_date, read_at)
         select id, '750000000', 9910, 9910, current_date, now() from products",
    )?;
    Ok(())
}

/// So many of each store's products are due, a hundred at a time as they were decided together, at another time for
/// each store; the others are due in an hour at the earliest.
fn due_again(conn: &mut PgConnection, share: u64) -> Result<()> {
    diesel::sql_query(
        "update product_checks due set claimed_until = null, next_check_at = case
           when substr(p.sku, 5)::int <= each.count / $1 then now() - interval '1 hour'
           else now() + interval '1 hour' end
           + (('x' || right(p.store_id::text, 3))::bit(12)::int + substr(p.sku, 5)::int / 100) * interval '100 ms'
         from products p, (select max(substr(sku, 5)::int) as count from products) each where p.id = due.product_id",
    )
    .bind::<sql_types::Integer, _>(i32::try_from(share)?)
    .execute(conn)?;
    conn.batch_execute("vacuum analyze")?;
    conn.batch_execute("checkpoint")?;
    Ok(())
}

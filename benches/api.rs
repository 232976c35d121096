//! Benchmark of the JSON API's reads: the program's own server over a real PostgreSQL with long lists, asked by 1, 16
//! and 64 clients that keep their connection, all on the same machine. Beside it the statements of the first page under
//! `pgbench`, without the program. `cargo bench --bench api -- --small 50000 --large 500000 --seconds 5`
#![expect(
    clippy::print_stdout,
    clippy::float_arithmetic,
    reason = "a benchmark prints its figures and stops at what is not as it must be"
)]

mod support;

use std::{path::Path, process::Command, time::Duration};

use anyhow::{Context, Result, ensure};
use diesel::{Connection, PgConnection, RunQueryDsl, sql_types};
use kaspi_panel::{app::api_tokens::create_api_token, domain::Actor, os::Cluster};
use secrecy::ExposeSecret;

use support::{STORES, Stocked, arguments, serve};

/// Clients at once.
const CLIENTS: [u64; 3] = [1, 16, 64];

#[tokio::main]
async fn main() -> Result<()> {
    let (mut small, mut large, mut seconds) = (50_000, 500_000, 5);
    arguments(&mut [
        ("--small", &mut small),
        ("--large", &mut large),
        ("--seconds", &mut seconds),
    ])?;
    let time = Duration::from_secs(seconds);
    println!(
        "| products | request | clients | requests/s | p50 | p95 | p99 | CPU of a request, ms: program | PostgreSQL |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for products in [small, large] {
        let stocked = Stocked::new(products).await?;
        let cluster = &stocked.cluster;
        let (_, key) =
            create_api_token(&stocked.services, &Actor::system(), "bench@example.kz", "bench").await?;
        let key = format!("Token {}", key.expose_secret());
        let (server, panel) = serve(cluster, stocked.files.path()).await?;
        for (name, path) in requests(&mut PgConnection::establish(&cluster.url())?, products)? {
            let address = format!("{panel}{path}");
            for clients in CLIENTS {
                let asked = (address.as_str(), ("authorization", key.as_str()));
                let cells = stocked.measure(&server, asked, clients, time).await?;
                println!("| {products} | {name} | {clients} | {cells} |");
            }
        }
        server.stop(Duration::from_secs(30))?;
        pgbench(cluster, stocked.files.path(), products, time)?;
    }
    Ok(())
}

/// What is asked for.
fn requests(conn: &mut PgConnection, products: u64) -> Result<Vec<(&'static str, String)>> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::Text)]
        id: String,
    }
    let row: Row = diesel::sql_query("select id::text from products limit 1").get_result(conn)?;
    let list = "/api/v1/products/";
    Ok(vec![
        ("first page", list.to_owned()),
        ("last page", format!("{list}?page=last")),
        ("page in the middle", format!("{list}?page={}", products / 100)),
        (
            "common word",
            format!("{list}?search=%D1%87%D0%B0%D0%B9%D0%BD%D0%B8%D0%BA"),
        ),
        (
            "rare word",
            format!("{list}?search=sku-{}", products / STORES.unsigned_abs()),
        ),
        ("cheapest first", format!("{list}?ordering=price")),
        ("one product", format!("{list}{}/", row.id)),
        ("stores", "/api/v1/kaspi/stores/".to_owned()),
    ])
}

/// The statements of the first page alone, as `pgbench` runs them.
fn pgbench(cluster: &Cluster, folder: &Path, products: u64, time: Duration) -> Result<()> {
    let script = folder.join("first_page.sql");
    std::fs::write(&script, FIRST_PAGE)?;
    // As many as the database admits without a pool before it.
    for clients in [1, 16] {
        let output = Command::new("pgbench")
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .arg(format!("--client={clients}"))
            .arg(format!("--time={}", time.as_secs()))
            .arg("--file")
            .arg(&script)
            .arg(cluster.url())
            .output()
            .context("pgbench")?;
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "pgbench: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let value = |name: &str| {
            told.lines()
                .find_map(|line| line.strip_prefix(name))
                .and_then(|rest| rest.split_whitespace().next())
                .map(str::to_owned)
                .unwrap_or_default()
        };
        println!(
            "| {products} | statements of the first page under pgbench | {clients} | {} | mean {} ms | | | |",
            value("tps = "),
            value("latency average = ")
        );
    }
    Ok(())
}

const FIRST_PAGE: &str = "\
begin read only;
select u.id from api_tokens t join users u on u.id = t.user_id where t.key_hash = '\\x00' and u.active;
select store_id, version, products from store_catalogues
 where store_id in (select id from stores where owner_id in (select id from users)) order by store_id;
select p.*, price.*, checks.last_check_at from (
  select id from (
    select found.* from stores cross join lateral (select products.id, created_at as sorted_by from products
      where products.store_id = stores.id order by created_at desc, products.id desc limit 50) found) found
  order by sorted_by desc, id desc limit 50) page
 join products p on p.id = page.id join stores s on s.id = p.store_id
 left join product_prices price on price.product_id = p.id and price.city_id = s.main_city_id
 left join product_checks checks on checks.product_id = p.id;
commit;
";

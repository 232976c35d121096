//! What the benchmarks of answers share: a database with a seller's long catalogue, and the program's own server over it.

use std::{
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use diesel::{PgConnection, RunQueryDsl, connection::SimpleConnection, sql_types};
use kaspi_panel::os::{ChildProcess, Cluster};
use reqwest::Client;

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody who asks.
pub fn client() -> Result<Client> {
    Ok(Client::builder().timeout(PATIENCE).build()?)
}

/// A seller with so many products over so many stores; one name in five has the common word.
pub fn stock(conn: &mut PgConnection, products: u64, stores: i64) -> Result<()> {
    conn.batch_execute(
        "insert into users (id, external_id, email, password_hash, role, created_at, updated_at)
         values (gen_random_uuid(), 'bench', 'bench@example.kz', '', 'manager', now(), now())",
    )?;
    diesel::sql_query(
        "insert into stores (id, owner_id, merchant_id, name, api_key, created_at, updated_at)
         select gen_random_uuid(), users.id, n, 'Bench ' || n, '', now(), now()
         from users, generate_series(30000001, 30000000 + $1) n",
    )
    .bind::<sql_types::BigInt, _>(stores)
    .execute(conn)?;
    diesel::sql_query(
        r#"insert into products (id, store_id, kaspi_product_id, sku, card_id, name, brand, category, floor_tenge,
             ceiling_tenge, stock, availabilities, availabilities_read_at, created_at, updated_at)
           select gen_random_uuid(), stores.id, 'offer-' || n, 'sku-' || n, (200000000 + n)::text,
             (array['Чайник', 'Утюг', 'Фен', 'Блендер', 'Наушники'])[1 + n % 5] || ' беспроводные Demo A' || n || ' чёрные',
             'Demo', 'Headphones', 9000, 12000, 5,
             '[{"storeId": "30000001_PP1", "available": true, "stockCount": 3, "preOrder": 0}]', now(),
             now() - n * interval '1 second', now()
           from stores, generate_series(1, $1) as n"#,
    )
    .bind::<sql_types::BigInt, _>(i64::try_from(products)? / stores)
    .execute(conn)?;
    conn.batch_execute(
        "insert into product_prices (product_id, city_id, price_tenge, opening_price_tenge, opening_date, read_at)
         select id, '750000000', 1000 + right(sku, 3)::int, 1000, current_date, now() from products
         where right(sku, 3) ~ '^[0-9]{3}$'",
    )?;
    conn.batch_execute("vacuum analyze")?;
    conn.batch_execute("checkpoint")?;
    Ok(())
}

/// The program's own server, without limits for each key.
pub async fn serve(cluster: &Cluster, folder: &Path) -> Result<(ChildProcess, String)> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaspi-panel"));
    command
        .arg("serve")
        .env("DATABASE_URL", cluster.url())
        .env("KASPI_PANEL_DATA_DIR", folder)
        .env("KASPI_PANEL_BIND", format!("127.0.0.1:{port}"))
        .env("KASPI_PANEL_API_PER_MINUTE", "1000000000")
        .env("RUST_LOG", "error")
        .stdin(Stdio::null());
    let server = ChildProcess::spawn(command)?;
    let panel = format!("http://127.0.0.1:{port}");
    let (client, end) = (client()?, Instant::now() + Duration::from_secs(30));
    loop {
        let ready = client.get(format!("{panel}/health/ready")).send().await;
        if ready.is_ok_and(|answer| answer.status().is_success()) {
            return Ok((server, panel));
        }
        ensure!(Instant::now() < end, "the server is not ready");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

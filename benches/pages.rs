//! Benchmark of the pages of a store with a long catalogue: the program's own server over a real PostgreSQL, asked by
//! sellers who are signed in, all on the same machine. `cargo bench --bench pages -- --products 50000 --clients 4`
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod stocked;
mod support;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use diesel::{Connection, PgConnection};
use kaspi_panel::{
    app::user_accounts::set_password,
    config::Config,
    domain::Actor,
    os::{Cluster, ClusterOptions},
    secrets::Secret,
    services::Services,
};
use reqwest::{Client, Response, redirect::Policy};

use stocked::{serve, stock};
use support::{arguments, no_market, percentile};

const EMAIL: &str = "bench@example.kz";
const PASSWORD: &str = "a-long-word-for-benches";

/// What a seller looks at: a name, and the address with its query.
const PAGES: &[(&str, &str)] = &[
    ("overview", "/"),
    ("list", "/products"),
    ("list, 100 rows", "/products?size=100"),
    ("list, page 400", "/products?page=400"),
    ("list by price", "/products?sort=price"),
    (
        "search, common word",
        "/products?q=%D1%87%D0%B0%D0%B9%D0%BD%D0%B8%D0%BA",
    ),
    ("search, rare word", "/products?q=sku-4242"),
    ("filter by category", "/products?category=Headphones"),
    ("filter: without a floor", "/products?view=no-floor"),
    ("filter: no stock", "/products?view=no-stock"),
    ("command box", "/search?q=%D1%87%D0%B0%D0%B9%D0%BD%D0%B8%D0%BA"),
];

#[tokio::main]
async fn main() -> Result<()> {
    let (mut products, mut clients, mut rounds) = (50_000, 4, 50);
    arguments(&mut [
        ("--products", &mut products),
        ("--clients", &mut clients),
        ("--rounds", &mut rounds),
    ])?;
    let files = tempfile::TempDir::new()?;
    let cluster = Cluster::start(&ClusterOptions::new(files.path().join("cluster")))?;
    let url = Secret::from(cluster.url());
    kaspi_panel::store::migrate::run(&url).context("migrations")?;
    kaspi_panel::queue::migrate(&url).await?;
    stock(&mut PgConnection::establish(&cluster.url())?, products, 1)?;
    let services = Services::new(
        Config::for_tests(files.path().to_owned(), &cluster.url(), no_market()?),
        &url,
    )?;
    set_password(&services, &Actor::system(), EMAIL, Secret::from(PASSWORD)).await?;
    let (server, panel) = serve(&cluster, files.path()).await?;
    let seller = sign_in(&panel).await?;

    println!("| {products} products, {clients} sellers at once | p50 | p95 | most | bytes |");
    println!("| --- | --- | --- | --- | --- |");
    for (name, path) in PAGES {
        let address = format!("{panel}{path}");
        tell(name, look(&seller, &address, clients, 2).await?.0, 0);
        let (times, bytes) = look(&seller, &address, clients, rounds).await?;
        tell(name, times, bytes);
    }
    let (times, bytes) = choose(&seller, &panel, rounds.min(20)).await?;
    tell("all that a search found, chosen for a rule", times, bytes);
    server.stop(Duration::from_secs(30))?;
    Ok(())
}

/// One line of the table; without bytes nothing, because caches were cold.
fn tell(name: &str, times: Vec<Duration>, bytes: usize) {
    if bytes > 0 {
        println!(
            "| {name} | {:.1} ms | {:.1} ms | {:.1} ms | {bytes} |",
            percentile(&times, 50),
            percentile(&times, 95),
            percentile(&times, 100)
        );
    }
}

/// Somebody who is signed in, by the page of the login.
async fn sign_in(panel: &str) -> Result<Client> {
    let client = Client::builder()
        .cookie_store(true)
        .redirect(Policy::none())
        .timeout(Duration::from_secs(60))
        .build()?;
    let form = [
        ("csrf_token", token(&client, &format!("{panel}/login")).await?),
        ("email", EMAIL.to_owned()),
        ("password", PASSWORD.to_owned()),
    ];
    let answer = send(&client, &format!("{panel}/login"), &form).await?;
    ensure!(
        answer.status().as_u16() == 303,
        "not signed in: {}",
        answer.status()
    );
    Ok(client)
}

/// Sends a form as a browser writes it.
async fn send<S: AsRef<str>>(client: &Client, address: &str, form: &[(&str, S)]) -> Result<Response> {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let request = client
        .post(address)
        .header("content-type", "application/x-www-form-urlencoded");
    Ok(request.body(body).send().await?)
}

/// The token of the forms of a page.
async fn token(client: &Client, address: &str) -> Result<String> {
    let page = client.get(address).send().await?.text().await?;
    let (_, rest) = page
        .split_once("name=\"csrf_token\" value=\"")
        .context("a form with a token")?;
    Ok(rest.split('"').next().unwrap_or_default().to_owned())
}

/// So many sellers look so often; the time of each answer, and its size.
async fn look(seller: &Client, address: &str, clients: u64, rounds: u64) -> Result<(Vec<Duration>, usize)> {
    let looking: Vec<_> = (0..clients)
        .map(|_| {
            let (seller, address) = (seller.clone(), address.to_owned());
            tokio::spawn(async move {
                let (mut times, mut bytes) = (Vec::new(), 0);
                for _ in 0..rounds {
                    let start = Instant::now();
                    let answer = seller.get(&address).send().await?;
                    let status = answer.status();
                    bytes = answer.bytes().await?.len();
                    times.push(start.elapsed());
                    ensure!(status.is_success() && bytes > 1_000, "{status} for {address}");
                }
                Ok((times, bytes))
            })
        })
        .collect();
    let (mut all, mut size) = (Vec::new(), 0);
    for task in looking {
        let (times, bytes) = task.await??;
        all.extend(times);
        size = bytes;
    }
    Ok((all, size))
}

/// All that a search found goes into the first step of a rule; nothing is changed.
async fn choose(seller: &Client, panel: &str, rounds: u64) -> Result<(Vec<Duration>, usize)> {
    let token = token(seller, &format!("{panel}/products?q=sku-424")).await?;
    let form = [("csrf_token", token.as_str()), ("of", "found"), ("q", "sku-424")];
    let (mut times, mut bytes) = (Vec::new(), 0);
    for _ in 0..rounds {
        let start = Instant::now();
        let answer = send(seller, &format!("{panel}/rules/chosen"), &form).await?;
        let status = answer.status();
        bytes = answer.bytes().await?.len();
        times.push(start.elapsed());
        ensure!(status.is_success(), "{status}");
    }
    Ok((times, bytes))
}

//! Benchmark of pages over a long catalogue: those of a seller and the lists of the administration area; the program's own
//! server over a real PostgreSQL, asked by 1 and 16 clients that are signed in and keep their connection, all on the same
//! machine. `cargo bench --bench pages -- --small 50000 --large 500000 --seconds 5`
#![expect(
    clippy::print_stdout,
    clippy::float_arithmetic,
    reason = "a benchmark prints its figures and stops at what is not as it must be"
)]

mod support;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use kaspi_panel::{
    app::user_accounts::{NewUser, create_user, set_password},
    domain::{Actor, Role},
    os::ChildProcess,
    secrets::Secret,
};
use reqwest::{
    cookie::{CookieStore, Jar},
    redirect::Policy,
};
use url::Url;

use support::{STORES, Stocked, arguments, percentile, serve};

/// Clients at once.
const CLIENTS: [u64; 2] = [1, 16];
/// Whose goods they are, and who administers.
const SELLER: &str = "bench@example.kz";
const ADMIN: &str = "root@example.kz";
const PASSWORD: &str = "correct horse battery";
/// A word of one name in five.
const WORD: &str = "%D1%87%D0%B0%D0%B9%D0%BD%D0%B8%D0%BA";
/// Selections of a run.
const SELECTIONS: usize = 20;

#[tokio::main]
async fn main() -> Result<()> {
    let (mut small, mut large, mut seconds) = (50_000, 500_000, 5);
    arguments(&mut [
        ("--small", &mut small),
        ("--large", &mut large),
        ("--seconds", &mut seconds),
    ])?;
    println!(
        "| products | page | clients | pages/s | p50 | p95 | p99 | CPU of a page, ms: program | PostgreSQL | KiB |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let time = Duration::from_secs(seconds);
    over(small, time, true).await?;
    over(large, time, false).await
}

/// Pages over so many products: no seller has half a million.
async fn over(products: u64, time: Duration, as_seller: bool) -> Result<()> {
    let stocked = Stocked::new(products).await?;
    let (services, system) = (&stocked.services, Actor::system());
    set_password(services, &system, SELLER, Secret::from(PASSWORD)).await?;
    let admin = NewUser {
        email: ADMIN.to_owned(),
        name: String::new(),
        role: Role::Admin,
        password: Secret::from(PASSWORD),
    };
    create_user(services, &system, admin).await?;
    let (server, panel) = serve(&stocked.cluster, stocked.files.path()).await?;
    let panel = Url::parse(&panel)?;
    let seller = sign_in(&panel, SELLER).await?;
    for (who, cookie, pages) in [
        (
            "seller",
            &seller,
            if as_seller {
                of_seller(products)
            } else {
                Vec::new()
            },
        ),
        (
            "administration",
            &sign_in(&panel, ADMIN).await?,
            of_admin(products),
        ),
    ] {
        for (name, path) in pages {
            let address = panel.join(&path)?;
            let size = page_size(&address, cookie).await?;
            let name = format!("{who}: {name}");
            measure(
                (&stocked, &server),
                (&name, products, size),
                (&address, cookie),
                time,
            )
            .await?;
        }
    }
    let times = select(&panel, &seller).await?;
    let at = |percent| percentile(&times, percent);
    println!(
        "| {products} | seller: a search's products go into a rule | 1 | | {:.2} ms | {:.2} ms | {:.2} ms | | | |",
        at(50),
        at(95),
        at(99)
    );
    server.stop(Duration::from_secs(30))?;
    Ok(())
}

/// A line for each number of clients.
async fn measure(
    (stocked, server): (&Stocked, &ChildProcess),
    (name, products, size): (&str, u64, usize),
    (address, cookie): (&Url, &str),
    time: Duration,
) -> Result<()> {
    for clients in CLIENTS {
        let header = ("cookie", cookie);
        let cells = stocked
            .measure(server, (address.as_str(), header), clients, time)
            .await?;
        println!("| {products} | {name} | {clients} | {cells} | {} |", size / 1024);
    }
    Ok(())
}

/// What a seller looks at.
fn of_seller(products: u64) -> Vec<(&'static str, String)> {
    let far = products / 100 - 10;
    vec![
        ("overview", "/".to_owned()),
        ("list", "/products".to_owned()),
        ("list, 100 rows", "/products?size=100".to_owned()),
        ("list, far down", format!("/products?page={far}")),
        ("list by price", "/products?sort=price".to_owned()),
        ("common word", format!("/products?q={WORD}")),
        ("rare word", "/products?q=sku-4242".to_owned()),
        ("one category", "/products?category=Headphones".to_owned()),
        ("without stock", "/products?view=no-stock".to_owned()),
        ("command box", format!("/search?q={WORD}")),
    ]
}

/// What an administrator looks at, a hundred rows a page.
fn of_admin(products: u64) -> Vec<(&'static str, String)> {
    let list = |query: String| format!("/admin/products/?n=100{query}");
    let last = products / STORES.unsigned_abs();
    vec![
        ("plain", list(String::new())),
        ("common word", list(format!("&q={WORD}"))),
        ("rare word", list(format!("&q=sku-{last}"))),
        (
            "two filters",
            list("&repricing_enabled=no&archived=no".to_owned()),
        ),
    ]
}

/// The cookies of somebody who signed in as people do.
async fn sign_in(panel: &Url, email: &str) -> Result<String> {
    let jar = Arc::new(Jar::default());
    let client = reqwest::Client::builder()
        .cookie_provider(jar.clone())
        .redirect(Policy::none())
        .build()?;
    let login = panel.join("/login")?;
    let form = client.get(login.clone()).send().await?.text().await?;
    let fields = [
        ("csrf_token", token(&form)?),
        ("email", email),
        ("password", PASSWORD),
    ];
    let answer = post(&client, login, &fields, None).await?;
    ensure!(
        answer.status().is_redirection(),
        "not signed in: {}",
        answer.status()
    );
    let cookies = jar.cookies(panel).context("no cookies")?;
    Ok(cookies.to_str()?.to_owned())
}

/// The token of the forms of a page.
fn token(page: &str) -> Result<&str> {
    let (_, rest) = page
        .split_once("name=\"csrf_token\" value=\"")
        .context("no token in the form")?;
    Ok(rest.split('"').next().unwrap_or_default())
}

/// Sends a form as a browser writes it; without cookies those of the client go with it.
async fn post(
    client: &reqwest::Client,
    address: Url,
    fields: &[(&str, &str)],
    cookie: Option<&str>,
) -> Result<reqwest::Response> {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let mut request = client
        .post(address)
        .header("content-type", "application/x-www-form-urlencoded");
    if let Some(cookie) = cookie {
        request = request.header("cookie", cookie);
    }
    Ok(request.body(body).send().await?)
}

/// Bytes of the page, which must be one with figures or rows.
async fn page_size(address: &Url, cookie: &str) -> Result<usize> {
    let client = support::client()?;
    let answer = client
        .get(address.clone())
        .header("cookie", cookie)
        .send()
        .await?;
    ensure!(answer.status().is_success(), "{} at {address}", answer.status());
    Ok(answer.bytes().await?.len())
}

/// All that a search found goes into the first step of a rule; nothing is changed.
async fn select(panel: &Url, cookie: &str) -> Result<Vec<Duration>> {
    let client = support::client()?;
    let list = panel.join("/products?q=sku-424")?;
    let page = client
        .get(list)
        .header("cookie", cookie)
        .send()
        .await?
        .text()
        .await?;
    let fields = [("csrf_token", token(&page)?), ("of", "found"), ("q", "sku-424")];
    let mut times = Vec::new();
    for _ in 0..SELECTIONS {
        let start = Instant::now();
        let answer = post(&client, panel.join("/rules/chosen")?, &fields, Some(cookie)).await?;
        ensure!(answer.status().is_success(), "{}", answer.status());
        answer.bytes().await?;
        times.push(start.elapsed());
    }
    Ok(times)
}

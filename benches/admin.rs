//! Benchmark of the administration area: the list of products, a hundred rows a page, as it opens, with a search and with
//! two filters; the program's own server over a real PostgreSQL, asked by 1 and 16 clients that are signed in and keep
//! their connection, all on the same machine. `cargo bench --bench admin -- --small 50000 --large 500000 --seconds 5`
#![expect(
    clippy::print_stdout,
    clippy::float_arithmetic,
    reason = "a benchmark prints its figures and stops at what is not as it must be"
)]

mod support;

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use kaspi_panel::{
    app::user_accounts::{NewUser, create_user},
    domain::{Actor, Role},
    secrets::Secret,
};
use reqwest::{
    cookie::{CookieStore, Jar},
    redirect::Policy,
};
use url::Url;

use support::{STORES, Stocked, arguments, serve};

/// Clients at once.
const CLIENTS: [u64; 2] = [1, 16];
/// Who asks.
const EMAIL: &str = "root@example.kz";
const PASSWORD: &str = "correct horse battery";

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
        "| products | list of the administration area | clients | pages/s | p50 | p99 | CPU of a page, ms: program | PostgreSQL | KiB |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for products in [small, large] {
        let stocked = Stocked::new(products).await?;
        let root = NewUser {
            email: EMAIL.to_owned(),
            name: String::new(),
            role: Role::Admin,
            password: Secret::from(PASSWORD),
        };
        create_user(&stocked.services, &Actor::system(), root).await?;
        let (server, panel) = serve(&stocked.cluster, stocked.files.path()).await?;
        let cookie = sign_in(&Url::parse(&panel)?).await?;
        let header = ("cookie", cookie.as_str());
        for (name, query) in lists(products) {
            let address = format!("{panel}/admin/products/?n=100{query}");
            let size = page_size(&address, &cookie).await?;
            for clients in CLIENTS {
                let cells = stocked
                    .measure(&server, (&address, header), clients, time)
                    .await?;
                println!("| {products} | {name} | {clients} | {cells} | {} |", size / 1024);
            }
        }
        server.stop(Duration::from_secs(30))?;
    }
    Ok(())
}

/// The lists that are looked at.
fn lists(products: u64) -> [(&'static str, String); 4] {
    [
        ("plain", String::new()),
        (
            "common word",
            "&q=%D1%87%D0%B0%D0%B9%D0%BD%D0%B8%D0%BA".to_owned(),
        ),
        (
            "rare word",
            format!("&q=sku-{}", products / STORES.unsigned_abs()),
        ),
        ("two filters", "&repricing_enabled=no&archived=no".to_owned()),
    ]
}

/// The cookies of somebody who signed in as people do.
async fn sign_in(panel: &Url) -> Result<String> {
    let jar = Arc::new(Jar::default());
    let client = reqwest::Client::builder()
        .cookie_provider(jar.clone())
        .redirect(Policy::none())
        .build()?;
    let login = panel.join("/login")?;
    let form = client.get(login.clone()).send().await?.text().await?;
    let token = form
        .split_once("name=\"csrf_token\" value=\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .context("no token in the form")?;
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("csrf_token", token.0), ("email", EMAIL), ("password", PASSWORD)])
        .finish();
    let answer = client
        .post(login)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await?;
    ensure!(
        answer.status().is_redirection(),
        "not signed in: {}",
        answer.status()
    );
    let cookies = jar.cookies(panel).context("no cookies")?;
    Ok(cookies.to_str()?.to_owned())
}

/// Bytes of the page, which must be a list.
async fn page_size(address: &str, cookie: &str) -> Result<usize> {
    let answer = support::client()?
        .get(address)
        .header("cookie", cookie)
        .send()
        .await?;
    let page = answer.text().await?;
    ensure!(page.contains("rowheader"), "no list at {address}");
    Ok(page.len())
}

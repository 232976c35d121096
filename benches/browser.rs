//! Benchmark of what a seller feels: how soon the largest part of a page is painted on a first visit, how soon the browser
//! answers a click, and how soon what was asked for stands in the page; Chromium with its processor slowed down, the
//! program's own server and PostgreSQL on the same machine.
//! `cargo bench --bench browser -- --goods 1000 --slower 4 --visits 10`
#![expect(
    clippy::print_stdout,
    clippy::float_arithmetic,
    reason = "a benchmark prints its figures and stops at what is not as it must be"
)]

mod support;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kaspi_panel::{
    app::user_accounts::set_password,
    domain::Actor,
    os::{BrowserOptions, ChromeDriver},
    secrets::Secret,
};
use serde::Deserialize;
use serde_json::{Value, json};
use thirtyfour::{By, WebDriver, prelude::ElementQueryable};

use support::{Stocked, arguments, serve, spread};

const SELLER: &str = "bench@example.kz";
const PASSWORD: &str = "correct horse battery";
/// What is waited for comes within this.
const WAIT: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Kept in every page from its first moment: when the largest part was painted, how long the browser took to show that it heard
/// a click, and when what htmx brought was painted after it. The browser tells no click that took less than 16 ms.
const WATCH: &str = r##"
window.felt = { painted: 0, heard: 0, answered: 0 };
let clicked = 0;
addEventListener("pointerdown", () => { clicked = performance.now(); felt.heard = felt.answered = 0; }, true);
addEventListener("htmx:afterSettle", (event) => {
  if (!event.target.closest?.("#found")) return;
  requestAnimationFrame(() => setTimeout(() => { felt.answered ||= performance.now() - clicked; }));
});
new PerformanceObserver((list) => { for (const entry of list.getEntries()) felt.painted = entry.startTime; }).observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (entry.interactionId) felt.heard = Math.max(felt.heard, entry.duration); }).observe({ type: "event", durationThreshold: 16, buffered: true });
"##;

/// The figures, when two frames have been drawn and what was observed was told.
const FELT: &str = "const done = arguments[arguments.length - 1]; requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(window.felt), 100)));";

/// Milliseconds.
#[derive(Debug, Deserialize)]
struct Felt {
    painted: f64,
    heard: f64,
    answered: f64,
}

/// Pages of a first visit.
const PAGES: [(&str, &str); 5] = [
    ("overview", "/"),
    ("products", "/products"),
    ("products, 100 rows", "/products?size=100"),
    ("rules", "/rules"),
    ("log", "/log"),
];

/// Clicks on a page of 100 products: what is clicked, and what must be there then.
const CLICKS: [(&str, &str, &str); 4] = [
    (
        "a product is chosen",
        "#found tbody .pick label",
        "#pick output:not(:empty)",
    ),
    (
        "why this price",
        "#found .why-here > summary",
        "#found .why-here[open] > div > :not(a)",
    ),
    ("limits are edited", "#found a.cell-limits", "tr.editing input"),
    ("command box", "[data-dialog=box]", "dialog#box[open]"),
];

#[tokio::main]
async fn main() -> Result<()> {
    let (mut goods, mut slower, mut visits) = (1_000, 4, 10);
    arguments(&mut [
        ("--goods", &mut goods),
        ("--slower", &mut slower),
        ("--visits", &mut visits),
    ])?;
    let stocked = Stocked::new(goods).await?;
    set_password(
        &stocked.services,
        &Actor::system(),
        SELLER,
        Secret::from(PASSWORD),
    )
    .await?;
    let (server, panel) = serve(&stocked.cluster, stocked.files.path()).await?;
    let driver = ChromeDriver::start(&BrowserOptions::default())?;
    let tab = WebDriver::new(driver.url(), driver.capabilities()?).await?;
    let person = Person { tab: &tab, panel };
    let outcome = person.all(slower, visits).await;
    tab.quit().await?;
    server.stop(Duration::from_secs(30))?;
    outcome
}

/// Somebody before the browser.
struct Person<'a> {
    tab: &'a WebDriver,
    panel: String,
}

impl Person<'_> {
    async fn all(&self, slower: u64, visits: u64) -> Result<()> {
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": false }),
        )
        .await?;
        self.open("/login").await?;
        self.tab.find(By::Id("email")).await?.send_keys(SELLER).await?;
        self.tab
            .find(By::Id("password"))
            .await?
            .send_keys(PASSWORD)
            .await?;
        self.click("form[action='/login'] button[type=submit]").await?;
        self.wait_for("nav").await?;
        self.cdp(
            "Page.addScriptToEvaluateOnNewDocument",
            json!({ "source": WATCH }),
        )
        .await?;
        self.cdp("Network.enable", json!({})).await?;
        self.cdp("Network.setCacheDisabled", json!({ "cacheDisabled": true }))
            .await?;
        self.cdp("Emulation.setCPUThrottlingRate", json!({ "rate": slower }))
            .await?;
        println!("| page, processor {slower} times slower, nothing kept | largest part painted, ms |");
        println!("| --- | --- |");
        for (name, path) in PAGES {
            let mut painted = Vec::new();
            for _ in 0..visits {
                self.open(path).await?;
                painted.push(self.felt().await?.painted);
            }
            ensure!(
                painted.iter().all(|time| *time > 0.0),
                "nothing was painted at {path}"
            );
            println!("| {name} | {} |", spread(painted.into_iter()));
        }
        println!(
            "\n| click, 100 products | the browser answers, ms (16: that or less) | it stands in the page, ms |"
        );
        println!("| --- | --- | --- |");
        for (name, click, comes) in CLICKS {
            let (mut heard, mut answered) = (Vec::new(), Vec::new());
            for _ in 0..visits {
                self.open("/products?size=100").await?;
                self.click(click).await?;
                self.wait_for(comes).await?;
                let felt = self.felt().await?;
                heard.push(felt.heard.max(16.0));
                answered.extend(Some(felt.answered).filter(|time| *time > 0.0));
            }
            let answered = if answered.is_empty() {
                String::new()
            } else {
                spread(answered.into_iter())
            };
            println!("| {name} | {} | {answered} |", spread(heard.into_iter()));
        }
        Ok(())
    }

    async fn felt(&self) -> Result<Felt> {
        Ok(self.tab.execute_async(FELT, Vec::new()).await?.convert()?)
    }

    async fn open(&self, path: &str) -> Result<()> {
        Ok(self.tab.goto(format!("{}{path}", self.panel)).await?)
    }

    async fn click(&self, css: &str) -> Result<()> {
        Ok(self.tab.find(By::Css(css)).await?.click().await?)
    }

    async fn wait_for(&self, css: &str) -> Result<()> {
        let found = self.tab.query(By::Css(css)).wait(WAIT, LOOK_EVERY).first().await;
        found.with_context(|| format!("{css} does not come"))?;
        Ok(())
    }

    async fn cdp(&self, command: &str, parameters: Value) -> Result<()> {
        self.tab.cdp().send_raw(command, parameters).await?;
        Ok(())
    }
}

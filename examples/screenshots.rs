//! Takes pictures of every page of a running panel, at 1280 and 375 pixels, light and dark:
//! `cargo run --example screenshots -- http://127.0.0.1:8080 admin@example.kz docs/screens < password`.

use std::{io::Read, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use kaspi_panel::os::{BrowserOptions, ChromeDriver};
use serde_json::json;
use thirtyfour::{By, WebDriver, prelude::ElementQueryable};

/// Widths in CSS pixels: a laptop and a telephone.
const WIDTHS: [u32; 2] = [1280, 375];

/// A telephone of the demo's accounts.
const PHONE: &str = "+77000000001";
/// A browser has to get to the login page first.
const CODE_WAIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Pages by address, with the name of their picture.
const PAGES: [(&str, &str); 17] = [
    ("dashboard", "/"),
    ("stores", "/stores"),
    ("connect", "/stores/new"),
    ("connect-phone", "/stores/new/phone"),
    ("products", "/products?view=auto&page=2"),
    ("rules", "/rules"),
    ("tariffs", "/tariffs"),
    ("tariff-changes", "/tariffs/changes"),
    ("alerts", "/alerts"),
    ("preorders", "/preorders"),
    ("jobs", "/jobs"),
    ("log", "/log"),
    ("stop", "/stop"),
    ("settings", "/settings"),
    ("brakes", "/settings/brakes"),
    ("admin", "/admin/"),
    ("admin-list", "/admin/products/"),
];

/// Pages of one thing: where a link to the first one stands, and the start of its address.
const DETAILS: [(&str, &str, &str); 4] = [
    ("store", "/stores", "/stores/0"),
    ("product", "/", "/products/0"),
    ("preorder", "/preorders", "/preorders/0"),
    ("admin-form", "/admin/products/", "/admin/products/0"),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = |name: &str| arguments.next().with_context(|| format!("the {name} is missing"));
    let panel = argument("panel's address")?;
    let email = argument("e-mail of a user")?;
    let folder = PathBuf::from(argument("folder for the pictures")?);
    let mut password = String::new();
    std::io::stdin().read_to_string(&mut password)?;
    std::fs::create_dir_all(&folder)?;

    let driver = ChromeDriver::start(&BrowserOptions::default())?;
    let tab = WebDriver::new(driver.url(), driver.capabilities()?).await?;
    let camera = Camera {
        tab: &tab,
        panel,
        folder,
    };
    let outcome = camera.all(&email, password.trim()).await;
    tab.quit().await?;
    outcome
}

struct Camera<'a> {
    tab: &'a WebDriver,
    panel: String,
    folder: PathBuf,
}

impl Camera<'_> {
    async fn all(&self, email: &str, password: &str) -> Result<()> {
        self.open("/login").await?;
        self.take("login").await?;
        self.tab.find(By::Id("email")).await?.send_keys(email).await?;
        self.tab
            .find(By::Id("password"))
            .await?
            .send_keys(password)
            .await?;
        self.tab
            .find(By::Css("form[action='/login'] button[type=submit]"))
            .await?
            .click()
            .await?;
        for (name, path) in PAGES {
            self.open(path).await?;
            self.take(name).await?;
        }
        for (name, list, start) in DETAILS {
            self.open(list).await?;
            let link = self.tab.find(By::Css(format!("main a[href^='{start}']"))).await;
            // A panel without such a thing has no page to show.
            let Ok(link) = link else { continue };
            let address = link.attr("href").await?.context("a link without address")?;
            self.open(&address).await?;
            self.take(name).await?;
        }
        self.ask_for_a_code().await?;
        self.take("connect-code").await?;
        self.open("/no-such-page").await?;
        self.take("not-found").await
    }

    /// Begins a login by telephone, up to the moment when a code is asked for.
    async fn ask_for_a_code(&self) -> Result<()> {
        self.open("/stores/new/phone").await?;
        self.tab.find(By::Id("phone")).await?.send_keys(PHONE).await?;
        let form = "form[action='/stores/new/phone'] button[type=submit].main";
        self.tab.find(By::Css(form)).await?.click().await?;
        self.tab
            .query(By::Id("code"))
            .wait(CODE_WAIT, LOOK_EVERY)
            .first()
            .await?;
        Ok(())
    }

    async fn open(&self, path: &str) -> Result<()> {
        let address = format!("{}{path}", self.panel.trim_end_matches('/'));
        Ok(self.tab.goto(address).await?)
    }

    /// The page as it is, in both widths and themes.
    async fn take(&self, name: &str) -> Result<()> {
        for theme in ["light", "dark"] {
            self.cdp(
                "Emulation.setEmulatedMedia",
                json!({ "features": [
                    { "name": "prefers-color-scheme", "value": theme },
                    { "name": "prefers-reduced-motion", "value": "reduce" },
                ]}),
            )
            .await?;
            for width in WIDTHS {
                self.cdp(
                    "Emulation.setDeviceMetricsOverride",
                    json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600 }),
                )
                .await?;
                let file = self.folder.join(format!("{name}-{width}-{theme}.png"));
                self.tab.screenshot(&file).await?;
            }
        }
        Ok(())
    }

    async fn cdp(&self, command: &str, parameters: serde_json::Value) -> Result<()> {
        self.tab.cdp().send_raw(command, parameters).await?;
        Ok(())
    }
}

//! Takes pictures of every page of a running panel and of what opens on them, at 1280, 768 and 375 pixels, light and dark:
//! `cargo run --example screenshots -- http://127.0.0.1:8080 admin@example.kz target/screens < password`.
//! Pages are those of the route table; where an address needs the key of something, the first link to such a thing is
//! followed.

use std::{collections::BTreeSet, io::Read, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use kaspi_panel::{
    os::{BrowserOptions, ChromeDriver},
    web::routes::{self, Kind, Route},
};
use serde_json::json;
use thirtyfour::{By, WebDriver, prelude::ElementQueryable};

/// Widths in CSS pixels: a laptop, a tablet and a telephone.
const WIDTHS: [u32; 3] = [1280, 768, 375];
/// No picture is higher.
const HIGHEST: u64 = 2400;

/// A telephone of the demo's accounts.
const PHONE: &str = "+77000000001";
/// A browser has to get to the login page first.
const CODE_WAIT: Duration = Duration::from_secs(60);
/// What opens on a page comes much sooner.
const WAIT: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Names of pictures that the address alone would not tell.
const NAMES: [(&str, &str); 8] = [
    ("/", "dashboard"),
    ("/stores/new", "connect"),
    ("/stores/{id}", "store"),
    ("/products/{id}", "product"),
    ("/preorders/{id}", "preorder"),
    ("/rules/{id}", "rule"),
    ("/admin/{model}/", "admin-list"),
    ("/admin/{model}/{id}/", "admin-form"),
];

/// What opens on a page: the name, the page, and what a person does, each with what is there then.
type State = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const EDIT: (&str, &str) = (
    "document.querySelector('#found a.cell-limits').click()",
    "tr.editing input",
);
const STATES: &[State] = &[
    ("products-edit", "/products?view=auto", &[EDIT]),
    (
        "products-edit-wrong",
        "/products?view=auto",
        &[
            EDIT,
            (
                "const row = document.querySelector('tr.editing'); row.querySelector('input[name=floor_tenge]').value = '12,5'; row.querySelector('button[type=submit]').click()",
                "tr.editing .err",
            ),
        ],
    ),
    (
        "products-why",
        "/products?view=auto",
        &[(
            "document.querySelector('#found .why-here > summary').click()",
            "#found .why-here[open] > div > p",
        )],
    ),
    (
        "products-chosen",
        "/products?view=auto",
        &[(
            "for (const box of [...document.querySelectorAll('#found tbody .pick input')].slice(0, 3)) box.click()",
            "#pick button",
        )],
    ),
    (
        "products-columns",
        "/products",
        &[(
            "document.querySelector('#own details > summary').click()",
            "#own details[open] input[type=checkbox]",
        )],
    ),
    ("products-none", "/products?q=nothing-like-it", &[]),
    ("search-none", "/search?q=nothing-like-it", &[]),
    (
        "command-box",
        "/products",
        &[(
            "document.querySelector('[data-dialog=box]').click()",
            "#box-found a",
        )],
    ),
    (
        "keys-help",
        "/products",
        &[(
            "document.querySelector('[data-dialog=keys-help]').click()",
            "#keys-help kbd",
        )],
    ),
    (
        "user-menu",
        "/stores",
        &[(
            "document.getElementById('user-menu').showPopover()",
            "#user-menu a",
        )],
    ),
    (
        "request-failed",
        "/products",
        &[(
            "document.dispatchEvent(new CustomEvent('panel:say', { detail: document.body.dataset.offline }))",
            "#request-error",
        )],
    ),
    (
        "connect-email-wrong",
        "/stores/new/email",
        &[(
            "document.querySelector('main form').requestSubmit()",
            "main [aria-invalid=true]",
        )],
    ),
    (
        "rule-wrong",
        "/rules/new",
        &[
            (
                "document.querySelector('form[action=\"/rules/new\"]').requestSubmit()",
                "form.card #name",
            ),
            (
                "document.querySelector('form.card').requestSubmit()",
                "main [aria-invalid=true]",
            ),
        ],
    ),
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
    let mut capabilities = driver.capabilities()?;
    thirtyfour::ChromiumLikeCapabilities::add_arg(&mut capabilities, "--hide-scrollbars")?;
    let tab = WebDriver::new(driver.url(), capabilities).await?;
    let camera = Camera {
        tab: &tab,
        panel: panel.trim_end_matches('/').to_owned(),
        folder,
    };
    let outcome = camera.all(&email, password.trim()).await;
    tab.quit().await?;
    outcome
}

/// The route that answers a path, as the table is tried.
fn route_of(path: &str) -> Option<&'static Route> {
    let parts: Vec<&str> = path.split('/').collect();
    pages().find(|route| {
        let pattern: Vec<&str> = route.path.split('/').collect();
        let fits = |(pattern, part): (&&str, &&str)| {
            pattern == part || (pattern.starts_with('{') && !part.is_empty())
        };
        pattern.len() == parts.len() && pattern.iter().zip(&parts).all(fits)
    })
}

/// All that answers with a page.
fn pages() -> impl Iterator<Item = &'static Route> {
    routes::all().filter(|route| route.method == "GET" && matches!(route.kind, Kind::Page | Kind::Fragment))
}

/// The name of a page's pictures.
fn name_of(route: &Route) -> String {
    if let Some((_, name)) = NAMES.iter().find(|(path, _)| *path == route.path) {
        return (*name).to_owned();
    }
    let words: Vec<String> = route
        .path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(|part| part.replace(['{', '}'], ""))
        .collect();
    words.join("-")
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
        self.click("form[action='/login'] button[type=submit]").await?;
        self.pages().await?;
        for (name, page, steps) in STATES {
            self.open(page).await?;
            for (script, ready) in *steps {
                self.tab.execute(*script, Vec::new()).await?;
                self.wait_for(ready, WAIT).await?;
            }
            self.take(name).await?;
        }
        self.ask_for_a_code().await?;
        self.take("connect-code").await?;
        self.open("/no-such-page").await?;
        self.take("not-found").await
    }

    /// Every page that needs no key, and what their links lead to.
    async fn pages(&self) -> Result<()> {
        let mut waiting: Vec<String> = pages()
            .filter(|route| !route.path.contains('{') && !route.path.starts_with("/login"))
            .map(|route| route.path.to_owned())
            .collect();
        waiting.reverse();
        let mut seen = BTreeSet::new();
        while let Some(address) = waiting.pop() {
            let path = address.split(['?', '#']).next().unwrap_or_default();
            let Some(route) = route_of(path) else { continue };
            if !seen.insert(route.path) {
                continue;
            }
            self.open(&address).await?;
            // Files are no pages, and some addresses lead elsewhere.
            let is_page = self.tab.find(By::Css("body[data-keys]")).await.is_ok();
            let here = self.tab.current_url().await?;
            if !is_page || here.path() != path {
                continue;
            }
            self.take(&name_of(route)).await?;
            let links = "return [...document.querySelectorAll('a[href^=\"/\"]')].map((link) => link.getAttribute('href'))";
            let links: Vec<String> = self.tab.execute(links, Vec::new()).await?.convert()?;
            waiting.extend(links.into_iter().rev());
        }
        Ok(())
    }

    /// Begins a login by telephone, up to the moment when a code is asked for.
    async fn ask_for_a_code(&self) -> Result<()> {
        self.open("/stores/new/phone").await?;
        self.tab.find(By::Id("phone")).await?.send_keys(PHONE).await?;
        self.click("form[action='/stores/new/phone'] button[type=submit].main")
            .await?;
        self.wait_for("#code", CODE_WAIT).await
    }

    async fn click(&self, css: &str) -> Result<()> {
        Ok(self.tab.find(By::Css(css)).await?.click().await?)
    }

    async fn wait_for(&self, css: &str, wait: Duration) -> Result<()> {
        let found = self.tab.query(By::Css(css)).wait(wait, LOOK_EVERY).first().await;
        found.with_context(|| css.to_owned())?;
        Ok(())
    }

    async fn open(&self, path: &str) -> Result<()> {
        Ok(self.tab.goto(format!("{}{path}", self.panel)).await?)
    }

    /// The page as it is, in all widths and both themes, as high as it is.
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
                self.window(width, 900).await?;
                let height = "return document.documentElement.scrollHeight";
                let height: u64 = self.tab.execute(height, Vec::new()).await?.convert()?;
                self.window(width, height.clamp(900, HIGHEST)).await?;
                let file = self.folder.join(format!("{name}-{width}-{theme}.png"));
                self.tab.screenshot(&file).await?;
            }
        }
        self.window(1280, 900).await
    }

    async fn window(&self, width: u32, height: u64) -> Result<()> {
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 }),
        )
        .await
    }

    async fn cdp(&self, command: &str, parameters: serde_json::Value) -> Result<()> {
        self.tab.cdp().send_raw(command, parameters).await?;
        Ok(())
    }
}

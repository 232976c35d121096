//! What a page weighs and how still it stands: no jumps while it loads and while parts of it are asked for again, few
//! and small files, nothing lost with larger letters, forced colours or without motion.

use std::fmt::Write as _;

use kaspi_panel::domain::{JobKind, Role};
use serde_json::{Value, json};

use super::PATIENCE;
use crate::{
    pages::seed::db_decision,
    support::{
        Browser, NewProduct, PASSWORD, TestApp, db_job_run, db_preorder, db_product, db_rule, db_store,
        db_user, long, wait_until,
    },
};

/// Sum of all jumps since the page began to load, those within half a second after an act of a person left out. Asked
/// for after a drawn frame, so that nothing is on its way.
const JUMPS: &str = r#"
const done = arguments[arguments.length - 1];
const entries = [];
new PerformanceObserver((list) => entries.push(...list.getEntries())).observe({ type: "layout-shift", buffered: true });
requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
  const jumps = entries.filter((entry) => !entry.hadRecentInput);
  const what = jumps.flatMap((entry) => (entry.sources || []).map((source) => source.node && (source.node.id || source.node.className || source.node.nodeName)));
  done([jumps.reduce((sum, entry) => sum + entry.value, 0), what.join(" ")]);
})));
"#;

/// Bytes of the page, and the files that it asked for: address, kind, and bytes as gzip makes them.
const WEIGHT: &str = r#"
const done = arguments[arguments.length - 1];
const packed = async (address) => {
  const answer = await fetch(address);
  const stream = answer.body.pipeThrough(new CompressionStream("gzip"));
  return (await new Response(stream).arrayBuffer()).byteLength;
};
const page = performance.getEntriesByType("navigation")[0].decodedBodySize;
const files = performance.getEntriesByType("resource").map((entry) => entry.name);
Promise.all(files.map(async (address) => [address, address.includes("/static/") ? await packed(address) : 0]))
  .then((files) => done({ page, files }), (error) => done(String(error)));
"#;

/// Letters and lines as far apart as readers may want them (WCAG 1.4.12).
const SPACED: &str = r#"
const sheet = new CSSStyleSheet();
sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }");
document.adoptedStyleSheets = [sheet];
"#;

/// What is lost: a page wider than its window, words cut off.
const LOST: &str = r#"
const root = document.documentElement;
const lost = root.scrollWidth > root.clientWidth ? [`wider than its window: ${root.scrollWidth} of ${root.clientWidth}`] : [];
for (const element of document.querySelectorAll("main .btn, main .st, main label, main h1, main h2, main h3, main p, main dt, main dd")) {
  const style = getComputedStyle(element);
  if (!element.checkVisibility() || element.closest(".vh") || style.textOverflow === "ellipsis" || style.overflowX === "visible") continue;
  if (element.scrollWidth > element.clientWidth + 1) lost.push(`cut off: ${element.outerHTML.slice(0, 160)}`);
}
return lost;
"#;

/// Buttons that nothing sets apart from the text around them where the browser chooses all colours.
const EDGELESS: &str = r#"
const lost = [];
for (const button of document.querySelectorAll("button.btn:not(.quiet), a.btn:not(.quiet), input:not([type=hidden]), select, textarea")) {
  const style = getComputedStyle(button);
  // A part of a group has the edge of the group; the field of a file brings its own button.
  const grouped = button.type === "file" || parseFloat(getComputedStyle(button.parentElement).borderTopWidth) > 0;
  if (button.checkVisibility() && style.appearance === "none" && !grouped && parseFloat(style.borderTopWidth) === 0) lost.push(button.outerHTML.slice(0, 160));
}
return lost;
"#;

/// What moves although the reader wants no motion.
const MOVING: &str = r#"
const long = (durations) => durations.split(",").some((duration) => parseFloat(duration) > 0.01);
return [...document.querySelectorAll("*")].filter((element) => {
  const style = getComputedStyle(element);
  return long(style.transitionDuration) || (style.animationName !== "none" && long(style.animationDuration));
}).map((element) => element.outerHTML.slice(0, 120));
"#;

/// Rows of the page that is weighed.
const ROWS: usize = 100;

struct Panel {
    _app: TestApp,
    address: url::Url,
    /// A page of each kind.
    pages: Vec<String>,
    job: String,
}

fn panel() -> Panel {
    let mut app = TestApp::new();
    let mut conn = app.conn();
    let aigul = db_user(&mut conn, "aigul", Role::Manager);
    let store = db_store(&mut conn, aigul, "30000001");
    let mut product = None;
    for number in 0..ROWS + 20 {
        let (sku, card) = (format!("S-{number}"), format!("1{number:08}"));
        let new = NewProduct {
            sku: &sku,
            card_id: Some(&card),
            name: "Наушники беспроводные с чехлом для зарядки, чёрные",
            floor: (number % 3 > 0).then_some(9_000),
            ..NewProduct::default()
        };
        let id = db_product(&mut conn, store, &new);
        if number < 5 {
            db_decision(&mut conn, id, "30000001", &[("7001", 12_900)]);
            db_preorder(&mut conn, store, id, "Kettle");
        }
        product.get_or_insert(id);
    }
    let rule = db_rule(&mut conn, store, "Lowest");
    let job = db_job_run(&mut conn, JobKind::SyncStore, store, &json!({})).to_string();
    let mut pages: Vec<String> = [
        "/",
        "/stores",
        "/products?size=100",
        "/rules",
        "/preorders",
        "/jobs",
        "/log",
        "/alerts",
        "/reports",
        "/stop",
        "/profile",
        "/stores/new",
        "/stores/new/email",
        "/imports/new",
    ]
    .map(str::to_owned)
    .to_vec();
    pages.push(format!("/products/{}?range=30d", product.unwrap()));
    pages.push(format!("/rules/{rule}"));
    pages.push(format!("/stores/{store}"));
    pages.push(format!("/jobs/{job}"));
    if !long() {
        // One of each sort: figures, a table, a chart, a form, work that goes on.
        let few = ["/", "/products?size=100", "/stores/new/email"];
        pages.retain(|page| {
            few.contains(&page.as_str()) || page.contains("range=") || page.contains("/rules/0")
        });
    }
    Panel {
        address: app.serve(),
        _app: app,
        pages,
        job,
    }
}

async fn window(browser: &Browser, width: u32) {
    let metrics = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
    let cdp = browser.tab.cdp();
    cdp.send_raw("Emulation.setDeviceMetricsOverride", metrics)
        .await
        .unwrap();
}

async fn prefers(browser: &Browser, feature: &str, value: &str) {
    let media = json!({ "features": [{ "name": feature, "value": value }] });
    let cdp = browser.tab.cdp();
    cdp.send_raw("Emulation.setEmulatedMedia", media).await.unwrap();
}

async fn ask(browser: &Browser, script: &str) -> Vec<String> {
    let found = browser.tab.execute(script, Vec::new()).await.unwrap();
    found.convert().unwrap()
}

async fn jumps(browser: &Browser) -> (f64, String) {
    let found = browser.tab.execute_async(JUMPS, Vec::new()).await.unwrap();
    found.convert().unwrap()
}

async fn sign_in(browser: &Browser, panel: &Panel) {
    let login = panel.address.join("/login").unwrap();
    browser.tab.goto(login.as_str()).await.unwrap();
    browser.fill("#email", "aigul@example.kz").await;
    browser.fill("#password", PASSWORD).await;
    browser.click("form[action='/login'] button[type=submit]").await;
    browser.find("nav a[href='/stores']").await;
}

#[tokio::test]
async fn pages_stand_still_weigh_little_and_lose_nothing() {
    let panel = panel();
    let mut told = String::new();
    Browser::run("layout", async |browser| {
        sign_in(browser, &panel).await;
        let open = async |page: &str| {
            let address = panel.address.join(page).unwrap();
            browser.tab.goto(address.as_str()).await.unwrap();
        };
        for width in [1280, 375] {
            window(browser, width).await;
            for page in &panel.pages {
                // A browser that gets no time paints half a page, whose other half then moves it. A page that jumps by itself
                // does so each time.
                let mut least = (f64::INFINITY, String::new());
                for _ in 0..3 {
                    open(page).await;
                    let jump = jumps(browser).await;
                    if jump.0 < least.0 {
                        least = jump;
                    }
                    if least.0 <= 0.02 {
                        break;
                    }
                }
                let (sum, what) = least;
                if sum > 0.02 {
                    writeln!(told, "{page} at {width} jumps by {sum}: {what}").unwrap();
                }
            }
            // While the page asks again and again, too.
            open(&format!("/jobs/{}", panel.job)).await;
            let asked = format!(
                "return performance.getEntriesByType('resource').filter((entry) => entry.name.endsWith('/jobs/{}')).length",
                panel.job
            );
            wait_until("the page asks", PATIENCE, || async {
                let asked = browser.tab.execute(asked.as_str(), Vec::new()).await.unwrap();
                let asked: u32 = asked.convert().unwrap();
                if asked > 1 { Ok(()) } else { Err(asked) }
            })
            .await;
            let (sum, what) = jumps(browser).await;
            if sum > 0.02 {
                writeln!(told, "asking at {width} jumps by {sum}: {what}").unwrap();
            }
        }

        window(browser, 1280).await;
        open("/products?size=100").await;
        let rows = ask(browser, "return [...document.querySelectorAll('#found tbody tr')].map((row) => row.id)").await;
        assert_eq!(rows.len(), ROWS);
        let weight = browser.tab.execute_async(WEIGHT, Vec::new()).await.unwrap();
        let weight: Value = weight.convert().unwrap();
        let files: Vec<(String, u64)> = serde_json::from_value(weight["files"].clone()).expect("files");
        let of_kind = |end: &str| -> u64 {
            let kind = files.iter().filter(|(address, _)| address.contains(end));
            kind.map(|(_, bytes)| bytes).sum()
        };
        let page = weight["page"].as_u64().unwrap();
        assert!(page > 50_000, "100 rows are {page} bytes?");
        for (what, weighs, limit) in [
            // Two and a half kilobytes a row; two are wanted.
            ("the page", page, 285_000),
            ("scripts", of_kind(".js"), 40_000),
            ("styles", of_kind(".css"), 30_000),
            ("requests", u64::try_from(files.len()).unwrap(), 7),
        ] {
            assert!(weighs > 0, "{what}: {files:?}");
            if weighs > limit {
                writeln!(told, "{what}: {weighs}, more than {limit}: {files:?}").unwrap();
            }
        }
        for (address, _) in &files {
            assert!(address.starts_with(panel.address.as_str()), "{address} is somebody else's");
        }

        for page in &panel.pages {
            for (feature, value, script) in [
                ("forced-colors", "active", EDGELESS),
                ("prefers-reduced-motion", "reduce", MOVING),
            ] {
                prefers(browser, feature, value).await;
                open(page).await;
                for lost in ask(browser, script).await {
                    writeln!(told, "{page} with {feature}: {lost}").unwrap();
                }
                prefers(browser, feature, "").await;
            }
            window(browser, 320).await;
            open(page).await;
            browser.tab.execute(SPACED, Vec::new()).await.unwrap();
            for lost in ask(browser, LOST).await {
                writeln!(told, "{page} with larger spaces: {lost}").unwrap();
            }
            window(browser, 1280).await;
        }
    })
    .await;
    assert!(told.is_empty(), "{told}");
}

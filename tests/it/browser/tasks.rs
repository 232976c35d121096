//! The main tasks of a seller, each described once and done in three ways: by the keyboard alone, where whatever has the
//! focus is seen, nothing lies over it and it is reached by Tab; by the mouse; and by the mouse without scripts.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{JobKind, JobRunId, JobState, Role},
    schema::job_runs,
};
use serde_json::json;
use thirtyfour::{By, Key};
use url::Url;

use crate::{
    pages::seed::db_decision,
    support::{
        Browser, Cabinet, Client, NewProduct, PASSWORD, TestApp, db_job_run, db_product, db_store, db_user,
        now,
    },
};

/// More presses than any page has places to stop at.
const PRESSES: usize = 150;

/// Is what has the focus what is looked for? Then it must be seen: inside the window, with nothing over it.
const FOCUSED: &str = r#"
const element = document.activeElement;
if (!element || !element.matches(arguments[0])) return "";
const box = element.getBoundingClientRect();
const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
const over = document.elementFromPoint(x, y);
const seen = over && (element.contains(over) || over.contains(element) || [...(element.labels || [])].some((label) => label.contains(over)));
return seen ? "seen" : `hidden at ${x}, ${y} under ${over && over.outerHTML.slice(0, 200)}`;
"#;

/// How the tasks are done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Keys,
    Mouse,
    /// By the mouse, in a browser that runs no scripts.
    Plain,
}

struct Hands<'a> {
    browser: &'a Browser,
    way: Way,
}

impl Hands<'_> {
    fn scripts(&self) -> bool {
        self.way != Way::Plain
    }

    async fn press(&self, keys: impl AsRef<str>) {
        let actions = self.browser.tab.action_chain().send_keys(keys.as_ref());
        actions.perform().await.unwrap();
    }

    /// Presses Tab until the focus is on what matches.
    async fn tab_to(&self, css: &str) {
        self.browser.find(css).await;
        for _ in 0..PRESSES {
            let found = self.browser.tab.execute(FOCUSED, vec![json!(css)]).await.unwrap();
            match found.json().as_str().unwrap_or_default() {
                "" => self.press(Key::Tab.value().to_string()).await,
                "seen" => return,
                hidden => panic!("{css} is {hidden}"),
            }
        }
        panic!("{css} is not reached by Tab");
    }

    async fn write(&self, css: &str, text: &str) {
        match self.way {
            Way::Keys => {
                self.tab_to(css).await;
                self.press(text).await;
            }
            _ => self.browser.fill(css, text).await,
        }
    }

    /// Presses a button or follows a link.
    async fn press_on(&self, css: &str) {
        match self.way {
            Way::Keys => {
                self.tab_to(css).await;
                self.press(Key::Enter.value().to_string()).await;
            }
            _ => self.browser.click(css).await,
        }
    }

    /// Ticks a box.
    async fn tick(&self, css: &str) {
        match self.way {
            Way::Keys => {
                self.tab_to(css).await;
                self.press(" ").await;
            }
            _ => self.browser.click(css).await,
        }
    }

    /// Sends the form that was just written in: from its field, or by its button.
    async fn send(&self, button: &str) {
        match self.way {
            Way::Keys => self.press(Key::Enter.value().to_string()).await,
            _ => self.browser.click(button).await,
        }
    }

    /// Takes back what the last message tells of.
    async fn undo(&self) {
        match self.way {
            Way::Keys => self.press("u").await,
            _ => self.browser.click("form[action='/undo'] button").await,
        }
    }

    /// Goes to an area: by its keys, or by its link in the navigation.
    async fn go(&self, keys: &str, path: &str) {
        match self.way {
            Way::Keys => self.press(keys).await,
            _ => self.browser.click(&format!("nav a[href='{path}']")).await,
        }
        self.browser.is_at(path).await;
    }
}

/// What the tasks are done with.
struct Seller {
    app: TestApp,
    panel: Url,
    /// A run that failed.
    job: JobRunId,
    /// Another session of the same person.
    elsewhere: Client,
}

async fn seller() -> Seller {
    let mut app = TestApp::new();
    let mut conn = app.conn();
    let aigul = db_user(&mut conn, "aigul", Role::Manager);
    let store = db_store(&mut conn, aigul, "30000001");
    for (sku, name) in [("S-1", "Kettle"), ("S-2", "Iron")] {
        let new = NewProduct {
            sku,
            name,
            floor: Some(9_000),
            repricing: true,
            ..NewProduct::default()
        };
        let product = db_product(&mut conn, store, &new);
        db_decision(&mut conn, product, "30000001", &[("7001", 12_900)]);
    }
    let job = db_job_run(&mut conn, JobKind::SyncStore, store, &json!({}));
    diesel::update(job_runs::table.find(job))
        .set((
            job_runs::state.eq(JobState::Failed),
            job_runs::finished_at.eq(now()),
        ))
        .execute(&mut conn)
        .unwrap();
    let elsewhere = app.sign_in("aigul").await;
    let panel = app.serve();
    Seller {
        app,
        panel,
        job,
        elsewhere,
    }
}

async fn the_main_tasks(name: &str, way: Way) {
    let seller = seller().await;
    Browser::run(name, async |browser| {
        let hands = Hands { browser, way };
        if !hands.scripts() {
            let off = json!({ "value": true });
            let cdp = browser.tab.cdp();
            cdp.send_raw("Emulation.setScriptExecutionDisabled", off)
                .await
                .unwrap();
        }
        sign_in(&hands, &seller).await;
        products(&hands).await;
        rule_and_stop(&hands).await;
        work(&hands, &seller).await;
        file(&hands, &seller).await;
        sessions_and_stores(&hands, &seller).await;
    })
    .await;
    drop(seller.app);
}

async fn open(hands: &Hands<'_>, seller: &Seller, path: &str) {
    let address = seller.panel.join(path).unwrap();
    hands.browser.tab.goto(address.as_str()).await.unwrap();
}

async fn sign_in(hands: &Hands<'_>, seller: &Seller) {
    open(hands, seller, "/login").await;
    // What only scripts can do is offered by scripts.
    let reveal = hands.browser.tab.find(By::Css("[data-reveal]")).await.unwrap();
    assert_eq!(reveal.is_displayed().await.unwrap(), hands.scripts());
    hands.write("#email", "aigul@example.kz").await;
    hands.write("#password", PASSWORD).await;
    hands.send("form[action='/login'] button[type=submit]").await;
    hands.browser.find("nav a[href='/stores']").await;
}

/// Finding a product, why it costs what it costs, another limit and taking it back, several off and on again.
async fn products(hands: &Hands<'_>) {
    let browser = hands.browser;
    hands.go("gp", "/products").await;
    hands.write("#f-q", "kettle").await;
    if !hands.scripts() {
        hands.press_on("form.filters noscript button").await;
    }
    browser.find("#found tbody tr:only-child").await;
    if hands.scripts() {
        hands.press_on("#found .why-here > summary").await;
        browser.find("#found .why-here[open] ol li").await;
    } else {
        // The reason stands on the page of the product, where the row leads to.
        hands.press_on("#found .why-here > summary").await;
        hands.press_on("#found .why-here[open] > div > a").await;
        browser.find("ol.why li").await;
        hands.go("gp", "/products").await;
        hands.write("#f-q", "kettle").await;
        hands.press_on("form.filters noscript button").await;
        browser.find("#found tbody tr:only-child").await;
    }

    hands.press_on("#found a.cell-limits").await;
    hands
        .write("form[action$='/edit'] input[name=floor_tenge]", "9500")
        .await;
    hands.send("form[action$='/edit'] button[type=submit]").await;
    browser.find("form[action='/undo'] button").await;
    browser.sees("9 500").await;
    hands.undo().await;
    browser.sees("Прежние значения возвращены").await;
    browser.sees("9 000").await;
    if hands.way == Way::Keys {
        let focus = browser.tab.active_element().await.unwrap();
        let id = focus.attr("id").await.unwrap().unwrap_or_default();
        assert!(
            id.starts_with("e-"),
            "the focus is in the row again, not at {id:?}"
        );
    }

    hands.tick("#found tbody .pick input").await;
    hands
        .press_on("#pick button[formaction='/products/chosen/off']")
        .await;
    browser.find(".flash form[action='/undo'] button").await;
    browser.sees("пауза").await;
    hands.undo().await;
    browser.sees("Прежние значения возвращены").await;
}

/// A rule for the whole store, and the stop from wherever one is.
async fn rule_and_stop(hands: &Hands<'_>) {
    let browser = hands.browser;
    hands.go("gr", "/rules").await;
    hands.press_on("main a[href='/rules/new']").await;
    hands
        .press_on("form[action='/rules/new'] .save button[type=submit]")
        .await;
    hands.write("form.card #name", "First place").await;
    hands
        .press_on("form.card .save button[type=submit]:first-child")
        .await;
    browser.find(".flash").await;

    if hands.way == Way::Keys {
        let actions = browser.tab.action_chain().key_down(Key::Shift).key_down(Key::Alt);
        let actions = actions
            .key_down('s')
            .key_up('s')
            .key_up(Key::Alt)
            .key_up(Key::Shift);
        actions.perform().await.unwrap();
    } else {
        hands.press_on(".robot a[data-stop]").await;
    }
    browser.is_at("/stop").await;
    hands
        .press_on("form[action='/stop'] footer button[type=submit]")
        .await;
    browser.find(".robot.off, .robot .bad").await;
}

/// Work that failed, once more.
async fn work(hands: &Hands<'_>, seller: &Seller) {
    hands.go("gj", "/jobs").await;
    hands
        .press_on(&format!("main a[href='/jobs/{}']", seller.job))
        .await;
    hands.press_on("form[action$='/retry'] button").await;
    hands.browser.find(".flash").await;
}

/// A file of limits: looked at first, then taken over.
async fn file(hands: &Hands<'_>, seller: &Seller) {
    let browser = hands.browser;
    open(hands, seller, "/imports/new").await;
    let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
    std::fs::write(&file, "sku;floor\nS-1;9100\n").unwrap();
    if hands.way == Way::Keys {
        hands.tab_to("#file").await;
    }
    let field = browser.find("#file").await;
    field.send_keys(file.path().to_str().unwrap()).await.unwrap();
    hands
        .press_on("form[action='/imports'] .save button[type=submit]")
        .await;
    hands.press_on("form[action$='/apply'] button").await;
    browser.find("#import-progress").await;
}

/// A session that is somewhere else ends; another store is connected.
async fn sessions_and_stores(hands: &Hands<'_>, seller: &Seller) {
    let browser = hands.browser;
    open(hands, seller, "/profile/sessions").await;
    hands.write("#password", PASSWORD).await;
    hands.press_on("tbody button[formaction$='/end']").await;
    browser.find(".flash").await;
    assert_eq!(seller.elsewhere.get("/products").await.status, 303);

    hands.go("gs", "/stores").await;
    hands.press_on("main a[href='/stores/new']").await;
    hands.press_on("main a[href='/stores/new/email']").await;
    hands.write("#email", Cabinet::DEMO.email).await;
    hands.write("#password", Cabinet::DEMO.password).await;
    hands
        .send("form[action='/stores/new/email'] button[type=submit]")
        .await;
    browser.is_at("/stores/connect/").await;
    browser.find("#attempt progress").await;
}

#[tokio::test]
async fn the_main_tasks_are_done_by_the_keyboard_alone() {
    the_main_tasks("tasks-keys", Way::Keys).await;
}

#[tokio::test]
async fn the_main_tasks_are_done_by_the_mouse() {
    the_main_tasks("tasks-mouse", Way::Mouse).await;
}

#[tokio::test]
async fn the_main_tasks_are_done_without_scripts() {
    the_main_tasks("tasks-plain", Way::Plain).await;
}

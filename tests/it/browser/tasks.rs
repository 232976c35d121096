//! The main tasks of a seller by the keyboard alone: whatever has the focus is seen, nothing lies over it, and it is
//! reached by Tab.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{JobKind, JobState, Role},
    schema::job_runs,
};
use serde_json::json;
use thirtyfour::{By, Key};

use crate::{
    pages::seed::db_decision,
    support::{
        Browser, Cabinet, NewProduct, PASSWORD, TestApp, db_job_run, db_product, db_store, db_user, now,
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

struct Hands<'a> {
    browser: &'a Browser,
}

impl Hands<'_> {
    async fn press(&self, keys: impl AsRef<str>) {
        let actions = self.browser.tab.action_chain().send_keys(keys.as_ref());
        actions.perform().await.unwrap();
    }

    async fn enter(&self) {
        self.press(Key::Enter.value().to_string()).await;
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

    async fn type_into(&self, css: &str, text: &str) {
        self.tab_to(css).await;
        self.press(text).await;
    }

    async fn press_on(&self, css: &str) {
        self.tab_to(css).await;
        self.enter().await;
    }
}

#[tokio::test]
async fn the_main_tasks_are_done_by_the_keyboard_alone() {
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

    Browser::run("tasks", async |browser| {
        let hands = Hands { browser };
        let open = async |path: &str| {
            browser
                .tab
                .goto(panel.join(path).unwrap().as_str())
                .await
                .unwrap()
        };

        // Signing in.
        open("/login").await;
        hands.type_into("#email", "aigul@example.kz").await;
        hands.type_into("#password", PASSWORD).await;
        hands.enter().await;
        browser.find("nav a[href='/stores']").await;

        // Finding a product, and why it costs what it costs.
        hands.press("gp").await;
        hands.type_into("#f-q", "kettle").await;
        browser.find("#found tbody tr:only-child").await;
        hands.press_on("#found .why-here > summary").await;
        browser.find("#found .why-here[open] ol li").await;

        // Another limit, and taking it back.
        hands.press_on("#found a[id^='edit-']").await;
        browser.find("tr.editing input[name=floor_tenge]").await;
        hands
            .type_into("tr.editing input[name=floor_tenge]", "9500")
            .await;
        hands.enter().await;
        browser.find("#toasts .toast form button").await;
        browser.sees("9 500").await;
        hands.press("u").await;
        browser.sees("Прежние значения возвращены").await;
        browser.sees("9 000").await;
        let focus = browser.tab.active_element().await.unwrap();
        let id = focus.attr("id").await.unwrap().unwrap_or_default();
        assert!(
            id.starts_with("edit-"),
            "the focus is in the row again, not at {id:?}"
        );

        // Automatic prices of several products off, and on again.
        hands.tab_to("#found tbody .pick input").await;
        hands.press(" ").await;
        hands
            .press_on("#pick button[formaction='/products/chosen/off']")
            .await;
        browser.find(".flash form[action='/undo'] button").await;
        browser.sees("пауза").await;
        hands.press("u").await;
        browser.sees("Прежние значения возвращены").await;

        // A rule.
        hands.press("gr").await;
        hands.press_on("main a[href='/rules/new']").await;
        hands
            .press_on("form[action='/rules/new'] .save button[type=submit]")
            .await;
        hands.type_into("form.card #name", "First place").await;
        hands
            .press_on("form.card .save button[type=submit]:first-child")
            .await;
        browser.find(".flash").await;

        // The stop, from wherever one is.
        let actions = browser.tab.action_chain().key_down(Key::Shift).key_down(Key::Alt);
        let actions = actions
            .key_down('s')
            .key_up('s')
            .key_up(Key::Alt)
            .key_up(Key::Shift);
        actions.perform().await.unwrap();
        browser.is_at("/stop").await;
        hands
            .press_on("form[action='/stop'] footer button[type=submit]")
            .await;
        browser.find(".robot.off, .robot .bad").await;

        // Work that failed, once more.
        open(&format!("/jobs/{job}")).await;
        hands.press_on("form[action$='/retry'] button").await;
        browser.find(".flash").await;

        // A file.
        open("/imports/new").await;
        let file = std::env::temp_dir().join(format!("kaspi-panel-tasks-{}.csv", std::process::id()));
        std::fs::write(&file, "sku;floor\nS-1;9100\n").unwrap();
        hands.tab_to("#file").await;
        let field = browser.tab.find(By::Css("#file")).await.unwrap();
        field.send_keys(file.to_str().unwrap()).await.unwrap();
        hands
            .press_on("form[action='/imports'] .save button[type=submit]")
            .await;
        browser.find("form[action$='/apply']").await;
        std::fs::remove_file(&file).unwrap();

        // A session that is somewhere else.
        open("/profile/sessions").await;
        hands.press_on("tbody form[action$='/end'] button").await;
        browser.find(".flash").await;
        assert_eq!(elsewhere.get("/products").await.status, 303);

        // A store.
        open("/stores/new").await;
        hands.type_into("#email", Cabinet::DEMO.email).await;
        hands.type_into("#password", Cabinet::DEMO.password).await;
        hands.enter().await;
        browser.is_at("/stores/connect/").await;
    })
    .await;
}

//! Every page with the eyes of axe: no barrier of WCAG 2.2 A and AA or of good practice, in any language, theme and
//! width; and no complaint of the browser, nothing that cannot be fetched, no page wider than its window.

use std::{collections::BTreeMap, fmt::Write as _};

use diesel::prelude::*;
use kaspi_panel::{
    domain::{AlertKind, AttemptState, PushState, Role, StoreId},
    schema::{alerts, connection_attempts, put_backs, users},
    web::routes::{self, Access, Kind, Route},
};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    pages::seed::{db_decision, db_push},
    routes::Things,
    support::{Browser, Client, NewProduct, PASSWORD, TestApp, db_product, db_user, long, now},
};

const AXE: &str = include_str!("../../axe/axe.min.js");

/// Looks, and tells each barrier as rule and element; besides, what could not be fetched, what is too wide, and dates and
/// amounts that are not written as people of the country write them.
const LOOK: &str = r#"
const done = arguments[arguments.length - 1];
const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] }).then((result) => {
  const barriers = result.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 300)} ${(node.any[0] || node.all[0] || node.none[0] || {}).message || ""}`));
  // 409 and 422 are answers to people: what is wrong, and what somebody else changed.
  const lost = performance.getEntriesByType("resource").filter((entry) => entry.responseStatus >= 400 && ![409, 422].includes(entry.responseStatus));
  const root = document.documentElement;
  const wide = root.scrollWidth > root.clientWidth ? [`wider than its window: ${root.scrollWidth} of ${root.clientWidth}`] : [];
  const words = location.pathname.startsWith("/api/") ? "" : document.body.innerText;
  const odd = [/\b20\d\d-\d\d-\d\d\b.*/g, /.*\d{4,}\s?₸/g, /.*\d ₸/g, /.*\d \d{3}\s?₸/g, /.*(?<![\d\p{L}])-\d[\d\u00a0]*\s?₸/gu]
    .flatMap((stray) => words.match(stray) || []);
  done([...barriers, ...lost.map((entry) => `not fetched: ${entry.name}`), ...wide, ...odd.map((stray) => `oddly written: ${stray}`)]);
}, (error) => done([String(error)]));
"#;

/// How somebody looks at the panel.
struct Eyes {
    language: &'static str,
    theme: &'static str,
    width: u32,
    /// At what opens inside a page, too, and at each step of a login.
    opens: bool,
}

/// What opens inside a page or over it: its name, the page, and by what it opens, each with what is there then.
type Opened = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const EDIT: &str = "document.querySelector('#found a.cell-limits').click()";
const SAVE: &str = "document.querySelector('tr.editing button[type=submit]').click()";
const OPENED: &[Opened] = &[
    (
        "command box",
        "/products",
        &[(
            "document.querySelector('[data-dialog=box]').click()",
            "#box-found a",
        )],
    ),
    (
        "map of keys",
        "/products",
        &[(
            "document.querySelector('[data-dialog=keys-help]').click()",
            "#keys-help kbd",
        )],
    ),
    ("a row that is edited", "/products", &[(EDIT, "tr.editing input")]),
    (
        "a row with a wrong limit",
        "/products",
        &[
            (EDIT, "tr.editing input"),
            (
                "document.querySelector('tr.editing input[name=floor_tenge]').value = 'many'",
                "tr.editing input",
            ),
            (SAVE, "tr.editing .err"),
        ],
    ),
    (
        "a row that somebody else changed",
        "/products",
        &[
            (EDIT, "tr.editing input"),
            (
                "document.querySelector('tr.editing input[name=version]').value = '0'",
                "tr.editing input",
            ),
            (SAVE, "tr.editing .conflict"),
        ],
    ),
    (
        "a row that is saved",
        "/products",
        &[
            (EDIT, "tr.editing input"),
            (
                "document.querySelector('tr.editing [name=repricing_enabled]').click()",
                "tr.editing input",
            ),
            (SAVE, "#toasts .toast form"),
        ],
    ),
    (
        "the reason in a row",
        "/products",
        &[(
            "document.querySelector('#found .why-here > summary').click()",
            "#found .why-here[open] > div > p",
        )],
    ),
    (
        "columns",
        "/products",
        &[(
            "document.querySelector('#own details > summary').click()",
            "#own details[open] input[type=checkbox]",
        )],
    ),
    (
        "a view that gets a name",
        "/products",
        &[(
            "document.querySelector('#own details:nth-of-type(2) > summary').click()",
            "#view-name",
        )],
    ),
    (
        "rows that are chosen",
        "/products",
        &[(
            "document.querySelector('#found tbody .pick input').click()",
            "#pick button",
        )],
    ),
    (
        "a request that failed",
        "/products",
        &[(
            "document.dispatchEvent(new CustomEvent('panel:say', { detail: document.body.dataset.offline }))",
            "#request-error",
        )],
    ),
    (
        "tables below the charts",
        "/products/{product}?range=30d",
        &[(
            "for (const more of document.querySelectorAll('#chart details')) more.open = true",
            "#chart",
        )],
    ),
    (
        "a trial of a rule",
        "/rules/{rule}",
        &[("document.querySelector('button[value=try]').click()", "#trial")],
    ),
    (
        "menu of the user",
        "/products",
        &[(
            "document.getElementById('user-menu').showPopover()",
            "#user-menu a",
        )],
    ),
    (
        "menu of languages",
        "/products",
        &[(
            "document.getElementById('language-menu').showPopover()",
            "#language-menu button",
        )],
    ),
];

/// Begins a login by telephone that nobody carries out; the states it will be shown in, with the page of each.
async fn begin_login(app: &mut TestApp) -> Vec<(AttemptState, String)> {
    let client = app.sign_in("askar").await;
    let form = [("by", "phone"), ("phone", "+7 700 123 45 67")];
    let begun = client.post("/stores/new/phone", &form).await.expect(303);
    let page = begun.location();
    let mut pages: Vec<_> = AttemptState::ALL
        .iter()
        .map(|state| (*state, page.clone()))
        .collect();
    for step in ["code", "read", "defaults"] {
        pages.push((AttemptState::Done, format!("{page}/{step}")));
    }
    pages
}

/// The login is in this state.
fn login_is(app: &TestApp, state: AttemptState, things: &Things) {
    let done = state == AttemptState::Done;
    diesel::update(connection_attempts::table)
        .set((
            connection_attempts::state.eq(state),
            connection_attempts::store_id.eq(done.then_some(StoreId::from(things.store))),
            connection_attempts::merchants.eq(json!([
                { "id": "30000001", "name": "Tehno" }, { "id": "30000002", "name": "Dom" }
            ])),
            connection_attempts::heartbeat_at.eq(diesel::dsl::now),
        ))
        .execute(&mut app.conn())
        .unwrap();
}

/// The route that answers a path, as the table is tried.
fn route_of(path: &str) -> Option<&'static Route> {
    let parts: Vec<&str> = path.split('/').collect();
    routes::all().filter(|route| route.method == "GET").find(|route| {
        let pattern: Vec<&str> = route.path.split('/').collect();
        pattern.len() == parts.len()
            && pattern
                .iter()
                .zip(&parts)
                .all(|(pattern, part)| pattern == part || (pattern.starts_with('{') && !part.is_empty()))
    })
}

/// One address of every kind of page that this user comes to: by links, else by the route table. Files are no pages.
pub async fn pages_of(client: &Client, things: &Things, admin: bool) -> Vec<String> {
    // Where administrators come to more than others: tariffs, and products in the administration area.
    let of_admin = ["/", "/tariffs", "/admin/products/"];
    let mut waiting: Vec<String> = of_admin.map(str::to_owned).to_vec();
    let mut asked: BTreeMap<&str, String> = BTreeMap::new();
    let mut pages = Vec::new();
    let mut rest = routes::all()
        .filter(|route| route.method == "GET" && matches!(route.kind, Kind::Page | Kind::Fragment))
        .filter(|route| (route.access == Access::Admin) == admin);
    loop {
        let Some(address) = waiting.pop() else {
            let Some(route) = rest.next() else { return pages };
            if !asked.contains_key(route.path) {
                waiting.push(things.address(route));
            }
            continue;
        };
        let path = address.split(['?', '#']).next().unwrap();
        let Some(route) = route_of(path) else { continue };
        // What managers see is looked at as a manager.
        let wanted = matches!(route.kind, Kind::Page | Kind::Fragment)
            && (!admin || route.access == Access::Admin || of_admin.contains(&path));
        if !wanted || asked.contains_key(route.path) {
            continue;
        }
        let answer = client.get(&address).await;
        let is_page = answer.status.is_success() && answer.header("content-type").starts_with("text/html");
        if !is_page {
            continue;
        }
        asked.insert(route.path, address.clone());
        waiting.extend(answer.page_links("a[href^='/']"));
        if route.access != Access::Anonymous || route.path.starts_with("/api") {
            pages.push(address);
        }
    }
}

/// Something of everything, besides what [`Things`] has.
pub async fn furnish(app: &mut TestApp) -> Things {
    let mut conn = app.conn();
    let things = Things::of_askar(&mut conn);
    db_user(&mut conn, "admin", Role::Admin);
    let store = StoreId::from(things.store);
    for (number, name) in ["Чайник Tefal KO 2001, белый", "Утюг Philips", "Тостер"]
        .into_iter()
        .enumerate()
    {
        let (sku, card) = (format!("S-{number}"), format!("20000000{number}"));
        let new = NewProduct {
            sku: &sku,
            card_id: Some(&card),
            name,
            floor: (number > 0).then_some(9_300),
            ..NewProduct::default()
        };
        let product = db_product(&mut conn, store, &new);
        let rivals = [("7001", 9_900), ("7002", 11_000)];
        let (id, _, _) = db_decision(&mut conn, product, "30000002", &rivals);
        if number > 0 {
            let held = number == 1;
            let state = if held {
                PushState::Held
            } else {
                PushState::Confirmed
            };
            let prices = (10_000, 9_899);
            db_push(
                &mut conn,
                (store, product),
                Some(id),
                prices,
                (state, held.then_some("limit")),
            );
        }
        diesel::insert_into(alerts::table)
            .values((
                alerts::id.eq(uuid::Uuid::now_v7()),
                alerts::kind.eq([
                    AlertKind::FloorReached,
                    AlertKind::Mismatch,
                    AlertKind::FirstPlaceLost,
                ][number]),
                alerts::severity.eq(AlertKind::FloorReached.severity()),
                alerts::store_id.eq(store),
                alerts::product_id.eq(product),
                alerts::data.eq(json!({})),
                alerts::times.eq(2),
                alerts::created_at.eq(now()),
                alerts::last_at.eq(now()),
                alerts::told_at.eq(now()),
            ))
            .execute(&mut conn)
            .unwrap();
    }
    diesel::insert_into(put_backs::table)
        .values((
            put_backs::id.eq(uuid::Uuid::now_v7()),
            put_backs::store_id.eq(store),
            put_backs::wanted_at.eq(now()),
            put_backs::requested_by.eq("askar"),
            put_backs::planned.eq(0),
            put_backs::refused.eq(0),
            put_backs::created_at.eq(now()),
        ))
        .execute(&mut conn)
        .unwrap();
    let scope = format!("store:{store}");
    let form = [("scope", scope.as_str()), ("reason", "stop-reason-check")];
    app.sign_in("askar").await.post("/stop", &form).await.expect(303);
    let proxy = [
        ("lines", "http://someone:secret@127.0.0.1:8080"),
        ("label", "One"),
    ];
    app.sign_in("admin").await.post("/settings/proxies", &proxy).await;
    things
}

pub(super) async fn sign_in(browser: &Browser, panel: &url::Url, name: &str) {
    browser.tab.delete_all_cookies().await.unwrap();
    browser
        .tab
        .goto(panel.join("/login").unwrap().as_str())
        .await
        .unwrap();
    browser.fill("#email", &format!("{name}@example.kz")).await;
    browser.fill("#password", PASSWORD).await;
    browser.click("form[action='/login'] button[type=submit]").await;
    browser.find("#robot").await;
}

/// What is wrong with what the browser shows.
pub(super) async fn barriers(browser: &Browser) -> Vec<String> {
    browser.tab.execute(AXE, Vec::new()).await.unwrap();
    let found = browser.tab.execute_async(LOOK, Vec::new()).await.unwrap();
    found.convert().unwrap()
}

/// Looks at every page and tells everything at once.
async fn look_at_everything(name: &str, eyes: Eyes) {
    let mut app = TestApp::new();
    let things = furnish(&mut app).await;
    diesel::update(users::table)
        .set((users::language.eq(eyes.language), users::theme.eq(eyes.theme)))
        .execute(&mut app.conn())
        .unwrap();
    let mut told = String::new();
    let panel = app.serve();
    let mut pages = Vec::new();
    for user in ["askar", "admin"] {
        let client = app.sign_in(user).await;
        pages.push((user, pages_of(&client, &things, user == "admin").await));
    }
    assert!(pages[0].1.len() > 40 && pages[1].1.len() > 11, "{pages:#?}");
    let logins = begin_login(&mut app).await;
    Browser::run(name, async |browser| {
        let metrics = json!({ "width": eyes.width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        let cdp = browser.tab.cdp();
        cdp.send_raw("Emulation.setDeviceMetricsOverride", metrics)
            .await
            .unwrap();
        let mut look = async |what: &str| {
            for barrier in barriers(browser).await {
                writeln!(told, "{what}: {barrier}").unwrap();
            }
        };
        browser
            .tab
            .goto(panel.join("/login").unwrap().as_str())
            .await
            .unwrap();
        look("/login").await;
        for (user, addresses) in &pages {
            sign_in(browser, &panel, user).await;
            for address in addresses {
                browser
                    .tab
                    .goto(panel.join(address).unwrap().as_str())
                    .await
                    .unwrap();
                look(address).await;
            }
            browser
                .tab
                .goto(panel.join("/no-such-page").unwrap().as_str())
                .await
                .unwrap();
            look("/no-such-page").await;
        }
        if eyes.opens {
            sign_in(browser, &panel, "askar").await;
            for (name, page, steps) in OPENED {
                let page = page.replace("{rule}", &things.rule.to_string());
                let page = page.replace("{product}", &things.product.to_string());
                browser
                    .tab
                    .goto(panel.join(&page).unwrap().as_str())
                    .await
                    .unwrap();
                for (script, ready) in *steps {
                    browser.tab.execute(*script, Vec::new()).await.unwrap();
                    browser.find(ready).await;
                }
                look(name).await;
            }
            for (state, step) in &logins {
                login_is(&app, *state, &things);
                browser
                    .tab
                    .goto(panel.join(step).unwrap().as_str())
                    .await
                    .unwrap();
                look(&format!("{step} in {state}")).await;
            }
        }
    })
    .await;
    assert!(told.is_empty(), "{}: {}\n{told}", name, told.lines().count());
}

#[tokio::test]
async fn no_page_has_a_barrier_in_russian_light_and_wide() {
    let eyes = Eyes {
        language: "ru",
        theme: "light",
        width: 1280,
        opens: long(),
    };
    look_at_everything("accessible-ru", eyes).await;
}

#[tokio::test]
async fn no_page_has_a_barrier_in_kazakh_dark_and_narrow() {
    let eyes = Eyes {
        language: "kk",
        theme: "dark",
        width: 320,
        opens: true,
    };
    look_at_everything("accessible-kk", eyes).await;
}

#[tokio::test]
async fn no_page_has_a_barrier_in_english_light_and_of_middle_width() {
    let eyes = Eyes {
        language: "en",
        theme: "light",
        width: 768,
        opens: long(),
    };
    look_at_everything("accessible-en", eyes).await;
}

/// All others; in the long form alone.
#[tokio::test]
async fn no_page_has_a_barrier_in_any_language_theme_and_width() {
    let seen = [("ru", "light", 1280), ("kk", "dark", 320), ("en", "light", 768)];
    let languages = if long() { &["ru", "kk", "en"][..] } else { &[] };
    for language in languages {
        for (theme, width) in [
            ("light", 320),
            ("light", 768),
            ("light", 1280),
            ("dark", 320),
            ("dark", 768),
            ("dark", 1280),
        ] {
            if seen.contains(&(*language, theme, width)) {
                continue;
            }
            let eyes = Eyes {
                language,
                theme,
                width,
                opens: true,
            };
            look_at_everything(&format!("accessible-{language}-{theme}-{width}"), eyes).await;
        }
    }
}

/// Pages with a form, and a field of it: sent empty, the form comes back with what is wrong.
const FORMS: &[(&str, &str)] = &[
    ("/profile", "new_password"),
    ("/profile/second-factor", "password"),
    ("/stores/{store}/people", "email"),
    ("/stores/new/email", "email"),
    ("/stores/{store}/delete", "name"),
    ("/rules/{rule}", "name"),
    ("/tokens", "name"),
];

#[tokio::test]
async fn no_form_that_comes_back_has_a_barrier() {
    let mut app = TestApp::new();
    let things = furnish(&mut app).await;
    let panel = app.serve();
    let mut told = String::new();
    Browser::run("accessible-forms", async |browser| {
        sign_in(browser, &panel, "askar").await;
        for (page, field) in FORMS {
            let address = page
                .replace("{store}", &things.store.to_string())
                .replace("{rule}", &things.rule.to_string());
            browser
                .tab
                .goto(panel.join(&address).unwrap().as_str())
                .await
                .unwrap();
            let send = format!(
                "const form = document.querySelector('main form [name={field}]').form;
                 for (const field of form.querySelectorAll('input:not([type=hidden], [type=radio], [type=checkbox])'))
                   field.value = '';
                 form.noValidate = true;
                 form.submit();"
            );
            browser.tab.execute(send, Vec::new()).await.unwrap();
            browser.find("main [aria-invalid=true]").await;
            for barrier in barriers(browser).await {
                writeln!(told, "{page}: {barrier}").unwrap();
            }
        }
    })
    .await;
    assert!(told.is_empty(), "{told}");
}

#[test]
fn the_rules_are_the_file_that_the_readme_names() {
    let hash: String = Sha256::digest(AXE)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert!(include_str!("../../axe/README.md").contains(&hash), "{hash}");
}

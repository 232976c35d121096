//! An administrator's work in a real browser: narrowing a list and acting on its rows, changing in place, adding, a
//! conflict, a deletion, bringing back, a file. Then the pages with the eyes of axe, in the languages and themes that the
//! tests of all pages do not combine.

use std::{fmt::Write as _, fs, time::Duration};

use diesel::prelude::*;
use kaspi_panel::{
    domain::{ProductId, Role, Tenge},
    schema::{preorders, products, users},
};
use serde_json::json;
use thirtyfour::By;

use super::accessible::{barriers, sign_in};
use crate::support::{Browser, NewProduct, TestApp, db_product, db_store, db_user, wait_until};

/// How long a file may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Languages and themes, as nobody else looks at pages.
const EYES: [(&str, &str); 3] = [("ru", "dark"), ("kk", "light"), ("en", "dark")];

#[tokio::test]
async fn an_administrators_day() {
    let mut app = TestApp::new();
    let mut conn = app.conn();
    let owner = db_user(&mut conn, "aigul", Role::Manager);
    db_user(&mut conn, "root", Role::Admin);
    let store = db_store(&mut conn, owner, "30000001");
    let [white, black, iron] =
        [("W", "Kettle white"), ("B", "Kettle black"), ("I", "Iron")].map(|(sku, name)| {
            let new = NewProduct {
                sku,
                name,
                floor: Some(8_000),
                repricing: true,
                ..NewProduct::default()
            };
            db_product(&mut conn, store, &new)
        });
    let (panel, colleague) = (app.serve(), app.sign_in("root").await);
    let files = tempfile::TempDir::new().unwrap();
    let floor = |id: ProductId| -> Option<Tenge> {
        let query = products::table.find(id).select(products::floor_tenge);
        query.first(&mut app.conn()).unwrap()
    };
    let mut told = String::new();

    Browser::run("admin", async |browser| {
        let open = async |path: &str| {
            browser
                .tab
                .goto(panel.join(path).unwrap().as_str())
                .await
                .unwrap()
        };
        let arrives = json!({ "behavior": "allow", "downloadPath": files.path() });
        let cdp = browser.tab.cdp();
        cdp.send_raw("Browser.setDownloadBehavior", arrives)
            .await
            .unwrap();
        sign_in(browser, &panel, "root").await;

        // A filter, a search, an action on what they leave.
        open("/admin/products/").await;
        browser.click("a[href='?repricing_enabled=yes']").await;
        browser.fill("#f-q", "kettle").await;
        browser.click("form[role=search] button[type=submit]").await;
        browser.find("main tbody tr:nth-child(2):last-child").await;
        for id in [white, black] {
            browser.click(&format!("input[name=ids][value='{id}']")).await;
        }
        browser.click("#act option[value=repricing-off]").await;
        browser.click(".act-sel + button").await;
        browser.find("main .rows li:nth-child(2):last-child").await;
        browser.click("main form .save button").await;
        browser.find(".note.flash").await;
        let on: Vec<ProductId> = products::table
            .filter(products::repricing_enabled)
            .select(products::id)
            .load(&mut app.conn())
            .unwrap();
        assert_eq!(on, [iron]);

        // In place.
        open("/admin/products/?edit=1&o=name").await;
        browser
            .fill(&format!("[name='row.{iron}.floor_tenge']"), "7 500")
            .await;
        browser.click("main form .save button").await;
        browser.find(".note.flash").await;
        assert_eq!(floor(iron), Some(Tenge(7_500)));

        // Adding: what is typed means two products.
        open("/admin/preorders/add/").await;
        browser.fill("#f-product_id", "kettle").await;
        browser.click("main form .save .main").await;
        browser.click(&format!("main .found [value='{black}']")).await;
        browser.click("main form .save .main").await;
        browser.find(".note.flash").await;
        let ordered: ProductId = preorders::table
            .select(preorders::product_id)
            .first(&mut app.conn())
            .unwrap();
        assert_eq!(ordered, black);

        // Somebody else is faster: both versions are there, and saving once more is meant.
        let path = format!("/admin/products/{iron}/");
        open(&path).await;
        let faster = [
            ("version", "2"),
            ("floor_tenge", "6500"),
            ("repricing_enabled", "on"),
        ];
        colleague.post(&path, &faster).await.expect(303);
        browser.fill("#f-floor_tenge", "7000").await;
        browser.click("main form .save .main").await;
        browser.find("main .note.warn").await;
        browser.sees("6500").await;
        assert_eq!(floor(iron), Some(Tenge(6_500)));
        browser.click("main form .save [name=stay]").await;
        browser.find(".note.flash").await;
        assert_eq!(floor(iron), Some(Tenge(7_000)));

        // What was before comes back.
        open(&format!("{path}history/")).await;
        browser.click("main .hist form button").await;
        browser.find(".note.flash").await;
        assert_eq!(floor(iron), Some(Tenge(6_500)));

        // A deletion tells what goes with it.
        open(&format!("/admin/products/{black}/")).await;
        browser.click("main .head .btn.bad").await;
        browser.find("main .losses li").await;
        browser.click("main form .save .bad").await;
        browser.find(".note.flash").await;
        let left: i64 = products::table.count().get_result(&mut app.conn()).unwrap();
        assert_eq!(left, 2);

        // The file.
        open("/admin/products/?q=iron").await;
        browser.click("main .head .acts a[href*=export]").await;
        let file = wait_until("the file", PATIENCE, || async {
            let names: Vec<_> = fs::read_dir(files.path()).unwrap().flatten().collect();
            let whole = names
                .iter()
                .find(|entry| entry.path().extension().is_some_and(|end| end == "xlsx"));
            whole.map(fs::DirEntry::path).ok_or_else(|| format!("{names:?}"))
        })
        .await;
        assert_eq!(fs::read(file).unwrap().get(..2), Some(b"PK".as_slice()));

        // And how it looks: on a phone, in every language and theme that is not looked at elsewhere.
        let metrics = json!({ "width": 375, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        cdp.send_raw("Emulation.setDeviceMetricsOverride", metrics)
            .await
            .unwrap();
        for (language, theme) in EYES {
            diesel::update(users::table)
                .set((users::language.eq(language), users::theme.eq(theme)))
                .execute(&mut app.conn())
                .unwrap();
            for page in [
                "/admin/products/?edit=1".to_owned(),
                format!("/admin/products/{iron}/"),
                format!("/admin/products/{iron}/delete/"),
                format!("/admin/products/{iron}/history/"),
            ] {
                open(&page).await;
                for barrier in barriers(browser).await {
                    writeln!(told, "{language} {theme} {page}: {barrier}").unwrap();
                }
            }
        }
        // A form that comes back with rows to choose from.
        open("/admin/store-access/add/").await;
        browser.fill("#f-store", "30000001").await;
        browser.fill("#f-email", "example").await;
        browser.click("main form .save .main").await;
        browser.find("main .found input").await;
        for barrier in barriers(browser).await {
            writeln!(told, "rows to choose from: {barrier}").unwrap();
        }
        assert!(browser.tab.find(By::Css("main .found legend")).await.is_ok());
    })
    .await;
    assert!(told.is_empty(), "{told}");
}

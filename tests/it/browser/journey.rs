//! The whole way, as a person goes it: sign in, connect a store, read its catalogue, set limits, go live; a
//! rival undercuts, and the new price is in the panel and in the marketplace's journal.

use std::time::Duration;

use kaspi_panel::{domain::Role, secrets::Secret, worker};
use serde_json::json;
use thirtyfour::By;
use tokio::sync::watch;

use crate::support::{Browser, Cabinet, PASSWORD, TestApp, db_user, wait_until};

/// The product of this journey; the seed's price is 15 990.
const NAME: &str = "Наушники Demo A1";
const SKU: &str = "100000001_200000002";
/// What a rival asks for, and what the robot answers.
const RIVAL: i64 = 15_000;
const ANSWER: i64 = 14_999;

/// Patience with a worker on a busy machine.
const LONG: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_sign_in_to_a_price_that_answers_a_rival() {
    let mut app = TestApp::new();
    db_user(&mut app.conn(), "aigul", Role::Manager);
    let panel = app.serve();
    let (stop, stopped) = watch::channel(false);
    let (services, database) = (app.services.clone(), Secret::from(app.db.url()));
    let working =
        tokio::spawn(async move { worker::run(services, &database, "test".to_owned(), stopped).await });

    Browser::run("journey", async |browser| {
        let open = async |path: &str| browser.tab.goto(panel.join(path).unwrap().as_str()).await.unwrap();

        open("/").await;
        browser.fill("#email", "aigul@example.kz").await;
        browser.fill("#password", PASSWORD).await;
        browser.click("form[action='/login'] button[type=submit]").await;
        browser.find("nav a[href='/stores']").await;

        // The worker logs in with a browser of its own while the page shows how it goes.
        open("/stores/new").await;
        browser.click("main a[href='/stores/new/email']").await;
        browser.fill("#email", Cabinet::DEMO.email).await;
        browser.fill("#password", Cabinet::DEMO.password).await;
        browser.click("form[action='/stores/new/email'] button[type=submit]").await;
        browser.is_at("/stores/connect/").await;
        let store = wait_until("the store is connected", LONG, || async {
            let link = By::Css("#attempt a[href^='/stores/0']");
            match browser.tab.find(link).await {
                Ok(link) => link.attr("href").await.unwrap().ok_or_else(String::new),
                Err(_) => Err(browser.find("#attempt").await.text().await.unwrap_or_default()),
            }
        })
        .await;

        open(&store).await;
        browser.click("form[action$='/sync'] button[type=submit]").await;
        wait_until("the catalogue is there", LONG, || async {
            open("/products").await;
            let found = browser.tab.find_all(By::Css("#found tbody tr")).await.unwrap();
            if found.len() > 10 { Ok(()) } else { Err(found.len()) }
        })
        .await;

        open(&format!("/products?q={SKU}")).await;
        browser.sees(NAME).await;
        browser.click("#found a.cell-limits").await;
        browser.fill("tr.editing input[name=floor_tenge]", "14 000").await;
        browser.fill("tr.editing input[name=ceiling_tenge]", "17 000").await;
        browser.click("tr.editing input[name=repricing_enabled]").await;
        browser.click("tr.editing button[type=submit]").await;
        browser.find("#toasts .toast").await;

        open(&store).await;
        browser.click("input[name=mode][value=live]").await;
        browser.click("form[action$='/mode'] button[type=submit]").await;
        browser.click("form[action$='/mode'] footer button[type=submit]").await;
        browser.find("form[action$='/mode'] input[value=live]:checked").await;

        let prices = json!({ "750000000": RIVAL, "710000000": RIVAL });
        let rival = json!({ "card": "100000001", "merchant_id": "40000009", "name": "New Rival", "rating": 4.6,
            "reviews": 80, "prices": prices });
        app.market.control("/control/rivals", rival).await;
        wait_until("the answer to the rival, in the marketplace's journal", LONG, || async {
            // Time is the test's: the next check, and then the marketplace's own delay. In small steps: a worker that is
            // slow on a busy machine must not find its looks old, and its alerts unanswered for hours.
            app.advance(5).await;
            let writes = app.market.writes().await;
            let answer = writes.iter().map(|entry| &entry["writes"][0]).find(|write| {
                write["sku"] == SKU && write["city_prices_after"]["750000000"] == ANSWER
            });
            answer.map(|_| ()).ok_or(writes.len())
        })
        .await;

        wait_until("the new price in the panel", LONG, || async {
            app.advance(30).await;
            open(&format!("/products?q={SKU}")).await;
            let shown = browser.find("#found .own-price").await.text().await.unwrap();
            let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
            if digits == ANSWER.to_string() { Ok(()) } else { Err(shown) }
        })
        .await;
        browser.click("#found tbody th a").await;
        browser.find("ol.why li").await;
        browser.sees("New Rival").await;
    })
    .await;

    stop.send_replace(true);
    working.await.unwrap().expect("the worker ends in order");
}

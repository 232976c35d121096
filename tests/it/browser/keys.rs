//! The panel by keys alone: the command box, the map of keys, jumps and rows; and nothing of it while one types or has
//! switched it off.

use kaspi_panel::domain::Role;
use thirtyfour::{By, Key};

use crate::support::{Browser, NewProduct, PASSWORD, TestApp, db_product, db_store, db_user, wait_until};

/// Presses keys wherever the focus is.
async fn press(browser: &Browser, keys: impl AsRef<str>) {
    let actions = browser.tab.action_chain().send_keys(keys.as_ref());
    actions.perform().await.unwrap();
}

/// Presses a key while others are held.
async fn chord(browser: &Browser, held: &[Key], key: char) {
    let mut actions = browser.tab.action_chain();
    for key in held {
        actions = actions.key_down(key.value());
    }
    actions = actions.key_down(key).key_up(key);
    for key in held {
        actions = actions.key_up(key.value());
    }
    actions.perform().await.unwrap();
}

/// Is a dialog open?
async fn is_open(browser: &Browser, id: &str) -> bool {
    let open = browser.tab.find(By::Css(format!("dialog#{id}[open]"))).await;
    open.is_ok()
}

/// What has the focus.
async fn focused(browser: &Browser, attribute: &str) -> String {
    let element = browser.tab.active_element().await.unwrap();
    element.attr(attribute).await.unwrap().unwrap_or_default()
}

async fn sign_in(browser: &Browser, address: &str, email: &str) {
    browser.tab.goto(address).await.unwrap();
    browser.fill("#email", email).await;
    browser.fill("#password", PASSWORD).await;
    press(browser, Key::Enter.value().to_string()).await;
    browser.find("nav a[href='/stores']").await;
}

/// A store of `aigul` with three products.
fn furnish(app: &TestApp) -> String {
    let mut conn = app.conn();
    let aigul = db_user(&mut conn, "aigul", Role::Manager);
    let store = db_store(&mut conn, aigul, "30000001");
    let mut last = String::new();
    for (sku, name) in [("S-1", "Kettle"), ("S-2", "Iron"), ("S-3", "Toaster")] {
        let new = NewProduct {
            sku,
            name,
            ..NewProduct::default()
        };
        last = db_product(&mut conn, store, &new).to_string();
    }
    last
}

#[tokio::test]
async fn the_command_box_finds_by_keys_alone_from_wherever_one_is() {
    let mut app = TestApp::new();
    let toaster = furnish(&app);
    let panel = app.serve();
    Browser::run("command_box", async |browser| {
        sign_in(browser, panel.as_str(), "aigul@example.kz").await;
        // From inside a field as well.
        browser
            .tab
            .goto(panel.join("/stop").unwrap().as_str())
            .await
            .unwrap();
        browser.click("#details").await;
        chord(browser, &[Key::Control], 'k').await;
        browser.find("dialog#box[open] #box-found a[href='/stop']").await;
        press(browser, "toaster").await;
        let hit = format!("#box-found a[href='/products/{toaster}']");
        browser.find(&hit).await;
        press(browser, Key::Down.value().to_string()).await;
        assert_eq!(focused(browser, "href").await, format!("/products/{toaster}"));
        press(browser, Key::Up.value().to_string()).await;
        assert_eq!(focused(browser, "id").await, "box-q");
        press(browser, Key::Escape.value().to_string()).await;
        assert!(!is_open(browser, "box").await);
        assert_eq!(focused(browser, "id").await, "details", "back where one was");

        chord(browser, &[Key::Control], 'k').await;
        browser.find(&hit).await;
        press(browser, Key::Enter.value().to_string()).await;
        browser.is_at(&format!("/products/{toaster}")).await;

        // Enter before anything was found: the page of the search answers, and a key leads on.
        chord(browser, &[Key::Control], 'k').await;
        press(browser, format!("{toaster}{}", Key::Enter.value())).await;
        browser.is_at(&format!("/products/{toaster}")).await;
        // Back is a whole page with nothing open.
        browser.tab.back().await.unwrap();
        browser.find("nav a[href='/stores']").await;
        assert!(!is_open(browser, "box").await);
    })
    .await;
}

#[tokio::test]
async fn single_keys_jump_walk_and_pick_but_never_in_fields_or_when_off() {
    let mut app = TestApp::new();
    furnish(&app);
    let panel = app.serve();
    Browser::run("keys", async |browser| {
        sign_in(browser, panel.as_str(), "aigul@example.kz").await;
        for (keys, path) in [
            ("gs", "/stores"),
            ("go", "/preorders"),
            ("gj", "/jobs"),
            ("gl", "/log"),
            ("gp", "/products"),
        ] {
            press(browser, keys).await;
            browser.is_at(path).await;
            browser.find("nav a[href='/stores']").await;
        }

        press(browser, "?").await;
        browser.find("dialog#keys-help[open] kbd").await;
        press(browser, "gs").await;
        press(browser, Key::Escape.value().to_string()).await;
        browser.is_at("/products").await;
        assert!(!is_open(browser, "keys-help").await);

        let rows = browser
            .tab
            .find_all(By::Css("#found tbody th .item a"))
            .await
            .unwrap();
        let mut links = Vec::new();
        for row in rows {
            links.push(row.attr("href").await.unwrap().unwrap());
        }
        press(browser, "j").await;
        assert_eq!(focused(browser, "href").await, links[0]);
        press(browser, "jj").await;
        assert_eq!(focused(browser, "href").await, links[2]);
        press(browser, "k").await;
        assert_eq!(focused(browser, "href").await, links[1]);
        press(browser, "x").await;
        browser.find("#found tbody tr:nth-child(2) input:checked").await;
        press(browser, "b").await;
        assert_eq!(focused(browser, "name").await, "of");
        press(browser, "je").await;
        browser.find("#found tr.editing input[name=floor_tenge]").await;
        // Letters in a field are letters.
        browser
            .tab
            .goto(panel.join("/products").unwrap().as_str())
            .await
            .unwrap();
        press(browser, "/").await;
        assert_eq!(focused(browser, "id").await, "q");
        press(browser, "gj?x").await;
        assert_eq!(browser.find("#q").await.value().await.unwrap().unwrap(), "gj?x");
        assert!(!is_open(browser, "keys-help").await);
        browser.is_at("/products").await;

        chord(browser, &[Key::Shift, Key::Alt], 's').await;
        browser.is_at("/stop").await;
        assert_eq!(
            browser.tab.find_all(By::Css(".robot.off")).await.unwrap().len(),
            0,
            "nothing is stopped"
        );

        // Switched off: only combinations act.
        browser.click("button[popovertarget='user-menu']").await;
        browser.click("#user-menu button[name=keys]").await;
        browser.find("body[data-keys=off]").await;
        for keys in ["?", "gj", "j", "/"] {
            press(browser, keys).await;
        }
        assert!(!is_open(browser, "keys-help").await);
        browser.is_at("/stop").await;
        assert_eq!(
            browser
                .tab
                .active_element()
                .await
                .unwrap()
                .tag_name()
                .await
                .unwrap(),
            "body"
        );
        chord(browser, &[Key::Control], 'k').await;
        wait_until("the box", std::time::Duration::from_secs(30), || async {
            if is_open(browser, "box").await {
                Ok(())
            } else {
                Err("closed")
            }
        })
        .await;
    })
    .await;
}

//! Signing in as a person does it.

use kaspi_panel::domain::Role;

use crate::support::{Browser, PASSWORD, TestApp, db_user};

#[tokio::test]
async fn a_wrong_password_is_told_and_the_right_one_opens_the_panel() {
    let mut app = TestApp::new();
    db_user(&mut app.conn(), "aigul", Role::Manager);
    let panel = app.serve();
    Browser::run("sign_in", async |browser| {
        browser.tab.goto(panel.as_str()).await.unwrap();
        browser.is_at("/login").await;
        browser.fill("#email", "aigul@example.kz").await;
        browser.fill("#password", "not this one").await;
        browser.click("form[action='/login'] button[type=submit]").await;
        browser.find("[role=alert]").await;

        browser.fill("#password", PASSWORD).await;
        browser.click("form[action='/login'] button[type=submit]").await;
        browser.find("nav a[href='/stores']").await;
        assert_eq!(browser.tab.current_url().await.unwrap().path(), "/");
    })
    .await;
}

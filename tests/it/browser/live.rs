//! What somebody does in one browser shows in the header of another one.

use kaspi_panel::domain::Role;

use crate::support::{Browser, PASSWORD, TestApp, db_store, db_user};

#[tokio::test]
async fn a_stop_shows_in_another_browser_and_a_session_that_ends_is_told() {
    let mut app = TestApp::new();
    let aigul = db_user(&mut app.conn(), "aigul", Role::Manager);
    let store = db_store(&mut app.conn(), aigul, "30000001");
    let panel = app.serve();
    let other = app.sign_in("aigul").await;
    Browser::run("live", async |browser| {
        browser.tab.goto(panel.as_str()).await.unwrap();
        browser.fill("#email", "aigul@example.kz").await;
        browser.fill("#password", PASSWORD).await;
        browser.click("form[action='/login'] button[type=submit]").await;
        browser.find("[data-part=robot][data-seen=live]").await;
        // A text that is being written stays, and so does the page.
        browser
            .tab
            .goto(panel.join("/stop").unwrap().as_str())
            .await
            .unwrap();
        browser.fill("#details", "half a reason").await;

        let scope = format!("store:{store}");
        let form = [("scope", scope.as_str()), ("reason", "stop-reason-check")];
        other.post("/stop", &form).await.expect(303);
        browser
            .find("[data-part=robot][data-seen=stores-1] .robot.off")
            .await;
        let written = browser.find("#details").await.value().await.unwrap();
        assert_eq!(written.as_deref(), Some("half a reason"));

        diesel::RunQueryDsl::execute(
            diesel::sql_query("update users set session_version = session_version + 1"),
            &mut app.conn(),
        )
        .unwrap();
        browser.find("#request-error[role=alert]").await;
        browser.is_at("/stop").await;
    })
    .await;
}

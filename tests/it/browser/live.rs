//! What somebody does in one browser shows in the header of another one.

use kaspi_panel::domain::{JobKind, Role};
use serde_json::json;
use thirtyfour::By;

use crate::support::{Browser, PASSWORD, TestApp, db_job_run, db_store, db_user, wait_until};

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

        // Without a stream the page asks, and says what it shows by then.
        let ask = "document.getElementById('live-poll').dispatchEvent(new Event('poll'))";
        browser.tab.execute(ask, Vec::new()).await.unwrap();
        let asked = "return performance.getEntriesByType('resource').map((entry) => entry.name).join(' ')";
        wait_until("the question", std::time::Duration::from_secs(30), || async {
            let asked = browser.tab.execute(asked, Vec::new()).await.unwrap();
            let asked: String = asked.convert().unwrap();
            if asked.contains("/live?seen=stores-1.0.0") { Ok(()) } else { Err(asked) }
        })
        .await;

        // A new password in another window of this browser: the session goes on under a new key.
        let change = format!(
            "const form = new URLSearchParams({{
               csrf_token: document.querySelector('input[name=csrf_token]').value,
               password: '{PASSWORD}', new_password: 'another long one', repeated: 'another long one' }});
             return fetch('/profile/password', {{ method: 'POST', body: form }}).then((answer) => answer.url);"
        );
        let at = browser.tab.execute(change, Vec::new()).await.unwrap();
        let at: String = at.convert().unwrap();
        assert!(at.ends_with("/profile"), "{at}");
        db_job_run(&mut app.conn(), JobKind::SyncStore, store, &json!({}));
        browser.find("[data-part=jobs][data-seen='1']").await;
        assert!(browser.tab.find(By::Id("request-error")).await.is_err());

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

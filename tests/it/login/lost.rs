//! Logins whose other half goes away: the worker, the browser, the web process.

use kaspi_panel::{
    app::connect_store::{look_at_attempt, sms_start, sms_verify},
    domain::Tenant,
    os::processes,
};

use super::*;

#[tokio::test]
async fn a_graceful_stop_ends_a_waiting_login_with_start_again() {
    let app = app_with(LoginDriver::Http);
    account(&app, json!({})).await;
    let (_, actor) = person(&app, "aigul");
    let id = sms_start(&app.services, &actor, PHONE, None).await.unwrap();
    let running = Running::newest(&app);
    until(&app, id, AttemptState::SmsCode).await;
    running.stop.send(true).unwrap();
    assert_eq!(running.ended().await, Err(JobError::Fail("interrupted")));
    assert_eq!(attempt(&app, id).state, AttemptState::Interrupted);
}

#[tokio::test]
async fn the_web_process_may_restart_while_a_login_waits() {
    let mut app = app_with(LoginDriver::Http);
    account(&app, json!({})).await;
    let client = app.signed_in("aigul", Role::Manager).await;
    let begun = client
        .post("/stores/new", &[("by", "phone"), ("phone", PHONE)])
        .await
        .expect(303);
    let page = begun.location();
    let running = Running::newest(&app);
    let id: AttemptId = page.rsplit('/').next().unwrap().parse().unwrap();
    until(&app, id, AttemptState::SmsCode).await;

    app.restart();
    let client = app.sign_in("aigul").await;
    let shown = client.get(&page).await.expect(200);
    assert_eq!(shown.attribute("#code", "autocomplete"), "one-time-code");
    client
        .post(&format!("{page}/code"), &[("code", SMS_CODE)])
        .await
        .expect(303);
    assert_eq!(running.ended().await, Ok(()));
    let shown = client.get(&page).await.expect(200);
    assert_eq!(shown.texts("#attempt h2"), ["Магазин подключён"]);
}

#[tokio::test]
async fn a_browser_that_is_killed_between_sms_and_code_ends_the_login() {
    let app = app_with(LoginDriver::WebDriver);
    account(&app, json!({})).await;
    let (_, actor) = person(&app, "aigul");
    let id = sms_start(&app.services, &actor, PHONE, None).await.unwrap();
    let running = Running::newest(&app);
    until(&app, id, AttemptState::SmsCode).await;
    let browsers = browsers_of_this_process();
    assert!(!browsers.is_empty());
    kill(&browsers);

    assert_eq!(running.ended().await, Err(JobError::Fail("interrupted")));
    assert_eq!(attempt(&app, id).state, AttemptState::Interrupted);
    let late = sms_verify(&app.services, &actor, id, &Secret::from(SMS_CODE)).await;
    assert!(matches!(late, Err(ConnectError::NotFound)), "{late:?}");
}

/// Main processes of the browsers that belong to this test's process tree.
fn browsers_of_this_process() -> Vec<u32> {
    let all = processes::list();
    let mut ours = vec![std::process::id()];
    // Parents stand before their children only by chance: a few rounds find all.
    for _ in 0..6 {
        for process in &all {
            if ours.contains(&process.parent) && !ours.contains(&process.id) {
                ours.push(process.id);
            }
        }
    }
    all.iter()
        .filter(|process| ours.contains(&process.id) && process.name.starts_with("chromium"))
        .map(|process| process.id)
        .collect()
}

fn kill(ids: &[u32]) {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    // Some may have gone with the first.
    let _status = std::process::Command::new("kill")
        .arg("-KILL")
        .args(&ids)
        .status();
}

#[tokio::test]
async fn a_login_without_signs_of_life_ends_for_whoever_looks() {
    let app = TestApp::new();
    let (_, actor) = person(&app, "aigul");
    let id = start(&app, &actor, PASSWORD, None).await;
    // A worker took it up and was killed.
    let taken = kaspi_panel::store::connections::attempt_start(&mut app.conn(), id, app.services.now());
    assert!(taken.unwrap());
    let seen = look_at_attempt(&app.services, Tenant::All, id).await.unwrap();
    assert_eq!(seen.state, AttemptState::Running, "a moment ago there was one");
    diesel::sql_query("update connection_attempts set heartbeat_at = now() - interval '4 seconds'")
        .execute(&mut app.conn())
        .unwrap();

    let seen = look_at_attempt(&app.services, Tenant::All, id).await.unwrap();
    assert_eq!(
        (seen.state, seen.password_sealed),
        (AttemptState::Interrupted, None)
    );
    // The queue's retry finds it over, and the next login is not in its way.
    assert_eq!(run(&app).await, Ok(()));
    start(&app, &actor, PASSWORD, None).await;
}

#[tokio::test]
async fn a_login_that_no_worker_takes_up_is_given_up() {
    let app = TestApp::new();
    let (_, actor) = person(&app, "aigul");
    let id = start(&app, &actor, PASSWORD, None).await;
    app.advance(901).await;
    expire_connections(&app.services).await.unwrap();
    assert_eq!(attempt(&app, id).state, AttemptState::Interrupted);
}

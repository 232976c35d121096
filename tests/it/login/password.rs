//! Logins that ask for a password on the way: of an account of which none is kept, and of a telephone number
//! where the page wants one in place of a code. Through the pages, as a person goes.

use kaspi_panel::app::connect_store::give_password;

use super::*;
use crate::support::{Answer, Client};

by_both_ways!(an_account_without_a_kept_password_is_asked_for_it,);

const CHANGED: &str = "Changed-Password-2";

/// Changes the account at the marketplace and ends its sessions.
async fn change_account(app: &TestApp, more: Value) {
    let mut change = json!({ "email": EMAIL });
    let fields = change.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    let method = reqwest::Method::PATCH;
    app.market.call(method, "/control/accounts", change).await;
    app.market.control("/control/sessions/expire", json!({})).await;
}

/// Begins a login with this form; its page and its key.
async fn begin(client: &Client, form: &[(&str, &str)]) -> (String, AttemptId) {
    let page = client.post("/stores/new", form).await.expect(303).location();
    let id = page.rsplit('/').next().unwrap().parse().unwrap();
    (page, id)
}

async fn give(client: &Client, page: &str, password: &str) -> Answer {
    client
        .post(&format!("{page}/password"), &[("password", password)])
        .await
}

fn kept_password(app: &TestApp) -> bool {
    let sealed: Option<Vec<u8>> = cabinet_accounts::table
        .select(cabinet_accounts::password_sealed)
        .first(&mut app.conn())
        .unwrap();
    sealed.is_some()
}

fn assert_nowhere(app: &TestApp, secrets: &[&str]) {
    for table in ["connection_attempts", "cabinet_accounts", "job_runs", "audit_log"] {
        let dump = dump(app, table);
        for secret in secrets {
            assert!(!dump.contains(secret) && !dump.contains(&hex(secret)), "{table}");
        }
    }
}

async fn an_account_without_a_kept_password_is_asked_for_it(mut app: TestApp) {
    account(&app, json!({})).await;
    let client = app.signed_in("aigul", Role::Manager).await;
    let stranger = app.signed_in("bolat", Role::Manager).await;
    begin(&client, &[("email", EMAIL), ("password", PASSWORD)]).await;
    assert_eq!(run(&app).await, Ok(()));
    let store = only_store(&app);
    let known = store.account_id.unwrap().to_string();

    // The owner changed the password: the kept one is refused, and forgotten.
    change_account(&app, json!({ "password": CHANGED })).await;
    begin(&client, &[("account", &known)]).await;
    assert_eq!(run(&app).await, Err(JobError::Fail("wrong_credentials")));
    assert!(!kept_password(&app));

    // From now on a person is asked.
    let (page, id) = begin(&client, &[("account", &known)]).await;
    let running = Running::newest(&app);
    until(&app, id, AttemptState::Password).await;
    let shown = client.get(&page).await.expect(200);
    assert_eq!(shown.texts("#attempt h2"), ["Kaspi просит пароль"]);
    assert_eq!(shown.attribute("#password", "type"), "password");
    assert_eq!(shown.count("#code"), 0);
    assert_eq!(
        shown.text("label[for=password]"),
        "Пароль",
        "the field has its name"
    );
    let empty = give(&client, &page, "").await.expect(422);
    assert_eq!(empty.attribute("#password", "aria-invalid"), "true");
    give(&stranger, &page, CHANGED).await.expect(404);
    client
        .post(&format!("{page}/code"), &[("code", SMS_CODE)])
        .await
        .expect(303);
    assert_eq!(
        attempt(&app, id).state,
        AttemptState::Password,
        "no code is wanted"
    );
    give(&client, &page, "Wrong-Password-3").await.expect(303);
    assert_eq!(running.ended().await, Err(JobError::Fail("wrong_credentials")));
    let late = give(&client, &page, CHANGED).await.expect(303);
    assert_eq!(late.location(), page, "too late: the page tells what came of it");
    let shown = client.get(&page).await.expect(200);
    assert_eq!(shown.count("#password"), 0);
    assert!(!kept_password(&app));

    let (page, id) = begin(&client, &[("account", &known)]).await;
    let running = Running::newest(&app);
    until(&app, id, AttemptState::Password).await;
    give(&client, &page, CHANGED).await.expect(303);
    assert_nowhere(&app, &[CHANGED, "Wrong-Password-3"]);
    assert_eq!(running.ended().await, Ok(()));
    assert_eq!(attempt(&app, id).answer_sealed, None, "wiped");
    let shown = client.get(&page).await.expect(200);
    assert_eq!(shown.texts("#attempt h2"), ["Магазин подключён"]);
    assert_eq!(only_store(&app).id, store.id, "the same store");
    assert!(session_of(&app.services, store.id).await.is_ok());

    // What was given is kept: the next login asks nobody.
    app.market.control("/control/sessions/expire", json!({})).await;
    client
        .post(&format!("/stores/{}/login", store.id), &[])
        .await
        .expect(303);
    assert_eq!(run(&app).await, Ok(()));
    assert!(session_of(&app.services, store.id).await.is_ok());
    assert_nowhere(&app, &[CHANGED]);
}

#[tokio::test]
async fn a_telephone_may_need_a_password_which_is_kept_until_it_is_refused() {
    let mut app = app_with(LoginDriver::WebDriver);
    account(&app, json!({ "phone_password": true })).await;
    let client = app.signed_in("aigul", Role::Manager).await;
    let (page, id) = begin(&client, &[("by", "phone"), ("phone", PHONE)]).await;
    let running = Running::newest(&app);
    until(&app, id, AttemptState::Password).await;
    let shown = client.get(&page).await.expect(200);
    assert_eq!(shown.texts("#attempt h2"), ["Kaspi просит пароль"]);
    give(&client, &page, PASSWORD).await.expect(303);
    assert_eq!(running.ended().await, Ok(()));
    let store = only_store(&app);
    assert!(session_of(&app.services, store.id).await.is_ok());
    assert!(kept_password(&app));
    assert_nowhere(&app, &[PASSWORD]);

    // Logged in again, nobody is asked.
    let again = format!("/stores/{}/login", store.id);
    change_account(&app, json!({})).await;
    client.post(&again, &[]).await.expect(303);
    assert_eq!(run(&app).await, Ok(()));

    // Once it is refused it is not tried again: a person is asked.
    change_account(&app, json!({ "password": CHANGED })).await;
    client.post(&again, &[]).await.expect(303);
    assert_eq!(run(&app).await, Err(JobError::Fail("wrong_credentials")));
    assert!(!kept_password(&app));
    let page = client.post(&again, &[]).await.expect(303).location();
    let running = Running::newest(&app);
    let id = page.rsplit('/').next().unwrap().parse().unwrap();
    until(&app, id, AttemptState::Password).await;
    give(&client, &page, CHANGED).await.expect(303);
    assert_eq!(running.ended().await, Ok(()));
    assert!(session_of(&app.services, store.id).await.is_ok());
}

#[tokio::test]
async fn without_a_browser_a_telephone_that_needs_a_password_is_not_asked_for_a_code() {
    let app = app_with(LoginDriver::Http);
    account(&app, json!({ "phone_password": true })).await;
    let (_, actor) = person(&app, "aigul");
    let begun = kaspi_panel::app::connect_store::sms_start(&app.services, &actor, PHONE, None).await;
    let id = begun.unwrap();
    assert_eq!(run(&app).await, Err(JobError::Fail("page_changed")));
    let late = give_password(&app.services, &actor, id, Secret::from(PASSWORD)).await;
    assert!(matches!(late, Err(ConnectError::NotFound)), "{late:?}");
}

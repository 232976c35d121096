//! One account with several stores: chosen after the login, connected without another one, and one login at a
//! time.

use kaspi_panel::app::connect_store::{choose_merchant, connect_another};

use super::*;
use crate::support::Client;

by_both_ways!(
    another_store_of_a_login_that_asks_for_the_merchant_gets_a_session_of_its_own,
    a_store_that_is_connected_already_may_be_chosen_once_more,
);

async fn shared_account(app: &TestApp) {
    let more = json!({ "merchants": ["30000001", "30000002"], "choice_at_login": false });
    account(app, more).await;
}

#[tokio::test]
async fn one_login_feeds_two_stores_and_the_second_needs_none() {
    let app = app_with(LoginDriver::Http);
    shared_account(&app).await;
    let (_, actor) = person(&app, "aigul");
    let (_, stranger) = person(&app, "bolat");
    let id = start(&app, &actor, PASSWORD, None).await;
    let running = Running::newest(&app);
    until(&app, id, AttemptState::ChooseMerchant).await;
    choose_merchant(&app.services, &actor, id, "30000001")
        .await
        .unwrap();
    assert_eq!(running.ended().await, Ok(()));
    let first = only_store(&app);
    let known = first.account_id.unwrap();
    let logins = app.market.calls("login").await.len();

    let foreign = connect_another(&app.services, &stranger, known).await;
    assert!(matches!(foreign, Err(ConnectError::NotFound)), "{foreign:?}");
    let id = connect_another(&app.services, &actor, known).await.unwrap();
    let running = Running::newest(&app);
    until(&app, id, AttemptState::ChooseMerchant).await;
    choose_merchant(&app.services, &actor, id, "30000002")
        .await
        .unwrap();
    assert_eq!(running.ended().await, Ok(()));

    assert_eq!(app.market.calls("login").await.len(), logins, "no login");
    let both = all_stores(&app);
    assert_eq!(both.len(), 2);
    assert!(both.iter().all(|store| store.account_id == Some(known)));
    for store in both {
        assert!(session_of(&app.services, store.id).await.is_ok());
    }
    let accounts: i64 = cabinet_accounts::table
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    assert_eq!(accounts, 1);
}

#[tokio::test]
async fn two_logins_of_one_account_never_run_at_once() {
    let app = app_with(LoginDriver::Http);
    let (_, actor) = person(&app, "aigul");
    let (_, other) = person(&app, "bolat");
    let begin = |who: Actor| {
        let services = app.services.clone();
        async move { start_connection(&services, &who, EMAIL, Secret::from(PASSWORD), None).await }
    };
    let (first, second) = tokio::join!(begin(actor.clone()), begin(other.clone()));
    let begun = [&first, &second].iter().filter(|begun| begun.is_ok()).count();
    assert_eq!(begun, 1, "{first:?} {second:?}");
    // Whose login it is, strangers are not told.
    let hidden = [first, second]
        .into_iter()
        .any(|begun| matches!(begun, Err(ConnectError::AlreadyRunning { attempt: None })));
    assert!(hidden);
    assert_eq!(run(&app).await, Ok(()));
    let again = begin(other).await;
    assert!(again.is_ok(), "{again:?}");
}

#[tokio::test]
async fn an_account_goes_with_its_last_store() {
    let app = app_with(LoginDriver::Http);
    let (_, actor) = person(&app, "aigul");
    start(&app, &actor, PASSWORD, None).await;
    assert_eq!(run(&app).await, Ok(()));
    let store = only_store(&app);
    kaspi_panel::app::store_edit::delete_store(&app.services, &actor, store.id)
        .await
        .unwrap();
    let accounts: i64 = cabinet_accounts::table
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    assert_eq!(accounts, 0, "secrets do not outlive their use");
}

/// Connects a store of a login that asks for the merchant, through the pages.
async fn connect(app: &TestApp, client: &Client, form: &[(&str, &str)], merchant_id: &str) -> AttemptId {
    let page = client.post("/stores/new", form).await.expect(303).location();
    let id: AttemptId = page.rsplit('/').next().unwrap().parse().unwrap();
    let running = Running::newest(app);
    until(app, id, AttemptState::ChooseMerchant).await;
    let shown = client.get(&page).await.expect(200);
    assert_eq!(shown.count("input[name=merchant_id]"), 2);
    let chosen = [("merchant_id", merchant_id)];
    client
        .post(&format!("{page}/merchant"), &chosen)
        .await
        .expect(303);
    assert_eq!(running.ended().await, Ok(()));
    id
}

/// The merchants that a store's session may act for.
async fn held_by(app: &TestApp, store: &Store) -> Vec<String> {
    let session = session_of(&app.services, store.id).await.unwrap();
    let held = app.services.kaspi.merchants(&session).await.unwrap();
    held.into_iter().map(|merchant| merchant.id).collect()
}

async fn another_store_of_a_login_that_asks_for_the_merchant_gets_a_session_of_its_own(mut app: TestApp) {
    account(&app, json!({ "merchants": ["30000001", "30000002"] })).await;
    let client = app.signed_in("aigul", Role::Manager).await;
    let by_password = [("email", EMAIL), ("password", PASSWORD)];
    connect(&app, &client, &by_password, "30000001").await;
    let known = only_store(&app).account_id.unwrap().to_string();

    // Its session is good for that merchant alone: the login asks again, the person types nothing.
    connect(&app, &client, &[("account", &known)], "30000002").await;

    let both = all_stores(&app);
    let merchants: Vec<&str> = both.iter().map(|store| store.merchant_id.as_str()).collect();
    assert_eq!(merchants, ["30000001", "30000002"]);
    assert!(
        both.iter()
            .all(|store| store.session_state == SessionState::Connected)
    );
    assert_ne!(
        both[0].account_id, both[1].account_id,
        "two sessions are two accounts"
    );
    for store in &both {
        assert_eq!(
            held_by(&app, store).await,
            std::slice::from_ref(&store.merchant_id)
        );
    }
    // The list of known logins tells one of them, however many sessions it has.
    let form = client.get("/stores/new").await.expect(200);
    assert_eq!(form.count("input[name=account]"), 1, "{}", form.body_text());

    // Each comes back by itself, for its own merchant and nobody is asked.
    app.market.control("/control/sessions/expire", json!({})).await;
    for store in &both {
        client
            .post(&format!("/stores/{}/login", store.id), &[])
            .await
            .expect(303);
        assert_eq!(run(&app).await, Ok(()));
        assert_eq!(
            held_by(&app, store).await,
            std::slice::from_ref(&store.merchant_id)
        );
    }
    assert_eq!(all_stores(&app).len(), 2);
}

async fn a_store_that_is_connected_already_may_be_chosen_once_more(mut app: TestApp) {
    account(&app, json!({ "merchants": ["30000001", "30000002"] })).await;
    let client = app.signed_in("aigul", Role::Manager).await;
    let by_password = [("email", EMAIL), ("password", PASSWORD)];
    connect(&app, &client, &by_password, "30000001").await;
    let before = only_store(&app);
    let known = before.account_id.unwrap().to_string();
    app.market.control("/control/sessions/expire", json!({})).await;

    let id = connect(&app, &client, &[("account", &known)], "30000001").await;

    let after = only_store(&app);
    assert_eq!((after.id, after.account_id), (before.id, before.account_id));
    assert_eq!(attempt(&app, id).store_id, Some(before.id));
    assert_eq!(held_by(&app, &after).await, ["30000001"]);
}

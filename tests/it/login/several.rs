//! One account with several stores: chosen after the login, connected without another one, and one login at a
//! time.

use kaspi_panel::app::connect_store::{choose_merchant, connect_another};

use super::*;

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

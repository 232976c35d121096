//! A session that has died: renewed silently, by the kept password, or by nobody.

use kaspi_panel::{
    app::cabinet_session::{Renewal, keep_rotated_sessions, look_after_sessions, renew_session},
    kaspi::{CabinetSession, KaspiClient},
};

use super::*;
use crate::support::{Cabinet, db_account, db_store, renewable_session};

/// Two stores of one account whose session works.
async fn two_stores(app: &TestApp, password: Option<&str>) -> (StoreId, StoreId) {
    let more = json!({ "merchants": ["30000001", "30000002"], "choice_at_login": false });
    account(app, more).await;
    let session = renewable_session(&app.market, Cabinet::DEMO).await;
    let mut conn = app.conn();
    let owner = db_user(&mut conn, "aigul", Role::Manager);
    let stores = ["30000001", "30000002"].map(|merchant| db_store(&mut conn, owner, merchant));
    let account = db_account(app, owner, Cabinet::DEMO, &session, password);
    diesel::update(stores::table)
        .set(stores::account_id.eq(account))
        .execute(&mut conn)
        .unwrap();
    (stores[0], stores[1])
}

/// Ends the cabinet sessions; with `sign_out` the login host forgets everybody too.
async fn expire(app: &TestApp, sign_out: bool) {
    let body = json!({ "sign_out": sign_out });
    app.market.control("/control/sessions/expire", body).await;
}

async fn renew(app: &TestApp, store: StoreId) -> Renewal {
    renew_session(&app.services, &Actor::robot(), store)
        .await
        .unwrap()
}

async fn works(app: &TestApp, session: &CabinetSession) -> bool {
    app.services.kaspi.merchants(session).await.is_ok()
}

fn states(app: &TestApp) -> Vec<SessionState> {
    all_stores(app).iter().map(|store| store.session_state).collect()
}

#[tokio::test]
async fn while_the_login_host_knows_us_a_session_comes_back_silently_for_all_stores() {
    let app = app_with(LoginDriver::Http);
    let (first, second) = two_stores(&app, None).await;
    expire(&app, false).await;
    let dead = session_of(&app.services, first).await.unwrap();
    assert!(!works(&app, &dead).await);
    let logins = app.market.calls("login").await.len();

    let Renewal::Ready(session) = renew(&app, first).await else {
        panic!("renewed")
    };
    assert!(works(&app, &session).await);
    assert_eq!(app.market.calls("login").await.len(), logins, "no login");
    let other = session_of(&app.services, second).await.unwrap();
    assert_eq!(other.id(), session.id(), "the sister has it too");

    // A late caller with the dead session learns of the new one; nothing is renewed twice.
    let hops = app.market.calls("callback").await.len();
    let Renewal::Ready(again) = renew(&app, second).await else {
        panic!("alive")
    };
    assert_eq!(again.id(), session.id());
    assert_eq!(app.market.calls("callback").await.len(), hops);
}

#[tokio::test]
async fn a_cookie_that_an_answer_replaces_is_said_next_and_kept_for_all() {
    let app = app_with(LoginDriver::Http);
    let (first, second) = two_stores(&app, None).await;
    let session = session_of(&app.services, first).await.unwrap();
    app.market
        .fault("merchants", "rotate_session", json!({ "times": 1 }))
        .await;

    for _ in 0..2 {
        assert!(
            works(&app, &session).await,
            "the old cookie is worth nothing any more"
        );
    }
    assert_eq!(
        session_of(&app.services, second).await.unwrap(),
        session,
        "not kept yet"
    );
    keep_rotated_sessions(&app.services).await.unwrap();

    let kept = session_of(&app.services, second).await.unwrap();
    assert_ne!(kept, session);
    assert_eq!(kept.id(), session.id(), "of the same login");
    // Another process knows only what was kept.
    let elsewhere = KaspiClient::new(&app.services.config.kaspi).unwrap();
    assert!(elsewhere.merchants(&session).await.is_err());
    assert!(elsewhere.merchants(&kept).await.is_ok());
}

#[tokio::test]
async fn a_kept_password_logs_in_in_the_background() {
    let app = app_with(LoginDriver::Http);
    let (first, second) = two_stores(&app, Some(PASSWORD)).await;
    expire(&app, true).await;

    assert!(matches!(renew(&app, first).await, Renewal::Queued));
    assert_eq!(states(&app), [SessionState::Renewing; 2], "the sister waits too");
    assert!(matches!(renew(&app, second).await, Renewal::Queued), "joined");
    let waits = session_of(&app.services, second).await;
    assert!(
        matches!(
            waits,
            Err(kaspi_panel::app::cabinet_session::SessionError::Renewing)
        ),
        "{waits:?}"
    );
    let attempts: i64 = connection_attempts::table
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    assert_eq!(attempts, 1);

    assert_eq!(run(&app).await, Ok(()));
    assert_eq!(states(&app), [SessionState::Connected; 2]);
    let session = session_of(&app.services, second).await.unwrap();
    assert!(works(&app, &session).await);
}

#[tokio::test]
async fn where_a_code_is_asked_for_the_stores_wait_for_a_person() {
    let app = app_with(LoginDriver::Http);
    let (first, _) = two_stores(&app, Some(PASSWORD)).await;
    let more = json!({ "merchants": ["30000001", "30000002"], "choice_at_login": false, "mail_code": true });
    account(&app, more).await;
    // The device is not known either.
    diesel::sql_query("update cabinet_accounts set cookies_sealed = null")
        .execute(&mut app.conn())
        .unwrap();

    assert!(matches!(renew(&app, first).await, Renewal::Queued));
    assert_eq!(run(&app).await, Err(JobError::Fail("needs_code")));

    assert_eq!(states(&app), [SessionState::NeedsLogin; 2]);
    assert!(matches!(renew(&app, first).await, Renewal::NeedsLogin), "no loop");
}

#[tokio::test]
async fn without_a_password_the_stores_wait_for_a_person_and_the_log_says_so() {
    let app = app_with(LoginDriver::Http);
    let (first, _) = two_stores(&app, None).await;
    expire(&app, true).await;

    assert!(matches!(renew(&app, first).await, Renewal::NeedsLogin));

    assert_eq!(states(&app), [SessionState::NeedsLogin; 2]);
    assert_eq!(dump(&app, "audit_log").matches("session_expired").count(), 2);
    assert!(matches!(renew(&app, first).await, Renewal::NeedsLogin));
    assert_eq!(dump(&app, "audit_log").matches("session_expired").count(), 2);
}

#[tokio::test]
async fn a_password_that_is_refused_is_never_tried_again() {
    let app = app_with(LoginDriver::Http);
    let (first, _) = two_stores(&app, Some("Old-Password-1")).await;
    expire(&app, true).await;

    assert!(matches!(renew(&app, first).await, Renewal::Queued));
    assert_eq!(run(&app).await, Err(JobError::Fail("wrong_credentials")));

    assert_eq!(states(&app), [SessionState::NeedsLogin; 2]);
    let kept: Option<Vec<u8>> = cabinet_accounts::table
        .select(cabinet_accounts::password_sealed)
        .first(&mut app.conn())
        .unwrap();
    assert_eq!(kept, None);
}

#[tokio::test]
async fn a_block_proves_nothing_about_the_session() {
    let app = app_with(LoginDriver::Http);
    let (first, _) = two_stores(&app, Some(PASSWORD)).await;
    for (kind, more) in [
        ("status", json!({ "status": 403, "body": "html" })),
        ("malformed", json!({})),
        ("status", json!({ "status": 429 })),
    ] {
        app.market.fault("merchants", kind, more).await;
        let logins = app.market.calls("authorization").await.len();
        assert!(matches!(renew(&app, first).await, Renewal::Queued), "{kind}");
        assert_eq!(states(&app), [SessionState::Connected; 2], "{kind}");
        assert_eq!(app.market.calls("authorization").await.len(), logins, "{kind}");
        app.market.clear_faults().await;
    }
}

#[tokio::test]
async fn trouble_that_passes_is_waited_out_and_tried_again() {
    let app = app_with(LoginDriver::Http);
    let (first, _) = two_stores(&app, Some(PASSWORD)).await;
    expire(&app, true).await;
    app.market
        .fault("authorize", "status", json!({ "status": 503, "body": "html" }))
        .await;
    assert!(matches!(renew(&app, first).await, Renewal::Queued));
    assert_eq!(states(&app), [SessionState::Renewing; 2]);
    let tries = app.market.calls("authorize").await.len();
    assert!(matches!(renew(&app, first).await, Renewal::Queued));
    assert_eq!(
        app.market.calls("authorize").await.len(),
        tries,
        "not before its pause"
    );

    app.market.clear_faults().await;
    app.advance(61).await;
    look_after_sessions(&app.services).await.unwrap();
    assert_eq!(run(&app).await, Ok(()));
    assert_eq!(states(&app), [SessionState::Connected; 2]);
}

#[tokio::test]
async fn idle_sessions_are_looked_after_and_used_ones_left_alone() {
    let app = app_with(LoginDriver::Http);
    let (first, _) = two_stores(&app, None).await;
    let probes = app.market.calls("merchants").await.len();
    look_after_sessions(&app.services).await.unwrap();
    assert_eq!(
        app.market.calls("merchants").await.len(),
        probes,
        "used a moment ago"
    );

    app.advance(1801).await;
    look_after_sessions(&app.services).await.unwrap();
    look_after_sessions(&app.services).await.unwrap();
    assert_eq!(
        app.market.calls("merchants").await.len(),
        probes + 1,
        "once for the account, not for each store"
    );

    expire(&app, false).await;
    app.advance(1801).await;
    look_after_sessions(&app.services).await.unwrap();
    let session = session_of(&app.services, first).await.unwrap();
    assert!(works(&app, &session).await, "renewed before anybody needed it");
}

//! Pages that are not what they should be, and what is kept to find out why.

use kaspi_panel::{
    app::retention::forget_old,
    domain::Tenant,
    store::evidence::{AttemptEvidence, evidence_fetch},
};

use super::*;

fn evidence(app: &TestApp, id: AttemptId) -> Option<AttemptEvidence> {
    evidence_fetch(&mut app.conn(), Tenant::All, id).unwrap()
}

#[tokio::test]
async fn a_page_without_the_form_is_told_from_a_marketplace_that_is_away() {
    let app = TestApp::new();
    let (_, actor) = person(&app, "aigul");
    for (kind, more, state) in [
        ("html", json!({}), AttemptState::PageChanged),
        ("html", json!({ "page": "captcha" }), AttemptState::Captcha),
        (
            "replace",
            json!({ "replace": { "user_email_field": "user_login_field" } }),
            AttemptState::PageChanged,
        ),
        (
            "replace",
            json!({ "replace": { "password_field": "secret_field", "\"password\"": "\"text\"" } }),
            AttemptState::PageChanged,
        ),
        (
            "status",
            json!({ "status": 503, "body": "html" }),
            AttemptState::Unavailable,
        ),
        (
            "status",
            json!({ "status": 403, "body": "html" }),
            AttemptState::Blocked,
        ),
    ] {
        app.market.fault("login_page", kind, more.clone()).await;
        let id = start(&app, &actor, PASSWORD, None).await;
        assert_eq!(
            run(&app).await,
            Err(JobError::Fail(state.as_str())),
            "{kind} {more}"
        );
        let ended = attempt(&app, id);
        assert_eq!(ended.state, state);
        assert_eq!(ended.blocked_until.is_some(), state == AttemptState::Blocked);
        assert_eq!(
            evidence(&app, id).is_some(),
            state != AttemptState::Blocked,
            "{kind} {more}"
        );
        app.market.clear_faults().await;
    }
}

#[tokio::test]
async fn a_captcha_and_a_block_are_known_without_a_browser_too() {
    let app = app_with(LoginDriver::Http);
    let (_, actor) = person(&app, "aigul");
    for (kind, more, state) in [
        ("html", json!({ "page": "captcha" }), AttemptState::Captcha),
        ("status", json!({ "status": 503 }), AttemptState::Unavailable),
        ("redirect_loop", json!({}), AttemptState::PageChanged),
        ("status", json!({ "status": 429 }), AttemptState::Blocked),
    ] {
        app.market.fault("login_page", kind, more).await;
        let id = start(&app, &actor, PASSWORD, None).await;
        assert_eq!(run(&app).await, Err(JobError::Fail(state.as_str())), "{kind}");
        assert_eq!(attempt(&app, id).state, state);
        app.market.clear_faults().await;
    }
}

#[tokio::test]
async fn an_error_in_the_other_danger_element_is_read_as_well() {
    let app = TestApp::new();
    let (_, actor) = person(&app, "aigul");
    let swapped = json!({ "replace": { "help is-danger": "notification is-danger",
        "notification is-danger": "help is-danger" } });
    app.market.fault("login_page", "replace", swapped).await;
    let id = start(&app, &actor, "Wrong-Password-1", None).await;
    assert_eq!(run(&app).await, Err(JobError::Fail("wrong_credentials")));
    assert_eq!(attempt(&app, id).state, AttemptState::WrongCredentials);
}

#[tokio::test]
async fn a_slow_page_is_waited_for_and_an_endless_one_is_not() {
    let app = TestApp::builder()
        .settings(|config| config.browser.login_timeout = Duration::from_secs(30))
        .build();
    let (_, actor) = person(&app, "aigul");
    let slow = |ms: u64| json!({ "delay_ms": ms, "times": 1 });
    app.market.fault("login_page", "slow", slow(6_000)).await;
    start(&app, &actor, PASSWORD, None).await;
    assert_eq!(run(&app).await, Ok(()));
    app.market.fault("login_page", "slow", slow(60_000)).await;
    let id = start(&app, &actor, PASSWORD, None).await;
    assert_eq!(run(&app).await, Err(JobError::Fail("unavailable")));
    assert_eq!(attempt(&app, id).state, AttemptState::Unavailable);
}

#[tokio::test]
async fn evidence_is_for_the_owner_alone_without_secrets_and_for_a_week() {
    let mut app = TestApp::new();
    let owner = app.signed_in("aigul", Role::Manager).await;
    let stranger = app.signed_in("bolat", Role::Manager).await;
    // The page repeats the password where nobody would expect it.
    let leak = format!("<p>Canary {PASSWORD} eyJhbGciOiJIUzI1NiJ9.e30.Xyz</p><main>");
    let changed = json!({ "replace": { "<main>": leak, "location.href = answer.redirectUrl": "1" } });
    app.market.fault("login_page", "replace", changed).await;
    let begun = owner
        .post(
            "/stores/new",
            &[("by", "email"), ("email", EMAIL), ("password", PASSWORD)],
        )
        .await
        .expect(303);
    let page = begun.location();
    assert_eq!(run(&app).await, Err(JobError::Fail("page_changed")));

    let shown = owner.get(&page).await.expect(200);
    assert_eq!(shown.attribute(".evidence img", "src"), format!("{page}/picture"));
    let picture = owner.get(&format!("{page}/picture")).await.expect(200);
    assert_eq!(picture.header("content-type"), "image/png");
    let source = owner.get(&format!("{page}/source")).await.expect(200);
    assert!(source.header("content-type").starts_with("text/plain"));
    assert!(source.header("content-disposition").starts_with("attachment"));
    let text = source.body_text();
    assert!(
        text.contains("user_email_field") && text.contains("Canary"),
        "{text}"
    );
    assert!(!text.contains(PASSWORD) && !text.contains("eyJ"), "{text}");
    assert!(!text.contains("<script"), "{text}");
    for path in ["", "/picture", "/source"] {
        stranger.get(&format!("{page}{path}")).await.expect(404);
    }

    app.advance(7 * 86_400 + 1).await;
    assert!(!forget_old(&app.services).await.unwrap());
    let id: AttemptId = page.rsplit('/').next().unwrap().parse().unwrap();
    assert!(evidence(&app, id).is_none(), "forgotten after a week");
}

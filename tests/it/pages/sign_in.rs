//! Signing in and out, sessions, forged requests, guessing.

use diesel::prelude::*;
use kaspi_panel::{
    app::user_accounts::{set_active, set_password},
    domain::{Actor, Role},
    schema::{sessions, sign_in_attempts},
    secrets::Secret,
};

use crate::support::{Answer, PASSWORD, TestApp, db_user};

fn session_cookie(answer: &Answer) -> Option<String> {
    let cookies = answer.headers.get_all("set-cookie").iter();
    cookies
        .filter_map(|value| value.to_str().ok())
        .find(|cookie| cookie.starts_with("kaspi-panel=") || cookie.starts_with("__Host-kaspi-panel="))
        .map(str::to_owned)
}

fn value_of(cookie: &str) -> &str {
    cookie.split(';').next().unwrap()
}

#[tokio::test]
async fn the_session_gets_a_new_name_at_sign_in_and_dies_at_sign_out() {
    let mut app = TestApp::new();
    db_user(&mut app.conn(), "aigul", Role::Manager);
    let client = app.anonymous();
    let before = session_cookie(&client.get("/login").await.expect(200)).unwrap();
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(before.contains(attribute), "{before}");
    }
    assert!(!before.contains("Secure"), "loopback has no https: {before}");
    let answer = client.sign_in("aigul@example.kz").await.expect(303);
    let after = session_cookie(&answer).unwrap();
    assert_ne!(value_of(&before), value_of(&after));
    let rows = |app: &TestApp| -> Vec<Option<uuid::Uuid>> {
        sessions::table
            .select(sessions::user_id)
            .load(&mut app.conn())
            .unwrap()
    };
    assert_eq!(rows(&app).len(), 1, "the session before is gone");
    assert!(rows(&app)[0].is_some());
    client.get("/").await.expect(200);
    let out = client.post("/logout", &[]).await.expect(303);
    assert_eq!(out.location(), "/login");
    assert_eq!(out.header("clear-site-data"), r#""cache", "storage""#);
    assert!(rows(&app).is_empty());
    client.get("/").await.expect(303);
}

#[tokio::test]
async fn over_https_the_cookie_is_bound_to_the_host() {
    let mut app = TestApp::builder()
        .settings(|config| config.http.public_url = "https://panel.example.kz".parse().unwrap())
        .build();
    let answer = app.anonymous().get("/login").await.expect(200);
    let cookie = session_cookie(&answer).unwrap();
    assert!(cookie.starts_with("__Host-kaspi-panel="), "{cookie}");
    assert!(
        cookie.contains("Secure") && !cookie.contains("Domain"),
        "{cookie}"
    );
    assert!(
        answer
            .header("strict-transport-security")
            .starts_with("max-age=31536000")
    );
}

#[tokio::test]
async fn sessions_end_after_idle_hours_and_after_a_week() {
    const HOUR: u32 = 3600;
    let mut app = TestApp::new();
    let idle = app.signed_in("idle", Role::Manager).await;
    let busy = app.signed_in("busy", Role::Manager).await;
    for _ in 0..2 {
        app.advance(7 * HOUR).await;
        busy.get("/").await.expect(200);
    }
    idle.get("/").await.expect(303);
    for _ in 0..21 {
        app.advance(7 * HOUR).await;
        busy.get("/").await.expect(200);
    }
    // 24 times 7 hours make the week.
    app.advance(7 * HOUR).await;
    busy.get("/").await.expect(303);
}

#[tokio::test]
async fn a_new_password_or_a_switched_off_user_ends_all_sessions() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let system = Actor::system();
    let new = Secret::from("another long password");
    set_password(&app.services, &system, "aigul@example.kz", new)
        .await
        .unwrap();
    client.get("/").await.expect(303);
    let other = app.signed_in("other", Role::Manager).await;
    set_active(&app.services, &system, "other@example.kz", false)
        .await
        .unwrap();
    other.get("/").await.expect(303);
    other.sign_in("other@example.kz").await.expect(422);
}

#[tokio::test]
async fn wrong_e_mail_and_wrong_password_look_the_same() {
    let mut app = TestApp::new();
    db_user(&mut app.conn(), "aigul", Role::Manager);
    let client = app.anonymous();
    let mut texts = Vec::new();
    for email in ["aigul@example.kz", "nobody@example.kz"] {
        let fields = [("email", email), ("password", "not the password")];
        let answer = client.post("/login", &fields).await.expect(422);
        texts.push(answer.text("[role=alert]"));
        assert_eq!(answer.attribute("#email", "value"), email, "the e-mail is kept");
        assert_eq!(
            answer
                .page()
                .select(&scraper::Selector::parse("#password[value]").unwrap())
                .count(),
            0
        );
        assert!(answer.text("head title").starts_with("Ошибка:"));
    }
    assert_eq!(texts[0], texts[1]);
}

#[tokio::test]
async fn guessing_is_slowed_down_per_account_and_per_address() {
    let mut app = TestApp::new();
    db_user(&mut app.conn(), "aigul", Role::Manager);
    let client = app.anonymous();
    let wrong = [("email", "aigul@example.kz"), ("password", "not the password")];
    for _ in 0..10 {
        client.post("/login", &wrong).await.expect(422);
    }
    let right = [("email", "aigul@example.kz"), ("password", PASSWORD)];
    let answer = client.post("/login", &right).await.expect(429);
    assert_eq!(answer.header("retry-after"), "900");
    assert!(
        answer.text("[role=alert]").contains("15"),
        "{}",
        answer.text("[role=alert]")
    );
    for number in 0..20 {
        let email = format!("guess{number}@example.kz");
        let fields = [("email", email.as_str()), ("password", "not the password")];
        client.post("/login", &fields).await.expect(422);
    }
    let fresh = [("email", "fresh@example.kz"), ("password", "not the password")];
    client.post("/login", &fresh).await.expect(429);
    app.advance(15 * 60 + 1).await;
    client.post("/login", &right).await.expect(303);
    let tries: i64 = sign_in_attempts::table
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    assert_eq!(
        tries, 31,
        "refused tries are not looked at, so not counted either"
    );
}

#[tokio::test]
async fn forged_requests_are_refused_twice_over() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    for fields in [vec![], vec![("csrf_token", "")], vec![("csrf_token", "guessed")]] {
        let answer = client.post_bare("/logout", &fields).await.expect(403);
        assert_eq!(answer.text("h1"), "Форма устарела");
    }
    client.get("/").await.expect(200);
    let other = app.signed_in("other", Role::Manager).await;
    let foreign = other.get("/").await.attribute("input[name=csrf_token]", "value");
    client
        .post_bare("/logout", &[("csrf_token", &foreign)])
        .await
        .expect(403);
    let own = client.get("/").await.attribute("input[name=csrf_token]", "value");
    for (name, value) in [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Origin", "https://evil.example"),
        ("Origin", "null"),
    ] {
        let answer = client
            .post_with("/logout", &[("csrf_token", &own)], &[(name, value)])
            .await;
        answer.expect(403);
    }
    // The token may come as a header, as htmx sends it.
    let header = [("X-CSRF-Token", own.as_str()), ("Sec-Fetch-Site", "same-origin")];
    client.post_with("/logout", &[], &header).await.expect(303);
}

#[tokio::test]
async fn after_signing_in_people_land_where_they_wanted_but_only_here() {
    let mut app = TestApp::new();
    db_user(&mut app.conn(), "aigul", Role::Manager);
    let client = app.anonymous();
    let away = client.get("/stores?x=1").await.expect(303).location();
    assert_eq!(away, "/login?next=%2Fstores%3Fx%3D1");
    let next = client.get(&away).await.attribute("input[name=next]", "value");
    assert_eq!(next, "/stores?x=1");
    for (next, lands) in [("/stores?x=1", "/stores?x=1"), ("//evil.example", "/")] {
        let client = app.anonymous();
        let fields = [
            ("email", "aigul@example.kz"),
            ("password", PASSWORD),
            ("next", next),
        ];
        assert_eq!(client.post("/login", &fields).await.expect(303).location(), lands);
    }
    let answer = client.htmx().get("/stores").await.expect(401);
    assert_eq!(answer.header("hx-redirect"), "/login");
}

#[tokio::test]
async fn a_form_of_a_session_that_has_ended_leads_through_the_login_page_back_to_its_page() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let token = client.token().await;
    app.sign_in("aigul")
        .await
        .post("/profile/sessions/end-others", &[("password", PASSWORD)])
        .await
        .expect(303);
    let page = format!("{}rules/new?scope=store", app.serve());
    let fields = [("csrf_token", token.as_str()), ("name", "Lowest")];
    let from = [("Referer", page.as_str())];
    let led = client.post_with("/products/columns", &fields, &from).await;
    assert_eq!(
        led.expect(303).location(),
        "/login?next=%2Frules%2Fnew%3Fscope%3Dstore"
    );
    // A part of a page tells its page by another name.
    let from = [("HX-Current-URL", page.as_str()), ("HX-Request", "true")];
    let led = client.post_with("/undo", &fields, &from).await.expect(401);
    assert_eq!(
        led.header("hx-redirect"),
        "/login?next=%2Frules%2Fnew%3Fscope%3Dstore"
    );
    // What others send stays what it is.
    let from = [("Sec-Fetch-Site", "cross-site")];
    client.post_with("/rules/new", &fields, &from).await.expect(403);
}

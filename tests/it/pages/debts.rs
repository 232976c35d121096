//! What somebody who has signed in must do before anything else: choose his own password in the place of a given one, and
//! switch a second factor on where the panel demands one. Nothing else is open to him meanwhile.

use diesel::prelude::*;
use kaspi_panel::{
    app::api_tokens::create_api_token,
    domain::{Actor, Role},
    schema::{kill_switches, sign_in_attempts},
    store::users::user_fetch_by_email,
};
use reqwest::Method;
use secrecy::ExposeSecret;

use crate::support::{Client, PASSWORD, TestApp, code_at};

const GIVEN: &str = "a password that was given";
const OWN: &str = "a phrase of my own choosing";
const DAY: u32 = 24 * 60 * 60;

/// An administrator makes an account.
async fn give(root: &Client) {
    let fields = [
        ("email", "dana@example.kz"),
        ("name", "Dana"),
        ("role", "manager"),
        ("new_password", GIVEN),
        ("password", PASSWORD),
    ];
    root.post("/users/new", &fields).await.expect(303);
}

/// Every kind of address leads `client` to `page`, and none has an effect.
async fn everything_leads_to(app: &TestApp, client: &Client, page: &str) {
    for address in ["/", "/products", "/tokens", "/stores/new", "/log"] {
        assert_eq!(
            client.get(address).await.expect(303).location(),
            page,
            "{address}"
        );
    }
    let asked = client.htmx().get("/search?q=a").await.expect(403);
    assert_eq!(asked.header("hx-redirect"), page);
    let fields = [("target", "all"), ("reason", "tired")];
    assert_eq!(client.post("/stop", &fields).await.expect(303).location(), page);
    let stops: i64 = kill_switches::table.count().get_result(&mut app.conn()).unwrap();
    assert_eq!(stops, 0);
    // The API takes sessions, too.
    client
        .json(Method::GET, "/api/v1/products/", None)
        .await
        .expect(403);
    // What keeps every page up to date, and the ways out, stay open.
    drop(client.listen().await);
    client
        .post("/preferences", &[("language", "ru"), ("next", page)])
        .await
        .expect(303);
}

#[tokio::test]
async fn a_given_password_opens_nothing_but_the_choice_of_ones_own() {
    let mut app = TestApp::new();
    let root = app.signed_in("root", Role::Admin).await;
    give(&root).await;
    let dana = app.anonymous();
    dana.sign_in_with("dana@example.kz", GIVEN).await.expect(303);
    everything_leads_to(&app, &dana, "/profile").await;

    let page = dana.get("/profile").await.expect(200);
    assert!(page.text(".note.warn").contains("7 дней"));
    let forms: Vec<_> = page.forms().into_iter().map(|form| form.action).collect();
    assert!(forms.contains(&"/profile/password".to_owned()) && !forms.contains(&"/profile".to_owned()));
    assert_eq!(
        page.count("main a[href^='/profile/']"),
        0,
        "no way that is closed"
    );
    let choose = async |new: &str| {
        let fields = [("password", GIVEN), ("new_password", new), ("repeated", new)];
        dana.post("/profile/password", &fields).await
    };
    let same = choose(GIVEN).await.expect(422);
    assert_eq!(same.page_links("[role=alert] a"), ["#new_password"]);
    choose(OWN).await.expect(303);
    dana.forget_token();
    dana.get("/products").await.expect(200);
    assert_eq!(dana.get("/profile").await.expect(200).count(".note.warn"), 0);
    // One's own may be chosen again.
    let fields = [("password", OWN), ("new_password", OWN), ("repeated", OWN)];
    dana.post("/profile/password", &fields).await.expect(303);
}

#[tokio::test]
async fn a_given_password_is_over_after_a_week() {
    let mut app = TestApp::new();
    let root = app.signed_in("root", Role::Admin).await;
    give(&root).await;
    app.advance(7 * DAY - 60).await;
    let early = app.anonymous();
    early.sign_in_with("dana@example.kz", GIVEN).await.expect(303);

    app.advance(60).await;
    let late = app.anonymous();
    let refused = late.sign_in_with("dana@example.kz", GIVEN).await.expect(422);
    assert!(refused.text("[role=alert]").contains("7 дней"));
    // Nobody learns by it whether a password was given.
    let wrong = late
        .sign_in_with("dana@example.kz", "something else")
        .await
        .expect(422);
    assert!(!wrong.text("[role=alert]").contains("7 дней"));
    let fields = [("password", GIVEN), ("new_password", OWN), ("repeated", OWN)];
    early.post("/profile/password", &fields).await.expect(422);
    let tries: i64 = sign_in_attempts::table
        .filter(sign_in_attempts::account.eq("dana@example.kz"))
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    assert_eq!(tries, 4);
}

#[tokio::test]
async fn a_reset_password_is_a_given_one() {
    let mut app = TestApp::new();
    let root = app.signed_in("root", Role::Admin).await;
    let dana = app.signed_in("dana", Role::Manager).await;
    dana.get("/products").await.expect(200);
    let user = user_fetch_by_email(&mut app.conn(), "dana@example.kz").unwrap();
    let path = format!("/users/{}/password", user.unwrap().id);
    let fields = [("new_password", GIVEN), ("password", PASSWORD)];
    root.post(&path, &fields).await.expect(303);
    let again = app.anonymous();
    again.sign_in_with("dana@example.kz", GIVEN).await.expect(303);
    assert_eq!(again.get("/products").await.expect(303).location(), "/profile");
}

#[tokio::test]
async fn where_a_second_factor_is_demanded_nothing_else_is_open_without_one() {
    const PAGE: &str = "/profile/second-factor";
    let mut app = TestApp::builder()
        .settings(|config| config.http.second_factor_demanded = true)
        .build();
    let aigul = app.signed_in("aigul", Role::Manager).await;
    everything_leads_to(&app, &aigul, PAGE).await;
    // Keys were made by somebody who could.
    let (_, key) = create_api_token(&app.services, &Actor::system(), "aigul@example.kz", "script")
        .await
        .unwrap();
    let key = key.expose_secret().to_owned();
    app.api(&key)
        .json(Method::GET, "/api/v1/products/", None)
        .await
        .expect(200);

    let page = aigul.get(PAGE).await.expect(200);
    assert!(page.text(".note.warn").contains("обязателен"));
    let begun = aigul
        .post("/profile/second-factor/begin", &[("password", PASSWORD)])
        .await
        .expect(200);
    aigul.get("/products").await.expect(303);
    let code = code_at(&begun.text("#seed"), app.services.now());
    aigul
        .post("/profile/second-factor/finish", &[("code", &code)])
        .await
        .expect(200);
    aigul.forget_token();
    aigul.get("/products").await.expect(200);
    assert_eq!(aigul.get(PAGE).await.expect(200).count(".note.warn"), 0);

    aigul
        .post("/profile/second-factor/off", &[("password", PASSWORD)])
        .await
        .expect(303);
    assert_eq!(aigul.get("/products").await.expect(303).location(), PAGE);
}

//! One's own profile: what is set shows on every page, and a new password ends every other session.

use diesel::prelude::*;
use kaspi_panel::{
    domain::Role,
    schema::{audit_log, users},
};

use crate::support::{Client, PASSWORD, TestApp};

const NEW: &str = "a phrase that only I know";

async fn change(client: &Client, old: &str, new: &str, repeated: &str) -> crate::support::Answer {
    let fields = [("password", old), ("new_password", new), ("repeated", repeated)];
    client.post("/profile/password", &fields).await
}

#[tokio::test]
async fn what_is_set_in_the_profile_shows_on_every_page() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Viewer).await;
    let page = client.get("/profile").await.expect(200);
    assert_eq!(page.attribute("#name", "value"), "aigul");
    assert_eq!(page.attribute("body", "data-keys"), "on");
    for link in ["/profile/second-factor", "/profile/sessions", "/tokens"] {
        assert!(
            page.page_links("main .links a").contains(&link.to_owned()),
            "{link}"
        );
        client.get(link).await.expect(200);
    }
    let fields = [
        ("name", "  Айгүл Сәрсен "),
        ("language", "en"),
        ("theme", "dark"),
        ("density", "calm"),
    ];
    client.post("/profile", &fields).await.expect(303);
    let page = client.get("/").await.expect(200);
    assert_eq!(page.attribute("html", "lang"), "en");
    assert_eq!(page.attribute("html", "data-theme"), "dark");
    assert_eq!(page.attribute("html", "data-density"), "calm");
    assert_eq!(page.attribute("body", "data-keys"), "off");
    assert_eq!(page.text(".note.flash"), "The profile is saved");
    assert_eq!(page.text(".who-name"), "Айгүл Сәрсен");

    // In another browser too, and the switch of the menu is the same one.
    let other = app.sign_in("aigul").await;
    assert_eq!(other.get("/").await.attribute("body", "data-keys"), "off");
    other
        .post("/preferences", &[("keys", "on"), ("next", "/")])
        .await
        .expect(303);
    let page = client.get("/profile").await.expect(200);
    assert_eq!(page.attribute("body", "data-keys"), "on");
    assert_eq!(page.count("#shortcuts[checked]"), 1);
    assert_eq!(page.attribute("html", "data-density"), "calm");

    let named: Vec<Option<serde_json::Value>> = audit_log::table
        .filter(audit_log::action.eq("update"))
        .select(audit_log::after)
        .load(&mut app.conn())
        .unwrap();
    assert_eq!(named, [Some(serde_json::json!({ "name": "Айгүл Сәрсен" }))]);
}

#[tokio::test]
async fn a_name_that_is_none_is_told_at_its_field_and_the_rest_is_kept() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let long = "а".repeat(256);
    for name in ["two\nlines", long.as_str()] {
        let fields = [
            ("name", name),
            ("language", "kk"),
            ("theme", "dark"),
            ("density", "calm"),
        ];
        let wrong = client.post("/profile", &fields).await.expect(422);
        assert_eq!(wrong.page_links("[role=alert] a"), ["#name"], "{name:?}");
        assert_eq!(wrong.attribute("#name", "aria-invalid"), "true");
        assert_eq!(wrong.attribute("#density option[selected]", "value"), "calm");
        assert!(wrong.text("head title").starts_with("Ошибка:"));
    }
    // What nobody offered becomes the usual.
    let fields = [
        ("name", "A"),
        ("language", "xx"),
        ("theme", "xx"),
        ("density", "xx"),
    ];
    client.post("/profile", &fields).await.expect(303);
    let now: (String, String, String, bool) = users::table
        .select((users::language, users::theme, users::density, users::shortcuts))
        .first(&mut app.conn())
        .unwrap();
    assert_eq!(now, ("ru".into(), "system".into(), "dense".into(), false));
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_every_other_session() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Viewer).await;
    let other = app.sign_in("aigul").await;
    for (old, new, repeated, field) in [
        ("not the password", NEW, NEW, "#password"),
        (PASSWORD, NEW, "something else entirely", "#repeated"),
        (PASSWORD, "short", "short", "#new_password"),
        (PASSWORD, "aigul@example.kz", "aigul@example.kz", "#new_password"),
    ] {
        let wrong = change(&client, old, new, repeated).await.expect(422);
        assert_eq!(wrong.page_links("[role=alert] a"), [field]);
        assert_eq!(wrong.attribute(field, "aria-invalid"), "true");
        for secret in [old, NEW, PASSWORD] {
            assert!(!wrong.body_text().contains(secret), "{secret}");
        }
    }
    other.get("/").await.expect(200);
    change(&client, PASSWORD, NEW, NEW).await.expect(303);
    client.forget_token();
    client.get("/").await.expect(200);
    other.get("/").await.expect(303);
    other.sign_in("aigul@example.kz").await.expect(422);
    other.sign_in_with("aigul@example.kz", NEW).await.expect(303);
    let told: i64 = audit_log::table
        .filter(audit_log::action.eq("set_password"))
        .filter(audit_log::actor_name.eq("aigul"))
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    assert_eq!(told, 1);
}

#[tokio::test]
async fn guessing_the_old_password_is_slowed_down() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    for _ in 0..10 {
        change(&client, "not the password", NEW, NEW).await.expect(422);
    }
    let refused = change(&client, PASSWORD, NEW, NEW).await.expect(429);
    assert_eq!(refused.header("retry-after"), "900");
}

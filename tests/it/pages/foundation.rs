//! What holds for every page: headers, errors, the route table's access, languages and themes.

use std::num::NonZeroU32;

use kaspi_panel::{
    domain::{Role, StoreId},
    web::{
        middleware::CONTENT_SECURITY_POLICY,
        routes::{self, Access, Kind},
    },
};

use crate::support::{Answer, TestApp, db_store, db_user};

fn has_security_headers(answer: &Answer) {
    for (name, value) in [
        ("content-security-policy", CONTENT_SECURITY_POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(answer.header(name), value);
    }
    assert_eq!(answer.header("x-request-id").len(), 32);
}

#[tokio::test]
async fn every_kind_of_answer_has_the_security_headers() {
    let mut app = TestApp::new();
    let anonymous = app.anonymous();
    let user = app.signed_in("aigul", Role::Manager).await;
    for (answer, status) in [
        (anonymous.get("/login").await, 200),
        (anonymous.get("/").await, 303),
        (anonymous.get("/nope").await, 404),
        (anonymous.get("/static/app.css").await, 200),
        (anonymous.get("/static/nope").await, 404),
        (anonymous.post_bare("/login", &[]).await, 403),
        (user.get("/").await, 200),
        (user.get("/stores/nope").await, 404),
        (user.htmx().get("/stores/nope").await, 404),
        (user.post_bare("/logout", &[]).await, 403),
    ] {
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body_text());
        has_security_headers(&answer);
    }
    assert!(
        user.get("/")
            .await
            .headers
            .get("strict-transport-security")
            .is_none()
    );
}

#[tokio::test]
async fn pages_are_never_kept_and_files_are() {
    let mut app = TestApp::new();
    let user = app.signed_in("aigul", Role::Manager).await;
    let page = user.get("/").await.expect(200);
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("vary"), "HX-Request");
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let style = page.attribute("link[rel=stylesheet]", "href");
    assert!(style.starts_with("/static/app.css?v="), "{style}");
    let file = user.get(&style).await.expect(200);
    assert_eq!(
        file.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(file.header("content-type"), "text/css; charset=utf-8");
    let unversioned = user.get("/static/app.css").await.expect(200);
    assert_eq!(unversioned.header("cache-control"), "public, no-cache");
}

#[tokio::test]
async fn every_guarded_address_sends_strangers_to_the_login() {
    let mut app = TestApp::new();
    let anonymous = app.anonymous();
    let mut seen = 0;
    for route in routes::all() {
        let page = matches!(route.kind, Kind::Page | Kind::Fragment);
        if !page || route.access == Access::Anonymous || route.method != "GET" {
            continue;
        }
        let path = route.path.replace("{id}", "01999999-0000-7000-8000-000000000000");
        if path.contains('{') {
            continue;
        }
        let answer = anonymous.get(&path).await.expect(303);
        assert!(
            answer.location().starts_with("/login"),
            "{path}: {}",
            answer.location()
        );
        seen += 1;
    }
    assert!(seen >= 7, "only {seen} addresses tried");
}

#[tokio::test]
async fn viewers_change_nothing() {
    let mut app = TestApp::new();
    let viewer = app.signed_in("viewer", Role::Viewer).await;
    let mut seen = 0;
    for route in routes::all() {
        let page = matches!(route.kind, Kind::Page | Kind::Fragment);
        if !page || !matches!(route.access, Access::Manager | Access::Admin) {
            continue;
        }
        let path = route.path.replace("{id}", "01999999-0000-7000-8000-000000000000");
        if path.contains('{') {
            continue;
        }
        let answer = if route.method == "GET" {
            viewer.get(&path).await
        } else {
            viewer.post(&path, &[]).await
        };
        assert_eq!(answer.status.as_u16(), 403, "{path}");
        seen += 1;
    }
    assert!(seen >= 8, "only {seen} addresses tried");
}

#[tokio::test]
async fn stores_of_others_are_not_found() {
    let mut app = TestApp::new();
    let other = db_user(&mut app.conn(), "other", Role::Manager);
    let foreign = db_store(&mut app.conn(), other, "30000002");
    let user = app.signed_in("aigul", Role::Manager).await;
    let missing = StoreId::new();
    for id in [foreign.to_string(), missing.to_string(), "no-key".to_owned()] {
        for page in ["", "/delete"] {
            user.get(&format!("/stores/{id}{page}")).await.expect(404);
        }
        for act in ["/sync", "/mode", "/delete", "/login"] {
            user.post(&format!("/stores/{id}{act}"), &[("mode", "off"), ("name", "x")])
                .await
                .expect(404);
        }
    }
    user.get(&format!("/stores/new?store={foreign}"))
        .await
        .expect(404);
}

#[tokio::test]
async fn error_pages_speak_the_readers_language_and_name_the_request() {
    let mut app = TestApp::new();
    let user = app.signed_in("aigul", Role::Manager).await;
    let page = user.get("/nope").await.expect(404);
    assert_eq!(page.text("h1"), "Такой страницы нет");
    assert_eq!(page.text(".mono"), page.header("x-request-id"));
    assert_eq!(page.texts("nav.side a").len(), 14);
    // Such a page does without the database: the header does not claim a state, it asks for it.
    assert_eq!(page.attribute("#live-poll", "hx-trigger"), "load, poll");
    assert_eq!(
        user.get("/")
            .await
            .expect(200)
            .attribute("#live-poll", "hx-trigger"),
        "poll"
    );
    let change = [("language", "kk"), ("next", "/nope")];
    assert_eq!(
        user.post("/preferences", &change).await.expect(303).location(),
        "/nope"
    );
    let page = user.get("/nope").await.expect(404);
    assert_eq!(page.text("h1"), "Мұндай бет жоқ");
    assert_eq!(page.attribute("html", "lang"), "kk");
    // Asked by htmx, it is one sentence that the script shows in a banner.
    let sentence = user.htmx().get("/nope").await.expect(404);
    assert_eq!(sentence.header("content-type"), "text/plain; charset=utf-8");
    assert!(sentence.body_text().starts_with("Мұндай бет жоқ."));
    let wrong_method = user.post("/stores", &[]).await.expect(405);
    assert_eq!(wrong_method.texts("h1").len(), 1);
}

#[tokio::test]
async fn without_the_database_pages_say_so_and_when_to_come_back() {
    let mut app = TestApp::new();
    let user = app.signed_in("aigul", Role::Manager).await;
    user.get("/").await.expect(200);
    app.db.take_away();
    for path in ["/", "/stores"] {
        let answer = user.get(path).await.expect(503);
        assert_eq!(answer.header("retry-after"), "5");
        assert_eq!(answer.text("h1"), "Панель временно недоступна");
        assert_eq!(answer.text(".mono"), answer.header("x-request-id"));
        has_security_headers(&answer);
        let text = answer.body_text();
        assert!(
            !text.contains("postgres") && !text.contains("connection"),
            "{text}"
        );
    }
    let sentence = user.htmx().get("/").await.expect(503);
    assert_eq!(sentence.header("content-type"), "text/plain; charset=utf-8");
    // A login cannot be checked either; it must not look like a wrong password.
    let login = app.anonymous().get("/login").await.expect(503);
    assert_eq!(login.texts("input[name=password]").len(), 0);
}

#[tokio::test]
async fn the_theme_is_kept_with_the_user_and_before_signing_in() {
    let mut app = TestApp::new();
    let anonymous = app.anonymous();
    anonymous
        .post("/preferences", &[("theme", "dark"), ("next", "/login")])
        .await
        .expect(303);
    assert_eq!(
        anonymous.get("/login").await.attribute("html", "data-theme"),
        "dark"
    );
    let user = app.signed_in("aigul", Role::Manager).await;
    user.post("/preferences", &[("theme", "light")]).await.expect(303);
    assert_eq!(user.get("/").await.attribute("html", "data-theme"), "light");
    let again = app.sign_in("aigul").await;
    assert_eq!(again.get("/").await.attribute("html", "data-theme"), "light");
    // Anything else is the system's theme.
    user.post("/preferences", &[("theme", "\"><script>")])
        .await
        .expect(303);
    assert_eq!(user.get("/").await.texts("html[data-theme]").len(), 0);
}

#[tokio::test]
async fn a_bar_tells_of_other_hosts() {
    let mut app = TestApp::new();
    let page = app.anonymous().get("/login").await.expect(200);
    assert_eq!(page.texts(".env").len(), 1);
}

#[tokio::test]
async fn a_persons_pages_are_counted_and_nobody_elses() {
    let mut app = TestApp::builder()
        .settings(|config| config.http.pages_per_minute = NonZeroU32::new(3).unwrap())
        .build();
    db_user(&mut app.conn(), "boris", Role::Viewer);
    let aigul = app.signed_in("aigul", Role::Viewer).await;
    for address in ["/products", "/log", "/jobs"] {
        aigul.get(address).await.expect(200);
    }
    let refused = aigul.get("/products").await.expect(429);
    let after: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=21).contains(&after), "{after}");
    assert!(!refused.text("h1").is_empty(), "a page, not a bare word");
    // In every session of hers, and in none of another's.
    app.sign_in("aigul").await.get("/log").await.expect(429);
    app.sign_in("boris").await.get("/log").await.expect(200);
    aigul.get("/static/app.css").await.expect(200);
}

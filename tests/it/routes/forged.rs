//! Forged requests against every address that changes something: whatever is missing or comes from elsewhere, nothing is
//! done and nothing in the database is otherwise.

use std::collections::BTreeMap;

use kaspi_panel::{
    domain::Role,
    secrets::Secret,
    store::backup::{Snapshot, TableSum},
    web::routes::all,
};

use super::Things;
use crate::support::TestApp;

/// The whole database, but for who is signed in.
fn everything(app: &TestApp) -> BTreeMap<String, TableSum> {
    let mut snapshot = Snapshot::open(&Secret::from(app.db.url())).unwrap();
    let tables = snapshot.tables().unwrap();
    let sums = tables
        .into_iter()
        .map(|name| (name.clone(), snapshot.sum(&name).unwrap()));
    sums.collect()
}

#[tokio::test]
async fn no_forged_request_changes_anything() {
    const FORM: &str = "application/x-www-form-urlencoded";
    let mut app = TestApp::new();
    let things = Things::of_askar(&mut app.conn());
    let askar = app.sign_in("askar").await;
    // Somebody who may do everything, so that no refusal is one of rights.
    let admin = app.signed_in("admin", Role::Admin).await;
    let (own, foreign) = (admin.token().await, askar.token().await);
    let body = |token: &str| format!("csrf_token={token}&name=forged&reason=forged&confirm=yes");
    let plain = format!("csrf_token={own}");
    let (form, mine, theirs) = (FORM, body(&own), body(&foreign));
    let elsewhere = "https://evil.example";
    // What is sent, and with which headers.
    type Sent<'a> = (&'a str, Vec<(&'a str, &'a str)>, String);
    let forged: Vec<Sent<'_>> = vec![
        ("no token", vec![("content-type", form)], "name=forged".into()),
        ("an empty token", vec![("content-type", form)], body("")),
        (
            "a guessed token",
            vec![("content-type", form)],
            body(&"A".repeat(own.len())),
        ),
        (
            "the token of another session",
            vec![("content-type", form)],
            theirs,
        ),
        (
            "from another site",
            vec![("content-type", form), ("sec-fetch-site", "cross-site")],
            mine.clone(),
        ),
        (
            "from a neighbouring site",
            vec![("content-type", form), ("sec-fetch-site", "same-site")],
            mine.clone(),
        ),
        (
            "from another origin",
            vec![("content-type", form), ("origin", elsewhere)],
            mine.clone(),
        ),
        (
            "from nowhere",
            vec![("content-type", form), ("origin", "null")],
            mine.clone(),
        ),
        ("as plain text", vec![("content-type", "text/plain")], mine),
        ("without a kind", vec![], plain),
        (
            "as JSON",
            vec![("content-type", "application/json")],
            format!("{{\"csrf_token\":\"{own}\"}}"),
        ),
    ];
    let before = everything(&app);
    let mut sent = 0;
    for route in all().filter(|route| route.method != "GET") {
        let address = things.address(route);
        for (what, headers, body) in &forged {
            let method = route.method.as_str().parse().unwrap();
            let answer = admin
                .raw(method, &address, headers, body.clone().into_bytes())
                .await;
            assert_eq!(answer.status, 403, "{what}: {} {address}", route.method);
            sent += 1;
        }
    }
    assert!(sent > 800, "{sent}");
    // A safe method stays one, whatever it says it is.
    for route in all().filter(|route| route.method == "POST") {
        let address = things.address(route);
        let over = [
            ("x-http-method-override", "POST"),
            ("x-http-method", "DELETE"),
            ("content-type", form),
        ];
        let answer = admin
            .raw(
                reqwest::Method::GET,
                &format!("{address}?_method=POST&csrf_token={own}"),
                &over,
                vec![],
            )
            .await;
        assert!(answer.status.as_u16() < 500, "{address}: {}", answer.status);
    }
    assert_eq!(everything(&app), before);
    // The same requests would have done something: with the token they are let through.
    let answer = admin
        .post("/stop", &[("reason", "stop-reason-check"), ("scope", "all")])
        .await;
    assert!(
        answer.status.is_redirection() || answer.status.is_success(),
        "{}",
        answer.status
    );
    assert_ne!(everything(&app), before, "the check can fail");
}

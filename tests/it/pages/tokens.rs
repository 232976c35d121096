//! Keys of the JSON API on their page: shown once, with their last use, revoked at once.

use kaspi_panel::domain::Role;

use crate::support::TestApp;

#[tokio::test]
async fn a_key_is_shown_once_works_and_is_revoked_at_once() {
    let mut app = TestApp::new();
    let anna = app.signed_in("anna", Role::Viewer).await;
    let page = anna.get("/tokens").await.expect(200);
    assert_eq!(page.count("table"), 0);
    let made = anna.post("/tokens", &[("name", "script")]).await.expect(200);
    let key = made.text("#made");
    assert_eq!(made.attribute("button[data-copy]", "data-copy"), key);
    assert!(!anna.get("/tokens").await.body_text().contains(&key));

    let program = app.api(&key);
    program.get("/api/v1/products/").await.expect(200);
    let page = anna.get("/tokens").await.expect(200);
    assert_eq!(page.count("tbody time"), 2, "made and used");
    let path = page.attribute("tbody form", "action");

    let boris = app.signed_in("boris", Role::Manager).await;
    boris.post(&path, &[]).await.expect(404);
    anna.post(&path, &[]).await.expect(303);
    program.get("/api/v1/products/").await.expect(401);
    assert_eq!(anna.get("/tokens").await.count("tbody form"), 0);
    let wrong = anna.post("/tokens", &[("name", " ")]).await.expect(422);
    assert_eq!(wrong.count("#name-error"), 1);
}

#[tokio::test]
async fn the_command_line_makes_lists_and_revokes_keys() {
    let mut app = TestApp::new();
    let anna = app.signed_in("anna", Role::Viewer).await;
    let page = anna.get("/tokens").await.expect(200);
    assert_eq!(page.count("table"), 0);
    let email = "anna@example.kz";
    let said = |app: &TestApp, arguments: &[&str]| {
        let output = app.program(&[&["token"], arguments].concat()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.success(),
            text(output.stdout).trim().to_owned(),
            text(output.stderr),
        )
    };
    let (made, key, _) = said(&app, &["create", "--user", email, "--name", "script"]);
    assert!(made);
    let program = app.api(&key);
    program.get("/api/v1/products/").await.expect(200);
    let (_, line, _) = said(&app, &["list", "--user", email, "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(listed["name"], "script");
    assert!(listed["last_used_at"].is_string() && listed["revoked_at"].is_null());
    assert!(!line.contains(&key));
    let id = listed["id"].as_str().unwrap();
    let (revoked, ..) = said(&app, &["revoke", "--user", email, id]);
    assert!(revoked);
    program.get("/api/v1/products/").await.expect(401);
    let (again, _, told) = said(&app, &["revoke", "--user", email, id]);
    assert!(!again && told.contains("no such live token"), "{told}");
    let (nobody, _, told) = said(&app, &["list", "--user", "nobody@example.kz"]);
    assert!(!nobody && told.contains("nobody@example.kz"), "{told}");
}

//! The harness against itself: a test that shares its database or market with another shows nothing.

use kaspi_panel::domain::Role;
use serde_json::json;

use crate::support::{Simulator, TestApp};

#[tokio::test]
async fn every_test_has_a_market_of_its_own() {
    let (mine, other) = (Simulator::start(), Simulator::start());
    mine.fault("process", "status", json!({ "status": 429, "times": 1 }))
        .await;
    mine.advance(60).await;

    let (mine, other) = (mine.state().await, other.state().await);
    assert_eq!(mine["faults"][0]["status"], 429);
    assert_eq!(other["faults"], json!([]));
    assert_ne!(mine["time"], other["time"]);
    let merchants = mine["merchants"].as_array().unwrap();
    assert!(
        merchants.iter().any(|merchant| merchant["uid"] == "30000001"),
        "{merchants:?}"
    );
}

#[tokio::test]
async fn every_test_has_an_application_of_its_own() {
    let mut app = TestApp::new();
    let before = app.services.now();
    app.services.db.ping().await.unwrap();
    app.advance(90).await;
    app.restart();
    app.services.db.ping().await.unwrap();
    assert_eq!((app.services.now() - before).num_seconds(), 90);
    assert_eq!(app.services.config.kaspi.cabinet, app.market.host("cabinet"));
}

#[tokio::test]
async fn people_sign_in_through_the_login_page() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let page = client.get("/").await.expect(200);
    assert_eq!(page.count("main"), 1);
    let stranger = app.anonymous().get("/").await.expect(303);
    assert!(stranger.location().starts_with("/login"));
    client.post_bare("/logout", &[]).await.expect(403);
    client.post("/logout", &[]).await.expect(303);
    client.get("/").await.expect(303);
}

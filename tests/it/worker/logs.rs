//! The log as JSON: each line that belongs to a request or to background work says to which.

use std::time::Duration;

use kaspi_panel::{app::sync_products::request_sync, domain::Actor};
use serde_json::{Value, json};

use crate::support::{Cabinet, Client, Process, TestApp, db_connected_store, wait_until};

/// The first line of a log that says this.
async fn line(process: &Process, message: &str) -> Value {
    wait_until(message, Duration::from_secs(90), || async {
        let log = String::from_utf8_lossy(&process.log()).into_owned();
        // The last line may not be whole yet.
        let lines = log
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let found: Vec<Value> = lines
            .filter(|line| line["fields"]["message"] == message)
            .collect();
        found.into_iter().next().ok_or(log)
    })
    .await
}

#[actix_web::test]
async fn lines_of_requests_and_of_jobs_name_them() {
    let app = TestApp::new();
    let json_log = [("KASPI_PANEL_LOG", "json"), ("RUST_LOG", "info")];
    let mut command = app.program(&["serve"]);
    command.env("KASPI_PANEL_BIND", "127.0.0.1:0").envs(json_log);
    let serve = Process::start(command, app.services.config.data_dir.join("serve.log"));
    let stranger = Client::anonymous(&serve.address().await);
    let refused = stranger
        .post_bare("/login", &[("email", "somebody@example.kz\r\nforged line")])
        .await
        .expect(403);
    let told = line(&serve, "request refused: no right to it, or forged").await;
    assert_eq!(told["span"]["id"], refused.header("x-request-id"), "{told}");
    assert_eq!(
        (&told["span"]["path"], &told["level"]),
        (&json!("/login"), &json!("WARN")),
        "{told}"
    );
    assert!(told["timestamp"].as_str().unwrap().ends_with('Z'), "{told}");

    let store = db_connected_store(&app, Cabinet::DEMO).await;
    app.market
        .fault("list", "status", json!({ "status": 500, "times": 100 }))
        .await;
    let run = request_sync(&app.services, &Actor::system(), store)
        .await
        .unwrap();
    let worker = Process::worker(&app, &json_log);
    let told = line(&worker, "a sync did not finish").await;
    let job = told["spans"]
        .as_array()
        .unwrap()
        .iter()
        .find(|span| span["name"] == "job")
        .unwrap_or_else(|| panic!("{told}"));
    assert_eq!(job["run"], run.to_string(), "{told}");
    assert_eq!(job["store"], store.to_string(), "{told}");
    assert_eq!(job["kind"], "sync_store", "{told}");
}

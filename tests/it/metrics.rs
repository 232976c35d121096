//! What monitoring reads: the metrics of a running program, and that dashboard and alert rules name nothing else.

use std::{collections::BTreeSet, fs, path::Path};

use diesel::connection::SimpleConnection;
use kaspi_panel::{
    domain::{JobKind, Role},
    metrics,
    web::metrics::build,
};

use crate::support::{NewProduct, TestApp, db_job_run, db_product, db_store, db_user};

/// The text that Prometheus gets.
async fn told(app: &TestApp) -> String {
    let (server, address) = build(app.services.clone(), ([127, 0, 0, 1], 0).into()).unwrap();
    let handle = server.handle();
    tokio::spawn(server);
    let answer = reqwest::get(format!("http://{address}/metrics")).await.unwrap();
    assert!(
        answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("application/openmetrics-text"),
    );
    let text = answer.text().await.unwrap();
    for path in ["/", "/login", "/products"] {
        let answer = reqwest::get(format!("http://{address}{path}")).await.unwrap();
        assert_eq!(
            answer.status(),
            404,
            "nothing of the panel is served there: {path}"
        );
    }
    drop(handle.stop(false));
    text
}

/// Everything is counted once, so that every name is told.
async fn all_told(app: &mut TestApp) -> String {
    metrics::decided("keep", std::time::Duration::ZERO);
    metrics::push_became("sent");
    metrics::limiter_waited("public", std::time::Duration::ZERO);
    let conn = &mut app.conn();
    let owner = db_user(conn, "anna", Role::Manager);
    let store = db_store(conn, owner, "30000001");
    db_job_run(conn, JobKind::SyncStore, store, &serde_json::json!({}));
    let product = db_product(conn, store, &NewProduct::default());
    conn.batch_execute(&format!(
        "insert into price_pushes (id, store_id, product_id, sequence, state, origin, build_id, planned_at)
           values (gen_random_uuid(), '{store}', '{product}', 1, 'planned', 'robot', 'test', '2026-11-23T06:59:00Z');
         insert into alerts (id, kind, severity, created_at, last_at, told_at)
           values (gen_random_uuid(), 'worker_lost', 'critical', now(), now(), now());
         insert into workers (id, host, pid, build_id, started_at, seen_at)
           select gen_random_uuid(), 'a', 1, 'test', now(), now() - silent from unnest(array['5 s', '100 s', '1 h']::interval[]) silent;
         insert into audit_log (id, at, actor_kind, actor_name, object_kind, object_name, action, build_id)
           values (gen_random_uuid(), '2026-11-23T06:00:00Z', 'system', 'system', 'database', '', 'back_up', 'test')",
    ))
    .unwrap();
    app.anonymous()
        .get("/login?next=%2Fsecret-of-somebody")
        .await
        .expect(200);
    app.anonymous().get("/nothing-is-here").await.expect(404);
    told(app).await
}

/// Names of metrics in a text: words that begin as ours do.
fn names(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(|c| !is_part(c))
        .filter(|word| word.starts_with("kaspi_panel_"))
        .map(str::to_owned)
        .collect()
}

/// Names that a document gives and no program tells.
fn unknown(document: &str, told: &str) -> Vec<String> {
    names(document).difference(&names(told)).cloned().collect()
}

#[actix_web::test]
async fn what_is_told_is_of_the_moment_and_dashboard_and_rules_name_nothing_else() {
    let mut app = TestApp::new();
    let told = all_told(&mut app).await;
    for line in [
        "kaspi_panel_database_up 1",
        r#"kaspi_panel_jobs_open{word="sync_store"} 1"#,
        r#"kaspi_panel_stores{word="connected"} 1"#,
        r#"kaspi_panel_pushes_open{word="planned"} 1"#,
        "kaspi_panel_pushes_oldest_seconds 60",
        r#"kaspi_panel_alerts_open{word="critical"} 1"#,
        "kaspi_panel_backup_age_seconds 3600",
        r#"kaspi_panel_workers{word="working"} 1"#,
        r#"kaspi_panel_workers{word="silent"} 2"#,
        r#"kaspi_panel_http_requests_total{method="GET",route="/login",status="200"}"#,
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    assert!(
        !told.contains("secret-of-somebody") && !told.contains("nothing-is-here"),
        "{told}"
    );

    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in [
        "deploy/prometheus/alerts.yml",
        "deploy/grafana/dashboard.json",
        "docs/operation.md",
    ] {
        let document = fs::read_to_string(root.join(file)).unwrap();
        assert!(names(&document).len() > 5, "{file} names metrics");
        assert_eq!(unknown(&document, &told), Vec::<String>::new(), "{file}");
    }
    serde_json::from_str::<serde_json::Value>(
        &fs::read_to_string(root.join("deploy/grafana/dashboard.json")).unwrap(),
    )
    .unwrap();
    assert_eq!(
        unknown("rate(kaspi_panel_gone_total[5m])", &told),
        ["kaspi_panel_gone_total"]
    );
}

#[actix_web::test]
async fn without_a_database_the_process_still_tells() {
    let app = TestApp::builder()
        .settings(|config| config.database.pool_size = 1)
        .build();
    app.db.cut_off();
    let told = told(&app).await;
    assert!(told.contains("kaspi_panel_database_up 0"), "{told}");
    assert!(!told.contains("kaspi_panel_stops"), "{told}");
}

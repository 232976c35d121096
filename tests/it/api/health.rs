//! The health addresses, byte for byte.

use diesel::{RunQueryDsl, sql_query};
use kaspi_panel::domain::Role;

use crate::support::{TestApp, db_store, db_user};

#[tokio::test]
async fn the_program_and_its_database_are_healthy() {
    let mut app = TestApp::new();
    let owner = db_user(&mut app.conn(), "anna", Role::Manager);
    db_store(&mut app.conn(), owner, "30000001");
    let monitor = app.anonymous();

    let alive = monitor.get("/health/").await.expect(200);
    assert_eq!(alive.header("content-type"), "application/json");
    assert_eq!(
        alive.body_text(),
        r#"{"status": "healthy", "timestamp": "2026-11-23T07:00:00.000000+00:00", "cors_enabled": true}"#
    );
    let database = monitor.get("/health/db/").await.expect(200);
    assert_eq!(
        database.body_text(),
        r#"{"status": "healthy", "database": "connected", "mode": "postgresql", "stores_count": 1, "timestamp": "2026-11-23T07:00:00.000000+00:00"}"#
    );
    // The clock of this application stands still, somewhere else than the database's.
    let answer = monitor.get("/health/ready").await.expect(503);
    assert_eq!(answer.json()["reason"], "clock");
}

#[tokio::test]
async fn with_the_right_time_it_is_ready() {
    let mut app = TestApp::builder().real_time().build();
    let answer = app.anonymous().get("/health/ready").await.expect(200);
    assert_eq!(answer.json()["status"], "ready");
}

#[tokio::test]
async fn a_missing_migration_makes_it_unready() {
    let mut app = TestApp::new();
    sql_query("delete from __diesel_schema_migrations")
        .execute(&mut app.conn())
        .expect("the list of migrations is emptied");
    let answer = app.anonymous().get("/health/ready").await.expect(503);
    assert_eq!(answer.json()["reason"], "migrations");
}

#[tokio::test]
async fn a_database_that_is_away_is_said_so() {
    let mut app = TestApp::builder()
        .settings(|config| config.database.pool_size = 1)
        .build();
    let monitor = app.anonymous();
    app.db.cut_off();
    monitor.get("/health/").await.expect(200);
    let answer = monitor.get("/health/db/").await.expect(503);
    assert_eq!(answer.json()["database"], "disconnected");
    let answer = monitor.get("/health/ready").await.expect(503);
    assert_eq!(answer.json()["reason"], "database");
}

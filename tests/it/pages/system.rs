//! The page of the program's state.

use diesel::connection::SimpleConnection;
use kaspi_panel::{BUILD_ID, domain::Role};

use crate::support::TestApp;

#[tokio::test]
async fn administrators_see_version_tables_and_whether_there_is_a_backup() {
    let mut app = TestApp::new();
    let client = app.signed_in("anna", Role::Admin).await;
    let page = client.get("/settings/system").await.expect(200);
    assert!(page.texts("main td").contains(&BUILD_ID.to_owned()));
    assert!(page.texts("main th .mono").iter().any(|name| name == "products"));
    assert!(page.text("main .note.warn").contains("kaspi-panel backup"));
    let settings = client.get("/settings").await.expect(200);
    assert_eq!(settings.count("main a[href='/settings/system']"), 1);

    let backup = |at: &str| {
        format!(
            "insert into audit_log (id, at, actor_kind, actor_name, object_kind, object_name, action, build_id)
               values (gen_random_uuid(), '{at}', 'system', 'system', 'database', '', 'back_up', 'test')"
        )
    };
    app.conn().batch_execute(&backup("2026-11-21T07:00:00Z")).unwrap();
    let page = client.get("/settings/system").await.expect(200);
    assert_eq!(page.count("main .note.warn"), 1, "two days are too long");
    app.conn().batch_execute(&backup("2026-11-23T06:00:00Z")).unwrap();
    let page = client.get("/settings/system").await.expect(200);
    assert_eq!(
        (page.count("main .note.warn"), page.count("main .note.ok")),
        (0, 1)
    );
    // The log tells of it in words.
    let log = client.get("/log").await.expect(200);
    assert!(log.text("main").contains("сделал резервную копию"));
}

#[tokio::test]
async fn administrators_see_which_workers_work_and_that_none_does() {
    let mut app = TestApp::new();
    let client = app.signed_in("anna", Role::Admin).await;
    let page = client.get("/settings/system").await.expect(200);
    assert!(page.text("main .note.bad").contains("kaspi-panel worker"));

    let seen = |host: &str, silent: &str| {
        format!(
            "insert into workers (id, host, pid, build_id, started_at, seen_at)
               values (gen_random_uuid(), '{host}', 4321, '0.0.9', now() - interval '1 day', now() - interval '{silent}')"
        )
    };
    app.conn().batch_execute(&seen("barn", "95 seconds")).unwrap();
    let page = client.get("/settings/system").await.expect(200);
    assert_eq!(page.count("main .note.bad"), 1, "one that is silent does nothing");
    app.conn().batch_execute(&seen("cellar", "10 seconds")).unwrap();
    let page = client.get("/settings/system").await.expect(200);
    assert_eq!(page.count("main .note.bad"), 0);
    let hosts: Vec<_> = page
        .texts("main th")
        .into_iter()
        .filter(|text| text.ends_with("4321"))
        .collect();
    assert_eq!(hosts, ["barn 4321", "cellar 4321"]);
    assert_eq!(page.texts("main .st"), ["молчит", "работает"]);
    assert!(page.texts("main td").contains(&"0.0.9".to_owned()));
}

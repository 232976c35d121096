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

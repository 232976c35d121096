//! The stop button: within two acts from every page, without scripts, and back.

use diesel::prelude::*;
use kaspi_panel::{
    domain::Role,
    schema::{audit_log, kill_switches, users},
};

use crate::support::{TestApp, db_store};

#[tokio::test]
async fn a_manager_stops_his_store_and_lets_go_again() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let owner = users::table.select(users::id).first(&mut app.conn()).unwrap();
    let store = db_store(&mut app.conn(), owner, "30000001").to_string();
    let page = client.get("/").await.expect(200);
    assert_eq!(page.text(".robot [role=status]"), "Автоцены: работают");
    assert_eq!(page.attribute(".robot a.btn.bad", "href"), "/stop");
    let form = client.get("/stop").await.expect(200);
    assert_eq!(
        form.attribute("input[name=scope]", "value"),
        store,
        "no choice of what is not his"
    );
    let nothing = [
        ("scope", store.as_str()),
        ("reason", "stop-reason-other"),
        ("details", " "),
    ];
    let answer = client.post("/stop", &nothing).await.expect(422);
    assert_eq!(answer.texts("#details-error").len(), 1);
    client
        .post("/stop", &[("scope", "all"), ("reason", "stop-reason-check")])
        .await
        .expect(403);
    let all = [
        ("scope", store.as_str()),
        ("reason", "stop-reason-mistake"),
        ("details", "цена 1 ₸"),
    ];
    client.post("/stop", &all).await.expect(303);
    let page = client.get("/stop").await.expect(200);
    assert_eq!(
        page.text(".robot.off [role=status]"),
        "Автоцены: стоп в 1 магазине"
    );
    assert_eq!(
        page.text(".issues b"),
        "Store 30000001: Похоже на ошибку в ценах: цена 1 ₸"
    );
    assert_eq!(client.get("/").await.texts("#issues li").len(), 1);
    let part = client.htmx().get("/robot").await.expect(200);
    assert_eq!(part.texts(".robot.off a").len(), 1, "open pages hear of it");
    let seen = part.attribute(".robot", "hx-get");
    client.htmx().get(&seen).await.expect(204);
    client
        .post("/stop/release", &[("scope", &store)])
        .await
        .expect(303);
    let released: Vec<Option<String>> = kill_switches::table
        .select(kill_switches::released_by)
        .load(&mut app.conn())
        .unwrap();
    assert_eq!(released, [Some("aigul".to_owned())]);
    let acts: Vec<String> = audit_log::table
        .filter(audit_log::object_kind.eq("kill_switch"))
        .order(audit_log::id)
        .select(audit_log::action)
        .load(&mut app.conn())
        .unwrap();
    assert_eq!(acts, ["stop", "release"]);
    assert_eq!(
        client.get("/").await.text(".robot [role=status]"),
        "Автоцены: работают"
    );
}

#[tokio::test]
async fn an_administrator_stops_everything() {
    let mut app = TestApp::new();
    let admin = app.signed_in("admin", Role::Admin).await;
    let owner = users::table.select(users::id).first(&mut app.conn()).unwrap();
    db_store(&mut app.conn(), owner, "30000001");
    let form = admin.get("/stop").await.expect(200);
    assert_eq!(form.attribute("input[name=scope]", "value"), "all");
    admin
        .post("/stop", &[("scope", "all"), ("reason", "stop-reason-check")])
        .await
        .expect(303);
    let manager = app.signed_in("aigul", Role::Manager).await;
    let page = manager.get("/stop").await.expect(200);
    assert_eq!(page.text(".robot.off [role=status]"), "Автоцены: остановлены");
    assert!(page.texts(".issues form").is_empty(), "not his to release");
    manager
        .post("/stop/release", &[("scope", "all")])
        .await
        .expect(403);
    admin.post("/stop/release", &[("scope", "all")]).await.expect(303);
    assert_eq!(manager.get("/stop").await.texts(".robot.off").len(), 0);
}

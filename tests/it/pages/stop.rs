//! The stop button: within two acts from every page, without scripts; and back, with a reason and the password.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{KillSwitchId, Role, StoreId, UserId},
    schema::{audit_log, kill_switches, users},
};
use reqwest::StatusCode;

use super::seed::db_access;
use crate::support::{Client, NewProduct, PASSWORD, TestApp, db_product, db_store};

fn user_id(app: &TestApp, name: &str) -> UserId {
    let named = users::table.filter(users::name.eq(name));
    named.select(users::id).first(&mut app.conn()).unwrap()
}

/// The newest stop.
fn newest(app: &TestApp) -> KillSwitchId {
    let stops = kill_switches::table.order(kill_switches::id.desc());
    stops.select(kill_switches::id).first(&mut app.conn()).unwrap()
}

/// The acts of the log, oldest first.
fn acts(app: &TestApp) -> Vec<(String, Option<String>)> {
    audit_log::table
        .filter(audit_log::object_kind.eq("kill_switch"))
        .order(audit_log::id)
        .select((audit_log::action, audit_log::reason))
        .load(&mut app.conn())
        .unwrap()
}

async fn stop(client: &Client, scope: &str) -> StatusCode {
    let form = [("scope", scope), ("reason", "stop-reason-check")];
    client.post("/stop", &form).await.status
}

fn store_of(app: &TestApp, owner: &str, merchant: &str) -> StoreId {
    let owner = user_id(app, owner);
    db_store(&mut app.conn(), owner, merchant)
}

#[tokio::test]
async fn a_manager_stops_his_store_and_lets_go_again() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let store = store_of(&app, "aigul", "30000001");
    let scope = format!("store:{store}");
    let page = client.get("/").await.expect(200);
    assert_eq!(page.text(".robot [role=status]"), "Автоцены: работают");
    assert_eq!(page.attribute(".robot a.btn.bad", "href"), "/stop");
    let form = client.get("/stop").await.expect(200);
    assert_eq!(
        form.attribute("input[name=scope]", "value"),
        scope,
        "no choice of what is not his"
    );
    let nothing = [
        ("scope", scope.as_str()),
        ("reason", "stop-reason-other"),
        ("details", " "),
    ];
    let answer = client.post("/stop", &nothing).await.expect(422);
    assert_eq!(answer.texts("#details-error").len(), 1);
    assert_eq!(stop(&client, "all").await, 403);
    assert_eq!(stop(&client, "strategy:beat_lowest").await, 403);
    assert_eq!(stop(&client, "anything").await, 400);
    let all = [
        ("scope", scope.as_str()),
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
    let part = client.htmx().get("/live").await.expect(200);
    assert_eq!(part.texts(".robot.off a").len(), 2, "open pages hear of it");
    client.htmx().get("/live?seen=stores-1.0.0").await.expect(204);

    let release = page.attribute(".issues a", "href");
    assert_eq!(release, format!("/stop/{}/release", newest(&app)));
    client.get(&release).await.expect(200);
    for (reason, password, wrong) in [
        (" ", PASSWORD, "#reason-error"),
        ("исправлено", "not the password", "#password-error"),
        ("исправлено", "", "#password-error"),
    ] {
        let form = [("reason", reason), ("password", password)];
        let answer = client.post(&release, &form).await.expect(422);
        assert_eq!(answer.texts(wrong).len(), 1, "{reason:?} {password:?}");
    }
    assert_eq!(client.get("/").await.count(".robot.off"), 1, "latched");
    let form = [("reason", "исправлено"), ("password", PASSWORD)];
    client.post(&release, &form).await.expect(303);
    assert_eq!(
        client.get("/").await.text(".robot [role=status]"),
        "Автоцены: работают"
    );
    let past = client.get("/stop").await.text("#past tbody tr");
    for words in ["Store 30000001", "цена 1 ₸", "aigul", "исправлено"] {
        assert!(past.contains(words), "{words}: {past}");
    }
    let why = |text: &str| Some(text.to_owned());
    assert_eq!(
        acts(&app),
        [
            ("stop".to_owned(), why("Похоже на ошибку в ценах: цена 1 ₸")),
            ("release".to_owned(), why("исправлено")),
        ]
    );
    client.post(&release, &form).await.expect(303);
    assert_eq!(acts(&app).len(), 2, "released once");
}

#[tokio::test]
async fn an_administrator_stops_everything_and_strategies() {
    let mut app = TestApp::new();
    let admin = app.signed_in("admin", Role::Admin).await;
    store_of(&app, "admin", "30000001");
    let form = admin.get("/stop").await.expect(200);
    assert_eq!(form.attribute("input[name=scope]", "value"), "all");
    assert_eq!(stop(&admin, "strategy:no_such").await, 404);
    assert_eq!(stop(&admin, "strategy:beat_lowest").await, 303);
    let page = admin.get("/").await;
    assert_eq!(
        page.text(".robot.off [role=status]"),
        "Автоцены: работают, 1 остановка"
    );
    assert_eq!(page.count(".robot a.btn.bad"), 1, "more can be stopped");
    let strategy = newest(&app);
    assert_eq!(stop(&admin, "all").await, 303);
    let everything = newest(&app);
    let manager = app.signed_in("aigul", Role::Manager).await;
    let page = manager.get("/stop").await.expect(200);
    assert_eq!(page.text(".robot.off [role=status]"), "Автоцены: остановлены");
    assert_eq!(page.texts(".issues li").len(), 2, "everybody sees them");
    assert_eq!(page.count(".issues a"), 0, "not his to release");
    let form = [("reason", "проверил"), ("password", PASSWORD)];
    for id in [strategy, everything] {
        let release = format!("/stop/{id}/release");
        manager.get(&release).await.expect(403);
        manager.post(&release, &form).await.expect(403);
        admin.post(&release, &form).await.expect(303);
    }
    assert_eq!(manager.get("/stop").await.texts(".robot.off").len(), 0);
}

#[tokio::test]
async fn one_product_is_stopped_from_its_page_and_viewers_only_look() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let store = store_of(&app, "aigul", "30000001");
    let product = db_product(&mut app.conn(), store, &NewProduct::default());
    let address = format!("/products/{product}");
    let page = client.get(&address).await.expect(200);
    let button = page.attribute(".head a.btn.bad", "href");
    assert_eq!(button, format!("/stop?product={product}"));
    let form = client.get(&button).await.expect(200);
    let scope = form.attribute("input[name=scope][checked]", "value");
    assert_eq!(scope, format!("product:{product}"));
    assert_eq!(stop(&client, &scope).await, 303);
    let page = client.get(&address).await.expect(200);
    assert!(page.text(".note.bad").contains("Товар «Kettle»"));
    let button = client.get(&format!("/stores/{store}")).await;
    let button = button.attribute(".head a.btn.bad", "href");
    assert_eq!(button, format!("/stop?store={store}"), "the store itself goes on");

    let viewer = app.signed_in("dana", Role::Viewer).await;
    let dana = user_id(&app, "dana");
    db_access(&mut app.conn(), store, dana, Role::Viewer);
    let page = viewer.get("/stop").await.expect(200);
    assert_eq!(page.texts(".issues li").len(), 1, "the state is theirs to see");
    assert_eq!(page.count(".issues a, main form, .robot a.btn.bad"), 0);
    let release = format!("/stop/{}/release", newest(&app));
    viewer.get(&release).await.expect(403);

    // A manager who may only look at this store, and one who does not see it.
    let askar = app.signed_in("askar", Role::Manager).await;
    let form = [("reason", "проверил"), ("password", PASSWORD)];
    assert_eq!(stop(&askar, &scope).await, 404);
    askar.post(&release, &form).await.expect(404);
    let id = user_id(&app, "askar");
    db_access(&mut app.conn(), store, id, Role::Viewer);
    assert_eq!(stop(&askar, &scope).await, 403);
    askar.post(&release, &form).await.expect(403);
    client.post(&release, &form).await.expect(303);
    assert_eq!(client.get(&address).await.count(".note.bad"), 0);
}

#[tokio::test]
async fn the_command_line_stops_and_releases_exactly_what_is_named() {
    let app = TestApp::new();
    let owner = crate::support::db_user(&mut app.conn(), "aigul", Role::Manager);
    let store = db_store(&mut app.conn(), owner, "30000001");
    let product = db_product(&mut app.conn(), store, &NewProduct::default());
    let (store, product) = (store.to_string(), product.to_string());
    let run = |arguments: &[&str]| {
        let output = app.program(arguments).output().expect("the program runs");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    };
    let targets: [&[&str]; 4] = [
        &[],
        &["--store", &store],
        &["--product", &product],
        &["--strategy", "beat_lowest"],
    ];
    let (status, said) = run(&["prices", "release", "--reason", "nothing"]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("nothing is stopped"), "{said}");
    for target in targets {
        let (status, said) = run(&[&["prices", "stop", "--reason", "test"], target].concat());
        assert_eq!(status, Some(0), "{said}");
        let (status, said) = run(&[&["prices", "release"], target].concat());
        assert_eq!(status, Some(2), "a reason is wanted: {said}");
    }
    for (left, target) in (0..targets.len()).rev().zip(targets) {
        let (status, said) = run(&[&["prices", "release", "--reason", "checked"], target].concat());
        assert_eq!(status, Some(0), "{said}");
        let active: i64 = kill_switches::table
            .filter(kill_switches::released_at.is_null())
            .count()
            .get_result(&mut app.conn())
            .unwrap();
        assert_eq!(active, i64::try_from(left).unwrap(), "{said}");
    }
    let (status, said) = run(&["prices", "stop", "--reason", "x", "--strategy", "guess"]);
    assert_eq!(status, Some(2), "{said}");
}

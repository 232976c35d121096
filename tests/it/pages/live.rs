//! What open pages hear: the state of the robot, jobs and problems, as they change; for whom, how long, and how many.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{AlertKind, JobKind, Role, SessionState, UserId},
    schema::{alerts, job_runs, sessions, stores, users},
    web::{live::Live, server},
};
use reqwest::header;
use serde_json::json;

use super::seed::db_access;
use crate::support::{
    Answer, Client, Listening, NewProduct, TestApp, db_job_run, db_product, db_store, db_user, now,
};

/// What a page shows of the three things.
fn shown(page: &Answer) -> [String; 3] {
    ["robot", "jobs", "problems"].map(|part| page.attribute(&format!("[data-part={part}]"), "data-seen"))
}

/// The first three events: what a new stream tells at once.
async fn told(listening: &mut Listening) -> [String; 3] {
    let mut ids = [String::new(), String::new(), String::new()];
    for (number, name) in ["robot", "jobs", "problems"].into_iter().enumerate() {
        let (event, id, data) = listening.event().await.expect("an event");
        assert_eq!(event, name);
        assert!(data.contains("href="), "{data}");
        ids[number] = id;
    }
    ids
}

async fn stop(client: &Client, scope: &str) {
    let form = [("scope", scope), ("reason", "stop-reason-check")];
    client.post("/stop", &form).await.expect(303);
}

#[tokio::test]
async fn a_stop_is_heard_by_everybody_it_concerns_and_by_nobody_else() {
    let mut app = TestApp::new();
    let mut conn = app.conn();
    let aigul = db_user(&mut conn, "aigul", Role::Manager);
    let askar = db_user(&mut conn, "askar", Role::Manager);
    db_user(&mut conn, "admin", Role::Admin);
    let store = db_store(&mut conn, aigul, "30000001");
    db_store(&mut conn, askar, "30000002");
    let (one, other) = (app.sign_in("aigul").await, app.sign_in("aigul").await);
    let (stranger, admin) = (app.sign_in("askar").await, app.sign_in("admin").await);

    let mut here = other.listen().await;
    assert_eq!(here.status, 200);
    let mut there = stranger.listen().await;
    assert_eq!(told(&mut here).await, ["live", "0", "0"]);
    assert_eq!(told(&mut there).await, ["live", "0", "0"]);

    stop(&one, &format!("store:{store}")).await;
    let (id, data) = here.of("robot").await;
    assert_eq!(id, "stores-1");
    assert!(
        data.contains("стоп в 1 магазине") && data.contains("robot off"),
        "{data}"
    );
    // A message for the next page waits for a page.
    assert_eq!(told(&mut one.listen().await).await[0], "stores-1");
    assert_eq!(one.get("/stop").await.expect(200).count(".note.flash"), 1);
    // The first thing that somebody else hears is the stop of everything.
    stop(&admin, "all").await;
    let (id, data) = there.of("robot").await;
    assert_eq!(id, "stopped");
    assert!(!data.contains("data-stop"), "nothing is left to stop: {data}");
    assert_eq!(here.of("robot").await.0, "stopped");
    assert_eq!(shown(&other.get("/").await), ["stopped", "0", "0"]);
}

#[tokio::test]
async fn the_stream_tells_what_a_page_would_show() {
    let mut app = TestApp::new();
    let mut conn = app.conn();
    let aigul = db_user(&mut conn, "aigul", Role::Manager);
    let askar = db_user(&mut conn, "askar", Role::Manager);
    db_user(&mut conn, "admin", Role::Admin);
    db_user(&mut conn, "nobody", Role::Viewer);
    let lost = db_store(&mut conn, aigul, "30000001");
    let shared = db_store(&mut conn, askar, "30000002");
    db_access(&mut conn, shared, aigul, Role::Viewer);
    diesel::update(stores::table.find(lost))
        .set(stores::session_state.eq(SessionState::NeedsLogin))
        .execute(&mut conn)
        .unwrap();
    let without_floor = NewProduct {
        floor: None,
        ..NewProduct::default()
    };
    db_product(&mut conn, shared, &without_floor);
    db_job_run(&mut conn, JobKind::SyncStore, lost, &json!({}));
    db_job_run(&mut conn, JobKind::SyncStore, shared, &json!({}));
    let failed = db_job_run(&mut conn, JobKind::ConnectStore, shared, &json!({}));
    diesel::update(job_runs::table.find(failed))
        .set((job_runs::state.eq("failed"), job_runs::finished_at.eq(now())))
        .execute(&mut conn)
        .unwrap();
    for (kind, store) in [
        (AlertKind::FloorReached, Some(lost)),
        (AlertKind::SessionLost, Some(lost)),
        (AlertKind::WorkerLost, None),
    ] {
        diesel::insert_into(alerts::table)
            .values((
                alerts::id.eq(uuid::Uuid::now_v7()),
                alerts::kind.eq(kind),
                alerts::severity.eq(kind.severity()),
                alerts::store_id.eq(store),
                alerts::data.eq(json!({})),
                alerts::times.eq(1),
                alerts::created_at.eq(now()),
                alerts::last_at.eq(now()),
                alerts::told_at.eq(now()),
            ))
            .execute(&mut conn)
            .unwrap();
    }
    let mut seen = Vec::new();
    for name in ["aigul", "askar", "admin", "nobody"] {
        let client = app.sign_in(name).await;
        let page = shown(&client.get("/").await.expect(200));
        assert_eq!(told(&mut client.listen().await).await, page, "{name}");
        // Whoever has no stream asks, and hears only what is new.
        let part = client.htmx().get("/live?seen=").await.expect(200);
        assert_eq!(shown(&part), page, "{name}");
        assert_eq!(part.count("[hx-swap-oob]"), 3);
        assert_eq!(part.attribute("#live-poll", "hx-get"), "/live");
        let again = format!("/live?seen={}", page.join("."));
        client.htmx().get(&again).await.expect(204);
        assert_eq!(client.get("/live").await.expect(303).location(), "/stop");
        seen.push(page.join(" "));
    }
    assert_eq!(seen, ["live 2 5", "live 1 3", "live 2 5", "off 0 1"]);
}

#[tokio::test]
async fn pages_and_streams_count_alike_however_much_there_is() {
    let mut app = TestApp::new();
    let mut conn = app.conn();
    let aigul = db_user(&mut conn, "aigul", Role::Manager);
    let store = db_store(&mut conn, aigul, "30000001");
    let insert = |kind: &str, count: u32| {
        diesel::sql_query(format!(
            "insert into products (id, store_id, kaspi_product_id, name, created_at, updated_at)
             select gen_random_uuid(), '{store}', '{kind}-' || n, 'Kettle', now(), now() from generate_series(1, {count}) n"
        ))
        .execute(&mut app.conn())
        .unwrap();
        diesel::sql_query(format!(
            "insert into alerts (id, kind, severity, store_id, product_id, data, times, created_at, last_at, told_at)
             select gen_random_uuid(), '{kind}', 'critical', store_id, id, '{{}}', 1, now(), now(), now() from products
             where kaspi_product_id like '{kind}-%'"
        ))
        .execute(&mut app.conn())
        .unwrap();
    };
    insert("mismatch", 130);
    // Told by the state of the store, and counted nowhere twice.
    insert("session_lost", 20);
    let client = app.sign_in("aigul").await;
    let page = shown(&client.get("/").await.expect(200));
    assert_eq!(page, ["live", "0", "130"]);
    assert_eq!(told(&mut client.listen().await).await, page);
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_with_its_users_rights() {
    let mut app = TestApp::new();
    let mut conn = app.conn();
    let user = |app: &TestApp, name: &str| -> UserId {
        let named = users::table.filter(users::name.eq(name));
        named.select(users::id).first(&mut app.conn()).unwrap()
    };
    let clients = [
        app.signed_in("leaves", Role::Manager).await,
        app.signed_in("dismissed", Role::Manager).await,
        app.signed_in("elsewhere", Role::Manager).await,
        app.signed_in("idle", Role::Manager).await,
        app.signed_in("promoted", Role::Viewer).await,
        app.signed_in("stays", Role::Manager).await,
    ];
    let mut streams = Vec::new();
    for client in &clients {
        let mut stream = client.listen().await;
        told(&mut stream).await;
        streams.push(stream);
    }
    clients[0].post("/logout", &[]).await.expect(303);
    diesel::update(users::table.find(user(&app, "dismissed")))
        .set(users::active.eq(false))
        .execute(&mut conn)
        .unwrap();
    diesel::update(users::table.find(user(&app, "elsewhere")))
        .set(users::session_version.eq(users::session_version + 1))
        .execute(&mut conn)
        .unwrap();
    diesel::update(sessions::table.filter(sessions::user_id.eq(user(&app, "idle"))))
        .set(sessions::last_seen_at.eq(now() - chrono::TimeDelta::hours(13)))
        .execute(&mut conn)
        .unwrap();
    for stream in &mut streams[..4] {
        assert_eq!(stream.of("over").await.0, "over");
        assert_eq!(stream.event().await, None);
    }
    // Another role: the page comes back and hears what it may hear now.
    diesel::update(users::table.find(user(&app, "promoted")))
        .set(users::role.eq(Role::Admin))
        .execute(&mut conn)
        .unwrap();
    assert_eq!(streams[4].event().await, None);
    // The others hear on.
    let store = db_store(&mut conn, user(&app, "stays"), "30000001");
    db_job_run(&mut conn, JobKind::SyncStore, store, &json!({}));
    assert_eq!(streams[5].of("jobs").await.0, "1");
    assert_eq!(clients[0].listen().await.status, 401);
}

#[tokio::test]
async fn streams_are_few_per_user_and_hold_no_connection_to_the_database() {
    let mut app = TestApp::builder()
        .settings(|config| config.database.pool_size = 1)
        .build();
    let client = app.signed_in("aigul", Role::Manager).await;
    let other = app.signed_in("askar", Role::Manager).await;
    let mut streams = Vec::new();
    for _ in 0..16 {
        streams.push(client.listen().await);
    }
    for stream in &mut streams {
        told(stream).await;
    }
    // One window more takes the place of the oldest, which is asked to come back later.
    let mut newest = client.listen().await;
    told(&mut newest).await;
    assert_eq!(streams[0].event().await, None);
    assert_eq!(
        (streams[0].retry.as_str(), newest.retry.as_str()),
        ("retry: 60000", "retry: 2000")
    );
    told(&mut other.listen().await).await;
    client.get("/products").await.expect(200);
    // The others hear on.
    let aigul = users::table.filter(users::name.eq("aigul"));
    let aigul = aigul.select(users::id).first(&mut app.conn()).unwrap();
    let store = db_store(&mut app.conn(), aigul, "30000001");
    db_job_run(&mut app.conn(), JobKind::SyncStore, store, &json!({}));
    for stream in streams.iter_mut().skip(1).chain([&mut newest]) {
        assert_eq!(stream.of("jobs").await.0, "1");
    }
}

#[tokio::test]
async fn a_new_page_hears_nothing_that_is_older_than_itself() {
    let mut app = TestApp::new();
    let mut conn = app.conn();
    let aigul = db_user(&mut conn, "aigul", Role::Manager);
    let store = db_store(&mut conn, aigul, "30000001");
    let client = app.sign_in("aigul").await;
    // Somebody listens all the time, so there is always a look of a moment ago.
    let mut first = client.listen().await;
    assert_eq!(told(&mut first).await, ["live", "0", "0"]);
    let failed = db_job_run(&mut conn, JobKind::ConnectStore, store, &json!({}));
    diesel::update(job_runs::table.find(failed))
        .set((job_runs::state.eq("failed"), job_runs::finished_at.eq(now())))
        .execute(&mut conn)
        .unwrap();
    stop(&client, &format!("store:{store}")).await;
    let page = shown(&client.get("/").await.expect(200));
    assert_eq!(page, ["stores-1", "0", "1"]);
    assert_eq!(told(&mut client.listen().await).await, page);
}

#[tokio::test]
async fn a_panel_that_stops_lets_its_streams_end_in_order() {
    let app = TestApp::new();
    db_user(&mut app.conn(), "aigul", Role::Manager);
    let live = Live::new(app.services.clone()).unwrap();
    let (server, address) = server::build_with(app.services.clone(), 1, live.clone()).unwrap();
    let handle = server.handle();
    let running = tokio::spawn(server);
    let client = Client::anonymous(&format!("http://{address}").parse().unwrap());
    client.sign_in("aigul@example.kz").await.expect(303);
    let mut stream = client.listen().await;
    told(&mut stream).await;
    assert_eq!(live.listeners(), 1);
    live.close();
    assert_eq!(stream.event().await, None);
    handle.stop(true).await;
    running.await.unwrap().unwrap();
    assert_eq!(live.listeners(), 0);
}

#[tokio::test]
async fn a_stream_is_what_browsers_and_proxies_expect() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let headers = [(header::ACCEPT, "text/event-stream".parse().unwrap())];
    let nobody = app.anonymous();
    let refused = nobody.get_with("/live", headers.into_iter().collect()).await;
    assert_eq!(refused.status, 401);
    let page = client.get("/").await.expect(200);
    assert_eq!(page.attribute(".top-end", "data-live"), "/live");
    let stream = client.listen().await;
    assert_eq!(stream.header("content-type"), "text/event-stream; charset=utf-8");
    assert_eq!(stream.header("cache-control"), "no-store");
    assert_eq!(stream.header("x-accel-buffering"), "no");
}

//! The steps of connecting a store, each at an address of its own that can be opened again.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{AttemptState, Role, StoreId},
    schema::{connection_attempts, users},
};
use uuid::Uuid;

use crate::support::{Client, TestApp, db_store, now};

/// A login that has begun and waits for a worker.
async fn begin(app: &mut TestApp) -> (Client, Uuid) {
    let client = app.signed_in("aigul", Role::Manager).await;
    let begun = client
        .post("/stores/new", &[("by", "phone"), ("phone", "+7 700 123 45 67")])
        .await
        .expect(303);
    let id = begun.location().rsplit('/').next().unwrap().parse().unwrap();
    (client, id)
}

fn goes_on(app: &TestApp, id: Uuid, state: AttemptState, store: Option<StoreId>) {
    diesel::update(connection_attempts::table.find(id))
        .set((
            connection_attempts::state.eq(state),
            connection_attempts::store_id.eq(store),
            connection_attempts::heartbeat_at.eq(diesel::dsl::now),
            connection_attempts::finished_at.eq(store.map(|_| now())),
        ))
        .execute(&mut app.conn())
        .unwrap();
}

#[tokio::test]
async fn each_step_has_an_address_that_shows_it_or_the_way_to_the_present_one() {
    let mut app = TestApp::new();
    let (client, id) = begin(&mut app).await;
    let path = |step: &str| format!("/stores/connect/{id}/{step}");

    let wait = client.get(&path("wait")).await.expect(200);
    assert_eq!(wait.count("#attempt progress"), 1);
    let polled = client
        .htmx()
        .get(&format!("/stores/connect/{id}"))
        .await
        .expect(200);
    assert_eq!(polled.header("hx-replace-url"), path("wait"));

    goes_on(&app, id, AttemptState::SmsCode, None);
    let polled = client
        .htmx()
        .get(&format!("/stores/connect/{id}"))
        .await
        .expect(200);
    assert_eq!(
        polled.header("hx-replace-url"),
        path("code"),
        "the address follows"
    );
    let code = client.get(&path("code")).await.expect(200);
    assert_eq!(
        (code.count("#code"), code.text(".steps [aria-current]")),
        (1, "Вход".to_owned())
    );
    for (step, sentence) in [
        ("wait", "Этот шаг уже пройден"),
        ("merchant", "До этого шага вход ещё не дошёл"),
        ("read", "До этого шага вход ещё не дошёл"),
    ] {
        let other = client.get(&path(step)).await.expect(200);
        assert_eq!(other.text(".note h2"), sentence, "{step}");
        assert_eq!(other.attribute("a.main", "href"), path("code"));
        assert_eq!(
            other.count("input:not([type=hidden], [type=search], [name=q])"),
            0,
            "no secret is asked for"
        );
    }
    client.get(&path("nonsense")).await.expect(404);
    let stranger = app.signed_in("boris", Role::Manager).await;
    stranger.get(&path("code")).await.expect(404);
}

#[tokio::test]
async fn a_connected_store_is_read_and_begins_with_a_robot_that_sends_nothing() {
    let mut app = TestApp::new();
    let (client, id) = begin(&mut app).await;
    let owner = users::table
        .filter(users::external_id.eq("aigul"))
        .select(users::id)
        .first(&mut app.conn())
        .unwrap();
    let store = db_store(&mut app.conn(), owner, "30000001");
    goes_on(&app, id, AttemptState::Done, Some(store));
    client
        .post(&format!("/stores/{store}/sync"), &[])
        .await
        .expect(303);

    let path = |step: &str| format!("/stores/connect/{id}/{step}");
    let read = client.get(&path("read")).await.expect(200);
    assert_eq!(read.texts(".job h3"), ["Сверка каталога"]);
    assert_eq!(read.attribute("a.main", "href"), path("defaults"));
    let defaults = client.get(&path("defaults")).await.expect(200);
    let modes: Vec<String> = ["off", "shadow"]
        .into_iter()
        .filter(|mode| defaults.count(&format!("input[name=mode][value={mode}]")) == 1)
        .map(str::to_owned)
        .collect();
    assert_eq!(modes, ["off", "shadow"]);
    assert_eq!(
        defaults.count("input[name=mode][value=live]"),
        0,
        "nothing here sends prices"
    );
    let saved = client
        .post(&format!("/stores/{store}/mode"), &[("mode", "shadow")])
        .await;
    assert_eq!(saved.expect(303).location(), format!("/stores/{store}"));
    assert_eq!(
        client
            .get(&path("code"))
            .await
            .expect(200)
            .attribute("a.main", "href"),
        path("read")
    );
    // The login's own page leads on as well.
    let done = client.get(&format!("/stores/connect/{id}")).await.expect(200);
    assert_eq!(done.count(&format!("a[href='{}']", path("read"))), 1);
}

#[tokio::test]
async fn the_way_and_what_it_asks_for_are_steps_with_addresses_of_their_own() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let ways = client.get("/stores/new").await.expect(200);
    assert_eq!(ways.text(".steps [aria-current]"), "Способ входа");
    assert_eq!(
        ways.page_links("main a.choice"),
        ["/stores/new/email", "/stores/new/phone"]
    );
    for (way, field) in [("email", "#password"), ("phone", "#phone")] {
        let path = format!("/stores/new/{way}");
        let form = client.get(&path).await.expect(200);
        assert_eq!(form.text(".steps [aria-current]"), "Данные для входа");
        assert_eq!(form.attribute("main form", "action"), path);
        assert_eq!(form.count(field), 1, "{way}");
        assert_eq!(form.count("main a[href='/stores/new']"), 1, "the way back");
        let again = client.post(&path, &[("email", "x")]).await.expect(422);
        assert_eq!(again.attribute("main form", "action"), path);
        assert!(again.count("[aria-invalid=true]") > 0, "{way}");
    }

    // A store that is there has its way; the other one is a link.
    let owner = users::table
        .filter(users::external_id.eq("aigul"))
        .select(users::id)
        .first(&mut app.conn())
        .unwrap();
    let store = db_store(&mut app.conn(), owner, "30000001");
    let led = client
        .get(&format!("/stores/new?store={store}"))
        .await
        .expect(303);
    assert_eq!(led.location(), format!("/stores/new/email?store={store}"));
    let form = client.get(&led.location()).await.expect(200);
    assert_eq!(
        form.attribute("main input[name=store]", "value"),
        store.to_string()
    );
    let other = format!("main a[href='/stores/new/phone?store={store}']");
    assert_eq!(form.count(&other), 1);
    let stranger = app.signed_in("boris", Role::Manager).await;
    stranger.get(&led.location()).await.expect(404);
}

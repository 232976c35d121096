//! The list of stores, a store's page, connecting and removing one: all without scripts.

use chrono::TimeDelta;
use diesel::prelude::*;
use kaspi_panel::{
    domain::{AttemptState, JobState, PushState, RepricingMode, Role, SessionState, StoreId},
    schema::{connection_attempts, job_runs, price_pushes, stores, users},
};

use super::seed::db_push;
use crate::support::{Client, NewProduct, TestApp, db_product, db_store, now};

async fn seller(app: &mut TestApp) -> (Client, StoreId) {
    let client = app.signed_in("aigul", Role::Manager).await;
    let mut conn = app.conn();
    let owner = users::table
        .filter(users::external_id.eq("aigul"))
        .select(users::id)
        .first(&mut conn)
        .unwrap();
    (client, db_store(&mut conn, owner, "30000001"))
}

#[tokio::test]
async fn a_new_user_is_led_to_the_first_store() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    for path in ["/", "/stores"] {
        let page = client.get(path).await.expect(200);
        assert_eq!(page.texts(".first-steps li").len(), 3, "{path}");
        assert_eq!(page.attribute(".blank a.btn", "href"), "/stores/new");
    }
}

#[tokio::test]
async fn the_list_shows_state_robot_and_one_act_per_store() {
    let mut app = TestApp::new();
    let (client, id) = seller(&mut app).await;
    let page = client.get("/stores").await.expect(200);
    assert_eq!(page.texts("tbody tr").len(), 1);
    assert_eq!(page.texts("tbody .st"), ["работает", "работают"]);
    assert_eq!(
        page.attribute("tbody form", "action"),
        format!("/stores/{id}/sync")
    );
    diesel::update(stores::table.find(id))
        .set(stores::session_state.eq(SessionState::NeedsLogin))
        .execute(&mut app.conn())
        .unwrap();
    let page = client.get("/stores").await.expect(200);
    assert_eq!(page.texts("tbody .st")[0], "нужен вход");
    assert_eq!(
        page.attribute("tbody a.btn", "href"),
        format!("/stores/new?store={id}")
    );
    assert_eq!(page.text(".top .pip .n.bad"), "1", "the bell counts it");
}

#[tokio::test]
async fn a_sync_is_asked_for_once_and_its_progress_is_shown() {
    let mut app = TestApp::new();
    let (client, id) = seller(&mut app).await;
    let sync = format!("/stores/{id}/sync");
    let page = format!("/stores/{id}");
    assert_eq!(client.post(&sync, &[]).await.expect(303).location(), page);
    client.post(&sync, &[]).await.expect(303);
    let runs: Vec<JobState> = job_runs::table
        .select(job_runs::state)
        .load(&mut app.conn())
        .unwrap();
    assert_eq!(runs, [JobState::Queued], "the second request joins the first");
    diesel::update(job_runs::table)
        .set((
            job_runs::state.eq(JobState::Running),
            job_runs::progress_done.eq(340),
            job_runs::progress_total.eq(1200),
        ))
        .execute(&mut app.conn())
        .unwrap();
    let answer = client.get(&page).await.expect(200);
    assert_eq!(
        answer.texts(".flash"),
        ["Сверка каталога началась", "Сверка каталога началась"]
    );
    assert_eq!(answer.attribute(".job progress", "value"), "340");
    assert!(answer.text(".job [role=status]").starts_with("340 из 1 200"));
    assert_eq!(answer.attribute(".job", "hx-trigger"), "every 2s");
    let again = client.get(&page).await.expect(200);
    assert!(again.texts(".flash").is_empty(), "a message is shown once");
    // The part alone, and at the end no more asking.
    let part_path = answer.attribute(".job", "hx-get");
    let part = client.htmx().get(&part_path).await.expect(200);
    assert!(!part.body_text().contains("<html"));
    diesel::update(job_runs::table)
        .set(job_runs::state.eq(JobState::Succeeded))
        .execute(&mut app.conn())
        .unwrap();
    let part = client.htmx().get(&part_path).await.expect(200);
    assert_eq!(part.texts("[hx-trigger]").len(), 0);
    assert_eq!(part.texts(".st"), ["готово"]);
}

#[tokio::test]
async fn without_a_session_there_is_no_sync_but_a_way_to_log_in() {
    let mut app = TestApp::new();
    let (client, id) = seller(&mut app).await;
    diesel::update(stores::table.find(id))
        .set(stores::session_state.eq(SessionState::NeedsLogin))
        .execute(&mut app.conn())
        .unwrap();
    client.post(&format!("/stores/{id}/sync"), &[]).await.expect(303);
    let page = client.get(&format!("/stores/{id}")).await.expect(200);
    assert_eq!(page.texts(".flash.bad").len(), 1);
    assert_eq!(
        page.attribute(".note.bad a.btn", "href"),
        format!("/stores/new?store={id}")
    );
    let runs: i64 = job_runs::table.count().get_result(&mut app.conn()).unwrap();
    assert_eq!(runs, 0);
}

#[tokio::test]
async fn going_live_asks_first_and_tells_what_it_means() {
    let mut app = TestApp::new();
    let (client, id) = seller(&mut app).await;
    db_product(
        &mut app.conn(),
        id,
        &NewProduct {
            floor: None,
            repricing: true,
            ..NewProduct::default()
        },
    );
    let mode = format!("/stores/{id}/mode");
    let stored = |app: &TestApp| -> RepricingMode {
        stores::table
            .find(id)
            .select(stores::repricing_mode)
            .first(&mut app.conn())
            .unwrap()
    };
    client.post(&mode, &[("mode", "shadow")]).await.expect(303);
    assert_eq!(stored(&app), RepricingMode::Shadow);
    let question = client.post(&mode, &[("mode", "live")]).await.expect(200);
    assert_eq!(stored(&app), RepricingMode::Shadow, "only asked so far");
    assert_eq!(question.texts("main .dlg dd"), ["1", "1", "1"]);
    assert_eq!(question.attribute(".dlg input[name=confirmed]", "value"), "yes");
    client
        .post(&mode, &[("mode", "live"), ("confirmed", "yes")])
        .await
        .expect(303);
    assert_eq!(stored(&app), RepricingMode::Live);
    client.post(&mode, &[("mode", "sometimes")]).await.expect(400);
}

#[tokio::test]
async fn a_store_is_removed_only_with_its_name_typed_out() {
    let mut app = TestApp::new();
    let (client, id) = seller(&mut app).await;
    let path = format!("/stores/{id}/delete");
    let page = client.get(&path).await.expect(200);
    assert!(page.text(".field label").contains("Store 30000001"));
    let answer = client.post(&path, &[("name", "Store 3000000")]).await.expect(422);
    assert_eq!(answer.attribute("#name", "aria-invalid"), "true");
    assert_eq!(
        answer.attribute("#name", "value"),
        "Store 3000000",
        "what was typed is kept"
    );
    let left = |app: &TestApp| -> i64 { stores::table.count().get_result(&mut app.conn()).unwrap() };
    assert_eq!(left(&app), 1);
    assert_eq!(
        client
            .post(&path, &[("name", " Store 30000001 ")])
            .await
            .expect(303)
            .location(),
        "/stores"
    );
    assert_eq!(left(&app), 0);
}

#[tokio::test]
async fn connecting_begins_with_a_form_and_waits_on_a_page() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    client.get("/stores/new").await.expect(200);
    let wrong = client
        .post("/stores/new", &[("email", "x"), ("password", "")])
        .await
        .expect(422);
    assert_eq!(wrong.texts(".errors li a").len(), 2);
    assert_eq!(wrong.attribute(".errors li a", "href"), "#email");
    assert_eq!(wrong.attribute("#email", "value"), "x");
    let right = [("email", "seller@example.kz"), ("password", "kept to ourselves")];
    let waiting = client.post("/stores/new", &right).await.expect(303).location();
    let page = client.get(&waiting).await.expect(200);
    assert_eq!(page.attribute("#attempt", "hx-trigger"), "every 2s");
    assert_eq!(
        page.attribute("#attempt a.btn", "href"),
        waiting,
        "works without scripts"
    );
    assert!(!page.body_text().contains("kept to ourselves"));
    let other = app.signed_in("other", Role::Manager).await;
    other.get(&waiting).await.expect(404);
}

#[tokio::test]
async fn every_state_of_a_login_has_its_sentence_and_next_step() {
    let mut app = TestApp::new();
    let client = app.signed_in("aigul", Role::Manager).await;
    let right = [("email", "seller@example.kz"), ("password", "kept to ourselves")];
    let waiting = client.post("/stores/new", &right).await.expect(303).location();
    let mut sentences = std::collections::BTreeSet::new();
    for state in AttemptState::ALL {
        diesel::update(connection_attempts::table)
            .set((
                connection_attempts::state.eq(state),
                connection_attempts::merchants.eq(serde_json::json!([
                    { "id": "30000001", "name": "Tehno" }, { "id": "30000002", "name": "Dom" }
                ])),
            ))
            .execute(&mut app.conn())
            .unwrap();
        let part = client.htmx().get(&waiting).await.expect(200);
        assert!(
            sentences.insert(part.text("#attempt h2")),
            "{state} has a sentence of its own"
        );
        assert!(!part.texts("#attempt .btn").is_empty(), "{state} has a next step");
        let waits = matches!(state, AttemptState::Queued | AttemptState::Running);
        assert_eq!(part.texts("[hx-trigger]").len(), usize::from(waits), "{state}");
        let choices = part
            .page()
            .select(&scraper::Selector::parse("input[type=radio]").unwrap())
            .count();
        assert_eq!(
            choices,
            if *state == AttemptState::ChooseMerchant {
                2
            } else {
                0
            }
        );
    }
}

#[tokio::test]
async fn a_store_whose_products_nobody_switched_on_tells_how_to_begin() {
    let mut app = TestApp::new();
    let (client, id) = seller(&mut app).await;
    let path = format!("/stores/{id}");
    let page = client.get(&path).await.expect(200);
    assert_eq!(page.count("#first-prices"), 0, "the catalogue comes first");
    let off = NewProduct {
        repricing: false,
        ..NewProduct::default()
    };
    db_product(&mut app.conn(), id, &off);
    let page = client.get(&path).await.expect(200);
    assert_eq!(page.texts("#first-prices li").len(), 4);
    assert_eq!(
        page.attribute("#first-prices a.btn", "href"),
        format!("/products?store={id}")
    );
    let on = NewProduct {
        sku: "SKU-2",
        ..NewProduct::default()
    };
    db_product(&mut app.conn(), id, &on);
    let page = client.get(&path).await.expect(200);
    assert_eq!(page.count("#first-prices"), 0);
}

#[tokio::test]
async fn the_queue_tells_what_waits_what_it_costs_and_how_long_prices_take() {
    let mut app = TestApp::new();
    let (client, store) = seller(&mut app).await;
    let page = client.get(&format!("/stores/{store}")).await.expect(200);
    assert_eq!(page.text("#queue .count"), "0");
    assert_eq!(page.texts("#queue tbody tr").len(), 0);
    let conn = &mut app.conn();
    for (sku, name, gain, seconds) in [
        ("1", "Чайник", 300, 10),
        ("2", "Утюг", 700, 20),
        ("3", "Фен", 0, 90),
    ] {
        let new = NewProduct {
            sku,
            name,
            floor: Some(1_000),
            ..NewProduct::default()
        };
        let product = db_product(conn, store, &new);
        db_push(
            conn,
            (store, product),
            None,
            (2_000, 1_900),
            (PushState::Confirmed, None),
        );
        db_push(
            conn,
            (store, product),
            None,
            (1_900, 1_800),
            (PushState::Planned, None),
        );
        let of_product = price_pushes::table.filter(price_pushes::product_id.eq(product));
        diesel::update(of_product.filter(price_pushes::state.eq(PushState::Planned)))
            .set((
                price_pushes::worth.eq("place"),
                price_pushes::gain_tenge.eq(gain),
                price_pushes::sent_at.eq(None::<chrono::DateTime<chrono::Utc>>),
            ))
            .execute(conn)
            .unwrap();
        diesel::update(of_product.filter(price_pushes::state.eq(PushState::Confirmed)))
            .set((
                price_pushes::accepted_at.eq(now()),
                price_pushes::finished_at.eq(now() + TimeDelta::seconds(seconds)),
                price_pushes::market_taken_at.eq(now() - TimeDelta::seconds(30)),
            ))
            .execute(conn)
            .unwrap();
    }
    let page = client.get(&format!("/stores/{store}")).await.expect(200);
    assert_eq!(page.text("#queue .count"), "3");
    // Who goes first stands first.
    assert_eq!(page.texts("#queue tbody th"), ["Утюг", "Чайник", "Фен"]);
    let facts = page.texts("#queue dd");
    assert_eq!(facts[0], "3 из 200");
    assert!(facts[1].starts_with("1 000"), "{facts:?}");
    assert!(
        facts[2].starts_with("20 с") && facts[2].contains("за 1 мин"),
        "{facts:?}"
    );
    assert!(facts[3].starts_with("50 с"), "{facts:?}");
}

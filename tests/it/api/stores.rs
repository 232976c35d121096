//! Stores made, changed, removed and synced by programs.

use diesel::prelude::*;
use kaspi_panel::{
    app::sync_products::request_sync,
    domain::{Actor, JobKind, Role, SessionState},
    schema::{audit_log, job_runs, stores},
    worker::jobs,
};
use reqwest::Method;
use serde_json::json;

use super::{post, program, seller, send, text};
use crate::support::{Cabinet, TestApp, db_connected_store, db_user, db_waiting_runs, wait_until};

const LIST: &str = "/api/v1/kaspi/stores/";

#[tokio::test]
async fn a_store_is_made_with_the_known_defaults_and_starts_in_shadow() {
    let mut app = TestApp::new();
    let (owner, _, anna) = seller(&mut app, "user-1", "30000001").await;
    let answer = post(
        &anna,
        LIST,
        r#"{"user_id":"user-1","merchant_id":" M-0 ","name":"Демо"}"#,
    )
    .await
    .expect(201);
    let made = answer.json();
    let at = "2026-11-23T12:00:00.000000+05:00";
    let (id, key) = (text(&made, "id"), text(&made, "api_key"));
    assert_eq!(
        answer.body_text(),
        format!(
            r#"{{"id":"{id}","created_at":"{at}","updated_at":"{at}","user_id":"user-1","merchant_id":"M-0","name":"Демо","api_key":"{key}","products_count":0,"last_sync":null,"is_active":true}}"#
        )
    );
    assert!(key.starts_with("kaspi_") && key.len() > 30);
    let (mode, session, of): (String, SessionState, kaspi_panel::domain::UserId) = stores::table
        .filter(stores::merchant_id.eq("M-0"))
        .select((stores::repricing_mode, stores::session_state, stores::owner_id))
        .first(&mut app.conn())
        .unwrap();
    assert_eq!(
        (mode.as_str(), session, of),
        ("shadow", SessionState::Never, owner)
    );
    let (kind, action): (String, String) = audit_log::table
        .filter(audit_log::object_name.eq("Демо"))
        .select((audit_log::actor_kind, audit_log::action))
        .first(&mut app.conn())
        .unwrap();
    assert_eq!((kind.as_str(), action.as_str()), ("api", "create"));

    let again = post(&anna, LIST, r#"{"merchant_id":"M-0","name":"Демо"}"#)
        .await
        .expect(400);
    assert_eq!(
        again.body_text(),
        r#"{"non_field_errors":["Поля user_id, merchant_id должны производить массив с уникальными значениями."]}"#
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_store_is_told_by_field() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let path = format!("{LIST}{store}/");
    for body in ["{}", ""] {
        assert_eq!(
            post(&anna, LIST, body).await.expect(400).body_text(),
            r#"{"merchant_id":["Обязательное поле."],"name":["Обязательное поле."]}"#
        );
    }
    for (method, to, body, told) in [
        (
            Method::POST,
            LIST,
            r#"{"user_id":"boris","merchant_id":"1","name":"a"}"#,
            r#"{"user_id":["Можно указать только собственный user_id."]}"#,
        ),
        (
            Method::PATCH,
            path.as_str(),
            r#"{"merchant_id":"30000009"}"#,
            r#"{"merchant_id":["Магазин уже подключён к кабинету: его продавец не меняется"]}"#,
        ),
        (
            Method::PATCH,
            path.as_str(),
            r#"{"name":"","is_active":"maybe","last_sync":"yesterday"}"#,
            r#"{"name":["Это поле не может быть пустым."],"last_sync":["Неправильный формат datetime. Используйте один из этих форматов: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."],"is_active":["Must be a valid boolean."]}"#,
        ),
        (
            Method::PUT,
            path.as_str(),
            r#"{"name":"a"}"#,
            r#"{"merchant_id":["Обязательное поле."]}"#,
        ),
    ] {
        let answer = send(&anna, method, to, body).await.expect(400);
        assert_eq!(answer.body_text(), told, "{body}");
    }
}

#[tokio::test]
async fn a_store_is_changed_and_removed() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    let path = format!("{LIST}{store}/");
    let answer = send(
        &anna,
        Method::PATCH,
        &path,
        r#"{"name":"Новый","is_active":"off","api_key":"mine","id":"x"}"#,
    )
    .await
    .expect(200)
    .json();
    assert_eq!(
        (&answer["name"], &answer["is_active"]),
        (&json!("Новый"), &json!(false))
    );
    assert_eq!(answer["api_key"], "reference", "read-only fields are left");
    let answer = send(
        &anna,
        Method::PUT,
        &path,
        r#"{"user_id":"anna","merchant_id":"30000001","name":"Ещё","is_active":true}"#,
    )
    .await
    .expect(200)
    .json();
    assert_eq!(
        (&answer["name"], &answer["is_active"]),
        (&json!("Ещё"), &json!(true))
    );
    let answer = send(&anna, Method::DELETE, &path, "").await.expect(204);
    assert!(answer.body.is_empty());
    anna.get(&path).await.expect(404);
}

#[tokio::test]
async fn an_administrator_makes_stores_for_others_and_sees_no_key_of_theirs() {
    let mut app = TestApp::new();
    seller(&mut app, "user-1", "30000001").await;
    db_user(&mut app.conn(), "root", Role::Admin);
    let root = program(&mut app, "root").await;
    let made = post(
        &root,
        LIST,
        r#"{"user_id":"user-1","merchant_id":"5","name":"a"}"#,
    )
    .await
    .expect(201)
    .json();
    assert_eq!(
        (&made["user_id"], &made["api_key"]),
        (&json!("user-1"), &json!(null))
    );
    let answer = post(
        &root,
        LIST,
        r#"{"user_id":"nobody","merchant_id":"5","name":"a"}"#,
    )
    .await
    .expect(400);
    assert!(answer.json()["user_id"][0].as_str().unwrap().contains("nobody"));
}

#[tokio::test]
async fn a_sync_without_a_session_says_what_the_predecessor_said() {
    let mut app = TestApp::new();
    let (_, store, anna) = seller(&mut app, "anna", "30000001").await;
    diesel::update(stores::table.find(store))
        .set(stores::session_state.eq(SessionState::NeedsLogin))
        .execute(&mut app.conn())
        .unwrap();
    let answer = post(&anna, &format!("{LIST}{store}/sync/"), "").await.expect(500);
    assert_eq!(
        answer.body_text(),
        r#"{"success":false,"error":"Сессия истекла или отсутствуют учётные данные. Нужен повторный логин."}"#
    );
    let unknown = format!("{LIST}00000000-0000-0000-0000-000000000000/sync/");
    assert_eq!(
        post(&anna, &unknown, "").await.expect(404).body_text(),
        r#"{"detail":"Страница не найдена."}"#
    );
    let answer = post(&anna, &format!("{LIST}{store}/sync/?wait=soon"), "")
        .await
        .expect(400);
    assert_eq!(answer.body_text(), r#"{"wait":["Введите правильное число."]}"#);
}

#[tokio::test]
async fn a_sync_answers_when_it_ends_in_time_and_else_tells_its_job() {
    let mut app = TestApp::new();
    let store = db_connected_store(&app, Cabinet::DEMO).await;
    let owner: kaspi_panel::domain::UserId = stores::table
        .find(store)
        .select(stores::owner_id)
        .first(&mut app.conn())
        .unwrap();
    let name: String = kaspi_panel::schema::users::table
        .find(owner)
        .select(kaspi_panel::schema::users::external_id)
        .first(&mut app.conn())
        .unwrap();
    let client = program(&mut app, &name).await;
    let path = format!("{LIST}{store}/sync/");

    // Nobody works: the job is told, and a second request joins it.
    let first = post(&client, &format!("{path}?wait=0"), "")
        .await
        .expect(202)
        .json();
    let job = text(&first, "job_id");
    assert_eq!(first["success"], true);
    let running = request_sync(&app.services, &Actor::system(), store)
        .await
        .unwrap();
    assert_eq!(running.to_string(), job);
    let told = client
        .get(&format!("/api/v1/jobs/{job}/"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&told["state"], &told["is_final"]),
        (&json!("queued"), &json!(false))
    );

    let work = async {
        wait_until("a waiting run", std::time::Duration::from_secs(30), || async {
            let runs = db_waiting_runs(&mut app.conn(), JobKind::SyncStore);
            if runs.is_empty() { Err(()) } else { Ok(()) }
        })
        .await;
        jobs::sync_store::run(app.services.clone(), running)
            .await
            .unwrap();
    };
    let patient = format!("{path}?wait=30");
    let (answer, ()) = tokio::join!(post(&client, &patient, ""), work);
    assert_eq!(
        answer.expect(200).body_text(),
        r#"{"success":true,"products_count":16,"message":"Товары успешно синхронизированы"}"#
    );
    let runs: i64 = job_runs::table
        .filter(job_runs::store_id.eq(store))
        .count()
        .get_result(&mut app.conn())
        .unwrap();
    assert_eq!(runs, 1);
}

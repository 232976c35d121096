//! Logging stores in by the API, on the jobs of the panel.

use std::time::Duration;

use diesel::prelude::*;
use kaspi_panel::{config::LoginDriver, domain::JobKind, schema::audit_log, worker::jobs};
use reqwest::Method;
use serde_json::json;

use super::{post, program, text};
use crate::support::{Cabinet, Client, TestApp, db_user, db_waiting_runs, wait_until};
use kaspi_panel::domain::Role;

const AUTH: &str = "/api/v1/kaspi/auth";
const AUTHENTICATE: &str = "/api/v1/kaspi/auth/authenticate/?wait=30";

async fn shop() -> (TestApp, Client) {
    let mut app = TestApp::builder()
        .settings(|config| config.browser.driver = LoginDriver::Http)
        .build();
    db_user(&mut app.conn(), "user-1", Role::Manager);
    let client = program(&mut app, "user-1").await;
    (app, client)
}

/// Does one login that waits, as a worker would.
async fn work(app: &TestApp) {
    let run = wait_until("a login", Duration::from_secs(30), || async {
        db_waiting_runs(&mut app.conn(), JobKind::ConnectStore)
            .pop()
            .ok_or(())
    })
    .await;
    let (_stopper, stop) = tokio::sync::watch::channel(false);
    jobs::connect_store::run(app.services.clone(), run, stop)
        .await
        .ok();
}

#[tokio::test]
async fn what_a_login_needs_is_told_as_ever() {
    let (_app, client) = shop().await;
    for (path, body, told) in [
        (
            "authenticate",
            "{}",
            r#"["user_id, email и password обязательны"]"#,
        ),
        ("sms_start", "{}", r#"["user_id и phone обязательны"]"#),
    ] {
        let answer = post(&client, &format!("{AUTH}/{path}/"), body).await.expect(400);
        assert_eq!(answer.body_text(), told);
    }
    let foreign = r#"{"user_id":"user-2","email":"a@b.kz","password":"x"}"#;
    let answer = post(&client, &format!("{AUTH}/authenticate/"), foreign)
        .await
        .expect(400);
    assert_eq!(
        answer.body_text(),
        r#"{"user_id":["Можно указать только собственный user_id."]}"#
    );
    for session in ["no-key", "00000000-0000-0000-0000-000000000000"] {
        let body = format!(r#"{{"session_id":"{session}","code":"1234"}}"#);
        let answer = post(&client, &format!("{AUTH}/sms_verify/"), &body)
            .await
            .expect(404)
            .json();
        assert_eq!(answer["error"], "session_id не найден");
    }
    let bad = r#"{"email":"nobody","password":"x"}"#;
    let answer = post(&client, &format!("{AUTH}/authenticate/"), bad)
        .await
        .expect(400)
        .json();
    assert!(answer["email"][0].is_string());
}

#[tokio::test]
async fn a_store_is_connected_by_mail_and_password_and_then_renewed() {
    let (app, client) = shop().await;
    let path = format!("{AUTH}/authenticate/?wait=30");
    let body =
        json!({ "user_id": "user-1", "email": Cabinet::DEMO.email, "password": Cabinet::DEMO.password })
            .to_string();
    let (answer, ()) = tokio::join!(post(&client, &path, &body), work(&app));
    let made = answer.expect(200);
    let told = made.json();
    let (store, name, key) = (
        text(&told, "store_id"),
        text(&told, "name"),
        text(&told, "api_key"),
    );
    assert_eq!(
        made.body_text(),
        format!(
            r#"{{"success":true,"store_id":"{store}","name":"{name}","message":"Магазин успешно привязан к вашему аккаунту","api_key":"{key}","is_replaced":false}}"#
        )
    );
    assert!(key.starts_with("kaspi_"));
    app.advance(120).await;
    let (answer, ()) = tokio::join!(post(&client, &path, &body), work(&app));
    let again = answer.expect(200).json();
    assert_eq!(
        (&again["message"], &again["is_replaced"], &again["api_key"]),
        (
            &json!("Сессия магазина успешно обновлена"),
            &json!(true),
            &json!(key)
        )
    );
}

#[tokio::test]
async fn an_administrator_logs_in_for_others_and_the_log_names_him() {
    let (mut app, _) = shop().await;
    db_user(&mut app.conn(), "root", Role::Admin);
    let root = program(&mut app, "root").await;
    let path = format!("{AUTH}/authenticate/?wait=30");
    let body =
        json!({ "user_id": "user-1", "email": Cabinet::DEMO.email, "password": Cabinet::DEMO.password })
            .to_string();
    let (answer, ()) = tokio::join!(post(&root, &path, &body), work(&app));
    assert_eq!(
        answer.expect(200).json()["api_key"],
        json!(null),
        "the owner's alone"
    );
    let names: Vec<String> = audit_log::table
        .filter(audit_log::action.eq("begin"))
        .select(audit_log::actor_name)
        .load(&mut app.conn())
        .unwrap();
    assert_eq!(names, ["root → user-1"]);
}

#[tokio::test]
async fn a_refused_password_with_a_key_is_not_tried_again() {
    let (app, client) = shop().await;
    let body = json!({ "email": Cabinet::DEMO.email, "password": "wrong" }).to_string();
    let headers = [("content-type", "application/json"), ("idempotency-key", "k")];
    let ask = || client.raw(Method::POST, AUTHENTICATE, &headers, body.clone().into_bytes());
    let (first, ()) = tokio::join!(ask(), work(&app));
    first.expect(401);
    let again = ask().await.expect(401);
    assert_eq!(again.header("idempotent-replayed"), "true");
}

#[tokio::test]
async fn a_store_is_connected_by_telephone() {
    let (app, client) = shop().await;
    let talk = async {
        let begun = post(
            &client,
            &format!("{AUTH}/sms_start/?wait=30"),
            r#"{"user_id":"user-1","phone":"+7 700 000 00 01"}"#,
        )
        .await
        .expect(200);
        let session = text(&begun.json(), "session_id");
        assert_eq!(begun.body_text(), format!(r#"{{"session_id":"{session}"}}"#));
        let path = format!("{AUTH}/sms_verify/?wait=30");
        let verify = |code: &str| json!({ "session_id": session, "code": code }).to_string();
        let wrong = post(&client, &path, &verify("9999")).await.expect(202).json();
        assert_eq!(
            (&wrong["success"], &wrong["state"]),
            (&json!(false), &json!("needs_code"))
        );
        let right = post(&client, &path, &verify("123456")).await.expect(200);
        let store = text(&right.json(), "store_id");
        assert_eq!(
            right.body_text(),
            format!(
                r#"{{"success":true,"store_id":"{store}","message":"Магазин успешно привязан через SMS","is_replaced":false}}"#
            )
        );
    };
    tokio::join!(talk, work(&app));
}

#[tokio::test]
async fn wrong_credentials_are_401_and_a_login_under_way_is_told() {
    let (app, client) = shop().await;
    let body = json!({ "email": Cabinet::DEMO.email, "password": "wrong" }).to_string();
    let waits = post(&client, &format!("{AUTH}/authenticate/?wait=0"), &body)
        .await
        .expect(202)
        .json();
    assert_eq!(
        (&waits["success"], &waits["state"]),
        (&json!(false), &json!("running"))
    );
    // The same again joins the login that waits.
    let joined = post(&client, &format!("{AUTH}/authenticate/?wait=0"), &body)
        .await
        .expect(202)
        .json();
    assert_eq!(joined["session_id"], waits["session_id"]);
    assert_eq!(db_waiting_runs(&mut app.conn(), JobKind::ConnectStore).len(), 1);
    // That login may have ended before the next request comes, which then begins another one: a worker does them all.
    let path = format!("{AUTH}/authenticate/?wait=30");
    let worker = async {
        loop {
            work(&app).await;
        }
    };
    let answer = tokio::select! {
        answer = post(&client, &path, &body) => answer,
        () = worker => unreachable!("a worker does not end"),
    };
    assert_eq!(
        answer.expect(401).body_text(),
        r#"{"success":false,"error":"Ошибка аутентификации в Kaspi"}"#
    );
}

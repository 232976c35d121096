//! Rows about the login.

use std::time::Duration;

use serde_json::{Value, json};

use super::section;
use crate::support::Simulator;

const PHONE: &str = "+7 (700) 000-00-01";

#[tokio::test]
async fn every_row_shows() {
    let mut market = Simulator::start();
    for row in section("Login") {
        market.begin_anew().await;
        before(&market, &row.name).await;
        row.switch_on(&market).await;
        check(&market, &row.name).await;
    }
}

fn password() -> Value {
    json!({ "_u": "demo@example.kz", "_p": "Demo-Password-1", "_r_d": true })
}

/// What must have happened before the fault.
async fn before(market: &Simulator, name: &str) {
    match name {
        "login-device-forgotten" => {
            let codes = json!({ "email": "demo@example.kz", "mail_code": true });
            market.control("PATCH", "accounts", codes).await;
            assert!(market.login_step(password()).await.1["email"].is_string());
            let code = json!({ "_m_c": "654321", "_r_d": true, "_u": "demo@example.kz" });
            assert_eq!(market.login_step(code).await.0, 200);
            market.advance(60).await;
            assert!(market.login_step(password()).await.1["redirectUrl"].is_string());
        }
        "login-code-expired" | "login-browser-closed" => {
            assert_eq!(market.login_step(json!({ "_ph": PHONE })).await.0, 200);
        }
        _ => {}
    }
}

async fn refused(market: &Simulator, step: Value, code: &str) -> Value {
    let (status, answer) = market.login_step(step).await;
    assert_eq!((status, &answer["errorCode"]), (401, &json!(code)));
    answer
}

async fn page(market: &Simulator) -> String {
    let answer = market.raw("GET", "login", "/login", Value::Null).await;
    answer.text().await.expect("a page")
}

async fn check(market: &Simulator, name: &str) {
    let sms = || json!({ "_ph": PHONE });
    match name {
        "login-wrong-password" => {
            refused(market, password(), "CREDENTIALS_INVALID").await;
        }
        "login-unknown-account" => {
            refused(market, password(), "CREDENTIALS_INVALID").await;
            refused(market, sms(), "CREDENTIALS_INVALID").await;
        }
        "login-insufficient-permissions" => {
            refused(market, password(), "INSUFFICIENT_PERMISSIONS").await;
        }
        "login-no-merchants" => {
            refused(market, password(), "NO_MERCHANTS").await;
        }
        "login-choice-of-merchant" => {
            let (_, answer) = market.login_step(password()).await;
            assert_eq!(answer["su"][1]["uid"], "30000002");
            let (_, answer) = market.login_step(json!({ "_s_m": "30000002" })).await;
            assert_eq!(answer["redirectUrl"], "/");
        }
        "login-choice-of-user" => {
            let (_, answer) = market.login_step(password()).await;
            let user = answer["su"][1]["userId"].clone();
            assert!(user.is_string());
            let (_, answer) = market.login_step(json!({ "_s_u": user })).await;
            assert_eq!(answer["redirectUrl"], "/");
        }
        "login-mailed-code" | "login-device-forgotten" => {
            market.advance(60).await;
            let (status, answer) = market.login_step(password()).await;
            assert_eq!(
                (status, &answer["email"]),
                (200, &json!("d***@example.kz")),
                "{name}"
            );
        }
        "login-wrong-code" => {
            assert_eq!(market.login_step(sms()).await.0, 200);
            refused(market, json!({ "_c": "123456" }), "SECURITY_CODE_INVALID").await;
            assert_eq!(market.login_step(json!({ "_c": "123456" })).await.0, 200);
        }
        "login-wrong-mailed-code" => {
            let codes = json!({ "email": "demo@example.kz", "mail_code": true });
            market.control("PATCH", "accounts", codes).await;
            market.login_step(password()).await;
            refused(market, json!({ "_m_c": "654321" }), "MFA_CODE_INVALID").await;
            assert_eq!(market.login_step(json!({ "_m_c": "654321" })).await.0, 200);
        }
        "login-code-expired" => {
            refused(market, json!({ "_c": "123456" }), "INACTIVE_CODE_ERROR").await;
        }
        "login-attempt-limit" => {
            market.login_step(sms()).await;
            let answer = refused(market, json!({ "_c": "000000" }), "MFA_CODE_ATTEMPT_LIMIT").await;
            assert_eq!(answer["errorData"]["breakTimeSeconds"], 60);
        }
        "login-send-flood" => {
            let answer = refused(market, password(), "MFA_SEND_FLOOD").await;
            assert_eq!(answer["errorData"]["breakTimeSeconds"], 60);
        }
        "login-send-flood-without-break" => {
            let answer = refused(market, password(), "MFA_SEND_FLOOD").await;
            assert!(answer.get("errorData").is_none());
        }
        "login-sms-never-comes" => {
            assert_eq!(market.login_step(sms()).await.1["phone"], PHONE);
            let messages = market.control("GET", "messages", Value::Null).await;
            assert_eq!(messages, json!([]));
            refused(market, json!({ "_c": "123456" }), "SECURITY_CODE_INVALID").await;
        }
        "login-without-sso-cookie" => {
            assert_eq!(market.login_step(sms()).await.0, 200);
            refused(market, json!({ "_c": "123456" }), "FAILED").await;
            assert_eq!(market.login_step(password()).await.0, 200);
            assert!(market.page("login", "/").await.contains("user_email_field"));
        }
        "login-state-mismatch" => {
            assert_eq!(market.login_step(password()).await.0, 200);
            market.page("login", "/").await;
            let callbacks = market.journal("callback").await;
            assert_eq!(callbacks[0]["status"], 302);
            assert!(market.journal("login_page").await.len() == 1, "back at the login");
        }
        "login-redirect-loop" => {
            let url = format!("{}/login", market.host("login"));
            assert!(
                market
                    .http
                    .get(url)
                    .send()
                    .await
                    .expect_err("it fails")
                    .is_redirect()
            );
        }
        "login-captcha" => {
            let html = page(market).await;
            assert!(html.contains("captcha") && !html.contains("user_email_field"));
        }
        "login-page-changed" => {
            let html = page(market).await;
            assert!(html.contains("user_login_field") && !html.contains("user_email_field"));
        }
        "login-error-elsewhere" => {
            let html = page(market).await;
            assert!(html.contains(r#"help.className = "notification is-danger""#));
            assert!(html.contains(r#"notice.className = "help is-danger""#));
        }
        "login-slow-page" => {
            let url = format!("{}/login", market.host("login"));
            let answer = market
                .http
                .get(url)
                .timeout(Duration::from_millis(200))
                .send()
                .await;
            assert!(answer.expect_err("it fails").is_timeout());
        }
        "login-browser-closed" => {
            refused(market, json!({ "_c": "123456" }), "FAILED").await;
        }
        "login-two-at-once" => {
            assert_eq!(market.login_step(sms()).await.0, 200);
            refused(market, sms(), "MFA_SEND_FLOOD").await;
        }
        other => panic!("no test for {other}"),
    }
}

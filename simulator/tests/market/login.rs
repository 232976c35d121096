//! Logging in over HTTP: by mail and password, by telephone, with codes, with several merchants.

use serde_json::{Value, json};

use crate::support::Simulator;

#[tokio::test]
async fn right_password_leads_to_a_session_and_the_cabinet_page() {
    let market = Simulator::start();
    assert_eq!(market.get("/s/m").await.0, 401);
    market.enter().await;
    let (status, answer) = market.get("/s/m").await;
    assert_eq!(status, 200);
    assert_eq!(
        answer,
        json!({ "merchants": [{ "uid": "30000001", "name": "Demo Shop" }] })
    );
    let page = market.page("public", "/mc/").await;
    assert!(
        page.contains(r#"<nav class="navbar""#) && page.contains("is-arrowless\">Demo Shop<"),
        "{page}"
    );
}

#[tokio::test]
async fn wrong_password_is_refused_and_gives_no_session() {
    let market = Simulator::start();
    for (email, password) in [
        ("demo@example.kz", "nope"),
        ("nobody@example.kz", "Demo-Password-1"),
    ] {
        let (status, answer) = market
            .login_step(json!({ "_u": email, "_p": password, "_r_d": true }))
            .await;
        assert_eq!(
            (status, answer),
            (401, json!({ "errorCode": "CREDENTIALS_INVALID" }))
        );
    }
    assert!(!market.page("login", "/").await.contains("navbar"));
    assert_eq!(market.get("/s/m").await.0, 401);
}

#[tokio::test]
async fn passwords_and_codes_never_reach_the_journal() {
    let market = Simulator::start();
    market.enter().await;
    market.login_step(json!({ "_ph": "+7 (700) 000-00-01" })).await;
    market.login_step(json!({ "_c": "123456" })).await;
    let journal = market.control("GET", "journal", Value::Null).await.to_string();
    assert!(journal.contains(r#""_p":"***""#), "{journal}");
    assert!(!journal.contains("Demo-Password-1") && !journal.contains("123456"));
}

#[tokio::test]
async fn login_page_reveals_the_password_field_only_by_script() {
    let market = Simulator::start();
    let page = market.page("login", "/login").await;
    for part in [
        "id=\"phone_tab\"",
        "role=\"tab\"",
        "button is-primary",
        "Продолжить",
    ] {
        assert!(page.contains(part), "{part} is missing");
    }
    assert!(!page.contains("<input"), "fields are added step by step");
}

#[tokio::test]
async fn telephone_login_takes_the_code_of_the_account() {
    let market = Simulator::start();
    assert_eq!(
        market.login_step(json!({ "_ph": "8 700 000 00 09" })).await.1["errorCode"],
        "CREDENTIALS_INVALID"
    );
    assert_eq!(
        market.login_step(json!({ "_c": "123456" })).await.1["errorCode"],
        "FAILED"
    );
    assert_eq!(
        market.login_step(json!({ "_ph": "8 (700) 000-00-01" })).await.0,
        200
    );
    assert_eq!(
        market.login_step(json!({ "_m_c": "123456" })).await.1["errorCode"],
        "FAILED"
    );
    assert_eq!(
        market.login_step(json!({ "_c": "000000" })).await.1["errorCode"],
        "SECURITY_CODE_INVALID"
    );
    assert_eq!(
        market.login_step(json!({ "_c": "123456" })).await,
        (200, json!({ "redirectUrl": "/" }))
    );
    assert!(market.page("login", "/").await.contains("ID - 30000001"));
}

#[tokio::test]
async fn codes_expire_run_out_and_are_not_sent_too_often() {
    let market = Simulator::start();
    let phone = json!({ "_ph": "+77000000001" });
    assert_eq!(market.login_step(phone.clone()).await.0, 200);
    let (status, flood) = market.login_step(phone.clone()).await;
    assert_eq!(status, 401);
    assert_eq!(
        flood,
        json!({ "errorCode": "MFA_SEND_FLOOD", "errorData": { "breakTimeSeconds": 60 } })
    );
    market.advance(60).await;
    assert_eq!(market.login_step(phone.clone()).await.0, 200);
    market.advance(601).await;
    assert_eq!(
        market.login_step(json!({ "_c": "123456" })).await.1["errorCode"],
        "INACTIVE_CODE_ERROR"
    );
    assert_eq!(market.login_step(phone).await.0, 200);
    for expected in [
        "SECURITY_CODE_INVALID",
        "SECURITY_CODE_INVALID",
        "MFA_CODE_ATTEMPT_LIMIT",
    ] {
        assert_eq!(
            market.login_step(json!({ "_c": "000000" })).await.1["errorCode"],
            expected
        );
    }
    assert_eq!(
        market.login_step(json!({ "_c": "123456" })).await.1["errorCode"],
        "FAILED"
    );
}

#[tokio::test]
async fn mailed_code_is_asked_on_unknown_devices_only() {
    let market = Simulator::start();
    let account = json!([{ "email": "code@example.kz", "password": "pw", "merchants": ["30000002"], "mail_code": true }]);
    market.control("POST", "accounts", account).await;
    let password = json!({ "_u": "code@example.kz", "_p": "pw", "_r_d": true });
    assert_eq!(
        market.login_step(password.clone()).await,
        (200, json!({ "email": "c***@example.kz" }))
    );
    let code = |code: &str| json!({ "_m_c": code, "_r_d": true, "_u": "c***@example.kz" });
    assert_eq!(
        market.login_step(code("111111")).await.1["errorCode"],
        "MFA_CODE_INVALID"
    );
    assert_eq!(
        market.login_step(code("654321")).await,
        (200, json!({ "redirectUrl": "/" }))
    );
    assert!(market.page("login", "/").await.contains("ID - 30000002"));
    market.control("POST", "sessions/expire", json!({})).await;
    assert_eq!(market.get("/s/m").await.0, 401);
    assert_eq!(
        market.login_step(password).await,
        (200, json!({ "redirectUrl": "/" }))
    );
}

#[tokio::test]
async fn several_merchants_are_a_choice_at_login_or_a_list_in_the_session() {
    let market = Simulator::start();
    let both = |email: &str, choice: bool| json!({ "email": email, "password": "pw", "merchants": ["30000001", "30000002"], "choice_at_login": choice });
    market
        .control(
            "POST",
            "accounts",
            json!([both("pick@example.kz", true), both("all@example.kz", false)]),
        )
        .await;
    let (_, answer) = market
        .login_step(json!({ "_u": "pick@example.kz", "_p": "pw" }))
        .await;
    assert_eq!(
        answer["su"][1],
        json!({ "uid": "30000002", "name": "Second Shop" })
    );
    assert_eq!(
        market.login_step(json!({ "_s_m": "30000009" })).await.1["errorCode"],
        "FAILED"
    );
    assert_eq!(market.login_step(json!({ "_s_m": "30000002" })).await.0, 200);
    assert!(market.page("login", "/").await.contains("ID - 30000002"));
    assert_eq!(
        market.get("/s/m").await.1["merchants"].as_array().unwrap().len(),
        1
    );
    market
        .login_step(json!({ "_u": "all@example.kz", "_p": "pw" }))
        .await;
    market.page("login", "/").await;
    assert_eq!(
        market.get("/s/m").await.1["merchants"].as_array().unwrap().len(),
        2
    );
}

#[tokio::test]
async fn session_of_limited_life_ends_by_itself_and_then_wants_a_person() {
    let market = Simulator::start_with(&["--time", "virtual", "--demo"]);
    let password = json!({ "_u": "shymkent@example.kz", "_p": "Shymkent-Password-1", "_r_d": true });
    assert_eq!(market.login_step(password.clone()).await.0, 200);
    market.page("login", "/").await;
    assert_eq!(market.get("/s/m").await.0, 200);
    market.advance(21).await;
    assert_eq!(market.get("/s/m").await.0, 401);
    assert_eq!(market.login_step(password).await.1["email"], "s***@example.kz");
}

#[tokio::test]
async fn used_state_and_visitor_cookie_alone_open_nothing() {
    let market = Simulator::start();
    market.enter().await;
    let page = market
        .page(
            "cabinet",
            "/login/oauth2/code/1?code=000000000000000000000000&state=x",
        )
        .await;
    assert!(!page.contains("30000001") || page.contains("navbar"), "{page}");
    let url = format!("{}/s/m", market.host("cabinet"));
    let bare = reqwest::Client::builder().build().unwrap();
    let response = bare.get(&url).send().await.unwrap();
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("mc-session="), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    assert_eq!(
        bare.get(&url)
            .header("cookie", pair)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16(),
        401
    );
}

#[tokio::test]
async fn a_mailed_code_can_be_sent_again_and_lives_anew() {
    let market = Simulator::start();
    let codes = json!({ "email": "demo@example.kz", "mail_code": true });
    market.control("PATCH", "accounts", codes).await;
    let again = async || market.send("POST", "login", "/api/p/mfa/send", json!({})).await;
    assert_eq!(again().await.1["errorCode"], "FAILED", "nothing was asked for");
    let password = json!({ "_u": "demo@example.kz", "_p": "Demo-Password-1", "_r_d": true });
    assert!(market.login_step(password).await.1["email"].is_string());
    assert_eq!(again().await.1["errorCode"], "MFA_SEND_FLOOD", "too early");
    market.advance(9 * 60).await;
    assert_eq!(again().await.0, 200);
    let messages = market.control("GET", "messages", Value::Null).await;
    let channels: Vec<&Value> = messages
        .as_array()
        .expect("messages")
        .iter()
        .map(|message| &message["channel"])
        .collect();
    assert_eq!(channels, ["mail", "mail"]);
    market.advance(9 * 60).await;
    let code = json!({ "_m_c": "654321", "_r_d": true, "_u": "demo@example.kz" });
    assert_eq!(market.login_step(code).await.0, 200, "the second code is young");
}

#[tokio::test]
async fn who_wants_a_user_takes_no_merchant_and_the_other_way_round() {
    let market = Simulator::start();
    let password = || json!({ "_u": "demo@example.kz", "_p": "Demo-Password-1" });
    for (of_user, wrong, right) in [
        (
            false,
            json!({ "_s_u": "user-30000002" }),
            json!({ "_s_m": "30000002" }),
        ),
        (
            true,
            json!({ "_s_m": "30000002" }),
            json!({ "_s_u": "user-30000002" }),
        ),
    ] {
        let change = json!({ "email": "demo@example.kz", "merchants": ["30000001", "30000002"],
                             "choice_of_user": of_user });
        market.control("PATCH", "accounts", change).await;
        market.login_step(password()).await;
        assert_eq!(market.login_step(wrong).await.1["errorCode"], "FAILED");
        assert_eq!(
            market.login_step(json!({ "_s_m": "30000009" })).await.1["errorCode"],
            "FAILED"
        );
        assert_eq!(market.login_step(right).await.0, 200);
        market.page("login", "/").await;
        assert_eq!(market.get("/s/m").await.1["merchants"][0]["uid"], "30000002");
        market.control("POST", "sessions/expire", json!({})).await;
    }
}

#[tokio::test]
async fn a_telephone_may_need_a_password_in_place_of_a_code() {
    let market = Simulator::start();
    let account = json!({ "email": "demo@example.kz", "phone_password": true });
    market.control("PATCH", "accounts", account).await;
    let phone = "+7 (700) 000-00-01";
    let step = async |more: Value| {
        let mut body = json!({ "_ph": phone });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        market.login_step(body).await
    };
    assert_eq!(step(json!({})).await, (200, json!({ "passwordRequired": true })));
    let refused = (401, json!({ "errorCode": "CREDENTIALS_INVALID" }));
    assert_eq!(step(json!({ "_p": "nope" })).await, refused);
    let (status, answer) = step(json!({ "_p": "Demo-Password-1" })).await;
    assert_eq!(status, 200, "{answer}");
    assert!(answer["redirectUrl"].is_string(), "{answer}");
    let sent = market.control("GET", "messages", Value::Null).await;
    assert_eq!(sent, json!([]), "no code");
}

//! A cabinet session without a browser: the login's own requests, spoken as a browser would. And a store that
//! is connected with it.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{Role, SessionState, StoreId},
    kaspi::{CabinetSession, Cookie, Identity},
    schema::stores,
    secrets::Place,
    store::stores::{StoreCredentials, store_credentials_upsert},
};
use reqwest::cookie::{CookieStore, Jar};
use serde_json::{Value, json};
use std::sync::Arc;

use super::{Simulator, TestApp, db_store, db_user, now};

/// An account of the market of seed 1, with its merchant.
#[derive(Debug, Clone, Copy)]
pub struct Cabinet {
    /// E-mail.
    pub email: &'static str,
    /// Password.
    pub password: &'static str,
    /// Merchant of the account.
    pub merchant_id: &'static str,
}

impl Cabinet {
    /// Merchant 30000001 with 16 offers, the last three withdrawn.
    pub const DEMO: Self = Self {
        email: "demo@example.kz",
        password: "Demo-Password-1",
        merchant_id: "30000001",
    };
}

/// Logs in over HTTP and keeps the cookies of the cabinet.
pub async fn cabinet_session(market: &Simulator, cabinet: Cabinet) -> CabinetSession {
    let jar = Arc::new(Jar::default());
    let identity = Identity::for_key(cabinet.email);
    let client = reqwest::Client::builder()
        .cookie_provider(jar.clone())
        .user_agent(identity.user_agent())
        .timeout(std::time::Duration::from_secs(30))
        .build()
        .unwrap();
    let mut start = market.host("cabinet").join("/oauth2/authorization/1").unwrap();
    start.query_pairs_mut().append_pair(
        "redirectUrl",
        market.host("public").join("/mc/").unwrap().as_str(),
    );
    client.get(start).send().await.expect("the login page answers");
    let login = market.host("login");
    let answer: Value = client
        .post(login.join("/api/p/login").unwrap())
        .json(&json!({ "_u": cabinet.email, "_p": cabinet.password, "_r_d": true }))
        .send()
        .await
        .expect("the login answers")
        .json()
        .await
        .expect("JSON");
    let next = answer
        .get("redirectUrl")
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("logged in, not {answer}"));
    client
        .get(login.join(next).unwrap())
        .send()
        .await
        .expect("the cabinet answers");
    let host = market.host("cabinet");
    let header = jar.cookies(&host).expect("cookies of the cabinet");
    let cookies = header
        .to_str()
        .unwrap()
        .split("; ")
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| Cookie {
            name: name.into(),
            value: value.into(),
            domain: host.host_str().unwrap().into(),
            path: "/".into(),
        })
        .collect();
    CabinetSession::new(cookies, identity)
}

/// A store of a new user `aigul`, connected with a session that works, repriced live.
pub async fn db_connected_store(app: &TestApp, cabinet: Cabinet) -> StoreId {
    let mut conn = app.conn();
    let owner = db_user(&mut conn, "aigul", Role::Manager);
    let store = db_store(&mut conn, owner, cabinet.merchant_id);
    db_log_in(app, store, cabinet).await;
    store
}

/// Gives a store a session that works, as a login does.
pub async fn db_log_in(app: &TestApp, store: StoreId, cabinet: Cabinet) {
    let session = cabinet_session(&app.market, cabinet).await;
    let mut conn = app.conn();
    let place = Place {
        column: "store_credentials.cookies_sealed",
        row: store.0,
        tenant: None,
    };
    let sealed = app.services.vault.seal(place, &session.to_secret()).unwrap();
    store_credentials_upsert(
        &mut conn,
        &StoreCredentials {
            store_id: store,
            email: Some(cabinet.email.into()),
            password_sealed: None,
            cookies_sealed: Some(sealed),
            password_set_at: None,
            cookies_set_at: Some(now()),
            user_agent: session.identity().user_agent().to_owned(),
            updated_at: now(),
        },
    )
    .unwrap();
    diesel::update(stores::table.find(store))
        .set((
            stores::logged_in_at.eq(now()),
            stores::session_state.eq(SessionState::Connected),
        ))
        .execute(&mut conn)
        .unwrap();
}

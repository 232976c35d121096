//! A cabinet session without a browser: the login's own requests, spoken as a browser would. And a store that
//! is connected with it.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{AccountId, AccountKind, Role, SessionState, StoreId, UserId},
    kaspi::{CabinetSession, Cookie, Identity},
    schema::{cabinet_accounts, stores},
    secrets::{Place, Secret},
    store::accounts::{CabinetAccount, account_save},
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

/// Logs in over HTTP and keeps the cookies of the cabinet alone: it cannot be renewed.
pub async fn cabinet_session(market: &Simulator, cabinet: Cabinet) -> CabinetSession {
    session_of_hosts(market, cabinet, &["cabinet"]).await
}

/// The same with the cookies of the login host, as a real login keeps them.
pub async fn renewable_session(market: &Simulator, cabinet: Cabinet) -> CabinetSession {
    session_of_hosts(market, cabinet, &["cabinet", "login"]).await
}

async fn session_of_hosts(market: &Simulator, cabinet: Cabinet, hosts: &[&str]) -> CabinetSession {
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
    let cookies = hosts
        .iter()
        .map(|name| market.host(name))
        .flat_map(|host| {
            let header = jar.cookies(&host).expect("cookies of the host");
            let pairs = header.to_str().unwrap().to_owned();
            let of_host = |(name, value): (&str, &str)| Cookie {
                name: name.into(),
                value: value.into(),
                domain: host.host_str().unwrap().into(),
                path: "/".into(),
            };
            pairs
                .split("; ")
                .filter_map(|pair| pair.split_once('='))
                .map(of_host)
                .collect::<Vec<_>>()
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
    let owner: UserId = stores::table
        .find(store)
        .select(stores::owner_id)
        .first(&mut conn)
        .unwrap();
    diesel::delete(cabinet_accounts::table.filter(cabinet_accounts::owner_id.eq(owner)))
        .execute(&mut conn)
        .unwrap();
    let account = db_account(app, owner, cabinet, &session, None);
    diesel::update(stores::table.find(store))
        .set((
            stores::account_id.eq(account),
            stores::logged_in_at.eq(now()),
            stores::session_state.eq(SessionState::Connected),
        ))
        .execute(&mut conn)
        .unwrap();
}

/// An account of the cabinet with a session, and with a password where one is given.
pub fn db_account(
    app: &TestApp,
    owner: UserId,
    cabinet: Cabinet,
    session: &CabinetSession,
    password: Option<&str>,
) -> AccountId {
    let id = AccountId::new();
    let seal = |column, secret: &Secret| {
        let place = Place {
            column,
            row: id.0,
            tenant: Some(owner.0),
        };
        app.services.vault.seal(place, secret).unwrap()
    };
    let account = CabinetAccount {
        id,
        owner_id: owner,
        kind: AccountKind::Email,
        login: cabinet.email.into(),
        merchant_id: None,
        password_sealed: password
            .map(|password| seal("cabinet_accounts.password_sealed", &Secret::from(password))),
        password_set_at: password.map(|_| now()),
        cookies_sealed: Some(seal("cabinet_accounts.cookies_sealed", &session.to_secret())),
        cookies_set_at: Some(now()),
        session_id: Some(session.id()),
        session_used_at: Some(now()),
        renew_after: None,
        renew_failures: 0,
        created_at: now(),
        updated_at: now(),
    };
    account_save(&mut app.conn(), &account).unwrap();
    id
}

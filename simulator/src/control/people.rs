//! Accounts, their devices and sessions, and the codes they were sent.

use actix_web::web::{self, Data, Json, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{done, many, merged, refused};
use crate::call::Shared;
use crate::market::account::Account;

pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/control/accounts", web::post().to(put_accounts))
        .route("/control/accounts", web::patch().to(change_accounts))
        .route("/control/accounts", web::delete().to(remove_accounts))
        .route("/control/devices/forget", web::post().to(forget_devices))
        .route("/control/logins/forget", web::post().to(forget_logins))
        .route("/control/sessions/expire", web::post().to(expire_sessions))
        .route("/control/sessions/assign", web::post().to(assign_sessions))
        .route("/control/messages", web::get().to(messages));
}

async fn put_accounts(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let accounts = match many::<Account>(body.into_inner()) {
        Ok(accounts) => accounts,
        Err(message) => return refused(&message),
    };
    let mut market = shared.market();
    let count = accounts.len();
    for mut account in accounts {
        account.email = account.email.to_lowercase();
        market.accounts.insert(account.email.clone(), account);
    }
    done(count)
}

async fn change_accounts(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let changes = match many::<Value>(body.into_inner()) {
        Ok(changes) => changes,
        Err(message) => return refused(&message),
    };
    let mut market = shared.market();
    for change in changes {
        let email = change.get("email").and_then(Value::as_str).unwrap_or_default();
        let Some(account) = market.accounts.get_mut(email) else {
            return refused("no such account");
        };
        // What a description leaves out stays: the password is never shown, the attempts are no part of it.
        let mut all = json!({ "password": account.password });
        if let (Value::Object(all), Value::Object(change)) = (&mut all, change) {
            all.extend(change);
        }
        match merged::<Account>(account, &all) {
            Ok(changed) => {
                let progress = std::mem::take(&mut account.progress);
                *account = Account { progress, ..changed };
            }
            Err(message) => return refused(&message),
        }
    }
    done(1)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountKey {
    /// Absent, where that is allowed: everybody.
    email: Option<String>,
}

async fn remove_accounts(shared: Data<Shared>, body: Json<AccountKey>) -> impl Responder {
    let gone = body
        .email
        .as_ref()
        .and_then(|email| shared.market().accounts.remove(email));
    done(usize::from(gone.is_some()))
}

async fn forget_devices(shared: Data<Shared>, body: Json<AccountKey>) -> impl Responder {
    done(shared.market().sessions.forget_devices(body.email.as_deref()))
}

async fn forget_logins(shared: Data<Shared>) -> impl Responder {
    done(shared.market().sessions.forget_attempts())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Assign {
    /// Sessions that hold this merchant …
    merchant: String,
    /// … hold these from now on.
    merchants: Vec<String>,
}

async fn assign_sessions(shared: Data<Shared>, body: Json<Assign>) -> impl Responder {
    done(shared.market().sessions.assign(&body.merchant, &body.merchants))
}

async fn messages(shared: Data<Shared>) -> impl Responder {
    HttpResponse::Ok().json(&shared.market().messages)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expire {
    /// Absent: all sessions.
    merchant: Option<String>,
    /// Whether the login server forgets its people too; else a session can be renewed without a password.
    #[serde(default = "yes")]
    sign_out: bool,
}

fn yes() -> bool {
    true
}

async fn expire_sessions(shared: Data<Shared>, body: Json<Expire>) -> impl Responder {
    done(
        shared
            .market()
            .sessions
            .end(body.merchant.as_deref(), body.sign_out),
    )
}

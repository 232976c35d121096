//! The control interface: sets the market up, switches faults, moves the clock and shows what happened.
//! It listens on a port of its own and is not part of the marketplace.

use actix_web::web::{self, Data, Json, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Options;
use crate::call::Shared;
use crate::faults::{Fault, Kind};
use crate::market::Market;
use crate::market::account::Account;
use crate::market::limits::LimitsChange;
use crate::market::offer::{Merchant, Offer, OfferSpec};
use crate::market::operations::Operation;
use crate::market::rivals::{Behaviour, Rival};
use crate::seed;

/// Registers the calls.
pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/control/reset", web::post().to(reset))
        .route("/control/state", web::get().to(state))
        .route("/control/merchants", web::post().to(put_merchants))
        .route("/control/offers", web::post().to(put_offers))
        .route("/control/offers", web::delete().to(remove_offers))
        .route("/control/rivals", web::post().to(put_rivals))
        .route("/control/rivals", web::delete().to(remove_rivals))
        .route("/control/rivals/behaviour", web::post().to(set_behaviour))
        .route("/control/accounts", web::post().to(put_accounts))
        .route("/control/sessions/expire", web::post().to(expire_sessions))
        .route("/control/faults", web::get().to(faults))
        .route("/control/faults", web::post().to(add_faults))
        .route("/control/faults", web::delete().to(clear_faults))
        .route("/control/limits", web::get().to(limits))
        .route("/control/limits", web::post().to(change_limits))
        .route("/control/clock", web::get().to(clock))
        .route("/control/clock", web::post().to(advance_clock))
        .route("/control/journal", web::get().to(journal));
}

/// A refusal that says what is wrong with the call.
fn refused(message: &str) -> HttpResponse {
    HttpResponse::BadRequest().json(json!({ "error": message }))
}

/// Reads an array of things, or one thing alone.
fn many<T: DeserializeOwned>(body: Value) -> Result<Vec<T>, String> {
    let items = match body {
        Value::Array(items) => items,
        other => vec![other],
    };
    let read = |item: Value| serde_json::from_value::<T>(item).map_err(|error| error.to_string());
    items.into_iter().map(read).collect()
}

fn done(count: usize) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "count": count }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reset {
    seed: Option<u64>,
    demo: Option<bool>,
}

async fn reset(shared: Data<Shared>, starting: Data<Options>, body: Option<Json<Reset>>) -> impl Responder {
    let mut options = Options::clone(&starting);
    if let Some(Json(wanted)) = body {
        options.seed = wanted.seed.unwrap_or(options.seed);
        options.demo = wanted.demo.unwrap_or(options.demo);
    }
    let mut market = shared.market();
    match seed::market(market.hosts.clone(), &options) {
        Ok(fresh) => {
            *market = fresh;
            HttpResponse::Ok().json(json!({ "seed": options.seed, "time": market.now_text() }))
        }
        Err(error) => HttpResponse::InternalServerError().json(json!({ "error": error.to_string() })),
    }
}

#[derive(Serialize)]
struct State<'a> {
    time: String,
    accounts: Vec<&'a Account>,
    merchants: Vec<&'a Merchant>,
    offers: Vec<&'a Offer>,
    rivals: Vec<&'a Rival>,
    /// Accepted changes that are not applied yet.
    pending_operations: Vec<&'a Operation>,
    operations: Vec<&'a Operation>,
    uploads: Vec<Value>,
    sessions: Vec<Value>,
    faults: &'a [Fault],
    limits: &'a crate::market::limits::Limits,
}

#[derive(Deserialize)]
struct StateQuery {
    merchant: Option<String>,
}

async fn state(shared: Data<Shared>, query: Query<StateQuery>) -> impl Responder {
    let market = shared.market();
    let wanted = |uid: &str| query.merchant.as_deref().is_none_or(|merchant| merchant == uid);
    let operations: Vec<&Operation> = market
        .operations
        .values()
        .filter(|operation| wanted(&operation.merchant))
        .collect();
    let sessions = market.sessions.cabinet.values();
    let body = State {
        time: market.now_text(),
        accounts: market.accounts.values().collect(),
        merchants: market
            .merchants
            .values()
            .filter(|merchant| wanted(&merchant.uid))
            .collect(),
        offers: market
            .offers
            .values()
            .flat_map(|offers| offers.values())
            .filter(|offer| wanted(&offer.merchant))
            .collect(),
        rivals: market
            .rivals
            .values()
            .flat_map(|rivals| rivals.values())
            .collect(),
        pending_operations: operations
            .iter()
            .copied()
            .filter(|operation| operation.public_at.is_none())
            .collect(),
        operations,
        uploads: Vec::new(),
        sessions: sessions
            .map(|session| json!({ "email": session.email, "merchants": session.merchants }))
            .collect(),
        faults: market.faults.active(),
        limits: &market.limits,
    };
    HttpResponse::Ok().json(body)
}

async fn put_merchants(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let merchants = match many::<Merchant>(body.into_inner()) {
        Ok(merchants) => merchants,
        Err(message) => return refused(&message),
    };
    let mut market = shared.market();
    let count = merchants.len();
    for merchant in merchants {
        market.merchants.insert(merchant.uid.clone(), merchant);
    }
    done(count)
}

async fn put_offers(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let offers = match many::<OfferSpec>(body.into_inner()) {
        Ok(offers) => offers,
        Err(message) => return refused(&message),
    };
    let mut market = shared.market();
    let count = offers.len();
    for offer in offers {
        if let Err(message) = market.put_offer(offer) {
            return refused(&message);
        }
    }
    done(count)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfferKey {
    merchant: String,
    sku: String,
}

async fn remove_offers(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let keys = match many::<OfferKey>(body.into_inner()) {
        Ok(keys) => keys,
        Err(message) => return refused(&message),
    };
    let mut market = shared.market();
    done(
        keys.iter()
            .filter(|key| market.remove_offer(&key.merchant, &key.sku))
            .count(),
    )
}

async fn put_rivals(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let rivals = match many::<Rival>(body.into_inner()) {
        Ok(rivals) => rivals,
        Err(message) => return refused(&message),
    };
    let mut market = shared.market();
    let count = rivals.len();
    rivals.into_iter().for_each(|rival| market.put_rival(rival));
    done(count)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RivalKey {
    card: String,
    /// Absent: every rival of the card.
    merchant_id: Option<String>,
}

async fn remove_rivals(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let keys = match many::<RivalKey>(body.into_inner()) {
        Ok(keys) => keys,
        Err(message) => return refused(&message),
    };
    let mut market = shared.market();
    done(
        keys.iter()
            .map(|key| market.remove_rivals(&key.card, key.merchant_id.as_deref()))
            .sum(),
    )
}

#[derive(Deserialize)]
struct BehaviourOf {
    card: String,
    /// Absent: every rival of the card.
    merchant_id: Option<String>,
    #[serde(flatten)]
    behaviour: Behaviour,
}

async fn set_behaviour(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let wanted = match many::<BehaviourOf>(body.into_inner()) {
        Ok(wanted) => wanted,
        Err(message) => return refused(&message),
    };
    let mut market = shared.market();
    let set = |one: &BehaviourOf| market.set_behaviour(&one.card, one.merchant_id.as_deref(), &one.behaviour);
    done(wanted.iter().map(set).sum())
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

async fn faults(shared: Data<Shared>) -> impl Responder {
    HttpResponse::Ok().json(shared.market().faults.active())
}

async fn add_faults(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let faults = match many::<Fault>(body.into_inner()) {
        Ok(faults) => faults,
        Err(message) => return refused(&message),
    };
    if faults
        .iter()
        .any(|fault| fault.kind == Kind::Status && fault.status.is_none())
    {
        return refused("a fault of kind status needs a status");
    }
    let mut market = shared.market();
    let count = faults.len();
    faults.into_iter().for_each(|fault| market.faults.add(fault));
    done(count)
}

async fn clear_faults(shared: Data<Shared>) -> impl Responder {
    let mut market = shared.market();
    let count = market.faults.active().len();
    market.faults.clear();
    done(count)
}

async fn limits(shared: Data<Shared>) -> impl Responder {
    HttpResponse::Ok().json(&shared.market().limits)
}

async fn change_limits(shared: Data<Shared>, body: Json<LimitsChange>) -> impl Responder {
    let mut market = shared.market();
    market.limits.change(body.into_inner());
    market.limiter.clear();
    HttpResponse::Ok().json(&market.limits)
}

async fn clock(shared: Data<Shared>) -> impl Responder {
    time_of(&shared.market())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u32,
}

async fn advance_clock(shared: Data<Shared>, body: Json<Advance>) -> impl Responder {
    let mut market = shared.market();
    market.clock.advance(body.advance_seconds);
    market.catch_up();
    time_of(&market)
}

fn time_of(market: &Market) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "time": market.now_text() }))
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    since: u64,
}

async fn journal(shared: Data<Shared>, query: Query<Since>) -> impl Responder {
    HttpResponse::Ok().json(shared.market().journal.since(query.since))
}

//! The control interface: sets the market up, switches faults, moves the clock and shows what happened.
//! It listens on a port of its own and is not part of the marketplace.

mod crowds;
mod people;
mod things;

use std::collections::VecDeque;

use actix_web::web::{self, Data, Json, JsonConfig, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Options;
use crate::call::Shared;
use crate::faults::Fault;
use crate::listening::{HostState, Listening};
use crate::market::Market;
use crate::market::account::{Account, Message};
use crate::market::files::PriceFile;
use crate::market::limits::Limits;
use crate::market::offer::{Merchant, Offer};
use crate::market::operations::Operation;
use crate::market::orders::Order;
use crate::market::rivals::Rival;
use crate::market::shelf::Shelf;
use crate::{routes as endpoints, seed};

/// Bodies above this are refused; tens of thousands of offers stay below.
const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Registers the calls.
pub fn routes(config: &mut ServiceConfig) {
    config
        .app_data(JsonConfig::default().limit(BODY_BYTES_MAX))
        .route("/control/reset", web::post().to(reset))
        .route("/control/state", web::get().to(state))
        .route("/control/faults", web::get().to(faults))
        .route("/control/faults", web::post().to(add_faults))
        .route("/control/faults", web::delete().to(clear_faults))
        .route("/control/limits", web::get().to(limits))
        .route("/control/limits", web::post().to(change_limits))
        .route("/control/clock", web::get().to(clock))
        .route("/control/clock", web::post().to(advance_clock))
        .route("/control/hosts", web::post().to(change_host))
        .route("/control/journal", web::get().to(journal))
        .configure(things::routes)
        .configure(crowds::routes)
        .configure(people::routes);
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

/// The same thing with some fields changed.
fn merged<T: Serialize + DeserializeOwned>(current: &T, changes: &Value) -> Result<T, String> {
    let mut all = serde_json::to_value(current).map_err(|error| error.to_string())?;
    match (&mut all, changes) {
        (Value::Object(fields), Value::Object(changes)) => fields.extend(changes.clone()),
        _ => return Err("an object is required".to_owned()),
    }
    serde_json::from_value(all).map_err(|error| error.to_string())
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

async fn reset(
    shared: Data<Shared>,
    starting: Data<Options>,
    listening: Data<Listening>,
    body: Option<Json<Reset>>,
) -> impl Responder {
    let mut options = Options::clone(&starting);
    if let Some(Json(wanted)) = body {
        options.seed = wanted.seed.unwrap_or(options.seed);
        options.demo = wanted.demo.unwrap_or(options.demo);
    }
    if let Err(error) = listening.open_all().await {
        return failed(&error);
    }
    let mut market = shared.market();
    match seed::market(market.hosts.clone(), &options) {
        Ok(fresh) => {
            *market = fresh;
            HttpResponse::Ok().json(json!({ "seed": options.seed, "time": market.now_text() }))
        }
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> HttpResponse {
    HttpResponse::InternalServerError().json(json!({ "error": format!("{error:#}") }))
}

/// How a host answers from now on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostChange {
    /// `login`, `cabinet`, `public`, `orders` or `cdn`.
    host: String,
    state: HostState,
    /// Open again after so many milliseconds of real time.
    for_ms: Option<u64>,
}

async fn change_host(listening: Data<Listening>, body: Json<HostChange>) -> impl Responder {
    let wanted = body.into_inner();
    match listening.set(&wanted.host, wanted.state).await {
        Ok(false) => return refused("no such host"),
        Ok(true) => {}
        Err(error) => return failed(&error),
    }
    if let Some(for_ms) = wanted.for_ms {
        listening.clone().into_inner().open_later(wanted.host, for_ms);
    }
    done(1)
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
    uploads: Vec<&'a PriceFile>,
    orders: Vec<&'a Order>,
    messages: &'a VecDeque<Message>,
    sessions: Vec<Value>,
    faults: Vec<&'a Fault>,
    limits: &'a Limits,
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
            .shelves
            .values()
            .flat_map(Shelf::iter)
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
        uploads: market
            .files
            .values()
            .filter(|file| wanted(&file.merchant))
            .collect(),
        orders: market
            .orders
            .iter()
            .filter(|order| wanted(&order.merchant))
            .collect(),
        messages: &market.messages,
        sessions: sessions
            .map(|session| json!({ "email": session.email, "merchants": session.merchants }))
            .collect(),
        faults: market.faults.active(),
        limits: &market.limits,
    };
    HttpResponse::Ok().json(body)
}

async fn faults(shared: Data<Shared>) -> impl Responder {
    HttpResponse::Ok().json(shared.market().faults.active())
}

async fn add_faults(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let faults = match many::<Fault>(body.into_inner()) {
        Ok(faults) => faults,
        Err(message) => return refused(&message),
    };
    if let Some(what) = faults.iter().find_map(Fault::lacks) {
        return refused(what);
    }
    if let Some(fault) = faults
        .iter()
        .find(|fault| !endpoints::is_endpoint(&fault.endpoint))
    {
        return refused(&format!("there is no endpoint {:?}", fault.endpoint));
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

async fn change_limits(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let mut market = shared.market();
    match merged(&market.limits, &body) {
        Ok(limits) => market.limits = limits,
        Err(message) => return refused(&message),
    }
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

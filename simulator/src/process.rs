//! The writing half of the cabinet: price, stock and preorder changes. Accepted is not applied: the market applies
//! a change later, first in the cabinet list and then in public.

use serde_json::{Value, json};

use crate::cabinet::headers_fine;
use crate::call::{Call, Reply, Trace};
use crate::faults::Kind;
use crate::journal::Write;
use crate::market::Market;
use crate::market::offer::{Availability, Terms};
use crate::market::operations::{Change, Fate, read_change};
use crate::oauth::session;

/// `POST /pricefeed/upload/merchant/process`
pub fn one(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    change(market, call, trace, std::slice::from_ref(&call.body))
}

/// `POST /pricefeed/upload/merchant/process/process/batch`
pub fn batch(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    match &call.body {
        Value::Array(rows) if !rows.is_empty() => change(market, call, trace, rows),
        _ => Reply::message(400, "an array of changes is required"),
    }
}

fn change(market: &mut Market, call: &Call, trace: &mut Trace, rows: &[Value]) -> Reply {
    if call.method != "POST" {
        return Reply::message(405, "Method Not Allowed");
    }
    trace.writes = rows.iter().filter_map(|row| write_of(market, row)).collect();
    if let Err(refusal) = headers_fine(market, call, trace) {
        return refusal;
    }
    let session = match session(market, call) {
        Ok(session) => session,
        Err(refusal) => return refusal,
    };
    let Some(uid) = rows
        .first()
        .and_then(|row| row.get("merchantUid"))
        .and_then(Value::as_str)
    else {
        return Reply::message(400, "merchantUid is required");
    };
    if !session.merchants.iter().any(|own| own == uid) {
        return Reply::message(403, "Forbidden");
    }
    let (now_ms, real_ms) = (market.now_ms(), market.clock.real_elapsed_ms());
    let keys = (session.email.as_str(), uid);
    if !market
        .limiter
        .allow_process(&market.limits, keys, rows.len(), now_ms, real_ms)
    {
        return Reply::message(429, "Too Many Requests");
    }
    let changes = match rows
        .iter()
        .map(|row| read(market, uid, row))
        .collect::<Result<Vec<_>, _>>()
    {
        Ok(changes) => changes,
        Err(message) => return Reply::message(400, &message),
    };
    let mut id = String::new();
    for change in changes {
        id = accept(market, call, uid, change);
    }
    Reply::ok(&json!({ "id": id }))
}

/// Takes a change on as the habits of the market and the fault at work want it.
fn accept(market: &mut Market, call: &Call, uid: &str, mut change: Change) -> String {
    let Some(terms) = market.offer(uid, &change.sku).map(|offer| offer.listed.clone()) else {
        return String::new();
    };
    let limits = &market.limits;
    if !limits.empty_resets {
        keep_what_is_empty(&mut change, &terms);
    }
    let sent = change.availabilities.as_deref();
    let withdrawn = sent.is_some_and(|sent| {
        (limits.stock_count_withdraws && sent.iter().any(|point| point.stock_count.is_some()))
            || (limits.left_out_point_withdraws && leaves_out(sent, &terms))
    });
    let mut fate = match withdrawn {
        true => Fate::AppliedAndWithdrawn,
        false => Fate::Applied,
    };
    let Some(fault) = &call.fault else {
        return market.accept(uid, change, fate, 0);
    };
    let seconds = fault.seconds.and_then(|seconds| u32::try_from(seconds).ok());
    let mut late = 0;
    match fault.kind {
        Kind::AcceptedNotApplied => fate = Fate::Never,
        Kind::NotPublic => fate = Fate::AppliedInListOnly,
        Kind::Withdraw => fate = Fate::AppliedAndWithdrawn,
        Kind::ApplyAfter => late = seconds.unwrap_or(0),
        Kind::OneCity => in_one_city(&mut change, &terms, fault.city.as_deref().unwrap_or_default()),
        Kind::Twice => {
            market.accept(uid, change.clone(), fate, seconds.unwrap_or(0));
        }
        Kind::PreorderIgnored => {
            if let Some(seconds) = seconds {
                market.accept(uid, change.clone(), fate, seconds);
            }
            for point in change.availabilities.iter_mut().flatten() {
                let known = terms
                    .availabilities
                    .iter()
                    .find(|one| one.store_id == point.store_id);
                point.pre_order = known.map_or(0, |known| known.pre_order);
            }
        }
        _ => {}
    }
    market.accept(uid, change, fate, late)
}

/// A point sent without stock and preorder keeps what it has.
fn keep_what_is_empty(change: &mut Change, terms: &Terms) {
    for point in change.availabilities.iter_mut().flatten() {
        let known = terms
            .availabilities
            .iter()
            .find(|one| one.store_id == point.store_id);
        if let (Some(known), None, 0) = (known, point.stock_count, point.pre_order) {
            point.stock_count = known.stock_count;
            point.stock_enabled = known.stock_enabled;
            point.pre_order = if point.available { known.pre_order } else { 0 };
        }
    }
}

/// Whether a point that sells now is missing in what was sent.
fn leaves_out(sent: &[Availability], terms: &Terms) -> bool {
    let selling = terms.availabilities.iter().filter(|point| point.available);
    selling
        .into_iter()
        .any(|point| sent.iter().all(|one| one.store_id != point.store_id))
}

/// Turns the change into one that holds in a single city.
fn in_one_city(change: &mut Change, terms: &Terms, city: &str) {
    let sent = change.city_prices.take();
    let wanted = sent.and_then(|prices| prices.get(city).copied()).or(change.price);
    let mut prices = terms.city_prices.clone();
    if let Some(price) = wanted {
        prices.insert(city.to_owned(), price);
    }
    change.price = None;
    change.city_prices = (!prices.is_empty()).then_some(prices);
}

fn read(market: &Market, uid: &str, row: &Value) -> Result<Change, String> {
    if row.get("merchantUid").and_then(Value::as_str) != Some(uid) {
        return Err("all changes of a batch must be of one merchant".to_owned());
    }
    let merchant = market
        .merchants
        .get(uid)
        .ok_or_else(|| "unknown merchant".to_owned())?;
    let change = read_change(&market.limits, merchant, row)?;
    if market.offer(uid, &change.sku).is_some() {
        Ok(change)
    } else {
        Err(format!("unknown sku {}", change.sku))
    }
}

/// What the journal keeps of a wanted change, valid or not.
fn write_of(market: &Market, row: &Value) -> Option<Write> {
    let sku = row.get("sku").and_then(Value::as_str)?;
    let uid = row.get("merchantUid").and_then(Value::as_str).unwrap_or_default();
    let offer = market.offer(uid, sku);
    let city_prices_after: std::collections::BTreeMap<String, i64> = row
        .get("cityPrices")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|price| {
            Some((
                price.get("cityId")?.as_str()?.to_owned(),
                price.get("value")?.as_i64()?,
            ))
        })
        .collect();
    let base = row.get("price").and_then(Value::as_i64);
    Some(Write {
        sku: sku.to_owned(),
        price_before: offer.and_then(|offer| offer.listed.lowest()),
        price_after: city_prices_after.values().copied().chain(base).min(),
        city_prices_after,
    })
}

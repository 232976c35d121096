//! The writing half of the cabinet: price, stock and preorder changes. Accepted is not applied: the market applies
//! a change later, first in the cabinet list and then in public.

use serde_json::{Value, json};

use crate::cabinet::headers_fine;
use crate::call::{Call, Reply, Trace};
use crate::faults::Kind;
use crate::journal::Write;
use crate::market::Market;
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
    let fate = match call.fault {
        Some(Kind::AcceptedNotApplied) => Fate::Never,
        Some(Kind::NotPublic) => Fate::AppliedInListOnly,
        Some(Kind::Withdraw) => Fate::AppliedAndWithdrawn,
        _ => Fate::Applied,
    };
    let mut id = String::new();
    for change in changes {
        id = market.accept(uid, change, fate);
    }
    Reply::ok(&json!({ "id": id }))
}

fn read(market: &Market, uid: &str, row: &Value) -> Result<Change, String> {
    if row.get("merchantUid").and_then(Value::as_str) != Some(uid) {
        return Err("all changes of a batch must be of one merchant".to_owned());
    }
    let merchant = market
        .merchants
        .get(uid)
        .ok_or_else(|| "unknown merchant".to_owned())?;
    let change = read_change(merchant, row)?;
    if market
        .offers
        .get(uid)
        .is_some_and(|offers| offers.contains_key(&change.sku))
    {
        Ok(change)
    } else {
        Err(format!("unknown sku {}", change.sku))
    }
}

/// What the journal keeps of a wanted change, valid or not.
fn write_of(market: &Market, row: &Value) -> Option<Write> {
    let sku = row.get("sku").and_then(Value::as_str)?;
    let uid = row.get("merchantUid").and_then(Value::as_str).unwrap_or_default();
    let offer = market.offers.get(uid).and_then(|offers| offers.get(sku));
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

//! The reading half of the cabinet: merchants of a session, merchant card, points, offers list, count, details.
//! It must not change the market; price changes are in `process`.

use std::collections::BTreeMap;

use actix_web::web::Query;
use serde::Serialize;
use serde_json::{Value, json};

use crate::call::{Call, Handler, Reply, Trace};
use crate::faults::Kind;
use crate::market::Market;
use crate::market::cities::CITIES;
use crate::market::offer::{Merchant, Offer};
use crate::oauth::session;
use crate::rows::{self, ListRow};

const PAGE_ROWS_MAX: usize = 100;

/// `GET /s/m`
pub fn merchants(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    if let Err(refusal) = headers_fine(market, call, trace) {
        return refusal;
    }
    let session = match session(market, call) {
        Ok(session) => session,
        Err(refusal) => return refusal,
    };
    let rows: Vec<Value> = session
        .merchants
        .iter()
        .filter_map(|uid| market.merchants.get(uid))
        .map(|merchant| json!({ "uid": merchant.uid, "name": merchant.name }))
        .collect();
    Reply::ok(&json!({ "merchants": rows }))
}

/// Chooses the handler of a GraphQL operation by `opName` or `operationName`; the query itself is not parsed.
pub fn graphql(query: &str, body: &[u8]) -> (&'static str, Handler) {
    let query = Query::<BTreeMap<String, String>>::from_query(query)
        .map(Query::into_inner)
        .unwrap_or_default();
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let named = query.get("opName").map(String::as_str);
    match named.or_else(|| body.get("operationName").and_then(Value::as_str)) {
        Some("getMerchant") => ("merchant", merchant),
        Some("getPointList") => ("point_list", point_list),
        Some("getCities") => ("cities", cities),
        _ => ("graphql", other_operation),
    }
}

fn merchant(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    graphql_about(
        market,
        call,
        trace,
        |merchant| json!({ "merchant": rows::merchant(merchant) }),
    )
}

fn point_list(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    graphql_about(
        market,
        call,
        trace,
        |merchant| json!({ "merchant": { "id": merchant.uid, "points": rows::graphql_points(merchant) } }),
    )
}

fn graphql_about(market: &mut Market, call: &Call, trace: &mut Trace, data: fn(&Merchant) -> Value) -> Reply {
    if let Err(refusal) = headers_fine(market, call, trace) {
        return refusal;
    }
    let session = match session(market, call) {
        Ok(session) => session,
        Err(refusal) => return refusal,
    };
    let wanted = call
        .body
        .get("variables")
        .and_then(|variables| variables.get("id"))
        .and_then(Value::as_str);
    let merchant = wanted
        .filter(|wanted| session.merchants.iter().any(|uid| uid == wanted))
        .and_then(|wanted| market.merchants.get(wanted));
    match merchant {
        Some(merchant) => Reply::ok(&json!({ "data": data(merchant) })),
        None => graphql_error("Access denied"),
    }
}

fn cities(market: &mut Market, call: &Call, _: &mut Trace) -> Reply {
    if let Err(refusal) = session(market, call) {
        return refusal;
    }
    let cities: Vec<Value> = CITIES
        .iter()
        .map(|(id, name)| json!({ "id": id, "name": name }))
        .collect();
    Reply::ok(&json!({ "data": { "cities": cities } }))
}

fn other_operation(market: &mut Market, call: &Call, _: &mut Trace) -> Reply {
    match session(market, call) {
        Ok(_) => graphql_error("Bad Request"),
        Err(refusal) => refusal,
    }
}

/// GraphQL failures are answered with 200.
fn graphql_error(message: &str) -> Reply {
    Reply::ok(&json!({ "data": null, "errors": [{ "message": message }] }))
}

/// `GET /bff/offer-view/points`
pub fn points(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    match admitted(market, call, trace, call.query("merchantUid")) {
        Ok(merchant) => Reply::ok(&rows::points_by_city(&merchant)),
        Err(refusal) => refusal,
    }
}

/// `GET /bff/offer-view/list`
pub fn list(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    let strict = market.limits.strict;
    let number = |name: &str, usual: usize| call.query(name).map_or(Some(usual), |text| text.parse().ok());
    let (Some(page), Some(wanted)) = (number("p", 0), number("l", 10)) else {
        return Reply::message(400, "p and l must be numbers");
    };
    if wanted == 0 || (strict && wanted > PAGE_ROWS_MAX) {
        return Reply::message(400, "wrong page size");
    }
    if wanted > PAGE_ROWS_MAX {
        trace
            .warnings
            .push(format!("page size {wanted} cut to {PAGE_ROWS_MAX}"));
    }
    let size = wanted.min(PAGE_ROWS_MAX);
    let on_sale = match call.query("a") {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => return Reply::message(400, "a must be true or false"),
    };
    let text = call
        .query("t")
        .map(str::to_lowercase)
        .filter(|text| !text.is_empty());
    let category = call.query("c").filter(|category| !category.is_empty());
    let merchant = match admitted(market, call, trace, call.query("m")) {
        Ok(merchant) => merchant,
        Err(refusal) => return refusal,
    };
    // A row that moves between two pages makes the later page begin elsewhere.
    let shift = call
        .fault_of(Kind::Shift)
        .and_then(|fault| fault.rows)
        .unwrap_or(0);
    let skip = page
        .saturating_mul(size)
        .saturating_add_signed(isize::try_from(shift).unwrap_or(0));
    let Some(shelf) = market.shelves.get_mut(&merchant.uid) else {
        return Reply::ok(&json!({ "data": [], "total": 0 }));
    };
    if text.is_none() && category.is_none() {
        let (offers, total) = shelf.page(on_sale, skip, size);
        return page_of(&merchant, &offers, total);
    }
    let fits = |offer: &&Offer| {
        on_sale.is_none_or(|wanted| offer.listed.on_sale() == wanted)
            && category.is_none_or(|wanted| offer.category == wanted)
            && text.as_ref().is_none_or(|text| {
                [&offer.sku, &offer.card, &offer.title]
                    .iter()
                    .any(|field| field.to_lowercase().contains(text))
            })
    };
    let matching: Vec<&Offer> = shelf.iter().filter(fits).collect();
    let end = skip.saturating_add(size).min(matching.len());
    let offers = matching.get(skip..end).unwrap_or_default();
    page_of(&merchant, offers, matching.len())
}

fn page_of(merchant: &Merchant, offers: &[&Offer], total: usize) -> Reply {
    #[derive(Serialize)]
    struct Page<'a> {
        data: Vec<ListRow<'a>>,
        total: usize,
    }
    let data = offers.iter().map(|offer| rows::offer(merchant, offer));
    Reply::of(&Page {
        data: data.collect(),
        total,
    })
}

/// `GET /offers/api/v1/offer/count`
pub fn count(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    let merchant = match admitted(market, call, trace, call.query("m")) {
        Ok(merchant) => merchant,
        Err(refusal) => return refusal,
    };
    let shelf = market.shelves.get_mut(&merchant.uid);
    let (published, archived) = shelf.map_or((0, 0), |shelf| shelf.counts());
    Reply::ok(&json!({ "published": published, "archived": archived }))
}

/// `POST /offers/api/v1/offer/details`: prices and points of several offers, a bare array.
pub fn offer_details(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    if call.method != "POST" {
        return Reply::message(405, "Method Not Allowed");
    }
    let merchant = match admitted(market, call, trace, call.query("m")) {
        Ok(merchant) => merchant,
        Err(refusal) => return refusal,
    };
    let Some(skus) = call.body.get("sku").and_then(Value::as_array) else {
        return Reply::message(400, "sku must be an array");
    };
    let rows: Vec<Value> = skus
        .iter()
        .filter_map(Value::as_str)
        .filter_map(|sku| market.offer(&merchant.uid, sku))
        .map(|offer| rows::offer_in_cities(&merchant, offer))
        .collect();
    Reply::ok(&Value::from(rows))
}

/// `GET /offers/api/v1/price/lowest`: the lowest price anybody asks for a card, in any city.
pub fn lowest_price(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    if let Err(refusal) = headers_fine(market, call, trace) {
        return refusal;
    }
    if let Err(refusal) = session(market, call) {
        return refusal;
    }
    let Some(card) = call.query("s") else {
        return Reply::message(400, "s is required");
    };
    let lowest = CITIES
        .iter()
        .filter_map(|(city, _)| market.asks(card, city).first().map(|ask| ask.price))
        .min();
    match lowest {
        Some(price) => Reply::ok(&json!({ "price": rows::with_fraction(price) })),
        None => Reply::message(404, "Card not found"),
    }
}

/// `GET /bff/offer-view/details`
pub fn details(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    let merchant = match admitted(market, call, trace, call.query("m")) {
        Ok(merchant) => merchant,
        Err(refusal) => return refusal,
    };
    let offer = call.query("s").and_then(|sku| market.offer(&merchant.uid, sku));
    match offer {
        Some(offer) => Reply::ok(&rows::details(&merchant, offer)),
        None => Reply::message(404, "Offer not found"),
    }
}

/// The merchant a read is about, if the session may see it.
pub fn admitted(
    market: &mut Market,
    call: &Call,
    trace: &mut Trace,
    wanted: Option<&str>,
) -> Result<Merchant, Reply> {
    headers_fine(market, call, trace)?;
    let session = session(market, call)?;
    let wanted = wanted.ok_or_else(|| Reply::message(400, "the merchant is required"))?;
    let own = session.merchants.iter().any(|uid| uid == wanted);
    let merchant = market
        .merchants
        .get(wanted)
        .filter(|merchant| own && !merchant.blocked);
    merchant.cloned().ok_or_else(|| Reply::message(403, "Forbidden"))
}

/// Notes headers that the real cabinet is used to and this request lacks; in strict mode a read without
/// `x-auth-version` is refused.
pub fn headers_fine(market: &Market, call: &Call, trace: &mut Trace) -> Result<(), Reply> {
    let versioned = call.header("x-auth-version") == Some("3");
    if !versioned {
        trace.warnings.push("x-auth-version is not 3".to_owned());
    }
    let public = &market.hosts.public;
    let from_public =
        |value: &str| value.starts_with(public.as_str()) || value.starts_with("https://kaspi.kz");
    if !call.header("origin").is_some_and(from_public) {
        trace.warnings.push("Origin is not the public host".to_owned());
    }
    if !call.header("referer").is_some_and(from_public) {
        trace.warnings.push("Referer is not the public host".to_owned());
    }
    if !call
        .header("user-agent")
        .is_some_and(|agent| agent.starts_with("Mozilla/5.0"))
    {
        trace.warnings.push("User-Agent is not a browser's".to_owned());
    }
    if market.limits.strict && !versioned && call.method == "GET" {
        return Err(Reply::empty(401));
    }
    Ok(())
}

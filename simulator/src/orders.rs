//! The official orders interface: JSON:API documents, a token per seller, mandatory filters.

mod changes;
mod documents;

use serde_json::{Value, json};

use crate::call::{Call, Reply, Trace};
use crate::faults::Kind;
use crate::market::Market;
use crate::market::cities::CITIES;
use crate::market::orders::Order;
pub use changes::change;
use documents::{document, number_of, refusal};

/// The header that names the seller.
pub const TOKEN_HEADER: &str = "x-auth-token";

const PAGE_ROWS_MAX: usize = 100;
/// Orders may be asked for at most so many days at once.
const WINDOW_MS: i64 = 14 * 24 * 60 * 60 * 1000;
const CREATED_FROM: &str = "filter[orders][creationDate][$ge]";
const CREATED_TO: &str = "filter[orders][creationDate][$le]";

/// The seller of the token, or the answer to those who have none.
fn admitted(market: &mut Market, call: &Call, trace: &mut Trace) -> Result<String, Reply> {
    if call.header("user-agent").is_none_or(str::is_empty) {
        return Err(refusal(403, "User-Agent is required"));
    }
    let token = call.header(TOKEN_HEADER).unwrap_or_default();
    let Some(merchant) = market.merchant_of_token(token) else {
        return Err(refusal(401, "wrong token"));
    };
    let (uid, blocked) = (merchant.uid.clone(), merchant.blocked);
    if blocked {
        return Err(refusal(403, "the merchant is blocked"));
    }
    if call.header("content-type") != Some(documents::JSON_API) {
        trace
            .warnings
            .push(format!("Content-Type is not {}", documents::JSON_API));
    }
    let real_ms = market.clock.real_elapsed_ms();
    if !market.limiter.allow_orders(&market.limits, &uid, real_ms) {
        return Err(refusal(429, "too many requests"));
    }
    Ok(uid)
}

/// `/orders`: the list for GET, a change of status for POST.
pub fn orders(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    let uid = match admitted(market, call, trace) {
        Ok(uid) => uid,
        Err(refusal) => return refusal,
    };
    match call.method.as_str() {
        "GET" => list(market, call, &uid),
        _ => refusal(405, "method not allowed"),
    }
}

fn list(market: &mut Market, call: &Call, uid: &str) -> Reply {
    let (page, size) = match page_of(call) {
        Ok(page) => page,
        Err(refusal) => return refusal,
    };
    let (from, to) = match window(market, call) {
        Ok(window) => window,
        Err(refusal) => return refusal,
    };
    let filter = |name: &str| call.query(&format!("filter[orders][{name}]"));
    let fits = |order: &&Order| {
        order.merchant == uid
            && (from..=to).contains(&order.created_ms)
            && filter("state").is_none_or(|state| order.state == state)
            && filter("status").is_none_or(|status| order.status == status)
            && filter("code").is_none_or(|code| order.code() == code)
            && filter("deliveryType").is_none_or(|kind| (kind == "PICKUP") == order.is_pickup())
            && filter("signatureRequired")
                .is_none_or(|wanted| (wanted == "true") == (order.state == "SIGN_REQUIRED"))
    };
    let mut matching: Vec<&Order> = market.orders.iter().filter(fits).collect();
    matching.sort_by_key(|order| (order.created_ms, order.number));
    let (total, pages) = (matching.len(), matching.len().div_ceil(size));
    let shown: Vec<&Order> = matching
        .into_iter()
        .skip(page.saturating_mul(size))
        .take(size)
        .collect();
    let base = market.hosts.orders.clone();
    let data: Vec<Value> = shown.iter().map(|order| documents::order(&base, order)).collect();
    let first = shown.first().map(|order| order.number);
    if let (Some(number), Some(_)) = (first, call.fault_of(Kind::OrderMoves))
        && let Some(order) = market.orders.get_mut(number)
    {
        order.move_on();
    }
    document(&json!({ "data": data, "included": [], "meta": { "pageCount": pages, "totalCount": total } }))
}

/// Page number from 0 and size; both are mandatory.
fn page_of(call: &Call) -> Result<(usize, usize), Reply> {
    let number = |name: &str| call.query(name).and_then(|text| text.parse::<usize>().ok());
    let (Some(page), Some(size)) = (number("page[number]"), number("page[size]")) else {
        return Err(refusal(400, "page[number] and page[size] are required"));
    };
    if (1..=PAGE_ROWS_MAX).contains(&size) {
        Ok((page, size))
    } else {
        Err(refusal(400, "page[size] must be between 1 and 100"))
    }
}

/// The asked time of creation, at most 14 days long.
fn window(market: &Market, call: &Call) -> Result<(i64, i64), Reply> {
    let time = |name: &str| call.query(name).map(|text| text.parse::<i64>());
    let from = match time(CREATED_FROM) {
        Some(Ok(from)) => from,
        Some(Err(_)) => return Err(refusal(400, "creationDate must be milliseconds")),
        None => return Err(refusal(400, "filter[orders][creationDate][$ge] is required")),
    };
    let to = match time(CREATED_TO) {
        Some(Ok(to)) => to,
        Some(Err(_)) => return Err(refusal(400, "creationDate must be milliseconds")),
        None => market.now_ms(),
    };
    if to.saturating_sub(from) > WINDOW_MS {
        return Err(refusal(400, "the window of creationDate is longer than 14 days"));
    }
    Ok((from, to))
}

/// `GET /orders/{id}`
pub fn order(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    with_order(
        market,
        call,
        trace,
        1,
        |base, order| json!({ "data": documents::order(base, order) }),
    )
}

/// `GET /orders/{id}/entries`
pub fn entries(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    with_order(market, call, trace, 2, |_, order| {
        let data = documents::entries(order);
        json!({ "meta": { "pageCount": 1, "totalCount": data.len() }, "data": data })
    })
}

/// `GET /orderentries/{id}/product`
pub fn product(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    with_order(
        market,
        call,
        trace,
        2,
        |_, order| json!({ "data": order.entries.first().map(documents::product) }),
    )
}

/// Answers about the order whose id is the so many-th last segment of the path.
fn with_order(
    market: &mut Market,
    call: &Call,
    trace: &mut Trace,
    place: usize,
    answer: fn(&str, &Order) -> Value,
) -> Reply {
    let uid = match admitted(market, call, trace) {
        Ok(uid) => uid,
        Err(refusal) => return refusal,
    };
    let path = call.path.split('?').next().unwrap_or_default();
    let id = path.rsplit('/').nth(place.saturating_sub(1)).unwrap_or_default();
    let order = number_of(id)
        .and_then(|number| market.orders.get(number))
        .filter(|order| order.merchant == uid);
    match order {
        Some(order) => document(&answer(&market.hosts.orders, order)),
        None => refusal(404, "order not found"),
    }
}

/// `GET /cities`
pub fn cities(market: &mut Market, call: &Call, trace: &mut Trace) -> Reply {
    if let Err(refusal) = admitted(market, call, trace) {
        return refusal;
    }
    let data: Vec<Value> = CITIES
        .iter()
        .map(|(id, name)| {
            json!({ "type": "cities", "id": documents::id_of(id),
                    "attributes": { "code": id, "name": name, "active": true } })
        })
        .collect();
    document(&json!({ "meta": { "pageCount": 1, "totalCount": data.len() }, "data": data }))
}

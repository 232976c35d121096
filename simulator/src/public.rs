//! The public host: who sells a card and for how much, without any login.

use serde::Serialize;
use serde_json::Value;

use crate::call::{Call, Reply, Trace};
use crate::clock;
use crate::market::Market;
use crate::market::cities::{self, ALMATY};
use crate::oauth::escaped;
use crate::rows::{self, PublicRow};

const ROWS_MAX: u64 = 64;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// `POST /yml/offer-view/offers/{card}`. An unknown card, a card nobody sells and a wrong city all give the same
/// empty answer.
pub fn offers(market: &mut Market, call: &Call, _: &mut Trace) -> Reply {
    if call.method != "POST" {
        return Reply::message(405, "Method Not Allowed");
    }
    let (now_ms, real_ms) = (market.now_ms(), market.clock.real_elapsed_ms());
    if !market.limiter.allow_public(&market.limits, now_ms, real_ms) {
        return Reply::html(403, include_str!("pages/wall.html").to_owned());
    }
    let Some(city) = call.field("cityId") else {
        return Reply::message(400, "cityId is required");
    };
    let number = |name: &str, usual: u64| match call.body.get(name) {
        None | Some(Value::Null) => Some(usual),
        Some(value) => value.as_u64(),
    };
    let (Some(limit), Some(page)) = (number("limit", 5), number("page", 0)) else {
        return Reply::message(400, "limit and page must be numbers");
    };
    if limit == 0 || limit > ROWS_MAX {
        return Reply::message(400, "wrong limit");
    }
    let card = call.tail.as_str();
    let asks = market.asks(card, city);
    let title = market.card_title(card).unwrap_or_default();
    let skip = usize::try_from(page.saturating_mul(limit)).unwrap_or(usize::MAX);
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer<'a> {
        offers: Vec<PublicRow<'a>>,
        total: usize,
        offers_count: usize,
    }
    let offers = asks
        .iter()
        .skip(skip)
        .take(usize::try_from(limit).unwrap_or(0))
        .map(|ask| {
            let days = ask.preorder.saturating_add(1);
            let delivery = clock::text(now_ms.saturating_add(days.saturating_mul(DAY_MS)));
            rows::public_offer(card, title, ask, delivery)
        });
    Reply::of(&Answer {
        offers: offers.collect(),
        total: asks.len(),
        offers_count: asks.len(),
    })
}

/// The page of a card for people: who sells it in the city of `c`.
pub fn card_page(market: &mut Market, call: &Call, _: &mut Trace) -> Reply {
    let path = call.path.split('?').next().unwrap_or_default();
    let card = path
        .trim_end_matches('/')
        .rsplit(['-', '/'])
        .next()
        .unwrap_or_default();
    let Some(title) = market.card_title(card) else {
        return Reply::html(404, include_str!("pages/card_unknown.html").to_owned());
    };
    let city = call.query("c").unwrap_or(ALMATY);
    let rows: String = market
        .asks(card, city)
        .iter()
        .map(|ask| format!("<tr><td>{}</td><td>{} ₸</td></tr>", escaped(ask.name), ask.price))
        .collect();
    let page = include_str!("pages/card.html")
        .replace("{title}", &escaped(title))
        .replace("{city}", &escaped(cities::name(city)))
        .replace("{rows}", &rows);
    Reply::html(200, page)
}

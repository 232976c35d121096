//! Public reviews of a card: as many as the control interface says, else a number that follows from the card.

use serde_json::{Value, json};

use crate::call::{Call, Reply, Trace};
use crate::clock;
use crate::market::Market;

/// Reviews come one in so many hours, backwards from now.
const HOURS_BETWEEN: i64 = 31;
const HOUR_MS: i64 = 60 * 60 * 1000;
const ROWS_MAX: usize = 100;

const TEXTS: [&str; 4] = [
    "Всё отлично, спасибо!",
    "Доставили быстро, упаковка целая",
    "Нормально за свою цену",
    "Есть мелкие недостатки",
];

/// `GET /yml/review-view/api/v1/reviews/product/{card}`
pub fn reviews(market: &mut Market, call: &Call, _: &mut Trace) -> Reply {
    let card = call.tail.as_str();
    let number = |name: &str, usual: usize| call.query(name).map_or(Some(usual), |text| text.parse().ok());
    let (Some(limit), Some(page)) = (number("limit", 10), number("page", 0)) else {
        return Reply::message(400, "limit and page must be numbers");
    };
    if !(1..=ROWS_MAX).contains(&limit) {
        return Reply::message(400, "wrong limit");
    }
    let (total, rating) = totals(market, card);
    let now_ms = market.now_ms();
    let rates = rates(total, rating);
    // Every third review is a rate without a word.
    let with_words = |index: usize| index % 3 != 2;
    let only_words = call.query("filter") == Some("COMMENT");
    let wanted: Vec<usize> = (0..total)
        .filter(|index| !only_words || with_words(*index))
        .collect();
    let data: Vec<Value> = wanted
        .iter()
        .skip(page.saturating_mul(limit))
        .take(limit)
        .map(|index| {
            let age = i64::try_from(*index)
                .unwrap_or(0)
                .saturating_mul(HOURS_BETWEEN * HOUR_MS);
            let text = with_words(*index).then(|| TEXTS.get(index % TEXTS.len()));
            json!({
                "id": format!("{card}-{index}"),
                "date": clock::day(now_ms.saturating_sub(age)),
                "rating": rates.get(*index),
                "author": "Покупатель",
                "comment": { "text": text.flatten() },
            })
        })
        .collect();
    let mut answer = json!({ "data": data });
    if let (Some("true"), Value::Object(fields)) = (call.query("withAgg"), &mut answer) {
        let count = |rate: u64| rates.iter().filter(|one| **one == rate).count();
        let statistic: Vec<Value> = (1..=5)
            .rev()
            .map(|rate| json!({ "rate": rate, "count": count(rate) }))
            .collect();
        let words = (0..total).filter(|index| with_words(*index)).count();
        fields.insert(
            "summary".to_owned(),
            json!({ "global": rating, "statistic": statistic }),
        );
        fields.insert(
            "groupSummary".to_owned(),
            json!([{ "id": "ALL", "total": total }, { "id": "COMMENT", "total": words }]),
        );
    }
    Reply::ok(&answer)
}

/// Number of reviews and mean rating of a card.
fn totals(market: &Market, card: &str) -> (usize, f64) {
    if let Some((count, rating)) = market.reviews.get(card) {
        return (usize::try_from(*count).unwrap_or(0), *rating);
    }
    if market.card_title(card).is_none() {
        return (0, 0.0);
    }
    let last: usize = card
        .bytes()
        .rev()
        .take(3)
        .fold(7, |sum, byte| (sum * 31 + usize::from(byte)) % 97);
    (last, if last == 0 { 0.0 } else { 4.6 })
}

/// The single rates: fives, and as many fours and ones as a mean below five suggests.
fn rates(total: usize, rating: f64) -> Vec<u64> {
    let step = match rating {
        rating if rating >= 4.9 => usize::MAX,
        rating if rating >= 4.0 => 3,
        _ => 2,
    };
    let rate = |index: usize| match index % step {
        1 if index.is_multiple_of(5) => 1,
        1 => 4,
        _ => 5,
    };
    (0..total).map(rate).collect()
}

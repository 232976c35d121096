//! What a write of a price earns: the order in which intended prices take their turn while the marketplace allows
//! only so many writes (pricing rules, budget planner).

use super::{Decision, Input, safe_set::SafeSet};
use crate::domain::{Tenge, WriteClass};

/// What a write is for, and what a day without it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worth {
    /// Classes go one after another.
    pub class: WriteClass,
    /// Tenge a day at one sale of the card a day, which ranks writes of one class; how much really sells is not
    /// known. 0 where only the class counts.
    pub per_day: Tenge,
}

impl Worth {
    /// A write that nobody waits for.
    pub const COSMETIC: Self = Self {
        class: WriteClass::Cosmetic,
        per_day: Tenge(0),
    };
}

/// What the change that was decided earns. A price outside its limits is repaired first. A better place brings a
/// greater share of the card's sales, each with what it earns at the new price; a raise brings the difference.
/// What a sale earns is its profit where costs are known, else what it brings above the lowest permitted price.
#[must_use]
pub fn worth(input: &Input, decision: &Decision) -> Worth {
    let (Some(price), Ok(set)) = (
        decision.price,
        SafeSet::new(input.limits, input.economics.as_ref()),
    ) else {
        return Worth::COSMETIC;
    };
    let present = input.product.price;
    if !set.contains(present.0) {
        return Worth {
            class: WriteClass::Repair,
            ..Worth::COSMETIC
        };
    }
    let earned = |price: Tenge| {
        let profit = input.economics.as_ref().and_then(|costs| costs.profit(price));
        i128::from(profit.map_or(price.0 - set.min(), |profit| profit.0).max(0))
    };
    let (before, after) = (share(decision.place_now), share(decision.place));
    let daily = |price: Tenge, (part, whole): (i128, i128)| earned(price) * part / whole;
    let gain = (daily(price, after) - daily(present, before)).max(0);
    let per_day = Tenge(i64::try_from(gain).unwrap_or(i64::MAX));
    let class = match decision.place.zip(decision.place_now) {
        Some((place, now)) if place < now => WriteClass::Place,
        _ if price > present => WriteClass::Raise,
        _ => return Worth::COSMETIC,
    };
    Worth { class, per_day }
}

/// The share of a card's sales that a place has, as `(part, whole)`: 1/2, 1/6, 1/12, … which sum up to one. It only
/// ranks writes among each other; without a place that of the first counts on both sides.
fn share(place: Option<i32>) -> (i128, i128) {
    let place = i128::from(place.unwrap_or(1).max(1));
    (1, place * (place + 1))
}

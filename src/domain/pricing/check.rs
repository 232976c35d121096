//! Ranges of the input (pricing rules, exact semantics of the input). Within them no sum of the engine can
//! overflow; outside them nothing is decided.

use super::{
    economics::{Economics, Goal},
    input::{Input, Limits, Market},
    rule::{Amount, Filters, Motion, Rule, Strategy},
    schedule,
    strict::Rating,
    war::War,
};
use crate::domain::{Tenge, percent::Percent};

/// Largest number of the interface, either way.
const LARGEST: i64 = 1_000_000_000_000;

/// Most bands of a delivery table.
const BANDS: usize = 64;

/// A value outside its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct Invalid {
    /// Dotted path, as `market.offers[3].price`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

pub(super) fn invalid<T>(field: impl Into<String>, message: impl Into<String>) -> Result<T, Invalid> {
    let (field, message) = (field.into(), message.into());
    Err(Invalid { field, message })
}

fn range(field: &str, number: i64, from: i64, to: i64) -> Result<(), Invalid> {
    if (from..=to).contains(&number) {
        Ok(())
    } else {
        invalid(field, format!("{number} is not between {from} and {to}"))
    }
}

fn at_least(field: &str, number: i64, least: i64) -> Result<(), Invalid> {
    range(field, number, least, LARGEST)
}

fn percent(field: &str, percent: Percent, most: i32) -> Result<(), Invalid> {
    if (Percent::whole(0)..=Percent::whole(most)).contains(&percent) {
        Ok(())
    } else {
        invalid(field, format!("{percent} % is not between 0 and {most} %"))
    }
}

fn rating(field: &str, rating: Option<Rating>) -> Result<(), Invalid> {
    if rating.is_none_or(Rating::is_valid) {
        Ok(())
    } else {
        invalid(field, "a rating is between 0 and 5")
    }
}

fn ids(field: &str, list: &[String]) -> Result<(), Invalid> {
    match list.iter().position(String::is_empty) {
        Some(at) => invalid(format!("{field}[{at}]"), "an id is not empty"),
        None => Ok(()),
    }
}

fn some_ids(field: &str, list: &[String]) -> Result<(), Invalid> {
    if list.is_empty() {
        return invalid(field, "at least one id");
    }
    ids(field, list)
}

impl Input {
    /// Are all numbers within their ranges?
    ///
    /// # Errors
    /// The first value that is not.
    pub fn check(&self) -> Result<(), Invalid> {
        let product = &self.product;
        at_least("product.price", product.price.0, 1)?;
        at_least("product.stock", product.stock.unwrap_or(0), 0)?;
        at_least("product.preorder_days", product.preorder_days, 0)?;
        rating("product.rating", product.rating)?;
        at_least("product.alone_streak", product.alone_streak, 0)?;
        let opening = product.opening_price.map_or(1, |price| price.0);
        at_least("product.opening_price", opening, 1)?;
        at_least("product.changes_today", product.changes_today, 0)?;
        some_ids("own_merchants", &self.own_merchants)?;
        if !self.own_merchants.contains(&product.merchant) {
            return invalid("product.merchant", "must be one of own_merchants");
        }
        check_limits(&self.limits)?;
        if let Some(economics) = &self.economics {
            check_economics(economics)?;
        }
        self.rule.check()?;
        if let Some(market) = &self.market {
            check_market(market)?;
        }
        range("market_max_age_seconds", self.market_max_age_seconds, 1, 600)?;
        if let Some(own) = &self.own_stores {
            at_least("own_stores.price", own.price.0, 1)?;
            at_least("own_stores.gap", own.gap.0, 1)?;
        }
        for (at, war) in self.wars.iter().enumerate() {
            check_war(&format!("wars[{at}]"), war)?;
        }
        Ok(())
    }
}

pub(super) fn check_limits(limits: &Limits) -> Result<(), Invalid> {
    at_least("limits.floor", limits.floor.unwrap_or_default().0, 0)?;
    at_least("limits.ceiling", limits.ceiling.unwrap_or_default().0, 0)
}

pub(super) fn check_economics(economics: &Economics) -> Result<(), Invalid> {
    at_least("economics.unit_cost", economics.unit_cost.0, 1)?;
    percent("economics.commission_percent", economics.commission_percent, 100)?;
    percent("economics.tax_percent", economics.tax_percent, 100)?;
    percent(
        "economics.delivery_vat_percent",
        economics.delivery_vat_percent,
        100,
    )?;
    let bands = &economics.delivery;
    if !(1..=BANDS).contains(&bands.len()) {
        return invalid("economics.delivery", format!("between 1 and {BANDS} bands"));
    }
    let mut before = Tenge(-1);
    for (at, band) in bands.iter().enumerate() {
        if band.fee < Tenge(0) || band.fee.0 > LARGEST {
            return invalid(format!("economics.delivery[{at}].fee"), "out of range");
        }
        let end = format!("economics.delivery[{at}].up_to");
        match band.up_to {
            None if at + 1 == bands.len() => {}
            None => return invalid(end, "only the last band is open"),
            Some(_) if at + 1 == bands.len() => return invalid(end, "the last band is open: null"),
            Some(up_to) if up_to <= before => return invalid(end, "bands ascend"),
            Some(up_to) => {
                at_least(&end, up_to.0, 0)?;
                before = up_to;
            }
        }
    }
    match economics.goal {
        Goal::Profit(amount) => at_least("economics.goal.value", amount, 0),
        Goal::Margin(share) | Goal::Roi(share) => percent("economics.goal.value", share, 1000),
    }
}

impl Rule {
    /// Are all its numbers within their ranges, and is at most one window open at a moment?
    ///
    /// # Errors
    /// The first value that is not, as `rule.motion.max_down_percent`.
    pub fn check(&self) -> Result<(), Invalid> {
        check_strategy("rule.strategy", &self.strategy)?;
        check_filters(&self.filters)?;
        check_motion(&self.motion)?;
        schedule::check(&self.schedule, self.night_reset)
    }
}

/// A step or a gap: at least one tenge, or more than nothing of a price.
fn step(path: &str, name: &str, amount: Amount) -> Result<(), Invalid> {
    match amount {
        Amount::Tenge(1..=LARGEST) => Ok(()),
        Amount::Percent(share) if share > Percent::whole(0) && share <= Percent::whole(100) => Ok(()),
        Amount::Tenge(_) => invalid(format!("{path}.{name}.tenge"), "at least 1"),
        Amount::Percent(_) => invalid(format!("{path}.{name}.percent"), "more than 0 and at most 100 %"),
    }
}

fn delta(path: &str, amount: Amount) -> Result<(), Invalid> {
    match amount {
        Amount::Tenge(tenge) if (-LARGEST..=LARGEST).contains(&tenge) => Ok(()),
        Amount::Percent(share) if share >= Percent::whole(-100) && share <= Percent::whole(100) => Ok(()),
        Amount::Tenge(_) => invalid(format!("{path}.delta.tenge"), "out of range"),
        Amount::Percent(_) => invalid(format!("{path}.delta.percent"), "between -100 and 100 %"),
    }
}

fn check_strategy(path: &str, strategy: &Strategy) -> Result<(), Invalid> {
    step(path, "step", strategy.step())?;
    let number = |name: &str, number: i64, to: i64| range(&format!("{path}.{name}"), number, 1, to);
    match strategy {
        Strategy::HoldPlace { place, .. } => number("place", *place, 100),
        Strategy::BehindLeader { gap, .. } => step(path, "gap", *gap),
        Strategy::BestReachable { max_place, .. } => number("max_place", *max_place, 20),
        Strategy::Follow {
            merchants,
            delta: amount,
            fallback,
        } => {
            some_ids(&format!("{path}.merchants"), merchants)?;
            delta(path, *amount)?;
            match fallback.as_deref() {
                None => Ok(()),
                Some(Strategy::Follow { .. }) => invalid(
                    format!("{path}.fallback.kind"),
                    "`follow` is no fallback of itself",
                ),
                Some(fallback) => check_strategy(&format!("{path}.fallback"), fallback),
            }
        }
        Strategy::Average { count, delta: amount } => {
            number("count", *count, 20)?;
            delta(path, *amount)
        }
        Strategy::CaptureGap { min_gain, .. } => number("min_gain", *min_gain, LARGEST),
        Strategy::Alone { up_percent } => {
            step(path, "up_percent", Amount::Percent(*up_percent)).map_err(|error| Invalid {
                field: format!("{path}.up_percent"),
                ..error
            })
        }
        Strategy::Fixed { price } => number("price", *price, LARGEST),
        Strategy::Unavailable { kind } => {
            let reserved = super::rule::RESERVED_KINDS.contains(&kind.as_str());
            let why = if reserved {
                "is reserved for a strategy that is not built yet"
            } else {
                "is no strategy"
            };
            invalid(format!("{path}.kind"), format!("{kind:?} {why}"))
        }
        Strategy::BeatLowest { .. }
        | Strategy::MatchLowest
        | Strategy::SmartMatch { .. }
        | Strategy::TargetMargin => Ok(()),
    }
}

fn check_filters(filters: &Filters) -> Result<(), Invalid> {
    ids("rule.filters.ignore", &filters.ignore)?;
    if let Some(only) = &filters.only {
        some_ids("rule.filters.only", only)?;
    }
    rating("rule.filters.min_rating", filters.min_rating)?;
    at_least("rule.filters.min_reviews", filters.min_reviews.unwrap_or(0), 0)?;
    at_least(
        "rule.filters.max_slower_ranks",
        filters.max_slower_ranks.unwrap_or(0),
        0,
    )?;
    percent(
        "rule.filters.outlier_median_percent",
        filters.outlier_median_percent,
        100,
    )?;
    percent(
        "rule.filters.outlier_cost_percent",
        filters.outlier_cost_percent,
        100,
    )
}

fn check_motion(motion: &Motion) -> Result<(), Invalid> {
    percent("rule.motion.max_down_percent", motion.max_down_percent, 100)?;
    percent("rule.motion.max_up_percent", motion.max_up_percent, 100)?;
    percent("rule.motion.max_day_percent", motion.max_day_percent, 100)?;
    percent("rule.motion.quarantine_percent", motion.quarantine_percent, 100)?;
    percent("rule.motion.min_move.percent", motion.min_move.percent, 100)?;
    at_least("rule.motion.max_changes_per_day", motion.max_changes_per_day, 0)?;
    at_least(
        "rule.motion.raise_cooldown_minutes",
        motion.raise_cooldown_minutes,
        0,
    )?;
    at_least("rule.motion.min_move.tenge", motion.min_move.tenge.0, 1)?;
    let ending = |text: &String| (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    match motion.endings.iter().position(|text| !ending(text)) {
        Some(at) => invalid(format!("rule.motion.endings[{at}]"), "1 to 4 digits"),
        None => Ok(()),
    }
}

fn check_war(path: &str, war: &War) -> Result<(), Invalid> {
    if war.rival.is_empty() {
        return invalid(format!("{path}.rival"), "an id is not empty");
    }
    at_least(&format!("{path}.from"), war.from.0, 1)?;
    at_least(&format!("{path}.resets"), war.resets, 0)?;
    let duel = &war.duel;
    for (name, number, least) in [
        ("exchanges", duel.exchanges, 0),
        ("from", duel.from.0, 1),
        ("drop", duel.drop.0, 0),
        ("usual_undercut", duel.usual_undercut.0, 1),
        ("answer_seconds", duel.answer_seconds, 0),
        ("lowest_answered", duel.lowest_answered.0, 1),
    ] {
        at_least(&format!("{path}.duel.{name}"), number, least)?;
    }
    Ok(())
}

fn check_market(market: &Market) -> Result<(), Invalid> {
    at_least("market.total", market.total, 0)?;
    for (at, offer) in market.offers.iter().enumerate() {
        let wrong = if !(-LARGEST..=LARGEST).contains(&offer.price.unwrap_or(0)) {
            "price"
        } else if !offer.rating.is_none_or(Rating::is_valid) {
            "rating"
        } else if !(0..=LARGEST).contains(&offer.reviews.unwrap_or(0)) {
            "reviews"
        } else if !(0..=LARGEST).contains(&offer.preorder_days.unwrap_or(0)) {
            "preorder_days"
        } else {
            continue;
        };
        return invalid(format!("market.offers[{at}].{wrong}"), "out of range");
    }
    Ok(())
}

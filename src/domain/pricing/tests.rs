//! Tests of the engine: the vectors of the pricing rules, the safe set against counting, properties over
//! random markets, closed loops, and the interface. Here is what they share.

mod codes;
mod days;
mod filters;
mod limits;
mod market;
mod modifiers;
mod motion;
mod own_stores;
mod properties;
mod random;
mod safe_set;
mod schedule;
mod simulation;
mod stored;
mod vectors;
mod war;
mod wire;
mod worth;

use chrono::{DateTime, Utc};
use proptest::prelude::ProptestConfig;

use super::*;
use crate::domain::{Outcome, Tenge, percent::Percent};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

fn percent(text: &str) -> Percent {
    text.parse().unwrap()
}

fn rating(text: &str) -> Option<Rating> {
    Some(text.parse().unwrap())
}

fn offer(merchant: &str, price: i64) -> Offer {
    Offer {
        merchant: Some(merchant.into()),
        price: Some(price),
        ..Offer::default()
    }
}

fn rated(merchant: &str, price: i64, stars: &str) -> Offer {
    Offer {
        rating: rating(stars),
        ..offer(merchant, price)
    }
}

fn market(offers: Vec<Offer>) -> Market {
    Market {
        taken_at: now(),
        complete: true,
        total: i64::try_from(offers.len()).unwrap(),
        offers,
    }
}

fn limits(floor: impl Into<Option<i64>>, ceiling: impl Into<Option<i64>>) -> Limits {
    Limits {
        floor: floor.into().map(Tenge),
        ceiling: ceiling.into().map(Tenge),
    }
}

fn beat(step: i64) -> Strategy {
    Strategy::BeatLowest {
        step: Amount::Tenge(step),
    }
}

/// Our shop `US` at this price, alone in a list that is not read; a sister shop `SISTER`; S = 10 … 100 000;
/// motion limits wide but for the quarantine.
fn unread(current: i64, strategy: Strategy) -> Input {
    let hundred = Percent::whole(100);
    Input {
        now: now(),
        product: Product {
            merchant: "US".into(),
            price: Tenge(current),
            stock: Some(5),
            preorder_days: 0,
            rating: None,
            delivery: None,
            alone_streak: 0,
            last_change_at: None,
            opening_price: None,
            changes_today: 0,
            locked_until: None,
        },
        own_merchants: vec!["US".into(), "SISTER".into()],
        limits: limits(10, 100_000),
        economics: None,
        rule: Rule {
            strategy,
            motion: Motion {
                max_down_percent: hundred,
                max_up_percent: hundred,
                max_day_percent: hundred,
                ..Motion::default()
            },
            ..Rule::default()
        },
        market: None,
        market_max_age_seconds: 120,
        own_stores: None,
        wars: Vec::new(),
    }
}

/// The market of the vectors: three rivals and ourselves, list complete and fresh.
fn input(current: i64, strategy: Strategy) -> Input {
    let offers = vec![
        rated("C1", 10_000, "4.8"),
        rated("C2", 10_400, "4.5"),
        rated("C3", 11_000, "4.9"),
        offer("US", current),
    ];
    Input {
        market: Some(market(offers)),
        ..unread(current, strategy)
    }
}

fn with_offers(mut input: Input, offers: Vec<Offer>) -> Input {
    input.market = Some(market(offers));
    input
}

fn codes(decision: &Decision) -> Vec<&'static str> {
    decision.reasons.iter().map(|r| r.code.as_str()).collect()
}

/// Outcome, price and codes of a decision, as in the tables of the pricing rules.
#[track_caller]
fn assert_decides(input: &Input, outcome: Outcome, price: Option<i64>, expected: &[&str]) -> Decision {
    let decision = decide(input);
    assert_eq!(
        (decision.outcome, decision.price.map(|p| p.0), codes(&decision)),
        (outcome, price, expected.to_vec())
    );
    decision
}

#[track_caller]
fn assert_change(input: &Input, price: i64, expected: &[&str]) -> Decision {
    assert_decides(input, Outcome::Change, Some(price), expected)
}

#[track_caller]
fn assert_hold(input: &Input, expected: &[&str]) -> Decision {
    assert_decides(input, Outcome::Hold, None, expected)
}

#[track_caller]
fn assert_keep(input: &Input, expected: &[&str]) -> Decision {
    assert_decides(input, Outcome::Keep, None, expected)
}

#[track_caller]
fn assert_refuse(input: &Input, expected: &[&str]) -> Decision {
    assert_decides(input, Outcome::Refuse, None, expected)
}

/// The delivery tables of the vectors.
#[derive(Debug, Clone, Copy)]
enum Parcel {
    City1kg,
    Country1kg,
    Country25kg,
}

fn economics(unit_cost: i64, goal: i64, parcel: Parcel) -> Economics {
    let (middle, heavy) = match parcel {
        Parcel::City1kg => (699, 1_099),
        Parcel::Country1kg => (799, 1_299),
        Parcel::Country25kg => (799, 3_599),
    };
    let band = |up_to: Option<i64>, fee| Band {
        up_to: up_to.map(Tenge),
        fee: Tenge(fee),
    };
    Economics {
        unit_cost: Tenge(unit_cost),
        commission_percent: percent("12.5"),
        tax_percent: percent("3"),
        delivery_vat_percent: percent("16"),
        delivery: vec![
            band(Some(999), 49),
            band(Some(2_999), 149),
            band(Some(4_999), 199),
            band(Some(9_999), middle),
            band(None, heavy),
        ],
        goal: Goal::Profit(goal),
    }
}

/// 10,000 cases per property; a million in the long form.
fn cases() -> ProptestConfig {
    ProptestConfig {
        cases: if long() { 1_000_000 } else { 10_000 },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the long form of the tests is chosen from outside"
)]
fn long() -> bool {
    std::env::var("KASPI_PANEL_TEST").is_ok_and(|v| v == "long")
}

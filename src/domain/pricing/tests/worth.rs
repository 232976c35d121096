//! What writes earn, and in which order they go.

use super::*;
use crate::domain::{
    WriteClass,
    pricing::{Worth, worth},
};

/// A product at `price` between 9 000 and 15 000, rivals at 10 000, 10 400 and 11 000.
fn worth_of(price: i64) -> (Decision, Worth) {
    let input = Input {
        limits: limits(9_000, 15_000),
        ..input(price, beat(1))
    };
    let decision = decide(&input);
    let worth = worth(&input, &decision);
    (decision, worth)
}

#[test]
fn a_place_is_worth_the_share_of_sales_it_brings() {
    let (decision, worth) = worth_of(10_300);
    assert_eq!((decision.place_now, decision.place), (Some(2), Some(1)));
    assert_eq!(decision.price, Some(Tenge(9_999)));
    // Half of the sales at 999 above the floor, instead of a sixth at 1 300.
    assert_eq!(
        worth,
        Worth {
            class: WriteClass::Place,
            per_day: Tenge(999 / 2 - 1_300 / 6)
        }
    );
}

#[test]
fn a_raise_is_worth_the_difference() {
    let (decision, worth) = worth_of(9_500);
    assert_eq!(decision.price, Some(Tenge(9_999)));
    assert_eq!(
        worth,
        Worth {
            class: WriteClass::Raise,
            per_day: Tenge(999 / 2 - 500 / 2)
        }
    );
}

#[test]
fn a_price_outside_its_limits_goes_first_whatever_it_earns() {
    let (decision, worth) = worth_of(8_000);
    assert!(decision.price.is_some());
    assert_eq!(worth.class, WriteClass::Repair);
}

#[test]
fn a_decision_that_changes_nothing_is_worth_nothing() {
    let (decision, worth) = worth_of(9_999);
    assert_eq!((decision.price, worth), (None, Worth::COSMETIC));
}

#[test]
fn classes_are_declared_in_the_order_in_which_they_go() {
    assert_eq!(
        WriteClass::ALL,
        [
            WriteClass::Repair,
            WriteClass::Restore,
            WriteClass::Place,
            WriteClass::Raise,
            WriteClass::Cosmetic
        ]
    );
}

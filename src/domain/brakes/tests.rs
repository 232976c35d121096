//! Each brake at its edge.

use super::*;

const LIMITS: SafetyLimits = SafetyLimits {
    big_drop_percent: 5,
    big_drop_share_percent: 20,
    big_drops_at_least: 5,
    impossible_share_percent: 5,
    collar_low_percent: 70,
    collar_high_percent: 150,
    drops_per_day: 20,
    product_gap_seconds: 120,
    removed_per_day: 2,
    unanswered_minutes: 5,
    sales_times: 5,
    sales_at_least: 5,
};

fn stopped(decided: i64, changes: i64, big_drops: i64, impossible: i64) -> Option<MassMove> {
    let cycle = Cycle {
        decided,
        changes,
        big_drops,
        impossible,
    };
    cycle.stopped_by(&LIMITS)
}

#[test]
fn the_defaults_are_those_of_the_pricing_rules() {
    assert_eq!(SafetyLimits::default(), LIMITS);
}

#[test]
fn more_than_a_fifth_of_big_drops_stops_the_store() {
    assert_eq!(stopped(100, 100, 21, 0), Some(MassMove::BigDrops));
    assert_eq!(stopped(100, 100, 20, 0), None);
    // Four of a small store are not yet many.
    assert_eq!(stopped(4, 4, 4, 0), None);
    assert_eq!(stopped(5, 5, 5, 0), Some(MassMove::BigDrops));
}

#[test]
fn a_median_move_that_is_a_big_drop_stops_the_store() {
    assert_eq!(stopped(1_000, 9, 5, 0), Some(MassMove::MedianDrop));
    assert_eq!(stopped(1_000, 10, 5, 0), None);
    assert_eq!(stopped(1_000, 7, 4, 0), None);
}

#[test]
fn more_than_a_twentieth_of_impossible_readings_stops_the_store() {
    assert_eq!(stopped(100, 0, 0, 6), Some(MassMove::Impossible));
    assert_eq!(stopped(100, 0, 0, 5), None);
    assert_eq!(stopped(10, 0, 0, 4), None);
}

#[test]
fn a_drop_is_big_below_the_limit_itself() {
    assert!(is_big_drop(Tenge(10_000), Tenge(9_499), &LIMITS));
    assert!(!is_big_drop(Tenge(10_000), Tenge(9_500), &LIMITS));
}

#[test]
fn the_collar_holds_at_both_ends() {
    let outside = |price| is_outside_collar(Tenge(price), Tenge(1_000), &LIMITS);
    assert!(outside(699) && outside(1_501));
    assert!(!outside(700) && !outside(1_500));
}

#[test]
fn a_reading_is_impossible_beside_the_one_before() {
    let before = [("a", Tenge(1_000)), ("b", Tenge(1_100)), ("c", Tenge(1_200))];
    let impossible = |now: &[(&str, Tenge)]| is_impossible(&before, now);
    assert!(impossible(&[]), "three are gone at once");
    assert!(!is_impossible(&before[..2], &[]));
    assert!(impossible(&[("a", Tenge(1_000)), ("new", Tenge(1))]));
    assert!(!impossible(&[("a", Tenge(1_000)), ("new", Tenge(2))]));
    assert!(impossible(&[("a", Tenge(100))]) && impossible(&[("a", Tenge(10_000))]));
    assert!(!impossible(&[("a", Tenge(101))]) && !impossible(&[("a", Tenge(9_999))]));
}

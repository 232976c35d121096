//! Refusals, locks, empty shelves and repairs: what comes before any strategy.

use chrono::TimeDelta;

use super::*;

#[test]
fn without_limits_nothing_is_touched() {
    for (floor, ceiling, code) in [
        (None, Some(200), "NO_FLOOR"),
        (Some(0), Some(200), "NO_FLOOR"),
        (Some(201), Some(200), "INVERTED_LIMITS"),
        (Some(5), Some(9), "EMPTY_SAFE_SET"),
    ] {
        let mut without = input(10_500, beat(10));
        without.limits = limits(floor, ceiling);
        let decision = assert_refuse(&without, &[code]);
        assert!(decision.removed.is_empty() && decision.place.is_none());
    }
    // A floor of zero is refused with economics too; no floor is not.
    let mut costs = input(10_500, beat(10));
    costs.economics = Some(economics(3_000, 300, Parcel::City1kg));
    costs.limits = limits(0, 20_000);
    assert_refuse(&costs, &["NO_FLOOR"]);
    costs.limits = limits(None, 20_000);
    assert_change(&costs, 9_990, &["BEAT_LOWEST"]);
    costs.limits = limits(None, 4_000);
    assert_refuse(&costs, &["EMPTY_SAFE_SET"]);
}

#[test]
fn an_unknown_strategy_is_refused_by_its_name() {
    for kind in RESERVED_KINDS.iter().copied().chain(["beat_highest"]) {
        let unknown = input(
            10_500,
            Strategy::Unavailable {
                kind: kind.to_owned(),
            },
        );
        let decision = assert_refuse(&unknown, &["STRATEGY_UNAVAILABLE"]);
        let params = serde_json::to_value(&decision.reasons[0]).unwrap();
        assert_eq!(params["params"]["kind"], kind);
    }
}

#[test]
fn a_person_and_an_empty_shelf_hold() {
    let mut locked = input(10_500, beat(10));
    locked.product.locked_until = Some(now() + TimeDelta::nanoseconds(1));
    let decision = assert_hold(&locked, &["LOCKED"]);
    assert!(decision.removed.is_empty() && decision.flags.is_empty());
    // The lock also stops a repair, but a person should look.
    locked.limits = limits(10_600, 100_000);
    assert_eq!(assert_hold(&locked, &["LOCKED"]).flags, ["attention"]);
    locked.product.locked_until = Some(now());
    assert_change(&locked, 10_600, &["BOUND_REPAIR"]);

    let mut empty = input(10_500, beat(10));
    empty.product.stock = Some(0);
    let decision = assert_hold(&empty, &["OUT_OF_STOCK"]);
    let params = serde_json::to_value(&decision.reasons[0]).unwrap();
    assert_eq!(params["params"]["stored_price"], 100_000);
    empty.product.stock = None;
    assert_change(&empty, 9_990, &["BEAT_LOWEST"]);
}

fn high() -> Input {
    let mut high = unread(120, beat(10));
    high.limits = limits(50, 100);
    high
}

#[test]
fn a_repair_upwards_asks_nobody() {
    let mut low = unread(90, beat(10));
    low.limits = limits(100, None);
    low.rule.motion = Motion {
        max_up_percent: percent("0"),
        max_day_percent: percent("0"),
        max_changes_per_day: 0,
        allow_up: false,
        ..Motion::default()
    };
    low.product.last_change_at = Some(now());
    assert_change(&low, 100, &["BOUND_REPAIR"]);
}

#[test]
fn a_repair_downwards_is_held_by_direction_quarantine_and_count() {
    // Not cut by the limits of run and day.
    let mut limited = high();
    limited.rule.motion = Motion::default();
    assert_change(&limited, 100, &["BOUND_REPAIR"]);

    let mut direction = high();
    direction.rule.motion.allow_down = false;
    let decision = assert_hold(&direction, &["BOUND_REPAIR", "DIRECTION_OFF"]);
    assert_eq!(decision.flags, ["attention"]);

    let mut far = high();
    far.product.price = Tenge(143);
    let decision = assert_hold(&far, &["BOUND_REPAIR", "QUARANTINE"]);
    assert_eq!(decision.flags, ["attention", "quarantine"]);
    far.product.price = Tenge(142);
    assert_change(&far, 100, &["BOUND_REPAIR"]);

    let mut often = high();
    often.product.changes_today = 48;
    let decision = assert_hold(&often, &["BOUND_REPAIR", "CHANGES_PER_DAY"]);
    assert_eq!(decision.flags, ["attention"]);
}

#[test]
fn a_repair_goes_to_the_nearest_undominated_price() {
    // S = 4 889–4 999 and from 5 575 on; S* goes on from 5 686.
    let mut gap = unread(5_100, beat(10));
    gap.economics = Some(economics(3_600, 300, Parcel::City1kg));
    gap.limits = limits(None, 20_000);
    assert_change(&gap, 4_999, &["BOUND_REPAIR"]);
    gap.product.price = Tenge(5_500);
    assert_change(&gap, 5_686, &["BOUND_REPAIR"]);
    // Without a ceiling only lower ones.
    gap.limits = limits(None, None);
    assert_change(&gap, 4_999, &["BOUND_REPAIR"]);
    // At equal distance the higher: zone 5 000–5 822, S from 5 003 on, c = 5 001 … is nearer below.
    let mut even = unread(5_343, beat(10));
    even.economics = Some(Economics {
        goal: Goal::Profit(0),
        ..economics(3_950, 0, Parcel::City1kg)
    });
    even.limits = limits(None, 20_000);
    even.product.price = Tenge((4_999 + 5_686) / 2);
    assert_change(&even, 4_999, &["BOUND_REPAIR"]);
    even.product.price = Tenge((4_999 + 5_686) / 2 + 1);
    assert_change(&even, 5_686, &["BOUND_REPAIR"]);
}

#[test]
fn a_repair_fills_the_place_from_the_market() {
    let mut low = input(9_000, beat(10));
    low.limits = limits(10_200, 20_000);
    let decision = assert_change(&low, 10_200, &["BOUND_REPAIR"]);
    assert_eq!(
        (decision.place, decision.target, decision.competitors),
        (Some(2), None, 3)
    );
}

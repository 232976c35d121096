//! Guards of a move, each with the case that it alone decides; endings; and where a cut move stops.

use chrono::TimeDelta;

use super::*;

fn fixed(current: i64, price: i64) -> Input {
    let mut input = unread(current, Strategy::Fixed { price });
    input.rule.motion = Motion::default();
    input
}

#[test]
fn a_small_move_needs_another_place() {
    // 0.1 % of 10 500 is 10.5.
    for (price, kept) in [(10_511, false), (10_510, true), (10_490, true), (10_489, false)] {
        let decision = decide(&fixed(10_500, price));
        assert_eq!(codes(&decision).contains(&"MIN_MOVE"), kept, "{price}");
    }
    let mut least = fixed(500, 504);
    least.rule.motion.min_move.tenge = Tenge(5);
    assert_keep(&least, &["FIXED", "MIN_MOVE"]);
    least.rule.motion.min_move.tenge = Tenge(4);
    assert_change(&least, 504, &["FIXED"]);
    // One tenge that wins a place.
    assert_change(&input(10_000, beat(1)), 9_999, &["BEAT_LOWEST"]);
    // Measured on the whole way, not on the part of one run.
    let mut part = fixed(10_000, 11_000);
    part.rule.motion.max_up_percent = percent("0.05");
    assert_change(&part, 10_005, &["FIXED", "STEP_LIMIT"]);
}

#[test]
fn a_held_place_is_not_paid_for() {
    let hold = Strategy::HoldPlace {
        place: 2,
        step: Amount::Tenge(10),
    };
    assert_keep(&input(10_395, hold), &["HOLD_PLACE", "PLACE_HELD"]);
    // No place is wanted: the price follows.
    let average = Strategy::Average {
        count: 1,
        delta: Amount::Tenge(-100),
    };
    assert_change(&input(9_995, average), 9_900, &["AVERAGE"]);
}

#[test]
fn directions_can_be_off() {
    let mut down = input(10_500, beat(10));
    down.rule.motion.allow_down = false;
    assert_hold(&down, &["BEAT_LOWEST", "DIRECTION_OFF"]);
    let mut up = input(9_000, beat(10));
    up.rule.motion.allow_up = false;
    assert_hold(&up, &["BEAT_LOWEST", "FIRST_SCENARIO", "DIRECTION_OFF"]);
}

#[test]
fn nothing_rises_without_a_ceiling() {
    let mut raise = input(9_000, beat(10));
    raise.limits.ceiling = None;
    let decision = assert_hold(&raise, &["BEAT_LOWEST", "FIRST_SCENARIO", "NO_CEILING"]);
    assert_eq!(decision.flags, ["ceiling_missing"]);
    let mut lower = input(10_500, beat(10));
    lower.limits.ceiling = None;
    assert_change(&lower, 9_990, &["BEAT_LOWEST"]);
}

#[test]
fn a_large_fall_waits_for_a_person() {
    let quarantine = |price| {
        let mut input = fixed(10_000, price);
        input.rule.motion.max_down_percent = percent("100");
        input.rule.motion.max_day_percent = percent("100");
        input
    };
    assert_change(&quarantine(7_000), 7_000, &["FIXED"]);
    let decision = assert_hold(&quarantine(6_999), &["FIXED", "QUARANTINE"]);
    assert_eq!(decision.flags, ["attention", "quarantine"]);
    // A raise of any size is only cut.
    assert_change(&fixed(10_000, 90_000), 11_000, &["FIXED", "STEP_LIMIT"]);
}

#[test]
fn suspicious_data_turns_a_step_down_into_a_quarantine() {
    let mut far = input(12_000, beat(10));
    far.rule.motion = Motion::default();
    assert_change(&far, 10_800, &["BEAT_LOWEST", "STEP_LIMIT"]);
    let mut partial = far.clone();
    partial.market.as_mut().unwrap().complete = false;
    assert_hold(&partial, &["BEAT_LOWEST", "QUARANTINE"]);
    let mut decoy = far.clone();
    decoy.market.as_mut().unwrap().offers.push(offer("DECOY", 1));
    assert_hold(&decoy, &["BEAT_LOWEST", "QUARANTINE"]);
    // Within one step suspicious data may lower.
    decoy.product.price = Tenge(11_100);
    assert_change(&decoy, 9_990, &["BEAT_LOWEST"]);
    // A rule that reads no offers is not about them.
    decoy.product.price = Tenge(12_000);
    decoy.rule.strategy = Strategy::Fixed { price: 9_990 };
    assert_change(&decoy, 10_800, &["FIXED", "STEP_LIMIT"]);
}

#[test]
fn raises_cool_down_and_days_count() {
    let mut raise = input(9_000, beat(10));
    let codes = ["BEAT_LOWEST", "FIRST_SCENARIO"];
    raise.product.last_change_at = Some(now() - TimeDelta::minutes(30) + TimeDelta::nanoseconds(1));
    assert_hold(&raise, &[codes[0], codes[1], "RAISE_COOLDOWN"]);
    raise.product.last_change_at = Some(now() + TimeDelta::minutes(5));
    assert_hold(&raise, &[codes[0], codes[1], "RAISE_COOLDOWN"]);
    raise.product.last_change_at = Some(now() - TimeDelta::minutes(30));
    assert_change(&raise, 9_990, &codes);
    raise.product.changes_today = 48;
    assert_hold(&raise, &[codes[0], codes[1], "CHANGES_PER_DAY"]);
    raise.product.changes_today = 47;
    assert_change(&raise, 9_990, &codes);
    // Decreases are free of the first, not of the second.
    let mut lower = input(10_500, beat(10));
    lower.product.last_change_at = Some(now());
    assert_change(&lower, 9_990, &["BEAT_LOWEST"]);
    lower.product.changes_today = 48;
    assert_hold(&lower, &["BEAT_LOWEST", "CHANGES_PER_DAY"]);
}

#[test]
fn one_run_goes_only_so_far() {
    let step = ["FIXED", "STEP_LIMIT"];
    assert_change(&fixed(10_005, 8_000), 9_005, &step);
    assert_change(&fixed(10_005, 12_000), 11_005, &step);
    // 10 % of 9 is less than a tenge.
    let mut tiny = fixed(19, 12);
    tiny.rule.motion.quarantine_percent = percent("100");
    assert_change(&tiny, 18, &step);
    tiny.rule.motion.max_down_percent = percent("5");
    let decision = assert_hold(&tiny, &step);
    assert!(decision.flags.is_empty(), "no room, nothing to look at");
}

#[test]
fn one_day_goes_only_so_far() {
    let opened = |current, price, opening| {
        let mut input = fixed(current, price);
        input.product.opening_price = Some(Tenge(opening));
        input
    };
    let codes = ["FIXED", "STEP_LIMIT", "DAY_LIMIT"];
    assert_change(&opened(9_000, 7_000, 10_200), 8_160, &codes);
    assert_change(&opened(11_000, 20_000, 10_000), 12_000, &codes);
    assert_hold(&opened(12_000, 20_000, 10_000), &codes);
    // Beyond the bound already: no further, but back is free.
    assert_hold(&opened(13_000, 20_000, 10_000), &codes);
    assert_change(&opened(13_000, 10_000, 10_000), 11_700, &["FIXED", "STEP_LIMIT"]);
    assert_change(&opened(7_000, 9_000, 10_000), 7_700, &["FIXED", "STEP_LIMIT"]);
    // Without an opening price the present one is it.
    let mut day = fixed(10_000, 8_900);
    day.rule.motion.max_down_percent = percent("100");
    day.rule.motion.max_day_percent = percent("5");
    assert_change(&day, 9_500, &["FIXED", "DAY_LIMIT"]);
}

#[test]
fn a_refused_crossing_takes_what_it_can() {
    // Crossing from 999 over 1 000–1 136 is 13.8 %: more than the quarantine permits.
    let mut up = fixed(980, 1_300);
    up.limits = limits(None, 20_000);
    up.economics = Some(economics(500, 0, Parcel::City1kg));
    up.rule.motion.quarantine_percent = percent("12");
    assert_change(&up, 999, &["FIXED", "STEP_LIMIT"]);
    up.product.price = Tenge(999);
    let decision = assert_hold(&up, &["FIXED", "STEP_LIMIT"]);
    assert_eq!(decision.flags, ["attention"]);
    // Leaving a zone in which the price lies is an ordinary move.
    up.product.price = Tenge(1_100);
    assert_change(&up, 1_210, &["FIXED", "STEP_LIMIT"]);
}

#[test]
fn a_person_looks_where_the_day_ends_before_a_zone_does() {
    let light = |max_up: &str, opening| {
        let mut input = fixed(999, 1_300);
        input.limits = limits(None, 20_000);
        input.economics = Some(economics(500, 0, Parcel::City1kg));
        input.rule.motion.max_up_percent = percent(max_up);
        input.product.opening_price = Some(Tenge(opening));
        input
    };
    // The crossing is refused, and the day leaves no room at all.
    let decision = assert_hold(&light("10", 832), &["FIXED", "STEP_LIMIT", "DAY_LIMIT"]);
    assert_eq!(decision.flags, ["attention"]);
    // Nothing is to be crossed in one run, but the day ends in the zone: room without a price.
    let decision = assert_hold(&light("100", 900), &["FIXED", "DAY_LIMIT"]);
    assert_eq!(decision.flags, ["attention"]);
}

#[test]
fn what_is_held_tells_its_numbers() {
    let decision = decide(&fixed(10_000, 6_000));
    let reason = serde_json::to_value(&decision.reasons[1]).unwrap();
    assert_eq!(
        reason,
        serde_json::json!({"code": "QUARANTINE", "params": {"price": 6_000, "current": 10_000}})
    );
}

#[test]
fn a_target_in_a_zone_takes_its_lower_end() {
    let mut zone = fixed(4_800, 5_200);
    zone.limits = limits(None, 20_000);
    zone.economics = Some(economics(3_000, 300, Parcel::City1kg));
    let decision = assert_change(&zone, 4_999, &["FIXED", "DOMINATED_PRICE"]);
    assert_eq!(decision.target, Some(Tenge(5_200)));
    // A target at or above the present price never lowers it.
    zone.product.price = Tenge(5_100);
    assert_keep(&zone, &["FIXED", "DOMINATED_PRICE", "ALREADY_RIGHT"]);
    zone.rule.strategy = Strategy::Fixed { price: 30_000 };
    zone.product.price = Tenge(20_000);
    assert_keep(&zone, &["FIXED", "OUTSIDE_SAFE_SET", "ALREADY_RIGHT"]);
}

fn ending(current: i64, price: i64, endings: &[&str]) -> Input {
    let mut input = fixed(current, price);
    input.rule.motion.endings = endings.iter().map(|text| (*text).to_owned()).collect();
    input
}

#[test]
fn endings_round_down_a_little() {
    let codes = ["FIXED", "ENDING"];
    assert_change(&ending(10_500, 10_097, &["90"]), 10_090, &codes);
    assert_change(&ending(10_500, 10_097, &["990", "0"]), 10_090, &codes);
    assert_change(&ending(10_500, 10_045, &["990"]), 10_045, &["FIXED"]);
    assert_change(&ending(10_500, 10_037, &["990"]), 9_990, &codes);
    // 0.5 % of 10 040 is 50.2.
    assert_change(&ending(10_500, 10_040, &["990"]), 9_990, &codes);
    assert_change(&ending(10_500, 10_041, &["990"]), 10_041, &["FIXED"]);
    assert_change(&ending(10_500, 10_005, &["05"]), 10_005, &["FIXED"]);
    // Not below the present price where the target is above it.
    assert_change(&ending(10_095, 10_150, &["90"]), 10_150, &["FIXED"]);
    assert_keep(
        &ending(10_100, 10_120, &["100"]),
        &["FIXED", "ENDING", "ALREADY_RIGHT"],
    );
    assert_change(&ending(10_100, 10_120, &["090"]), 10_120, &["FIXED"]);
    // Not out of the safe prices.
    let mut floor = ending(10_500, 10_097, &["90"]);
    floor.limits = limits(10_095, 20_000);
    assert_change(&floor, 10_097, &["FIXED"]);
}

#[test]
fn an_ending_keeps_the_place() {
    let mut input = input(
        10_600,
        Strategy::HoldPlace {
            place: 2,
            step: Amount::Tenge(5),
        },
    );
    input.rule.motion.endings = vec!["90".into()];
    assert_change(&input, 10_390, &["HOLD_PLACE", "ENDING"]);
    // A rival between keeps the price as it is.
    input.market.as_mut().unwrap().offers[0].price = Some(10_392);
    assert_change(&input, 10_395, &["HOLD_PLACE"]);
    // Without a usable reading nothing is compared.
    input.rule.strategy = Strategy::Fixed { price: 10_395 };
    assert_change(&input, 10_395, &["FIXED"]);
    input.now += TimeDelta::seconds(300);
    assert_change(&input, 10_390, &["FIXED", "ENDING"]);
}

#[test]
fn a_decrease_cut_before_its_ending_stops_at_the_price_before() {
    // Wanted 9 037 → 9 000; one run comes to 9 010: what lies between would be raised again.
    let mut cut = ending(10_011, 9_037, &["000"]);
    assert_change(&cut, 9_037, &["FIXED", "ENDING", "STEP_LIMIT"]);
    cut.product.price = Tenge(9_990);
    assert_change(&cut, 9_000, &["FIXED", "ENDING"]);
    // The same by the day.
    cut.rule.motion.max_day_percent = percent("10");
    cut.product.opening_price = Some(Tenge(10_020));
    assert_change(&cut, 9_037, &["FIXED", "ENDING", "DAY_LIMIT"]);
}

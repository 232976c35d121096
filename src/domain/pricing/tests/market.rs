//! Evidence: freshness, completeness, presence, and what a snapshot proves.

use chrono::TimeDelta;

use super::*;

#[test]
fn evidence_is_fresh_to_the_nanosecond() {
    let aged = |age: TimeDelta| {
        let mut input = input(10_500, beat(10));
        input.market.as_mut().unwrap().taken_at = now() - age;
        decide(&input).reasons[0].code
    };
    assert_eq!(aged(TimeDelta::seconds(120)), Code::BEAT_LOWEST);
    assert_eq!(
        aged(TimeDelta::seconds(120) + TimeDelta::nanoseconds(1)),
        Code::STALE_MARKET
    );
    assert_eq!(aged(TimeDelta::seconds(-5)), Code::BEAT_LOWEST);
    assert_eq!(
        aged(TimeDelta::seconds(-5) - TimeDelta::nanoseconds(1)),
        Code::STALE_MARKET
    );
    // Age is asked first.
    let mut empty = with_offers(input(10_500, beat(10)), vec![]);
    empty.now += TimeDelta::seconds(121);
    assert_hold(&empty, &["STALE_MARKET"]);
}

#[test]
fn a_list_is_complete_with_all_pages_and_all_offers() {
    let mut raise = input(9_000, beat(10));
    assert_change(&raise, 9_990, &["BEAT_LOWEST", "FIRST_SCENARIO"]);
    let held = ["BEAT_LOWEST", "FIRST_SCENARIO", "INCOMPLETE_MARKET"];
    raise.market.as_mut().unwrap().total = 5;
    let decision = assert_hold(&raise, &held);
    assert_eq!(decision.place, None);
    raise.market.as_mut().unwrap().total = 4;
    raise.market.as_mut().unwrap().complete = false;
    assert_hold(&raise, &held);
    // It may still lower.
    let mut lower = input(10_500, beat(10));
    lower.market.as_mut().unwrap().complete = false;
    let decision = assert_change(&lower, 9_990, &["BEAT_LOWEST"]);
    assert_eq!(decision.place, None);
    // Read but stale: explained, without a place.
    let mut stale = input(10_500, beat(10));
    stale.now += TimeDelta::seconds(121);
    let decision = decide(&stale);
    assert_eq!((decision.place, decision.removed.len()), (None, 1));
}

#[test]
fn an_unreadable_row_or_an_outlier_spoils_the_proof_of_being_alone() {
    let alone = |more: Vec<Offer>| {
        let mut offers = vec![offer("US", 10_000)];
        offers.extend(more);
        let mut input = with_offers(input(10_000, beat(10)), offers);
        input.product.alone_streak = 9;
        input
    };
    assert!(assert_change(&alone(vec![]), 10_500, &["ALONE_SCENARIO"]).alone);
    for spoiler in [
        Offer::default(),
        Offer {
            price: None,
            ..offer("A", 1)
        },
        offer("SISTER", 10_000),
    ] {
        let decision = assert_hold(&alone(vec![spoiler]), &["ALONE_UNPROVEN"]);
        assert!(!decision.alone);
    }
    let mut decoys = alone(vec![offer("A", 5)]);
    decoys.economics = Some(economics(5_000, 0, Parcel::City1kg));
    let decision = assert_hold(&decoys, &["ALONE_UNPROVEN"]);
    assert!(!decision.alone && decision.flags == ["attention", "outlier"]);
    // Ours is missing; ours has no price; the list is incomplete.
    let mut gone = alone(vec![]);
    gone.market = Some(market(vec![offer("SISTER", 9_000)]));
    assert_hold(&gone, &["OWN_OFFER_ABSENT"]);
    gone.market = Some(market(vec![
        Offer {
            price: Some(0),
            ..offer("US", 1)
        },
        offer("SISTER", 1),
    ]));
    assert_hold(&gone, &["OWN_OFFER_ABSENT"]);
    let mut partial = alone(vec![]);
    partial.market.as_mut().unwrap().complete = false;
    assert_hold(&partial, &["INCOMPLETE_MARKET"]);
    // Rivals that the filters leave out do not spoil it.
    let mut ignored = alone(vec![offer("A", 9_000)]);
    ignored.rule.filters.ignore = vec!["A".into()];
    assert_change(&ignored, 10_500, &["ALONE_SCENARIO"]);
}

#[test]
fn alone_by_choice() {
    let mut alone = with_offers(input(10_000, beat(10)), vec![offer("US", 10_000)]);
    alone.product.alone_streak = 2;
    alone.limits.ceiling = Some(Tenge(10_400));
    let decision = assert_change(&alone, 10_400, &["ALONE_SCENARIO"]);
    assert_eq!(decision.target, Some(Tenge(10_400)));
    alone.rule.scenarios.alone = AloneChoice::Hold;
    assert_hold(&alone, &["ALONE_SCENARIO"]);
    alone.rule.scenarios.alone = AloneChoice::Ceiling;
    alone.limits.ceiling = Some(Tenge(12_000));
    assert_change(&alone, 12_000, &["ALONE_SCENARIO"]);
    alone.limits.ceiling = None;
    let decision = assert_hold(&alone, &["ALONE_SCENARIO", "NO_CEILING"]);
    assert_eq!((decision.target, decision.flags), (None, vec!["ceiling_missing"]));
    // Before a fallback and before "roomy".
    alone.limits.ceiling = Some(Tenge(12_000));
    alone.rule.scenarios.alone = AloneChoice::Raise;
    alone.rule.strategy = Strategy::HoldPlace {
        place: 3,
        step: Amount::ONE,
    };
    assert_change(&alone, 10_500, &["ALONE_SCENARIO"]);
    alone.rule.strategy = Strategy::Follow {
        merchants: vec!["A".into()],
        delta: Amount::ZERO,
        fallback: Some(Box::new(Strategy::Fixed { price: 5_000 })),
    };
    assert_change(&alone, 10_500, &["ALONE_SCENARIO"]);
}

#[test]
fn scenarios_at_floor_and_ceiling_by_choice() {
    let mut at = input(10_600, beat(10));
    at.limits = limits(10_000, 20_000);
    let codes = ["BEAT_LOWEST", "AT_FLOOR_SCENARIO"];
    at.rule.scenarios.leader_at_floor = AtFloorChoice::Hold;
    assert_hold(&at, &codes);
    at.rule.scenarios.leader_at_floor = AtFloorChoice::Ceiling;
    assert_change(&at, 20_000, &codes);

    let mut below = input(10_600, beat(10));
    below.limits = limits(10_100, 20_000);
    below.rule.scenarios.leader_below_floor = BelowFloorChoice::Ceiling;
    assert_change(&below, 20_000, &["BEAT_LOWEST", "BELOW_FLOOR_SCENARIO"]);
    below.limits.ceiling = None;
    assert_hold(&below, &["BEAT_LOWEST", "BELOW_FLOOR_SCENARIO", "NO_CEILING"]);
    // By the rule's own step.
    below.limits.ceiling = Some(Tenge(20_000));
    below.rule.scenarios.leader_below_floor = BelowFloorChoice::Reachable;
    below.rule.strategy = Strategy::MatchLowest;
    assert_change(&below, 10_399, &["MATCH_LOWEST", "BELOW_FLOOR_SCENARIO"]);

    let mut above = input(9_000, beat(10));
    above.limits.ceiling = Some(Tenge(9_500));
    let codes = ["BEAT_LOWEST", "ABOVE_CEILING_SCENARIO", "FIRST_SCENARIO"];
    let decision = assert_change(&above, 9_500, &codes);
    assert_eq!(decision.target, Some(Tenge(9_990)));
    above.rule.scenarios.leader_above_ceiling = AboveCeilingChoice::Hold;
    assert_hold(&above, &codes[..2]);
    above.rule.scenarios.leader_above_ceiling = AboveCeilingChoice::Ceiling;
    above.rule.scenarios.first = FirstChoice::Hold;
    assert_hold(&above, &codes);
}

#[test]
fn first_is_not_asked_of_strategies_without_a_place() {
    let mut average = input(
        9_000,
        Strategy::Average {
            count: 1,
            delta: Amount::Tenge(-10),
        },
    );
    average.rule.scenarios.first = FirstChoice::Hold;
    assert_change(&average, 9_990, &["AVERAGE"]);
    let mut capture = input(
        9_000,
        Strategy::CaptureGap {
            step: Amount::Tenge(10),
            min_gain: 1,
        },
    );
    capture.rule.scenarios.first = FirstChoice::Hold;
    assert_change(&capture, 9_990, &["CAPTURE_GAP"]);
}

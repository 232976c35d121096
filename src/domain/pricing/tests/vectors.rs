//! The vectors of the pricing rules, row by row.

use super::*;

fn hold_place(place: i64, step: i64) -> Strategy {
    Strategy::HoldPlace {
        place,
        step: Amount::Tenge(step),
    }
}

fn smart(step: i64) -> Strategy {
    Strategy::SmartMatch {
        step: Amount::Tenge(step),
    }
}

#[test]
fn st1_beats_the_lowest() {
    let decision = assert_change(&input(10_500, beat(10)), 9_990, &["BEAT_LOWEST"]);
    assert_eq!(
        (
            decision.place,
            decision.target,
            decision.best_rival,
            decision.competitors
        ),
        (Some(1), Some(Tenge(9_990)), Some(Tenge(10_000)), 3)
    );
    assert_keep(&input(9_995, beat(10)), &["BEAT_LOWEST", "PLACE_HELD"]);
    let share = Strategy::BeatLowest {
        step: Amount::Percent(percent("0.101")),
    };
    assert_change(&input(10_500, share), 9_989, &["BEAT_LOWEST"]);
}

#[test]
fn st1_at_and_below_the_floor() {
    let at = |floor| Input {
        limits: limits(floor, 100_000),
        ..input(10_600, beat(10))
    };
    let decision = assert_change(&at(9_995), 9_995, &["BEAT_LOWEST", "FLOOR_REACHED"]);
    assert_eq!((decision.place, decision.flags), (Some(1), vec!["floor"]));

    let decision = assert_change(&at(10_000), 10_000, &["BEAT_LOWEST", "AT_FLOOR_SCENARIO"]);
    assert_eq!(decision.place, Some(2));
    let mut better = at(10_000);
    better.product.rating = rating("4.9");
    assert_eq!(decide(&better).place, Some(1));

    let below = ["BEAT_LOWEST", "BELOW_FLOOR_SCENARIO"];
    let decision = assert_change(&at(10_100), 10_390, &below);
    assert_eq!(decision.place, Some(2));
    let mut floor = at(10_100);
    floor.rule.scenarios.leader_below_floor = BelowFloorChoice::Floor;
    assert_change(&floor, 10_100, &below);
    floor.rule.scenarios.leader_below_floor = BelowFloorChoice::Hold;
    assert_hold(&floor, &below);
}

#[test]
fn st2_matches() {
    let decision = assert_change(&input(10_500, Strategy::MatchLowest), 10_000, &["MATCH_LOWEST"]);
    assert_eq!(decision.place, Some(2));
}

#[test]
fn st3_matches_only_with_a_better_rating() {
    let mut better = input(10_500, smart(10));
    better.product.rating = rating("4.9");
    let decision = assert_change(&better, 10_000, &["SMART_MATCH"]);
    assert_eq!(decision.place, Some(1));

    let mut worse = input(10_500, smart(10));
    worse.product.rating = rating("4.7");
    assert_change(&worse, 9_990, &["SMART_MATCH"]);
    worse.rule.strategy = Strategy::MatchLowest;
    assert_eq!(decide(&worse).place, Some(2));
    // Equal ratings do not win.
    worse.rule.strategy = smart(10);
    worse.product.rating = rating("4.8");
    assert_change(&worse, 9_990, &["SMART_MATCH"]);
}

#[test]
fn st4_holds_a_place() {
    let decision = assert_change(&input(10_500, hold_place(2, 10)), 10_390, &["HOLD_PLACE"]);
    assert_eq!(decision.place, Some(2));
    let decision = assert_change(&input(10_500, hold_place(2, 500)), 10_001, &["HOLD_PLACE"]);
    assert_eq!(decision.place, Some(2));
    let roomy = ["HOLD_PLACE", "ROOMY_SCENARIO"];
    assert_hold(&input(10_500, hold_place(5, 10)), &roomy);
    let mut ceiling = input(10_500, hold_place(5, 10));
    ceiling.rule.scenarios.roomy = RoomyChoice::Ceiling;
    ceiling.limits.ceiling = Some(Tenge(20_000));
    assert_change(&ceiling, 20_000, &roomy);
    ceiling.limits.ceiling = None;
    let decision = assert_hold(&ceiling, &["HOLD_PLACE", "ROOMY_SCENARIO", "NO_CEILING"]);
    assert_eq!(decision.flags, ["ceiling_missing"]);
    let mut partial = input(10_500, hold_place(5, 10));
    partial.market.as_mut().unwrap().complete = false;
    assert_hold(&partial, &["HOLD_PLACE", "INCOMPLETE_MARKET"]);
}

#[test]
fn st5_sits_behind_the_leader() {
    let behind = |gap| Strategy::BehindLeader {
        gap: Amount::Tenge(gap),
        step: Amount::Tenge(10),
    };
    let decision = assert_change(&input(10_500, behind(10)), 10_010, &["BEHIND_LEADER"]);
    assert_eq!(decision.place, Some(2));
    assert_keep(&input(10_300, behind(10)), &["BEHIND_LEADER", "PLACE_HELD"]);
    // Never behind the second.
    assert_change(&input(10_500, behind(1_000)), 10_390, &["BEHIND_LEADER"]);
    // Leader and second at the same price: not before the leader.
    let tied = with_offers(
        input(10_500, behind(5)),
        vec![offer("C1", 10_000), offer("C2", 10_003), offer("US", 10_500)],
    );
    assert_change(&tied, 10_000, &["BEHIND_LEADER"]);
}

#[test]
fn st6_takes_the_best_place_in_reach() {
    let reach = Strategy::BestReachable {
        max_place: 20,
        step: Amount::Tenge(10),
    };
    let mut at = input(10_500, reach.clone());
    at.limits = limits(10_200, 100_000);
    let decision = assert_change(&at, 10_390, &["BEST_REACHABLE"]);
    assert_eq!((decision.place, decision.target), (Some(2), Some(Tenge(10_390))));
    at.rule.strategy = Strategy::BestReachable {
        max_place: 1,
        step: Amount::Tenge(10),
    };
    let none = ["BEST_REACHABLE", "BELOW_FLOOR_SCENARIO", "NO_REACHABLE_PLACE"];
    let decision = assert_hold(&at, &none);
    assert_eq!(decision.target, None);
    at.rule.scenarios.leader_below_floor = BelowFloorChoice::Floor;
    assert_change(&at, 10_200, &none[..2]);
}

#[test]
fn st7_follows_the_chosen() {
    let follow = |merchants: &[&str], delta, fallback: Option<Strategy>| Strategy::Follow {
        merchants: merchants.iter().map(|m| (*m).to_owned()).collect(),
        delta,
        fallback: fallback.map(Box::new),
    };
    let by = |strategy| input(10_500, strategy);
    assert_change(
        &by(follow(&["C2", "C3"], Amount::Tenge(-30), None)),
        10_370,
        &["FOLLOW"],
    );
    assert_change(
        &by(follow(&["C3"], Amount::Percent(percent("-10")), None)),
        9_900,
        &["FOLLOW"],
    );
    let absent = |fallback| by(follow(&["X"], Amount::ZERO, fallback));
    assert_hold(&absent(None), &["FOLLOW", "FOLLOWED_ABSENT"]);
    assert_change(
        &absent(Some(beat(10))),
        9_990,
        &["FOLLOW", "FOLLOW_FALLBACK", "BEAT_LOWEST"],
    );
    assert_change(
        &absent(Some(Strategy::Fixed { price: 10_100 })),
        10_100,
        &["FOLLOW", "FOLLOW_FALLBACK", "FIXED"],
    );
    assert_hold(
        &absent(Some(Strategy::Alone {
            up_percent: percent("5"),
        })),
        &["FOLLOW", "FOLLOW_FALLBACK", "ALONE", "NOT_ALONE"],
    );
    let mut partial = absent(Some(beat(10)));
    partial.market.as_mut().unwrap().complete = false;
    assert_hold(&partial, &["FOLLOW", "INCOMPLETE_MARKET"]);
    // The fallback goes by the same competitors, of whom there are none.
    let mut chosen = absent(Some(beat(10)));
    chosen.rule.filters.only = Some(vec!["X".into()]);
    assert_hold(&chosen, &["FOLLOW", "FOLLOW_FALLBACK", "NO_CHOSEN"]);
    chosen.rule.strategy = follow(&["X"], Amount::ZERO, Some(Strategy::TargetMargin));
    assert_refuse(&chosen, &["NO_ECONOMICS"]);
    // A fallback that reads no offers does not make a raise free of evidence.
    let mut raise = absent(Some(Strategy::Fixed { price: 11_000 }));
    raise.market.as_mut().unwrap().offers.pop();
    raise.market.as_mut().unwrap().total = 3;
    assert_hold(
        &raise,
        &["FOLLOW", "FOLLOW_FALLBACK", "FIXED", "OWN_OFFER_ABSENT"],
    );
}

#[test]
fn st8_takes_the_mean() {
    let average = |count, delta| Strategy::Average { count, delta };
    let decision = assert_change(&input(10_500, average(3, Amount::ZERO)), 10_466, &["AVERAGE"]);
    assert_eq!(decision.place, Some(3));
    assert_change(
        &input(10_500, average(2, Amount::Tenge(-1))),
        10_199,
        &["AVERAGE"],
    );
    // Fewer present: their mean.
    assert_change(&input(10_500, average(20, Amount::ZERO)), 10_466, &["AVERAGE"]);
}

#[test]
fn st9_captures_the_gap() {
    let capture = Strategy::CaptureGap {
        step: Amount::Tenge(10),
        min_gain: 50,
    };
    assert_change(&input(9_000, capture.clone()), 9_990, &["CAPTURE_GAP"]);
    let decision = assert_hold(&input(9_960, capture.clone()), &["CAPTURE_GAP", "GAP_SMALL"]);
    assert_eq!(decision.target, Some(Tenge(9_990)));
    assert_keep(&input(9_990, capture.clone()), &["CAPTURE_GAP", "ALREADY_RIGHT"]);
    let decision = assert_hold(&input(10_500, capture.clone()), &["CAPTURE_GAP", "NOT_FIRST"]);
    assert_eq!(decision.target, None);
    let mut careful = input(9_000, capture);
    careful.rule.motion = Motion::default();
    assert_change(&careful, 9_900, &["CAPTURE_GAP", "STEP_LIMIT"]);
}

#[test]
fn st10_and_the_scenario_need_the_proof_of_three_snapshots() {
    let mut alone = with_offers(input(10_000, beat(10)), vec![offer("US", 10_000)]);
    alone.product.alone_streak = 2;
    assert_change(&alone, 10_500, &["ALONE_SCENARIO"]);
    alone.product.alone_streak = 1;
    assert_hold(&alone, &["ALONE_UNPROVEN"]);
    alone.rule.strategy = Strategy::Alone {
        up_percent: percent("7.77"),
    };
    assert_hold(&alone, &["ALONE_UNPROVEN"]);
    alone.product.alone_streak = 2;
    assert_change(&alone, 10_777, &["ALONE"]);
    assert_hold(
        &input(
            10_000,
            Strategy::Alone {
                up_percent: percent("5"),
            },
        ),
        &["ALONE", "NOT_ALONE"],
    );
}

#[test]
fn st11_and_st12_read_no_offers() {
    let fixed = unread(10_500, Strategy::Fixed { price: 9_876 });
    assert_change(&fixed, 9_876, &["FIXED"]);
    let mut margin = unread(5_000, Strategy::TargetMargin);
    assert_refuse(&margin, &["NO_ECONOMICS"]);
    margin.economics = Some(economics(3_000, 300, Parcel::City1kg));
    margin.limits = limits(None, 20_000);
    // 5 000 earns no more than 4 999.
    assert_change(&margin, 4_179, &["TARGET_MARGIN"]);
}

#[test]
fn repairs_need_no_market() {
    let mut low = unread(90, beat(10));
    low.limits = limits(100, None);
    assert_change(&low, 100, &["BOUND_REPAIR"]);
    let mut high = unread(200, beat(10));
    high.limits = limits(50, 100);
    let decision = assert_hold(&high, &["BOUND_REPAIR", "QUARANTINE"]);
    assert_eq!(decision.flags, ["attention", "quarantine"]);
}

#[test]
fn no_offers_are_no_evidence() {
    assert_hold(&with_offers(input(10_500, beat(10)), vec![]), &["NO_EVIDENCE"]);
    let unread = unread(10_500, beat(10));
    let decision = assert_hold(&unread, &["NO_EVIDENCE"]);
    assert!(!decision.alone, "the counter must not go on");
}

#[test]
fn own_stores_alone_never_count() {
    let mut own = with_offers(
        input(10_000, beat(10)),
        vec![offer("US", 10_000), offer("SISTER", 9_000)],
    );
    own.product.alone_streak = 9;
    let decision = assert_hold(&own, &["ALONE_UNPROVEN"]);
    assert!(decision.removed.iter().all(|r| r.reason == "own"));
    // Only the sister's row and rivals: no raise.
    let sister = with_offers(
        input(9_000, beat(10)),
        vec![offer("SISTER", 9_000), offer("C1", 10_000)],
    );
    let decision = assert_hold(&sister, &["BEAT_LOWEST", "FIRST_SCENARIO", "OWN_OFFER_ABSENT"]);
    assert_eq!(decision.flags, ["attention", "own_absent"]);
    // Our own row at c, twice: no rival.
    let mut twice = input(10_500, beat(10));
    twice.market.as_mut().unwrap().offers.push(offer("US", 10_500));
    assert_change(&twice, 9_990, &["BEAT_LOWEST"]);
}

#[test]
fn nobody_of_the_chosen_is_not_alone() {
    let mut chosen = input(10_500, beat(10));
    chosen.rule.filters.only = Some(vec!["X".into()]);
    chosen.product.alone_streak = 9;
    let decision = assert_hold(&chosen, &["NO_CHOSEN"]);
    assert!(!decision.alone);
}

#[test]
fn a_single_rival_below_the_floor_is_let_go() {
    let mut only = with_offers(input(200, beat(1)), vec![offer("C1", 50), offer("US", 200)]);
    only.limits = limits(100, 100_000);
    let below = ["BEAT_LOWEST", "BELOW_FLOOR_SCENARIO"];
    assert_hold(&only, &[below[0], below[1], "NO_REACHABLE_PLACE"]);
    only.rule.scenarios.leader_below_floor = BelowFloorChoice::Floor;
    let decision = assert_hold(&only, &[below[0], below[1], "QUARANTINE"]);
    assert_eq!(decision.flags, ["attention", "quarantine"]);
}

fn zone(current: i64, target: i64, (cost, goal, parcel): (i64, i64, Parcel)) -> Input {
    let mut input = unread(current, Strategy::Fixed { price: target });
    input.rule.motion = Motion::default();
    input.limits = limits(None, 20_000);
    input.economics = Some(economics(cost, goal, parcel));
    input
}

#[test]
fn zones_are_crossed_within_day_and_quarantine() {
    let light = (500, 0, Parcel::City1kg);
    let crossed = ["FIXED", "STEP_LIMIT", "ZONE_CROSSED"];
    assert_change(&zone(999, 1_300, light), 1_137, &crossed);
    let mut day = zone(999, 1_300, light);
    day.product.opening_price = Some(Tenge(900));
    let limited = ["FIXED", "STEP_LIMIT", "DAY_LIMIT"];
    let decision = assert_hold(&day, &limited);
    assert_eq!(decision.flags, ["attention"]);

    assert_change(
        &zone(5_700, 4_900, (3_000, 300, Parcel::City1kg)),
        4_999,
        &crossed,
    );

    let heavy = (3_000, 300, Parcel::Country25kg);
    let decision = assert_hold(&zone(9_999, 15_000, heavy), &limited);
    assert_eq!(decision.flags, ["attention"]);
    assert_change(&zone(9_800, 15_000, heavy), 9_999, &limited);
    assert_change(&zone(14_000, 9_900, heavy), 13_843, &limited);
    let mut later = zone(13_843, 9_900, heavy);
    later.product.opening_price = Some(Tenge(14_000));
    let decision = assert_hold(&later, &limited);
    assert_eq!(decision.flags, ["attention"]);
}

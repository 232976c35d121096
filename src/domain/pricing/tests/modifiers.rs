//! What quiet hours and price wars make of a decision.

use chrono::TimeDelta;

use super::*;

/// A war with this rival that began when we asked `from`.
fn at_war(rival: &str, from: i64) -> War {
    let duel = Duel {
        exchanges: 4,
        from: Tenge(from),
        drop: Tenge(300),
        usual_undercut: Tenge(10),
        answer_seconds: 300,
        lowest_answered: Tenge(from - 300),
        bot: true,
    };
    War {
        rival: rival.to_owned(),
        since: now() - TimeDelta::hours(2),
        last_at: now() - TimeDelta::hours(1),
        from: Tenge(from),
        duel,
        resets: 0,
    }
}

/// The market of the vectors at war with the cheapest rival, which asks 10 000.
fn war_with_c1(strategy: Strategy, choice: WarChoice) -> Input {
    let mut input = input(10_500, strategy);
    input.wars = vec![at_war("C1", 10_800)];
    input.rule.war = choice;
    input
}

fn all_week(action: WindowAction) -> Vec<Window> {
    vec![Window {
        days: Weekday::ALL.to_vec(),
        from: TimeOfDay::new(0, 0),
        to: TimeOfDay::new(24, 0),
        action,
    }]
}

/// Open at every moment of a test.
fn every_night() -> Option<NightReset> {
    // Now is an afternoon in Almaty.
    Some(NightReset {
        from: TimeOfDay::new(0, 1),
        to: TimeOfDay::new(24, 0),
    })
}

#[test]
fn a_rival_at_war_is_matched_and_not_undercut() {
    assert_change(&war_with_c1(beat(10), WarChoice::Off), 9_990, &["BEAT_LOWEST"]);
    assert_change(
        &war_with_c1(beat(10), WarChoice::Match),
        10_000,
        &["WAR_MATCH", "BEAT_LOWEST"],
    );
    let mut there = war_with_c1(beat(10), WarChoice::Match);
    there.product.price = Tenge(10_000);
    assert_keep(&there, &["WAR_MATCH", "BEAT_LOWEST", "ALREADY_RIGHT"]);
    // Others are undercut as before.
    let second = Strategy::HoldPlace {
        place: 2,
        step: Amount::Tenge(10),
    };
    assert_change(
        &war_with_c1(second, WarChoice::Match),
        10_390,
        &["WAR_MATCH", "HOLD_PLACE"],
    );
    // What undercuts nobody is not changed.
    assert_change(
        &war_with_c1(Strategy::MatchLowest, WarChoice::Match),
        10_000,
        &["MATCH_LOWEST"],
    );
    let fixed = Strategy::Fixed { price: 10_300 };
    assert_change(&war_with_c1(fixed, WarChoice::Match), 10_300, &["FIXED"]);
}

#[test]
fn a_rival_at_war_may_be_left_the_first_place() {
    let yields = ["WAR_YIELD", "BEHIND_LEADER"];
    assert_change(&war_with_c1(beat(10), WarChoice::Yield), 10_001, &yields);
    let mut second = war_with_c1(beat(10), WarChoice::Yield);
    second.product.price = Tenge(10_300);
    assert_keep(&second, &["WAR_YIELD", "BEHIND_LEADER", "PLACE_HELD"]);
    let mut first = war_with_c1(beat(10), WarChoice::Yield);
    first.product.price = Tenge(9_900);
    assert_change(&first, 10_001, &["WAR_YIELD", "BEHIND_LEADER", "FIRST_SCENARIO"]);
    // Only the leader is left its place, and only by who wants it.
    let mut other = war_with_c1(beat(10), WarChoice::Yield);
    other.wars = vec![at_war("C2", 10_800)];
    assert_change(&other, 9_990, &["BEAT_LOWEST"]);
    let average = Strategy::Average {
        count: 3,
        delta: Amount::ZERO,
    };
    assert_change(&war_with_c1(average, WarChoice::Yield), 10_466, &["AVERAGE"]);
}

#[test]
fn a_war_is_over_after_a_day_or_without_the_rival() {
    let mut over = war_with_c1(beat(10), WarChoice::Match);
    over.wars[0].last_at = now() - TimeDelta::hours(24);
    assert_change(&over, 9_990, &["BEAT_LOWEST"]);
    let mut gone = war_with_c1(beat(10), WarChoice::Match);
    gone.wars[0].rival = "C9".into();
    assert_change(&gone, 9_990, &["BEAT_LOWEST"]);
    let mut ignored = war_with_c1(beat(10), WarChoice::Match);
    ignored.rule.filters.ignore = vec!["C1".into()];
    assert_change(&ignored, 10_390, &["BEAT_LOWEST"]);
}

#[test]
fn in_quiet_hours_the_price_rests() {
    let mut quiet = input(10_500, beat(10));
    quiet.rule.schedule = all_week(WindowAction::Hold);
    let held = assert_hold(&quiet, &["QUIET_HOURS"]);
    assert_eq!((held.target, held.suggestion), (None, false));
    quiet.rule.strategy = Strategy::Fixed { price: 10_300 };
    assert_hold(&quiet, &["QUIET_HOURS"]);
    quiet.rule.schedule = all_week(WindowAction::Normal);
    assert_change(&quiet, 10_300, &["FIXED"]);

    // Nothing goes before a repair, and a person's lock and an empty shelf go before everything.
    let mut outside = input(10_500, beat(10));
    outside.rule.schedule = all_week(WindowAction::Hold);
    outside.limits = limits(10_600, 12_000);
    assert_change(&outside, 10_600, &["BOUND_REPAIR"]);
    outside.product.stock = Some(0);
    assert_hold(&outside, &["OUT_OF_STOCK"]);
}

#[test]
fn suggestions_are_decided_and_marked() {
    let mut hours = input(10_500, beat(10));
    assert!(!decide(&hours).suggestion);
    hours.rule.schedule = all_week(WindowAction::Suggest);
    let decision = assert_change(&hours, 9_990, &["SUGGESTIONS_ONLY", "BEAT_LOWEST"]);
    assert!(decision.suggestion);
    hours.limits = limits(10_600, 12_000);
    assert!(
        !assert_change(&hours, 10_600, &["BOUND_REPAIR"]).suggestion,
        "a repair is sent"
    );
}

#[test]
fn by_night_a_war_may_be_left_upwards() {
    let night = |current: i64| {
        let mut input = war_with_c1(beat(10), WarChoice::Match);
        input.product.price = Tenge(current);
        for offer in &mut input.market.as_mut().unwrap().offers {
            if offer.merchant.as_deref() == Some("US") {
                offer.price = Some(current);
            }
        }
        input.rule.night_reset = every_night();
        input
    };
    let codes = ["NIGHT_RESET", "FIXED"];
    assert_change(&night(10_000), 10_800, &codes);
    // Up there it waits, whatever the rival does, until the night is over.
    assert_keep(&night(10_800), &["NIGHT_RESET", "FIXED", "ALREADY_RIGHT"]);
    assert_keep(&night(10_900), &["NIGHT_RESET", "FIXED", "ALREADY_RIGHT"]);
    let mut low = night(10_000);
    low.limits = limits(10, 10_300);
    assert_change(&low, 10_300, &codes);
    let mut slow = night(9_000);
    slow.rule.motion = Motion::default();
    assert_change(&slow, 9_900, &["NIGHT_RESET", "FIXED", "STEP_LIMIT"]);

    // Not by day, not without the rule's word, not against who does not follow, never on less proof than a raise.
    let matches = ["WAR_MATCH", "BEAT_LOWEST", "ALREADY_RIGHT"];
    let mut day = night(10_000);
    day.rule.night_reset = Some(NightReset {
        from: TimeOfDay::new(0, 0),
        to: TimeOfDay::new(0, 1),
    });
    assert_keep(&day, &matches);
    let mut unwanted = night(10_000);
    unwanted.rule.night_reset = None;
    assert_keep(&unwanted, &matches);
    let mut stubborn = night(10_000);
    stubborn.wars[0].resets = 2;
    assert_keep(&stubborn, &matches);
    let mut partial = night(10_000);
    partial.market.as_mut().unwrap().complete = false;
    assert_keep(&partial, &matches);
    let mut stale = night(10_000);
    stale.market.as_mut().unwrap().taken_at = now() - TimeDelta::seconds(121);
    assert_hold(&stale, &["STALE_MARKET"]);
    let mut absent = night(10_000);
    absent.market.as_mut().unwrap().offers.pop();
    absent.market.as_mut().unwrap().total = 3;
    assert_keep(&absent, &matches);
    let mut open = night(10_000);
    open.limits = limits(10, None);
    assert_keep(&open, &matches);
}

#[test]
fn what_is_not_used_is_not_written() {
    let plain = serde_json::to_value(input(10_500, beat(10))).unwrap();
    for name in ["wars", "own_stores"] {
        assert!(plain.get(name).is_none(), "{name}");
    }
    for name in ["war", "schedule", "night_reset"] {
        assert!(plain["rule"].get(name).is_none(), "{name}");
    }
    let mut used = war_with_c1(beat(10), WarChoice::Yield);
    used.rule.night_reset = Some(NightReset::default());
    used.rule.schedule = all_week(WindowAction::Normal);
    let stored = serde_json::to_value(&used).unwrap();
    assert_eq!(Input::from_stored(DECISION_VERSION, &stored).unwrap(), used);
    assert_eq!(
        stored["rule"]["night_reset"],
        serde_json::json!({"from": "02:00", "to": "05:00"})
    );
    assert_eq!(stored["rule"]["schedule"][0]["to"], "24:00");
    // It can be decided again from the shell.
    let mut line = stored;
    line["id"] = "w".into();
    let mut out = Vec::new();
    assert!(super::super::wire::answer_decide(
        line.to_string().as_bytes(),
        1,
        &mut out
    ));
    let answer: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(answer["reasons"], serde_json::json!(decide(&used).reasons));
    for (path, value) in [
        ("/rule/war", serde_json::json!("attack")),
        ("/rule/schedule/0/days/0", serde_json::json!("someday")),
        ("/rule/schedule/0/from", serde_json::json!("25:00")),
        ("/wars/0/duel/exchanges", serde_json::json!(-1)),
        ("/wars/0/rival", serde_json::json!("")),
        ("/wars/0/resets", serde_json::json!(-1)),
    ] {
        let mut wrong = line.clone();
        *wrong.pointer_mut(path).unwrap() = value;
        assert!(
            !super::super::wire::answer_decide(wrong.to_string().as_bytes(), 1, &mut Vec::new()),
            "{path}"
        );
    }
    line["rule"]["schedule"][0]["colour"] = "red".into();
    assert!(!super::super::wire::answer_decide(
        line.to_string().as_bytes(),
        1,
        &mut Vec::new()
    ));
}

//! Tests of the deciding function: tables of cases, and properties over random markets.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::{Decision, Input, Limits, Market, Offer, Product, Rule, decide};
use crate::domain::{Outcome, Tenge, percent::Percent};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_000_000, 0).unwrap()
}

fn offer(merchant: &str, price: i64, rating_centi: i32) -> Offer {
    Offer {
        merchant: Some(merchant.into()),
        price: Some(price),
        rating_centi: Some(rating_centi),
        preorder_days: 0,
    }
}

/// The market of the design's test vectors: three rivals and ourselves, list complete and fresh, limits wide.
fn input(current: i64) -> Input {
    let mut offers = vec![
        offer("C1", 10_000, 480),
        offer("C2", 10_400, 450),
        offer("C3", 11_000, 490),
    ];
    offers.push(offer("US", current, 0));
    Input {
        now: now(),
        product: Product {
            merchant: "US".into(),
            price: Tenge(current),
            stock: Some(5),
            preorder_days: 0,
            rating_centi: None,
            alone_streak: 0,
            last_change_at: None,
            opening_price: None,
            changes_today: 0,
            locked_until: None,
        },
        own_merchants: vec!["US".into(), "SISTER".into()],
        limits: Limits {
            floor: Some(Tenge(10)),
            ceiling: Some(Tenge(100_000)),
        },
        rule: Rule {
            step: Tenge(10),
            max_down_percent: Percent::whole(100),
            max_up_percent: Percent::whole(100),
            max_day_percent: Percent::whole(100),
            ..Rule::default()
        },
        market: Some(Market {
            taken_at: now(),
            complete: true,
            total: 4,
            offers,
        }),
        market_max_age_seconds: 120,
    }
}

fn with_offers(mut input: Input, offers: Vec<Offer>) -> Input {
    let total = i64::try_from(offers.len()).unwrap();
    input.market = Some(Market {
        taken_at: now(),
        complete: true,
        total,
        offers,
    });
    input
}

fn codes(decision: &Decision) -> Vec<&str> {
    decision.reasons.iter().map(|r| r.code.as_str()).collect()
}

#[track_caller]
fn assert_decides(input: &Input, outcome: Outcome, price: Option<i64>, expected: &[&str]) -> Decision {
    let decision = decide(input);
    assert_eq!(
        (decision.outcome, decision.price.map(|p| p.0), codes(&decision)),
        (outcome, price, expected.to_vec())
    );
    decision
}

#[test]
fn the_lowest_is_beaten_by_the_step() {
    let decision = assert_decides(&input(10_500), Outcome::Change, Some(9_990), &["BEAT_LOWEST"]);
    assert_eq!(
        (decision.place, decision.best_rival, decision.competitors),
        (Some(1), Some(Tenge(10_000)), 3)
    );
}

#[test]
fn a_place_held_already_is_not_paid_for() {
    // 9 995 is first already.
    assert_decides(&input(9_995), Outcome::Keep, None, &["BEAT_LOWEST", "PLACE_HELD"]);
}

#[test]
fn the_floor_ends_the_descent() {
    let mut at = input(10_600);
    at.limits.floor = Some(Tenge(9_995));
    let decision = assert_decides(
        &at,
        Outcome::Change,
        Some(9_995),
        &["BEAT_LOWEST", "FLOOR_REACHED"],
    );
    assert_eq!(
        (decision.place, decision.flags),
        (Some(1), vec!["floor".to_owned()])
    );

    at.limits.floor = Some(Tenge(10_000));
    let decision = assert_decides(
        &at,
        Outcome::Change,
        Some(10_000),
        &["BEAT_LOWEST", "AT_FLOOR_SCENARIO"],
    );
    assert_eq!(decision.place, Some(2));

    at.limits.floor = Some(Tenge(10_100));
    let decision = assert_decides(
        &at,
        Outcome::Change,
        Some(10_390),
        &["BEAT_LOWEST", "BELOW_FLOOR_SCENARIO"],
    );
    assert_eq!(decision.place, Some(2));
}

#[test]
fn a_single_rival_below_the_floor_is_let_go() {
    let mut alone = with_offers(input(200), vec![offer("C1", 50, 0), offer("US", 200, 0)]);
    alone.limits.floor = Some(Tenge(100));
    assert_decides(
        &alone,
        Outcome::Hold,
        None,
        &["BEAT_LOWEST", "BELOW_FLOOR_SCENARIO", "NO_REACHABLE_PLACE"],
    );
}

#[test]
fn without_a_floor_nothing_is_touched() {
    for floor in [None, Some(Tenge(0))] {
        let mut without = input(10_500);
        without.limits.floor = floor;
        assert_decides(&without, Outcome::Refuse, None, &["NO_FLOOR"]);
    }
    let mut inverted = input(10_500);
    inverted.limits = Limits {
        floor: Some(Tenge(200)),
        ceiling: Some(Tenge(100)),
    };
    assert_decides(&inverted, Outcome::Refuse, None, &["INVERTED_LIMITS"]);
}

#[test]
fn no_evidence_means_no_decision() {
    let mut unread = input(10_500);
    unread.market = None;
    assert_decides(&unread, Outcome::Hold, None, &["NO_EVIDENCE"]);
    assert_decides(
        &with_offers(input(10_500), vec![]),
        Outcome::Hold,
        None,
        &["NO_EVIDENCE"],
    );

    let mut stale = input(10_500);
    stale.now += TimeDelta::seconds(121);
    assert_decides(&stale, Outcome::Hold, None, &["STALE_MARKET"]);
    stale.now -= TimeDelta::seconds(127);
    assert_decides(&stale, Outcome::Hold, None, &["STALE_MARKET"]);
}

#[test]
fn own_stores_are_never_competitors() {
    let own = with_offers(
        input(10_000),
        vec![offer("US", 10_000, 0), offer("SISTER", 9_000, 0)],
    );
    let decision = assert_decides(&own, Outcome::Hold, None, &["ALONE_UNPROVEN"]);
    assert!(decision.removed.iter().all(|r| r.reason == "own"));
}

#[test]
fn being_alone_needs_three_snapshots_and_a_ceiling() {
    let mut alone = with_offers(input(10_000), vec![offer("US", 10_000, 0)]);
    alone.product.alone_streak = 1;
    assert_decides(&alone, Outcome::Hold, None, &["ALONE_UNPROVEN"]);
    alone.product.alone_streak = 2;
    assert_decides(&alone, Outcome::Change, Some(10_500), &["ALONE_SCENARIO"]);
    alone.limits.ceiling = None;
    assert_decides(&alone, Outcome::Hold, None, &["ALONE_SCENARIO", "NO_CEILING"]);
}

#[test]
fn a_partial_list_may_lower_but_never_raise() {
    let mut partial = input(9_000);
    partial.market.as_mut().unwrap().complete = false;
    assert_decides(
        &partial,
        Outcome::Hold,
        None,
        &["BEAT_LOWEST", "FIRST_SCENARIO", "INCOMPLETE_MARKET"],
    );
    let mut partial = input(10_500);
    partial.market.as_mut().unwrap().complete = false;
    assert_decides(&partial, Outcome::Change, Some(9_990), &["BEAT_LOWEST"]);
}

#[test]
fn a_decoy_is_set_aside_and_reported() {
    let mut market = input(10_500);
    market.market.as_mut().unwrap().offers.push(offer("DECOY", 1, 0));
    market.market.as_mut().unwrap().total = 5;
    let decision = decide(&market);
    assert_eq!(
        (decision.price, decision.flags),
        (Some(Tenge(9_990)), vec!["attention".to_owned(), "outlier".into()])
    );
}

#[test]
fn a_price_outside_its_corridor_is_repaired_without_evidence() {
    let mut low = input(90);
    (low.limits, low.market) = (
        Limits {
            floor: Some(Tenge(100)),
            ceiling: None,
        },
        None,
    );
    assert_decides(&low, Outcome::Change, Some(100), &["BOUND_REPAIR"]);
    let mut high = input(200);
    (high.limits, high.market) = (
        Limits {
            floor: Some(Tenge(50)),
            ceiling: Some(Tenge(100)),
        },
        None,
    );
    let decision = assert_decides(&high, Outcome::Hold, None, &["BOUND_REPAIR", "QUARANTINE"]);
    assert_eq!(decision.flags, ["attention", "quarantine"]);
}

#[test]
fn one_run_and_one_day_move_only_so_far() {
    let mut far = input(12_000);
    far.rule = Rule {
        step: Tenge(10),
        ..Rule::default()
    };
    assert_decides(
        &far,
        Outcome::Change,
        Some(10_800),
        &["BEAT_LOWEST", "STEP_LIMIT"],
    );
    far.product.opening_price = Some(Tenge(13_600));
    assert_decides(
        &far,
        Outcome::Change,
        Some(10_880),
        &["BEAT_LOWEST", "STEP_LIMIT", "DAY_LIMIT"],
    );
    let mut very_far = input(20_000);
    very_far.rule = Rule::default();
    assert_decides(&very_far, Outcome::Hold, None, &["BEAT_LOWEST", "QUARANTINE"]);
}

#[test]
fn raises_cool_down_and_days_count() {
    let mut raise = input(9_000);
    raise.product.last_change_at = Some(now() - TimeDelta::minutes(29));
    assert_decides(
        &raise,
        Outcome::Hold,
        None,
        &["BEAT_LOWEST", "FIRST_SCENARIO", "RAISE_COOLDOWN"],
    );
    raise.product.last_change_at = Some(now() - TimeDelta::minutes(30));
    assert_decides(
        &raise,
        Outcome::Change,
        Some(9_990),
        &["BEAT_LOWEST", "FIRST_SCENARIO"],
    );
    raise.product.changes_today = 48;
    assert_decides(
        &raise,
        Outcome::Hold,
        None,
        &["BEAT_LOWEST", "FIRST_SCENARIO", "CHANGES_PER_DAY"],
    );
}

#[test]
fn a_person_and_an_empty_shelf_hold() {
    let mut locked = input(10_500);
    locked.product.locked_until = Some(now() + TimeDelta::seconds(1));
    assert_decides(&locked, Outcome::Hold, None, &["LOCKED"]);
    let mut empty = input(10_500);
    empty.product.stock = Some(0);
    assert_decides(&empty, Outcome::Hold, None, &["OUT_OF_STOCK"]);
}

#[test]
fn an_input_survives_storage_and_decides_the_same() {
    let before = input(10_500);
    let stored: Input = serde_json::from_str(&serde_json::to_string(&before).unwrap()).unwrap();
    assert_eq!(stored, before);
    assert_eq!(decide(&stored), decide(&before));
}

fn any_offer() -> impl Strategy<Value = Offer> {
    let merchant = prop::option::weighted(
        0.95,
        prop::sample::select(vec!["A", "B", "C", "D", "US", "SISTER", ""]),
    );
    let price = prop::option::weighted(
        0.95,
        prop_oneof![-5..50i64, 500..2_000i64, Just(1_000_000_000_000)],
    );
    (merchant, price, prop::option::of(0..500i32), 0..3i32).prop_map(
        |(merchant, price, rating_centi, preorder_days)| Offer {
            merchant: merchant.map(str::to_owned),
            price,
            rating_centi,
            preorder_days,
        },
    )
}

prop_compose! {
    fn any_input()(
        current in 1..2_500i64, floor in prop::option::of(0..2_000i64), ceiling in prop::option::of(0..3_000i64),
        offers in prop::collection::vec(any_offer(), 0..8), complete in any::<bool>(), age in -20..200i64,
        streak in 0..5, step in 1..50i64, rating in prop::option::of(0..500), opening in prop::option::of(1..2_500i64),
        since in prop::option::of(0..60i64), changes in 0..60i64, wide in any::<bool>(), matching in any::<bool>(),
    ) -> Input {
        let mut input = with_offers(input(current), offers);
        let market = input.market.as_mut().unwrap();
        (market.complete, market.taken_at) = (complete, now() - TimeDelta::seconds(age));
        input.limits = Limits { floor: floor.map(Tenge), ceiling: ceiling.map(Tenge) };
        if !wide {
            input.rule = Rule::default();
        }
        (input.rule.step, input.rule.match_if_better_rated) = (Tenge(step), matching);
        input.product.rating_centi = rating;
        input.product.alone_streak = streak;
        input.product.opening_price = opening.map(Tenge);
        input.product.last_change_at = since.map(|minutes| now() - TimeDelta::minutes(minutes));
        input.product.changes_today = changes;
        input
    }
}

fn cases() -> ProptestConfig {
    #[expect(
        clippy::disallowed_methods,
        reason = "the long form of the tests is chosen from outside"
    )]
    let long = std::env::var("KASPI_PANEL_TEST").is_ok_and(|v| v == "long");
    ProptestConfig {
        cases: if long { 1_000_000 } else { 10_000 },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_change_stays_inside_its_limits(input in any_input()) {
        let decision = decide(&input);
        prop_assert!(!decision.reasons.is_empty());
        prop_assert_eq!(decision.outcome == Outcome::Change, decision.price.is_some());
        if let Some(price) = decision.price {
            prop_assert!(price >= Tenge(10) && Some(price) >= input.limits.floor && input.limits.floor.is_some());
            prop_assert!(input.limits.ceiling.is_none_or(|ceiling| price <= ceiling));
            prop_assert_ne!(price, input.product.price);
        }
    }

    #[test]
    fn the_order_of_offers_does_not_matter(input in any_input(), seed in any::<u64>()) {
        let mut shuffled = input.clone();
        let offers = &mut shuffled.market.as_mut().unwrap().offers;
        let len = offers.len().max(1);
        offers.rotate_left(usize::try_from(seed % 8).unwrap() % len);
        offers.reverse();
        prop_assert_eq!(decide(&input), decide(&shuffled));
    }

    #[test]
    fn own_offers_alone_never_lower_a_price(input in any_input()) {
        let mut own = input;
        for offer in &mut own.market.as_mut().unwrap().offers {
            if offer.merchant.as_deref().is_some_and(|m| m != "US") {
                offer.merchant = Some("SISTER".into());
            }
        }
        let decision = decide(&own);
        let repair = decision.reasons.iter().any(|r| r.code == "BOUND_REPAIR");
        prop_assert!(repair || decision.price.is_none_or(|p| p > own.product.price));
    }

    #[test]
    fn without_full_evidence_a_price_never_rises(input in any_input()) {
        let mut weak = input;
        weak.market.as_mut().unwrap().complete = false;
        let decision = decide(&weak);
        let repair = decision.reasons.iter().any(|r| r.code == "BOUND_REPAIR");
        prop_assert!(repair || decision.price.is_none_or(|p| p < weak.product.price));
    }

    #[test]
    fn deciding_again_on_the_result_comes_to_rest(input in any_input()) {
        let mut input = input;
        input.product.opening_price = Some(input.product.opening_price.unwrap_or(input.product.price));
        let mut last_direction = 0;
        for _ in 0..12 {
            let decision = decide(&input);
            let Some(price) = decision.price else { return Ok(()) };
            if codes(&decision).contains(&"ALONE_SCENARIO") || codes(&decision).contains(&"BOUND_REPAIR") {
                return Ok(());
            }
            let direction = (price.0 - input.product.price.0).signum();
            prop_assert!(last_direction == 0 || direction == last_direction, "swings back");
            (last_direction, input.product.price) = (direction, price);
        }
        prop_assert!(false, "does not come to rest");
    }
}

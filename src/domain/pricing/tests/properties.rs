//! The eight rules that hold whatever the rule of a store says (pricing rules, interface, rules that hold), and
//! the money figures M-01, M-05, M-10 and M-12 of the reliability rules, over random inputs.

use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, prop_assert_ne, proptest};

use super::{super::safe_set::SafeSet, random::*, *};

fn has(decision: &Decision, code: Code) -> bool {
    decision.reasons.iter().any(|reason| reason.code == code)
}

/// A repair of a price outside the safe set.
fn is_repair(decision: &Decision) -> bool {
    has(decision, Code::BOUND_REPAIR)
}

fn safe_set(input: &Input) -> Option<SafeSet> {
    SafeSet::new(input.limits, input.economics.as_ref()).ok()
}

fn raises(input: &Input, decision: &Decision) -> bool {
    decision.price.is_some_and(|price| price > input.product.price)
}

fn lowers(input: &Input, decision: &Decision) -> bool {
    decision.price.is_some_and(|price| price < input.product.price)
}

fn reads_offers(input: &Input) -> bool {
    input.rule.strategy.reads_offers()
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn rule_1_a_change_is_a_safe_price(input in any_input()) {
        prop_assert_eq!(input.check(), Ok(()));
        let decision = decide(&input);
        prop_assert!(!decision.reasons.is_empty());
        prop_assert_eq!(decision.outcome == Outcome::Change, decision.price.is_some());
        prop_assert!(decision.flags.is_sorted() && decision.removed.is_sorted());
        if let Some(price) = decision.price {
            let set = safe_set(&input).unwrap();
            prop_assert!(set.is_undominated(price.0) && set.contains(price.0));
            prop_assert!(price >= Tenge(10) && input.limits.floor.is_none_or(|floor| price >= floor));
            prop_assert!(input.limits.ceiling.is_none_or(|ceiling| price <= ceiling));
            prop_assert_ne!(price, input.product.price);
        }
    }

    #[test]
    fn rule_2_missing_or_contradictory_limits_are_refused(input in any_input(), kind in 0..4) {
        let mut input = input;
        match kind {
            0 => (input.limits.floor, input.economics) = (None, None),
            1 => input.limits.floor = Some(Tenge(0)),
            2 => input.limits = limits(200, 199),
            _ => input.limits = limits(None, 9),
        }
        let decision = decide(&input);
        prop_assert_eq!(decision.outcome, Outcome::Refuse);
        prop_assert!(decision.removed.is_empty() && decision.place.is_none() && decision.target.is_none());
    }

    #[test]
    fn rule_3_without_a_ceiling_nothing_rises(input in any_input()) {
        let mut input = input;
        input.limits.ceiling = None;
        let decision = decide(&input);
        if raises(&input, &decision) {
            let lowest = safe_set(&input).unwrap().min();
            prop_assert!(is_repair(&decision) && input.product.price.0 < lowest);
            prop_assert_eq!(decision.price, Some(Tenge(lowest)));
        }
    }

    #[test]
    fn rule_4_own_offers_alone_never_lower_a_price(input in any_input()) {
        let mut own = input;
        for offer in own.market.iter_mut().flat_map(|market| &mut market.offers) {
            if offer.merchant.as_deref() != Some("US") {
                offer.merchant = Some("SISTER".into());
            }
        }
        let decision = decide(&own);
        prop_assert!(!reads_offers(&own) || is_repair(&decision) || !lowers(&own, &decision)
            || has(&decision, Code::FOLLOW_FALLBACK));
        prop_assert!(decision.competitors == 0);
    }

    #[test]
    fn rule_5_deciding_again_on_the_result_changes_nothing(input in any_input()) {
        let decision = decide(&input);
        let Some(price) = decision.price else { return Ok(()) };
        let partial = [Code::STEP_LIMIT, Code::DAY_LIMIT, Code::BOUND_REPAIR, Code::ALONE, Code::ALONE_SCENARIO];
        if partial.iter().any(|code| has(&decision, *code)) {
            return Ok(());
        }
        let mut next = input.clone();
        next.product.opening_price = Some(input.product.opening_price.unwrap_or(input.product.price));
        next.product.price = price;
        let again = decide(&next);
        prop_assert_eq!(again.price, None, "{:?} then {:?}", decision, again);
    }

    #[test]
    fn rule_5_repetitions_come_to_rest_without_swinging_back(input in any_input()) {
        let mut input = input;
        input.rule.motion = Motion { endings: input.rule.motion.endings, ..Motion::default() };
        let current = input.product.price;
        let opening = input.product.opening_price.unwrap_or(current);
        input.product.opening_price = Some(opening.min(Tenge(current.0 + current.0 / 2)));
        let mut directions = Vec::new();
        for _ in 0..=10 {
            let decision = decide(&input);
            let Some(price) = decision.price else { return Ok(()) };
            if has(&decision, Code::ALONE) || has(&decision, Code::ALONE_SCENARIO) {
                return Ok(());
            }
            if !is_repair(&decision) {
                directions.push(price > input.product.price);
            }
            directions.dedup();
            prop_assert!(directions.len() <= 1, "swings back");
            input.product.price = price;
        }
        prop_assert!(false, "does not come to rest");
    }

    #[test]
    fn rule_6_the_order_of_offers_does_not_matter(input in any_input(), turn in any::<prop::sample::Index>()) {
        let mut shuffled = input.clone();
        if let Some(market) = &mut shuffled.market {
            let turns = turn.index(market.offers.len().max(1));
            market.offers.rotate_left(turns);
            market.offers.reverse();
        }
        prop_assert_eq!(decide(&input), decide(&shuffled));
    }

    #[test]
    fn rule_6_a_higher_floor_never_lowers_a_change(input in any_input(), more in 1..300i64) {
        let decision = decide(&input);
        let (Some(price), Some(floor)) = (decision.price, input.limits.floor) else { return Ok(()) };
        let mut higher = input.clone();
        higher.limits.floor = Some(Tenge(floor.0 + more));
        let other = decide(&higher);
        if let Some(other_price) = other.price {
            prop_assert!(other_price >= Tenge(floor.0 + more));
            // A decrease cut short before a zone may stop lower where the zone is none any more.
            let cut = has(&decision, Code::STEP_LIMIT) || has(&decision, Code::DAY_LIMIT);
            let aside = is_repair(&decision) || (cut && lowers(&input, &decision) && input.economics.is_some());
            if codes(&decision) == codes(&other) && !aside {
                prop_assert!(other_price >= price, "{:?} then {:?}", decision, other);
            }
        }
    }

    #[test]
    fn rule_7_weak_evidence_never_raises(input in any_input(), kind in 0..5) {
        let mut weak = input;
        let Some(market) = &mut weak.market else { return Ok(()) };
        match kind {
            0 => market.offers.clear(),
            1 => market.taken_at = now() - chrono::TimeDelta::milliseconds(120_001),
            2 => market.taken_at = now() + chrono::TimeDelta::milliseconds(5_001),
            3 => market.complete = false,
            _ => market.offers.retain(|offer| offer.merchant.as_deref() != Some("US")),
        }
        let decision = decide(&weak);
        let excused = is_repair(&decision) || !reads_offers(&weak);
        prop_assert!(excused || !raises(&weak, &decision));
        // Old, from the future, or empty: nothing at all (M-10).
        prop_assert!(excused || kind > 2 || decision.price.is_none());
    }

    #[test]
    fn rule_8_a_price_outside_the_safe_set_is_repaired(input in any_input()) {
        let Some(set) = safe_set(&input) else { return Ok(()) };
        let current = input.product.price.0;
        let decision = decide(&input);
        if decision.outcome == Outcome::Refuse {
            return Ok(());
        }
        let early = has(&decision, Code::LOCKED) || has(&decision, Code::OUT_OF_STOCK);
        prop_assert_eq!(is_repair(&decision), !set.contains(current) && !early);
        if !is_repair(&decision) {
            return Ok(());
        }
        // The nearest, found by looking at every price.
        let below = (1..current).rev().find(|price| set.is_undominated(*price));
        let above = (current + 1..5_000).find(|price| set.is_undominated(*price));
        let nearest = match (below, above.filter(|_| set.ceiling.is_some() || below.is_none())) {
            (Some(below), Some(above)) if current - below < above - current => below,
            (Some(below), None) => below,
            (_, Some(above)) => above,
            (None, None) => set.min(),
        };
        match decision.price {
            Some(price) => prop_assert_eq!(price.0, nearest),
            None => prop_assert!(nearest < current && decision.flags.contains(&"attention")),
        }
        prop_assert_eq!(decision.target, None);
    }

    #[test]
    fn m_05_blank_limits_or_strategy_never_give_a_price(input in any_input(), kind in 0..3) {
        let mut blank = input;
        match kind {
            0 => (blank.limits, blank.economics) = (Limits::default(), None),
            1 => blank.rule.strategy = Strategy::Unavailable { kind: String::new() },
            _ => (blank.market, blank.own_merchants) = (None, vec![]),
        }
        let decision = decide(&blank);
        prop_assert_eq!((decision.outcome, decision.price), (Outcome::Refuse, None));
    }

    #[test]
    fn m_12_a_stored_input_decides_the_same_bit_for_bit(input in any_input()) {
        let decision = decide(&input);
        let stored = serde_json::to_value(&input).unwrap();
        let read = Input::from_stored(DECISION_VERSION, &stored).unwrap();
        prop_assert_eq!(&read, &input);
        prop_assert_eq!(
            serde_json::to_string(&decide(&read)).unwrap(),
            serde_json::to_string(&decision).unwrap()
        );
    }

    #[test]
    fn numbers_outside_their_ranges_are_refused_and_never_wrap(
        input in any_input(), extreme in prop::sample::select(vec![i64::MIN, i64::MAX, -1, 1_000_000_000_001]), kind in 0..8,
    ) {
        let mut wild = input;
        match kind {
            0 => wild.product.price = Tenge(extreme),
            1 => wild.limits.floor = Some(Tenge(extreme)),
            2 => wild.rule.strategy = Strategy::BeatLowest { step: Amount::Tenge(extreme) },
            3 => wild.rule.strategy = Strategy::Fixed { price: extreme },
            4 => wild.product.opening_price = Some(Tenge(extreme)),
            5 => wild.rule.motion.raise_cooldown_minutes = extreme,
            6 => wild.market = Some(market(vec![Offer { reviews: Some(extreme), ..offer("A", 5) }])),
            _ => wild.market_max_age_seconds = extreme,
        }
        let decision = decide(&wild);
        prop_assert_eq!((decision.outcome, codes(&decision)), (Outcome::Refuse, vec!["INVALID_INPUT"]));
    }
}

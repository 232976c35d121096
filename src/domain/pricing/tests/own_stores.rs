//! Several own stores on one card: who leads, and that followers only ever step aside.

use chrono::TimeDelta;
use proptest::prelude::{prop, prop_assert, proptest};

use super::{random::*, *};

fn behind(current: i64, champion: i64, strategy: Strategy) -> Input {
    Input {
        own_stores: Some(OwnStores {
            champion: "SISTER".into(),
            price: Tenge(champion),
            gap: Tenge(1),
            since: now(),
        }),
        ..input(current, strategy)
    }
}

#[test]
fn a_follower_stays_behind_the_champion() {
    // Its own rule wants 9 990, where the champion stands.
    let codes = ["BEAT_LOWEST", "FOLLOW_CHAMPION"];
    assert_change(&behind(10_500, 9_990, beat(10)), 9_991, &codes);
    // Below the champion it steps aside.
    assert_change(&behind(9_500, 9_990, beat(500)), 9_991, &codes);
    // What its own rule asks for is high enough.
    let mut high = behind(11_500, 9_990, Strategy::MatchLowest);
    high.market.as_mut().unwrap().offers[0].price = Some(11_000);
    assert_change(&high, 10_400, &["MATCH_LOWEST"]);
    // The champion itself just plays.
    let mut champion = behind(10_500, 10_500, beat(10));
    champion.own_stores.as_mut().unwrap().champion = "US".into();
    assert_change(&champion, 9_990, &["BEAT_LOWEST"]);
}

#[test]
fn a_follower_that_cannot_stand_behind_does_not_move() {
    let mut low = behind(9_000, 9_990, beat(10));
    low.limits = limits(10, 9_500);
    assert_hold(
        &low,
        &[
            "BEAT_LOWEST",
            "ABOVE_CEILING_SCENARIO",
            "FIRST_SCENARIO",
            "FOLLOW_CHAMPION",
            "OUTSIDE_SAFE_SET",
            "OUTSIDE_SAFE_SET",
        ],
    );
    // Nothing is raised without evidence, whatever the rule reads.
    let mut blind = behind(9_000, 9_990, Strategy::Fixed { price: 9_000 });
    blind.market = None;
    assert_hold(&blind, &["FIXED", "FOLLOW_CHAMPION", "NO_EVIDENCE"]);
    blind.product.price = Tenge(9_991);
    assert_keep(&blind, &["FIXED", "FOLLOW_CHAMPION", "ALREADY_RIGHT"]);
    let mut partial = behind(9_000, 9_990, Strategy::Fixed { price: 9_000 });
    partial.market.as_mut().unwrap().complete = false;
    assert_hold(&partial, &["FIXED", "FOLLOW_CHAMPION", "INCOMPLETE_MARKET"]);
}

#[test]
fn the_champions_price_alone_never_lowers_a_follower() {
    let mut own = behind(10_500, 9_000, beat(10));
    own.market = Some(market(vec![offer("US", 10_500), offer("SISTER", 9_000)]));
    assert_hold(&own, &["ALONE_UNPROVEN"]);
    own.product.price = Tenge(8_900);
    own.market = Some(market(vec![offer("US", 8_900), offer("SISTER", 9_000)]));
    assert_change(&own, 9_001, &["ALONE_UNPROVEN", "FOLLOW_CHAMPION"]);
}

fn candidate(merchant: &str) -> Candidate {
    Candidate {
        merchant: merchant.into(),
        stock: None,
        limits: limits(100, 20_000),
        economics: None,
        rating: None,
        delivery_rank: None,
    }
}

#[test]
fn deliveries_are_ranked() {
    let words = [
        "EXPRESS",
        "TODAY",
        "TOMORROW",
        "TILL_1_DAYS",
        "TILL_999_DAYS",
        "SOON",
    ];
    let ranks = words.map(delivery_rank);
    assert_eq!(ranks, [Some(0), Some(1), Some(2), Some(2), Some(1_000), None]);
}

#[test]
fn the_best_candidate_leads() {
    let lead =
        |candidates: &[Candidate]| champion(candidates, Some(Tenge(9_000)), None, now()).map(|(m, _)| m);
    let earns = |merchant: &str, cost| Candidate {
        economics: Some(economics(cost, 0, Parcel::City1kg)),
        limits: limits(None, 20_000),
        ..candidate(merchant)
    };
    assert_eq!(lead(&[]), None);
    assert_eq!(lead(&[candidate("B"), candidate("A")]).unwrap(), "A");
    let lower = Candidate {
        limits: limits(99, 20_000),
        ..candidate("B")
    };
    assert_eq!(lead(&[candidate("A"), lower]).unwrap(), "B");
    let rated = Candidate {
        rating: rating("4.5"),
        ..candidate("B")
    };
    assert_eq!(lead(&[candidate("A"), rated]).unwrap(), "B");
    let fast = Candidate {
        delivery_rank: Some(0),
        ..candidate("B")
    };
    assert_eq!(lead(&[candidate("A"), fast]).unwrap(), "B");
    assert_eq!(
        lead(&[earns("A", 3_000), earns("B", 2_900), candidate("C")]).unwrap(),
        "B"
    );
    // Nothing to sell, or no limits: it cannot lead.
    let empty = Candidate {
        stock: Some(0),
        ..earns("B", 1)
    };
    let blank = Candidate {
        limits: limits(None, None),
        ..candidate("A")
    };
    assert_eq!(lead(&[empty, blank, candidate("Z")]).unwrap(), "Z");
}

#[test]
fn a_champion_stays_a_day_and_then_for_less_than_a_twentieth() {
    let earns = |merchant: &str, cost| Candidate {
        economics: Some(economics(cost, 0, Parcel::City1kg)),
        limits: limits(None, 20_000),
        ..candidate(merchant)
    };
    // At 9 000 the price leaves 9 000·84.5 % − 699·1.16 = 6 794 before the cost.
    let after = |hours, challenger| {
        let since = now() - TimeDelta::hours(hours);
        champion(
            &[earns("OLD", 4_794), challenger],
            Some(Tenge(9_000)),
            Some(("OLD", since)),
            now(),
        )
        .unwrap()
    };
    assert_eq!(after(23, earns("NEW", 1_000)).0, "OLD");
    assert_eq!(after(24, earns("NEW", 1_000)), ("NEW".to_owned(), now()));
    assert_eq!(
        after(24, earns("NEW", 4_694)),
        ("OLD".to_owned(), now() - TimeDelta::hours(24))
    );
    assert_eq!(after(24, earns("NEW", 4_693)).0, "NEW");
    // Without known profits nobody is known to be better.
    assert_eq!(
        after(
            90,
            Candidate {
                limits: limits(11, None),
                ..candidate("NEW")
            }
        )
        .0,
        "OLD"
    );
    // One that cannot lead any more is followed at once.
    let empty = Candidate {
        stock: Some(0),
        ..earns("OLD", 1)
    };
    let next = champion(&[empty, earns("NEW", 5_000)], None, Some(("OLD", now())), now());
    assert_eq!(next.unwrap().0, "NEW");
}

proptest! {
    #![proptest_config(cases())]

    /// The invariant of several own stores: offers of own stores only, and no price ever falls, for any number
    /// of stores, orders and repetitions.
    #[test]
    fn own_offers_alone_never_lower_any_store(
        rules in prop::collection::vec(any_input(), 1..=5), prices in prop::collection::vec(500..2_000i64, 5),
        champion in 0..5usize, order in prop::collection::vec(0..5usize, 1..20),
    ) {
        let names: Vec<String> = (0..rules.len()).map(|n| format!("OWN{n}")).collect();
        let champion = champion % names.len();
        let mut prices = prices;
        for turn in order {
            let turn = turn % names.len();
            let offers = names.iter().zip(&prices).map(|(name, price)| offer(name, *price));
            let mut input = Input { own_merchants: names.clone(), ..rules[turn].clone() };
            input.market = Some(market(offers.collect()));
            input.product.merchant.clone_from(&names[turn]);
            input.product.price = Tenge(prices[turn]);
            input.own_stores = Some(OwnStores {
                champion: names[champion].clone(), price: Tenge(prices[champion]), gap: Tenge(1), since: now(),
            });
            let decision = decide(&input);
            if let Some(price) = decision.price {
                let aside = codes(&decision).contains(&"BOUND_REPAIR") || !input.rule.strategy.reads_offers()
                    || codes(&decision).contains(&"FOLLOW_FALLBACK");
                prop_assert!(aside || price >= input.product.price);
                if turn != champion && price < input.product.price && !codes(&decision).contains(&"BOUND_REPAIR") {
                    prop_assert!(price.0 > prices[champion], "a follower went below its champion");
                }
                prices[turn] = price.0;
            }
        }
    }
}

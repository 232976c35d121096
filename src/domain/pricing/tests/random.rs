//! Random inputs: every strategy, filter, scenario and guard, economics and none, markets from honest to
//! broken. Numbers are small, so that they meet often.

use chrono::TimeDelta;
use proptest::{
    prelude::{Just, any, prop, prop_compose, prop_oneof},
    sample::select,
    strategy::{BoxedStrategy, Strategy as Generator},
};

use super::*;

const MERCHANTS: &[&str] = &["A", "B", "C", "D", "E", "US", "SISTER"];

fn any_share() -> impl Generator<Value = Percent> {
    prop_oneof![
        (1..=30i32).prop_map(Percent::whole),
        (1..3_000i32).prop_map(Percent::from_hundredths)
    ]
}

fn any_amount() -> impl Generator<Value = Amount> {
    prop_oneof![
        2 => (1..40i64).prop_map(Amount::Tenge),
        1 => any_share().prop_map(Amount::Percent)
    ]
}

fn any_delta() -> impl Generator<Value = Amount> {
    prop_oneof![
        2 => (-40..40i64).prop_map(Amount::Tenge),
        1 => (-2_000..2_000i32).prop_map(|h| Amount::Percent(Percent::from_hundredths(h)))
    ]
}

fn any_ids() -> impl Generator<Value = Vec<String>> {
    prop::collection::vec(select(MERCHANTS).prop_map(str::to_owned), 1..4)
}

/// Any kind but `follow`.
fn any_plain_strategy() -> BoxedStrategy<Strategy> {
    let step = any_amount;
    prop_oneof![
        4 => step().prop_map(|step| Strategy::BeatLowest { step }),
        1 => Just(Strategy::MatchLowest),
        2 => step().prop_map(|step| Strategy::SmartMatch { step }),
        3 => (1..6i64, step()).prop_map(|(place, step)| Strategy::HoldPlace { place, step }),
        2 => (step(), step()).prop_map(|(gap, step)| Strategy::BehindLeader { gap, step }),
        2 => (1..=20i64, step()).prop_map(|(max_place, step)| Strategy::BestReachable { max_place, step }),
        2 => (1..5i64, any_delta()).prop_map(|(count, delta)| Strategy::Average { count, delta }),
        2 => (step(), 1..60i64).prop_map(|(step, min_gain)| Strategy::CaptureGap { step, min_gain }),
        1 => any_share().prop_map(|up_percent| Strategy::Alone { up_percent }),
        1 => (1..2_500i64).prop_map(|price| Strategy::Fixed { price }),
        1 => Just(Strategy::TargetMargin),
    ]
    .boxed()
}

pub(super) fn any_strategy() -> impl Generator<Value = Strategy> {
    let follow = (any_ids(), any_delta(), prop::option::of(any_plain_strategy())).prop_map(
        |(merchants, delta, fallback)| Strategy::Follow {
            merchants,
            delta,
            fallback: fallback.map(Box::new),
        },
    );
    prop_oneof![8 => any_plain_strategy(), 1 => follow]
}

fn any_rating() -> impl Generator<Value = Option<Rating>> {
    prop::option::of(select(vec![0, 410, 450, 480, 490, 500]).prop_map(Rating::from_centi))
}

fn any_delivery() -> impl Generator<Value = Option<String>> {
    let words = vec![
        "EXPRESS",
        "TODAY",
        "TOMORROW",
        "TILL_2_DAYS",
        "TILL_7_DAYS",
        "SOON",
    ];
    prop::option::of(select(words).prop_map(str::to_owned))
}

prop_compose! {
    /// Mostly an honest offer.
    fn any_offer()(
        merchant in prop::option::weighted(0.97, prop_oneof![
            30 => select(MERCHANTS).prop_map(str::to_owned), 1 => Just(String::new())]),
        price in prop::option::weighted(0.97, prop_oneof![
            20 => 500..2_000i64, 2 => -5..50i64, 1 => Just(1_000_000_000_000)]),
        rating in any_rating(), reviews in prop::option::of(0..20i64), delivery in any_delivery(),
        preorder_days in prop::option::of(prop_oneof![4 => Just(0), 1 => 1..3i64]),
    ) -> Offer {
        Offer { merchant, price, rating, reviews, delivery, preorder_days }
    }
}

prop_compose! {
    pub(super) fn any_market()(
        mut offers in prop::collection::vec(any_offer(), 0..8), complete in prop::bool::weighted(0.85),
        age in prop_oneof![6 => 0..120i64, 1 => -20..200i64], missing in prop_oneof![6 => Just(0), 1 => -2..3i64],
        own in prop::option::weighted(0.85, 500..2_000i64),
    ) -> Market {
        offers.extend(own.map(|price| offer("US", price)));
        let total = i64::try_from(offers.len()).unwrap() + missing;
        Market { taken_at: now() - TimeDelta::seconds(age), complete, total: total.max(0), offers }
    }
}

prop_compose! {
    pub(super) fn any_economics()(
        cost in prop_oneof![3 => 1..900i64, 1 => 900..1_800i64], commission in 0..20i32, tax in 0..5i32,
        ends in prop::collection::btree_set(400..2_200i64, 0..4),
        fees in prop::collection::vec(0..200i64, 5), kind in 0..3, amount in 0..100i64, share in 0..15i32,
    ) -> Economics {
        let ends = ends.into_iter().map(|end| Some(Tenge(end))).chain([None]);
        Economics {
            unit_cost: Tenge(cost),
            commission_percent: Percent::whole(commission),
            tax_percent: Percent::whole(tax),
            delivery_vat_percent: Percent::whole(16),
            delivery: ends.zip(fees).map(|(up_to, fee)| Band { up_to, fee: Tenge(fee) }).collect(),
            goal: match kind {
                0 => Goal::Profit(amount),
                1 => Goal::Margin(Percent::whole(share)),
                _ => Goal::Roi(Percent::whole(share)),
            },
        }
    }
}

prop_compose! {
    fn any_filters()(
        plain in prop::bool::weighted(0.6), ignore in any_ids(), only in prop::option::of(any_ids()),
        min_rating in any_rating(), min_reviews in prop::option::of(0..20i64),
        max_slower_ranks in prop::option::of(0..5i64), preorder in select(PreorderFilter::ALL),
        median in select(vec![0, 50, 80, 100]), cost in select(vec![0, 50, 100]),
    ) -> Filters {
        if plain {
            return Filters::default();
        }
        Filters {
            ignore, only, min_rating, min_reviews, max_slower_ranks, preorder,
            outlier_median_percent: Percent::whole(median), outlier_cost_percent: Percent::whole(cost),
        }
    }
}

prop_compose! {
    fn any_scenarios()(
        alone in select(AloneChoice::ALL), roomy in select(RoomyChoice::ALL),
        leader_below_floor in select(BelowFloorChoice::ALL), leader_at_floor in select(AtFloorChoice::ALL),
        leader_above_ceiling in select(AboveCeilingChoice::ALL), first in select(FirstChoice::ALL),
    ) -> Scenarios {
        Scenarios { alone, roomy, leader_below_floor, leader_at_floor, leader_above_ceiling, first }
    }
}

prop_compose! {
    /// Half of them the defaults.
    fn any_motion()(
        plain in any::<bool>(), down in 0..=100i32, up in 0..=100i32, day in 0..=100i32, quarantine in 0..=100i32,
        least in 1..20i64, least_share in any_share(), allow_down in prop::bool::weighted(0.9),
        allow_up in prop::bool::weighted(0.9), cooldown in 0..60i64, changes in 1..60i64,
        endings in prop_oneof![2 => Just(vec![]), 1 => prop::collection::vec(select(vec!["0", "9", "90", "990"]), 1..3)],
    ) -> Motion {
        let endings = endings.into_iter().map(str::to_owned).collect();
        if plain {
            return Motion { endings, ..Motion::default() };
        }
        Motion {
            max_down_percent: Percent::whole(down), max_up_percent: Percent::whole(up),
            max_day_percent: Percent::whole(day), quarantine_percent: Percent::whole(quarantine),
            max_changes_per_day: changes, raise_cooldown_minutes: cooldown,
            min_move: MinMove { tenge: Tenge(least), percent: least_share },
            allow_down, allow_up, endings,
        }
    }
}

prop_compose! {
    /// Windows that do not overlap: each on another day. Now is a Wednesday afternoon.
    fn any_schedule()(
        actions in prop::collection::vec(select(WindowAction::ALL), 0..=7), from in 0..24u8, to in 0..24u8,
        none in prop::bool::weighted(0.7),
    ) -> Vec<Window> {
        if none || from == to {
            return Vec::new();
        }
        let (from, to) = (from.min(to), from.max(to));
        let days = Weekday::ALL.iter().cycle().skip(2);
        days.zip(actions).map(|(day, action)| Window {
            days: vec![*day], from: TimeOfDay::new(from, 0), to: TimeOfDay::new(to, 0), action,
        }).collect()
    }
}

prop_compose! {
    fn any_night_reset()(hours in prop::option::weighted(0.3, (0..24u8, 1..24u8))) -> Option<NightReset> {
        hours.map(|(from, length)| NightReset {
            from: TimeOfDay::new(from, 0), to: TimeOfDay::new((from + length) % 24, 0),
        })
    }
}

prop_compose! {
    fn any_war()(
        rival in select(MERCHANTS), ended in -60..1_500i64, from in 400..2_200i64, exchanges in 3..9i64, resets in 0..3i64,
    ) -> War {
        let last_at = now() - TimeDelta::minutes(ended);
        let duel = Duel {
            exchanges, from: Tenge(from), drop: Tenge(30), usual_undercut: Tenge(1), answer_seconds: 300,
            lowest_answered: Tenge(from), bot: true,
        };
        War { rival: rival.to_owned(), since: last_at - TimeDelta::minutes(90), last_at, from: Tenge(from), duel, resets }
    }
}

prop_compose! {
    fn any_rule()(
        strategy in any_strategy(), match_if_better_rated in any::<bool>(), filters in any_filters(),
        scenarios in prop_oneof![Just(Scenarios::default()), any_scenarios()], motion in any_motion(),
        war in select(WarChoice::ALL), schedule in any_schedule(), night_reset in any_night_reset(),
    ) -> Rule {
        // What may not stand together is refused when a rule is saved.
        let quiet = schedule.iter().any(|window| window.action != WindowAction::Normal);
        Rule {
            strategy, match_if_better_rated, filters, scenarios, motion, war, schedule,
            night_reset: night_reset.filter(|_| !quiet),
        }
    }
}

prop_compose! {
    fn any_product()(
        price in 1..2_500i64, stock in prop_oneof![3 => Just(None), 3 => Just(Some(5)), 1 => Just(Some(0))],
        preorder_days in prop_oneof![8 => Just(0), 1 => 1..3i64], rating in any_rating(), delivery in any_delivery(),
        alone_streak in 0..5i64, since in prop::option::of(0..60i64), opening in prop::option::of(1..2_500i64),
        changes_today in prop_oneof![4 => 0..20i64, 1 => 40..60i64],
        locked in prop::option::weighted(0.05, -10..10i64),
    ) -> Product {
        Product {
            merchant: "US".into(), price: Tenge(price), stock, preorder_days, rating, delivery, alone_streak,
            last_change_at: since.map(|minutes| now() - TimeDelta::minutes(minutes)),
            opening_price: opening.map(Tenge), changes_today,
            locked_until: locked.map(|minutes| now() + TimeDelta::minutes(minutes)),
        }
    }
}

prop_compose! {
    /// Anything that the interface permits.
    pub(super) fn any_input()(
        mut product in any_product(), rule in any_rule(), market in prop::option::weighted(0.95, any_market()),
        economics in prop::option::of(any_economics()), floor in prop::option::weighted(0.8, 0..1_200i64),
        room in prop::option::weighted(0.85, -20..2_000i64), near in prop::option::of(-50..200i64),
        meets in prop::bool::weighted(0.1),
        wars in prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(any_war(), 1..4)],
    ) -> Input {
        // Now and then a rival stands exactly at the floor.
        let first = market.as_ref().and_then(|market: &Market| market.offers.first()?.price);
        let floor = first.filter(|price| meets && (1..5_000).contains(price)).or(floor);
        let ceiling = room.map(|room| Tenge((floor.unwrap_or(0) + room).max(0)));
        if let (Some(near), Some(floor)) = (near, floor) {
            product.price = Tenge((floor + near).max(1));
        }
        Input {
            now: now(), product, own_merchants: vec!["US".into(), "SISTER".into()],
            limits: Limits { floor: floor.map(Tenge), ceiling }, economics, rule, market,
            market_max_age_seconds: 120, own_stores: None, wars,
        }
    }
}

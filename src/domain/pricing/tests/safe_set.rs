//! The safe set: the table of the pricing rules, and random tariffs against counting every price.

use proptest::{
    prelude::{prop, prop_assert, prop_assert_eq, prop_compose, prop_oneof, proptest},
    strategy::Strategy as Generator,
};

use super::{super::safe_set::SafeSet, *};

type Parts = Vec<(i64, Option<i64>)>;

fn sets(limits: Limits, economics: Option<&Economics>) -> (Parts, Parts) {
    SafeSet::new(limits, economics).map_or_else(
        |_| (vec![], vec![]),
        |set| (set.written(&set.safe), set.written(&set.undominated)),
    )
}

#[test]
fn the_table_of_the_rules() {
    use Parcel::{City1kg, Country1kg, Country25kg};
    type Row = (i64, i64, Parcel, &'static [(i64, i64)], &'static [(i64, i64)]);
    let rows: [Row; 5] = [
        (
            3_000,
            300,
            City1kg,
            &[(4_179, 20_000)],
            &[(4_179, 4_999), (5_686, 9_999), (10_549, 20_000)],
        ),
        (
            3_600,
            300,
            City1kg,
            &[(4_889, 4_999), (5_575, 20_000)],
            &[(4_889, 4_999), (5_686, 9_999), (10_549, 20_000)],
        ),
        (
            6_500,
            500,
            Country1kg,
            &[(9_381, 9_999), (10_068, 20_000)],
            &[(9_381, 9_999), (10_686, 20_000)],
        ),
        (
            3_000,
            300,
            Country25kg,
            &[(4_179, 4_999), (5_003, 20_000)],
            &[(4_179, 4_999), (5_823, 9_999), (13_843, 20_000)],
        ),
        (
            3_950,
            0,
            City1kg,
            &[(4_948, 4_999), (5_635, 20_000)],
            &[(4_948, 4_999), (5_686, 9_999), (10_549, 20_000)],
        ),
    ];
    for (cost, goal, parcel, safe, undominated) in rows {
        let written =
            |parts: &[(i64, i64)]| -> Parts { parts.iter().map(|(lo, hi)| (*lo, Some(*hi))).collect() };
        assert_eq!(
            sets(limits(None, 20_000), Some(&economics(cost, goal, parcel))),
            (written(safe), written(undominated)),
            "{cost} {goal} {parcel:?}"
        );
    }
}

#[test]
fn the_dominated_zones_of_the_example() {
    let set = SafeSet::new(limits(None, None), Some(&economics(1, 0, Parcel::City1kg))).unwrap();
    let zones: Vec<(i64, i64)> = set
        .undominated
        .windows(2)
        .map(|pair| (pair[0].hi + 1, pair[1].lo - 1))
        .collect();
    assert_eq!(
        zones,
        [(1_000, 1_136), (3_000, 3_067), (5_000, 5_685), (10_000, 10_548)]
    );
    assert_eq!(set.written(&set.undominated).last().unwrap().1, None);
}

#[test]
fn a_floor_above_the_cheaper_end_ends_the_domination() {
    let (safe, undominated) = sets(
        limits(5_100, 20_000),
        Some(&economics(3_000, 300, Parcel::City1kg)),
    );
    assert_eq!(safe, [(5_100, Some(20_000))]);
    assert_eq!(undominated, [(5_100, Some(9_999)), (10_549, Some(20_000))]);
}

#[test]
fn shares_that_eat_the_whole_price_leave_nothing() {
    let mut greedy = economics(3_000, 0, Parcel::City1kg);
    for goal in ["84.5", "84.6", "1000"] {
        greedy.goal = Goal::Margin(percent(goal));
        assert!(sets(limits(None, None), Some(&greedy)).0.is_empty(), "{goal}");
    }
    greedy.goal = Goal::Margin(percent("84.499999"));
    assert!(!sets(limits(None, None), Some(&greedy)).0.is_empty());
}

#[test]
fn without_economics_only_the_limits_hold() {
    assert_eq!(sets(limits(3, 50), None).0, [(10, Some(50))]);
    assert_eq!(sets(limits(100, None), None).1, [(100, None)]);
    assert_eq!(sets(limits(100, 100), None).1, [(100, Some(100))]);
    for (floor, ceiling) in [
        (None, Some(50)),
        (Some(0), Some(50)),
        (Some(60), Some(50)),
        (Some(5), Some(9)),
    ] {
        assert!(
            sets(limits(floor, ceiling), None).0.is_empty(),
            "{floor:?} {ceiling:?}"
        );
    }
}

#[test]
fn the_largest_numbers_neither_wrap_nor_panic() {
    let most = 1_000_000_000_000;
    let mut huge = economics(most, most, Parcel::City1kg);
    huge.commission_percent = percent("99.999999");
    huge.tax_percent = percent("0");
    for goal in [
        Goal::Profit(most),
        Goal::Roi(percent("1000")),
        Goal::Margin(percent("0")),
    ] {
        huge.goal = goal;
        let (safe, undominated) = sets(limits(None, None), Some(&huge));
        assert!(safe.is_empty() && undominated.is_empty(), "{safe:?}");
    }
    huge.commission_percent = percent("50");
    huge.goal = Goal::Roi(percent("1000"));
    let fee = 1_099 * 116 / 50 + 1;
    assert_eq!(sets(limits(None, None), Some(&huge)).0, [(22 * most + fee, None)]);
}

/// Highest price that is counted.
const COUNTED: i64 = 700;

fn any_share(most: i64) -> impl Generator<Value = Percent> {
    prop_oneof![
        (0..=most).prop_map(|whole| Percent::whole(i32::try_from(whole).unwrap())),
        (0..most * 100).prop_map(|hundredths| Percent::from_hundredths(i32::try_from(hundredths).unwrap())),
        (0..most * 1_000_000).prop_map(|m| percent(&format!("{}.{:06}", m / 1_000_000, m % 1_000_000))),
    ]
}

prop_compose! {
    fn any_economics()(
        unit_cost in prop_oneof![1..60i64, 1..600i64], commission in any_share(60), tax in any_share(30),
        vat in any_share(30), ends in prop::collection::btree_set(0..COUNTED, 0..6),
        fees in prop::collection::vec(0..90i64, 7), kind in 0..3, amount in 0..60i64, share in any_share(40),
    ) -> Economics {
        let ends = ends.into_iter().map(|end| Some(Tenge(end))).chain([None]);
        let goal = match kind {
            0 => Goal::Profit(amount),
            1 => Goal::Margin(share),
            _ => Goal::Roi(share),
        };
        Economics {
            unit_cost: Tenge(unit_cost), commission_percent: commission, tax_percent: tax,
            delivery_vat_percent: vat, goal,
            delivery: ends.zip(fees).map(|(up_to, fee)| Band { up_to, fee: Tenge(fee) }).collect(),
        }
    }
}

/// Profit and goal of a price in hundred-millionths of a tenge, straight from the formula.
fn profit_and_goal(economics: &Economics, price: i64) -> (i128, i128) {
    let unit = 100_000_000_i128;
    let p = i128::from(price);
    let fee = economics
        .delivery
        .iter()
        .find(|band| band.up_to.is_none_or(|end| price <= end.0))
        .map(|band| i128::from(band.fee.0))
        .unwrap();
    let profit = p * unit
        - p * economics.commission_percent.millionths()
        - p * economics.tax_percent.millionths()
        - fee * unit
        - fee * economics.delivery_vat_percent.millionths()
        - i128::from(economics.unit_cost.0) * unit;
    let goal = match economics.goal {
        Goal::Profit(amount) => i128::from(amount) * unit,
        Goal::Margin(share) => p * share.millionths(),
        Goal::Roi(share) => i128::from(economics.unit_cost.0) * share.millionths(),
    };
    (profit, goal)
}

fn runs(prices: &[i64]) -> Parts {
    let mut runs: Parts = Vec::new();
    for price in prices {
        match runs.last_mut() {
            Some((_, Some(hi))) if *hi + 1 == *price => *hi = *price,
            _ => runs.push((*price, Some(*price))),
        }
    }
    runs
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn counting_every_price_gives_the_same_sets(
        economics in any_economics(), floor in prop::option::of(1..COUNTED), ceiling in 10..=COUNTED,
    ) {
        let mut safe = Vec::new();
        let mut undominated = Vec::new();
        let mut most: Option<i128> = None;
        for price in floor.unwrap_or(10).max(10)..=ceiling {
            let (profit, goal) = profit_and_goal(&economics, price);
            if profit >= goal {
                safe.push(price);
                if most.is_none_or(|most| profit > most) {
                    undominated.push(price);
                    most = Some(profit);
                }
            }
        }
        let (got_safe, got_undominated) = sets(limits(floor, ceiling), Some(&economics));
        prop_assert_eq!(&got_safe, &runs(&safe));
        prop_assert_eq!(&got_undominated, &runs(&undominated));
        prop_assert!(got_safe.len() <= economics.delivery.len() && got_undominated.len() <= economics.delivery.len());
        // Looking up agrees with the lists.
        if let Ok(set) = SafeSet::new(limits(floor, ceiling), Some(&economics)) {
            for price in [1, 10, ceiling / 3, ceiling / 2, ceiling, ceiling + 1] {
                prop_assert_eq!(set.contains(price), safe.contains(&price));
                prop_assert_eq!(set.is_undominated(price), undominated.contains(&price));
                prop_assert_eq!(set.at_most(price), undominated.iter().copied().rfind(|p| *p <= price));
                prop_assert_eq!(set.at_least(price), undominated.iter().copied().find(|p| *p >= price));
            }
            prop_assert_eq!(Some(&set.min()), safe.first());
        }
    }
}

#[test]
fn a_price_that_nobody_decided_about_is_brought_to_the_nearest_safe_one_and_never_needlessly_up() {
    let limits = |floor: Option<i64>, ceiling: Option<i64>| Limits {
        floor: floor.map(Tenge),
        ceiling: ceiling.map(Tenge),
    };
    let inside = |limits, economics: Option<&Economics>, price| {
        let brought = brought_inside(limits, economics, Tenge(price));
        brought.map(|price| price.0)
    };
    let corridor = limits(Some(100), Some(200));
    assert_eq!(inside(corridor, None, 150), Some(150));
    assert_eq!(inside(corridor, None, 99), Some(100));
    assert_eq!(inside(corridor, None, 201), Some(200));
    assert_eq!(
        inside(limits(None, None), None, 150),
        None,
        "neither floor nor costs"
    );
    assert_eq!(inside(limits(Some(200), Some(100)), None, 150), None);

    // S: 4 179–4 999 and 5 003–20 000.
    let heavy = economics(3_000, 300, Parcel::Country25kg);
    let wide = limits(None, Some(20_000));
    assert_eq!(inside(wide, Some(&heavy), 4_000), Some(4_179));
    assert_eq!(
        inside(wide, Some(&heavy), 5_001),
        Some(4_999),
        "out of the hole downwards"
    );
    assert_eq!(
        inside(wide, Some(&heavy), 5_500),
        Some(5_500),
        "safe, though dominated"
    );
    assert_eq!(lowest_safe(wide, Some(&heavy)), Some(Tenge(4_179)));
    assert_eq!(
        lowest_safe(limits(Some(4_500), None), Some(&heavy)),
        Some(Tenge(4_500))
    );
    assert_eq!(lowest_safe(limits(None, None), None), None);
}

//! Random days of moves: how far a run and a day may go and how often a price may change, each counted here to the
//! unit beside the engine.

use proptest::prelude::{prop, prop_assert_eq, proptest};

use super::*;

/// Percents in hundredths.
fn hundredths(value: i64) -> Percent {
    Percent::from_hundredths(i32::try_from(value).unwrap())
}

/// The lowest whole tenge that is not further below `base` than so many hundredths of a percent.
fn below(base: i64, share: i64) -> i64 {
    let least = base * (10_000 - share);
    least / 10_000 + i64::from(least % 10_000 > 0)
}

/// The highest whole tenge that is not further above.
fn above(base: i64, share: i64) -> i64 {
    base * (10_000 + share) / 10_000
}

/// Where one run may go from `current` towards `goal` on a day that began at `opening`.
fn expected(current: i64, opening: i64, goal: i64, (down, up, day): (i64, i64, i64)) -> Option<i64> {
    let reached = if goal < current {
        goal.max(below(current, down))
            .max(below(opening, day))
            .min(current)
    } else {
        goal.min(above(current, up)).min(above(opening, day)).max(current)
    };
    (reached != current).then_some(reached)
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn steps_days_and_changes_are_kept_to_the_unit(
        start in 500..20_000i64,
        limits in (1..3_000i64, 1..3_000i64, 1..6_000i64),
        most in 1..12i64,
        goals in prop::collection::vec(50..60_000i64, 1..24),
        days in 1..4usize,
    ) {
        let mut input = unread(start, Strategy::Fixed { price: start });
        input.rule.motion.max_down_percent = hundredths(limits.0);
        input.rule.motion.max_up_percent = hundredths(limits.1);
        input.rule.motion.max_day_percent = hundredths(limits.2);
        input.rule.motion.max_changes_per_day = most;
        input.rule.motion.quarantine_percent = Percent::whole(100);
        let mut current = start;
        for day in goals.chunks(goals.len().div_ceil(days)) {
            let (opening, mut changes) = (current, 0);
            for &goal in day {
                input.product.price = Tenge(current);
                input.product.opening_price = Some(Tenge(opening));
                input.product.changes_today = changes;
                input.rule.strategy = Strategy::Fixed { price: goal };
                // Less than a thousandth is no move, whatever the limits.
                let moves = (goal - current).abs() * 1_000 >= current;
                let wanted = (moves && changes < most)
                    .then(|| expected(current, opening, goal, limits))
                    .flatten();
                let decision = decide(&input);
                prop_assert_eq!(decision.price, wanted.map(Tenge), "{:?}", decision.reasons);
                if let Some(price) = wanted {
                    (current, changes) = (price, changes + 1);
                }
            }
        }
    }
}

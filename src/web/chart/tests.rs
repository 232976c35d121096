//! Lines, scales and places: whatever the prices are.

use proptest::prelude::{Strategy, any, prop, prop_assert, prop_assert_eq, proptest};

use super::*;

const SPAN: (i64, i64) = (1_000, 101_000);

fn line(prices: &[(i64, i64)]) -> Vec<Point> {
    prices
        .iter()
        .map(|(at, price)| Point {
            at: *at,
            price: Some(*price),
        })
        .collect()
}

fn series(own: &[(i64, i64)]) -> Series {
    Series {
        from: SPAN.0,
        to: SPAN.1,
        own: line(own),
        ..Series::default()
    }
}

/// Points in the order of time, some without a price.
fn points(most: usize) -> impl Strategy<Value = Vec<Point>> {
    let point = (SPAN.0..=SPAN.1, prop::option::weighted(0.9, 1..1_000_000_i64));
    prop::collection::vec(point, 0..most).prop_map(|mut points| {
        points.sort_by_key(|(at, _)| *at);
        points.dedup_by_key(|(at, _)| *at);
        points
            .into_iter()
            .map(|(at, price)| Point { at, price })
            .collect()
    })
}

fn extremes(points: &[Point]) -> Option<(i64, i64)> {
    let prices = || points.iter().filter_map(|point| point.price);
    Some((prices().min()?, prices().max()?))
}

proptest! {
    #[test]
    fn thinning_keeps_the_lowest_the_highest_and_the_last_of_each_part(
        points in points(600), buckets in 1..60_usize,
    ) {
        let thinned = thin(&points, SPAN, buckets);
        prop_assert!(thinned.len() <= buckets * 3);
        prop_assert_eq!(thinned.last(), points.last());
        // In order, and nothing that was not there.
        let mut rest = points.iter();
        prop_assert!(thinned.iter().all(|kept| rest.any(|point| point == kept)));
        for index in 0..buckets {
            let part = |points: &[Point]| -> Vec<Point> {
                let inside = |point: &&Point| bucket(point.at, SPAN.0, SPAN.1, buckets) == index;
                points.iter().filter(inside).copied().collect()
            };
            let (before, after) = (part(&points), part(&thinned));
            prop_assert_eq!(extremes(&before), extremes(&after));
            prop_assert_eq!(before.last(), after.last());
        }
    }

    #[test]
    fn few_points_stay_as_they_are(points in points(30)) {
        prop_assert_eq!(thin(&points, SPAN, 10), points);
    }

    #[test]
    fn a_drawing_has_few_points_and_stays_in_its_field(
        own in points(500), rival in points(500),
        marks in prop::collection::vec((SPAN.0..=SPAN.1, 1..1_000_000_i64, 0..3_u8), 0..300),
        floor in prop::option::of(1..1_000_000_i64), ceiling in prop::option::of(1..1_000_000_i64),
    ) {
        let mut marks: Vec<Mark> = marks.into_iter().map(|(at, price, kind)| Mark {
            at, price, kind: [MarkKind::Confirmed, MarkKind::Refused, MarkKind::Held][usize::from(kind)],
        }).collect();
        marks.sort_by_key(|mark| mark.at);
        let series = Series { from: SPAN.0, to: SPAN.1, own, rival, floor, ceiling, marks };
        let any_price = series.own.iter().chain(&series.rival).any(|point| point.price.is_some());
        let Some(drawing) = Drawing::of(&series) else {
            prop_assert!(!any_price && series.marks.is_empty());
            return Ok(());
        };
        let shown = &drawing.shown;
        prop_assert!(shown.own.len() + shown.rival.len() + shown.marks.len() <= POINTS_MAX);
        prop_assert_eq!(extremes(&shown.own), extremes(&series.own));
        prop_assert_eq!(extremes(&shown.rival), extremes(&series.rival));
        let field = Px(TOP * 10)..=Px(BOTTOM * 10);
        prop_assert!(drawing.grid.iter().all(|(y, _)| field.contains(y)));
        prop_assert!(drawing.marks.iter().all(|mark| field.contains(&mark.y)));
        let gap = |pair: &[Label]| pair[1].y.0 - pair[0].y.0 >= LABEL_GAP.0;
        prop_assert!(drawing.labels.windows(2).all(gap), "{:?}", drawing.labels);
        let kinds = |marks: &[Mark]| [MarkKind::Confirmed, MarkKind::Refused, MarkKind::Held]
            .map(|kind| marks.iter().any(|mark| mark.kind == kind));
        prop_assert_eq!(kinds(&shown.marks), kinds(&series.marks));
    }

    #[test]
    fn the_grid_is_round_and_reaches_beyond_both_ends(low in 1..2_000_000_000_i64, more in 0..2_000_000_000_i64) {
        let lines = grid(low, low + more);
        prop_assert!(lines[0] <= low && lines[lines.len() - 1] >= low + more, "{lines:?}");
        prop_assert!((3..=8).contains(&lines.len()), "{lines:?}");
        let step = (lines[1] - lines[0]).to_string();
        prop_assert!(["1", "2", "5"].contains(&step.trim_end_matches('0')), "{step}");
    }

    #[test]
    fn nothing_overflows(at in any::<i64>(), price in any::<i64>(), floor in any::<i64>(), to in any::<i64>()) {
        let series = Series {
            from: 0, to, own: line(&[(at, price)]), floor: Some(floor), ..Series::default()
        };
        if let Some(drawing) = Drawing::of(&series) {
            prop_assert!(drawing.grid.len() < 20);
        }
    }

    #[test]
    fn the_lowest_price_is_that_of_an_offer_that_holds(
        spans in prop::collection::vec((0..50_i64, prop::option::of(1..60_i64), 1..9_i64), 0..40),
        at in 0..60_i64,
    ) {
        let line = lowest(&spans);
        let drawn = line.iter().rfind(|point| point.at <= at).and_then(|point| point.price);
        let holds = spans.iter().filter(|(start, end, _)| *start <= at && end.is_none_or(|end| at < end));
        prop_assert_eq!(drawn, holds.map(|(_, _, price)| *price).min());
        prop_assert!(line.windows(2).all(|pair| pair[0].at < pair[1].at && pair[0].price != pair[1].price));
    }
}

#[test]
fn what_held_before_stands_at_the_beginning() {
    let points = line(&[(0, 7), (500, 8), (2_000, 8), (3_000, 9), (200_000, 1)]);
    assert_eq!(clip(&points, SPAN.0, SPAN.1), line(&[(1_000, 8), (3_000, 9)]));
    assert_eq!(clip(&[], SPAN.0, SPAN.1), []);
}

#[test]
fn of_changes_at_one_moment_the_last_holds() {
    let points = line(&[(2_000, 7), (3_000, 8), (3_000, 7), (4_000, 9)]);
    assert_eq!(clip(&points, SPAN.0, SPAN.1), line(&[(2_000, 7), (4_000, 9)]));
}

#[test]
fn a_price_is_drawn_as_steps_to_the_end() {
    let mut series = series(&[(1_000, 10_000), (51_000, 11_000)]);
    let drawing = Drawing::of(&series).unwrap();
    let (low, high) = (drawing.grid[0].1, drawing.grid[drawing.grid.len() - 1].1);
    let y = |price: i64| Px(2_560 - 2_420 * (price - low) / (high - low));
    let path = format!("M76.0 {}H460.0V{}H844.0", y(10_000), y(11_000));
    assert_eq!(drawing.own, path);
    assert_eq!(drawing.rival, "");

    // Off sale for a while: the line has a gap.
    series.own.insert(
        1,
        Point {
            at: 26_000,
            price: None,
        },
    );
    let drawing = Drawing::of(&series).unwrap();
    let path = format!("M76.0 {}H268.0M460.0 {}H844.0", y(10_000), y(11_000));
    assert_eq!(drawing.own, path);
}

#[test]
fn a_limit_far_away_is_told_and_not_drawn() {
    let mut series = series(&[(1_000, 10_000), (51_000, 11_000)]);
    series.floor = Some(9_000);
    series.ceiling = Some(90_000);
    let drawing = Drawing::of(&series).unwrap();
    assert!(drawing.floor.is_some() && drawing.ceiling.is_none());
    let told: Vec<_> = drawing
        .labels
        .iter()
        .map(|label| (label.kind, label.price, label.outside))
        .collect();
    assert_eq!(
        told,
        [
            (LabelKind::Ceiling, 90_000, true),
            (LabelKind::Own, 11_000, false),
            (LabelKind::Floor, 9_000, false)
        ]
    );
}

#[test]
fn without_prices_there_is_no_drawing() {
    let mut series = series(&[]);
    series.floor = Some(9_000);
    assert_eq!(Drawing::of(&series), None);
    series.own = vec![Point {
        at: 1_000,
        price: None,
    }];
    assert_eq!(Drawing::of(&series), None);
}

#[test]
fn labels_move_apart_and_stay_above_the_bottom() {
    let mut places = [Px(100), Px(110), Px(2_590), Px(2_600)];
    spread(&mut places, Px(140), Px(2_600));
    assert_eq!(places, [Px(100), Px(240), Px(2_460), Px(2_600)]);
    assert_eq!(Px(-15).to_string(), "-1.5");
}

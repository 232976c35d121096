//! Which terms are taken and which are refused.

use super::*;
use crate::domain::tariffs::{Rate, Tariff};

fn tariffs() -> Tariffs {
    let names = [
        (TariffKind::Commission, "usual"),
        (TariffKind::Tax, "none"),
        (TariffKind::Delivery, "city"),
    ];
    let tariff = |(kind, name): (TariffKind, &str)| Tariff {
        kind,
        name: name.to_owned(),
        valid_from: "2026-01-01".parse().unwrap(),
        rate: Rate::Share(Percent::whole(1)),
    };
    Tariffs(names.into_iter().map(tariff).collect())
}

fn wrong(terms: &Terms, wider: &Terms) -> Vec<(&'static str, &'static str)> {
    terms_errors(terms, wider, &tariffs())
        .iter()
        .map(|error| (error.field, error.code))
        .collect()
}

fn limits(floor: Option<i64>, ceiling: Option<i64>) -> Terms {
    Terms {
        floor: floor.map(Tenge),
        ceiling: ceiling.map(Tenge),
        ..Terms::default()
    }
}

#[test]
fn terms_within_their_ranges_are_taken() {
    let full = Terms {
        unit_cost: Some(Tenge(1)),
        commission: Some("usual".to_owned()),
        tax: Some("none".to_owned()),
        delivery: Some("city".to_owned()),
        weight_grams: Some(WEIGHT_MAX),
        goal: Some(Goal::Roi(Percent::whole(1_000))),
        ..limits(Some(10), Some(10))
    };
    for terms in [Terms::default(), full, limits(Some(10), Some(Tenge::MAX.0))] {
        assert_eq!(wrong(&terms, &Terms::default()), []);
    }
    for goal in [
        Goal::Profit(0),
        Goal::Profit(Tenge::MAX.0),
        Goal::Margin(Percent::whole(0)),
    ] {
        let terms = Terms {
            goal: Some(goal),
            ..Terms::default()
        };
        assert_eq!(wrong(&terms, &Terms::default()), []);
    }
}

#[test]
fn limits_are_compared_with_those_of_the_store_where_one_is_silent() {
    let store = limits(Some(5_000), Some(9_000));
    assert_eq!(
        wrong(&limits(None, Some(4_999)), &store),
        [("ceiling_tenge", "product-error-ceiling-low")]
    );
    assert_eq!(
        wrong(&limits(Some(9_001), None), &store),
        [("floor_tenge", "terms-error-floor-high")]
    );
    assert_eq!(wrong(&limits(Some(9_001), Some(9_001)), &store), []);
    assert_eq!(
        wrong(&limits(Some(9), Some(9)), &Terms::default()),
        [("floor_tenge", "product-error-floor-low"),]
    );
}

#[test]
fn what_is_out_of_range_names_its_field() {
    let with = |change: fn(&mut Terms)| {
        let mut terms = Terms::default();
        change(&mut terms);
        wrong(&terms, &Terms::default())
    };
    type Case = (fn(&mut Terms), &'static str, &'static str);
    let cases: &[Case] = &[
        (
            |t| t.unit_cost = Some(Tenge(0)),
            "unit_cost_tenge",
            "error-money-not-positive",
        ),
        (
            |t| t.unit_cost = Some(Tenge(Tenge::MAX.0 + 1)),
            "unit_cost_tenge",
            "product-error-price-high",
        ),
        (
            |t| t.floor = Some(Tenge(Tenge::MAX.0 + 1)),
            "floor_tenge",
            "product-error-price-high",
        ),
        (
            |t| t.commission = Some("city".to_owned()),
            "commission",
            "terms-error-tariff",
        ),
        (|t| t.tax = Some("usual".to_owned()), "tax", "terms-error-tariff"),
        (
            |t| t.delivery = Some("moon".to_owned()),
            "delivery",
            "terms-error-tariff",
        ),
        (|t| t.weight_grams = Some(0), "weight_grams", "terms-error-weight"),
        (
            |t| t.weight_grams = Some(WEIGHT_MAX + 1),
            "weight_grams",
            "terms-error-weight",
        ),
        (
            |t| t.goal = Some(Goal::Profit(-1)),
            "goal_value",
            "product-error-price-high",
        ),
        (
            |t| t.goal = Some(Goal::Margin(Percent::whole(1_001))),
            "goal_value",
            "terms-error-goal",
        ),
        (
            |t| t.goal = Some(Goal::Roi(Percent::from_millionths(-1))),
            "goal_value",
            "terms-error-goal",
        ),
    ];
    for (change, field, code) in cases {
        assert_eq!(with(*change), [(*field, *code)], "{field} {code}");
    }
}

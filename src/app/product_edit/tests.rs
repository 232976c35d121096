//! Which limits are taken and which are refused.

use super::*;

fn change(enabled: bool, floor: Option<i64>, ceiling: Option<i64>) -> ProductChange {
    ProductChange {
        repricing_enabled: enabled,
        floor_tenge: floor.map(Tenge),
        ceiling_tenge: ceiling.map(Tenge),
        strategy: None,
        locked_until: None,
    }
}

fn codes(change: &ProductChange) -> Vec<(&'static str, &'static str)> {
    change_errors(change, &Terms::default())
        .iter()
        .map(|error| (error.field, error.code))
        .collect()
}

#[test]
fn limits_in_order_are_taken() {
    for (enabled, floor, ceiling) in [
        (false, None, None),
        (false, None, Some(10)),
        (true, Some(10), None),
        (true, Some(500), Some(500)),
        (true, Some(500), Some(Tenge::MAX.0)),
    ] {
        assert_eq!(codes(&change(enabled, floor, ceiling)), []);
    }
}

#[test]
fn automatic_prices_need_a_floor() {
    assert_eq!(
        codes(&change(true, None, Some(900))),
        [("floor_tenge", "product-error-floor-needed")]
    );
}

#[test]
fn limits_out_of_order_name_their_field() {
    assert_eq!(
        codes(&change(true, Some(9), None)),
        [("floor_tenge", "product-error-floor-low")]
    );
    assert_eq!(
        codes(&change(true, Some(500), Some(499))),
        [("ceiling_tenge", "product-error-ceiling-low")]
    );
    assert_eq!(
        codes(&change(false, None, Some(0))),
        [("ceiling_tenge", "product-error-ceiling-low")]
    );
    assert_eq!(
        codes(&change(true, Some(Tenge::MAX.0 + 1), None)),
        [("floor_tenge", "product-error-price-high")]
    );
}

#[test]
fn only_changed_fields_reach_the_log() {
    let before = change_json(&change(false, None, Some(900)));
    let after = change_json(&change(true, Some(500), Some(900)));
    assert_eq!(
        changed_fields(before.clone(), after),
        Some((
            json!({"repricing_enabled": false, "floor_tenge": null}),
            json!({"repricing_enabled": true, "floor_tenge": 500})
        ))
    );
    assert_eq!(changed_fields(before.clone(), before), None);
}

#[test]
fn a_strategy_is_one_that_does_without_parameters_or_the_one_that_was_there() {
    let named = |kind: &str| ProductChange {
        strategy: Some(kind.to_owned()),
        ..change(false, None, None)
    };
    assert_eq!(strategy_error(&change(false, None, None), Some("yo_yo")), None);
    assert_eq!(strategy_error(&named("match_lowest"), None), None);
    assert_eq!(strategy_error(&named("yo_yo"), Some("yo_yo")), None);
    for (kind, before) in [
        ("yo_yo", None),
        ("hold_place", Some("yo_yo")),
        ("Match_lowest", None),
    ] {
        let error = strategy_error(&named(kind), before).map(|error| (error.field, error.code));
        assert_eq!(error, Some(("strategy", "product-error-strategy")), "{kind}");
    }
}

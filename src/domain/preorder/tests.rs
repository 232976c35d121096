//! Reading and writing stock per point of service.

use super::*;

#[test]
fn what_is_written_is_read_again_in_order() {
    let points = [
        PointStock {
            number: 2,
            quantity: None,
        },
        PointStock {
            number: 10,
            quantity: Some(3),
        },
    ];
    assert_eq!(
        parse_warehouses(&warehouses_value(&points)),
        Some(points.to_vec())
    );
}

#[test]
fn no_points_are_no_points() {
    assert_eq!(parse_warehouses(&json!({})), Some(vec![]));
}

#[test]
fn other_forms_are_refused() {
    for value in [
        json!([]),
        json!(null),
        json!({"0": {"quantity": 1}}),
        json!({"PP1": {"quantity": 1}}),
        json!({"1": 3}),
        json!({"1": {"quantity": -1}}),
        json!({"1": {"quantity": "3"}}),
        json!({"1": {"quantity": 1}, "01": {"quantity": 2}}),
    ] {
        assert_eq!(parse_warehouses(&value), None, "{value}");
    }
}

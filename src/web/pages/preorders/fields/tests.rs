//! What people type into a preorder.

use serde_json::json;

use super::*;

fn form() -> PreorderForm {
    PreorderForm {
        name: "Чайник".into(),
        price_tenge: "12 480".into(),
        delivery_days: " 7 ".into(),
        pp1: "3".into(),
        pp3: " Да".into(),
        ..PreorderForm::default()
    }
}

#[test]
fn typed_values_are_read() {
    let typed = form().read(&json!({})).unwrap();
    assert_eq!(typed.price_tenge, Some(Tenge(12_480)));
    assert_eq!(typed.delivery_days, 7);
    assert_eq!(
        typed.warehouses,
        json!({"1": {"id": 1, "quantity": 3}, "3": {"id": 3, "quantity": null}})
    );
}

#[test]
fn points_beyond_the_form_stay() {
    let typed = form()
        .read(&json!({"1": {"id": 1, "quantity": 9}, "7": {"id": 7, "quantity": 2}}))
        .unwrap();
    assert_eq!(typed.warehouses["1"]["quantity"], 3);
    assert_eq!(typed.warehouses["7"]["quantity"], 2);
}

#[test]
fn unreadable_fields_are_named_once() {
    let wrong = PreorderForm {
        price_tenge: "12,5".into(),
        delivery_days: "неделя".into(),
        pp1: "-1".into(),
        pp2: "много".into(),
        ..form()
    };
    let fields: Vec<_> = wrong
        .read(&json!({}))
        .unwrap_err()
        .iter()
        .map(|error| error.field)
        .collect();
    assert_eq!(fields, ["price_tenge", "delivery_days", "warehouses"]);
}

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

#[test]
fn further_points_are_read_as_they_are_shown() {
    let read = |text: &str| {
        let form = PreorderForm {
            delivery_days: "7".into(),
            others: Some(text.into()),
            ..PreorderForm::default()
        };
        form.read(&serde_json::json!({}))
            .map(|typed| parse_warehouses(&typed.warehouses).unwrap())
    };
    let point = |number, quantity| PointStock { number, quantity };
    let expected = vec![point(6, Some(3)), point(7, None), point(12, Some(0))];
    assert_eq!(read("PP6 3\npp7: да; 12=0").unwrap(), expected);
    assert_eq!(read(&others_text(&expected)).unwrap(), expected);
    for wrong in ["PP5 1", "PP6 3, PP6 4", "PP6 many", "six"] {
        assert_eq!(
            read(wrong).unwrap_err()[0].code,
            "preorder-error-others",
            "{wrong}"
        );
    }
    // A form that says nothing of them leaves them alone.
    let form = PreorderForm {
        delivery_days: "7".into(),
        ..PreorderForm::default()
    };
    let known = warehouses_value(&expected);
    assert_eq!(
        parse_warehouses(&form.read(&known).unwrap().warehouses).unwrap(),
        expected
    );
}

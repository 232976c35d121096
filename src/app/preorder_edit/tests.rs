//! Which preorders are taken and which are refused.

use super::*;

fn change() -> PreorderChange {
    PreorderChange {
        article: Some("KT-6140".into()),
        name: "Чайник".into(),
        brand: None,
        status: PreorderStatus::Processing,
        price_tenge: Some(Tenge(12_480)),
        warehouses: json!({"1": {"id": 1, "quantity": 3}}),
        delivery_days: 30,
    }
}

fn codes(change: &PreorderChange) -> Vec<(&'static str, &'static str)> {
    change_errors(change)
        .iter()
        .map(|error| (error.field, error.code))
        .collect()
}

#[test]
fn a_whole_preorder_is_taken() {
    assert_eq!(codes(&change()), []);
    let bare = PreorderChange {
        article: None,
        price_tenge: None,
        warehouses: json!({}),
        delivery_days: 0,
        ..change()
    };
    assert_eq!(codes(&bare), []);
}

#[test]
fn each_wrong_field_is_named() {
    let wrong = PreorderChange {
        article: Some("я".repeat(256)),
        name: String::new(),
        brand: Some("b".repeat(255)),
        status: PreorderStatus::Completed,
        price_tenge: Some(Tenge(9)),
        warehouses: json!([1]),
        delivery_days: 31,
    };
    assert_eq!(
        codes(&wrong),
        [
            ("name", "error-empty"),
            ("article", "error-too-long"),
            ("price_tenge", "preorder-error-price-low"),
            ("delivery_days", "preorder-error-days"),
            ("warehouses", "preorder-error-warehouses"),
        ]
    );
    let negative = PreorderChange {
        delivery_days: -4,
        ..change()
    };
    assert_eq!(codes(&negative), [("delivery_days", "preorder-error-days")]);
}

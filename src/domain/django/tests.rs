//! Money is never rounded, doubts have reasons, and what is doubtful is not taken.

use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::{
    rows::{OldPreorder, OldProduct, OldStore, TakenPreorder, TakenProduct},
    *,
};
use crate::domain::{PreorderId, PreorderStatus, ProductId, StoreId};

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn store() -> OldStore {
    OldStore {
        id: StoreId::new(),
        user_id: text("user-1"),
        merchant_id: text("M-1"),
        name: text("Магазин"),
        api_key: text("demo_key_1"),
        products_count: text("12"),
        is_active: Some(true),
        created_at: None,
        updated_at: None,
    }
}

fn product() -> OldProduct {
    OldProduct {
        id: ProductId::new(),
        store_id: Some(Uuid::now_v7()),
        kaspi_product_id: text("K1"),
        kaspi_sku: text("S1"),
        price: text("1248000"),
        name: text("Чайник"),
        external_kaspi_id: text("100000051"),
        category: text("Кухня"),
        image_url: text("https://img.example.invalid/p/51.jpg"),
        bot_active: Some(true),
        last_check_time: None,
        min_profit: text("10900.00"),
        max_profit: text("13000.00"),
        strategy: text("beat_lowest"),
        created_at: None,
        updated_at: None,
        is_twice: false,
        has_preorder: false,
    }
}

fn preorder() -> OldPreorder {
    OldPreorder {
        id: PreorderId::new(),
        product_id: Some(Uuid::now_v7()),
        store_id: Some(Uuid::now_v7()),
        article: text("ART1"),
        name: text("Предзаказ"),
        brand: text("Tulpar"),
        status: text("completed"),
        price: text("107900"),
        warehouses: text(r#"{"1":{"id":1,"quantity":3},"2":{"id":2,"quantity":null}}"#),
        delivery_days: text("2"),
        created_at: None,
        updated_at: None,
        is_twice: false,
    }
}

fn told(doubts: &[Doubt]) -> Vec<(&'static str, Reason)> {
    doubts.iter().map(|doubt| (doubt.field, doubt.reason)).collect()
}

fn taken_product(old: OldProduct) -> (TakenProduct, Vec<(&'static str, Reason)>) {
    let taken = old.judge().unwrap();
    let emptied = told(&taken.emptied);
    (taken.row, emptied)
}

fn taken_preorder(old: OldPreorder) -> TakenPreorder {
    let taken = old.judge().unwrap();
    assert_eq!(taken.emptied, []);
    taken.row
}

#[test]
fn good_rows_are_taken_whole() {
    let taken = store().judge().unwrap();
    assert_eq!(taken.emptied, []);
    assert_eq!(
        (
            taken.row.external_id.as_str(),
            taken.row.products_count,
            taken.row.active
        ),
        ("user-1", 12, true)
    );

    let (row, emptied) = taken_product(product());
    assert_eq!(emptied, []);
    assert_eq!(
        (row.price, row.floor, row.ceiling, row.repricing_enabled),
        (
            Some(Tenge(12_480)),
            Some(Tenge(10_900)),
            Some(Tenge(13_000)),
            true
        )
    );

    let row = taken_preorder(preorder());
    assert_eq!((row.price, row.delivery_days), (Some(Tenge(1_079)), 2));
    assert_eq!(row.status, PreorderStatus::Completed);
    assert_eq!(
        row.warehouses,
        json!({"1": {"id": 1, "quantity": 3}, "2": {"id": 2, "quantity": null}})
    );
}

#[test]
fn what_may_be_missing_may_be_missing() {
    let (row, emptied) = taken_product(OldProduct {
        kaspi_sku: text(" "),
        price: None,
        external_kaspi_id: text(""),
        category: None,
        image_url: None,
        bot_active: None,
        min_profit: None,
        max_profit: None,
        strategy: None,
        ..product()
    });
    assert_eq!(emptied, []);
    assert_eq!((row.sku, row.price, row.card_id), (None, None, None));
    assert!(!row.repricing_enabled, "nobody has switched it on");
    let bare = OldPreorder {
        price: None,
        article: None,
        warehouses: None,
        ..preorder()
    };
    let row = taken_preorder(bare);
    assert_eq!((row.price, row.warehouses), (None, json!({})));
}

#[test]
fn a_doubtful_limit_stays_empty_and_the_switch_goes_off() {
    let off = ("bot_active", Reason::SwitchedOff);
    for (min, max, reason) in [
        ("10900.50", "13000.00", ("min_profit", Reason::Fraction)),
        ("0.00", "13000.00", ("min_profit", Reason::NotPositive)),
        ("-5.00", "13000.00", ("min_profit", Reason::NotPositive)),
        ("9.00", "13000.00", ("min_profit", Reason::BelowLowest)),
        ("NaN", "13000.00", ("min_profit", Reason::NotANumber)),
        ("10900.00", "13000.01", ("max_profit", Reason::Fraction)),
        (
            "10900.00",
            "99999999999999999999.00",
            ("max_profit", Reason::TooHigh),
        ),
    ] {
        let old = OldProduct {
            min_profit: text(min),
            max_profit: text(max),
            ..product()
        };
        let (row, emptied) = taken_product(old.clone());
        assert_eq!(emptied, [reason, off], "{min} {max}");
        assert!(!row.repricing_enabled);
        let kept = if reason.0 == "min_profit" {
            (None, Some(Tenge(13_000)))
        } else {
            (Some(Tenge(10_900)), None)
        };
        assert_eq!((row.floor, row.ceiling), kept);
        let (_, emptied) = taken_product(OldProduct {
            bot_active: Some(false),
            ..old
        });
        assert_eq!(emptied, [reason], "it was off already");
    }
    let (row, emptied) = taken_product(OldProduct {
        min_profit: text("13001.00"),
        ..product()
    });
    assert_eq!(emptied, [("max_profit", Reason::FloorAboveCeiling), off]);
    assert_eq!(
        (row.floor, row.ceiling, row.repricing_enabled),
        (None, None, false)
    );
    let (row, emptied) = taken_product(OldProduct {
        strategy: text(&"x".repeat(51)),
        ..product()
    });
    assert_eq!(emptied, [("strategy", Reason::TooLong), off]);
    assert_eq!((row.strategy, row.repricing_enabled), (None, false));
}

#[test]
fn other_doubtful_values_stay_empty_and_the_switch_stays() {
    for (price, reason) in [
        ("503869", Reason::Fraction),
        ("0", Reason::NotPositive),
        ("-100", Reason::NotPositive),
        ("900", Reason::BelowLowest),
        ("many", Reason::NotANumber),
    ] {
        let (row, emptied) = taken_product(OldProduct {
            price: text(price),
            ..product()
        });
        assert_eq!(emptied, [("price", reason)], "{price}");
        assert_eq!((row.price, row.repricing_enabled), (None, true));
    }
    let (row, emptied) = taken_product(OldProduct {
        category: text(&"я".repeat(256)),
        external_kaspi_id: text(&"1".repeat(256)),
        image_url: text("javascript:alert(1)"),
        ..product()
    });
    assert_eq!(
        emptied,
        [
            ("external_kaspi_id", Reason::TooLong),
            ("category", Reason::TooLong),
            ("image_url", Reason::NotAnAddress)
        ]
    );
    assert_eq!((row.category, row.image_url, row.card_id), (None, None, None));
}

#[test]
fn rows_that_nobody_can_be_sure_of_are_left_out_with_all_reasons() {
    let old = OldStore {
        user_id: text(" "),
        merchant_id: None,
        name: text(&"я".repeat(256)),
        ..store()
    };
    let expected = [
        ("user_id", Reason::Empty),
        ("merchant_id", Reason::Empty),
        ("name", Reason::TooLong),
    ];
    assert_eq!(told(&old.judge().unwrap_err()), expected);

    let old = OldProduct {
        store_id: None,
        kaspi_product_id: None,
        name: text(""),
        kaspi_sku: text(&"s".repeat(256)),
        is_twice: true,
        ..product()
    };
    let expected = [
        ("store_id", Reason::NoStore),
        ("kaspi_product_id", Reason::Empty),
        ("name", Reason::Empty),
        ("kaspi_sku", Reason::TooLong),
        ("kaspi_sku", Reason::Duplicate),
    ];
    assert_eq!(told(&old.judge().unwrap_err()), expected);

    let old = OldPreorder {
        product_id: None,
        store_id: None,
        is_twice: true,
        name: None,
        status: text("odd"),
        price: text("107919"),
        warehouses: text("{"),
        delivery_days: text("-4"),
        ..preorder()
    };
    let expected = [
        ("product_id", Reason::NoProduct),
        ("store_id", Reason::NoStore),
        ("product_id, store_id", Reason::Duplicate),
        ("name", Reason::Empty),
        ("status", Reason::UnknownWord),
        ("price", Reason::Fraction),
        ("warehouses", Reason::Unreadable),
        ("delivery_days", Reason::Days),
    ];
    assert_eq!(told(&old.judge().unwrap_err()), expected);
}

#[test]
fn promises_of_another_form_are_not_read() {
    for warehouses in [
        "null",
        "[]",
        r#"{"1":3}"#,
        r#"{"0":{"quantity":1}}"#,
        r#"{"1":{"id":2,"quantity":1}}"#,
        r#"{"1":{"id":"1","quantity":1}}"#,
        r#"{"1":{"id":1,"quantity":-1}}"#,
        r#"{"1":{"id":1,"quantity":1.5}}"#,
    ] {
        let old = OldPreorder {
            warehouses: text(warehouses),
            ..preorder()
        };
        let doubts = old.judge().unwrap_err();
        assert_eq!(
            told(&doubts),
            [("warehouses", Reason::Unreadable)],
            "{warehouses}"
        );
    }
    for days in [Some("31"), Some("2.5"), None] {
        let old = OldPreorder {
            delivery_days: days.map(str::to_owned),
            ..preorder()
        };
        assert_eq!(told(&old.judge().unwrap_err()), [("delivery_days", Reason::Days)]);
    }
}

#[test]
fn a_doubt_is_a_sentence() {
    let doubt = Doubt::new("price", Reason::Fraction).of("503869");
    assert_eq!(doubt.to_string(), "price is not a whole number of tenge (503869)");
}

proptest! {
    /// What is taken is exactly what was there, and only whole tenge are taken.
    #[test]
    fn tiyin_become_tenge_without_rounding(tiyin in any::<i64>()) {
        match price_of_tiyin(&tiyin.to_string()) {
            Ok(price) => prop_assert_eq!(i128::from(price.0) * 100, i128::from(tiyin)),
            Err(Reason::Fraction) => prop_assert!(tiyin % 100 != 0),
            Err(_) => prop_assert!(!(LOWEST_PRICE.0 * 100..=Tenge::MAX.0 * 100).contains(&tiyin)),
        }
    }

    /// The same for amounts that occur.
    #[test]
    fn usual_prices_become_tenge_without_rounding(tiyin in 1_000_i64..3_000_000) {
        match price_of_tiyin(&tiyin.to_string()) {
            Ok(price) => prop_assert_eq!(price.0 * 100, tiyin),
            Err(reason) => {
                prop_assert_eq!(reason, Reason::Fraction);
                prop_assert!(tiyin % 100 != 0);
            }
        }
    }

    /// Limits likewise, as the predecessor's columns hold them.
    #[test]
    fn decimals_become_tenge_without_rounding(whole in -99_999_999_i64..=99_999_999, places in 0_i64..100) {
        let text = format!("{whole}.{places:02}");
        match limit_of_decimal(&text) {
            Ok(limit) => prop_assert_eq!((limit.0, places), (whole, 0)),
            Err(Reason::Fraction) => prop_assert!(places != 0),
            Err(_) => prop_assert!(whole < LOWEST_PRICE.0),
        }
    }
}

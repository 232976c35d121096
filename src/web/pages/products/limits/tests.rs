//! What people type into prices, times and the way back.

use super::*;

#[test]
fn prices_are_read_as_people_write_them() {
    let read = |text: &str| {
        let mut errors = Vec::new();
        let amount = price_of("floor_tenge", text, &mut errors);
        (
            amount.map(|amount| amount.0),
            errors.first().map(|error| error.code),
        )
    };
    assert_eq!(read("1 234 567 ₸"), (Some(1_234_567), None));
    assert_eq!(read("1\u{a0}234"), (Some(1_234), None));
    assert_eq!(read("  "), (None, None));
    assert_eq!(read("12,5"), (None, Some("error-money-fraction")));
    assert_eq!(read("-5"), (None, Some("error-money-not-positive")));
    assert_eq!(read("abc"), (None, Some("error-money-not-a-number")));
    assert_eq!(
        read("12345678901234567890"),
        (None, Some("product-error-price-high"))
    );
}

#[test]
fn times_are_read_in_almaty_and_shown_again() {
    let at: DateTime<Utc> = "2026-11-23T09:05:00Z".parse().unwrap();
    assert_eq!(parse_time("2026-11-23T14:05"), Some(at));
    assert_eq!(parse_time("23.11.2026 14:05"), Some(at));
    assert_eq!(parse_time("tomorrow"), None);
    assert_eq!(field_time(at), "2026-11-23T14:05");
}

#[test]
fn the_way_back_never_leads_elsewhere() {
    for back in [
        "/products",
        "/products?q=a&page=2",
        "/products/1",
        "/preorders?x=1",
        "/log?object=product",
    ] {
        assert_eq!(safe_back(back), back);
    }
    for back in [
        "",
        "//evil.kz",
        "https://evil.kz",
        "/productsx",
        "/products?\r\nX: 1",
        "/logs",
    ] {
        assert_eq!(safe_back(back), "/products");
    }
}

//! Tests of whole tenge.

use super::{MoneyError, Tenge};

#[test]
fn people_may_type_spaces_signs_and_commas() {
    for text in [
        "1234567",
        "1 234 567",
        "1\u{a0}234\u{202f}567 ₸",
        "1,234,567",
        "1234567 тг",
        " 1234567тенге ",
    ] {
        assert_eq!(Tenge::parse_price(text), Ok(Tenge(1_234_567)), "{text}");
    }
}

#[test]
fn what_is_no_price_is_refused_with_its_reason() {
    for (text, why) in [
        ("", MoneyError::Empty),
        ("₸", MoneyError::Empty),
        ("12,5", MoneyError::Fraction),
        ("10.50", MoneyError::Fraction),
        ("1.234", MoneyError::Fraction),
        ("−5", MoneyError::NotPositive),
        ("0", MoneyError::NotPositive),
        ("abc", MoneyError::NotANumber),
        ("1e5", MoneyError::NotANumber),
        ("99999999999999999999", MoneyError::TooLarge),
        ("1000000001", MoneyError::TooLarge),
    ] {
        assert_eq!(Tenge::parse_price(text), Err(why), "{text}");
    }
}

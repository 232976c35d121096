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

#[test]
fn decimals_of_the_predecessor_round_to_the_careful_side() {
    for (text, up, down) in [
        ("10900", 10_900, 10_900),
        ("10900.00", 10_900, 10_900),
        ("10900.01", 10_901, 10_900),
        ("10900.5", 10_901, 10_900),
        ("10900.99", 10_901, 10_900),
        ("0.00", 0, 0),
        ("0.01", 1, 0),
        ("-0.50", 0, -1),
        ("-3.00", -3, -3),
        ("999999999.99", 1_000_000_000, 999_999_999),
        ("1000000000.00", 1_000_000_000, 1_000_000_000),
    ] {
        assert_eq!(Tenge::from_decimal_rounded_up(text), Ok(Tenge(up)), "{text}");
        assert_eq!(Tenge::from_decimal_rounded_down(text), Ok(Tenge(down)), "{text}");
    }
    // Only the rounded amount must fit.
    assert_eq!(
        Tenge::from_decimal_rounded_up("1000000000.01"),
        Err(MoneyError::TooLarge)
    );
    assert_eq!(Tenge::from_decimal_rounded_down("1000000000.01"), Ok(Tenge::MAX));
    for (text, error) in [
        ("", MoneyError::Empty),
        ("-", MoneyError::Empty),
        ("12.345", MoneyError::NotANumber),
        ("12.", MoneyError::NotANumber),
        (".5", MoneyError::NotANumber),
        ("1e3", MoneyError::NotANumber),
        ("12,50", MoneyError::NotANumber),
        ("+5", MoneyError::NotANumber),
        ("NaN", MoneyError::NotANumber),
        (" 5", MoneyError::NotANumber),
        ("9999999999999999", MoneyError::TooLarge),
    ] {
        assert_eq!(Tenge::from_decimal_rounded_up(text), Err(error), "{text}");
        assert_eq!(Tenge::from_decimal_rounded_down(text), Err(error), "{text}");
    }
}

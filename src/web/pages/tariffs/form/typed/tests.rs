//! What people type into the form of a tariff.

use super::*;
use crate::domain::percent::Percent;

fn fields(pairs: &[(&str, &str)]) -> TypedTariff {
    let owned: Vec<(String, String)> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    TypedTariff::of(&owned)
}

fn with_rows(rows: &[(&str, &str, &str)]) -> TypedTariff {
    let mut pairs = vec![("valid_from", "2027-01-01")];
    for (price, weight, fee) in rows {
        pairs.extend([("price_up_to", *price), ("weight_up_to", *weight), ("fee", *fee)]);
    }
    fields(&pairs)
}

fn read(typed: &TypedTariff, kind: TariffKind) -> Result<Rate, Vec<String>> {
    match typed.read(kind, &Texts::default()) {
        Ok((_, rate)) => Ok(rate),
        Err(errors) => Err(errors.into_iter().map(|error| error.id).collect()),
    }
}

#[test]
fn shares_and_days_are_read_as_people_write_them() {
    for (day, percent) in [("2027-01-01", "12.5"), ("01.01.2027", " 12,5 % ")] {
        let typed = fields(&[("valid_from", day), ("percent", percent)]);
        let read = typed.read(TariffKind::Commission, &Texts::default()).unwrap();
        assert_eq!(read.0, "2027-01-01".parse().unwrap());
        assert_eq!(read.1, Rate::Share(Percent::from_hundredths(1_250)));
    }
    let typed = fields(&[("valid_from", "soon"), ("percent", "much")]);
    assert_eq!(
        read(&typed, TariffKind::Tax),
        Err(vec!["valid_from".to_owned(), "percent".to_owned()])
    );
}

#[test]
fn rows_of_one_price_are_one_step_and_empty_rows_are_none() {
    let typed = with_rows(&[
        ("999", "", "49"),
        ("", "", ""),
        ("", "1 000", "1 099"),
        ("", "", "6\u{a0}449 ₸"),
    ]);
    let Ok(Rate::Fees(table)) = read(&typed, TariffKind::Delivery) else {
        panic!("a table");
    };
    assert_eq!(table.steps().len(), 2);
    assert_eq!(table.steps()[1].fees.len(), 2);
    // What is filled in again is the same table.
    let mut again = fields(&[("valid_from", "2027-01-01")]);
    again.set_rate(Some(&Rate::Fees(table.clone())));
    assert_eq!(again.rows.len(), 3 + SPARE_ROWS);
    assert_eq!(read(&again, TariffKind::Delivery), Ok(Rate::Fees(table)));
}

#[test]
fn what_is_wrong_with_a_row_is_said_at_its_cell() {
    let typed = with_rows(&[("cheap", "", "49"), ("", "0", "-1"), ("", "", "")]);
    assert_eq!(
        read(&typed, TariffKind::Delivery),
        Err(vec![
            "price-1".to_owned(),
            "weight-2".to_owned(),
            "fee-2".to_owned()
        ])
    );
    let tables: [&[(&str, &str, &str)]; 5] = [
        &[],
        // The last step ends.
        &[("999", "", "49")],
        // Steps descend.
        &[("2 000", "", "1"), ("1 000", "", "1"), ("", "", "1")],
        // The last weight ends.
        &[("", "1000", "5")],
        &[("", "", "1000000000"), ("", "", "1")],
    ];
    for rows in tables {
        let typed = with_rows(rows);
        assert_eq!(
            read(&typed, TariffKind::Delivery),
            Err(vec!["fees".to_owned()]),
            "{rows:?}"
        );
    }
}

#[test]
fn more_rows_keep_what_was_typed() {
    let mut typed = with_rows(&[("999", "", "49")]);
    typed.add_rows(5);
    assert_eq!(typed.rows.len(), 6);
    assert_eq!(typed.rows[0].fee, "49");
    typed.add_rows(10_000);
    assert_eq!(typed.rows.len(), ROWS_MAX);
}

//! Dated shares and tables of fees.

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn tax(percent: i32, from: &str) -> Tariff {
    Tariff {
        kind: TariffKind::Tax,
        name: "simplified".to_owned(),
        valid_from: day(from),
        rate: Rate::Share(Percent::whole(percent)),
    }
}

fn fee(up_to_grams: Option<i32>, fee: i64) -> WeightStep {
    WeightStep {
        up_to_grams,
        fee: Tenge(fee),
    }
}

fn step(up_to: Option<i64>, fees: &[WeightStep]) -> PriceStep {
    PriceStep {
        up_to: up_to.map(Tenge),
        fees: fees.to_vec(),
    }
}

#[test]
fn the_newest_tariff_that_holds_already_counts() {
    let tariffs = Tariffs(vec![
        tax(4, "2026-07-01"),
        tax(3, "2026-01-01"),
        tax(5, "2027-01-01"),
    ]);
    let on = |text| tariffs.share_on(TariffKind::Tax, "simplified", day(text));

    assert_eq!(on("2025-12-31"), None);
    assert_eq!(on("2026-01-01"), Some(Percent::whole(3)));
    assert_eq!(on("2026-06-30"), Some(Percent::whole(3)));
    assert_eq!(on("2026-07-01"), Some(Percent::whole(4)));
    assert_eq!(
        tariffs.share_on(TariffKind::Tax, "other", day("2026-07-01")),
        None
    );
    assert_eq!(
        tariffs.share_on(TariffKind::Commission, "simplified", day("2026-07-01")),
        None
    );
    assert_eq!(tariffs.changes_after(day("2026-07-01")), [day("2027-01-01")]);
}

#[test]
fn a_parcel_pays_by_price_and_weight_and_the_most_where_nobody_knows_its_weight() {
    let table = DeliveryTable::new(vec![
        step(Some(9_999), &[fee(None, 799)]),
        step(
            None,
            &[
                fee(Some(1_000), 1_299),
                fee(Some(25_000), 3_599),
                fee(None, 11_999),
            ],
        ),
    ])
    .unwrap();
    let fees = |weight| -> Vec<(Option<Tenge>, i64)> {
        let bands = table.bands(weight).into_iter();
        bands.map(|band| (band.up_to, band.fee.0)).collect()
    };
    let first = (Some(Tenge(9_999)), 799);

    assert_eq!(fees(Some(1_000)), [first, (None, 1_299)]);
    assert_eq!(fees(Some(1_001)), [first, (None, 3_599)]);
    assert_eq!(fees(Some(25_001)), [first, (None, 11_999)]);
    assert_eq!(fees(None), [first, (None, 11_999)]);
}

#[test]
fn steps_that_leave_a_price_or_weight_without_a_fee_are_no_table() {
    let open = [fee(None, 1)];
    let table = |steps: Vec<PriceStep>| DeliveryTable::new(steps).map(|_| ()).unwrap_err();

    assert_eq!(table(vec![]), TableError::Count);
    assert_eq!(table(vec![step(None, &[])]), TableError::Count);
    assert_eq!(table(vec![step(Some(10), &open)]), TableError::Open);
    assert_eq!(
        table(vec![step(None, &open), step(None, &open)]),
        TableError::Open
    );
    assert_eq!(
        table(vec![
            step(Some(10), &open),
            step(Some(10), &open),
            step(None, &open)
        ]),
        TableError::Order
    );
    assert_eq!(
        table(vec![step(Some(0), &open), step(None, &open)]),
        TableError::Order
    );
    assert_eq!(table(vec![step(None, &[fee(Some(5), 1)])]), TableError::Open);
    assert_eq!(table(vec![step(None, &[fee(None, -1)])]), TableError::Fee);
}

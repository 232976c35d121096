//! Which values hold, and what is said where something is missing.

use super::*;
use crate::domain::{
    percent::Percent,
    pricing::Band,
    tariffs::{DeliveryTable, PriceStep, Tariff, WeightStep},
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn tariffs() -> Tariffs {
    let tariff = |kind, name: &str, rate| Tariff {
        kind,
        name: name.to_owned(),
        valid_from: day("2026-01-01"),
        rate,
    };
    let fees = |light, heavy| {
        let step = |up_to_grams, fee| WeightStep {
            up_to_grams,
            fee: Tenge(fee),
        };
        let fees = vec![step(Some(1_000), light), step(None, heavy)];
        Rate::Fees(DeliveryTable::new(vec![PriceStep { up_to: None, fees }]).unwrap())
    };
    let share = |hundredths| Rate::Share(Percent::from_hundredths(hundredths));
    Tariffs(vec![
        tariff(TariffKind::Commission, "usual", share(1_250)),
        tariff(TariffKind::Commission, "reduced", share(730)),
        tariff(TariffKind::Tax, "simplified", share(300)),
        tariff(TariffKind::DeliveryVat, "standard", share(1_600)),
        tariff(TariffKind::Delivery, "country", fees(1_299, 11_999)),
        tariff(TariffKind::Delivery, "city", fees(1_099, 6_449)),
    ])
}

#[test]
fn for_each_value_the_nearest_that_is_set_wins() {
    let product = Terms {
        unit_cost: Some(Tenge(3_000)),
        ..Terms::default()
    };
    let category = Terms {
        floor: Some(Tenge(4_000)),
        commission: Some("reduced".to_owned()),
        unit_cost: Some(Tenge(9)),
        ..Terms::default()
    };
    let store = Terms {
        floor: Some(Tenge(1)),
        ceiling: Some(Tenge(90_000)),
        tax: Some("simplified".to_owned()),
        ..Terms::default()
    };

    let terms = product.or(category).or(store);

    assert_eq!(
        terms,
        Terms {
            floor: Some(Tenge(4_000)),
            ceiling: Some(Tenge(90_000)),
            unit_cost: Some(Tenge(3_000)),
            commission: Some("reduced".to_owned()),
            tax: Some("simplified".to_owned()),
            ..Terms::default()
        }
    );
}

#[test]
fn costs_and_tariffs_of_a_day_make_the_economics() {
    let terms = Terms {
        unit_cost: Some(Tenge(3_000)),
        tax: Some("simplified".to_owned()),
        ..Terms::default()
    };
    let economics = terms.economics(&tariffs(), day("2026-11-25")).unwrap();

    assert_eq!(economics.commission_percent, Percent::from_hundredths(1_250));
    assert_eq!(economics.tax_percent, Percent::whole(3));
    assert_eq!(economics.delivery_vat_percent, Percent::whole(16));
    let heaviest = Band {
        up_to: None,
        fee: Tenge(11_999),
    };
    assert_eq!(
        economics.delivery,
        [heaviest],
        "weight unknown: the dearest, to the country"
    );
    assert_eq!(economics.goal, Goal::Profit(0), "at least no loss");

    let named = Terms {
        commission: Some("reduced".to_owned()),
        delivery: Some("city".to_owned()),
        weight_grams: Some(500),
        goal: Some(Goal::Margin(Percent::whole(10))),
        ..terms
    };
    let economics = named.economics(&tariffs(), day("2026-11-25")).unwrap();
    assert_eq!(economics.commission_percent, Percent::from_hundredths(730));
    assert_eq!(
        economics.delivery.first().map(|band| band.fee),
        Some(Tenge(1_099))
    );
    assert_eq!(economics.goal, Goal::Margin(Percent::whole(10)));
}

#[test]
fn what_is_missing_is_said_and_nothing_is_made_up() {
    let terms = Terms::default();
    assert_eq!(
        terms.economics(&tariffs(), day("2026-11-25")),
        Err(vec![TermsGap::UnitCost, TermsGap::Tax])
    );
    let all = Terms {
        unit_cost: Some(Tenge(3_000)),
        tax: Some("simplified".to_owned()),
        ..Terms::default()
    };
    assert_eq!(
        all.economics(&tariffs(), day("2025-12-31")),
        Err(vec![
            TermsGap::Tax,
            TermsGap::Commission,
            TermsGap::Delivery,
            TermsGap::DeliveryVat
        ]),
        "before the first tariff"
    );
    let unknown = Terms {
        delivery: Some("moon".to_owned()),
        ..all
    };
    assert_eq!(
        unknown.economics(&tariffs(), day("2026-11-25")),
        Err(vec![TermsGap::Delivery])
    );
}

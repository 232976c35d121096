//! Who falls short when tariffs change, against figures computed by hand.

use super::*;
use crate::domain::{
    percent::Percent,
    pricing::Goal,
    tariffs::{DeliveryTable, PriceStep, Rate, Tariff, TariffKind, WeightStep},
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

const TODAY: &str = "2026-11-23";
const CHANGE: &str = "2027-01-01";

/// Commission 12.5 % and from the change on 15 %, tax 3 %, delivery 199 up to 4 999 ₸ and 1 099 above, its tax 16 %.
fn tariffs() -> Tariffs {
    let tariff = |kind, name: &str, valid_from, rate| Tariff {
        kind,
        name: name.to_owned(),
        valid_from: day(valid_from),
        rate,
    };
    let share = |hundredths| Rate::Share(Percent::from_hundredths(hundredths));
    let step = |up_to: Option<i64>, fee| PriceStep {
        up_to: up_to.map(Tenge),
        fees: vec![WeightStep {
            up_to_grams: None,
            fee: Tenge(fee),
        }],
    };
    let fees = DeliveryTable::new(vec![step(Some(4_999), 199), step(None, 1_099)]).unwrap();
    Tariffs(vec![
        tariff(TariffKind::Commission, "usual", "2026-01-01", share(1_250)),
        tariff(TariffKind::Commission, "usual", CHANGE, share(1_500)),
        tariff(TariffKind::Commission, "reduced", "2026-01-01", share(730)),
        tariff(TariffKind::Tax, "simplified", "2026-01-01", share(300)),
        tariff(TariffKind::DeliveryVat, "standard", "2026-01-01", share(1_600)),
        tariff(TariffKind::Delivery, "country", "2026-01-01", Rate::Fees(fees)),
    ])
}

fn costs(unit_cost: i64) -> Terms {
    Terms {
        unit_cost: Some(Tenge(unit_cost)),
        tax: Some("simplified".to_owned()),
        ..Terms::default()
    }
}

fn short(terms: &Terms, price: i64, on: &str) -> Option<Shortfall> {
    shortfall(terms, Tenge(price), &tariffs(), (day(TODAY), day(on)))
}

#[test]
fn a_price_that_will_no_longer_pay_is_told_with_its_new_limit() {
    // Fixed costs 9 000 + 1 099 · 1.16 = 10 274.84. At 12 250 ₸: 0.845 · 12 250 = 10 351.25 earns 76.41 today,
    // 0.82 · 12 250 = 10 045 loses 229.84 then. It pays from 10 274.84 / 0.845 = 12 159.6 on today, and from
    // 10 274.84 / 0.82 = 12 530.3 on then.
    let found = short(&costs(9_000), 12_250, CHANGE).unwrap();
    let now = found.now.unwrap();
    assert_eq!((now.profit, now.meets_goal), (Tenge(76), true));
    assert_eq!(now.lowest, Some(Tenge(12_160)));
    assert_eq!((found.then.profit, found.then.meets_goal), (Tenge(-230), false));
    assert_eq!(found.then.lowest, Some(Tenge(12_531)));

    assert_eq!(short(&costs(9_000), 12_531, CHANGE), None, "pays to the tenge");
    assert!(short(&costs(9_000), 12_530, CHANGE).is_some());
}

#[test]
fn a_price_below_its_goal_counts_though_it_earns_something() {
    // At 13 000 ₸ then: 0.82 · 13 000 − 10 274.84 = 385.16, which is 2.96 % of the price.
    let with = |share| Terms {
        goal: Some(Goal::Margin(Percent::from_hundredths(share))),
        ..costs(9_000)
    };
    assert_eq!(short(&with(296), 13_000, CHANGE), None);
    let found = short(&with(297), 13_000, CHANGE).unwrap();
    assert_eq!(found.then.profit, Tenge(385));
}

#[test]
fn whom_the_change_does_not_touch_is_left_out() {
    let reduced = Terms {
        commission: Some("reduced".to_owned()),
        ..costs(9_000)
    };
    // Loses money already, and will no matter what changes.
    assert_eq!(short(&reduced, 9_000, CHANGE), None);
    assert_eq!(short(&Terms::default(), 9_000, CHANGE), None, "costs unknown");
    assert_eq!(
        short(&costs(9_000), 12_250, "2027-01-02"),
        None,
        "nothing changes"
    );
}

#[test]
fn a_floor_above_the_goals_price_is_the_lowest() {
    let terms = Terms {
        floor: Some(Tenge(14_000)),
        ..costs(9_000)
    };
    let found = short(&terms, 12_250, CHANGE).unwrap();
    assert_eq!(found.then.lowest, Some(Tenge(14_000)));
    let terms = Terms {
        ceiling: Some(Tenge(12_400)),
        ..costs(9_000)
    };
    // Between fixed costs of 12 531 and a ceiling of 12 400 there is nothing; cheap prices with the cheap delivery
    // lose even more.
    assert_eq!(short(&terms, 12_250, CHANGE).unwrap().then.lowest, None);
}

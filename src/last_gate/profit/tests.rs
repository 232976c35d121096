//! The gate and the engine share no code, and agree about every price.

use proptest::prelude::{Strategy as _, any, prop, prop_assert_eq, prop_oneof, proptest};
use serde_json::json;

use super::*;
use crate::domain::{
    Tenge,
    percent::Percent,
    pricing::{self, Economics, Limits},
    tariffs::{DeliveryTable, PriceStep, WeightStep},
};

/// Limits that forbid nothing: only the goal is left.
const WIDE: Limits = Limits {
    floor: Some(Tenge(10)),
    ceiling: None,
};

fn goal_of(costs: Costs) -> Goal {
    let fees = serde_json::from_value(costs.delivery.clone()).unwrap();
    Goal { costs, fees }
}

fn costs(weight: Option<i32>, goal_kind: &str, goal: i64) -> Costs {
    Costs {
        unit_cost: 9_000,
        commission: 12_500_000,
        tax: 3_000_000,
        vat: 16_000_000,
        delivery: json!([{"up_to": 9_999, "fees": [{"up_to_grams": null, "fee": 699}]},
            {"up_to": null, "fees": [{"up_to_grams": 1_000, "fee": 1_099}, {"up_to_grams": null, "fee": 6_449}]}]),
        weight,
        goal_kind: goal_kind.to_owned(),
        goal,
    }
}

#[test]
fn what_a_price_must_earn_is_counted_to_the_part_of_a_tenge() {
    // 0.845 · 12 160 − 1 099 · 1.16 − 9 000 = 0.36; a tenge less earns −0.485.
    let light = goal_of(costs(Some(1_000), "profit", 0));
    assert!(light.is_met_at(12_160) && !light.is_met_at(12_159));
    // 0.845 · 18 504 − 6 449 · 1.16 − 9 000 = −844.96: the fee of a heavy parcel, and of an unknown weight.
    let heavy = goal_of(costs(Some(1_001), "profit", 0));
    assert!(!heavy.is_met_at(18_504) && heavy.is_met_at(19_505));
    assert!(!goal_of(costs(None, "profit", 0)).is_met_at(18_504));
}

#[test]
fn a_price_without_a_fee_meets_no_goal() {
    let mut costs = costs(Some(100), "profit", 0);
    costs.delivery = json!([{"up_to": 9_999, "fees": [{"up_to_grams": null, "fee": 1}]}]);
    assert!(!goal_of(costs).is_met_at(1_000_000));
}

proptest! {
    #[test]
    fn the_gate_and_the_engine_agree(
        unit_cost in 1_i64..200_000,
        commission in 0_i64..30_000_000,
        tax in 0_i64..20_000_000,
        vat in 0_i64..30_000_000,
        steps in prop::collection::btree_map(10_i64..300_000, (0_i64..9_000, 0_i64..9_000), 0..5),
        last in (0_i64..9_000, 0_i64..9_000),
        weight in prop_oneof![any::<Option<u16>>().prop_map(|grams| grams.map(|grams| i32::from(grams) + 1))],
        (kind, goal) in prop_oneof![
            (0_i64..50_000).prop_map(|goal| ("profit", goal)),
            (0_i64..60_000_000).prop_map(|goal| ("margin", goal)),
            (0_i64..200_000_000).prop_map(|goal| ("roi", goal)),
        ],
        price in 10_i64..400_000,
    ) {
        let fees = |(light, heavy)| vec![
            WeightStep { up_to_grams: Some(5_000), fee: Tenge(light) },
            WeightStep { up_to_grams: None, fee: Tenge(heavy) },
        ];
        let table = DeliveryTable::new(
            steps
                .iter()
                .map(|(end, pair)| PriceStep { up_to: Some(Tenge(*end)), fees: fees(*pair) })
                .chain([PriceStep { up_to: None, fees: fees(last) }])
                .collect(),
        ).unwrap();
        let economics = Economics {
            unit_cost: Tenge(unit_cost),
            commission_percent: Percent::from_millionths(commission),
            tax_percent: Percent::from_millionths(tax),
            delivery_vat_percent: Percent::from_millionths(vat),
            delivery: table.bands(weight),
            goal: match kind {
                "profit" => pricing::Goal::Profit(goal),
                "margin" => pricing::Goal::Margin(Percent::from_millionths(goal)),
                _ => pricing::Goal::Roi(Percent::from_millionths(goal)),
            },
        };
        let gate = goal_of(Costs {
            unit_cost, commission, tax, vat, weight, goal,
            delivery: json!(table),
            goal_kind: kind.to_owned(),
        });
        let safe = pricing::brought_inside(WIDE, Some(&economics), Tenge(price)) == Some(Tenge(price));
        prop_assert_eq!(gate.is_met_at(price), safe);
    }
}

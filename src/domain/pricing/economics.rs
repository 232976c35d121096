//! What a price earns (pricing rules, margin and the safe set): costs of the day of the decision, already
//! chosen by category, weight and zone. Nothing inside is rounded: amounts are counted in hundred-millionths.

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap};

use super::strict::{self, NumberOrText, inside};
use crate::domain::{Tenge, percent::Percent, text_enum::text_enum};

/// Costs of a product and what it shall earn. There are no defaults: an unknown cost makes all of it unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Economics {
    /// Cost of one piece with its packaging; at least 1.
    pub unit_cost: Tenge,
    /// The marketplace's commission.
    #[serde(deserialize_with = "strict::percent")]
    pub commission_percent: Percent,
    /// Tax on the turnover.
    #[serde(deserialize_with = "strict::percent")]
    pub tax_percent: Percent,
    /// Value-added tax on the delivery fee.
    #[serde(deserialize_with = "strict::percent")]
    pub delivery_vat_percent: Percent,
    /// Delivery fee by price, ascending; the last band is open.
    #[serde(deserialize_with = "strict::objects")]
    pub delivery: Vec<Band>,
    /// What a sale shall earn at least.
    #[serde(deserialize_with = "strict::object")]
    pub goal: Goal,
}

/// A step of the delivery table: the first with `price ≤ up_to` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Highest price of the band; `None`: no end. It must be written.
    #[serde(deserialize_with = "Option::deserialize")]
    pub up_to: Option<Tenge>,
    /// Fee without value-added tax.
    pub fee: Tenge,
}

/// What a sale shall earn at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// An amount in tenge.
    Profit(i64),
    /// A share of the price.
    Margin(Percent),
    /// A share of the unit cost.
    Roi(Percent),
}

text_enum! {
    /// Words of the goals.
    GoalKind {
        /// An amount.
        Profit = "profit",
        /// Share of the price.
        Margin = "margin",
        /// Share of the cost.
        Roi = "roi",
    }
}

impl Serialize for Goal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        match self {
            Self::Profit(amount) => {
                map.serialize_entry("kind", &GoalKind::Profit)?;
                map.serialize_entry("value", amount)?;
            }
            Self::Margin(share) => {
                map.serialize_entry("kind", &GoalKind::Margin)?;
                map.serialize_entry("value", share)?;
            }
            Self::Roi(share) => {
                map.serialize_entry("kind", &GoalKind::Roi)?;
                map.serialize_entry("value", share)?;
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Goal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            #[serde(deserialize_with = "strict::word")]
            kind: GoalKind,
            value: NumberOrText,
        }
        let written: Written = strict::object(deserializer)?;
        let share = |text: &str| {
            strict::unsigned(text).ok_or_else(|| inside("value", format_args!("{text:?} is no percentage")))
        };
        match (written.kind, written.value) {
            (GoalKind::Profit, NumberOrText::Number(amount)) => Ok(Self::Profit(amount)),
            (GoalKind::Margin, NumberOrText::Text(text)) => share(&text).map(Self::Margin),
            (GoalKind::Roi, NumberOrText::Text(text)) => share(&text).map(Self::Roi),
            (GoalKind::Profit, NumberOrText::Text(_)) => Err(inside("value", "a whole number of tenge")),
            (_, NumberOrText::Number(_)) => Err(inside("value", "a percentage as \"12.5\"")),
        }
    }
}

/// How many parts of a tenge amounts are counted in: a millionth of a percent of a tenge.
pub(super) const PARTS: i128 = 100_000_000;

impl Economics {
    /// What is left of one tenge of the price after commission and tax, in parts.
    pub(super) fn kept(&self) -> i128 {
        PARTS - self.commission_percent.millionths() - self.tax_percent.millionths()
    }

    /// What does not depend on the price within a band: unit cost, delivery and its tax; in parts.
    pub(super) fn fixed_cost(&self, fee: Tenge) -> i128 {
        i128::from(fee.0) * (PARTS + self.delivery_vat_percent.millionths())
            + i128::from(self.unit_cost.0) * PARTS
    }

    /// The goal as a fixed amount and as a share of the price; both in parts.
    pub(super) fn wanted(&self) -> (i128, i128) {
        match self.goal {
            Goal::Profit(amount) => (i128::from(amount) * PARTS, 0),
            Goal::Margin(share) => (0, share.millionths()),
            Goal::Roi(share) => (i128::from(self.unit_cost.0) * share.millionths(), 0),
        }
    }

    /// Profit of one sale at `price` in tenge, rounded down; `None` without a band for it.
    #[must_use]
    pub fn profit(&self, price: Tenge) -> Option<Tenge> {
        let parts = self.profit_parts(price)?;
        i64::try_from(parts.div_euclid(PARTS)).ok().map(Tenge)
    }

    /// Does one sale at `price` earn the goal? Exact, as the safe set counts; not without a band for the price.
    #[must_use]
    pub fn meets_goal(&self, price: Tenge) -> bool {
        let (goal, share) = self.wanted();
        let wanted = i128::from(price.0)
            .checked_mul(share)
            .and_then(|of_price| goal.checked_add(of_price));
        self.profit_parts(price)
            .zip(wanted)
            .is_some_and(|(earned, wanted)| earned >= wanted)
    }

    fn profit_parts(&self, price: Tenge) -> Option<i128> {
        let band = self
            .delivery
            .iter()
            .find(|band| band.up_to.is_none_or(|end| price <= end))?;
        i128::from(price.0)
            .checked_mul(self.kept())?
            .checked_sub(self.fixed_cost(band.fee))
    }
}

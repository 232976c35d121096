//! Tariffs: what the marketplace and the state take from a sale. Dated data that administrators edit; of the same
//! kind and name the newest that holds on a day counts.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{Tenge, percent::Percent, pricing::Band, text_enum::text_enum};

text_enum! {
    /// What a tariff is about.
    TariffKind {
        /// The marketplace's share of the price, value-added tax included; named by class of goods.
        Commission = "commission",
        /// The seller's part of the delivery, without value-added tax; named by zone.
        Delivery = "delivery",
        /// Value-added tax on the delivery.
        DeliveryVat = "delivery_vat",
        /// The state's share of the price; named by tax regime.
        Tax = "tax",
    }
}

/// Name of the one tariff of value-added tax on deliveries.
pub const STANDARD: &str = "standard";

/// What a tariff says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rate {
    /// A share of the price, or of the delivery fee.
    Share(Percent),
    /// Fees by price and weight.
    Fees(DeliveryTable),
}

/// A tariff as it holds from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tariff {
    /// What it is about.
    pub kind: TariffKind,
    /// Which one of its kind.
    pub name: String,
    /// First day, in Almaty.
    pub valid_from: NaiveDate,
    /// What it says.
    pub rate: Rate,
}

/// All tariffs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tariffs(pub Vec<Tariff>);

impl Tariffs {
    /// The rate that holds on a day; `None`: there is no such tariff, or not yet.
    #[must_use]
    pub fn on(&self, kind: TariffKind, name: &str, day: NaiveDate) -> Option<&Rate> {
        self.0
            .iter()
            .filter(|tariff| tariff.kind == kind && tariff.name == name && tariff.valid_from <= day)
            .max_by_key(|tariff| tariff.valid_from)
            .map(|tariff| &tariff.rate)
    }

    /// Is there a tariff of this kind and name, on whatever day?
    #[must_use]
    pub fn has(&self, kind: TariffKind, name: &str) -> bool {
        self.0
            .iter()
            .any(|tariff| tariff.kind == kind && tariff.name == name)
    }

    /// The names of a kind that there are, on whatever day; by the alphabet.
    #[must_use]
    pub fn names(&self, kind: TariffKind) -> Vec<&str> {
        let of_kind = self.0.iter().filter(|tariff| tariff.kind == kind);
        let mut names: Vec<&str> = of_kind.map(|tariff| tariff.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// A share that holds on a day.
    #[must_use]
    pub fn share_on(&self, kind: TariffKind, name: &str, day: NaiveDate) -> Option<Percent> {
        match self.on(kind, name, day)? {
            Rate::Share(share) => Some(*share),
            Rate::Fees(_) => None,
        }
    }

    /// The days after `day` on which something changes, ascending.
    #[must_use]
    pub fn changes_after(&self, day: NaiveDate) -> Vec<NaiveDate> {
        let mut days: Vec<NaiveDate> = self.0.iter().map(|tariff| tariff.valid_from).collect();
        days.retain(|from| *from > day);
        days.sort_unstable();
        days.dedup();
        days
    }
}

/// Most steps of a table, by price and by weight.
pub const STEPS_MAX: usize = 64;

/// Delivery fees by price, then by weight. Steps ascend; the last of each is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct DeliveryTable(Vec<PriceStep>);

/// Fees of prices up to a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceStep {
    /// Highest price of the step; `None`: no end.
    pub up_to: Option<Tenge>,
    /// Fees by weight.
    pub fees: Vec<WeightStep>,
}

/// The fee of parcels up to a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightStep {
    /// Greatest weight in grams; `None`: no end.
    pub up_to_grams: Option<i32>,
    /// Whole tenge, without value-added tax.
    pub fee: Tenge,
}

/// Why steps are no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// No step, or too many.
    #[error("between 1 and {STEPS_MAX} steps")]
    Count,
    /// A step is not above the one before it.
    #[error("steps ascend")]
    Order,
    /// The last step ends, or an earlier one does not.
    #[error("exactly the last step is open")]
    Open,
    /// Less than nothing, or more than any price.
    #[error("a fee out of range")]
    Fee,
}

impl DeliveryTable {
    /// A table of these steps.
    ///
    /// # Errors
    /// [`TableError`] says what is wrong.
    pub fn new(steps: Vec<PriceStep>) -> Result<Self, TableError> {
        ascending(steps.iter().map(|step| step.up_to.map(|end| end.0)))?;
        for step in &steps {
            ascending(step.fees.iter().map(|fee| fee.up_to_grams.map(i64::from)))?;
            if step
                .fees
                .iter()
                .any(|fee| fee.fee < Tenge(0) || fee.fee > Tenge::MAX)
            {
                return Err(TableError::Fee);
            }
        }
        Ok(Self(steps))
    }

    /// The steps.
    #[must_use]
    pub fn steps(&self) -> &[PriceStep] {
        &self.0
    }

    /// The fees of a parcel by price. Of a parcel whose weight nobody knows the highest ones: a price must not
    /// turn out too low.
    #[must_use]
    pub fn bands(&self, weight_grams: Option<i32>) -> Vec<Band> {
        let fee_of = |fees: &[WeightStep]| match weight_grams {
            Some(weight) => fees
                .iter()
                .find(|fee| fee.up_to_grams.is_none_or(|end| weight <= end))
                .map(|fee| fee.fee),
            None => fees.iter().map(|fee| fee.fee).max(),
        };
        self.0
            .iter()
            .filter_map(|step| {
                Some(Band {
                    up_to: step.up_to,
                    fee: fee_of(&step.fees)?,
                })
            })
            .collect()
    }
}

impl<'de> Deserialize<'de> for DeliveryTable {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

fn ascending(ends: impl ExactSizeIterator<Item = Option<i64>>) -> Result<(), TableError> {
    let count = ends.len();
    if !(1..=STEPS_MAX).contains(&count) {
        return Err(TableError::Count);
    }
    let mut before = 0;
    for (at, end) in ends.enumerate() {
        match (end, at + 1 == count) {
            (None, true) => {}
            (None, false) | (Some(_), true) => return Err(TableError::Open),
            (Some(end), false) if end <= before => return Err(TableError::Order),
            (Some(end), false) => before = end,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

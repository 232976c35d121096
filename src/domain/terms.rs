//! Terms: limits and economics as people set them for a store, a category or one product. For each value the
//! nearest that is set wins; with the tariffs of a day they become what the engine counts with.

use chrono::NaiveDate;

use super::{
    Tenge,
    pricing::{Economics, Goal, Limits},
    tariffs::{Rate, STANDARD, TariffKind, Tariffs},
    text_enum::text_enum,
};

/// Class of goods where none is set: the marketplace's usual one.
pub const USUAL_COMMISSION: &str = "usual";
/// Zone where none is set: the dearer of the two usual ones.
pub const USUAL_DELIVERY: &str = "country";

/// What is set at one place, or taken together from all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terms {
    /// Lowest permitted price.
    pub floor: Option<Tenge>,
    /// Highest permitted price.
    pub ceiling: Option<Tenge>,
    /// One piece with its packaging.
    pub unit_cost: Option<Tenge>,
    /// Name of a commission tariff.
    pub commission: Option<String>,
    /// Name of a tax tariff.
    pub tax: Option<String>,
    /// Name of a delivery tariff.
    pub delivery: Option<String>,
    /// Weight of the parcel.
    pub weight_grams: Option<i32>,
    /// What a sale shall earn at least.
    pub goal: Option<Goal>,
}

text_enum! {
    /// What is missing to know what a price earns.
    TermsGap {
        /// The cost of a piece.
        UnitCost = "unit_cost",
        /// The tax regime is not set, or has no rate on that day.
        Tax = "tax",
        /// The commission has no rate on that day.
        Commission = "commission",
        /// The delivery has no fees on that day.
        Delivery = "delivery",
        /// The value-added tax on deliveries has no rate on that day.
        DeliveryVat = "delivery_vat",
    }
}

impl Terms {
    /// These terms, and where they are silent those of the wider place.
    #[must_use]
    pub fn or(self, wider: Self) -> Self {
        Self {
            floor: self.floor.or(wider.floor),
            ceiling: self.ceiling.or(wider.ceiling),
            unit_cost: self.unit_cost.or(wider.unit_cost),
            commission: self.commission.or(wider.commission),
            tax: self.tax.or(wider.tax),
            delivery: self.delivery.or(wider.delivery),
            weight_grams: self.weight_grams.or(wider.weight_grams),
            goal: self.goal.or(wider.goal),
        }
    }

    /// Floor and ceiling.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits {
            floor: self.floor,
            ceiling: self.ceiling,
        }
    }

    /// What prices earn by the tariffs of a day. Without a goal a sale must at least not lose money.
    ///
    /// # Errors
    /// What is missing; then only floor and ceiling limit the price.
    pub fn economics(&self, tariffs: &Tariffs, day: NaiveDate) -> Result<Economics, Vec<TermsGap>> {
        let mut gaps = Vec::new();
        let unit_cost = known(self.unit_cost, TermsGap::UnitCost, &mut gaps);
        let tax = self
            .tax
            .as_deref()
            .and_then(|name| tariffs.share_on(TariffKind::Tax, name, day));
        let tax_percent = known(tax, TermsGap::Tax, &mut gaps);
        let commission = self.commission.as_deref().unwrap_or(USUAL_COMMISSION);
        let commission = tariffs.share_on(TariffKind::Commission, commission, day);
        let commission_percent = known(commission, TermsGap::Commission, &mut gaps);
        let delivery = self.delivery.as_deref().unwrap_or(USUAL_DELIVERY);
        let delivery = match tariffs.on(TariffKind::Delivery, delivery, day) {
            Some(Rate::Fees(table)) => Some(table.bands(self.weight_grams)),
            Some(Rate::Share(_)) | None => None,
        };
        let delivery = known(delivery, TermsGap::Delivery, &mut gaps);
        let vat = tariffs.share_on(TariffKind::DeliveryVat, STANDARD, day);
        let delivery_vat_percent = known(vat, TermsGap::DeliveryVat, &mut gaps);
        match (
            unit_cost,
            tax_percent,
            commission_percent,
            delivery,
            delivery_vat_percent,
        ) {
            (
                Some(unit_cost),
                Some(tax_percent),
                Some(commission_percent),
                Some(delivery),
                Some(delivery_vat_percent),
            ) => Ok(Economics {
                unit_cost,
                commission_percent,
                tax_percent,
                delivery_vat_percent,
                delivery,
                goal: self.goal.unwrap_or(Goal::Profit(0)),
            }),
            _ => Err(gaps),
        }
    }
}

fn known<T>(value: Option<T>, gap: TermsGap, gaps: &mut Vec<TermsGap>) -> Option<T> {
    if value.is_none() {
        gaps.push(gap);
    }
    value
}

#[cfg(test)]
mod tests;

//! A tariff as people type it, and what is meant by it.

use chrono::NaiveDate;

use crate::{
    domain::{
        TariffKind, Tenge,
        tariffs::{DeliveryTable, PriceStep, Rate, TableError, WeightStep},
    },
    web::{form, format, texts::Texts},
};

/// Empty rows below those that are filled.
const SPARE_ROWS: usize = 3;
/// Most rows that a form takes.
const ROWS_MAX: usize = 500;

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormError {
    /// Id of the field.
    pub id: String,
    /// The sentence.
    pub text: String,
}

/// A row of a delivery table as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedRow {
    /// Highest price; empty: no end.
    pub price: String,
    /// Greatest weight in grams; empty: no end.
    pub weight: String,
    /// The fee; empty, like all else: no row.
    pub fee: String,
}

impl TypedRow {
    fn is_empty(&self) -> bool {
        [&self.price, &self.weight, &self.fee]
            .iter()
            .all(|text| text.trim().is_empty())
    }
}

/// The form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedTariff {
    /// Kind of a new tariff.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// First day.
    pub valid_from: String,
    /// Share.
    pub percent: String,
    /// Fees.
    pub rows: Vec<TypedRow>,
    /// Why it is changed.
    pub reason: String,
    /// The version that was on the screen.
    pub version: i32,
    /// More rows are wanted.
    pub more: bool,
}

impl TypedTariff {
    /// What a form sent: rows come as three fields each, in their order.
    #[must_use]
    pub fn of(fields: &[(String, String)]) -> Self {
        let first = |name: &str| {
            let found = fields.iter().find(|(field, _)| field == name);
            found.map_or_else(String::new, |(_, value)| value.clone())
        };
        let all = |name: &'static str| {
            let named = fields.iter().filter(move |(field, _)| field == name);
            named.map(|(_, value)| value.clone()).take(ROWS_MAX)
        };
        let rows = all("price_up_to").zip(all("weight_up_to")).zip(all("fee"));
        Self {
            kind: first("kind"),
            name: first("name"),
            valid_from: first("valid_from"),
            percent: first("percent"),
            rows: rows
                .map(|((price, weight), fee)| TypedRow { price, weight, fee })
                .collect(),
            reason: first("reason"),
            version: first("version").parse().unwrap_or_default(),
            more: !first("more").is_empty(),
        }
    }

    /// Fills in a rate, with spare rows below fees.
    pub fn set_rate(&mut self, rate: Option<&Rate>) {
        match rate {
            Some(Rate::Share(share)) => self.percent = share.to_string().replace('.', ","),
            Some(Rate::Fees(table)) => {
                for step in table.steps() {
                    self.rows.extend(step.fees.iter().map(|fee| {
                        TypedRow {
                            price: step.up_to.map_or_else(String::new, |end| format::number(end.0)),
                            weight: fee
                                .up_to_grams
                                .map_or_else(String::new, |grams| format::number(grams.into())),
                            fee: format::number(fee.fee.0),
                        }
                    }));
                }
            }
            None => {}
        }
        self.add_rows(SPARE_ROWS);
    }

    /// Adds empty rows.
    pub fn add_rows(&mut self, count: usize) {
        let rows = (self.rows.len() + count).min(ROWS_MAX);
        self.rows.resize(rows, TypedRow::default());
    }

    /// Day and rate.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn read(&self, kind: TariffKind, t: &Texts) -> Result<(NaiveDate, Rate), Vec<FormError>> {
        let mut errors = Vec::new();
        let mut wrong = |id: &str, code: &str| {
            errors.push(FormError {
                id: id.to_owned(),
                text: t.get(code),
            });
        };
        let day = day_of(&self.valid_from);
        if day.is_none() {
            wrong("valid_from", "tariff-error-day");
        }
        let rate = if kind == TariffKind::Delivery {
            match self.table(t) {
                Ok(table) => Some(Rate::Fees(table)),
                Err(faults) => {
                    errors.extend(faults);
                    None
                }
            }
        } else {
            let share = form::percent(&self.percent);
            if share.is_none() {
                wrong("percent", "tariff-error-percent");
            }
            share.map(Rate::Share)
        };
        match (day, rate) {
            (Some(day), Some(rate)) if errors.is_empty() => Ok((day, rate)),
            _ => Err(errors),
        }
    }

    /// Rows that follow each other with the same price make one step.
    fn table(&self, t: &Texts) -> Result<DeliveryTable, Vec<FormError>> {
        let mut errors = Vec::new();
        let mut steps: Vec<PriceStep> = Vec::new();
        for (line, row) in (1_usize..).zip(&self.rows) {
            if row.is_empty() {
                continue;
            }
            let mut wrong = |field: &str, code: &str| {
                errors.push(FormError {
                    id: format!("{field}-{line}"),
                    text: t.with(code, "line", line),
                });
            };
            let up_to = open_or(&row.price, |text| Tenge::parse_price(text).ok());
            if up_to.is_none() {
                wrong("price", "tariff-error-row-price");
            }
            let up_to_grams = open_or(&row.weight, grams_of);
            if up_to_grams.is_none() {
                wrong("weight", "tariff-error-row-weight");
            }
            let fee = Tenge::parse(&row.fee).ok().filter(|fee| *fee >= Tenge(0));
            if fee.is_none() {
                wrong("fee", "tariff-error-row-fee");
            }
            let (Some(up_to), Some(up_to_grams), Some(fee)) = (up_to, up_to_grams, fee) else {
                continue;
            };
            let fee = WeightStep { up_to_grams, fee };
            match steps.last_mut() {
                Some(last) if last.up_to == up_to => last.fees.push(fee),
                _ => steps.push(PriceStep {
                    up_to,
                    fees: vec![fee],
                }),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        DeliveryTable::new(steps).map_err(|error| {
            let code = match error {
                TableError::Count => "tariff-error-fees-count",
                TableError::Order => "tariff-error-fees-order",
                TableError::Open => "tariff-error-fees-open",
                TableError::Fee => "tariff-error-fees-fee",
            };
            vec![FormError {
                id: "fees".to_owned(),
                text: t.get(code),
            }]
        })
    }
}

/// Nothing typed: no end. `None`: it cannot be read.
fn open_or<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Option<T>> {
    if text.trim().is_empty() {
        Some(None)
    } else {
        read(text).map(Some)
    }
}

fn grams_of(text: &str) -> Option<i32> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    digits.parse().ok().filter(|grams| *grams > 0)
}

/// `2027-01-01` of a date field, or `01.01.2027` as people write it.
fn day_of(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    ["%Y-%m-%d", "%d.%m.%Y"]
        .iter()
        .find_map(|form| NaiveDate::parse_from_str(text, form).ok())
}

#[cfg(test)]
mod tests;

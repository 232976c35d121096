//! Price changes: what a valid one is, and the operations that wait to be applied.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::limits::Limits;
use super::offer::{Availability, Merchant};

/// One requested change of one offer, already validated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    pub sku: String,
    pub price: Option<i64>,
    pub city_prices: Option<BTreeMap<String, i64>>,
    pub availabilities: Option<Vec<Availability>>,
}

/// How an accepted change will end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    Applied,
    AppliedInListOnly,
    Never,
    AppliedAndWithdrawn,
}

/// An accepted change.
#[derive(Clone, Debug, Serialize)]
pub struct Operation {
    pub number: u64,
    pub id: String,
    pub merchant: String,
    pub change: Change,
    pub fate: Fate,
    pub accepted_at: String,
    pub listed_at: Option<String>,
    pub public_at: Option<String>,
}

impl Operation {
    /// Whether nothing comes of it any more.
    pub fn is_over(&self) -> bool {
        match self.fate {
            Fate::Never => true,
            Fate::AppliedInListOnly => self.listed_at.is_some(),
            Fate::Applied | Fate::AppliedAndWithdrawn => self.public_at.is_some(),
        }
    }
}

/// Reads one object of a price change and says what is wrong with it.
///
/// The sentence is for the answer's `message`; the status is 400.
pub fn read_change(limits: &Limits, merchant: &Merchant, body: &Value) -> Result<Change, String> {
    let max = limits.price_max;
    let sku = body
        .get("sku")
        .and_then(Value::as_str)
        .filter(|sku| !sku.is_empty());
    let sku = sku.ok_or_else(|| "sku is required".to_owned())?.to_owned();
    let price = match body.get("price") {
        None | Some(Value::Null) => None,
        Some(value) => Some(read_price(value, max)?),
    };
    let city_prices = match body.get("cityPrices") {
        None | Some(Value::Null) => None,
        Some(Value::Array(rows)) => Some(read_city_prices(rows, max)?),
        Some(_) => return Err("cityPrices must be an array".to_owned()),
    };
    let availabilities = match body.get("availabilities") {
        None | Some(Value::Null) => None,
        Some(Value::Array(rows)) => Some(
            rows.iter()
                .map(|row| read_availability(merchant, row))
                .collect::<Result<Vec<_>, _>>()?,
        ),
        Some(_) => return Err("availabilities must be an array".to_owned()),
    };
    if price.is_none() && city_prices.is_none() && availabilities.is_none() {
        return Err("nothing to change".to_owned());
    }
    if limits.base_price_required && price.is_none() && city_prices.is_some() {
        return Err("price is required beside cityPrices".to_owned());
    }
    Ok(Change {
        sku,
        price,
        city_prices,
        availabilities,
    })
}

fn read_price(value: &Value, max: i64) -> Result<i64, String> {
    let price = value
        .as_i64()
        .ok_or_else(|| "price must be a whole number".to_owned())?;
    if price <= 0 {
        return Err("price must be positive".to_owned());
    }
    if price > max {
        return Err("price is too large".to_owned());
    }
    Ok(price)
}

fn read_city_prices(rows: &[Value], max: i64) -> Result<BTreeMap<String, i64>, String> {
    let mut prices = BTreeMap::new();
    for row in rows {
        let city = row
            .get("cityId")
            .and_then(Value::as_str)
            .ok_or_else(|| "cityId is required".to_owned())?;
        if !super::cities::is_known(city) {
            return Err(format!("unknown city {city}"));
        }
        let value = row.get("value").ok_or_else(|| "value is required".to_owned())?;
        if prices.insert(city.to_owned(), read_price(value, max)?).is_some() {
            return Err(format!("city {city} is named twice"));
        }
    }
    if prices.is_empty() {
        return Err("cityPrices must not be empty".to_owned());
    }
    Ok(prices)
}

fn read_availability(merchant: &Merchant, row: &Value) -> Result<Availability, String> {
    let store_id = row
        .get("storeId")
        .and_then(Value::as_str)
        .ok_or_else(|| "storeId is required".to_owned())?;
    if merchant.point(store_id).is_none() {
        return Err(format!("unknown store {store_id}"));
    }
    let available = match row.get("available").and_then(Value::as_str) {
        Some("yes") => true,
        Some("no") => false,
        _ => return Err("available must be yes or no".to_owned()),
    };
    let stock_count = match row.get("stockCount") {
        None | Some(Value::Null) => None,
        Some(value) => Some(
            value
                .as_i64()
                .ok_or_else(|| "stockCount must be a whole number".to_owned())?,
        ),
    };
    if stock_count.is_some_and(|count| count < 1) {
        return Err("stockCount must be positive".to_owned());
    }
    let pre_order = match row.get("preOrder") {
        None | Some(Value::Null) => 0,
        Some(value) => value
            .as_i64()
            .ok_or_else(|| "preOrder must be a whole number".to_owned())?,
    };
    if !(0..=30).contains(&pre_order) {
        return Err("preOrder must be between 0 and 30".to_owned());
    }
    if pre_order > 0 && !available {
        return Err("preOrder needs available yes".to_owned());
    }
    let stock_enabled = stock_count.is_some();
    Ok(Availability {
        store_id: store_id.to_owned(),
        available,
        stock_count,
        pre_order,
        stock_enabled,
    })
}

//! Price lists as sellers upload them: an Excel workbook or XML in the official formats. A file that cannot be read
//! is refused as a whole; a bad row is refused alone.

mod excel;
mod xml;

use crate::market::limits::Limits;
use crate::market::offer::{Availability, Merchant};
use crate::market::operations::Change;

/// Longer skus are refused.
const SKU_LETTERS_MAX: usize = 64;

/// One offer of a file.
#[derive(Clone, Debug)]
pub struct Row {
    /// Row of the sheet or number of the offer, from 1.
    pub number: usize,
    pub sku: String,
    /// What the row asks for, or what is wrong with it.
    pub read: Result<Change, String>,
}

/// Reads a price list by what it begins with. The error is for people and means the whole file.
pub fn read(limits: &Limits, merchant: &Merchant, data: &[u8]) -> Result<Vec<Row>, String> {
    let rows = if data.starts_with(b"PK") {
        excel::read(limits, merchant, data)?
    } else {
        let text =
            std::str::from_utf8(data).map_err(|_| "the file is neither Excel nor UTF-8 XML".to_owned())?;
        let text = text.trim_start_matches('\u{feff}');
        if !text.trim_start().starts_with('<') {
            return Err("the file is neither Excel nor XML".to_owned());
        }
        xml::read(limits, merchant, text)?
    };
    if rows.is_empty() {
        return Err("the price list is empty".to_owned());
    }
    Ok(rows)
}

fn checked_sku(sku: &str) -> Result<&str, String> {
    let fine = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    if sku.is_empty() {
        Err("SKU is required".to_owned())
    } else if sku.chars().count() > SKU_LETTERS_MAX || !sku.chars().all(fine) {
        Err("SKU must be up to 64 Latin letters and digits".to_owned())
    } else {
        Ok(sku)
    }
}

fn checked_price(limits: &Limits, text: &str) -> Result<i64, String> {
    match text.trim().parse::<i64>() {
        Ok(price) if price > limits.price_max => Err("price is too large".to_owned()),
        Ok(price) if price > 0 => Ok(price),
        Ok(_) => Err("price must be positive".to_owned()),
        Err(_) => Err("price must be a whole number".to_owned()),
    }
}

fn checked_days(text: &str) -> Result<i64, String> {
    match text.trim() {
        "" => Ok(0),
        text => text
            .parse::<i64>()
            .ok()
            .filter(|days| (0..=30).contains(days))
            .ok_or_else(|| "preorder must be between 0 and 30".to_owned()),
    }
}

/// A stock as exports write it: `2` or `2.0`.
fn checked_stock(text: &str) -> Result<i64, String> {
    let whole = text.trim();
    let whole = whole.strip_suffix(".0").unwrap_or(whole);
    let count = whole.parse::<i64>().ok().filter(|count| *count >= 0);
    count.ok_or_else(|| format!("{text} is no stock"))
}

/// An availability at a point named in its short or its full form.
fn availability(
    merchant: &Merchant,
    store: &str,
    available: bool,
    stock_count: Option<i64>,
    pre_order: i64,
) -> Result<Availability, String> {
    let store_id = match store.starts_with(merchant.uid.as_str()) {
        true => store.to_owned(),
        false => format!("{}_{store}", merchant.uid),
    };
    if merchant.point(&store_id).is_none() {
        return Err(format!("unknown store {store}"));
    }
    if pre_order > 0 && !available {
        return Err("preorder needs available yes".to_owned());
    }
    Ok(Availability {
        store_id,
        available: available && stock_count != Some(0),
        stock_count,
        pre_order,
        stock_enabled: stock_count.is_some(),
    })
}

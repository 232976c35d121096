//! The official Excel template: one row per offer on the first sheet.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};

use super::{Row, availability, checked_days, checked_price, checked_sku, checked_stock};
use crate::market::limits::Limits;
use crate::market::offer::Merchant;
use crate::market::operations::Change;

pub fn read(limits: &Limits, merchant: &Merchant, data: &[u8]) -> Result<Vec<Row>, String> {
    let mut book: Xlsx<_> =
        Xlsx::new(Cursor::new(data)).map_err(|error| format!("the workbook cannot be read: {error}"))?;
    let sheet = book
        .worksheet_range_at(0)
        .ok_or_else(|| "the workbook has no sheet".to_owned())?
        .map_err(|error| format!("the sheet cannot be read: {error}"))?;
    let mut lines = sheet.rows();
    let header: Vec<String> = lines.next().unwrap_or_default().iter().map(text).collect();
    if header != limits.excel_columns {
        return Err(format!(
            "wrong columns: {}; expected {}",
            header.join(", "),
            limits.excel_columns.join(", ")
        ));
    }
    let mut rows = Vec::new();
    for (number, line) in (2..).zip(lines) {
        let cells: Vec<String> = line.iter().map(text).collect();
        if cells.iter().all(String::is_empty) {
            continue;
        }
        let cell = |wanted: usize| cells.get(wanted).map_or("", String::as_str);
        rows.push(Row {
            number,
            sku: cell(0).to_owned(),
            read: change(limits, merchant, &header, cell),
        });
    }
    Ok(rows)
}

/// A cell as a person sees it; a whole number has no fraction part.
fn text(cell: &Data) -> String {
    cell.to_string().trim().to_owned()
}

fn change<'a>(
    limits: &Limits,
    merchant: &Merchant,
    header: &[String],
    cell: impl Fn(usize) -> &'a str,
) -> Result<Change, String> {
    let sku = checked_sku(cell(0))?.to_owned();
    if cell(1).is_empty() {
        return Err("model is required".to_owned());
    }
    let price = checked_price(limits, cell(3))?;
    let days = checked_days(cell(header.len().saturating_sub(1)))?;
    let mut availabilities = Vec::new();
    for (column, store) in header
        .iter()
        .enumerate()
        .filter(|(_, name)| name.starts_with("PP"))
    {
        let (available, stock) = match cell(column) {
            "" => continue,
            "yes" => (true, None),
            "no" => (false, None),
            count => (true, Some(checked_stock(count)?)),
        };
        let known = merchant.points.iter().any(|point| point.id == *store);
        if !available && !known {
            continue;
        }
        let days = if available { days } else { 0 };
        availabilities.push(availability(merchant, store, available, stock, days)?);
    }
    Ok(Change {
        sku,
        price: Some(price),
        city_prices: None,
        availabilities: Some(availabilities),
    })
}

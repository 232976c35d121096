//! Kaspi's price list as .xlsx (contract, "Excel .xlsx"): one sheet, fixed columns, plain values.

use rust_xlsxwriter::{Workbook, XlsxError};

use crate::domain::{
    Tenge,
    preorder::{PointStock, SHEET_POINTS},
};

/// Brand of goods that have none, in the words of the marketplace's form.
pub const NO_BRAND: &str = "Без бренда";

const HEADERS: [&str; 10] = [
    "SKU", "model", "brand", "price", "PP1", "PP2", "PP3", "PP4", "PP5", "preorder",
];

/// First of the five columns of points of service.
const FIRST_POINT_COLUMN: u16 = 4;

/// One line of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreorderFormRow {
    /// The seller's article.
    pub sku: String,
    /// Title.
    pub model: String,
    /// Brand; `None` is written as [`NO_BRAND`].
    pub brand: Option<String>,
    /// Price.
    pub price: Tenge,
    /// Points of service that have the goods.
    pub points: Vec<PointStock>,
    /// Days until the goods arrive.
    pub days: u32,
}

/// Why there is no spreadsheet.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// The form has five points; more need the marketplace's XML form.
    #[error("{sku}: point {point} has no column, only the XML form can hold it")]
    NeedsXml {
        /// Article of the line.
        sku: String,
        /// Number of the point.
        point: u16,
    },
    /// A text or number does not fit into a cell.
    #[error("the spreadsheet could not be written")]
    Write(#[from] XlsxError),
}

/// Writes the form. Texts are written as texts: nothing in them ever becomes a formula.
///
/// # Errors
/// See [`SheetError`].
pub fn write_preorder_form(rows: &[PreorderFormRow]) -> Result<Vec<u8>, SheetError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, header) in (0u16..).zip(HEADERS) {
        sheet.write_string(0, column, header)?;
    }
    sheet.set_column_width(0, 18)?;
    sheet.set_column_width(1, 48)?;
    sheet.set_column_width(2, 20)?;
    for (line, row) in (1u32..).zip(rows) {
        sheet.write_string(line, 0, &row.sku)?;
        sheet.write_string(line, 1, &row.model)?;
        sheet.write_string(line, 2, row.brand.as_deref().unwrap_or(NO_BRAND))?;
        sheet.write_number(line, 3, i32_of(row.price)?)?;
        for point in 1..=SHEET_POINTS {
            let column = FIRST_POINT_COLUMN + point - 1;
            match row.points.iter().find(|known| known.number == point) {
                Some(PointStock { quantity: None, .. }) => sheet.write_string(line, column, "yes")?,
                Some(PointStock {
                    quantity: Some(stock @ 1..),
                    ..
                }) => sheet.write_number(line, column, *stock)?,
                _ => sheet.write_string(line, column, "no")?,
            };
        }
        if let Some(beyond) = row.points.iter().find(|point| point.number > SHEET_POINTS) {
            return Err(SheetError::NeedsXml {
                sku: row.sku.clone(),
                point: beyond.number,
            });
        }
        sheet.write_number(line, 9, row.days)?;
    }
    Ok(book.save_to_buffer()?)
}

/// Prices fit: [`Tenge::MAX`] is far below the bound.
fn i32_of(price: Tenge) -> Result<i32, XlsxError> {
    i32::try_from(price.0).map_err(|_| XlsxError::ParameterError("price too large".into()))
}

#[cfg(test)]
mod tests;

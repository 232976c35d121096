//! Our own table of a store's products as .xlsx: what an import takes, filled in with what holds now, so that people
//! change only what they mean to change. Read back it wants exactly what is there.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use crate::domain::Tenge;

/// Columns of the sheet: article, title, then those of an import.
pub const COLUMNS: usize = 8;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportFormRow {
    /// The seller's article.
    pub sku: String,
    /// Title, for people.
    pub name: String,
    /// The product's own lowest price.
    pub floor: Option<Tenge>,
    /// The product's own highest price.
    pub ceiling: Option<Tenge>,
    /// The product's own cost.
    pub unit_cost: Option<Tenge>,
    /// The first selection it belongs to.
    pub rule: Option<String>,
    /// Opt-in of automatic prices.
    pub enabled: bool,
    /// Days of its preorder.
    pub preorder_days: Option<i32>,
}

/// Writes the sheet. Texts are written as texts: nothing in them ever becomes a formula. `words`: yes and no.
///
/// # Errors
/// A text or number does not fit into a cell.
pub fn write_import_form(
    headers: &[String; COLUMNS],
    words: (&str, &str),
    rows: &[ImportFormRow],
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let bold = Format::new().set_bold();
    for ((column, header), width) in (0_u16..).zip(headers).zip([20, 56, 16, 16, 16, 28, 14, 16]) {
        sheet.write_string_with_format(0, column, header, &bold)?;
        sheet.set_column_width(column, width)?;
    }
    sheet.set_freeze_panes(1, 1)?;
    for (line, row) in (1_u32..).zip(rows) {
        sheet.write_string(line, 0, &row.sku)?;
        sheet.write_string(line, 1, &row.name)?;
        for (column, amount) in (2_u16..).zip([row.floor, row.ceiling, row.unit_cost]) {
            if let Some(amount) = amount {
                sheet.write_number(line, column, number(amount)?)?;
            }
        }
        if let Some(rule) = &row.rule {
            sheet.write_string(line, 5, rule)?;
        }
        sheet.write_string(line, 6, if row.enabled { words.0 } else { words.1 })?;
        if let Some(days) = row.preorder_days {
            sheet.write_number(line, 7, days)?;
        }
    }
    book.save_to_buffer()
}

/// Prices fit: [`Tenge::MAX`] is far below the bound.
fn number(amount: Tenge) -> Result<i32, XlsxError> {
    i32::try_from(amount.0).map_err(|_| XlsxError::ParameterError("amount too large".into()))
}

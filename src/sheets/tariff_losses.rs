//! Products that a change of tariffs will make loss-making, as .xlsx: one sheet, one line each, plain values.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use crate::domain::Tenge;

/// Columns of the sheet: store, article, product, price, profit now and then, lowest price now and then.
pub const COLUMNS: usize = 8;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TariffLossRow {
    /// The store's name.
    pub store: String,
    /// The seller's article.
    pub sku: String,
    /// Title.
    pub product: String,
    /// Present price, profit now and then, lowest price now and then; unknown ones stay empty.
    pub amounts: [Option<Tenge>; 5],
}

/// Writes the sheet. Texts are written as texts: nothing in them ever becomes a formula.
///
/// # Errors
/// A text or number does not fit into a cell.
pub fn write_tariff_losses(
    headers: &[String; COLUMNS],
    rows: &[TariffLossRow],
) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let bold = Format::new().set_bold();
    for (column, header) in (0u16..).zip(headers) {
        sheet.write_string_with_format(0, column, header, &bold)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    for (column, width) in [
        (0, 24),
        (1, 18),
        (2, 56),
        (3, 14),
        (4, 16),
        (5, 16),
        (6, 16),
        (7, 16),
    ] {
        sheet.set_column_width(column, width)?;
    }
    for (line, row) in (1u32..).zip(rows) {
        sheet.write_string(line, 0, &row.store)?;
        sheet.write_string(line, 1, &row.sku)?;
        sheet.write_string(line, 2, &row.product)?;
        for (column, amount) in (3u16..).zip(row.amounts) {
            if let Some(amount) = amount {
                sheet.write_number(line, column, number(amount)?)?;
            }
        }
    }
    book.save_to_buffer()
}

/// Prices and profits fit: [`Tenge::MAX`] is far below the bound.
fn number(amount: Tenge) -> Result<i32, XlsxError> {
    i32::try_from(amount.0).map_err(|_| XlsxError::ParameterError("amount too large".into()))
}

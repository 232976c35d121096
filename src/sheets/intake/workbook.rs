//! A workbook whose archive has been checked: its first visible sheet, cell by cell. Its declared dimension is not
//! looked at, and no range is ever made of it.

use std::io::Cursor;

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx};

use super::{Refused, Row, table::Table, values::Raw};
use crate::domain::imports::{FileLayout, ImportRefusal};

/// Reads the sheet.
///
/// # Errors
/// Why the file is refused.
pub fn read(bytes: &[u8], give: &mut dyn FnMut(Row)) -> Result<FileLayout, Refused> {
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(|_| ImportRefusal::Damaged)?;
    let name = book
        .sheets_metadata()
        .iter()
        .find(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .ok_or(ImportRefusal::NoSheet)?;
    let mut cells = book
        .worksheet_cells_reader(&name)
        .map_err(|_| ImportRefusal::Damaged)?;
    let mut table = Table::new(give);
    while let Some(cell) = cells
        .next_cell_with_formula_metadata()
        .map_err(|_| ImportRefusal::Damaged)?
    {
        let (row, column) = cell.pos;
        if cell.formula.is_some() {
            return Err(Refused::at(ImportRefusal::Formula, column, row));
        }
        let raw = match &cell.value {
            DataRef::Empty => continue,
            DataRef::String(text) => Raw::Text(text),
            DataRef::SharedString(text) => Raw::Text(text),
            DataRef::Float(number) => Raw::Number(*number),
            DataRef::Int(number) => {
                table.cell(row, column, Raw::Text(&number.to_string()))?;
                continue;
            }
            DataRef::Bool(flag) => Raw::Flag(*flag),
            DataRef::DateTime(_) | DataRef::DateTimeIso(_) | DataRef::DurationIso(_) => Raw::Date,
            DataRef::Error(_) => Raw::Error,
        };
        table.cell(row, column, raw)?;
    }
    table.end()
}

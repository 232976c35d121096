//! A list of the panel as a spreadsheet: heads and values that are read already, and a sheet that tells what they are.

use chrono::{DateTime, Utc};

use crate::{
    domain::Tenge,
    sheets::report::{About, Cell, Column, Report, XlsxError},
};

/// Width of a column, in characters.
const WIDTH: u16 = 22;

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Empty,
    /// A text, whatever it begins with.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Whole tenge.
    Money(Tenge),
    /// A moment, shown by the clock of Almaty.
    When(DateTime<Utc>),
}

/// A list that goes into a file.
#[derive(Debug, Clone, Default)]
pub struct ListFile {
    /// Name of the sheet.
    pub name: String,
    /// Heads of the columns.
    pub heads: Vec<String>,
    /// The rows, each with a value per head.
    pub rows: Vec<Vec<Value>>,
    /// Name of the sheet that tells what the list is.
    pub about: String,
    /// What it tells: names and values.
    pub lines: Vec<(String, Value)>,
}

/// The file could not be written.
#[derive(Debug, thiserror::Error)]
#[error("the spreadsheet could not be written")]
pub struct ListFileError(#[from] XlsxError);

/// The list as .xlsx.
///
/// # Errors
/// There is no place for a temporary file.
pub fn list_file(list: ListFile, made_at: DateTime<Utc>) -> Result<Vec<u8>, ListFileError> {
    let columns = list
        .heads
        .into_iter()
        .map(|head| Column::new(head, WIDTH))
        .collect();
    let mut report = Report::new(&list.name, columns)?;
    for row in list.rows {
        let cells: Vec<Cell> = row.into_iter().map(cell).collect();
        report.push(&cells)?;
    }
    let about = About {
        name: list.about,
        lines: list
            .lines
            .into_iter()
            .map(|(name, value)| (name, cell(value)))
            .collect(),
        made_at,
    };
    let mut bytes = Vec::new();
    report.finish(&about, &mut bytes)?;
    Ok(bytes)
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Empty => Cell::Empty,
        Value::Text(text) => Cell::text(text),
        Value::Number(number) => Cell::Integer(number),
        Value::Money(amount) => Cell::Tenge(amount),
        Value::When(at) => Cell::At(at),
    }
}

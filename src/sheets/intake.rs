//! Files of strangers: bytes in, rows or one refusal out. Nothing in a file is believed: not its name, not its
//! declared sizes, not its dimensions. It is read cell by cell, and only ever inside a child process with limits of
//! memory and time; what cannot be bounded here ends with that process.

mod archive;
mod catalogue;
pub mod columns;
mod delimited;
mod table;
mod values;
pub mod wire;
mod workbook;

use serde::{Deserialize, Serialize};

use crate::domain::imports::{
    FILE_BYTES_MAX, FileLayout, ImportColumn, ImportRefusal, ImportTrouble, cell_name,
};

/// Most columns of a sheet.
const COLUMNS_MAX: u32 = 100;
/// Most cells of a sheet.
const CELLS_MAX: u32 = 2_000_000;
/// Longest text of a cell, letters.
const TEXT_MAX: usize = 1_000;

/// Why a file is refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("the file is refused: {code} {at}")]
pub struct Refused {
    /// Why.
    pub code: ImportRefusal,
    /// The cell, where it is about one; else empty.
    pub at: String,
}

impl From<ImportRefusal> for Refused {
    fn from(code: ImportRefusal) -> Self {
        Self {
            code,
            at: String::new(),
        }
    }
}

impl Refused {
    fn at(code: ImportRefusal, column: u32, row: u32) -> Self {
        Self {
            code,
            at: cell_name(column, row),
        }
    }
}

/// What a cell wants to be set. Empty cells want nothing and are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Whole tenge, or days.
    Amount(i64),
    /// On or off.
    Switch(bool),
    /// A name.
    Name(String),
    /// Nothing: what is set goes away.
    Nothing,
    /// The cell cannot be taken.
    Wrong(ImportTrouble),
}

/// One row about a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// As people count: the first row of a sheet is 1; of a price list in XML the number of the offer.
    pub number: u32,
    /// The article; empty where the row has none.
    pub sku: String,
    /// What is wanted, by column.
    pub cells: Vec<(ImportColumn, Wanted)>,
}

/// Reads a file. Rows go to `give` one by one; they count only where the file is not refused in the end.
///
/// # Errors
/// Why the file is refused.
pub fn read(file_name: &str, bytes: &[u8], give: &mut dyn FnMut(Row)) -> Result<FileLayout, Refused> {
    if bytes.is_empty() {
        return Err(ImportRefusal::Empty.into());
    }
    if bytes.len() > FILE_BYTES_MAX {
        return Err(ImportRefusal::TooLarge.into());
    }
    let ending = file_name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_lowercase())
        .unwrap_or_default();
    let found = Magic::of(bytes);
    match (ending.as_str(), found) {
        ("xlsm" | "xltm" | "xlam", Magic::Zip) => Err(ImportRefusal::Macros.into()),
        ("xlsx" | "xls" | "xlsm", Magic::Ole) => Err(ImportRefusal::OldOrLocked.into()),
        ("xlsx", Magic::Zip) => {
            archive::check(bytes)?;
            workbook::read(bytes, give)
        }
        ("csv", Magic::Text) => delimited::read(bytes, give),
        ("xml", Magic::Text) => catalogue::read(bytes, give),
        ("xlsx" | "csv" | "xml", _) => Err(ImportRefusal::TypeMismatch.into()),
        _ => Err(ImportRefusal::Type.into()),
    }
}

/// What the first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Magic {
    /// An archive: workbooks since 2007.
    Zip,
    /// A compound file: workbooks before, and those with a password.
    Ole,
    /// Anything else.
    Text,
}

impl Magic {
    fn of(bytes: &[u8]) -> Self {
        if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
            Self::Zip
        } else if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
            Self::Ole
        } else {
            Self::Text
        }
    }
}

#[cfg(test)]
mod tests;

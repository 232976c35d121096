//! A report as .xlsx, written row by row in bounded memory: rows under a frozen header with a filter, and a sheet
//! that tells what was asked for.

use std::io::Write;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Asia::Almaty;
pub use rust_xlsxwriter::XlsxError;
use rust_xlsxwriter::{DocProperties, Format, FormatAlign, Workbook, Worksheet};

use crate::domain::{Tenge, percent::Percent};

/// Rows that a sheet of the format holds, without the header.
const SHEET_ROWS: u32 = 1_048_575;
/// Longest text of a cell, in UTF-16 units.
const CELL_UNITS: usize = 32_767;
/// Longest name of a sheet.
const NAME_CHARS: usize = 31;

/// What a text may begin with that spreadsheets take for a formula when it is typed or pasted, also in full width, and
/// what some of them skip before such a sign.
const FORMULA_STARTS: &[char] = &[
    '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its title.
    pub header: String,
    /// In characters.
    pub width: u16,
}

impl Column {
    /// A column with a title and a width in characters.
    #[must_use]
    pub fn new(header: impl Into<String>, width: u16) -> Self {
        Self {
            header: header.into(),
            width,
        }
    }
}

/// A value in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A text, whatever it begins with.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// An amount of money, as a number.
    Tenge(Tenge),
    /// A percentage, as a number.
    Percent(Percent),
    /// A number in hundredths, shown with two decimals: 480 is 4.80.
    Hundredths(i32),
    /// A moment, shown by the clock of Almaty.
    At(DateTime<Utc>),
    /// A day.
    Day(NaiveDate),
}

impl Cell {
    /// The text; an empty one leaves the cell empty.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() {
            Self::Empty
        } else {
            Self::Text(text)
        }
    }

    /// What `cell` makes of a value, or an empty cell.
    #[must_use]
    pub fn of<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Empty, cell)
    }
}

/// The sheet of parameters: what was asked for, when and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Name of the sheet.
    pub name: String,
    /// Names and values, from top to bottom.
    pub lines: Vec<(String, Cell)>,
    /// When the report was made.
    pub made_at: DateTime<Utc>,
}

struct Formats {
    header: Format,
    quoted: Format,
    integer: Format,
    money: Format,
    percent: Format,
    hundredths: Format,
    moment: Format,
    day: Format,
}

impl Formats {
    fn new() -> Self {
        Self {
            header: Format::new()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::Top),
            quoted: Format::new().set_quote_prefix(),
            integer: Format::new().set_num_format("#,##0"),
            money: Format::new().set_num_format("#,##0\\ \"₸\""),
            percent: Format::new().set_num_format("0.0#%"),
            hundredths: Format::new().set_num_format("0.00"),
            moment: Format::new().set_num_format("dd.mm.yyyy hh:mm"),
            day: Format::new().set_num_format("dd.mm.yyyy"),
        }
    }
}

/// A report under way. Rows go to a temporary file as they come.
pub struct Report {
    book: Workbook,
    formats: Formats,
    name: String,
    columns: Vec<Column>,
    sheet_rows: u32,
    /// Sheets that are begun.
    sheets: usize,
    /// Rows of the last sheet.
    lines: u32,
}

impl Report {
    /// A report without rows; `name` is the sheet's.
    ///
    /// # Errors
    /// There is no place for a temporary file.
    pub fn new(name: &str, columns: Vec<Column>) -> Result<Self, XlsxError> {
        Self::with_sheet_rows(name, columns, SHEET_ROWS)
    }

    /// As [`Report::new`], with another number of rows per sheet; what is more goes on in a sheet of its own.
    ///
    /// # Errors
    /// As [`Report::new`].
    pub fn with_sheet_rows(name: &str, columns: Vec<Column>, sheet_rows: u32) -> Result<Self, XlsxError> {
        let mut report = Self {
            book: Workbook::new(),
            formats: Formats::new(),
            name: name.to_owned(),
            columns,
            sheet_rows: sheet_rows.clamp(1, SHEET_ROWS),
            sheets: 0,
            lines: 0,
        };
        report.begin_sheet()?;
        Ok(report)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// The temporary file cannot be written.
    pub fn push(&mut self, cells: &[Cell]) -> Result<(), XlsxError> {
        if self.lines == self.sheet_rows {
            self.end_sheet()?;
            self.begin_sheet()?;
        }
        self.lines += 1;
        let sheet = self.book.worksheet_from_index(self.sheets - 1)?;
        for (column, cell) in (0u16..).zip(cells) {
            write(sheet, (self.lines, column), cell, &self.formats)?;
        }
        Ok(())
    }

    /// Adds the sheet of parameters and writes the file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self, about: &About, out: impl Write + Send) -> Result<(), XlsxError> {
        self.end_sheet()?;
        let made_at = about.made_at.naive_utc();
        self.book
            .set_properties(&DocProperties::new().set_creation_datetime(&made_at));
        let sheet = self.book.add_worksheet();
        sheet.set_name(sheet_name(&about.name, 1))?;
        sheet.set_column_width(0, 28)?;
        sheet.set_column_width(1, 60)?;
        for (line, (name, value)) in (0u32..).zip(&about.lines) {
            sheet.write_string_with_format(line, 0, fitting(name), &self.formats.header)?;
            write(sheet, (line, 1), value, &self.formats)?;
        }
        self.book.save_to_writer(out)
    }

    fn begin_sheet(&mut self) -> Result<(), XlsxError> {
        self.sheets += 1;
        self.lines = 0;
        let sheet = self.book.add_worksheet_with_constant_memory()?;
        sheet.set_name(sheet_name(&self.name, self.sheets))?;
        sheet.set_freeze_panes(1, 0)?;
        for (index, column) in (0u16..).zip(&self.columns) {
            sheet.set_column_width(index, column.width)?;
            sheet.write_string_with_format(0, index, fitting(&column.header), &self.formats.header)?;
        }
        Ok(())
    }

    fn end_sheet(&mut self) -> Result<(), XlsxError> {
        let last = u16::try_from(self.columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
        let sheet = self.book.worksheet_from_index(self.sheets - 1)?;
        sheet.autofilter(0, 0, self.lines.max(1), last)?;
        Ok(())
    }
}

fn write(
    sheet: &mut Worksheet,
    (line, column): (u32, u16),
    cell: &Cell,
    formats: &Formats,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => return Ok(()),
        Cell::Text(text) if text.starts_with(FORMULA_STARTS) => {
            sheet.write_string_with_format(line, column, fitting(text), &formats.quoted)?
        }
        Cell::Text(text) => sheet.write_string(line, column, fitting(text))?,
        Cell::Integer(number) => write_number(sheet, (line, column), *number, &formats.integer)?,
        Cell::Tenge(amount) => write_number(sheet, (line, column), amount.0, &formats.money)?,
        Cell::Percent(percent) => match decimal(percent.to_millionths(), 8) {
            Some(share) => sheet.write_number_with_format(line, column, share, &formats.percent)?,
            None => sheet.write_string(line, column, percent.to_string())?,
        },
        Cell::Hundredths(number) => match decimal(i64::from(*number), 2) {
            Some(number) => sheet.write_number_with_format(line, column, number, &formats.hundredths)?,
            None => sheet.write_string(line, column, number.to_string())?,
        },
        Cell::At(at) => {
            let local = at.with_timezone(&Almaty).naive_local();
            sheet.write_datetime_with_format(line, column, local, &formats.moment)?
        }
        Cell::Day(day) => sheet.write_datetime_with_format(line, column, day, &formats.day)?,
    };
    Ok(())
}

/// Numbers of cells are exact up to fifteen digits; what is longer keeps its digits as a text.
fn write_number<'a>(
    sheet: &'a mut Worksheet,
    (line, column): (u32, u16),
    number: i64,
    format: &Format,
) -> Result<&'a mut Worksheet, XlsxError> {
    let text = number.to_string();
    match text.parse::<f64>() {
        Ok(exact) if number.unsigned_abs() < 1_000_000_000_000_000 => {
            sheet.write_number_with_format(line, column, exact, format)
        }
        _ => sheet.write_string(line, column, text),
    }
}

/// A number with so many digits behind the point: by its digits, so that nothing is rounded on the way.
fn decimal(number: i64, places: u8) -> Option<f64> {
    format!("{number}e-{places}").parse().ok()
}

/// The beginning of a text that is too long for a cell.
fn fitting(text: &str) -> &str {
    if text.len() <= CELL_UNITS {
        return text;
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, each)| {
        units += each.len_utf16();
        units > CELL_UNITS
    });
    end.map_or(text, |(at, _)| text.get(..at).unwrap_or_default())
}

/// A name that the format takes, with a number from the second sheet on.
fn sheet_name(name: &str, number: usize) -> String {
    let end = if number > 1 {
        format!(" {number}")
    } else {
        String::new()
    };
    let kept = name
        .chars()
        .filter(|each| !['[', ']', ':', '*', '?', '/', '\\', '\''].contains(each))
        .take(NAME_CHARS - end.len());
    format!("{}{end}", kept.collect::<String>())
}

#[cfg(test)]
mod tests;

//! A text with separators: semicolon, comma or tab, found by itself; UTF-8, UTF-16 or windows-1251.

use csv::{ByteRecord, ReaderBuilder};
use encoding_rs::{Encoding, UTF_8, WINDOWS_1251};

use super::{Refused, Row, table::Table, values::Raw};
use crate::domain::imports::{FileLayout, ImportRefusal};

/// Reads the text.
///
/// # Errors
/// Why the file is refused.
pub fn read(bytes: &[u8], give: &mut dyn FnMut(Row)) -> Result<FileLayout, Refused> {
    let text = with_empty_lines(&decoded(bytes)?);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator(&text))
        .from_reader(text.as_bytes());
    let mut record = ByteRecord::new();
    let mut table = Table::new(give);
    let mut number = 0_u32;
    while reader
        .read_byte_record(&mut record)
        .map_err(|_| ImportRefusal::Damaged)?
    {
        for (column, field) in (0_u32..).zip(&record) {
            let field = std::str::from_utf8(field).map_err(|_| ImportRefusal::NotText)?;
            if field.trim().is_empty() {
                continue;
            }
            // What begins so is a formula to every program that opens the file.
            if field.trim_start().starts_with('=') {
                return Err(Refused::at(ImportRefusal::Formula, column, number));
            }
            table.cell(number, column, Raw::Text(field))?;
        }
        number = number.saturating_add(1);
    }
    table.end()
}

/// The reader leaves empty lines out, and people count them: a space makes them rows.
fn with_empty_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for line in text.split_inclusive('\n') {
        if line.trim_end_matches(['\r', '\n']).is_empty() {
            out.push(' ');
        }
        out.push_str(line);
    }
    out
}

/// The text; letters that cannot be are refused.
fn decoded(bytes: &[u8]) -> Result<String, Refused> {
    let (encoding, rest) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (encoding, bytes.get(length..).unwrap_or_default()),
        None if std::str::from_utf8(bytes).is_ok() => (UTF_8, bytes),
        None => (WINDOWS_1251, bytes),
    };
    let (text, wrong) = encoding.decode_without_bom_handling(rest);
    if wrong || text.contains('\0') {
        return Err(ImportRefusal::NotText.into());
    }
    // Control characters do not occur in a text that a spreadsheet has written.
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        return Err(ImportRefusal::NotText.into());
    }
    Ok(text.into_owned())
}

/// The separator that the first line has most of, outside of quotes.
fn separator(text: &str) -> u8 {
    let line = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let mut quoted = false;
    let mut counts = [(b';', 0_u32), (b',', 0), (b'\t', 0)];
    for byte in line.bytes() {
        if byte == b'"' {
            quoted = !quoted;
        }
        for (separator, count) in &mut counts {
            if byte == *separator && !quoted {
                *count = count.saturating_add(1);
            }
        }
    }
    // Of equals the first: a semicolon.
    counts
        .iter()
        .rev()
        .max_by_key(|(_, count)| *count)
        .map_or(b';', |(separator, _)| *separator)
}

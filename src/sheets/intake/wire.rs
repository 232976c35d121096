//! Rows as lines of JSON, from the process that reads a file to the one that asked for it. The last line says how it
//! ended; without it the file was not read.

use std::io::{self, BufRead, BufReader, Read, Write};

use serde::{Deserialize, Serialize};

use super::{Refused, Row, read};
use crate::domain::imports::{FileLayout, ImportRefusal};

/// Longest line: an article, a rule and some numbers, each letter escaped.
const LINE_MAX: u64 = 16 * 1024;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Row(Row),
    Done(FileLayout),
    Refused(Refused),
}

/// Reads a file and writes its rows.
///
/// # Errors
/// Whoever listened is gone.
pub fn answer(file_name: &str, bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    let mut failed = None;
    let mut say = |line: &Line| {
        serde_json::to_writer(&mut *out, line).map_err(io::Error::from)?;
        out.write_all(b"\n")
    };
    let mut give = |row| {
        if failed.is_none() {
            failed = say(&Line::Row(row)).err();
        }
    };
    let end = match read(file_name, bytes, &mut give) {
        Ok(layout) => Line::Done(layout),
        Err(refused) => Line::Refused(refused),
    };
    if let Some(error) = failed {
        return Err(error);
    }
    serde_json::to_writer(&mut *out, &end).map_err(io::Error::from)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// Understands the lines; rows go to `give` one by one and count only where the file is not refused in the end. Nothing
/// that the lines say is believed without its form.
///
/// # Errors
/// The file was refused; [`ImportRefusal::TooHeavy`] where the lines end too early.
pub fn understand(lines: impl Read, give: &mut dyn FnMut(Row)) -> Result<FileLayout, Refused> {
    let mut lines = BufReader::new(lines);
    let mut text = Vec::new();
    loop {
        text.clear();
        let read = lines.by_ref().take(LINE_MAX).read_until(b'\n', &mut text);
        if !matches!(read, Ok(1..)) || !text.ends_with(b"\n") {
            return Err(ImportRefusal::TooHeavy.into());
        }
        match serde_json::from_slice(&text).map_err(|_| ImportRefusal::TooHeavy)? {
            Line::Row(row) => give(row),
            Line::Done(layout) => return Ok(layout),
            Line::Refused(refused) => return Err(refused),
        }
    }
}

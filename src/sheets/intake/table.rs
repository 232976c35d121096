//! Cells of a sheet, one after the other → rows: finds the headings, then takes what stands below them. The same for
//! workbooks and for texts with separators.

use super::{
    CELLS_MAX, COLUMNS_MAX, Refused, Row, TEXT_MAX, Wanted,
    columns::{column_of, plain},
    values::{self, Raw},
};
use crate::domain::imports::{FileLayout, ImportColumn, ImportKind, ImportRefusal, ROWS_MAX};

/// Rows in which headings are looked for.
const HEAD_ROWS: u32 = 20;
/// Unknown headings that are told, and letters of each.
const IGNORED: usize = 10;
const IGNORED_LETTERS: usize = 40;

/// Collects cells. They come row by row, as a file writes them; one that goes back is refused.
pub struct Table<'g> {
    give: &'g mut dyn FnMut(Row),
    head: Option<Head>,
    /// Texts of the present row, while headings are looked for.
    texts: Vec<(u32, String)>,
    /// The present row, below the headings.
    row: Row,
    at: Option<u32>,
    cells: u32,
    rows: u32,
}

struct Head {
    kind: ImportKind,
    /// By number of the column.
    columns: Vec<(u32, ImportColumn)>,
    ignored: Vec<String>,
    row: u32,
}

impl<'g> Table<'g> {
    /// A table whose rows go to `give`.
    pub fn new(give: &'g mut dyn FnMut(Row)) -> Self {
        Self {
            give,
            head: None,
            texts: Vec::new(),
            row: empty(0),
            at: None,
            cells: 0,
            rows: 0,
        }
    }

    /// Takes the cell in `row` and `column`, both from 0.
    ///
    /// # Errors
    /// A limit is reached, or headings are wrong.
    pub fn cell(&mut self, row: u32, column: u32, raw: Raw<'_>) -> Result<(), Refused> {
        self.cells = self.cells.saturating_add(1);
        if self.cells > CELLS_MAX {
            return Err(ImportRefusal::Cells.into());
        }
        if column >= COLUMNS_MAX {
            return Err(ImportRefusal::Columns.into());
        }
        let first = self.head.as_ref().map_or(0, |head| head.row);
        // Headings and what stands above them do not count.
        if row > ROWS_MAX.saturating_add(first) {
            return Err(ImportRefusal::Rows.into());
        }
        if let Raw::Text(text) = raw
            && text.len() > TEXT_MAX
            && text.chars().count() > TEXT_MAX
        {
            return Err(Refused::at(ImportRefusal::LongCell, column, row));
        }
        if self.at.is_some_and(|at| row < at) {
            return Err(ImportRefusal::Damaged.into());
        }
        if self.at != Some(row) {
            self.end_row()?;
            self.at = Some(row);
            self.row = empty(row);
        }
        let Some(head) = &self.head else {
            if row >= HEAD_ROWS {
                return Err(ImportRefusal::NoSkuColumn.into());
            }
            if let Raw::Text(text) = raw {
                self.texts.push((column, text.to_owned()));
            }
            return Ok(());
        };
        let Some((_, known)) = head.columns.iter().find(|(number, _)| *number == column) else {
            return Ok(());
        };
        if *known == ImportColumn::Sku {
            match values::sku(raw) {
                None => {}
                Some(Ok(sku)) => self.row.sku = sku,
                Some(Err(trouble)) => self.row.cells.push((*known, Wanted::Wrong(trouble))),
            }
        } else if let Some(wanted) = values::wanted(*known, raw) {
            self.row.cells.push((*known, wanted));
        }
        Ok(())
    }

    fn end_row(&mut self) -> Result<(), Refused> {
        let Some(at) = self.at else { return Ok(()) };
        if self.head.is_none() {
            let texts = std::mem::take(&mut self.texts);
            self.head = head(at, &texts)?;
            return Ok(());
        }
        let row = std::mem::replace(&mut self.row, empty(at));
        // A price list has rows of products without days, and tables have products with nothing to set: both are
        // rows that change nothing, and are counted.
        if !row.sku.is_empty() || !row.cells.is_empty() {
            self.rows = self.rows.saturating_add(1);
            (self.give)(row);
        }
        Ok(())
    }

    /// After the last cell.
    ///
    /// # Errors
    /// There were no headings, or nothing below them.
    pub fn end(mut self) -> Result<FileLayout, Refused> {
        self.end_row()?;
        let Some(head) = self.head else {
            let code = if self.cells == 0 {
                ImportRefusal::Empty
            } else {
                ImportRefusal::NoSkuColumn
            };
            return Err(code.into());
        };
        if self.rows == 0 {
            return Err(ImportRefusal::Empty.into());
        }
        Ok(FileLayout {
            kind: head.kind,
            columns: head
                .columns
                .into_iter()
                .map(|(number, column)| (column, Some(number)))
                .collect(),
            ignored: head.ignored,
            merchant: None,
            rows: self.rows,
        })
    }
}

fn empty(row: u32) -> Row {
    Row {
        number: row.saturating_add(1),
        sku: String::new(),
        cells: Vec::new(),
    }
}

/// The headings, if these texts are some.
fn head(row: u32, texts: &[(u32, String)]) -> Result<Option<Head>, Refused> {
    let mut columns: Vec<(u32, ImportColumn)> = Vec::new();
    let mut ignored = Vec::new();
    let has = |name: &str| texts.iter().any(|(_, text)| plain(text) == name);
    let kind = if has("model") && has("price") && has("pp1") {
        ImportKind::PriceList
    } else {
        ImportKind::Table
    };
    for (number, text) in texts {
        let known = column_of(text).filter(|column| {
            kind == ImportKind::Table || matches!(column, ImportColumn::Sku | ImportColumn::PreorderDays)
        });
        match known {
            Some(column) if columns.iter().any(|(_, other)| *other == column) => {
                return Err(Refused::at(ImportRefusal::ColumnTwice, *number, row));
            }
            Some(column) => columns.push((*number, column)),
            None if ignored.len() < IGNORED && !text.trim().is_empty() => {
                ignored.push(text.trim().chars().take(IGNORED_LETTERS).collect());
            }
            None => {}
        }
    }
    if !columns.iter().any(|(_, column)| *column == ImportColumn::Sku) {
        return Ok(None);
    }
    if columns.len() < 2 {
        return Err(ImportRefusal::NoValueColumns.into());
    }
    Ok(Some(Head {
        kind,
        columns,
        ignored,
        row,
    }))
}

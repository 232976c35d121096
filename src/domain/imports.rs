//! Words of imports: what a file may set, where an import stands, why a file or a cell cannot be taken.

use super::text_enum::text_enum;

/// Largest file that is taken, bytes.
pub const FILE_BYTES_MAX: usize = 5 * 1024 * 1024;
/// Most rows of products in a file.
pub const ROWS_MAX: u32 = 100_000;
/// Longest article, as the column of products takes it.
pub const SKU_MAX: usize = 255;

text_enum! {
    /// What a column of a file is for.
    ImportColumn {
        /// The seller's article: tells which product a row is about.
        Sku = "sku",
        /// Lowest permitted price.
        Floor = "floor",
        /// Highest permitted price.
        Ceiling = "ceiling",
        /// One piece with its packaging.
        UnitCost = "unit_cost",
        /// Name of the selection's rule that the product belongs to.
        Rule = "rule",
        /// Opt-in of automatic prices.
        Enabled = "enabled",
        /// Days until the goods arrive.
        PreorderDays = "preorder_days",
    }
}

text_enum! {
    /// What a file is.
    ImportKind {
        /// A table with our columns.
        Table = "table",
        /// The price list of the marketplace's cabinet: only preorder days are taken from it.
        PriceList = "price_list",
    }
}

text_enum! {
    /// Where an import stands.
    ImportState {
        /// Read and judged; nothing was changed.
        Checked = "checked",
        /// Its changes are being written.
        Applying = "applying",
        /// Written.
        Applied = "applied",
        /// The values of before are being brought back.
        Undoing = "undoing",
        /// Brought back.
        Undone = "undone",
        /// Given up half-way; it can be asked for once more.
        Failed = "failed",
    }
}

impl ImportState {
    /// A worker is at it, or will be.
    #[must_use]
    pub fn is_working(self) -> bool {
        matches!(self, Self::Applying | Self::Undoing)
    }
}

text_enum! {
    /// Where a row stands. Rows that change nothing are counted and not kept.
    ImportRowState {
        /// It changes something and waits.
        Planned = "planned",
        /// It cannot be taken.
        Wrong = "wrong",
        /// Written.
        Applied = "applied",
        /// Not written: somebody else had changed the product, or a rule forbids the change by now.
        Left = "left",
        /// The values of before are back.
        Undone = "undone",
        /// Not brought back: somebody has changed the values since.
        Kept = "kept",
    }
}

text_enum! {
    /// Why a cell or a row cannot be taken.
    ImportTrouble {
        /// The row has values and no article.
        NoSku = "no_sku",
        /// The store has no product with this article.
        UnknownSku = "unknown_sku",
        /// Another row has the same article.
        RepeatedSku = "repeated_sku",
        /// The article is a number so long that the spreadsheet has lost its last digits.
        RoundedSku = "rounded_sku",
        /// Not a number.
        NotANumber = "not_a_number",
        /// A part of a tenge or of a day.
        Fraction = "fraction",
        /// More than anybody would ask.
        TooHigh = "too_high",
        /// Below zero, or zero where that makes no sense.
        NotPositive = "not_positive",
        /// A date where a number is wanted.
        Date = "date",
        /// The spreadsheet itself shows an error in this cell.
        ErrorCell = "error_cell",
        /// Neither yes nor no.
        NotASwitch = "not_a_switch",
        /// This cell cannot be cleared.
        NotClearable = "not_clearable",
        /// Preorder days outside of what the marketplace takes.
        Days = "days",
        /// The points of service of an offer have different days.
        DaysDiffer = "days_differ",
        /// The text is too long for what it is.
        TooLong = "too_long",
        /// The store has no selection with a rule of this name.
        UnknownRule = "unknown_rule",
        /// Several selections have this name.
        AmbiguousRule = "ambiguous_rule",
        /// Somebody changed the product after the check.
        ChangedMeanwhile = "changed_meanwhile",
        /// The product is not there any more.
        Gone = "gone",
        /// A rule of the panel forbids the change by now.
        Refused = "refused",
    }
}

text_enum! {
    /// Why a whole file is refused.
    ImportRefusal {
        /// Nothing in it.
        Empty = "empty",
        /// Larger than taken.
        TooLarge = "too_large",
        /// Neither .xlsx nor .csv nor .xml.
        Type = "type",
        /// The contents are not what the name says.
        TypeMismatch = "type_mismatch",
        /// An old workbook (.xls), or one that is protected by a password.
        OldOrLocked = "old_or_locked",
        /// The archive or its tables are damaged.
        Damaged = "damaged",
        /// Parts of the archive are encrypted.
        Encrypted = "encrypted",
        /// More parts than a workbook has, or parts with names that lead elsewhere.
        OddParts = "odd_parts",
        /// It unfolds to far more than its size.
        Bomb = "bomb",
        /// Macros inside.
        Macros = "macros",
        /// Links to other files or sources of data.
        ExternalLinks = "external_links",
        /// Declarations of document types or entities.
        Entities = "entities",
        /// A formula; the cell is named.
        Formula = "formula",
        /// Too many rows.
        Rows = "rows",
        /// Too many columns.
        Columns = "columns",
        /// Too many cells.
        Cells = "cells",
        /// A cell with a text that is too long.
        LongCell = "long_cell",
        /// No sheet that can be read.
        NoSheet = "no_sheet",
        /// No column with articles.
        NoSkuColumn = "no_sku_column",
        /// No column with anything to set.
        NoValueColumns = "no_value_columns",
        /// Two columns for the same.
        ColumnTwice = "column_twice",
        /// The letters of the text cannot be read.
        NotText = "not_text",
        /// Reading it took too much time or memory.
        TooHeavy = "too_heavy",
        /// The price list of another store.
        OtherStore = "other_store",
    }
}

impl ImportRefusal {
    /// Does the sentence name a place?
    #[must_use]
    pub fn names_place(self) -> bool {
        matches!(self, Self::Formula | Self::LongCell | Self::ColumnTwice)
    }
}

/// What was read of a file besides its rows.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FileLayout {
    /// What the file is.
    pub kind: ImportKind,
    /// Known columns with their number from 0; numbers are `None` where the file has no columns (XML).
    pub columns: Vec<(ImportColumn, Option<u32>)>,
    /// The first unknown headings.
    pub ignored: Vec<String>,
    /// The store that a price list in XML is of.
    pub merchant: Option<String>,
    /// Rows given.
    pub rows: u32,
}

impl FileLayout {
    /// Where the cell of a column in a row is.
    #[must_use]
    pub fn place(&self, column: ImportColumn, row: u32) -> String {
        let number = self
            .columns
            .iter()
            .find(|(known, _)| *known == column)
            .and_then(|(_, number)| *number);
        match number {
            Some(number) => cell_name(number, row.saturating_sub(1)),
            None => format!("№ {row}"),
        }
    }
}

/// Name of a cell as a spreadsheet shows it: `(0, 0)` is `A1`.
#[must_use]
pub fn cell_name(column: u32, row: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = column;
    loop {
        letters.push(char::from_u32(u32::from(b'A') + rest % 26).unwrap_or('?'));
        match (rest / 26).checked_sub(1) {
            Some(next) => rest = next,
            None => break,
        }
    }
    let letters: String = letters.into_iter().rev().collect();
    format!("{letters}{}", u64::from(row) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_named_as_spreadsheets_do() {
        for (at, name) in [
            ((0, 0), "A1"),
            ((25, 4), "Z5"),
            ((26, 0), "AA1"),
            ((701, 0), "ZZ1"),
            ((702, 0), "AAA1"),
            ((16_383, 1_048_575), "XFD1048576"),
        ] {
            assert_eq!(cell_name(at.0, at.1), name);
        }
    }
}

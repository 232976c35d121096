//! What reports list: for each kind its columns, and its rows as cells, a piece at a time. A new list of the panel
//! attaches here by one implementation of [`Rows`].

mod competitors;
mod preorders;
mod price_changes;
mod products;

use diesel::PgConnection;

use super::Words;
use crate::{
    domain::{ReportKind, Tenant, report::ReportQuery},
    sheets::report::{Cell, Column},
    store::StoreError,
};

/// Rows read with one statement.
const PIECE: i64 = 2_000;

/// A piece of a list.
#[derive(Debug, Default)]
pub struct Piece {
    /// Its rows, each with as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
    /// What it adds to the progress; 0: the end.
    pub advanced: i64,
}

/// A list that a report can be made of.
pub trait Rows: Send {
    /// The columns, from left to right.
    fn columns(&self, words: &dyn Words) -> Vec<Column>;

    /// What the progress counts up to.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn count(&self, conn: &mut PgConnection) -> Result<i64, StoreError>;

    /// The next rows, behind those that were given before.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn next(&mut self, conn: &mut PgConnection, words: &dyn Words) -> Result<Piece, StoreError>;
}

/// The list of a kind, with what the tenant may see.
pub fn of(kind: ReportKind, tenant: Tenant, query: &ReportQuery) -> Box<dyn Rows> {
    match kind {
        ReportKind::Products => Box::new(products::Products::new(tenant, query)),
        ReportKind::PriceChanges => Box::new(price_changes::PriceChanges::new(tenant, query)),
        ReportKind::Preorders => Box::new(preorders::Preorders::new(tenant, query)),
        ReportKind::Competitors => Box::new(competitors::Competitors::new(tenant, query)),
    }
}

/// Columns by the keys of their titles and their widths.
fn columns(words: &dyn Words, columns: &[(&str, u16)]) -> Vec<Column> {
    columns
        .iter()
        .map(|(key, width)| Column::new(words.word(key), *width))
        .collect()
}

/// `да` or `нет`.
fn yes_no(words: &dyn Words, yes: bool) -> Cell {
    Cell::text(words.word(if yes { "word-yes" } else { "word-no" }))
}

fn advanced(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

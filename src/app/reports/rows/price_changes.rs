//! Every change of a price: when, by how much, who wanted it and why.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::Value;

use super::{PIECE, Piece, Rows, advanced, columns};
use crate::{
    app::reports::Words,
    domain::{Tenant, Tenge, city::city_name, percent::Percent, report::ReportQuery},
    sheets::report::{Cell, Column},
    store::{
        StoreError,
        report_rows::{ChangeFilter, PriceChange, price_change_count, price_change_page},
    },
};

const COLUMNS: &[(&str, u16)] = &[
    ("report-column-when", 17),
    ("column-store", 22),
    ("column-sku", 20),
    ("column-product", 52),
    ("report-column-city", 14),
    ("report-column-before", 12),
    ("report-column-after", 12),
    ("report-column-change", 12),
    ("report-column-change-percent", 12),
    ("report-column-who", 22),
    ("column-reason", 60),
    ("report-column-best-rival", 16),
    ("report-column-place", 10),
];

pub struct PriceChanges {
    filter: ChangeFilter,
    after: Option<(DateTime<Utc>, uuid::Uuid)>,
}

impl PriceChanges {
    pub fn new(tenant: Tenant, query: &ReportQuery) -> Self {
        let (from, until) = query.moments();
        Self {
            filter: ChangeFilter {
                tenant,
                store_id: query.store_id,
                product_id: query.product_id,
                from,
                until,
            },
            after: None,
        }
    }
}

impl Rows for PriceChanges {
    fn columns(&self, words: &dyn Words) -> Vec<Column> {
        columns(words, COLUMNS)
    }

    fn count(&self, conn: &mut PgConnection) -> Result<i64, StoreError> {
        price_change_count(conn, &self.filter)
    }

    fn next(&mut self, conn: &mut PgConnection, words: &dyn Words) -> Result<Piece, StoreError> {
        let rows = price_change_page(conn, &self.filter, self.after, PIECE)?;
        self.after = rows.last().map(|row| (row.at, row.id)).or(self.after);
        Ok(Piece {
            advanced: advanced(rows.len()),
            rows: rows.into_iter().map(|row| cells(row, words)).collect(),
        })
    }
}

fn cells(row: PriceChange, words: &dyn Words) -> Vec<Cell> {
    let moved = row.before.zip(row.after);
    let why = reason(&row, words);
    let who = who(&row, words);
    vec![
        Cell::At(row.at),
        Cell::text(row.store_name),
        Cell::of(row.sku, Cell::text),
        Cell::text(row.name),
        Cell::text(city_name(&row.city_id)),
        Cell::of(row.before, Cell::Tenge),
        Cell::of(row.after, Cell::Tenge),
        Cell::of(moved, |(before, after)| {
            Cell::Tenge(Tenge(after.0.saturating_sub(before.0)))
        }),
        Cell::of(
            moved.and_then(|(before, after)| Percent::of_change(before, after)),
            Cell::Percent,
        ),
        Cell::text(who),
        Cell::text(why),
        Cell::of(row.best_rival, Cell::Tenge),
        Cell::of(row.place.map(i64::from), Cell::Integer),
    ]
}

fn who(row: &PriceChange, words: &dyn Words) -> String {
    match row.origin.as_deref() {
        Some("robot" | "restore") => words.word("actor-robot"),
        Some(_) => row.person.clone().unwrap_or_else(|| words.word("actor-person")),
        None => words.word("report-who-elsewhere"),
    }
}

/// The steps of the decision in words; without one, whose act it was.
fn reason(row: &PriceChange, words: &dyn Words) -> String {
    let steps = row.reasons.as_ref().and_then(Value::as_array);
    let steps: Vec<String> = steps
        .into_iter()
        .flatten()
        .filter_map(|step| step.get("code").and_then(Value::as_str))
        .map(|code| words.word_or(&format!("reason-{code}"), "report-reason-other"))
        .collect();
    if !steps.is_empty() {
        return steps.join("; ");
    }
    match (row.origin.as_deref(), row.before, row.after) {
        (Some(origin), _, _) => words.word_or(&format!("report-origin-{origin}"), "report-reason-other"),
        (None, None, _) => words.word("report-reason-first"),
        (None, _, None) => words.word("report-reason-gone"),
        (None, _, _) => words.word("report-reason-elsewhere"),
    }
}

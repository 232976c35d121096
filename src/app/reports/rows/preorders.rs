//! Preorders with what is promised at each point of service.

use diesel::PgConnection;

use super::{PIECE, Piece, Rows, advanced, columns};
use crate::{
    app::reports::Words,
    domain::{PreorderId, Tenant, preorder::parse_warehouses, report::ReportQuery},
    sheets::report::{Cell, Column},
    store::{
        StoreError,
        preorders::{PreorderFilter, PreorderRow, preorder_count, preorder_page},
    },
};

const COLUMNS: &[(&str, u16)] = &[
    ("column-store", 22),
    ("column-sku", 20),
    ("report-column-name", 52),
    ("report-column-brand", 18),
    ("column-product", 52),
    ("report-column-status", 14),
    ("report-column-price", 12),
    ("report-column-pieces", 10),
    ("report-column-points", 28),
    ("report-column-preorder-days", 12),
    ("report-column-created", 17),
    ("report-column-updated", 17),
];

pub struct Preorders {
    tenant: Tenant,
    filter: PreorderFilter,
    after: Option<PreorderId>,
}

impl Preorders {
    pub fn new(tenant: Tenant, query: &ReportQuery) -> Self {
        Self {
            tenant,
            filter: PreorderFilter {
                store_id: query.store_id,
                status: query.status,
                search: query.search.clone(),
            },
            after: None,
        }
    }
}

impl Rows for Preorders {
    fn columns(&self, words: &dyn Words) -> Vec<Column> {
        columns(words, COLUMNS)
    }

    fn count(&self, conn: &mut PgConnection) -> Result<i64, StoreError> {
        preorder_count(conn, self.tenant, &self.filter)
    }

    fn next(&mut self, conn: &mut PgConnection, words: &dyn Words) -> Result<Piece, StoreError> {
        let rows = preorder_page(conn, self.tenant, &self.filter, self.after, PIECE)?;
        self.after = rows.last().map(|row| row.preorder.id).or(self.after);
        Ok(Piece {
            advanced: advanced(rows.len()),
            rows: rows.into_iter().map(|row| cells(row, words)).collect(),
        })
    }
}

fn cells(row: PreorderRow, words: &dyn Words) -> Vec<Cell> {
    let preorder = row.preorder;
    let points = parse_warehouses(&preorder.warehouses).unwrap_or_default();
    let stated: Vec<i64> = points
        .iter()
        .filter_map(|point| point.quantity.map(i64::from))
        .collect();
    let named: Vec<String> = points
        .iter()
        .map(|point| match point.quantity {
            Some(quantity) => format!("PP{}: {quantity}", point.number),
            None => format!("PP{}", point.number),
        })
        .collect();
    vec![
        Cell::text(row.store_name),
        Cell::of(preorder.article, Cell::text),
        Cell::text(preorder.name),
        Cell::of(preorder.brand, Cell::text),
        Cell::text(row.product_name),
        Cell::text(words.word(&format!("value-status-{}", preorder.status))),
        Cell::of(preorder.price_tenge, Cell::Tenge),
        Cell::of((!stated.is_empty()).then(|| stated.iter().sum()), Cell::Integer),
        Cell::text(named.join(", ")),
        Cell::Integer(preorder.delivery_days.into()),
        Cell::At(preorder.created_at),
        Cell::At(preorder.updated_at),
    ]
}

//! Products with their prices, limits and stock.

use diesel::PgConnection;

use super::{PIECE, Piece, Rows, advanced, columns, yes_no};
use crate::{
    app::reports::Words,
    domain::{ProductId, Tenant, report::ReportQuery},
    sheets::report::{Cell, Column},
    store::{
        StoreError,
        products::{ProductFilter, ProductRow, ProductView, product_count, product_page},
    },
};

const COLUMNS: &[(&str, u16)] = &[
    ("column-store", 22),
    ("column-sku", 20),
    ("column-product", 52),
    ("report-column-brand", 18),
    ("products-category", 24),
    ("report-column-card", 14),
    ("report-column-price", 12),
    ("report-column-floor", 12),
    ("report-column-ceiling", 12),
    ("report-column-cost", 14),
    ("report-column-stock", 10),
    ("report-column-on-sale", 10),
    ("report-column-preorder-days", 12),
    ("report-column-auto", 12),
    ("report-column-read", 17),
    ("report-column-changed", 17),
    ("report-column-archived", 17),
];

/// The filter of the list of products that a report is asked for with.
pub fn filter_of(query: &ReportQuery) -> ProductFilter {
    ProductFilter {
        product_id: query.product_id,
        store_id: query.store_id,
        search: query.search.clone(),
        category: query.category.clone(),
        repricing_enabled: None,
        view: ProductView::named(&query.view),
    }
}

pub struct Products {
    tenant: Tenant,
    filter: ProductFilter,
    after: Option<ProductId>,
}

impl Products {
    pub fn new(tenant: Tenant, query: &ReportQuery) -> Self {
        Self {
            tenant,
            filter: filter_of(query),
            after: None,
        }
    }
}

impl Rows for Products {
    fn columns(&self, words: &dyn Words) -> Vec<Column> {
        columns(words, COLUMNS)
    }

    fn count(&self, conn: &mut PgConnection) -> Result<i64, StoreError> {
        product_count(conn, self.tenant, &self.filter)
    }

    fn next(&mut self, conn: &mut PgConnection, words: &dyn Words) -> Result<Piece, StoreError> {
        let rows = product_page(conn, self.tenant, &self.filter, self.after, PIECE)?;
        self.after = rows.last().map(|row| row.product.id).or(self.after);
        Ok(Piece {
            advanced: advanced(rows.len()),
            rows: rows.into_iter().map(|row| cells(row, words)).collect(),
        })
    }
}

fn cells(row: ProductRow, words: &dyn Words) -> Vec<Cell> {
    let (product, price, terms) = (row.product, row.price, row.terms);
    vec![
        Cell::text(row.store_name),
        Cell::of(product.sku, Cell::text),
        Cell::text(product.name),
        Cell::of(product.brand, Cell::text),
        Cell::of(product.category, Cell::text),
        Cell::of(product.card_id, Cell::text),
        Cell::of(price.as_ref().map(|price| price.price_tenge), Cell::Tenge),
        Cell::of(terms.floor, Cell::Tenge),
        Cell::of(terms.ceiling, Cell::Tenge),
        Cell::of(terms.unit_cost, Cell::Tenge),
        Cell::of(product.stock.map(i64::from), Cell::Integer),
        yes_no(words, product.on_sale),
        Cell::Integer(product.preorder_days.into()),
        yes_no(words, product.repricing_enabled),
        Cell::of(price.as_ref().map(|price| price.read_at), Cell::At),
        Cell::of(price.and_then(|price| price.changed_at), Cell::At),
        Cell::of(product.archived_at, Cell::At),
    ]
}

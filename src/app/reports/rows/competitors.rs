//! Everybody's offers on the cards of the products, as last read in the store's main city.

use std::collections::HashMap;

use diesel::PgConnection;

use super::{Piece, Rows, advanced, columns, products::filter_of, yes_no};
use crate::{
    app::reports::Words,
    domain::{ProductId, Tenant, Tenge, city::city_name, percent::Percent, report::ReportQuery},
    sheets::report::{Cell, Column},
    store::{
        StoreError,
        products::{ProductFilter, ProductRow, product_count, product_page},
        report_rows::{CardOffer, card_offer_list},
    },
};

/// Products whose offers are read with one statement: a card has dozens.
const PRODUCTS: i64 = 200;

const COLUMNS: &[(&str, u16)] = &[
    ("column-store", 22),
    ("column-sku", 20),
    ("column-product", 52),
    ("report-column-card", 14),
    ("report-column-city", 14),
    ("report-column-our-price", 12),
    ("offers-seller", 28),
    ("report-column-own", 10),
    ("offers-price", 12),
    ("report-column-change", 12),
    ("report-column-change-percent", 12),
    ("report-column-rating", 10),
    ("report-column-reviews", 10),
    ("report-column-preorder-days", 12),
    ("offers-delivery", 20),
    ("report-column-since", 17),
    ("report-column-seen", 17),
];

pub struct Competitors {
    tenant: Tenant,
    filter: ProductFilter,
    after: Option<ProductId>,
}

impl Competitors {
    pub fn new(tenant: Tenant, query: &ReportQuery) -> Self {
        Self {
            tenant,
            filter: filter_of(query),
            after: None,
        }
    }
}

impl Rows for Competitors {
    fn columns(&self, words: &dyn Words) -> Vec<Column> {
        columns(words, COLUMNS)
    }

    fn count(&self, conn: &mut PgConnection) -> Result<i64, StoreError> {
        product_count(conn, self.tenant, &self.filter)
    }

    fn next(&mut self, conn: &mut PgConnection, words: &dyn Words) -> Result<Piece, StoreError> {
        let products = product_page(conn, self.tenant, &self.filter, self.after, PRODUCTS)?;
        self.after = products.last().map(|row| row.product.id).or(self.after);
        let ids: Vec<ProductId> = products.iter().map(|row| row.product.id).collect();
        let offers = card_offer_list(conn, &ids)?;
        let by_id: HashMap<ProductId, &ProductRow> =
            products.iter().map(|row| (row.product.id, row)).collect();
        Ok(Piece {
            advanced: advanced(ids.len()),
            rows: offers
                .into_iter()
                .filter_map(|offer| Some(cells(by_id.get(&offer.product_id)?, offer, words)))
                .collect(),
        })
    }
}

fn cells(row: &ProductRow, offer: CardOffer, words: &dyn Words) -> Vec<Cell> {
    let ours = row.price.as_ref().map(|price| price.price_tenge);
    let distance = ours.filter(|_| !offer.own);
    let delivery = offer.delivery.unwrap_or_default();
    let rating = offer.rating_centi.filter(|rating| *rating > 0);
    vec![
        Cell::text(row.store_name.as_str()),
        Cell::of(row.product.sku.as_deref(), Cell::text),
        Cell::text(row.product.name.as_str()),
        Cell::of(row.product.card_id.as_deref(), Cell::text),
        Cell::text(city_name(&offer.city_id)),
        Cell::of(ours, Cell::Tenge),
        Cell::text(offer.merchant_name),
        yes_no(words, offer.own),
        Cell::Tenge(offer.price),
        Cell::of(distance, |ours| {
            Cell::Tenge(Tenge(offer.price.0.saturating_sub(ours.0)))
        }),
        Cell::of(
            distance.and_then(|ours| Percent::of_change(ours, offer.price)),
            Cell::Percent,
        ),
        Cell::of(rating, Cell::Hundredths),
        Cell::Integer(offer.reviews.into()),
        Cell::Integer(offer.preorder_days.into()),
        Cell::text(known_delivery(&delivery, words)),
        Cell::At(offer.first_seen_at),
        Cell::At(offer.last_seen_at),
    ]
}

/// The marketplace's word in ours where it is known.
fn known_delivery(word: &str, words: &dyn Words) -> String {
    let key = format!("delivery-{}", word.to_lowercase());
    if words.has(&key) {
        words.word(&key)
    } else {
        word.to_owned()
    }
}

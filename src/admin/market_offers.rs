//! Offers of others as they were seen last: what the robot decides on.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    framework::{
        Cell, Column, Dir, Field, Form, Model, Search, Section, Span, SpanApply, Spec, queries, seek_by_key,
        sort_by,
    },
    staff::administrators,
};
use crate::{
    domain::{Tenge, city::city_name},
    schema::market_offers,
};

/// The model.
pub struct MarketOffers;

/// A field of its form.
type FormField = Field<MarketOffers>;

/// A column of its list.
type Col = Column<MarketOffers>;

/// An offer.
#[derive(Queryable, Selectable)]
#[diesel(table_name = market_offers, check_for_backend(Pg))]
pub struct Row {
    id: Uuid,
    card_id: String,
    city_id: String,
    merchant_id: String,
    merchant_name: String,
    price_tenge: Tenge,
    reviews: i32,
    preorder_days: i32,
    delivery: Option<String>,
    first_seen_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
}

impl Model for MarketOffers {
    type Context = Staff;
    type Row = Row;
    type Query = market_offers::BoxedQuery<'static, Pg>;

    queries!(market_offers::table, market_offers::id);

    fn id(row: &Row) -> Uuid {
        row.id
    }

    fn name(row: &Row) -> String {
        format!("{} \u{b7} {}", row.merchant_name, row.card_id)
    }

    fn spec() -> Spec<Self> {
        Spec {
            columns: columns(),
            spans: vec![Span {
                name: "price",
                apply: SpanApply::Money(|query, low, high| {
                    query.filter(market_offers::price_tenge.between(Tenge(low), Tenge(high)))
                }),
            }],
            search: Some(Search {
                index: "market_offers_key for whole card ids",
                apply: |query, word| {
                    query.filter(market_offers::card_id.eq(word.trim_matches('%').to_owned()))
                },
            }),
            default_sort: ("first_seen_at", Dir::Desc),
            seek: seek_by_key!(market_offers::id, Uuid),
            form: Form::shown(sections()),
            ..Spec::shown("market-offers", "eye", administrators)
        }
    }
}

fn city(row: &Row) -> Cell {
    Cell::Text(city_name(&row.city_id).to_owned())
}

fn price(row: &Row) -> Cell {
    Cell::Money(row.price_tenge.0)
}

fn columns() -> Vec<Column<MarketOffers>> {
    vec![
        Col::start("merchant", |row| Cell::Text(row.merchant_name.clone())),
        Col::start("card_id", |row| Cell::Code(row.card_id.clone())),
        Col::start("city", city),
        Col::end("price", price),
        Col::end("last_seen_at", |row| Cell::When(row.last_seen_at)),
        Col::end("first_seen_at", |row| Cell::When(row.first_seen_at))
            .by(sort_by!(market_offers::first_seen_at, market_offers::id)),
    ]
}

fn sections() -> Vec<Section<MarketOffers>> {
    vec![Section {
        name: "main",
        fields: vec![
            FormField::Show("merchant", |row| Cell::Text(row.merchant_name.clone())),
            FormField::Show("merchant_id", |row| Cell::Code(row.merchant_id.clone())),
            FormField::Show("card_id", |row| Cell::Code(row.card_id.clone())),
            FormField::Show("city", city),
            FormField::Show("price", price),
            FormField::Show("reviews", |row| Cell::Number(row.reviews.into())),
            FormField::Show("preorder_days", |row| Cell::Number(row.preorder_days.into())),
            FormField::Show("delivery", |row| Cell::text(row.delivery.as_deref())),
            FormField::Show("first_seen_at", |row| Cell::When(row.first_seen_at)),
            FormField::Show("last_seen_at", |row| Cell::When(row.last_seen_at)),
        ],
    }]
}

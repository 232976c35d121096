//! Changes of prices as they were read, the newest first: a history that nobody edits.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    choices::of_store,
    framework::{
        Cell, Column, Dir, Drill, Field, Form, Model, Section, Seek, Span, SpanApply, Spec, queries, sort_by,
    },
    staff::administrators,
};
use crate::{
    domain::{ProductId, StoreId, Tenge, city::city_name},
    schema::{price_changes, products},
};

/// The model.
pub struct PriceChanges;

/// A field of its form.
type FormField = Field<PriceChanges>;

/// A column of its list.
type Col = Column<PriceChanges>;

/// A change with the name of its product, where that is still there.
#[derive(Queryable, Selectable)]
#[diesel(table_name = price_changes, check_for_backend(Pg))]
pub struct Row {
    id: Uuid,
    at: DateTime<Utc>,
    product_id: ProductId,
    #[diesel(select_expression = products::name.nullable())]
    product: Option<String>,
    city_id: String,
    before_tenge: Option<Tenge>,
    price_tenge: Option<Tenge>,
    push_id: Option<Uuid>,
}

#[diesel::dsl::auto_type]
fn joined() -> _ {
    price_changes::table.left_join(products::table.on(products::id.eq(price_changes::product_id)))
}

impl Model for PriceChanges {
    type Context = Staff;
    type Row = Row;
    type Query = diesel::dsl::IntoBoxed<'static, joined, Pg>;

    queries!(joined(), price_changes::id);

    fn id(row: &Row) -> Uuid {
        row.id
    }

    fn name(row: &Row) -> String {
        row.product.clone().unwrap_or_else(|| row.product_id.to_string())
    }

    fn spec() -> Spec<Self> {
        Spec {
            columns: columns(),
            spans: vec![Span {
                name: "price",
                apply: SpanApply::Money(|query, low, high| {
                    query.filter(price_changes::price_tenge.between(Tenge(low), Tenge(high)))
                }),
            }],
            relations: vec![of_store::<Self>(|query, id| {
                query.filter(price_changes::store_id.eq(StoreId(id)))
            })],
            drill: Some(Drill {
                name: "day",
                apply: |query, from, until| {
                    query.filter(price_changes::at.ge(from).and(price_changes::at.lt(until)))
                },
            }),
            default_sort: ("at", Dir::Desc),
            seek: Some(Seek {
                place: |row| format!("{}.{}", row.at.timestamp_micros(), row.id),
                from,
            }),
            form: Form::shown(vec![Section {
                name: "main",
                fields: fields(),
            }]),
            ..Spec::shown("price-changes", "chart", administrators)
        }
    }
}

type Query = <PriceChanges as Model>::Query;

/// By moment and key, as the index has them.
fn from(query: Query, place: Option<&str>, dir: Dir) -> Option<Query> {
    let query = match place {
        None => query,
        Some(place) => {
            let (at, id) = place.split_once('.')?;
            let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
            let id: Uuid = id.parse().ok()?;
            match dir {
                Dir::Desc => query
                    .filter(price_changes::at.le(at))
                    .filter(price_changes::at.lt(at).or(price_changes::id.lt(id))),
                Dir::Asc => query
                    .filter(price_changes::at.ge(at))
                    .filter(price_changes::at.gt(at).or(price_changes::id.gt(id))),
            }
        }
    };
    Some(match dir {
        Dir::Desc => query.order((price_changes::at.desc(), price_changes::id.desc())),
        Dir::Asc => query.order((price_changes::at.asc(), price_changes::id.asc())),
    })
}

fn price(row: &Row) -> Cell {
    Cell::money(row.price_tenge.map(|price| price.0))
}

fn before(row: &Row) -> Cell {
    Cell::money(row.before_tenge.map(|price| price.0))
}

fn product(row: &Row) -> Cell {
    match &row.product {
        Some(name) => Cell::Link(name.clone(), format!("/admin/products/{}/", row.product_id)),
        None => Cell::Code(row.product_id.to_string()),
    }
}

fn columns() -> Vec<Column<PriceChanges>> {
    vec![
        Col::start("product", |row| Cell::Text(PriceChanges::name(row))),
        Col::start("city", |row| Cell::Text(city_name(&row.city_id).to_owned())),
        Col::end("before", before),
        Col::end("price", price),
        Col::end("at", |row| Cell::When(row.at)).by(sort_by!(price_changes::at, price_changes::id)),
    ]
}

fn fields() -> Vec<Field<PriceChanges>> {
    vec![
        FormField::Show("product", product),
        FormField::Show("city", |row| Cell::Text(city_name(&row.city_id).to_owned())),
        FormField::Show("before", before),
        FormField::Show("price", price),
        FormField::Show("at", |row| Cell::When(row.at)),
        FormField::Show("push", |row| match row.push_id {
            Some(id) => Cell::Link(id.to_string(), format!("/admin/price-pushes/{id}/")),
            None => Cell::Empty,
        }),
    ]
}

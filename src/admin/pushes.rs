//! Price writes, one row per product and write: a journal that nobody edits.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    choices::{PERIODS, of_store, period_start, word_key, words},
    framework::{
        Cell, Choices, Column, Dir, Drill, Field, Filter, Form, Model, Section, Spec, queries, seek_by_key,
        sort_by,
    },
    staff::administrators,
};
use crate::{
    domain::{ProductId, PushId, PushOrigin, PushState, StoreId},
    schema::{price_pushes, products, stores},
};

/// The model.
pub struct PricePushes;

/// A field of its form.
type FormField = Field<PricePushes>;

/// A column of its list.
type Col = Column<PricePushes>;

/// A push with the names around it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = price_pushes, check_for_backend(Pg))]
pub struct Push {
    id: PushId,
    #[diesel(select_expression = products::name)]
    product: String,
    #[diesel(select_expression = stores::name)]
    store: String,
    product_id: ProductId,
    sequence: i64,
    state: PushState,
    origin: PushOrigin,
    reason: Option<String>,
    detail: Option<String>,
    attempts: i32,
    operation_id: Option<String>,
    planned_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
}

type Row = Push;

#[diesel::dsl::auto_type]
fn joined() -> _ {
    price_pushes::table
        .inner_join(stores::table)
        .inner_join(products::table)
}

impl Model for PricePushes {
    type Context = Staff;
    type Row = Row;
    type Query = diesel::dsl::IntoBoxed<'static, joined, Pg>;

    queries!(joined(), price_pushes::id);

    fn id(row: &Row) -> Uuid {
        row.id.0
    }

    fn name(row: &Row) -> String {
        format!("{} · {}", row.product, row.sequence)
    }

    fn spec() -> Spec<Self> {
        Spec {
            columns: columns(),
            filters: filters(),
            relations: vec![of_store::<Self>(|query, id| {
                query.filter(price_pushes::store_id.eq(StoreId(id)))
            })],
            drill: Some(Drill {
                name: "day",
                apply: |query, from, until| {
                    query.filter(
                        price_pushes::planned_at
                            .ge(from)
                            .and(price_pushes::planned_at.lt(until)),
                    )
                },
            }),
            default_sort: ("planned_at", Dir::Desc),
            seek: seek_by_key!(price_pushes::id, PushId),
            form: Form::shown(sections()),
            site_link: Some(|row| format!("/products/{}", row.product_id)),
            ..Spec::shown("price-pushes", "upload", administrators)
        }
    }
}

fn columns() -> Vec<Column<PricePushes>> {
    vec![
        Col::start("product", |row| Cell::Text(row.product.clone()))
            .by(sort_by!(products::name, price_pushes::id)),
        Col::start("store", |row| Cell::Text(row.store.clone())).by(sort_by!(stores::name, price_pushes::id)),
        Col::start("state", |row| state_badge(row.state)).by(sort_by!(price_pushes::state, price_pushes::id)),
        Col::start("origin", |row| {
            Cell::Badge("ghost", "user", word_key(row.origin.as_str()))
        }),
        Col::start("reason", |row| Cell::code(row.reason.as_deref())),
        Col::end("planned_at", |row| Cell::When(row.planned_at))
            .by(sort_by!(price_pushes::planned_at, price_pushes::id)),
    ]
}

fn filters() -> Vec<Filter<PricePushes>> {
    vec![
        Filter {
            name: "state",
            choices: Choices::Fixed(|| words(PushState::ALL.iter().map(|state| state.as_str()))),
            apply: |query, value, _| {
                let state: PushState = value.parse().ok()?;
                Some(query.filter(price_pushes::state.eq(state)))
            },
        },
        Filter {
            name: "planned_at",
            choices: PERIODS,
            apply: |query, value, now| {
                Some(query.filter(price_pushes::planned_at.ge(period_start(value, now)?)))
            },
        },
    ]
}

fn sections() -> Vec<Section<PricePushes>> {
    vec![Section {
        name: "main",
        fields: vec![
            FormField::Show("product", |row| {
                Cell::Link(
                    row.product.clone(),
                    format!("/admin/products/{}/", row.product_id),
                )
            }),
            FormField::Show("store", |row| Cell::Text(row.store.clone())),
            FormField::Show("state", |row| state_badge(row.state)),
            FormField::Show("sequence", |row| Cell::Number(row.sequence)),
            FormField::Show("reason", |row| Cell::code(row.reason.as_deref())),
            FormField::Show("detail", |row| Cell::text(row.detail.as_deref())),
            FormField::Show("attempts", |row| Cell::number(Some(row.attempts))),
            FormField::Show("operation_id", |row| Cell::code(row.operation_id.as_deref())),
            FormField::Show("planned_at", |row| Cell::When(row.planned_at)),
            FormField::Show("sent_at", |row| Cell::when(row.sent_at)),
            FormField::Show("finished_at", |row| Cell::when(row.finished_at)),
        ],
    }]
}

fn state_badge(state: PushState) -> Cell {
    let (class, icon) = match state {
        PushState::Confirmed => ("ok", "check-circle"),
        PushState::Rejected | PushState::Mismatch | PushState::Unknown => ("bad", "alert"),
        PushState::Held => ("held", "hand"),
        PushState::Planned | PushState::Claimed | PushState::Sent | PushState::Accepted => ("info", "clock"),
        PushState::Removed | PushState::Superseded | PushState::Expired => ("ghost", "x"),
    };
    Cell::Badge(class, icon, word_key(state.as_str()))
}

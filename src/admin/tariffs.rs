//! Rates of the marketplace and of the state by the day from which they hold. They are written in the settings.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::{pg::Pg, prelude::*};
use serde_json::Value;
use uuid::Uuid;

use super::{
    Staff,
    framework::{Cell, Column, Dir, Field, Form, Model, Search, Section, Spec, queries, sort_by},
    staff::administrators,
};
use crate::{
    domain::{TariffId, percent::Percent},
    schema::tariffs,
};

/// The model.
pub struct Tariffs;

/// A field of its form.
type FormField = Field<Tariffs>;

/// A column of its list.
type Col = Column<Tariffs>;

/// A rate.
#[derive(Queryable, Selectable)]
#[diesel(table_name = tariffs, check_for_backend(Pg))]
pub struct Row {
    id: TariffId,
    kind: String,
    name: String,
    valid_from: NaiveDate,
    percent_millionths: Option<i64>,
    delivery: Option<Value>,
    created_at: DateTime<Utc>,
}

impl Model for Tariffs {
    type Context = Staff;
    type Row = Row;
    type Query = tariffs::BoxedQuery<'static, Pg>;

    queries!(tariffs::table, tariffs::id);

    fn id(row: &Row) -> Uuid {
        row.id.0
    }

    fn name(row: &Row) -> String {
        row.name.clone()
    }

    fn spec() -> Spec<Self> {
        Spec {
            audit_kind: Some("tariff"),
            columns: columns(),
            search: Some(Search {
                index: "none: some hundred rows",
                apply: |query, word| query.filter(tariffs::name.ilike(word)),
            }),
            default_sort: ("name", Dir::Asc),
            form: Form::shown(sections()),
            site_link: Some(|row| format!("/tariffs/{}", row.id)),
            ..Spec::shown("tariffs", "tag", administrators)
        }
    }
}

fn percent(row: &Row) -> Cell {
    row.percent_millionths.map_or(Cell::Empty, |millionths| {
        Cell::Text(format!("{} %", Percent::from_millionths(millionths)))
    })
}

fn columns() -> Vec<Column<Tariffs>> {
    vec![
        Col::start("name", |row| Cell::Text(row.name.clone())).by(sort_by!(tariffs::name, tariffs::id)),
        Col::start("kind", |row| Cell::Code(row.kind.clone())).by(sort_by!(tariffs::kind, tariffs::id)),
        Col::end("valid_from", |row| {
            Cell::Text(row.valid_from.format("%d.%m.%Y").to_string())
        })
        .by(sort_by!(tariffs::valid_from, tariffs::id)),
        Col::end("percent", percent),
    ]
}

fn sections() -> Vec<Section<Tariffs>> {
    vec![Section {
        name: "main",
        fields: vec![
            FormField::Show("name", |row| Cell::Text(row.name.clone())),
            FormField::Show("kind", |row| Cell::Code(row.kind.clone())),
            FormField::Show("valid_from", |row| {
                Cell::Text(row.valid_from.format("%d.%m.%Y").to_string())
            }),
            FormField::Show("percent", percent),
            FormField::Show("delivery", |row| {
                row.delivery.clone().map_or(Cell::Empty, Cell::Json)
            }),
            FormField::Show("created_at", |row| Cell::When(row.created_at)),
        ],
    }]
}

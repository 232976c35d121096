//! Rules of repricing, as they stand. They are written where they are tried first: on the pages of the store.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use serde_json::Value;
use uuid::Uuid;

use super::{
    Staff,
    choices::{YES_NO, of_store, yes_no},
    framework::{Cell, Column, Field, Filter, Form, Model, Search, Section, Spec, queries, sort_by},
    staff::administrators,
};
use crate::{
    domain::{RuleId, StoreId},
    schema::{rules, stores},
};

/// The model.
pub struct Rules;

/// A field of its form.
type FormField = Field<Rules>;

/// A column of its list.
type Col = Column<Rules>;

/// A rule with its store's name.
#[derive(Queryable, Selectable)]
#[diesel(table_name = rules, check_for_backend(Pg))]
pub struct Row {
    id: RuleId,
    name: String,
    store_id: StoreId,
    #[diesel(select_expression = stores::name)]
    store: String,
    strategy: String,
    category: Option<String>,
    enabled: bool,
    definition: Value,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[diesel::dsl::auto_type]
fn joined() -> _ {
    rules::table.inner_join(stores::table)
}

impl Model for Rules {
    type Context = Staff;
    type Row = Row;
    type Query = diesel::dsl::IntoBoxed<'static, joined, Pg>;

    queries!(joined(), rules::id);

    fn id(row: &Row) -> Uuid {
        row.id.0
    }

    fn name(row: &Row) -> String {
        row.name.clone()
    }

    fn spec() -> Spec<Self> {
        Spec {
            audit_kind: Some("rule"),
            columns: columns(),
            filters: vec![Filter {
                name: "enabled",
                choices: YES_NO,
                apply: |query, value, _| Some(query.filter(rules::enabled.eq(yes_no(value)?))),
            }],
            relations: vec![of_store::<Self>(|query, id| {
                query.filter(rules::store_id.eq(StoreId(id)))
            })],
            search: Some(Search {
                index: "none: a few rules a store",
                apply: |query, word| query.filter(rules::name.ilike(word)),
            }),
            form: Form::shown(sections()),
            site_link: Some(|row| format!("/rules/{}", row.id)),
            ..Spec::shown("rules", "sliders", administrators)
        }
    }
}

fn store(row: &Row) -> Cell {
    Cell::Link(row.store.clone(), format!("/admin/stores/{}/", row.store_id))
}

fn strategy(row: &Row) -> Cell {
    Cell::Badge("ghost", "sliders", format!("strategy-{}", row.strategy))
}

fn columns() -> Vec<Column<Rules>> {
    vec![
        Col::start("name", |row| Cell::Text(row.name.clone())).by(sort_by!(rules::name, rules::id)),
        Col::start("store", store).by(sort_by!(stores::name, rules::id)),
        Col::start("strategy", strategy),
        Col::start("enabled", |row| Cell::Bool(row.enabled)).by(sort_by!(rules::enabled, rules::id)),
        Col::end("created_at", |row| Cell::When(row.created_at)).by(sort_by!(rules::created_at, rules::id)),
    ]
}

fn sections() -> Vec<Section<Rules>> {
    vec![Section {
        name: "main",
        fields: vec![
            FormField::Show("name", |row| Cell::Text(row.name.clone())),
            FormField::Show("store", store),
            FormField::Show("strategy", strategy),
            FormField::Show("category", |row| Cell::text(row.category.as_deref())),
            FormField::Show("enabled", |row| Cell::Bool(row.enabled)),
            FormField::Show("definition", |row| Cell::Json(row.definition.clone())),
            FormField::Show("created_at", |row| Cell::When(row.created_at)),
            FormField::Show("updated_at", |row| Cell::When(row.updated_at)),
        ],
    }]
}

//! Proxies and how they fare. Their credentials are never loaded; they are written in the settings.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    choices::{YES_NO, yes_no},
    framework::{Align, Cell, Column, Field, Filter, Form, Model, Search, Section, Spec, queries, sort_by},
    staff::administrators,
};
use crate::{domain::ProxyId, schema::proxies};

/// The model.
pub struct Proxies;

/// A field of its form.
type FormField = Field<Proxies>;

/// A proxy without its credentials.
#[derive(Queryable, Selectable)]
#[diesel(table_name = proxies, check_for_backend(Pg))]
pub struct Row {
    id: ProxyId,
    label: String,
    scheme: String,
    host: String,
    port: i32,
    enabled: bool,
    requests: i64,
    failures: i64,
    last_error: Option<String>,
    last_error_at: Option<DateTime<Utc>>,
    cooling_until: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    checked_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl Model for Proxies {
    type Context = Staff;
    type Row = Row;
    type Query = proxies::BoxedQuery<'static, Pg>;

    queries!(proxies::table, proxies::id);

    fn id(row: &Row) -> Uuid {
        row.id.0
    }

    fn name(row: &Row) -> String {
        address(row)
    }

    fn spec() -> Spec<Self> {
        Spec {
            audit_kind: Some("proxy"),
            columns: columns(),
            filters: vec![Filter {
                name: "enabled",
                choices: YES_NO,
                apply: |query, value, _| Some(query.filter(proxies::enabled.eq(yes_no(value)?))),
            }],
            search: Some(Search {
                index: "none: a few dozen rows",
                apply: |query, word| {
                    query.filter(proxies::host.ilike(word.clone()).or(proxies::label.ilike(word)))
                },
            }),
            form: Form::shown(sections()),
            site_link: Some(|_| "/settings/proxies".to_owned()),
            ..Spec::shown("proxies", "globe", administrators)
        }
    }
}

fn address(row: &Row) -> String {
    format!("{}://{}:{}", row.scheme, row.host, row.port)
}

fn columns() -> Vec<Column<Proxies>> {
    vec![
        Column {
            name: "address",
            align: Align::Start,
            cell: |row| Cell::Code(address(row)),
            sort: None,
        },
        Column {
            name: "label",
            align: Align::Start,
            cell: |row| Cell::text(Some(&row.label)),
            sort: sort_by!(proxies::label, proxies::id),
        },
        Column {
            name: "enabled",
            align: Align::Start,
            cell: |row| Cell::Bool(row.enabled),
            sort: sort_by!(proxies::enabled, proxies::id),
        },
        Column {
            name: "requests",
            align: Align::End,
            cell: |row| Cell::Number(row.requests),
            sort: sort_by!(proxies::requests, proxies::id),
        },
        Column {
            name: "failures",
            align: Align::End,
            cell: |row| Cell::Number(row.failures),
            sort: sort_by!(proxies::failures, proxies::id),
        },
        Column {
            name: "created_at",
            align: Align::End,
            cell: |row| Cell::When(row.created_at),
            sort: sort_by!(proxies::created_at, proxies::id),
        },
    ]
}

fn sections() -> Vec<Section<Proxies>> {
    vec![Section {
        name: "main",
        fields: vec![
            FormField::Show("address", |row| Cell::Code(address(row))),
            FormField::Show("label", |row| Cell::text(Some(&row.label))),
            FormField::Show("enabled", |row| Cell::Bool(row.enabled)),
            FormField::Show("requests", |row| Cell::Number(row.requests)),
            FormField::Show("failures", |row| Cell::Number(row.failures)),
            FormField::Show("last_error", |row| Cell::text(row.last_error.as_deref())),
            FormField::Show("last_error_at", |row| Cell::when(row.last_error_at)),
            FormField::Show("cooling_until", |row| Cell::when(row.cooling_until)),
            FormField::Show("last_used_at", |row| Cell::when(row.last_used_at)),
            FormField::Show("checked_at", |row| Cell::when(row.checked_at)),
            FormField::Show("created_at", |row| Cell::When(row.created_at)),
        ],
    }]
}

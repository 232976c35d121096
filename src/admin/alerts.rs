//! Troubles that people were told of: what stands, who has seen it.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use serde_json::Value;
use uuid::Uuid;

use super::{
    Staff,
    choices::{YES_NO, keyed, of_store, yes_no},
    framework::{
        Action, Cell, Choices, Column, Field, Filter, Form, Model, Outcome, SaveError, Section, Spec, Verb,
        queries, seek_by_key, sort_by,
    },
    staff::administrators,
};
use crate::{
    app::alerts::{AlertError, acknowledge},
    domain::{AlertId, AlertKind, AlertSeverity, StoreId},
    schema::{alerts, products, stores},
};

/// The model.
pub struct Alerts;

/// A field of its form.
type FormField = Field<Alerts>;

/// A column of its list.
type Col = Column<Alerts>;

/// A trouble with the names around it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = alerts, check_for_backend(Pg))]
pub struct Row {
    id: AlertId,
    kind: AlertKind,
    severity: AlertSeverity,
    #[diesel(select_expression = stores::name.nullable())]
    store: Option<String>,
    #[diesel(select_expression = products::name.nullable())]
    product: Option<String>,
    data: Value,
    times: i32,
    created_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
    acknowledged_by: Option<String>,
    acknowledged_at: Option<DateTime<Utc>>,
    resolved_at: Option<DateTime<Utc>>,
}

#[diesel::dsl::auto_type]
fn joined() -> _ {
    alerts::table.left_join(stores::table).left_join(products::table)
}

impl Model for Alerts {
    type Context = Staff;
    type Row = Row;
    type Query = diesel::dsl::IntoBoxed<'static, joined, Pg>;

    queries!(joined(), alerts::id);

    fn id(row: &Row) -> Uuid {
        row.id.0
    }

    fn name(row: &Row) -> String {
        row.store.clone().unwrap_or_else(|| row.kind.to_string())
    }

    fn spec() -> Spec<Self> {
        Spec {
            audit_kind: Some("alert"),
            columns: columns(),
            filters: filters(),
            relations: vec![of_store::<Self>(|query, id| {
                query.filter(alerts::store_id.eq(StoreId(id)))
            })],
            seek: seek_by_key!(alerts::id, AlertId),
            form: Form::shown(sections()),
            actions: vec![Action {
                name: "acknowledge",
                needs: Verb::Change,
                run: seen,
            }],
            site_link: Some(|_| "/alerts".to_owned()),
            ..Spec::shown("alerts", "bell", administrators)
        }
    }
}

/// Notes that the person has seen it.
fn seen(staff: &Staff, id: Uuid) -> Outcome<'_, ()> {
    Box::pin(async move {
        acknowledge(&staff.services, &staff.actor, AlertId(id))
            .await
            .map_err(|error| match error {
                AlertError::Forbidden => SaveError::Forbidden,
                AlertError::Store(error) => SaveError::Store(error),
                AlertError::NotFound => SaveError::NotFound,
            })
    })
}

fn kind(row: &Row) -> Cell {
    Cell::Badge("ghost", "bell", format!("alert-kind-{}", row.kind))
}

fn severity(row: &Row) -> Cell {
    let class = match row.severity {
        AlertSeverity::Critical => "bad",
        AlertSeverity::Warning => "warn",
        AlertSeverity::Notice => "info",
    };
    Cell::Badge(class, "alert", format!("alert-severity-{}", row.severity))
}

fn store(row: &Row) -> Cell {
    Cell::text(row.store.as_deref())
}

fn columns() -> Vec<Column<Alerts>> {
    vec![
        Col::start("kind", kind),
        Col::start("severity", severity),
        Col::start("store", store),
        Col::end("times", |row| Cell::Number(row.times.into())),
        Col::end("resolved_at", |row| Cell::when(row.resolved_at)),
        Col::end("created_at", |row| Cell::When(row.created_at)).by(sort_by!(alerts::created_at, alerts::id)),
    ]
}

fn filters() -> Vec<Filter<Alerts>> {
    vec![
        Filter {
            name: "kind",
            choices: Choices::Fixed(|| keyed("alert-kind", AlertKind::ALL.iter().map(|kind| kind.as_str()))),
            apply: |query, value, _| Some(query.filter(alerts::kind.eq(value.parse::<AlertKind>().ok()?))),
        },
        Filter {
            name: "resolved",
            choices: YES_NO,
            apply: |query, value, _| {
                Some(if yes_no(value)? {
                    query.filter(alerts::resolved_at.is_not_null())
                } else {
                    query.filter(alerts::resolved_at.is_null())
                })
            },
        },
    ]
}

fn sections() -> Vec<Section<Alerts>> {
    vec![Section {
        name: "main",
        fields: vec![
            FormField::Show("kind", kind),
            FormField::Show("severity", severity),
            FormField::Show("store", store),
            FormField::Show("product", |row| Cell::text(row.product.as_deref())),
            FormField::Show("times", |row| Cell::Number(row.times.into())),
            FormField::Show("data", |row| Cell::Json(row.data.clone())),
            FormField::Show("created_at", |row| Cell::When(row.created_at)),
            FormField::Show("last_at", |row| Cell::When(row.last_at)),
            FormField::Show("acknowledged_by", |row| {
                Cell::text(row.acknowledged_by.as_deref())
            }),
            FormField::Show("acknowledged_at", |row| Cell::when(row.acknowledged_at)),
            FormField::Show("resolved_at", |row| Cell::when(row.resolved_at)),
        ],
    }]
}

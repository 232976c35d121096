//! Who did what: appended to by every write, never changed.

use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    choices::{PERIODS, of_store, period_start, word_key, words},
    framework::{
        Cell, Choices, Column, Dir, Drill, Field, Filter, Form, Model, Search, Section, Spec, queries,
        seek_by_key, sort_by,
    },
    staff::administrators,
};
use crate::{
    domain::{ActorKind, AuditId, StoreId},
    schema::audit_log,
    store::audit::AuditEntry,
};

/// The model.
pub struct AuditLog;

/// A field of its form.
type FormField = Field<AuditLog>;

/// A column of its list.
type Col = Column<AuditLog>;

/// A line of the log.
type Row = AuditEntry;

impl Model for AuditLog {
    type Context = Staff;
    type Row = Row;
    type Query = audit_log::BoxedQuery<'static, Pg>;

    queries!(audit_log::table, audit_log::id);

    fn id(row: &Row) -> Uuid {
        row.id.0
    }

    fn name(row: &Row) -> String {
        format!("{} · {}", row.action, row.object_name)
    }

    fn spec() -> Spec<Self> {
        Spec {
            columns: columns(),
            filters: filters(),
            relations: vec![of_store::<Self>(|query, id| {
                query.filter(audit_log::store_id.eq(StoreId(id)))
            })],
            drill: Some(Drill {
                name: "day",
                apply: |query, from, until| query.filter(audit_log::at.ge(from).and(audit_log::at.lt(until))),
            }),
            search: Some(Search {
                index: "audit_log_at_idx bounds it by the period",
                apply: |query, word| {
                    query.filter(
                        audit_log::object_name
                            .ilike(word.clone())
                            .or(audit_log::actor_name.ilike(word)),
                    )
                },
            }),
            default_sort: ("at", Dir::Desc),
            seek: seek_by_key!(audit_log::id, AuditId),
            form: Form::shown(sections()),
            ..Spec::shown("audit-log", "log", administrators)
        }
    }
}

fn columns() -> Vec<Column<AuditLog>> {
    vec![
        Col::start("at", |row| Cell::When(row.at)).by(sort_by!(audit_log::at, audit_log::id)),
        Col::start("actor_name", |row| Cell::Text(row.actor_name.clone()))
            .by(sort_by!(audit_log::actor_name, audit_log::id)),
        Col::start("actor_kind", |row| {
            Cell::Badge("ghost", "user", word_key(row.actor_kind.as_str()))
        }),
        Col::start("action", |row| Cell::Code(row.action.clone())),
        Col::start("object_kind", |row| Cell::Code(row.object_kind.clone())),
        Col::start("object_name", |row| Cell::text(Some(&row.object_name))),
    ]
}

fn filters() -> Vec<Filter<AuditLog>> {
    vec![
        Filter {
            name: "actor_kind",
            choices: Choices::Fixed(|| words(ActorKind::ALL.iter().map(|kind| kind.as_str()))),
            apply: |query, value, _| {
                let kind: ActorKind = value.parse().ok()?;
                Some(query.filter(audit_log::actor_kind.eq(kind)))
            },
        },
        Filter {
            name: "at",
            choices: PERIODS,
            apply: |query, value, now| Some(query.filter(audit_log::at.ge(period_start(value, now)?))),
        },
    ]
}

fn sections() -> Vec<Section<AuditLog>> {
    vec![Section {
        name: "main",
        fields: vec![
            FormField::Show("at", |row| Cell::When(row.at)),
            FormField::Show("actor_name", |row| Cell::Text(row.actor_name.clone())),
            FormField::Show("action", |row| Cell::Code(row.action.clone())),
            FormField::Show("object_kind", |row| Cell::Code(row.object_kind.clone())),
            FormField::Show("object_name", |row| Cell::text(Some(&row.object_name))),
            FormField::Show("before", |row| row.before.clone().map_or(Cell::Empty, Cell::Json)),
            FormField::Show("after", |row| row.after.clone().map_or(Cell::Empty, Cell::Json)),
            FormField::Show("reason", |row| Cell::text(row.reason.as_deref())),
            FormField::Show("request_id", |row| Cell::code(row.request_id.as_deref())),
            FormField::Show("build_id", |row| Cell::Code(row.build_id.clone())),
        ],
    }]
}

//! Who is signed in, from which device. Ended one by one here, all of a person on the page of the user.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    framework::{Cell, Column, Dir, Field, Form, Model, Search, Section, Spec, queries, sort_by},
    staff::administrators,
};
use crate::{
    domain::UserId,
    schema::{sessions, users},
};

/// The model.
pub struct Sessions;

/// A field of its form.
type FormField = Field<Sessions>;

/// A column of its list.
type Col = Column<Sessions>;

/// A session without its key and state.
#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions, check_for_backend(Pg))]
pub struct Row {
    id: Uuid,
    #[diesel(select_expression = users::id)]
    user_id: UserId,
    #[diesel(select_expression = users::email)]
    person: String,
    user_agent: Option<String>,
    created_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

#[diesel::dsl::auto_type]
fn joined() -> _ {
    sessions::table.inner_join(users::table)
}

impl Model for Sessions {
    type Context = Staff;
    type Row = Row;
    type Query = diesel::dsl::IntoBoxed<'static, joined, Pg>;

    queries!(joined(), sessions::id);

    fn id(row: &Row) -> Uuid {
        row.id
    }

    fn name(row: &Row) -> String {
        row.person.clone()
    }

    fn spec() -> Spec<Self> {
        Spec {
            columns: columns(),
            search: Some(Search {
                index: "none: a few sessions a person",
                apply: |query, word| query.filter(users::email.ilike(word)),
            }),
            default_sort: ("last_seen_at", Dir::Desc),
            form: Form::shown(sections()),
            ..Spec::shown("sessions", "user", administrators)
        }
    }
}

fn person(row: &Row) -> Cell {
    Cell::Link(row.person.clone(), format!("/admin/users/{}/", row.user_id))
}

fn device(row: &Row) -> Cell {
    Cell::text(row.user_agent.as_deref())
}

fn columns() -> Vec<Column<Sessions>> {
    vec![
        Col::start("person", |row| Cell::Text(row.person.clone())).by(sort_by!(users::email, sessions::id)),
        Col::start("device", device),
        Col::end("created_at", |row| Cell::When(row.created_at))
            .by(sort_by!(sessions::created_at, sessions::id)),
        Col::end("last_seen_at", |row| Cell::When(row.last_seen_at))
            .by(sort_by!(sessions::last_seen_at, sessions::id)),
    ]
}

fn sections() -> Vec<Section<Sessions>> {
    vec![Section {
        name: "main",
        fields: vec![
            FormField::Show("person", person),
            FormField::Show("device", device),
            FormField::Show("created_at", |row| Cell::When(row.created_at)),
            FormField::Show("last_seen_at", |row| Cell::When(row.last_seen_at)),
            FormField::Show("expires_at", |row| Cell::When(row.expires_at)),
        ],
    }]
}

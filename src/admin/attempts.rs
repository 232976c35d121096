//! Logins to cabinets as they went. Passwords and codes are never loaded.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    choices::{YES_NO, keyed, of_store, yes_no},
    framework::{
        Cell, Choices, Column, Drill, Field, Filter, Form, Model, Section, Spec, queries, seek_by_key,
        sort_by,
    },
    staff::administrators,
};
use crate::{
    domain::{AttemptId, AttemptState, StoreId},
    schema::{connection_attempts, stores, users},
};

/// The model.
pub struct ConnectionAttempts;

/// A field of its form.
type FormField = Field<ConnectionAttempts>;

/// A column of its list.
type Col = Column<ConnectionAttempts>;

/// A login with the names around it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = connection_attempts, check_for_backend(Pg))]
pub struct Row {
    id: AttemptId,
    login: String,
    state: AttemptState,
    automatic: bool,
    #[diesel(select_expression = users::email)]
    person: String,
    #[diesel(select_expression = stores::name.nullable())]
    store: Option<String>,
    sent_to: Option<String>,
    wrong_answers: i32,
    blocked_until: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

#[diesel::dsl::auto_type]
fn joined() -> _ {
    connection_attempts::table
        .inner_join(users::table)
        .left_join(stores::table)
}

impl Model for ConnectionAttempts {
    type Context = Staff;
    type Row = Row;
    type Query = diesel::dsl::IntoBoxed<'static, joined, Pg>;

    queries!(joined(), connection_attempts::id);

    fn id(row: &Row) -> Uuid {
        row.id.0
    }

    fn name(row: &Row) -> String {
        row.login.clone()
    }

    fn spec() -> Spec<Self> {
        Spec {
            columns: columns(),
            filters: filters(),
            relations: vec![of_store::<Self>(|query, id| {
                query.filter(connection_attempts::store_id.eq(StoreId(id)))
            })],
            drill: Some(Drill {
                name: "day",
                apply: |query, from, until| {
                    query.filter(
                        connection_attempts::created_at
                            .ge(from)
                            .and(connection_attempts::created_at.lt(until)),
                    )
                },
            }),
            seek: seek_by_key!(connection_attempts::id, AttemptId),
            form: Form::shown(sections()),
            ..Spec::shown("login-attempts", "lock", administrators)
        }
    }
}

fn state(row: &Row) -> Cell {
    let class = match row.state {
        AttemptState::Done => "ok",
        AttemptState::WrongCredentials | AttemptState::Failed | AttemptState::PageChanged => "bad",
        _ => "ghost",
    };
    Cell::Badge(class, "key", format!("attempt-state-{}", row.state))
}

fn store(row: &Row) -> Cell {
    Cell::text(row.store.as_deref())
}

fn columns() -> Vec<Column<ConnectionAttempts>> {
    vec![
        Col::start("login", |row| Cell::Text(row.login.clone()))
            .by(sort_by!(connection_attempts::login, connection_attempts::id)),
        Col::start("store", store),
        Col::start("person", |row| Cell::Text(row.person.clone())),
        Col::start("state", state),
        Col::start("automatic", |row| Cell::Bool(row.automatic)),
        Col::end("created_at", |row| Cell::When(row.created_at))
            .by(sort_by!(connection_attempts::created_at, connection_attempts::id)),
    ]
}

fn filters() -> Vec<Filter<ConnectionAttempts>> {
    vec![
        Filter {
            name: "state",
            choices: Choices::Fixed(|| {
                keyed(
                    "attempt-state",
                    AttemptState::ALL.iter().map(|state| state.as_str()),
                )
            }),
            apply: |query, value, _| {
                Some(query.filter(connection_attempts::state.eq(value.parse::<AttemptState>().ok()?)))
            },
        },
        Filter {
            name: "automatic",
            choices: YES_NO,
            apply: |query, value, _| Some(query.filter(connection_attempts::automatic.eq(yes_no(value)?))),
        },
    ]
}

fn sections() -> Vec<Section<ConnectionAttempts>> {
    vec![Section {
        name: "main",
        fields: vec![
            FormField::Show("login", |row| Cell::Text(row.login.clone())),
            FormField::Show("state", state),
            FormField::Show("store", store),
            FormField::Show("person", |row| Cell::Text(row.person.clone())),
            FormField::Show("automatic", |row| Cell::Bool(row.automatic)),
            FormField::Show("sent_to", |row| Cell::text(row.sent_to.as_deref())),
            FormField::Show("wrong_answers", |row| Cell::Number(row.wrong_answers.into())),
            FormField::Show("blocked_until", |row| Cell::when(row.blocked_until)),
            FormField::Show("created_at", |row| Cell::When(row.created_at)),
            FormField::Show("finished_at", |row| Cell::when(row.finished_at)),
        ],
    }]
}

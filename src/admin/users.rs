//! People who sign in. Accounts are managed in the panel and on the command line; here they are shown, and a lost
//! second factor is switched off. A password hash is never loaded into a cell.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    choices::{YES_NO, word_key, words, yes_no},
    framework::{
        Action, Align, Cell, Choices, Column, Dir, Field, Filter, Form, Model, Outcome, SaveError, Search,
        Section, Spec, Verb, sort_by,
    },
    staff::administrators,
};
use crate::{
    app::{
        own_sessions::{OwnSessionError, end_sessions_of},
        second_factor::{SecondFactorError, switch_off_for},
    },
    domain::{Role, UserId},
    schema::{second_factors, users},
    store::users::User,
};

/// The model.
pub struct Users;

/// A field of its form.
type FormField = Field<Users>;

/// A user, and since when his second factor counts.
type Row = (User, Option<DateTime<Utc>>);

#[diesel::dsl::auto_type]
fn joined() -> _ {
    users::table.left_join(second_factors::table.on(second_factors::user_id.eq(users::id)))
}

impl Model for Users {
    type Context = Staff;
    type Row = Row;
    type Query = diesel::dsl::IntoBoxed<'static, joined, Pg>;

    fn base() -> Self::Query {
        joined().into_boxed()
    }

    fn with_ids(query: Self::Query, ids: Vec<Uuid>) -> Self::Query {
        query.filter(users::id.eq_any(ids))
    }

    fn count(query: Self::Query, conn: &mut PgConnection) -> QueryResult<i64> {
        query.count().get_result(conn)
    }

    fn load(query: Self::Query, limit: i64, offset: i64, conn: &mut PgConnection) -> QueryResult<Vec<Row>> {
        query
            .limit(limit)
            .offset(offset)
            .select((User::as_select(), second_factors::confirmed_at.nullable()))
            .load(conn)
    }

    fn id((user, _): &Row) -> Uuid {
        user.id.0
    }

    fn name((user, _): &Row) -> String {
        user.display_name().to_owned()
    }

    fn spec() -> Spec<Self> {
        Spec {
            audit_kind: Some("user"),
            columns: columns(),
            filters: filters(),
            search: Some(Search {
                index: "none needed: hundreds of rows",
                apply: |query, word| {
                    query.filter(
                        users::email
                            .ilike(word.clone())
                            .or(users::name.ilike(word.clone()))
                            .or(users::external_id.ilike(word)),
                    )
                },
            }),
            default_sort: ("email", Dir::Asc),
            form: Form::shown(sections()),
            actions: vec![
                Action {
                    name: "second-factor-off",
                    needs: Verb::Change,
                    run: second_factor_off,
                },
                Action {
                    name: "end-sessions",
                    needs: Verb::Change,
                    run: end_sessions,
                },
            ],
            ..Spec::shown("users", "user", administrators)
        }
    }
}

fn columns() -> Vec<Column<Users>> {
    vec![
        Column {
            name: "email",
            align: Align::Start,
            cell: |(row, _)| Cell::Text(row.email.clone()),
            sort: sort_by!(users::email, users::id),
        },
        Column {
            name: "person",
            align: Align::Start,
            cell: |(row, _)| Cell::text(Some(&row.name)),
            sort: sort_by!(users::name, users::id),
        },
        Column {
            name: "role",
            align: Align::Start,
            cell: |(row, _)| role_badge(row.role),
            sort: sort_by!(users::role, users::id),
        },
        Column {
            name: "active",
            align: Align::Start,
            cell: |(row, _)| Cell::Bool(row.active),
            sort: sort_by!(users::active, users::id),
        },
        Column {
            name: "second_factor",
            align: Align::Start,
            cell: |(_, since)| Cell::Bool(since.is_some()),
            sort: sort_by!(second_factors::confirmed_at, users::id),
        },
        Column {
            name: "last_seen_at",
            align: Align::End,
            cell: |(row, _)| Cell::when(row.last_seen_at),
            sort: sort_by!(users::last_seen_at, users::id),
        },
        Column {
            name: "created_at",
            align: Align::End,
            cell: |(row, _)| Cell::When(row.created_at),
            sort: sort_by!(users::created_at, users::id),
        },
    ]
}

fn filters() -> Vec<Filter<Users>> {
    vec![
        Filter {
            name: "role",
            choices: Choices::Fixed(|| words(Role::ALL.iter().map(|role| role.as_str()))),
            apply: |query, value, _| {
                let role: Role = value.parse().ok()?;
                Some(query.filter(users::role.eq(role)))
            },
        },
        Filter {
            name: "active",
            choices: YES_NO,
            apply: |query, value, _| Some(query.filter(users::active.eq(yes_no(value)?))),
        },
    ]
}

fn sections() -> Vec<Section<Users>> {
    vec![Section {
        name: "main",
        fields: vec![
            FormField::Show("email", |(row, _)| Cell::Text(row.email.clone())),
            FormField::Show("person", |(row, _)| Cell::text(Some(&row.name))),
            FormField::Show("external_id", |(row, _)| Cell::Code(row.external_id.clone())),
            FormField::Show("role", |(row, _)| role_badge(row.role)),
            FormField::Show("active", |(row, _)| Cell::Bool(row.active)),
            FormField::Show("second_factor", |(_, since)| Cell::when(*since)),
            FormField::Show("last_seen_at", |(row, _)| Cell::when(row.last_seen_at)),
            FormField::Show("created_at", |(row, _)| Cell::When(row.created_at)),
        ],
    }]
}

fn role_badge(role: Role) -> Cell {
    let class = if role == Role::Admin { "ok" } else { "ghost" };
    Cell::Badge(class, "user", word_key(role.as_str()))
}

/// For who has lost the telephone and the recovery codes.
fn second_factor_off(staff: &Staff, id: Uuid) -> Outcome<'_, ()> {
    Box::pin(async move {
        switch_off_for(&staff.services, &staff.actor, UserId(id))
            .await
            .map_err(|error| match error {
                SecondFactorError::Forbidden => SaveError::Forbidden,
                SecondFactorError::Store(error) => SaveError::Store(error),
                _ => SaveError::NotFound,
            })
    })
}

/// For a telephone or a computer that is in other hands.
fn end_sessions(staff: &Staff, id: Uuid) -> Outcome<'_, ()> {
    Box::pin(async move {
        end_sessions_of(&staff.services, &staff.actor, UserId(id))
            .await
            .map_err(|error| match error {
                OwnSessionError::Forbidden => SaveError::Forbidden,
                OwnSessionError::Store(error) => SaveError::Store(error),
                OwnSessionError::NotFound => SaveError::NotFound,
            })
    })
}

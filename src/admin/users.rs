//! People who sign in. Accounts are managed in the panel and on the command line; here they are only shown,
//! and a password hash is never loaded into a cell.

use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    choices::{YES_NO, word_key, words, yes_no},
    framework::{
        Align, Cell, Choices, Column, Dir, Field, Filter, Form, Model, Search, Section, Spec, sort_by,
    },
    staff::administrators,
};
use crate::{domain::Role, schema::users, store::users::User};

/// The model.
pub struct Users;

/// A field of its form.
type FormField = Field<Users>;

/// A user.
type Row = User;

impl Model for Users {
    type Context = Staff;
    type Row = Row;
    type Query = users::BoxedQuery<'static, Pg>;

    fn base() -> Self::Query {
        users::table.into_boxed()
    }

    fn with_id(query: Self::Query, id: Uuid) -> Self::Query {
        query.filter(users::id.eq(id))
    }

    fn count(query: Self::Query, conn: &mut PgConnection) -> QueryResult<i64> {
        query.count().get_result(conn)
    }

    fn load(query: Self::Query, limit: i64, offset: i64, conn: &mut PgConnection) -> QueryResult<Vec<Row>> {
        query
            .limit(limit)
            .offset(offset)
            .select(User::as_select())
            .load(conn)
    }

    fn id(row: &Row) -> Uuid {
        row.id.0
    }

    fn name(row: &Row) -> String {
        row.display_name().to_owned()
    }

    fn spec() -> Spec<Self> {
        Spec {
            slug: "users",
            icon: "user",
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
            per_page: 50,
            form: Form {
                sections: sections(),
                adds: false,
                save: None,
            },
            delete: None,
            actions: Vec::new(),
            site_link: None,
            access: administrators,
        }
    }
}

fn columns() -> Vec<Column<Users>> {
    vec![
        Column {
            name: "email",
            align: Align::Start,
            cell: |row| Cell::Text(row.email.clone()),
            sort: sort_by!(users::email, users::id),
        },
        Column {
            name: "person",
            align: Align::Start,
            cell: |row| Cell::text(Some(&row.name)),
            sort: sort_by!(users::name, users::id),
        },
        Column {
            name: "role",
            align: Align::Start,
            cell: |row| role_badge(row.role),
            sort: sort_by!(users::role, users::id),
        },
        Column {
            name: "active",
            align: Align::Start,
            cell: |row| Cell::Bool(row.active),
            sort: sort_by!(users::active, users::id),
        },
        Column {
            name: "last_seen_at",
            align: Align::End,
            cell: |row| Cell::when(row.last_seen_at),
            sort: sort_by!(users::last_seen_at, users::id),
        },
        Column {
            name: "created_at",
            align: Align::End,
            cell: |row| Cell::When(row.created_at),
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
            FormField::Show("email", |row| Cell::Text(row.email.clone())),
            FormField::Show("person", |row| Cell::text(Some(&row.name))),
            FormField::Show("external_id", |row| Cell::Code(row.external_id.clone())),
            FormField::Show("role", |row| role_badge(row.role)),
            FormField::Show("active", |row| Cell::Bool(row.active)),
            FormField::Show("last_seen_at", |row| Cell::when(row.last_seen_at)),
            FormField::Show("created_at", |row| Cell::When(row.created_at)),
        ],
    }]
}

fn role_badge(role: Role) -> Cell {
    let class = if role == Role::Admin { "ok" } else { "ghost" };
    Cell::Badge(class, "user", word_key(role.as_str()))
}

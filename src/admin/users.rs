//! People who sign in and their roles. Whoever adds somebody or gives rights says his own password again. A password
//! is written and never shown, its hash never loaded into a cell.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    choices::{YES_NO, word_key, words, yes_no},
    framework::{
        Action, Cell, Choices, Column, Dir, Field, Filter, Form, Input, Model, Outcome, Problem, SaveError,
        Search, Section, Spec, Target, Values, Verb, sort_by,
    },
    staff::administrators,
    stores::on,
};
use crate::{
    app::{
        own_sessions::{OwnSessionError, end_sessions_of},
        second_factor::{SecondFactorError, switch_off_for},
        user_accounts::{AccountState, NewUser, UserError, create_user, edit_account},
    },
    domain::{Role, UserId},
    schema::{second_factors, users},
    store::{StoreError, users::User},
};

/// The model.
pub struct Users;

/// A field of its form.
type FormField = Field<Users>;

/// A column of its list.
type Col = Column<Users>;

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

    /// What can be changed is two words: they tell the states apart.
    fn version((user, _): &Row) -> Option<i32> {
        let role = Role::ALL.iter().position(|role| *role == user.role)?;
        i32::try_from(role * 2 + usize::from(user.active) + 1).ok()
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
            form: Form {
                sections: sections(),
                adds: true,
                save: Some(save),
            },
            site_link: Some(|(user, _)| format!("/users/{}", user.id)),
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
        Col::start("email", |(row, _)| Cell::Text(row.email.clone())).by(sort_by!(users::email, users::id)),
        Col::start("person", |(row, _)| Cell::text(Some(&row.name))).by(sort_by!(users::name, users::id)),
        Col::start("role", |(row, _)| role_badge(row.role)).by(sort_by!(users::role, users::id)),
        Col::start("active", |(row, _)| Cell::Bool(row.active)).by(sort_by!(users::active, users::id)),
        Col::start("second_factor", |(_, since)| Cell::Bool(since.is_some()))
            .by(sort_by!(second_factors::confirmed_at, users::id)),
        Col::end("last_seen_at", |(row, _)| Cell::when(row.last_seen_at))
            .by(sort_by!(users::last_seen_at, users::id)),
        Col::end("created_at", |(row, _)| Cell::When(row.created_at))
            .by(sort_by!(users::created_at, users::id)),
    ]
}

fn filters() -> Vec<Filter<Users>> {
    vec![
        Filter {
            name: "role",
            choices: ROLES,
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

const ROLES: Choices = Choices::Fixed(|| words(Role::ALL.iter().map(|role| role.as_str())));

fn sections() -> Vec<Section<Users>> {
    let new = |field| FormField::When(|row| row.is_none(), Box::new(field));
    let known = |field| FormField::When(|row| row.is_some(), Box::new(field));
    vec![
        Section {
            name: "main",
            fields: vec![
                FormField::Once("email", Input::Text(255), |(row, _)| {
                    Cell::Text(row.email.clone())
                }),
                FormField::Once("person", Input::Text(255), |(row, _)| Cell::text(Some(&row.name))),
                FormField::Show("external_id", |(row, _)| Cell::Code(row.external_id.clone())),
                FormField::Edit("role", Input::Select(ROLES), |row| {
                    row.map_or(Role::Manager, |(row, _)| row.role).to_string()
                }),
                known(FormField::Edit("active", Input::Checkbox, |row| {
                    on(row.is_some_and(|(row, _)| row.active))
                })),
                new(FormField::Edit("new_password", Input::Secret, |_| String::new())),
                FormField::Edit("own_password", Input::Secret, |_| String::new()),
            ],
        },
        Section {
            name: "state",
            fields: vec![
                FormField::Show("second_factor", |(_, since)| Cell::when(*since)),
                FormField::Show("last_seen_at", |(row, _)| Cell::when(row.last_seen_at)),
                FormField::Show("created_at", |(row, _)| Cell::When(row.created_at)),
            ],
        },
    ]
}

fn save(staff: &Staff, target: Target, mut values: Values) -> Outcome<'_, Uuid> {
    Box::pin(async move {
        let (services, actor) = (&staff.services, &staff.actor);
        let own = values.raw("own_password").to_owned();
        let role: Option<Role> = values.word("role");
        let done = match target {
            Target::New => {
                let (email, name) = (values.text("email"), values.text("person"));
                let password = values.raw("new_password").into();
                let role = values.finish(role)?;
                staff.confirmed(&own).await?;
                let new = NewUser {
                    email,
                    name,
                    role,
                    password,
                };
                create_user(services, actor, new).await.map(|user| user.id.0)
            }
            Target::Existing(id, version) => {
                let active = values.checked("active");
                let role = values.finish(role)?;
                let seen = seen(version).ok_or(SaveError::Conflict)?;
                let confirmed = staff.confirmed(&own).await?;
                let states = (seen, AccountState { role, active });
                let done = edit_account(services, actor, UserId(id), states, &confirmed).await;
                done.map(|()| id)
            }
        };
        done.map_err(refused)
    })
}

/// The state that a version means.
fn seen(version: i32) -> Option<AccountState> {
    let number = usize::try_from(version).ok()?.checked_sub(1)?;
    Some(AccountState {
        role: *Role::ALL.get(number / 2)?,
        active: number % 2 == 1,
    })
}

fn refused(error: UserError) -> SaveError {
    let wrong = |field: &str, code: &str| {
        SaveError::Invalid(vec![Problem {
            field: field.to_owned(),
            code: code.to_owned(),
        }])
    };
    match error {
        UserError::EmailTaken => wrong("email", "user-email-taken"),
        UserError::BadEmail => wrong("email", "user-email-wrong"),
        UserError::BadName => wrong("person", "admin-error-person"),
        UserError::PasswordTooShort => wrong("new_password", "admin-error-password-short"),
        UserError::PasswordTooLong => wrong("new_password", "admin-error-password-long"),
        UserError::PasswordTooEasy => wrong("new_password", "profile-password-easy"),
        UserError::PasswordGiven => wrong("new_password", "profile-password-given"),
        UserError::LastAdmin => wrong("role", "user-last-admin"),
        UserError::OwnAccount => wrong("active", "user-own"),
        UserError::Changed => SaveError::Conflict,
        UserError::NotFound => SaveError::NotFound,
        UserError::Store(error) => SaveError::Store(error),
        UserError::Hash(error) => SaveError::Store(StoreError::Unavailable(Box::new(error))),
    }
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

//! Keys of programs, by their owner. A key is shown once when it is made, never here.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    choices::{YES_NO, yes_no},
    framework::{
        Action, Cell, Column, Field, Filter, Form, Model, Outcome, SaveError, Search, Section, Spec, Verb,
        queries, sort_by,
    },
    staff::administrators,
};
use crate::{
    app::api_tokens::{ApiTokenError, revoke_api_token},
    domain::{ApiTokenId, UserId},
    schema::{api_tokens, users},
    store::StoreError,
};

/// The model.
pub struct ApiTokens;

/// A field of its form.
type FormField = Field<ApiTokens>;

/// A column of its list.
type Col = Column<ApiTokens>;

/// A key without its secret.
#[derive(Queryable, Selectable)]
#[diesel(table_name = api_tokens, check_for_backend(Pg))]
pub struct Row {
    id: ApiTokenId,
    user_id: UserId,
    #[diesel(select_expression = users::email)]
    owner: String,
    name: String,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

#[diesel::dsl::auto_type]
fn joined() -> _ {
    api_tokens::table.inner_join(users::table)
}

impl Model for ApiTokens {
    type Context = Staff;
    type Row = Row;
    type Query = diesel::dsl::IntoBoxed<'static, joined, Pg>;

    queries!(joined(), api_tokens::id);

    fn id(row: &Row) -> Uuid {
        row.id.0
    }

    fn name(row: &Row) -> String {
        row.name.clone()
    }

    fn spec() -> Spec<Self> {
        Spec {
            audit_kind: Some("api_token"),
            columns: columns(),
            filters: vec![Filter {
                name: "revoked",
                choices: YES_NO,
                apply: |query, value, _| {
                    Some(if yes_no(value)? {
                        query.filter(api_tokens::revoked_at.is_not_null())
                    } else {
                        query.filter(api_tokens::revoked_at.is_null())
                    })
                },
            }],
            search: Some(Search {
                index: "none: a few keys a person",
                apply: |query, word| {
                    query.filter(api_tokens::name.ilike(word.clone()).or(users::email.ilike(word)))
                },
            }),
            form: Form::shown(sections()),
            actions: vec![Action {
                name: "revoke",
                needs: Verb::Change,
                run: revoke,
            }],
            ..Spec::shown("api-tokens", "key", administrators)
        }
    }
}

/// Refuses the key from now on.
fn revoke(staff: &Staff, id: Uuid) -> Outcome<'_, ()> {
    Box::pin(async move {
        let key = ApiTokenId(id);
        let owner: Option<UserId> = staff
            .services
            .db
            .read(move |conn| {
                let owner = api_tokens::table.find(key).select(api_tokens::user_id);
                Ok::<_, StoreError>(owner.first(conn).optional()?)
            })
            .await?;
        let owner = owner.ok_or(SaveError::NotFound)?;
        revoke_api_token(&staff.services, &staff.actor, owner, key)
            .await
            .map_err(|error| match error {
                ApiTokenError::Store(error) => SaveError::Store(error),
                _ => SaveError::NotFound,
            })
    })
}

fn owner(row: &Row) -> Cell {
    Cell::Link(row.owner.clone(), format!("/admin/users/{}/", row.user_id))
}

fn columns() -> Vec<Column<ApiTokens>> {
    vec![
        Col::start("name", |row| Cell::Text(row.name.clone())).by(sort_by!(api_tokens::name, api_tokens::id)),
        Col::start("owner", owner).by(sort_by!(users::email, api_tokens::id)),
        Col::end("last_used_at", |row| Cell::when(row.last_used_at))
            .by(sort_by!(api_tokens::last_used_at, api_tokens::id)),
        Col::end("revoked_at", |row| Cell::when(row.revoked_at)),
        Col::end("created_at", |row| Cell::When(row.created_at))
            .by(sort_by!(api_tokens::created_at, api_tokens::id)),
    ]
}

fn sections() -> Vec<Section<ApiTokens>> {
    vec![Section {
        name: "main",
        fields: vec![
            FormField::Show("name", |row| Cell::Text(row.name.clone())),
            FormField::Show("owner", owner),
            FormField::Show("created_at", |row| Cell::When(row.created_at)),
            FormField::Show("last_used_at", |row| Cell::when(row.last_used_at)),
            FormField::Show("revoked_at", |row| Cell::when(row.revoked_at)),
        ],
    }]
}

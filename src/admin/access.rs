//! Who may what in which store: stores that are shared. Their owners share them too, on the page of the store.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    choices::{PEOPLE, STORES, of_store, word_key, words},
    framework::{
        Cell, Choices, Column, Delete, Dir, Field, Filter, Form, Input, Model, Outcome, SaveError, Search,
        Section, Spec, Target, Values, queries, sort_by,
    },
    staff::administrators,
};
use crate::{
    app::store_people::{change_sharing, end_sharing, share_store},
    domain::{Role, StoreId, UserId},
    schema::{store_access, stores, users},
    store::users::user_fetch,
};

/// The model.
pub struct StoreAccesses;

/// A field of its form.
type FormField = Field<StoreAccesses>;

/// A column of its list.
type Col = Column<StoreAccesses>;

/// A sharing with the names of its store and person.
#[derive(Queryable, Selectable)]
#[diesel(table_name = store_access, check_for_backend(Pg))]
pub struct Row {
    id: Uuid,
    store_id: StoreId,
    #[diesel(select_expression = stores::name)]
    store: String,
    user_id: UserId,
    #[diesel(select_expression = users::email)]
    person: String,
    role: Role,
    version: i32,
    created_at: DateTime<Utc>,
}

#[diesel::dsl::auto_type]
fn joined() -> _ {
    store_access::table
        .inner_join(stores::table)
        .inner_join(users::table)
}

impl Model for StoreAccesses {
    type Context = Staff;
    type Row = Row;
    type Query = diesel::dsl::IntoBoxed<'static, joined, Pg>;

    queries!(joined(), store_access::id);

    fn id(row: &Row) -> Uuid {
        row.id
    }

    fn name(row: &Row) -> String {
        format!("{} \u{b7} {}", row.store, row.person)
    }

    fn version(row: &Row) -> Option<i32> {
        Some(row.version)
    }

    fn spec() -> Spec<Self> {
        Spec {
            audit_kind: Some("store_access"),
            columns: columns(),
            filters: vec![Filter {
                name: "role",
                choices: ROLES,
                apply: |query, value, _| {
                    let role: Role = value.parse().ok()?;
                    Some(query.filter(store_access::role.eq(role)))
                },
            }],
            relations: vec![of_store::<Self>(|query, id| {
                query.filter(store_access::store_id.eq(StoreId(id)))
            })],
            search: Some(Search {
                index: "none: a few people a store",
                apply: |query, word| {
                    query.filter(users::email.ilike(word.clone()).or(stores::name.ilike(word)))
                },
            }),
            default_sort: ("created_at", Dir::Desc),
            form: Form {
                sections: sections(),
                adds: true,
                save: Some(save),
            },
            delete: Some(Delete {
                losses: |_, _| Ok(Vec::new()),
                run: |staff, id| {
                    Box::pin(async move { Ok(end_sharing(&staff.services, &staff.actor, id).await?) })
                },
            }),
            site_link: Some(|row| format!("/stores/{}/people", row.store_id)),
            ..Spec::shown("store-access", "lock", administrators)
        }
    }
}

/// Nobody is an administrator of one store.
const ROLES: Choices =
    Choices::Fixed(|| words([Role::Viewer, Role::Manager].iter().map(|role| role.as_str())));

fn store(row: &Row) -> Cell {
    Cell::Link(row.store.clone(), format!("/admin/stores/{}/", row.store_id))
}

fn person(row: &Row) -> Cell {
    Cell::Link(row.person.clone(), format!("/admin/users/{}/", row.user_id))
}

fn columns() -> Vec<Column<StoreAccesses>> {
    vec![
        Col::start("email", |row| Cell::Text(row.person.clone()))
            .by(sort_by!(users::email, store_access::id)),
        Col::start("store", store).by(sort_by!(stores::name, store_access::id)),
        Col::start("role", |row| {
            Cell::Badge("ghost", "user", word_key(row.role.as_str()))
        })
        .by(sort_by!(store_access::role, store_access::id)),
        Col::end("created_at", |row| Cell::When(row.created_at))
            .by(sort_by!(store_access::created_at, store_access::id)),
    ]
}

fn sections() -> Vec<Section<StoreAccesses>> {
    vec![Section {
        name: "main",
        fields: vec![
            FormField::Once("store", Input::Row(STORES), store),
            FormField::Once("email", Input::Row(PEOPLE), person),
            FormField::Edit("role", Input::Select(ROLES), |row| {
                row.map_or(Role::Viewer, |row| row.role).to_string()
            }),
            FormField::Show("created_at", |row| Cell::When(row.created_at)),
        ],
    }]
}

fn save(staff: &Staff, target: Target, mut values: Values) -> Outcome<'_, Uuid> {
    Box::pin(async move {
        let (services, actor) = (&staff.services, &staff.actor);
        let role: Option<Role> = values.word("role");
        match target {
            Target::Existing(id, version) => {
                let role = values.finish(role)?;
                change_sharing(services, actor, id, version, role).await?;
                Ok(id)
            }
            Target::New => {
                let store: Option<StoreId> = values.word("store");
                let person: Option<UserId> = values.word("email");
                let ((store, person), role) = values.finish(store.zip(person).zip(role))?;
                let user = services
                    .db
                    .read(move |conn| user_fetch(conn, person))
                    .await?
                    .ok_or(SaveError::NotFound)?;
                Ok(share_store(services, actor, store, &user.email, role).await?)
            }
        }
    })
}

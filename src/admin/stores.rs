//! Stores: name, city, switch, robot mode. A store is connected in the panel, not added here.

use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    choices::{ALL_CITIES, PERIODS, YES_NO, period_start, word_key, words, yes_no},
    framework::{
        Action, Cell, Choices, Column, Delete, Dir, Field, Filter, Form, Input, Loss, Model, Outcome,
        SaveError, Search, Section, Spec, Target, Values, Verb, sort_by,
    },
    staff::administrators,
};
use crate::{
    app::{
        edit::EditError,
        store_edit::{delete_store, edit_store, set_repricing_mode},
    },
    domain::{RepricingMode, SessionState, StoreId, city::city_name},
    schema::{preorders, price_pushes, products, stores, users},
    store::{
        StoreError,
        stores::{Store, StoreChange},
    },
};

/// The model.
pub struct Stores;

/// A field of its form.
type FormField = Field<Stores>;

/// A column of its list.
type Col = Column<Stores>;

/// A store and its owner.
type Row = (Store, String);

#[diesel::dsl::auto_type]
fn joined() -> _ {
    stores::table.inner_join(users::table)
}

impl Model for Stores {
    type Context = Staff;
    type Row = Row;
    type Query = diesel::dsl::IntoBoxed<'static, joined, Pg>;

    fn base() -> Self::Query {
        joined().into_boxed()
    }

    fn with_ids(query: Self::Query, ids: Vec<Uuid>) -> Self::Query {
        query.filter(stores::id.eq_any(ids))
    }

    fn count(query: Self::Query, conn: &mut PgConnection) -> QueryResult<i64> {
        query.count().get_result(conn)
    }

    fn load(query: Self::Query, limit: i64, offset: i64, conn: &mut PgConnection) -> QueryResult<Vec<Row>> {
        query
            .limit(limit)
            .offset(offset)
            .select((Store::as_select(), users::email))
            .load(conn)
    }

    fn id((store, _): &Row) -> Uuid {
        store.id.0
    }

    fn name((store, _): &Row) -> String {
        store.name.clone()
    }

    fn version((store, _): &Row) -> Option<i32> {
        Some(store.version)
    }

    fn spec() -> Spec<Self> {
        Spec {
            audit_kind: Some("store"),
            columns: columns(),
            filters: filters(),
            search: Some(Search {
                index: "none needed: hundreds of rows",
                apply: |query, word| {
                    query.filter(
                        stores::name
                            .ilike(word.clone())
                            .or(stores::merchant_id.ilike(word.clone()))
                            .or(users::email.ilike(word)),
                    )
                },
            }),
            default_sort: ("name", Dir::Asc),
            form: Form {
                sections: sections(),
                adds: false,
                save: Some(save),
            },
            delete: Some(Delete {
                losses,
                run: |staff, id| {
                    Box::pin(
                        async move { Ok(delete_store(&staff.services, &staff.actor, StoreId(id)).await?) },
                    )
                },
            }),
            actions: vec![
                mode_action("robot-shadow", |staff, id| {
                    set_mode(staff, id, RepricingMode::Shadow)
                }),
                mode_action("robot-off", |staff, id| set_mode(staff, id, RepricingMode::Off)),
            ],
            site_link: Some(|(store, _)| format!("/stores/{}", store.id)),
            ..Spec::shown("stores", "store", administrators)
        }
    }
}

fn columns() -> Vec<Column<Stores>> {
    vec![
        Col::start("name", |(store, _)| Cell::Text(store.name.clone()))
            .by(sort_by!(stores::name, stores::id)),
        Col::start("merchant_id", |(store, _)| Cell::Code(store.merchant_id.clone()))
            .by(sort_by!(stores::merchant_id, stores::id)),
        Col::start("owner", |(_, owner)| Cell::Text(owner.clone())).by(sort_by!(users::email, stores::id)),
        Col::start("session_state", |(store, _)| session_badge(store.session_state))
            .by(sort_by!(stores::session_state, stores::id)),
        Col::start("repricing_mode", |(store, _)| mode_badge(store.repricing_mode))
            .by(sort_by!(stores::repricing_mode, stores::id)),
        Col::start("active", |(store, _)| Cell::Bool(store.active)).by(sort_by!(stores::active, stores::id)),
        Col::end("products_count", |(store, _)| {
            Cell::number(Some(store.products_count))
        })
        .by(sort_by!(stores::products_count, stores::id)),
        Col::end("last_sync_at", |(store, _)| Cell::when(store.last_sync_at))
            .by(sort_by!(stores::last_sync_at, stores::id)),
    ]
}

fn filters() -> Vec<Filter<Stores>> {
    vec![
        Filter {
            name: "session_state",
            choices: Choices::Fixed(|| words(SessionState::ALL.iter().map(|state| state.as_str()))),
            apply: |query, value, _| {
                let state: SessionState = value.parse().ok()?;
                Some(query.filter(stores::session_state.eq(state)))
            },
        },
        Filter {
            name: "repricing_mode",
            choices: MODES,
            apply: |query, value, _| {
                let mode: RepricingMode = value.parse().ok()?;
                Some(query.filter(stores::repricing_mode.eq(mode)))
            },
        },
        Filter {
            name: "active",
            choices: YES_NO,
            apply: |query, value, _| Some(query.filter(stores::active.eq(yes_no(value)?))),
        },
        Filter {
            name: "created_at",
            choices: PERIODS,
            apply: |query, value, now| Some(query.filter(stores::created_at.ge(period_start(value, now)?))),
        },
    ]
}

const MODES: Choices = Choices::Fixed(|| words(RepricingMode::ALL.iter().map(|mode| mode.as_str())));

fn sections() -> Vec<Section<Stores>> {
    vec![
        Section {
            name: "main",
            fields: vec![
                FormField::Edit("name", Input::Text(255), |row| {
                    row.map(|(store, _)| store.name.clone()).unwrap_or_default()
                }),
                FormField::Show("merchant_id", |(store, _)| Cell::Code(store.merchant_id.clone())),
                FormField::Show("owner", |(_, owner)| Cell::Text(owner.clone())),
                FormField::Edit("main_city_id", Input::Select(ALL_CITIES), |row| {
                    row.map(|(store, _)| store.main_city_id.clone())
                        .unwrap_or_default()
                }),
                FormField::Edit("active", Input::Checkbox, |row| {
                    on(row.is_some_and(|(store, _)| store.active))
                }),
            ],
        },
        Section {
            name: "robot",
            fields: vec![FormField::Edit("repricing_mode", Input::Select(MODES), |row| {
                row.map(|(store, _)| store.repricing_mode.to_string())
                    .unwrap_or_default()
            })],
        },
        Section {
            name: "cabinet",
            fields: vec![
                FormField::Show("session_state", |(store, _)| session_badge(store.session_state)),
                FormField::Show("logged_in_at", |(store, _)| Cell::when(store.logged_in_at)),
                FormField::Show("last_sync_at", |(store, _)| Cell::when(store.last_sync_at)),
                FormField::Show("products_count", |(store, _)| {
                    Cell::number(Some(store.products_count))
                }),
                FormField::Show("created_at", |(store, _)| Cell::When(store.created_at)),
            ],
        },
    ]
}

/// What a checkbox sends.
pub(super) fn on(checked: bool) -> String {
    if checked { "on".to_owned() } else { String::new() }
}

fn session_badge(state: SessionState) -> Cell {
    let (class, icon) = match state {
        SessionState::Connected => ("ok", "check-circle"),
        SessionState::Renewing => ("warn", "refresh"),
        SessionState::NeedsLogin => ("bad", "key"),
        SessionState::Never => ("ghost", "pause"),
    };
    Cell::Badge(class, icon, word_key(state.as_str()))
}

fn mode_badge(mode: RepricingMode) -> Cell {
    let (class, icon) = match mode {
        RepricingMode::Live => ("ok", "check-circle"),
        RepricingMode::Shadow => ("ghost", "shadow"),
        RepricingMode::Off => ("ghost", "pause"),
    };
    Cell::Badge(class, icon, word_key(mode.as_str()))
}

fn mode_action(name: &'static str, run: for<'a> fn(&'a Staff, Uuid) -> Outcome<'a, ()>) -> Action<Stores> {
    Action {
        name,
        needs: Verb::Change,
        run,
    }
}

fn set_mode(staff: &Staff, id: Uuid, mode: RepricingMode) -> Outcome<'_, ()> {
    Box::pin(async move { Ok(set_repricing_mode(&staff.services, &staff.actor, StoreId(id), mode).await?) })
}

fn save(staff: &Staff, target: Target, values: Values) -> Outcome<'_, Uuid> {
    Box::pin(async move {
        let Target::Existing(id, version) = target else {
            return Err(SaveError::Forbidden);
        };
        let change = change(values)?;
        edit_store(&staff.services, &staff.actor, StoreId(id), version, change)
            .await
            .map_err(|error: EditError<Store>| SaveError::from(error))?;
        Ok(id)
    })
}

fn change(mut values: Values) -> Result<StoreChange, SaveError> {
    let name = values.text("name");
    let active = values.checked("active");
    let main_city_id = values.text("main_city_id");
    let mode = values.word("repricing_mode");
    values.finish(mode.map(|repricing_mode| StoreChange {
        name,
        active,
        main_city_id,
        repricing_mode,
    }))
}

fn losses(conn: &mut PgConnection, id: Uuid) -> Result<Vec<Loss>, StoreError> {
    let products = products::table
        .filter(products::store_id.eq(id))
        .count()
        .get_result(conn)?;
    let preorders = preorders::table
        .filter(preorders::store_id.eq(id))
        .count()
        .get_result(conn)?;
    let pushes = price_pushes::table
        .filter(price_pushes::store_id.eq(id))
        .count()
        .get_result(conn)?;
    Ok(vec![
        Loss {
            key: "admin-loss-products",
            count: products,
        },
        Loss {
            key: "admin-loss-preorders",
            count: preorders,
        },
        Loss {
            key: "admin-loss-pushes",
            count: pushes,
        },
    ])
}

/// The name of a city in a cell.
pub(super) fn city(id: &str) -> Cell {
    Cell::Text(city_name(id).to_owned())
}

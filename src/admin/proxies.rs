//! Proxies and how they fare. Their credentials are written and never loaded; those of the environment are only shown.
//! New ones are pasted in the settings.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    choices::{YES_NO, yes_no},
    framework::{
        Action, Cell, Column, Delete, Field, Filter, Form, Input, Model, Outcome, SaveError, Search, Section,
        Spec, Target, Values, Verb, queries, sort_by,
    },
    staff::administrators,
    stores::on,
};
use crate::{
    app::proxies::{ProxyEdit, check_proxy_now, delete_proxy, edit_proxy, set_proxy_enabled},
    domain::{ProxyId, ProxyOrigin},
    schema::proxies,
};

/// The model.
pub struct Proxies;

/// A field of its form.
type FormField = Field<Proxies>;

/// A column of its list.
type Col = Column<Proxies>;

/// A proxy without its credentials.
#[derive(Queryable, Selectable)]
#[diesel(table_name = proxies, check_for_backend(Pg))]
pub struct Row {
    id: ProxyId,
    origin: ProxyOrigin,
    version: i32,
    credentials_set_at: Option<DateTime<Utc>>,
    label: String,
    scheme: String,
    host: String,
    port: i32,
    enabled: bool,
    requests: i64,
    failures: i64,
    last_error: Option<String>,
    last_error_at: Option<DateTime<Utc>>,
    cooling_until: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    checked_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl Model for Proxies {
    type Context = Staff;
    type Row = Row;
    type Query = proxies::BoxedQuery<'static, Pg>;

    queries!(proxies::table, proxies::id);

    fn id(row: &Row) -> Uuid {
        row.id.0
    }

    fn name(row: &Row) -> String {
        address(row)
    }

    fn version(row: &Row) -> Option<i32> {
        Some(row.version)
    }

    fn spec() -> Spec<Self> {
        Spec {
            audit_kind: Some("proxy"),
            columns: columns(),
            filters: vec![Filter {
                name: "enabled",
                choices: YES_NO,
                apply: |query, value, _| Some(query.filter(proxies::enabled.eq(yes_no(value)?))),
            }],
            search: Some(Search {
                index: "none: a few dozen rows",
                apply: |query, word| {
                    query.filter(proxies::host.ilike(word.clone()).or(proxies::label.ilike(word)))
                },
            }),
            form: Form {
                sections: sections(),
                adds: false,
                save: Some(save),
            },
            delete: Some(Delete {
                losses: |_, _| Ok(Vec::new()),
                run: |staff, id| {
                    Box::pin(
                        async move { Ok(delete_proxy(&staff.services, &staff.actor, ProxyId(id)).await?) },
                    )
                },
            }),
            actions: vec![
                action("proxy-on", |staff, id| switch(staff, id, true)),
                action("proxy-off", |staff, id| switch(staff, id, false)),
                action("proxy-check", |staff, id| {
                    Box::pin(
                        async move { Ok(check_proxy_now(&staff.services, &staff.actor, ProxyId(id)).await?) },
                    )
                }),
            ],
            site_link: Some(|_| "/settings".to_owned()),
            ..Spec::shown("proxies", "globe", administrators)
        }
    }
}

fn address(row: &Row) -> String {
    format!("{}://{}:{}", row.scheme, row.host, row.port)
}

fn columns() -> Vec<Column<Proxies>> {
    vec![
        Col::start("address", |row| Cell::Code(address(row))),
        Col::start("label", |row| Cell::text(Some(&row.label))).by(sort_by!(proxies::label, proxies::id)),
        Col::start("enabled", |row| Cell::Bool(row.enabled)).by(sort_by!(proxies::enabled, proxies::id)),
        Col::end("requests", |row| Cell::Number(row.requests)).by(sort_by!(proxies::requests, proxies::id)),
        Col::end("failures", |row| Cell::Number(row.failures)).by(sort_by!(proxies::failures, proxies::id)),
        Col::end("created_at", |row| Cell::When(row.created_at))
            .by(sort_by!(proxies::created_at, proxies::id)),
    ]
}

fn is_own(row: Option<&Row>) -> bool {
    row.is_some_and(|row| row.origin == ProxyOrigin::Panel)
}

fn is_of_environment(row: Option<&Row>) -> bool {
    !is_own(row)
}

fn sections() -> Vec<Section<Proxies>> {
    let own = |field| FormField::When(is_own, Box::new(field));
    let others = |field| FormField::When(is_of_environment, Box::new(field));
    vec![
        Section {
            name: "main",
            fields: vec![
                FormField::Show("address", |row| Cell::Code(address(row))),
                own(FormField::Edit("label", Input::Text(100), |row| {
                    row.map(|row| row.label.clone()).unwrap_or_default()
                })),
                own(FormField::Edit("enabled", Input::Checkbox, |row| {
                    on(row.is_some_and(|row| row.enabled))
                })),
                others(FormField::Show("switched_on", |row| Cell::Bool(row.enabled))),
            ],
        },
        Section {
            name: "credentials",
            fields: vec![
                FormField::Show("credentials_set_at", |row| Cell::when(row.credentials_set_at)),
                own(FormField::Edit("username", Input::Secret, |_| String::new())),
                own(FormField::Edit("password", Input::Secret, |_| String::new())),
                FormField::When(
                    |row| is_own(row) && row.is_some_and(|row| row.credentials_set_at.is_some()),
                    Box::new(FormField::Edit("forget_credentials", Input::Checkbox, |_| {
                        String::new()
                    })),
                ),
            ],
        },
        Section {
            name: "state",
            fields: vec![
                FormField::Show("requests", |row| Cell::Number(row.requests)),
                FormField::Show("failures", |row| Cell::Number(row.failures)),
                FormField::Show("last_error", |row| Cell::text(row.last_error.as_deref())),
                FormField::Show("last_error_at", |row| Cell::when(row.last_error_at)),
                FormField::Show("cooling_until", |row| Cell::when(row.cooling_until)),
                FormField::Show("last_used_at", |row| Cell::when(row.last_used_at)),
                FormField::Show("checked_at", |row| Cell::when(row.checked_at)),
                FormField::Show("created_at", |row| Cell::When(row.created_at)),
            ],
        },
    ]
}

fn save(staff: &Staff, target: Target, mut values: Values) -> Outcome<'_, Uuid> {
    Box::pin(async move {
        let Target::Existing(id, version) = target else {
            return Err(SaveError::Forbidden);
        };
        let edit = ProxyEdit {
            label: values.text("label"),
            username: values.raw("username").into(),
            password: values.raw("password").into(),
            forget_credentials: values.checked("forget_credentials"),
            enabled: Some(values.checked("enabled")),
        };
        let edit = values.finish(Some(edit))?;
        edit_proxy(&staff.services, &staff.actor, (ProxyId(id), version), edit).await?;
        Ok(id)
    })
}

fn action(name: &'static str, run: for<'a> fn(&'a Staff, Uuid) -> Outcome<'a, ()>) -> Action<Proxies> {
    Action {
        name,
        needs: Verb::Change,
        run,
    }
}

fn switch(staff: &Staff, id: Uuid, enabled: bool) -> Outcome<'_, ()> {
    Box::pin(async move { Ok(set_proxy_enabled(&staff.services, &staff.actor, ProxyId(id), enabled).await?) })
}

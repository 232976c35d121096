//! The limits of the brakes: settings of the whole panel as one thing with a history. Its row is there before anybody has
//! set anything; then it holds what the program brings along.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::{
    Staff,
    framework::{
        Cell, Column, Dir, Field, Form, Input, Model, Outcome, SaveError, Section, Spec, Target, Values,
    },
    staff::administrators,
};
use crate::{
    app::safety_limits::{LIMITS, OBJECT, edit_safety_limits},
    domain::brakes::SafetyLimits,
    schema::{settings, users},
    store::StoreError,
};

/// The model.
pub struct Limits;

/// A field of its form.
type FormField = Field<Limits>;

/// A column of its list.
type Col = Column<Limits>;

/// The limits in force.
pub struct Row {
    limits: SafetyLimits,
    by: Option<String>,
    set_at: Option<DateTime<Utc>>,
    version: i32,
}

/// There is one row. `false`: others are meant.
pub struct Query(bool);

impl Model for Limits {
    type Context = Staff;
    type Row = Row;
    type Query = Query;

    fn base() -> Query {
        Query(true)
    }

    fn with_ids(Query(meant): Query, ids: Vec<Uuid>) -> Query {
        Query(meant && ids.contains(&OBJECT.1))
    }

    fn count(Query(meant): Query, _: &mut PgConnection) -> QueryResult<i64> {
        Ok(i64::from(meant))
    }

    fn load(Query(meant): Query, limit: i64, offset: i64, conn: &mut PgConnection) -> QueryResult<Vec<Row>> {
        if !meant || limit == 0 || offset > 0 {
            return Ok(Vec::new());
        }
        Ok(vec![row(conn)?])
    }

    fn id(_: &Row) -> Uuid {
        OBJECT.1
    }

    fn name(_: &Row) -> String {
        // It is the only one: what it is says it all.
        String::new()
    }

    fn version(row: &Row) -> Option<i32> {
        Some(row.version)
    }

    fn spec() -> Spec<Self> {
        Spec {
            audit_kind: Some(OBJECT.0),
            columns: columns(),
            default_sort: ("set_at", Dir::Desc),
            form: Form {
                sections: sections(),
                adds: false,
                save: Some(save),
            },
            site_link: Some(|_| "/settings/brakes".to_owned()),
            ..Spec::shown("safety-limits", "sliders", administrators)
        }
    }
}

fn row(conn: &mut PgConnection) -> QueryResult<Row> {
    let stored: Option<(Value, Option<String>, DateTime<Utc>, i32)> = settings::table
        .left_join(users::table)
        .filter(settings::key.eq(OBJECT.0))
        .select((
            settings::value,
            users::email.nullable(),
            settings::updated_at,
            settings::version,
        ))
        .first(conn)
        .optional()?;
    Ok(match stored {
        Some((value, by, at, version)) => Row {
            limits: serde_json::from_value(value).unwrap_or_default(),
            by,
            set_at: Some(at),
            version,
        },
        None => Row {
            limits: SafetyLimits::default(),
            by: None,
            set_at: None,
            version: 0,
        },
    })
}

fn columns() -> Vec<Column<Limits>> {
    vec![
        Col::start("name", |_| {
            Cell::Badge("ghost", "sliders", "brakes-title".to_owned())
        }),
        // One row has one order.
        Col::start("set_at", |row| Cell::when(row.set_at)).by(|query, _| query),
        Col::start("set_by", |row| Cell::text(row.by.as_deref())),
    ]
}

/// The input of a limit: its name is that of the field of [`SafetyLimits`], its range that of [`LIMITS`].
macro_rules! input {
    ($name:ident) => {
        FormField::Edit(stringify!($name), range(stringify!($name)), |row| {
            row.map(|row| row.limits.$name.to_string()).unwrap_or_default()
        })
    };
}

fn range(name: &str) -> Input {
    let limit = LIMITS.iter().find(|limit| limit.name == name);
    limit.map_or(Input::Number(0, 0), |limit| {
        Input::Number(limit.least, limit.most)
    })
}

fn sections() -> Vec<Section<Limits>> {
    vec![
        Section {
            name: "limits",
            fields: vec![
                input!(big_drop_percent),
                input!(big_drop_share_percent),
                input!(big_drops_at_least),
                input!(impossible_share_percent),
                input!(collar_low_percent),
                input!(collar_high_percent),
                input!(drops_per_day),
                input!(product_gap_seconds),
                input!(removed_per_day),
                input!(unanswered_minutes),
                input!(sales_times),
                input!(sales_at_least),
            ],
        },
        Section {
            name: "main",
            fields: vec![
                FormField::Edit("reason", Input::Text(500), |_| String::new()),
                FormField::Show("set_at", |row| Cell::when(row.set_at)),
                FormField::Show("set_by", |row| Cell::text(row.by.as_deref())),
            ],
        },
    ]
}

fn save(staff: &Staff, target: Target, mut values: Values) -> Outcome<'_, Uuid> {
    Box::pin(async move {
        let Target::Existing(id, version) = target else {
            return Err(SaveError::Forbidden);
        };
        if id != OBJECT.1 {
            return Err(SaveError::NotFound);
        }
        // What is no number is refused with the others that are out of their range.
        let typed = LIMITS
            .iter()
            .filter_map(|limit| Some((limit.name, values.raw(limit.name).trim().parse().ok()?)))
            .collect();
        let reason = values.text("reason");
        let reason = values.finish(Some(reason))?;
        let seen = staff
            .services
            .db
            .read(|conn| Ok::<_, StoreError>(row(conn)?))
            .await?;
        if seen.version != version {
            return Err(SaveError::Conflict);
        }
        edit_safety_limits(&staff.services, &staff.actor, seen.set_at, &typed, &reason).await?;
        Ok(id)
    })
}

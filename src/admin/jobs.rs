//! Runs of background work.

use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::{
    Staff,
    choices::{PERIODS, of_store, period_start, word_key, words},
    framework::{
        Cell, Choices, Column, Dir, Drill, Field, Filter, Form, Model, Section, Spec, seek_by_key, sort_by,
    },
    staff::administrators,
};
use crate::{
    domain::{JobKind, JobRunId, JobState, StoreId},
    queue::runs::JobRun,
    schema::{job_runs, stores},
};

/// The model.
pub struct JobRuns;

/// A field of its form.
type FormField = Field<JobRuns>;

/// A column of its list.
type Col = Column<JobRuns>;

/// A run and the name of its store.
type Row = (JobRun, Option<String>);

#[diesel::dsl::auto_type]
fn joined() -> _ {
    job_runs::table.left_join(stores::table)
}

impl Model for JobRuns {
    type Context = Staff;
    type Row = Row;
    type Query = diesel::dsl::IntoBoxed<'static, joined, Pg>;

    fn base() -> Self::Query {
        joined().into_boxed()
    }

    fn with_ids(query: Self::Query, ids: Vec<Uuid>) -> Self::Query {
        query.filter(job_runs::id.eq_any(ids))
    }

    fn count(query: Self::Query, conn: &mut PgConnection) -> QueryResult<i64> {
        query.count().get_result(conn)
    }

    fn load(query: Self::Query, limit: i64, offset: i64, conn: &mut PgConnection) -> QueryResult<Vec<Row>> {
        query
            .limit(limit)
            .offset(offset)
            .select((JobRun::as_select(), stores::name.nullable()))
            .load(conn)
    }

    fn id(row: &Row) -> Uuid {
        row.0.id.0
    }

    fn name(row: &Row) -> String {
        row.0.kind.to_string()
    }

    fn spec() -> Spec<Self> {
        Spec {
            columns: columns(),
            filters: filters(),
            relations: vec![of_store::<Self>(|query, id| {
                query.filter(job_runs::store_id.eq(StoreId(id)))
            })],
            drill: Some(Drill {
                name: "day",
                apply: |query, from, until| {
                    query.filter(job_runs::created_at.ge(from).and(job_runs::created_at.lt(until)))
                },
            }),
            default_sort: ("created_at", Dir::Desc),
            seek: seek_by_key!(job_runs::id, JobRunId),
            form: Form::shown(sections()),
            site_link: Some(|(run, _)| format!("/jobs/{}", run.id)),
            ..Spec::shown("job-runs", "jobs", administrators)
        }
    }
}

fn columns() -> Vec<Column<JobRuns>> {
    vec![
        Col::start("kind", |(run, _)| Cell::Text(run.kind.to_string()))
            .by(sort_by!(job_runs::kind, job_runs::id)),
        Col::start("store", |(_, store)| Cell::text(store.as_deref()))
            .by(sort_by!(stores::name.nullable(), job_runs::id)),
        Col::start("state", |(run, _)| state_badge(run.state)).by(sort_by!(job_runs::state, job_runs::id)),
        Col::start("failure", |(run, _)| Cell::code(run.failure.as_deref())),
        Col::end("attempts", |(run, _)| Cell::number(Some(run.attempts))),
        Col::end("created_at", |(run, _)| Cell::When(run.created_at))
            .by(sort_by!(job_runs::created_at, job_runs::id)),
        Col::end("finished_at", |(run, _)| Cell::when(run.finished_at))
            .by(sort_by!(job_runs::finished_at, job_runs::id)),
    ]
}

fn filters() -> Vec<Filter<JobRuns>> {
    vec![
        Filter {
            name: "kind",
            choices: Choices::Fixed(|| words(JobKind::ALL.iter().map(|kind| kind.as_str()))),
            apply: |query, value, _| {
                let kind: JobKind = value.parse().ok()?;
                Some(query.filter(job_runs::kind.eq(kind)))
            },
        },
        Filter {
            name: "state",
            choices: Choices::Fixed(|| words(JobState::ALL.iter().map(|state| state.as_str()))),
            apply: |query, value, _| {
                let state: JobState = value.parse().ok()?;
                Some(query.filter(job_runs::state.eq(state)))
            },
        },
        Filter {
            name: "created_at",
            choices: PERIODS,
            apply: |query, value, now| Some(query.filter(job_runs::created_at.ge(period_start(value, now)?))),
        },
    ]
}

fn sections() -> Vec<Section<JobRuns>> {
    vec![Section {
        name: "main",
        fields: vec![
            FormField::Show("kind", |(run, _)| Cell::Text(run.kind.to_string())),
            FormField::Show("store", |(_, store)| Cell::text(store.as_deref())),
            FormField::Show("state", |(run, _)| state_badge(run.state)),
            FormField::Show("failure", |(run, _)| Cell::code(run.failure.as_deref())),
            FormField::Show("attempts", |(run, _)| Cell::number(Some(run.attempts))),
            FormField::Show("summary", |(run, _)| Cell::Json(run.summary.clone())),
            FormField::Show("created_at", |(run, _)| Cell::When(run.created_at)),
            FormField::Show("started_at", |(run, _)| Cell::when(run.started_at)),
            FormField::Show("finished_at", |(run, _)| Cell::when(run.finished_at)),
        ],
    }]
}

fn state_badge(state: JobState) -> Cell {
    let (class, icon) = match state {
        JobState::Succeeded => ("ok", "check-circle"),
        JobState::Failed => ("bad", "alert"),
        JobState::Queued | JobState::Running => ("info", "clock"),
        JobState::Cancelled => ("ghost", "x"),
    };
    Cell::Badge(class, icon, word_key(state.as_str()))
}

//! Reports in Excel: asked for by a person, made by a worker, kept for a week for that person alone.

pub mod make;
mod rows;

use chrono::TimeDelta;
use diesel::PgConnection;
use serde_json::json;

use crate::{
    domain::{Actor, ReportId, ReportKind, ReportState, UserId, report::ReportQuery},
    queue::{enqueue::enqueue_report, runs::job_run_cancel},
    services::Services,
    store::{
        StoreError,
        audit::{AuditEntry, audit_insert},
        products::product_fetch,
        reports::{
            Report, report_count, report_delete, report_end, report_fetch, report_fetch_open, report_insert,
        },
        stores::store_fetch,
        users::user_hold,
    },
};

/// How long a report is kept.
pub const REPORT_LIFE: TimeDelta = TimeDelta::days(7);
/// Reports of one person that may wait or be made at a time.
pub const OPEN_REPORTS: i64 = 5;
/// Reports of one person that are kept at a time.
pub const KEPT_REPORTS: i64 = 100;

/// The words of a report in the language of its reader.
pub trait Words: Send + Sync {
    /// The text of a key.
    fn word(&self, key: &str) -> String;
    /// Is there such a text? For keys that are made of a word out of the database.
    fn has(&self, key: &str) -> bool;

    /// The text of a key, or of `fallback` where there is none.
    fn word_or(&self, key: &str, fallback: &str) -> String {
        self.word(if self.has(key) { key } else { fallback })
    }
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// There is no such report, store or product for this actor.
    #[error("not found")]
    NotFound,
    /// So many reports wait or are being made already.
    #[error("{OPEN_REPORTS} reports are being made already")]
    TooManyOpen,
    /// So many reports are kept already.
    #[error("{KEPT_REPORTS} reports are kept already")]
    TooManyKept,
    /// It is over already.
    #[error("the report is made already, or was called off")]
    TooLate,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Asks for a report, which a worker then makes.
///
/// # Errors
/// See [`ReportError`].
pub async fn request_report(
    services: &Services,
    actor: &Actor,
    kind: ReportKind,
    query: ReportQuery,
) -> Result<ReportId, ReportError> {
    let user = actor.user_id.ok_or(ReportError::NotFound)?;
    let (actor, now) = (actor.clone(), services.now());
    let query = query.with_period(kind, now);
    services
        .db
        .tx(move |conn| {
            look_up(conn, &actor, &query)?;
            // Asked for twice it is one report: there is nothing else in it until it is made.
            user_hold(conn, user)?;
            let parameters = json!(query);
            if let Some(id) = report_fetch_open(conn, user, (kind, &parameters))? {
                return Ok(id);
            }
            let (open, kept) = report_count(conn, user)?;
            if open >= OPEN_REPORTS {
                return Err(ReportError::TooManyOpen);
            }
            if kept >= KEPT_REPORTS {
                return Err(ReportError::TooManyKept);
            }
            let id = ReportId::new();
            let report = Report {
                id,
                user_id: user,
                store_id: query.store_id,
                run_id: Some(enqueue_report(conn, id, user, now)?),
                kind,
                parameters: parameters.clone(),
                name: kind.file_name(now),
                state: ReportState::Queued,
                failure: None,
                attempt: 0,
                rows_done: 0,
                rows_total: None,
                bytes: 0,
                created_at: now,
                finished_at: None,
                expires_at: now + REPORT_LIFE,
            };
            report_insert(conn, &report)?;
            let entry = entry(&actor, &report, "create", now).change(json!({}), parameters);
            audit_insert(conn, &entry)?;
            Ok(id)
        })
        .await
}

/// Asks for the same once more, over the same period.
///
/// # Errors
/// See [`ReportError`].
pub async fn repeat_report(
    services: &Services,
    actor: &Actor,
    id: ReportId,
) -> Result<ReportId, ReportError> {
    let user = actor.user_id.ok_or(ReportError::NotFound)?;
    let now = services.now();
    let report = services
        .db
        .read(move |conn| report_fetch(conn, user, id, now))
        .await?
        .ok_or(ReportError::NotFound)?;
    let query = serde_json::from_value(report.parameters).unwrap_or_default();
    request_report(services, actor, report.kind, query).await
}

/// Calls a report off that waits or is being made.
///
/// # Errors
/// See [`ReportError`].
pub async fn cancel_report(services: &Services, actor: &Actor, id: ReportId) -> Result<(), ReportError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let report = own(conn, &actor, id, now)?;
            if !end_open(conn, &report, now)? {
                return Err(ReportError::TooLate);
            }
            Ok(audit_insert(conn, &entry(&actor, &report, "cancel", now))?)
        })
        .await
}

/// Removes a report with its file; one that is being made is called off.
///
/// # Errors
/// See [`ReportError`].
pub async fn delete_report(services: &Services, actor: &Actor, id: ReportId) -> Result<(), ReportError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let report = own(conn, &actor, id, now)?;
            end_open(conn, &report, now)?;
            report_delete(conn, id)?;
            Ok(audit_insert(conn, &entry(&actor, &report, "delete", now))?)
        })
        .await
}

/// The stores and products that are named must be the actor's.
fn look_up(conn: &mut PgConnection, actor: &Actor, query: &ReportQuery) -> Result<(), ReportError> {
    let tenant = actor.tenant();
    if let Some(store) = query.store_id
        && store_fetch(conn, tenant, store)?.is_none()
    {
        return Err(ReportError::NotFound);
    }
    if let Some(product) = query.product_id
        && product_fetch(conn, tenant, product)?.is_none()
    {
        return Err(ReportError::NotFound);
    }
    Ok(())
}

/// A report of the actor; administrators have no right to those of others.
fn own(
    conn: &mut PgConnection,
    actor: &Actor,
    id: ReportId,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Report, ReportError> {
    let user: UserId = actor.user_id.ok_or(ReportError::NotFound)?;
    report_fetch(conn, user, id, now)?.ok_or(ReportError::NotFound)
}

fn end_open(
    conn: &mut PgConnection,
    report: &Report,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<bool, StoreError> {
    if !report.state.is_open() || !report_end(conn, report.id, (ReportState::Cancelled, None), now)? {
        return Ok(false);
    }
    if let Some(run) = report.run_id {
        job_run_cancel(conn, run, now)?;
    }
    Ok(true)
}

fn entry(actor: &Actor, report: &Report, action: &str, now: chrono::DateTime<chrono::Utc>) -> AuditEntry {
    let object = ("report", report.id.0, report.name.as_str());
    AuditEntry::new(actor, now, report.store_id, object, action)
}

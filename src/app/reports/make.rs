//! Making a report: rows are read a piece at a time, written as they come, and the file is kept in pieces. Neither the
//! rows nor the file are ever in memory as a whole.

use std::{
    io::{self, Write},
    sync::Arc,
};

use super::{REPORT_LIFE, Words, rows};
use crate::{
    domain::{Actor, ActorKind, JobRunId, ReportState, Tenant, report::ReportQuery},
    queue::runs::{job_run_fail, job_run_progress, job_run_succeed},
    services::Services,
    sheets::report::{About, Cell, Report as Sheets, XlsxError},
    store::{
        Db, StoreError,
        reports::{
            Finished, PART_BYTES, Report, ReportTry, report_end, report_fetch_by_run, report_finish,
            report_part_insert, report_progress, report_start,
        },
        stores::store_fetch,
        users::{User, user_fetch},
    },
    telemetry,
};

/// Why a report was not made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// It was called off, removed or taken over by another worker: nothing is left to do.
    #[error("the report is not wanted any more")]
    Unwanted,
    /// The file could not be written.
    #[error("the file could not be written")]
    Write(#[from] XlsxError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MakeError {
    /// Code of the failure, for which there is a text.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unwanted => "cancelled",
            Self::Write(_) => "report_unwritable",
            Self::Store(_) => "database",
        }
    }
}

/// The report of a run with its owner. `None`: one of them is gone.
///
/// # Errors
/// See [`StoreError`].
pub async fn report_of(services: &Services, run_id: JobRunId) -> Result<Option<(Report, User)>, StoreError> {
    services
        .db
        .read(move |conn| {
            let Some(report) = report_fetch_by_run(conn, run_id)? else {
                return Ok(None);
            };
            Ok(user_fetch(conn, report.user_id)?.map(|user| (report, user)))
        })
        .await
}

/// Makes a report, with what its owner may see now.
///
/// # Errors
/// See [`MakeError`].
pub async fn make_report(
    services: &Services,
    run_id: JobRunId,
    (report, user): (Report, User),
    words: Arc<dyn Words>,
) -> Result<(), MakeError> {
    let services = services.clone();
    let work = telemetry::spawn_blocking(move || {
        let actor = user.actor(ActorKind::Person, Some(run_id.to_string()));
        Making {
            services: &services,
            run_id,
            actor,
            report: &report,
        }
        .run(words.as_ref())
    });
    work.await
        .map_err(|error| StoreError::Unavailable(Box::new(error)))?
}

/// Gives a report up, with the code of the cause.
///
/// # Errors
/// See [`StoreError`].
pub async fn report_failed(
    services: &Services,
    run_id: JobRunId,
    code: &'static str,
) -> Result<(), StoreError> {
    let now = services.now();
    services
        .db
        .tx(move |conn| {
            if let Some(report) = report_fetch_by_run(conn, run_id)? {
                report_end(conn, report.id, (ReportState::Failed, Some(code)), now)?;
            }
            job_run_fail(conn, run_id, code, now)
        })
        .await
}

struct Making<'a> {
    services: &'a Services,
    run_id: JobRunId,
    actor: Actor,
    report: &'a Report,
}

impl Making<'_> {
    fn run(&self, words: &dyn Words) -> Result<(), MakeError> {
        let db = &self.services.db;
        let id = self.report.id;
        let attempt = db.tx_blocking(|conn| report_start(conn, id))?;
        let work = ReportTry {
            id,
            attempt: attempt.ok_or(MakeError::Unwanted)?,
        };
        let query: ReportQuery = serde_json::from_value(self.report.parameters.clone()).unwrap_or_default();
        let tenant = self.actor.tenant();
        let mut list = rows::of(self.report.kind, tenant, &query);
        let title = words.word(&format!("report-kind-{}", self.report.kind));
        let mut sheets = Sheets::new(&title, list.columns(words))?;
        let total = db.read_blocking(|conn| list.count(conn))?;
        self.note(work, 0, total)?;
        let (mut rows, mut done) = (0_i64, 0_i64);
        loop {
            let piece = db.read_blocking(|conn| list.next(conn, words))?;
            if piece.advanced == 0 {
                break;
            }
            for row in &piece.rows {
                sheets.push(row)?;
            }
            rows += count(piece.rows.len());
            done += piece.advanced;
            // More may have come since they were counted.
            self.note(work, done, total.max(done))?;
        }
        let about = self.about(tenant, &query, &title, rows, words)?;
        let mut parts = Parts {
            db,
            work,
            filled: Vec::with_capacity(PART_BYTES),
            position: 0,
            bytes: 0,
            failure: None,
        };
        let written = sheets.finish(&about, &mut parts);
        if let Some(failure) = parts.failure.take() {
            return Err(failure.into());
        }
        written?;
        let bytes = parts.end()?;
        self.finish(work, rows, bytes, &about)
    }

    /// Progress for whoever looks at the report or at the work; stops what is not wanted any more.
    fn note(&self, work: ReportTry, done: i64, total: i64) -> Result<(), MakeError> {
        let (done, total, now) = (narrow(done), narrow(total), self.services.now());
        let summary = serde_json::json!({ "report_id": work.id });
        let wanted = self.services.db.tx_blocking(|conn| {
            Ok::<_, StoreError>(
                report_progress(conn, work, done, total)?
                    && job_run_progress(conn, self.run_id, done, Some(total), &summary, now)?,
            )
        })?;
        if wanted { Ok(()) } else { Err(MakeError::Unwanted) }
    }

    fn finish(&self, work: ReportTry, rows: i64, bytes: i64, about: &About) -> Result<(), MakeError> {
        let finished = Finished {
            rows: narrow(rows),
            bytes,
            at: about.made_at,
            expires_at: about.made_at + REPORT_LIFE,
        };
        let name = self.report.kind.file_name(about.made_at);
        let summary = serde_json::json!({ "report_id": work.id, "rows": rows });
        let ready = self.services.db.tx_blocking(|conn| {
            if !report_finish(conn, work, &name, finished)? {
                return Ok(false);
            }
            job_run_succeed(conn, self.run_id, &summary, about.made_at)?;
            Ok::<_, StoreError>(true)
        })?;
        if ready { Ok(()) } else { Err(MakeError::Unwanted) }
    }

    /// What was asked for, for the last sheet.
    fn about(
        &self,
        tenant: Tenant,
        query: &ReportQuery,
        title: &str,
        rows: i64,
        words: &dyn Words,
    ) -> Result<About, StoreError> {
        let now = self.services.now();
        let store = match query.store_id {
            Some(id) => self
                .services
                .db
                .read_blocking(|conn| store_fetch(conn, tenant, id))?
                .map(|store| store.name)
                .unwrap_or_default(),
            None => words.word("stores-all"),
        };
        let mut lines = vec![
            (words.word("report-about-kind"), Cell::text(title)),
            (words.word("products-store"), Cell::text(store)),
        ];
        let mut more = |key: &str, value: Cell| {
            if value != Cell::Empty {
                lines.push((words.word(key), value));
            }
        };
        more("report-from", Cell::of(query.from, Cell::Day));
        more("report-to", Cell::of(query.to, Cell::Day));
        more("report-about-search", Cell::text(query.search.as_str()));
        more(
            "products-category",
            Cell::of(query.category.as_deref(), Cell::text),
        );
        if !query.view.is_empty() {
            let view = words.word_or(&format!("products-view-{}", query.view), "products-view-all");
            more("report-about-view", Cell::text(view));
        }
        if let Some(status) = query.status {
            let status = words.word(&format!("value-status-{status}"));
            more("report-column-status", Cell::text(status));
        }
        more("report-about-rows", Cell::Integer(rows));
        more("report-about-made", Cell::At(now));
        more("report-about-by", Cell::text(self.actor.name.as_str()));
        more("report-about-zone", Cell::text(words.word("time-zone-note")));
        Ok(About {
            name: words.word("report-about"),
            lines,
            made_at: now,
        })
    }
}

/// Cuts what is written into pieces and keeps each as it is full.
struct Parts<'a> {
    db: &'a Db,
    work: ReportTry,
    filled: Vec<u8>,
    position: i32,
    bytes: i64,
    /// What the database said; the writer between us knows only its own errors.
    failure: Option<StoreError>,
}

impl Parts<'_> {
    fn keep(&mut self) -> Result<(), StoreError> {
        if self.filled.is_empty() {
            return Ok(());
        }
        let (work, position) = (self.work, self.position);
        self.db
            .tx_blocking(|conn| report_part_insert(conn, work, position, &self.filled))?;
        self.bytes += count(self.filled.len());
        self.position += 1;
        self.filled.clear();
        Ok(())
    }

    /// Keeps what is left. Returns the size of the file.
    fn end(mut self) -> Result<i64, StoreError> {
        self.keep()?;
        Ok(self.bytes)
    }
}

impl Write for Parts<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.filled.len() >= PART_BYTES
            && let Err(error) = self.keep()
        {
            self.failure = Some(error);
            return Err(io::Error::other("a piece of the file could not be kept"));
        }
        let free = PART_BYTES.saturating_sub(self.filled.len());
        let taken = bytes.get(..free).unwrap_or(bytes);
        self.filled.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn narrow(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

//! Background work: what runs, what ended and how, and the progress of one run.

mod record;

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use self::record::SyncRecord;
use crate::{
    app::{
        job_runs::{JobRunError, cancel_run, retry_run},
        sync_products::SyncSummary,
    },
    domain::{JobKind, JobState},
    queue::runs::{JobRun, RunFilter, job_run_fetch, job_run_list},
    services::Services,
    store::{StoreError, workers::worker_works},
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser, path_id},
        error::ErrorKind,
        filters, format,
        render::{html, see_other},
        routes::{Access, Kind, Route},
        session,
        texts::Texts,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/jobs", Kind::Page, Access::SignedIn, || web::to(list)),
    Route::get("/jobs/{id}", Kind::Fragment, Access::SignedIn, || web::to(show)),
    Route::post("/jobs/{id}/cancel", Kind::Page, Access::Manager, || {
        web::to(cancel)
    }),
    Route::post("/jobs/{id}/retry", Kind::Page, Access::Manager, || web::to(retry)),
];

/// Runs listed on one page.
const LISTED: i64 = 200;

/// One run, as it is shown.
#[derive(Debug, Clone)]
pub struct RunView {
    /// The run.
    pub run: JobRun,
    /// Name of its store.
    pub store_name: String,
    /// What was done, in words.
    pub title: String,
    /// What came of it, in words; empty while it runs.
    pub outcome: String,
    /// How long it took or takes.
    pub duration: String,
    /// Waits or works.
    pub open: bool,
}

impl RunView {
    /// The run in words.
    #[must_use]
    pub fn new(run: JobRun, store_name: Option<String>, now: DateTime<Utc>, t: Texts) -> Self {
        let open = matches!(run.state, JobState::Queued | JobState::Running);
        let duration = run.started_at.map_or_else(String::new, |started| {
            format::duration(run.finished_at.unwrap_or(now) - started, t)
        });
        Self {
            title: t.get(format!("job-kind-{}", run.kind.as_str())),
            outcome: outcome(&run, t),
            store_name: store_name.unwrap_or_default(),
            duration,
            open,
            run,
        }
    }

    /// `340 из 1 200, осталось около 2 мин`
    #[must_use]
    pub fn progress_text(&self, now: &DateTime<Utc>, t: &Texts) -> String {
        if self.run.state == JobState::Queued {
            return match self.run.retry_at {
                Some(at) => t.with2(
                    "job-waits-until",
                    "time",
                    format::clock_time(at),
                    "why",
                    failure_text(&self.run, *t),
                ),
                None => t.get("job-waits"),
            };
        }
        let Some(total) = self.run.progress_total else {
            return t.with("job-progress-done", "done", self.run.progress_done);
        };
        match self.remaining(*now) {
            Some(left) => t.with_all(
                "job-progress-left",
                &[
                    ("done", &self.run.progress_done),
                    ("total", &total),
                    ("left", &format::duration(left, *t)),
                ],
            ),
            None => t.with2("job-progress", "done", self.run.progress_done, "total", total),
        }
    }

    /// Told only once a tenth is done: before that it would jump about. Never for a run that was taken up again:
    /// its time has pauses in it, which say nothing about the rest.
    fn remaining(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let (done, total) = (self.run.progress_done, self.run.progress_total?);
        if self.run.attempts > 1 || done < total / 10 || done == 0 || done >= total {
            return None;
        }
        let so_far = (now - self.run.started_at?).num_seconds();
        Some(TimeDelta::seconds(
            so_far * i64::from(total - done) / i64::from(done) + 1,
        ))
    }

    /// May it be called off halfway?
    #[must_use]
    pub fn cancellable(&self) -> bool {
        self.open && matches!(self.run.kind, JobKind::SyncStore | JobKind::MakeReport)
    }

    /// Has it failed so that asking for it once more can help?
    #[must_use]
    pub fn retriable(&self) -> bool {
        self.run.state == JobState::Failed && matches!(self.run.kind, JobKind::SyncStore | JobKind::SendAlert)
    }

    /// The login attempt behind the run.
    #[must_use]
    pub fn attempt_id(&self) -> Option<&str> {
        (self.run.kind == JobKind::ConnectStore)
            .then(|| self.run.summary.get("attempt_id")?.as_str())
            .flatten()
    }
}

/// What broke a run off, in words; empty where nothing did.
fn failure_text(run: &JobRun, t: Texts) -> String {
    run.failure.as_ref().map_or_else(String::new, |code| {
        t.get_or(&format!("job-failure-{code}"), "job-failure-failed")
    })
}

fn outcome(run: &JobRun, t: Texts) -> String {
    if run.failure.is_some() {
        return failure_text(run, t);
    }
    if run.state != JobState::Succeeded {
        return String::new();
    }
    match run.kind {
        JobKind::SyncStore => sync_outcome(run, t),
        JobKind::SendAlert | JobKind::TellArrived => String::new(),
        JobKind::UploadPreorders => upload_outcome(run, t),
        JobKind::MakeReport => match run.summary.get("rows").and_then(serde_json::Value::as_i64) {
            Some(rows) => t.with("report-rows", "n", rows),
            None => String::new(),
        },
        JobKind::ApplyImport => import_outcome(run, t),
        JobKind::ConnectStore => match run.summary.get("state").and_then(serde_json::Value::as_str) {
            Some(state) => t.get_or(&format!("attempt-state-{state}"), "job-state-succeeded"),
            None => String::new(),
        },
    }
}

/// How many rows an import wrote or brought back.
fn import_outcome(run: &JobRun, t: Texts) -> String {
    let count = |name: &str| {
        let value = run.summary.get(name).and_then(serde_json::Value::as_i64);
        value.unwrap_or_default()
    };
    t.with_all(
        "job-outcome-import",
        &[
            ("applied", &count("applied")),
            ("left", &count("left")),
            ("undone", &count("undone")),
        ],
    )
}

/// What a sync did, and whether it saw everything.
fn sync_outcome(run: &JobRun, t: Texts) -> String {
    let sync: SyncSummary = serde_json::from_value(run.summary.clone()).unwrap_or_default();
    let read = sync.added + sync.changed + sync.restored + sync.unchanged + sync.resumed;
    let counts = t.with_all(
        "job-outcome-sync",
        &[
            ("read", &read),
            ("changed", &sync.changed),
            ("added", &sync.added),
            ("archived", &sync.archived),
            ("restored", &sync.restored),
            ("failed", &sync.failed),
        ],
    );
    if sync.complete {
        return counts;
    }
    let short = t.with2(
        "job-outcome-sync-short",
        "read",
        run.progress_done,
        "total",
        sync.total,
    );
    format!("{counts} {short}")
}

/// How many preorders a file held, and how many of them were refused.
fn upload_outcome(run: &JobRun, t: Texts) -> String {
    let count = |name: &str| {
        run.summary
            .get(name)
            .and_then(serde_json::Value::as_i64)
            .unwrap_or_default()
    };
    t.with2(
        "job-outcome-upload",
        "lines",
        count("lines"),
        "refused",
        count("refused"),
    )
}

/// The progress of one run; asks again every two seconds until the run is over.
#[derive(Template)]
#[template(path = "jobs/_progress.html")]
pub struct RunProgress {
    /// Texts.
    pub t: Texts,
    /// The present moment.
    pub now: DateTime<Utc>,
    /// The run.
    pub view: RunView,
    /// Token of the button that calls it off; `None`: no such button.
    pub csrf: Option<String>,
}

impl RunProgress {
    /// For the reader of a page.
    #[must_use]
    pub fn new(view: RunView, shell: &Shell) -> Self {
        let may_cancel = shell.may_change() && view.cancellable();
        Self {
            t: shell.t,
            now: shell.now,
            csrf: may_cancel.then(|| shell.csrf.clone()),
            view,
        }
    }
}

#[derive(Deserialize)]
struct ListQuery {
    #[serde(default)]
    state: String,
}

#[derive(Template)]
#[template(path = "jobs/page.html")]
struct JobsPage {
    shell: Shell,
    state: String,
    open: Vec<RunProgress>,
    /// Is there a worker that does what waits?
    works: bool,
    past: Vec<RunView>,
    all: usize,
    failed: usize,
}

async fn list(
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    query: web::Query<ListQuery>,
) -> WebResult<HttpResponse> {
    let tenant = user.tenant();
    let (runs, works) = services
        .db
        .read(move |conn| -> Result<_, StoreError> {
            Ok((
                job_run_list(conn, tenant, RunFilter::default(), LISTED)?,
                worker_works(conn)?,
            ))
        })
        .await?;
    let (t, now) = (shell.t, shell.now);
    let (open, past): (Vec<_>, Vec<_>) = runs
        .into_iter()
        .map(|(run, name)| RunView::new(run, name, now, t))
        .partition(|view| view.open);
    let is_failed = |view: &RunView| view.run.state == JobState::Failed;
    let (all, failed) = (past.len(), past.iter().filter(|view| is_failed(view)).count());
    let only_failed = query.state == "failed";
    html(&JobsPage {
        state: query.into_inner().state,
        open: open
            .into_iter()
            .map(|view| RunProgress::new(view, &shell))
            .collect(),
        works,
        shell,
        past: past
            .into_iter()
            .filter(|view| !only_failed || is_failed(view))
            .collect(),
        all,
        failed,
    })
}

#[derive(Template)]
#[template(path = "jobs/run.html")]
struct RunPage {
    shell: Shell,
    view: RunView,
    progress: RunProgress,
    changes: Option<SyncRecord>,
}

#[derive(Deserialize)]
struct RunQuery {
    #[serde(default)]
    kind: String,
}

async fn show(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    query: web::Query<RunQuery>,
) -> WebResult<HttpResponse> {
    let (tenant, id, fragment) = (user.tenant(), path_id(&req)?, shell.htmx);
    let (run, name, changes) = services
        .db
        .read(move |conn| {
            let run = job_run_fetch(conn, tenant, id)?.ok_or_else(WebError::not_found)?;
            let name = match run.store_id {
                Some(store_id) => crate::store::stores::store_fetch(conn, tenant, store_id)?,
                None => None,
            };
            let changes = match run.kind {
                JobKind::SyncStore if !fragment => Some(SyncRecord::fetch(conn, &run, &query.kind)?),
                _ => None,
            };
            Ok::<_, WebError>((run, name.map(|store| store.name), changes))
        })
        .await?;
    let view = RunView::new(run, name, shell.now, shell.t);
    let progress = RunProgress::new(view.clone(), &shell);
    if shell.htmx {
        return html(&progress);
    }
    html(&RunPage {
        shell,
        view,
        progress,
        changes,
    })
}

async fn retry(
    req: HttpRequest,
    user: ManagerUser,
    shell: Shell,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    let id = path_id(&req)?;
    let message = match retry_run(&services, &user.0.actor(&req), id).await {
        Ok(new) => {
            session::flash(&session, true, shell.t.get("job-retried"))?;
            return Ok(see_other(&format!("/jobs/{new}")));
        }
        Err(JobRunError::NeedsLogin) => "store-sync-needs-login",
        Err(JobRunError::TooLate) => "job-retry-too-late",
        Err(error) => return Err(error.into()),
    };
    session::flash(&session, false, shell.t.get(message))?;
    Ok(see_other(&format!("/jobs/{id}")))
}

async fn cancel(
    req: HttpRequest,
    user: ManagerUser,
    shell: Shell,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    let id = path_id(&req)?;
    let outcome = cancel_run(&services, &user.0.actor(&req), id).await;
    match outcome {
        Ok(()) => session::flash(&session, true, shell.t.get("job-cancelled"))?,
        Err(JobRunError::TooLate) => session::flash(&session, false, shell.t.get("job-cancel-too-late"))?,
        Err(error) => return Err(error.into()),
    }
    Ok(see_other(&format!("/jobs/{id}")))
}

impl From<JobRunError> for WebError {
    fn from(error: JobRunError) -> Self {
        match error {
            JobRunError::NotFound => Self::not_found(),
            JobRunError::Forbidden => Self::forbidden(),
            JobRunError::TooLate | JobRunError::NeedsLogin => Self::new(ErrorKind::Conflict),
            JobRunError::Store(error) => error.into(),
        }
    }
}

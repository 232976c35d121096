//! Reports in Excel: what is asked for, how far it is, and the file. A report is its owner's alone.

use actix_session::Session;
use actix_web::{
    HttpRequest, HttpResponse,
    body::SizedStream,
    http::header::{CONTENT_TYPE, ContentDisposition, DispositionParam, DispositionType},
    web,
};
use askama::Template;
use chrono::{DateTime, NaiveDate, Utc};
use futures_util::stream;
use serde::Deserialize;

use crate::{
    app::reports::{
        KEPT_REPORTS, OPEN_REPORTS, REPORT_LIFE, ReportError, cancel_report, delete_report, repeat_report,
        request_report,
    },
    domain::{ReportKind, ReportState, StoreId, report::ReportQuery},
    services::Services,
    store::{
        StoreError,
        reports::{Report, ReportTry, report_fetch, report_list, report_part_fetch},
        stores::{Store, store_fetch, store_list},
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, path_id},
        error::ErrorKind,
        filters, format,
        render::{XLSX, html, see_other},
        routes::{Access, Kind, Route},
        session,
        texts::Texts,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/reports", Kind::Page, Access::SignedIn, || web::to(list)),
    Route::post("/reports", Kind::Page, Access::SignedIn, || web::to(create)),
    Route::get("/reports/{id}", Kind::Fragment, Access::SignedIn, || {
        web::to(progress)
    }),
    Route::get("/reports/{id}/file", Kind::Page, Access::SignedIn, || {
        web::to(file)
    }),
    Route::post("/reports/{id}/again", Kind::Page, Access::SignedIn, || {
        web::to(again)
    }),
    Route::post("/reports/{id}/cancel", Kind::Page, Access::SignedIn, || {
        web::to(cancel)
    }),
    Route::post("/reports/{id}/delete", Kind::Page, Access::SignedIn, || {
        web::to(delete)
    }),
];

/// A report, ready to be shown; asks again every two seconds while it is being made.
#[derive(Template)]
#[template(path = "reports/_report.html")]
struct ReportView {
    t: Texts,
    csrf: String,
    now: DateTime<Utc>,
    report: Report,
    store_name: String,
    query: ReportQuery,
}

impl ReportView {
    fn new(report: Report, store_name: Option<String>, shell: &Shell) -> Self {
        Self {
            t: shell.t,
            csrf: shell.csrf.clone(),
            now: shell.now,
            store_name: store_name.unwrap_or_default(),
            query: serde_json::from_value(report.parameters.clone()).unwrap_or_default(),
            report,
        }
    }

    fn open(&self) -> bool {
        self.report.state.is_open()
    }

    fn ready(&self) -> bool {
        self.report.state == ReportState::Ready
    }

    /// The kind, and the period where it has one.
    fn title(&self) -> String {
        let kind = self.t.get(format!("report-kind-{}", self.report.kind));
        match (self.query.from, self.query.to) {
            (Some(from), Some(to)) => {
                format!("{kind}, {}–{}", format::day(from), format::day(to))
            }
            _ => kind,
        }
    }

    /// What narrows it down, besides store and period.
    fn filters(&self) -> String {
        let t = &self.t;
        let view = (!self.query.view.is_empty())
            .then(|| t.get_or(&format!("products-view-{}", self.query.view), "products-view-all"));
        let status = self
            .query
            .status
            .map(|status| t.get(format!("value-status-{status}")));
        let search = (!self.query.search.is_empty()).then(|| format!("«{}»", self.query.search));
        let product = self.query.product_id.map(|_| t.get("report-one-product"));
        [view, self.query.category.clone(), status, search, product]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// How far it is, or what came of it.
    fn words(&self) -> String {
        let (t, report) = (&self.t, &self.report);
        match (report.state, report.rows_total) {
            (ReportState::Queued, _) => t.get("job-waits"),
            (ReportState::Running, Some(total)) => {
                t.with2("job-progress", "done", report.rows_done, "total", total)
            }
            (ReportState::Running, None) => t.get("report-begins"),
            (ReportState::Ready, _) => t.with_all(
                "report-ready",
                &[
                    ("n", &report.rows_done),
                    ("size", &size(report.bytes, t)),
                    ("until", &format::date_time(report.expires_at)),
                ],
            ),
            (ReportState::Failed, _) => {
                let code = report.failure.as_deref().unwrap_or_default();
                t.get_or(&format!("job-failure-{code}"), "job-failure-failed")
            }
            (ReportState::Cancelled, _) => t.get("report-cancelled"),
        }
    }
}

/// `812 КБ`, `2,4 МБ`
fn size(bytes: i64, t: &Texts) -> String {
    if bytes < 1_000_000 {
        return t.with("size-kb", "n", (bytes + 999) / 1000);
    }
    let tenths = (bytes + 50_000) / 100_000;
    let point = if t.language == crate::web::texts::Language::En {
        '.'
    } else {
        ','
    };
    t.with("size-mb", "n", format!("{}{point}{}", tenths / 10, tenths % 10))
}

#[derive(Template)]
#[template(path = "reports/page.html")]
struct ReportsPage {
    shell: Shell,
    stores: Vec<Store>,
    reports: Vec<ReportView>,
    days: i64,
    /// The usual period, for its fields.
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

impl ReportsPage {
    fn kinds(&self) -> &'static [ReportKind] {
        ReportKind::ALL
    }
}

async fn list(shell: Shell, user: CurrentUser, services: web::Data<Services>) -> WebResult<HttpResponse> {
    let (tenant, id, now) = (user.tenant(), user.id(), shell.now);
    let (stores, reports) = services
        .db
        .read(move |conn| Ok::<_, StoreError>((store_list(conn, tenant)?, report_list(conn, id, now)?)))
        .await?;
    let period = ReportQuery::default().with_period(ReportKind::PriceChanges, now);
    html(&ReportsPage {
        reports: reports
            .into_iter()
            .map(|(report, store)| ReportView::new(report, store, &shell))
            .collect(),
        stores,
        days: REPORT_LIFE.num_days(),
        from: period.from,
        to: period.to,
        shell,
    })
}

/// What forms send: the filters of a list under the names of its query string. Others are ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    kind: String,
    store: String,
    product: String,
    q: String,
    category: String,
    view: String,
    status: String,
    from: String,
    to: String,
}

impl Asked {
    /// Kind and filters; `None`: not what one of our forms sends.
    fn read(self) -> Option<(ReportKind, ReportQuery)> {
        let query = ReportQuery {
            store_id: filled(&self.store)?,
            product_id: filled(&self.product)?,
            search: self.q.trim().chars().take(200).collect(),
            category: Some(self.category).filter(|category| !category.is_empty()),
            view: self.view,
            status: filled(&self.status)?,
            from: filled(&self.from)?,
            to: filled(&self.to)?,
        };
        Some((self.kind.parse().ok()?, query))
    }
}

/// The value of a field; `Some(None)` for an empty one, `None` for one that cannot be read.
fn filled<T: std::str::FromStr>(text: &str) -> Option<Option<T>> {
    match text.trim() {
        "" => Some(None),
        text => text.parse().ok().map(Some),
    }
}

async fn create(
    req: HttpRequest,
    user: CurrentUser,
    shell: Shell,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<Asked>,
) -> WebResult<HttpResponse> {
    let (kind, query) = form
        .into_inner()
        .read()
        .ok_or(WebError::new(ErrorKind::BadRequest))?;
    let asked = request_report(&services, &user.actor(&req), kind, query).await;
    told(asked.map(|_| "report-asked"), &shell, &session)
}

async fn again(
    req: HttpRequest,
    user: CurrentUser,
    shell: Shell,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    let asked = repeat_report(&services, &user.actor(&req), path_id(&req)?).await;
    told(asked.map(|_| "report-asked"), &shell, &session)
}

async fn cancel(
    req: HttpRequest,
    user: CurrentUser,
    shell: Shell,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    let done = cancel_report(&services, &user.actor(&req), path_id(&req)?).await;
    told(done.map(|()| "report-cancelled"), &shell, &session)
}

async fn delete(
    req: HttpRequest,
    user: CurrentUser,
    shell: Shell,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    let done = delete_report(&services, &user.actor(&req), path_id(&req)?).await;
    told(done.map(|()| "report-deleted"), &shell, &session)
}

/// Back to the list, with a sentence about what came of it.
fn told(
    outcome: Result<&'static str, ReportError>,
    shell: &Shell,
    session: &Session,
) -> WebResult<HttpResponse> {
    let t = shell.t;
    let (good, sentence) = match outcome {
        Ok(key) => (true, t.get(key)),
        Err(ReportError::TooManyOpen) => (false, t.with("report-too-many-open", "n", OPEN_REPORTS)),
        Err(ReportError::TooManyKept) => (false, t.with("report-too-many-kept", "n", KEPT_REPORTS)),
        Err(ReportError::TooLate) => (false, t.get("report-too-late")),
        Err(error) => return Err(error.into()),
    };
    session::flash(session, good, sentence)?;
    Ok(see_other("/reports"))
}

async fn progress(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let (report, store) = own(&req, &user, &services).await?;
    if !shell.htmx {
        return Ok(see_other("/reports"));
    }
    html(&ReportView::new(report, store, &shell))
}

/// A report of the user with its store's name; anything else is "not found", for administrators too.
async fn own(
    req: &HttpRequest,
    user: &CurrentUser,
    services: &Services,
) -> WebResult<(Report, Option<String>)> {
    let (id, owner, tenant, now) = (path_id(req)?, user.id(), user.tenant(), services.now());
    services
        .db
        .read(move |conn| {
            let report = report_fetch(conn, owner, id, now)?.ok_or_else(WebError::not_found)?;
            let store: Option<StoreId> = report.store_id;
            let store = match store {
                Some(store) => store_fetch(conn, tenant, store)?.map(|store| store.name),
                None => None,
            };
            Ok((report, store))
        })
        .await
}

async fn file(req: HttpRequest, user: CurrentUser, services: web::Data<Services>) -> WebResult<HttpResponse> {
    let (report, _) = own(&req, &user, &services).await?;
    if report.state != ReportState::Ready {
        return Err(WebError::not_found());
    }
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(report.name.clone())],
    };
    let work = ReportTry {
        id: report.id,
        attempt: report.attempt,
    };
    let size = u64::try_from(report.bytes).unwrap_or_default();
    let pieces = stream::try_unfold(0, move |position| {
        let services = services.clone();
        async move {
            let piece = services
                .db
                .read(move |conn| report_part_fetch(conn, work, position))
                .await?;
            Ok::<_, StoreError>(piece.map(|piece| (web::Bytes::from(piece), position + 1)))
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, XLSX))
        .insert_header(disposition)
        .body(SizedStream::new(size, Box::pin(pieces))))
}

impl From<ReportError> for WebError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::NotFound => Self::not_found(),
            ReportError::TooManyOpen | ReportError::TooManyKept | ReportError::TooLate => {
                Self::new(ErrorKind::Conflict)
            }
            ReportError::Store(error) => error.into(),
        }
    }
}

//! `/api/v1/jobs/`: work of the background.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use serde::Serialize;

use super::{
    envelope::{ok, time},
    query, shapes,
    stores::write::failure_text,
};
use crate::{
    app::job_runs::cancel_run,
    domain::{JobRunId, JobState, StoreId, Tenant},
    queue::runs::{JobRun, RunFilter, job_run_fetch, job_run_list},
    services::Services,
    web::{WebError, WebResult, auth::CurrentUser},
};

/// A run of background work.
#[derive(Serialize, utoipa::ToSchema)]
pub struct JobJson {
    #[schema(value_type = uuid::Uuid)]
    id: JobRunId,
    kind: &'static str,
    #[schema(value_type = Option<uuid::Uuid>)]
    store: Option<StoreId>,
    /// queued, running, succeeded, failed, cancelled.
    state: &'static str,
    is_final: bool,
    progress_done: i32,
    progress_total: Option<i32>,
    /// Counts, by kind of work.
    summary: serde_json::Value,
    /// Code of the failure.
    failure: Option<String>,
    /// The same in words.
    failure_text: Option<String>,
    created_at: String,
    started_at: Option<String>,
    finished_at: Option<String>,
}

/// The newest runs.
#[derive(Serialize, utoipa::ToSchema)]
pub struct JobListJson {
    results: Vec<JobJson>,
}

/// `GET /api/v1/jobs/`
pub async fn list(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
) -> actix_web::Result<HttpResponse> {
    let filter = RunFilter {
        store_id: query::filter_key(&req, "store")?,
        kind: query::filter_word(&req, "kind")?,
        state: query::filter_word(&req, "state")?,
    };
    let (limit, tenant) = (query::limit(&req)?, user.tenant());
    let rows = services
        .db
        .read(move |conn| job_run_list(conn, tenant, filter, limit))
        .await
        .map_err(WebError::from)?;
    Ok(ok(&JobListJson {
        results: rows.into_iter().map(|(run, _)| to_json(run)).collect(),
    }))
}

/// `GET /api/v1/jobs/{id}/`
pub async fn detail(
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
) -> WebResult<HttpResponse> {
    Ok(ok(
        &job_json(&services, user.tenant(), shapes::path_key(&id)?).await?
    ))
}

/// `POST /api/v1/jobs/{id}/cancel/`
pub async fn cancel(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
) -> WebResult<HttpResponse> {
    let id: JobRunId = shapes::path_key(&id)?;
    cancel_run(&services, &user.actor(&req), id).await?;
    Ok(ok(&job_json(&services, user.tenant(), id).await?))
}

async fn job_json(services: &Services, tenant: Tenant, id: JobRunId) -> WebResult<JobJson> {
    let run = services
        .db
        .read(move |conn| job_run_fetch(conn, tenant, id))
        .await?
        .ok_or_else(WebError::not_found)?;
    Ok(to_json(run))
}

fn to_json(run: JobRun) -> JobJson {
    JobJson {
        id: run.id,
        kind: run.kind.as_str(),
        store: run.store_id,
        state: run.state.as_str(),
        is_final: !matches!(run.state, JobState::Queued | JobState::Running),
        progress_done: run.progress_done,
        progress_total: run.progress_total,
        summary: run.summary,
        failure_text: run.failure.as_deref().map(failure_text),
        failure: run.failure,
        created_at: time(run.created_at),
        started_at: run.started_at.map(time),
        finished_at: run.finished_at.map(time),
    }
}

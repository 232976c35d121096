//! Making, changing, removing and syncing stores.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::json;

use super::{FIELDS, store_json};
use crate::{
    app::{
        edit::FieldError,
        job_runs::settled_run,
        store_edit::{NewStore, StoreEditError, StoreWrite, create_store, delete_store, write_store},
        sync_products::{SyncError, SyncSummary, request_sync},
    },
    domain::{JobState, StoreId},
    services::Services,
    store::stores::store_owner_names,
    web::{
        WebError,
        api::{
            body::Body,
            envelope::{Refused, answer, no_content, ok, refused_edit},
            fields::{Needs, read},
            shapes::{goes_on, on_behalf, path_key, patience},
            texts,
        },
        auth::CurrentUser,
        error::ErrorKind,
        texts::Texts,
    },
};

/// Seconds that a sync is waited for.
const SYNC_WAIT: u64 = 5;

/// `POST /api/v1/kaspi/stores/`
pub async fn create(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    body: Body,
) -> actix_web::Result<HttpResponse> {
    let (values, errors) = read(FIELDS, &[], body.object()?, Needs::All);
    errors.refuse()?;
    let owner = on_behalf(&services, &req, &user, values.text("user_id")).await?;
    let new = NewStore {
        owner_id: owner.user_id.ok_or_else(WebError::forbidden)?,
        merchant_id: values.text("merchant_id").unwrap_or_default(),
        name: values.text("name").unwrap_or_default(),
        active: values.switch("is_active").unwrap_or(true),
    };
    let id = create_store(&services, &user.actor(&req), new)
        .await
        .map_err(|error| refused(&req, error))?;
    let object = store_json(&services, &user, id).await?;
    Ok(answer(StatusCode::CREATED, &object))
}

/// `PUT` and `PATCH /api/v1/kaspi/stores/{id}/`
pub async fn change(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
    body: Body,
) -> actix_web::Result<HttpResponse> {
    let id: StoreId = path_key(&id)?;
    store_json(&services, &user, id).await?;
    let (values, errors) = read(FIELDS, &[], body.object()?, Needs::of(&req));
    errors.refuse()?;
    if let Some(named) = values.text("user_id") {
        let owner = services
            .db
            .read(move |conn| store_owner_names(conn, id))
            .await
            .map_err(WebError::from)?;
        // A store does not change hands here.
        if owner.is_none_or(|(_, external_id)| external_id != named) {
            return Err(Refused::one("user_id", texts::OWNER_FIXED.to_owned()).into());
        }
    }
    let write = StoreWrite {
        merchant_id: values.text("merchant_id"),
        name: values.text("name"),
        active: values.switch("is_active"),
    };
    write_store(&services, &user.actor(&req), id, write)
        .await
        .map_err(|error| refused(&req, error))?;
    Ok(ok(&store_json(&services, &user, id).await?))
}

/// `DELETE /api/v1/kaspi/stores/{id}/`
pub async fn delete(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
) -> actix_web::Result<HttpResponse> {
    let id: StoreId = path_key(&id)?;
    delete_store(&services, &user.actor(&req), id)
        .await
        .map_err(|error| refused(&req, error))?;
    Ok(no_content())
}

fn refused(req: &HttpRequest, error: StoreEditError) -> actix_web::Error {
    refused_edit(req, error, FIELDS, names)
}

fn names(error: &FieldError) -> (&'static str, Option<String>) {
    match (error.field, error.code) {
        (_, "store-error-merchant-taken") => (
            "non_field_errors",
            Some(texts::not_unique("user_id, merchant_id")),
        ),
        ("active", _) => ("is_active", None),
        (field, _) => (field, None),
    }
}

/// `POST /api/v1/kaspi/stores/{id}/sync/`: asks for a sync, or joins the running one, and waits for it a while.
pub async fn sync(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
) -> actix_web::Result<HttpResponse> {
    let id: StoreId = path_key(&id)?;
    let patience = patience(&req, SYNC_WAIT)?;
    let run_id = match request_sync(&services, &user.actor(&req), id).await {
        Ok(run_id) => run_id,
        Err(SyncError::NeedsLogin) => return Err(needs_login().into()),
        Err(error) => return Err(WebError::from(error).into()),
    };
    let run = settled_run(&services, user.tenant(), run_id, patience)
        .await
        .map_err(WebError::from)?;
    match run.state {
        JobState::Succeeded => {
            let summary: SyncSummary = serde_json::from_value(run.summary).unwrap_or_default();
            Ok(ok(&json!({
                "success": true,
                "products_count": summary.total,
                "message": "Товары успешно синхронизированы",
            })))
        }
        JobState::Queued | JobState::Running => {
            let (status, body) = goes_on(run_id, "Синхронизация продолжается в фоне");
            Ok(answer(status, &body))
        }
        JobState::Cancelled => {
            let text = "Синхронизация отменена";
            Err(Refused::failure(&req, StatusCode::CONFLICT, "cancelled", text).into())
        }
        JobState::Failed => match run.failure.as_deref() {
            Some("session_expired") => Err(needs_login().into()),
            code => {
                let code = code.unwrap_or(ErrorKind::Upstream.code());
                let text = failure_text(code);
                Err(Refused::failure(&req, StatusCode::BAD_GATEWAY, code, &text).into())
            }
        },
    }
}

/// As the predecessor told it, status included.
fn needs_login() -> Refused {
    Refused::Object(
        StatusCode::INTERNAL_SERVER_ERROR,
        json!({
            "success": false,
            "error": "Сессия истекла или отсутствуют учётные данные. Нужен повторный логин.",
        }),
    )
}

/// Why background work failed, in words.
#[must_use]
pub fn failure_text(code: &str) -> String {
    Texts::default().get_or(&format!("job-failure-{code}"), "job-failure-failed")
}

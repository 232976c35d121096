//! Actions on preorders: all of a store, its spreadsheet, its upload to the marketplace.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{
    app::{
        job_runs::settled_run,
        preorder_export::{PreorderExportError, PreorderFile, export_preorders},
        preorder_upload::{UploadRequestError, request_upload},
    },
    domain::{JobState, ListFormat, PreorderId, PreorderStatus, ProductId, StoreId, UploadState},
    services::Services,
    store::{
        preorder_uploads::preorder_upload_fetch,
        preorders::{Preorder, PreorderFilter, preorder_count, preorder_range},
        stores::store_fetch,
    },
    web::{
        WebError,
        api::{
            body::Body,
            envelope::{Refused, answer, ok},
            query,
            shapes::{goes_on, key, key_of_query, patience},
            stores::write::failure_text,
        },
        auth::CurrentUser,
        render::{XLSX, attachment},
        texts::Texts,
    },
};

/// What is missing in a body or an address.
const NO_STORE: &str = "store_id обязателен";
/// As the predecessor told it.
const NO_PREORDERS: &str = "Нет предзаказов для генерации Excel файла";
/// Preorders of one answer where the client names no number, and at most.
const LIMIT: i64 = 1_000;
const LIMIT_MAX: i64 = 5_000;
/// Seconds that an upload is waited for.
const UPLOAD_WAIT: u64 = 5;

/// A preorder of a store's whole list: other names and another clock than elsewhere.
#[derive(Serialize, utoipa::ToSchema)]
pub struct StorePreorderJson {
    #[schema(value_type = uuid::Uuid)]
    id: PreorderId,
    #[schema(value_type = uuid::Uuid)]
    product_id: ProductId,
    #[schema(value_type = uuid::Uuid)]
    store_id: StoreId,
    article: Option<String>,
    name: String,
    brand: Option<String>,
    price: Option<i64>,
    #[schema(value_type = String)]
    status: PreorderStatus,
    warehouses: serde_json::Value,
    delivery_days: i32,
    created_at: String,
    updated_at: String,
}

/// A store's preorders.
#[derive(Serialize, utoipa::ToSchema)]
pub struct StorePreordersJson {
    success: bool,
    preorders: Vec<StorePreorderJson>,
    /// Of the whole list.
    count: i64,
}

/// `GET /api/v1/preorders/list_by_store/`
pub async fn by_store(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
) -> actix_web::Result<HttpResponse> {
    let store_id: StoreId = key_of_query(&req, "store_id", NO_STORE)?;
    let limit = query::number(&req, "limit", LIMIT, 1, LIMIT_MAX)?;
    let offset = query::number(&req, "offset", 0, 0, i64::from(i32::MAX))?;
    let tenant = user.tenant();
    let filter = PreorderFilter {
        store_id: Some(store_id),
        ..PreorderFilter::default()
    };
    let (count, rows) = services
        .db
        .read(move |conn| {
            store_fetch(conn, tenant, store_id)?.ok_or_else(WebError::not_found)?;
            let count = preorder_count(conn, tenant, &filter)?;
            let rows = preorder_range(conn, tenant, &filter, limit, offset)?;
            Ok::<_, WebError>((count, rows))
        })
        .await?;
    Ok(ok(&StorePreordersJson {
        success: true,
        preorders: rows.into_iter().map(to_json).collect(),
        count,
    }))
}

fn to_json(preorder: Preorder) -> StorePreorderJson {
    let utc = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string();
    StorePreorderJson {
        id: preorder.id,
        product_id: preorder.product_id,
        store_id: preorder.store_id,
        article: preorder.article,
        name: preorder.name,
        brand: preorder.brand,
        price: preorder.price_tenge.map(|price| price.tiyin()),
        status: preorder.status,
        warehouses: preorder.warehouses,
        delivery_days: preorder.delivery_days,
        created_at: utc(preorder.created_at),
        updated_at: utc(preorder.updated_at),
    }
}

/// `POST /api/v1/preorders/generate_excel/`
pub async fn generate_excel(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    body: Body,
) -> actix_web::Result<HttpResponse> {
    let store_id: StoreId = key(body.object()?, "store_id", NO_STORE)?;
    let file = match export_preorders(&services, &user.actor(&req), store_id, ListFormat::Xlsx).await {
        Ok(file) => file,
        Err(PreorderExportError::Empty) => return Ok(no_preorders()),
        Err(error) => return Err(refused_file(&req, error)),
    };
    let stamp = services
        .now()
        .with_timezone(&chrono_tz::Asia::Almaty)
        .format("%Y%m%d_%H%M%S");
    let path = format!(
        "preorder_exports/preorders_{store_id}_{stamp}_{}.xlsx",
        mark(&file)
    );
    Ok(ok(&json!({
        "success": true,
        "filepath": path,
        "message": "Excel файл успешно сгенерирован",
        "url": format!("{}/{path}", query::origin(&req)),
        "rows": file.lines.len(),
        "size": file.bytes.len(),
    })))
}

fn no_preorders() -> HttpResponse {
    ok(&json!({ "success": false, "error": NO_PREORDERS }))
}

/// Eight characters that tell one content from another.
fn mark(file: &PreorderFile) -> String {
    let digest = Sha256::digest(&file.bytes);
    digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// `GET /preorder_exports/{name}`: the spreadsheet of a store's preorders in work, as they are when it is fetched.
pub async fn download(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    name: Path<String>,
) -> actix_web::Result<HttpResponse> {
    let store_id: StoreId = name
        .strip_prefix("preorders_")
        .and_then(|rest| rest.strip_suffix(".xlsx"))
        .and_then(|rest| rest.split('_').next())
        .and_then(|id| id.parse().ok())
        .ok_or_else(WebError::not_found)?;
    let file = match export_preorders(&services, &user.actor(&req), store_id, ListFormat::Xlsx).await {
        Err(PreorderExportError::Empty) => return Err(WebError::not_found().into()),
        other => other.map_err(|error| refused_file(&req, error))?,
    };
    Ok(attachment(&file.name, XLSX, file.bytes))
}

fn refused_file(req: &HttpRequest, error: PreorderExportError) -> actix_web::Error {
    let t = Texts::default();
    let (code, text) = match error {
        PreorderExportError::NotFound => return WebError::not_found().into(),
        PreorderExportError::Store(error) => return WebError::from(error).into(),
        PreorderExportError::Sheet(_) => {
            return WebError::internal(anyhow::anyhow!("the spreadsheet could not be written")).into();
        }
        PreorderExportError::Empty => ("empty", NO_PREORDERS.to_owned()),
        PreorderExportError::Incomplete { name, .. } => {
            ("incomplete", t.with("preorders-export-incomplete", "name", name))
        }
        PreorderExportError::NeedsXml => ("needs-xml", t.get("preorders-export-xml")),
    };
    Refused::failure(req, StatusCode::CONFLICT, code, &text).into()
}

/// `POST /api/v1/preorders/upload/`: sends a store's preorders to the marketplace, or joins the upload under way.
pub async fn upload(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    body: Body,
) -> actix_web::Result<HttpResponse> {
    let store_id: StoreId = key(body.object()?, "store_id", NO_STORE)?;
    let patience = patience(&req, UPLOAD_WAIT)?;
    let asked = request_upload(&services, &user.actor(&req), store_id).await;
    let id = match asked {
        Ok(id) => id,
        Err(UploadRequestError::File(PreorderExportError::Empty)) => return Ok(no_preorders()),
        Err(UploadRequestError::File(error)) => return Err(refused_file(&req, error)),
        Err(UploadRequestError::NeedsLogin) => {
            let body = json!({ "success": false, "error": "Сессия истекла" });
            return Err(Refused::Object(StatusCode::UNAUTHORIZED, body).into());
        }
        Err(error) => return Err(WebError::from(error).into()),
    };
    let tenant = user.tenant();
    let upload_of = || async {
        services
            .db
            .read(move |conn| preorder_upload_fetch(conn, tenant, id))
            .await?
            .map(|(upload, _)| upload)
            .ok_or_else(WebError::not_found)
    };
    let run_id = upload_of().await?.run_id;
    let run = settled_run(&services, tenant, run_id, patience)
        .await
        .map_err(WebError::from)?;
    let upload = upload_of().await?;
    let open = matches!(run.state, JobState::Queued | JobState::Running);
    match upload.state {
        UploadState::Applied | UploadState::AppliedPartly => Ok(ok(&json!({
            "success": true,
            "message": format!("Предзаказы для магазина {store_id} успешно загружены"),
        }))),
        _ if open => {
            let (status, body) = goes_on(run_id, "Загрузка предзаказов продолжается в фоне");
            Ok(answer(status, &body))
        }
        _ => {
            let code = upload.failure.as_deref().or(run.failure.as_deref());
            let code = code.unwrap_or_else(|| upload.state.as_str()).to_owned();
            let text = failure_text(&code);
            Err(Refused::failure(&req, StatusCode::CONFLICT, &code, &text).into())
        }
    }
}

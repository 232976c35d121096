//! `/api/v1/alerts/`: what people should hear of.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use serde::Serialize;

use super::{
    envelope::{no_content, ok, time},
    query, shapes,
};
use crate::{
    app::alerts::acknowledge,
    domain::{AlertId, ProductId, StoreId},
    services::Services,
    store::{
        StoreError,
        alerts::{AlertRow, alert_list_open, alert_list_seen},
        stores::{Store, store_list},
    },
    web::{
        WebError, WebResult,
        auth::CurrentUser,
        texts::{Texts, alerts::title_of},
    },
};

/// A trouble.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AlertJson {
    #[schema(value_type = uuid::Uuid)]
    id: AlertId,
    kind: &'static str,
    /// critical, warning, notice.
    severity: &'static str,
    #[schema(value_type = Option<uuid::Uuid>)]
    store: Option<StoreId>,
    #[schema(value_type = Option<uuid::Uuid>)]
    product: Option<ProductId>,
    /// In one sentence.
    title: String,
    times: i32,
    created_at: String,
    last_at: String,
    acknowledged_by: Option<String>,
    acknowledged_at: Option<String>,
    resolved_at: Option<String>,
}

/// Troubles: open ones that nobody has seen, or (`?seen=true`) the others.
#[derive(Serialize, utoipa::ToSchema)]
pub struct AlertListJson {
    results: Vec<AlertJson>,
}

/// `GET /api/v1/alerts/`
pub async fn list(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
) -> actix_web::Result<HttpResponse> {
    let seen = query::filter_bool(&req, "seen")?.unwrap_or(false);
    let (limit, tenant) = (query::limit(&req)?, user.tenant());
    let (rows, stores) = services
        .db
        .read(move |conn| {
            let rows = if seen {
                alert_list_seen(conn, tenant, limit)?
            } else {
                alert_list_open(conn, tenant, limit)?
            };
            Ok::<_, StoreError>((rows, store_list(conn, tenant)?))
        })
        .await
        .map_err(WebError::from)?;
    Ok(ok(&AlertListJson {
        results: rows.into_iter().map(|row| to_json(row, &stores)).collect(),
    }))
}

fn to_json(row: AlertRow, stores: &[Store]) -> AlertJson {
    let store = stores.iter().find(|store| Some(store.id) == row.store_id);
    let title = title_of(&row, store.map(|store| store.name.as_str()), &Texts::default());
    AlertJson {
        id: row.id,
        kind: row.kind.as_str(),
        severity: row.severity.as_str(),
        store: row.store_id,
        product: row.product_id,
        title,
        times: row.times,
        created_at: time(row.created_at),
        last_at: time(row.last_at),
        acknowledged_by: row.acknowledged_by,
        acknowledged_at: row.acknowledged_at.map(time),
        resolved_at: row.resolved_at.map(time),
    }
}

/// `POST /api/v1/alerts/{id}/acknowledge/`
pub async fn seen(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
) -> WebResult<HttpResponse> {
    let id: AlertId = shapes::path_key(&id)?;
    acknowledge(&services, &user.actor(&req), id).await?;
    Ok(no_content())
}

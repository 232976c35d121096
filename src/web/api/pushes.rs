//! `/api/v1/price-pushes/`: where writes of prices stand. Prices are in whole tenge.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use serde::Serialize;

use super::{
    envelope::{ok, time},
    query, shapes,
};
use crate::{
    domain::{ProductId, PushId, StoreId},
    services::Services,
    store::{
        push_lists::{push_fetch, push_list_newest},
        pushes::{Push, PushCity},
    },
    web::{WebError, WebResult, auth::CurrentUser, pages::product::why::push_reason, texts::Texts},
};

/// A write of one product with all its city prices.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PushJson {
    #[schema(value_type = uuid::Uuid)]
    id: PushId,
    #[schema(value_type = uuid::Uuid)]
    store: StoreId,
    #[schema(value_type = uuid::Uuid)]
    product: ProductId,
    /// planned, claimed, sent, accepted, confirmed, rejected, unknown, mismatch, removed, superseded, expired, held.
    state: &'static str,
    /// Nothing more will happen.
    is_final: bool,
    /// robot, person, put_back, restore.
    origin: &'static str,
    /// Code of what held, refused or ended it.
    reason: Option<String>,
    /// The same in words.
    reason_text: Option<String>,
    cities: Vec<PushCityJson>,
    planned_at: String,
    sent_at: Option<String>,
    accepted_at: Option<String>,
    finished_at: Option<String>,
}

/// The price in one city, in tenge.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PushCityJson {
    city: String,
    before: i64,
    price: i64,
    /// As last read back.
    seen: Option<i64>,
}

/// The newest writes.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PushListJson {
    results: Vec<PushJson>,
}

/// `GET /api/v1/price-pushes/`
pub async fn list(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
) -> actix_web::Result<HttpResponse> {
    let product: Option<ProductId> = query::filter_key(&req, "product")?;
    let store: Option<StoreId> = query::filter_key(&req, "store")?;
    let (limit, tenant) = (query::limit(&req)?, user.tenant());
    let rows = services
        .db
        .read(move |conn| push_list_newest(conn, tenant, (product, store), limit))
        .await
        .map_err(WebError::from)?;
    Ok(ok(&PushListJson {
        results: rows.into_iter().map(to_json).collect(),
    }))
}

/// `GET /api/v1/price-pushes/{id}/`
pub async fn detail(
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
) -> WebResult<HttpResponse> {
    let id: PushId = shapes::path_key(&id)?;
    let tenant = user.tenant();
    let found = services
        .db
        .read(move |conn| push_fetch(conn, tenant, id))
        .await?
        .ok_or_else(WebError::not_found)?;
    Ok(ok(&to_json(found)))
}

fn to_json((push, cities): (Push, Vec<PushCity>)) -> PushJson {
    let t = Texts::default();
    PushJson {
        id: push.id,
        store: push.store_id,
        product: push.product_id,
        state: push.state.as_str(),
        is_final: push.state.is_final(),
        origin: push.origin.as_str(),
        reason_text: push.reason.as_deref().map(|code| push_reason(code, &t)),
        reason: push.reason,
        cities: cities
            .into_iter()
            .map(|city| PushCityJson {
                city: city.city_id,
                before: city.before_tenge.0,
                price: city.price_tenge.0,
                seen: city.seen_tenge.map(|price| price.0),
            })
            .collect(),
        planned_at: time(push.planned_at),
        sent_at: push.sent_at.map(time),
        accepted_at: push.accepted_at.map(time),
        finished_at: push.finished_at.map(time),
    }
}

//! `/api/v1/stops/`: the stop button. Stopping needs a reason alone; letting go needs the password of the key's owner
//! too.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde::Serialize;

use super::{
    body::Body,
    envelope::{Refused, answer, no_content, ok, time},
    fields::{Field, Needs, Takes, read},
    query, shapes, texts,
};
use crate::{
    app::{
        kill_switch::{StopError, release_stop, stop_prices},
        sign_in::{SignInError, confirm},
    },
    domain::{KillSwitchId, ProductId, StopTarget, StoreId, Tenant},
    secrets::Secret,
    services::Services,
    store::kill_switches::{NamedStop, kill_switch_fetch, kill_switch_list_active, kill_switch_list_past},
    web::{
        WebError,
        auth::{CurrentUser, address_of},
    },
};

/// What a stop takes.
pub const FIELDS: &[Field] = &[
    Field::required(
        "target",
        Takes::Text(255),
        r#""store:4022b702-85e4-68ff-98d0-1073c52038b8""#,
    ),
    Field::required("reason", Takes::Text(500), r#""Ошибка в закупочных ценах""#),
];

/// What letting go takes.
pub const RELEASE: &[Field] = &[
    Field::required("reason", Takes::Text(500), r#""Цены исправлены""#),
    Field::required("password", Takes::Text(1_000), r#""correct horse battery""#),
];

/// A stop.
#[derive(Serialize, utoipa::ToSchema)]
pub struct StopJson {
    #[schema(value_type = uuid::Uuid)]
    id: KillSwitchId,
    /// all, store, strategy, product.
    scope: &'static str,
    #[schema(value_type = Option<uuid::Uuid>)]
    store: Option<StoreId>,
    strategy: Option<String>,
    #[schema(value_type = Option<uuid::Uuid>)]
    product: Option<ProductId>,
    reason: String,
    stopped_by: String,
    stopped_at: String,
    released_by: Option<String>,
    released_at: Option<String>,
    release_reason: Option<String>,
}

/// Stops in force, or (`?past=true`) those that were released.
#[derive(Serialize, utoipa::ToSchema)]
pub struct StopListJson {
    results: Vec<StopJson>,
}

/// `GET /api/v1/stops/`
pub async fn list(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
) -> actix_web::Result<HttpResponse> {
    let past = query::filter_bool(&req, "past")?.unwrap_or(false);
    let (limit, tenant) = (query::limit(&req)?, user.tenant());
    let rows = services
        .db
        .read(move |conn| {
            if past {
                kill_switch_list_past(conn, tenant, limit)
            } else {
                kill_switch_list_active(conn, tenant)
            }
        })
        .await
        .map_err(WebError::from)?;
    Ok(ok(&StopListJson {
        results: rows.into_iter().map(to_json).collect(),
    }))
}

/// `GET /api/v1/stops/{id}/`
pub async fn detail(
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
) -> actix_web::Result<HttpResponse> {
    Ok(ok(
        &stop_json(&services, user.tenant(), shapes::path_key(&id)?).await?
    ))
}

async fn stop_json(services: &Services, tenant: Tenant, id: KillSwitchId) -> Result<StopJson, WebError> {
    let found = services
        .db
        .read(move |conn| kill_switch_fetch(conn, tenant, id))
        .await?;
    found.map(to_json).ok_or_else(WebError::not_found)
}

fn to_json(named: NamedStop) -> StopJson {
    let stop = named.stop;
    StopJson {
        id: stop.id,
        scope: stop.scope.as_str(),
        store: stop.store_id,
        strategy: stop.strategy,
        product: stop.product_id,
        reason: stop.reason,
        stopped_by: stop.stopped_by,
        stopped_at: time(stop.stopped_at),
        released_by: stop.released_by,
        released_at: stop.released_at.map(time),
        release_reason: stop.release_reason,
    }
}

/// `POST /api/v1/stops/`
pub async fn stop(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    body: Body,
) -> actix_web::Result<HttpResponse> {
    let (values, errors) = read(FIELDS, &[], body.object()?, Needs::All);
    errors.refuse()?;
    let text = values.text("target").unwrap_or_default();
    let target: StopTarget = text
        .parse()
        .map_err(|_| Refused::one("target", texts::bad_choice(&text)))?;
    let reason = values.text("reason").unwrap_or_default();
    let id = stop_prices(&services, &user.actor(&req), target, &reason)
        .await
        .map_err(|error| match error {
            StopError::NotFound => actix_web::Error::from(Refused::one("target", texts::unknown_key(&text))),
            other => WebError::from(other).into(),
        })?;
    let object = stop_json(&services, user.tenant(), id).await?;
    Ok(answer(StatusCode::CREATED, &object))
}

/// `POST /api/v1/stops/{id}/release/`
pub async fn release(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
    body: Body,
) -> actix_web::Result<HttpResponse> {
    let id: KillSwitchId = shapes::path_key(&id)?;
    stop_json(&services, user.tenant(), id).await?;
    let (values, errors) = read(RELEASE, &[], body.object()?, Needs::All);
    errors.refuse()?;
    // As it was sent, blanks at its ends included.
    let password = body
        .object()?
        .get("password")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default();
    let confirmed = confirm(&services, &user.user, Secret::from(password), &address_of(&req))
        .await
        .map_err(|error| match error {
            SignInError::Wrong => {
                actix_web::Error::from(Refused::one("password", texts::BAD_PASSWORD.to_owned()))
            }
            error => WebError::from(error).into(),
        })?;
    let reason = values.text("reason").unwrap_or_default();
    release_stop(&services, &user.actor(&req), &confirmed, id, &reason)
        .await
        .map_err(WebError::from)?;
    Ok(no_content())
}

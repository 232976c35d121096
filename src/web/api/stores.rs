//! `/api/v1/kaspi/stores/`: the caller's stores.

pub mod login;
pub mod write;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use serde::Serialize;

use super::{
    envelope::{PageParam, ok, page, time},
    fields::{Field, Takes},
    query, shapes,
};
use crate::{
    domain::{StoreId, UserId},
    services::Services,
    store::api_lists::{
        StoreApiFilter, StoreApiRow, StoreSort, store_api_count, store_api_fetch, store_api_list,
    },
    web::{WebError, WebResult, auth::CurrentUser},
};

/// Fields one may sort by.
const SORTS: &[(&str, StoreSort)] = &[
    ("id", StoreSort::Id),
    ("created_at", StoreSort::CreatedAt),
    ("updated_at", StoreSort::UpdatedAt),
    ("user_id", StoreSort::UserId),
    ("merchant_id", StoreSort::MerchantId),
    ("name", StoreSort::Name),
    ("products_count", StoreSort::ProductsCount),
    ("last_sync", StoreSort::LastSync),
    ("is_active", StoreSort::IsActive),
];

/// What a body may say.
pub const FIELDS: &[Field] = &[
    Field::optional("user_id", Takes::Text(255), r#""user-1""#),
    Field::required("merchant_id", Takes::Text(255), r#""30000001""#),
    Field::required("name", Takes::Text(255), r#""Магазин 1""#),
    Field::nullable("last_sync", Takes::Time, "null"),
    Field::optional("is_active", Takes::Switch, "true"),
];

/// A store as clients know it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct StoreJson {
    #[schema(value_type = uuid::Uuid)]
    id: StoreId,
    created_at: String,
    updated_at: String,
    user_id: String,
    merchant_id: String,
    name: String,
    /// For its owner alone.
    api_key: Option<String>,
    products_count: i32,
    last_sync: Option<String>,
    is_active: bool,
}

/// A page of stores, newest first.
pub async fn list(
    request: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
) -> actix_web::Result<HttpResponse> {
    let filter = StoreApiFilter {
        owner_external_id: query::filter(&request, "user_id"),
        sorts: query::ordering(&request, SORTS),
    };
    let (wanted, tenant) = (PageParam::of(&request)?, user.tenant());
    let list = services
        .db
        .read(move |conn| {
            let total = store_api_count(conn, tenant, &filter)?;
            let page = wanted.within(total);
            page.map(|page| store_api_list(conn, tenant, &filter, total, page))
                .transpose()
        })
        .await
        .map_err(WebError::from)?;
    Ok(page(&request, list, |row| to_json(row, user.id()))?)
}

/// One store.
pub async fn detail(
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
) -> WebResult<HttpResponse> {
    let id: StoreId = shapes::path_key(&id)?;
    Ok(ok(&store_json(&services, &user, id).await?))
}

async fn store_json(services: &Services, user: &CurrentUser, id: StoreId) -> WebResult<StoreJson> {
    let tenant = user.tenant();
    let row = services
        .db
        .read(move |conn| store_api_fetch(conn, tenant, id))
        .await?
        .ok_or_else(WebError::not_found)?;
    Ok(to_json(row, user.id()))
}

fn to_json(row: StoreApiRow, caller: UserId) -> StoreJson {
    let store = row.store;
    StoreJson {
        id: store.id,
        created_at: time(store.created_at),
        updated_at: time(store.updated_at),
        user_id: row.owner_external_id,
        merchant_id: store.merchant_id,
        name: store.name,
        api_key: (store.owner_id == caller).then_some(store.api_key),
        products_count: store.products_count,
        last_sync: store.last_sync_at.map(time),
        is_active: store.active,
    }
}

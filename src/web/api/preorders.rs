//! `/api/v1/preorders/`: the caller's preorders. Their prices are in tiyn, as those of products; all others of the API are in
//! tenge.

pub mod actions;
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
    domain::{PreorderId, PreorderStatus, ProductId, StoreId},
    services::Services,
    store::{
        api_lists::{PreorderApiFilter, PreorderSort, preorder_api_count, preorder_api_list},
        preorders::{Preorder, preorder_fetch},
    },
    web::{WebError, WebResult, auth::CurrentUser},
};

/// Fields one may sort by.
const SORTS: &[(&str, PreorderSort)] = &[
    ("created_at", PreorderSort::CreatedAt),
    ("status", PreorderSort::Status),
];

/// What a body may say.
pub const FIELDS: &[Field] = &[
    Field::required("product", Takes::Key, r#""cf682b73-be1a-fad4-7d0f-32559ac34627""#),
    Field::required("store", Takes::Key, r#""f2d2562d-4dcb-fb6e-e03c-ffa12f6e62de""#),
    Field::nullable("article", Takes::Text(255), r#""ART1""#),
    Field::required("name", Takes::Text(500), r#""Предзаказ мод. 1""#),
    Field::nullable("brand", Takes::Text(255), r#""Tulpar""#),
    Field::optional("status", Takes::Choice(STATUSES), r#""processing""#),
    Field::nullable("price", Takes::Tiyin, "107900"),
    Field::optional("warehouses", Takes::Json, r#"{"1": {"id": 1, "quantity": 3}}"#),
    Field::optional("delivery_days", Takes::Integer(0, 30), "14"),
];

/// Where a preorder may stand.
const STATUSES: &[&str] = &["processing", "completed", "cancelled"];

/// A preorder as clients know it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PreorderJson {
    #[schema(value_type = uuid::Uuid)]
    id: PreorderId,
    #[schema(value_type = uuid::Uuid)]
    product: ProductId,
    #[schema(value_type = uuid::Uuid)]
    store: StoreId,
    article: Option<String>,
    name: String,
    brand: Option<String>,
    #[schema(value_type = String)]
    status: PreorderStatus,
    price: Option<i64>,
    warehouses: serde_json::Value,
    delivery_days: i32,
    created_at: String,
    updated_at: String,
}

/// A page of preorders, newest first.
pub async fn list(
    request: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
) -> actix_web::Result<HttpResponse> {
    let filter = PreorderApiFilter {
        store_id: query::filter_key(&request, "store")?.or(query::filter_key(&request, "store_id")?),
        status: query::filter_word(&request, "status")?,
        search: query::filter(&request, "search").unwrap_or_default(),
        sorts: query::ordering(&request, SORTS),
    };
    let (wanted, tenant) = (PageParam::of(&request)?, user.tenant());
    let list = services
        .db
        .read(move |conn| {
            let total = preorder_api_count(conn, tenant, &filter)?;
            let page = wanted.within(total);
            page.map(|page| preorder_api_list(conn, tenant, &filter, total, page))
                .transpose()
        })
        .await
        .map_err(WebError::from)?;
    Ok(page(&request, list, to_json)?)
}

/// One preorder.
pub async fn detail(
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
) -> WebResult<HttpResponse> {
    let id: PreorderId = shapes::path_key(&id)?;
    let preorder = preorder_of(&services, &user, id).await?;
    Ok(ok(&to_json(preorder)))
}

async fn preorder_of(services: &Services, user: &CurrentUser, id: PreorderId) -> WebResult<Preorder> {
    let tenant = user.tenant();
    let row = services
        .db
        .read(move |conn| preorder_fetch(conn, tenant, id))
        .await?
        .ok_or_else(WebError::not_found)?;
    Ok(row.preorder)
}

fn to_json(preorder: Preorder) -> PreorderJson {
    PreorderJson {
        id: preorder.id,
        product: preorder.product_id,
        store: preorder.store_id,
        article: preorder.article,
        name: preorder.name,
        brand: preorder.brand,
        status: preorder.status,
        price: preorder.price_tenge.map(|price| price.tiyin()),
        warehouses: preorder.warehouses,
        delivery_days: preorder.delivery_days,
        created_at: time(preorder.created_at),
        updated_at: time(preorder.updated_at),
    }
}

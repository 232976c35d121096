//! `/api/v1/products/`: the caller's products. Their prices are in tiyn, as those of preorders; all others of the API are in
//! tenge.

pub mod actions;
pub mod write;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use serde::Serialize;

use super::{
    envelope::{PageParam, decimal, ok, page, time},
    fields::{Field, Takes},
    query, shapes,
};
use crate::{
    domain::{ProductId, StoreId},
    services::Services,
    store::{
        api_lists::{ProductApiFilter, ProductSort, product_api_list},
        product_lists::{ListedProduct, product_api_count},
        products::product_fetch,
    },
    web::{WebError, WebResult, auth::CurrentUser},
};

/// Fields one may sort by.
const SORTS: &[(&str, ProductSort)] = &[
    ("created_at", ProductSort::CreatedAt),
    ("price", ProductSort::Price),
    ("name", ProductSort::Name),
];

/// What a body may say.
pub const FIELDS: &[Field] = &[
    Field::required("kaspi_product_id", Takes::Text(255), r#""100000001_200000002""#),
    Field::nullable("kaspi_sku", Takes::Text(255), r#""100000001_200000002""#),
    Field::required("store", Takes::Key, r#""4022b702-85e4-68ff-98d0-1073c52038b8""#),
    Field::required("price", Takes::Tiyin, "12345600"),
    Field::required("name", Takes::Text(500), r#""Чайник демо""#),
    Field::nullable("external_kaspi_id", Takes::Text(255), r#""100000001""#),
    Field::nullable("category", Takes::Text(255), r#""Чайники""#),
    Field::nullable(
        "image_url",
        Takes::Url(200),
        r#""https://img.example.invalid/p/51.jpg""#,
    ),
    Field::optional("bot_active", Takes::Switch, "true"),
    Field::nullable("last_check_time", Takes::Time, "null"),
    Field::nullable("min_profit", Takes::Decimal(10, 2), r#""500.00""#),
    Field::nullable("max_profit", Takes::Decimal(10, 2), r#""90000.00""#),
    Field::nullable("strategy", Takes::Text(50), "null"),
];

/// A product as clients know it.
#[derive(Serialize, utoipa::ToSchema)]
pub struct ProductJson {
    #[schema(value_type = uuid::Uuid)]
    id: ProductId,
    kaspi_product_id: String,
    kaspi_sku: Option<String>,
    #[schema(value_type = uuid::Uuid)]
    store: StoreId,
    /// In the store's main city; null until it was read once.
    price: Option<i64>,
    price_in_tenge: Option<String>,
    name: String,
    external_kaspi_id: Option<String>,
    category: Option<String>,
    image_url: Option<String>,
    bot_active: bool,
    last_check_time: Option<String>,
    min_profit: Option<String>,
    max_profit: Option<String>,
    strategy: Option<String>,
    created_at: String,
    updated_at: String,
}

/// A page of products, newest first.
pub async fn list(
    request: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
) -> actix_web::Result<HttpResponse> {
    let filter = ProductApiFilter {
        store_id: query::filter_key(&request, "store")?.or(query::filter_key(&request, "store_id")?),
        repricing_enabled: query::filter_bool(&request, "bot_active")?,
        category: query::filter(&request, "category"),
        search: query::filter(&request, "search").unwrap_or_default(),
        sorts: query::ordering(&request, SORTS),
    };
    let (wanted, tenant) = (PageParam::of(&request)?, user.tenant());
    let counts = services.product_counts.clone();
    let list = services
        .db
        .read(move |conn| {
            let counted = product_api_count(conn, &counts, tenant, &filter)?;
            let page = wanted.within(counted.total);
            page.map(|page| product_api_list(conn, tenant, &filter, &counted, page))
                .transpose()
        })
        .await
        .map_err(WebError::from)?;
    Ok(page(&request, list, to_json)?)
}

/// One product.
pub async fn detail(
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
) -> WebResult<HttpResponse> {
    let id: ProductId = shapes::path_key(&id)?;
    Ok(ok(&product_json(&services, &user, id).await?))
}

async fn product_json(services: &Services, user: &CurrentUser, id: ProductId) -> WebResult<ProductJson> {
    let tenant = user.tenant();
    let row = services
        .db
        .read(move |conn| product_fetch(conn, tenant, id))
        .await?
        .ok_or_else(WebError::not_found)?;
    Ok(to_json(row.into()))
}

fn to_json(product: ListedProduct) -> ProductJson {
    ProductJson {
        id: product.id,
        kaspi_product_id: product.kaspi_product_id,
        kaspi_sku: product.sku,
        store: product.store_id,
        price: product.price.map(|price| price.tiyin()),
        price_in_tenge: product.price.map(decimal),
        name: product.name,
        external_kaspi_id: product.card_id,
        category: product.category,
        image_url: product.image_url,
        bot_active: product.repricing_enabled,
        last_check_time: product.last_check_at.map(time),
        min_profit: product.floor_tenge.map(decimal),
        max_profit: product.ceiling_tenge.map(decimal),
        strategy: product.strategy,
        created_at: time(product.created_at),
        updated_at: time(product.updated_at),
    }
}

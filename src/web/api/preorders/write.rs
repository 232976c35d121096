//! Making, changing and removing preorders.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde_json::json;

use super::{FIELDS, preorder_of, to_json};
use crate::{
    app::{
        edit::FieldError,
        preorder_edit::{
            NewPreorder, PreorderEditError, change_of, create_preorder, delete_preorder, edit_preorder,
        },
    },
    domain::{PreorderId, PreorderStatus, ProductId, StoreId, Tenge, preorder::MAX_DELIVERY_DAYS},
    services::Services,
    store::{
        StoreError,
        preorders::{Preorder, PreorderChange},
        products::product_fetch,
        stores::store_fetch,
    },
    web::{
        WebError,
        api::{
            body::Body,
            envelope::{answer, no_content, ok, refused_edit},
            fields::{Errors, Needs, Values, read},
            shapes::path_key,
            texts,
        },
        auth::CurrentUser,
    },
};

/// `product_id` and `store_id` stand for `product` and `store`.
pub const INSTEAD: &[(&str, &str)] = &[("product_id", "product"), ("store_id", "store")];

/// `POST /api/v1/preorders/`
pub async fn create(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    body: Body,
) -> actix_web::Result<HttpResponse> {
    let (values, mut errors) = read(FIELDS, INSTEAD, body.object()?, Needs::All);
    known(&services, &user, &values, &mut errors).await?;
    errors.in_order_of(FIELDS).refuse()?;
    let product = values
        .key("product")
        .map(ProductId)
        .ok_or_else(WebError::not_found)?;
    let new = NewPreorder {
        product_id: product,
        store_id: values.key("store").map(StoreId),
        article: values.text("article"),
        name: values.text("name"),
        brand: values.text("brand"),
        status: status_of(&values).unwrap_or(PreorderStatus::Processing),
        price_tenge: price_of(&values),
        warehouses: values.json("warehouses").cloned().unwrap_or_else(|| json!({})),
        delivery_days: days_of(&values).unwrap_or(MAX_DELIVERY_DAYS),
    };
    let id = create_preorder(&services, &user.actor(&req), new)
        .await
        .map_err(|error| refused(&req, error))?;
    let preorder = preorder_of(&services, &user, id).await?;
    Ok(answer(StatusCode::CREATED, &to_json(preorder)))
}

/// Product and store exist for the caller.
async fn known(
    services: &Services,
    user: &CurrentUser,
    values: &Values,
    errors: &mut Errors,
) -> Result<(), WebError> {
    let (product, store) = (values.key("product"), values.key("store"));
    let tenant = user.tenant();
    let (has_product, has_store) = services
        .db
        .read(move |conn| {
            let has_product = match product {
                Some(id) => product_fetch(conn, tenant, ProductId(id))?.is_some(),
                None => true,
            };
            let has_store = match store {
                Some(id) => store_fetch(conn, tenant, StoreId(id))?.is_some(),
                None => true,
            };
            Ok::<_, StoreError>((has_product, has_store))
        })
        .await?;
    for (name, key, known) in [("product", product, has_product), ("store", store, has_store)] {
        if let (Some(key), false) = (key, known) {
            errors.add(name, texts::unknown_key(&key.to_string()));
        }
    }
    Ok(())
}

/// `PUT` and `PATCH /api/v1/preorders/{id}/`
pub async fn change(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
    body: Body,
) -> actix_web::Result<HttpResponse> {
    let id: PreorderId = path_key(&id)?;
    let kept = preorder_of(&services, &user, id).await?;
    let (values, mut errors) = read(FIELDS, INSTEAD, body.object()?, Needs::of(&req));
    known(&services, &user, &values, &mut errors).await?;
    if errors.is_empty() {
        stays(&kept, &values, &mut errors);
    }
    errors.in_order_of(FIELDS).refuse()?;
    let change = changed(change_of(&kept), &values);
    edit_preorder(&services, &user.actor(&req), id, kept.version, change)
        .await
        .map_err(|error| refused(&req, error))?;
    let preorder = preorder_of(&services, &user, id).await?;
    Ok(ok(&to_json(preorder)))
}

/// A preorder keeps its product, and with it its store.
fn stays(kept: &Preorder, values: &Values, errors: &mut Errors) {
    if values.key("product").is_some_and(|key| key != kept.product_id.0) {
        errors.add("product", texts::PREORDER_FIXED.to_owned());
    }
    if values.key("store").is_some_and(|key| key != kept.store_id.0) {
        errors.add("store", texts::PREORDER_FIXED.to_owned());
    }
}

fn changed(kept: PreorderChange, values: &Values) -> PreorderChange {
    PreorderChange {
        article: values.text_change("article").unwrap_or(kept.article),
        name: values.text("name").unwrap_or(kept.name),
        brand: values.text_change("brand").unwrap_or(kept.brand),
        status: status_of(values).unwrap_or(kept.status),
        price_tenge: if values.has("price") {
            price_of(values)
        } else {
            kept.price_tenge
        },
        warehouses: values.json("warehouses").cloned().unwrap_or(kept.warehouses),
        delivery_days: days_of(values).unwrap_or(kept.delivery_days),
    }
}

fn status_of(values: &Values) -> Option<PreorderStatus> {
    values.text("status")?.parse().ok()
}

fn price_of(values: &Values) -> Option<Tenge> {
    values.integer("price").map(|tiyin| Tenge(tiyin / 100))
}

fn days_of(values: &Values) -> Option<i32> {
    i32::try_from(values.integer("delivery_days")?).ok()
}

/// `DELETE /api/v1/preorders/{id}/`
pub async fn delete(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
) -> actix_web::Result<HttpResponse> {
    let id: PreorderId = path_key(&id)?;
    delete_preorder(&services, &user.actor(&req), id)
        .await
        .map_err(|error| refused(&req, error))?;
    Ok(no_content())
}

fn refused(req: &HttpRequest, error: PreorderEditError) -> actix_web::Error {
    refused_edit(req, error, FIELDS, names)
}

fn names(error: &FieldError) -> (&'static str, Option<String>) {
    match (error.field, error.code) {
        (_, "preorder-error-exists") => ("non_field_errors", Some(texts::not_unique("product, store"))),
        ("product_id", _) => ("product", None),
        ("store_id", _) => ("store", None),
        ("price_tenge", _) => ("price", None),
        (field, _) => (field, None),
    }
}

//! Making, changing and removing products.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};

use super::{FIELDS, product_json};
use crate::{
    app::{
        edit::FieldError,
        product_edit::{ProductEditError, delete_product},
        product_write::{ProductWrite, write_new_product, write_product},
    },
    domain::{ProductId, StoreId, Tenge},
    services::Services,
    web::{
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

/// `store_id` wins over `store`.
pub const INSTEAD: &[(&str, &str)] = &[("store_id", "store")];

/// `POST /api/v1/products/`
pub async fn create(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    body: Body,
) -> actix_web::Result<HttpResponse> {
    let (values, errors) = read(FIELDS, INSTEAD, body.object()?, Needs::All);
    let write = write_of(&values, errors)?;
    let store = write.store_id;
    let id = write_new_product(&services, &user.actor(&req), write)
        .await
        .map_err(|error| refused(&req, error, store))?;
    let object = product_json(&services, &user, id).await?;
    Ok(answer(StatusCode::CREATED, &object))
}

/// `PUT` and `PATCH /api/v1/products/{id}/`
pub async fn change(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
    body: Body,
) -> actix_web::Result<HttpResponse> {
    let id: ProductId = path_key(&id)?;
    // What is not there is said before what is wrong.
    product_json(&services, &user, id).await?;
    let (values, errors) = read(FIELDS, INSTEAD, body.object()?, Needs::of(&req));
    let write = write_of(&values, errors)?;
    let store = write.store_id;
    write_product(&services, &user.actor(&req), id, write)
        .await
        .map_err(|error| refused(&req, error, store))?;
    Ok(ok(&product_json(&services, &user, id).await?))
}

/// `DELETE /api/v1/products/{id}/`
pub async fn delete(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
) -> actix_web::Result<HttpResponse> {
    let id: ProductId = path_key(&id)?;
    delete_product(&services, &user.actor(&req), id)
        .await
        .map_err(|error| refused(&req, error, None))?;
    Ok(no_content())
}

fn write_of(values: &Values, mut errors: Errors) -> actix_web::Result<ProductWrite> {
    let mut limit = |name: &'static str, round: fn(&str) -> Option<Tenge>| {
        values.has(name).then(|| {
            let text = values.decimal(name)?;
            let amount = round(text);
            if amount.is_none() {
                errors.add(name, texts::BAD_NUMBER.to_owned());
            }
            amount
        })
    };
    // A floor stays a floor, a ceiling a ceiling: prices are whole tenge.
    let floor = limit("min_profit", |text| Tenge::from_decimal_rounded_up(text).ok());
    let ceiling = limit("max_profit", |text| Tenge::from_decimal_rounded_down(text).ok());
    errors.in_order_of(FIELDS).refuse()?;
    Ok(ProductWrite {
        store_id: values.key("store").map(StoreId),
        kaspi_product_id: values.text("kaspi_product_id"),
        sku: values.text_change("kaspi_sku"),
        card_id: values.text_change("external_kaspi_id"),
        name: values.text("name"),
        category: values.text_change("category"),
        image_url: values.text_change("image_url"),
        price: values.integer("price").map(|tiyin| Tenge(tiyin / 100)),
        repricing_enabled: values.switch("bot_active"),
        floor,
        ceiling,
        strategy: values.text_change("strategy"),
    })
}

fn refused(req: &HttpRequest, error: ProductEditError, store: Option<StoreId>) -> actix_web::Error {
    refused_edit(req, error, FIELDS, |error| names(error, store))
}

/// The API's name of a column, and its own sentence where it has one.
fn names(error: &FieldError, store: Option<StoreId>) -> (&'static str, Option<String>) {
    match (error.field, error.code) {
        ("sku", "product-error-sku-taken") => {
            ("non_field_errors", Some(texts::not_unique("store, kaspi_sku")))
        }
        ("store_id", "product-error-store-unknown") => {
            let key = store.map(|store| store.to_string()).unwrap_or_default();
            ("store", Some(texts::unknown_key(&key)))
        }
        ("sku", _) => ("kaspi_sku", None),
        ("store_id", _) => ("store", None),
        ("card_id", _) => ("external_kaspi_id", None),
        ("price_tenge", _) => ("price", None),
        ("repricing_enabled", _) => ("bot_active", None),
        ("floor_tenge", _) => ("min_profit", None),
        ("ceiling_tenge", _) => ("max_profit", None),
        (field, _) => (field, None),
    }
}

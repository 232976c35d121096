//! The JSON API under `/api/v1/` and the health addresses: paths, shapes and texts that clients rely on. Reads go
//! to `store`; nothing here writes.

pub mod envelope;
mod health;
mod preorders;
mod products;
mod query;
mod stores;
pub mod texts;

use actix_web::{HttpRequest, HttpResponse, http::header, web};
use serde::Serialize;

use envelope::ok;

use super::routes::{Access, Kind, Route};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    health("/health/", || web::to(health::alive)),
    health("/health/db/", || web::to(health::database)),
    health("/health/ready", || web::to(health::ready)),
    read("/api/v1/", || web::to(root)),
    read("/api/v1/kaspi/stores/", || web::to(stores::list)),
    read("/api/v1/kaspi/stores/{id}/", || web::to(stores::detail)),
    read("/api/v1/products/", || web::to(products::list)),
    read("/api/v1/products/{id}/", || web::to(products::detail)),
    read("/api/v1/preorders/", || web::to(preorders::list)),
    read("/api/v1/preorders/{id}/", || web::to(preorders::detail)),
    slashless("/api/v1"),
    slashless("/api/v1/kaspi/stores"),
    slashless("/api/v1/kaspi/stores/{id}"),
    slashless("/api/v1/products"),
    slashless("/api/v1/products/{id}"),
    slashless("/api/v1/preorders"),
    slashless("/api/v1/preorders/{id}"),
];

const fn health(path: &'static str, handler: fn() -> actix_web::Route) -> Route {
    Route::get(path, Kind::Health, Access::Anonymous, handler)
}

const fn read(path: &'static str, handler: fn() -> actix_web::Route) -> Route {
    Route::get(path, Kind::Api, Access::SignedIn, handler)
}

/// An address without its last slash leads to the one with it, whoever asks.
const fn slashless(path: &'static str) -> Route {
    Route::get(path, Kind::Api, Access::Anonymous, || web::to(add_slash))
}

#[derive(Serialize)]
struct Root {
    #[serde(rename = "kaspi/stores")]
    stores: String,
    products: String,
    preorders: String,
}

/// The addresses of the lists.
async fn root(request: HttpRequest) -> HttpResponse {
    let at = |path: &str| format!("{}/api/v1/{path}/", query::origin(&request));
    ok(&Root {
        stores: at("kaspi/stores"),
        products: at("products"),
        preorders: at("preorders"),
    })
}

async fn add_slash(request: HttpRequest) -> HttpResponse {
    let query = request.query_string();
    let question = if query.is_empty() { "" } else { "?" };
    let location = format!("{}/{question}{query}", request.path());
    HttpResponse::MovedPermanently()
        .insert_header((header::LOCATION, location))
        .content_type("text/html; charset=utf-8")
        .finish()
}

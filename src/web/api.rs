//! The JSON API under `/api/v1/` and the health addresses: paths, shapes and texts that clients rely on. Reads go
//! to `store`, changes through `app`.

mod alerts;
pub mod around;
mod body;
pub mod envelope;
pub mod fields;
mod health;
mod insight;
mod jobs;
mod options;
mod parse_error;
mod preorders;
mod products;
mod pushes;
mod query;
mod rules;
pub mod schema;
mod shapes;
mod stops;
mod stores;
pub mod texts;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web,
};
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
    change(Method::POST, "/api/v1/kaspi/stores/", || {
        web::to(stores::write::create)
    }),
    read("/api/v1/kaspi/stores/{id}/", || web::to(stores::detail)),
    change(Method::PUT, "/api/v1/kaspi/stores/{id}/", || {
        web::to(stores::write::change)
    }),
    change(Method::PATCH, "/api/v1/kaspi/stores/{id}/", || {
        web::to(stores::write::change)
    }),
    change(Method::DELETE, "/api/v1/kaspi/stores/{id}/", || {
        web::to(stores::write::delete)
    }),
    change(Method::POST, "/api/v1/kaspi/stores/{id}/sync/", || {
        web::to(stores::write::sync)
    }),
    change(Method::POST, "/api/v1/kaspi/auth/authenticate/", || {
        web::to(stores::login::authenticate)
    }),
    change(Method::POST, "/api/v1/kaspi/auth/sms_start/", || {
        web::to(stores::login::start_sms)
    }),
    change(Method::POST, "/api/v1/kaspi/auth/sms_verify/", || {
        web::to(stores::login::verify)
    }),
    read("/api/v1/products/", || web::to(products::list)),
    change(Method::POST, "/api/v1/products/", || {
        web::to(products::write::create)
    }),
    ask("/api/v1/products/offers_by_product/", || {
        web::to(products::actions::offers)
    }),
    change(Method::POST, "/api/v1/products/update_price/", || {
        web::to(products::actions::update_price)
    }),
    change(Method::POST, "/api/v1/products/batch_enable/", || {
        web::to(products::actions::enable)
    }),
    change(Method::POST, "/api/v1/products/batch_disable/", || {
        web::to(products::actions::disable)
    }),
    read("/api/v1/products/{id}/", || web::to(products::detail)),
    change(Method::PUT, "/api/v1/products/{id}/", || {
        web::to(products::write::change)
    }),
    change(Method::PATCH, "/api/v1/products/{id}/", || {
        web::to(products::write::change)
    }),
    change(Method::DELETE, "/api/v1/products/{id}/", || {
        web::to(products::write::delete)
    }),
    read("/api/v1/preorders/", || web::to(preorders::list)),
    change(Method::POST, "/api/v1/preorders/", || {
        web::to(preorders::write::create)
    }),
    read("/api/v1/preorders/list_by_store/", || {
        web::to(preorders::actions::by_store)
    }),
    ask("/api/v1/preorders/generate_excel/", || {
        web::to(preorders::actions::generate_excel)
    }),
    change(Method::POST, "/api/v1/preorders/upload/", || {
        web::to(preorders::actions::upload)
    }),
    Route::get("/preorder_exports/{name}", Kind::Page, Access::SignedIn, || {
        web::to(preorders::actions::download)
    }),
    read("/api/v1/preorders/{id}/", || web::to(preorders::detail)),
    change(Method::PUT, "/api/v1/preorders/{id}/", || {
        web::to(preorders::write::change)
    }),
    change(Method::PATCH, "/api/v1/preorders/{id}/", || {
        web::to(preorders::write::change)
    }),
    change(Method::DELETE, "/api/v1/preorders/{id}/", || {
        web::to(preorders::write::delete)
    }),
    read("/api/v1/products/{id}/decisions/", || web::to(insight::decisions)),
    read("/api/v1/products/{id}/offers/", || web::to(insight::offers)),
    read("/api/v1/products/{id}/price-history/", || {
        web::to(insight::history)
    }),
    read("/api/v1/price-pushes/", || web::to(pushes::list)),
    read("/api/v1/price-pushes/{id}/", || web::to(pushes::detail)),
    read("/api/v1/jobs/", || web::to(jobs::list)),
    read("/api/v1/jobs/{id}/", || web::to(jobs::detail)),
    change(Method::POST, "/api/v1/jobs/{id}/cancel/", || {
        web::to(jobs::cancel)
    }),
    read("/api/v1/rules/", || web::to(rules::list)),
    change(Method::POST, "/api/v1/rules/", || web::to(rules::create)),
    read("/api/v1/rules/{id}/", || web::to(rules::detail)),
    change(Method::PATCH, "/api/v1/rules/{id}/", || web::to(rules::patch)),
    change(Method::DELETE, "/api/v1/rules/{id}/", || web::to(rules::delete)),
    read("/api/v1/alerts/", || web::to(alerts::list)),
    change(Method::POST, "/api/v1/alerts/{id}/acknowledge/", || {
        web::to(alerts::seen)
    }),
    read("/api/v1/stops/", || web::to(stops::list)),
    change(Method::POST, "/api/v1/stops/", || web::to(stops::stop)),
    read("/api/v1/stops/{id}/", || web::to(stops::detail)),
    change(Method::POST, "/api/v1/stops/{id}/release/", || {
        web::to(stops::release)
    }),
    Route::get("/api/schema/", Kind::Api, Access::Anonymous, || {
        web::to(schema::document)
    }),
    Route::get("/api/docs/", Kind::Page, Access::Anonymous, || {
        web::to(schema::page::show)
    }),
    slashless("/api/v1"),
    slashless("/api/v1/kaspi/stores"),
    slashless("/api/v1/kaspi/stores/{id}"),
    slashless("/api/v1/kaspi/stores/{id}/sync"),
    slashless("/api/v1/kaspi/auth/{action}"),
    slashless("/api/v1/products"),
    slashless("/api/v1/products/{id}"),
    slashless("/api/v1/preorders"),
    slashless("/api/v1/preorders/{id}"),
    slashless("/api/schema"),
    slashless("/api/docs"),
];

/// What every address of the API tells about itself, to those who may read.
pub const OPTIONS: Route = Route::new(Method::OPTIONS, "", Kind::Api, Access::SignedIn, || {
    web::method(Method::OPTIONS).to(options::describe)
});

const fn health(path: &'static str, handler: fn() -> actix_web::Route) -> Route {
    Route::get(path, Kind::Health, Access::Anonymous, handler)
}

const fn read(path: &'static str, handler: fn() -> actix_web::Route) -> Route {
    Route::get(path, Kind::Api, Access::SignedIn, handler)
}

/// An address that changes something: for those who may change things.
const fn change(method: Method, path: &'static str, handler: fn() -> actix_web::Route) -> Route {
    Route::new(method, path, Kind::Api, Access::Manager, handler)
}

/// An address that takes a body and changes nothing.
const fn ask(path: &'static str, handler: fn() -> actix_web::Route) -> Route {
    Route::new(Method::POST, path, Kind::Api, Access::SignedIn, handler)
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

pub(super) async fn add_slash(request: HttpRequest) -> HttpResponse {
    let query = request.query_string();
    let question = if query.is_empty() { "" } else { "?" };
    let location = format!("{}/{question}{query}", request.path());
    HttpResponse::MovedPermanently()
        .insert_header((header::LOCATION, location))
        .content_type("text/html; charset=utf-8")
        .finish()
}

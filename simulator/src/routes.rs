//! Which address of which host is which endpoint. Faults and journal know an endpoint by its name.

use actix_web::web::{self, Bytes, Data, PayloadConfig, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use crate::call::{self, Call, Handler, Place, Reply, Shared, Trace};
use crate::listening::Role;
use crate::market::Market;
use crate::{cabinet, cdn, form, login, oauth, orders, process, public, reviews, upload};

/// Bodies above this are refused by the server; price list files stay far below.
const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Every endpoint by its name, host by host.
const ENDPOINTS: [&str; 36] = [
    "login_root",
    "login_page",
    "login",
    "mfa_send",
    "authorize",
    "authorization",
    "callback",
    "merchants",
    "merchant",
    "point_list",
    "cities",
    "graphql",
    "points",
    "list",
    "details",
    "count",
    "offer_details",
    "lowest",
    "process",
    "process_batch",
    "configuration",
    "upload",
    "last_file",
    "file",
    "offer_protocol",
    "shell",
    "offers",
    "reviews",
    "card_page",
    "orders",
    "order_status",
    "order",
    "order_entries",
    "order_product",
    "order_cities",
    "image",
];

/// Whether a fault may name this: an endpoint, `host:*` or `*`.
pub fn is_endpoint(name: &str) -> bool {
    let host = |name: &str| Role::ALL.iter().any(|role| role.name() == name);
    name == "*" || name.strip_suffix(":*").is_some_and(host) || ENDPOINTS.contains(&name)
}

/// Registers the endpoints of these hosts.
pub fn marketplace(config: &mut ServiceConfig, roles: &[Role], shared: &Data<Shared>) {
    config
        .app_data(shared.clone())
        .app_data(PayloadConfig::new(BODY_BYTES_MAX));
    for role in roles {
        match role {
            Role::Login => login_host(config),
            Role::Cabinet => cabinet_host(config),
            Role::Public => public_host(config),
            Role::Orders => orders_host(config),
            Role::Cdn => on(config, Role::Cdn, "/img/m/p/{path:.*}", "image", cdn::image),
        }
    }
    config.default_service(web::to(
        |request: HttpRequest, body: Bytes, shared: Data<Shared>| {
            let place = Place {
                host: "",
                endpoint: "unknown",
            };
            call::serve(place, unknown, request, body, shared)
        },
    ));
}

fn login_host(config: &mut ServiceConfig) {
    let mut on = |path, endpoint, handler| on(config, Role::Login, path, endpoint, handler);
    on("/", "login_root", oauth::root);
    on("/login", "login_page", login::page);
    on("/api/p/login", "login", login::login);
    on("/api/p/mfa/send", "mfa_send", login::send_again);
    on("/oauth2/authorize", "authorize", oauth::authorize);
}

fn cabinet_host(config: &mut ServiceConfig) {
    config
        .route("/mc/facade/graphql", web::to(graphql))
        .route("/pricefeed/upload/merchant/upload", web::to(upload_file));
    let mut on = |path, endpoint, handler| on(config, Role::Cabinet, path, endpoint, handler);
    on("/oauth2/authorization/1", "authorization", oauth::authorization);
    on("/login/oauth2/code/1", "callback", oauth::callback);
    on("/s/m", "merchants", cabinet::merchants);
    on("/bff/offer-view/points", "points", cabinet::points);
    on("/bff/offer-view/list", "list", cabinet::list);
    on("/bff/offer-view/details", "details", cabinet::details);
    on("/offers/api/v1/offer/count", "count", cabinet::count);
    on(
        "/offers/api/v1/offer/details",
        "offer_details",
        cabinet::offer_details,
    );
    on("/offers/api/v1/price/lowest", "lowest", cabinet::lowest_price);
    on("/pricefeed/upload/merchant/process", "process", process::one);
    on(
        "/pricefeed/upload/merchant/process/process/batch",
        "process_batch",
        process::batch,
    );
    on(
        "/pricefeed/upload/merchant/upload/configuration",
        "configuration",
        upload::configuration,
    );
    on("/pricefeed/upload/merchant/files/last", "last_file", upload::last);
    on("/pricefeed/protocol/merchant/file/{id}", "file", upload::file);
    on(
        "/pricefeed/protocol/merchant/offer/list/s",
        "offer_protocol",
        upload::offers,
    );
}

fn public_host(config: &mut ServiceConfig) {
    let mut on = |path, endpoint, handler| on(config, Role::Public, path, endpoint, handler);
    on("/mc/", "shell", oauth::shell);
    on("/mc", "shell", oauth::shell);
    on("/yml/offer-view/offers/{card}", "offers", public::offers);
    on(
        "/yml/review-view/api/v1/reviews/product/{card}",
        "reviews",
        reviews::reviews,
    );
    on("/p/{slug:.*}", "card_page", public::card_page);
    on("/shop/p/{slug:.*}", "card_page", public::card_page);
}

fn orders_host(config: &mut ServiceConfig) {
    config.service(
        web::resource("/shop/api/v2/orders")
            .route(
                web::post().to(|request: HttpRequest, body: Bytes, shared: Data<Shared>| {
                    let place = Place {
                        host: Role::Orders.name(),
                        endpoint: "order_status",
                    };
                    call::serve(place, orders::change, request, body, shared)
                }),
            )
            .route(web::to(
                |request: HttpRequest, body: Bytes, shared: Data<Shared>| {
                    let place = Place {
                        host: Role::Orders.name(),
                        endpoint: "orders",
                    };
                    call::serve(place, orders::orders, request, body, shared)
                },
            )),
    );
    let mut on = |path, endpoint, handler| on(config, Role::Orders, path, endpoint, handler);
    on("/shop/api/v2/orders/{id}", "order", orders::order);
    on(
        "/shop/api/v2/orders/{id}/entries",
        "order_entries",
        orders::entries,
    );
    on(
        "/shop/api/v2/orderentries/{id}/product",
        "order_product",
        orders::product,
    );
    on("/shop/api/v2/cities", "order_cities", orders::cities);
}

fn on(config: &mut ServiceConfig, role: Role, path: &str, endpoint: &'static str, handler: Handler) {
    debug_assert!(ENDPOINTS.contains(&endpoint), "{endpoint} is missing in the list");
    let place = Place {
        host: role.name(),
        endpoint,
    };
    config.route(
        path,
        web::to(move |request: HttpRequest, body: Bytes, shared: Data<Shared>| {
            call::serve(place, handler, request, body, shared)
        }),
    );
}

/// The form of an uploaded file is read before the market is asked.
async fn upload_file(request: HttpRequest, body: Bytes, shared: Data<Shared>) -> HttpResponse {
    let place = Place {
        host: Role::Cabinet.name(),
        endpoint: "upload",
    };
    let mut call = call::read(&request, &Bytes::new());
    call.file = form::file(&request, body).await;
    if let Some(file) = &call.file {
        call.body = json!({ "file": file.name, "bytes": file.data.len() });
    }
    call::carry_out(place, upload::upload, request, call, shared).await
}

/// One address serves all GraphQL operations; each is an endpoint of its own for faults and journal.
async fn graphql(request: HttpRequest, body: Bytes, shared: Data<Shared>) -> HttpResponse {
    let (endpoint, handler) = cabinet::graphql(request.query_string(), &body);
    let place = Place {
        host: Role::Cabinet.name(),
        endpoint,
    };
    call::serve(place, handler, request, body, shared).await
}

fn unknown(_: &mut Market, _: &Call, trace: &mut Trace) -> Reply {
    trace.warnings.push("no such endpoint".to_owned());
    Reply::message(404, "Not Found")
}

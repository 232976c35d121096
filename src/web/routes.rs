//! The route table: every address of the panel as data, with who may use it. What is not in the table does
//! not exist; what is in it is guarded here, before its handler runs.

use actix_web::{
    guard,
    http::Method,
    middleware::from_fn,
    web::{self, ServiceConfig},
};

use super::{api, auth, csrf, pages, session};
use crate::services::Services;

/// What an address answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole page, or a redirect to one; errors are pages.
    Page,
    /// A part of a page that htmx swaps in; without htmx a whole page.
    Fragment,
    /// JSON; errors are JSON.
    Api,
    /// Files of the program, cached for long.
    Static,
    /// For load balancers: no session, no cookies.
    Health,
}

/// Who may use an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Anonymous,
    /// Every user who is signed in (or, for the API, has a token).
    SignedIn,
    /// Managers and administrators: they change things.
    Manager,
    /// Administrators.
    Admin,
}

/// One address.
pub struct Route {
    /// `GET`, `POST`, …
    pub method: Method,
    /// Pattern of the path.
    pub path: &'static str,
    /// What it answers with.
    pub kind: Kind,
    /// Who may use it.
    pub access: Access,
    /// The handler, as `|| web::to(handler)`.
    pub handler: fn() -> actix_web::Route,
}

impl Route {
    /// An address of any method.
    #[must_use]
    pub const fn new(
        method: Method,
        path: &'static str,
        kind: Kind,
        access: Access,
        handler: fn() -> actix_web::Route,
    ) -> Self {
        Self {
            method,
            path,
            kind,
            access,
            handler,
        }
    }

    /// An address that only reads.
    #[must_use]
    pub const fn get(
        path: &'static str,
        kind: Kind,
        access: Access,
        handler: fn() -> actix_web::Route,
    ) -> Self {
        Self {
            method: Method::GET,
            path,
            kind,
            access,
            handler,
        }
    }

    /// An address that changes something.
    #[must_use]
    pub const fn post(
        path: &'static str,
        kind: Kind,
        access: Access,
        handler: fn() -> actix_web::Route,
    ) -> Self {
        Self {
            method: Method::POST,
            path,
            kind,
            access,
            handler,
        }
    }
}

/// The areas of the panel. A new area adds its table here. Fixed paths stand before patterns that would
/// swallow them.
const AREAS: &[&[Route]] = &[
    super::assets::ROUTES,
    super::api::ROUTES,
    super::admin::ROUTES,
    pages::sign_in::ROUTES,
    super::live::ROUTES,
    pages::search::ROUTES,
    pages::dashboard::ROUTES,
    pages::products::ROUTES,
    pages::product::ROUTES,
    pages::rules::ROUTES,
    pages::preorders::ROUTES,
    pages::log::ROUTES,
    pages::connect::ROUTES,
    pages::stores::ROUTES,
    pages::stores::people::ROUTES,
    pages::price_feed::ROUTES,
    pages::imports::ROUTES,
    pages::jobs::ROUTES,
    pages::reports::ROUTES,
    pages::alerts::ROUTES,
    pages::stop::ROUTES,
    pages::put_back::ROUTES,
    pages::settings::ROUTES,
    pages::tariffs::ROUTES,
    pages::terms::ROUTES,
    pages::tokens::ROUTES,
    pages::profile::ROUTES,
    pages::second_factor::ROUTES,
    pages::sessions::ROUTES,
    pages::undo::ROUTES,
    pages::unsent::ROUTES,
    pages::users::ROUTES,
];

/// Every address of the API tells what it takes.
static OPTIONS: Route = api::OPTIONS;

/// All addresses, in the order in which they are tried.
pub fn all() -> impl Iterator<Item = &'static Route> {
    AREAS.iter().flat_map(|area| area.iter())
}

/// Mounts the table: files and health checks without sessions, all else with session and CSRF check.
pub fn configure(config: &mut ServiceConfig, services: &Services, cookie_key: &actix_web::cookie::Key) {
    let (bare, rest): (Vec<_>, Vec<_>) =
        all().partition(|route| matches!(route.kind, Kind::Static | Kind::Health));
    for resource in resources(&bare) {
        config.service(resource);
    }
    let mut scope = web::scope("");
    for resource in resources(&rest) {
        scope = scope.service(resource);
    }
    config.service(
        scope
            .wrap(from_fn(csrf::guard))
            .wrap(session::middleware(services, cookie_key)),
    );
}

/// One resource per path, in the order of the first mention, so that a wrong method is 405 and not 404.
fn resources(routes: &[&'static Route]) -> Vec<actix_web::Resource> {
    let mut paths: Vec<&'static str> = Vec::new();
    for route in routes {
        if !paths.contains(&route.path) {
            paths.push(route.path);
        }
    }
    paths
        .into_iter()
        .map(|path| {
            let own = routes.iter().filter(|route| route.path == path);
            let is_api = own.clone().any(|route| route.kind == Kind::Api);
            let resource = own.fold(web::resource(path), |resource, route| {
                resource.route(mount(route))
            });
            match (is_api && path.starts_with("/api/"), path.ends_with('/')) {
                (false, _) => resource,
                (true, true) => resource.route(mount(&OPTIONS)),
                // Whatever is asked of it, it leads to the address with a slash.
                (true, false) => resource.default_service(web::to(api::add_slash)),
            }
        })
        .collect()
}

/// The methods of an address of the API, in the order that its clients know; empty where it is none.
#[must_use]
pub fn allowed(path: &str) -> String {
    let has = |method: &Method| {
        all().any(|route| {
            route.kind == Kind::Api && route.path == path && path.ends_with('/') && route.method == *method
        })
    };
    let own = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    let mut words: Vec<&str> = own
        .iter()
        .filter(|method| has(method))
        .map(Method::as_str)
        .collect();
    if words.is_empty() {
        return String::new();
    }
    if has(&Method::GET) {
        words.push("HEAD");
    }
    words.push("OPTIONS");
    words.join(", ")
}

fn mount(route: &'static Route) -> actix_web::Route {
    let handler = (route.handler)();
    let handler = if route.method == Method::GET {
        // HEAD is GET without the body, which the server leaves out.
        handler.guard(guard::Any(guard::Get()).or(guard::Head()))
    } else {
        handler.method(route.method.clone())
    };
    if matches!(route.kind, Kind::Static | Kind::Health) {
        return handler;
    }
    if route.kind == Kind::Api {
        // The guard stands outside and comes first.
        return handler
            .wrap(from_fn(api::around::once))
            .wrap(from_fn(move |req, next| auth::guard(route, req, next)));
    }
    handler.wrap(from_fn(move |req, next| auth::guard(route, req, next)))
}

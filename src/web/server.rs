//! Puts the panel together and listens. Knows no page.

use std::net::{SocketAddr, TcpListener};

use actix_cors::Cors;
use actix_web::{
    App, HttpServer,
    dev::Server,
    http::header,
    middleware::{Condition, from_fn},
    web,
};

use super::{admin, error, limits::Limits, live::Live, middleware, routes, session};
use crate::{app::photos::Photos, services::Services};

/// Largest body of an ordinary form or JSON request, bytes.
const BODY_LIMIT: usize = 256 * 1024;

/// Listens on the configured address (port 0: a free one) with `workers` threads; the server runs when it is
/// awaited. It handles no signals: stop it through its handle.
///
/// # Errors
/// The address is taken or not ours.
pub fn build(services: Services, workers: usize) -> std::io::Result<(Server, SocketAddr)> {
    let live = Live::new(services.clone())?;
    build_with(services, workers, live)
}

/// [`build`] with streams that the caller can end: a server that waits for its open requests waits for those too.
///
/// # Errors
/// As [`build`].
pub fn build_with(services: Services, workers: usize, live: Live) -> std::io::Result<(Server, SocketAddr)> {
    let listener = TcpListener::bind(services.config.http.bind)?;
    let address = listener.local_addr()?;
    let cookie_key = session::cookie_key(&services);
    let models = admin::models()?;
    let live = web::Data::new(live);
    let limits = web::Data::new(Limits::new(&services.config.http));
    let photos = web::Data::new(Photos::default());
    let server = HttpServer::new(move || {
        let origins = &services.config.http.cors_origins;
        App::new()
            .app_data(web::Data::new(services.clone()))
            .app_data(models.clone())
            .app_data(limits.clone())
            .app_data(photos.clone())
            .app_data(live.clone())
            .app_data(web::PayloadConfig::new(BODY_LIMIT))
            .app_data(web::FormConfig::default().limit(BODY_LIMIT))
            .app_data(web::JsonConfig::default().limit(BODY_LIMIT))
            .configure(|config| routes::configure(config, &services, &cookie_key))
            .default_service(web::to(error::not_found))
            .wrap(Condition::new(!origins.is_empty(), cors(origins)))
            .wrap(from_fn(middleware::answer))
    })
    .workers(workers.max(1))
    .disable_signals()
    .shutdown_timeout(20)
    .listen(listener)?
    .run();
    Ok((server, address))
}

/// Lets scripts of these origins use the JSON API with a key. Never with the panel's cookie, and nothing else.
fn cors(origins: &[String]) -> Cors {
    let origins = origins.to_vec();
    Cors::default()
        .allowed_origin_fn(move |origin, request| {
            request.uri.path().starts_with("/api/")
                && origin
                    .to_str()
                    .is_ok_and(|origin| origins.iter().any(|known| known == origin))
        })
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT])
        .allowed_header("Idempotency-Key")
        .expose_headers(["Retry-After", "X-Request-Id", "Idempotent-Replayed"])
        .block_on_origin_mismatch(false)
        .max_age(3600)
}

/// Serves until `shutdown` is ready; open requests get 20 seconds to end, streams end at once.
///
/// # Errors
/// As [`build`], or the server fails while it runs.
pub async fn run(
    services: Services,
    workers: usize,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let live = Live::new(services.clone())?;
    let (server, address) = build_with(services, workers, live.clone())?;
    tracing::info!(%address, "the panel listens");
    let handle = server.handle();
    let stopper = tokio::spawn(async move {
        shutdown.await;
        live.close();
        handle.stop(true).await;
    });
    let outcome = server.await;
    stopper.abort();
    outcome
}

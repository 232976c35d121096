//! Puts the panel together and listens. Knows no page.

use std::net::{SocketAddr, TcpListener};

use actix_web::{App, HttpServer, dev::Server, middleware::from_fn, web};

use super::{admin, error, middleware, routes, session};
use crate::services::Services;

/// Largest body of an ordinary form or JSON request, bytes.
const BODY_LIMIT: usize = 256 * 1024;

/// Listens on the configured address (port 0: a free one) with `workers` threads; the server runs when it is
/// awaited. It handles no signals: stop it through its handle.
///
/// # Errors
/// The address is taken or not ours.
pub fn build(services: Services, workers: usize) -> std::io::Result<(Server, SocketAddr)> {
    let listener = TcpListener::bind(services.config.http.bind)?;
    let address = listener.local_addr()?;
    let cookie_key = session::cookie_key(&services);
    let models = admin::models()?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(services.clone()))
            .app_data(models.clone())
            .app_data(web::PayloadConfig::new(BODY_LIMIT))
            .app_data(web::FormConfig::default().limit(BODY_LIMIT))
            .app_data(web::JsonConfig::default().limit(BODY_LIMIT))
            .configure(|config| routes::configure(config, &services, &cookie_key))
            .default_service(web::to(error::not_found))
            .wrap(from_fn(middleware::answer))
    })
    .workers(workers.max(1))
    .disable_signals()
    .shutdown_timeout(20)
    .listen(listener)?
    .run();
    Ok((server, address))
}

/// Serves until `shutdown` is ready; open requests get 20 seconds to end.
///
/// # Errors
/// As [`build`], or the server fails while it runs.
pub async fn run(
    services: Services,
    workers: usize,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (server, address) = build(services, workers)?;
    tracing::info!(%address, "the panel listens");
    let handle = server.handle();
    let stopper = tokio::spawn(async move {
        shutdown.await;
        handle.stop(true).await;
    });
    let outcome = server.await;
    stopper.abort();
    outcome
}

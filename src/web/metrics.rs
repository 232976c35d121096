//! `/metrics` for Prometheus, on an address of its own that is not the panel's: only monitoring should reach it. `/health/`
//! there says that the process lives; a worker has no other address.

use std::net::{SocketAddr, TcpListener};

use actix_web::{
    App, HttpResponse, HttpServer,
    dev::Server,
    http::header,
    web::{self, Data},
};

use crate::{
    metrics::{Figure, text},
    services::Services,
    store::figures::{Figures, figures},
};

/// Listens on `bind`; the server runs when it is awaited and handles no signals.
///
/// # Errors
/// The address is taken or not ours.
pub fn build(services: Services, bind: SocketAddr) -> std::io::Result<(Server, SocketAddr)> {
    let listener = TcpListener::bind(bind)?;
    let address = listener.local_addr()?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(services.clone()))
            .route("/metrics", web::get().to(metrics))
            .route("/health/", web::get().to(HttpResponse::Ok))
    })
    .workers(1)
    .disable_signals()
    .listen(listener)?
    .run();
    Ok((server, address))
}

/// Serves until `shutdown` is ready.
///
/// # Errors
/// The server fails while it runs.
pub async fn run(server: Server, shutdown: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
    let handle = server.handle();
    let stopper = tokio::spawn(async move {
        shutdown.await;
        handle.stop(false).await;
    });
    let outcome = server.await;
    stopper.abort();
    outcome
}

async fn metrics(services: Data<Services>) -> HttpResponse {
    let now = services.now();
    let pool = services.db.pool();
    let mut told = vec![figure(
        "database_pool",
        "Connections of this process, by use",
        vec![
            (
                "used".into(),
                u64::from(pool.connections.saturating_sub(pool.idle)),
            ),
            ("idle".into(), u64::from(pool.idle)),
            ("most".into(), u64::from(pool.most)),
        ],
    )];
    // Without a database the figures of the process are told all the same.
    let found = services.db.read(move |conn| figures(conn, now)).await;
    told.push(one(
        "database_up",
        "1: the database answered",
        u64::from(found.is_ok()),
    ));
    match found {
        Ok(found) => told.extend(of_database(found)),
        Err(error) => tracing::warn!(error = %crate::telemetry::chain(&error), "no figures of the database"),
    }
    match text(&told) {
        Ok(text) => HttpResponse::Ok()
            .insert_header((
                header::CONTENT_TYPE,
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
            ))
            .body(text),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

fn figure(name: &'static str, help: &'static str, values: Vec<(String, u64)>) -> Figure {
    Figure { name, help, values }
}

fn one(name: &'static str, help: &'static str, value: u64) -> Figure {
    figure(name, help, vec![(String::new(), value)])
}

fn of_database(found: Figures) -> Vec<Figure> {
    let mut told = vec![
        figure(
            "jobs_open",
            "Background work that waits or runs, by kind",
            found.jobs,
        ),
        one(
            "jobs_oldest_seconds",
            "Time for which the oldest waiting work has waited",
            found.jobs_oldest,
        ),
        figure("pushes_open", "Price writes under way, by state", found.pushes),
        one(
            "pushes_oldest_seconds",
            "Time for which the oldest planned price has waited",
            found.pushes_oldest,
        ),
        one(
            "market_age_seconds",
            "Time by which the product that waits longest for a look at the market is late",
            found.looks_oldest,
        ),
        figure("stores", "Stores by state of their session", found.stores),
        figure("alerts_open", "Open troubles by severity", found.alerts),
        figure(
            "workers",
            "Worker processes that work or fell silent",
            found.workers,
        ),
        one("stops", "Stops in force", found.stops),
        one(
            "clock_off_seconds",
            "Difference between the clocks of program and database",
            found.clock_off,
        ),
        figure(
            "database_connections",
            "Connections of the database server",
            vec![
                ("used".into(), found.connections.0),
                ("most".into(), found.connections.1),
            ],
        ),
        one("database_bytes", "Size of the database", found.bytes),
    ];
    told.extend(
        found
            .backup_age
            .map(|age| one("backup_age_seconds", "Time since the last backup", age)),
    );
    told
}

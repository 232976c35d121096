//! `serve`, `worker` and `migrate`: the processes of the product.

use anyhow::{Context, Result};
use clap::Args;
use tokio::sync::watch;

use super::{
    program::{Program, stop_signal, stopped},
    say,
};
use crate::{os, queue, services::Services, store::migrate, telemetry, web, worker};

/// Threads of the web server: requests wait mostly for the database.
const WEB_THREADS: usize = 2;

/// `kaspi-panel serve`
#[derive(Debug, Args)]
#[command(after_help = "Example: KASPI_PANEL_BIND=127.0.0.1:8080 kaspi-panel serve --with-worker")]
pub struct ServeArgs {
    /// Also run the background work in this process: for a single small host.
    #[arg(long)]
    with_worker: bool,
}

/// Serves the panel until it is told to stop.
pub async fn serve(args: ServeArgs) -> Result<()> {
    let program = Program::open().await?;
    let services = program.services().await?;
    let stop = stop_signal()?;
    let metrics = metrics(&services, &stop)?;
    let panel = web::server::run(services.clone(), WEB_THREADS, stopped(stop.clone()));
    let work = async {
        if args.with_worker {
            worker::run(
                services.clone(),
                &program.database_url,
                os::host_name(),
                stop.clone(),
            )
            .await
        } else {
            Ok(())
        }
    };
    let (panel, worker, ()) = tokio::join!(panel, work, metrics);
    worker.context("worker")?;
    panel.context("panel")
}

/// Does the background work until it is told to stop.
pub async fn worker() -> Result<()> {
    let program = Program::open().await?;
    let services = program.services().await?;
    let stop = stop_signal()?;
    let metrics = metrics(&services, &stop)?;
    let work = worker::run(services, &program.database_url, os::host_name(), stop);
    let (worker, ()) = tokio::join!(work, metrics);
    Ok(worker?)
}

/// Tells metrics until the stop, where the settings ask for them. An address that is taken is known before anything else
/// is begun; what goes wrong later stops nothing.
pub(super) fn metrics(
    services: &Services,
    stop: &watch::Receiver<bool>,
) -> Result<impl Future<Output = ()> + use<>> {
    let bind = services.config.metrics_bind;
    let server = bind
        .map(|bind| {
            web::metrics::build(services.clone(), bind)
                .with_context(|| format!("KASPI_PANEL_METRICS_BIND={bind}"))
        })
        .transpose()?;
    let stop = stopped(stop.clone());
    Ok(async move {
        let Some((server, address)) = server else { return };
        tracing::info!(%address, "metrics are told");
        if let Err(error) = web::metrics::run(server, stop).await {
            tracing::error!(%error, "metrics are told no more");
        }
    })
}

/// Applies migrations.
pub async fn migrate() -> Result<()> {
    let program = Program::open().await?;
    apply_migrations(&program).await
}

/// Applies the program's migrations and the queue's.
pub async fn apply_migrations(program: &Program) -> Result<()> {
    let url = program.database_url.clone();
    let applied = telemetry::spawn_blocking(move || migrate::run(&url)).await??;
    queue::migrate(&program.database_url).await?;
    if applied.is_empty() {
        say("The database is up to date.");
    } else {
        say(format!("Applied migrations: {}.", applied.join(", ")));
    }
    Ok(())
}

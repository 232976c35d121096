//! `serve`, `worker` and `migrate`: the processes of the product.

use anyhow::{Context, Result};
use clap::Args;

use super::{
    program::{Program, stop_signal, stopped},
    say,
};
use crate::{queue, store::migrate, telemetry, web, worker};

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
    let panel = web::server::run(services.clone(), WEB_THREADS, stopped(stop.clone()));
    if args.with_worker {
        let (panel, worker) = tokio::join!(panel, worker::run(services, &program.database_url, stop));
        worker.context("worker")?;
        panel.context("panel")
    } else {
        panel.await.context("panel")
    }
}

/// Does the background work until it is told to stop.
pub async fn worker() -> Result<()> {
    let program = Program::open().await?;
    let services = program.services().await?;
    Ok(worker::run(services, &program.database_url, stop_signal()?).await?)
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

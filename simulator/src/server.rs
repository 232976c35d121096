//! Running: the marketplace, the control interface apart, and a clean stop.

use std::io::Write;
use std::sync::Mutex;
use std::time::Duration;

use actix_web::web::Data;
use actix_web::{App, HttpServer};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::call::Shared;
use crate::listening::{self, Hosts, Listening};
use crate::{Options, control, seed};

/// Runs the simulated marketplace until it is told to stop (SIGTERM, SIGINT, or the parent's end).
///
/// Errors when the addresses cannot be had.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let listeners = listening::listen(&options)?;
    let control = listening::bind_control(options.control_port)?;
    let hosts = listening::hosts(&listeners, &control)?;
    let market = seed::market(hosts.clone(), &options)?;
    let shared = Data::new(Shared {
        market: Mutex::new(market),
        latency: Duration::from_millis(options.latency_ms),
    });
    let listening = Data::new(Listening::new(listeners, &shared)?);
    let parent_stdin = options.parent_stdin;
    let state = (shared, Data::new(options), listening.clone());
    let app = move || {
        let (shared, options, listening) = state.clone();
        App::new()
            .app_data(shared)
            .app_data(options)
            .app_data(listening)
            .configure(control::routes)
    };
    let server = HttpServer::new(app)
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .keep_alive(listening::KEEP_ALIVE)
        .listen(control)?
        .run();
    let control = server.handle();
    tokio::spawn(server);
    announce(&hosts)?;
    stop_wanted(parent_stdin).await?;
    listening.close_all().await;
    control.stop(false).await;
    Ok(())
}

fn announce(hosts: &Hosts) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(hosts)?)?;
    out.flush()?;
    Ok(())
}

async fn stop_wanted(parent_stdin: bool) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (parent_gone, parent) = oneshot::channel::<()>();
    if parent_stdin {
        // A thread of its own, because a read of the standard input cannot be called off.
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
            let _ = parent_gone.send(());
        });
    }
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        _ = parent, if parent_stdin => {}
    }
    Ok(())
}

//! Background work of one process: the job queue, the repricing loop and the push sender. Any number of
//! workers may run on any number of machines: jobs, due products and stores are claimed in the database.

mod handlers;
pub mod jobs;

use std::{future::Future, time::Duration};

use graphile_worker::{LocalQueueConfig, RefetchDelayConfig, Worker, WorkerBuildError};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    app::{
        alerts::unanswered::stop_unanswered,
        cabinet_session::{keep_rotated_sessions, look_after_sessions},
        connect_store::expire_connections,
        preorder_orders::read_due_orders,
        preorder_upload::look_for_preorders,
        proxies::upkeep::ProxyUpkeep,
        push_prices::{announce_protocol, push_until},
        reprice::{Pass, reprice_until},
        retention::forget_old,
        sales_brake::brake_fast_sales,
    },
    queue::{self, QueueError},
    secrets::Secret,
    services::Services,
    store::{
        StoreError,
        leases::store_lease_release,
        workers::{Worker as Colleague, worker_gone, worker_seen},
    },
    telemetry::chain,
};

/// A stop is over after this time and the five seconds that the program gives its threads: within 30 s.
const GRACE: Duration = Duration::from_secs(24);
/// Pause before an empty queue is asked again.
const ASK_AGAIN: Duration = Duration::from_millis(200);
/// Products decided about in one round of a worker.
const PRODUCTS_PER_ROUND: i64 = 1_000;
/// Pause between two looks for sessions that want looking after.
const SESSIONS_EVERY: Duration = Duration::from_secs(20);
/// Pause between two looks for what needs a person.
const ALERTS_EVERY: Duration = Duration::from_secs(10);
/// Pause between two looks for uploaded preorders, and for stores whose orders are to be read.
const PREORDERS_EVERY: Duration = Duration::from_secs(20);
/// Pause between two looks at the proxies: somebody may wait for a check.
const PROXIES_EVERY: Duration = Duration::from_secs(2);
/// Pause between two looks for rows that were kept long enough.
const OLD_ROWS_EVERY: Duration = Duration::from_secs(600);
/// Pause after a round that failed, so that a database that is away is not hammered.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Runs until `stop` becomes true, then finishes what is in flight within 30 seconds. `host` is the machine's name.
///
/// # Errors
/// The queue cannot be started; later faults of the database are waited out.
pub async fn run(
    services: Services,
    database_url: &Secret,
    host: String,
    stop: watch::Receiver<bool>,
) -> Result<(), QueueError> {
    let owner = Uuid::now_v7();
    let ourselves = Colleague {
        id: owner,
        host,
        pid: std::process::id(),
    };
    let lost_after = services.config.worker.lost_after;
    let options = |concurrency: usize| {
        let stopped = stop.clone();
        queue::options(database_url)
            .concurrency(concurrency)
            // A killed worker's jobs are taken up within 90 s: 45 s of silence, looked for every 15 s.
            .heartbeat_interval(lost_after / 4)
            .sweep_interval(lost_after / 3)
            .sweep_threshold(lost_after)
            .recovery_delay(Duration::from_secs(1))
            .listen_os_shutdown_signals(false)
            .shutdown_signal(async move { until_stopped(stopped).await })
            .shutdown_grace_period(Duration::from_secs(20))
            .add_extension(services.clone())
    };
    let concurrency = services.config.worker.concurrency;
    let jobs_queue = || {
        // Without the local queue a backlog drains at concurrency / poll interval. Without the pause it asks an empty
        // queue without end; while there are jobs it makes none.
        let local = LocalQueueConfig::default()
            .with_size(concurrency * 2)
            .with_refetch_delay(RefetchDelayConfig::default().with_duration(ASK_AGAIN));
        handlers::define(options(concurrency).local_queue(local)).init()
    };
    let logins_queue = || {
        // Logins have no local queue: a login that waits here could be done by another worker.
        let logins = options(services.config.browser.sessions).max_pg_conn(2);
        handlers::define_logins(logins, stop.clone()).init()
    };
    let jobs = jobs_queue().await.map_err(failed)?;
    let logins = logins_queue().await.map_err(failed)?;
    let tick = services.config.worker.tick;
    let proxies = ProxyUpkeep::default();
    if !proxies_loaded(&services, &proxies, stop.clone()).await {
        return Ok(());
    }
    if let Err(error) = announce_protocol(&services).await {
        // Nothing is sent that the others' rules forbid: the gate asks before each write.
        tracing::error!(error = %chain(&error), "the push protocol could not be announced");
    }
    let work = async {
        let (queue, logins, (), (), (), (), (), (), (), (), ()) = tokio::join!(
            queue_until_stopped("jobs", jobs, jobs_queue, stop.clone()),
            queue_until_stopped("logins", logins, logins_queue, stop.clone()),
            rounds("reprice", tick, stop.clone(), || reprice_round(
                &services,
                stop.clone()
            )),
            push_until(&services, owner, stop.clone()),
            rounds("heartbeat", lost_after / 3, stop.clone(), || heartbeat_round(
                &services, &ourselves
            )),
            rounds("logins", lost_after / 3, stop.clone(), || login_round(&services)),
            rounds("sessions", SESSIONS_EVERY, stop.clone(), || session_round(
                &services
            )),
            rounds("alerts", ALERTS_EVERY, stop.clone(), || alert_round(&services)),
            rounds("preorders", PREORDERS_EVERY, stop.clone(), || preorders_round(
                &services
            )),
            rounds("proxies", PROXIES_EVERY, stop.clone(), || proxies_round(
                &services, &proxies
            )),
            rounds("old rows", OLD_ROWS_EVERY, stop.clone(), || forget_old(&services)),
        );
        // Another worker need not wait for our lease to run out.
        let released = services.db.tx(move |conn| {
            worker_gone(conn, owner)?;
            store_lease_release(conn, owner)
        });
        let released = released.await;
        if let Err(error) = released {
            tracing::warn!(
                error = %chain(&error),
                "the lease could not be given back; it ends by itself"
            );
        }
        queue.and(logins)
    };
    tokio::select! {
        ended = work => ended,
        () = grace_over(stop.clone()) => {
            tracing::warn!("what is still under way is left to the next worker");
            Ok(())
        }
    }
}

/// Ready when the stop was told so long ago that nothing is waited for any more: a database that does not answer must
/// not keep the process.
async fn grace_over(stop: watch::Receiver<bool>) {
    until_stopped(stop).await;
    tokio::time::sleep(GRACE).await;
}

/// Runs a queue until stopped. One that a fault of the database ends is started anew: the worker would live on
/// without it.
async fn queue_until_stopped<F>(
    name: &str,
    first: Worker,
    start: impl Fn() -> F,
    stop: watch::Receiver<bool>,
) -> Result<(), QueueError>
where
    F: Future<Output = Result<Worker, WorkerBuildError>>,
{
    let mut queue = Some(first);
    loop {
        let ended = match queue.take() {
            Some(queue) => queue.run().await.map_err(failed),
            None => Ok(()),
        };
        if *stop.borrow() {
            return ended;
        }
        if let Err(error) = ended {
            tracing::error!(queue = name, %error, "a queue ended and is started anew");
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE_AFTER_FAILURE) => {}
            () = until_stopped(stop.clone()) => return Ok(()),
        }
        match start().await {
            Ok(started) => queue = Some(started),
            Err(error) => tracing::error!(queue = name, %error, "a queue cannot be started yet"),
        }
    }
}

fn failed(error: impl std::fmt::Display) -> QueueError {
    QueueError(error.to_string())
}

/// Decides about due products. `true`: there may be more.
async fn reprice_round(services: &Services, stop: watch::Receiver<bool>) -> Result<bool, StoreError> {
    let pass = Pass {
        store_id: None,
        checked_before: None,
        dry_run: false,
        limit: PRODUCTS_PER_ROUND,
    };
    let summary = reprice_until(services, pass, until_stopped(stop)).await?;
    if summary.checked + summary.failed > 0 {
        tracing::info!(checked = summary.checked, changed = summary.changed, kept = summary.kept, held = ?summary.held,
            failed = summary.failed, "products decided");
    }
    Ok(summary.checked + summary.failed >= u64::try_from(PRODUCTS_PER_ROUND).unwrap_or(u64::MAX))
}

/// Waits until the client has its proxies: what is sent before would go out directly. `false`: told to stop.
async fn proxies_loaded(services: &Services, proxies: &ProxyUpkeep, stop: watch::Receiver<bool>) -> bool {
    while let Err(error) = proxies.load(services).await {
        tracing::error!(error = %chain(&error), "nothing is sent before the proxies are known");
        tokio::select! {
            () = tokio::time::sleep(PAUSE_AFTER_FAILURE) => {}
            () = until_stopped(stop.clone()) => return false,
        }
    }
    true
}

/// Takes changed proxies over, adds up what went through them, and tries those somebody asks about.
async fn proxies_round(services: &Services, proxies: &ProxyUpkeep) -> Result<bool, StoreError> {
    if let Err(error) = proxies.load(services).await {
        tracing::error!(error = %chain(&error), "the proxies of before stay in use");
    }
    proxies.count(services).await?;
    proxies.check_next(services).await
}

/// Looks after what needs a person: products that sell too fast, urgent alerts that nobody answers.
async fn alert_round(services: &Services) -> Result<bool, StoreError> {
    brake_fast_sales(services).await?;
    stop_unanswered(services).await?;
    Ok(false)
}

/// Looks for uploaded preorders where buyers see them, and reads orders on preorder.
async fn preorders_round(services: &Services) -> Result<bool, StoreError> {
    let uploads = look_for_preorders(services).await?;
    let orders = read_due_orders(services).await?;
    Ok(uploads || orders)
}

/// Says that this worker works.
async fn heartbeat_round(services: &Services, ourselves: &Colleague) -> Result<bool, StoreError> {
    let ourselves = ourselves.clone();
    services.db.tx(move |conn| worker_seen(conn, &ourselves)).await?;
    Ok(false)
}

/// Ends logins whose worker is gone or whose time is up.
async fn login_round(services: &Services) -> Result<bool, StoreError> {
    expire_connections(services).await?;
    Ok(false)
}

/// Keeps replaced cookies, keeps idle sessions alive and goes on with renewals.
async fn session_round(services: &Services) -> Result<bool, StoreError> {
    keep_rotated_sessions(services).await?;
    look_after_sessions(services).await?;
    Ok(false)
}

/// Repeats a round until stopped; a failed one is logged and waited out, never the end.
async fn rounds<F: Future<Output = Result<bool, StoreError>>>(
    name: &str,
    tick: Duration,
    stop: watch::Receiver<bool>,
    mut round: impl FnMut() -> F,
) {
    while !*stop.borrow() {
        let pause = match round().await {
            Ok(true) => Duration::ZERO,
            Ok(false) => tick,
            Err(error) => {
                tracing::error!(
                    round = name,
                    error = %chain(&error),
                    "a round failed"
                );
                PAUSE_AFTER_FAILURE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = until_stopped(stop.clone()) => {}
        }
    }
}

async fn until_stopped(mut stop: watch::Receiver<bool>) {
    // An error means that the sender is gone: the program is ending.
    let _ended = stop.wait_for(|stop| *stop).await;
}

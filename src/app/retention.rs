//! What is kept for a while only, and for how long. A worker forgets the rest now and then.

use chrono::{Days, Months, TimeDelta};

use super::idempotency::KEPT_FOR;
use crate::{
    services::Services,
    store::{
        StoreError,
        alerts::alert_prune,
        evidence::evidence_prune,
        idempotency::idempotency_prune,
        imports::imports_prune,
        months::{Monthly, month_make, months_drop},
        preorder_orders::preorder_orders_prune,
        preorder_uploads::preorder_uploads_prune,
        price_feeds::feed_fetch_prune,
        reports::report_prune,
        retention::{attempts_prune, decisions_prune, job_runs_prune, pushes_prune, sign_ins_prune},
        sessions::session_delete_expired,
        stock_falls::stock_falls_prune,
        sync_runs::sync_changes_prune,
        workers::workers_prune,
    },
};

/// Pictures and sources of login pages that were not understood.
pub const EVIDENCE_LIFE: TimeDelta = TimeDelta::days(7);
/// Troubles that are over.
pub const ALERTS_LIFE: TimeDelta = TimeDelta::days(90);
/// Which products a sync changed; the counts of its run stay.
pub const SYNC_CHANGES_LIFE: TimeDelta = TimeDelta::days(30);
/// Falls of stocks: as far back as the longest chart, and the hours of its first day. The brake on sales looks back seven
/// days and an hour.
pub const STOCK_FALLS_LIFE: TimeDelta = TimeDelta::days(91);
/// Files of preorders that were uploaded, and what became of their lines.
pub const UPLOADS_LIFE: TimeDelta = TimeDelta::days(90);
/// Orders on preorder since they were last seen; the marketplace tells those of the last sixty days.
pub const ORDERS_LIFE: TimeDelta = TimeDelta::days(180);
/// Who fetched a price list.
pub const FEED_FETCHES_LIFE: TimeDelta = TimeDelta::days(30);
/// Workers of which nothing was heard: those that were killed.
pub const WORKERS_LIFE: TimeDelta = TimeDelta::days(1);
/// Imports with their rows; until then they can be brought back.
pub const IMPORTS_LIFE: TimeDelta = TimeDelta::days(180);
/// Imports that are forgotten in one transaction; each may have a hundred thousand rows.
const IMPORTS_AT_ONCE: i64 = 2;
/// Sync runs whose changes are forgotten in one transaction.
const RUNS_AT_ONCE: i64 = 50;
/// Reports that are forgotten in one transaction, each with its file.
const REPORTS_AT_ONCE: i64 = 20;

/// Attempts to sign in: they count for a quarter of an hour, and tell afterwards what happened.
pub const SIGN_INS_LIFE: TimeDelta = TimeDelta::days(90);
/// A session that nobody used for so long is over.
pub const SESSION_IDLE: TimeDelta = TimeDelta::hours(12);
/// Rows that are forgotten in one transaction, of decisions and price writes for each store.
const ROWS_AT_ONCE: i64 = 500;

/// Months for which there are partitions before they begin.
const MONTHS_AHEAD: u32 = 2;

/// Forgets what was kept long enough, a part of it at a time. `true`: there may be more.
///
/// # Errors
/// See [`StoreError`].
pub async fn forget_old(services: &Services) -> Result<bool, StoreError> {
    turn_months(services).await?;
    let more = forget_past(services).await?;
    let now = services.now();
    let left = services
        .db
        .tx(move |conn| {
            alert_prune(conn, now - ALERTS_LIFE)?;
            evidence_prune(conn, now - EVIDENCE_LIFE)?;
            preorder_uploads_prune(conn, now - UPLOADS_LIFE)?;
            preorder_orders_prune(conn, now - ORDERS_LIFE)?;
            stock_falls_prune(conn, now - STOCK_FALLS_LIFE)?;
            feed_fetch_prune(conn, now - FEED_FETCHES_LIFE)?;
            workers_prune(conn, now - WORKERS_LIFE)?;
            idempotency_prune(conn, now - KEPT_FOR)?;
            let runs = sync_changes_prune(conn, now - SYNC_CHANGES_LIFE, RUNS_AT_ONCE)?;
            // A report says by itself until when it is kept.
            let reports = report_prune(conn, now, REPORTS_AT_ONCE)?;
            let imports = imports_prune(conn, now - IMPORTS_LIFE, IMPORTS_AT_ONCE)?;
            Ok::<_, StoreError>(
                runs >= RUNS_AT_ONCE || reports >= REPORTS_AT_ONCE || imports >= IMPORTS_AT_ONCE,
            )
        })
        .await?;
    Ok(more || left)
}

/// Forgets what the settings say of, and sessions that are over.
async fn forget_past(services: &Services) -> Result<bool, StoreError> {
    let (now, worker) = (services.now(), &services.config.worker);
    let before = |days: u32| now - TimeDelta::days(i64::from(days));
    let (decisions, pushes, jobs) = (
        before(worker.keep_decisions_days),
        before(worker.keep_pushes_days),
        before(worker.keep_jobs_days),
    );
    services
        .db
        .tx(move |conn| {
            session_delete_expired(conn, now, now - SESSION_IDLE)?;
            let removed = [
                decisions_prune(conn, decisions, ROWS_AT_ONCE)?,
                pushes_prune(conn, pushes, ROWS_AT_ONCE)?,
                job_runs_prune(conn, jobs, ROWS_AT_ONCE)?,
                attempts_prune(conn, jobs, ROWS_AT_ONCE)?,
                sign_ins_prune(conn, now - SIGN_INS_LIFE, ROWS_AT_ONCE)?,
            ];
            let full = usize::try_from(ROWS_AT_ONCE).unwrap_or(usize::MAX);
            Ok(removed.iter().any(|count| *count >= full))
        })
        .await
}

/// Makes the partitions of this and the coming months, and drops those that were kept long enough. Each in a
/// transaction of its own: a table is locked for a moment only.
async fn turn_months(services: &Services) -> Result<(), StoreError> {
    let today = services.now().date_naive();
    let worker = &services.config.worker;
    for (table, days) in [
        (Monthly::PriceChanges, worker.keep_prices_days),
        (Monthly::PastMarketOffers, worker.keep_market_days),
    ] {
        for ahead in 0..=MONTHS_AHEAD {
            let Some(day) = today.checked_add_months(Months::new(ahead)) else {
                continue;
            };
            services.db.tx(move |conn| month_make(conn, table, day)).await?;
        }
        let Some(before) = today.checked_sub_days(Days::new(u64::from(days))) else {
            continue;
        };
        let dropped = services
            .db
            .tx(move |conn| months_drop(conn, table, before))
            .await?;
        if dropped > 0 {
            tracing::info!(?table, dropped, "old months were dropped");
        }
    }
    Ok(())
}

//! `store sync`: asks for a sync and follows it to its end.

use std::{io::IsTerminal, process::ExitCode, time::Duration};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::{
    app::sync_products::{SyncSummary, request_sync},
    cli::say,
    domain::{Actor, JobState, StoreId, Tenant},
    queue::runs::{JobRun, job_run_fetch},
    services::Services,
};

/// Pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Exit status of a sync that did not see everything.
const INCOMPLETE: u8 = 2;
/// A run that nobody takes up for so long has no worker.
const PATIENCE: Duration = Duration::from_secs(120);

/// Follows a sync. Success means that the whole catalogue was seen.
pub async fn run(services: &Services, store_id: StoreId, as_json: bool) -> Result<ExitCode> {
    let run_id = request_sync(services, &Actor::system(), store_id).await?;
    let mut shown = Display::new(as_json);
    let started = tokio::time::Instant::now();
    let run = loop {
        let run = services
            .db
            .read(move |conn| job_run_fetch(conn, Tenant::All, run_id))
            .await?
            .context("the sync is gone: was the store removed?")?;
        shown.progress(&run);
        match run.state {
            JobState::Queued if run.attempts == 0 && started.elapsed() > PATIENCE => {
                bail!("no worker takes the sync up: is `kaspi-panel worker` running?")
            }
            JobState::Queued | JobState::Running => {}
            _ => break run,
        }
        tokio::time::sleep(LOOK_EVERY).await;
    };
    shown.end();
    let summary: SyncSummary = serde_json::from_value(run.summary.clone()).unwrap_or_default();
    if as_json {
        say(
            json!({ "run": run.id, "store": store_id, "state": run.state, "failure": run.failure, "summary": summary }),
        );
    }
    if run.state != JobState::Succeeded {
        bail!(
            "the catalogue was not read: {} (see `kaspi-panel jobs list`)",
            run.failure.unwrap_or_else(|| run.state.to_string())
        );
    }
    if !as_json {
        say(format!(
            "{} products: {} new, {} changed, {} gone, {} back, {} as before, {} unreadable",
            summary.total,
            summary.added,
            summary.changed,
            summary.archived,
            summary.restored,
            summary.unchanged,
            summary.failed
        ));
    }
    if summary.complete {
        return Ok(ExitCode::SUCCESS);
    }
    tracing::warn!(
        read = run.progress_done,
        total = summary.total,
        "the marketplace showed less than it counts, so nothing was archived; try again later"
    );
    Ok(ExitCode::from(INCOMPLETE))
}

/// A bar on a terminal, plain lines elsewhere, nothing beside JSON.
enum Display {
    Bar(ProgressBar),
    Lines(Option<(JobState, i32, Option<i32>)>),
    Nothing,
}

impl Display {
    fn new(as_json: bool) -> Self {
        if as_json {
            return Self::Nothing;
        }
        if !std::io::stderr().is_terminal() {
            return Self::Lines(None);
        }
        let bar = ProgressBar::no_length();
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        Self::Bar(bar)
    }

    fn progress(&mut self, run: &JobRun) {
        let state = match (run.retry_at, &run.failure) {
            (Some(at), Some(why)) => format!("waits until {} UTC ({why})", at.format("%H:%M:%S")),
            _ => run.state.to_string(),
        };
        match self {
            Self::Bar(bar) => {
                bar.set_message(state);
                if let Some(total) = run.progress_total {
                    bar.set_length(u64::try_from(total).unwrap_or_default());
                }
                bar.set_position(u64::try_from(run.progress_done).unwrap_or_default());
            }
            Self::Lines(last) => {
                let now = (run.state, run.progress_done, run.progress_total);
                if last.replace(now) != Some(now) {
                    let total = run
                        .progress_total
                        .map_or_else(String::new, |total| format!(" of {total}"));
                    say(format!(
                        "sync: {state}, {}{total} products read",
                        run.progress_done
                    ));
                }
            }
            Self::Nothing => {}
        }
    }

    fn end(self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

//! `jobs …`: background work, as the panel's page shows it.

use anyhow::{Result, anyhow};
use clap::{Subcommand, builder::PossibleValuesParser};
use serde_json::{Value, json};

use super::{program::Program, say};
use crate::{
    app::job_runs::{JobRunError, cancel_run, retry_run},
    domain::{Actor, JobKind, JobRunId, JobState, StoreId, Tenant},
    queue::runs::{JobRun, RunFilter, job_run_fetch, job_run_list},
    services::Services,
};

/// `kaspi-panel jobs …`
#[derive(Debug, Subcommand)]
pub enum JobsCommand {
    /// Lists the newest runs.
    #[command(after_help = "Example: kaspi-panel jobs list --state failed --kind sync_store --json")]
    List {
        /// Only runs in this state.
        #[arg(long, value_name = "WORD", value_parser = PossibleValuesParser::new(JobState::ALL.iter().map(|state| state.as_str())))]
        state: Option<String>,
        /// Only runs of this kind.
        #[arg(long, value_name = "WORD", value_parser = PossibleValuesParser::new(JobKind::ALL.iter().map(|kind| kind.as_str())))]
        kind: Option<String>,
        /// Only runs for this store.
        #[arg(long, value_name = "ID")]
        store: Option<StoreId>,
        /// At most so many, up to 200.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=200))]
        limit: i64,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Calls a sync off that waits or runs. A login is called off where it is looked at, in the panel.
    #[command(after_help = "Example: kaspi-panel jobs cancel 0199c0de-0000-7000-8000-000000000001")]
    Cancel {
        /// Key of the run.
        run: JobRunId,
        /// The run as one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Asks once more for a sync or a message that failed.
    #[command(after_help = "Example: kaspi-panel jobs retry 0199c0de-0000-7000-8000-000000000001")]
    Retry {
        /// Key of the run.
        run: JobRunId,
        /// The new run as one JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// Runs a `jobs` command.
pub async fn run(command: JobsCommand) -> Result<()> {
    let program = Program::open().await?;
    let services = program.services().await?;
    match command {
        JobsCommand::List {
            state,
            kind,
            store,
            limit,
            json,
        } => {
            let filter = RunFilter {
                store_id: store,
                // The words were checked by the parser.
                kind: kind.and_then(|word| word.parse().ok()),
                state: state.and_then(|word| word.parse().ok()),
            };
            let runs = services
                .db
                .read(move |conn| job_run_list(conn, Tenant::All, filter, limit))
                .await?;
            for (run, store) in runs {
                let store = store.unwrap_or_default();
                if json {
                    say(object(&run, &store));
                } else {
                    say(format!(
                        "{}  {:<13} {:<9} {}  {}",
                        run.id,
                        run.kind.as_str(),
                        run.state.as_str(),
                        store,
                        run.failure.unwrap_or_default()
                    ));
                }
            }
        }
        JobsCommand::Cancel { run, json } => {
            if let Err(error) = cancel_run(&services, &Actor::system(), run).await {
                return Err(told(&services, error, run, "called off").await);
            }
            answer(
                &services,
                run,
                json,
                "Called off; work that is being done stops at its next step.",
            )
            .await?;
        }
        JobsCommand::Retry { run, json } => match retry_run(&services, &Actor::system(), run).await {
            Ok(new) => {
                answer(
                    &services,
                    new,
                    json,
                    &format!("It waits for a worker as run {new}."),
                )
                .await?
            }
            Err(error) => return Err(told(&services, error, run, "asked for once more").await),
        },
    }
    Ok(())
}

fn object(run: &JobRun, store: &str) -> Value {
    json!({ "id": run.id, "kind": run.kind, "store": store, "store_id": run.store_id, "state": run.state,
        "done": run.progress_done, "total": run.progress_total, "failure": run.failure, "attempts": run.attempts,
        "created_at": run.created_at, "finished_at": run.finished_at, "retry_at": run.retry_at })
}

async fn answer(services: &Services, id: JobRunId, json: bool, words: &str) -> Result<()> {
    if !json {
        say(words);
        return Ok(());
    }
    let run = services
        .db
        .read(move |conn| job_run_fetch(conn, Tenant::All, id))
        .await?;
    if let Some(run) = run {
        say(object(&run, ""));
    }
    Ok(())
}

/// Why nothing was done, with the next step where there is one.
async fn told(services: &Services, error: JobRunError, id: JobRunId, act: &str) -> anyhow::Error {
    match error {
        JobRunError::NotFound => anyhow!("there is no run with the key {id}: see `kaspi-panel jobs list`"),
        JobRunError::NeedsLogin => {
            anyhow!("the store's session has ended: log in first, `kaspi-panel store login --store ID`")
        }
        JobRunError::TooLate => {
            let found = services
                .db
                .read(move |conn| job_run_fetch(conn, Tenant::All, id))
                .await;
            match found {
                Ok(Some(run)) => anyhow!("a {} run that is {} cannot be {act}", run.kind, run.state),
                _ => JobRunError::TooLate.into(),
            }
        }
        other => other.into(),
    }
}

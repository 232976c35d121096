//! `jobs …`: background work, as the panel's page shows it.

use anyhow::{Result, anyhow};
use clap::Subcommand;
use serde_json::json;

use super::{program::Program, say};
use crate::{
    app::job_runs::{JobRunError, cancel_run, retry_run},
    domain::{Actor, JobRunId, Tenant},
    queue::runs::job_run_list,
};

/// `kaspi-panel jobs …`
#[derive(Debug, Subcommand)]
pub enum JobsCommand {
    /// Lists the newest runs.
    #[command(after_help = "Example: kaspi-panel jobs list --json")]
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Calls a sync off that waits or runs. A login is called off where it is looked at, in the panel.
    #[command(after_help = "Example: kaspi-panel jobs cancel 0199c0de-0000-7000-8000-000000000001")]
    Cancel {
        /// Key of the run.
        run: JobRunId,
    },
    /// Asks once more for a sync that failed.
    #[command(after_help = "Example: kaspi-panel jobs retry 0199c0de-0000-7000-8000-000000000001")]
    Retry {
        /// Key of the run.
        run: JobRunId,
    },
}

/// Runs a `jobs` command.
pub async fn run(command: JobsCommand) -> Result<()> {
    let program = Program::open().await?;
    let services = program.services().await?;
    match command {
        JobsCommand::List { json } => {
            for (run, store) in services
                .db
                .read(|conn| job_run_list(conn, Tenant::All, None, 50))
                .await?
            {
                let store = store.unwrap_or_default();
                if json {
                    say(
                        json!({ "id": run.id, "kind": run.kind, "store": store, "state": run.state, "done": run.progress_done,
                        "total": run.progress_total, "failure": run.failure, "created_at": run.created_at }),
                    );
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
        JobsCommand::Cancel { run } => {
            cancel_run(&services, &Actor::system(), run)
                .await
                .map_err(|error| told(error, run))?;
            say("Called off; work that is being done stops at its next step.");
        }
        JobsCommand::Retry { run } => {
            let new = retry_run(&services, &Actor::system(), run)
                .await
                .map_err(|error| told(error, run))?;
            say(format!("The sync waits for a worker as run {new}."));
        }
    }
    Ok(())
}

/// Why nothing was done, with the next step where there is one.
fn told(error: JobRunError, run: JobRunId) -> anyhow::Error {
    match error {
        JobRunError::NotFound => anyhow!("there is no run with the key {run}: see `kaspi-panel jobs list`"),
        other => other.into(),
    }
}

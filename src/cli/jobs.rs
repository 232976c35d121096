//! `jobs …`: background work, as the panel's page shows it.

use anyhow::Result;
use clap::Subcommand;
use serde_json::json;

use super::{program::Program, say};
use crate::{
    app::job_runs::retry_run,
    domain::{Actor, JobRunId, Tenant},
    queue::runs::{job_run_cancel, job_run_list},
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
    /// Calls a waiting or running run off.
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
            let now = services.now();
            services.db.tx(move |conn| job_run_cancel(conn, run, now)).await?;
            say("Called off; work that is being done stops at its next step.");
        }
        JobsCommand::Retry { run } => {
            let new = retry_run(&services, &Actor::system(), run).await?;
            say(format!("The sync waits for a worker as run {new}."));
        }
    }
    Ok(())
}

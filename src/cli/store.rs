//! `store …`: what the panel does for a store, from the shell.

use std::time::Duration;

use anyhow::{Result, bail};
use clap::Subcommand;

use super::{program::Program, say};
use crate::{
    app::{connect_store, sync_products},
    domain::{Actor, ActorKind, AttemptState, JobState, StoreId, Tenant},
    queue::runs::job_run_fetch,
    services::Services,
    store::{connections::attempt_fetch, stores::store_fetch, users::user_fetch},
};

/// `kaspi-panel store …`
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Logs a store in again with the e-mail and password it was connected with. Needs a running worker.
    #[command(after_help = "Example: kaspi-panel store login --store 0199c0de-0000-7000-8000-000000000001")]
    Login {
        /// Key of the store, as in its address in the panel.
        #[arg(long)]
        store: StoreId,
    },
    /// Reads the whole catalogue of a store. Needs a running worker.
    #[command(after_help = "Example: kaspi-panel store sync --store 0199c0de-0000-7000-8000-000000000001")]
    Sync {
        /// Key of the store, as in its address in the panel.
        #[arg(long)]
        store: StoreId,
    },
}

/// Longest wait for a worker.
const PATIENCE: Duration = Duration::from_secs(600);

/// Runs a `store` command.
pub async fn run(command: StoreCommand) -> Result<()> {
    let program = Program::open().await?;
    let services = program.services().await?;
    match command {
        StoreCommand::Login { store } => login(&services, store).await,
        StoreCommand::Sync { store } => sync(&services, store).await,
    }
}

async fn login(services: &Services, store_id: StoreId) -> Result<()> {
    let actor = owner_of(services, store_id).await?;
    let attempt = connect_store::reconnect_store(services, &actor, store_id).await?;
    let started = tokio::time::Instant::now();
    let mut shown = None;
    loop {
        let found = services
            .db
            .read(move |conn| attempt_fetch(conn, Tenant::All, attempt))
            .await?;
        let state = found.map_or(AttemptState::Failed, |found| found.state);
        if shown != Some(state) {
            say(format!("login: {state}"));
            shown = Some(state);
        }
        match state {
            AttemptState::Done => return Ok(()),
            state if state.is_final() => bail!("the store was not logged in ({state})"),
            AttemptState::NeedsCode | AttemptState::ChooseMerchant => {
                bail!("the login waits for you in the panel ({state})")
            }
            _ if started.elapsed() > PATIENCE => {
                bail!("no worker took the login up: is `kaspi-panel worker` running?")
            }
            _ => tokio::time::sleep(Duration::from_millis(500)).await,
        }
    }
}

async fn sync(services: &Services, store_id: StoreId) -> Result<()> {
    let run_id = sync_products::request_sync(services, &Actor::system(), store_id).await?;
    let started = tokio::time::Instant::now();
    let mut shown = None;
    loop {
        let Some(run) = services
            .db
            .read(move |conn| job_run_fetch(conn, Tenant::All, run_id))
            .await?
        else {
            bail!("the sync is gone");
        };
        let progress = (run.state, run.progress_done, run.progress_total);
        if shown != Some(progress) {
            let total = run
                .progress_total
                .map_or_else(String::new, |total| format!(" of {total}"));
            say(format!(
                "sync: {}, {}{total} products read",
                run.state, run.progress_done
            ));
            shown = Some(progress);
        }
        match run.state {
            JobState::Succeeded => {
                say(run.summary);
                return Ok(());
            }
            JobState::Failed | JobState::Cancelled => {
                bail!(
                    "the catalogue was not read completely: {}",
                    run.failure.unwrap_or_else(|| run.state.to_string())
                )
            }
            _ if started.elapsed() > PATIENCE => {
                bail!("the sync has not ended yet: see `kaspi-panel jobs list`")
            }
            _ => tokio::time::sleep(Duration::from_millis(500)).await,
        }
    }
}

/// The store's owner as the one who acts: a login belongs to a person.
async fn owner_of(services: &Services, store_id: StoreId) -> Result<Actor> {
    let owner = services
        .db
        .read(move |conn| {
            let store = store_fetch(conn, Tenant::All, store_id)?;
            store.map_or(Ok(None), |store| user_fetch(conn, store.owner_id))
        })
        .await?;
    match owner {
        Some(user) => Ok(user.actor(ActorKind::System, None)),
        None => bail!("there is no store with the key {store_id}: see the panel's /stores"),
    }
}

//! `store …`: what the panel does for a store, from the shell.

mod sync;

use std::{process::ExitCode, time::Duration};

use anyhow::{Result, bail};
use clap::Subcommand;

use super::{program::Program, say};
use crate::{
    app::connect_store,
    domain::{Actor, ActorKind, AttemptState, StoreId, Tenant},
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
    /// Reads the whole catalogue of a store, or joins the sync that waits or runs. Needs a running worker.
    /// Breaking the command off does not break off the sync.
    #[command(
        after_help = "Example: kaspi-panel store sync --store 0199c0de-0000-7000-8000-000000000001\n\n\
        Exit status: 0 when the catalogue was read completely, 2 when the marketplace showed less than it counts\n\
        (nothing is archived then), 1 when the sync failed."
    )]
    Sync {
        /// Key of the store, as in its address in the panel.
        #[arg(long)]
        store: StoreId,
        /// One JSON object at the end and nothing else.
        #[arg(long)]
        json: bool,
    },
}

/// Longest wait for a worker.
const PATIENCE: Duration = Duration::from_secs(600);

/// Runs a `store` command.
pub async fn run(command: StoreCommand) -> Result<ExitCode> {
    let program = Program::open().await?;
    let services = program.services().await?;
    match command {
        StoreCommand::Login { store } => login(&services, store).await.map(|()| ExitCode::SUCCESS),
        StoreCommand::Sync { store, json } => sync::run(&services, store, json).await,
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

//! `store …`: what the panel does for a store, from the shell.

mod login;
mod sync;

use std::{process::ExitCode, time::Duration};

use anyhow::{Result, bail};
use clap::Subcommand;

use self::login::LoginArgs;
use super::program::Program;
use crate::{
    domain::{Actor, ActorKind, StoreId, Tenant},
    services::Services,
    store::{stores::store_fetch, users::user_fetch},
};

/// `kaspi-panel store …`
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Logs a store in again. Asks for what the login asks for: password and codes. Needs a running worker.
    #[command(
        after_help = "Examples:\n  kaspi-panel store login --store 0199c0de-0000-7000-8000-000000000001\n  kaspi-panel store login --store 0199c0de-0000-7000-8000-000000000001 --phone\n\n\
        With --password-stdin password and codes are read line by line, so that neither stands in the list of processes."
    )]
    Login(LoginArgs),
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
        StoreCommand::Login(args) => login::login(&services, args).await.map(|()| ExitCode::SUCCESS),
        StoreCommand::Sync { store, json } => sync::run(&services, store, json).await,
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

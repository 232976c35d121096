//! `prices …`: the stop button from the shell; needs nothing but the database.

use anyhow::Result;
use clap::Subcommand;

use super::{program::Program, say};
use crate::{
    app::kill_switch::{release_prices, stop_prices},
    domain::{Actor, StoreId},
};

/// `kaspi-panel prices …`
#[derive(Debug, Subcommand)]
pub enum PricesCommand {
    /// Stops automatic prices until they are released.
    #[command(after_help = "Example: kaspi-panel prices stop --reason \"prices look wrong\"")]
    Stop {
        /// Why; somebody will ask tomorrow.
        #[arg(long)]
        reason: String,
        /// Only this store.
        #[arg(long)]
        store: Option<StoreId>,
    },
    /// Lets automatic prices go on.
    #[command(after_help = "Example: kaspi-panel prices release")]
    Release {
        /// Only this store.
        #[arg(long)]
        store: Option<StoreId>,
        /// Why.
        #[arg(long, default_value = "released on the command line")]
        reason: String,
    },
}

/// Runs a `prices` command.
pub async fn run(command: PricesCommand) -> Result<()> {
    let program = Program::open().await?;
    let services = program.services().await?;
    match command {
        PricesCommand::Stop { reason, store } => {
            stop_prices(&services, &Actor::system(), store, &reason).await?;
            say("Stopped: no automatic price is sent until `kaspi-panel prices release`.");
        }
        PricesCommand::Release { store, reason } => {
            let released = release_prices(&services, &Actor::system(), store, &reason).await?;
            say(format!("Released {released} stop(s)."));
        }
    }
    Ok(())
}

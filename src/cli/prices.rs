//! `prices …`: the stop button from the shell; needs nothing but the database.

use anyhow::{Result, anyhow};
use clap::{Args, Subcommand, builder::PossibleValuesParser};

use super::{program::Program, say};
use crate::{
    app::{
        kill_switch::{StopError, release_prices, stop_prices},
        sign_in::Confirmed,
    },
    domain::{Actor, ProductId, StopTarget, StoreId, pricing::Strategy},
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
        #[command(flatten)]
        target: Target,
    },
    /// Lets automatic prices go on: releases every stop of exactly this target.
    #[command(after_help = "Example: kaspi-panel prices release --reason \"limits are corrected\"")]
    Release {
        /// Why they may go on.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        target: Target,
    },
}

/// What is stopped or released; without any of them everything.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct Target {
    /// Only this store.
    #[arg(long, value_name = "ID")]
    store: Option<StoreId>,
    /// Only prices that this strategy finds, in all stores.
    #[arg(long, value_name = "WORD", value_parser = PossibleValuesParser::new(Strategy::KINDS))]
    strategy: Option<String>,
    /// Only this product.
    #[arg(long, value_name = "ID")]
    product: Option<ProductId>,
}

impl From<Target> for StopTarget {
    fn from(target: Target) -> Self {
        match target {
            Target { store: Some(id), .. } => Self::Store(id),
            Target {
                strategy: Some(kind), ..
            } => Self::Strategy(kind),
            Target {
                product: Some(id), ..
            } => Self::Product(id),
            _ => Self::All,
        }
    }
}

/// Runs a `prices` command.
pub async fn run(command: PricesCommand) -> Result<()> {
    let program = Program::open().await?;
    let services = program.services().await?;
    match command {
        PricesCommand::Stop { reason, target } => {
            let target = StopTarget::from(target);
            stop_prices(&services, &Actor::system(), target.clone(), &reason)
                .await
                .map_err(told)?;
            say(format!(
                "Stopped: no automatic price of {} is sent until `kaspi-panel prices release`.",
                what(&target)
            ));
        }
        PricesCommand::Release { reason, target } => {
            let target = StopTarget::from(target);
            let confirmed = Confirmed::at_the_machine();
            let released = release_prices(&services, &Actor::system(), &confirmed, target.clone(), &reason)
                .await
                .map_err(told)?;
            say(format!("Released {released} stop(s) of {}.", what(&target)));
        }
    }
    Ok(())
}

fn what(target: &StopTarget) -> String {
    match target {
        StopTarget::All => "any store".to_owned(),
        StopTarget::Store(id) => format!("store {id}"),
        StopTarget::Strategy(kind) => format!("strategy {kind}"),
        StopTarget::Product(id) => format!("product {id}"),
    }
}

/// Why nothing was done, with the next step where there is one.
fn told(error: StopError) -> anyhow::Error {
    match error {
        StopError::NotFound => {
            anyhow!("there is no such store or product: its key stands in its address in the panel")
        }
        StopError::NoReason => anyhow!("say why: --reason \"…\""),
        StopError::NotStopped => {
            anyhow!(
                "nothing is stopped exactly there; wider and narrower stops stand on the panel's page /stop"
            )
        }
        other => other.into(),
    }
}

//! `prices …`: the stop button and putting earlier prices back, from the shell; needs nothing but the database.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};
use clap::{Args, Subcommand, builder::PossibleValuesParser};
use serde_json::json;

use super::{program::Program, say};
use crate::{
    app::{
        kill_switch::{StopError, release_prices, stop_prices},
        put_back::{Line, PutBackError, Wish, preview_put_back, put_back},
        sign_in::Confirmed,
    },
    domain::{Actor, ProductId, PutBackId, StopTarget, StoreId, moment::parse_moment, pricing::Strategy},
    services::Services,
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
    /// Puts the confirmed prices of an earlier moment back, as far as limits, goals and stops allow it now. A worker
    /// sends them; the panel shows the progress.
    #[command(
        after_help = "Example: kaspi-panel prices put-back --store 0199c0de-0000-7000-8000-000000000001 --at 14:05 --dry-run"
    )]
    PutBack {
        /// The store.
        #[arg(long, value_name = "ID")]
        store: StoreId,
        /// The moment: 14:05 (today), 2026-11-25T14:05, both in Almaty, or a time with its zone.
        #[arg(long, value_name = "TIME")]
        at: String,
        /// Only this product; may be given several times.
        #[arg(long = "product", value_name = "ID")]
        products: Vec<ProductId>,
        /// Only says what would change.
        #[arg(long)]
        dry_run: bool,
        /// One JSON object.
        #[arg(long)]
        json: bool,
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
        PricesCommand::PutBack {
            store,
            at,
            products,
            dry_run,
            json,
        } => {
            let at = parse_moment(&at, services.now()).ok_or_else(|| {
                anyhow!("--at {at:?}: write 14:05, 2026-11-25T14:05 or 2026-11-25T14:05:00+05:00")
            })?;
            let wish = Wish {
                store_id: store,
                products: Some(products).filter(|products| !products.is_empty()),
                at,
            };
            put_prices_back(&services, wish, dry_run, json).await?;
        }
    }
    Ok(())
}

async fn put_prices_back(services: &Services, wish: Wish, dry_run: bool, json: bool) -> Result<()> {
    let actor = Actor::system();
    let found = preview_put_back(services, &actor, wish.clone())
        .await
        .map_err(not_put_back)?;
    let planned = if dry_run {
        None
    } else {
        let id = PutBackId::new();
        Some(
            put_back(services, &actor, id, wish.clone())
                .await
                .map_err(not_put_back)?,
        )
    };
    if json {
        let line = |line: &Line| {
            let cities: Vec<_> = line
                .cities
                .iter()
                .map(|(city, now, then)| json!({ "city": city, "now": now, "then": then }))
                .collect();
            json!({ "product": line.product_id, "sku": line.sku, "refused": line.refusal, "cities": cities })
        };
        say(json!({
            "at": wish.at, "id": planned.map(|planned| planned.id),
            "planned": planned.map_or_else(|| found.planned(), |planned| planned.planned),
            "refused": found.refused().into_iter().collect::<BTreeMap<_, _>>(),
            "same": found.same, "unknown": found.unknown,
            "products": found.lines.iter().map(line).collect::<Vec<_>>(),
        }));
        return Ok(());
    }
    for (code, count) in found.refused() {
        say(format!("{count} product(s) left out: {code}"));
    }
    let rest = format!(
        "{} have the price of then, of {} it is not known",
        found.same, found.unknown
    );
    match planned {
        None => say(format!("{} price(s) would be put back; {rest}.", found.planned())),
        Some(planned) => say(format!(
            "{} price(s) wait for a worker; {rest}. Progress: /put-backs/{} in the panel.",
            planned.planned, planned.id
        )),
    }
    Ok(())
}

fn not_put_back(error: PutBackError) -> anyhow::Error {
    match error {
        PutBackError::NotFound => {
            anyhow!("there is no such store: its key stands in its address in the panel")
        }
        PutBackError::Ahead => anyhow!("--at: this moment has not come yet"),
        other => other.into(),
    }
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

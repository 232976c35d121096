//! `demper`: the repricing loop in the foreground, for support and for scripts of the predecessor.

use std::{process::ExitCode, time::Duration};

use anyhow::Result;
use clap::Args;
use serde_json::json;
use uuid::Uuid;

use super::{
    program::{Program, stop_signal, stopped},
    say,
};
use crate::{
    app::{
        proxies::upkeep::ProxyUpkeep,
        push_prices::{PushSummary, push_due},
        reprice::{Pass, PassSummary, reprice_until},
    },
    domain::StoreId,
    services::Services,
    store::leases::store_lease_release,
};

/// `kaspi-panel demper`
#[derive(Debug, Args)]
#[command(after_help = "Example: kaspi-panel demper --once --dry-run --json")]
pub struct DemperArgs {
    /// One pass over every product with automatic prices; exit status 0 only if each was decided.
    #[arg(long)]
    once: bool,
    /// Seconds between two passes.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    interval: u64,
    /// Only this store.
    #[arg(long)]
    store: Option<StoreId>,
    /// Decide and explain; write nothing to the marketplace.
    #[arg(long)]
    dry_run: bool,
    /// Summaries as JSON, one a line.
    #[arg(long)]
    json: bool,
}

/// Runs the loop.
pub async fn run(args: DemperArgs) -> Result<ExitCode> {
    let program = Program::open().await?;
    let services = program.services().await?;
    let stop = stop_signal()?;
    let owner = Uuid::now_v7();
    let proxies = ProxyUpkeep::default();
    let code = loop {
        proxies.load(&services).await?;
        let (pass, pushes) = one_pass(&services, &args, owner, stopped(stop.clone())).await?;
        proxies.count(&services).await?;
        report(&args, &pass, &pushes);
        if args.once {
            break if pass.failed == 0 && !*stop.borrow() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            };
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(args.interval)) => {}
            () = stopped(stop.clone()) => break ExitCode::SUCCESS,
        }
    };
    services
        .db
        .tx(move |conn| store_lease_release(conn, owner))
        .await?;
    Ok(code)
}

/// Everything that this pass may look at, and then one round of the push sender.
async fn one_pass(
    services: &Services,
    args: &DemperArgs,
    owner: Uuid,
    stop: impl Future<Output = ()>,
) -> Result<(PassSummary, PushSummary)> {
    let pass = Pass {
        store_id: args.store,
        checked_before: Some(services.now()),
        dry_run: args.dry_run,
        limit: i64::MAX,
    };
    let summary = reprice_until(services, pass, stop).await?;
    let pushes = if args.dry_run {
        PushSummary::default()
    } else {
        push_due(services, args.store, owner).await?
    };
    Ok((summary, pushes))
}

fn report(args: &DemperArgs, pass: &PassSummary, pushes: &PushSummary) {
    if args.json {
        say(
            json!({ "checked": pass.checked, "changed": pass.changed, "kept": pass.kept, "held": pass.held,
            "failed": pass.failed, "pushes": pushes, "syncs": pass.syncs }),
        );
        return;
    }
    say(format!(
        "checked {}, changed {}, kept {}, failed {}",
        pass.checked, pass.changed, pass.kept, pass.failed
    ));
    for (code, count) in &pass.held {
        say(format!("  held {count}: {code}"));
    }
    if !args.dry_run {
        say(format!(
            "sent {}, confirmed {}, held at the gate {}, rejected {}, waiting {}",
            pushes.sent, pushes.confirmed, pushes.held, pushes.rejected, pushes.waiting
        ));
        if pass.syncs > 0 {
            say(format!("stores to be synced by a worker: {}", pass.syncs));
        }
    }
}

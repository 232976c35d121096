//! `feed`: the XML price list of a store on standard output.

use std::io::Write;

use anyhow::{Result, bail};
use clap::Args;

use super::program::Program;
use crate::{
    app::price_feed::{FeedError, build_feed},
    domain::{StoreId, Tenant},
    web::texts::{Language, Texts},
};

/// `kaspi-panel feed …`
#[derive(Debug, Args)]
#[command(after_help = "Example: kaspi-panel feed --store 0199c0de-0000-7000-8000-000000000001 > prices.xml")]
pub struct FeedArgs {
    /// Key of the store.
    #[arg(long, value_name = "ID")]
    store: StoreId,
}

/// Writes the complete list, or nothing.
pub async fn run(args: FeedArgs) -> Result<()> {
    let program = Program::open().await?;
    let services = program.services().await?;
    let list = match build_feed(&services, Tenant::All, args.store).await {
        Ok(list) => list,
        Err(FeedError::Refused(refused)) => {
            let why = Texts::new(Language::En).get(format!("feed-refusal-{}", refused.why));
            bail!("there is no complete price list, {}: {why}", refused.subject());
        }
        Err(error) => return Err(error.into()),
    };
    std::io::stdout().write_all(&list.bytes)?;
    Ok(())
}

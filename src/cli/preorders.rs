//! `preorders …`: Kaspi's spreadsheet from the shell.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Subcommand;

use super::{program::Program, say};
use crate::{
    app::preorder_export::export_preorders,
    domain::{Actor, StoreId},
};

/// `kaspi-panel preorders …`
#[derive(Debug, Subcommand)]
pub enum PreordersCommand {
    /// Writes the preorders in work of a store in Kaspi's form.
    #[command(
        after_help = "Example: kaspi-panel preorders export --store 0199c0de-0000-7000-8000-000000000001 --out preorders.xlsx"
    )]
    Export {
        /// Key of the store.
        #[arg(long)]
        store: StoreId,
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
    },
}

/// Runs a `preorders` command.
pub async fn run(command: PreordersCommand) -> Result<()> {
    let program = Program::open().await?;
    let services = program.services().await?;
    let PreordersCommand::Export { store, out } = command;
    let file = export_preorders(&services, &Actor::system(), store).await?;
    std::fs::write(&out, &file.bytes).with_context(|| format!("cannot write {}", out.display()))?;
    say(format!(
        "{} preorder(s) written to {}.",
        file.lines.len(),
        out.display()
    ));
    Ok(())
}

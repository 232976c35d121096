//! `sheet read`: the confined half of an import. A file on standard input becomes lines of JSON.

use std::{
    io::{self, BufWriter, Read},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::Subcommand;

use crate::{domain::imports::FILE_BYTES_MAX, sheets::intake::wire};

/// `kaspi-panel sheet …`
#[derive(Debug, Subcommand)]
pub enum SheetCommand {
    /// Reads a file on standard input; answers with one JSON object a line, the last of which says how it ended.
    #[command(after_help = "Example: kaspi-panel sheet read --name prices.xlsx < prices.xlsx")]
    Read {
        /// What the file is called; its ending says what it is.
        #[arg(long)]
        name: String,
    },
}

/// Runs a `sheet` command.
pub fn run(command: &SheetCommand) -> Result<ExitCode> {
    let SheetCommand::Read { name } = command;
    let mut bytes = Vec::new();
    // One byte more tells that a file is too large.
    let most = u64::try_from(FILE_BYTES_MAX)?.saturating_add(1);
    io::stdin()
        .lock()
        .take(most)
        .read_to_end(&mut bytes)
        .context("cannot read standard input")?;
    let mut out = BufWriter::with_capacity(64 * 1024, io::stdout().lock());
    match wire::answer(name, &bytes, &mut out) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        // Whoever read the lines has enough of them.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error).context("cannot write the lines"),
    }
}

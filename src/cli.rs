//! The command line: what people and scripts type. Each command wires services and calls `app`.

use std::{io::Write, process::ExitCode};

use clap::{Parser, Subcommand};

/// Panel for people who sell on Kaspi.kz.
#[derive(Debug, Parser)]
#[command(
    name = "kaspi-panel",
    version,
    about,
    after_help = "Example: kaspi-panel demo --port 8080"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the simulated marketplace of the demo.
    #[cfg(feature = "demo")]
    #[command(hide = true)]
    Simulator(kaspi_sim::Options),
}

/// Runs the command of the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when standard error is closed.
            let _closed = writeln!(std::io::stderr(), "kaspi-panel: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        #[cfg(feature = "demo")]
        Command::Simulator(options) => runtime()?.block_on(kaspi_sim::run(options)),
    }
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        super::Cli::command().debug_assert();
    }
}

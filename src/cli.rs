//! The command line: what people and scripts type. Each command wires services and calls `app`.

use std::process::ExitCode;

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
    Simulator,
}

/// Runs the command of the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        #[cfg(feature = "demo")]
        Command::Simulator => ExitCode::SUCCESS,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        super::Cli::command().debug_assert();
    }
}

//! The program `kaspi-sim`: reads the command line and runs the simulated marketplace until it is told to stop.

use clap::Parser;

/// A simulated Kaspi marketplace on loopback.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  kaspi-sim --port 0 --seed 1 --time virtual"
)]
struct Cli {
    #[command(flatten)]
    options: kaspi_sim::Options,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    kaspi_sim::run(Cli::parse().options).await
}

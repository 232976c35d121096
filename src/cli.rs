//! The command line: what people and scripts type. Each command wires services and calls `app`; errors are
//! one clear sentence on standard error.

mod ask;
mod backup;
mod config;
#[cfg(feature = "demo")]
mod demo;
mod demper;
mod feed;
mod import_django;
mod jobs;
mod preorders;
mod prices;
mod pricing;
mod program;
mod secrets;
mod serve;
mod sheet;
mod store;
mod user;

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
    /// Runs everything on this machine with a simulated marketplace; touches nothing but loopback.
    #[cfg(feature = "demo")]
    Demo(demo::DemoArgs),
    /// Serves the panel and the JSON API.
    Serve(serve::ServeArgs),
    /// Runs background jobs, the repricing loop and the push sender; any number on any number of machines.
    Worker,
    /// Applies the migrations of this program to the database.
    Migrate,
    /// Makes and manages the accounts of people.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Makes keys of the JSON API.
    #[command(subcommand)]
    Token(user::TokenCommand),
    /// Logs a store in or reads its catalogue.
    #[command(subcommand)]
    Store(store::StoreCommand),
    /// Runs the repricing loop in the foreground.
    Demper(demper::DemperArgs),
    /// The pricing engine on JSON Lines; needs no database.
    #[command(subcommand)]
    Pricing(pricing::PricingCommand),
    /// Stops and releases automatic prices; works with the panel down.
    #[command(subcommand)]
    Prices(prices::PricesCommand),
    /// Writes preorders as Kaspi's spreadsheet.
    #[command(subcommand)]
    Preorders(preorders::PreordersCommand),
    /// Writes the XML price list of a store to standard output.
    Feed(feed::FeedArgs),
    /// Brings users, stores, products and preorders of the predecessor's database over, with their keys.
    ImportDjango(import_django::ImportDjangoArgs),
    /// Shows background work, calls it off or tries it again.
    #[command(subcommand)]
    Jobs(jobs::JobsCommand),
    /// Copies the whole database into one file, while everything runs.
    Backup(backup::BackupArgs),
    /// Reads a backup into an empty database and stops everything there.
    Restore(backup::RestoreArgs),
    /// Makes a key for encrypted backups.
    BackupKey(backup::BackupKeyArgs),
    /// Changes the key that seals stored passwords, cookies and other secrets.
    #[command(subcommand)]
    Secrets(secrets::SecretsCommand),
    /// Shows and checks the settings.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Reads an uploaded spreadsheet; the panel starts it with limits of memory and time.
    #[command(subcommand, hide = true)]
    Sheet(sheet::SheetCommand),
    /// Runs the simulated marketplace.
    #[cfg(feature = "demo")]
    #[command(hide = true)]
    Simulator(kaspi_sim::Options),
}

/// Runs the command of the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(code) => code,
        Err(error) => {
            // Nobody is left to tell when standard error is closed.
            let _closed = writeln!(std::io::stderr(), "kaspi-panel: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    // Before anything else is made: it has little memory, and each thread would take some.
    if let Command::Sheet(command) = &command {
        return sheet::run(command);
    }
    // Browsers leave crash handlers behind; as their reaper we can collect them.
    crate::os::become_subreaper()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(async {
        match command {
            #[cfg(feature = "demo")]
            Command::Demo(args) => demo::run(args).await,
            Command::Serve(args) => serve::serve(args).await,
            Command::Worker => serve::worker().await,
            Command::Migrate => serve::migrate().await,
            Command::User(command) => user::user(command).await,
            Command::Token(command) => user::token(command).await,
            Command::Store(command) => return store::run(command).await,
            Command::Demper(args) => return demper::run(args).await,
            Command::Pricing(command) => return pricing::run(&command),
            Command::Prices(command) => prices::run(command).await,
            Command::Preorders(command) => preorders::run(command).await,
            Command::Feed(args) => feed::run(args).await,
            Command::ImportDjango(args) => return import_django::run(args).await,
            Command::Jobs(command) => jobs::run(command).await,
            Command::Backup(args) => backup::backup(args).await,
            Command::Restore(args) => backup::run_restore(args).await,
            Command::BackupKey(args) => backup::backup_key(&args),
            Command::Secrets(command) => secrets::run(command).await,
            Command::Config(command) => config::run(&command),
            Command::Sheet(command) => return sheet::run(&command),
            #[cfg(feature = "demo")]
            Command::Simulator(options) => kaspi_sim::run(options).await,
        }?;
        Ok(ExitCode::SUCCESS)
    });
    // Blocking work that outlives its command (a hanging look-up) must not keep the program.
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    done
}

/// Writes a line for people or scripts to standard output; a closed pipe is nobody's fault.
fn say(line: impl std::fmt::Display) {
    let _closed = writeln!(std::io::stdout(), "{line}");
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        super::Cli::command().debug_assert();
    }
}

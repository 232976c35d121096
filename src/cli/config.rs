//! `config …`: the settings as the program understands them.

use anyhow::Result;
use clap::Subcommand;

use super::say;
use crate::config::{Config, VARIABLES};

/// `kaspi-panel config …`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Checks the environment and prints what is in force; secrets are hidden.
    #[command(after_help = variables())]
    Check,
}

fn variables() -> String {
    let lines: Vec<String> = VARIABLES
        .iter()
        .map(|(name, text)| format!("  {name}\n      {text}"))
        .collect();
    format!(
        "Example: kaspi-panel config check\n\nVariables:\n{}",
        lines.join("\n")
    )
}

/// Runs a `config` command.
pub fn run(command: &ConfigCommand) -> Result<()> {
    let ConfigCommand::Check = command;
    let config = Config::from_env()?;
    let database = if config.database.url.is_some() {
        "DATABASE_URL (hidden)"
    } else {
        "a private cluster in the data directory"
    };
    say(format!("data directory   {}", config.data_dir.display()));
    say(format!(
        "database         {database}, {} connections",
        config.database.pool_size
    ));
    say(format!("secret key       {}", config.secret_key_file.display()));
    say(format!(
        "panel            {} as {}",
        config.http.bind, config.http.public_url
    ));
    say(format!(
        "secure cookies   {}",
        if config.http.secure() {
            "yes"
        } else {
            "no: the public address is not https"
        }
    ));
    for (name, host) in [
        ("login", &config.kaspi.login),
        ("cabinet", &config.kaspi.cabinet),
        ("public", &config.kaspi.public),
        ("orders", &config.kaspi.orders),
        ("images", &config.kaspi.cdn),
    ] {
        say(format!("{name:<17}{host}"));
    }
    if config.kaspi.other_hosts {
        say("These are not the marketplace's own hosts.");
    }
    say("The settings are complete.");
    Ok(())
}

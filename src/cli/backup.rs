//! `backup`, `restore` and `backup-key`: the whole database as one file, and the way back.

use std::{
    io::{IsTerminal, Write},
    path::PathBuf,
};

use anyhow::Result;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{program::Program, say};
use crate::{
    app::backup::{
        BackupOptions, BackupStep, RestoreOptions, back_up, identities, make_identity, recipient, restore,
    },
    clock::{Clock, SystemClock},
    domain::Actor,
};

/// Bytes between two lines of progress.
const LINE_EVERY: u64 = 256 * 1024 * 1024;

/// `kaspi-panel backup`
#[derive(Debug, Args)]
#[command(
    after_help = "Example: kaspi-panel backup /backups/panel-2026-12-01.kpb --encrypt-to age1…\n\n\
    The file does not hold the secret key (KASPI_PANEL_SECRET_KEY_FILE): keep a copy of that elsewhere, or stored passwords\n\
    and sessions cannot be opened after a restore."
)]
pub struct BackupArgs {
    /// The file to make; it appears when it is whole.
    file: PathBuf,
    /// Encrypt for this recipient, as `kaspi-panel backup-key` or `age-keygen` tells it; may be given several times.
    #[arg(long = "encrypt-to", value_name = "AGE1…")]
    recipients: Vec<String>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// `kaspi-panel restore`
#[derive(Debug, Args)]
#[command(
    after_help = "Example: DATABASE_URL=postgres://panel@127.0.0.1/new kaspi-panel restore /backups/panel-2026-12-01.kpb\n\n\
    Afterwards everything is stopped until `kaspi-panel prices release`, nobody is signed in, and what was planned is not sent."
)]
pub struct RestoreArgs {
    /// The backup.
    file: PathBuf,
    /// File with an identity that opens it; may be given several times.
    #[arg(long = "identity", value_name = "FILE")]
    identities: Vec<PathBuf>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// `kaspi-panel backup-key`
#[derive(Debug, Args)]
#[command(
    after_help = "Example: kaspi-panel backup-key backup.key\n\nKeep the file away from the machine that makes the backups."
)]
pub struct BackupKeyArgs {
    /// The file to make.
    file: PathBuf,
}

/// Makes a backup.
pub async fn backup(args: BackupArgs) -> Result<()> {
    let recipients = args
        .recipients
        .iter()
        .map(|text| recipient(text))
        .collect::<Result<Vec<_>, _>>()?;
    let program = Program::open().await?;
    let services = program.services().await?;
    let file = args.file.display().to_string();
    let options = BackupOptions {
        url: program.database_url.clone(),
        file: args.file,
        recipients,
    };
    let mut shown = Shown::new();
    let made = back_up(&services, &Actor::system(), options, move |step| shown.tell(step)).await?;
    let (rows, tables) = (made.manifest.rows(), made.manifest.tables.len());
    let keys = made.manifest.key_ids();
    if args.json {
        say(json!({ "file": file, "bytes": made.bytes, "rows": rows, "tables": tables, "keys": keys }));
        return Ok(());
    }
    say(format!(
        "{file}: {rows} rows of {tables} tables, {} bytes.",
        made.bytes
    ));
    if !keys.is_empty() {
        say(format!(
            "It does not hold the key file {}; without its key {} stored passwords and sessions cannot be opened.",
            services.config.secret_key_file.display(),
            keys.join(", ")
        ));
    }
    Ok(())
}

/// Restores a backup into an empty database.
pub async fn run_restore(args: RestoreArgs) -> Result<()> {
    let mut opened = Vec::new();
    for path in &args.identities {
        opened.extend(identities(path)?);
    }
    let program = Program::open().await?;
    let options = RestoreOptions {
        url: program.database_url.clone(),
        file: args.file,
        identities: opened,
        bin_dir: program.config.database.bin_dir.clone(),
    };
    let mut shown = Shown::new();
    let restored = restore(options, SystemClock.now(), move |step| shown.tell(step)).await?;
    let (manifest, ended) = (&restored.manifest, restored.ended);
    if args.json {
        say(
            json!({ "made_at": manifest.made_at, "rows": manifest.rows(), "tables": manifest.tables.len(),
            "keys": manifest.key_ids(), "ended": ended }),
        );
        return Ok(());
    }
    say(format!(
        "Restored as of {}: {} rows of {} tables, each the same as in the backup.",
        manifest.made_at.format("%Y-%m-%d %H:%M:%S UTC"),
        manifest.rows(),
        manifest.tables.len()
    ));
    say(format!(
        "Not gone on with: {} planned prices, {} jobs, {} uploads, {} imports, {} reports, {} logins.",
        ended.planned_prices, ended.jobs, ended.uploads, ended.imports, ended.reports, ended.logins
    ));
    let keys = manifest.key_ids();
    if !keys.is_empty() {
        say(format!(
            "Put the key file with key {} to {} before you start the panel.",
            keys.join(", "),
            program.config.secret_key_file.display()
        ));
    }
    say("Everything is stopped. Look at the panel, then: kaspi-panel prices release --reason \"…\"");
    Ok(())
}

/// Makes a key for encrypted backups.
pub fn backup_key(args: &BackupKeyArgs) -> Result<()> {
    let recipient = make_identity(&args.file)?;
    say(format!(
        "Wrote {}. Back up with: --encrypt-to {recipient}",
        args.file.display()
    ));
    Ok(())
}

/// Progress on standard error: a bar on a terminal, lines elsewhere.
struct Shown {
    bar: Option<ProgressBar>,
    told: u64,
}

impl Shown {
    fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{spinner} {msg}");
            ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
        });
        Self { bar, told: 0 }
    }

    fn tell(&mut self, step: BackupStep) {
        let (line, is_due) = match step {
            BackupStep::Table(number, count, name) => (
                format!("check sums: table {number} of {count}, {name}"),
                number == count,
            ),
            BackupStep::Bytes(bytes) => {
                let is_due = bytes >= self.told + LINE_EVERY;
                if is_due {
                    self.told = bytes;
                }
                (format!("{} MiB", bytes / (1024 * 1024)), is_due)
            }
        };
        match &self.bar {
            Some(bar) => {
                bar.set_message(line);
                bar.tick();
            }
            None if is_due => {
                // Nobody is left to tell when standard error is closed.
                let _closed = writeln!(std::io::stderr(), "{line}");
            }
            None => {}
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

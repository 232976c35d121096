//! `secrets …`: the keys that seal stored passwords, cookies and other secrets.

use std::io::IsTerminal;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{program::Program, say};
use crate::{
    app::secret_keys::{Rotation, RotationProgress, begin_rotation, forget_unreadable, reseal_all},
    domain::Actor,
};

/// `kaspi-panel secrets …`
#[derive(Debug, Subcommand)]
pub enum SecretsCommand {
    /// Adds a new key to the key file and seals every stored secret anew, while panel and workers run.
    /// Interrupted, it goes on where it was when it is run again.
    #[command(
        after_help = "Example: kaspi-panel secrets rotate\n\nWhere several machines run kaspi-panel, they must read the same key file."
    )]
    Rotate(Form),
    /// Gives up stored secrets whose key is lost; they must be entered anew.
    #[command(after_help = "Example: kaspi-panel secrets forget")]
    Forget(Form),
}

/// For people or for scripts.
#[derive(Debug, Clone, Copy, Args)]
pub struct Form {
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Runs a `secrets` command.
pub async fn run(command: SecretsCommand) -> Result<()> {
    let program = Program::open().await?;
    match command {
        SecretsCommand::Rotate(form) => rotate(&program, form).await,
        SecretsCommand::Forget(form) => forget(&program, form).await,
    }
}

async fn rotate(program: &Program, form: Form) -> Result<()> {
    let services = program.services().await?;
    let actor = Actor::system();
    let key = begin_rotation(&services, &actor).await?;
    let file = services.config.secret_key_file.display().to_string();
    if form.json {
        say(json!({ "event": "key", "key": key.id.to_string(), "added": key.is_new, "file": file }));
    } else if key.is_new {
        say(format!(
            "Added key {} to {file}; everything is sealed with it from now on.",
            key.id
        ));
    } else {
        say(format!("Going on with key {} of {file}.", key.id));
    }
    let shown = Shown::new(form);
    let rotation = reseal_all(&services, &actor, key.id, |progress| shown.progress(progress)).await?;
    shown.end();
    report(&rotation, form, &file)
}

fn report(rotation: &Rotation, form: Form, file: &str) -> Result<()> {
    let unreadable: i64 = rotation.unreadable.values().sum();
    if form.json {
        say(
            json!({ "event": "done", "key": rotation.key.to_string(), "resealed": rotation.resealed,
            "unreadable": rotation.unreadable, "left": rotation.left }),
        );
    }
    if unreadable > 0 {
        bail!(
            "{unreadable} stored secrets cannot be opened and keep their old key: damaged, or moved from elsewhere ({}); enter them anew",
            rotation.unreadable.keys().copied().collect::<Vec<_>>().join(", ")
        );
    }
    if rotation.left > 0 {
        bail!(
            "{} stored secrets were in use all the time; run this command again",
            rotation.left
        );
    }
    if !form.json {
        say(format!(
            "Sealed {} stored secrets anew with key {}.\n\
             To drop the older keys: keep a copy of {file} with your old backups of the database (they need it), \
             then delete all its lines but the last one. Running processes notice by themselves; people sign in again after the next start.",
            rotation.resealed, rotation.key
        ));
    }
    Ok(())
}

async fn forget(program: &Program, form: Form) -> Result<()> {
    let services = program.services_with_any_keys().await?;
    let forgotten = forget_unreadable(&services, &Actor::system()).await?;
    if form.json {
        say(json!({ "event": "forgotten", "values": forgotten }));
    } else if forgotten.is_empty() {
        say("Every stored secret can be opened; nothing was forgotten.");
    } else {
        for (column, values) in &forgotten {
            say(format!("{column}: {values} forgotten"));
        }
        say("Log the stores in again and enter the proxies' passwords anew.");
    }
    Ok(())
}

/// A bar on a terminal, lines elsewhere.
struct Shown {
    form: Form,
    bar: Option<ProgressBar>,
    told: std::cell::Cell<i64>,
}

/// Values between two lines.
const LINE_EVERY: i64 = 1_000;

impl Shown {
    fn new(form: Form) -> Self {
        let bar = (!form.json && std::io::stderr().is_terminal()).then(|| {
            let style = ProgressStyle::with_template("{bar:30} {pos} of {len} sealed anew, {eta} left");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self {
            form,
            bar,
            told: std::cell::Cell::new(0),
        }
    }

    fn progress(&self, progress: RotationProgress) {
        if let Some(bar) = &self.bar {
            bar.set_length(u64::try_from(progress.total).unwrap_or_default());
            bar.set_position(u64::try_from(progress.done).unwrap_or_default());
            return;
        }
        if progress.done < self.told.get() + LINE_EVERY {
            return;
        }
        self.told.set(progress.done);
        if self.form.json {
            say(json!({ "event": "progress", "done": progress.done, "total": progress.total }));
        } else {
            say(format!("{} of {} sealed anew", progress.done, progress.total));
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

//! `import-django`: the predecessor's data, with a report of everything that is doubtful.

use std::{
    io::{IsTerminal, Write},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{program::Program, say};
use crate::{
    app::import_django::{
        Counts, Difference, ImportEvent, ImportOptions, ImportTotals, OwnerOutcome, import_django,
    },
    domain::{
        Actor,
        django::{Doubt, OldTable},
    },
    secrets::Secret,
};

/// Exit status of an import that left something out.
const INCOMPLETE: u8 = 2;
/// Rows between two lines of progress.
const LINE_EVERY: i64 = 10_000;

/// `kaspi-panel import-django`
#[derive(Debug, Args)]
#[command(
    after_help = "Example: kaspi-panel import-django --from postgres://reader@127.0.0.1/django --owner user-1=anna@example.kz --dry-run\n\n\
    Exit status: 0 when everything was taken as it is, 2 when rows or values were left out (the report names each),\n\
    1 when the import stopped; run again, it goes on."
)]
pub struct ImportDjangoArgs {
    /// Address of the predecessor's PostgreSQL. Everybody on the machine can read it here: one with a password belongs
    /// into KASPI_PANEL_DJANGO_URL instead.
    #[arg(long, value_name = "URL", value_parser = secret)]
    from: Option<Secret>,
    /// Who a user id of the predecessor is; may be given several times. For others an account without a password is made.
    #[arg(long = "owner", value_name = "USER_ID=EMAIL", value_parser = owner)]
    owners: Vec<(String, String)>,
    /// Take passwords of the cabinet over, sealed with the key file's key. Cookies are never taken.
    #[arg(long)]
    with_passwords: bool,
    /// Write nothing and tell the same.
    #[arg(long)]
    dry_run: bool,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// Refuses nothing: clap would repeat the value.
fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::from(text))
}

fn owner(text: &str) -> Result<(String, String), &'static str> {
    // A user id may hold the sign itself, an e-mail hardly ever does.
    let (user_id, email) = text
        .rsplit_once('=')
        .ok_or("expected a user id and an e-mail such as user-1=anna@example.kz")?;
    Ok((user_id.to_owned(), email.to_owned()))
}

/// Runs the import.
pub async fn run(args: ImportDjangoArgs) -> Result<ExitCode> {
    let program = Program::open().await?;
    let url = args
        .from
        .or_else(|| program.config.django_url.clone())
        .context("say where the predecessor's database is: --from URL or KASPI_PANEL_DJANGO_URL")?;
    let services = program.services().await?;
    let options = ImportOptions {
        owners: args.owners,
        with_passwords: args.with_passwords,
        dry_run: args.dry_run,
    };
    let mut shown = Shown::new(args.json);
    let tell = move |event| shown.tell(event);
    let totals = import_django(&services, &Actor::system(), url, options, tell).await?;
    if args.json {
        say(json!({ "event": "done", "dry_run": args.dry_run, "totals": totals }));
    } else {
        summary(&totals, args.with_passwords, args.dry_run);
    }
    Ok(if totals.is_complete() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(INCOMPLETE)
    })
}

fn summary(totals: &ImportTotals, with_passwords: bool, dry_run: bool) {
    say(format!(
        "owners: {} made, {} here already",
        totals.owners_made, totals.owners_known
    ));
    for (table, counts) in [
        (OldTable::Stores, totals.kaspi_stores),
        (OldTable::Products, totals.products),
        (OldTable::Preorders, totals.preorders),
    ] {
        let Counts {
            read,
            taken,
            same,
            differing,
            left_out,
            emptied,
        } = counts;
        say(format!(
            "{table}: {read} read, {taken} taken, {same} here already, {differing} otherwise here, {left_out} left out, {emptied} with values left empty"
        ));
    }
    if with_passwords {
        say(format!(
            "passwords: {} taken, {} with an account here already, {} left out",
            totals.passwords_taken, totals.passwords_known, totals.passwords_left_out
        ));
    }
    if dry_run {
        say("Nothing was written: this was a dry run.");
    }
}

/// The report on standard output, progress on standard error: a bar on a terminal, lines elsewhere.
struct Shown {
    json: bool,
    bar: Option<ProgressBar>,
    told: i64,
}

impl Shown {
    fn new(json: bool) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{msg} {bar:30} {pos} of {len}, {eta} left");
            ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { json, bar, told: 0 }
    }

    fn tell(&mut self, event: ImportEvent) {
        if let ImportEvent::Progress { table, done, total } = event {
            self.progress(table, done, total);
            return;
        }
        let line = if self.json {
            json!(event).to_string()
        } else {
            line(event)
        };
        match &self.bar {
            Some(bar) => bar.suspend(|| say(line)),
            None => say(line),
        }
    }

    fn progress(&mut self, table: OldTable, done: i64, total: i64) {
        if let Some(bar) = &self.bar {
            bar.set_message(table.as_str());
            bar.set_length(u64::try_from(total).unwrap_or_default());
            bar.set_position(u64::try_from(done).unwrap_or_default());
            return;
        }
        if done < self.told {
            self.told = 0;
        }
        if done >= self.told + LINE_EVERY || done == total {
            self.told = done;
            // Nobody is left to tell when standard error is closed.
            let _closed = writeln!(std::io::stderr(), "{table}: {done} of {total}");
        }
    }
}

fn line(event: ImportEvent) -> String {
    match event {
        ImportEvent::Progress { table, done, total } => format!("{table}: {done} of {total}"),
        ImportEvent::Owner {
            user_id,
            email,
            outcome,
        } => {
            let what = match outcome {
                OwnerOutcome::Known => String::from("here already"),
                OwnerOutcome::Named => String::from("a person who was here gets this id"),
                OwnerOutcome::Addressed => String::from("an account of an earlier import gets this e-mail"),
                OwnerOutcome::Made => {
                    format!("made without a password; `kaspi-panel user password --email {email}` gives one")
                }
            };
            format!("owner {user_id} is {email}: {what}")
        }
        ImportEvent::LeftOut { table, id, doubts } => {
            format!("{table} {id}: left out: {}", sentences(&doubts))
        }
        ImportEvent::Emptied { table, id, doubts } => {
            format!("{table} {id}: left empty: {}", sentences(&doubts))
        }
        ImportEvent::Differs { table, id, fields } => {
            let fields: Vec<String> = fields.iter().map(difference).collect();
            format!("{table} {id}: stays as it is here: {}", fields.join("; "))
        }
        ImportEvent::PasswordLeftOut { store_id, doubt } => {
            format!("{} {store_id}: no password taken: {doubt}", OldTable::Stores)
        }
    }
}

fn sentences(doubts: &[Doubt]) -> String {
    let sentences: Vec<String> = doubts.iter().map(ToString::to_string).collect();
    sentences.join("; ")
}

fn difference(Difference { field, here, there }: &Difference) -> String {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "empty".to_owned());
    format!("{field} is {} here, {} there", shown(here), shown(there))
}

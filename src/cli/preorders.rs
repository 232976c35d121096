//! `preorders …`: Kaspi's spreadsheet from the shell, and files that are read into the panel.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Subcommand;

use super::{program::Program, say};
use crate::{
    app::{
        imports::{apply_import, check_import},
        preorder_export::export_preorders,
    },
    domain::{
        Actor, ListFormat, StoreId, Tenant,
        imports::{FileLayout, ImportRowState},
    },
    services::Services,
    store::{
        StoreError,
        imports::{import_fetch, import_rows_list},
        page::PageRequest,
    },
    web::{
        pages::imports::show::troubles,
        texts::{Language, Texts},
    },
};

/// Wrong rows that are told one by one.
const WRONG_SHOWN: i64 = 100;

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
        /// The file to write: the spreadsheet, or XML where its name ends in `.xml`.
        #[arg(long)]
        out: PathBuf,
    },
    /// Checks a spreadsheet of limits, costs, rules and preorder days, or Kaspi's own price list.
    #[command(
        after_help = "Example: kaspi-panel preorders import --store 0199c0de-0000-7000-8000-000000000001 list.xlsx --dry-run"
    )]
    Import {
        /// Key of the store.
        #[arg(long)]
        store: StoreId,
        /// The file: .xlsx, .csv or .xml.
        file: PathBuf,
        /// Only tells what would change.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Runs a `preorders` command.
pub async fn run(command: PreordersCommand) -> Result<()> {
    let program = Program::open().await?;
    let services = program.services().await?;
    match command {
        PreordersCommand::Export { store, out } => export(&services, store, &out).await,
        PreordersCommand::Import { store, file, dry_run } => import(&services, store, &file, dry_run).await,
    }
}

async fn export(services: &Services, store: StoreId, out: &Path) -> Result<()> {
    let is_xml = out
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("xml"));
    let format = if is_xml { ListFormat::Xml } else { ListFormat::Xlsx };
    let file = export_preorders(services, &Actor::system(), store, format).await?;
    std::fs::write(out, &file.bytes).with_context(|| format!("cannot write {}", out.display()))?;
    say(format!(
        "{} preorder(s) written to {}.",
        file.lines.len(),
        out.display()
    ));
    Ok(())
}

/// Checks a file as the panel does; without `dry_run` a job writes what would change, where no row is wrong.
async fn import(services: &Services, store: StoreId, file: &Path, dry_run: bool) -> Result<()> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let id = check_import(services, &Actor::system(), store, &name, bytes).await?;
    let (import, wrong) = services
        .db
        .read(move |conn| {
            let import = import_fetch(conn, Tenant::All, id)?;
            let page = PageRequest::new(1, WRONG_SHOWN);
            Ok::<_, StoreError>((
                import,
                import_rows_list(conn, id, &[ImportRowState::Wrong], page)?,
            ))
        })
        .await?;
    let import = import.context("the check is gone")?;
    say(format!(
        "{} row(s) change something, {} change nothing, {} are wrong.",
        import.rows_changed, import.rows_unchanged, import.rows_wrong
    ));
    let layout: Option<FileLayout> = serde_json::from_value(import.layout).ok();
    for (row, _) in wrong.rows {
        for (place, sentence) in troubles(&row, layout.as_ref(), Texts::new(Language::En)) {
            say(format!("{place} {sentence}"));
        }
    }
    ensure!(
        import.rows_wrong == 0,
        "correct the wrong rows and check the file again; nothing was written"
    );
    if dry_run || import.rows_changed == 0 {
        say("Nothing was written.".to_owned());
        return Ok(());
    }
    apply_import(services, &Actor::system(), id).await?;
    say("A worker writes the changes; `kaspi-panel jobs list` tells when it is done.".to_owned());
    Ok(())
}

//! Imports of limits, costs, rules, switches and preorder days from files: a check that changes nothing, one job that
//! writes what was checked, and a way back for the whole of it.

pub mod apply;
pub mod form;
pub mod judge;
pub mod read;
pub mod values;

use serde_json::json;
use sha2::{Digest, Sha256};

use self::{judge::Judge, read::read_file};
use super::edit::{EditError, store_for_change};
use crate::{
    domain::{
        Actor, ImportId, StoreId,
        imports::{FILE_BYTES_MAX, FileLayout, ImportRefusal, ImportState},
    },
    queue::enqueue::enqueue_import,
    services::Services,
    sheets::intake::Refused,
    store::{
        StoreError,
        audit::{AuditEntry, audit_insert},
        error::Unique,
        import_products::{import_products, import_selections},
        imports::{Import, import_fetch, import_hold, import_insert, import_rows_insert, import_update},
        stores::Store,
    },
};

/// Longest name of a file that is kept, letters.
const NAME_MAX: usize = 255;

/// Why an import was not checked, applied or brought back.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// There is no such store or import for this actor.
    #[error("not found")]
    NotFound,
    /// The actor may look but not change.
    #[error("no right to change this")]
    Forbidden,
    /// The file is refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Another import of this store is being written.
    #[error("another import of this store is under way")]
    Busy,
    /// This import does not stand where this could be done with it.
    #[error("this cannot be done with the import now")]
    TooLate,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<EditError<()>> for ImportError {
    fn from(error: EditError<()>) -> Self {
        match error {
            EditError::Forbidden => Self::Forbidden,
            EditError::Store(error) => Self::Store(error),
            EditError::NotFound | EditError::Invalid(_) | EditError::Conflict(_) => Self::NotFound,
        }
    }
}

/// Reads a file, judges its rows and keeps what came of it. Changes no product.
///
/// # Errors
/// See [`ImportError`].
pub async fn check_import(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
    file_name: &str,
    bytes: Vec<u8>,
) -> Result<ImportId, ImportError> {
    let (who, now) = (actor.clone(), services.now());
    let (store, judge) = services
        .db
        .read(move |conn| {
            let store = store_for_change::<()>(conn, &who, store_id)?;
            let judge = Judge::new(
                import_products(conn, store_id, None)?,
                import_selections(conn, store_id)?,
            );
            Ok::<_, ImportError>((store, judge))
        })
        .await?;
    if bytes.len() > FILE_BYTES_MAX {
        return Err(Refused::from(ImportRefusal::TooLarge).into());
    }
    let sha256 = Sha256::digest(&bytes).to_vec();
    let (layout, judge) = read_file(services, file_name, bytes, judge, Judge::take).await?;
    of_this_store(&layout, &store)?;
    let import = Import {
        id: ImportId::new(),
        store_id,
        user_id: actor.user_id,
        user_name: actor.name.clone(),
        file_name: shown_name(file_name),
        sha256,
        kind: layout.kind,
        state: ImportState::Checked,
        undo: false,
        layout: json!(layout),
        rows_changed: judge.changed,
        rows_unchanged: judge.unchanged,
        rows_wrong: judge.wrong,
        rows_applied: 0,
        rows_left: 0,
        rows_undone: 0,
        rows_kept: 0,
        created_at: now,
        applied_at: None,
        undone_at: None,
    };
    let actor = actor.clone();
    services
        .db
        .tx(move |conn| {
            import_insert(conn, &import)?;
            import_rows_insert(conn, import.id, &judge.rows)?;
            let after = json!({
                "changed": import.rows_changed,
                "unchanged": import.rows_unchanged,
                "wrong": import.rows_wrong,
            });
            let object = ("import", import.id.0, import.file_name.as_str());
            let entry = AuditEntry::new(&actor, now, Some(store_id), object, "check");
            audit_insert(conn, &entry.change(json!({}), after))?;
            Ok(import.id)
        })
        .await
}

/// A price list in XML says whose it is.
fn of_this_store(layout: &FileLayout, store: &Store) -> Result<(), Refused> {
    match layout.merchant.as_deref() {
        Some(merchant) if !merchant.is_empty() && merchant != store.merchant_id => {
            Err(ImportRefusal::OtherStore.into())
        }
        _ => Ok(()),
    }
}

/// The name of a file without folders and signs that nobody sees.
fn shown_name(file_name: &str) -> String {
    let last = file_name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !c.is_control()).take(NAME_MAX).collect();
    if name.trim().is_empty() {
        "—".to_owned()
    } else {
        name
    }
}

/// Asks for the checked changes to be written. The same again does nothing more.
///
/// # Errors
/// See [`ImportError`]; `TooLate` where nothing is to be written, or it was written before.
pub async fn apply_import(services: &Services, actor: &Actor, id: ImportId) -> Result<(), ImportError> {
    begin(services, actor, id, false).await
}

/// Asks for the values of before to be brought back. The same again does nothing more.
///
/// # Errors
/// See [`ImportError`]; `TooLate` where nothing was written, or it was brought back before.
pub async fn undo_import(services: &Services, actor: &Actor, id: ImportId) -> Result<(), ImportError> {
    begin(services, actor, id, true).await
}

async fn begin(services: &Services, actor: &Actor, id: ImportId, undo: bool) -> Result<(), ImportError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            import_fetch(conn, actor.tenant(), id)?.ok_or(ImportError::NotFound)?;
            let mut import = import_hold(conn, id)?.ok_or(ImportError::NotFound)?;
            store_for_change::<()>(conn, &actor, import.store_id)?;
            let (may, working, action) = if undo {
                let half = import.state == ImportState::Failed && import.rows_applied > 0;
                let may = import.state == ImportState::Applied && import.rows_applied > 0 || half;
                (may, ImportState::Undoing, "undo")
            } else {
                let again = import.state == ImportState::Failed && !import.undo;
                let may = import.state == ImportState::Checked && import.rows_changed > 0 || again;
                (may, ImportState::Applying, "apply")
            };
            if import.state == working {
                return Ok(());
            }
            if !may {
                return Err(ImportError::TooLate);
            }
            import.state = working;
            import.undo = undo;
            import_update(conn, &import)?;
            let object = ("import", id.0, import.file_name.as_str());
            let entry = AuditEntry::new(&actor, now, Some(import.store_id), object, action);
            audit_insert(conn, &entry)?;
            match enqueue_import(conn, id, import.store_id, actor.user_id, now) {
                // The failed statement ended the transaction, and so nothing of the above remains.
                Err(StoreError::Duplicate(Unique::JobOpen)) => Err(ImportError::Busy),
                result => Ok(result.map(drop)?),
            }
        })
        .await
}

//! The job of an import: writes what was checked, or brings back what was there before, some hundred rows in one
//! transaction. What a row became stands in the same transaction, so that a job that is taken up again goes on where
//! the last one stopped, and no row is written twice.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};

use super::{
    judge::{text_key, troubles_value},
    values::{Values, WriteError, present, rule_ids, same, write},
};
use crate::{
    app::{edit::store_for_change, rules::move_products_in},
    domain::{
        Actor, ImportId, JobRunId, ProductId, RuleId,
        imports::{ImportColumn, ImportRowState, ImportState, ImportTrouble},
    },
    queue::runs::{job_run_progress, job_run_succeed},
    services::Services,
    store::{
        StoreError,
        audit::{AuditEntry, audit_insert},
        db::savepoint,
        import_products::{ImportProduct, Selections, import_products, import_selections},
        imports::{Import, ImportRow, import_hold, import_row_set, import_rows_next, import_update},
        product_writes::products_hold,
    },
};

/// Rows in one transaction.
const AT_ONCE: i64 = 200;

/// Why an import does not go on.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// It is not there any more.
    #[error("the import is gone")]
    Gone,
    /// Who asked for it has no rights there any more.
    #[error("no right to change this store")]
    Forbidden,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One transaction's worth. `true`: there is more to do.
///
/// # Errors
/// See [`ApplyError`]; nothing of this step was written.
pub async fn apply_some(
    services: &Services,
    actor: &Actor,
    run_id: JobRunId,
    id: ImportId,
) -> Result<bool, ApplyError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let mut import = import_hold(conn, id)?.ok_or(ApplyError::Gone)?;
            let (from, undo) = match import.state {
                ImportState::Applying => (ImportRowState::Planned, false),
                ImportState::Undoing => (ImportRowState::Applied, true),
                // Another try of this job has ended it.
                _ => {
                    job_run_succeed(conn, run_id, &counts(&import), now)?;
                    return Ok(false);
                }
            };
            store_for_change::<()>(conn, &actor, import.store_id).map_err(|_| ApplyError::Forbidden)?;
            let rows = import_rows_next(conn, id, from, AT_ONCE)?;
            if rows.is_empty() {
                finish(conn, &actor, &mut import, run_id, now)?;
                return Ok(false);
            }
            for state in step(conn, &actor, &import, rows, undo, now)? {
                match state {
                    ImportRowState::Applied => import.rows_applied += 1,
                    ImportRowState::Left => import.rows_left += 1,
                    ImportRowState::Undone => import.rows_undone += 1,
                    _ => import.rows_kept += 1,
                }
            }
            import_update(conn, &import)?;
            let (done, all) = progress(&import);
            job_run_progress(conn, run_id, done, Some(all), &counts(&import), now)?;
            Ok(true)
        })
        .await
}

/// Rows done and rows to do of an import that is being written or brought back.
#[must_use]
pub fn progress(import: &Import) -> (i32, i32) {
    if import.undo {
        (import.rows_undone + import.rows_kept, import.rows_applied)
    } else {
        (import.rows_applied + import.rows_left, import.rows_changed)
    }
}

/// What the run keeps: its import and the counts.
fn counts(import: &Import) -> Value {
    json!({
        "import_id": import.id,
        "applied": import.rows_applied,
        "left": import.rows_left,
        "undone": import.rows_undone,
        "kept": import.rows_kept,
    })
}

fn finish(
    conn: &mut PgConnection,
    actor: &Actor,
    import: &mut Import,
    run_id: JobRunId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let action = if import.undo {
        import.state = ImportState::Undone;
        import.undone_at = Some(now);
        "undone"
    } else {
        import.state = ImportState::Applied;
        import.applied_at = Some(now);
        "applied"
    };
    import_update(conn, import)?;
    job_run_succeed(conn, run_id, &counts(import), now)?;
    let object = ("import", import.id.0, import.file_name.as_str());
    let entry = AuditEntry::new(actor, now, Some(import.store_id), object, action);
    audit_insert(conn, &entry.change(json!({}), counts(import)))
}

/// A row with its product and what is to be written to it.
struct Step<'a> {
    row: ImportRow,
    product: Option<&'a ImportProduct>,
    values: Values,
    trouble: Option<(ImportColumn, ImportTrouble)>,
}

/// Writes these rows; gives what became of each.
fn step(
    conn: &mut PgConnection,
    actor: &Actor,
    import: &Import,
    rows: Vec<ImportRow>,
    undo: bool,
    now: DateTime<Utc>,
) -> Result<Vec<ImportRowState>, ApplyError> {
    let ids: Vec<ProductId> = rows.iter().filter_map(|row| row.product_id).collect();
    // Nobody edits them until the end of the transaction.
    products_hold(conn, &ids)?;
    let selections = import_selections(conn, import.store_id)?;
    let products: HashMap<ProductId, ImportProduct> = import_products(conn, import.store_id, Some(&ids))?
        .into_iter()
        .map(|product| (product.id, product))
        .collect();
    let mut states = Vec::with_capacity(rows.len());
    let mut moves: Vec<(ProductId, Vec<RuleId>, Vec<RuleId>)> = Vec::new();
    for row in rows {
        let product = row.product_id.and_then(|id| products.get(&id));
        let mut step = plan(row, product, &selections, undo);
        if let Some(product) = step.product
            && !step.values.is_empty()
        {
            let store_id = import.store_id;
            match savepoint(conn, |conn| {
                write(conn, actor, store_id, product, &step.values, now)
            }) {
                Ok(()) => moves.extend(rule_move(product, &step.values, &selections)),
                Err(WriteError::Trouble(trouble)) => {
                    let first = step.values.keys().next().copied();
                    step.trouble = Some((first.unwrap_or(ImportColumn::Sku), trouble));
                }
                Err(WriteError::Forbidden) => return Err(ApplyError::Forbidden),
                Err(WriteError::Store(error)) => return Err(error.into()),
            }
        }
        let state = match (undo, step.trouble) {
            (false, None) => ImportRowState::Applied,
            (false, Some(_)) => ImportRowState::Left,
            (true, None) => ImportRowState::Undone,
            (true, Some(_)) => ImportRowState::Kept,
        };
        let troubles: Vec<_> = step
            .trouble
            .iter()
            .map(|(column, trouble)| (*column, text_key(*trouble)))
            .collect();
        import_row_set(
            conn,
            import.id,
            step.row.row_number,
            state,
            &troubles_value(&troubles),
        )?;
        states.push(state);
    }
    move_products_in(conn, actor, &selections.rules, &moves, now)?;
    Ok(states)
}

/// What is to be written: all of a row, or nothing where somebody has changed one of its values since the check; on the
/// way back each value that is still the one that was written.
fn plan<'a>(
    row: ImportRow,
    product: Option<&'a ImportProduct>,
    selections: &Selections,
    undo: bool,
) -> Step<'a> {
    let read = |value: &Value| serde_json::from_value::<Values>(value.clone()).unwrap_or_default();
    let (before, after) = (read(&row.before), read(&row.after));
    let Some(product) = product else {
        return Step {
            row,
            product: None,
            values: Values::new(),
            trouble: Some((ImportColumn::Sku, ImportTrouble::Gone)),
        };
    };
    let (expected, wanted) = if undo { (after, before) } else { (before, after) };
    let moved: Vec<ImportColumn> = expected
        .iter()
        .filter(|(column, value)| !same(**column, value, &present(product, selections, **column)))
        .map(|(column, _)| *column)
        .collect();
    let mut trouble = moved
        .first()
        .map(|column| (*column, ImportTrouble::ChangedMeanwhile));
    let mut values = wanted;
    if undo {
        values.retain(|column, _| !moved.contains(column));
    } else if trouble.is_some() {
        values.clear();
    }
    // Rules that are not there any more cannot be moved to.
    let unknown = values.get(&ImportColumn::Rule).is_some_and(|value| {
        rule_ids(value)
            .iter()
            .any(|id| selections.rules.iter().all(|rule| rule.id != *id))
    });
    if unknown {
        trouble = Some((ImportColumn::Rule, ImportTrouble::UnknownRule));
        if undo {
            values.remove(&ImportColumn::Rule);
        } else {
            values.clear();
        }
    }
    Step {
        row,
        product: Some(product),
        values,
        trouble,
    }
}

/// From which selections to which others a product goes.
fn rule_move(
    product: &ImportProduct,
    values: &Values,
    selections: &Selections,
) -> Option<(ProductId, Vec<RuleId>, Vec<RuleId>)> {
    let wanted = rule_ids(values.get(&ImportColumn::Rule)?);
    let own = selections
        .of(product.id)
        .into_iter()
        .map(|rule| rule.id)
        .collect();
    Some((product.id, own, wanted))
}

/// Notes that an import was given up half-way; it can be asked for once more.
///
/// # Errors
/// See [`StoreError`].
pub async fn apply_failed(services: &Services, id: ImportId) -> Result<(), StoreError> {
    services
        .db
        .tx(move |conn| {
            let Some(mut import) = import_hold(conn, id)? else {
                return Ok(());
            };
            if import.state.is_working() {
                import.state = ImportState::Failed;
                import_update(conn, &import)?;
            }
            Ok(())
        })
        .await
}

/// The import that a run is for.
#[must_use]
pub fn import_of(summary: &Value) -> Option<ImportId> {
    summary.get("import_id")?.as_str()?.parse().ok()
}

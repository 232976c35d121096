//! How statements about a batch of rows are planned.

use diesel::prelude::*;

use super::{StoreError, planned::planned};

/// Lets the statements of this transaction reach every table by an index, row by row. A batch is a few dozen keys
/// (`unnest`, `any`); left to itself the planner takes a table of some ten thousand rows for cheaper to read from end
/// to end, for each batch anew. Compiling such short statements would take longer than running them.
///
/// # Errors
/// See [`StoreError`].
pub fn plan_by_index(conn: &mut PgConnection) -> Result<(), StoreError> {
    planned(
        "select set_config(name, 'off', true)
         from unnest(array['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'jit']) as setting (name)",
    )
    .execute(conn)?;
    Ok(())
}

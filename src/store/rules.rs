//! Rules of repricing: so far one for a whole store, else the defaults of the engine.

use diesel::prelude::*;
use serde_json::Value;

use super::StoreError;
use crate::{domain::StoreId, schema::rules};

/// The definition of a store's rule, in the shape of the engine's input. `None`: the defaults.
///
/// # Errors
/// See [`StoreError`].
pub fn rule_definition_fetch(
    conn: &mut PgConnection,
    store_id: StoreId,
) -> Result<Option<Value>, StoreError> {
    Ok(rules::table
        .filter(rules::store_id.eq(store_id))
        .select(rules::definition)
        .first(conn)
        .optional()?)
}

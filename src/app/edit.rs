//! What editing functions share: who may change what, why a change was refused, and the line of the audit log.

use diesel::PgConnection;
use serde_json::{Map, Value};

use crate::{
    domain::{Actor, Role, StoreId, Tenant},
    store::{
        StoreError,
        stores::{Store, store_fetch, store_role},
    },
};

/// One field that cannot be taken as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldError {
    /// Name of the field in forms and in the API: the column's name.
    pub field: &'static str,
    /// Key of the text that says what is wrong and what to do.
    pub code: &'static str,
}

impl FieldError {
    /// `code` at `field`.
    #[must_use]
    pub fn new(field: &'static str, code: &'static str) -> Self {
        Self { field, code }
    }
}

/// Why a change of a row `R` was not made. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum EditError<R: std::fmt::Debug> {
    /// There is no such object, or it belongs to somebody else.
    #[error("not found")]
    NotFound,
    /// The actor may look but not change.
    #[error("no right to change this")]
    Forbidden,
    /// Some fields cannot be taken.
    #[error("{} fields are wrong", .0.len())]
    Invalid(Vec<FieldError>),
    /// Somebody else changed it meanwhile; here is what it looks like now.
    #[error("changed meanwhile")]
    Conflict(Box<R>),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The store, when the actor may change things of it.
///
/// # Errors
/// `NotFound` for stores of others, `Forbidden` for viewers by role or by the store's access list.
pub fn store_for_change<R: std::fmt::Debug>(
    conn: &mut PgConnection,
    actor: &Actor,
    id: StoreId,
) -> Result<Store, EditError<R>> {
    let store = store_fetch(conn, actor.tenant(), id)?.ok_or(EditError::NotFound)?;
    if actor_may_change(conn, actor, &store)? {
        Ok(store)
    } else {
        Err(EditError::Forbidden)
    }
}

/// May the actor change things of a store that he sees?
///
/// # Errors
/// See [`StoreError`].
pub fn actor_may_change(conn: &mut PgConnection, actor: &Actor, store: &Store) -> Result<bool, StoreError> {
    if !actor.may_change() {
        return Ok(false);
    }
    match actor.tenant() {
        Tenant::All => Ok(true),
        Tenant::User(user) => Ok(matches!(
            store_role(conn, store, user)?,
            Some(Role::Manager | Role::Admin)
        )),
    }
}

/// The fields that differ, as `(before, after)`; `None` when nothing does.
#[must_use]
pub fn changed_fields(before: Value, after: Value) -> Option<(Value, Value)> {
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        return None;
    };
    let (mut old, mut new) = (Map::new(), Map::new());
    for (field, value) in after {
        let earlier = before.get(&field).cloned().unwrap_or(Value::Null);
        if earlier != value {
            old.insert(field.clone(), earlier);
            new.insert(field, value);
        }
    }
    (!new.is_empty()).then_some((Value::Object(old), Value::Object(new)))
}

/// Nothing where the text is empty.
#[must_use]
pub fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
}

/// Is the text longer than its column takes?
#[must_use]
pub fn too_long(text: Option<&str>, limit: usize) -> bool {
    text.is_some_and(|text| text.chars().count() > limit)
}

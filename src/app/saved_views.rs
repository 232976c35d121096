//! Lists as a user wants them: the columns of the products, and views of a list under names. Matters of taste: they
//! change nothing of stores, so nothing is written to the audit log.

use super::edit::{EditError, FieldError};
use crate::{
    domain::{SavedViewId, UserId},
    services::Services,
    store::{
        StoreError,
        error::Unique,
        saved_views::{
            SavedView, product_columns_put, saved_view_count_locked, saved_view_delete, saved_view_insert,
            saved_view_make_default, saved_view_rename,
        },
    },
};

/// Views that a user may have of a list.
pub const VIEWS_MAX: i64 = 30;
/// Longest name of a view, characters.
pub const NAME_MAX: usize = 60;
/// Longest query string of a view, characters.
const QUERY_MAX: usize = 2_000;

/// Why a view was not saved.
pub type SavedViewError = EditError<()>;

/// Remembers which columns the user wants to see, as words with commas.
///
/// # Errors
/// See [`StoreError`].
pub async fn choose_columns(services: &Services, user: UserId, columns: String) -> Result<(), StoreError> {
    let now = services.now();
    services
        .db
        .tx(move |conn| product_columns_put(conn, user, &columns, now))
        .await
}

/// Saves a list under a name. `list`: its word; `query`: filter, order and columns as its address has them.
///
/// # Errors
/// `Invalid` for a name that is empty, too long or there already, and for one view too many.
pub async fn save_view(
    services: &Services,
    (user, list): (UserId, &str),
    name: &str,
    query: String,
    is_default: bool,
) -> Result<SavedView, SavedViewError> {
    let (name, list, now) = (right_name(name)?, list.to_owned(), services.now());
    if query.chars().count() > QUERY_MAX {
        return Err(wrong("view-error-query"));
    }
    services
        .db
        .tx(move |conn| {
            if saved_view_count_locked(conn, user, &list)? >= VIEWS_MAX {
                return Err(wrong("view-error-many"));
            }
            let view = SavedView {
                id: SavedViewId::new(),
                user_id: user,
                name_folded: name.to_lowercase(),
                name,
                query,
                is_default: false,
                created_at: now,
                updated_at: now,
                list,
            };
            saved_view_insert(conn, &view).map_err(taken)?;
            if is_default {
                saved_view_make_default(conn, (user, &view.list), Some(view.id), now)?;
            }
            Ok(view)
        })
        .await
}

/// Gives a view another name.
///
/// # Errors
/// `NotFound`; `Invalid` for a name that is empty, too long or there already.
pub async fn rename_view(
    services: &Services,
    user: UserId,
    id: SavedViewId,
    name: &str,
) -> Result<(), SavedViewError> {
    let (name, now) = (right_name(name)?, services.now());
    services
        .db
        .tx(move |conn| {
            let renamed = saved_view_rename(conn, (user, id), &name, now).map_err(taken)?;
            renamed.then_some(()).ok_or(EditError::NotFound)
        })
        .await
}

/// The list opens with this view from now on; with `None` it opens with everything.
///
/// # Errors
/// `NotFound`; then the view of before stays the one.
pub async fn open_with_view(
    services: &Services,
    (user, list): (UserId, &'static str),
    id: Option<SavedViewId>,
) -> Result<(), SavedViewError> {
    let now = services.now();
    services
        .db
        .tx(move |conn| {
            let there = saved_view_make_default(conn, (user, list), id, now)?;
            there.then_some(()).ok_or(EditError::NotFound)
        })
        .await
}

/// Removes a view.
///
/// # Errors
/// `NotFound`.
pub async fn delete_view(services: &Services, user: UserId, id: SavedViewId) -> Result<(), SavedViewError> {
    services
        .db
        .tx(move |conn| {
            let there = saved_view_delete(conn, user, id)?;
            there.then_some(()).ok_or(EditError::NotFound)
        })
        .await
}

fn wrong(code: &'static str) -> SavedViewError {
    EditError::Invalid(vec![FieldError::new("name", code)])
}

fn taken(error: StoreError) -> SavedViewError {
    match error {
        StoreError::Duplicate(Unique::SavedView) => wrong("view-error-taken"),
        other => other.into(),
    }
}

/// The name with single spaces.
fn right_name(name: &str) -> Result<String, SavedViewError> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        Err(wrong("view-error-empty"))
    } else if name.chars().count() > NAME_MAX {
        Err(wrong("view-error-long"))
    } else if name.chars().any(char::is_control) {
        Err(wrong("view-error-signs"))
    } else {
        Ok(name)
    }
}

//! Lists as each user wants them: columns of the products that he chose, and addresses of a list under names.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::StoreError;
use crate::{
    domain::{SavedViewId, UserId},
    schema::{product_columns, saved_views, users},
};

/// The list of products, as saved views call it.
pub const PRODUCTS: &str = "products";

/// An address of a list under a name.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = saved_views, check_for_backend(diesel::pg::Pg))]
pub struct SavedView {
    /// Key.
    pub id: SavedViewId,
    /// Whose.
    pub user_id: UserId,
    /// What its owner calls it: 1–60 characters.
    pub name: String,
    /// The name in small letters: no two of a user are the same.
    pub name_folded: String,
    /// Query string of the list: filter, order and columns.
    pub query: String,
    /// Shown where the list is opened without anything.
    pub is_default: bool,
    /// Saved at.
    pub created_at: DateTime<Utc>,
    /// Changed at.
    pub updated_at: DateTime<Utc>,
    /// Which list: [`PRODUCTS`], or the word of another one.
    pub list: String,
}

/// The columns that the user chose, as words with commas; `None`: he never did.
///
/// # Errors
/// See [`StoreError`].
pub fn product_columns_of(conn: &mut PgConnection, user: UserId) -> Result<Option<String>, StoreError> {
    Ok(product_columns::table
        .find(user)
        .select(product_columns::words)
        .first(conn)
        .optional()?)
}

/// Remembers the columns that the user chose.
///
/// # Errors
/// See [`StoreError`].
pub fn product_columns_put(
    conn: &mut PgConnection,
    user: UserId,
    columns: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let chosen = (
        product_columns::words.eq(columns),
        product_columns::updated_at.eq(now),
    );
    diesel::insert_into(product_columns::table)
        .values((product_columns::user_id.eq(user), chosen))
        .on_conflict(product_columns::user_id)
        .do_update()
        .set(chosen)
        .execute(conn)?;
    Ok(())
}

/// The views that a user has of a list, in the order in which he saved them.
///
/// # Errors
/// See [`StoreError`].
pub fn saved_view_list(
    conn: &mut PgConnection,
    user: UserId,
    list: &str,
) -> Result<Vec<SavedView>, StoreError> {
    Ok(saved_views::table
        .filter(saved_views::user_id.eq(user))
        .filter(saved_views::list.eq(list))
        .order(saved_views::id)
        .limit(100)
        .select(SavedView::as_select())
        .load(conn)?)
}

/// How many views the user has of a list; his next one waits until this transaction is over, so that none slips past a limit.
///
/// # Errors
/// See [`StoreError`].
pub fn saved_view_count_locked(conn: &mut PgConnection, user: UserId, list: &str) -> Result<i64, StoreError> {
    users::table
        .find(user)
        .for_no_key_update()
        .select(users::id)
        .first::<UserId>(conn)?;
    Ok(saved_views::table
        .filter(saved_views::user_id.eq(user))
        .filter(saved_views::list.eq(list))
        .count()
        .get_result(conn)?)
}

/// Adds a view.
///
/// # Errors
/// `Duplicate` where the user has one of this name for the list.
pub fn saved_view_insert(conn: &mut PgConnection, view: &SavedView) -> Result<(), StoreError> {
    diesel::insert_into(saved_views::table)
        .values(view)
        .execute(conn)?;
    Ok(())
}

/// Gives a view of the user another name; `false`: he has no such view.
///
/// # Errors
/// `Duplicate` where he has one of this name.
pub fn saved_view_rename(
    conn: &mut PgConnection,
    (user, id): (UserId, SavedViewId),
    name: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let own = saved_views::table.find(id).filter(saved_views::user_id.eq(user));
    let changed = diesel::update(own)
        .set((
            saved_views::name.eq(name),
            saved_views::name_folded.eq(name.to_lowercase()),
            saved_views::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Makes one view of the user the one that a list opens with, or none; `false`: he has no such view.
///
/// # Errors
/// See [`StoreError`].
pub fn saved_view_make_default(
    conn: &mut PgConnection,
    (user, list): (UserId, &str),
    id: Option<SavedViewId>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let own = || {
        saved_views::table
            .filter(saved_views::user_id.eq(user))
            .filter(saved_views::list.eq(list))
    };
    diesel::update(own().filter(saved_views::is_default))
        .set((saved_views::is_default.eq(false), saved_views::updated_at.eq(now)))
        .execute(conn)?;
    let Some(id) = id else { return Ok(true) };
    let changed = diesel::update(own().filter(saved_views::id.eq(id)))
        .set((saved_views::is_default.eq(true), saved_views::updated_at.eq(now)))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Removes a view of the user; `false`: he has no such view.
///
/// # Errors
/// See [`StoreError`].
pub fn saved_view_delete(conn: &mut PgConnection, user: UserId, id: SavedViewId) -> Result<bool, StoreError> {
    let own = saved_views::table.find(id).filter(saved_views::user_id.eq(user));
    Ok(diesel::delete(own).execute(conn)? == 1)
}

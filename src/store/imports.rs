//! Imports of files: the imports themselves and their rows. What they are compared with stands in `import_products`.

use chrono::{DateTime, Utc};
use diesel::{
    pg::Pg,
    prelude::*,
    sql_types::{Array, Integer, Nullable, Text, Uuid},
};
use serde_json::Value;

use super::{
    StoreError,
    page::{PageRequest, Paged},
    stores::store_ids_of,
};
use crate::{
    domain::{
        ImportId, ProductId, StoreId, Tenant, UserId,
        imports::{ImportKind, ImportRowState, ImportState},
    },
    schema::{import_rows, imports, products, stores},
};

/// A file that somebody has uploaded for a store.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = imports, check_for_backend(Pg))]
pub struct Import {
    /// Key.
    pub id: ImportId,
    /// The store.
    pub store_id: StoreId,
    /// Who; `None`: not there any more.
    pub user_id: Option<UserId>,
    /// Name at that time.
    pub user_name: String,
    /// Name of the file.
    pub file_name: String,
    /// Digest of its bytes.
    pub sha256: Vec<u8>,
    /// What it is.
    pub kind: ImportKind,
    /// Where it stands.
    pub state: ImportState,
    /// The way back was asked for.
    pub undo: bool,
    /// `domain::imports::FileLayout`.
    pub layout: Value,
    /// Rows that change something.
    pub rows_changed: i32,
    /// Rows that change nothing.
    pub rows_unchanged: i32,
    /// Rows that cannot be taken.
    pub rows_wrong: i32,
    /// Rows written.
    pub rows_applied: i32,
    /// Rows that could not be written any more.
    pub rows_left: i32,
    /// Rows brought back.
    pub rows_undone: i32,
    /// Rows that were not brought back, because somebody has changed them since.
    pub rows_kept: i32,
    /// Checked at.
    pub created_at: DateTime<Utc>,
    /// Written at.
    pub applied_at: Option<DateTime<Utc>>,
    /// Brought back at.
    pub undone_at: Option<DateTime<Utc>>,
}

/// A row that changes something or is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = import_rows, check_for_backend(Pg))]
pub struct ImportRow {
    /// As people count rows in the file.
    pub row_number: i32,
    /// The product; `None`: there is none, or none any more.
    pub product_id: Option<ProductId>,
    /// The article as it stands in the file.
    pub sku: String,
    /// Where it stands.
    pub state: ImportRowState,
    /// Values before, by column.
    pub before: Value,
    /// Values wanted, by column.
    pub after: Value,
    /// What is wrong: `[{"column": …, "code": …}]`.
    pub troubles: Value,
}

/// A row to be kept. Values and troubles are texts of JSON: there may be a hundred thousand of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewImportRow {
    /// As people count rows in the file.
    pub row_number: i32,
    /// The product.
    pub product_id: Option<ProductId>,
    /// The article.
    pub sku: String,
    /// `planned` or `wrong`.
    pub state: ImportRowState,
    /// Values before; empty: none.
    pub before: String,
    /// Values wanted; empty: none.
    pub after: String,
    /// What is wrong; empty: nothing.
    pub troubles: String,
}

/// Rows written by one statement.
const AT_ONCE: usize = 10_000;

/// Adds an import.
///
/// # Errors
/// See [`StoreError`].
pub fn import_insert(conn: &mut PgConnection, import: &Import) -> Result<(), StoreError> {
    diesel::insert_into(imports::table).values(import).execute(conn)?;
    Ok(())
}

/// Adds the rows of an import.
///
/// # Errors
/// See [`StoreError`].
pub fn import_rows_insert(
    conn: &mut PgConnection,
    id: ImportId,
    rows: &[NewImportRow],
) -> Result<(), StoreError> {
    for part in rows.chunks(AT_ONCE) {
        let texts = |of: fn(&NewImportRow) -> &str| part.iter().map(of).collect::<Vec<_>>();
        diesel::sql_query(
            "insert into import_rows (import_id, row_number, product_id, sku, state, before, after, troubles)
             select $1, n, p, s, st, coalesce(nullif(b, ''), '{}')::jsonb, coalesce(nullif(a, ''), '{}')::jsonb,
               coalesce(nullif(t, ''), '[]')::jsonb
             from unnest($2, $3, $4, $5, $6, $7, $8) as given (n, p, s, st, b, a, t)",
        )
        .bind::<Uuid, _>(id)
        .bind::<Array<Integer>, _>(part.iter().map(|row| row.row_number).collect::<Vec<_>>())
        .bind::<Array<Nullable<Uuid>>, _>(
            part.iter()
                .map(|row| row.product_id.map(|id| id.0))
                .collect::<Vec<_>>(),
        )
        .bind::<Array<Text>, _>(texts(|row| &row.sku))
        .bind::<Array<Text>, _>(texts(|row| row.state.as_str()))
        .bind::<Array<Text>, _>(texts(|row| &row.before))
        .bind::<Array<Text>, _>(texts(|row| &row.after))
        .bind::<Array<Text>, _>(texts(|row| &row.troubles))
        .execute(conn)?;
    }
    Ok(())
}

fn of_tenant(tenant: Tenant) -> imports::BoxedQuery<'static, Pg> {
    let query = imports::table.into_boxed();
    match tenant {
        Tenant::All => query,
        Tenant::User(user) => query.filter(imports::store_id.eq_any(store_ids_of(user))),
    }
}

/// An import that the tenant may see.
///
/// # Errors
/// See [`StoreError`].
pub fn import_fetch(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: ImportId,
) -> Result<Option<Import>, StoreError> {
    Ok(of_tenant(tenant)
        .filter(imports::id.eq(id))
        .select(Import::as_select())
        .first(conn)
        .optional()?)
}

/// The import, held until the end of the transaction.
///
/// # Errors
/// See [`StoreError`].
pub fn import_hold(conn: &mut PgConnection, id: ImportId) -> Result<Option<Import>, StoreError> {
    Ok(imports::table
        .find(id)
        .for_update()
        .select(Import::as_select())
        .first(conn)
        .optional()?)
}

/// Imports that the tenant may see with their stores' names, the newest first.
///
/// # Errors
/// See [`StoreError`].
pub fn import_list(
    conn: &mut PgConnection,
    tenant: Tenant,
    store_id: Option<StoreId>,
    page: PageRequest,
) -> Result<Paged<(Import, String)>, StoreError> {
    let filtered = || {
        let query = of_tenant(tenant);
        match store_id {
            Some(id) => query.filter(imports::store_id.eq(id)),
            None => query,
        }
    };
    let total = filtered().count().get_result(conn)?;
    let rows: Vec<Import> = filtered()
        .order((imports::created_at.desc(), imports::id.desc()))
        .limit(page.size)
        .offset(page.offset())
        .select(Import::as_select())
        .load(conn)?;
    let ids: Vec<StoreId> = rows.iter().map(|row| row.store_id).collect();
    let names: Vec<(StoreId, String)> = stores::table
        .filter(stores::id.eq_any(ids))
        .select((stores::id, stores::name))
        .load(conn)?;
    let name_of = |id| {
        names
            .iter()
            .find(|(store, _)| *store == id)
            .map_or_else(String::new, |(_, name)| name.clone())
    };
    Ok(Paged {
        rows: rows
            .into_iter()
            .map(|row| {
                let name = name_of(row.store_id);
                (row, name)
            })
            .collect(),
        total,
        page,
    })
}

/// The first import of the same bytes for the same store before this one.
///
/// # Errors
/// See [`StoreError`].
pub fn import_earlier(conn: &mut PgConnection, import: &Import) -> Result<Option<Import>, StoreError> {
    Ok(imports::table
        .filter(imports::store_id.eq(import.store_id))
        .filter(imports::sha256.eq(&import.sha256))
        .filter(imports::id.ne(import.id))
        .filter(imports::created_at.le(import.created_at))
        .order((imports::created_at, imports::id))
        .select(Import::as_select())
        .first::<Import>(conn)
        .optional()?
        .filter(|earlier| (earlier.created_at, earlier.id) < (import.created_at, import.id)))
}

/// A page of the rows in one of these states with the names of their products, in the order of the file.
///
/// # Errors
/// See [`StoreError`].
pub fn import_rows_list(
    conn: &mut PgConnection,
    id: ImportId,
    states: &[ImportRowState],
    page: PageRequest,
) -> Result<Paged<(ImportRow, Option<String>)>, StoreError> {
    let filtered = || {
        import_rows::table
            .left_join(products::table)
            .filter(import_rows::import_id.eq(id))
            .filter(import_rows::state.eq_any(states))
    };
    Ok(Paged {
        total: filtered().count().get_result(conn)?,
        rows: filtered()
            .order(import_rows::row_number)
            .limit(page.size)
            .offset(page.offset())
            .select((ImportRow::as_select(), products::name.nullable()))
            .load(conn)?,
        page,
    })
}

/// The next rows in a state: from the beginning of the file, or for the way back from its end.
///
/// # Errors
/// See [`StoreError`].
pub fn import_rows_next(
    conn: &mut PgConnection,
    id: ImportId,
    state: ImportRowState,
    limit: i64,
) -> Result<Vec<ImportRow>, StoreError> {
    let query = import_rows::table
        .filter(import_rows::import_id.eq(id))
        .filter(import_rows::state.eq(state))
        .limit(limit)
        .select(ImportRow::as_select());
    Ok(if state == ImportRowState::Applied {
        query.order(import_rows::row_number.desc()).load(conn)?
    } else {
        query.order(import_rows::row_number).load(conn)?
    })
}

/// Notes what came of a row.
///
/// # Errors
/// See [`StoreError`].
pub fn import_row_set(
    conn: &mut PgConnection,
    id: ImportId,
    row_number: i32,
    state: ImportRowState,
    troubles: &Value,
) -> Result<(), StoreError> {
    diesel::update(import_rows::table.find((id, row_number)))
        .set((import_rows::state.eq(state), import_rows::troubles.eq(troubles)))
        .execute(conn)?;
    Ok(())
}

/// Writes where an import stands: state, the way back, counts and times.
///
/// # Errors
/// See [`StoreError`].
pub fn import_update(conn: &mut PgConnection, import: &Import) -> Result<(), StoreError> {
    diesel::update(imports::table.find(import.id))
        .set((
            imports::state.eq(import.state),
            imports::undo.eq(import.undo),
            imports::rows_applied.eq(import.rows_applied),
            imports::rows_left.eq(import.rows_left),
            imports::rows_undone.eq(import.rows_undone),
            imports::rows_kept.eq(import.rows_kept),
            imports::applied_at.eq(import.applied_at),
            imports::undone_at.eq(import.undone_at),
        ))
        .execute(conn)?;
    Ok(())
}

/// Forgets imports of before `before` with their rows, at most `limit`; those under way stay. Gives how many.
///
/// # Errors
/// See [`StoreError`].
pub fn imports_prune(conn: &mut PgConnection, before: DateTime<Utc>, limit: i64) -> Result<i64, StoreError> {
    let old: Vec<ImportId> = imports::table
        .filter(imports::created_at.lt(before))
        .filter(imports::state.ne_all([ImportState::Applying, ImportState::Undoing]))
        .order(imports::created_at)
        .limit(limit)
        .select(imports::id)
        .load(conn)?;
    let rows = diesel::delete(imports::table.filter(imports::id.eq_any(old))).execute(conn)?;
    Ok(i64::try_from(rows).unwrap_or(i64::MAX))
}

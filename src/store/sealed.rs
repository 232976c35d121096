//! Sealed columns: the one list of them, and what is asked of all alike: with which key a value is sealed, and
//! putting a value that is sealed anew in the place of the old one. Nothing here can open anything.

use diesel::{prelude::*, sql_types};
use uuid::Uuid;

use super::StoreError;
use crate::secrets::{HEAD_LEN, KeyId, Place};

/// A column whose values `secrets::Vault` seals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedColumn {
    /// Table and column: what [`Place::column`] says.
    pub name: &'static str,
    /// Key of the table: what [`Place::row`] says.
    pub row: &'static str,
    /// Column of the user whose row it is: what [`Place::tenant`] says.
    pub tenant: Option<&'static str>,
}

const fn column(name: &'static str, row: &'static str, tenant: Option<&'static str>) -> SealedColumn {
    SealedColumn { name, row, tenant }
}

/// All of them; a test compares the list with the database's catalogue.
pub const SEALED_COLUMNS: &[SealedColumn] = &[
    column("alert_channels.secret_sealed", "id", None),
    column("cabinet_accounts.cookies_sealed", "id", Some("owner_id")),
    column("cabinet_accounts.password_sealed", "id", Some("owner_id")),
    column("connection_attempts.answer_sealed", "id", Some("user_id")),
    column("connection_attempts.password_sealed", "id", Some("user_id")),
    column("orders_accesses.token_sealed", "store_id", None),
    column("proxies.credentials_sealed", "id", None),
    column("second_factors.secret_sealed", "user_id", Some("user_id")),
];

impl SealedColumn {
    /// Table and column apart.
    #[must_use]
    pub fn parts(self) -> (&'static str, &'static str) {
        self.name.split_once('.').unwrap_or((self.name, ""))
    }

    fn place(self, row: Uuid, tenant: Option<Uuid>) -> Place {
        Place {
            column: self.name,
            row,
            tenant,
        }
    }
}

/// How many values of a column begin with the same head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedCount {
    /// Which column.
    pub column: &'static str,
    /// Format and key; shorter for a value that is cut off.
    pub head: Vec<u8>,
    /// Number of values.
    pub values: i64,
}

#[derive(QueryableByName)]
struct HeadRow {
    #[diesel(sql_type = sql_types::Binary)]
    head: Vec<u8>,
    #[diesel(sql_type = sql_types::BigInt)]
    values: i64,
}

/// What is sealed with which key, in all columns.
///
/// # Errors
/// See [`StoreError`].
pub fn sealed_count(conn: &mut PgConnection) -> Result<Vec<SealedCount>, StoreError> {
    let mut counts = Vec::new();
    for sealed in SEALED_COLUMNS {
        let (table, column) = sealed.parts();
        let rows: Vec<HeadRow> = diesel::sql_query(format!(
            "select substring({column} from 1 for {HEAD_LEN}) as head, count(*) as values
             from {table} where {column} is not null group by 1 order by 1"
        ))
        .load(conn)?;
        counts.extend(rows.into_iter().map(|row| SealedCount {
            column: sealed.name,
            head: row.head,
            values: row.values,
        }));
    }
    Ok(counts)
}

/// A sealed value and where it lives.
#[derive(Debug, Clone)]
pub struct SealedValue {
    /// Where.
    pub place: Place,
    /// The value.
    pub sealed: Vec<u8>,
}

#[derive(QueryableByName)]
struct ValueRow {
    #[diesel(sql_type = sql_types::Uuid)]
    key: Uuid,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Uuid>)]
    tenant: Option<Uuid>,
    #[diesel(sql_type = sql_types::Binary)]
    sealed: Vec<u8>,
}

/// The next values of a column that another key than `newest` sealed, by row behind `after`, locked until the
/// end of the transaction. Rows that somebody else holds are left out: they come with the next pass.
///
/// # Errors
/// See [`StoreError`].
pub fn sealed_list_outdated_for_update(
    conn: &mut PgConnection,
    column: SealedColumn,
    newest: KeyId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<SealedValue>, StoreError> {
    let ((table, name), row) = (column.parts(), column.row);
    let tenant = column.tenant.unwrap_or("null::uuid");
    let rows: Vec<ValueRow> = diesel::sql_query(format!(
        "select {row} as key, {tenant} as tenant, {name} as sealed from {table}
         where {name} is not null and substring({name} from 1 for {HEAD_LEN}) <> $1
           and ($2 is null or {row} > $2)
         order by {row} limit $3 for update skip locked"
    ))
    .bind::<sql_types::Binary, _>(newest.head())
    .bind::<sql_types::Nullable<sql_types::Uuid>, _>(after)
    .bind::<sql_types::BigInt, _>(limit)
    .load(conn)?;
    let values = rows.into_iter().map(|found| SealedValue {
        place: column.place(found.key, found.tenant),
        sealed: found.sealed,
    });
    Ok(values.collect())
}

/// Puts a value in the place of another one; nothing where the row has changed meanwhile.
///
/// # Errors
/// See [`StoreError`].
pub fn sealed_update(
    conn: &mut PgConnection,
    column: SealedColumn,
    old: &SealedValue,
    sealed: &[u8],
) -> Result<bool, StoreError> {
    let ((table, name), row) = (column.parts(), column.row);
    let rows = diesel::sql_query(format!(
        "update {table} set {name} = $1 where {row} = $2 and {name} = $3"
    ))
    .bind::<sql_types::Binary, _>(sealed)
    .bind::<sql_types::Uuid, _>(old.place.row)
    .bind::<sql_types::Binary, _>(&old.sealed)
    .execute(conn)?;
    Ok(rows == 1)
}

/// Empties a column where its value begins with none of `known`: nobody can open it any more.
///
/// # Errors
/// See [`StoreError`].
pub fn sealed_clear_unknown(
    conn: &mut PgConnection,
    column: SealedColumn,
    known: &[KeyId],
) -> Result<usize, StoreError> {
    let (table, name) = column.parts();
    let heads: Vec<Vec<u8>> = known.iter().map(|id| id.head()).collect();
    let rows = diesel::sql_query(format!(
        "update {table} set {name} = null
         where {name} is not null and substring({name} from 1 for {HEAD_LEN}) <> all ($1)"
    ))
    .bind::<sql_types::Array<sql_types::Binary>, _>(heads)
    .execute(conn)?;
    Ok(rows)
}

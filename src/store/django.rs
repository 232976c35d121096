//! The predecessor's database, read in one snapshot that can change nothing: a read-only transaction on a connection of
//! its own, its tables through cursors, some thousand rows at a time. Nothing is asked for but what is taken: cookies
//! never, passwords only where they are wanted.

mod rows;

use diesel::{
    Connection, PgConnection, RunQueryDsl,
    connection::SimpleConnection,
    sql_types::{Array, BigInt, Bool, Nullable, Text},
};
use secrecy::ExposeSecret;

pub use self::rows::OldPassword;
use self::rows::{PasswordRow, PreorderRow, ProductRow, StoreRow};
use super::address;
use crate::{
    domain::django::{
        OldTable,
        rows::{OldPreorder, OldProduct, OldStore},
    },
    secrets::Secret,
};

/// Why the predecessor's database cannot be read. None of it repeats the address, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum DjangoError {
    /// The address has another form.
    #[error("the predecessor's database: its address has the form postgres://user:password@host/database")]
    Address,
    /// No connection.
    #[error("the predecessor's database: {0}")]
    Connect(&'static str),
    /// Another database, or another version of it.
    #[error("this is not the predecessor's database: {0}")]
    Shape(String),
    /// A query failed.
    #[error("the predecessor's database cannot be read")]
    Read(#[from] diesel::result::Error),
}

/// A column with its type there, `None`: any that can be written as text.
type OldColumn = (&'static str, Option<&'static str>);

/// Columns that are read.
const COLUMNS: &[(OldTable, &[OldColumn])] = &[
    (
        OldTable::Stores,
        &[
            ("id", UUID),
            ("created_at", TIME),
            ("updated_at", TIME),
            ("user_id", None),
            ("merchant_id", None),
            ("name", None),
            ("api_key", None),
            ("products_count", None),
            ("is_active", BOOL),
        ],
    ),
    (
        OldTable::Products,
        &[
            ("id", UUID),
            ("created_at", TIME),
            ("updated_at", TIME),
            ("kaspi_product_id", None),
            ("kaspi_sku", None),
            ("store_id", UUID),
            ("price", None),
            ("name", None),
            ("external_kaspi_id", None),
            ("category", None),
            ("image_url", None),
            ("bot_active", BOOL),
            ("last_check_time", TIME),
            ("min_profit", None),
            ("max_profit", None),
            ("strategy", None),
        ],
    ),
    (
        OldTable::Preorders,
        &[
            ("id", UUID),
            ("created_at", TIME),
            ("updated_at", TIME),
            ("product_id", UUID),
            ("store_id", UUID),
            ("article", None),
            ("name", None),
            ("brand", None),
            ("status", None),
            ("price", None),
            ("warehouses", None),
            ("delivery_days", None),
        ],
    ),
];
const UUID: Option<&str> = Some("uuid");
const TIME: Option<&str> = Some("timestamp with time zone");
const BOOL: Option<&str> = Some("boolean");

/// The snapshot. It ends with this value.
pub struct DjangoSource {
    conn: PgConnection,
}

impl std::fmt::Debug for DjangoSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DjangoSource").finish_non_exhaustive()
    }
}

/// Rows of the three tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, diesel::QueryableByName)]
pub struct OldCounts {
    /// Shops.
    #[diesel(sql_type = BigInt)]
    pub stores: i64,
    /// Offers.
    #[diesel(sql_type = BigInt)]
    pub products: i64,
    /// Preorders.
    #[diesel(sql_type = BigInt)]
    pub preorders: i64,
}

#[derive(diesel::QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Nullable<Text>)]
    kind: Option<String>,
    #[diesel(sql_type = Bool)]
    has_table: bool,
}

impl DjangoSource {
    /// Connects, checks that the tables are there and begins the snapshot.
    ///
    /// # Errors
    /// See [`DjangoError`].
    pub fn open(url: &Secret, with_passwords: bool) -> Result<Self, DjangoError> {
        let has_form = ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| url.expose_secret().starts_with(scheme));
        if !has_form {
            return Err(DjangoError::Address);
        }
        let conn = PgConnection::establish(address::for_libpq(url).expose_secret());
        let mut conn = conn.map_err(|error| DjangoError::Connect(cause(&error.to_string())))?;
        // Whoever reads has as much time as writing takes. The cursors are read to their ends, and sorting runs alone.
        conn.batch_execute(
            "set application_name = 'kaspi-panel import-django'; set timezone = 'UTC';
             set default_transaction_read_only = on; set statement_timeout = 0;
             set idle_in_transaction_session_timeout = 0; set cursor_tuple_fraction = 1; set jit = off;
             begin isolation level repeatable read read only",
        )?;
        let mut source = Self { conn };
        source.check(with_passwords)?;
        Ok(source)
    }

    fn check(&mut self, with_passwords: bool) -> Result<(), DjangoError> {
        for (table, columns) in COLUMNS {
            let mut columns = columns.to_vec();
            if with_passwords && *table == OldTable::Stores {
                columns.push(("guid", None));
            }
            let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
            let found: Vec<ColumnRow> = diesel::sql_query(
                "select format_type(a.atttypid, null) as kind, to_regclass($1) is not null as has_table
                 from unnest($2) with ordinality as wanted (name, position)
                 left join pg_attribute a on a.attrelid = to_regclass($1) and a.attname = wanted.name
                   and a.attnum > 0 and not a.attisdropped
                 order by wanted.position",
            )
            .bind::<Text, _>(table.as_str())
            .bind::<Array<Text>, _>(names)
            .load(&mut self.conn)?;
            if !found.iter().all(|row| row.has_table) {
                return Err(DjangoError::Shape(format!("it has no table {table}")));
            }
            for ((name, wanted), ColumnRow { kind, .. }) in columns.iter().zip(found) {
                let kind = kind
                    .ok_or_else(|| DjangoError::Shape(format!("its table {table} has no column {name}")))?;
                let fits = match *name {
                    "guid" => ["json", "jsonb"].contains(&kind.as_str()),
                    _ => wanted.is_none_or(|wanted| wanted == kind),
                };
                if !fits {
                    let what = format!("the column {name} of its table {table} is of the type {kind}");
                    return Err(DjangoError::Shape(what));
                }
            }
        }
        Ok(())
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// See [`DjangoError`].
    pub fn counts(&mut self) -> Result<OldCounts, DjangoError> {
        Ok(diesel::sql_query(
            "select (select count(*) from kaspi_stores) as stores, (select count(*) from products) as products,
               (select count(*) from preorders) as preorders",
        )
        .get_result(&mut self.conn)?)
    }

    /// All shops, the oldest first: there are few.
    ///
    /// # Errors
    /// See [`DjangoError`].
    pub fn stores(&mut self) -> Result<Vec<OldStore>, DjangoError> {
        let rows: Vec<StoreRow> = diesel::sql_query(rows::STORES).load(&mut self.conn)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Logins of the cabinet that were kept with shops.
    ///
    /// # Errors
    /// See [`DjangoError`].
    pub fn passwords(&mut self) -> Result<Vec<OldPassword>, DjangoError> {
        let rows: Vec<PasswordRow> = diesel::sql_query(rows::PASSWORDS).load(&mut self.conn)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Begins to read the offers, by store and key.
    ///
    /// # Errors
    /// See [`DjangoError`].
    pub fn begin_products(&mut self) -> Result<(), DjangoError> {
        Ok(self.conn.batch_execute(rows::PRODUCTS)?)
    }

    /// The next offers; none at the end.
    ///
    /// # Errors
    /// See [`DjangoError`].
    pub fn next_products(&mut self, limit: usize) -> Result<Vec<OldProduct>, DjangoError> {
        let fetch = format!("fetch {limit} from old_products");
        let rows: Vec<ProductRow> = diesel::sql_query(fetch).load(&mut self.conn)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Begins to read the preorders, by store and key.
    ///
    /// # Errors
    /// See [`DjangoError`].
    pub fn begin_preorders(&mut self) -> Result<(), DjangoError> {
        Ok(self.conn.batch_execute(rows::PREORDERS)?)
    }

    /// The next preorders; none at the end.
    ///
    /// # Errors
    /// See [`DjangoError`].
    pub fn next_preorders(&mut self, limit: usize) -> Result<Vec<OldPreorder>, DjangoError> {
        let fetch = format!("fetch {limit} from old_preorders");
        let rows: Vec<PreorderRow> = diesel::sql_query(fetch).load(&mut self.conn)?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}

/// What the driver said, in our words: it may repeat parts of an address that it did not understand.
fn cause(said: &str) -> &'static str {
    const CAUSES: &[(&str, &str)] = &[
        ("authentication failed", "it refuses this user or password"),
        ("no password supplied", "it asks for a password"),
        ("does not exist", "there is no such database or user"),
        (
            "could not translate host name",
            "the name of its host is not known",
        ),
        ("Connection refused", "nobody answers at this host and port"),
        ("No such file or directory", "nobody answers at this address"),
        ("timeout expired", "it does not answer in time"),
        ("not currently accepting connections", "it takes no connections"),
        ("pg_hba.conf", "it does not let this user in from here"),
    ];
    let known = CAUSES.iter().find(|(sign, _)| said.contains(sign));
    known.map_or(
        "no connection; check host, port, user, password and name in its address",
        |(_, cause)| cause,
    )
}

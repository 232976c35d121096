//! Migrations: embedded in the program, applied by the owner of the database.

use diesel::{Connection, PgConnection, RunQueryDsl, connection::SimpleConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use secrecy::ExposeSecret;

use super::{StoreError, address};
use crate::secrets::Secret;

/// All migrations of this program.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// Key of the advisory lock that lets one migration run at a time.
const LOCK: i64 = 0x6b61_7370_6901;

/// Why migrating failed.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database does not answer.
    #[error("cannot connect to the database")]
    Connect(#[from] diesel::ConnectionError),
    /// A migration did not go through; the database is as before it.
    #[error("a migration failed: {0}")]
    Failed(String),
}

/// Applies what is missing; several programs at once wait for each other. Returns the versions applied.
///
/// # Errors
/// See [`MigrateError`].
pub fn run(url: &Secret) -> Result<Vec<String>, MigrateError> {
    let mut conn = PgConnection::establish(address::for_libpq(url).expose_secret())?;
    let failed = |error: &dyn std::fmt::Display| MigrateError::Failed(error.to_string());
    conn.batch_execute(&format!("select pg_advisory_lock({LOCK})"))
        .map_err(|e| failed(&e))?;
    let applied = conn.run_pending_migrations(MIGRATIONS).map_err(|e| failed(&e))?;
    let applied = applied.iter().map(ToString::to_string).collect();
    // The plain role may read which version the database has.
    conn.batch_execute("grant select on __diesel_schema_migrations to kaspi_panel_runtime")
        .map_err(|e| failed(&e))?;
    conn.batch_execute(&format!("select pg_advisory_unlock({LOCK})"))
        .map_err(|e| failed(&e))?;
    Ok(applied)
}

#[derive(diesel::QueryableByName)]
struct Version {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

/// Checks that the database has exactly the migrations of this program.
///
/// # Errors
/// [`StoreError::WrongVersion`] when one is missing or unknown.
pub fn version_check(conn: &mut PgConnection) -> Result<(), StoreError> {
    use diesel::migration::{Migration, MigrationSource};
    let have = diesel::sql_query("select version from __diesel_schema_migrations order by version")
        .load::<Version>(conn)
        .map_err(|error| match StoreError::from(error) {
            StoreError::Db(_) => StoreError::WrongVersion,
            other => other,
        })?;
    let mut want: Vec<String> = MigrationSource::<diesel::pg::Pg>::migrations(&MIGRATIONS)
        .map_err(StoreError::Unavailable)?
        .iter()
        .map(|m| m.name().version().to_string())
        .collect();
    want.sort();
    if have.iter().map(|v| &v.version).eq(want.iter()) {
        Ok(())
    } else {
        Err(StoreError::WrongVersion)
    }
}

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
    let have = diesel::sql_query("select version from __diesel_schema_migrations order by version")
        .load::<Version>(conn)
        .map_err(|error| match StoreError::from(error) {
            StoreError::Db(_) => StoreError::WrongVersion,
            other => other,
        })?;
    let want = known_versions()?;
    if have.iter().map(|v| &v.version).eq(want.iter()) {
        Ok(())
    } else {
        Err(StoreError::WrongVersion)
    }
}

/// Checks that the database knows what time it is in Kazakhstan: one hour less since March 2024, everywhere. Bounds of days
/// and nights are counted there by the name of the zone, which is `zone` (`Asia/Almaty`).
///
/// # Errors
/// [`StoreError::OldTimeZones`] where its data are older.
pub fn zone_check(conn: &mut PgConnection, zone: &str) -> Result<(), StoreError> {
    #[derive(diesel::QueryableByName)]
    struct Known {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        known: bool,
    }
    let row: Known = diesel::sql_query(
        "select '2026-11-22T00:00:00Z'::timestamptz at time zone $1 = timestamp '2026-11-22T05:00:00'
            and '2024-02-29T17:00:00Z'::timestamptz at time zone $1 = timestamp '2024-02-29T23:00:00' as known",
    )
    .bind::<diesel::sql_types::Text, _>(zone)
    .get_result(conn)?;
    if row.known {
        Ok(())
    } else {
        Err(StoreError::OldTimeZones)
    }
}

/// Versions of this program's migrations, in their order.
///
/// # Errors
/// Never for a program that was built.
pub fn known_versions() -> Result<Vec<String>, StoreError> {
    use diesel::migration::{Migration, MigrationSource};
    let mut versions: Vec<String> = MigrationSource::<diesel::pg::Pg>::migrations(&MIGRATIONS)
        .map_err(StoreError::Unavailable)?
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect();
    versions.sort();
    Ok(versions)
}

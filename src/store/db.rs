//! The handle to the database: closures on the blocking pool, never the connection pool itself.

use std::time::{Duration, Instant};

use diesel::{
    Connection, PgConnection, RunQueryDsl,
    connection::SimpleConnection,
    r2d2::{ConnectionManager, CustomizeConnection, ManageConnection, Pool, PooledConnection},
};
use secrecy::ExposeSecret;

use super::{StoreError, address};
use crate::{secrets::Secret, telemetry};

/// A pool of connections that act as the plain run-time role. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: Pool<Lines>,
}

/// Connections of a pool at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolState {
    /// Open ones.
    pub connections: u32,
    /// Those that nobody uses.
    pub idle: u32,
    /// How many there may be.
    pub most: u32,
}

/// A connection that has answered so lately is not asked for a sign of life before it is used: with writes of prices
/// that question is a fifth of all.
const ALIVE: Duration = Duration::from_secs(1);

/// Makes connections and looks after them.
struct Lines(ConnectionManager<PgConnection>);

/// A connection, and when it last did what it should. `None`: it has failed since.
struct Line {
    conn: PgConnection,
    answered_at: Option<Instant>,
}

impl ManageConnection for Lines {
    type Connection = Line;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Line, Self::Error> {
        Ok(Line {
            conn: self.0.connect()?,
            answered_at: None,
        })
    }

    fn is_valid(&self, line: &mut Line) -> Result<(), Self::Error> {
        if line.answered_at.is_some_and(|at| at.elapsed() < ALIVE) {
            return Ok(());
        }
        self.0.is_valid(&mut line.conn)
    }

    fn has_broken(&self, line: &mut Line) -> bool {
        self.0.has_broken(&mut line.conn)
    }
}

impl Line {
    /// Uses the connection.
    fn with<T, E>(&mut self, f: impl FnOnce(&mut PgConnection) -> Result<T, E>) -> Result<T, E> {
        self.answered_at = None;
        let done = f(&mut self.conn)?;
        self.answered_at = Some(Instant::now());
        Ok(done)
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db")
            .field("connections", &self.pool.state().connections)
            .finish()
    }
}

/// Steps down from the login role and bounds everything a query may take.
#[derive(Debug)]
struct RunTimeRole;

impl CustomizeConnection<Line, diesel::r2d2::Error> for RunTimeRole {
    fn on_acquire(&self, line: &mut Line) -> Result<(), diesel::r2d2::Error> {
        line.conn
            .batch_execute(
                "set role kaspi_panel_runtime; set application_name = 'kaspi-panel'; set timezone = 'UTC';
             set statement_timeout = '15s'; set lock_timeout = '3s';
             set idle_in_transaction_session_timeout = '60s'",
            )
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

impl Db {
    /// A pool that connects when it is first used.
    ///
    /// # Errors
    /// Never for a database that is away; that shows at the first query.
    pub fn new(url: &Secret, size: u32) -> Result<Self, StoreError> {
        let manager = Lines(ConnectionManager::new(address::for_libpq(url).expose_secret()));
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .connection_timeout(Duration::from_secs(5))
            .idle_timeout(Some(Duration::from_secs(300)))
            .test_on_check_out(true)
            .connection_customizer(Box::new(RunTimeRole))
            .build_unchecked(manager);
        Ok(Self { pool })
    }

    /// Runs queries on one connection, without a transaction around them.
    ///
    /// # Errors
    /// What `f` returns, or [`StoreError::Unavailable`] when no connection is to be had.
    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let db = self.clone();
        telemetry::spawn_blocking(move || db.connection()?.with(f))
            .await
            .map_err(lost)?
    }

    /// Runs queries in one transaction: all of it or nothing.
    ///
    /// # Errors
    /// As [`Db::read`]; any error rolls back.
    pub async fn tx<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let db = self.clone();
        telemetry::spawn_blocking(move || db.tx_blocking(f))
            .await
            .map_err(lost)?
    }

    /// [`Db::read`] on the present thread; for code that is on the blocking pool already.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub fn read_blocking<T, E: From<StoreError>>(
        &self,
        f: impl FnOnce(&mut PgConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.connection()?.with(f)
    }

    /// [`Db::tx`] on the present thread.
    ///
    /// # Errors
    /// As [`Db::tx`].
    pub fn tx_blocking<T, E: From<StoreError>>(
        &self,
        f: impl FnOnce(&mut PgConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.connection()?
            .with(|conn| conn.transaction(|conn| f(conn).map_err(TxError::Inner)))
            .map_err(|error| match error {
                TxError::Inner(error) => error,
                TxError::Transaction(error) => StoreError::from(error).into(),
            })
    }

    /// Is the database there?
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.read(|conn| {
            diesel::sql_query("select 1").execute(conn)?;
            Ok(())
        })
        .await
    }

    /// How many connections there are.
    #[must_use]
    pub fn pool(&self) -> PoolState {
        let state = self.pool.state();
        PoolState {
            connections: state.connections,
            idle: state.idle_connections,
            most: self.pool.max_size(),
        }
    }

    fn connection(&self) -> Result<PooledConnection<Lines>, StoreError> {
        self.pool
            .get()
            .map_err(|error| StoreError::Unavailable(Box::new(error)))
    }
}

/// Runs a part of a transaction so that an error takes back this part alone.
///
/// # Errors
/// What `f` returns.
pub fn savepoint<T, E: From<StoreError>>(
    conn: &mut PgConnection,
    f: impl FnOnce(&mut PgConnection) -> Result<T, E>,
) -> Result<T, E> {
    conn.transaction(|conn| f(conn).map_err(TxError::Inner))
        .map_err(|error| match error {
            TxError::Inner(error) => error,
            TxError::Transaction(error) => StoreError::from(error).into(),
        })
}

enum TxError<E> {
    Inner(E),
    Transaction(diesel::result::Error),
}

impl<E> From<diesel::result::Error> for TxError<E> {
    fn from(error: diesel::result::Error) -> Self {
        Self::Transaction(error)
    }
}

/// The blocking task panicked or the runtime is going down.
fn lost(error: tokio::task::JoinError) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

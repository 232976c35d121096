//! What every capability needs, built once and shared by web, worker and command line.

use std::sync::{Arc, Mutex};

use crate::{
    clock::{Clock, SystemClock},
    config::Config,
    kaspi::KaspiClient,
    secrets::{KeyFile, SecretError, Vault},
    store::{Db, StoreError, due_products::StoreTurn, product_lists::ProductCounts},
};

/// Handles to the database, the marketplace, the clock, the secrets and the settings. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Services {
    /// The database.
    pub db: Db,
    /// The marketplace.
    pub kaspi: KaspiClient,
    /// The present moment.
    pub clock: Arc<dyn Clock>,
    /// Seals and opens secrets.
    pub vault: Arc<Vault>,
    /// Settings.
    pub config: Arc<Config>,
    /// Whose products this process claims next.
    pub turn: Arc<Mutex<StoreTurn>>,
    /// Counts of long lists that still hold.
    pub product_counts: Arc<ProductCounts>,
}

/// Why the program cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum ServicesError {
    /// No usable secret key.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// No usable database address.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The HTTP client cannot be made.
    #[error("marketplace client: {0}")]
    Kaspi(#[from] crate::kaspi::KaspiError),
}

impl Services {
    /// Services over the machine's clock.
    ///
    /// # Errors
    /// Key file, database address or HTTP client are unusable. A database that is away is no error here.
    pub fn new(config: Config, database_url: &crate::secrets::Secret) -> Result<Self, ServicesError> {
        Self::with_clock(config, database_url, Arc::new(SystemClock))
    }

    /// Services over a given clock.
    ///
    /// # Errors
    /// As [`Services::new`].
    pub fn with_clock(
        config: Config,
        database_url: &crate::secrets::Secret,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ServicesError> {
        Ok(Self {
            db: Db::new(database_url, config.database.pool_size)?,
            kaspi: KaspiClient::new(&config.kaspi)?,
            vault: Arc::new(Vault::open_or_create(KeyFile::at(&config.secret_key_file))?),
            clock,
            config: Arc::new(config),
            product_counts: Arc::default(),
            turn: Arc::default(),
        })
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.clock.now()
    }
}

//! Background jobs on PostgreSQL: enqueueing inside the caller's transaction, our own history of runs, and
//! the queue's own tables. Knows no job.

pub mod enqueue;
pub mod runs;

use graphile_worker::WorkerOptions;
use secrecy::ExposeSecret;

use crate::{secrets::Secret, store::address};

/// Why the queue's tables cannot be made or its worker not be started.
#[derive(Debug, thiserror::Error)]
#[error("background queue: {0}")]
pub struct QueueError(pub String);

/// Makes or upgrades the queue's own tables; part of `migrate`.
///
/// # Errors
/// The database does not answer or refuses.
pub async fn migrate(url: &Secret) -> Result<(), QueueError> {
    options(url)
        .init()
        .await
        .map_err(|error| QueueError(error.to_string()))?;
    Ok(())
}

/// The queue over this database: a small pool of its own beside the program's.
#[must_use]
pub fn options(url: &Secret) -> WorkerOptions {
    WorkerOptions::default()
        .database_url(address::for_queue(url).expose_secret())
        .max_pg_conn(4)
}

//! One round of the push sender over all stores that have something to send or to read back: the worker's and
//! the command line's.

use futures_util::{StreamExt, stream};
use uuid::Uuid;

use super::{PushSummary, push_store};
use crate::{
    domain::StoreId,
    services::Services,
    store::{StoreError, public_looks::public_look_stores, pushes::push_stores_with_work},
    telemetry::chain,
};

/// Stores served at once.
const STORES_AT_ONCE: usize = 8;

/// Sends planned prices and reads sent ones back, for every store that has any; with `only` for this store alone.
/// A store that fails is told in the log and does not end the others' round. `owner` is the same for all rounds
/// of one process.
///
/// # Errors
/// The database cannot be asked for stores with work, or failed for each of them.
pub async fn push_due(
    services: &Services,
    only: Option<StoreId>,
    owner: Uuid,
) -> Result<PushSummary, StoreError> {
    let now = services.now();
    let mut stores = services
        .db
        .read(move |conn| {
            let mut stores = push_stores_with_work(conn, now)?;
            stores.extend(public_look_stores(conn, now)?);
            Ok::<_, StoreError>(stores)
        })
        .await?;
    stores.sort_unstable();
    stores.dedup();
    stores.retain(|store_id| only.is_none_or(|only| only == *store_id));
    let count = stores.len();
    let mut rounds = stream::iter(stores)
        .map(|store_id| push_store(services, store_id, owner))
        .buffer_unordered(STORES_AT_ONCE);
    let (mut total, mut failed) = (PushSummary::default(), 0);
    while let Some(round) = rounds.next().await {
        match round {
            Ok(summary) => total.add(summary),
            Err(error) => {
                failed += 1;
                if failed == count {
                    return Err(error);
                }
                tracing::error!(error = %chain(&error), "a store's prices were not pushed");
            }
        }
    }
    Ok(total)
}

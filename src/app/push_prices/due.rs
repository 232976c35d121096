//! The push sender over all stores that have something to send or to read back: round after round as the worker's,
//! once as the command line's.

use std::{
    collections::{HashSet, VecDeque},
    time::Duration,
};

use futures_util::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, FuturesUnordered},
};
use tokio::{sync::watch, time::Instant};
use uuid::Uuid;

use super::{PushSummary, push_store, push_store_until};
use crate::{
    domain::StoreId,
    services::Services,
    store::{StoreError, public_looks::public_look_stores, pushes::push_stores_with_work},
    telemetry::chain,
};

/// Stores served at once. Most of the time each waits: for its turn to write, for an answer.
const STORES_AT_ONCE: usize = 64;
/// A store whose round failed, or all of them where none can be asked for, is left alone for so long.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(5);
/// What is under way at a stop has so long to end. What it leaves is taken up by the next worker.
const GRACE: Duration = Duration::from_secs(20);

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
    let mut stores = stores_with_work(services, owner).await?;
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

async fn stores_with_work(services: &Services, owner: Uuid) -> Result<Vec<StoreId>, StoreError> {
    let now = services.now();
    let mut stores = services
        .db
        .read(move |conn| {
            let mut stores = push_stores_with_work(conn, owner, now)?;
            stores.extend(public_look_stores(conn, now)?);
            Ok::<_, StoreError>(stores)
        })
        .await?;
    stores.sort_unstable();
    stores.dedup();
    Ok(stores)
}

/// The same without end, until `stop` becomes true: every store has its turn once before any has it again, and one
/// that is slow keeps no other from its turn. At the stop the writes under way may end, and no further one begins.
pub async fn push_until(services: &Services, owner: Uuid, stop: watch::Receiver<bool>) {
    let tick = services.config.worker.tick;
    let mut stopped = stop.clone();
    let mut rounds = Rounds {
        services,
        owner,
        stop: &stop,
        waiting: VecDeque::new(),
        served: HashSet::new(),
        running: FuturesUnordered::new(),
    };
    let mut next_look = Instant::now();
    while !*stop.borrow() {
        if rounds.waiting.is_empty() && Instant::now() >= next_look {
            next_look = Instant::now() + rounds.look().await.map_or(PAUSE_AFTER_FAILURE, |()| tick);
        }
        rounds.begin();
        tokio::select! {
            Some((store_id, more)) = rounds.running.next(), if !rounds.running.is_empty() => {
                rounds.served.remove(&store_id);
                if more {
                    next_look = next_look.min(Instant::now());
                }
            }
            () = tokio::time::sleep_until(next_look), if rounds.waiting.is_empty() => {}
            // An error means that the sender is gone: the program is ending.
            _ended = stopped.wait_for(|stop| *stop) => {}
        }
    }
    let left = async { while rounds.running.next().await.is_some() {} };
    if tokio::time::timeout(GRACE, left).await.is_err() {
        tracing::warn!("writes under way at the stop are left to the next worker");
    }
}

/// The rounds under way, and the stores whose turn is still to come.
struct Rounds<'a> {
    services: &'a Services,
    owner: Uuid,
    stop: &'a watch::Receiver<bool>,
    waiting: VecDeque<StoreId>,
    /// A store is in one round at a time.
    served: HashSet<StoreId>,
    /// The store, and whether there may be more to do for it.
    running: FuturesUnordered<BoxFuture<'a, (StoreId, bool)>>,
}

impl Rounds<'_> {
    /// Gives every store that has work its turn. `None`: the database could not be asked.
    async fn look(&mut self) -> Option<()> {
        match stores_with_work(self.services, self.owner).await {
            Ok(stores) => {
                self.waiting = stores
                    .into_iter()
                    .filter(|store_id| !self.served.contains(store_id))
                    .collect();
                Some(())
            }
            Err(error) => {
                tracing::error!(round = "push", error = %chain(&error), "a round failed");
                None
            }
        }
    }

    /// Begins the rounds of the stores whose turn it is.
    fn begin(&mut self) {
        while self.running.len() < STORES_AT_ONCE
            && let Some(store_id) = self.waiting.pop_front()
        {
            self.served.insert(store_id);
            let (services, owner, stop) = (self.services, self.owner, self.stop);
            self.running
                .push(async move { (store_id, round(services, store_id, owner, stop).await) }.boxed());
        }
    }
}

/// One round of a store; a failed one is logged and waited out. `true`: there may be more to do at once.
async fn round(services: &Services, store_id: StoreId, owner: Uuid, stop: &watch::Receiver<bool>) -> bool {
    let summary = match push_store_until(services, store_id, owner, || *stop.borrow()).await {
        Ok(summary) => summary,
        Err(error) => {
            tracing::error!(store.id = %store_id, error = %chain(&error), "a store's prices were not pushed");
            let mut stopped = stop.clone();
            tokio::select! {
                () = tokio::time::sleep(PAUSE_AFTER_FAILURE) => {}
                _ended = stopped.wait_for(|stop| *stop) => {}
            }
            return false;
        }
    };
    if summary.sent + summary.confirmed + summary.held + summary.rejected + summary.decided_anew > 0 {
        tracing::info!(
            store.id = %store_id,
            sent = summary.sent,
            confirmed = summary.confirmed,
            held = summary.held,
            rejected = summary.rejected,
            waiting = summary.waiting,
            decided_anew = summary.decided_anew,
            "prices pushed"
        );
    }
    summary.sent + summary.decided_anew > 0
}

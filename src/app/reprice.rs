//! One pass of the repricing loop: claim due products, read their cards, decide, and write decisions, audit rows
//! and intended pushes. Reading and writing go on side by side: the cards that have come while a batch was being
//! written are the next batch (`batch`), so that a slow marketplace means small batches and a fast one few
//! transactions. Sending is `push_prices`' business.

mod batch;
mod input;
mod mass_move;
mod wars;

pub(super) use batch::{supersede, supersede_of};

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    future::Future,
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use futures_util::{
    FutureExt, StreamExt,
    stream::{self, BoxStream},
};
use tokio::sync::mpsc;

use self::batch::{CardRead, How, Settled, settle};
use super::sync_products::sync_after_pass;
use crate::{
    domain::{
        Outcome, ProductId, StoreId,
        pricing::{self, Decision, Input},
    },
    services::Services,
    store::{
        StoreError,
        batch::plan_by_index,
        due_products::{
            Claim, Claimed, DueProduct, due_product_claim, due_product_give_back, due_products_claim,
            due_products_load,
        },
    },
    telemetry::chain,
};

/// What to look at.
#[derive(Debug, Clone, Copy)]
pub struct Pass {
    /// Only this store.
    pub store_id: Option<StoreId>,
    /// Not what is due, but all that was not decided about since then.
    pub checked_before: Option<DateTime<Utc>>,
    /// Decide and explain, plan nothing.
    pub dry_run: bool,
    /// Products at most.
    pub limit: i64,
}

/// What came of a pass.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct PassSummary {
    /// Products decided about.
    pub checked: u64,
    /// Prices planned (or, in shadow and dry runs, that would have been).
    pub changed: u64,
    /// Already right.
    pub kept: u64,
    /// Held or refused, by the last code of the reasons.
    pub held: BTreeMap<String, u64>,
    /// Products without a decision: a fault of database or program.
    pub failed: u64,
    /// Syncs asked for afterwards.
    pub syncs: u64,
}

impl PassSummary {
    fn count(&mut self, decision: Option<&Decision>) {
        let Some(decision) = decision else {
            self.failed += 1;
            return;
        };
        self.checked += 1;
        match decision.outcome {
            Outcome::Change => self.changed += 1,
            Outcome::Keep => self.kept += 1,
            Outcome::Hold | Outcome::Refuse => {
                let code = decision.reasons.last().map_or("", |reason| reason.code.as_str());
                *self.held.entry(code.to_owned()).or_default() += 1;
            }
        }
    }
}

/// The deciding function; replaced in tests by one that returns anything.
pub type Decide = fn(&Input) -> Decision;

/// Products decided about in one transaction.
const BATCH: usize = 128;
/// While the database writes one batch, the next is decided.
const BATCHES_AT_ONCE: usize = 2;

/// Decides about the products that are due, and asks for a sync of the stores for which prices were planned.
///
/// # Errors
/// The database cannot be asked for due products; faults of single products are counted.
pub async fn reprice_due(services: &Services, pass: Pass) -> Result<PassSummary, StoreError> {
    reprice(services, pass, pricing::decide, std::future::pending()).await
}

/// [`reprice_due`] that ends early when `stop` is ready: cards that are being read are let go and their products
/// given back; what has been read is decided and written.
///
/// # Errors
/// As [`reprice_due`].
pub async fn reprice_until(
    services: &Services,
    pass: Pass,
    stop: impl Future<Output = ()>,
) -> Result<PassSummary, StoreError> {
    reprice(services, pass, pricing::decide, stop).await
}

/// Decides about one product now, whether it is due or not: what was planned for it waited too long. `None`: another
/// pass is at it, or the robot has nothing to do with it any more; then what was planned for it has ended.
///
/// # Errors
/// See [`StoreError`].
pub async fn reprice_product(services: &Services, id: ProductId) -> Result<Option<Decision>, StoreError> {
    let now = services.now();
    let claimed = services
        .db
        .tx(move |conn| {
            let claimed = due_product_claim(conn, id, now)?;
            if matches!(claimed, Claimed::Excluded) {
                batch::supersede(conn, &[id], now)?;
            }
            Ok::<_, StoreError>(claimed)
        })
        .await?;
    let Claimed::Due(due) = claimed else {
        return Ok(None);
    };
    let card = read_card(services, *due).await;
    let how = How {
        decide: pricing::decide,
        dry_run: false,
    };
    let settled = settle(services, vec![card], how).await;
    Ok(settled.into_iter().find_map(|product| product.decision))
}

/// [`reprice_due`] with a given deciding function.
///
/// # Errors
/// As [`reprice_due`].
pub async fn reprice_due_with(
    services: &Services,
    pass: Pass,
    decide: Decide,
) -> Result<PassSummary, StoreError> {
    reprice(services, pass, decide, std::future::pending()).await
}

async fn reprice(
    services: &Services,
    pass: Pass,
    decide: Decide,
    stop: impl Future<Output = ()>,
) -> Result<PassSummary, StoreError> {
    let how = How {
        decide,
        dry_run: pass.dry_run,
    };
    let claims = Claims::default();
    let (sender, receiver) = mpsc::channel(BATCH);
    let read = read_cards(services, pass, &claims, stop, sender);
    let write = async {
        let (mut summary, mut touched) = (PassSummary::default(), BTreeSet::new());
        let mut written = batches(receiver)
            .map(|cards| settle(services, cards, how).boxed())
            .buffer_unordered(BATCHES_AT_ONCE);
        while let Some(products) = written.next().await {
            for product in products {
                claims.end(&product);
                summary.count(product.decision.as_ref());
                touched.extend(product.planned);
            }
        }
        (summary, touched)
    };
    let (read, (mut summary, touched)) = tokio::join!(read, write);
    claims.give_back(services).await;
    match sync_after_pass(services, &touched).await {
        Ok(syncs) => summary.syncs = syncs,
        // The prices are planned; the next pass asks again.
        Err(error) => tracing::error!(error = %chain(&error), "no sync was asked for after a pass"),
    }
    read.map(|()| summary)
}

/// The cards that have come since the last batch was taken.
fn batches(receiver: mpsc::Receiver<CardRead>) -> BoxStream<'static, Vec<CardRead>> {
    stream::unfold(receiver, |mut receiver| async move {
        let mut cards = Vec::with_capacity(BATCH);
        let come = receiver.recv_many(&mut cards, BATCH).await;
        (come > 0).then_some((cards, receiver))
    })
    .boxed()
}

/// Claims products and reads their cards, several at once, until there are none, enough, or it is to stop. While
/// some are read the next are claimed.
async fn read_cards(
    services: &Services,
    pass: Pass,
    claims: &Claims,
    stop: impl Future<Output = ()>,
    sender: mpsc::Sender<CardRead>,
) -> Result<(), StoreError> {
    let at_once = services.config.worker.cards_at_once;
    let (claimed, taken) = mpsc::channel(1);
    let claim = async {
        // Ends with this future, and what reads from it ends too.
        let claimed = claimed;
        let mut left = pass.limit;
        loop {
            let due = claims
                .take(services, pass, left.min(i64::try_from(at_once).unwrap_or(left)))
                .await?;
            left -= i64::try_from(due.len()).unwrap_or(left);
            if due.is_empty() || claimed.send(due).await.is_err() {
                return Ok(());
            }
        }
    };
    let read = async {
        let mut cards = pin!(
            items(taken)
                .map(|due| read_card(services, due).boxed())
                .buffer_unordered(at_once)
                .take_until(stop)
        );
        while let Some(card) = cards.next().await {
            if sender.send(card).await.is_err() {
                break;
            }
        }
        drop(sender);
    };
    let (claimed, ()) = tokio::join!(claim, read);
    claimed
}

/// What comes in lists, one by one.
fn items<T: Send + 'static>(receiver: mpsc::Receiver<Vec<T>>) -> BoxStream<'static, T> {
    let lists = stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|list| (stream::iter(list), receiver))
    });
    lists.flatten().boxed()
}

async fn read_card(services: &Services, due: DueProduct) -> CardRead {
    let card_id = due.product.card_id.as_deref().unwrap_or_default();
    let market = match services
        .kaspi
        .market_offers(card_id, &due.store.main_city_id)
        .await
    {
        Ok(market) => Some(market),
        Err(error) => {
            // Unread is not empty: the decision will say "no evidence".
            tracing::warn!(product = due.product.name, card = card_id, error = %error, "the card could not be read");
            None
        }
    };
    CardRead {
        market,
        read_at: services.now(),
        due,
    }
}

/// The products that this pass has claimed and not yet decided about.
#[derive(Default)]
struct Claims(Mutex<HashSet<ProductId>>);

impl Claims {
    fn open(&self) -> MutexGuard<'_, HashSet<ProductId>> {
        // Nothing panics while it is held; a set of keys would be whole all the same.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next products; none: there are no more.
    async fn take(&self, services: &Services, pass: Pass, count: i64) -> Result<Vec<DueProduct>, StoreError> {
        loop {
            let claims = self.claim(services, pass, count).await?;
            if claims.is_empty() {
                return Ok(Vec::new());
            }
            let now = services.now();
            let (claimed, due) = services
                .db
                .tx(move |conn| {
                    plan_by_index(conn)?;
                    let due = due_products_load(conn, &claims, now)?;
                    Ok::<_, StoreError>((claims, due))
                })
                .await?;
            let mut left_out: HashSet<ProductId> = claimed.iter().map(|claim| claim.product_id).collect();
            for due in &due {
                left_out.remove(&due.product.id);
            }
            self.open().retain(|id| !left_out.contains(id));
            if !due.is_empty() {
                return Ok(due);
            }
        }
    }

    async fn claim(&self, services: &Services, pass: Pass, count: i64) -> Result<Vec<Claim>, StoreError> {
        if count <= 0 {
            return Ok(Vec::new());
        }
        let now = services.now();
        let mut turn = *services.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let (claims, turn) = services
            .db
            .tx(move |conn| {
                let claims =
                    due_products_claim(conn, &mut turn, pass.store_id, pass.checked_before, count, now)?;
                Ok::<_, StoreError>((claims, turn))
            })
            .await?;
        *services.turn.lock().unwrap_or_else(PoisonError::into_inner) = turn;
        self.open().extend(claims.iter().map(|claim| claim.product_id));
        Ok(claims)
    }

    fn end(&self, product: &Settled) {
        self.open().remove(&product.product_id);
    }

    /// After a stop or a failure: another worker need not wait until the claims end by themselves.
    async fn give_back(self, services: &Services) {
        let ids: Vec<ProductId> = self.open().drain().collect();
        if ids.is_empty() {
            return;
        }
        let given = services
            .db
            .tx(move |conn| due_product_give_back(conn, &ids))
            .await;
        if let Err(error) = given {
            tracing::warn!(error = %chain(&error), "claims end by themselves");
        }
    }
}

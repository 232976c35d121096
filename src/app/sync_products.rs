//! Reading the whole catalogue of a store: goods on sale and withdrawn ones, page by page. Idempotent; two at
//! once do no harm; nothing is archived unless the pass was complete.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use chrono_tz::Asia::Almaty;

use super::cabinet_session::{SessionError, mark_expired, session_of};
use crate::{
    domain::{
        Actor, JobKind, JobRunId, SessionState, StoreId, Tenant,
        offer::{CabinetOffer, OffersPage},
    },
    kaspi::{CabinetSession, KaspiError, PAGE_SIZE},
    queue::{enqueue::enqueue_for_store, runs::job_run_progress},
    services::Services,
    store::{
        StoreError,
        catalogue::{PageCounts, Reading, catalogue_archive_absent, catalogue_lock, catalogue_upsert},
        stores::{Store, store_fetch, store_update_session, store_update_synced},
    },
};

/// What a sync did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SyncSummary {
    /// New products.
    pub added: usize,
    /// Products of which something differs.
    pub changed: usize,
    /// Products that are not in the catalogue any more.
    pub archived: usize,
    /// Archived products that are back.
    pub restored: usize,
    /// Products as before.
    pub unchanged: usize,
    /// The marketplace showed as many products as it counted; otherwise nothing was archived.
    pub complete: bool,
}

/// Why a sync did not finish. What was read until then is kept.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// There is no such store, or it belongs to somebody else.
    #[error("there is no such store")]
    NotFound,
    /// The actor may look but not change.
    #[error("no right to sync this store")]
    Forbidden,
    /// The cabinet session is gone: a login is needed.
    #[error("the store needs a login")]
    NeedsLogin,
    /// A person called the run off.
    #[error("called off")]
    Cancelled,
    /// The marketplace failed.
    #[error(transparent)]
    Kaspi(KaspiError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SyncError {
    /// The code that the run keeps; a text for each stands in the locales.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "store_missing",
            Self::Forbidden => "forbidden",
            Self::NeedsLogin => "session_expired",
            Self::Cancelled => "cancelled",
            Self::Kaspi(error) => error.code(),
            Self::Store(_) => "database",
        }
    }
}

/// Asks for a sync, or joins the one that waits or runs.
///
/// # Errors
/// `NotFound`, `Forbidden`, `NeedsLogin`, `Store`.
pub async fn request_sync(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
) -> Result<JobRunId, SyncError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let store = store_fetch(conn, actor.tenant(), store_id)?.ok_or(SyncError::NotFound)?;
            if !super::edit::actor_may_change(conn, &actor, &store)? {
                return Err(SyncError::Forbidden);
            }
            if store.session_state != SessionState::Connected {
                return Err(SyncError::NeedsLogin);
            }
            Ok(enqueue_for_store(
                conn,
                JobKind::SyncStore,
                store_id,
                actor.user_id,
                now,
            )?)
        })
        .await
}

/// Reads the whole catalogue of a store; called by the job. An expired session is noted with the store.
///
/// # Errors
/// [`SyncError`].
pub async fn sync_store(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
    run_id: JobRunId,
) -> Result<SyncSummary, SyncError> {
    let store = services
        .db
        .read(move |conn| store_fetch(conn, Tenant::All, store_id))
        .await?
        .ok_or(SyncError::NotFound)?;
    let session = session_of(services, store_id)
        .await
        .map_err(|error| match error {
            SessionError::NeedsLogin => SyncError::NeedsLogin,
            SessionError::Store(error) => SyncError::Store(error),
        })?;
    let mut pass = Pass {
        services,
        store,
        session,
        run_id,
        seen: HashSet::new(),
        counts: PageCounts::default(),
    };
    match pass.run().await {
        Err(SyncError::Kaspi(KaspiError::SessionExpired)) => {
            mark_expired(services, actor, store_id).await?;
            Err(SyncError::NeedsLogin)
        }
        other => other,
    }
}

/// One pass over both lists.
struct Pass<'a> {
    services: &'a Services,
    store: Store,
    session: CabinetSession,
    run_id: JobRunId,
    /// Every sku of the pass: rows can appear twice while the list moves.
    seen: HashSet<String>,
    counts: PageCounts,
}

/// A page of one of the two lists, and when it was asked for.
struct Listed {
    on_sale: bool,
    started_at: DateTime<Utc>,
    page: OffersPage,
}

impl Pass<'_> {
    async fn run(&mut self) -> Result<SyncSummary, SyncError> {
        // Both counts are read first, so that progress has an end from the beginning.
        let on_sale = self.read(true, 0).await?;
        let withdrawn = self.read(false, 0).await?;
        let expected = withdrawn.page.total;
        let on_sale = self.read_on(on_sale, expected).await?;
        let withdrawn = self.read_on(withdrawn, on_sale).await?;
        self.finish(on_sale.saturating_add(withdrawn)).await
    }

    /// Writes a list from its first page to its end; returns its newest count. A list that grew meanwhile is
    /// read to its new end.
    async fn read_on(&mut self, mut listed: Listed, other_list: u32) -> Result<u32, SyncError> {
        let mut number = 0;
        loop {
            let total = listed.page.total;
            let more = !listed.page.rows.is_empty() && (number + 1) * PAGE_SIZE < total;
            let on_sale = listed.on_sale;
            self.write(listed, total.saturating_add(other_list)).await?;
            if !more {
                return Ok(total);
            }
            number += 1;
            listed = self.read(on_sale, number).await?;
        }
    }

    async fn read(&self, on_sale: bool, number: u32) -> Result<Listed, SyncError> {
        let started_at = self.services.now();
        let page = self
            .services
            .kaspi
            .offers_page(&self.session, &self.store.merchant_id, on_sale, number)
            .await
            .map_err(SyncError::Kaspi)?;
        Ok(Listed {
            on_sale,
            started_at,
            page,
        })
    }

    /// Writes the rows that were not seen before, and how far the run is.
    async fn write(&mut self, listed: Listed, total: u32) -> Result<(), SyncError> {
        let started_at = listed.started_at;
        let fresh: Vec<CabinetOffer> = listed
            .page
            .rows
            .into_iter()
            .filter(|offer| self.seen.insert(offer.sku.clone()))
            .collect();
        let (store_id, main_city, run_id) = (self.store.id, self.store.main_city_id.clone(), self.run_id);
        let now = self.services.now();
        let done = i32::try_from(self.seen.len()).unwrap_or(i32::MAX);
        let total = i32::try_from(total).unwrap_or(i32::MAX);
        let counts = self
            .services
            .db
            .tx(move |conn| {
                if !job_run_progress(conn, run_id, done, Some(total), now)? {
                    return Err(SyncError::Cancelled);
                }
                catalogue_lock(conn, store_id)?;
                let reading = Reading {
                    store_id,
                    main_city_id: &main_city,
                    started_at,
                    now,
                    today: now.with_timezone(&Almaty).date_naive(),
                };
                Ok(catalogue_upsert(conn, reading, &fresh)?)
            })
            .await?;
        self.counts.added += counts.added;
        self.counts.changed += counts.changed;
        self.counts.restored += counts.restored;
        Ok(())
    }

    /// Archives what is gone, if the pass was complete, and notes the end.
    async fn finish(&mut self, total: u32) -> Result<SyncSummary, SyncError> {
        let complete = u32::try_from(self.seen.len()).is_ok_and(|seen| seen == total);
        let seen: Vec<String> = self.seen.drain().collect();
        let seen_count = seen.len();
        let (store_id, now) = (self.store.id, self.services.now());
        let archived = self
            .services
            .db
            .tx(move |conn| {
                store_update_session(conn, store_id, SessionState::Connected, now)?;
                if !complete {
                    return Ok::<_, StoreError>(0);
                }
                catalogue_lock(conn, store_id)?;
                let archived = catalogue_archive_absent(conn, store_id, &seen, now)?;
                store_update_synced(conn, store_id, i32::try_from(seen.len()).unwrap_or(i32::MAX), now)?;
                Ok(archived)
            })
            .await?;
        if !complete {
            tracing::warn!(store.id = %store_id, seen = seen_count, total, "the catalogue was not read completely");
        }
        let PageCounts {
            added,
            changed,
            restored,
        } = self.counts;
        Ok(SyncSummary {
            added,
            changed,
            archived,
            restored,
            unchanged: seen_count.saturating_sub(added + changed + restored),
            complete,
        })
    }
}

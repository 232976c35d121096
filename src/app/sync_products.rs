//! Reading the whole catalogue of a store: goods on sale and withdrawn ones, page by page. Idempotent; two at
//! once do no harm; nothing is archived unless the pass was complete. A pass that is broken off goes on at its
//! page. Start reading at [`sync_store`]; the pass itself is in `pass`.

mod after_pass;
mod pass;

pub use after_pass::sync_after_pass;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::cabinet_session::{Renewal, SessionError, renew_session, session_of};
use crate::{
    domain::{Actor, JobKind, JobRunId, SessionState, StoreId, SyncChangeKind, Tenant},
    kaspi::KaspiError,
    queue::{
        enqueue::{add_job_later, enqueue_for_store, max_attempts, retry_delay, store_queue},
        runs::{job_run_fail, job_run_fetch, job_run_postpone},
    },
    services::Services,
    store::{StoreError, stores::store_fetch},
};

/// A run of another try may go on where a pass stopped no longer ago than this.
const PASS_FRESH: TimeDelta = TimeDelta::hours(1);
/// Longest pause between two tries, whatever the marketplace asks for.
const PAUSE_MAX: Duration = Duration::from_secs(3600);

/// What a sync did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
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
    /// Rows that could not be read.
    pub failed: usize,
    /// Rows that an earlier run had read; this one went on after them.
    pub resumed: usize,
    /// Products that the marketplace counts.
    pub total: usize,
    /// The marketplace showed as many products as it counted; otherwise nothing was archived.
    pub complete: bool,
}

impl SyncSummary {
    /// How many products of a kind.
    #[must_use]
    pub fn count(&self, kind: SyncChangeKind) -> usize {
        match kind {
            SyncChangeKind::Added => self.added,
            SyncChangeKind::Changed => self.changed,
            SyncChangeKind::Archived => self.archived,
            SyncChangeKind::Restored => self.restored,
            SyncChangeKind::Failed => self.failed,
        }
    }

    fn count_mut(&mut self, kind: SyncChangeKind) -> &mut usize {
        match kind {
            SyncChangeKind::Added => &mut self.added,
            SyncChangeKind::Changed => &mut self.changed,
            SyncChangeKind::Archived => &mut self.archived,
            SyncChangeKind::Restored => &mut self.restored,
            SyncChangeKind::Failed => &mut self.failed,
        }
    }
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
    /// The cabinet session is being renewed: later again.
    #[error("the store's session is being renewed")]
    Renewing,
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
            Self::Renewing => "session_renewing",
            Self::Cancelled => "cancelled",
            Self::Kaspi(error) => error.code(),
            Self::Store(_) => "database",
        }
    }

    /// Trouble that passes by itself, and the pause that the marketplace asked for.
    fn passes(&self) -> Option<Option<Duration>> {
        match self {
            Self::Kaspi(KaspiError::RateLimited { after }) => Some(*after),
            Self::Kaspi(KaspiError::Paused { wait }) => Some(Some(*wait)),
            Self::Kaspi(KaspiError::Unavailable(_) | KaspiError::Blocked)
            | Self::Renewing
            | Self::Store(_) => Some(None),
            _ => None,
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

/// Reads the whole catalogue of a store and ends the run well; called by the job. Goes on where this run, or
/// another one within the last hour, stopped. An expired session is noted with the store.
///
/// # Errors
/// [`SyncError`]; the run is left as it is.
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
            SessionError::Renewing => SyncError::Renewing,
            SessionError::Store(error) => SyncError::Store(error),
        })?;
    match pass::run(services, store.clone(), &session, run_id).await {
        Err(SyncError::Kaspi(KaspiError::SessionExpired)) => {
            match renew_session(services, actor, store_id).await? {
                // It goes on at its page.
                Renewal::Ready(session) => pass::run(services, store, &session, run_id).await,
                Renewal::Queued => Err(SyncError::Renewing),
                Renewal::NeedsLogin => Err(SyncError::NeedsLogin),
            }
        }
        other => other,
    }
}

/// What follows from a try that did not finish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// The run waits in the queue for its next try.
    Postponed {
        /// Not before.
        retry_at: DateTime<Utc>,
    },
    /// The run has failed for good.
    GivenUp,
}

/// Writes down what broke a run off. Trouble that passes is tried again after a pause that grows, at least as
/// long as the marketplace asks for; anything else, and the last try, ends the run.
///
/// # Errors
/// See [`StoreError`].
pub async fn sync_failed(
    services: &Services,
    run_id: JobRunId,
    error: &SyncError,
) -> Result<AfterFailure, StoreError> {
    let (code, passes, now) = (error.code(), error.passes(), services.now());
    services
        .db
        .tx(move |conn| {
            let Some(run) = job_run_fetch(conn, Tenant::All, run_id)? else {
                return Ok(AfterFailure::GivenUp);
            };
            let again = passes.filter(|_| run.attempts < max_attempts(run.kind));
            if let (Some(asked), Some(store_id)) = (again, run.store_id) {
                let pause = retry_delay(run.attempts)
                    .max(asked.unwrap_or_default())
                    .min(PAUSE_MAX);
                let retry_at = now + pause;
                if job_run_postpone(conn, run_id, code, retry_at)? {
                    add_job_later(conn, run.kind, run_id, &store_queue(store_id), pause)?;
                }
                return Ok(AfterFailure::Postponed { retry_at });
            }
            job_run_fail(conn, run_id, code, now)?;
            Ok(AfterFailure::GivenUp)
        })
        .await
}

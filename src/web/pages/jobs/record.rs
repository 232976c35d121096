//! What a sync run did, as its page shows it: counts of each kind and the products of one kind.

use crate::{
    app::{retention::SYNC_CHANGES_LIFE, sync_products::SyncSummary},
    domain::SyncChangeKind,
    queue::runs::JobRun,
    store::{
        PgConnection, StoreError,
        sync_runs::{CHANGES_KEPT, SyncChange, sync_change_list},
    },
    web::texts::Texts,
};

/// The record of one sync run.
#[derive(Debug, Clone)]
pub struct SyncRecord {
    /// Counts so far, or in the end.
    pub summary: SyncSummary,
    /// The kind whose products are listed: the asked one, else the first that has any.
    pub kind: SyncChangeKind,
    /// Its products, the first of them.
    pub changes: Vec<SyncChange>,
    /// They were kept long enough and are gone; the counts are not.
    pub forgotten: bool,
}

impl SyncRecord {
    /// Reads the record of a run.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn fetch(conn: &mut PgConnection, run: &JobRun, kind: &str) -> Result<Self, StoreError> {
        let summary: SyncSummary = serde_json::from_value(run.summary.clone()).unwrap_or_default();
        let with_some = || SyncChangeKind::ALL.iter().find(|kind| summary.count(**kind) > 0);
        let kind = kind
            .parse()
            .ok()
            .or_else(|| with_some().copied())
            .unwrap_or(SyncChangeKind::Added);
        let limit = i64::try_from(CHANGES_KEPT).unwrap_or(i64::MAX);
        let changes = match run.store_id {
            Some(store_id) => sync_change_list(conn, run.id, store_id, kind, limit)?,
            None => Vec::new(),
        };
        Ok(Self {
            forgotten: run.finished_at.is_some() && changes.is_empty() && summary.count(kind) > 0,
            summary,
            kind,
            changes,
        })
    }

    /// Every kind, for the tabs.
    #[must_use]
    pub fn kinds(&self) -> &'static [SyncChangeKind] {
        SyncChangeKind::ALL
    }

    /// How many products of a kind.
    #[must_use]
    pub fn count(&self, kind: &SyncChangeKind) -> usize {
        self.summary.count(*kind)
    }

    /// Why a row could not be read, in words.
    #[must_use]
    pub fn reason(&self, reason: &str, t: &Texts) -> String {
        t.get_or(&format!("sync-reason-{reason}"), "sync-reason-row_unreadable")
    }

    /// For how many days the products are kept.
    #[must_use]
    pub fn days_kept(&self) -> i64 {
        SYNC_CHANGES_LIFE.num_days()
    }

    /// Not all products of the kind are listed.
    #[must_use]
    pub fn shortened(&self) -> bool {
        self.summary.count(self.kind) > self.changes.len()
    }
}

//! One pass over both lists of a store. Pages are read one after the other, as the marketplace likes it, and
//! written by a second task meanwhile: at the usual pace each as it comes, faster ones together. With its
//! products each page is kept as read in one transaction, so that a pass goes on after the last page written.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use chrono_tz::Asia::Almaty;
use serde_json::json;
use tokio::sync::mpsc;

use super::{PASS_FRESH, SyncError, SyncSummary};
use crate::{
    domain::{
        JobRunId, SessionState, SyncChangeKind, Tenant,
        offer::{CabinetOffer, OffersPage},
    },
    kaspi::{CabinetSession, PAGE_SIZE},
    queue::runs::{job_run_fetch, job_run_progress, job_run_succeed},
    services::Services,
    store::{
        PgConnection, StoreError,
        catalogue::{Reading, catalogue_archive_absent, catalogue_lock, catalogue_upsert},
        stores::{Store, store_update_session, store_update_synced},
        sync_runs::{
            NewSyncChange, SyncPage, SyncPlace, sync_changes_insert, sync_failed_count, sync_pages_delete,
            sync_pages_insert, sync_pass_sight, sync_places,
        },
    },
};

/// Pages that wait to be written, and so at most are written together.
const PAGES_AHEAD: usize = 20;
/// A list that never ends is left after so many pages; the pass is incomplete then.
const PAGES_MAX: u32 = 10_000;

/// A page of one of the two lists, and when it was asked for.
struct Listed {
    on_sale: bool,
    number: u32,
    started_at: DateTime<Utc>,
    page: OffersPage,
}

/// How far one list is read.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// Page to read next.
    next: u32,
    /// Rows of the list, as counted last.
    total: Option<u32>,
    /// Read to its end.
    ended: bool,
}

impl Place {
    fn of(place: &SyncPlace) -> Self {
        let next = u32::try_from(place.page + 1).unwrap_or_default();
        let total = u32::try_from(place.total).unwrap_or_default();
        Self {
            next,
            total: Some(total),
            ended: place.empty || next * PAGE_SIZE >= total,
        }
    }

    /// Goes on after a page.
    fn advance(&mut self, page: &OffersPage) {
        self.next += 1;
        self.total = Some(page.total);
        let empty = page.rows.is_empty() && page.unreadable.is_empty();
        self.ended = empty || self.next * PAGE_SIZE >= page.total || self.next >= PAGES_MAX;
    }
}

/// Both lists.
#[derive(Debug, Clone, Copy, Default)]
struct Places {
    on_sale: Place,
    withdrawn: Place,
}

impl Places {
    fn of(&mut self, on_sale: bool) -> &mut Place {
        if on_sale {
            &mut self.on_sale
        } else {
            &mut self.withdrawn
        }
    }

    fn total(&self) -> u32 {
        let (on_sale, withdrawn) = (self.on_sale.total, self.withdrawn.total);
        on_sale
            .unwrap_or_default()
            .saturating_add(withdrawn.unwrap_or_default())
    }
}

/// Reads what is left of a pass, writes it and ends the run well.
pub(super) async fn run(
    services: &Services,
    store: Store,
    session: &CabinetSession,
    run_id: JobRunId,
) -> Result<SyncSummary, SyncError> {
    let (places, rows, summary) = begin(services, &store, run_id).await?;
    let (sender, receiver) = mpsc::channel(PAGES_AHEAD);
    let reader = Reader {
        services,
        session,
        merchant_id: &store.merchant_id,
        places,
    };
    let mut writer = Writer {
        services,
        store: &store,
        run_id,
        places,
        rows,
        summary,
    };
    // Whichever fails, what was read before is written first.
    let (read, written) = tokio::join!(reader.read_all(sender), writer.write_all(receiver));
    written?;
    read?;
    writer.finish().await
}

/// Where to go on, how many rows were read before, and what this run has done so far. A pass that was left for
/// too long is forgotten.
async fn begin(
    services: &Services,
    store: &Store,
    run_id: JobRunId,
) -> Result<(Places, u32, SyncSummary), SyncError> {
    let (store_id, now) = (store.id, services.now());
    services
        .db
        .tx(move |conn| {
            let run = job_run_fetch(conn, Tenant::All, run_id)?.ok_or(SyncError::NotFound)?;
            let mut summary: SyncSummary = serde_json::from_value(run.summary).unwrap_or_default();
            let kept = sync_places(conn, store_id)?;
            let ours = kept.iter().any(|place| place.run_id == run_id);
            let fresh = kept.iter().any(|place| place.read_at >= now - PASS_FRESH);
            if kept.is_empty() || !(ours || fresh) {
                sync_pages_delete(conn, store_id)?;
                return Ok((Places::default(), 0, summary));
            }
            let mut places = Places::default();
            let mut rows = 0_i64;
            for place in &kept {
                *places.of(place.on_sale) = Place::of(place);
                rows += place.rows;
            }
            if !ours {
                summary.resumed = usize::try_from(rows).unwrap_or_default();
            }
            tracing::info!(store.id = %store_id, rows, "a sync goes on where it stopped");
            Ok((places, u32::try_from(rows).unwrap_or(u32::MAX), summary))
        })
        .await
}

/// Asks for the pages.
struct Reader<'a> {
    services: &'a Services,
    session: &'a CabinetSession,
    merchant_id: &'a str,
    places: Places,
}

impl Reader<'_> {
    /// Ends with the last page, with the first trouble, or when nobody writes any more.
    async fn read_all(mut self, pages: mpsc::Sender<Listed>) -> Result<(), SyncError> {
        // Both counts are read first, so that progress has an end from the beginning.
        for on_sale in [true, false] {
            if self.places.of(on_sale).next == 0 && !self.read(on_sale, &pages).await? {
                return Ok(());
            }
        }
        // A list that grew meanwhile is read to its new end.
        for on_sale in [true, false] {
            while !self.places.of(on_sale).ended {
                if !self.read(on_sale, &pages).await? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// `false`: the page is not wanted any more.
    async fn read(&mut self, on_sale: bool, pages: &mpsc::Sender<Listed>) -> Result<bool, SyncError> {
        let number = self.places.of(on_sale).next;
        let started_at = self.services.now();
        let page = self
            .services
            .kaspi
            .offers_page(self.session, self.merchant_id, on_sale, number)
            .await
            .map_err(SyncError::Kaspi)?;
        self.places.of(on_sale).advance(&page);
        let listed = Listed {
            on_sale,
            number,
            started_at,
            page,
        };
        Ok(pages.send(listed).await.is_ok())
    }
}

/// Writes what was read.
struct Writer<'a> {
    services: &'a Services,
    store: &'a Store,
    run_id: JobRunId,
    places: Places,
    /// Rows read in the whole pass.
    rows: u32,
    summary: SyncSummary,
}

impl Writer<'_> {
    async fn write_all(&mut self, mut pages: mpsc::Receiver<Listed>) -> Result<(), SyncError> {
        let mut waiting = Vec::with_capacity(PAGES_AHEAD);
        while pages.recv_many(&mut waiting, PAGES_AHEAD).await > 0 {
            self.write(std::mem::take(&mut waiting)).await?;
        }
        Ok(())
    }

    /// Writes pages, what they changed, and how far the run is, all or nothing.
    async fn write(&mut self, pages: Vec<Listed>) -> Result<(), SyncError> {
        let Some(started_at) = pages.iter().map(|listed| listed.started_at).min() else {
            return Ok(());
        };
        let mut kept = Vec::with_capacity(pages.len());
        let mut offers: Vec<CabinetOffer> = Vec::new();
        let mut unreadable = Vec::new();
        for listed in pages {
            self.places.of(listed.on_sale).advance(&listed.page);
            let OffersPage {
                rows,
                unreadable: odd,
                total,
            } = listed.page;
            let named = odd.iter().filter_map(|row| row.sku.clone());
            let skus: Vec<String> = rows.iter().map(|row| row.sku.clone()).chain(named).collect();
            self.rows = self
                .rows
                .saturating_add(u32::try_from(rows.len() + odd.len()).unwrap_or_default());
            kept.push(SyncPage {
                on_sale: listed.on_sale,
                page: i32::try_from(listed.number).unwrap_or(i32::MAX),
                total: i32::try_from(total).unwrap_or(i32::MAX),
                skus,
                read_at: listed.started_at,
            });
            offers.extend(rows);
            unreadable.extend(odd);
        }
        only_newest(&mut offers);
        let (store_id, run_id, now) = (self.store.id, self.run_id, self.services.now());
        let main_city = self.store.main_city_id.clone();
        let total = self.places.total();
        let (done, total_shown) = (shown(self.rows.min(total)), shown(total));
        let mut summary = self.summary;
        self.summary = self
            .services
            .db
            .tx(move |conn| {
                catalogue_lock(conn, store_id)?;
                let reading = Reading {
                    store_id,
                    main_city_id: &main_city,
                    started_at,
                    now,
                    today: now.with_timezone(&Almaty).date_naive(),
                };
                let changes = catalogue_upsert(conn, reading, &offers)?;
                sync_pages_insert(conn, store_id, run_id, &kept)?;
                let rows = [
                    (SyncChangeKind::Added, changes.added),
                    (SyncChangeKind::Changed, changes.changed),
                    (SyncChangeKind::Restored, changes.restored),
                ];
                let rows = rows
                    .into_iter()
                    .flat_map(|(kind, skus)| skus.into_iter().map(move |sku| (kind, Some(sku), None)));
                let odd = unreadable
                    .into_iter()
                    .map(|row| (SyncChangeKind::Failed, row.sku, Some(row.reason)));
                keep_changes(conn, run_id, &mut summary, rows.chain(odd))?;
                if !job_run_progress(conn, run_id, done, Some(total_shown), &json!(summary), now)? {
                    return Err(SyncError::Cancelled);
                }
                Ok(summary)
            })
            .await?;
        Ok(())
    }

    /// Archives what is gone, if the pass was complete, and ends the run, all or nothing.
    async fn finish(self) -> Result<SyncSummary, SyncError> {
        let (store_id, run_id, now) = (self.store.id, self.run_id, self.services.now());
        let mut summary = self.summary;
        let (summary, seen) = self
            .services
            .db
            .tx(move |conn| {
                catalogue_lock(conn, store_id)?;
                let sight = sync_pass_sight(conn, store_id, run_id)?;
                summary.complete = sight.complete();
                summary.total = usize::try_from(sight.total).unwrap_or_default();
                if summary.complete {
                    let gone = catalogue_archive_absent(conn, store_id, now)?.into_iter();
                    let gone = gone.map(|sku| (SyncChangeKind::Archived, Some(sku), None));
                    keep_changes(conn, run_id, &mut summary, gone)?;
                    let count = i32::try_from(sight.seen).unwrap_or(i32::MAX);
                    store_update_synced(conn, store_id, count, now)?;
                }
                let unread = usize::try_from(sync_failed_count(conn, run_id)?).unwrap_or_default();
                summary.unchanged = usize::try_from(sight.seen_by_run)
                    .unwrap_or_default()
                    .saturating_sub(summary.added + summary.changed + summary.restored + unread);
                store_update_session(conn, store_id, SessionState::Connected, now)?;
                sync_pages_delete(conn, store_id)?;
                let (done, total) = (shown(sight.seen), shown(sight.total));
                let result = json!(summary);
                if !job_run_progress(conn, run_id, done, Some(total), &result, now)? {
                    return Err(SyncError::Cancelled);
                }
                job_run_succeed(conn, run_id, &result, now)?;
                Ok((summary, sight.seen))
            })
            .await?;
        if !summary.complete {
            tracing::warn!(store.id = %store_id, seen, total = summary.total, "the catalogue was not read completely");
        }
        Ok(summary)
    }
}

/// Of rows with the same sku the one that was read last: rows can appear twice while a list moves.
fn only_newest(offers: &mut Vec<CabinetOffer>) {
    let mut later: HashSet<String> = HashSet::with_capacity(offers.len());
    offers.reverse();
    offers.retain(|offer| later.insert(offer.sku.clone()));
    offers.reverse();
}

/// Counts changes in the summary and keeps the first of each kind.
fn keep_changes(
    conn: &mut PgConnection,
    run_id: JobRunId,
    summary: &mut SyncSummary,
    changes: impl Iterator<Item = (SyncChangeKind, Option<String>, Option<&'static str>)>,
) -> Result<(), StoreError> {
    let mut new = Vec::new();
    for (kind, sku, reason) in changes {
        let count = summary.count_mut(kind);
        new.push(NewSyncChange {
            kind,
            position: i32::try_from(*count).unwrap_or(i32::MAX),
            sku,
            reason,
        });
        *count += 1;
    }
    sync_changes_insert(conn, run_id, &new)
}

fn shown(count: impl TryInto<i32>) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
}

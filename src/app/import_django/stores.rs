//! Owners and their stores: few, so that they are read at once, and written in one transaction. A store comes as one that
//! has never been connected, with prices off.

use std::collections::{BTreeSet, HashMap};

use serde_json::json;
use uuid::Uuid;

use super::{
    BATCH, ImportError, KnownStore, Run,
    judge::{Batch, Differences},
    owners::Given,
    report::{Difference, ImportEvent, OwnerOutcome},
};
use crate::{
    app::store_edit::fresh_store,
    domain::{
        RepricingMode, StoreId, UserId,
        django::{Doubt, OldTable, Reason, rows::TakenStore},
    },
    store::{
        PgConnection,
        audit::{AuditEntry, audit_insert_all},
        django_rows::{stores_in_place, stores_insert},
        stores::Store,
    },
};

/// What came of the transaction.
struct Written {
    batch: Batch<TakenStore>,
    taken: usize,
    owners: Vec<ImportEvent>,
    known: Vec<(StoreId, KnownStore)>,
}

impl Run {
    /// Brings owners and stores over.
    pub(super) fn stores(&mut self, given: &Given, password_hash: &str) -> Result<(), ImportError> {
        let old = self.source.stores()?;
        let read = old.len();
        let judged = old.into_iter().map(|store| (store.id.0, store.judge()));
        let mut batch = Batch::of(OldTable::Stores, judged);
        let mut times: HashMap<(String, String), usize> = HashMap::new();
        for taken in &batch.rows {
            let key = (taken.row.external_id.clone(), taken.row.merchant_id.clone());
            *times.entry(key).or_default() += 1;
        }
        batch.leave_out(id, |row| {
            let key = (row.external_id.clone(), row.merchant_id.clone());
            let is_twice = times.get(&key).is_some_and(|times| *times > 1);
            is_twice.then(|| Doubt::new("user_id, merchant_id", Reason::Duplicate).of(&row.merchant_id))
        });
        let written = self.tx(|conn| self.write_stores(conn, batch, given, password_hash))?;
        for event in written.owners {
            if let ImportEvent::Owner { outcome, .. } = &event {
                match outcome {
                    OwnerOutcome::Made => self.totals.owners_made += 1,
                    _ => self.totals.owners_known += 1,
                }
            }
            (self.tell)(event);
        }
        self.stores.extend(written.known);
        let (batch, taken) = (written.batch, written.taken);
        self.ended(OldTable::Stores, read, batch.told, taken, batch.same);
        self.progress(OldTable::Stores, 0);
        Ok(())
    }

    fn write_stores(
        &self,
        conn: &mut PgConnection,
        mut batch: Batch<TakenStore>,
        given: &Given,
        password_hash: &str,
    ) -> Result<Written, ImportError> {
        let user_ids: BTreeSet<String> = batch
            .rows
            .iter()
            .map(|taken| taken.row.external_id.clone())
            .collect();
        let (owners, told) = self.owners(conn, &user_ids, given, password_hash)?;
        let rows = batch.new_rows();
        let ids: Vec<StoreId> = rows.iter().map(|row| row.id).collect();
        let owner_ids: Vec<UserId> = owners.values().copied().collect();
        let merchants: Vec<&str> = rows.iter().map(|row| row.merchant_id.as_str()).collect();
        let here = stores_in_place(conn, &ids, &owner_ids, &merchants)?;
        let owner_of = |row: &TakenStore| owners.get(&row.external_id).copied().unwrap_or_default();
        let mut places: HashMap<Uuid, Uuid> = HashMap::new();
        let mut known: Vec<(StoreId, KnownStore)> = Vec::new();
        for row in &rows {
            if let Some(store) = here.iter().find(|store| store.id == row.id) {
                known.push((store.id, known_store(store)));
                continue;
            }
            let in_place = here
                .iter()
                .find(|store| store.owner_id == owner_of(row) && store.merchant_id == row.merchant_id);
            if let Some(store) = in_place {
                places.insert(row.id.0, store.id.0);
            }
        }
        batch.leave_out_taken("user_id, merchant_id", id, &places);
        batch.compare(id, |row| {
            let store = here.iter().find(|store| store.id == row.id)?;
            Some(differences(store, row, owner_of(row)))
        });
        let mut new: Vec<Store> = Vec::new();
        for row in batch.new_rows() {
            let store = self.new_store(row, owner_of(row))?;
            known.push((store.id, known_store(&store)));
            new.push(store);
        }
        if !self.options.dry_run && !new.is_empty() {
            stores_insert(conn, &new)?;
            let entries: Vec<AuditEntry> = new
                .iter()
                .map(|store| {
                    let after = json!({ "merchant_id": store.merchant_id, "name": store.name,
                        "active": store.active, "repricing_mode": store.repricing_mode });
                    self.entry(store.id, &store.name).change(json!({}), after)
                })
                .collect();
            for entries in entries.chunks(BATCH) {
                audit_insert_all(conn, entries)?;
            }
        }
        Ok(Written {
            batch,
            taken: new.len(),
            owners: told,
            known,
        })
    }

    fn new_store(&self, row: &TakenStore, owner_id: UserId) -> Result<Store, ImportError> {
        let fresh = fresh_store(owner_id, &row.merchant_id, &row.name, self.now)?;
        Ok(Store {
            id: row.id,
            api_key: row.api_key.clone().unwrap_or(fresh.api_key),
            active: row.active,
            repricing_mode: RepricingMode::Off,
            products_count: row.products_count,
            created_at: row.created_at.unwrap_or(self.now),
            updated_at: row.updated_at.unwrap_or(self.now),
            // Whether a catalogue is fresh goes by our own readings alone.
            ..fresh
        })
    }
}

fn id(row: &TakenStore) -> Uuid {
    row.id.0
}

fn known_store(store: &Store) -> KnownStore {
    KnownStore {
        owner_id: store.owner_id,
        name: store.name.clone(),
        main_city_id: store.main_city_id.clone(),
        works: store.repricing_mode != RepricingMode::Off,
    }
}

/// Names come anew with each login, counts with each sync: they say nothing.
fn differences(here: &Store, there: &TakenStore, owner_id: UserId) -> Vec<Difference> {
    Differences::default()
        .field("user_id", Some(&here.owner_id), Some(&owner_id))
        .field("merchant_id", Some(&here.merchant_id), Some(&there.merchant_id))
        .field("is_active", Some(&here.active), Some(&there.active))
        .end()
}

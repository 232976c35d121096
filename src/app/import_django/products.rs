//! Products, batch by batch.

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    BATCH, ImportError, Run,
    judge::{Batch, Differences},
    report::{Difference, ImportEvent},
};
use crate::{
    domain::{
        ProductId,
        django::{Doubt, OldTable, Reason, rows::TakenProduct},
    },
    fail_points,
    store::{
        PgConnection,
        django_rows::{ProductHere, products_here, products_in_place, products_insert},
    },
};

impl Run {
    /// Brings the products over.
    pub(super) fn products(&mut self, total: i64) -> Result<(), ImportError> {
        self.source.begin_products()?;
        loop {
            let old = self.source.next_products(BATCH)?;
            if old.is_empty() {
                return Ok(());
            }
            let read = old.len();
            let judged = old.into_iter().map(|product| (product.id.0, product.judge()));
            let mut batch = Batch::of(OldTable::Products, judged);
            batch.leave_out(id, |row| {
                let is_known = self.stores.contains_key(&row.store_id);
                (!is_known).then(|| Doubt::new("store_id", Reason::NoStore).of(row.store_id))
            });
            let batch = self.tx(|conn| self.write_products(conn, batch))?;
            let rows = batch.new_rows();
            let taken = rows.len();
            if self.options.dry_run {
                let named = rows.iter().filter(|row| row.has_preorder);
                self.imagined.extend(named.map(|row| (row.id, row.store_id)));
            }
            self.ended(OldTable::Products, read, batch.told, taken, batch.same);
            self.progress(OldTable::Products, total);
        }
    }

    fn write_products(
        &self,
        conn: &mut PgConnection,
        mut batch: Batch<TakenProduct>,
    ) -> Result<Batch<TakenProduct>, ImportError> {
        let ids: Vec<ProductId> = batch.rows.iter().map(|taken| taken.row.id).collect();
        let here: HashMap<ProductId, ProductHere> = products_here(conn, &ids)?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let places: HashMap<Uuid, Uuid> = products_in_place(conn, &batch.new_rows())?
            .into_iter()
            .filter(|(wanted, _)| !here.contains_key(wanted))
            .map(|(wanted, other)| (wanted.0, other.0))
            .collect();
        batch.leave_out_taken("kaspi_sku", id, &places);
        batch.compare(id, |row| here.get(&row.id).map(|here| differences(here, row)));
        self.switch_off(&mut batch);
        let rows = batch.new_rows();
        if !self.options.dry_run && !rows.is_empty() {
            let cities: Vec<&str> = rows
                .iter()
                .map(|row| {
                    self.stores
                        .get(&row.store_id)
                        .map_or("", |store| &store.main_city_id)
                })
                .collect();
            products_insert(conn, &rows, &cities, self.now)?;
            self.audit(conn, "products", &rows)?;
            fail_points::pass(fail_points::IMPORT_WRITTEN);
        }
        Ok(batch)
    }

    /// What comes new to a store at work waits for a person.
    fn switch_off(&self, batch: &mut Batch<TakenProduct>) {
        for taken in &mut batch.rows {
            let row = &mut taken.row;
            let works = self.stores.get(&row.store_id).is_some_and(|store| store.works);
            if works && std::mem::take(&mut row.repricing_enabled) {
                batch.told.push(ImportEvent::Emptied {
                    table: batch.table,
                    id: row.id.0,
                    doubts: vec![Doubt::new("bot_active", Reason::StoreWorks)],
                });
            }
        }
    }
}

fn id(row: &TakenProduct) -> Uuid {
    row.id.0
}

/// What people set. What the marketplace tells (title, category, picture, price) comes with each sync and says nothing.
fn differences(here: &ProductHere, there: &TakenProduct) -> Vec<Difference> {
    Differences::default()
        .field("store_id", Some(&here.store_id), Some(&there.store_id))
        .field("kaspi_sku", here.sku.as_ref(), there.sku.as_ref())
        .field(
            "bot_active",
            Some(&here.repricing_enabled),
            Some(&there.repricing_enabled),
        )
        .field("min_profit", here.floor.as_ref(), there.floor.as_ref())
        .field("max_profit", here.ceiling.as_ref(), there.ceiling.as_ref())
        .field("strategy", here.strategy.as_ref(), there.strategy.as_ref())
        .end()
}

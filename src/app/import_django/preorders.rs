//! Preorders, batch by batch, for products that are here.

use std::collections::HashMap;

use uuid::Uuid;

use super::{
    BATCH, ImportError, Run,
    judge::{Batch, Differences},
    report::Difference,
};
use crate::{
    domain::{
        PreorderId, ProductId, StoreId,
        django::{Doubt, OldTable, Reason, rows::TakenPreorder},
    },
    store::{
        PgConnection,
        django_rows::{preorders_here, preorders_in_place, preorders_insert, products_here},
        preorders::Preorder,
    },
};

impl Run {
    /// Brings the preorders over.
    pub(super) fn preorders(&mut self, total: i64) -> Result<(), ImportError> {
        self.source.begin_preorders()?;
        loop {
            let old = self.source.next_preorders(BATCH)?;
            if old.is_empty() {
                return Ok(());
            }
            let read = old.len();
            let judged = old.into_iter().map(|preorder| (preorder.id.0, preorder.judge()));
            let batch = Batch::of(OldTable::Preorders, judged);
            let batch = self.tx(|conn| self.write_preorders(conn, batch))?;
            let taken = batch.rows.len();
            self.ended(OldTable::Preorders, read, batch.told, taken, batch.same);
            self.progress(OldTable::Preorders, total);
        }
    }

    fn write_preorders(
        &self,
        conn: &mut PgConnection,
        mut batch: Batch<TakenPreorder>,
    ) -> Result<Batch<TakenPreorder>, ImportError> {
        let product_ids: Vec<ProductId> = batch.rows.iter().map(|taken| taken.row.product_id).collect();
        let products: HashMap<ProductId, StoreId> = products_here(conn, &product_ids)?
            .into_iter()
            .map(|row| (row.id, row.store_id))
            .collect();
        batch.leave_out(id, |row| {
            let product = row.product_id;
            let store = products.get(&product).or_else(|| self.imagined.get(&product));
            match store {
                None => Some(Doubt::new("product_id", Reason::NoProduct).of(product)),
                Some(store) if *store != row.store_id => {
                    Some(Doubt::new("store_id", Reason::OtherStore).of(row.store_id))
                }
                Some(_) => None,
            }
        });
        let ids: Vec<PreorderId> = batch.rows.iter().map(|taken| taken.row.id).collect();
        let here: HashMap<PreorderId, Preorder> = preorders_here(conn, &ids)?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let places: HashMap<Uuid, Uuid> = preorders_in_place(conn, &batch.new_rows())?
            .into_iter()
            .filter(|(wanted, _)| !here.contains_key(wanted))
            .map(|(wanted, other)| (wanted.0, other.0))
            .collect();
        batch.leave_out_taken("product_id, store_id", id, &places);
        batch.compare(id, |row| here.get(&row.id).map(|here| differences(here, row)));
        let rows = batch.new_rows();
        if !self.options.dry_run && !rows.is_empty() {
            preorders_insert(conn, &rows, self.now)?;
            self.audit(conn, "preorders", &rows)?;
        }
        Ok(batch)
    }
}

fn id(row: &TakenPreorder) -> Uuid {
    row.id.0
}

fn differences(here: &Preorder, there: &TakenPreorder) -> Vec<Difference> {
    Differences::default()
        .field("product_id", Some(&here.product_id), Some(&there.product_id))
        .field("store_id", Some(&here.store_id), Some(&there.store_id))
        .field("article", here.article.as_ref(), there.article.as_ref())
        .field("name", Some(&here.name), Some(&there.name))
        .field("brand", here.brand.as_ref(), there.brand.as_ref())
        .field("status", Some(&here.status), Some(&there.status))
        .field("price", here.price_tenge.as_ref(), there.price.as_ref())
        .field("warehouses", Some(&here.warehouses), Some(&there.warehouses))
        .field(
            "delivery_days",
            Some(&here.delivery_days),
            Some(&there.delivery_days),
        )
        .end()
}

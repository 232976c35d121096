//! A batch of judged rows against what is here: which are new, which are here and alike, which differ, and which have
//! to stay out. Pure.

use std::collections::HashMap;

use uuid::Uuid;

use super::report::{Difference, ImportEvent};
use crate::domain::{
    StoreId,
    django::{
        Doubt, OldTable, Reason,
        rows::{Judged, Taken, TakenPreorder, TakenProduct},
    },
};

/// A row that will be one of a store here.
pub(super) trait Ours {
    /// Key.
    fn id(&self) -> Uuid;
    /// The store.
    fn store_id(&self) -> StoreId;
}

impl Ours for TakenProduct {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn store_id(&self) -> StoreId {
        self.store_id
    }
}

impl Ours for TakenPreorder {
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn store_id(&self) -> StoreId {
        self.store_id
    }
}

/// Rows of a batch that can be taken, and what is to be told of it.
pub(super) struct Batch<T> {
    pub(super) table: OldTable,
    pub(super) rows: Vec<Taken<T>>,
    pub(super) told: Vec<ImportEvent>,
    /// Rows that are here and alike.
    pub(super) same: usize,
}

impl<T> Batch<T> {
    /// Parts judged rows; `ids` in the same order.
    pub(super) fn of(table: OldTable, judged: impl IntoIterator<Item = (Uuid, Judged<T>)>) -> Self {
        let (mut rows, mut told) = (Vec::new(), Vec::new());
        for (id, row) in judged {
            match row {
                Ok(row) => rows.push(row),
                Err(doubts) => told.push(ImportEvent::LeftOut { table, id, doubts }),
            }
        }
        Self {
            table,
            rows,
            told,
            same: 0,
        }
    }

    /// Leaves rows out for which `doubt` finds a reason.
    pub(super) fn leave_out(&mut self, id: impl Fn(&T) -> Uuid, doubt: impl Fn(&T) -> Option<Doubt>) {
        let table = self.table;
        let told = &mut self.told;
        self.rows.retain(|taken| {
            let Some(doubt) = doubt(&taken.row) else {
                return true;
            };
            told.push(ImportEvent::LeftOut {
                table,
                id: id(&taken.row),
                doubts: vec![doubt],
            });
            false
        });
    }

    /// Leaves rows out whose place another one has here.
    pub(super) fn leave_out_taken(
        &mut self,
        field: &'static str,
        id: impl Fn(&T) -> Uuid,
        places: &HashMap<Uuid, Uuid>,
    ) {
        let doubt = |row: &T| {
            let here = places.get(&id(row))?;
            Some(Doubt::new(field, Reason::TakenHere).of(here))
        };
        self.leave_out(&id, doubt);
    }

    /// Takes rows out that are here, and tells how they differ: `compare` gives `None` for a row that is not here.
    pub(super) fn compare(
        &mut self,
        id: impl Fn(&T) -> Uuid,
        compare: impl Fn(&T) -> Option<Vec<Difference>>,
    ) {
        let (table, told, same) = (self.table, &mut self.told, &mut self.same);
        self.rows.retain(|taken| {
            let here = compare(&taken.row);
            if !taken.emptied.is_empty() {
                told.push(ImportEvent::Emptied {
                    table,
                    id: id(&taken.row),
                    doubts: taken.emptied.clone(),
                });
            }
            match here {
                None => return true,
                Some(fields) if fields.is_empty() => *same += 1,
                Some(fields) => told.push(ImportEvent::Differs {
                    table,
                    id: id(&taken.row),
                    fields,
                }),
            }
            false
        });
    }

    /// The rows that are new.
    pub(super) fn new_rows(&self) -> Vec<&T> {
        self.rows.iter().map(|taken| &taken.row).collect()
    }
}

/// Collects the values that differ.
#[derive(Default)]
pub(super) struct Differences(Vec<Difference>);

impl Differences {
    /// Compares one value.
    pub(super) fn field<T: PartialEq + ToString>(
        mut self,
        field: &'static str,
        here: Option<&T>,
        there: Option<&T>,
    ) -> Self {
        if here != there {
            self.0.push(Difference {
                field,
                here: here.map(ToString::to_string),
                there: there.map(ToString::to_string),
            });
        }
        self
    }

    pub(super) fn end(self) -> Vec<Difference> {
        self.0
    }
}

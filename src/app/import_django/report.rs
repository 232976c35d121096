//! What an import tells: each thing as it happens, and how much of each kind at the end.

use serde::Serialize;
use uuid::Uuid;

use crate::domain::{
    StoreId,
    django::{Doubt, OldTable},
};

/// A value that is another one here than there. The one here stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Column of the predecessor.
    pub field: &'static str,
    /// Ours.
    pub here: Option<String>,
    /// What the import would have written.
    pub there: Option<String>,
}

/// What became of the person behind a user id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnerOutcome {
    /// Was here under this id.
    Known,
    /// A person who was here got the id.
    Named,
    /// An account without a password was made.
    Made,
    /// An account that an import had made got its person's e-mail.
    Addressed,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ImportEvent {
    /// How far a table is.
    Progress {
        /// The table.
        table: OldTable,
        /// Rows that are done.
        done: i64,
        /// Rows that there are.
        total: i64,
    },
    /// A person.
    Owner {
        /// The predecessor's user id.
        user_id: String,
        /// What he signs in with.
        email: String,
        /// What became of him.
        outcome: OwnerOutcome,
    },
    /// A row that is left out.
    LeftOut {
        /// The table.
        table: OldTable,
        /// Its key there.
        id: Uuid,
        /// Why.
        doubts: Vec<Doubt>,
    },
    /// A row that is taken, or was taken earlier, without some of its values.
    Emptied {
        /// The table.
        table: OldTable,
        /// Its key, there and here.
        id: Uuid,
        /// What is empty, and why.
        doubts: Vec<Doubt>,
    },
    /// A row that is here and looks otherwise: it stays as it is here.
    Differs {
        /// The table.
        table: OldTable,
        /// Its key, there and here.
        id: Uuid,
        /// What differs.
        fields: Vec<Difference>,
    },
    /// A kept password that was not taken over.
    PasswordLeftOut {
        /// The store that it was kept with.
        store_id: StoreId,
        /// Why.
        doubt: Doubt,
    },
}

/// How many rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Read.
    pub read: usize,
    /// Brought over by this run.
    pub taken: usize,
    /// Here already, and alike.
    pub same: usize,
    /// Here already, and otherwise.
    pub differing: usize,
    /// Left out.
    pub left_out: usize,
    /// Of those that were taken or are here: with values left empty.
    pub emptied: usize,
}

/// How much of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ImportTotals {
    /// Accounts made.
    pub owners_made: usize,
    /// Owners who were here.
    pub owners_known: usize,
    /// Shops.
    pub kaspi_stores: Counts,
    /// Offers.
    pub products: Counts,
    /// Preorders.
    pub preorders: Counts,
    /// Accounts of the cabinet that were made with a password.
    pub passwords_taken: usize,
    /// Passwords whose account is here already.
    pub passwords_known: usize,
    /// Passwords that were left out.
    pub passwords_left_out: usize,
}

impl ImportTotals {
    pub(super) fn of(&mut self, table: OldTable) -> &mut Counts {
        match table {
            OldTable::Stores => &mut self.kaspi_stores,
            OldTable::Products => &mut self.products,
            OldTable::Preorders => &mut self.preorders,
        }
    }

    /// Was everything taken as it is?
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let tables = [self.kaspi_stores, self.products, self.preorders];
        let doubtful = |counts: &Counts| counts.left_out + counts.emptied;
        self.passwords_left_out + tables.iter().map(doubtful).sum::<usize>() == 0
    }
}

//! Bringing the predecessor's data over: keys stay, money is exact, doubts are told and never guessed, nothing becomes
//! active by itself. This file holds what the tests below share.

mod again;
mod command;
mod doubts;
mod good;
mod old;
mod owners;
mod passwords;

use std::sync::{Arc, Mutex};

use diesel::{RunQueryDsl, connection::SimpleConnection, sql_types::BigInt};
use kaspi_panel::{
    app::import_django::{ImportError, ImportEvent, ImportOptions, ImportTotals, import_django},
    domain::{
        Actor,
        django::{OldTable, Reason},
    },
    secrets::Secret,
};
use uuid::Uuid;

use self::old::{Old, preorder, product, store};
use crate::support::TestApp;

/// The panel, and the predecessor's database beside it.
struct Move {
    app: TestApp,
    old: Old,
}

impl Move {
    fn new() -> Self {
        Self {
            app: TestApp::new(),
            old: Old::new(),
        }
    }

    /// Runs an import and gives what it told, without progress.
    async fn try_run(&self, options: ImportOptions) -> Result<(ImportTotals, Vec<ImportEvent>), ImportError> {
        let told = Arc::new(Mutex::new(Vec::new()));
        let ear = Arc::clone(&told);
        let tell = move |event| {
            if !matches!(event, ImportEvent::Progress { .. }) {
                ear.lock().unwrap().push(event);
            }
        };
        let url = Secret::from(self.old.db.url());
        let totals = import_django(&self.app.services, &Actor::system(), url, options, tell).await?;
        let told = std::mem::take(&mut *told.lock().unwrap());
        Ok((totals, told))
    }

    async fn run(&self, options: ImportOptions) -> (ImportTotals, Vec<ImportEvent>) {
        self.try_run(options).await.expect("the import ends")
    }

    /// Rows of one of our tables.
    fn count(&self, table: &str) -> i64 {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = BigInt)]
            rows: i64,
        }
        let row: Row = diesel::sql_query(format!("select count(*) as rows from {table}"))
            .get_result(&mut self.app.conn())
            .unwrap();
        row.rows
    }

    /// Rows of every table that an import writes.
    fn counts(&self) -> Vec<(&'static str, i64)> {
        [
            "users",
            "stores",
            "products",
            "product_prices",
            "price_changes",
            "preorders",
            "cabinet_accounts",
            "audit_log",
        ]
        .map(|table| (table, self.count(table)))
        .into()
    }

    /// Changes our data as a person would.
    fn change(&self, sql: &str) {
        self.app.conn().batch_execute(sql).unwrap();
    }
}

/// Whether a row was left out, its table and key, and what was wrong with which columns.
type ToldDoubts = (bool, OldTable, Uuid, Vec<(&'static str, Reason)>);

/// What was left out or left empty: table, key, and the reasons with their columns.
fn doubts(told: &[ImportEvent]) -> Vec<ToldDoubts> {
    let short = |doubts: &[kaspi_panel::domain::django::Doubt]| {
        doubts.iter().map(|doubt| (doubt.field, doubt.reason)).collect()
    };
    let mut found: Vec<_> = told
        .iter()
        .filter_map(|event| match event {
            ImportEvent::LeftOut { table, id, doubts } => Some((true, *table, *id, short(doubts))),
            ImportEvent::Emptied { table, id, doubts } => Some((false, *table, *id, short(doubts))),
            _ => None,
        })
        .collect();
    found.sort_by_key(|(_, table, id, _)| (*table, *id));
    found
}

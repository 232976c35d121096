//! Bringing the predecessor's data over, with its keys: people, stores, products, preorders, and passwords where they are
//! wanted. A row that is here is never written again, what is doubtful is told and left out, and nothing that comes is
//! active by itself: no store is connected, its prices are off. Each batch is a transaction with its audit rows, so that
//! a run that was lost is finished by another one. A dry run does the same in transactions that can write nothing.

mod judge;
mod owners;
mod passwords;
mod preorders;
mod products;
mod report;
mod stores;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::json;

pub use self::report::{Counts, Difference, ImportEvent, ImportTotals, OwnerOutcome};
use self::{judge::Ours, owners::placeholder_password};
use super::passwords::HashError;
use crate::{
    domain::{Actor, ProductId, Role, StoreId, UserId, django::OldTable},
    secrets::{Secret, SecretError},
    services::Services,
    store::{
        PgConnection, StoreError,
        audit::{AuditEntry, audit_insert_all},
        batch::plan_by_index,
        django::{DjangoError, DjangoSource},
        django_rows::write_nothing,
    },
    telemetry,
};

/// Rows of a batch: some seconds of work at most, and little memory.
const BATCH: usize = 1_000;

/// What is wanted.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// The predecessor's user ids, each with the e-mail of its person.
    pub owners: Vec<(String, String)>,
    /// Take passwords of the cabinet over.
    pub with_passwords: bool,
    /// Only tell what would be done.
    pub dry_run: bool,
}

/// Why an import stopped. What was written before stays, and the next run goes on.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The given owners do not fit.
    #[error("--owner: {0}")]
    Owners(String),
    /// Only administrators.
    #[error("only an administrator may do that")]
    Forbidden,
    /// The other database.
    #[error(transparent)]
    Django(#[from] DjangoError),
    /// Our database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A password cannot be sealed.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// No memory for a hash.
    #[error(transparent)]
    Hash(#[from] HashError),
}

/// A store that is here, or would be after this run.
#[derive(Debug, Clone)]
struct KnownStore {
    owner_id: UserId,
    name: String,
    main_city_id: String,
    /// It sets prices, or would set them: what comes to it later must not be swept along.
    works: bool,
}

/// One run.
struct Run {
    services: Services,
    actor: Actor,
    options: ImportOptions,
    now: DateTime<Utc>,
    source: DjangoSource,
    stores: HashMap<StoreId, KnownStore>,
    /// Products of this dry run that a preorder names: no transaction keeps them.
    imagined: HashMap<ProductId, StoreId>,
    totals: ImportTotals,
    tell: Box<dyn FnMut(ImportEvent) + Send>,
}

/// Brings everything over and tells what happens, in the order in which it does.
///
/// # Errors
/// See [`ImportError`].
pub async fn import_django(
    services: &Services,
    actor: &Actor,
    url: Secret,
    options: ImportOptions,
    tell: impl FnMut(ImportEvent) + Send + 'static,
) -> Result<ImportTotals, ImportError> {
    if actor.role != Role::Admin {
        return Err(ImportError::Forbidden);
    }
    let owners = owners::given(&options.owners)?;
    let password_hash = placeholder_password(services).await?;
    let (services, actor) = (services.clone(), actor.clone());
    let work = move || {
        let source = DjangoSource::open(&url, options.with_passwords)?;
        let mut run = Run {
            now: services.now(),
            services,
            actor,
            options,
            source,
            stores: HashMap::new(),
            imagined: HashMap::new(),
            totals: ImportTotals::default(),
            tell: Box::new(tell),
        };
        let counts = run.source.counts()?;
        run.stores(&owners, &password_hash)?;
        if run.options.with_passwords {
            run.passwords()?;
        }
        run.products(counts.products)?;
        run.preorders(counts.preorders)?;
        Ok(run.totals)
    };
    telemetry::spawn_blocking(work)
        .await
        .map_err(|error| StoreError::Unavailable(Box::new(error)))?
}

impl Run {
    /// A transaction of our database; in a dry run one that can write nothing.
    fn tx<T>(&self, f: impl FnOnce(&mut PgConnection) -> Result<T, ImportError>) -> Result<T, ImportError> {
        let dry_run = self.options.dry_run;
        self.services.db.tx_blocking(|conn| {
            plan_by_index(conn)?;
            if dry_run {
                write_nothing(conn)?;
            }
            f(conn)
        })
    }

    /// Counts and tells a batch that is over.
    fn ended(&mut self, table: OldTable, read: usize, told: Vec<ImportEvent>, taken: usize, same: usize) {
        let counts = self.totals.of(table);
        counts.read += read;
        counts.taken += taken;
        counts.same += same;
        for event in told {
            match &event {
                ImportEvent::LeftOut { .. } => counts.left_out += 1,
                ImportEvent::Emptied { .. } => counts.emptied += 1,
                ImportEvent::Differs { .. } => counts.differing += 1,
                _ => {}
            }
            (self.tell)(event);
        }
    }

    /// Tells how far a table is.
    fn progress(&mut self, table: OldTable, total: i64) {
        let done = i64::try_from(self.totals.of(table).read).unwrap_or(i64::MAX);
        (self.tell)(ImportEvent::Progress {
            table,
            done,
            total: total.max(done),
        });
    }

    /// Writes one audit row for each store of a batch: what came, how much, from which row to which.
    fn audit(&self, conn: &mut PgConnection, what: &str, rows: &[&impl Ours]) -> Result<(), StoreError> {
        let mut parts: Vec<(StoreId, usize, String, String)> = Vec::new();
        for row in rows {
            let (store, id) = (row.store_id(), row.id().to_string());
            match parts.iter_mut().find(|(known, ..)| *known == store) {
                Some((_, count, _, last)) => {
                    *count += 1;
                    *last = id;
                }
                None => parts.push((store, 1, id.clone(), id)),
            }
        }
        let entries: Vec<AuditEntry> = parts
            .into_iter()
            .map(|(store, count, first, last)| {
                self.entry(store, self.store_name(store))
                    .change(json!({}), json!({ what: count, "first": first, "last": last }))
            })
            .collect();
        audit_insert_all(conn, &entries)
    }

    /// A line of the audit log about a store.
    fn entry(&self, store: StoreId, name: &str) -> AuditEntry {
        AuditEntry::new(
            &self.actor,
            self.now,
            Some(store),
            ("store", store.0, name),
            "import",
        )
        .because("import-django")
    }

    fn store_name(&self, id: StoreId) -> &str {
        self.stores.get(&id).map_or("", |store| &store.name)
    }
}

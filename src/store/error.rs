//! What can go wrong in the database, by what a caller can do about it.

use diesel::result::{DatabaseErrorKind, Error as Diesel};

/// A uniqueness rule that callers tell people about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique {
    /// `users.email`
    UserEmail,
    /// `users.external_id`
    UserExternalId,
    /// One merchant once per owner.
    StoreMerchant,
    /// One sku once per store.
    ProductSku,
    /// One preorder per product and store.
    Preorder,
    /// A file of the store's preorders is under way.
    UploadOpen,
    /// Work of this kind waits or runs already.
    JobOpen,
    /// The account is being logged in already.
    AttemptOpen,
    /// The product has a push in flight.
    PushInFlight,
    /// One tariff of a kind and name per day.
    Tariff,
    /// Terms once per store, category or product.
    Terms,
    /// One rule per store, category or product.
    Rule,
    /// One view of a name per user.
    SavedView,
}

/// Known constraint names and what they mean: the one place that maps them.
const UNIQUE: &[(&str, Unique)] = &[
    ("users_email_key", Unique::UserEmail),
    ("users_external_id_key", Unique::UserExternalId),
    ("stores_owner_id_merchant_id_key", Unique::StoreMerchant),
    ("products_store_sku_key", Unique::ProductSku),
    ("preorders_product_id_store_id_key", Unique::Preorder),
    ("preorder_uploads_open_key", Unique::UploadOpen),
    ("job_runs_open_key", Unique::JobOpen),
    ("connection_attempts_open_key", Unique::AttemptOpen),
    ("price_pushes_in_flight_key", Unique::PushInFlight),
    ("tariffs_kind_name_valid_from_key", Unique::Tariff),
    ("pricing_terms_store_id_key", Unique::Terms),
    ("pricing_terms_category_key", Unique::Terms),
    ("pricing_terms_product_id_key", Unique::Terms),
    ("rules_store_key", Unique::Rule),
    ("rules_category_key", Unique::Rule),
    ("rules_product_id_key", Unique::Rule),
    ("saved_views_user_id_list_name_key", Unique::SavedView),
];

/// A failed query.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A known uniqueness rule was hit.
    #[error("{0:?} exists already")]
    Duplicate(Unique),
    /// Somebody else changed the row meanwhile.
    #[error("the row was changed meanwhile")]
    Stale,
    /// A price outside its limits was refused by the table itself.
    #[error("a price outside its limits was refused by the database")]
    OutsideLimits,
    /// The database is away, read-only, full, or has no free connection: try later.
    #[error("the database is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Migrations are missing, or newer than this program.
    #[error("the database has another version than this program: run `kaspi-panel migrate`")]
    WrongVersion,
    /// The database's data of time zones are older than the last change in Kazakhstan.
    #[error(
        "PostgreSQL's time zone data do not know that Kazakhstan is at UTC+5 since March 2024: install the newest package \
         tzdata on its machine and start it anew"
    )]
    OldTimeZones,
    /// Anything else: a fault of the program.
    #[error("database query failed")]
    Db(#[source] Diesel),
}

impl StoreError {
    /// Did another transaction stand in the way? The same again succeeds as soon as it is over.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        let Self::Db(Diesel::DatabaseError(kind, info)) = self else {
            return false;
        };
        matches!(kind, DatabaseErrorKind::SerializationFailure)
            || ["due to lock timeout", "deadlock detected"]
                .iter()
                .any(|sign| info.message().contains(sign))
    }
}

impl From<Diesel> for StoreError {
    fn from(error: Diesel) -> Self {
        if let Diesel::DatabaseError(kind, info) = &error {
            let constraint = info.constraint_name().unwrap_or_default();
            if let Some((_, unique)) = UNIQUE.iter().find(|(name, _)| *name == constraint) {
                return Self::Duplicate(*unique);
            }
            if constraint == "price_push_cities_within_limits" {
                return Self::OutsideLimits;
            }
            let message = info.message();
            let away = matches!(
                kind,
                DatabaseErrorKind::ClosedConnection
                    | DatabaseErrorKind::ReadOnlyTransaction
                    | DatabaseErrorKind::UnableToSendCommand
            ) || [
                "terminating connection",
                "server closed the connection",
                "No space left",
                "could not extend file",
                "the database system is",
                "too many connections",
                "could not connect",
            ]
            .iter()
            .any(|sign| message.contains(sign));
            if away {
                return Self::Unavailable(Box::new(error));
            }
        }
        match error {
            Diesel::BrokenTransactionManager => Self::Unavailable(Box::new(error)),
            other => Self::Db(other),
        }
    }
}

//! Keys of our own objects. A store's key cannot be passed where a product's is wanted.

macro_rules! id {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            /// A new key: UUIDv7, so that keys made later sort later.
            #[must_use]
            pub fn new() -> Self {
                Self(uuid::Uuid::now_v7())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl From<uuid::Uuid> for $name {
            fn from(key: uuid::Uuid) -> Self {
                Self(key)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

id! {
    /// A person who signs in.
    UserId,
    /// A key of the JSON API.
    ApiTokenId,
    /// A seller's shop on the marketplace.
    StoreId,
    /// An account of the cabinet: one login that feeds any number of stores.
    AccountId,
    /// One attempt to log a store in.
    AttemptId,
    /// The seller's own offer on a card.
    ProductId,
    /// A merchant's offer on a card, during the time it stayed the same.
    MarketOfferId,
    /// A view of a list that a user saved.
    SavedViewId,
    /// A dated tariff.
    TariffId,
    /// Limits and economics of a store, a category or a product.
    TermsId,
    /// A rule of repricing.
    RuleId,
    /// One answer of the deciding function.
    DecisionId,
    /// One write of a product's prices.
    PushId,
    /// Earlier prices put back.
    PutBackId,
    /// Something that a person should hear of.
    AlertId,
    /// Where alerts are delivered to.
    AlertChannelId,
    /// A latched stop.
    KillSwitchId,
    /// A preorder.
    PreorderId,
    /// A buyer's order that was made on preorder.
    PreorderOrderId,
    /// Preorders of a store on their way to the marketplace as a file.
    PreorderUploadId,
    /// One run of background work.
    JobRunId,
    /// A report that a person asked for.
    ReportId,
    /// One line of the audit log.
    AuditId,
    /// A file that somebody has uploaded.
    ImportId,
    /// An outgoing proxy.
    ProxyId,
}

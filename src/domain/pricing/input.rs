//! Everything a decision depends on, in the shape of the engine's interface (pricing rules, interface on the
//! command line). The same shape is stored with each decision, so a stored input can be decided again.
//! Ranges are checked in `check`, formats in `strict`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    economics::Economics,
    own_stores::OwnStores,
    rule::Rule,
    strict::{self, Rating},
    war::War,
};
use crate::domain::Tenge;

/// Everything a decision depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The moment of the decision.
    #[serde(deserialize_with = "strict::time")]
    pub now: DateTime<Utc>,
    /// The seller's own offer.
    #[serde(deserialize_with = "strict::object")]
    pub product: Product,
    /// Merchant ids of all own and sister stores, [`Product::merchant`] among them: never competitors.
    pub own_merchants: Vec<String>,
    /// Floor and ceiling.
    #[serde(default, deserialize_with = "strict::object_or_default")]
    pub limits: Limits,
    /// Costs and goal; `None`: unknown, only the explicit limits apply.
    #[serde(default, deserialize_with = "strict::object_or_null")]
    pub economics: Option<Economics>,
    /// Strategy, filters, scenarios and motion limits.
    #[serde(deserialize_with = "strict::object")]
    pub rule: Rule,
    /// What was read of the card; `None`: not read.
    #[serde(default, deserialize_with = "strict::object_or_null")]
    pub market: Option<Market>,
    /// A snapshot older than this is no evidence; 1–600 s.
    #[serde(default = "max_age")]
    pub market_max_age_seconds: i64,
    /// Several own stores on the card: who leads and what it asks. `None`: the only one. Not part of the
    /// interface on the command line.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "strict::object_or_null"
    )]
    pub own_stores: Option<OwnStores>,
    /// Rivals that are at war with us, or were within the last day.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "strict::objects"
    )]
    pub wars: Vec<War>,
}

/// A snapshot that is older is no evidence where the input says nothing else, in seconds (pricing rules, evidence
/// gate).
pub const MARKET_MAX_AGE_SECONDS: i64 = 120;

pub(super) const fn max_age() -> i64 {
    MARKET_MAX_AGE_SECONDS
}

/// The seller's own offer as last observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Our shop on this card.
    pub merchant: String,
    /// Current price observed on the marketplace, not the one sent last; whole tenge.
    pub price: Tenge,
    /// `None`: unlimited or unknown; 0: out of stock.
    #[serde(default)]
    pub stock: Option<i64>,
    /// Days until the goods arrive; 0: in stock.
    #[serde(default)]
    pub preorder_days: i64,
    /// Own rating; `None` or 0: unknown.
    #[serde(default, deserialize_with = "strict::rating")]
    pub rating: Option<Rating>,
    /// The marketplace's word for our delivery time.
    #[serde(default)]
    pub delivery: Option<String>,
    /// Earlier snapshots in a row in which we were alone; this one not counted.
    #[serde(default)]
    pub alone_streak: i64,
    /// Last confirmed price change.
    #[serde(default, deserialize_with = "strict::time_or_null")]
    pub last_change_at: Option<DateTime<Utc>>,
    /// Price at the start of the Almaty day.
    #[serde(default)]
    pub opening_price: Option<Tenge>,
    /// Confirmed changes since the start of the Almaty day.
    #[serde(default)]
    pub changes_today: i64,
    /// Hands off until then.
    #[serde(default, deserialize_with = "strict::time_or_null")]
    pub locked_until: Option<DateTime<Utc>>,
}

/// The corridor of permitted prices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Lowest permitted price. `None`: only economics limit it, and without them nothing is touched.
    #[serde(default)]
    pub floor: Option<Tenge>,
    /// Highest permitted price. `None`: never raised.
    #[serde(default)]
    pub ceiling: Option<Tenge>,
}

/// A reading of a card's offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Market {
    /// When it was read.
    #[serde(deserialize_with = "strict::time")]
    pub taken_at: DateTime<Utc>,
    /// All pages were read.
    pub complete: bool,
    /// How many offers the marketplace says there are.
    pub total: i64,
    /// The offers read.
    #[serde(deserialize_with = "strict::objects")]
    pub offers: Vec<Offer>,
}

/// Somebody's offer. Every field may be missing in an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Who sells; an empty text is nobody.
    #[serde(default)]
    pub merchant: Option<String>,
    /// Whole tenge; anything may be written there.
    #[serde(default)]
    pub price: Option<i64>,
    /// `None` or 0: no rating.
    #[serde(default, deserialize_with = "strict::rating")]
    pub rating: Option<Rating>,
    /// Number of reviews.
    #[serde(default)]
    pub reviews: Option<i64>,
    /// The marketplace's word for the delivery time.
    #[serde(default)]
    pub delivery: Option<String>,
    /// Days until the goods arrive; `None` or 0: in stock.
    #[serde(default)]
    pub preorder_days: Option<i64>,
}

impl Offer {
    /// Who sells, if anybody is named.
    pub(super) fn seller(&self) -> Option<&str> {
        self.merchant.as_deref().filter(|merchant| !merchant.is_empty())
    }

    /// The price, if it is one.
    pub(super) fn asked(&self) -> Option<i64> {
        self.price.filter(|price| *price > 0)
    }
}

//! What happened, as seen from outside: the requests that the marketplace received, by its own journal, and the rows
//! of the database. The checker judges this and nothing else; what the program thinks of itself is not in here.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

/// City id to whole tenge.
pub type Prices = BTreeMap<String, i64>;

/// An offer: merchant and sku.
pub type Offer = (String, String);

/// Everything about one run.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// In the order in which they arrived.
    pub requests: Vec<Request>,
    /// The journal of writes, `price_pushes` with `price_push_cities`.
    pub intents: Vec<Intent>,
    /// Audit rows about them.
    pub audits: Vec<Audit>,
    /// Floors and ceilings, each from when on it held.
    pub limits: Vec<Limits>,
    /// Stops that were acknowledged.
    pub stops: Vec<Stop>,
    /// Prices that people set on the marketplace itself.
    pub human: Vec<HumanPrice>,
    /// Times of the run.
    pub times: Times,
}

/// How long things may take in this run.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// From the claim of a push to its end (I6).
    pub settle: TimeDelta,
    /// An accepted write that never shows is given up after so long and not before (I12).
    pub read_back: TimeDelta,
    /// The same of one whose outcome is not known.
    pub unknown: TimeDelta,
    /// From the claim to the last possible send (I5).
    pub life: TimeDelta,
    /// A stop holds so long after its acknowledgement (I7).
    pub stop: TimeDelta,
    /// Between the last look at the marketplace and the write a person can change a price unseen (I2, I8).
    pub unseen: TimeDelta,
}

impl Default for Times {
    /// Those of the product, with a marketplace that applies prices within a minute.
    fn default() -> Self {
        Self {
            settle: TimeDelta::minutes(6),
            read_back: TimeDelta::minutes(15),
            unknown: TimeDelta::minutes(5),
            life: TimeDelta::seconds(120),
            stop: TimeDelta::seconds(1),
            unseen: TimeDelta::seconds(2),
        }
    }
}

/// A request that the marketplace received.
#[derive(Debug, Clone)]
pub struct Request {
    /// When, by the marketplace's clock.
    pub at: DateTime<Utc>,
    /// Merchant and sku.
    pub offer: Offer,
    /// What it wanted.
    pub kind: Kind,
}

/// What a request wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// To see the offer.
    Read,
    /// To change its prices.
    Write {
        /// The prices asked for.
        prices: Prices,
        /// Taken by the marketplace, whatever it answered.
        accepted: bool,
        /// Taken, and the prices showed later.
        applied: bool,
    },
}

/// One intended write.
#[derive(Debug, Clone)]
pub struct Intent {
    /// Its key.
    pub id: String,
    /// Merchant and sku.
    pub offer: Offer,
    /// Rises per offer.
    pub sequence: i64,
    /// The state's word.
    pub state: String,
    /// Code of its end.
    pub reason: Option<String>,
    /// Wanted by the program, not by a person.
    pub automatic: bool,
    /// Prices wanted.
    pub prices: Prices,
    /// Prices last seen by a read-back.
    pub seen: Prices,
    /// Times of its life.
    pub planned_at: DateTime<Utc>,
    /// Taken up at.
    pub claimed_at: Option<DateTime<Utc>>,
    /// Left at.
    pub sent_at: Option<DateTime<Utc>>,
    /// Ended at.
    pub finished_at: Option<DateTime<Utc>>,
}

/// The states that are ends.
pub const FINAL: [&str; 7] = [
    "confirmed",
    "rejected",
    "mismatch",
    "removed",
    "superseded",
    "expired",
    "held",
];

impl Intent {
    /// Has it ended?
    pub fn is_final(&self) -> bool {
        FINAL.contains(&self.state.as_str())
    }
}

/// An audit row about an intended write.
#[derive(Debug, Clone)]
pub struct Audit {
    /// Key of the write.
    pub intent: String,
    /// `plan`, or the state it came to.
    pub action: String,
    /// Says who, what was before and after, and which build wrote it.
    pub complete: bool,
}

/// Floor and ceiling of an offer.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Merchant and sku.
    pub offer: Offer,
    /// Lowest permitted price; `None`: hands off.
    pub floor: Option<i64>,
    /// Highest permitted price.
    pub ceiling: Option<i64>,
    /// In force from then on.
    pub since: DateTime<Utc>,
}

/// A stop.
#[derive(Debug, Clone)]
pub struct Stop {
    /// The merchant that is stopped; `None`: all.
    pub merchant: Option<String>,
    /// The offer that is stopped, where it is one alone.
    pub sku: Option<String>,
    /// The person was told "stopped" at this time.
    pub acknowledged_at: DateTime<Utc>,
    /// Somebody asked to release it at this time.
    pub released_at: Option<DateTime<Utc>>,
}

/// A price that a person set.
#[derive(Debug, Clone)]
pub struct HumanPrice {
    /// Merchant and sku.
    pub offer: Offer,
    /// When.
    pub at: DateTime<Utc>,
}

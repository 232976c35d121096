//! What the gate answers: a write that may leave now, or the code of the rule that forbids it.

use std::time::{Duration, Instant};

use crate::{
    domain::{Tenge, product::Availability},
    store::StoreError,
};

/// A write that passed the gate a moment ago. Cannot be made, changed or kept anywhere else.
#[derive(Debug)]
pub struct ClearedWrite {
    pub(super) merchant_id: String,
    pub(super) sku: String,
    pub(super) city_prices: Vec<(String, Tenge)>,
    pub(super) availabilities: Option<Vec<Availability>>,
    pub(super) cleared_at: Instant,
}

impl ClearedWrite {
    /// A write that passed no gate, for tests of the wire shape alone.
    #[cfg(test)]
    pub(crate) fn for_tests(
        merchant_id: &str,
        sku: &str,
        city_prices: Vec<(String, Tenge)>,
        availabilities: Option<Vec<Availability>>,
    ) -> Self {
        let (merchant_id, sku, cleared_at) = (merchant_id.into(), sku.into(), Instant::now());
        Self {
            merchant_id,
            sku,
            city_prices,
            availabilities,
            cleared_at,
        }
    }
    /// The same, cleared so long before.
    #[cfg(test)]
    pub(crate) fn aged(self, by: Duration) -> Self {
        let cleared_at = self.cleared_at.checked_sub(by).expect("a clock that has run");
        Self { cleared_at, ..self }
    }
    /// The shop.
    #[must_use]
    pub fn merchant_id(&self) -> &str {
        &self.merchant_id
    }
    /// The article.
    #[must_use]
    pub fn sku(&self) -> &str {
        &self.sku
    }
    /// Price per city id; at least one.
    #[must_use]
    pub fn city_prices(&self) -> &[(String, Tenge)] {
        &self.city_prices
    }
    /// Every point as just read. `None`: unknown, so the key is left out of the write.
    #[must_use]
    pub fn availabilities(&self) -> Option<&[Availability]> {
        self.availabilities.as_deref()
    }
    /// Too much time passed since the gate: the write must not be sent (`too_late`). No write starts later than this after a stop.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.cleared_at.elapsed() > Duration::from_millis(900)
    }
}

/// Why the gate said no; the code is kept with the push, a text for each stands in the locales.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// A rule forbids the write.
    #[error("the last gate refused the price: {0}")]
    Refused(&'static str),
    /// The database failed: no write.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All codes of the gate, for the texts.
pub const CODES: &[&str] = &[
    "program_too_old",
    "not_claimed",
    "lease_lost",
    "expired",
    "superseded",
    "stopped",
    "store_not_connected",
    "store_frozen",
    "feed_only",
    "not_on_sale",
    "not_live",
    "locked",
    "market_stale",
    "availabilities_stale",
    "not_found",
    "no_floor",
    "no_price",
    "below_floor",
    "below_goal",
    "above_ceiling",
    "no_ceiling",
    "changed_since",
    "availabilities_unreadable",
    "no_sku",
    "too_late",
];

/// The code as it is known here.
pub(super) fn known(code: &str) -> &'static str {
    CODES
        .iter()
        .find(|known| **known == code)
        .copied()
        .unwrap_or("not_found")
}

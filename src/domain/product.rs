//! The seller's own offer: what a price write must say about points of service.

use serde::{Deserialize, Serialize};

use super::Tenge;

/// Lowest price the marketplace takes, and so the lowest floor.
pub const LOWEST_PRICE: Tenge = Tenge(super::pricing::LOWEST_PRICE);

/// One point of service of an offer, as the marketplace last showed it. A write replaces the whole list:
/// a point left out goes off sale, so every point is echoed with every value it had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Availability {
    /// The point, as `30000001_PP1`.
    pub point_id: String,
    /// On sale at this point.
    pub available: bool,
    /// Stock; `None`: not stated.
    pub stock_count: Option<u32>,
    /// Days until the goods arrive, 0–30; 0: in stock.
    pub preorder_days: u8,
    /// Does the seller keep stock numbers for this point? `None`: the marketplace did not say.
    pub stock_enabled: Option<bool>,
}

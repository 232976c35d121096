//! The market of the demonstration.

use crate::market::Market;

/// Fills the market.
pub fn fill(market: &mut Market) -> Result<(), String> {
    super::first::fill(market)
}

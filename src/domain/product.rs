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

/// Was an offer's image damaged by a write? `sent`: what the write carried, `seen`: what the cabinet shows afterwards.
/// A point that is gone, that was switched on or off, whose preorder days are others or whose stock is not stated any
/// more is damage; a stock that fell or rose is business, and so is a point that sold its last piece.
#[must_use]
pub fn is_damaged(sent: &[Availability], seen: &[Availability]) -> bool {
    sent.iter().any(|before| is_point_damaged(before, seen))
}

/// The image that makes the damage good: damaged points as they were, with the stock that is shown now where one is,
/// and all others as they are now.
#[must_use]
pub fn restored(sent: &[Availability], seen: &[Availability]) -> Vec<Availability> {
    let mut image: Vec<Availability> = seen.to_vec();
    for before in sent.iter().filter(|before| is_point_damaged(before, seen)) {
        let now = image.iter_mut().find(|now| now.point_id == before.point_id);
        match now {
            Some(now) => {
                let stock_count = now.stock_count.or(before.stock_count);
                *now = Availability {
                    stock_count,
                    ..before.clone()
                };
            }
            None => image.push(before.clone()),
        }
    }
    image
}

fn is_point_damaged(before: &Availability, seen: &[Availability]) -> bool {
    // The last piece may have been sold meanwhile: to bring it back would sell it twice.
    let was_last = before.stock_count.is_some_and(|stock| stock <= 1);
    let Some(now) = seen.iter().find(|now| now.point_id == before.point_id) else {
        return before.available && !was_last;
    };
    if before.available && !now.available && (was_last || now.stock_count == Some(0)) {
        return false;
    }
    let is_number_lost = before.stock_count.is_some() && now.stock_count.is_none();
    before.available != now.available
        || (before.available && (before.preorder_days != now.preorder_days || is_number_lost))
}

#[cfg(test)]
mod tests;

//! Brakes that look at more than one price: many moves of a store at once, impossible readings, a price far from what
//! the product cost lately, the same move over and over (pricing rules, guards at the send G12 to G19). Pure: the
//! figures come from the tables.

use super::Tenge;

/// What the brakes allow; one row of settings for the whole panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SafetyLimits {
    /// G13: a move counts as big below minus so many percent.
    pub big_drop_percent: i32,
    /// G13: a greater share of a store's products in percent with big drops stops the store.
    pub big_drop_share_percent: i32,
    /// G13: fewer big drops than this never do.
    pub big_drops_at_least: i32,
    /// G13: a greater share of impossible readings in percent stops the store.
    pub impossible_share_percent: i32,
    /// G17: lowest price in percent of the product's median of seven days.
    pub collar_low_percent: i32,
    /// G17: highest price in percent of that median.
    pub collar_high_percent: i32,
    /// G18: so many drops of a product within a day without a raise or a person's act switch it off.
    pub drops_per_day: i32,
    /// G19: seconds between two automatic writes of one product.
    pub product_gap_seconds: i32,
    /// G12: so many offers withdrawn after a write within a day put the store into shadow.
    pub removed_per_day: i32,
    /// Minutes after which an urgent alert about a write that nobody has taken on stops its store; 0: never.
    pub unanswered_minutes: i32,
    /// G14: sold within an hour more than so many times the usual, at a price below the usual one: frozen.
    pub sales_times: i32,
    /// G14: fewer pieces within an hour than this never freeze a product.
    pub sales_at_least: i32,
}

impl Default for SafetyLimits {
    fn default() -> Self {
        Self {
            big_drop_percent: 5,
            big_drop_share_percent: 20,
            big_drops_at_least: 5,
            impossible_share_percent: 5,
            collar_low_percent: 70,
            collar_high_percent: 150,
            drops_per_day: 20,
            product_gap_seconds: 120,
            removed_per_day: 2,
            unanswered_minutes: 5,
            sales_times: 5,
            sales_at_least: 5,
        }
    }
}

/// What was decided about a store's products in one cycle of checks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cycle {
    /// Products decided about.
    pub decided: i64,
    /// Of them those whose price is to change.
    pub changes: i64,
    /// Of them those that would drop by more than the limit.
    pub big_drops: i64,
    /// Readings that look impossible.
    pub impossible: i64,
}

/// Why all of a cycle is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MassMove {
    /// Too many products would drop far at once.
    BigDrops,
    /// Half of all moves are big drops.
    MedianDrop,
    /// Too many readings look impossible.
    Impossible,
}

impl MassMove {
    /// The code that is kept, shown and logged.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BigDrops => "mass_move",
            Self::MedianDrop => "mass_move_median",
            Self::Impossible => "impossible_market",
        }
    }
}

impl Cycle {
    /// Must everything of this cycle be stopped? Shares are of what was decided so far, so that a store whose market
    /// breaks is stopped by its first products and not by its last.
    #[must_use]
    pub fn stopped_by(&self, limits: &SafetyLimits) -> Option<MassMove> {
        let least = i64::from(limits.big_drops_at_least);
        let more_than =
            |count: i64, share: i32, of: i64| i128::from(count) * 100 > i128::from(share) * i128::from(of);
        if self.impossible >= least
            && more_than(self.impossible, limits.impossible_share_percent, self.decided)
        {
            return Some(MassMove::Impossible);
        }
        if self.big_drops < least {
            return None;
        }
        if more_than(self.big_drops, limits.big_drop_share_percent, self.decided) {
            return Some(MassMove::BigDrops);
        }
        more_than(self.big_drops, 50, self.changes).then_some(MassMove::MedianDrop)
    }
}

/// Is a move from `before` to `price` a big drop?
#[must_use]
pub fn is_big_drop(before: Tenge, price: Tenge, limits: &SafetyLimits) -> bool {
    let kept = 100 - i128::from(limits.big_drop_percent);
    i128::from(price.0) * 100 < i128::from(before.0) * kept
}

/// Does a reading of a card look impossible beside the one before? One tenge or less, a tenfold jump of a merchant's
/// price in either direction, nobody where there were at least three. Merchants with their prices.
#[must_use]
pub fn is_impossible(before: &[(&str, Tenge)], now: &[(&str, Tenge)]) -> bool {
    if now.is_empty() {
        return before.len() >= 3;
    }
    let tenfold = |one: Tenge, other: Tenge| i128::from(one.0) * 10 <= i128::from(other.0);
    now.iter().any(|(merchant, price)| {
        let earlier = before.iter().find(|(known, _)| known == merchant);
        price.0 <= 1
            || earlier.is_some_and(|(_, earlier)| tenfold(*price, *earlier) || tenfold(*earlier, *price))
    })
}

/// Is the price outside its share of the median of what the product cost lately?
#[must_use]
pub fn is_outside_collar(price: Tenge, median: Tenge, limits: &SafetyLimits) -> bool {
    let (price, median) = (i128::from(price.0) * 100, i128::from(median.0));
    price < median * i128::from(limits.collar_low_percent)
        || price > median * i128::from(limits.collar_high_percent)
}

#[cfg(test)]
mod tests;

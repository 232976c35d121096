//! The safe set S: every price within the limits that meets the goal, as a few intervals; and its undominated
//! part S*, without prices that earn no more than some lower safe price (pricing rules, margin and the safe
//! set). Profit is linear inside a delivery band, so that each band gives one interval.

use super::{economics::Economics, input::Limits, reasons::Code};
use crate::domain::Tenge;

/// Lowest price that the marketplace sensibly carries, in tenge.
pub const LOWEST_PRICE: i64 = 10;

/// Above every price: where a set without a ceiling ends.
const ENDLESS: i64 = i64::MAX / 4;

/// Prices from `lo` to `hi`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    pub lo: i64,
    pub hi: i64,
}

/// S and S*: ascending, apart, never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SafeSet {
    pub safe: Vec<Interval>,
    pub undominated: Vec<Interval>,
    /// The ceiling that was set.
    pub ceiling: Option<i64>,
}

impl SafeSet {
    /// S and S* of limits and economics.
    ///
    /// # Errors
    /// The code with which such a product is refused.
    pub fn new(limits: Limits, economics: Option<&Economics>) -> Result<Self, Code> {
        let (floor, ceiling) = (limits.floor.map(|f| f.0), limits.ceiling.map(|c| c.0));
        if floor.is_some_and(|floor| floor <= 0) || (floor.is_none() && economics.is_none()) {
            return Err(Code::NO_FLOOR);
        }
        if floor.zip(ceiling).is_some_and(|(floor, ceiling)| floor > ceiling) {
            return Err(Code::INVERTED_LIMITS);
        }
        let corridor = Interval {
            lo: floor.unwrap_or(LOWEST_PRICE).max(LOWEST_PRICE),
            hi: ceiling.unwrap_or(ENDLESS),
        };
        let (mut safe, mut undominated) = (Vec::new(), Vec::new());
        match economics {
            None => push(&mut safe, corridor),
            Some(economics) => by_bands(corridor, economics, &mut safe, &mut undominated),
        }
        if safe.is_empty() {
            return Err(Code::EMPTY_SAFE_SET);
        }
        if economics.is_none() {
            undominated.clone_from(&safe);
        }
        Ok(Self {
            safe,
            undominated,
            ceiling,
        })
    }

    /// The lowest safe price. It is undominated.
    pub fn min(&self) -> i64 {
        self.safe.first().map_or(ENDLESS, |first| first.lo)
    }

    /// Is the price in S?
    pub fn contains(&self, price: i64) -> bool {
        holds(&self.safe, price)
    }

    /// Is the price in S*?
    pub fn is_undominated(&self, price: i64) -> bool {
        holds(&self.undominated, price)
    }

    /// The highest price of S* that is at most `price`.
    pub fn at_most(&self, price: i64) -> Option<i64> {
        let below = self.undominated.iter().rev().find(|part| part.lo <= price)?;
        Some(below.hi.min(price))
    }

    /// The lowest price of S* that is at least `price`.
    pub fn at_least(&self, price: i64) -> Option<i64> {
        let above = self.undominated.iter().find(|part| part.hi >= price)?;
        Some(above.lo.max(price))
    }

    /// Intervals as the interface writes them: an open end is null.
    pub fn written(&self, parts: &[Interval]) -> Vec<(i64, Option<i64>)> {
        parts
            .iter()
            .map(|part| (part.lo, Some(part.hi).filter(|hi| *hi < ENDLESS)))
            .collect()
    }
}

/// The lowest price that limits and economics allow; `None`: there is none.
#[must_use]
pub fn lowest_safe(limits: Limits, economics: Option<&Economics>) -> Option<Tenge> {
    Some(Tenge(SafeSet::new(limits, economics).ok()?.min()))
}

/// A price as it is where it is safe, else the nearest safe one: up to the lowest, otherwise down, because nobody
/// asked for a raise. `None`: no price is safe.
#[must_use]
pub fn brought_inside(limits: Limits, economics: Option<&Economics>, price: Tenge) -> Option<Tenge> {
    let set = SafeSet::new(limits, economics).ok()?;
    if set.contains(price.0) {
        return Some(price);
    }
    Some(Tenge(set.at_most(price.0).unwrap_or(set.min())))
}

fn holds(parts: &[Interval], price: i64) -> bool {
    parts.iter().any(|part| (part.lo..=part.hi).contains(&price))
}

/// Appends an interval that lies above all others; neighbours become one.
fn push(parts: &mut Vec<Interval>, part: Interval) {
    if part.lo > part.hi {
        return;
    }
    match parts.last_mut() {
        Some(last) if last.hi + 1 == part.lo => last.hi = part.hi,
        _ => parts.push(part),
    }
}

/// One interval per band: prices earn `kept · p − cost`, and must reach `goal + share · p`.
fn by_bands(
    corridor: Interval,
    economics: &Economics,
    safe: &mut Vec<Interval>,
    undominated: &mut Vec<Interval>,
) {
    let kept = economics.kept();
    let (goal, share) = economics.wanted();
    if kept - share <= 0 {
        return; // no price ever meets the goal
    }
    // The most that a lower safe price earns.
    let mut best: Option<i128> = None;
    let mut band_lo = 0;
    for band in &economics.delivery {
        let band_hi = band.up_to.map_or(ENDLESS, |end| end.0);
        let cost = economics.fixed_cost(band.fee);
        let part = Interval {
            lo: price_at_least(cost + goal, kept - share)
                .max(corridor.lo)
                .max(band_lo),
            hi: band_hi.min(corridor.hi),
        };
        band_lo = band_hi.saturating_add(1);
        if part.lo > part.hi {
            continue;
        }
        push(safe, part);
        // Strictly more than `best`: kept · p ≥ best + cost + 1.
        let better = best.map_or(part.lo, |best| price_at_least(best + cost + 1, kept));
        let rest = Interval {
            lo: part.lo.max(better),
            hi: part.hi,
        };
        if rest.lo <= rest.hi {
            push(undominated, rest);
            best = Some(i128::from(rest.hi) * kept - cost);
        }
    }
}

/// `⌈amount / per_tenge⌉`; what is above every price is [`ENDLESS`] + 1, which no interval holds.
fn price_at_least(amount: i128, per_tenge: i128) -> i64 {
    let whole = -(-amount).div_euclid(per_tenge);
    i64::try_from(whole).unwrap_or(i64::MAX).min(ENDLESS + 1)
}

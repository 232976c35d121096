//! Bars below a drawing of prices: amounts of equal parts of the time, on the same scale of time.

use super::{LEFT, Px, RIGHT, x_of};

/// Height of the drawing, in its own units; its width is that of the prices.
pub const HEIGHT: i64 = 84;
/// The line on which bars stand.
pub const BOTTOM: i64 = 64;
/// The highest bar ends here; above it stands its number.
pub const TOP: i64 = 16;

/// An amount of some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// Seconds since 1970.
    pub from: i64,
    /// Seconds since 1970, after `from`.
    pub to: i64,
    /// How much.
    pub units: i64,
}

/// A bar in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// Left side.
    pub x: Px,
    /// Upper side.
    pub y: Px,
    /// Width.
    pub width: Px,
    /// Height.
    pub height: Px,
    /// What it shows.
    pub amount: Amount,
}

impl Bar {
    /// The middle of its upper side.
    #[must_use]
    pub fn middle(&self) -> Px {
        Px(self.x.0.saturating_add(self.width.0 / 2))
    }
}

/// Puts amounts above nothing in their places between two moments; what lies outside is cut.
#[must_use]
pub fn place(amounts: &[Amount], (from, to): (i64, i64)) -> Vec<Bar> {
    let most = amounts.iter().map(|amount| amount.units).max().unwrap_or(0);
    amounts
        .iter()
        .filter(|amount| amount.units > 0 && amount.to > from && amount.from < to)
        .map(|amount| {
            let (left, right) = (
                x_of(amount.from.max(from), (from, to)),
                x_of(amount.to.min(to), (from, to)),
            );
            let full = i128::from((BOTTOM - TOP) * 10);
            let height = full * i128::from(amount.units) / i128::from(most.max(1));
            // So much that even the lowest bar is seen.
            let height = i64::try_from(height).unwrap_or_default().max(20);
            // A gap keeps neighbours apart.
            let width = (right.0 - left.0 - 20).max(20);
            Bar {
                x: Px((left.0 + 10).clamp(LEFT * 10, RIGHT * 10 - width)),
                y: Px(BOTTOM * 10 - height),
                width: Px(width),
                height: Px(height),
                amount: *amount,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(from: i64, to: i64, units: i64) -> Amount {
        Amount { from, to, units }
    }

    #[test]
    fn bars_stand_in_their_part_of_the_time_and_the_most_is_the_highest() {
        let bars = place(
            &[amount(0, 50, 4), amount(50, 100, 1), amount(60, 70, 0)],
            (0, 100),
        );
        assert_eq!(bars.len(), 2, "nothing is no bar");
        assert_eq!(bars[0].height, Px((BOTTOM - TOP) * 10));
        assert_eq!(bars[1].height, Px((BOTTOM - TOP) * 10 / 4));
        assert!(bars.iter().all(|bar| bar.y.0 + bar.height.0 == BOTTOM * 10));
        assert!(bars[0].x.0 >= LEFT * 10 && bars[0].x.0 + bars[0].width.0 < bars[1].x.0);
        assert!(bars[1].x.0 + bars[1].width.0 <= RIGHT * 10);
        assert!(bars[0].middle() > bars[0].x);
    }

    #[test]
    fn what_lies_outside_is_cut_and_the_smallest_is_seen() {
        let bars = place(
            &[
                amount(-50, 10, 1_000_000),
                amount(99, 200, 1),
                amount(200, 300, 5),
            ],
            (0, 100),
        );
        assert_eq!(bars.len(), 2);
        assert!(bars[0].x.0 >= LEFT * 10);
        assert!(bars[1].height.0 >= 20 && bars[1].width.0 >= 20);
        assert!(bars[1].x.0 + bars[1].width.0 <= RIGHT * 10);
        assert!(place(&[], (0, 100)).is_empty());
    }
}

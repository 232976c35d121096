//! From the wanted price to a safe one: the highest undominated price not above it, then perhaps a wanted
//! ending (pricing rules, projection and endings).

use super::{
    View,
    decision::{End, Trail},
    reasons::{Code, params},
    strategies::Wish,
};
use crate::domain::percent::Percent;

/// A safe price, before the guards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Projected {
    /// The price to move to.
    pub price: i64,
    /// The same before its ending was rounded; never below `price`.
    pub unrounded: i64,
    /// The wanted place.
    pub place: Option<i64>,
}

/// Projects into S*. `least`: no price below it may be chosen (another own store stands there).
pub(super) fn project(
    view: &View<'_>,
    wish: Wish,
    least: Option<i64>,
    trail: &mut Trail,
) -> Result<Projected, End> {
    let (current, target) = (view.current, wish.price);
    let mut price = if let Some(price) = view.set.at_most(target) {
        price
    } else {
        trail.flag("floor");
        trail.note(Code::FLOOR_REACHED, params!["floor" => view.set.min()]);
        view.set.min()
    };
    if price < target {
        let code = if view.set.contains(target) {
            Code::DOMINATED_PRICE
        } else {
            Code::OUTSIDE_SAFE_SET
        };
        trail.note(
            code,
            params!["wanted" => target, "price" => price, "ceiling" => view.set.ceiling],
        );
    }
    if let Some(least) = least.filter(|least| price < *least) {
        let Some(above) = view.set.at_least(least) else {
            return Err(trail.hold(
                Code::OUTSIDE_SAFE_SET,
                params!["wanted" => least, "price" => current, "ceiling" => view.set.ceiling],
            ));
        };
        price = above;
    }
    if price < current && current <= target {
        return Err(trail.keep(Code::ALREADY_RIGHT, params!["price" => current]));
    }
    let unrounded = price;
    if price != current
        && let Some(rounded) = with_ending(view, price, least).filter(|rounded| *rounded != price)
    {
        trail.note(Code::ENDING, params!["wanted" => price, "price" => rounded]);
        price = rounded;
    }
    Ok(Projected {
        price,
        unrounded,
        place: wish.place,
    })
}

/// The highest price of S* at or below `price` that ends as wanted, on the same place, at most 0.5 % lower, and
/// not below the present price where `price` is above it.
fn with_ending(view: &View<'_>, price: i64, least: Option<i64>) -> Option<i64> {
    let endings = &view.input.rule.motion.endings;
    if endings.is_empty() {
        return None;
    }
    // p − r ≤ 0.5 % of p: r ≥ ⌈99.5 % of p⌉.
    let mut lowest = Percent::from_hundredths(9_950).of_ceil(price);
    if let Some(seen) = view.seen.as_ref().filter(|seen| seen.usable) {
        lowest = lowest.max(seen.same_place_from(price));
    }
    if price > view.current {
        lowest = lowest.max(view.current);
    }
    lowest = lowest.max(least.unwrap_or(lowest));
    let parts = view.set.undominated.iter().rev();
    parts
        .map(|part| (part.lo.max(lowest), part.hi.min(price)))
        .filter(|(lo, hi)| lo <= hi)
        .find_map(|(lo, hi)| {
            endings
                .iter()
                .filter_map(|ending| ending_at_most(hi, ending))
                .filter(|rounded| *rounded >= lo)
                .max()
        })
}

/// The highest number at or below `price` with these last digits.
fn ending_at_most(price: i64, ending: &str) -> Option<i64> {
    let digits: i64 = ending.parse().ok()?;
    let unit = 10_i64.checked_pow(u32::try_from(ending.len()).ok()?)?;
    Some(price - (price - digits).rem_euclid(unit))
}

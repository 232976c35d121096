//! What a change of tariffs does to a product: what its price earns before and after, and whether that is enough.

use chrono::{Days, NaiveDate};

use super::{Tenge, pricing::lowest_safe, tariffs::Tariffs, terms::Terms};

/// What a price earns by the tariffs of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earning {
    /// Profit of one sale, rounded down.
    pub profit: Tenge,
    /// Does it earn the goal?
    pub meets_goal: bool,
    /// The lowest price that limits and goal allow; `None`: there is none.
    pub lowest: Option<Tenge>,
}

/// A price that will earn too little from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortfall {
    /// By the tariffs of today; `None`: not all costs are known today.
    pub now: Option<Earning>,
    /// By the tariffs of that day.
    pub then: Earning,
}

/// What `price` earns on a day; `None`: not all costs are known.
#[must_use]
pub fn earning(terms: &Terms, price: Tenge, tariffs: &Tariffs, day: NaiveDate) -> Option<Earning> {
    let economics = terms.economics(tariffs, day).ok()?;
    Some(Earning {
        profit: economics.profit(price)?,
        meets_goal: economics.meets_goal(price),
        lowest: lowest_safe(terms.limits(), Some(&economics)),
    })
}

/// Does `price` earn less than the goal from `day` on, and has what changes on that day to do with it?
#[must_use]
pub fn shortfall(
    terms: &Terms,
    price: Tenge,
    tariffs: &Tariffs,
    (today, day): (NaiveDate, NaiveDate),
) -> Option<Shortfall> {
    let eve = day.checked_sub_days(Days::new(1))?;
    if terms.economics(tariffs, eve) == terms.economics(tariffs, day) {
        return None;
    }
    let then = earning(terms, price, tariffs, day).filter(|then| !then.meets_goal)?;
    let now = earning(terms, price, tariffs, today);
    Some(Shortfall { now, then })
}

#[cfg(test)]
mod tests;

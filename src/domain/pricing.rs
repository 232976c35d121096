//! The pricing engine: a pure function of what is known about a product and its market. No clock, no database,
//! no randomness, no floating point; the same input always gives the same answer, so a stored decision can be
//! replayed. Rules that are named here ("pricing rules, …") are sections of the product's pricing rules.
//!
//! The order of a decision, each step in a file of its own; the first that applies ends it:
//!
//! | step | file |
//! | --- | --- |
//! | ranges of the input | `check` |
//! | limits and economics give the safe set S and its undominated part S* | `safe_set`, `economics` |
//! | evidence; whose offers count | `evidence`, `competitors` |
//! | a price outside S goes back | `repair` |
//! | what the hour and a price war make of the rule | `modifiers`, `schedule`, `war` |
//! | what the strategy wants, and what to do where the market leaves no plain answer | `strategies`, `scenarios` |
//! | behind another own store | `own_stores` |
//! | the nearest price of S* | `projection` |
//! | guards, and how far one run goes | `guards`, `motion` |
//!
//! `reasons` and `decision` keep the explanation; `wire` reads and writes the interface on the command line.

mod check;
mod competitors;
mod decision;
mod economics;
mod evidence;
mod guards;
mod input;
mod modifiers;
mod motion;
mod own_stores;
mod projection;
mod reasons;
mod repair;
mod rule;
mod safe_set;
mod scenarios;
mod schedule;
mod stored;
mod strategies;
mod strict;
mod war;
pub mod wire;
mod worth;

pub use check::Invalid;
pub use decision::{Decision, Removed};
pub use economics::{Band, Economics, Goal, GoalKind};
pub use input::{Input, Limits, MARKET_MAX_AGE_SECONDS, Market, Offer, Product};
pub use own_stores::{Candidate, GAP, OwnStores, champion, delivery_rank};
pub use reasons::{Code, Param, Params, Reason};
pub use rule::{
    AboveCeilingChoice, AloneChoice, Amount, AtFloorChoice, BelowFloorChoice, Filters, FirstChoice, MinMove,
    Motion, PreorderFilter, RESERVED_KINDS, RoomyChoice, Rule, Scenarios, Strategy, WarChoice,
};
pub use safe_set::{LOWEST_PRICE, brought_inside, lowest_safe};
pub use schedule::{NightReset, TimeOfDay, Weekday, Window, WindowAction};
pub use stored::NotAnInput;
pub use strict::Rating;
pub use war::{Duel, Move, WAR_HISTORY, War, duel, war};
pub use worth::{Worth, worth};

use std::borrow::Cow;

use competitors::Seen;
use decision::{End, Trail};
use reasons::params;
use safe_set::SafeSet;

/// Version of this function; stored with each decision. 1 knew one strategy and no economics.
pub const DECISION_VERSION: i32 = 2;

/// What the steps of a decision look at.
struct View<'a> {
    input: &'a Input,
    set: SafeSet,
    seen: Option<Seen<'a>>,
    current: i64,
    /// Does anything about this decision depend on the offers of the card?
    reads_offers: bool,
    /// The rule's, or what the hour or a price war makes of it.
    strategy: Cow<'a, Strategy>,
    /// Rivals that are matched, not undercut.
    matched: Vec<String>,
}

impl<'a> View<'a> {
    /// The snapshot, if it is evidence.
    fn usable(&self) -> Option<&Seen<'a>> {
        self.seen.as_ref().filter(|seen| seen.usable)
    }
}

/// Decides about one product in one city.
#[must_use]
pub fn decide(input: &Input) -> Decision {
    match input.check() {
        Ok(()) => decide_checked(input),
        Err(invalid) => {
            let code = match input.rule.strategy {
                Strategy::Unavailable { .. } => Code::STRATEGY_UNAVAILABLE,
                _ => Code::INVALID_INPUT,
            };
            let kind = input.rule.strategy.kind().to_owned();
            Trail::new().refuse(code, params!["field" => invalid.field, "kind" => kind])
        }
    }
}

/// [`decide`] for an input whose ranges are checked.
fn decide_checked(input: &Input) -> Decision {
    let mut trail = Trail::new();
    let set = match SafeSet::new(input.limits, input.economics.as_ref()) {
        Ok(set) => set,
        Err(code) => {
            let limits = params!["floor" => input.limits.floor, "ceiling" => input.limits.ceiling];
            return trail.refuse(code, limits);
        }
    };
    if input.economics.is_none() && input.rule.strategy.needs_economics() {
        return trail.refuse(Code::NO_ECONOMICS, params![]);
    }
    let current = input.product.price.0;
    if let Some(end) = early_hold(input, &set, &mut trail) {
        return trail.finish(None, end, current);
    }
    let seen = input
        .market
        .as_ref()
        .map(|market| competitors::look(market, input));
    if let Some(seen) = &seen {
        if seen.outliers {
            trail.flag("outlier");
        }
        if seen.usable && !seen.own_present {
            trail.flag("own_absent");
        }
    }
    let mut view = View {
        input,
        set,
        seen,
        current,
        reads_offers: input.rule.strategy.reads_offers(),
        strategy: Cow::Borrowed(&input.rule.strategy),
        matched: Vec::new(),
    };
    let end = if view.set.contains(current) {
        run(&mut view, &mut trail).unwrap_or_else(|end| end)
    } else {
        repair::repair(&view, &mut trail)
    };
    trail.finish(Some(view), end, current)
}

/// A person's lock, and an empty shelf.
fn early_hold(input: &Input, set: &SafeSet, trail: &mut Trail) -> Option<End> {
    if let Some(until) = input.product.locked_until.filter(|until| input.now < *until) {
        if !set.contains(input.product.price.0) {
            trail.flag("attention");
        }
        return Some(trail.hold(Code::LOCKED, params!["until" => until]));
    }
    (input.product.stock == Some(0))
        .then(|| trail.hold(Code::OUT_OF_STOCK, params!["stored_price" => set.ceiling]))
}

/// Modifiers, target, projection, guards.
fn run(view: &mut View<'_>, trail: &mut Trail) -> Result<End, End> {
    modifiers::apply(view, trail)?;
    let mut wish = strategies::wish(view, trail);
    let least = own_stores::behind_champion(view);
    if let Some(least) = least {
        view.reads_offers = true;
        wish = own_stores::lift(view, wish, least, trail);
    }
    let projected = projection::project(view, wish?, least, trail)?;
    Ok(guards::guard(view, projected, trail))
}

#[cfg(test)]
mod tests;

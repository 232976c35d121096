//! The answer of the engine, and how it is put together on the way (pricing rules, output of `decide`).

use serde::Serialize;

use super::{
    View,
    competitors::Seen,
    reasons::{Code, Params, Reason},
};
use crate::domain::{Outcome, Tenge};

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// What to do.
    pub outcome: Outcome,
    /// The new price for `Change`, else `None`.
    pub price: Option<Tenge>,
    /// Place among the competitors at the new price, or at the present one; `None` without a complete list.
    pub place: Option<i32>,
    /// What the strategy (or, without it, the scenario) wanted before scenarios, safe set and guards.
    pub target: Option<Tenge>,
    /// Offers that do not count, with the first reason for each; sorted.
    pub removed: Vec<Removed>,
    /// Ordered explanation, never empty.
    pub reasons: Vec<Reason>,
    /// Sorted: `attention`, `ceiling_missing`, `floor`, `outlier`, `own_absent`, `quarantine`.
    pub flags: Vec<&'static str>,
    /// Place at the present price.
    #[serde(skip)]
    pub place_now: Option<i32>,
    /// How many competitors are left.
    #[serde(skip)]
    pub competitors: i32,
    /// Price of the cheapest of them.
    #[serde(skip)]
    pub best_rival: Option<Tenge>,
    /// Does this snapshot show us alone on the card? (For `Product::alone_streak` of the next.)
    #[serde(skip)]
    pub alone: bool,
    /// The rule only suggests at this hour: a change is shown, not sent.
    #[serde(skip)]
    pub suggestion: bool,
}

/// An offer that does not count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Removed {
    /// Whose.
    pub merchant: Option<String>,
    /// The first filter that it did not pass.
    pub reason: &'static str,
}

/// How a decision ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Change(i64),
    Keep,
    Hold,
    Refuse,
}

/// The explanation in the making.
#[derive(Debug)]
pub(super) struct Trail {
    reasons: Vec<Reason>,
    flags: Vec<&'static str>,
    target: Option<i64>,
    suggestion: bool,
}

impl Trail {
    pub fn new() -> Self {
        Self {
            reasons: Vec::with_capacity(4),
            flags: Vec::new(),
            target: None,
            suggestion: false,
        }
    }

    /// Whatever is decided is not sent.
    pub fn only_suggest(&mut self) {
        self.suggestion = true;
    }

    pub fn note(&mut self, code: Code, params: Params) {
        self.reasons.push(Reason { code, params });
    }

    /// The last step: the price is not changed now.
    pub fn hold(&mut self, code: Code, params: Params) -> End {
        self.note(code, params);
        End::Hold
    }

    /// The last step: the price is right.
    pub fn keep(&mut self, code: Code, params: Params) -> End {
        self.note(code, params);
        End::Keep
    }

    /// The last step: the product cannot be repriced.
    pub fn refuse(mut self, code: Code, params: Params) -> Decision {
        self.note(code, params);
        self.finish(None, End::Refuse, 0)
    }

    pub fn flag(&mut self, flag: &'static str) {
        self.flags.push(flag);
        if matches!(flag, "outlier" | "own_absent" | "quarantine") {
            self.flags.push("attention");
        }
    }

    /// What is wanted; the first word counts.
    pub fn want(&mut self, target: i64) {
        self.target.get_or_insert(target);
    }

    /// A decision that came to an end before the market was looked at: `view` is then `None`.
    pub fn finish(mut self, view: Option<View<'_>>, end: End, current: i64) -> Decision {
        let price = match end {
            End::Change(price) => Some(price),
            _ => None,
        };
        self.flags.sort_unstable();
        self.flags.dedup();
        let seen: Option<Seen<'_>> = view.and_then(|view| view.seen);
        let listed = seen.as_ref();
        let place = |price| {
            let listed = listed.filter(|seen| seen.usable && seen.complete)?;
            i32::try_from(listed.place(price)).ok()
        };
        Decision {
            outcome: match end {
                End::Change(_) => Outcome::Change,
                End::Keep => Outcome::Keep,
                End::Hold => Outcome::Hold,
                End::Refuse => Outcome::Refuse,
            },
            price: price.map(Tenge),
            place: place(price.unwrap_or(current)),
            place_now: place(current),
            target: self.target.map(Tenge),
            competitors: listed.map_or(0, |seen| {
                i32::try_from(seen.competitors.len()).unwrap_or(i32::MAX)
            }),
            best_rival: listed
                .and_then(|seen| seen.competitors.first())
                .map(|first| Tenge(first.price)),
            alone: listed.is_some_and(Seen::alone),
            suggestion: self.suggestion,
            removed: seen.map(|seen| seen.removed).unwrap_or_default(),
            reasons: self.reasons,
            flags: self.flags,
        }
    }
}

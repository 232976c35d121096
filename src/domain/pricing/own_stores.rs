//! Several own stores on one card (pricing rules, several own stores on one card): one of them, the champion,
//! plays its rule against outsiders; the others stand behind it. The chain has one direction and the champion
//! never looks at its followers, so that no cycle can exist. The champion's price only ever lifts a follower:
//! what lowers it are outside offers alone.

use std::cmp::Reverse;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{
    View,
    decision::{End, Trail},
    economics::Economics,
    evidence,
    input::Limits,
    reasons::{Code, params},
    safe_set::SafeSet,
    strategies::Wish,
    strict::{self, Rating},
};
use crate::domain::Tenge;

/// Who leads on a card, as a follower has to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnStores {
    /// The shop that plays its rule; perhaps the one that is decided about.
    pub champion: String,
    /// Its present price.
    pub price: Tenge,
    /// How far behind it the others stand, at least 1.
    pub gap: Tenge,
    /// Since when it leads.
    #[serde(deserialize_with = "strict::time")]
    pub since: DateTime<Utc>,
}

/// A champion stays at least so long.
const REIGN: TimeDelta = TimeDelta::hours(24);

/// An own store on a card that may become its champion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The shop.
    pub merchant: String,
    /// Its stock; `None`: unlimited or unknown.
    pub stock: Option<i64>,
    /// Its limits.
    pub limits: Limits,
    /// Its costs, where they are known.
    pub economics: Option<Economics>,
    /// Its rating.
    pub rating: Option<Rating>,
    /// Rank of its delivery, faster first; `None`: unknown.
    pub delivery_rank: Option<i64>,
}

impl Candidate {
    /// Prices that it may ask; `None`: it cannot lead.
    fn safe_set(&self) -> Option<SafeSet> {
        SafeSet::new(self.limits, self.economics.as_ref())
            .ok()
            .filter(|_| self.stock != Some(0))
    }

    /// Profit at its best safe price that is not above the cheapest outsider, else at its lowest.
    fn expected(&self, set: &SafeSet, cheapest: Option<Tenge>) -> Option<Tenge> {
        let price = cheapest
            .and_then(|cheapest| set.at_most(cheapest.0))
            .unwrap_or_else(|| set.min());
        self.economics.as_ref()?.profit(Tenge(price))
    }
}

/// Who leads now and since when. The one that leads (`reigning`) stays 24 hours, and afterwards until another
/// is expected to earn over 5 % more, or it cannot lead any more. `None`: nobody can.
#[must_use]
pub fn champion(
    candidates: &[Candidate],
    cheapest: Option<Tenge>,
    reigning: Option<(&str, DateTime<Utc>)>,
    now: DateTime<Utc>,
) -> Option<(String, DateTime<Utc>)> {
    let able: Vec<(&Candidate, SafeSet)> = candidates
        .iter()
        .filter_map(|candidate| Some((candidate, candidate.safe_set()?)))
        .collect();
    let (best, best_set) = able.iter().min_by_key(|(candidate, set)| {
        (
            Reverse(candidate.expected(set, cheapest)),
            set.min(),
            Reverse(candidate.rating),
            candidate.delivery_rank.unwrap_or(i64::MAX),
            &candidate.merchant,
        )
    })?;
    if let Some((merchant, since)) = reigning
        && let Some((present, set)) = able.iter().find(|(candidate, _)| candidate.merchant == merchant)
    {
        let gain = best
            .expected(best_set, cheapest)
            .zip(present.expected(set, cheapest))
            .is_some_and(|(challenger, present)| {
                let more = i128::from(challenger.0) - i128::from(present.0);
                more > 0 && more * 100 > 5 * i128::from(present.0)
            });
        if now.signed_duration_since(since) < REIGN || !gain {
            return Some((merchant.to_owned(), since));
        }
    }
    Some((best.merchant.clone(), now))
}

/// The price that a follower must not go below: behind the champion. `None` for the champion itself.
pub(super) fn behind_champion(view: &View<'_>) -> Option<i64> {
    let own = view.input.own_stores.as_ref()?;
    (own.champion != view.input.product.merchant).then(|| own.price.0 + own.gap.0)
}

/// Lifts what the own rule wants (from outside offers alone) to the place behind the champion.
pub(super) fn lift(
    view: &View<'_>,
    wish: Result<Wish, End>,
    least: i64,
    trail: &mut Trail,
) -> Result<Wish, End> {
    let place = match wish {
        Ok(wish) if wish.price >= least => return Ok(wish),
        // What no outsider justifies is no reason to lower a price, and without evidence none is raised.
        Err(end) if least <= view.current || view.usable().is_none() => return Err(end),
        Ok(wish) => wish.place,
        Err(_) => None,
    };
    let champion = view.input.own_stores.as_ref().map(|own| own.champion.clone());
    trail.note(
        Code::FOLLOW_CHAMPION,
        params!["champion" => champion, "price" => least],
    );
    trail.want(least);
    if least > view.current {
        evidence::gate(view, trail)?;
    }
    Ok(Wish { price: least, place })
}

/// Rank of the marketplace's word for a delivery time, faster first; `None`: unknown.
#[must_use]
pub fn delivery_rank(word: &str) -> Option<i64> {
    super::competitors::delivery_rank(word)
}

/// The gap where no rule says another: one tenge.
pub const GAP: Tenge = Tenge(1);

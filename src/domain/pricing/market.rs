//! The market as evidence: which offers count as competitors, and what the list can prove.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Input, Rule};
use crate::domain::percent::Percent;

/// A reading of a card's offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Market {
    /// When it was read.
    pub taken_at: DateTime<Utc>,
    /// All pages were read.
    pub complete: bool,
    /// How many offers the marketplace says there are.
    pub total: i64,
    /// The offers read.
    pub offers: Vec<Offer>,
}

/// Somebody's offer. Every field may be missing in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Who sells.
    pub merchant: Option<String>,
    /// Whole tenge; anything may be written there.
    pub price: Option<i64>,
    /// Hundredths; `None` or 0: no rating.
    pub rating_centi: Option<i32>,
    /// Days until the goods arrive; 0: in stock.
    pub preorder_days: i32,
}

/// An offer that does not count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Removed {
    /// Whose.
    pub merchant: Option<String>,
    /// `no_merchant`, `no_price`, `own`, `preorder`, `outlier` or `duplicate`.
    pub reason: String,
}

/// A competitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Competitor {
    pub merchant: String,
    pub price: i64,
    rating_centi: Option<i32>,
}

/// What a snapshot shows.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub usable: bool,
    pub stale: bool,
    pub age_seconds: i64,
    pub complete: bool,
    pub own_present: bool,
    pub outliers: bool,
    /// Sorted: cheapest first, then better rated, then by merchant.
    pub competitors: Vec<Competitor>,
    pub removed: Vec<Removed>,
    sister_present: bool,
    unreadable: bool,
    own_rating_centi: Option<i32>,
}

impl Seen {
    /// Nobody else is on the card, and nothing spoils the proof.
    pub fn alone(&self) -> bool {
        self.usable
            && self.complete
            && self.own_present
            && !self.sister_present
            && !self.unreadable
            && !self.outliers
            && self.competitors.is_empty()
    }

    /// Do we stand before this competitor at an equal price? Equal ratings do not win.
    fn tie_wins(&self, rival: &Competitor) -> bool {
        match (self.own_rating_centi, rival.rating_centi) {
            (Some(own), Some(theirs)) => own > theirs,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    /// Place at this price, from 1.
    pub fn place(&self, price: i64) -> i32 {
        let before = self
            .competitors
            .iter()
            .filter(|c| c.price < price || (c.price == price && !self.tie_wins(c)))
            .count();
        i32::try_from(before).unwrap_or(i32::MAX - 1) + 1
    }

    /// The price that stands before this competitor.
    pub fn ahead(&self, rival: &Competitor, rule: &Rule) -> i64 {
        if rule.match_if_better_rated && self.tie_wins(rival) {
            rival.price
        } else {
            rival.price - rule.step.0
        }
    }
}

/// Reads the snapshot: removes what does not count, remembering why.
pub(super) fn look(market: &Market, input: &Input) -> Seen {
    let age_seconds = (input.now - market.taken_at).num_seconds();
    let is_own = |merchant: &str| {
        merchant == input.product.merchant || input.own_merchants.iter().any(|own| own == merchant)
    };
    let own_rating_centi = input.product.rating_centi.filter(|r| *r > 0);
    let mut seen = Seen {
        usable: false,
        stale: !(-5..=input.market_max_age_seconds).contains(&age_seconds),
        age_seconds,
        complete: market.complete && i64::try_from(market.offers.len()).is_ok_and(|n| n >= market.total),
        own_present: false,
        outliers: false,
        competitors: Vec::new(),
        removed: Vec::new(),
        sister_present: false,
        unreadable: false,
        own_rating_centi,
    };
    let mut readable = false;
    for offer in &market.offers {
        let merchant = offer.merchant.as_deref().filter(|m| !m.is_empty());
        let price = offer.price.filter(|p| *p > 0);
        readable |= merchant.is_some() && price.is_some();
        let reason = match (merchant, price) {
            (None, _) => Some("no_merchant"),
            (_, None) => Some("no_price"),
            (Some(m), Some(_)) if is_own(m) => {
                if m == input.product.merchant {
                    seen.own_present = true;
                } else {
                    seen.sister_present = true;
                }
                Some("own")
            }
            _ if (offer.preorder_days > 0) != (input.product.preorder_days > 0) => Some("preorder"),
            _ => None,
        };
        match (reason, merchant, price) {
            (None, Some(merchant), Some(price)) => seen.competitors.push(Competitor {
                merchant: merchant.to_owned(),
                price,
                rating_centi: offer.rating_centi.filter(|r| *r > 0),
            }),
            (reason, merchant, _) => {
                let reason = reason.unwrap_or("no_merchant");
                seen.unreadable |= matches!(reason, "no_merchant" | "no_price");
                seen.removed.push(Removed {
                    merchant: merchant.map(str::to_owned),
                    reason: reason.to_owned(),
                });
            }
        }
    }
    seen.usable = readable && !seen.stale;
    remove_outliers(&mut seen, input.rule.outlier_median_percent);
    keep_cheapest_per_merchant(&mut seen);
    seen.removed.sort();
    seen
}

/// Offers strictly below the given share of the median are decoys or mistakes.
fn remove_outliers(seen: &mut Seen, share: Percent) {
    let mut prices: Vec<i64> = seen.competitors.iter().map(|c| c.price).collect();
    prices.sort_unstable();
    let middle = prices.len() / 2;
    // Twice the median, exact for an even count too.
    let doubled = match (
        prices.len() % 2,
        prices.get(middle),
        middle.checked_sub(1).and_then(|i| prices.get(i)),
    ) {
        (1, Some(m), _) => m * 2,
        (0, Some(high), Some(low)) => low + high,
        _ => return,
    };
    let (kept, outliers): (Vec<_>, Vec<_>) = std::mem::take(&mut seen.competitors)
        .into_iter()
        .partition(|c| share.is_reached_by(c.price * 2, doubled));
    seen.competitors = kept;
    seen.outliers = !outliers.is_empty();
    seen.removed.extend(outliers.into_iter().map(|c| Removed {
        merchant: Some(c.merchant),
        reason: "outlier".into(),
    }));
}

fn keep_cheapest_per_merchant(seen: &mut Seen) {
    seen.competitors.sort_by(|a, b| {
        let unknown_last = |r: Option<i32>| std::cmp::Reverse(r.unwrap_or(-1));
        (a.price, unknown_last(a.rating_centi), &a.merchant).cmp(&(
            b.price,
            unknown_last(b.rating_centi),
            &b.merchant,
        ))
    });
    let mut merchants = std::collections::HashSet::new();
    let (kept, doubled): (Vec<_>, Vec<_>) = std::mem::take(&mut seen.competitors)
        .into_iter()
        .partition(|c| merchants.insert(c.merchant.clone()));
    seen.competitors = kept;
    seen.removed.extend(doubled.into_iter().map(|c| Removed {
        merchant: Some(c.merchant),
        reason: "duplicate".into(),
    }));
}

//! Whose offers count (pricing rules, competitor set and filters): each offer that does not is remembered with
//! the first reason, in a fixed order. What is left is sorted; the cheapest of each merchant stays.

use std::{cmp::Reverse, collections::HashSet};

use super::{
    decision::Removed,
    evidence,
    input::{Input, Market, Offer},
    rule::PreorderFilter,
    strict::Rating,
};
use crate::domain::percent::Percent;

/// A competitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Competitor<'a> {
    pub merchant: &'a str,
    pub price: i64,
    pub rating: Option<Rating>,
}

/// What a snapshot shows.
#[derive(Debug, Clone)]
pub(super) struct Seen<'a> {
    /// Fresh, and somebody sells.
    pub usable: bool,
    /// Older than allowed, or from the future.
    pub stale: bool,
    /// All pages, and as many offers as there are.
    pub complete: bool,
    /// Our own offer is there.
    pub own_present: bool,
    /// Offers of other own stores are there.
    pub sister_present: bool,
    /// Something could not be read.
    pub unreadable: bool,
    /// Prices that look impossible were set aside.
    pub outliers: bool,
    /// Only chosen merchants were looked at.
    pub chosen_only: bool,
    /// Sorted: cheapest first, then better rated, then by merchant.
    pub competitors: Vec<Competitor<'a>>,
    pub removed: Vec<Removed>,
    own_rating: Option<Rating>,
}

impl<'a> Seen<'a> {
    /// Nobody else is on the card, and nothing spoils the proof.
    pub fn alone(&self) -> bool {
        self.usable
            && self.complete
            && self.own_present
            && !self.sister_present
            && !self.unreadable
            && !self.outliers
            && !self.chosen_only
            && self.competitors.is_empty()
    }

    /// Do we stand before this competitor at an equal price? Equal ratings do not win.
    pub fn tie_wins(&self, rival: &Competitor<'_>) -> bool {
        match (self.own_rating, rival.rating) {
            (Some(own), Some(theirs)) => own > theirs,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    /// The lowest price at which the rival stands before us.
    fn loses_from(&self, rival: &Competitor<'_>) -> i64 {
        rival.price + i64::from(self.tie_wins(rival))
    }

    /// Place at this price, from 1.
    pub fn place(&self, price: i64) -> i64 {
        let cheaper = self
            .competitors
            .iter()
            .take_while(|rival| rival.price <= price)
            .filter(|rival| self.loses_from(rival) <= price);
        i64::try_from(cheaper.count()).unwrap_or(i64::MAX - 1) + 1
    }

    /// The lowest price with the same place as `price`.
    pub fn same_place_from(&self, price: i64) -> i64 {
        let losing = self
            .competitors
            .iter()
            .take_while(|rival| rival.price <= price)
            .map(|rival| self.loses_from(rival));
        losing.filter(|from| *from <= price).max().unwrap_or(i64::MIN)
    }

    /// The competitor on this place, from 1.
    pub fn on_place(&self, place: i64) -> Option<&Competitor<'a>> {
        let index = usize::try_from(place.checked_sub(1)?).ok()?;
        self.competitors.get(index)
    }
}

/// Is somebody in the list? Long lists are hashed once.
enum Members<'a> {
    Few(&'a [String]),
    Many(HashSet<&'a str>),
}

impl<'a> Members<'a> {
    fn of(list: &'a [String]) -> Self {
        if list.len() <= 8 {
            Self::Few(list)
        } else {
            Self::Many(list.iter().map(String::as_str).collect())
        }
    }

    fn contains(&self, merchant: &str) -> bool {
        match self {
            Self::Few(list) => list.iter().any(|member| member == merchant),
            Self::Many(set) => set.contains(merchant),
        }
    }
}

/// Everything that the filters compare with.
struct Filter<'a> {
    input: &'a Input,
    own: Members<'a>,
    ignored: Members<'a>,
    chosen: Option<Members<'a>>,
    /// Offers of a higher rank are slower than permitted.
    slowest_rank: Option<i64>,
}

impl<'a> Filter<'a> {
    fn of(input: &'a Input) -> Self {
        let filters = &input.rule.filters;
        let own_rank = input.product.delivery.as_deref().and_then(delivery_rank);
        Self {
            input,
            own: Members::of(&input.own_merchants),
            ignored: Members::of(&filters.ignore),
            chosen: filters.only.as_deref().map(Members::of),
            slowest_rank: own_rank
                .zip(filters.max_slower_ranks)
                .map(|(own, more)| own.saturating_add(more)),
        }
    }

    /// Why an offer of somebody else at a price does not count, before prices are compared.
    fn reason(&self, merchant: &str, offer: &Offer) -> Option<&'static str> {
        let filters = &self.input.rule.filters;
        let preorder = offer.preorder_days.unwrap_or(0) > 0;
        if self.ignored.contains(merchant) {
            Some("ignored")
        } else if self
            .chosen
            .as_ref()
            .is_some_and(|chosen| !chosen.contains(merchant))
        {
            Some("not_chosen")
        } else if match filters.preorder {
            PreorderFilter::Skip => preorder != (self.input.product.preorder_days > 0),
            PreorderFilter::Include => false,
            PreorderFilter::Only => !preorder,
        } {
            Some("preorder")
        } else if filters
            .min_rating
            .and_then(Rating::known)
            .is_some_and(|least| offer.rating.is_none_or(|rating| rating < least))
        {
            Some("rating")
        } else if filters
            .min_reviews
            .is_some_and(|least| offer.reviews.unwrap_or(0) < least)
        {
            Some("reviews")
        } else if self
            .slowest_rank
            .zip(offer.delivery.as_deref().and_then(delivery_rank))
            .is_some_and(|(slowest, theirs)| theirs > slowest)
        {
            Some("slower")
        } else {
            None
        }
    }
}

/// Rank of a delivery word, faster first; `None`: unknown, which counts as fast.
pub(super) fn delivery_rank(word: &str) -> Option<i64> {
    match word {
        "EXPRESS" => Some(0),
        "TODAY" => Some(1),
        "TOMORROW" => Some(2),
        _ => {
            let days = word.strip_prefix("TILL_")?.strip_suffix("_DAYS")?;
            let plain = (1..=3).contains(&days.len())
                && !days.starts_with('0')
                && days.bytes().all(|byte| byte.is_ascii_digit());
            days.parse::<i64>().ok().filter(|_| plain).map(|days| days + 1)
        }
    }
}

/// Reads the snapshot: removes what does not count, remembering why.
pub(super) fn look<'a>(market: &'a Market, input: &'a Input) -> Seen<'a> {
    let filter = Filter::of(input);
    let stale = evidence::is_stale(input.now, market.taken_at, input.market_max_age_seconds);
    let mut seen = Seen {
        usable: false,
        stale,
        complete: evidence::is_complete(market),
        own_present: false,
        sister_present: false,
        unreadable: false,
        outliers: false,
        chosen_only: input.rule.filters.only.is_some(),
        competitors: Vec::with_capacity(market.offers.len()),
        removed: Vec::new(),
        own_rating: input.product.rating.and_then(Rating::known),
    };
    for offer in &market.offers {
        let reason = match (offer.seller(), offer.asked()) {
            (None, _) => {
                seen.unreadable = true;
                "no_merchant"
            }
            (Some(_), None) => {
                seen.unreadable = true;
                "no_price"
            }
            (Some(merchant), Some(price)) => {
                seen.usable = !stale;
                if filter.own.contains(merchant) || merchant == input.product.merchant {
                    if merchant == input.product.merchant {
                        seen.own_present = true;
                    } else {
                        seen.sister_present = true;
                    }
                    "own"
                } else if let Some(reason) = filter.reason(merchant, offer) {
                    reason
                } else {
                    seen.competitors.push(Competitor {
                        merchant,
                        price,
                        rating: offer.rating.and_then(Rating::known),
                    });
                    continue;
                }
            }
        };
        seen.removed.push(removed(offer.seller(), reason));
    }
    seen.competitors
        .sort_unstable_by_key(|rival| (rival.price, Reverse(rival.rating), rival.merchant));
    remove_outliers(&mut seen, input);
    keep_cheapest_per_merchant(&mut seen);
    seen.removed.sort_unstable();
    seen
}

fn removed(merchant: Option<&str>, reason: &'static str) -> Removed {
    Removed {
        merchant: merchant.map(str::to_owned),
        reason,
    }
}

/// Offers strictly below a share of the median, or of our cost, are decoys or mistakes. One pass over what is
/// left, repeated merchants included.
fn remove_outliers(seen: &mut Seen<'_>, input: &Input) {
    let filters = &input.rule.filters;
    let price_at = |index: usize| seen.competitors.get(index).map(|rival| rival.price);
    let count = seen.competitors.len();
    // Twice the median, exact for an even count too.
    let Some(doubled) = price_at(count / 2)
        .zip(price_at(count.saturating_sub(1) / 2))
        .map(|(high, low)| high + low)
    else {
        return;
    };
    let below = |price: i64, share: Percent, whole: i64| !share.is_reached_by(price, whole);
    let outliers = seen
        .competitors
        .iter()
        .take_while(|rival| {
            below(rival.price * 2, filters.outlier_median_percent, doubled)
                || input.economics.as_ref().is_some_and(|economics| {
                    below(rival.price, filters.outlier_cost_percent, economics.unit_cost.0)
                })
        })
        .count();
    seen.outliers = outliers > 0;
    let set_aside = seen.competitors.drain(..outliers);
    seen.removed
        .extend(set_aside.map(|rival| removed(Some(rival.merchant), "outlier")));
}

fn keep_cheapest_per_merchant(seen: &mut Seen<'_>) {
    let mut merchants = HashSet::new();
    let few = seen.competitors.len() <= 24;
    let mut kept: Vec<Competitor<'_>> = Vec::with_capacity(seen.competitors.len());
    for rival in &seen.competitors {
        let first = if few {
            !kept.iter().any(|other| other.merchant == rival.merchant)
        } else {
            merchants.insert(rival.merchant)
        };
        if first {
            kept.push(*rival);
        } else {
            seen.removed.push(removed(Some(rival.merchant), "duplicate"));
        }
    }
    seen.competitors = kept;
}

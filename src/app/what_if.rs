//! What would be decided about a product if a rival's price, its limits or its strategy were others: the deciding
//! function on the input that was stored with the last decision. Reads nothing, stores nothing, sends nothing.

use serde_json::json;

use crate::{
    domain::{
        Tenge,
        pricing::{Input, decide},
    },
    store::decisions::StoredDecision,
};

/// What is supposed; everything else stays as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Supposed {
    /// Price of the best rival; `None`: as it was.
    pub rival: Option<Tenge>,
    /// Lowest permitted price; `None`: none is set.
    pub floor: Option<Tenge>,
    /// Highest permitted price; `None`: none is set.
    pub ceiling: Option<Tenge>,
    /// Word of a strategy; `None`: the rule's.
    pub strategy: Option<String>,
}

/// A stored decision that can be played again.
#[derive(Debug, Clone)]
pub struct Basis<'a> {
    decision: &'a StoredDecision,
    input: Input,
    /// The best rival's place among the offers of the card.
    best: Option<usize>,
}

impl<'a> Basis<'a> {
    /// `None`: another version of the program decided, and its input is not understood.
    #[must_use]
    pub fn of(decision: &'a StoredDecision) -> Option<Self> {
        let input = Input::from_stored(decision.decision_version, &decision.input).ok()?;
        Some(Self {
            best: best_rival(&input),
            decision,
            input,
        })
    }

    /// What was so when it was decided.
    #[must_use]
    pub fn as_it_was(&self) -> Supposed {
        let offers = self.input.market.as_ref().map(|market| &market.offers);
        let best = offers.zip(self.best).and_then(|(offers, best)| offers.get(best));
        Supposed {
            rival: best.and_then(|offer| offer.price).map(Tenge),
            floor: self.input.limits.floor,
            ceiling: self.input.limits.ceiling,
            strategy: None,
        }
    }

    /// Word of the strategy that was played.
    #[must_use]
    pub fn strategy(&self) -> &str {
        self.input.rule.strategy.kind()
    }

    /// The answer of the deciding function, in the shape of the stored one. It is nobody's decision: it must not be
    /// stored.
    #[must_use]
    pub fn play(&self, supposed: &Supposed) -> StoredDecision {
        let mut input = self.input.clone();
        input.limits.floor = supposed.floor;
        input.limits.ceiling = supposed.ceiling;
        if let Some(kind) = supposed.strategy.as_deref() {
            input.rule = input.rule.played_for(Some(kind));
        }
        if let (Some(price), Some(best), Some(market)) = (supposed.rival, self.best, &mut input.market)
            && let Some(offer) = market.offers.get_mut(best)
        {
            offer.price = Some(price.0);
        }
        let decided = decide(&input);
        StoredDecision {
            outcome: decided.outcome,
            price_tenge: decided.price,
            target_tenge: decided.target,
            place: decided.place,
            competitors: Some(decided.competitors),
            best_rival_tenge: decided.best_rival,
            reasons: json!(decided.reasons),
            flags: json!(decided.flags),
            input: json!(input),
            ..self.decision.clone()
        }
    }
}

/// The cheapest offer that counts.
fn best_rival(input: &Input) -> Option<usize> {
    let best = decide(input).best_rival?;
    let removed = input.removed();
    let counts = |merchant: Option<&str>| {
        merchant.is_some_and(|merchant| {
            // Of a seller that stands there twice the other offer counts.
            let is_removed = |removed: &crate::domain::pricing::Removed| {
                removed.merchant.as_deref() == Some(merchant) && removed.reason != "duplicate"
            };
            !input.own_merchants.iter().any(|own| own == merchant) && !removed.iter().any(is_removed)
        })
    };
    let mut offers = input.market.as_ref()?.offers.iter();
    offers.position(|offer| offer.price == Some(best.0) && counts(offer.merchant.as_deref()))
}

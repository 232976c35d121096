//! All sellers of the card, with what the last decision made of each.

use crate::{
    domain::{Tenge, pricing},
    store::{
        decisions::StoredDecision,
        market::{SeenOffer, Snapshot},
    },
    web::{format, texts::Texts},
};

/// One seller of the card.
#[derive(Debug, Clone)]
pub struct OfferRow {
    /// The offer as last seen.
    pub offer: SeenOffer,
    /// Our own store.
    pub own: bool,
    /// Place among those that count; `None` for the others.
    pub place: Option<i32>,
    /// Why the last decision left it out.
    pub removed: Option<&'static str>,
    /// Distance from our price.
    pub distance: String,
}

impl OfferRow {
    /// `4,8`
    #[must_use]
    pub fn rating(&self, t: &Texts) -> Option<String> {
        let rating = self.offer.rating_centi.filter(|rating| *rating > 0)?;
        let tenths = (rating + 5) / 10;
        let point = if t.language == crate::web::texts::Language::En {
            '.'
        } else {
            ','
        };
        Some(format!("{}{point}{}", tenths / 10, tenths % 10))
    }

    /// The marketplace's words for the delivery: known ones in our words, others as they are.
    #[must_use]
    pub fn delivery(&self, t: &Texts) -> String {
        let Some(delivery) = &self.offer.delivery else {
            return "—".to_owned();
        };
        let key = format!("delivery-{}", delivery.to_lowercase());
        if t.has(&key) { t.get(key) } else { delivery.clone() }
    }

    /// Why it does not count, in words.
    #[must_use]
    pub fn removed_text(&self, t: &Texts) -> Option<String> {
        let reason = self.removed?;
        Some(t.get_or(&format!("removed-{reason}"), "removed-other"))
    }
}

/// The card as last read.
#[derive(Debug, Clone)]
pub struct CardView {
    /// When and how completely.
    pub snapshot: Snapshot,
    /// The sellers, cheapest first.
    pub rows: Vec<OfferRow>,
}

impl CardView {
    /// Puts offers, own price and the decision's exclusions together.
    #[must_use]
    pub fn new(
        snapshot: Snapshot,
        offers: Vec<SeenOffer>,
        (merchant, price): (&str, Option<Tenge>),
        decision: Option<&StoredDecision>,
    ) -> Self {
        let removed = decision.map(removed_of).unwrap_or_default();
        let mut place = 0;
        let rows = offers
            .into_iter()
            .map(|offer| {
                let own = offer.merchant_id == merchant;
                let removed = removed
                    .iter()
                    .find(|(who, _)| !own && *who == offer.merchant_id)
                    .map(|(_, why)| *why);
                if removed.is_none() {
                    place += 1;
                }
                let distance = match price {
                    Some(price) if !own => format::money_change(price, offer.price_tenge),
                    _ => String::new(),
                };
                OfferRow {
                    place: removed.is_none().then_some(place),
                    own,
                    removed,
                    distance,
                    offer,
                }
            })
            .collect();
        Self { snapshot, rows }
    }
}

/// Merchants that the stored decision left out, and why: the filters read the stored input again.
pub(super) fn removed_of(decision: &StoredDecision) -> Vec<(String, &'static str)> {
    let Ok(input) = pricing::Input::from_stored(decision.decision_version, &decision.input) else {
        return Vec::new();
    };
    let removed = input.removed().into_iter();
    removed
        .filter_map(|removed| Some((removed.merchant?, removed.reason)))
        .collect()
}

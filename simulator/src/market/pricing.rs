//! How accepted changes reach the two views of an offer: the cabinet list first, buyers later.

use super::offer::Terms;
use super::operations::{Change, Fate, Operation};
use super::{Event, Market};

/// Operations that are over and older than so many are forgotten.
const OPERATIONS_MAX: usize = 20_000;

impl Market {
    /// Takes a change on: it will be applied after the configured delays and `late_seconds` more.
    pub fn accept(&mut self, merchant: &str, change: Change, fate: Fate, late_seconds: u32) -> String {
        let list = self.due(self.limits.apply_list_seconds.saturating_add(late_seconds));
        let public = self.due(self.limits.apply_public_seconds.saturating_add(late_seconds));
        self.accept_for(merchant, change, fate, (list, public))
    }

    /// Takes a change on that is to be listed and public at the given times.
    pub fn accept_for(
        &mut self,
        merchant: &str,
        change: Change,
        fate: Fate,
        (list_ms, public_ms): (i64, i64),
    ) -> String {
        let number = self
            .operations
            .last_key_value()
            .map_or(1, |(last, _)| last.saturating_add(1));
        let id = self.token();
        let operation = Operation {
            number,
            id: id.clone(),
            merchant: merchant.to_owned(),
            change,
            fate,
            accepted_at: self.now_text(),
            listed_at: None,
            public_at: None,
        };
        self.operations.insert(number, operation);
        while self.operations.len() > OPERATIONS_MAX {
            match self.operations.first_entry() {
                Some(oldest) if oldest.get().is_over() => oldest.remove(),
                _ => break,
            };
        }
        if fate != Fate::Never {
            self.events.insert((list_ms, Event::List(number)));
            if fate != Fate::AppliedInListOnly {
                self.events
                    .insert((public_ms.max(list_ms), Event::Public(number)));
            }
        }
        id
    }

    pub(super) fn apply_in_list(&mut self, number: u64) {
        let now = self.now_text();
        let Some(operation) = self.operations.get_mut(&number) else {
            return;
        };
        operation.listed_at = Some(now.clone());
        if let Some(shelf) = self.shelves.get_mut(&operation.merchant) {
            shelf.change(&operation.change.sku, |offer| {
                apply(&mut offer.listed, operation);
                offer.archived_at = (!offer.listed.on_sale()).then(|| now.clone());
                offer.updated_at = now;
            });
        }
    }

    pub(super) fn apply_in_public(&mut self, number: u64) {
        let now = self.now_text();
        let Some(operation) = self.operations.get_mut(&number) else {
            return;
        };
        operation.public_at = Some(now);
        let card = self.shelves.get_mut(&operation.merchant).and_then(|shelf| {
            let offer = shelf.change(&operation.change.sku, |offer| apply(&mut offer.public, operation));
            offer.map(|offer| offer.card.clone())
        });
        if let Some(card) = card {
            self.card_changed(&card);
        }
    }
}

/// Applies an operation to one view of an offer. Sent availabilities replace the old set: a point that was left
/// out is no longer sold from. A price without city prices is the price everywhere.
fn apply(terms: &mut Terms, operation: &Operation) {
    if let Some(price) = operation.change.price {
        terms.price = price;
        if operation.change.city_prices.is_none() {
            terms.city_prices.values_mut().for_each(|value| *value = price);
        }
    }
    if let Some(city_prices) = &operation.change.city_prices {
        terms.city_prices = city_prices.clone();
    }
    if let Some(availabilities) = &operation.change.availabilities {
        terms.availabilities = availabilities.clone();
    }
    if operation.fate == Fate::AppliedAndWithdrawn {
        terms
            .availabilities
            .iter_mut()
            .for_each(|availability| availability.available = false);
    }
}

//! How rivals come, go and move. A rival moves only when the market's time reaches its move.

use std::collections::BTreeMap;

use super::rivals::{Behaviour, Mover, Rival};
use super::{Event, Market};

impl Market {
    /// Creates or replaces a rival and lets the others notice.
    pub fn put_rival(&mut self, mut rival: Rival) {
        rival.first_prices = rival.prices.clone();
        let card = rival.card.clone();
        self.start_timers(&rival);
        self.rivals
            .entry(card.clone())
            .or_default()
            .insert(rival.merchant_id.clone(), rival);
        self.card_changed(&card);
    }

    /// Takes a rival off a card, or all of them; returns how many went.
    pub fn remove_rivals(&mut self, card: &str, merchant_id: Option<&str>) -> usize {
        let Some(rivals) = self.rivals.get_mut(card) else {
            return 0;
        };
        let before = rivals.len();
        rivals.retain(|id, _| merchant_id.is_some_and(|wanted| wanted != id));
        let gone = before - rivals.len();
        self.card_changed(card);
        gone
    }

    /// Changes how a rival behaves, or all rivals of a card; returns how many.
    pub fn set_behaviour(&mut self, card: &str, merchant_id: Option<&str>, behaviour: &Behaviour) -> usize {
        let mut changed = Vec::new();
        for rival in self
            .rivals
            .get_mut(card)
            .into_iter()
            .flat_map(BTreeMap::values_mut)
        {
            if merchant_id.is_none_or(|wanted| wanted == rival.merchant_id) {
                rival.behaviour = behaviour.clone();
                changed.push(rival.clone());
            }
        }
        for rival in &changed {
            self.start_timers(rival);
        }
        self.card_changed(card);
        changed.len()
    }

    /// Random rivals move by a timer of their own, one for each city.
    fn start_timers(&mut self, rival: &Rival) {
        if let Behaviour::Random { every_seconds, .. } = rival.behaviour {
            for city in rival.prices.keys() {
                let mover = mover(rival, city);
                if self.moving.insert(mover.clone()) {
                    self.schedule(mover, every_seconds);
                }
            }
        }
    }

    fn schedule(&mut self, mover: Mover, delay_seconds: u32) {
        let due = self.due(delay_seconds.max(1));
        self.events.insert((due, Event::Move(mover)));
    }

    /// Lets the rivals of a card notice that a price changed.
    pub(super) fn card_changed(&mut self, card: &str) {
        let mut wishes = Vec::new();
        for rival in self.rivals.get(card).into_iter().flat_map(BTreeMap::values) {
            for city in rival.prices.keys() {
                let mover = mover(rival, city);
                if self.moving.contains(&mover) {
                    continue;
                }
                if let Some(wish) = rival.wish(city, self.lowest_other(card, city, &rival.merchant_id)) {
                    wishes.push((mover, wish.delay_seconds));
                }
            }
        }
        for (mover, delay_seconds) in wishes {
            self.moving.insert(mover.clone());
            self.schedule(mover, delay_seconds);
        }
    }

    /// The lowest price that anybody else asks in a city.
    fn lowest_other(&self, card: &str, city: &str, merchant_id: &str) -> Option<i64> {
        let rivals = self.rivals.get(card).into_iter().flat_map(BTreeMap::values);
        let others = rivals
            .filter(|rival| rival.merchant_id != merchant_id)
            .filter_map(|rival| rival.prices.get(city).copied());
        let sellers = self
            .own_asks(card, city)
            .filter(|ask| ask.merchant_id != merchant_id)
            .map(|ask| ask.price);
        others.chain(sellers).min()
    }

    pub(super) fn move_rival(&mut self, mover: &Mover) {
        self.moving.remove(mover);
        let Some(rival) = self
            .rivals
            .get(&mover.card)
            .and_then(|all| all.get(&mover.merchant_id))
        else {
            return;
        };
        let behaviour = rival.behaviour.clone();
        let price = match behaviour {
            Behaviour::Random {
                min,
                max,
                every_seconds,
            } => {
                self.moving.insert(mover.clone());
                self.schedule(mover.clone(), every_seconds);
                Some(self.random_between(min, max))
            }
            _ => {
                let lowest = self.lowest_other(&mover.card, &mover.city, &mover.merchant_id);
                rival.wish(&mover.city, lowest).map(|wish| wish.price)
            }
        };
        let rival = self
            .rivals
            .get_mut(&mover.card)
            .and_then(|all| all.get_mut(&mover.merchant_id));
        let current = rival.and_then(|rival| rival.prices.get_mut(&mover.city));
        if let (Some(current), Some(price)) = (current, price)
            && *current != price
        {
            *current = price;
            self.card_changed(&mover.card);
        }
    }
}

fn mover(rival: &Rival, city: &str) -> Mover {
    Mover {
        card: rival.card.clone(),
        merchant_id: rival.merchant_id.clone(),
        city: city.to_owned(),
    }
}

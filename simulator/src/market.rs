//! The whole state of the simulated marketplace and the rules by which it changes.
//! Nothing here knows HTTP. Time-driven changes happen in `catch_up`, which every reader calls first.

pub mod account;
pub mod cities;
pub mod limits;
pub mod offer;
pub mod operations;
pub mod rivals;

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::clock::{self, Clock};
use crate::faults::Faults;
use crate::journal::Journal;
use crate::server::Hosts;
use account::{Account, Sessions};
use limits::{Limiter, Limits};
use offer::{Merchant, Offer, OfferSpec, Terms};
use operations::{Change, Fate, Operation};
use rivals::{Behaviour, Mover, Rival};

/// More time-driven changes than this in one go mean that something runs in circles.
const EVENTS_MAX: usize = 500_000;

/// Something that will happen at a known time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    List(u64),
    Public(u64),
    Move(Mover),
}

/// A price that somebody asks for a card in a city.
#[derive(Clone, Debug)]
pub struct Ask {
    pub merchant_id: String,
    pub name: String,
    pub sku: Option<String>,
    pub price: i64,
    pub rating: Option<f64>,
    pub reviews: u32,
    pub preorder: i64,
}

/// The marketplace.
pub struct Market {
    pub hosts: Hosts,
    pub clock: Clock,
    pub accounts: BTreeMap<String, Account>,
    pub merchants: BTreeMap<String, Merchant>,
    /// By merchant, then by sku.
    pub offers: BTreeMap<String, BTreeMap<String, Offer>>,
    /// By card, then by merchant id.
    pub rivals: BTreeMap<String, BTreeMap<String, Rival>>,
    pub operations: BTreeMap<u64, Operation>,
    pub sessions: Sessions,
    pub limits: Limits,
    pub limiter: Limiter,
    pub faults: Faults,
    pub journal: Journal,
    by_card: BTreeMap<String, BTreeSet<(String, String)>>,
    events: BTreeSet<(i64, Event)>,
    moving: BTreeSet<Mover>,
    at_ms: i64,
    random: StdRng,
    /// Tokens differ between two runs with the same seed, so that an old cookie never opens a new session.
    tokens: StdRng,
}

impl Market {
    /// An empty market.
    pub fn new(hosts: Hosts, clock: Clock, seed: u64, apply_seconds: u32) -> Self {
        let at_ms = clock.now_ms();
        Self {
            hosts,
            clock,
            accounts: BTreeMap::new(),
            merchants: BTreeMap::new(),
            offers: BTreeMap::new(),
            rivals: BTreeMap::new(),
            operations: BTreeMap::new(),
            sessions: Sessions::default(),
            limits: Limits::new(apply_seconds),
            limiter: Limiter::default(),
            faults: Faults::default(),
            journal: Journal::default(),
            by_card: BTreeMap::new(),
            events: BTreeSet::new(),
            moving: BTreeSet::new(),
            at_ms,
            random: StdRng::seed_from_u64(seed),
            tokens: StdRng::from_os_rng(),
        }
    }

    /// The market's time as of the last `catch_up`, as the marketplace writes it.
    pub fn now_text(&self) -> String {
        clock::text(self.at_ms)
    }

    /// The market's time as of the last `catch_up`, in milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.at_ms
    }

    /// A new unguessable token of 24 hexadecimal digits, the form of the marketplace's ids.
    pub fn token(&mut self) -> String {
        format!("{:024x}", self.tokens.random::<u128>() >> 32)
    }

    /// A number from the market's seeded randomness.
    pub fn random_between(&mut self, low: i64, high: i64) -> i64 {
        if low >= high {
            low
        } else {
            self.random.random_range(low..=high)
        }
    }

    /// Lets everything happen that was due until now.
    pub fn catch_up(&mut self) {
        let now_ms = self.clock.now_ms();
        for _ in 0..EVENTS_MAX {
            match self.events.first() {
                Some((due_ms, _)) if *due_ms <= now_ms => {}
                _ => break,
            }
            if let Some((due_ms, event)) = self.events.pop_first() {
                self.at_ms = self.at_ms.max(due_ms);
                match event {
                    Event::List(number) => self.apply_in_list(number),
                    Event::Public(number) => self.apply_in_public(number),
                    Event::Move(mover) => self.move_rival(&mover),
                }
            }
        }
        self.at_ms = self.at_ms.max(now_ms);
    }

    /// Creates or replaces an offer; both views show it at once.
    pub fn put_offer(&mut self, spec: OfferSpec) -> Result<(), String> {
        let merchant = self
            .merchants
            .get(&spec.merchant)
            .ok_or_else(|| format!("no merchant {}", spec.merchant))?;
        let mut availabilities = spec.availabilities.unwrap_or_else(|| {
            let open = merchant.points.iter().filter(|point| point.enabled);
            open.map(|point| offer::Availability {
                store_id: merchant.store_id(point),
                available: true,
                stock_count: None,
                pre_order: 0,
                stock_enabled: false,
            })
            .collect()
        });
        if spec.withdrawn {
            availabilities
                .iter_mut()
                .for_each(|availability| availability.available = false);
        }
        let terms = Terms {
            price: spec.price,
            city_prices: spec.city_prices,
            availabilities,
        };
        let now = self.now_text();
        let offer = Offer {
            offer_id: Some(self.token()),
            archived_at: (!terms.on_sale()).then(|| now.clone()),
            updated_at: now,
            merchant: spec.merchant.clone(),
            sku: spec.sku.clone(),
            card: spec.card.clone(),
            title: spec.title,
            brand: spec.brand,
            category: spec.category,
            images: spec.images,
            listed: terms.clone(),
            public: terms,
        };
        self.remove_offer(&spec.merchant, &spec.sku);
        self.by_card
            .entry(spec.card.clone())
            .or_default()
            .insert((spec.merchant.clone(), spec.sku.clone()));
        self.offers
            .entry(spec.merchant)
            .or_default()
            .insert(spec.sku, offer);
        self.card_changed(&spec.card);
        Ok(())
    }

    /// Takes an offer out of the market.
    pub fn remove_offer(&mut self, merchant: &str, sku: &str) -> bool {
        let Some(offer) = self
            .offers
            .get_mut(merchant)
            .and_then(|offers| offers.remove(sku))
        else {
            return false;
        };
        if let Some(keys) = self.by_card.get_mut(&offer.card) {
            keys.remove(&(offer.merchant, offer.sku));
        }
        self.card_changed(&offer.card);
        true
    }

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

    /// Takes a change on: it will be applied after the configured delays.
    pub fn accept(&mut self, merchant: &str, change: Change, fate: Fate) -> String {
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
        if fate != Fate::Never {
            let due = |seconds: u32| self.at_ms.saturating_add(i64::from(seconds).saturating_mul(1000));
            let list = due(self.limits.apply_list_seconds);
            let public = due(self.limits.apply_public_seconds).max(list);
            self.events.insert((list, Event::List(number)));
            if fate != Fate::AppliedInListOnly {
                self.events.insert((public, Event::Public(number)));
            }
        }
        id
    }

    /// Everything asked for a card in a city, cheapest first.
    pub fn asks(&self, card: &str, city: &str) -> Vec<Ask> {
        let mut asks: Vec<Ask> = Vec::new();
        for (merchant_id, sku) in self.by_card.get(card).into_iter().flatten() {
            let (Some(merchant), Some(offer)) = (
                self.merchants.get(merchant_id),
                self.offers.get(merchant_id).and_then(|offers| offers.get(sku)),
            ) else {
                continue;
            };
            if let (Some(price), Some(preorder)) = (
                offer.public.price_in(city),
                offer.public.preorder_in(merchant, city),
            ) {
                asks.push(Ask {
                    merchant_id: merchant_id.clone(),
                    name: merchant.name.clone(),
                    sku: Some(sku.clone()),
                    price,
                    rating: Some(merchant.rating),
                    reviews: merchant.reviews,
                    preorder,
                });
            }
        }
        for rival in self.rivals.get(card).into_iter().flat_map(BTreeMap::values) {
            if let Some(price) = rival.prices.get(city) {
                asks.push(Ask {
                    merchant_id: rival.merchant_id.clone(),
                    name: rival.name.clone(),
                    sku: None,
                    price: *price,
                    rating: rival.rating,
                    reviews: rival.reviews,
                    preorder: rival.preorder,
                });
            }
        }
        asks.sort_by(|a, b| (a.price, &a.merchant_id).cmp(&(b.price, &b.merchant_id)));
        asks
    }

    /// The title of a card, taken from any offer on it.
    pub fn card_title(&self, card: &str) -> Option<&str> {
        let (merchant, sku) = self.by_card.get(card)?.first()?;
        self.offers
            .get(merchant)?
            .get(sku)
            .map(|offer| offer.title.as_str())
    }

    fn apply_in_list(&mut self, number: u64) {
        let now = self.now_text();
        let Some(operation) = self.operations.get_mut(&number) else {
            return;
        };
        operation.listed_at = Some(now.clone());
        let offer = self
            .offers
            .get_mut(&operation.merchant)
            .and_then(|all| all.get_mut(&operation.change.sku));
        if let Some(offer) = offer {
            apply(&mut offer.listed, operation);
            offer.archived_at = (!offer.listed.on_sale()).then(|| now.clone());
            offer.updated_at = now;
        }
    }

    fn apply_in_public(&mut self, number: u64) {
        let now = self.now_text();
        let Some(operation) = self.operations.get_mut(&number) else {
            return;
        };
        operation.public_at = Some(now);
        let offer = self
            .offers
            .get_mut(&operation.merchant)
            .and_then(|all| all.get_mut(&operation.change.sku));
        if let Some(offer) = offer {
            apply(&mut offer.public, operation);
            let card = offer.card.clone();
            self.card_changed(&card);
        }
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
        let due = self
            .at_ms
            .saturating_add(i64::from(delay_seconds.max(1)).saturating_mul(1000));
        self.events.insert((due, Event::Move(mover)));
    }

    /// Lets the rivals of a card notice that a price changed.
    fn card_changed(&mut self, card: &str) {
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

    fn lowest_other(&self, card: &str, city: &str, merchant_id: &str) -> Option<i64> {
        self.asks(card, city)
            .into_iter()
            .find(|ask| ask.merchant_id != merchant_id)
            .map(|ask| ask.price)
    }

    fn move_rival(&mut self, mover: &Mover) {
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

//! The whole state of the simulated marketplace and the rules by which it changes.
//! Nothing here knows HTTP. Time-driven changes happen in `catch_up`, which every reader calls first.

pub mod account;
pub mod cities;
pub mod files;
pub mod limits;
mod movement;
pub mod offer;
pub mod operations;
pub mod orders;
mod pricing;
pub mod rivals;
pub mod shelf;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::clock::{self, Clock};
use crate::faults::Faults;
use crate::journal::Journal;
use crate::listening::Hosts;
use account::{Account, Message, Sessions, Step};
use files::PriceFile;
use limits::{Limiter, Limits};
use offer::{Merchant, Offer};
use operations::Operation;
use orders::Orders;
use rivals::{Mover, Rival};
use shelf::Shelf;

/// More time-driven changes than this in one go mean that something runs in circles.
const EVENTS_MAX: usize = 500_000;

/// Codes sent longer ago are forgotten.
const MESSAGES_MAX: usize = 1_000;

/// Something that will happen at a known time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    List(u64),
    Public(u64),
    Move(Mover),
    FileTaken(u64),
    FileDone(u64),
    OrderChanged(u64),
}

/// A price that somebody asks for a card in a city.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    pub merchant_id: &'a str,
    pub name: &'a str,
    pub sku: Option<&'a str>,
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
    /// By merchant.
    pub shelves: BTreeMap<String, Shelf>,
    /// By card, then by merchant id.
    pub rivals: BTreeMap<String, BTreeMap<String, Rival>>,
    pub operations: BTreeMap<u64, Operation>,
    pub files: BTreeMap<u64, PriceFile>,
    pub orders: Orders,
    pub messages: VecDeque<Message>,
    /// Number of reviews and mean rating of a card, where they were set.
    pub reviews: BTreeMap<String, (u32, f64)>,
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
            shelves: BTreeMap::new(),
            rivals: BTreeMap::new(),
            operations: BTreeMap::new(),
            files: BTreeMap::new(),
            orders: Orders::default(),
            messages: VecDeque::new(),
            reviews: BTreeMap::new(),
            sessions: Sessions::default(),
            limits: Limits::new(apply_seconds),
            limiter: Limiter::default(),
            faults: Faults::new(seed),
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

    /// So many seconds from now, in milliseconds.
    fn due(&self, seconds: u32) -> i64 {
        self.at_ms.saturating_add(i64::from(seconds).saturating_mul(1000))
    }

    /// An offer of a merchant.
    pub fn offer(&self, merchant: &str, sku: &str) -> Option<&Offer> {
        self.shelves.get(merchant)?.get(sku)
    }

    /// The merchant of an orders token.
    pub fn merchant_of_token(&self, token: &str) -> Option<&Merchant> {
        self.merchants
            .values()
            .find(|merchant| merchant.api_token.as_deref() == Some(token))
    }

    /// The account that a step of a login is about: by e-mail, by telephone, or by the step before it.
    pub fn account_of(
        &self,
        email: Option<&str>,
        phone: Option<&str>,
        sso: Option<&str>,
    ) -> Option<&Account> {
        if let Some(email) = email {
            return self.accounts.get(&email.trim().to_lowercase());
        }
        if let Some(phone) = phone {
            return self.accounts.values().find(|account| account.has_phone(phone));
        }
        let email = match &self.sessions.sso.get(sso?)?.step {
            Step::SmsCode(attempt) | Step::MailCode(attempt) => &attempt.email,
            Step::Choice { email } | Step::SignedIn { email, .. } => email,
            Step::Fresh => return None,
        };
        self.accounts.get(email)
    }

    /// Notes a code that went out to a person.
    pub fn send_message(&mut self, channel: &'static str, to: String, code: String) {
        let time = self.now_text();
        self.messages.push_back(Message {
            time,
            channel,
            to,
            code,
        });
        if self.messages.len() > MESSAGES_MAX {
            self.messages.pop_front();
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
                    Event::FileTaken(number) => self.take_file(number),
                    Event::FileDone(number) => self.finish_file(number),
                    Event::OrderChanged(number) => self.apply_order_change(number),
                }
            }
        }
        self.at_ms = self.at_ms.max(now_ms);
    }
}

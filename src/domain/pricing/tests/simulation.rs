//! Closed loops (figure M-02 of the reliability rules): our engine for one to five own stores on a card against
//! itself, an undercutter by one tenge, a raiser by 27 % and a random rival, for days on end.

use chrono::TimeDelta;

use super::*;

/// Time between two looks at the card.
const TICK: TimeDelta = TimeDelta::minutes(5);
const TICKS_OF_A_DAY: i64 = 288;

/// A small generator: the same seed, the same run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: i64) -> i64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        i64::try_from(self.0 >> 33).unwrap() % below
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    Engine,
    Undercut,
    Raise,
    Random,
}

/// One shop on the card, ours or a rival.
struct Shop {
    merchant: String,
    own: bool,
    price: i64,
    behaviour: Behaviour,
    input: Input,
    changes_today: i64,
}

struct Card {
    shops: Vec<Shop>,
    now: DateTime<Utc>,
    dice: Dice,
}

fn engine(merchant: &str, price: i64, floor: i64, step: i64) -> Input {
    let mut input = unread(price, beat(step));
    input.product.merchant = merchant.to_owned();
    input.limits = limits(floor, 20_000);
    input.rule.motion = Motion::default();
    input
}

impl Card {
    fn new(own: i64, rival: Behaviour, seed: u64) -> Self {
        let mut dice = Dice(seed);
        let own_names: Vec<String> = (0..own).map(|n| format!("OWN{n}")).collect();
        let mut shops: Vec<Shop> = own_names
            .iter()
            .map(|name| {
                let (price, floor) = (9_000 + dice.roll(3_000), 6_000 + dice.roll(2_000));
                let mut input = engine(name, price, floor, 1 + dice.roll(20));
                input.own_merchants.clone_from(&own_names);
                if dice.roll(3) == 0 {
                    let costs = economics(4_000 + dice.roll(1_000), 100, Parcel::City1kg);
                    (input.economics, input.limits.floor) = (Some(costs), None);
                }
                Shop {
                    merchant: name.clone(),
                    own: true,
                    price,
                    behaviour: Behaviour::Engine,
                    input,
                    changes_today: 0,
                }
            })
            .collect();
        for (name, behaviour) in [("R0", rival), ("R1", Behaviour::Random)] {
            let price = 9_000 + dice.roll(3_000);
            let mut input = engine(name, price, 7_000 + dice.roll(1_000), 1);
            input.own_merchants = vec![name.to_owned()];
            shops.push(Shop {
                merchant: name.to_owned(),
                own: false,
                price,
                behaviour,
                input,
                changes_today: 0,
            });
        }
        Self {
            shops,
            now: now(),
            dice,
        }
    }

    fn offers(&self) -> Market {
        Market {
            taken_at: self.now,
            ..market(
                self.shops
                    .iter()
                    .map(|shop| offer(&shop.merchant, shop.price))
                    .collect(),
            )
        }
    }

    fn cheapest_other(&self, of: usize) -> i64 {
        let others = self.shops.iter().enumerate().filter(|(at, _)| *at != of);
        others.map(|(_, shop)| shop.price).min().unwrap()
    }

    /// The own store that leads: the first, unless it is the only one.
    fn champion(&self) -> Option<(String, i64)> {
        let own: Vec<&Shop> = self.shops.iter().filter(|shop| shop.own).collect();
        (own.len() > 1).then(|| (own[0].merchant.clone(), own[0].price))
    }

    fn tick(&mut self, tick: i64) {
        self.now += TICK;
        if tick % TICKS_OF_A_DAY == 0 {
            for shop in &mut self.shops {
                shop.input.product.opening_price = Some(Tenge(shop.price));
                shop.changes_today = 0;
            }
        }
        for at in 0..self.shops.len() {
            match self.shops[at].behaviour {
                Behaviour::Engine => self.decide(at),
                Behaviour::Undercut => self.shops[at].price = (self.cheapest_other(at) - 1).max(6_500),
                Behaviour::Raise => {
                    let raised = self.shops[at].price * 127 / 100;
                    self.shops[at].price = if raised > 25_000 { 8_000 } else { raised };
                }
                Behaviour::Random => {
                    if self.dice.roll(20) == 0 {
                        self.shops[at].price = 5_000 + self.dice.roll(10_000);
                    }
                }
            }
        }
    }

    fn decide(&mut self, at: usize) {
        let champion = self.champion();
        let (market, now) = (self.offers(), self.now);
        let shop = &mut self.shops[at];
        shop.input.now = now;
        shop.input.market = Some(market);
        shop.input.product.price = Tenge(shop.price);
        shop.input.product.changes_today = shop.changes_today;
        shop.input.own_stores = champion.filter(|_| shop.own).map(|(champion, price)| OwnStores {
            champion,
            price: Tenge(price),
            gap: GAP,
            since: now,
        });
        let decision = decide(&shop.input);
        let Some(Tenge(price)) = decision.price else {
            return;
        };
        let set = super::super::SafeSet::new(shop.input.limits, shop.input.economics.as_ref()).unwrap();
        assert!(set.is_undominated(price), "outside the safe prices: {price}");
        let repair = codes(&decision).contains(&"BOUND_REPAIR");
        let opening = shop.input.product.opening_price.unwrap().0;
        // A crossing of a zone also stays within the day.
        assert!(
            repair || price > shop.price || price * 100 >= opening * 80,
            "fell too far in a day"
        );
        assert!(
            repair || price < shop.price || price * 100 <= opening * 120,
            "rose too far in a day"
        );
        shop.changes_today += 1;
        assert!(shop.changes_today <= 48, "too many changes in a day");
        if let Some(own) = shop
            .input
            .own_stores
            .as_ref()
            .filter(|own| own.champion != shop.merchant)
        {
            assert!(
                repair || price > shop.price || price > own.price.0,
                "undercuts its own champion"
            );
        }
        shop.input.product.last_change_at = Some(now);
        shop.price = price;
    }
}

fn run(own: i64, rival: Behaviour, seed: u64, ticks: i64) -> Card {
    let mut card = Card::new(own, rival, seed);
    for tick in 0..ticks {
        card.tick(tick);
    }
    card
}

#[test]
fn closed_loops_stay_within_their_limits() {
    let (seeds, ticks) = if long() { (125, 10_000) } else { (2, 1_000) };
    for rival in [
        Behaviour::Engine,
        Behaviour::Undercut,
        Behaviour::Raise,
        Behaviour::Random,
    ] {
        for own in 1..=5 {
            for seed in 0..seeds {
                run(own, rival, seed * 7 + u64::try_from(own).unwrap(), ticks);
            }
        }
    }
}

#[test]
fn two_engines_come_to_rest() {
    // Both at their floors or one above the other: without the random rival nothing moves any more.
    let mut card = Card::new(1, Behaviour::Engine, 3);
    card.shops.retain(|shop| shop.merchant != "R1");
    for tick in 0..20 * TICKS_OF_A_DAY {
        card.tick(tick);
    }
    let before: Vec<i64> = card.shops.iter().map(|shop| shop.price).collect();
    for tick in 1..TICKS_OF_A_DAY {
        card.tick(tick);
    }
    let after: Vec<i64> = card.shops.iter().map(|shop| shop.price).collect();
    assert_eq!(before, after);
}

#[test]
fn own_stores_without_rivals_stand_still() {
    let mut card = Card::new(5, Behaviour::Random, 11);
    card.shops.retain(|shop| shop.own);
    let before: Vec<i64> = card.shops.iter().map(|shop| shop.price).collect();
    for tick in 0..3 * TICKS_OF_A_DAY {
        card.tick(tick);
    }
    let after: Vec<i64> = card.shops.iter().map(|shop| shop.price).collect();
    // The champion never moves; who stood before it stepped behind it.
    assert_eq!(before[0], after[0]);
    assert!(before.iter().zip(&after).all(|(before, after)| after >= before));
    assert!(after[1..].iter().all(|follower| *follower > after[0]));
}

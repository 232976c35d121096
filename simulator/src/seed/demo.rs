//! The market of the demonstration: two full stores, a third one whose session soon ends, and rivals of every
//! behaviour, so that every state of a product can be seen.

use std::collections::BTreeMap;

use serde_json::json;

use super::goods::{ELECTRONICS, Good, KITCHEN, goods};
use super::{merchant, with};
use crate::market::Market;
use crate::market::account::Account;
use crate::market::cities::{ALMATY, ASTANA};
use crate::market::offer::{Availability, OfferSpec};
use crate::market::rivals::{Behaviour, Rival};

/// Shymkent.
const SHYMKENT: &str = "511010000";

const RIVAL_NAMES: [&str; 12] = [
    "Best Price KZ",
    "Altyn Shop",
    "Mega Sauda",
    "Jasmin Trade",
    "Orda Market",
    "TechnoBazar",
    "Sary Dala",
    "Kok Tobe Store",
    "Express Tovar",
    "Nauryz Shop",
    "Dostyk Torg",
    "Zhibek Line",
];

/// A store of the demonstration.
struct Store {
    uid: &'static str,
    cities: &'static [&'static str],
    /// Number of its first card.
    first_card: u32,
    goods: Vec<Good>,
}

/// Fills the market.
pub fn fill(market: &mut Market) -> Result<(), String> {
    let stores = [
        Store {
            uid: "30000001",
            cities: &[ALMATY, ALMATY, ASTANA],
            first_card: 100_000_001,
            goods: goods(&ELECTRONICS),
        },
        Store {
            uid: "30000003",
            cities: &[ALMATY, ASTANA],
            first_card: 100_002_001,
            goods: goods(&KITCHEN),
        },
        Store {
            uid: "30000004",
            cities: &[SHYMKENT, ALMATY],
            first_card: 100_004_001,
            goods: goods(&KITCHEN).into_iter().step_by(9).collect(),
        },
    ];
    let names = [
        ("30000001", "Tehno Almaty"),
        ("30000003", "Dom i Kuhnya"),
        ("30000004", "Shymkent Sauda"),
    ];
    for (store, (uid, name)) in stores.iter().zip(names) {
        market
            .merchants
            .insert(uid.to_owned(), merchant(uid, name, store.cities));
    }
    put_accounts(market)?;
    for store in &stores {
        for (number, good) in (0_u32..).zip(&store.goods) {
            let card = (store.first_card + number).to_string();
            let offer = own_offer(market, store, number, good, &card);
            let price = offer.price;
            market.put_offer(offer)?;
            for rival in rivals(market, number, &card, price) {
                market.put_rival(rival);
            }
        }
    }
    put_shared_cards(market, &stores)?;
    for store in &stores {
        put_orders(market, store)?;
    }
    Ok(())
}

/// A dozen orders of a store in every stage, and a preorder for each product that is made to order; every third of
/// those is late.
fn put_orders(market: &mut Market, store: &Store) -> Result<(), String> {
    const HOUR: i64 = 60 * 60;
    const DAY: i64 = 24 * HOUR;
    let first_code: u32 = store.uid.parse::<u32>().unwrap_or(0) % 100 * 1000 + 500_000_000;
    let order = |number: u32, good: u32, state: &str, status: &str, ago: i64| {
        json!({ "code": (first_code + number).to_string(), "merchant": store.uid, "sku": sku(store, good),
                "state": state, "status": status, "created_seconds_ago": ago, "planned_in_seconds": 2 * DAY - ago })
    };
    let goods = u32::try_from(store.goods.len()).unwrap_or(0);
    let stages = [
        ("NEW", "APPROVED_BY_BANK"),
        ("KASPI_DELIVERY", "ACCEPTED_BY_MERCHANT"),
        ("ARCHIVE", "COMPLETED"),
        ("ARCHIVE", "CANCELLED"),
    ];
    let mut orders = Vec::new();
    for (number, (state, status)) in (1_u32..=12).zip(stages.into_iter().cycle()) {
        let ago = i64::from(number) * 17 * HOUR;
        orders.push(order(number, number * 7 % goods.max(1), state, status, ago));
    }
    let made_to_order = (0..goods).filter(|good| good % 13 == 5 && good % 12 != 11);
    for (number, good) in (21_u32..).zip(made_to_order) {
        let ago = i64::from(number - 20) * DAY;
        let (state, status) = if number.is_multiple_of(2) {
            ("NEW", "APPROVED_BY_BANK")
        } else {
            ("KASPI_DELIVERY", "ACCEPTED_BY_MERCHANT")
        };
        let planned_in = if number.is_multiple_of(3) {
            -DAY
        } else {
            i64::from(number - 20) * DAY
        };
        let preorder = with(
            order(number, good, state, status, ago.min(12 * DAY)),
            "pre_order",
            json!(true),
        );
        orders.push(with(preorder, "planned_in_seconds", json!(planned_in)));
    }
    super::put_orders(market, orders)
}

fn sku(store: &Store, number: u32) -> String {
    format!("{}_{}", store.first_card + number, 200_000_000 + number)
}

fn put_accounts(market: &mut Market) -> Result<(), String> {
    let accounts = json!([
        { "email": "almaty@example.kz", "password": "Almaty-Password-1", "phone": "+77000000001",
          "merchants": ["30000001"] },
        { "email": "kuhnya@example.kz", "password": "Kuhnya-Password-1", "phone": "+77000000003",
          "merchants": ["30000003"] },
        // Enters once; soon the session ends and the next login asks for a mailed code, which only a person can read.
        { "email": "shymkent@example.kz", "password": "Shymkent-Password-1", "phone": "+77000000004",
          "merchants": ["30000004"], "session_seconds": 20, "mail_code_after": 1 },
    ]);
    let accounts: Vec<Account> = serde_json::from_value(accounts).map_err(|error| error.to_string())?;
    for account in accounts {
        market.accounts.insert(account.email.clone(), account);
    }
    Ok(())
}

/// Stock, preorder and withdrawal follow the number of the product, so that each kind is met on every page.
fn own_offer(market: &mut Market, store: &Store, number: u32, good: &Good, card: &str) -> OfferSpec {
    let shift = market.random_between(-2, 6) * (good.price / 100);
    let price = (good.price + shift) / 10 * 10;
    let withdrawn = number % 12 == 11;
    let made_to_order = number % 13 == 5;
    let mut availabilities = Vec::new();
    for (point, _) in (1..).zip(store.cities) {
        let point: u32 = point;
        let sold_here = point == 1 || !number.is_multiple_of(3);
        let stock = match number % 4 {
            0 => None,
            _ => Some(market.random_between(1, 40)),
        };
        let stock_count = if made_to_order || withdrawn || !sold_here {
            None
        } else {
            stock
        };
        availabilities.push(Availability {
            store_id: format!("{}_PP{point}", store.uid),
            available: sold_here && !withdrawn,
            stock_count,
            pre_order: if made_to_order && sold_here && !withdrawn {
                3 + i64::from(number % 12)
            } else {
                0
            },
            stock_enabled: stock_count.is_some(),
        });
    }
    let dearer_there = price + price / 100;
    let city_prices = if number % 5 == 2 {
        store
            .cities
            .iter()
            .map(|city| (*city).to_owned())
            .zip([price, price, dearer_there])
            .collect()
    } else {
        BTreeMap::new()
    };
    OfferSpec {
        merchant: store.uid.to_owned(),
        sku: sku(store, number),
        card: card.to_owned(),
        title: good.title.clone(),
        brand: good.brand.to_owned(),
        category: good.category.to_owned(),
        price,
        city_prices,
        availabilities: Some(availabilities),
        images: vec![format!("demo/{}-{card}.png", good.image)],
        withdrawn,
    }
}

/// The competitors of a card. The last digit of its number decides what kind of market it is.
fn rivals(market: &mut Market, number: u32, card: &str, price: i64) -> Vec<Rival> {
    let percent = |share: i64| price * share / 100;
    let undercut = |step: i64, delay_seconds: u32, floor: i64| Behaviour::Undercut {
        step,
        delay_seconds,
        floor: Some(floor),
        rest_seconds: Some(420),
    };
    let follow = |delay_seconds: u32| Behaviour::Follow {
        offset: 0,
        delay_seconds,
        floor: Some(percent(85)),
    };
    let random = |every_seconds: u32| Behaviour::Random {
        min: percent(94),
        max: percent(106),
        every_seconds,
    };
    let wanted: Vec<(i64, i64, Behaviour)> = match number % 10 {
        // Nobody else sells it.
        0 => Vec::new(),
        // Somebody asks a fraction of what it can cost: a typing error or a decoy.
        1 => vec![
            (percent(22), 0, Behaviour::Fixed),
            (percent(104), 0, Behaviour::Fixed),
        ],
        2 => vec![
            (percent(101), 0, undercut(1, 35, percent(88))),
            (percent(107), 0, Behaviour::Fixed),
        ],
        3 => vec![(percent(102), 0, undercut(50, 60, percent(90)))],
        4 => vec![
            (percent(100), 0, undercut(10, 90, percent(84))),
            (percent(103), 0, random(150)),
        ],
        5 => vec![(percent(104), 0, follow(45))],
        6 => vec![(percent(103), 0, follow(75)), (percent(99), 0, random(120))],
        7 => vec![(percent(98), 0, random(90))],
        8 => vec![
            (percent(97), 0, Behaviour::Fixed),
            (percent(105), 0, Behaviour::Fixed),
        ],
        _ => vec![
            (percent(101), 0, undercut(5, 50, percent(91))),
            (percent(102), 0, follow(100)),
            (percent(104), 0, random(180)),
            (percent(95), 9, Behaviour::Fixed),
        ],
    };
    let first = market.random_between(0, 11);
    (0_i64..)
        .zip(wanted)
        .map(|(place, (price, preorder, behaviour))| {
            let who = (first + place) % 12;
            let name = usize::try_from(who)
                .ok()
                .and_then(|who| RIVAL_NAMES.get(who))
                .copied();
            Rival {
                card: card.to_owned(),
                merchant_id: (40_000_001 + who).to_string(),
                name: name.unwrap_or("Rival Shop").to_owned(),
                prices: BTreeMap::from([
                    (ALMATY.to_owned(), price),
                    (ASTANA.to_owned(), price + price / 200),
                ]),
                rating: Some(if who % 3 == 0 { 4.2 } else { 4.8 }),
                reviews: u32::try_from(who * 37 + 5).unwrap_or(5),
                preorder,
                behaviour,
                first_prices: BTreeMap::new(),
            }
        })
        .collect()
}

/// A few cards of the first store are also sold by the second: two stores of one owner must not fight each other.
fn put_shared_cards(market: &mut Market, stores: &[Store]) -> Result<(), String> {
    let [electronics, kitchen, ..] = stores else {
        return Ok(());
    };
    for (number, good) in (0_u32..).zip(&electronics.goods).skip(43).step_by(20).take(5) {
        market.put_offer(OfferSpec {
            merchant: kitchen.uid.to_owned(),
            sku: format!("TA-{number:03}"),
            card: (electronics.first_card + number).to_string(),
            title: good.title.clone(),
            brand: good.brand.to_owned(),
            category: good.category.to_owned(),
            price: good.price / 10 * 10,
            images: vec![format!("demo/{}-{number}.png", good.image)],
            ..OfferSpec::default()
        })?;
    }
    Ok(())
}

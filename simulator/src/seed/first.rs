//! The small market of tests: seed 1 always holds merchant 30000001 with card 100000001. Other seeds hold the same
//! sellers and cards with prices of their own.

use std::collections::BTreeMap;

use serde_json::json;

use super::merchant;
use crate::market::Market;
use crate::market::cities::{ALMATY, ASTANA};
use crate::market::offer::{Availability, OfferSpec};
use crate::market::rivals::Rival;

/// Title, brand, category, price of the cards from 100000001 on.
const CARDS: [(&str, &str, &str, i64); 16] = [
    ("Наушники Demo A1", "Demo", "Headphones", 15_990),
    ("Наушники Demo A2 Pro", "Demo", "Headphones", 24_990),
    ("Смартфон Alma X5 128 ГБ", "Alma", "Smartphones", 119_990),
    ("Смартфон Alma X5 256 ГБ", "Alma", "Smartphones", 139_990),
    ("Чайник Tulpar K17", "Tulpar", "Kettles", 12_490),
    ("Чайник Tulpar K20 стеклянный", "Tulpar", "Kettles", 14_990),
    ("Пылесос Saryarka V3", "Saryarka", "Vacuum cleaners", 54_990),
    ("Фен Aigul H2", "Aigul", "Hair dryers", 9_990),
    ("Утюг Aigul S8", "Aigul", "Irons", 16_990),
    ("Колонка Dombra Mini", "Dombra", "Speakers", 11_990),
    ("Колонка Dombra Max", "Dombra", "Speakers", 39_990),
    ("Часы Qyran Fit 2", "Qyran", "Smart watches", 21_990),
    ("Клавиатура Baiterek 75", "Baiterek", "Keyboards", 18_990),
    ("Мышь Baiterek M1", "Baiterek", "Mice", 5_990),
    ("Зарядное устройство Qyran 65 Вт", "Qyran", "Chargers", 7_990),
    ("Кабель Qyran USB-C 1 м", "Qyran", "Cables", 1_990),
];

/// Fills the market.
pub fn fill(market: &mut Market) -> Result<(), String> {
    for shop in [
        merchant("30000001", "Demo Shop", &[ALMATY, ASTANA]),
        merchant("30000002", "Second Shop", &[ALMATY]),
    ] {
        market.merchants.insert(shop.uid.clone(), shop);
    }
    let accounts = json!([
        { "email": "demo@example.kz", "password": "Demo-Password-1", "phone": "+77000000001",
          "merchants": ["30000001"] },
        { "email": "second@example.kz", "password": "Second-Password-1", "phone": "+77000000002",
          "merchants": ["30000002"] },
    ]);
    for account in serde_json::from_value::<Vec<crate::market::account::Account>>(accounts)
        .map_err(|error| error.to_string())?
    {
        market.accounts.insert(account.email.clone(), account);
    }
    for (number, (title, brand, category, price)) in (1_u32..).zip(CARDS) {
        let card = card(number);
        market.put_offer(own_offer(number, title, brand, category, price))?;
        for rival in rivals(number, &card, price) {
            market.put_rival(rival);
        }
    }
    for (number, (title, brand, category, price)) in (1_u32..).zip(CARDS).take(3) {
        market.put_offer(OfferSpec {
            merchant: "30000002".to_owned(),
            sku: format!("second-{number}"),
            card: card(number),
            title: title.to_owned(),
            brand: brand.to_owned(),
            category: category.to_owned(),
            price: price + 1_500,
            ..OfferSpec::default()
        })?;
    }
    Ok(())
}

fn card(number: u32) -> String {
    (100_000_000 + number).to_string()
}

/// The first six offers have city prices and two points; from the seventh on Almaty alone; the last three are
/// withdrawn; the eleventh is made to order.
fn own_offer(number: u32, title: &str, brand: &str, category: &str, price: i64) -> OfferSpec {
    let two_cities = number <= 6;
    let city_prices = if two_cities {
        BTreeMap::from([(ALMATY.to_owned(), price), (ASTANA.to_owned(), price + 500)])
    } else {
        BTreeMap::new()
    };
    let at = |point: &str, stock: Option<i64>, days: i64| Availability {
        store_id: format!("30000001_{point}"),
        available: true,
        stock_count: stock,
        pre_order: days,
        stock_enabled: stock.is_some(),
    };
    let mut availabilities = match number {
        1 => vec![at("PP1", Some(4), 0), at("PP2", None, 7)],
        11 => vec![at("PP1", None, 14)],
        _ if two_cities => vec![at("PP1", Some(i64::from(number) * 2), 0), at("PP2", Some(3), 0)],
        _ => vec![at("PP1", None, 0)],
    };
    let withdrawn = number >= 14;
    if withdrawn {
        availabilities
            .iter_mut()
            .for_each(|availability| availability.pre_order = 0);
    }
    OfferSpec {
        merchant: "30000001".to_owned(),
        sku: format!("{}_{}", card(number), 200_000_001 + number),
        card: card(number),
        title: title.to_owned(),
        brand: brand.to_owned(),
        category: category.to_owned(),
        price,
        city_prices,
        availabilities: Some(availabilities),
        images: if number == 8 {
            Vec::new()
        } else {
            vec![format!("h00/h00/{number}.jpg")]
        },
        withdrawn,
    }
}

/// Two rivals on most cards: one a little cheaper and one dearer; cards 12 and 13 have none.
fn rivals(number: u32, card: &str, price: i64) -> Vec<Rival> {
    if number == 12 || number == 13 {
        return Vec::new();
    }
    let rival = |id: u32, name: &str, price: i64| Rival {
        card: card.to_owned(),
        merchant_id: (40_000_000 + id).to_string(),
        name: name.to_owned(),
        prices: BTreeMap::from([(ALMATY.to_owned(), price), (ASTANA.to_owned(), price + 700)]),
        rating: Some(4.6),
        reviews: 80,
        preorder: 0,
        behaviour: crate::market::rivals::Behaviour::Fixed,
        first_prices: BTreeMap::new(),
    };
    vec![
        rival(1, "Rival Shop", price - 10),
        rival(2, "Dear Shop", price + 2_000),
    ]
}

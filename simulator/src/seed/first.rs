//! The small market of tests: seed 1 always holds merchant 30000001 with card 100000001. Other seeds hold the same
//! sellers and cards with prices of their own.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{merchant, with};
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
    put_orders(market)
}

/// Orders in every state; two preorders are late.
fn put_orders(market: &mut Market) -> Result<(), String> {
    const HOUR: i64 = 60 * 60;
    const DAY: i64 = 24 * HOUR;
    let kaspi = |code: u32, card: u32, state: &str, status: &str, ago: i64| {
        json!({ "code": (400_000_000 + code).to_string(), "merchant": "30000001", "sku": sku(card),
                "state": state, "status": status, "created_seconds_ago": ago, "planned_in_seconds": 2 * DAY - ago })
    };
    let own = |code: u32, card: u32, state: &str, mode: &str, ago: i64| {
        let order = kaspi(code, card, state, "ACCEPTED_BY_MERCHANT", ago);
        with(
            with(order, "kaspi_delivery", json!(false)),
            "delivery_mode",
            json!(mode),
        )
    };
    let preorder = |order: Value, planned_in: i64| {
        with(
            with(order, "pre_order", json!(true)),
            "planned_in_seconds",
            json!(planned_in),
        )
    };
    let (new, approved) = ("NEW", "APPROVED_BY_BANK");
    let (active, accepted, archive) = ("KASPI_DELIVERY", "ACCEPTED_BY_MERCHANT", "ARCHIVE");
    let orders = [
        kaspi(1, 1, new, approved, 2 * HOUR),
        with(
            own(2, 2, new, "DELIVERY_PICKUP", 5 * HOUR),
            "status",
            json!(approved),
        ),
        preorder(kaspi(3, 11, new, approved, DAY), 13 * DAY),
        preorder(kaspi(4, 1, active, accepted, 5 * DAY), 2 * DAY),
        preorder(kaspi(5, 11, active, accepted, 10 * DAY), -3 * DAY),
        kaspi(6, 3, active, accepted, DAY),
        with(kaspi(7, 4, active, accepted, 2 * DAY), "assembled", json!(true)),
        own(8, 5, "PICKUP", "DELIVERY_PICKUP", DAY),
        own(9, 6, "DELIVERY", "DELIVERY_LOCAL", 3 * DAY),
        kaspi(10, 7, "SIGN_REQUIRED", approved, 3 * HOUR),
        kaspi(11, 8, archive, "COMPLETED", 6 * DAY),
        with(
            kaspi(12, 9, archive, "CANCELLED", 7 * DAY),
            "cancellation_reason",
            json!("MERCHANT_OUT_OF_STOCK"),
        ),
        kaspi(13, 10, active, "KASPI_DELIVERY_RETURN_REQUESTED", 12 * DAY),
        kaspi(14, 12, archive, "RETURNED", 20 * DAY),
        preorder(kaspi(15, 11, archive, "COMPLETED", 13 * DAY), -2 * DAY),
        preorder(kaspi(16, 11, active, accepted, 12 * DAY), -DAY),
        json!({ "code": "400000101", "merchant": "30000002", "sku": "second-1", "created_seconds_ago": HOUR }),
    ];
    super::put_orders(market, orders)
}

fn sku(number: u32) -> String {
    format!("{}_{}", card(number), 200_000_001 + number)
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
        sku: sku(number),
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

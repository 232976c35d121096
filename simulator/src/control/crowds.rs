//! Many things in one call: a large assortment, a crowd of rivals, points of service, the end of files.

use std::collections::BTreeMap;

use actix_web::Responder;
use actix_web::web::{self, Data, Json, ServiceConfig};
use serde::Deserialize;

use super::{done, refused};
use crate::call::Shared;
use crate::market::cities::ALMATY;
use crate::market::offer::{Availability, OfferSpec, Point};
use crate::market::rivals::{Behaviour, Rival};

pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/control/offers/many", web::post().to(many_offers))
        .route("/control/rivals/crowd", web::post().to(crowd))
        .route("/control/points", web::post().to(points))
        .route("/control/files/end", web::post().to(end_files))
        .route("/control/reviews", web::post().to(set_reviews));
}

/// More offers, rivals or points than so many are a mistake.
const COUNT_MAX: u32 = 200_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Many {
    merchant: String,
    count: u32,
    #[serde(default = "first_card")]
    first_card: u32,
    /// Price of the first offer; each further one costs ten tenge more, and after a hundred it begins again.
    #[serde(default = "usual_price")]
    price: i64,
    /// Every so many-th offer is withdrawn.
    withdrawn_every: Option<u32>,
}

fn first_card() -> u32 {
    200_000_001
}

fn usual_price() -> i64 {
    10_000
}

async fn many_offers(shared: Data<Shared>, body: Json<Many>) -> impl Responder {
    let wanted = body.into_inner();
    if wanted.count > COUNT_MAX {
        return refused("too many");
    }
    let mut market = shared.market();
    for number in 0..wanted.count {
        let card = wanted.first_card.saturating_add(number);
        let offer = OfferSpec {
            merchant: wanted.merchant.clone(),
            sku: format!("{card}_{}", 300_000_000_u32.saturating_add(number)),
            card: card.to_string(),
            title: format!("Товар {number}"),
            brand: "Demo".to_owned(),
            category: "Goods".to_owned(),
            price: wanted.price.saturating_add(i64::from(number % 100) * 10),
            images: vec![format!("many/{card}.png")],
            withdrawn: wanted
                .withdrawn_every
                .is_some_and(|every| every > 0 && number % every == every - 1),
            ..OfferSpec::default()
        };
        if let Err(message) = market.put_offer(offer) {
            return refused(&message);
        }
    }
    done(usize::try_from(wanted.count).unwrap_or(0))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Crowd {
    card: String,
    count: u32,
    /// Price of the first rival in Almaty; each further one asks ten tenge more.
    price: i64,
}

async fn crowd(shared: Data<Shared>, body: Json<Crowd>) -> impl Responder {
    let wanted = body.into_inner();
    if wanted.count > COUNT_MAX {
        return refused("too many");
    }
    let mut market = shared.market();
    for number in 0..wanted.count {
        let price = wanted.price.saturating_add(i64::from(number) * 10);
        market.put_rival(Rival {
            card: wanted.card.clone(),
            merchant_id: format!("{}", 41_000_000_u32.saturating_add(number)),
            name: format!("Crowd {number}"),
            prices: BTreeMap::from([(ALMATY.to_owned(), price)]),
            rating: Some(4.5),
            reviews: number,
            preorder: 0,
            behaviour: Behaviour::Fixed,
            first_prices: BTreeMap::new(),
        });
    }
    done(usize::try_from(wanted.count).unwrap_or(0))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Points {
    merchant: String,
    /// So many points in Almaty after this call; every offer on sale is available at each of them.
    count: u32,
}

async fn points(shared: Data<Shared>, body: Json<Points>) -> impl Responder {
    let wanted = body.into_inner();
    let mut market = shared.market();
    let Some(merchant) = market.merchants.get_mut(&wanted.merchant) else {
        return refused("no such merchant");
    };
    for number in 1..=wanted.count.min(1000) {
        let id = format!("PP{number}");
        if merchant.points.iter().all(|point| point.id != id) {
            merchant.points.push(Point {
                id,
                city: ALMATY.to_owned(),
                enabled: true,
                is_virtual: false,
                display_name: None,
            });
        }
    }
    let stores: Vec<String> = merchant
        .points
        .iter()
        .map(|point| merchant.store_id(point))
        .collect();
    let specs: Vec<OfferSpec> = market
        .shelves
        .get(&wanted.merchant)
        .into_iter()
        .flat_map(|shelf| shelf.iter())
        .filter(|offer| offer.listed.on_sale())
        .map(|offer| offer.spec())
        .collect();
    for mut spec in specs {
        let mut availabilities = spec.availabilities.take().unwrap_or_default();
        for store_id in &stores {
            if availabilities.iter().all(|known| known.store_id != *store_id) {
                availabilities.push(Availability {
                    store_id: store_id.clone(),
                    available: true,
                    stock_count: None,
                    pre_order: 0,
                    stock_enabled: false,
                });
            }
        }
        spec.availabilities = Some(availabilities);
        if let Err(message) = market.put_offer(spec) {
            return refused(&message);
        }
    }
    done(stores.len())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndFiles {
    merchant: String,
    status: String,
}

async fn end_files(shared: Data<Shared>, body: Json<EndFiles>) -> impl Responder {
    done(shared.market().end_files(&body.merchant, &body.status))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reviews {
    card: String,
    count: u32,
    rating: f64,
}

async fn set_reviews(shared: Data<Shared>, body: Json<Reviews>) -> impl Responder {
    let wanted = body.into_inner();
    shared
        .market()
        .reviews
        .insert(wanted.card, (wanted.count, wanted.rating));
    done(1)
}

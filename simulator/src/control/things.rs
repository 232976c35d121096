//! Merchants, offers and rivals: create, replace, change, remove.

use actix_web::Responder;
use actix_web::web::{self, Data, Json, ServiceConfig};
use serde::Deserialize;
use serde_json::Value;

use super::{done, many, merged, refused};
use crate::call::Shared;
use crate::market::offer::{Merchant, OfferSpec};
use crate::market::orders::OrderSpec;
use crate::market::rivals::{Behaviour, Rival};

pub fn routes(config: &mut ServiceConfig) {
    config
        .route("/control/merchants", web::post().to(put_merchants))
        .route("/control/merchants", web::patch().to(change_merchants))
        .route("/control/offers", web::post().to(put_offers))
        .route("/control/offers", web::patch().to(change_offers))
        .route("/control/offers", web::delete().to(remove_offers))
        .route("/control/rivals", web::post().to(put_rivals))
        .route("/control/rivals", web::delete().to(remove_rivals))
        .route("/control/orders", web::post().to(put_orders))
        .route("/control/rivals/behaviour", web::post().to(set_behaviour));
}

async fn put_merchants(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let merchants = match many::<Merchant>(body.into_inner()) {
        Ok(merchants) => merchants,
        Err(message) => return refused(&message),
    };
    let mut market = shared.market();
    let count = merchants.len();
    for merchant in merchants {
        market.merchants.insert(merchant.uid.clone(), merchant);
    }
    done(count)
}

async fn change_merchants(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let changes = match many::<Value>(body.into_inner()) {
        Ok(changes) => changes,
        Err(message) => return refused(&message),
    };
    let mut market = shared.market();
    for change in &changes {
        let uid = change.get("uid").and_then(Value::as_str).unwrap_or_default();
        let Some(merchant) = market.merchants.get_mut(uid) else {
            return refused("no such merchant");
        };
        match merged(merchant, change) {
            Ok(changed) => *merchant = changed,
            Err(message) => return refused(&message),
        }
    }
    done(changes.len())
}

async fn put_offers(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let offers = match many::<OfferSpec>(body.into_inner()) {
        Ok(offers) => offers,
        Err(message) => return refused(&message),
    };
    let mut market = shared.market();
    let count = offers.len();
    for offer in offers {
        if let Err(message) = market.put_offer(offer) {
            return refused(&message);
        }
    }
    done(count)
}

async fn change_offers(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let changes = match many::<Value>(body.into_inner()) {
        Ok(changes) => changes,
        Err(message) => return refused(&message),
    };
    let mut market = shared.market();
    for change in &changes {
        let text = |name: &str| change.get(name).and_then(Value::as_str).unwrap_or_default();
        let Some(spec) = market
            .offer(text("merchant"), text("sku"))
            .map(crate::market::offer::Offer::spec)
        else {
            return refused("no such offer");
        };
        if let Err(message) = merged(&spec, change).and_then(|spec| market.put_offer(spec)) {
            return refused(&message);
        }
    }
    done(changes.len())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfferKey {
    merchant: String,
    sku: String,
}

async fn remove_offers(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let keys = match many::<OfferKey>(body.into_inner()) {
        Ok(keys) => keys,
        Err(message) => return refused(&message),
    };
    let mut market = shared.market();
    done(
        keys.iter()
            .filter(|key| market.remove_offer(&key.merchant, &key.sku))
            .count(),
    )
}

async fn put_rivals(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let rivals = match many::<Rival>(body.into_inner()) {
        Ok(rivals) => rivals,
        Err(message) => return refused(&message),
    };
    let mut market = shared.market();
    let count = rivals.len();
    rivals.into_iter().for_each(|rival| market.put_rival(rival));
    done(count)
}

async fn put_orders(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let orders = match many::<OrderSpec>(body.into_inner()) {
        Ok(orders) => orders,
        Err(message) => return refused(&message),
    };
    let mut market = shared.market();
    let count = orders.len();
    for order in orders {
        if let Err(message) = market.put_order(order) {
            return refused(&message);
        }
    }
    done(count)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RivalKey {
    card: String,
    /// Absent: every rival of the card.
    merchant_id: Option<String>,
}

async fn remove_rivals(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let keys = match many::<RivalKey>(body.into_inner()) {
        Ok(keys) => keys,
        Err(message) => return refused(&message),
    };
    let mut market = shared.market();
    done(
        keys.iter()
            .map(|key| market.remove_rivals(&key.card, key.merchant_id.as_deref()))
            .sum(),
    )
}

#[derive(Deserialize)]
struct BehaviourOf {
    card: String,
    /// Absent: every rival of the card.
    merchant_id: Option<String>,
    #[serde(flatten)]
    behaviour: Behaviour,
}

async fn set_behaviour(shared: Data<Shared>, body: Json<Value>) -> impl Responder {
    let wanted = match many::<BehaviourOf>(body.into_inner()) {
        Ok(wanted) => wanted,
        Err(message) => return refused(&message),
    };
    let mut market = shared.market();
    let set = |one: &BehaviourOf| market.set_behaviour(&one.card, one.merchant_id.as_deref(), &one.behaviour);
    done(wanted.iter().map(set).sum())
}

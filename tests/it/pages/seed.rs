//! What the pages show: products with a market, decisions and pushes.

use diesel::prelude::*;
use kaspi_panel::{
    domain::{
        DecisionId, Outcome, ProductId, PushOrigin, PushState, Role, StoreId, Tenge, UserId,
        offer::{Market, MarketOffer},
        pricing::{self, Input, Limits, Rule, Worth},
    },
    schema::{price_pushes, product_prices, products, store_access},
    store::{
        decisions::{StoredDecision, decision_record},
        market::{Reading, market_record},
        pushes::{NewPush, push_insert},
    },
};
use serde_json::json;

use crate::support::now;

/// The city of every fixture.
pub const CITY: &str = "750000000";

/// A store seen with the eyes of `user` as well.
pub fn db_access(conn: &mut PgConnection, store: StoreId, user: UserId, role: Role) {
    diesel::insert_into(store_access::table)
        .values((
            store_access::store_id.eq(store),
            store_access::user_id.eq(user),
            store_access::role.eq(role),
            store_access::created_at.eq(now()),
        ))
        .execute(conn)
        .unwrap();
}

/// Floor, ceiling, opt-in and version of a product, as stored.
pub fn db_limits(conn: &mut PgConnection, product: ProductId) -> (Option<i64>, Option<i64>, bool, i32) {
    products::table
        .find(product)
        .select((
            products::floor_tenge,
            products::ceiling_tenge,
            products::repricing_enabled,
            products::version,
        ))
        .first::<(Option<Tenge>, Option<Tenge>, bool, i32)>(conn)
        .map(|(floor, ceiling, on, version)| (floor.map(|t| t.0), ceiling.map(|t| t.0), on, version))
        .unwrap()
}

/// The market of a card: own shop at `own`, rivals by merchant and price.
pub fn market_of(merchant: &str, own: i64, rivals: &[(&str, i64)]) -> Market {
    let sellers = std::iter::once((merchant, own)).chain(rivals.iter().copied());
    let mut offers: Vec<MarketOffer> = sellers
        .map(|(id, price)| MarketOffer {
            merchant_id: id.to_owned(),
            merchant_name: format!("Shop {id}"),
            price: Tenge(price),
            rating_centi: Some(480),
            reviews: 96,
            preorder_days: 0,
            delivery: Some("TOMORROW".to_owned()),
        })
        .collect();
    offers.sort_by_key(|offer| offer.price);
    Market {
        total: u32::try_from(offers.len()).unwrap(),
        complete: true,
        offers,
    }
}

/// The same market as the deciding function takes it.
fn evidence_of(market: &Market) -> pricing::Market {
    pricing::Market {
        taken_at: now(),
        complete: market.complete,
        total: i64::from(market.total),
        offers: market
            .offers
            .iter()
            .map(|offer| pricing::Offer {
                merchant: Some(offer.merchant_id.clone()),
                price: Some(offer.price.0),
                rating: offer.rating_centi.map(pricing::Rating::from_centi),
                reviews: Some(offer.reviews.into()),
                delivery: offer.delivery.clone(),
                preorder_days: Some(offer.preorder_days.into()),
            })
            .collect(),
    }
}

/// Lets the deciding function decide about a product and keeps market and decision, as the robot does.
pub fn db_decision(
    conn: &mut PgConnection,
    product: ProductId,
    merchant: &str,
    rivals: &[(&str, i64)],
) -> (DecisionId, Outcome, Option<Tenge>) {
    let (store, card, floor, ceiling): (StoreId, String, Option<Tenge>, Option<Tenge>) = products::table
        .find(product)
        .select((
            products::store_id,
            products::card_id.assume_not_null(),
            products::floor_tenge,
            products::ceiling_tenge,
        ))
        .first(conn)
        .unwrap();
    let price: Tenge = product_prices::table
        .find((product, CITY))
        .select(product_prices::price_tenge)
        .first(conn)
        .unwrap();
    let market = market_of(merchant, price.0, rivals);
    let reading = Reading {
        card_id: &card,
        city_id: CITY,
        market: &market,
        taken_at: now(),
    };
    market_record(conn, &[reading]).unwrap();
    let input = Input {
        now: now(),
        product: pricing::Product {
            merchant: merchant.to_owned(),
            price,
            stock: Some(5),
            preorder_days: 0,
            rating: None,
            delivery: None,
            alone_streak: 0,
            last_change_at: None,
            opening_price: None,
            changes_today: 0,
            locked_until: None,
        },
        own_merchants: vec![merchant.to_owned()],
        limits: Limits { floor, ceiling },
        economics: None,
        rule: Rule::default(),
        own_stores: None,
        wars: Vec::new(),
        market: Some(evidence_of(&market)),
        market_max_age_seconds: 120,
    };
    let decision = pricing::decide(&input);
    let stored = StoredDecision {
        id: DecisionId::new(),
        store_id: store,
        product_id: product,
        city_id: CITY.to_owned(),
        decided_at: now(),
        decision_version: pricing::DECISION_VERSION,
        outcome: decision.outcome,
        current_tenge: price,
        price_tenge: decision.price,
        target_tenge: decision.target,
        place: decision.place,
        competitors: Some(decision.competitors),
        best_rival_tenge: decision.best_rival,
        reasons: json!(decision.reasons),
        flags: json!(decision.flags),
        input: json!(input),
        shadow: false,
    };
    let id = decision_record(conn, &[stored]).unwrap()[0];
    (id, decision.outcome, decision.price)
}

/// A push of the robot that came to `state`.
pub fn db_push(
    conn: &mut PgConnection,
    (store, product): (StoreId, ProductId),
    decision: Option<DecisionId>,
    (before, after): (i64, i64),
    (state, reason): (PushState, Option<&str>),
) {
    let new = NewPush {
        store_id: store,
        product_id: product,
        decision_id: decision,
        origin: PushOrigin::Robot,
        actor_id: None,
        market_taken_at: Some(now()),
        lowest_tenge: Tenge(1),
        worth: Worth::COSMETIC,
        cities: vec![(CITY.to_owned(), Tenge(before), Tenge(after))],
        restore_image: None,
    };
    let id = push_insert(conn, &[new], &[], now()).unwrap()[0];
    diesel::update(price_pushes::table.find(id))
        .set((
            price_pushes::state.eq(state),
            price_pushes::reason.eq(reason),
            price_pushes::sent_at.eq(now()),
            price_pushes::finished_at.eq(state.is_final().then(now)),
        ))
        .execute(conn)
        .unwrap();
}

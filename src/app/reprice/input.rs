//! Everything that a decision depends on, gathered from the tables and the card as just read.

use chrono::{DateTime, Utc};

use crate::{
    domain::{
        offer::{Market, MarketOffer},
        pricing::{self, Candidate, Input, OwnStores, Rating, Rule, Strategy},
    },
    store::{
        PgConnection, StoreError,
        decisions::{DueProduct, decision_list_newest, due_product_siblings},
        products::Product,
        pushes::{almaty_day, push_count_confirmed_today},
        rules::rules_of_products,
        stores::store_own_merchants,
        tariffs::tariffs_load,
        terms::terms_of_products,
    },
};

/// A snapshot older than this is no evidence, in seconds (pricing rules, evidence gate).
const MARKET_MAX_AGE_SECONDS: i64 = 120;

/// The kind of strategy under which a rule is refused that cannot be read.
const UNREADABLE: &str = "unreadable";

/// The input about one product. Where its costs are not known all, only floor and ceiling limit the price.
pub(super) fn build(
    conn: &mut PgConnection,
    due: &DueProduct,
    market: Option<&Market>,
    now: DateTime<Utc>,
) -> Result<Input, StoreError> {
    let (product, price, store) = (&due.product, &due.price, &due.store);
    let (day, tariffs) = (almaty_day(now), tariffs_load(conn)?);
    let terms = terms_of_products(conn, &[product.id])?
        .remove(&product.id)
        .unwrap_or_default();
    let own_offer = own_offer(market, due);
    let opening_price = price
        .opening_price_tenge
        .filter(|_| price.opening_date == Some(day));
    Ok(Input {
        now,
        product: pricing::Product {
            merchant: store.merchant_id.clone(),
            price: price.price_tenge,
            stock: product.stock.map(i64::from),
            preorder_days: product.preorder_days.into(),
            rating: own_offer.and_then(rating),
            delivery: own_offer.and_then(|offer| offer.delivery.clone()),
            alone_streak: product.alone_streak.into(),
            last_change_at: price.changed_at,
            opening_price,
            changes_today: push_count_confirmed_today(conn, product.id, now)?,
            locked_until: product.locked_until,
        },
        own_merchants: store_own_merchants(conn, store.owner_id)?,
        limits: terms.limits(),
        economics: terms.economics(&tariffs, day).ok(),
        rule: rule(conn, product, &store.name)?,
        own_stores: own_stores(conn, due, market, now)?,
        market: market.map(|market| evidence(market, now)),
        market_max_age_seconds: MARKET_MAX_AGE_SECONDS,
    })
}

/// The nearest rule; the careful defaults where there is none. One that cannot be read is refused, for nobody
/// knows what it would have forbidden. A strategy named with the product itself takes the place of the rule's.
fn rule(conn: &mut PgConnection, product: &Product, store: &str) -> Result<Rule, StoreError> {
    let row = rules_of_products(conn, &[product.id])?.remove(&product.id);
    let mut rule = match row {
        None => Rule::default(),
        Some(row) => serde_json::from_value(row.definition).unwrap_or_else(|error| {
            tracing::error!(store, rule.id = %row.id, %error, "a rule cannot be read; its products are left alone");
            Rule {
                strategy: unavailable(UNREADABLE),
                ..Rule::default()
            }
        }),
    };
    if let Some(kind) = product.strategy.as_deref()
        && kind != rule.strategy.kind()
        && rule.strategy != unavailable(UNREADABLE)
    {
        rule.strategy = Strategy::named(kind).unwrap_or_else(|| unavailable(kind));
    }
    Ok(rule)
}

fn unavailable(kind: &str) -> Strategy {
    Strategy::Unavailable {
        kind: kind.to_owned(),
    }
}

fn evidence(market: &Market, now: DateTime<Utc>) -> pricing::Market {
    pricing::Market {
        taken_at: now,
        complete: market.complete,
        total: i64::from(market.total),
        offers: market
            .offers
            .iter()
            .map(|offer| pricing::Offer {
                merchant: Some(offer.merchant_id.clone()),
                price: Some(offer.price.0),
                rating: rating(offer),
                reviews: Some(offer.reviews.into()),
                delivery: offer.delivery.clone(),
                preorder_days: Some(offer.preorder_days.into()),
            })
            .collect(),
    }
}

fn own_offer<'m>(market: Option<&'m Market>, due: &DueProduct) -> Option<&'m MarketOffer> {
    let merchant = &due.store.merchant_id;
    market?.offers.iter().find(|offer| offer.merchant_id == *merchant)
}

fn rating(offer: &MarketOffer) -> Option<Rating> {
    offer.rating_centi.map(Rating::from_centi)
}

/// Who leads, where several stores of the owner sell the card in this city; `None` where it is alone or
/// nobody can lead. The last decision about any of them tells who led so far.
fn own_stores(
    conn: &mut PgConnection,
    due: &DueProduct,
    market: Option<&Market>,
    now: DateTime<Utc>,
) -> Result<Option<OwnStores>, StoreError> {
    let (Some(card_id), store) = (&due.product.card_id, &due.store) else {
        return Ok(None);
    };
    let siblings = due_product_siblings(conn, store.owner_id, card_id, &store.main_city_id)?;
    if siblings.len() < 2 {
        return Ok(None);
    }
    let ids: Vec<_> = siblings.iter().map(|sibling| sibling.product.id).collect();
    let last = decision_list_newest(conn, &ids)?
        .into_iter()
        .filter_map(|decision| {
            let own = decision.input.get("own_stores")?.clone();
            Some((
                decision.decided_at,
                serde_json::from_value::<OwnStores>(own).ok()?,
            ))
        })
        .max_by_key(|(decided_at, _)| *decided_at)
        .map(|(_, own)| own);
    let (day, tariffs) = (almaty_day(now), tariffs_load(conn)?);
    let mut terms = terms_of_products(conn, &ids)?;
    let candidates: Vec<Candidate> = siblings
        .iter()
        .map(|sibling| {
            let terms = terms.remove(&sibling.product.id).unwrap_or_default();
            let offer = own_offer(market, sibling);
            Candidate {
                merchant: sibling.store.merchant_id.clone(),
                stock: sibling.product.stock.map(i64::from),
                limits: terms.limits(),
                economics: terms.economics(&tariffs, day).ok(),
                rating: offer.and_then(rating),
                delivery_rank: offer
                    .and_then(|offer| offer.delivery.as_deref())
                    .and_then(pricing::delivery_rank),
            }
        })
        .collect();
    let cheapest = market.and_then(|market| {
        let outside = market.offers.iter().filter(|offer| {
            !siblings
                .iter()
                .any(|sibling| sibling.store.merchant_id == offer.merchant_id)
        });
        outside.map(|offer| offer.price).min()
    });
    let reigning = last.as_ref().map(|own| (own.champion.as_str(), own.since));
    let Some((champion, since)) = pricing::champion(&candidates, cheapest, reigning, now) else {
        return Ok(None);
    };
    let price = siblings
        .iter()
        .find(|sibling| sibling.store.merchant_id == champion)
        .map(|sibling| sibling.price.price_tenge);
    Ok(price.map(|price| OwnStores {
        champion,
        price,
        gap: pricing::GAP,
        since,
    }))
}

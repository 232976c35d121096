//! Everything that a decision depends on, gathered from the tables for a batch of products ([`Known::gather`]) and
//! put together with each card as just read ([`build`]). Nothing here asks the database for a single product.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::wars::Wars;
use crate::{
    domain::{
        ProductId, RuleId, UserId,
        offer::{Market, MarketOffer},
        pricing::{self, Candidate, Economics, Input, OwnStores, Rating, Rule, Strategy},
        tariffs::Tariffs,
        terms::Terms,
    },
    store::{
        PgConnection, StoreError,
        decisions::decision_list_newest,
        due_products::{DueProduct, due_product_siblings},
        products::Product,
        pushes::{almaty_day, push_count_confirmed_today},
        rules::{RuleRow, rules_of_products},
        stores::store_own_merchants,
        tariffs::tariffs_load,
        terms::terms_of_products,
    },
};

/// The kind of strategy under which a rule is refused that cannot be read.
const UNREADABLE: &str = "unreadable";

/// Owner, card and city: the products of one owner there must not compete.
type Shared = (UserId, String, String);

/// What the tables know about the products of a batch.
pub(super) struct Known {
    own_merchants: HashMap<UserId, Vec<String>>,
    /// The nearest rule of each product that has one.
    rules: HashMap<ProductId, RuleId>,
    definitions: HashMap<RuleId, Rule>,
    tariffs: Tariffs,
    /// Limits and costs of the products and their siblings.
    terms: HashMap<ProductId, Terms>,
    changes_today: HashMap<ProductId, i64>,
    wars: Wars,
    /// Only where several products of an owner share a card in a city.
    siblings: HashMap<Shared, Vec<DueProduct>>,
    /// Who led by the last decision about a sibling, and when that was decided.
    led: HashMap<ProductId, (DateTime<Utc>, OwnStores)>,
}

impl Known {
    /// Asks the tables about these products.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn gather(
        conn: &mut PgConnection,
        batch: &[&DueProduct],
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let products: Vec<ProductId> = batch.iter().map(|due| due.product.id).collect();
        let mut owners: Vec<UserId> = batch.iter().map(|due| due.store.owner_id).collect();
        owners.sort_unstable();
        owners.dedup();
        let cards: Vec<&str> = batch
            .iter()
            .filter_map(|due| due.product.card_id.as_deref())
            .collect();
        let nearest = rules_of_products(conn, &products)?;
        let (mut rules, mut definitions) = (HashMap::new(), HashMap::new());
        for (product, row) in nearest {
            rules.insert(product, row.id);
            definitions.entry(row.id).or_insert_with(|| definition(row));
        }
        let mut siblings: HashMap<Shared, Vec<DueProduct>> = HashMap::new();
        for sibling in due_product_siblings(conn, &owners, &cards)? {
            if let Some(shared) = shared(&sibling) {
                siblings.entry(shared).or_default().push(sibling);
            }
        }
        let sharing: Vec<ProductId> = siblings.values().flatten().map(|due| due.product.id).collect();
        let with_siblings: Vec<ProductId> = products.iter().chain(&sharing).copied().collect();
        Ok(Self {
            own_merchants: store_own_merchants(conn, &owners)?,
            rules,
            definitions,
            tariffs: tariffs_load(conn)?,
            terms: terms_of_products(conn, &with_siblings)?,
            changes_today: push_count_confirmed_today(conn, &products, now)?,
            wars: Wars::gather(conn, batch, now)?,
            siblings,
            led: led(conn, &sharing)?,
        })
    }

    /// Floor, ceiling and costs of a product or a sibling.
    fn limits(&self, id: ProductId, day: NaiveDate) -> (pricing::Limits, Option<Economics>) {
        let terms = self.terms.get(&id).cloned().unwrap_or_default();
        (terms.limits(), terms.economics(&self.tariffs, day).ok())
    }

    /// The nearest rule; the careful defaults where there is none. A strategy named with the product itself takes
    /// the place of the rule's.
    fn rule(&self, product: &Product) -> Rule {
        let nearest = self.rules.get(&product.id);
        let rule = nearest
            .and_then(|id| self.definitions.get(id))
            .cloned()
            .unwrap_or_default();
        if rule.strategy == unavailable(UNREADABLE) {
            return rule;
        }
        rule.played_for(product.strategy.as_deref())
    }
}

/// The input about one product. Where its costs are not known all, only floor and ceiling limit the price.
pub(super) fn build(
    known: &Known,
    due: &DueProduct,
    market: Option<(&Market, DateTime<Utc>)>,
    now: DateTime<Utc>,
) -> Input {
    let (product, price, store) = (&due.product, &due.price, &due.store);
    let (offers, day) = (market.map(|(market, _)| market), almaty_day(now));
    let (limits, economics) = known.limits(product.id, day);
    let own_offer = own_offer(offers, due);
    let opening_price = price
        .opening_price_tenge
        .filter(|_| price.opening_date == Some(day));
    let own_merchants = known.own_merchants.get(&store.owner_id).cloned();
    let (own_merchants, rule) = (own_merchants.unwrap_or_default(), known.rule(product));
    Input {
        now,
        wars: known.wars.about(due, &rule, &own_merchants, now),
        product: pricing::Product {
            merchant: store.merchant_id.clone(),
            price: price.price_tenge,
            stock: product.stock.map(i64::from),
            preorder_days: product.preorder_days.into(),
            rating: own_offer.and_then(rating),
            delivery: own_offer.and_then(|offer| offer.delivery.clone()),
            alone_streak: due.alone_streak.into(),
            last_change_at: price.changed_at,
            opening_price,
            changes_today: known.changes_today.get(&product.id).copied().unwrap_or_default(),
            locked_until: product.locked_until,
        },
        own_merchants,
        limits,
        economics,
        rule,
        own_stores: own_stores(known, due, offers, now),
        market: market.map(|(market, read_at)| evidence(market, read_at)),
        market_max_age_seconds: pricing::MARKET_MAX_AGE_SECONDS,
    }
}

/// A rule that cannot be read is refused, for nobody knows what it would have forbidden.
fn definition(row: RuleRow) -> Rule {
    serde_json::from_value(row.definition).unwrap_or_else(|error| {
        tracing::error!(rule.id = %row.id, rule.name = row.name, %error, "a rule cannot be read; its products are left alone");
        Rule {
            strategy: unavailable(UNREADABLE),
            ..Rule::default()
        }
    })
}

fn unavailable(kind: &str) -> Strategy {
    Strategy::Unavailable {
        kind: kind.to_owned(),
    }
}

fn evidence(market: &Market, taken_at: DateTime<Utc>) -> pricing::Market {
    pricing::Market {
        taken_at,
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

fn shared(due: &DueProduct) -> Option<Shared> {
    let card = due.product.card_id.clone()?;
    Some((due.store.owner_id, card, due.store.main_city_id.clone()))
}

fn led(
    conn: &mut PgConnection,
    products: &[ProductId],
) -> Result<HashMap<ProductId, (DateTime<Utc>, OwnStores)>, StoreError> {
    if products.is_empty() {
        return Ok(HashMap::new());
    }
    let decisions = decision_list_newest(conn, products)?.into_iter();
    Ok(decisions
        .filter_map(|decision| {
            let own = serde_json::from_value(decision.input.get("own_stores")?.clone()).ok()?;
            Some((decision.product_id, (decision.decided_at, own)))
        })
        .collect())
}

/// Who leads, where several stores of the owner sell the card in this city; `None` where it is alone or
/// nobody can lead. The last decision about any of them tells who led so far.
fn own_stores(
    known: &Known,
    due: &DueProduct,
    market: Option<&Market>,
    now: DateTime<Utc>,
) -> Option<OwnStores> {
    let siblings = known.siblings.get(&shared(due)?)?;
    let last = siblings
        .iter()
        .filter_map(|sibling| known.led.get(&sibling.product.id))
        .max_by_key(|(decided_at, _)| *decided_at)
        .map(|(_, own)| own);
    let day = almaty_day(now);
    let candidates: Vec<Candidate> = siblings
        .iter()
        .map(|sibling| {
            let (limits, economics) = known.limits(sibling.product.id, day);
            let offer = own_offer(market, sibling);
            Candidate {
                merchant: sibling.store.merchant_id.clone(),
                stock: sibling.product.stock.map(i64::from),
                limits,
                economics,
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
    let reigning = last.map(|own| (own.champion.as_str(), own.since));
    let (champion, since) = pricing::champion(&candidates, cheapest, reigning, now)?;
    let price = siblings
        .iter()
        .find(|sibling| sibling.store.merchant_id == champion)
        .map(|sibling| sibling.price.price_tenge)?;
    Some(OwnStores {
        champion,
        price,
        gap: pricing::GAP,
        since,
    })
}

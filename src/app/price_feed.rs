//! The XML price list that the marketplace fetches: whole or refused, never empty or half-built.

pub mod setup;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::PgConnection;
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{
    alerts::{NewAlert, raise, resolve},
    push_prices::is_braked,
};
use crate::{
    domain::{
        AlertKind, FeedRefusal, ProductId, PushState, StoreId, Tenant, Tenge,
        pricing::brought_inside,
        product::{Availability, LOWEST_PRICE},
        tariffs::Tariffs,
        terms::Terms,
    },
    secrets::hash_of_random_key,
    services::Services,
    sheets::price_list_xml::{Offer, known_to_xml, write_price_list},
    store::{
        StoreError,
        price_feeds::{
            FeedFetch, FeedProduct, PriceFeed, feed_fetch, feed_fetch_by_address_for_update,
            feed_fetch_count, feed_fetch_insert, feed_points, feed_products, feed_set_content,
            feed_wanted_pushes,
        },
        products::product_city_prices,
        pushes::{almaty_day, push_cities},
        stores::{Store, store_fetch},
        tariffs::tariffs_load,
        terms::terms_of_products,
    },
};

/// A catalogue that was read longer ago is no ground for a price list.
const SYNC_AGE: TimeDelta = TimeDelta::hours(24);
/// Longest article that the marketplace takes.
const SKU_CHARS: usize = 64;
/// Offers that a list may hold.
const OFFERS: i64 = 100_000;
/// Fetches of one list in a minute; the marketplace comes once an hour.
const FETCHES_A_MINUTE: i64 = 20;

/// A refusal with what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub why: FeedRefusal,
    /// The product, as people name it; empty: the store.
    pub product: String,
}

impl Refused {
    /// What it is about, for English sentences.
    #[must_use]
    pub fn subject(&self) -> &str {
        if self.product.is_empty() {
            "the store"
        } else {
            &self.product
        }
    }

    fn store(why: FeedRefusal) -> Self {
        Self {
            why,
            product: String::new(),
        }
    }
}

/// A complete price list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceList {
    /// The XML.
    pub bytes: Vec<u8>,
    /// Strong tag of these bytes, with its quotes.
    pub etag: String,
    /// Since when it says so.
    pub modified_at: DateTime<Utc>,
    offers: i32,
    content_hash: Vec<u8>,
}

/// Why there is no list for somebody who asks by a store's key.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// There is no such store for this actor.
    #[error("there is no such store")]
    NotFound,
    /// No complete list can be made.
    #[error("there is no complete price list: {} {}", .0.why, .0.product)]
    Refused(Refused),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The present list of a store; nothing is noted.
///
/// # Errors
/// See [`FeedError`].
pub async fn build_feed(
    services: &Services,
    tenant: Tenant,
    store_id: StoreId,
) -> Result<PriceList, FeedError> {
    let now = services.now();
    services
        .db
        .read(move |conn| {
            let store = store_fetch(conn, tenant, store_id)?.ok_or(FeedError::NotFound)?;
            let feed = feed_fetch(conn, store_id)?.unwrap_or_else(|| PriceFeed::unset(store_id, now));
            build(conn, &store, &feed, now)?.map_err(FeedError::Refused)
        })
        .await
}

/// Who fetches, and what he has already.
#[derive(Debug, Clone, Default)]
pub struct Fetcher {
    /// Name and password, where he brings them.
    pub credentials: Option<(String, String)>,
    /// Tags of what he has.
    pub etags: Vec<String>,
    /// What he has is from then; counts only without tags.
    pub since: Option<DateTime<Utc>>,
    /// From where.
    pub address: String,
    /// What he calls himself.
    pub agent: String,
}

/// What somebody who fetches gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Served {
    /// There is no such address.
    NotFound,
    /// Name and password are wanted, or others.
    Unauthenticated,
    /// Too often.
    TooMany,
    /// There is no complete list.
    Refused(Refused),
    /// He has it already.
    NotModified(PriceList),
    /// The list.
    List(PriceList),
}

/// The price list behind an address. Every fetch of an address that exists is noted.
///
/// # Errors
/// See [`StoreError`].
pub async fn serve_feed(services: &Services, secret: &str, fetcher: Fetcher) -> Result<Served, StoreError> {
    let (hash, now) = (hash_of_random_key(secret), services.now());
    services
        .db
        .tx(move |conn| {
            let feed =
                feed_fetch_by_address_for_update(conn, &hash)?.filter(|feed| feed.publishing.has_feed());
            let Some(feed) = feed else {
                return Ok(Served::NotFound);
            };
            if feed_fetch_count(conn, feed.store_id, now - TimeDelta::minutes(1))? >= FETCHES_A_MINUTE {
                return Ok(Served::TooMany);
            }
            let served = if let_in(&feed, fetcher.credentials.as_ref()) {
                list_for(conn, &feed, &fetcher, now)?
            } else {
                Served::Unauthenticated
            };
            feed_fetch_insert(conn, &noted(feed.store_id, &served, &fetcher, now))?;
            Ok(served)
        })
        .await
}

fn let_in(feed: &PriceFeed, credentials: Option<&(String, String)>) -> bool {
    let (Some(username), Some(password)) = (&feed.username, &feed.password_hash) else {
        return true;
    };
    credentials.is_some_and(|(name, word)| {
        let given = hash_of_random_key(word);
        bool::from(name.as_bytes().ct_eq(username.as_bytes()) & given.ct_eq(password))
    })
}

fn list_for(
    conn: &mut PgConnection,
    feed: &PriceFeed,
    fetcher: &Fetcher,
    now: DateTime<Utc>,
) -> Result<Served, StoreError> {
    let Some(store) = store_fetch(conn, Tenant::All, feed.store_id)? else {
        return Ok(Served::NotFound);
    };
    let list = match build(conn, &store, feed, now)? {
        Ok(list) => list,
        Err(refused) => {
            let alert = NewAlert {
                kind: AlertKind::FeedRefused,
                store_id: Some(store.id),
                product_id: None,
                data: json!({ "store": store.name, "reason": format!("feed_{}", refused.why), "product": refused.product }),
                times: 1,
            };
            raise(conn, &alert, now)?;
            return Ok(Served::Refused(refused));
        }
    };
    resolve(conn, &[AlertKind::FeedRefused], Some(store.id), None, now)?;
    if feed.content_hash.as_ref() != Some(&list.content_hash) {
        feed_set_content(conn, store.id, &list.content_hash, list.offers, list.modified_at)?;
    }
    let has_it = if fetcher.etags.is_empty() {
        // The header knows whole seconds only.
        fetcher
            .since
            .is_some_and(|since| list.modified_at.timestamp() <= since.timestamp())
    } else {
        fetcher.etags.iter().any(|tag| *tag == list.etag || tag == "*")
    };
    Ok(if has_it {
        Served::NotModified(list)
    } else {
        Served::List(list)
    })
}

fn noted(store_id: StoreId, served: &Served, fetcher: &Fetcher, now: DateTime<Utc>) -> FeedFetch {
    let cut = |text: &str, length: usize| text.chars().filter(|c| !c.is_control()).take(length).collect();
    let (status, detail, bytes) = match served {
        Served::NotFound => (404, None, 0),
        Served::Unauthenticated => (401, None, 0),
        Served::TooMany => (429, None, 0),
        Served::Refused(refused) => (503, Some(refused.why.to_string()), 0),
        Served::NotModified(_) => (304, None, 0),
        Served::List(list) => (200, None, list.bytes.len()),
    };
    FeedFetch {
        id: Uuid::now_v7(),
        store_id,
        at: now,
        address: cut(&fetcher.address, 64),
        agent: cut(&fetcher.agent, 200),
        status,
        detail,
        bytes: i32::try_from(bytes).unwrap_or(i32::MAX),
    }
}

/// The list as it is now. The inner error: it would not be complete, or a price on it is one that may not be asked.
fn build(
    conn: &mut PgConnection,
    store: &Store,
    feed: &PriceFeed,
    now: DateTime<Utc>,
) -> Result<Result<PriceList, Refused>, StoreError> {
    if !store.active {
        return Ok(Err(Refused::store(FeedRefusal::StoreOff)));
    }
    if store.last_sync_at.is_none_or(|at| now - at > SYNC_AGE) {
        return Ok(Err(Refused::store(FeedRefusal::NotSynced)));
    }
    let products = feed_products(conn, store.id, OFFERS + 1)?;
    let count = i32::try_from(products.len()).unwrap_or(i32::MAX);
    if products.is_empty() {
        return Ok(Err(Refused::store(FeedRefusal::Empty)));
    }
    if i64::from(count) > OFFERS {
        return Ok(Err(Refused::store(FeedRefusal::TooMany)));
    }
    if feed.offers.is_some_and(|before| is_shrunk(before, count)) {
        return Ok(Err(Refused::store(FeedRefusal::Shrunk)));
    }
    let ids: Vec<ProductId> = products.iter().map(|product| product.id).collect();
    let mut facts = Facts {
        confirmed: product_city_prices(conn, &ids)?,
        wanted: HashMap::new(),
        points: feed_points(conn, store.id)?,
        terms: terms_of_products(conn, &ids)?,
        tariffs: tariffs_load(conn)?,
        day: almaty_day(now),
    };
    if feed.publishing.feed_leads() {
        facts.wanted = wanted_prices(conn, store, now)?;
    }
    let offers: Result<Vec<Offer>, Refused> =
        products.into_iter().map(|product| facts.offer(product)).collect();
    let offers = match offers {
        Ok(offers) => offers,
        Err(refused) => return Ok(Err(refused)),
    };
    Ok(Ok(rendered(store, feed, &offers, count, now)))
}

/// Prices that are decided and not confirmed yet: those on their way, and planned ones that nothing holds, the brakes
/// before a write included.
fn wanted_prices(
    conn: &mut PgConnection,
    store: &Store,
    now: DateTime<Utc>,
) -> Result<HashMap<ProductId, Vec<(String, Tenge)>>, StoreError> {
    let mut wanted = HashMap::new();
    for push in feed_wanted_pushes(conn, store.id, now)? {
        if wanted.contains_key(&push.product_id) {
            continue;
        }
        if matches!(push.state, PushState::Planned | PushState::Claimed)
            && is_braked(conn, &push, &store.main_city_id, now)?
        {
            continue;
        }
        let cities = push_cities(conn, push.id)?;
        let prices = cities
            .into_iter()
            .map(|city| (city.city_id, city.price_tenge))
            .collect();
        wanted.insert(push.product_id, prices);
    }
    Ok(wanted)
}

/// More than a fifth gone?
fn is_shrunk(before: i32, after: i32) -> bool {
    i64::from(before - after) * 5 > i64::from(before)
}

/// The list with the day since which it says the same: that changes its bytes, and so its tag.
fn rendered(store: &Store, feed: &PriceFeed, offers: &[Offer], count: i32, now: DateTime<Utc>) -> PriceList {
    // Writing to memory does not fail.
    let write = |day| write_price_list(&store.name, &store.merchant_id, day, offers).unwrap_or_default();
    let content_hash = Sha256::digest(write(NaiveDate::MIN)).to_vec();
    let modified_at = match (&feed.content_hash, feed.modified_at) {
        (Some(before), Some(at)) if *before == content_hash => at,
        _ => now,
    };
    let bytes = write(almaty_day(modified_at));
    let etag: String = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    PriceList {
        etag: format!("\"{etag}\""),
        bytes,
        modified_at,
        offers: count,
        content_hash,
    }
}

/// What is known of the products of a store.
struct Facts {
    confirmed: HashMap<ProductId, Vec<(String, Tenge)>>,
    /// Decided and not yet confirmed, where the list leads.
    wanted: HashMap<ProductId, Vec<(String, Tenge)>>,
    points: Vec<String>,
    terms: HashMap<ProductId, Terms>,
    tariffs: Tariffs,
    day: NaiveDate,
}

impl Facts {
    fn offer(&mut self, product: FeedProduct) -> Result<Offer, Refused> {
        let named = product.sku.clone().unwrap_or_else(|| product.name.clone());
        let refuse = |why: FeedRefusal| Refused {
            why,
            product: named.clone(),
        };
        let sku = product
            .sku
            .filter(|sku| {
                !sku.trim().is_empty()
                    && sku.chars().count() <= SKU_CHARS
                    && !sku.chars().any(char::is_control)
            })
            .ok_or_else(|| refuse(FeedRefusal::NoSku))?;
        if known_to_xml(&product.name).trim().is_empty() {
            return Err(refuse(FeedRefusal::NoModel));
        }
        let mut points =
            image(product.availabilities.as_ref()).ok_or_else(|| refuse(FeedRefusal::NoPoints))?;
        if points.is_empty() {
            if product.on_sale {
                return Err(refuse(FeedRefusal::NoPoints));
            }
            points = self.points.iter().map(|point| off_sale(point)).collect();
        }
        for point in points.iter_mut().filter(|_| !product.on_sale) {
            point.available = false;
        }
        if points.is_empty() {
            return Err(refuse(FeedRefusal::NoPoints));
        }
        let confirmed = self.confirmed.remove(&product.id).unwrap_or_default();
        if confirmed.iter().all(|(_, price)| price.0 <= 0) {
            return Err(refuse(FeedRefusal::NoPrice));
        }
        let wanted = self.wanted.remove(&product.id).unwrap_or_default();
        let prices: Vec<(String, Tenge)> = confirmed
            .into_iter()
            .filter(|(_, price)| price.0 > 0)
            .map(|(city, price)| {
                let decided = wanted.iter().find(|(wanted, _)| *wanted == city);
                let price = decided.map_or(price, |(_, price)| *price);
                (city, price)
            })
            .collect();
        // Nobody buys what is off sale: its price may be anything.
        if points.iter().any(|point| point.available) {
            self.check(product.id, &prices).map_err(refuse)?;
        }
        Ok(Offer {
            sku,
            model: product.name,
            brand: product.brand.filter(|brand| !brand.trim().is_empty()),
            points,
            prices,
        })
    }

    /// No price that the last gate would refuse for its limits.
    fn check(&self, id: ProductId, prices: &[(String, Tenge)]) -> Result<(), FeedRefusal> {
        let terms = self.terms.get(&id).cloned().unwrap_or_default();
        let (limits, economics) = (terms.limits(), terms.economics(&self.tariffs, self.day).ok());
        for (_, price) in prices {
            if *price < limits.floor.unwrap_or(LOWEST_PRICE).max(LOWEST_PRICE) {
                return Err(FeedRefusal::BelowFloor);
            }
            if limits.ceiling.is_some_and(|ceiling| *price > ceiling) {
                return Err(FeedRefusal::AboveCeiling);
            }
            if economics.is_some() && brought_inside(limits, economics.as_ref(), *price) != Some(*price) {
                return Err(FeedRefusal::BelowGoal);
            }
        }
        Ok(())
    }
}

/// The points of service as last read; `None`: they cannot be understood.
fn image(stored: Option<&serde_json::Value>) -> Option<Vec<Availability>> {
    match stored {
        None | Some(serde_json::Value::Null) => Some(Vec::new()),
        Some(stored) => serde_json::from_value(stored.clone()).ok(),
    }
}

fn off_sale(point: &str) -> Availability {
    Availability {
        point_id: point.to_owned(),
        available: false,
        stock_count: None,
        preorder_days: 0,
        stock_enabled: None,
    }
}

//! Sellers, points of service, offers and their terms. Money is whole tenge.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A seller of the simulated marketplace.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Merchant {
    pub uid: String,
    pub name: String,
    #[serde(default)]
    pub points: Vec<Point>,
    #[serde(default)]
    pub logo: Option<String>,
    /// A blocked seller's session is answered with 403.
    #[serde(default)]
    pub blocked: bool,
    #[serde(default = "usual_rating")]
    pub rating: f64,
    #[serde(default)]
    pub reviews: u32,
    /// The token of the orders interface.
    #[serde(default)]
    pub api_token: Option<String>,
}

fn usual_rating() -> f64 {
    4.7
}

/// A point of service (warehouse, shop) of a seller.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Point {
    /// The short form, `PP1`.
    pub id: String,
    /// City id, `750000000`.
    pub city: String,
    #[serde(default = "yes")]
    pub enabled: bool,
    #[serde(default, rename = "virtual")]
    pub is_virtual: bool,
    #[serde(default)]
    pub display_name: Option<String>,
}

fn yes() -> bool {
    true
}

impl Merchant {
    /// The full id of a point: `30000001_PP1`.
    pub fn store_id(&self, point: &Point) -> String {
        format!("{}_{}", self.uid, point.id)
    }

    /// The point with this full id.
    pub fn point(&self, store_id: &str) -> Option<&Point> {
        let short = store_id.strip_prefix(&self.uid)?.strip_prefix('_')?;
        self.points.iter().find(|point| point.id == short)
    }
}

/// Whether and how an offer can be had at one point.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Availability {
    pub store_id: String,
    #[serde(default = "yes")]
    pub available: bool,
    #[serde(default)]
    pub stock_count: Option<i64>,
    /// Days, 0 to 30.
    #[serde(default)]
    pub pre_order: i64,
    #[serde(default)]
    pub stock_enabled: bool,
}

/// What a seller asks for an offer: exactly the things a price change can change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Terms {
    /// The price where no city price applies; 0 when only city prices exist.
    pub price: i64,
    pub city_prices: BTreeMap<String, i64>,
    pub availabilities: Vec<Availability>,
}

impl Terms {
    /// The price in a city, if there is one.
    pub fn price_in(&self, city: &str) -> Option<i64> {
        self.city_prices
            .get(city)
            .copied()
            .or(Some(self.price))
            .filter(|price| *price > 0)
    }

    fn prices(&self) -> impl Iterator<Item = i64> {
        let base = if self.city_prices.is_empty() {
            Some(self.price)
        } else {
            None
        };
        self.city_prices
            .values()
            .copied()
            .chain(base)
            .filter(|price| *price > 0)
    }

    /// The lowest price over the cities.
    pub fn lowest(&self) -> Option<i64> {
        self.prices().min()
    }

    /// The highest price over the cities.
    pub fn highest(&self) -> Option<i64> {
        self.prices().max()
    }

    /// Whether the offer can be bought anywhere.
    pub fn on_sale(&self) -> bool {
        self.lowest().is_some() && self.availabilities.iter().any(Availability::can_sell)
    }

    /// The shortest preorder among the points that sell in a city; `None` when none sells there.
    pub fn preorder_in(&self, merchant: &Merchant, city: &str) -> Option<i64> {
        self.availabilities
            .iter()
            .filter(|availability| availability.can_sell())
            .filter(|availability| {
                merchant
                    .point(&availability.store_id)
                    .is_some_and(|point| point.enabled && point.city == city)
            })
            .map(|availability| availability.pre_order)
            .min()
    }
}

impl Availability {
    fn can_sell(&self) -> bool {
        self.available && !(self.stock_enabled && self.stock_count == Some(0))
    }
}

/// One article of a seller. The cabinet shows `listed`; buyers see `public`, which follows later.
#[derive(Clone, Debug, Serialize)]
pub struct Offer {
    pub merchant: String,
    pub sku: String,
    pub card: String,
    pub title: String,
    pub brand: String,
    pub category: String,
    pub offer_id: Option<String>,
    pub images: Vec<String>,
    pub listed: Terms,
    pub public: Terms,
    pub archived_at: Option<String>,
    pub updated_at: String,
}

impl Offer {
    /// The offer as the control interface would describe it.
    pub fn spec(&self) -> OfferSpec {
        OfferSpec {
            merchant: self.merchant.clone(),
            sku: self.sku.clone(),
            card: self.card.clone(),
            title: self.title.clone(),
            brand: self.brand.clone(),
            category: self.category.clone(),
            price: self.listed.price,
            city_prices: self.listed.city_prices.clone(),
            availabilities: Some(self.listed.availabilities.clone()),
            images: self.images.clone(),
            withdrawn: false,
        }
    }
}

/// How the control interface and the seeds describe an offer.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OfferSpec {
    pub merchant: String,
    pub sku: String,
    pub card: String,
    pub title: String,
    #[serde(default)]
    pub brand: String,
    #[serde(default)]
    pub category: String,
    #[serde(default)]
    pub price: i64,
    #[serde(default)]
    pub city_prices: BTreeMap<String, i64>,
    /// Absent: available without a stock at every enabled point.
    #[serde(default)]
    pub availabilities: Option<Vec<Availability>>,
    #[serde(default)]
    pub images: Vec<String>,
    /// Withdrawn from sale.
    #[serde(default)]
    pub withdrawn: bool,
}

//! How the marketplace writes its things as JSON: offers in the cabinet list, points, public offers.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::market::Ask;
use crate::market::cities::{self, ALMATY, CITIES};
use crate::market::offer::{Merchant, Offer, Terms};

/// A row of the cabinet list. Lists are long and asked for often, so a row is written without building a tree.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListRow<'a> {
    sku: &'a str,
    offer_id: Option<&'a str>,
    master_sku: &'a str,
    master_title: &'a str,
    title: &'a str,
    model: &'a str,
    brand: &'a str,
    brand_name: &'a str,
    merchant_uid: &'a str,
    file_id: Option<&'a str>,
    available: bool,
    archived_at: Option<&'a str>,
    price: i64,
    min_price: i64,
    max_price: i64,
    city_prices: CityPrices<'a>,
    all_city_prices: AllCityPrices<'a>,
    availabilities: Availabilities<'a>,
    points: Points<'a>,
    images: &'a [String],
    shop_link: String,
    master_category: String,
    vertical_category: &'a str,
    family_id: String,
    barcode: Option<&'a str>,
    any_pickup: bool,
    any_kaspi_delivery: bool,
    any_kaspi_delivery_local: bool,
    any_kaspi_delivery_express: bool,
    any_merchant_delivery: bool,
    attributes: [u8; 0],
    processed: bool,
    updated_at: &'a str,
}

/// An offer as the cabinet list shows it.
pub fn offer<'a>(merchant: &'a Merchant, offer: &'a Offer) -> ListRow<'a> {
    let terms = &offer.listed;
    ListRow {
        sku: &offer.sku,
        offer_id: offer.offer_id.as_deref(),
        master_sku: &offer.card,
        master_title: &offer.title,
        title: &offer.title,
        model: &offer.title,
        brand: &offer.brand,
        brand_name: &offer.brand,
        merchant_uid: &offer.merchant,
        file_id: None,
        available: terms.on_sale(),
        archived_at: offer.archived_at.as_deref(),
        price: terms.price,
        min_price: terms.lowest().unwrap_or(0),
        max_price: terms.highest().unwrap_or(0),
        city_prices: CityPrices(terms),
        all_city_prices: AllCityPrices(terms),
        availabilities: Availabilities(terms),
        points: Points(merchant, terms),
        images: &offer.images,
        shop_link: shop_link(offer),
        master_category: format!("Master - {}", offer.category),
        vertical_category: &offer.category,
        family_id: format!("{}-family", offer.card),
        barcode: None,
        any_pickup: true,
        any_kaspi_delivery: true,
        any_kaspi_delivery_local: true,
        any_kaspi_delivery_express: false,
        any_merchant_delivery: false,
        attributes: [],
        processed: true,
        updated_at: &offer.updated_at,
    }
}

/// `[{cityId, value}]`
struct CityPrices<'a>(&'a Terms);

impl Serialize for CityPrices<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct CityPrice<'a> {
            city_id: &'a str,
            value: i64,
        }
        serializer.collect_seq(self.0.city_prices.iter().map(|(city_id, value)| CityPrice {
            city_id,
            value: *value,
        }))
    }
}

/// `{cityId: {price, oldPrice, discount}}`
struct AllCityPrices<'a>(&'a Terms);

impl Serialize for AllCityPrices<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct InCity {
            price: i64,
            old_price: Option<i64>,
            discount: i64,
        }
        serializer.collect_map(CITIES.iter().filter_map(|(city, _)| {
            let price = self.0.price_in(city)?;
            let there = InCity {
                price,
                old_price: None,
                discount: 0,
            };
            Some((city, there))
        }))
    }
}

/// The points of an offer with stock and preorder.
struct Availabilities<'a>(&'a Terms);

impl Serialize for Availabilities<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct AtPoint<'a> {
            store_id: &'a str,
            available: &'static str,
            stock_count: Option<i64>,
            pre_order: i64,
            stock_enabled: bool,
            stock_specified: bool,
        }
        serializer.collect_seq(self.0.availabilities.iter().map(|point| AtPoint {
            store_id: &point.store_id,
            available: if point.available { "yes" } else { "no" },
            stock_count: point.stock_count,
            pre_order: point.pre_order,
            stock_enabled: point.stock_enabled,
            stock_specified: point.stock_count.is_some(),
        }))
    }
}

/// The short codes of the points.
struct Points<'a>(&'a Merchant, &'a Terms);

impl Serialize for Points<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = self
            .1
            .availabilities
            .iter()
            .filter_map(|point| self.0.point(&point.store_id));
        serializer.collect_seq(known.map(|point| &point.id))
    }
}

/// The address of the card on the public host, relative to it.
pub fn shop_link(offer: &Offer) -> String {
    format!("/p/{}-{}/?c={ALMATY}", slug(&offer.title), offer.card)
}

fn slug(title: &str) -> String {
    let ascii = title.to_lowercase();
    let words = ascii
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("-");
    if joined.is_empty() {
        "tovar".to_owned()
    } else {
        joined
    }
}

/// The details of one offer.
pub fn details(merchant: &Merchant, offer: &Offer) -> Value {
    let mut city_info = Vec::new();
    for (city, name) in CITIES {
        let rows: Vec<Value> = offer
            .listed
            .availabilities
            .iter()
            .filter_map(|availability| Some((availability, merchant.point(&availability.store_id)?)))
            .filter(|(_, point)| point.city == city)
            .map(|(availability, point)| {
                json!({
                    "name": availability.store_id,
                    "displayName": point.display_name.as_ref().unwrap_or(&point.id),
                    "available": availability.available,
                    "stockCount": availability.stock_count,
                    "preOrder": availability.pre_order,
                })
            })
            .collect();
        if let (Some(price), false) = (offer.listed.price_in(city), rows.is_empty()) {
            city_info.push(
                json!({ "id": city, "name": name, "price": price, "oldPrice": null, "pickupPoints": rows }),
            );
        }
    }
    json!({
        "sku": offer.sku,
        "title": offer.title,
        "masterSku": offer.card,
        "available": offer.listed.on_sale(),
        "cityInfo": city_info,
        "masterProduct": {
            "card": {
                "promoConditions": { "brand": offer.brand, "categoryCodes": [offer.category] },
                "shopLink": shop_link(offer),
            },
            "galleryImages": offer.images,
            "specifications": [],
        },
    })
}

/// An offer city by city, without stock.
pub fn offer_in_cities(merchant: &Merchant, offer: &Offer) -> Value {
    let mut cities = Vec::new();
    for (city, _) in CITIES {
        let points: Vec<Value> = offer
            .listed
            .availabilities
            .iter()
            .filter_map(|availability| Some((availability, merchant.point(&availability.store_id)?)))
            .filter(|(_, point)| point.city == city)
            .map(|(availability, point)| {
                json!({
                    "pointId": availability.store_id,
                    "name": point.display_name.as_ref().unwrap_or(&point.id),
                    "available": availability.available,
                })
            })
            .collect();
        if let (Some(price), false) = (offer.listed.price_in(city), points.is_empty()) {
            cities.push(json!({ "cityId": city, "price": price, "points": points }));
        }
    }
    json!({ "sku": offer.sku, "masterSku": offer.card, "title": offer.title, "cities": cities })
}

/// A price written with a fraction part, as the marketplace does in some places.
pub fn with_fraction(price: i64) -> Value {
    i32::try_from(price).map_or_else(|_| json!(price), |price| json!(f64::from(price)))
}

/// A merchant as `getMerchant` shows it.
pub fn merchant(merchant: &Merchant) -> Value {
    json!({
        "id": merchant.uid,
        "name": merchant.name,
        "logo": { "url": merchant.logo },
        "points": graphql_points(merchant),
    })
}

/// The points of service as GraphQL shows them.
pub fn graphql_points(merchant: &Merchant) -> Vec<Value> {
    let row = |point: &crate::market::offer::Point| {
        json!({
            "id": merchant.store_id(point),
            "name": point.display_name.as_ref().unwrap_or(&point.id),
            "enabled": point.enabled,
            "virtual": point.is_virtual,
            "type": "PICKUP_POINT",
            "city": { "id": point.city, "name": cities::name(&point.city) },
        })
    };
    merchant.points.iter().map(row).collect()
}

/// The points of service by city.
pub fn points_by_city(merchant: &Merchant) -> Value {
    let mut rows = Vec::new();
    for (city, name) in CITIES {
        let points: Vec<Value> = merchant
            .points
            .iter()
            .filter(|point| point.city == city)
            .map(|point| {
                json!({
                    "name": merchant.store_id(point),
                    "displayName": point.display_name.as_ref().unwrap_or(&point.id),
                    "active": point.enabled,
                })
            })
            .collect();
        if !points.is_empty() {
            rows.push(json!({ "id": city, "name": name, "pickupPoints": points }));
        }
    }
    Value::from(rows)
}

/// A row of the public offers; the price is written with a fraction part, as the marketplace does.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicRow<'a> {
    master_sku: &'a str,
    merchant_id: &'a str,
    merchant_name: &'a str,
    merchant_sku: Option<&'a str>,
    title: &'a str,
    price: Value,
    merchant_rating: Option<f64>,
    merchant_reviews_quantity: u32,
    kaspi_delivery: bool,
    delivery_duration: &'static str,
    delivery: String,
    preorder: i64,
}

pub fn public_offer<'a>(card: &'a str, title: &'a str, ask: &Ask<'a>, delivery: String) -> PublicRow<'a> {
    PublicRow {
        master_sku: card,
        merchant_id: ask.merchant_id,
        merchant_name: ask.name,
        merchant_sku: ask.sku,
        title,
        price: with_fraction(ask.price),
        merchant_rating: ask.rating,
        merchant_reviews_quantity: ask.reviews,
        kaspi_delivery: true,
        delivery_duration: if ask.preorder > 0 {
            "TILL_5_DAYS"
        } else {
            "TOMORROW"
        },
        delivery,
        preorder: ask.preorder,
    }
}

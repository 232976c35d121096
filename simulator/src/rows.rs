//! How the marketplace writes its things as JSON: offers in the cabinet list, points, public offers.

use serde_json::{Map, Value, json};

use crate::market::Ask;
use crate::market::cities::{self, ALMATY, CITIES};
use crate::market::offer::{Availability, Merchant, Offer};

/// A row of the cabinet list.
pub fn offer(merchant: &Merchant, offer: &Offer) -> Value {
    let terms = &offer.listed;
    let city_prices: Vec<Value> = terms
        .city_prices
        .iter()
        .map(|(city, value)| json!({ "cityId": city, "value": value }))
        .collect();
    let all_city_prices: Map<String, Value> = CITIES
        .iter()
        .filter_map(|(city, _)| {
            let price = json!({ "price": terms.price_in(city)?, "oldPrice": null, "discount": 0 });
            Some(((*city).to_owned(), price))
        })
        .collect();
    let points: Vec<&str> = terms
        .availabilities
        .iter()
        .filter_map(|availability| merchant.point(&availability.store_id))
        .map(|point| point.id.as_str())
        .collect();
    let availabilities: Vec<Value> = terms.availabilities.iter().map(availability).collect();
    json!({
        "sku": offer.sku,
        "offerId": offer.offer_id,
        "masterSku": offer.card,
        "masterTitle": offer.title,
        "title": offer.title,
        "model": offer.title,
        "brand": offer.brand,
        "brandName": offer.brand,
        "merchantUid": offer.merchant,
        "fileId": null,
        "available": terms.on_sale(),
        "archivedAt": offer.archived_at,
        "price": terms.price,
        "minPrice": terms.lowest().unwrap_or(0),
        "maxPrice": terms.highest().unwrap_or(0),
        "cityPrices": city_prices,
        "allCityPrices": all_city_prices,
        "availabilities": availabilities,
        "points": points,
        "images": offer.images,
        "shopLink": shop_link(offer),
        "masterCategory": format!("Master - {}", offer.category),
        "verticalCategory": offer.category,
        "familyId": format!("{}-family", offer.card),
        "barcode": null,
        "anyPickup": true,
        "anyKaspiDelivery": true,
        "anyKaspiDeliveryLocal": true,
        "anyKaspiDeliveryExpress": false,
        "anyMerchantDelivery": false,
        "attributes": [],
        "processed": true,
        "updatedAt": offer.updated_at,
    })
}

fn availability(availability: &Availability) -> Value {
    json!({
        "storeId": availability.store_id,
        "available": if availability.available { "yes" } else { "no" },
        "stockCount": availability.stock_count,
        "preOrder": availability.pre_order,
        "stockEnabled": availability.stock_enabled,
        "stockSpecified": availability.stock_count.is_some(),
    })
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
pub fn public_offer(card: &str, title: &str, ask: &Ask<'_>, delivery: &str) -> Value {
    json!({
        "masterSku": card,
        "merchantId": ask.merchant_id,
        "merchantName": ask.name,
        "merchantSku": ask.sku,
        "title": title,
        "price": with_fraction(ask.price),
        "merchantRating": ask.rating,
        "merchantReviewsQuantity": ask.reviews,
        "kaspiDelivery": true,
        "deliveryDuration": if ask.preorder > 0 { "TILL_5_DAYS" } else { "TOMORROW" },
        "delivery": delivery,
        "preorder": ask.preorder,
    })
}

//! From the marketplace's shapes to ours. What cannot be understood is an error, never a default that could
//! be taken for a fact.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use url::Url;

use super::wire;
use crate::{
    domain::{
        Tenge,
        offer::{
            CabinetOffer, MarketOffer, Merchant, OfferCounts, OfferDetails, OffersPage, Point,
            ReviewsSummary, UnreadableRow,
        },
        product::Availability,
    },
    kaspi::KaspiError,
};

/// Longest texts that the tables take.
const TITLE_CHARS_MAX: usize = 500;
const NAME_CHARS_MAX: usize = 255;

/// Reads a JSON body.
///
/// # Errors
/// `Malformed`, naming the shape and where it broke, never the content.
pub fn parsed<T: DeserializeOwned>(body: &[u8], what: &str) -> Result<T, KaspiError> {
    // Some servers put a byte order mark in front.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    serde_json::from_slice(body).map_err(|error| {
        KaspiError::malformed(format!(
            "{what}: {:?} error at line {} column {}",
            error.classify(),
            error.line(),
            error.column()
        ))
    })
}

/// The merchants of a session.
///
/// # Errors
/// `Malformed`.
pub fn merchants(body: &[u8]) -> Result<Vec<Merchant>, KaspiError> {
    let answer: wire::Merchants = parsed(body, "merchants")?;
    answer
        .merchants
        .into_iter()
        .map(|row| {
            Ok(Merchant {
                id: key(row.uid, "merchant id")?,
                name: present(row.name, NAME_CHARS_MAX),
            })
        })
        .collect()
}

/// Name of a merchant from the answer of `getMerchant`.
///
/// # Errors
/// `Rejected` for a GraphQL complaint, `Malformed`.
pub fn merchant_name(body: &[u8], merchant_id: &str) -> Result<String, KaspiError> {
    let data: wire::MerchantData = graph(body, "merchant card")?;
    let card = data
        .merchant
        .ok_or_else(|| KaspiError::malformed("merchant card: no merchant"))?;
    if card.id.0 != merchant_id {
        return Err(KaspiError::malformed("merchant card: another merchant"));
    }
    Ok(present(card.name, NAME_CHARS_MAX).unwrap_or_else(|| merchant_id.to_owned()))
}

/// The cabinet's own count of offers.
///
/// # Errors
/// `Malformed`.
pub fn offer_counts(body: &[u8]) -> Result<OfferCounts, KaspiError> {
    let answer: wire::OfferCount = parsed(body, "offer count")?;
    let count = |whole: wire::Whole| u32::try_from(whole.0).map_err(|_| KaspiError::malformed("offer count"));
    Ok(OfferCounts {
        published: count(answer.published)?,
        archived: answer.archived.map(count).transpose()?,
    })
}

/// An offer with its price in every city.
///
/// # Errors
/// `Malformed`, also when the answer is about another offer.
pub fn offer_details(body: &[u8], sku: &str) -> Result<OfferDetails, KaspiError> {
    let answer: wire::OfferDetails = parsed(body, "offer details")?;
    if answer.sku.is_none_or(|found| found.0 != sku) {
        return Err(KaspiError::malformed("offer details: another offer"));
    }
    let mut city_prices = Vec::new();
    for city in answer.city_info {
        if let Some(price) = price(city.price).map_err(KaspiError::malformed)? {
            city_prices.push((city.id.0, price));
        }
    }
    Ok(OfferDetails {
        sku: sku.to_owned(),
        title: present(answer.title, TITLE_CHARS_MAX).unwrap_or_else(|| sku.to_owned()),
        available: answer.available.is_some_and(|available| available.0),
        city_prices,
    })
}

/// Cities of the marketplace.
///
/// # Errors
/// `Rejected` for a GraphQL complaint, `Malformed`.
pub fn cities(body: &[u8]) -> Result<Vec<(String, String)>, KaspiError> {
    let data: wire::CitiesData = graph(body, "cities")?;
    Ok(data
        .cities
        .into_iter()
        .map(|city| (city.id.0, city.name))
        .collect())
}

/// The data of a GraphQL answer; a complaint in it is a refusal, whatever the status says.
fn graph<T: DeserializeOwned>(body: &[u8], what: &str) -> Result<T, KaspiError> {
    let answer: wire::Graph<T> = parsed(body, what)?;
    if let Some(error) = answer.errors.first() {
        return Err(KaspiError::Rejected {
            status: 200,
            message: error.message.chars().take(200).collect(),
        });
    }
    answer
        .data
        .ok_or_else(|| KaspiError::malformed(format!("{what}: no data")))
}

/// What buyers say about a card.
///
/// # Errors
/// `Malformed`.
pub fn reviews_summary(body: &[u8]) -> Result<ReviewsSummary, KaspiError> {
    let answer: wire::Reviews = parsed(body, "reviews")?;
    let summary = answer
        .summary
        .ok_or_else(|| KaspiError::malformed("reviews: no summary"))?;
    let mut by_stars = [0u32; 5];
    for row in summary.statistic {
        let stars = usize::try_from(row.rate.0)
            .ok()
            .and_then(|rate| by_stars.get_mut(rate.checked_sub(1)?));
        if let (Some(stars), Ok(count)) = (stars, u32::try_from(row.count.0)) {
            *stars = stars.saturating_add(count);
        }
    }
    Ok(ReviewsSummary {
        rating_centi: summary
            .global
            .as_ref()
            .and_then(wire::hundredths)
            .filter(|rating| (1..=500).contains(rating)),
        total: by_stars.iter().fold(0, |sum, count| sum.saturating_add(*count)),
        by_stars,
    })
}

/// Points of service of a merchant.
///
/// # Errors
/// `Malformed`.
pub fn points(body: &[u8]) -> Result<Vec<Point>, KaspiError> {
    let cities: Vec<wire::CityPoints> = parsed(body, "points of service")?;
    let mut points = Vec::new();
    for city in cities {
        if city.id.0.len() != 9 || !city.id.0.chars().all(|c| c.is_ascii_digit()) {
            return Err(KaspiError::malformed(
                "points of service: a city without its nine digits",
            ));
        }
        for point in city.pickup_points {
            points.push(Point {
                name: present(point.display_name, NAME_CHARS_MAX).unwrap_or_else(|| point.name.clone()),
                id: point.name,
                city_id: city.id.0.clone(),
                city_name: city.name.clone(),
                enabled: point.active,
            });
        }
    }
    Ok(points)
}

/// One page of the cabinet's list. A row that cannot be understood costs the page nothing but that row.
///
/// # Errors
/// `Malformed`.
pub fn offers_page(body: &[u8], on_sale: bool, cdn: &Url) -> Result<OffersPage, KaspiError> {
    let (rows, total) = match parsed::<wire::OfferList<wire::OfferRow>>(body, "offers list") {
        Ok(list) => (list.data.into_iter().map(Ok).collect(), list.total),
        Err(_) => {
            // One odd row, or no list at all: the slow way tells.
            let list: wire::OfferList<Value> = parsed(body, "offers list")?;
            (
                list.data.into_iter().map(row_of_value).collect::<Vec<_>>(),
                list.total,
            )
        }
    };
    let mut page = OffersPage {
        rows: Vec::with_capacity(rows.len()),
        unreadable: Vec::new(),
        total: u32::try_from(total.0).map_err(|_| KaspiError::malformed("offers list: total"))?,
    };
    for row in rows {
        match row.and_then(|row| cabinet_offer(row, on_sale, cdn)) {
            Ok(offer) => page.rows.push(offer),
            Err(unreadable) => page.unreadable.push(unreadable),
        }
    }
    Ok(page)
}

/// A row, if need be without its points: one that cannot be echoed makes the image unknown, nothing else.
fn row_of_value(mut value: Value) -> Result<wire::OfferRow, UnreadableRow> {
    if let Ok(row) = wire::OfferRow::deserialize(&value) {
        return Ok(row);
    }
    if let Some(fields) = value.as_object_mut() {
        fields.remove("availabilities");
    }
    wire::OfferRow::deserialize(&value).map_err(|_| {
        let sku = value
            .get("sku")
            .and_then(|sku| wire::Text::deserialize(sku).ok())
            .and_then(|sku| key(sku, "sku").ok());
        let no_number = |name: &str| {
            value
                .get(name)
                .is_some_and(|price| Option::<wire::Whole>::deserialize(price).is_err())
        };
        let reason = match &sku {
            None => "sku_missing",
            Some(_) if no_number("price") || no_number("minPrice") => "price_unreadable",
            Some(_) => "row_unreadable",
        };
        UnreadableRow { sku, reason }
    })
}

fn cabinet_offer(row: wire::OfferRow, on_sale: bool, cdn: &Url) -> Result<CabinetOffer, UnreadableRow> {
    let sku = key(row.sku, "sku").map_err(|_| UnreadableRow {
        sku: None,
        reason: "sku_missing",
    })?;
    let failed = |reason| UnreadableRow {
        sku: Some(sku.clone()),
        reason,
    };
    let city_prices = match row.city_prices {
        Some(prices) => Some(city_prices(prices).map_err(failed)?),
        None => None,
    };
    let availabilities = row.availabilities.and_then(availability_image);
    let sold_at = || {
        availabilities
            .iter()
            .flatten()
            .filter(|point: &&Availability| point.available)
    };
    let stock = sold_at()
        .filter_map(|point| point.stock_count)
        .reduce(u32::saturating_add);
    let preorder_days = sold_at().map(|point| point.preorder_days).min().unwrap_or(0);
    // `minPrice` stands in only where the list tells nothing else.
    let min_price = match &city_prices {
        Some(prices) if !prices.is_empty() => None,
        _ => price(row.min_price).map_err(failed)?,
    };
    let base = price(row.price).map_err(failed)?.or(min_price);
    let own_title = shown(row.title, TITLE_CHARS_MAX);
    let model = shown(row.model, TITLE_CHARS_MAX);
    Ok(CabinetOffer {
        name: shown(row.master_title, TITLE_CHARS_MAX)
            .or_else(|| own_title.clone())
            .or_else(|| model.clone()),
        offer_id: shown(row.offer_id, NAME_CHARS_MAX),
        card_id: card_id(
            row.master_sku.as_ref(),
            row.shop_link.as_ref().map(|link| link.0.as_str()),
        ),
        model: model.or(own_title),
        brand: shown(row.brand_name, NAME_CHARS_MAX).or_else(|| shown(row.brand, NAME_CHARS_MAX)),
        category: shown(row.master_category, NAME_CHARS_MAX),
        image_url: image_url(row.images_v2.as_ref(), row.images.as_ref(), cdn),
        on_sale,
        price: base,
        city_prices,
        stock,
        preorder_days,
        availabilities,
        sku,
    })
}

/// The prices of cities that have one, each city once: of two the lower, as the marketplace shows it.
fn city_prices(rows: Vec<wire::CityPrice>) -> Result<Vec<(String, Tenge)>, &'static str> {
    let mut prices = Vec::with_capacity(rows.len());
    for row in rows {
        let city = row.city_id.0;
        if city.len() != 9 || !city.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("city_unreadable");
        }
        if let Some(value) = price(row.value)? {
            prices.push((city, value));
        }
    }
    prices.sort_unstable();
    prices.dedup_by(|a, b| a.0 == b.0);
    Ok(prices)
}

/// All points, or nothing: one that cannot be echoed faithfully makes the whole image unusable.
fn availability_image(rows: Vec<wire::AvailabilityRow>) -> Option<Vec<Availability>> {
    rows.into_iter()
        .map(|row| {
            let preorder_days = u8::try_from(row.pre_order.map_or(0, |days| days.0)).ok()?;
            let stock_count = match row.stock_count {
                Some(count) => Some(u32::try_from(count.0).ok()?),
                None => None,
            };
            (preorder_days <= 30 && !row.store_id.is_empty()).then_some(Availability {
                point_id: row.store_id,
                available: row.available.0,
                stock_count,
                preorder_days,
                stock_enabled: row.stock_enabled,
            })
        })
        .collect()
}

/// One page of the public offers of a card: total, rows on the page, and the offers that can be used.
///
/// # Errors
/// `Malformed`.
pub fn market_page(body: &[u8]) -> Result<(u32, usize, Vec<MarketOffer>), KaspiError> {
    let page: wire::MarketPage = parsed(body, "offers of a card")?;
    let total = u32::try_from(page.total.0).map_err(|_| KaspiError::malformed("offers of a card: total"))?;
    let rows = page.offers.len();
    let offers: Vec<_> = page.offers.into_iter().filter_map(market_offer).collect();
    if offers.len() < rows {
        // A row without merchant or price is no reference; the list counts as incomplete.
        tracing::warn!(
            rows,
            usable = offers.len(),
            "some offers of a card cannot be used"
        );
    }
    Ok((total, rows, offers))
}

fn market_offer(row: Value) -> Option<MarketOffer> {
    let row: wire::MarketRow = serde_json::from_value(row).ok()?;
    let merchant_id = present(Some(row.merchant_id?.0), NAME_CHARS_MAX)?;
    let reviews = row
        .merchant_reviews_quantity
        .and_then(|n| i32::try_from(n.0).ok())
        .unwrap_or(0);
    Some(MarketOffer {
        merchant_name: present(row.merchant_name, NAME_CHARS_MAX).unwrap_or_else(|| merchant_id.clone()),
        merchant_id,
        price: Tenge(row.price?.0),
        rating_centi: row
            .merchant_rating
            .as_ref()
            .and_then(wire::hundredths)
            .filter(|rating| (1..=1000).contains(rating)),
        reviews,
        preorder_days: row.preorder.map_or(Some(0), |days| i32::try_from(days.0).ok())?,
        delivery: present(row.delivery_duration, NAME_CHARS_MAX),
    })
}

/// Absent and 0 mean "none"; less, or more than any price, is nonsense.
fn price(value: Option<wire::Whole>) -> Result<Option<Tenge>, &'static str> {
    match value.map(|value| value.0) {
        None | Some(0) => Ok(None),
        Some(price) if price > 0 && price <= Tenge::MAX.0 => Ok(Some(Tenge(price))),
        Some(_) => Err("price_impossible"),
    }
}

fn key(text: wire::Text, what: &str) -> Result<String, KaspiError> {
    let text = text.0;
    if text.trim().is_empty() || text.contains('\0') || text.chars().count() > NAME_CHARS_MAX {
        return Err(KaspiError::malformed(format!("{what}: empty or too long")));
    }
    Ok(text)
}

/// A text without control characters, shortened; `None` where nothing is left.
fn present(text: Option<String>, chars_max: usize) -> Option<String> {
    let text: String = text?
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(chars_max)
        .collect();
    (!text.is_empty()).then_some(text)
}

/// [`present`] of a field of a row.
fn shown(text: Option<wire::Text>, chars_max: usize) -> Option<String> {
    present(text.map(|text| text.0), chars_max)
}

/// `masterSku`, else the last digits of the shop link's path.
fn card_id(master_sku: Option<&wire::Text>, shop_link: Option<&str>) -> Option<String> {
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let of_link = || {
        let path = shop_link?.split(['?', '#']).next()?.trim_end_matches('/');
        Some(path.rsplit(['-', '/']).next()?.to_owned())
    };
    master_sku
        .map(|sku| sku.0.clone())
        .filter(|sku| digits(sku))
        .or_else(|| of_link().filter(|id| digits(id)))
        .filter(|id| id.len() <= NAME_CHARS_MAX)
}

/// A picture on the configured image host; addresses elsewhere are dropped.
fn image_url(v2: Option<&Value>, images: Option<&Value>, cdn: &Url) -> Option<String> {
    let of_v2 = v2.and_then(|images| images.get(0)).and_then(|image| {
        ["medium", "large", "small"]
            .iter()
            .find_map(|size| image.get(size)?.as_str())
            .map(str::to_owned)
    });
    let of_path = || {
        let path = images?.get(0)?.as_str()?.trim_start_matches('/');
        let full = if path.contains("://") {
            path.to_owned()
        } else {
            super::client::address(cdn, &format!("img/m/p/{path}")).to_string()
        };
        Some(full)
    };
    [of_v2, of_path()]
        .into_iter()
        .flatten()
        .find(|text| Url::parse(text).is_ok_and(|url| url.origin() == cdn.origin()))
        .filter(|text| text.len() <= 500)
}

#[cfg(test)]
mod tests;

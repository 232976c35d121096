//! The marketplace's JSON as it comes: private shapes, lenient where captures disagree (numbers as texts or
//! `n.0`), strict where money could be misread (fractions are refused).

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, Visitor},
};
use serde_json::{Number, Value};

use crate::domain::order::OrderState;

/// A whole number written as `15990`, `15990.0` or `"15990"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole(pub i64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WholeVisitor)
    }
}

/// Reads numbers where they stand: a page has tens of thousands of them.
struct WholeVisitor;

impl Visitor<'_> for WholeVisitor {
    type Value = Whole;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Whole, E> {
        Ok(Whole(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Whole, E> {
        i64::try_from(number).map(Whole).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Whole, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Whole, E> {
        whole(text).map(Whole).ok_or_else(|| E::custom("no whole number"))
    }
}

/// Reads `15990` and `15990.00`; anything else is no whole number.
pub fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    let (digits, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.is_empty() || fraction.chars().any(|c| c != '0') {
        return None;
    }
    digits.parse().ok()
}

/// `4.85` → 485; further digits are cut. `None` for anything that is no such number.
pub fn hundredths(number: &Number) -> Option<i32> {
    let text = number.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let two: String = fraction.chars().chain("00".chars()).take(2).collect();
    let (whole, two): (i32, i32) = (whole.parse().ok()?, two.parse().ok()?);
    (whole >= 0)
        .then(|| whole.checked_mul(100)?.checked_add(two))
        .flatten()
}

/// `"yes"`/`"no"`, `true`/`false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct YesNo(pub bool);

impl<'de> Deserialize<'de> for YesNo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(YesNoVisitor)
    }
}

struct YesNoVisitor;

impl Visitor<'_> for YesNoVisitor {
    type Value = YesNo;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("yes or no")
    }

    fn visit_bool<E: Error>(self, yes: bool) -> Result<YesNo, E> {
        Ok(YesNo(yes))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<YesNo, E> {
        match text {
            "yes" | "true" => Ok(YesNo(true)),
            "no" | "false" => Ok(YesNo(false)),
            _ => Err(E::custom("neither yes nor no")),
        }
    }
}

/// `GET /s/m`
#[derive(Debug, Deserialize)]
pub struct Merchants {
    pub merchants: Vec<MerchantRow>,
}

/// A merchant of the session.
#[derive(Debug, Deserialize)]
pub struct MerchantRow {
    pub uid: Text,
    pub name: Option<String>,
}

/// An id as text or number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a number")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Text, E> {
        Ok(Text(text))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }
}

/// A GraphQL answer.
#[derive(Debug, Deserialize)]
pub struct Graph<T> {
    pub data: Option<T>,
    #[serde(default)]
    pub errors: Vec<GraphError>,
}

/// One complaint of a GraphQL answer.
#[derive(Debug, Deserialize)]
pub struct GraphError {
    #[serde(default)]
    pub message: String,
}

/// Data of `getMerchant`.
#[derive(Debug, Deserialize)]
pub struct MerchantData {
    pub merchant: Option<MerchantCard>,
}

/// The part of a merchant card we ask for.
#[derive(Debug, Deserialize)]
pub struct MerchantCard {
    pub id: Text,
    pub name: Option<String>,
}

/// One city of `GET /bff/offer-view/points`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CityPoints {
    pub id: Text,
    pub name: String,
    #[serde(default)]
    pub pickup_points: Vec<PickupPoint>,
}

/// A point of service.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PickupPoint {
    pub name: String,
    pub display_name: Option<String>,
    #[serde(default = "yes")]
    pub active: bool,
}

fn yes() -> bool {
    true
}

/// `GET /bff/offer-view/list`, with rows read straight from the text or, where one of them is odd, as values.
#[derive(Debug, Deserialize)]
pub struct OfferList<Row> {
    pub data: Vec<Row>,
    pub total: Whole,
}

/// One of the seller's own offers. Fields that only decorate a product may have any shape.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferRow {
    pub sku: Text,
    pub offer_id: Option<Text>,
    pub master_sku: Option<Text>,
    pub master_title: Option<Text>,
    pub title: Option<Text>,
    pub model: Option<Text>,
    pub brand_name: Option<Text>,
    pub brand: Option<Text>,
    pub master_category: Option<Text>,
    pub price: Option<Whole>,
    pub min_price: Option<Whole>,
    pub city_prices: Option<Vec<CityPrice>>,
    pub availabilities: Option<Vec<AvailabilityRow>>,
    pub images: Option<Value>,
    #[serde(rename = "imagesV2")]
    pub images_v2: Option<Value>,
    pub shop_link: Option<Text>,
}

/// The seller's price in a city.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CityPrice {
    pub city_id: Text,
    pub value: Option<Whole>,
}

/// A point of service of an offer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AvailabilityRow {
    pub store_id: String,
    pub available: YesNo,
    pub stock_count: Option<Whole>,
    pub pre_order: Option<Whole>,
    pub stock_enabled: Option<bool>,
}

/// `POST /yml/offer-view/offers/{card}`
#[derive(Debug, Deserialize)]
pub struct MarketPage {
    pub offers: Vec<Value>,
    pub total: Whole,
}

/// Somebody's offer on a card.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MarketRow {
    pub merchant_id: Option<Text>,
    pub merchant_name: Option<String>,
    pub price: Option<Whole>,
    pub merchant_rating: Option<Number>,
    pub merchant_reviews_quantity: Option<Whole>,
    pub preorder: Option<Whole>,
    pub delivery_duration: Option<String>,
}

/// What the public offers of a card are asked with.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MarketQuestion<'a> {
    pub city_id: &'a str,
    pub id: &'a str,
    #[serde(rename = "merchantUID")]
    pub merchant_uid: &'a str,
    pub limit: u32,
    pub page: u32,
    pub sort_option: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone_id: Option<[&'a str; 1]>,
    pub installation_id: &'a str,
}

/// Body of a price write.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PriceOrder<'a> {
    pub merchant_uid: &'a str,
    pub sku: &'a str,
    pub price: i64,
    pub city_prices: Vec<CityValue<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availabilities: Option<Vec<AvailabilityEcho<'a>>>,
}

/// A price of a price write.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CityValue<'a> {
    pub city_id: &'a str,
    pub value: i64,
}

/// A point of a price write: the keys it had, no others.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AvailabilityEcho<'a> {
    pub available: &'static str,
    pub store_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_order: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stock_enabled: Option<bool>,
}

/// Answer to a price write.
#[derive(Debug, Deserialize)]
pub struct Operation {
    pub id: Option<Text>,
}

/// `GET /offers/api/v1/offer/count`
#[derive(Debug, Deserialize)]
pub struct OfferCount {
    pub published: Whole,
    pub archived: Option<Whole>,
}

/// `GET /bff/offer-view/details`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferDetails {
    pub sku: Option<Text>,
    pub title: Option<String>,
    pub available: Option<YesNo>,
    #[serde(default)]
    pub city_info: Vec<CityInfo>,
}

/// A city of an offer's details.
#[derive(Debug, Deserialize)]
pub struct CityInfo {
    pub id: Text,
    pub price: Option<Whole>,
}

/// Data of `getCities`.
#[derive(Debug, Deserialize)]
pub struct CitiesData {
    #[serde(default, alias = "getCities")]
    pub cities: Vec<City>,
}

/// A city of the marketplace.
#[derive(Debug, Deserialize)]
pub struct City {
    pub id: Text,
    pub name: String,
}

/// `GET /yml/review-view/api/v1/reviews/product/{card}`
#[derive(Debug, Deserialize)]
pub struct Reviews {
    pub summary: Option<ReviewsSummary>,
}

/// What the ratings of a card come to.
#[derive(Debug, Deserialize)]
pub struct ReviewsSummary {
    pub global: Option<Number>,
    #[serde(default)]
    pub statistic: Vec<StarCount>,
}

/// How many gave so many stars.
#[derive(Debug, Deserialize)]
pub struct StarCount {
    pub rate: Whole,
    pub count: Whole,
}

/// Answer to an upload, where it is JSON; the name of the key is not certain.
#[derive(Debug, Deserialize)]
pub struct Uploaded {
    #[serde(alias = "fileId")]
    pub id: Option<Text>,
}

/// Where an uploaded file stands.
#[derive(Debug, Deserialize)]
pub struct FileStatus {
    pub id: Option<Text>,
    pub status: String,
    #[serde(default)]
    pub errors: Vec<Value>,
}

/// An error of a row of a file, in whatever words the marketplace has.
#[derive(Debug, Deserialize)]
pub struct RowError {
    pub row: Option<Whole>,
    pub sku: Option<Text>,
    pub message: Option<String>,
}

/// A document of the orders API.
#[derive(Debug, Deserialize)]
pub struct Document<T> {
    pub data: Vec<Resource<T>>,
    pub meta: Option<Meta>,
}

/// A thing of the orders API.
#[derive(Debug, Deserialize)]
pub struct Resource<T> {
    pub id: Text,
    pub attributes: T,
}

/// How much there is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    pub page_count: Whole,
    pub total_count: Whole,
}

/// An order. Contact data of buyers is not even read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderRow {
    pub code: Text,
    pub state: OrderState,
    pub status: String,
    #[serde(default)]
    pub pre_order: bool,
    pub total_price: Whole,
    pub delivery_cost_for_seller: Option<Value>,
    pub creation_date: i64,
    pub planned_delivery_date: Option<i64>,
    pub pickup_point_id: Option<String>,
    #[serde(default)]
    pub assembled: bool,
}

/// A line of an order.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryRow {
    pub quantity: Whole,
    pub total_price: Whole,
    pub offer: EntryOffer,
}

/// Which offer a line is about.
#[derive(Debug, Deserialize)]
pub struct EntryOffer {
    pub code: Text,
    pub name: Option<String>,
}

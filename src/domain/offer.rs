//! What the marketplace shows: merchants with their points of service, the seller's own offers in the cabinet,
//! and everybody's offers on a card.

use super::{Tenge, product::Availability};

/// A shop that a cabinet login may act for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Merchant {
    /// The marketplace's id of the shop: digits.
    pub id: String,
    /// The shop's name; the list of merchants does not always tell it.
    pub name: Option<String>,
}

/// A shop with everything a store keeps of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerchantCard {
    /// The marketplace's id of the shop.
    pub id: String,
    /// The shop's name.
    pub name: String,
    /// Its points of service.
    pub points: Vec<Point>,
    /// Cities of its points: id and name, each once.
    pub cities: Vec<(String, String)>,
}

/// A point of service (warehouse, shop).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// As `30000001_PP1`.
    pub id: String,
    /// Shown name.
    pub name: String,
    /// City id.
    pub city_id: String,
    /// City name.
    pub city_name: String,
    /// In use.
    pub enabled: bool,
}

/// The seller's own offer as the cabinet lists it. `None` means that the row did not tell, never that there is
/// nothing: what is known of the product then stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CabinetOffer {
    /// The seller's article: key of every write.
    pub sku: String,
    /// The marketplace's key of the offer, where it has one.
    pub offer_id: Option<String>,
    /// The card in the public catalogue: competitors are read by it.
    pub card_id: Option<String>,
    /// Title for people.
    pub name: Option<String>,
    /// Title in the seller's own list: echoed with a write.
    pub model: Option<String>,
    /// Brand.
    pub brand: Option<String>,
    /// Category.
    pub category: Option<String>,
    /// Picture, always on the configured image host.
    pub image_url: Option<String>,
    /// In the list of offers on sale.
    pub on_sale: bool,
    /// Price where no city price applies; `None` when only city prices exist.
    pub price: Option<Tenge>,
    /// The seller's own price per city id, each city once; empty: told that there are none.
    pub city_prices: Option<Vec<(String, Tenge)>>,
    /// Sum of the stated stocks of points on sale; `None`: not stated anywhere.
    pub stock: Option<u32>,
    /// Shortest preorder of the points on sale; 0: in stock.
    pub preorder_days: u8,
    /// Every point as listed; stock and preorder days follow from it. `None`: not told, or a point that cannot
    /// be echoed faithfully — then a write must leave the availabilities out rather than invent them.
    pub availabilities: Option<Vec<Availability>>,
}

impl CabinetOffer {
    /// The price in a city: its own, else the base price.
    #[must_use]
    pub fn price_in(&self, city_id: &str) -> Option<Tenge> {
        self.city_prices
            .iter()
            .flatten()
            .find(|(city, _)| city == city_id)
            .map(|(_, price)| *price)
            .or(self.price)
    }
}

/// One page of the cabinet's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OffersPage {
    /// The rows of the page.
    pub rows: Vec<CabinetOffer>,
    /// Rows that could not be understood.
    pub unreadable: Vec<UnreadableRow>,
    /// Rows of the whole list, as the marketplace counts them.
    pub total: u32,
}

/// A row of the cabinet's list that could not be understood: nothing of it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadableRow {
    /// The seller's article, where at least that could be read.
    pub sku: Option<String>,
    /// Code of what was wrong; a text for each stands in the locales.
    pub reason: &'static str,
}

/// Somebody's offer on a card in a city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketOffer {
    /// Whose.
    pub merchant_id: String,
    /// Name of the shop.
    pub merchant_name: String,
    /// Asked price.
    pub price: Tenge,
    /// Rating in hundredths (4.85 = 485); `None`: no reviews.
    pub rating_centi: Option<i32>,
    /// Number of reviews.
    pub reviews: i32,
    /// Days until the goods arrive; 0: in stock.
    pub preorder_days: i32,
    /// The marketplace's word for the delivery time, an open set.
    pub delivery: Option<String>,
}

/// The offers on a card in a city, cheapest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Market {
    /// Offers that there are, as the marketplace counts them.
    pub total: u32,
    /// Every one of them was read and understood.
    pub complete: bool,
    /// The offers read. Empty does not mean "no competitors": an unknown card or city looks the same.
    pub offers: Vec<MarketOffer>,
}

/// How many offers a shop has, by the cabinet's own count. It may differ from its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfferCounts {
    /// On sale.
    pub published: u32,
    /// Withdrawn, where the cabinet tells.
    pub archived: Option<u32>,
}

/// One offer in all its cities, as the cabinet shows it on its own page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferDetails {
    /// The seller's article.
    pub sku: String,
    /// Title.
    pub title: String,
    /// On sale.
    pub available: bool,
    /// City id and price there.
    pub city_prices: Vec<(String, Tenge)>,
}

/// What buyers say about a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewsSummary {
    /// Rating in hundredths (4.85 = 485); `None`: nobody rated.
    pub rating_centi: Option<i32>,
    /// Ratings by stars, 1 first.
    pub by_stars: [u32; 5],
    /// Ratings in all.
    pub total: u32,
}

//! The offers of the market: how they come and go, how they are paged, and what buyers see of a card.

use std::collections::BTreeMap;

use super::offer::{Availability, Offer, OfferSpec, Terms};
use super::{Ask, Market};

/// All offers of one merchant, by sku.
#[derive(Debug, Default)]
pub struct Shelf {
    offers: BTreeMap<String, Offer>,
    /// Made when a page is asked for, dropped when offers come or go. A list of many thousands is read page by page,
    /// and looking through all of it for each page would cost more than the page.
    pages: Option<Pages>,
}

/// The skus in the order of the list.
#[derive(Debug, Default)]
struct Pages {
    all: Vec<String>,
    on_sale: Vec<String>,
    withdrawn: Vec<String>,
}

impl Shelf {
    pub fn get(&self, sku: &str) -> Option<&Offer> {
        self.offers.get(sku)
    }

    /// All offers in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = &Offer> {
        self.offers.values()
    }

    fn insert(&mut self, offer: Offer) {
        self.pages = None;
        self.offers.insert(offer.sku.clone(), offer);
    }

    fn remove(&mut self, sku: &str) -> Option<Offer> {
        self.pages = None;
        self.offers.remove(sku)
    }

    /// Changes an offer; when that puts it on sale or withdraws it, the pages follow.
    pub fn change(&mut self, sku: &str, change: impl FnOnce(&mut Offer)) -> Option<&Offer> {
        let offer = self.offers.get_mut(sku)?;
        let before = offer.listed.on_sale();
        change(offer);
        let after = offer.listed.on_sale();
        if let (Some(pages), true) = (&mut self.pages, before != after) {
            pages.moved(sku, after);
        }
        Some(offer)
    }

    /// One page of the list and the number of all rows; `on_sale` absent means both kinds.
    pub fn page(&mut self, on_sale: Option<bool>, skip: usize, take: usize) -> (Vec<&Offer>, usize) {
        let pages = self.pages.get_or_insert_with(|| Pages::of(&self.offers));
        let skus = match on_sale {
            None => &pages.all,
            Some(true) => &pages.on_sale,
            Some(false) => &pages.withdrawn,
        };
        let wanted = skus.iter().skip(skip).take(take);
        let rows = wanted.filter_map(|sku| self.offers.get(sku)).collect();
        (rows, skus.len())
    }

    /// How many offers are on sale and how many are withdrawn.
    pub fn counts(&mut self) -> (usize, usize) {
        let pages = self.pages.get_or_insert_with(|| Pages::of(&self.offers));
        (pages.on_sale.len(), pages.withdrawn.len())
    }
}

impl Pages {
    fn of(offers: &BTreeMap<String, Offer>) -> Self {
        let mut pages = Self::default();
        for (sku, offer) in offers {
            pages.all.push(sku.clone());
            if offer.listed.on_sale() {
                pages.on_sale.push(sku.clone());
            } else {
                pages.withdrawn.push(sku.clone());
            }
        }
        pages
    }

    fn moved(&mut self, sku: &str, on_sale: bool) {
        let (from, to) = if on_sale {
            (&mut self.withdrawn, &mut self.on_sale)
        } else {
            (&mut self.on_sale, &mut self.withdrawn)
        };
        let place = |skus: &Vec<String>| skus.binary_search_by(|one| one.as_str().cmp(sku));
        if let Ok(index) = place(from) {
            from.remove(index);
        }
        if let Err(index) = place(to) {
            to.insert(index, sku.to_owned());
        }
    }
}

impl Market {
    /// Creates or replaces an offer; both views show it at once.
    pub fn put_offer(&mut self, spec: OfferSpec) -> Result<(), String> {
        let merchant = self
            .merchants
            .get(&spec.merchant)
            .ok_or_else(|| format!("no merchant {}", spec.merchant))?;
        let mut availabilities = spec.availabilities.unwrap_or_else(|| {
            let open = merchant.points.iter().filter(|point| point.enabled);
            open.map(|point| Availability {
                store_id: merchant.store_id(point),
                available: true,
                stock_count: None,
                pre_order: 0,
                stock_enabled: false,
            })
            .collect()
        });
        if spec.withdrawn {
            availabilities
                .iter_mut()
                .for_each(|availability| availability.available = false);
        }
        let terms = Terms {
            price: spec.price,
            city_prices: spec.city_prices,
            availabilities,
        };
        let now = self.now_text();
        let offer_id = match self.offer(&spec.merchant, &spec.sku) {
            Some(known) => known.offer_id.clone(),
            None => Some(self.token()),
        };
        let offer = Offer {
            offer_id,
            archived_at: (!terms.on_sale()).then(|| now.clone()),
            updated_at: now,
            merchant: spec.merchant.clone(),
            sku: spec.sku.clone(),
            card: spec.card.clone(),
            title: spec.title,
            brand: spec.brand,
            category: spec.category,
            images: spec.images,
            listed: terms.clone(),
            public: terms,
        };
        self.remove_offer(&spec.merchant, &spec.sku);
        self.by_card
            .entry(spec.card.clone())
            .or_default()
            .insert((spec.merchant.clone(), spec.sku));
        self.shelves.entry(spec.merchant).or_default().insert(offer);
        self.card_changed(&spec.card);
        Ok(())
    }

    /// Takes an offer out of the market.
    pub fn remove_offer(&mut self, merchant: &str, sku: &str) -> bool {
        let Some(offer) = self.shelves.get_mut(merchant).and_then(|shelf| shelf.remove(sku)) else {
            return false;
        };
        if let Some(keys) = self.by_card.get_mut(&offer.card) {
            keys.remove(&(offer.merchant, offer.sku));
        }
        self.card_changed(&offer.card);
        true
    }

    /// What the sellers of this market ask for a card in a city.
    pub(super) fn own_asks<'a>(&'a self, card: &str, city: &str) -> impl Iterator<Item = Ask<'a>> {
        let keys = self.by_card.get(card).into_iter().flatten();
        keys.filter_map(move |(merchant_id, sku)| {
            let merchant = self.merchants.get(merchant_id)?;
            let terms = &self.offer(merchant_id, sku)?.public;
            Some(Ask {
                merchant_id,
                name: &merchant.name,
                sku: Some(sku),
                price: terms.price_in(city)?,
                rating: Some(merchant.rating),
                reviews: merchant.reviews,
                preorder: terms.preorder_in(merchant, city)?,
            })
        })
    }

    /// Everything asked for a card in a city, cheapest first.
    pub fn asks<'a>(&'a self, card: &str, city: &str) -> Vec<Ask<'a>> {
        let mut asks: Vec<Ask<'a>> = self.own_asks(card, city).collect();
        for rival in self.rivals.get(card).into_iter().flat_map(BTreeMap::values) {
            if let Some(price) = rival.prices.get(city) {
                asks.push(Ask {
                    merchant_id: &rival.merchant_id,
                    name: &rival.name,
                    sku: None,
                    price: *price,
                    rating: rival.rating,
                    reviews: rival.reviews,
                    preorder: rival.preorder,
                });
            }
        }
        asks.sort_unstable_by_key(|ask| (ask.price, ask.merchant_id, ask.sku));
        asks
    }

    /// The title of a card, taken from any offer on it.
    pub fn card_title(&self, card: &str) -> Option<&str> {
        let (merchant, sku) = self.by_card.get(card)?.first()?;
        self.offer(merchant, sku).map(|offer| offer.title.as_str())
    }
}

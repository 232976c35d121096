//! The predecessor's rows as they are read, and as they are taken. Numbers and words come as text, so that one odd value
//! is a doubt about its row and no failure of a whole batch.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{Doubt, Reason, limit_of_decimal, optional, price_of_tiyin, required};
use crate::domain::{
    PreorderId, PreorderStatus, ProductId, StoreId, Tenge,
    preorder::{MAX_DELIVERY_DAYS, parse_warehouses, warehouses_value},
};

/// A row that is taken, and what of it is left empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken<T> {
    /// The row as ours.
    pub row: T,
    /// Values that are left empty, and the switch where it goes off because of them.
    pub emptied: Vec<Doubt>,
}

/// A row that is taken, or all reasons why it is left out.
pub type Judged<T> = Result<Taken<T>, Vec<Doubt>>;

/// Collects what is wrong with a row.
#[derive(Default)]
struct Notes {
    wrong: Vec<Doubt>,
    emptied: Vec<Doubt>,
}

impl Notes {
    /// A value without which there is no row.
    fn must<T>(&mut self, field: &'static str, value: Result<T, Reason>) -> Option<T> {
        value
            .map_err(|reason| self.wrong.push(Doubt::new(field, reason)))
            .ok()
    }

    /// [`Notes::must`] for a value that may be told.
    fn must_of<T>(&mut self, field: &'static str, told: &str, value: Result<T, Reason>) -> Option<T> {
        value
            .map_err(|reason| self.wrong.push(Doubt::new(field, reason).of(told)))
            .ok()
    }

    /// A value that may be empty.
    fn may<T>(&mut self, field: &'static str, value: Result<Option<T>, Reason>) -> Option<T> {
        value.unwrap_or_else(|reason| {
            self.emptied.push(Doubt::new(field, reason));
            None
        })
    }

    /// An amount that may be empty, read by `read`.
    fn amount(
        &mut self,
        field: &'static str,
        text: Option<&str>,
        read: fn(&str) -> Result<Tenge, Reason>,
    ) -> Option<Tenge> {
        let text = text?;
        read(text)
            .map_err(|reason| self.emptied.push(Doubt::new(field, reason).of(text)))
            .ok()
    }

    fn end<T>(self, row: Option<T>) -> Judged<T> {
        match row {
            Some(row) if self.wrong.is_empty() => Ok(Taken {
                row,
                emptied: self.emptied,
            }),
            _ => Err(self.wrong),
        }
    }
}

/// A shop of the predecessor; its cookies and passwords are no part of it.
#[derive(Debug, Clone)]
pub struct OldStore {
    /// Key.
    pub id: StoreId,
    /// Whose it is, in the words of API clients.
    pub user_id: Option<String>,
    /// The marketplace's id of the shop.
    pub merchant_id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// A reference of clients.
    pub api_key: Option<String>,
    /// Products, as counted last.
    pub products_count: Option<String>,
    /// In use.
    pub is_active: Option<bool>,
    /// Made at.
    pub created_at: Option<DateTime<Utc>>,
    /// Changed at.
    pub updated_at: Option<DateTime<Utc>>,
}

/// A shop as it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenStore {
    /// The same key.
    pub id: StoreId,
    /// The owner's external id.
    pub external_id: String,
    /// The marketplace's id of the shop.
    pub merchant_id: String,
    /// Name.
    pub name: String,
    /// A reference of clients; `None`: a new one is to be made.
    pub api_key: Option<String>,
    /// Products, as counted last.
    pub products_count: i32,
    /// In use.
    pub active: bool,
    /// Made at.
    pub created_at: Option<DateTime<Utc>>,
    /// Changed at.
    pub updated_at: Option<DateTime<Utc>>,
}

impl OldStore {
    /// The shop as ours.
    ///
    /// # Errors
    /// Owner, merchant or name are missing or too long.
    pub fn judge(self) -> Judged<TakenStore> {
        let mut notes = Notes::default();
        let external_id = notes.must("user_id", required(self.user_id, 255));
        let merchant_id = notes.must("merchant_id", required(self.merchant_id, 255));
        let name = notes.must("name", required(self.name, 255));
        let api_key = notes.may("api_key", optional(self.api_key, 255));
        let count = self.products_count.as_deref().unwrap_or("0");
        let products_count = count.parse().ok().filter(|count: &i32| *count >= 0);
        if products_count.is_none() {
            notes
                .emptied
                .push(Doubt::new("products_count", Reason::NotANumber).of(count));
        }
        let row = (|| {
            Some(TakenStore {
                id: self.id,
                external_id: external_id?,
                merchant_id: merchant_id?,
                name: name?,
                api_key,
                products_count: products_count.unwrap_or_default(),
                active: self.is_active.unwrap_or_default(),
                created_at: self.created_at,
                updated_at: self.updated_at,
            })
        })();
        notes.end(row)
    }
}

/// An offer of the predecessor.
#[derive(Debug, Clone)]
pub struct OldProduct {
    /// Key.
    pub id: ProductId,
    /// The store that sells it.
    pub store_id: Option<Uuid>,
    /// The cabinet's offer id.
    pub kaspi_product_id: Option<String>,
    /// The seller's article.
    pub kaspi_sku: Option<String>,
    /// Price in hundredths.
    pub price: Option<String>,
    /// Title.
    pub name: Option<String>,
    /// The marketplace's page of the product.
    pub external_kaspi_id: Option<String>,
    /// Category.
    pub category: Option<String>,
    /// Picture.
    pub image_url: Option<String>,
    /// Opt-in of automatic prices.
    pub bot_active: Option<bool>,
    /// Last check.
    pub last_check_time: Option<DateTime<Utc>>,
    /// Floor: a decimal in tenge.
    pub min_profit: Option<String>,
    /// Ceiling: a decimal in tenge.
    pub max_profit: Option<String>,
    /// Word of a strategy.
    pub strategy: Option<String>,
    /// Made at.
    pub created_at: Option<DateTime<Utc>>,
    /// Changed at.
    pub updated_at: Option<DateTime<Utc>>,
    /// The store has several rows with its article.
    pub is_twice: bool,
    /// A preorder names it.
    pub has_preorder: bool,
}

/// An offer as it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenProduct {
    /// The same key.
    pub id: ProductId,
    /// Its store.
    pub store_id: StoreId,
    /// The cabinet's offer id.
    pub kaspi_product_id: String,
    /// The seller's article.
    pub sku: Option<String>,
    /// The price last seen; `None`: the first sync reads it.
    pub price: Option<Tenge>,
    /// Title.
    pub name: String,
    /// The marketplace's page of the product.
    pub card_id: Option<String>,
    /// Category.
    pub category: Option<String>,
    /// Picture.
    pub image_url: Option<String>,
    /// Opt-in of automatic prices.
    pub repricing_enabled: bool,
    /// Last check.
    pub last_check_at: Option<DateTime<Utc>>,
    /// Lowest permitted price.
    pub floor: Option<Tenge>,
    /// Highest permitted price.
    pub ceiling: Option<Tenge>,
    /// Word of a strategy.
    pub strategy: Option<String>,
    /// Made at.
    pub created_at: Option<DateTime<Utc>>,
    /// Changed at.
    pub updated_at: Option<DateTime<Utc>>,
    /// A preorder names it.
    pub has_preorder: bool,
}

impl OldProduct {
    /// The offer as ours. Where a limit or the strategy is doubtful it stays empty and the switch goes off: with less
    /// than it was told, the robot would go by what is set for the whole store.
    ///
    /// # Errors
    /// It has no store, title or offer id, or it is not known which row of its article is right.
    pub fn judge(self) -> Judged<TakenProduct> {
        let mut notes = Notes::default();
        let store_id = notes.must("store_id", self.store_id.ok_or(Reason::NoStore));
        let kaspi_product_id = notes.must("kaspi_product_id", required(self.kaspi_product_id, 255));
        let name = notes.must("name", required(self.name, 500));
        // Key of every write: half of it would be another product.
        let sku = notes.must("kaspi_sku", optional(self.kaspi_sku, 255)).flatten();
        if self.is_twice {
            let twice = Doubt::new("kaspi_sku", Reason::Duplicate);
            notes.wrong.push(twice.of(sku.as_deref().unwrap_or_default()));
        }
        let price = notes.amount("price", self.price.as_deref(), price_of_tiyin);
        let card_id = notes.may("external_kaspi_id", optional(self.external_kaspi_id, 255));
        let category = notes.may("category", optional(self.category, 255));
        let image_url = notes.may("image_url", web_address(self.image_url));
        let doubts = notes.emptied.len();
        let mut floor = notes.amount("min_profit", self.min_profit.as_deref(), limit_of_decimal);
        let mut ceiling = notes.amount("max_profit", self.max_profit.as_deref(), limit_of_decimal);
        if let (Some(low), Some(high)) = (floor, ceiling)
            && low > high
        {
            let crossed = Doubt::new("max_profit", Reason::FloorAboveCeiling);
            notes.emptied.push(crossed.of(format_args!("{low} > {high}")));
            (floor, ceiling) = (None, None);
        }
        let strategy = notes.may("strategy", optional(self.strategy, 50));
        let mut repricing_enabled = self.bot_active.unwrap_or_default();
        if repricing_enabled && notes.emptied.len() > doubts {
            notes.emptied.push(Doubt::new("bot_active", Reason::SwitchedOff));
            repricing_enabled = false;
        }
        let row = (|| {
            Some(TakenProduct {
                id: self.id,
                store_id: StoreId(store_id?),
                kaspi_product_id: kaspi_product_id?,
                sku,
                price,
                name: name?,
                card_id,
                category,
                image_url,
                repricing_enabled,
                last_check_at: self.last_check_time,
                floor,
                ceiling,
                strategy,
                created_at: self.created_at,
                updated_at: self.updated_at,
                has_preorder: self.has_preorder,
            })
        })();
        notes.end(row)
    }
}

fn web_address(text: Option<String>) -> Result<Option<String>, Reason> {
    let text = optional(text, 500)?;
    let is_address = |text: &String| text.starts_with("https://") || text.starts_with("http://");
    match text {
        Some(text) if !is_address(&text) => Err(Reason::NotAnAddress),
        text => Ok(text),
    }
}

/// A preorder of the predecessor.
#[derive(Debug, Clone)]
pub struct OldPreorder {
    /// Key.
    pub id: PreorderId,
    /// The product.
    pub product_id: Option<Uuid>,
    /// The store.
    pub store_id: Option<Uuid>,
    /// Article.
    pub article: Option<String>,
    /// Title.
    pub name: Option<String>,
    /// Brand.
    pub brand: Option<String>,
    /// Where it stands.
    pub status: Option<String>,
    /// Price in hundredths.
    pub price: Option<String>,
    /// Stock per point of service, as JSON.
    pub warehouses: Option<String>,
    /// Days.
    pub delivery_days: Option<String>,
    /// Made at.
    pub created_at: Option<DateTime<Utc>>,
    /// Changed at.
    pub updated_at: Option<DateTime<Utc>>,
    /// Several rows have its product and store.
    pub is_twice: bool,
}

/// A preorder as it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenPreorder {
    /// The same key.
    pub id: PreorderId,
    /// The product.
    pub product_id: ProductId,
    /// The store.
    pub store_id: StoreId,
    /// Article.
    pub article: Option<String>,
    /// Title.
    pub name: String,
    /// Brand.
    pub brand: Option<String>,
    /// Where it stands.
    pub status: PreorderStatus,
    /// Price; `None`: the product's own.
    pub price: Option<Tenge>,
    /// Stock per point of service, in our form.
    pub warehouses: Value,
    /// Days, 0–30.
    pub delivery_days: i32,
    /// Made at.
    pub created_at: Option<DateTime<Utc>>,
    /// Changed at.
    pub updated_at: Option<DateTime<Utc>>,
}

impl OldPreorder {
    /// The preorder as ours. A doubtful price is no reason to take the product's: the row is left out.
    ///
    /// # Errors
    /// What it promises is not clear: price, days, points of service, state, or which row is right.
    pub fn judge(self) -> Judged<TakenPreorder> {
        let mut notes = Notes::default();
        let product_id = notes.must("product_id", self.product_id.ok_or(Reason::NoProduct));
        let store_id = notes.must("store_id", self.store_id.ok_or(Reason::NoStore));
        if self.is_twice {
            notes
                .wrong
                .push(Doubt::new("product_id, store_id", Reason::Duplicate));
        }
        let name = notes.must("name", required(self.name, 500));
        let article = notes.may("article", optional(self.article, 255));
        let brand = notes.may("brand", optional(self.brand, 255));
        let word = self.status.unwrap_or_default();
        let status = notes.must_of("status", &word, word.parse().map_err(|_| Reason::UnknownWord));
        let price = match self.price {
            None => Some(None),
            Some(text) => notes.must_of("price", &text, price_of_tiyin(&text).map(Some)),
        };
        let warehouses = notes.must("warehouses", points(self.warehouses.as_deref()));
        let days = self.delivery_days.unwrap_or_default();
        let known = days
            .parse()
            .ok()
            .filter(|days| (0..=MAX_DELIVERY_DAYS).contains(days));
        let delivery_days = notes.must_of("delivery_days", &days, known.ok_or(Reason::Days));
        let row = (|| {
            Some(TakenPreorder {
                id: self.id,
                product_id: ProductId(product_id?),
                store_id: StoreId(store_id?),
                article,
                name: name?,
                brand,
                status: status?,
                price: price?,
                warehouses: warehouses?,
                delivery_days: delivery_days?,
                created_at: self.created_at,
                updated_at: self.updated_at,
            })
        })();
        notes.end(row)
    }
}

/// Points of service in our form. An entry whose own number is another one than its key's is nobody's.
fn points(text: Option<&str>) -> Result<Value, Reason> {
    let Some(text) = text else {
        return Ok(warehouses_value(&[]));
    };
    let value: Value = serde_json::from_str(text).map_err(|_| Reason::Unreadable)?;
    let same = |(key, entry): (&String, &Value)| match entry.get("id") {
        None => true,
        Some(id) => id.as_u64().is_some_and(|id| key.parse() == Ok(id)),
    };
    if !value.as_object().is_some_and(|entries| entries.iter().all(same)) {
        return Err(Reason::Unreadable);
    }
    let points = parse_warehouses(&value).ok_or(Reason::Unreadable)?;
    Ok(warehouses_value(&points))
}

//! The form of a preorder: what was typed, what is wrong with it, what somebody else saved meanwhile.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    app::edit::FieldError,
    domain::{
        PreorderId, ProductId, Tenant, Tenge,
        preorder::{MAX_DELIVERY_DAYS, PointStock, parse_warehouses, warehouses_value},
    },
    store::{
        PgConnection, StoreError,
        audit::audit_list,
        preorders::{Preorder, PreorderChange, PreorderRow},
        products::Product,
    },
    web::{format, pages::products::limits::price_of, texts::Texts},
};

/// Words for "on sale here, stock not stated".
const UNSTATED: &[&str] = &["да", "иә", "yes", "+"];

/// What the form sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PreorderForm {
    /// Of a new preorder: the product.
    pub product: String,
    /// Article.
    pub article: String,
    /// Title.
    pub name: String,
    /// Brand.
    pub brand: String,
    /// Price as typed; empty: the product's own.
    pub price_tenge: String,
    /// Days as typed.
    pub delivery_days: String,
    /// Stock at the points of service as typed.
    pub pp1: String,
    /// The second.
    pub pp2: String,
    /// The third.
    pub pp3: String,
    /// The fourth.
    pub pp4: String,
    /// The fifth.
    pub pp5: String,
    /// Further points, one a line: `PP6 3`. `None`: they stay as they are.
    pub others: Option<String>,
    /// The version that was on the screen.
    pub version: i32,
}

/// What was typed, read.
#[derive(Debug, Clone)]
pub struct Typed {
    /// Price.
    pub price_tenge: Option<Tenge>,
    /// Days.
    pub delivery_days: i32,
    /// Stock per point.
    pub warehouses: Value,
}

impl PreorderForm {
    fn points(&self) -> [&str; 5] {
        [&self.pp1, &self.pp2, &self.pp3, &self.pp4, &self.pp5]
    }

    /// Reads numbers. Without a word about points beyond the first five they stay as `known` has them.
    ///
    /// # Errors
    /// The fields that cannot be read.
    pub fn read(&self, known: &Value) -> Result<Typed, Vec<FieldError>> {
        let mut errors = Vec::new();
        let price_tenge = price_of("price_tenge", &self.price_tenge, &mut errors);
        let delivery_days = self.delivery_days.trim().parse().unwrap_or_else(|_| {
            errors.push(FieldError::new("delivery_days", "preorder-error-days"));
            0
        });
        let mut points: Vec<PointStock> = Vec::new();
        for (number, text) in (1u16..).zip(self.points()) {
            match point_of(number, text) {
                Ok(point) => points.extend(point),
                Err(()) => errors.push(FieldError::new("warehouses", "preorder-error-warehouses")),
            }
        }
        match &self.others {
            None => {
                let beyond = parse_warehouses(known).unwrap_or_default();
                points.extend(beyond.into_iter().filter(|point| point.number > 5));
            }
            Some(text) => match others_of(text) {
                Ok(others) => points.extend(others),
                Err(()) => errors.push(FieldError::new("warehouses", "preorder-error-others")),
            },
        }
        errors.dedup();
        if errors.is_empty() {
            Ok(Typed {
                price_tenge,
                delivery_days,
                warehouses: warehouses_value(&points),
            })
        } else {
            Err(errors)
        }
    }

    /// What was typed as a change of `preorder`; its status stays.
    ///
    /// # Errors
    /// The fields that cannot be read.
    pub fn change(&self, preorder: &Preorder) -> Result<PreorderChange, Vec<FieldError>> {
        let typed = self.read(&preorder.warehouses)?;
        Ok(PreorderChange {
            article: Some(self.article.clone()),
            name: self.name.clone(),
            brand: Some(self.brand.clone()),
            status: preorder.status,
            price_tenge: typed.price_tenge,
            warehouses: typed.warehouses,
            delivery_days: typed.delivery_days,
        })
    }
}

/// Empty: not at this point.
fn point_of(number: u16, text: &str) -> Result<Option<PointStock>, ()> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let text = text.to_lowercase();
    if text.is_empty() {
        return Ok(None);
    }
    let quantity = if UNSTATED.contains(&text.as_str()) {
        None
    } else {
        Some(text.parse().map_err(|_| ())?)
    };
    Ok(Some(PointStock { number, quantity }))
}

/// Points beyond the first five: `PP6 3`, `7: да`, one a line or with commas between.
fn others_of(text: &str) -> Result<Vec<PointStock>, ()> {
    let mut points: Vec<PointStock> = Vec::new();
    for piece in text
        .split(['\n', ',', ';'])
        .map(str::trim)
        .filter(|piece| !piece.is_empty())
    {
        let piece = piece.to_lowercase();
        let piece = piece.trim_start_matches("pp").trim_start();
        let end = piece.find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len());
        let (number, stock) = piece.split_at(end);
        let number: u16 = number.parse().map_err(|_| ())?;
        if number <= 5 || points.iter().any(|point| point.number == number) {
            return Err(());
        }
        let stock = stock.trim_start_matches([' ', ':', '=', '-', '\u{a0}']);
        let point = point_of(number, stock)?;
        points.push(point.unwrap_or(PointStock {
            number,
            quantity: None,
        }));
    }
    Ok(points)
}

/// What [`others_of`] reads.
fn others_text(points: &[PointStock]) -> String {
    let lines: Vec<String> = points
        .iter()
        .filter(|point| point.number > 5)
        .map(|point| match point.quantity {
            None => format!("PP{} да", point.number),
            Some(quantity) => format!("PP{} {quantity}", point.number),
        })
        .collect();
    lines.join("\n")
}

/// What somebody else saved while the form was open.
#[derive(Debug, Clone)]
pub struct Theirs {
    /// Who; empty when not known.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Their price.
    pub price: Option<Tenge>,
    /// Their days.
    pub days: i32,
    /// Their status, as the word of its text.
    pub status: &'static str,
}

impl Theirs {
    /// Reads who changed a preorder last.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn of(conn: &mut PgConnection, tenant: Tenant, preorder: &Preorder) -> Result<Self, StoreError> {
        let line = audit_list(conn, tenant, Some(("preorder", preorder.id.0)), None, 1)?.pop();
        Ok(Self {
            at: line.as_ref().map_or(preorder.updated_at, |line| line.at),
            who: line.map(|line| line.actor_name).unwrap_or_default(),
            price: preorder.price_tenge,
            days: preorder.delivery_days,
            status: preorder.status.as_str(),
        })
    }
}

/// A point of service in the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointField {
    /// `PP1`
    pub label: String,
    /// `pp1`
    pub name: String,
    /// As typed.
    pub value: String,
}

/// The form as it is shown.
#[derive(Debug, Clone)]
pub struct Fields {
    /// The preorder; `None`: a new one.
    pub id: Option<PreorderId>,
    /// The product.
    pub product_id: ProductId,
    /// The product's name.
    pub product_name: String,
    /// The store's name.
    pub store_name: String,
    /// The version on the screen.
    pub version: i32,
    /// Article.
    pub article: String,
    /// Title.
    pub name: String,
    /// Brand.
    pub brand: String,
    /// Price as typed.
    pub price: String,
    /// Price that counts where none is typed.
    pub own_price: Option<Tenge>,
    /// Days as typed.
    pub days: String,
    /// The five points of the spreadsheet.
    pub points: Vec<PointField>,
    /// Further points, one a line.
    pub others: String,
    /// What is wrong.
    pub errors: Vec<FieldError>,
    /// What somebody else saved.
    pub theirs: Option<Theirs>,
}

impl Fields {
    /// An empty form for a product, with what the product gives.
    #[must_use]
    pub fn new(product: &Product, store_name: &str, own_price: Option<Tenge>) -> Self {
        Self {
            id: None,
            product_id: product.id,
            product_name: product.name.clone(),
            store_name: store_name.to_owned(),
            version: 0,
            article: product.sku.clone().unwrap_or_default(),
            name: product.name.clone(),
            brand: product.brand.clone().unwrap_or_default(),
            price: String::new(),
            own_price,
            days: match product.preorder_days {
                days @ 1.. => days.to_string(),
                _ => MAX_DELIVERY_DAYS.to_string(),
            },
            points: point_fields(&[]),
            others: String::new(),
            errors: Vec::new(),
            theirs: None,
        }
    }

    /// The form with the preorder's own values.
    #[must_use]
    pub fn of(row: &PreorderRow, own_price: Option<Tenge>) -> Self {
        let preorder = &row.preorder;
        let points = parse_warehouses(&preorder.warehouses).unwrap_or_default();
        Self {
            id: Some(preorder.id),
            product_id: preorder.product_id,
            product_name: row.product_name.clone(),
            store_name: row.store_name.clone(),
            version: preorder.version,
            article: preorder.article.clone().unwrap_or_default(),
            name: preorder.name.clone(),
            brand: preorder.brand.clone().unwrap_or_default(),
            price: preorder
                .price_tenge
                .map_or_else(String::new, |price| format::number(price.0)),
            own_price,
            days: preorder.delivery_days.to_string(),
            points: point_fields(&points),
            others: others_text(&points),
            errors: Vec::new(),
            theirs: None,
        }
    }

    /// Puts what was typed back into the form.
    #[must_use]
    pub fn typed(self, form: &PreorderForm) -> Self {
        let points = self
            .points
            .into_iter()
            .zip(form.points())
            .map(|(point, typed)| PointField {
                value: typed.to_owned(),
                ..point
            })
            .collect();
        Self {
            version: form.version,
            article: form.article.clone(),
            name: form.name.clone(),
            brand: form.brand.clone(),
            price: form.price_tenge.clone(),
            days: form.delivery_days.clone(),
            points,
            others: form.others.clone().unwrap_or(self.others),
            ..self
        }
    }

    /// The sentence for a field; empty when it is right.
    #[must_use]
    pub fn error(&self, field: &str, t: &Texts) -> String {
        self.errors
            .iter()
            .find(|error| error.field == field)
            .map_or_else(String::new, |error| t.get(error.code))
    }
}

fn point_fields(points: &[PointStock]) -> Vec<PointField> {
    (1..=5)
        .map(|number| {
            let point = points.iter().find(|point| point.number == number);
            PointField {
                label: format!("PP{number}"),
                name: format!("pp{number}"),
                value: match point {
                    None => String::new(),
                    Some(PointStock { quantity: None, .. }) => "да".to_owned(),
                    Some(PointStock {
                        quantity: Some(quantity),
                        ..
                    }) => quantity.to_string(),
                },
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;

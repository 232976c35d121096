//! The form of limits and opt-in: what was typed, what is wrong with it, and what somebody else saved meanwhile.

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Asia::Almaty;
use serde::Deserialize;

use crate::{
    app::edit::FieldError,
    domain::{ProductId, Tenge, money::MoneyError, pricing::Strategy},
    store::{
        PgConnection, StoreError,
        audit::audit_list,
        products::{Product, ProductChange},
    },
    web::{format, texts::Texts},
};

/// What the form sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct LimitsForm {
    /// Lowest price as typed.
    pub floor_tenge: String,
    /// Highest price as typed.
    pub ceiling_tenge: String,
    /// Present: the robot may change the price.
    pub repricing_enabled: Option<String>,
    /// Hands off until then, in Almaty; absent: as it was.
    pub locked_until: Option<String>,
    /// Its own strategy; empty: the rule's; absent: as it was.
    pub strategy: Option<String>,
    /// The version that was on the screen.
    pub version: i32,
    /// Where to go afterwards.
    pub back: String,
}

/// What somebody else saved while the form was open.
#[derive(Debug, Clone)]
pub struct Theirs {
    /// Who; empty when not known.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Their lowest price.
    pub floor: Option<Tenge>,
    /// Their highest price.
    pub ceiling: Option<Tenge>,
    /// Their opt-in.
    pub enabled: bool,
    /// The strategy that they named.
    pub strategy: Option<String>,
}

impl Theirs {
    /// Reads who changed a product last.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn of(
        conn: &mut PgConnection,
        tenant: crate::domain::Tenant,
        product: &Product,
    ) -> Result<Self, StoreError> {
        let line = audit_list(conn, tenant, Some(("product", product.id.0)), None, 1)?.pop();
        Ok(Self {
            at: line.as_ref().map_or(product.updated_at, |line| line.at),
            who: line.map(|line| line.actor_name).unwrap_or_default(),
            floor: product.floor_tenge,
            ceiling: product.ceiling_tenge,
            enabled: product.repricing_enabled,
            strategy: product.strategy.clone(),
        })
    }

    /// Their strategy in words.
    #[must_use]
    pub fn strategy(&self, t: &Texts) -> String {
        match &self.strategy {
            None => t.get("product-strategy-rule"),
            Some(kind) => t.get_or(&format!("strategy-{kind}"), "strategy-other"),
        }
    }
}

/// The form as it is shown.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The product.
    pub id: ProductId,
    /// Its name, for labels.
    pub name: String,
    /// The version on the screen.
    pub version: i32,
    /// Lowest price as typed.
    pub floor: String,
    /// Highest price as typed.
    pub ceiling: String,
    /// The robot may change the price.
    pub enabled: bool,
    /// Hands off until then, as the field wants it.
    pub locked_until: String,
    /// Its own strategy; empty: the rule's.
    pub strategy: String,
    /// Where to go afterwards.
    pub back: String,
    /// What is wrong.
    pub errors: Vec<FieldError>,
    /// What somebody else saved.
    pub theirs: Option<Theirs>,
}

impl Limits {
    /// The form with the product's own values.
    #[must_use]
    pub fn of(product: &Product, back: &str) -> Self {
        let typed = |amount: Option<Tenge>| amount.map_or_else(String::new, |a| format::number(a.0));
        Self {
            id: product.id,
            name: product.name.clone(),
            version: product.version,
            floor: typed(product.floor_tenge),
            ceiling: typed(product.ceiling_tenge),
            enabled: product.repricing_enabled,
            locked_until: product.locked_until.map_or_else(String::new, field_time),
            strategy: product.strategy.clone().unwrap_or_default(),
            back: back.to_owned(),
            errors: Vec::new(),
            theirs: None,
        }
    }

    /// The form as it came back: everything typed stays.
    #[must_use]
    pub fn typed(product: &Product, form: &LimitsForm) -> Self {
        Self {
            floor: form.floor_tenge.clone(),
            ceiling: form.ceiling_tenge.clone(),
            enabled: form.repricing_enabled.is_some(),
            locked_until: form.locked_until.clone().unwrap_or_default(),
            strategy: form
                .strategy
                .clone()
                .or_else(|| product.strategy.clone())
                .unwrap_or_default(),
            ..Self::of(product, &form.back)
        }
    }

    /// The strategies to choose from, with their words and whether each is chosen: those that do without
    /// parameters, and what stands there.
    #[must_use]
    pub fn strategies(&self, t: &Texts) -> Vec<(String, String, bool)> {
        let mut kinds: Vec<&str> = Strategy::named_kinds().collect();
        if !self.strategy.is_empty() && !kinds.contains(&self.strategy.as_str()) {
            kinds.push(&self.strategy);
        }
        kinds
            .into_iter()
            .map(|kind| {
                let words = t.get_or(&format!("strategy-{kind}"), "strategy-other");
                (kind.to_owned(), words, kind == self.strategy)
            })
            .collect()
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

impl LimitsForm {
    /// What was typed as a change of `product`.
    ///
    /// # Errors
    /// The fields that cannot be read.
    pub fn change(&self, product: &Product) -> Result<ProductChange, Vec<FieldError>> {
        let mut errors = Vec::new();
        let floor_tenge = price_of("floor_tenge", &self.floor_tenge, &mut errors);
        let ceiling_tenge = price_of("ceiling_tenge", &self.ceiling_tenge, &mut errors);
        let locked_until = match self.locked_until.as_deref().map(str::trim) {
            None => product.locked_until,
            Some("") => None,
            Some(text) => {
                let time = parse_time(text);
                if time.is_none() {
                    errors.push(FieldError::new("locked_until", "error-time"));
                }
                time
            }
        };
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(ProductChange {
            repricing_enabled: self.repricing_enabled.is_some(),
            floor_tenge,
            ceiling_tenge,
            strategy: self.strategy.clone().or_else(|| product.strategy.clone()),
            locked_until,
        })
    }
}

/// An amount as typed; nothing where nothing was typed or it cannot be read (then with an error).
pub fn price_of(field: &'static str, text: &str, errors: &mut Vec<FieldError>) -> Option<Tenge> {
    let code = match Tenge::parse_price(text) {
        Ok(amount) => return Some(amount),
        Err(MoneyError::Empty) => return None,
        Err(MoneyError::NotANumber) => "error-money-not-a-number",
        Err(MoneyError::Fraction) => "error-money-fraction",
        Err(MoneyError::TooLarge) => "product-error-price-high",
        Err(MoneyError::NotPositive) => "error-money-not-positive",
    };
    errors.push(FieldError::new(field, code));
    None
}

/// `2026-11-23T14:05` of a date-time field, or `23.11.2026 14:05` as people write it; Almaty.
fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    let local = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    Some(local.and_local_timezone(Almaty).earliest()?.with_timezone(&Utc))
}

fn field_time(at: DateTime<Utc>) -> String {
    at.with_timezone(&Almaty).format("%Y-%m-%dT%H:%M").to_string()
}

/// The way back, if it leads into our own lists; else the list of products.
#[must_use]
pub fn safe_back(back: &str) -> &str {
    let known = ["/products", "/preorders", "/log"].iter().any(|path| {
        back.strip_prefix(path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '/']))
    });
    if known && !back.contains(['\\', '\r', '\n']) {
        back
    } else {
        "/products"
    }
}

#[cfg(test)]
mod tests;

//! Changing what a person may set of a product: limits, opt-in, lock. Never sends a price.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};

use super::{
    edit::{EditError, FieldError, changed_fields, filled, store_for_change, too_long},
    reprice::supersede,
};
use crate::{
    domain::{Actor, ProductId, StoreId, Tenge, pricing::Strategy, product::LOWEST_PRICE, terms::Terms},
    services::Services,
    store::{
        StoreError,
        audit::{AuditEntry, audit_insert},
        error::Unique,
        product_writes::products_hold,
        products::{
            Product, ProductChange, ProductRow, product_delete, product_fetch, product_insert, product_update,
        },
        pushes::{push_in_flight, push_waiting},
        terms::terms_beyond_product,
    },
};

/// Why a product was not changed.
pub type ProductEditError = EditError<ProductRow>;

/// A product to be added by hand. Its price comes with the next reading of the marketplace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProduct {
    /// The store that sells it.
    pub store_id: StoreId,
    /// The cabinet's offer id.
    pub kaspi_product_id: String,
    /// The seller's article.
    pub sku: Option<String>,
    /// The marketplace's page of the product.
    pub card_id: Option<String>,
    /// Title.
    pub name: String,
    /// Brand.
    pub brand: Option<String>,
    /// Category.
    pub category: Option<String>,
    /// Limits and opt-in.
    pub change: ProductChange,
}

/// Changes limits, opt-in and lock of a product that still has `version`. A change to the same values
/// writes nothing.
///
/// # Errors
/// See [`EditError`]; automatic prices cannot be switched on without a floor.
pub async fn edit_product(
    services: &Services,
    actor: &Actor,
    id: ProductId,
    version: i32,
    change: ProductChange,
) -> Result<(), ProductEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| edit_product_in(conn, &actor, (id, version), change, now))
        .await
}

/// [`edit_product`] within a transaction.
///
/// # Errors
/// See [`EditError`]; whatever the error, nothing was written.
pub(super) fn edit_product_in(
    conn: &mut PgConnection,
    actor: &Actor,
    (id, version): (ProductId, i32),
    change: ProductChange,
    now: DateTime<Utc>,
) -> Result<(), ProductEditError> {
    let row = product_fetch(conn, actor.tenant(), id)?.ok_or(EditError::NotFound)?;
    store_for_change::<ProductRow>(conn, actor, row.product.store_id)?;
    let change = ProductChange {
        strategy: filled(change.strategy),
        ..change
    };
    let product = (row.product.id, row.product.category.as_deref());
    let beyond = terms_beyond_product(conn, row.product.store_id, product)?;
    let mut errors = change_errors(&change, &beyond);
    errors.extend(strategy_error(&change, row.product.strategy.as_deref()));
    if !errors.is_empty() {
        return Err(EditError::Invalid(errors));
    }
    if row.product.version != version {
        return Err(EditError::Conflict(Box::new(row)));
    }
    let Some((before, after)) = changed_fields(change_json(&change_of(&row.product)), change_json(&change))
    else {
        return Ok(());
    };
    match product_update(conn, id, version, &change, now) {
        Err(StoreError::Stale) => {
            let row = product_fetch(conn, actor.tenant(), id)?.ok_or(EditError::NotFound)?;
            return Err(EditError::Conflict(Box::new(row)));
        }
        result => result?,
    }
    let entry = entry(actor, now, &row.product, "update").change(before, after);
    Ok(audit_insert(conn, &entry)?)
}

/// Adds a product.
///
/// # Errors
/// See [`EditError`]; `Invalid` also when the store has the sku already.
pub async fn create_product(
    services: &Services,
    actor: &Actor,
    new: NewProduct,
) -> Result<ProductId, ProductEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            store_for_change::<ProductRow>(conn, &actor, new.store_id)?;
            let product = product_from(new, now);
            let errors = new_errors(&product);
            if !errors.is_empty() {
                return Err(EditError::Invalid(errors));
            }
            match product_insert(conn, &product) {
                Err(StoreError::Duplicate(Unique::ProductSku)) => {
                    return Err(EditError::Invalid(vec![FieldError::new(
                        "sku",
                        "product-error-sku-taken",
                    )]));
                }
                result => result?,
            }
            let after = json!({"name": product.name, "sku": product.sku, "card_id": product.card_id});
            let entry = entry(&actor, now, &product, "create").change(json!({}), after);
            audit_insert(conn, &entry)?;
            Ok(product.id)
        })
        .await
}

/// Removes a product with its prices, decisions, pushes and preorders.
///
/// # Errors
/// See [`EditError`]; `Conflict` while a write of its price is on its way, whose end nobody would learn, or waits on a
/// person's behalf.
pub async fn delete_product(
    services: &Services,
    actor: &Actor,
    id: ProductId,
) -> Result<(), ProductEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            products_hold(conn, &[id])?;
            let row = product_fetch(conn, actor.tenant(), id)?.ok_or(EditError::NotFound)?;
            store_for_change::<ProductRow>(conn, &actor, row.product.store_id)?;
            supersede(conn, &[id], now)?;
            if !push_in_flight(conn, &[id])?.is_empty() || !push_waiting(conn, &[id])?.is_empty() {
                return Err(EditError::Conflict(Box::new(row)));
            }
            product_delete(conn, id)?;
            let before = json!({
                "name": row.product.name, "sku": row.product.sku, "card_id": row.product.card_id,
                "floor_tenge": row.product.floor_tenge, "ceiling_tenge": row.product.ceiling_tenge,
                "repricing_enabled": row.product.repricing_enabled,
            });
            let entry = entry(&actor, now, &row.product, "delete").change(before, json!({}));
            Ok(audit_insert(conn, &entry)?)
        })
        .await
}

/// What a person may change, as the product has it now.
#[must_use]
pub fn change_of(product: &Product) -> ProductChange {
    ProductChange {
        repricing_enabled: product.repricing_enabled,
        floor_tenge: product.floor_tenge,
        ceiling_tenge: product.ceiling_tenge,
        strategy: product.strategy.clone(),
        locked_until: product.locked_until,
    }
}

fn change_json(change: &ProductChange) -> Value {
    json!({
        "repricing_enabled": change.repricing_enabled,
        "floor_tenge": change.floor_tenge,
        "ceiling_tenge": change.ceiling_tenge,
        "strategy": change.strategy,
        "locked_until": change.locked_until,
    })
}

/// `beyond`: what holds where the product itself sets nothing.
pub(super) fn change_errors(change: &ProductChange, beyond: &Terms) -> Vec<FieldError> {
    let mut errors = Vec::new();
    match change.floor_tenge {
        Some(floor) if floor < LOWEST_PRICE => {
            errors.push(FieldError::new("floor_tenge", "product-error-floor-low"));
        }
        Some(floor) if floor > Tenge::MAX => {
            errors.push(FieldError::new("floor_tenge", "product-error-price-high"));
        }
        None if change.repricing_enabled && beyond.floor.is_none() && beyond.unit_cost.is_none() => {
            errors.push(FieldError::new("floor_tenge", "product-error-floor-needed"));
        }
        _ => {}
    }
    match change.ceiling_tenge {
        Some(ceiling) if ceiling < change.floor_tenge.or(beyond.floor).unwrap_or(LOWEST_PRICE) => {
            errors.push(FieldError::new("ceiling_tenge", "product-error-ceiling-low"));
        }
        Some(ceiling) if ceiling > Tenge::MAX => {
            errors.push(FieldError::new("ceiling_tenge", "product-error-price-high"));
        }
        _ => {}
    }
    errors
}

/// A strategy must be one that does without parameters. One that is not known, from before, may stay: the robot
/// refuses to play it, and nobody loses it by changing a floor.
fn strategy_error(change: &ProductChange, before: Option<&str>) -> Option<FieldError> {
    let kind = change.strategy.as_deref()?;
    let known = Strategy::named_kinds().any(|named| named == kind) || before == Some(kind);
    (!known).then_some(FieldError::new("strategy", "product-error-strategy"))
}

fn new_errors(product: &Product) -> Vec<FieldError> {
    let change = change_of(product);
    let mut errors = change_errors(&change, &Terms::default());
    errors.extend(strategy_error(&change, None));
    errors.extend(catalogue_errors(product));
    errors
}

/// What is wrong with the fields of the catalogue.
pub(super) fn catalogue_errors(product: &Product) -> Vec<FieldError> {
    let (name, offer) = (product.name.as_str(), product.kaspi_product_id.as_str());
    let empty = [("name", name), ("kaspi_product_id", offer)]
        .into_iter()
        .filter(|(_, value)| value.is_empty())
        .map(|(field, _)| FieldError::new(field, "error-empty"));
    let long = [
        ("name", Some(name), 500),
        ("kaspi_product_id", Some(offer), 255),
        ("sku", product.sku.as_deref(), 255),
        ("card_id", product.card_id.as_deref(), 255),
        ("brand", product.brand.as_deref(), 255),
        ("category", product.category.as_deref(), 255),
        ("image_url", product.image_url.as_deref(), 500),
        ("strategy", product.strategy.as_deref(), 50),
    ]
    .into_iter()
    .filter(|(_, value, limit)| too_long(*value, *limit))
    .map(|(field, ..)| FieldError::new(field, "error-too-long"));
    empty.chain(long).collect()
}

fn product_from(new: NewProduct, now: DateTime<Utc>) -> Product {
    Product {
        id: ProductId::new(),
        store_id: new.store_id,
        kaspi_product_id: new.kaspi_product_id.trim().to_owned(),
        sku: filled(new.sku),
        card_id: filled(new.card_id),
        name: new.name.trim().to_owned(),
        brand: filled(new.brand),
        category: filled(new.category),
        image_url: None,
        on_sale: true,
        archived_at: None,
        stock: None,
        preorder_days: 0,
        availabilities: None,
        availabilities_read_at: None,
        repricing_enabled: new.change.repricing_enabled,
        floor_tenge: new.change.floor_tenge,
        ceiling_tenge: new.change.ceiling_tenge,
        strategy: filled(new.change.strategy),
        locked_until: new.change.locked_until,
        push_sequence: 0,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

pub(super) fn entry(actor: &Actor, now: DateTime<Utc>, product: &Product, action: &str) -> AuditEntry {
    let object = ("product", product.id.0, product.name.as_str());
    AuditEntry::new(actor, now, Some(product.store_id), object, action)
}

#[cfg(test)]
mod tests;

//! Adding, changing and removing preorders.

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Value, json};

use super::edit::{EditError, FieldError, changed_fields, filled, store_for_change, too_long};
use crate::{
    domain::{
        Actor, PreorderId, PreorderStatus, ProductId, StoreId, Tenge,
        preorder::{MAX_DELIVERY_DAYS, parse_warehouses},
        product::LOWEST_PRICE,
    },
    services::Services,
    store::{
        StoreError,
        audit::{AuditEntry, audit_insert},
        error::Unique,
        preorders::{
            Preorder, PreorderChange, PreorderRow, preorder_delete, preorder_fetch, preorder_insert,
            preorder_products, preorder_update,
        },
        products::product_fetch,
    },
};

/// Why a preorder was not changed.
pub type PreorderEditError = EditError<PreorderRow>;

/// A preorder to be added. Article, name and brand come from the product where they are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPreorder {
    /// The product.
    pub product_id: ProductId,
    /// The store, where the caller names it: it must be the product's own.
    pub store_id: Option<StoreId>,
    /// Article.
    pub article: Option<String>,
    /// Title.
    pub name: Option<String>,
    /// Brand.
    pub brand: Option<String>,
    /// Where it stands.
    pub status: PreorderStatus,
    /// Price; `None`: the product's own.
    pub price_tenge: Option<Tenge>,
    /// Stock per point, as `domain::preorder::warehouses_value` writes it.
    pub warehouses: Value,
    /// Days, 0–30.
    pub delivery_days: i32,
}

/// Adds a preorder.
///
/// # Errors
/// See [`EditError`]; `Invalid` also when the product has a preorder already.
pub async fn create_preorder(
    services: &Services,
    actor: &Actor,
    new: NewPreorder,
) -> Result<PreorderId, PreorderEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| create_in(conn, &actor, new, now))
        .await
}

/// What came of preorders for many products.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CreatedMany {
    /// Added.
    pub added: usize,
    /// Products that had one already: left as they are.
    pub kept: usize,
}

/// Adds a preorder with the same days and points of service for each of these products that has none: all of them or
/// nothing. Article, name, brand and price are the product's own.
///
/// # Errors
/// See [`EditError`]; products that the actor may not change are a refusal of the whole.
pub async fn create_preorders(
    services: &Services,
    actor: &Actor,
    products: Vec<ProductId>,
    delivery_days: i32,
    warehouses: Value,
) -> Result<CreatedMany, PreorderEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let existing = preorder_products(conn, &products)?;
            let mut created = CreatedMany::default();
            for product_id in products {
                if existing.contains(&product_id) {
                    // What belongs to others does not exist, whether it has a preorder or not.
                    if product_fetch(conn, actor.tenant(), product_id)?.is_none() {
                        return Err(invalid("product_id", "preorder-error-product-unknown"));
                    }
                    created.kept += 1;
                    continue;
                }
                let new = NewPreorder {
                    product_id,
                    store_id: None,
                    article: None,
                    name: None,
                    brand: None,
                    status: PreorderStatus::Processing,
                    price_tenge: None,
                    warehouses: warehouses.clone(),
                    delivery_days,
                };
                create_in(conn, &actor, new, now)?;
                created.added += 1;
            }
            Ok(created)
        })
        .await
}

/// [`create_preorder`] within a transaction.
///
/// # Errors
/// See [`EditError`].
pub(super) fn create_in(
    conn: &mut PgConnection,
    actor: &Actor,
    new: NewPreorder,
    now: DateTime<Utc>,
) -> Result<PreorderId, PreorderEditError> {
    let Some(row) = product_fetch(conn, actor.tenant(), new.product_id)? else {
        return Err(invalid("product_id", "preorder-error-product-unknown"));
    };
    let product = row.product;
    store_for_change::<PreorderRow>(conn, actor, product.store_id)?;
    if new.store_id.is_some_and(|store| store != product.store_id) {
        return Err(invalid("store_id", "preorder-error-store-other"));
    }
    let change = PreorderChange {
        article: filled(new.article).or(product.sku),
        name: filled(new.name).unwrap_or(product.name),
        brand: filled(new.brand).or(product.brand),
        status: new.status,
        price_tenge: new.price_tenge,
        warehouses: new.warehouses,
        delivery_days: new.delivery_days,
    };
    let errors = change_errors(&change);
    if !errors.is_empty() {
        return Err(EditError::Invalid(errors));
    }
    let preorder = Preorder {
        id: PreorderId::new(),
        store_id: product.store_id,
        product_id: product.id,
        article: change.article.clone(),
        name: change.name.clone(),
        brand: change.brand.clone(),
        status: change.status,
        price_tenge: change.price_tenge,
        warehouses: change.warehouses.clone(),
        delivery_days: change.delivery_days,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    match preorder_insert(conn, &preorder) {
        Err(StoreError::Duplicate(Unique::Preorder)) => {
            return Err(invalid("product_id", "preorder-error-exists"));
        }
        result => result?,
    }
    let entry = entry(actor, now, &preorder, "create").change(json!({}), change_json(&change));
    audit_insert(conn, &entry)?;
    Ok(preorder.id)
}

/// Changes a preorder that still has `version`. A change to the same values writes nothing.
///
/// # Errors
/// See [`EditError`].
pub async fn edit_preorder(
    services: &Services,
    actor: &Actor,
    id: PreorderId,
    version: i32,
    change: PreorderChange,
) -> Result<(), PreorderEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let row = fetch_for_change(conn, &actor, id)?;
            update_in(conn, &actor, row, version, change, now)
        })
        .await
}

/// Completes, cancels or reopens a preorder that still has `version`.
///
/// # Errors
/// See [`EditError`].
pub async fn set_preorder_status(
    services: &Services,
    actor: &Actor,
    id: PreorderId,
    version: i32,
    status: PreorderStatus,
) -> Result<(), PreorderEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let row = fetch_for_change(conn, &actor, id)?;
            let change = PreorderChange {
                status,
                ..change_of(&row.preorder)
            };
            update_in(conn, &actor, row, version, change, now)
        })
        .await
}

/// Removes a preorder.
///
/// # Errors
/// See [`EditError`].
pub async fn delete_preorder(
    services: &Services,
    actor: &Actor,
    id: PreorderId,
) -> Result<(), PreorderEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services.db.tx(move |conn| delete_in(conn, &actor, id, now)).await
}

/// [`delete_preorder`] within a transaction.
///
/// # Errors
/// See [`EditError`].
pub(super) fn delete_in(
    conn: &mut PgConnection,
    actor: &Actor,
    id: PreorderId,
    now: DateTime<Utc>,
) -> Result<(), PreorderEditError> {
    let row = fetch_for_change(conn, actor, id)?;
    if !preorder_delete(conn, id)? {
        return Err(EditError::NotFound);
    }
    let before = change_json(&change_of(&row.preorder));
    let entry = entry(actor, now, &row.preorder, "delete").change(before, json!({}));
    Ok(audit_insert(conn, &entry)?)
}

/// What a person may change, as the preorder has it now.
#[must_use]
pub fn change_of(preorder: &Preorder) -> PreorderChange {
    PreorderChange {
        article: preorder.article.clone(),
        name: preorder.name.clone(),
        brand: preorder.brand.clone(),
        status: preorder.status,
        price_tenge: preorder.price_tenge,
        warehouses: preorder.warehouses.clone(),
        delivery_days: preorder.delivery_days,
    }
}

/// The preorder, when the actor may change it.
///
/// # Errors
/// See [`EditError`].
pub(super) fn fetch_for_change(
    conn: &mut PgConnection,
    actor: &Actor,
    id: PreorderId,
) -> Result<PreorderRow, PreorderEditError> {
    let row = preorder_fetch(conn, actor.tenant(), id)?.ok_or(EditError::NotFound)?;
    store_for_change::<PreorderRow>(conn, actor, row.preorder.store_id)?;
    Ok(row)
}

/// [`edit_preorder`] of a row that was just read.
///
/// # Errors
/// See [`EditError`].
pub(super) fn update_in(
    conn: &mut PgConnection,
    actor: &Actor,
    row: PreorderRow,
    version: i32,
    change: PreorderChange,
    now: DateTime<Utc>,
) -> Result<(), PreorderEditError> {
    let change = PreorderChange {
        article: filled(change.article),
        name: change.name.trim().to_owned(),
        brand: filled(change.brand),
        ..change
    };
    let errors = change_errors(&change);
    if !errors.is_empty() {
        return Err(EditError::Invalid(errors));
    }
    if row.preorder.version != version {
        return Err(EditError::Conflict(Box::new(row)));
    }
    let (before, after) = (change_json(&change_of(&row.preorder)), change_json(&change));
    let Some((before, after)) = changed_fields(before, after) else {
        return Ok(());
    };
    match preorder_update(conn, row.preorder.id, version, &change, now) {
        Err(StoreError::Stale) => {
            let row = preorder_fetch(conn, actor.tenant(), row.preorder.id)?.ok_or(EditError::NotFound)?;
            return Err(EditError::Conflict(Box::new(row)));
        }
        result => result?,
    }
    let entry = entry(actor, now, &row.preorder, "update").change(before, after);
    Ok(audit_insert(conn, &entry)?)
}

fn change_json(change: &PreorderChange) -> Value {
    json!({
        "article": change.article,
        "name": change.name,
        "brand": change.brand,
        "status": change.status.as_str(),
        "price_tenge": change.price_tenge,
        "warehouses": change.warehouses,
        "delivery_days": change.delivery_days,
    })
}

fn change_errors(change: &PreorderChange) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if change.name.is_empty() {
        errors.push(FieldError::new("name", "error-empty"));
    }
    for (field, value, limit) in [
        ("name", Some(change.name.as_str()), 500),
        ("article", change.article.as_deref(), 255),
        ("brand", change.brand.as_deref(), 255),
    ] {
        if too_long(value, limit) {
            errors.push(FieldError::new(field, "error-too-long"));
        }
    }
    if change.price_tenge.is_some_and(|price| price < LOWEST_PRICE) {
        errors.push(FieldError::new("price_tenge", "preorder-error-price-low"));
    }
    if change.price_tenge.is_some_and(|price| price > Tenge::MAX) {
        errors.push(FieldError::new("price_tenge", "product-error-price-high"));
    }
    if !(0..=MAX_DELIVERY_DAYS).contains(&change.delivery_days) {
        errors.push(FieldError::new("delivery_days", "preorder-error-days"));
    }
    if parse_warehouses(&change.warehouses).is_none() {
        errors.push(FieldError::new("warehouses", "preorder-error-warehouses"));
    }
    errors
}

fn invalid(field: &'static str, code: &'static str) -> PreorderEditError {
    EditError::Invalid(vec![FieldError::new(field, code)])
}

fn entry(actor: &Actor, now: DateTime<Utc>, preorder: &Preorder, action: &str) -> AuditEntry {
    let object = ("preorder", preorder.id.0, preorder.name.as_str());
    AuditEntry::new(actor, now, Some(preorder.store_id), object, action)
}

#[cfg(test)]
mod tests;

//! Products as programs write them: catalogue fields and settings in one statement, and switching many of a store.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{
    StoreError,
    products::{Product, product_due_at},
};
use crate::{
    domain::{ProductId, StoreId},
    schema::{preorders, product_checks, products, rules},
};

/// Writes what programs may change of a product that still has `version`; it becomes due at once.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else changed it meanwhile; `Duplicate(ProductSku)` when its store has the sku.
pub fn product_write(
    conn: &mut PgConnection,
    version: i32,
    product: &Product,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let kept = products::table
        .find(product.id)
        .filter(products::version.eq(version));
    let rows = diesel::update(kept)
        .set((
            products::store_id.eq(product.store_id),
            products::kaspi_product_id.eq(&product.kaspi_product_id),
            products::sku.eq(&product.sku),
            products::card_id.eq(&product.card_id),
            products::name.eq(&product.name),
            products::category.eq(&product.category),
            products::image_url.eq(&product.image_url),
            products::repricing_enabled.eq(product.repricing_enabled),
            products::floor_tenge.eq(product.floor_tenge),
            products::ceiling_tenge.eq(product.ceiling_tenge),
            products::strategy.eq(&product.strategy),
            products::version.eq(version + 1),
            products::updated_at.eq(now),
        ))
        .execute(conn)?;
    if rows == 1 {
        product_due_at(conn, product.id, now)
    } else {
        Err(StoreError::Stale)
    }
}

/// Does the product have a rule of its own, which belongs to its store?
///
/// # Errors
/// See [`StoreError`].
pub fn product_has_rule(conn: &mut PgConnection, id: ProductId) -> Result<bool, StoreError> {
    let own = rules::table.filter(rules::product_id.eq(id));
    Ok(diesel::select(diesel::dsl::exists(own)).get_result(conn)?)
}

/// Takes the preorders of a product along to its store.
///
/// # Errors
/// See [`StoreError`].
pub fn preorders_follow(conn: &mut PgConnection, product: &Product) -> Result<(), StoreError> {
    diesel::update(preorders::table.filter(preorders::product_id.eq(product.id)))
        .set(preorders::store_id.eq(product.store_id))
        .execute(conn)?;
    Ok(())
}

/// The products of a store with these offer ids, locked until the end of the transaction: key, name and whether
/// automatic prices are on.
///
/// # Errors
/// See [`StoreError`].
pub fn products_of_offers(
    conn: &mut PgConnection,
    store_id: StoreId,
    offers: &[String],
) -> Result<Vec<(ProductId, String, bool)>, StoreError> {
    Ok(products::table
        .filter(products::store_id.eq(store_id))
        .filter(products::kaspi_product_id.eq_any(offers))
        .order(products::id)
        .for_update()
        .select((products::id, products::name, products::repricing_enabled))
        .load(conn)?)
}

/// Switches automatic prices of these products; those switched on are due at once.
///
/// # Errors
/// See [`StoreError`].
pub fn products_switch(
    conn: &mut PgConnection,
    ids: &[ProductId],
    enabled: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(products::table.filter(products::id.eq_any(ids)))
        .set((
            products::repricing_enabled.eq(enabled),
            products::version.eq(products::version + 1),
            products::updated_at.eq(now),
        ))
        .execute(conn)?;
    diesel::update(product_checks::table.filter(product_checks::product_id.eq_any(ids)))
        .set(product_checks::next_check_at.eq(now))
        .execute(conn)?;
    Ok(())
}

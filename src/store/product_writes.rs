//! Products held while something is planned or written about them; as programs write them, catalogue fields and settings
//! in one statement; and switching many of a store.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{
    StoreError,
    products::{Product, product_due_at},
};
use crate::{
    domain::{PreorderId, ProductId, StoreId},
    schema::{preorders, product_checks, product_prices, products, rules},
};

/// A product that is held, and which offer of which store it is.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct HeldProduct {
    /// Key.
    pub id: ProductId,
    /// Its store.
    pub store_id: StoreId,
    /// The seller's article.
    pub sku: Option<String>,
    /// The marketplace's page of the product.
    pub card_id: Option<String>,
}

/// Holds these products until the end of the transaction, so that nobody changes them or plans for them meanwhile.
/// Whoever holds products and then touches their pushes takes the products first: the other way round two wait for each
/// other.
///
/// # Errors
/// See [`StoreError`].
pub fn products_hold(conn: &mut PgConnection, ids: &[ProductId]) -> Result<Vec<HeldProduct>, StoreError> {
    Ok(products::table
        .filter(products::id.eq_any(ids))
        .order(products::id)
        .for_no_key_update()
        .select((products::id, products::store_id, products::sku, products::card_id))
        .load(conn)?)
}

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
            products::stock.eq(product.stock),
            products::availabilities.eq(&product.availabilities),
            products::availabilities_read_at.eq(product.availabilities_read_at),
            products::push_sequence.eq(product.push_sequence),
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

/// Takes the preorders of a product along to its store; their keys and names.
///
/// # Errors
/// See [`StoreError`].
pub fn preorders_follow(
    conn: &mut PgConnection,
    product: &Product,
) -> Result<Vec<(PreorderId, String)>, StoreError> {
    Ok(
        diesel::update(preorders::table.filter(preorders::product_id.eq(product.id)))
            .set(preorders::store_id.eq(product.store_id))
            .returning((preorders::id, preorders::name))
            .get_results(conn)?,
    )
}

/// Forgets what the product costs in every city: those were prices of another store.
///
/// # Errors
/// See [`StoreError`].
pub fn product_prices_forget(conn: &mut PgConnection, id: ProductId) -> Result<(), StoreError> {
    diesel::delete(product_prices::table.filter(product_prices::product_id.eq(id))).execute(conn)?;
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
        .for_no_key_update()
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

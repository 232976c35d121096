//! All products with automatic prices and what holds for them: what a change of tariffs is reckoned with.

use diesel::prelude::*;

use super::{StoreError, stores::store_ids_of, terms::terms_of_products};
use crate::{
    domain::{ProductId, StoreId, Tenant, Tenge, terms::Terms},
    schema::{product_prices, products, stores},
};

/// A product with automatic prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepricedProduct {
    /// The product.
    pub id: ProductId,
    /// The store that sells it.
    pub store_id: StoreId,
    /// The store's name.
    pub store_name: String,
    /// Title.
    pub name: String,
    /// The seller's article.
    pub sku: Option<String>,
    /// Price in the store's main city.
    pub price: Tenge,
    /// What holds for it, from wherever it is set.
    pub terms: Terms,
}

/// All products on sale with automatic prices and a known price that the tenant may see, in no order.
///
/// # Errors
/// See [`StoreError`].
pub fn repriced_products(
    conn: &mut PgConnection,
    tenant: Tenant,
) -> Result<Vec<RepricedProduct>, StoreError> {
    type Columns = (ProductId, StoreId, String, String, Option<String>, Tenge);
    let mut query = products::table
        .inner_join(stores::table)
        .inner_join(
            product_prices::table.on(product_prices::product_id
                .eq(products::id)
                .and(product_prices::city_id.eq(stores::main_city_id))),
        )
        .filter(products::repricing_enabled)
        .filter(products::on_sale)
        .filter(products::archived_at.is_null())
        .select((
            products::id,
            products::store_id,
            stores::name,
            products::name,
            products::sku,
            product_prices::price_tenge,
        ))
        .into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(products::store_id.eq_any(store_ids_of(user)));
    }
    let rows: Vec<Columns> = query.load(conn)?;
    let ids: Vec<ProductId> = rows.iter().map(|row| row.0).collect();
    let mut terms = terms_of_products(conn, &ids)?;
    Ok(rows
        .into_iter()
        .map(|(id, store_id, store_name, name, sku, price)| RepricedProduct {
            terms: terms.remove(&id).unwrap_or_default(),
            id,
            store_id,
            store_name,
            name,
            sku,
            price,
        })
        .collect())
}

//! A few rows of each kind that a search over everything finds.

use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Bool, Text},
};

use super::{
    StoreError,
    page::search_words,
    product_lists::product_has_word_or_card,
    stores::{store_ids_of, stores_of},
};
use crate::{
    domain::{PreorderId, ProductId, StoreId, Tenant},
    schema::{preorders, products, stores},
};

/// A product that was found.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[expect(missing_docs, reason = "the names of the columns")]
pub struct FoundProduct {
    pub id: ProductId,
    pub name: String,
    pub sku: Option<String>,
    pub kaspi_product_id: String,
    pub card_id: Option<String>,
    pub store_name: String,
}

/// A store that was found.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[expect(missing_docs, reason = "the names of the columns")]
pub struct FoundStore {
    pub id: StoreId,
    pub name: String,
    pub merchant_id: String,
}

/// A preorder that was found.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
#[expect(missing_docs, reason = "the names of the columns")]
pub struct FoundPreorder {
    pub id: PreorderId,
    pub name: String,
    pub article: Option<String>,
    pub store_name: String,
}

/// Products of the tenant with all words of `text` in name, offer id or article, or with this card: those that are
/// called exactly so first, then by name; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn search_products(
    conn: &mut PgConnection,
    tenant: Tenant,
    text: &str,
    limit: i64,
) -> Result<Vec<FoundProduct>, StoreError> {
    let mut query = products::table.inner_join(stores::table).into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(products::store_id.eq_any(store_ids_of(user)));
    }
    for word in search_words(text) {
        query = query.filter(product_has_word_or_card(word));
    }
    let exact = sql::<Bool>("coalesce(")
        .bind::<Text, _>(text.to_owned())
        .sql(" in (products.kaspi_product_id, products.sku, products.card_id), false)");
    Ok(query
        .filter(products::archived_at.is_null())
        .order((exact.desc(), products::name, products::id))
        .limit(limit)
        .select((
            products::id,
            products::name,
            products::sku,
            products::kaspi_product_id,
            products::card_id,
            stores::name,
        ))
        .load(conn)?)
}

/// Stores of the tenant with all words of `text` in name or number, by name; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn search_stores(
    conn: &mut PgConnection,
    tenant: Tenant,
    text: &str,
    limit: i64,
) -> Result<Vec<FoundStore>, StoreError> {
    let mut query = stores_of(tenant);
    for word in search_words(text) {
        query = query.filter(
            stores::name
                .ilike(word.clone())
                .or(stores::merchant_id.ilike(word)),
        );
    }
    Ok(query
        .order((stores::name, stores::id))
        .limit(limit)
        .select((stores::id, stores::name, stores::merchant_id))
        .load(conn)?)
}

/// Preorders of the tenant with all words of `text` in name, article or brand, newest first; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn search_preorders(
    conn: &mut PgConnection,
    tenant: Tenant,
    text: &str,
    limit: i64,
) -> Result<Vec<FoundPreorder>, StoreError> {
    let mut query = preorders::table.inner_join(stores::table).into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(preorders::store_id.eq_any(store_ids_of(user)));
    }
    for word in search_words(text) {
        query = query.filter(
            preorders::name
                .ilike(word.clone())
                .or(preorders::article.ilike(word.clone()))
                .or(preorders::brand.ilike(word)),
        );
    }
    Ok(query
        .order((preorders::created_at.desc(), preorders::id.desc()))
        .limit(limit)
        .select((preorders::id, preorders::name, preorders::article, stores::name))
        .load(conn)?)
}

//! A few rows of each kind that a search over everything finds.

use diesel::prelude::*;

use super::{
    StoreError,
    page::{escaped, search_words},
    product_lists::{product_has_word, product_has_word_or_card},
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

impl FoundProduct {
    /// Is it called exactly so?
    fn is_called(&self, text: &str) -> bool {
        let is = |name: &Option<String>| name.as_deref() == Some(text);
        self.kaspi_product_id == text || is(&self.sku) || is(&self.card_id)
    }
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

/// Products that have all words are put in order for so many of them: a word that half of the products have must not
/// sort half of the products for a few lines.
const ORDERED: i64 = 1_000;
/// So many letters and digits in a row the index of parts of names needs; for less it would read every product.
const INDEXED: usize = 3;

/// Products of the tenant that are called exactly `text` (offer id, article or card), then those with all words of it
/// in name, offer id or article, or with this card, by name; at most `limit`. Where more than a thousand have them,
/// the first names are those of a thousand. Words that no index finds find only what is called exactly so.
///
/// # Errors
/// See [`StoreError`].
pub fn search_products(
    conn: &mut PgConnection,
    tenant: Tenant,
    text: &str,
    limit: usize,
) -> Result<Vec<FoundProduct>, StoreError> {
    let mut found = called(conn, tenant, text)?;
    if is_indexed(text) {
        let mut near = products::table.inner_join(stores::table).into_boxed();
        if let Tenant::User(user) = tenant {
            near = near.filter(products::store_id.eq_any(store_ids_of(user)));
        }
        for word in search_words(text) {
            near = near.filter(product_has_word_or_card(word));
        }
        let near = near.filter(products::archived_at.is_null()).limit(ORDERED);
        found.extend(near.select(FOUND).load::<FoundProduct>(conn)?);
    }
    let key = |product: &FoundProduct| {
        let other = !product.is_called(text);
        (other, product.name.to_lowercase(), product.id)
    };
    found.sort_by_cached_key(key);
    found.dedup_by_key(|product| product.id);
    found.truncate(limit);
    Ok(found)
}

/// The columns of [`FoundProduct`].
const FOUND: (
    products::id,
    products::name,
    products::sku,
    products::kaspi_product_id,
    products::card_id,
    stores::name,
) = (
    products::id,
    products::name,
    products::sku,
    products::kaspi_product_id,
    products::card_id,
    stores::name,
);

/// Products of the tenant that are called exactly so, each way by an index of its own. An offer id stands between the
/// lines of what the index of parts has; one without a digit, which may be a common word, is not looked for so.
fn called(conn: &mut PgConnection, tenant: Tenant, text: &str) -> Result<Vec<FoundProduct>, StoreError> {
    let ids: Vec<StoreId> = stores_of(tenant).select(stores::id).load(conn)?;
    let in_stores = || {
        products::table
            .inner_join(stores::table)
            .filter(products::store_id.eq_any(&ids))
            .filter(products::archived_at.is_null())
            .select(FOUND)
    };
    let mut found: Vec<FoundProduct> = in_stores().filter(products::sku.eq(text)).load(conn)?;
    found.extend(
        in_stores()
            .filter(products::card_id.eq(text))
            .load::<FoundProduct>(conn)?,
    );
    if text.contains(|c: char| c.is_ascii_digit()) {
        let offers = in_stores()
            .filter(product_has_word(format!("%\n{}\n%", escaped(text))))
            .filter(products::kaspi_product_id.eq(text));
        found.extend(offers.load::<FoundProduct>(conn)?);
    }
    Ok(found)
}

/// Can the index of parts of names say anything about the text? It knows three letters or digits in a row, what begins
/// after another sign, and two that end before one.
fn is_indexed(text: &str) -> bool {
    search_words(text).iter().any(|word| {
        let runs: Vec<usize> = word
            .trim_matches('%')
            .split(|c: char| !c.is_alphanumeric())
            .map(|run| run.chars().count())
            .collect();
        let is_known = |(number, run): (usize, &usize)| {
            let (begins, ends) = (number > 0, number + 1 < runs.len());
            *run >= INDEXED || (begins && *run > 0) || (ends && *run + 1 >= INDEXED)
        };
        runs.iter().enumerate().any(is_known)
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_runs_of_letters_find_nothing_by_the_index() {
        for found in [
            "чай",
            "K-123",
            "ча чайник",
            "750000000",
            "CH-10",
            "K-1",
            "ab-",
            "a_b",
        ] {
            assert!(is_indexed(found), "{found}");
        }
        for not_found in ["", "ча", "a-", "ab cd", "-- .."] {
            assert!(!is_indexed(not_found), "{not_found}");
        }
    }
}

//! Long lists of products for the JSON API: counted without counting again what has not changed, and found through an
//! index of each store from whichever end is nearer, so that neither a deep page nor a rare word reads everything.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use diesel::{
    dsl::{Eq, Or, sql},
    expression::{SqlLiteral, UncheckedBind},
    pg::Pg,
    prelude::*,
    query_builder::{BoxedSqlQuery, SqlQuery},
    sql_types::{Array, BigInt, Bool, Text, Uuid},
};
use quick_cache::sync::Cache;

use super::{
    StoreError,
    api_lists::{ProductApiFilter, ProductSort},
    page::{PageRequest, Paged, search_words},
    planned::planned,
    products::ProductRow,
    stores::store_ids_of,
};
use crate::{
    domain::{ProductId, StoreId, Tenant, Tenge},
    schema::{product_checks, product_prices, products, store_catalogues, stores},
};

/// Up to so many stores each give their part of a page; the products of more are sorted together.
const STORES_APART: usize = 24;
/// Counts that are kept.
const COUNTS: usize = 2_000;
/// Of so few products that match the keys are kept with their count: a rare word is looked up once.
const FEW: i64 = 200;

/// What products are searched by. The index `products_search_idx` knows this text and no other.
const SEARCHED: &str =
    r"(products.name || E'\n' || products.kaspi_product_id || E'\n' || coalesce(products.sku, ''))";

/// A condition on `products` with one word bound.
type HasWord = UncheckedBind<SqlLiteral<Bool>, diesel::dsl::AsExprOf<String, Text>>;

/// Has a product this word in its name, offer id or article? A pattern for `ilike`.
pub fn product_has_word(word: String) -> HasWord {
    sql::<Bool>(&format!("{SEARCHED} ilike ")).bind::<Text, _>(word)
}

/// [`product_has_word`], or is it the number of its card?
pub fn product_has_word_or_card(word: String) -> Or<HasWord, Eq<products::card_id, String>> {
    let card = word.trim_matches('%').to_owned();
    product_has_word(word).or(products::card_id.eq(card))
}

/// What is counted: the stores with the number of their last change, and the conditions.
type CountKey = (Vec<(StoreId, i64)>, Option<bool>, Option<String>, Vec<String>);

/// Counts of lists, each good until something changes in one of its stores: then the number of that store's last
/// change, which is part of the key, is another one.
#[derive(Debug)]
pub struct ProductCounts(Cache<CountKey, Found>);

/// How many there are, and which where they are few.
#[derive(Debug, Clone)]
struct Found {
    total: i64,
    few: Option<Arc<[Key]>>,
}

/// The key of a product as the database knows it.
type Key = uuid::Uuid;

impl Default for ProductCounts {
    fn default() -> Self {
        Self(Cache::new(COUNTS))
    }
}

/// A product as lists of the API show it.
#[derive(Debug, Clone, Queryable)]
#[expect(missing_docs, reason = "the names of the columns")]
pub struct ListedProduct {
    pub id: ProductId,
    pub kaspi_product_id: String,
    pub sku: Option<String>,
    pub store_id: StoreId,
    /// In the main city; `None`: never read.
    pub price: Option<Tenge>,
    pub name: String,
    pub card_id: Option<String>,
    pub category: Option<String>,
    pub image_url: Option<String>,
    pub repricing_enabled: bool,
    /// Last decision.
    pub last_check_at: Option<DateTime<Utc>>,
    pub floor_tenge: Option<Tenge>,
    pub ceiling_tenge: Option<Tenge>,
    pub strategy: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl From<ProductRow> for ListedProduct {
    fn from(row: ProductRow) -> Self {
        let ProductRow {
            product,
            price,
            last_check_at,
            ..
        } = row;
        Self {
            id: product.id,
            kaspi_product_id: product.kaspi_product_id,
            sku: product.sku,
            store_id: product.store_id,
            price: price.map(|price| price.price_tenge),
            name: product.name,
            card_id: product.card_id,
            category: product.category,
            image_url: product.image_url,
            repricing_enabled: product.repricing_enabled,
            last_check_at,
            floor_tenge: product.floor_tenge,
            ceiling_tenge: product.ceiling_tenge,
            strategy: product.strategy,
            created_at: product.created_at,
            updated_at: product.updated_at,
        }
    }
}

/// How many products match, and in which stores they are.
#[derive(Debug, Clone)]
pub struct ProductsCounted {
    /// So many match.
    pub total: i64,
    stores: Vec<StoreId>,
    few: Option<Arc<[Key]>>,
}

/// Counts the products of the tenant that match.
///
/// # Errors
/// See [`StoreError`].
pub fn product_api_count(
    conn: &mut PgConnection,
    counts: &ProductCounts,
    tenant: Tenant,
    filter: &ProductApiFilter,
) -> Result<ProductsCounted, StoreError> {
    let mut query = store_catalogues::table.into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(store_catalogues::store_id.eq_any(store_ids_of(user)));
    }
    if let Some(store_id) = filter.store_id {
        query = query.filter(store_catalogues::store_id.eq(store_id));
    }
    let known: Vec<(StoreId, i64, i64)> = query
        .order(store_catalogues::store_id)
        .select((
            store_catalogues::store_id,
            store_catalogues::version,
            store_catalogues::products,
        ))
        .load(conn)?;
    let stores: Vec<StoreId> = known.iter().map(|(store, ..)| *store).collect();
    let words = search_words(&filter.search);
    if words.is_empty() && filter.category.is_none() && filter.repricing_enabled.is_none() {
        let total = known.iter().map(|(.., products)| products).sum();
        return Ok(ProductsCounted {
            total,
            stores,
            few: None,
        });
    }
    let key: CountKey = (
        known
            .iter()
            .map(|(store, version, _)| (*store, *version))
            .collect(),
        filter.repricing_enabled,
        filter.category.clone(),
        words,
    );
    if let Some(Found { total, few }) = counts.0.get(&key) {
        return Ok(ProductsCounted { total, stores, few });
    }
    let conditions = Conditions::of(filter);
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        total: i64,
        #[diesel(sql_type = Array<Uuid>)]
        few: Vec<Key>,
    }
    let sql = format!(
        "with found as materialized (select products.id from products where products.store_id = any($1){})
         select (select count(*) from found) as total, array(select id from found limit {FEW}) as few",
        conditions.sql()
    );
    let row: Row = conditions
        .bind(diesel::sql_query(sql).into_boxed(), &stores)
        .get_result(conn)?;
    let found = Found {
        total: row.total,
        few: (row.total <= FEW).then(|| row.few.into()),
    };
    // Whatever was changed since the numbers were read has a higher number: no later reader takes this for its count.
    counts.0.insert(key, found.clone());
    Ok(ProductsCounted {
        total: found.total,
        stores,
        few: found.few,
    })
}

/// A page of the products that were counted. `None`: the order is none that an index has; see
/// [`super::api_lists::product_api_list`].
///
/// # Errors
/// See [`StoreError`].
pub fn product_api_page(
    conn: &mut PgConnection,
    filter: &ProductApiFilter,
    counted: &ProductsCounted,
    page: PageRequest,
) -> Result<Option<Paged<ListedProduct>>, StoreError> {
    let (by_price, falling) = match filter.sorts.as_slice() {
        [] => (false, true),
        [(ProductSort::CreatedAt, falling)] => (false, *falling),
        [(ProductSort::Price, falling)] => (true, *falling),
        _ => return Ok(None),
    };
    // From the nearer end.
    let (total, offset) = (counted.total, page.offset());
    let from_the_end = offset > total / 2;
    let size = page.size.min(total - offset).max(0);
    let span = Span {
        by_price,
        falling: falling != from_the_end,
        offset: if from_the_end {
            total - offset - size
        } else {
            offset
        },
        size,
    };
    let mut ids = match &counted.few {
        _ if size == 0 || counted.stores.is_empty() => Vec::new(),
        Some(few) => span.of_few(conn, few)?,
        None => span.ids(conn, filter, &counted.stores)?,
    };
    if from_the_end {
        ids.reverse();
    }
    Ok(Some(Paged {
        rows: rows_of(conn, &ids)?,
        total,
        page,
    }))
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = Uuid)]
    id: ProductId,
}

/// Rows of one order, from one end.
struct Span {
    by_price: bool,
    falling: bool,
    offset: i64,
    size: i64,
}

impl Span {
    fn ids(
        &self,
        conn: &mut PgConnection,
        filter: &ProductApiFilter,
        stores: &[StoreId],
    ) -> Result<Vec<ProductId>, StoreError> {
        let conditions = Conditions::of(filter);
        let apart = stores.len() <= STORES_APART;
        let parts: Vec<String> = if apart {
            (1..=stores.len())
                .map(|number| self.part(&format!("= ($1)[{number}]"), &conditions))
                .collect()
        } else {
            vec![self.part("= any($1)", &conditions)]
        };
        let way = if self.falling { "desc" } else { "asc" };
        let number = conditions.values() + 2;
        let sql = format!(
            "select id from ({}) found order by sorted_by {way}, id {way} offset ${number} limit ${}",
            parts.join(" union all "),
            number + 1,
        );
        let rows: Vec<IdRow> = if number == 2 {
            planned(sql)
                .bind::<Array<Uuid>, _>(stores.iter().map(|store| store.0).collect::<Vec<_>>())
                .bind::<BigInt, _>(self.offset)
                .bind::<BigInt, _>(self.size)
                .load(conn)?
        } else {
            // Which way is the shorter one depends on the words.
            conditions
                .bind(diesel::sql_query(sql).into_boxed(), stores)
                .bind::<BigInt, _>(self.offset)
                .bind::<BigInt, _>(self.size)
                .load(conn)?
        };
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// The rows of a page of these.
    fn of_few(&self, conn: &mut PgConnection, few: &[Key]) -> Result<Vec<ProductId>, StoreError> {
        let way = if self.falling { "desc" } else { "asc" };
        let sql = if self.by_price {
            format!(
                "select listed.product_id as id from listed_prices listed where listed.product_id = any($1)
                 order by listed.price_tenge {way}, listed.product_id {way} offset $2 limit $3"
            )
        } else {
            format!(
                "select products.id from products where products.id = any($1)
                 order by products.created_at {way}, products.id {way} offset $2 limit $3"
            )
        };
        let rows: Vec<IdRow> = planned(sql)
            .bind::<Array<Uuid>, _>(few)
            .bind::<BigInt, _>(self.offset)
            .bind::<BigInt, _>(self.size)
            .load(conn)?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    /// The first rows of the stores that `of` names, as many as the page may need of them.
    fn part(&self, of: &str, conditions: &Conditions) -> String {
        let way = if self.falling { "desc" } else { "asc" };
        let number = conditions.values() + 2;
        let last = format!("${number}::bigint + ${}::bigint", number + 1);
        let matching = conditions.sql();
        if self.by_price {
            let joined = if matching.is_empty() {
                ""
            } else {
                " join products on products.id = listed.product_id"
            };
            format!(
                "(select listed.product_id as id, listed.price_tenge as sorted_by from listed_prices listed{joined}
                  where listed.store_id {of}{matching}
                  order by listed.price_tenge {way}, listed.product_id {way} limit {last})"
            )
        } else {
            format!(
                "(select products.id, products.created_at as sorted_by from products
                  where products.store_id {of}{matching}
                  order by products.created_at {way}, products.id {way} limit {last})"
            )
        }
    }
}

/// What a filter asks of `products`, besides the store; values from `$2` on.
struct Conditions {
    enabled: Option<bool>,
    category: Option<String>,
    words: Vec<String>,
}

impl Conditions {
    fn of(filter: &ProductApiFilter) -> Self {
        Self {
            enabled: filter.repricing_enabled,
            category: filter.category.clone(),
            words: search_words(&filter.search),
        }
    }

    /// How many values are bound.
    fn values(&self) -> usize {
        usize::from(self.enabled.is_some()) + usize::from(self.category.is_some()) + self.words.len()
    }

    fn sql(&self) -> String {
        let mut sql = String::new();
        let mut number = 1;
        let mut next = |condition: &str| {
            number += 1;
            sql.push_str(&format!(" and {condition} ${number}"));
        };
        if self.enabled.is_some() {
            next("products.repricing_enabled =");
        }
        if self.category.is_some() {
            next("products.category =");
        }
        for _ in &self.words {
            next(&format!("{SEARCHED} ilike"));
        }
        sql
    }

    fn bind<'q>(
        &self,
        query: BoxedSqlQuery<'q, Pg, SqlQuery>,
        stores: &[StoreId],
    ) -> BoxedSqlQuery<'q, Pg, SqlQuery> {
        let mut query = query.bind::<Array<Uuid>, _>(stores.iter().map(|store| store.0).collect::<Vec<_>>());
        if let Some(enabled) = self.enabled {
            query = query.bind::<Bool, _>(enabled);
        }
        if let Some(category) = &self.category {
            query = query.bind::<Text, _>(category.clone());
        }
        for word in &self.words {
            query = query.bind::<Text, _>(word.clone());
        }
        query
    }
}

/// These products with what lists show of them, in the same order.
fn rows_of(conn: &mut PgConnection, ids: &[ProductId]) -> Result<Vec<ListedProduct>, StoreError> {
    let rows: Vec<ListedProduct> = products::table
        .inner_join(stores::table)
        .left_join(
            product_prices::table.on(product_prices::product_id
                .eq(products::id)
                .and(product_prices::city_id.eq(stores::main_city_id))),
        )
        .left_join(product_checks::table.on(product_checks::product_id.eq(products::id)))
        .filter(products::id.eq_any(ids))
        .select((
            products::id,
            products::kaspi_product_id,
            products::sku,
            products::store_id,
            product_prices::price_tenge.nullable(),
            products::name,
            products::card_id,
            products::category,
            products::image_url,
            products::repricing_enabled,
            product_checks::last_check_at.nullable(),
            products::floor_tenge,
            products::ceiling_tenge,
            products::strategy,
            products::created_at,
            products::updated_at,
        ))
        .load(conn)?;
    let mut found: HashMap<ProductId, ListedProduct> =
        rows.into_iter().map(|listed| (listed.id, listed)).collect();
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

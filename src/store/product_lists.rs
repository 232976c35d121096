//! Long lists of products, of the JSON API and of the panel: found through an index of each store from whichever end is
//! nearer, so that neither a deep page nor a rare word reads everything. The API's are counted without counting again what
//! has not changed; the panel's, whose tabs ask for what changes all the time, in one look for all tabs.

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
    products::{ProductFilter, ProductOrder, ProductRow, ProductView},
    stores::{store_ids_of, stores_of},
    terms::LIMITED,
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
    let total = counted.total;
    let ids = Span::of((by_price, falling), total, page).found(|span| match &counted.few {
        _ if counted.stores.is_empty() => Ok(Vec::new()),
        Some(few) => span.of_few(conn, few),
        None => span.ids(conn, &Conditions::of(filter), &counted.stores),
    })?;
    Ok(Some(Paged {
        rows: rows_of(conn, &ids)?,
        total,
        page,
    }))
}

/// The stores whose products a list of the panel shows.
///
/// # Errors
/// See [`StoreError`].
pub fn product_list_stores(
    conn: &mut PgConnection,
    tenant: Tenant,
    filter: &ProductFilter,
) -> Result<Vec<StoreId>, StoreError> {
    let mut query = stores_of(tenant);
    if let Some(store_id) = filter.store_id {
        query = query.filter(stores::id.eq(store_id));
    }
    Ok(query.order(stores::id).select(stores::id).load(conn)?)
}

/// How many products of these stores match in each view, in the order of [`ProductView::NAMED`].
///
/// # Errors
/// See [`StoreError`].
pub fn product_view_counts(
    conn: &mut PgConnection,
    stores: &[StoreId],
    filter: &ProductFilter,
) -> Result<Vec<i64>, StoreError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Array<BigInt>)]
        counts: Vec<i64>,
    }
    let counts = ProductView::NAMED.iter().map(|(_, view)| match view {
        ProductView::All => "count(*)".to_owned(),
        ProductView::AtFloor => {
            "count(*) filter (where listed.price_tenge = products.floor_tenge)".to_owned()
        }
        view => format!("count(*) filter (where {})", view_sql(*view)),
    });
    let conditions = Conditions {
        view: ProductView::All,
        ..Conditions::of_list(filter)
    };
    let sql = format!(
        "select array[{}] as counts from products left join listed_prices listed on listed.product_id = products.id
         where products.store_id = any($1){}",
        counts.collect::<Vec<_>>().join(", "),
        conditions.sql()
    );
    let row: Row = conditions
        .bind(diesel::sql_query(sql).into_boxed(), stores)
        .get_result(conn)?;
    Ok(row.counts)
}

/// Keys of a page of the products of these stores that match, `total` in all. `None`: the order is none that an index has.
///
/// # Errors
/// See [`StoreError`].
pub(super) fn product_list_ids(
    conn: &mut PgConnection,
    stores: &[StoreId],
    filter: &ProductFilter,
    order: ProductOrder,
    (page, total): (PageRequest, i64),
) -> Result<Option<Vec<ProductId>>, StoreError> {
    if filter.product_id.is_some() {
        return Ok(None);
    }
    let sorted = match order {
        ProductOrder::Newest => (false, true),
        ProductOrder::Price => (true, false),
        // Without a price last, which the index has first this way round.
        ProductOrder::PriceDesc | ProductOrder::Name | ProductOrder::NameDesc => return Ok(None),
    };
    let conditions = Conditions::of_list(filter);
    let found = Span::of(sorted, total, page).found(|span| match stores {
        [] => Ok(Vec::new()),
        stores => span.ids(conn, &conditions, stores),
    });
    found.map(Some)
}

/// What a view asks of `products`.
fn view_sql(view: ProductView) -> String {
    match view {
        ProductView::All => "true".to_owned(),
        ProductView::Repriced => "products.repricing_enabled and products.archived_at is null".to_owned(),
        ProductView::AtFloor => "exists (select from listed_prices at where at.product_id = products.id
             and at.price_tenge = products.floor_tenge)"
            .to_owned(),
        ProductView::WithoutFloor => format!("not {LIMITED} and products.archived_at is null"),
        ProductView::OutOfStock => "products.stock = 0".to_owned(),
        ProductView::Withdrawn => "(not products.on_sale or products.archived_at is not null)".to_owned(),
    }
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = Uuid)]
    id: ProductId,
}

/// Rows of one order, from the nearer end.
struct Span {
    by_price: bool,
    falling: bool,
    offset: i64,
    size: i64,
    from_the_end: bool,
}

impl Span {
    /// A page of so many rows in all.
    fn of((by_price, falling): (bool, bool), total: i64, page: PageRequest) -> Self {
        let offset = page.offset();
        let from_the_end = offset > total / 2;
        let size = page.size.min(total - offset).max(0);
        Self {
            by_price,
            falling: falling != from_the_end,
            offset: if from_the_end {
                total - offset - size
            } else {
                offset
            },
            size,
            from_the_end,
        }
    }

    /// What a search from this end found, in the order of the page.
    fn found(
        &self,
        search: impl FnOnce(&Self) -> Result<Vec<ProductId>, StoreError>,
    ) -> Result<Vec<ProductId>, StoreError> {
        if self.size == 0 {
            return Ok(Vec::new());
        }
        let mut ids = search(self)?;
        if self.from_the_end {
            ids.reverse();
        }
        Ok(ids)
    }

    fn ids(
        &self,
        conn: &mut PgConnection,
        conditions: &Conditions,
        stores: &[StoreId],
    ) -> Result<Vec<ProductId>, StoreError> {
        let apart = stores.len() <= STORES_APART;
        let parts: Vec<String> = if apart {
            (1..=stores.len())
                .map(|number| self.part(&format!("= ($1)[{number}]"), conditions))
                .collect()
        } else {
            vec![self.part("= any($1)", conditions)]
        };
        let way = if self.falling { "desc" } else { "asc" };
        let number = conditions.values() + 2;
        let sql = format!(
            "select id from ({}) found order by sorted_by {way}, id {way} offset ${number} limit ${}",
            parts.join(" union all "),
            number + 1,
        );
        let rows: Vec<IdRow> = if conditions.sql().is_empty() {
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
    /// A word may be the number of the card, too.
    cards: bool,
    view: ProductView,
}

impl Conditions {
    fn of(filter: &ProductApiFilter) -> Self {
        Self {
            enabled: filter.repricing_enabled,
            category: filter.category.clone(),
            words: search_words(&filter.search),
            cards: false,
            view: ProductView::All,
        }
    }

    fn of_list(filter: &ProductFilter) -> Self {
        Self {
            enabled: filter.repricing_enabled,
            category: filter.category.clone(),
            words: search_words(&filter.search),
            cards: true,
            view: filter.view,
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
            let value = format!("${number}");
            sql.push_str(" and ");
            sql.push_str(&condition.replace("VALUE", &value));
        };
        if self.enabled.is_some() {
            next("products.repricing_enabled = VALUE");
        }
        if self.category.is_some() {
            next("products.category = VALUE");
        }
        let has_word = if self.cards {
            format!("({SEARCHED} ilike VALUE or products.card_id = trim(both '%' from VALUE))")
        } else {
            format!("{SEARCHED} ilike VALUE")
        };
        for _ in &self.words {
            next(&has_word);
        }
        if self.view != ProductView::All {
            sql.push_str(&format!(" and {}", view_sql(self.view)));
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

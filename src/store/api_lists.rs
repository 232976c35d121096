//! Lists in the orders and with the searches of the JSON API. Newest first where nothing else is asked; the key
//! is always the last criterion, so that pages never overlap.

use diesel::{dsl::sql, pg::Pg, prelude::*, sql_types::Text};

use super::{
    StoreError,
    page::{PageRequest, Paged, search_words},
    preorders::Preorder,
    product_lists::{ListedProduct, ProductsCounted, product_api_page, product_has_word},
    products::with_terms,
    products::{Product, ProductPrice},
    stores::{Store, store_ids_of},
};
use crate::{
    domain::{PreorderStatus, StoreId, Tenant},
    schema::{preorders, product_prices, products, stores, users},
};

/// Adds one criterion of order, rising or falling.
macro_rules! then_by {
    ($query:expr, $falling:expr, $column:expr) => {
        if $falling {
            $query.then_order_by($column.desc())
        } else {
            $query.then_order_by($column.asc())
        }
    };
}

/// A store with what its owner is called by API clients.
#[derive(Debug, Clone)]
pub struct StoreApiRow {
    /// The store.
    pub store: Store,
    /// External id of its owner.
    pub owner_external_id: String,
}

/// Which stores, in which order.
#[derive(Debug, Clone, Default)]
pub struct StoreApiFilter {
    /// Only those of the owner with this external id.
    pub owner_external_id: Option<String>,
    /// Criteria of order; `true`: falling.
    pub sorts: Vec<(StoreSort, bool)>,
}

/// What stores are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of the columns")]
pub enum StoreSort {
    Id,
    CreatedAt,
    UpdatedAt,
    UserId,
    MerchantId,
    Name,
    ProductsCount,
    LastSync,
    IsActive,
}

#[diesel::dsl::auto_type]
fn stores_with_owner() -> _ {
    stores::table.inner_join(users::table)
}

type StoreQuery = diesel::dsl::IntoBoxed<'static, stores_with_owner, Pg>;

fn stores_of(tenant: Tenant, filter: &StoreApiFilter) -> StoreQuery {
    let mut query = stores_with_owner().into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(stores::id.eq_any(store_ids_of(user)));
    }
    if let Some(external_id) = &filter.owner_external_id {
        query = query.filter(users::external_id.eq(external_id.clone()));
    }
    query
}

/// How many stores match.
///
/// # Errors
/// See [`StoreError`].
pub fn store_api_count(
    conn: &mut PgConnection,
    tenant: Tenant,
    filter: &StoreApiFilter,
) -> Result<i64, StoreError> {
    Ok(stores_of(tenant, filter).count().get_result(conn)?)
}

/// A page of the stores that match; `total` as counted before.
///
/// # Errors
/// See [`StoreError`].
pub fn store_api_list(
    conn: &mut PgConnection,
    tenant: Tenant,
    filter: &StoreApiFilter,
    total: i64,
    page: PageRequest,
) -> Result<Paged<StoreApiRow>, StoreError> {
    let mut query = stores_of(tenant, filter);
    for (sort, falling) in &filter.sorts {
        query = match sort {
            StoreSort::Id => then_by!(query, *falling, stores::id),
            StoreSort::CreatedAt => then_by!(query, *falling, stores::created_at),
            StoreSort::UpdatedAt => then_by!(query, *falling, stores::updated_at),
            StoreSort::UserId => then_by!(query, *falling, by_code_point("users.external_id")),
            StoreSort::MerchantId => then_by!(query, *falling, by_code_point("stores.merchant_id")),
            StoreSort::Name => then_by!(query, *falling, by_code_point("stores.name")),
            StoreSort::ProductsCount => then_by!(query, *falling, stores::products_count),
            StoreSort::LastSync => then_by!(query, *falling, stores::last_sync_at),
            StoreSort::IsActive => then_by!(query, *falling, stores::active),
        };
    }
    let rows = query
        .then_order_by((stores::created_at.desc(), stores::id.desc()))
        .limit(page.size)
        .offset(page.offset())
        .select((Store::as_select(), users::external_id))
        .load(conn)?;
    Ok(Paged {
        rows: rows.into_iter().map(to_store_row).collect(),
        total,
        page,
    })
}

/// A store that the tenant may see, with its owner's external id.
///
/// # Errors
/// See [`StoreError`].
pub fn store_api_fetch(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: StoreId,
) -> Result<Option<StoreApiRow>, StoreError> {
    Ok(stores_of(tenant, &StoreApiFilter::default())
        .filter(stores::id.eq(id))
        .select((Store::as_select(), users::external_id))
        .first(conn)
        .optional()?
        .map(to_store_row))
}

fn to_store_row((store, owner_external_id): (Store, String)) -> StoreApiRow {
    StoreApiRow {
        store,
        owner_external_id,
    }
}

/// Which products, in which order.
#[derive(Debug, Clone, Default)]
pub struct ProductApiFilter {
    /// Only this store.
    pub store_id: Option<StoreId>,
    /// Only with automatic prices on or off.
    pub repricing_enabled: Option<bool>,
    /// Only this category.
    pub category: Option<String>,
    /// Words that all stand in name, offer id or sku.
    pub search: String,
    /// Criteria of order; `true`: falling.
    pub sorts: Vec<(ProductSort, bool)>,
}

/// What products are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of the columns")]
pub enum ProductSort {
    CreatedAt,
    Price,
    Name,
}

#[diesel::dsl::auto_type]
fn products_with_price() -> _ {
    products::table.inner_join(stores::table).left_join(
        product_prices::table.on(product_prices::product_id
            .eq(products::id)
            .and(product_prices::city_id.eq(stores::main_city_id))),
    )
}

type ProductQuery = diesel::dsl::IntoBoxed<'static, products_with_price, Pg>;

fn products_of(tenant: Tenant, filter: &ProductApiFilter) -> ProductQuery {
    let mut query = products_with_price().into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(products::store_id.eq_any(store_ids_of(user)));
    }
    if let Some(store_id) = filter.store_id {
        query = query.filter(products::store_id.eq(store_id));
    }
    if let Some(enabled) = filter.repricing_enabled {
        query = query.filter(products::repricing_enabled.eq(enabled));
    }
    if let Some(category) = &filter.category {
        query = query.filter(products::category.eq(category.clone()));
    }
    for word in search_words(&filter.search) {
        query = query.filter(product_has_word(word));
    }
    query
}

/// A page of the products that match, as counted before.
///
/// # Errors
/// See [`StoreError`].
pub fn product_api_list(
    conn: &mut PgConnection,
    tenant: Tenant,
    filter: &ProductApiFilter,
    counted: &ProductsCounted,
    page: PageRequest,
) -> Result<Paged<ListedProduct>, StoreError> {
    if let Some(page) = product_api_page(conn, filter, counted, page)? {
        return Ok(page);
    }
    let total = counted.total;
    let mut query = products_of(tenant, filter);
    for (sort, falling) in &filter.sorts {
        query = match sort {
            ProductSort::CreatedAt => then_by!(query, *falling, products::created_at),
            ProductSort::Price => then_by!(query, *falling, product_prices::price_tenge.nullable()),
            ProductSort::Name => then_by!(query, *falling, by_code_point("products.name")),
        };
    }
    let rows: Vec<(Product, String, Option<ProductPrice>)> = query
        .then_order_by((products::created_at.desc(), products::id.desc()))
        .limit(page.size)
        .offset(page.offset())
        .select((
            Product::as_select(),
            stores::name,
            Option::<ProductPrice>::as_select(),
        ))
        .load(conn)?;
    Ok(Paged {
        rows: with_terms(conn, rows)?
            .into_iter()
            .map(ListedProduct::from)
            .collect(),
        total,
        page,
    })
}

/// Card and main city of the product that the tenant knows by this code: an article, else an offer id, else a card.
/// Outside `None`: there is none.
///
/// # Errors
/// See [`StoreError`].
pub fn product_of_code(
    conn: &mut PgConnection,
    tenant: Tenant,
    code: &str,
) -> Result<Option<(Option<String>, String)>, StoreError> {
    let mut query = products::table.inner_join(stores::table).into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(products::store_id.eq_any(store_ids_of(user)));
    }
    let found: Vec<(Option<String>, String, Option<String>, String)> = query
        .filter(
            products::sku
                .eq(code)
                .or(products::kaspi_product_id.eq(code))
                .or(products::card_id.eq(code)),
        )
        .order((products::created_at.desc(), products::id.desc()))
        .limit(100)
        .select((
            products::sku,
            products::kaspi_product_id,
            products::card_id,
            stores::main_city_id,
        ))
        .load(conn)?;
    let rank = |(sku, offer, ..): &(Option<String>, String, Option<String>, String)| {
        if sku.as_deref() == Some(code) {
            0
        } else if offer == code {
            1
        } else {
            2
        }
    };
    Ok(found
        .into_iter()
        .min_by_key(rank)
        .map(|(_, _, card, city)| (card, city)))
}

/// Which preorders, in which order.
#[derive(Debug, Clone, Default)]
pub struct PreorderApiFilter {
    /// Only this store.
    pub store_id: Option<StoreId>,
    /// Only with this status.
    pub status: Option<PreorderStatus>,
    /// Words that all stand in name, article or brand.
    pub search: String,
    /// Criteria of order; `true`: falling.
    pub sorts: Vec<(PreorderSort, bool)>,
}

/// What preorders are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of the columns")]
pub enum PreorderSort {
    CreatedAt,
    Status,
}

fn preorders_of(tenant: Tenant, filter: &PreorderApiFilter) -> preorders::BoxedQuery<'static, Pg> {
    let mut query = preorders::table.into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(preorders::store_id.eq_any(store_ids_of(user)));
    }
    if let Some(store_id) = filter.store_id {
        query = query.filter(preorders::store_id.eq(store_id));
    }
    if let Some(status) = filter.status {
        query = query.filter(preorders::status.eq(status));
    }
    for word in search_words(&filter.search) {
        query = query.filter(
            preorders::name
                .ilike(word.clone())
                .or(preorders::article.ilike(word.clone()))
                .or(preorders::brand.ilike(word)),
        );
    }
    query
}

/// How many preorders match.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_api_count(
    conn: &mut PgConnection,
    tenant: Tenant,
    filter: &PreorderApiFilter,
) -> Result<i64, StoreError> {
    Ok(preorders_of(tenant, filter).count().get_result(conn)?)
}

/// A page of the preorders that match; `total` as counted before.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_api_list(
    conn: &mut PgConnection,
    tenant: Tenant,
    filter: &PreorderApiFilter,
    total: i64,
    page: PageRequest,
) -> Result<Paged<Preorder>, StoreError> {
    let mut query = preorders_of(tenant, filter);
    for (sort, falling) in &filter.sorts {
        query = match sort {
            PreorderSort::CreatedAt => then_by!(query, *falling, preorders::created_at),
            PreorderSort::Status => then_by!(query, *falling, preorders::status),
        };
    }
    let rows = query
        .then_order_by((preorders::created_at.desc(), preorders::id.desc()))
        .limit(page.size)
        .offset(page.offset())
        .select(Preorder::as_select())
        .load(conn)?;
    Ok(Paged { rows, total, page })
}

/// A text column in the order of its code points, the same on every machine.
fn by_code_point(column: &'static str) -> diesel::expression::SqlLiteral<Text> {
    sql::<Text>(&format!("{column} collate \"C\""))
}

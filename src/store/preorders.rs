//! Preorders: what is promised for later, per product and store.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use serde_json::Value;

use super::{
    StoreError,
    page::{PageRequest, Paged, search_words},
    products::product_city_prices,
    stores::store_ids_of,
};
use crate::{
    domain::{PreorderId, PreorderStatus, ProductId, StoreId, Tenant, Tenge},
    schema::{preorders, product_prices, products, stores},
};

/// A preorder of a product.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = preorders, check_for_backend(Pg))]
pub struct Preorder {
    /// Key.
    pub id: PreorderId,
    /// The store.
    pub store_id: StoreId,
    /// The product; one preorder per product and store.
    pub product_id: ProductId,
    /// Article; usually the product's sku.
    pub article: Option<String>,
    /// Title.
    pub name: String,
    /// Brand.
    pub brand: Option<String>,
    /// Where it stands.
    pub status: PreorderStatus,
    /// Price; `None`: the product's own.
    pub price_tenge: Option<Tenge>,
    /// `{"1": {"id": 1, "quantity": 3}}`: number of the point and stock there.
    pub warehouses: Value,
    /// Days until the goods arrive, 0–30.
    pub delivery_days: i32,
    /// Raised by each change, for conflict checks.
    pub version: i32,
    /// Made at.
    pub created_at: DateTime<Utc>,
    /// Changed at.
    pub updated_at: DateTime<Utc>,
}

/// A preorder of a list, with the names around it.
#[derive(Debug, Clone)]
pub struct PreorderRow {
    /// The preorder.
    pub preorder: Preorder,
    /// The store's name.
    pub store_name: String,
    /// The product's name.
    pub product_name: String,
}

/// Which preorders are wanted.
#[derive(Debug, Clone, Default)]
pub struct PreorderFilter {
    /// Only this store.
    pub store_id: Option<StoreId>,
    /// Only with this status.
    pub status: Option<PreorderStatus>,
    /// Words that all stand in name, article or brand.
    pub search: String,
}

/// A preorder that the tenant may see.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_fetch(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: PreorderId,
) -> Result<Option<PreorderRow>, StoreError> {
    let row = of_tenant(tenant)
        .filter(preorders::id.eq(id))
        .select(columns())
        .first::<RowTuple>(conn)
        .optional()?;
    Ok(row.map(to_row))
}

/// A page of preorders, newest first.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_list(
    conn: &mut PgConnection,
    tenant: Tenant,
    filter: &PreorderFilter,
    page: PageRequest,
) -> Result<Paged<PreorderRow>, StoreError> {
    let total = filtered(tenant, filter).count().get_result(conn)?;
    let rows = filtered(tenant, filter)
        .select(columns())
        .order((preorders::created_at.desc(), preorders::id.desc()))
        .limit(page.size)
        .offset(page.offset())
        .load::<RowTuple>(conn)?;
    Ok(Paged {
        rows: rows.into_iter().map(to_row).collect(),
        total,
        page,
    })
}

/// The next preorders that match, newest first, behind the one with the key `after`; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_page(
    conn: &mut PgConnection,
    tenant: Tenant,
    filter: &PreorderFilter,
    after: Option<PreorderId>,
    limit: i64,
) -> Result<Vec<PreorderRow>, StoreError> {
    let mut query = filtered(tenant, filter);
    if let Some(after) = after {
        query = query.filter(preorders::id.lt(after));
    }
    let rows = query
        .select(columns())
        .order(preorders::id.desc())
        .limit(limit)
        .load::<RowTuple>(conn)?;
    Ok(rows.into_iter().map(to_row).collect())
}

/// A stretch of the preorders that match, newest first.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_range(
    conn: &mut PgConnection,
    tenant: Tenant,
    filter: &PreorderFilter,
    limit: i64,
    offset: i64,
) -> Result<Vec<Preorder>, StoreError> {
    let rows = filtered(tenant, filter)
        .select(columns())
        .order((preorders::created_at.desc(), preorders::id.desc()))
        .limit(limit)
        .offset(offset)
        .load::<RowTuple>(conn)?;
    Ok(rows.into_iter().map(|(preorder, ..)| preorder).collect())
}

/// How many preorders match.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_count(
    conn: &mut PgConnection,
    tenant: Tenant,
    filter: &PreorderFilter,
) -> Result<i64, StoreError> {
    Ok(filtered(tenant, filter).count().get_result(conn)?)
}

/// A preorder with what its product adds to a spreadsheet.
#[derive(Debug, Clone)]
pub struct PreorderExport {
    /// The preorder.
    pub preorder: Preorder,
    /// The product's article.
    pub product_sku: Option<String>,
    /// The product's price in the store's main city.
    pub product_price: Option<Tenge>,
    /// The product's price in each city, by city.
    pub city_prices: Vec<(String, Tenge)>,
}

/// All preorders in work of a store, by name.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_export_list(
    conn: &mut PgConnection,
    tenant: Tenant,
    store_id: StoreId,
) -> Result<Vec<PreorderExport>, StoreError> {
    let mut query = preorders::table
        .inner_join(products::table)
        .inner_join(stores::table)
        .left_join(
            product_prices::table.on(product_prices::product_id
                .eq(preorders::product_id)
                .and(product_prices::city_id.eq(stores::main_city_id))),
        )
        .filter(preorders::store_id.eq(store_id))
        .filter(preorders::status.eq(PreorderStatus::Processing))
        .into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(preorders::store_id.eq_any(store_ids_of(user)));
    }
    let rows = query
        .order((preorders::name, preorders::id))
        .select((
            Preorder::as_select(),
            products::sku,
            product_prices::price_tenge.nullable(),
        ))
        .load::<(Preorder, Option<String>, Option<Tenge>)>(conn)?;
    let ids: Vec<ProductId> = rows.iter().map(|(preorder, ..)| preorder.product_id).collect();
    let mut by_product = product_city_prices(conn, &ids)?;
    Ok(rows
        .into_iter()
        .map(|(preorder, product_sku, product_price)| PreorderExport {
            city_prices: by_product.remove(&preorder.product_id).unwrap_or_default(),
            preorder,
            product_sku,
            product_price,
        })
        .collect())
}

/// Which of these products have a preorder.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_products(
    conn: &mut PgConnection,
    product_ids: &[ProductId],
) -> Result<HashSet<ProductId>, StoreError> {
    let ids: Vec<ProductId> = preorders::table
        .filter(preorders::product_id.eq_any(product_ids))
        .select(preorders::product_id)
        .load(conn)?;
    Ok(ids.into_iter().collect())
}

/// Adds a preorder.
///
/// # Errors
/// `Duplicate(Preorder)` when the product has one in this store.
pub fn preorder_insert(conn: &mut PgConnection, preorder: &Preorder) -> Result<(), StoreError> {
    diesel::insert_into(preorders::table)
        .values(preorder)
        .execute(conn)?;
    Ok(())
}

/// What a person may change of a preorder.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = preorders, treat_none_as_null = true)]
pub struct PreorderChange {
    /// Article.
    pub article: Option<String>,
    /// Title.
    pub name: String,
    /// Brand.
    pub brand: Option<String>,
    /// Where it stands.
    pub status: PreorderStatus,
    /// Price.
    pub price_tenge: Option<Tenge>,
    /// Stock per point.
    pub warehouses: Value,
    /// Days, 0–30.
    pub delivery_days: i32,
}

/// Changes a preorder that still has `version`.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else changed it meanwhile.
pub fn preorder_update(
    conn: &mut PgConnection,
    id: PreorderId,
    version: i32,
    change: &PreorderChange,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let rows = diesel::update(preorders::table.find(id).filter(preorders::version.eq(version)))
        .set((
            change,
            preorders::version.eq(version + 1),
            preorders::updated_at.eq(now),
        ))
        .execute(conn)?;
    if rows == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Removes a preorder; `false`: somebody else was faster.
///
/// # Errors
/// See [`StoreError`].
pub fn preorder_delete(conn: &mut PgConnection, id: PreorderId) -> Result<bool, StoreError> {
    Ok(diesel::delete(preorders::table.find(id)).execute(conn)? > 0)
}

type RowTuple = (Preorder, String, String);

#[diesel::dsl::auto_type]
fn joined() -> _ {
    preorders::table
        .inner_join(stores::table)
        .inner_join(products::table)
}

type Joined<'a> = diesel::dsl::IntoBoxed<'a, joined, Pg>;

fn of_tenant(tenant: Tenant) -> Joined<'static> {
    let query = joined().into_boxed();
    match tenant {
        Tenant::All => query,
        Tenant::User(user) => query.filter(preorders::store_id.eq_any(store_ids_of(user))),
    }
}

fn filtered(tenant: Tenant, filter: &PreorderFilter) -> Joined<'static> {
    let mut query = of_tenant(tenant);
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

type Columns = (diesel::dsl::AsSelect<Preorder, Pg>, stores::name, products::name);

fn columns() -> Columns {
    (Preorder::as_select(), stores::name, products::name)
}

fn to_row((preorder, store_name, product_name): RowTuple) -> PreorderRow {
    PreorderRow {
        preorder,
        store_name,
        product_name,
    }
}

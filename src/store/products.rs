//! Products: the seller's own offers, with their price in the store's main city.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*, sql_types};
use serde_json::Value;

use super::{
    StoreError,
    page::{PageRequest, Paged},
    planned::planned,
    product_lists::{product_list_ids, product_list_stores},
    stores::store_ids_of,
    terms::{limited, terms_of_products},
};
use crate::{
    domain::{ProductId, StoreId, Tenant, Tenge, terms::Terms},
    schema::{product_checks, product_prices, products, stores},
};

/// The seller's own offer on a card.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = products, check_for_backend(Pg))]
pub struct Product {
    /// Key.
    pub id: ProductId,
    /// The store that sells it.
    pub store_id: StoreId,
    /// The cabinet's offer id, or the sku where that is null.
    pub kaspi_product_id: String,
    /// The seller's article: key of every write to the marketplace.
    pub sku: Option<String>,
    /// The marketplace's page of the product.
    pub card_id: Option<String>,
    /// Title of the card.
    pub name: String,
    /// Brand.
    pub brand: Option<String>,
    /// Category of the card.
    pub category: Option<String>,
    /// First picture, on the image host.
    pub image_url: Option<String>,
    /// On sale, as last read.
    pub on_sale: bool,
    /// Not in the last complete catalogue any more.
    pub archived_at: Option<DateTime<Utc>>,
    /// Stock over all points; `None`: not stated.
    pub stock: Option<i32>,
    /// Days until the goods arrive; 0: in stock.
    pub preorder_days: i32,
    /// The availability image as last read: a list of `domain::product::Availability`.
    pub availabilities: Option<Value>,
    /// When that was read.
    pub availabilities_read_at: Option<DateTime<Utc>>,
    /// Opt-in of automatic prices.
    pub repricing_enabled: bool,
    /// Lowest permitted price. `None`: the robot never touches the product.
    pub floor_tenge: Option<Tenge>,
    /// Highest permitted price. `None`: the robot never raises.
    pub ceiling_tenge: Option<Tenge>,
    /// The predecessor's field: names one of our strategies, or anything.
    pub strategy: Option<String>,
    /// Hands off until then.
    pub locked_until: Option<DateTime<Utc>>,
    /// Number of the newest planned push.
    pub push_sequence: i64,
    /// Raised by each change of a person, for conflict checks.
    pub version: i32,
    /// Made at.
    pub created_at: DateTime<Utc>,
    /// Changed at.
    pub updated_at: DateTime<Utc>,
}

/// A price of a product in a city; changes only on a confirmed read.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, QueryableByName, Selectable, Insertable)]
#[diesel(table_name = product_prices, check_for_backend(Pg))]
pub struct ProductPrice {
    /// The product.
    pub product_id: ProductId,
    /// The city.
    pub city_id: String,
    /// The price last read.
    pub price_tenge: Tenge,
    /// First price of the Almaty day.
    pub opening_price_tenge: Option<Tenge>,
    /// That day.
    pub opening_date: Option<chrono::NaiveDate>,
    /// When it was read.
    pub read_at: DateTime<Utc>,
    /// When it last became another one.
    pub changed_at: Option<DateTime<Utc>>,
}

/// A product of a list: with its store's name and its price in the store's main city.
#[derive(Debug, Clone)]
pub struct ProductRow {
    /// The product.
    pub product: Product,
    /// The store's name.
    pub store_name: String,
    /// Price in the main city; `None`: never read.
    pub price: Option<ProductPrice>,
    /// What holds for it, from wherever it is set.
    pub terms: Terms,
    /// Last decision.
    pub last_check_at: Option<DateTime<Utc>>,
}

/// Tabs over the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProductView {
    /// Everything that is not archived.
    #[default]
    All,
    /// Automatic prices are on.
    Repriced,
    /// Price equals the floor.
    AtFloor,
    /// The robot may not touch it for want of a floor.
    WithoutFloor,
    /// Out of stock.
    OutOfStock,
    /// Withdrawn from sale or archived.
    Withdrawn,
}

impl ProductView {
    /// Each with its word in addresses and parameters.
    pub const NAMED: &[(&str, Self)] = &[
        ("", Self::All),
        ("auto", Self::Repriced),
        ("at-floor", Self::AtFloor),
        ("no-floor", Self::WithoutFloor),
        ("no-stock", Self::OutOfStock),
        ("withdrawn", Self::Withdrawn),
    ];

    /// The view of a word; everything for words that are not known.
    #[must_use]
    pub fn named(word: &str) -> Self {
        let known = Self::NAMED.iter().find(|(name, _)| *name == word);
        known.map_or(Self::All, |(_, view)| *view)
    }
}

/// Which products are wanted.
#[derive(Debug, Clone, Default)]
pub struct ProductFilter {
    /// Only this product.
    pub product_id: Option<ProductId>,
    /// Only this store.
    pub store_id: Option<StoreId>,
    /// Words that all stand in name, sku or ids, in any case of letters.
    pub search: String,
    /// Only this category.
    pub category: Option<String>,
    /// Only with automatic prices on or off.
    pub repricing_enabled: Option<bool>,
    /// The tab.
    pub view: ProductView,
}

/// Order of a list; the key is always the last criterion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProductOrder {
    /// Newest first.
    #[default]
    Newest,
    /// By name.
    Name,
    /// By name, backwards.
    NameDesc,
    /// Cheapest first.
    Price,
    /// Dearest first.
    PriceDesc,
}

/// A product that the tenant may see.
///
/// # Errors
/// See [`StoreError`].
pub fn product_fetch(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: ProductId,
) -> Result<Option<ProductRow>, StoreError> {
    let query = of_tenant(tenant).filter(products::id.eq(id));
    let row = query.select(columns()).first::<RowTuple>(conn).optional()?;
    let Some(row) = row else {
        return Ok(None);
    };
    Ok(with_terms(conn, vec![row])?.pop())
}

/// The address of the picture of a product that the tenant may see: the inner `None` where it has none.
///
/// # Errors
/// See [`StoreError`].
pub fn product_image(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: ProductId,
) -> Result<Option<Option<String>>, StoreError> {
    let mut query = products::table.find(id).select(products::image_url).into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(products::store_id.eq_any(store_ids_of(user)));
    }
    Ok(query.first(conn).optional()?)
}

/// A product by itself, without price, decision and terms, whoever it belongs to: for the program's own work.
///
/// # Errors
/// See [`StoreError`].
pub fn product_load(conn: &mut PgConnection, id: ProductId) -> Result<Option<Product>, StoreError> {
    let row = products::table.find(id).select(Product::as_select());
    Ok(row.first(conn).optional()?)
}

/// The same for several products.
///
/// # Errors
/// See [`StoreError`].
pub fn product_load_all(
    conn: &mut PgConnection,
    ids: &[ProductId],
) -> Result<HashMap<ProductId, Product>, StoreError> {
    let rows: Vec<Product> = products::table
        .filter(products::id.eq_any(ids))
        .select(Product::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|product| (product.id, product)).collect())
}

/// Keeps the availability image that a write will carry and the stock, with the moment they were read.
///
/// # Errors
/// See [`StoreError`].
pub fn product_image_set(
    conn: &mut PgConnection,
    id: ProductId,
    image: Option<&Value>,
    stock: Option<i32>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    planned(
        "update products set availabilities = $2, availabilities_read_at = $3,
           stock = case when $2 is null then stock else $4 end
         where id = $1",
    )
    .bind::<sql_types::Uuid, _>(id)
    .bind::<sql_types::Nullable<sql_types::Jsonb>, _>(image)
    .bind::<sql_types::Timestamptz, _>(now)
    .bind::<sql_types::Nullable<sql_types::Integer>, _>(stock)
    .execute(conn)?;
    Ok(())
}

/// The confirmed prices of products: city and price, by city.
///
/// # Errors
/// See [`StoreError`].
pub fn product_city_prices(
    conn: &mut PgConnection,
    ids: &[ProductId],
) -> Result<HashMap<ProductId, Vec<(String, Tenge)>>, StoreError> {
    let rows: Vec<(ProductId, String, Tenge)> = product_prices::table
        .filter(product_prices::product_id.eq_any(ids))
        .order((product_prices::product_id, product_prices::city_id))
        .select((
            product_prices::product_id,
            product_prices::city_id,
            product_prices::price_tenge,
        ))
        .load(conn)?;
    let mut prices: HashMap<ProductId, Vec<(String, Tenge)>> = HashMap::new();
    for (product, city, price) in rows {
        prices.entry(product).or_default().push((city, price));
    }
    Ok(prices)
}

/// A page of products that the tenant may see.
///
/// # Errors
/// See [`StoreError`].
pub fn product_list(
    conn: &mut PgConnection,
    tenant: Tenant,
    filter: &ProductFilter,
    order: ProductOrder,
    page: PageRequest,
) -> Result<Paged<ProductRow>, StoreError> {
    let stores = product_list_stores(conn, tenant, filter)?;
    let total = product_count(conn, tenant, filter)?;
    product_list_counted(conn, &stores, filter, order, (page, total))
}

/// A page of the products of these stores that match, `total` in all.
///
/// # Errors
/// See [`StoreError`].
pub fn product_list_counted(
    conn: &mut PgConnection,
    stores: &[StoreId],
    filter: &ProductFilter,
    order: ProductOrder,
    (page, total): (PageRequest, i64),
) -> Result<Paged<ProductRow>, StoreError> {
    if let Some(ids) = product_list_ids(conn, stores, filter, order, (page, total))? {
        let found: Vec<RowTuple> = joined()
            .filter(products::id.eq_any(&ids))
            .select(columns())
            .load(conn)?;
        let mut found: HashMap<ProductId, RowTuple> = found.into_iter().map(|row| (row.0.id, row)).collect();
        let rows = ids.iter().filter_map(|id| found.remove(id)).collect();
        return Ok(Paged {
            rows: with_terms(conn, rows)?,
            total,
            page,
        });
    }
    let query = filtered(Tenant::All, filter)
        .filter(products::store_id.eq_any(stores.to_vec()))
        .select(columns());
    let query = match order {
        ProductOrder::Newest => query.order((products::created_at.desc(), products::id.desc())),
        ProductOrder::Name => query.order((products::name.asc(), products::id.asc())),
        ProductOrder::NameDesc => query.order((products::name.desc(), products::id.desc())),
        ProductOrder::Price => query.order((product_prices::price_tenge.asc(), products::id.asc())),
        ProductOrder::PriceDesc => query.order((
            product_prices::price_tenge.nullable().desc().nulls_last(),
            products::id.desc(),
        )),
    };
    let rows = query
        .limit(page.size)
        .offset(page.offset())
        .load::<RowTuple>(conn)?;
    Ok(Paged {
        rows: with_terms(conn, rows)?,
        total,
        page,
    })
}

/// The next products that match, newest first, behind the one with the key `after`; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn product_page(
    conn: &mut PgConnection,
    tenant: Tenant,
    filter: &ProductFilter,
    after: Option<ProductId>,
    limit: i64,
) -> Result<Vec<ProductRow>, StoreError> {
    let mut query = filtered(tenant, filter).select(columns());
    if let Some(after) = after {
        query = query.filter(products::id.lt(after));
    }
    let rows = query
        .order(products::id.desc())
        .limit(limit)
        .load::<RowTuple>(conn)?;
    with_terms(conn, rows)
}

/// The products of the tenant that match, at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn product_ids(
    conn: &mut PgConnection,
    tenant: Tenant,
    filter: &ProductFilter,
    limit: i64,
) -> Result<Vec<ProductId>, StoreError> {
    Ok(filtered(tenant, filter)
        .select(products::id)
        .order(products::id)
        .limit(limit)
        .load(conn)?)
}

/// These products of the tenant as people name them (sku, else the cabinet's offer id), by store and in order.
///
/// # Errors
/// See [`StoreError`].
pub fn product_skus(
    conn: &mut PgConnection,
    tenant: Tenant,
    ids: &[ProductId],
) -> Result<BTreeMap<StoreId, Vec<String>>, StoreError> {
    let rows: Vec<(StoreId, Option<String>, String)> = of_tenant(tenant)
        .filter(products::id.eq_any(ids.to_vec()))
        .select((products::store_id, products::sku, products::kaspi_product_id))
        .load(conn)?;
    let mut named: BTreeMap<StoreId, Vec<String>> = BTreeMap::new();
    for (store, sku, offer) in rows {
        named.entry(store).or_default().push(sku.unwrap_or(offer));
    }
    named.values_mut().for_each(|skus| skus.sort_unstable());
    Ok(named)
}

/// How many products of the tenant match.
///
/// # Errors
/// See [`StoreError`].
pub fn product_count(
    conn: &mut PgConnection,
    tenant: Tenant,
    filter: &ProductFilter,
) -> Result<i64, StoreError> {
    Ok(filtered(tenant, filter).count().get_result(conn)?)
}

/// The categories of the products of these stores, by name; at most 200. From one category to the next through the index,
/// so that a store with many products costs no more than one with few.
///
/// # Errors
/// See [`StoreError`].
pub fn product_categories(conn: &mut PgConnection, stores: &[StoreId]) -> Result<Vec<String>, StoreError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::Text)]
        category: String,
    }
    let rows: Vec<Row> = planned(
        "select distinct found.category from unnest($1) store (id) cross join lateral (
           with recursive next as (
             (select category from products where store_id = store.id and category is not null order by category limit 1)
             union all
             select (select category from products where store_id = store.id and category > next.category
                     order by category limit 1)
             from next where next.category is not null
           ) select category from next where category is not null
         ) found order by found.category limit 200",
    )
    .bind::<sql_types::Array<sql_types::Uuid>, _>(stores.iter().map(|store| store.0).collect::<Vec<_>>())
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.category).collect())
}

/// The categories of a store with the number of their products, by name.
///
/// # Errors
/// See [`StoreError`].
pub fn product_categories_counted(
    conn: &mut PgConnection,
    store_id: StoreId,
) -> Result<Vec<(String, i64)>, StoreError> {
    let rows: Vec<(Option<String>, i64)> = products::table
        .filter(products::store_id.eq(store_id))
        .filter(products::archived_at.is_null())
        .filter(products::category.is_not_null())
        .group_by(products::category)
        .order(products::category)
        .select((products::category, diesel::dsl::count_star()))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|(category, count)| Some((category?, count)))
        .collect())
}

/// What a person may change of a product.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = products, treat_none_as_null = true)]
pub struct ProductChange {
    /// Opt-in of automatic prices.
    pub repricing_enabled: bool,
    /// Lowest permitted price.
    pub floor_tenge: Option<Tenge>,
    /// Highest permitted price.
    pub ceiling_tenge: Option<Tenge>,
    /// The predecessor's field.
    pub strategy: Option<String>,
    /// Hands off until then.
    pub locked_until: Option<DateTime<Utc>>,
}

/// Changes a product that still has `version`; it becomes due at once.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else changed it meanwhile.
pub fn product_update(
    conn: &mut PgConnection,
    id: ProductId,
    version: i32,
    change: &ProductChange,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let rows = diesel::update(products::table.find(id).filter(products::version.eq(version)))
        .set((
            change,
            products::version.eq(version + 1),
            products::updated_at.eq(now),
        ))
        .execute(conn)?;
    if rows == 1 {
        product_due_at(conn, id, now)
    } else {
        Err(StoreError::Stale)
    }
}

/// All city prices of these products.
///
/// # Errors
/// See [`StoreError`].
pub fn product_prices_list(
    conn: &mut PgConnection,
    ids: &[ProductId],
) -> Result<Vec<ProductPrice>, StoreError> {
    Ok(product_prices::table
        .filter(product_prices::product_id.eq_any(ids))
        .order((product_prices::product_id, product_prices::city_id))
        .select(ProductPrice::as_select())
        .load(conn)?)
}

/// Adds a product; for the admin, the API and tests. The catalogue comes by sync.
///
/// # Errors
/// `Duplicate(ProductSku)` when the store has the sku already.
pub fn product_insert(conn: &mut PgConnection, product: &Product) -> Result<(), StoreError> {
    diesel::insert_into(products::table)
        .values(product)
        .execute(conn)?;
    Ok(())
}

/// Removes a product with its prices, decisions, pushes and preorders.
///
/// # Errors
/// See [`StoreError`].
pub fn product_delete(conn: &mut PgConnection, id: ProductId) -> Result<(), StoreError> {
    diesel::delete(products::table.find(id)).execute(conn)?;
    Ok(())
}

pub(super) type RowTuple = (Product, String, Option<ProductPrice>);

#[diesel::dsl::auto_type]
fn joined() -> _ {
    products::table.inner_join(stores::table).left_join(
        product_prices::table.on(product_prices::product_id
            .eq(products::id)
            .and(product_prices::city_id.eq(stores::main_city_id))),
    )
}

type Joined<'a> = diesel::dsl::IntoBoxed<'a, joined, Pg>;

fn of_tenant(tenant: Tenant) -> Joined<'static> {
    let query = joined().into_boxed();
    match tenant {
        Tenant::All => query,
        Tenant::User(user) => query.filter(products::store_id.eq_any(store_ids_of(user))),
    }
}

fn filtered(tenant: Tenant, filter: &ProductFilter) -> Joined<'static> {
    let mut query = of_tenant(tenant);
    if let Some(store_id) = filter.store_id {
        query = query.filter(products::store_id.eq(store_id));
    }
    if let Some(product_id) = filter.product_id {
        query = query.filter(products::id.eq(product_id));
    }
    if let Some(category) = &filter.category {
        query = query.filter(products::category.eq(category.clone()));
    }
    if let Some(enabled) = filter.repricing_enabled {
        query = query.filter(products::repricing_enabled.eq(enabled));
    }
    for word in super::page::search_words(&filter.search) {
        query = query.filter(super::product_lists::product_has_word_or_card(word));
    }
    match filter.view {
        ProductView::All => query,
        ProductView::Repriced => {
            query.filter(products::repricing_enabled.and(products::archived_at.is_null()))
        }
        ProductView::AtFloor => {
            query.filter(product_prices::price_tenge.nullable().eq(products::floor_tenge))
        }
        ProductView::WithoutFloor => query
            .filter(diesel::dsl::not(limited()))
            .filter(products::archived_at.is_null()),
        ProductView::OutOfStock => query.filter(products::stock.eq(0)),
        ProductView::Withdrawn => query.filter(
            products::on_sale
                .eq(false)
                .or(products::archived_at.is_not_null()),
        ),
    }
}

type Columns = (
    diesel::dsl::AsSelect<Product, Pg>,
    stores::name,
    diesel::dsl::AsSelect<Option<ProductPrice>, Pg>,
);

fn columns() -> Columns {
    (
        Product::as_select(),
        stores::name,
        Option::<ProductPrice>::as_select(),
    )
}

/// Rows with the terms that hold for them, in the same order.
pub(super) fn with_terms(
    conn: &mut PgConnection,
    rows: Vec<RowTuple>,
) -> Result<Vec<ProductRow>, StoreError> {
    let ids: Vec<ProductId> = rows.iter().map(|(product, ..)| product.id).collect();
    let mut terms = terms_of_products(conn, &ids)?;
    let checks: HashMap<ProductId, Option<DateTime<Utc>>> = product_checks::table
        .filter(product_checks::product_id.eq_any(&ids))
        .select((product_checks::product_id, product_checks::last_check_at))
        .load(conn)?
        .into_iter()
        .collect();
    Ok(rows
        .into_iter()
        .map(|(product, store_name, price)| ProductRow {
            terms: terms.remove(&product.id).unwrap_or_default(),
            last_check_at: checks.get(&product.id).copied().flatten(),
            product,
            store_name,
            price,
        })
        .collect())
}

/// Hands off a product until `until`: a person should look first.
///
/// # Errors
/// See [`StoreError`].
pub fn product_lock(conn: &mut PgConnection, id: ProductId, until: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(products::table.find(id))
        .set(products::locked_until.eq(until))
        .execute(conn)?;
    Ok(())
}

/// Takes a product out of automatic prices. `false`: it was already.
///
/// # Errors
/// See [`StoreError`].
pub fn product_switch_off(
    conn: &mut PgConnection,
    id: ProductId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let rows = diesel::update(products::table.find(id).filter(products::repricing_enabled))
        .set((
            products::repricing_enabled.eq(false),
            products::version.eq(products::version + 1),
            products::updated_at.eq(now),
        ))
        .execute(conn)?;
    Ok(rows == 1)
}

/// Makes a product due at once.
///
/// # Errors
/// See [`StoreError`].
pub fn product_due_at(conn: &mut PgConnection, id: ProductId, at: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(product_checks::table.find(id))
        .set(product_checks::next_check_at.eq(at))
        .execute(conn)?;
    Ok(())
}

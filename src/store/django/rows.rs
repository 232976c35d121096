//! The statements that read the predecessor's tables, and their rows.

use chrono::{DateTime, Utc};
use diesel::{
    QueryableByName,
    sql_types::{Bool, Nullable, Text, Timestamptz, Uuid},
};

use crate::{
    domain::{
        PreorderId, ProductId, StoreId,
        django::rows::{OldPreorder, OldProduct, OldStore},
    },
    secrets::Secret,
};

/// A login of the cabinet, as a shop of the predecessor kept it.
#[derive(Debug)]
pub struct OldPassword {
    /// The shop.
    pub store_id: StoreId,
    /// What the cabinet calls the account.
    pub email: Option<String>,
    /// The password.
    pub password: Option<Secret>,
    /// `false`: what is kept there has another form.
    pub is_readable: bool,
}

// Times that no calendar of ours has (`infinity` above all) count as missing.

pub(super) const STORES: &str = "
    select id, user_id::text, merchant_id::text, name::text, api_key::text, products_count::text, is_active,
      case when created_at between '1900-01-01' and '9999-01-01' then created_at end as created_at,
      case when updated_at between '1900-01-01' and '9999-01-01' then updated_at end as updated_at
    from kaspi_stores order by kaspi_stores.created_at, id";

pub(super) const PASSWORDS: &str = "
    select id, content->>'email' as email, content->>'password' as password,
      kind = 'object' and coalesce(jsonb_typeof(content->'email') in ('string', 'null'), true)
        and coalesce(jsonb_typeof(content->'password') in ('string', 'null'), true) as is_readable
    from kaspi_stores
    cross join lateral (select case jsonb_typeof(guid::jsonb) when 'object' then guid::jsonb end as content,
      jsonb_typeof(guid::jsonb) as kind) kept
    where guid is not null and kind <> 'null' order by id";

pub(super) const PRODUCTS: &str = "
    declare old_products no scroll cursor for
    select p.id, p.store_id, p.kaspi_product_id::text, p.kaspi_sku::text, p.price::text, p.name::text,
      p.external_kaspi_id::text, p.category::text, p.image_url::text, p.bot_active, p.min_profit::text,
      p.max_profit::text, p.strategy::text, twice.store_id is not null as is_twice,
      exists (select from preorders o where o.product_id = p.id) as has_preorder,
      case when p.last_check_time between '1900-01-01' and '9999-01-01' then p.last_check_time end as last_check_time,
      case when p.created_at between '1900-01-01' and '9999-01-01' then p.created_at end as created_at,
      case when p.updated_at between '1900-01-01' and '9999-01-01' then p.updated_at end as updated_at
    from products p
    left join (
      select store_id, kaspi_sku from products where btrim(kaspi_sku::text) <> ''
      group by store_id, kaspi_sku having count(*) > 1) twice
      on twice.store_id = p.store_id and twice.kaspi_sku = p.kaspi_sku
    order by p.store_id, p.id";

pub(super) const PREORDERS: &str = "
    declare old_preorders no scroll cursor for
    select o.id, o.product_id, o.store_id, o.article::text, o.name::text, o.brand::text, o.status::text,
      o.price::text, o.warehouses::text, o.delivery_days::text, twice.store_id is not null as is_twice,
      case when o.created_at between '1900-01-01' and '9999-01-01' then o.created_at end as created_at,
      case when o.updated_at between '1900-01-01' and '9999-01-01' then o.updated_at end as updated_at
    from preorders o
    left join (
      select product_id, store_id from preorders group by product_id, store_id having count(*) > 1) twice
      on twice.product_id = o.product_id and twice.store_id = o.store_id
    order by o.store_id, o.id";

#[derive(QueryableByName)]
pub(super) struct StoreRow {
    #[diesel(sql_type = Uuid)]
    id: StoreId,
    #[diesel(sql_type = Nullable<Text>)]
    user_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    merchant_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    api_key: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    products_count: Option<String>,
    #[diesel(sql_type = Nullable<Bool>)]
    is_active: Option<bool>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    created_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    updated_at: Option<DateTime<Utc>>,
}

impl From<StoreRow> for OldStore {
    fn from(row: StoreRow) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            merchant_id: row.merchant_id,
            name: row.name,
            api_key: row.api_key,
            products_count: row.products_count,
            is_active: row.is_active,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

// No `Debug`: it holds a password until it is a `Secret`.
#[derive(QueryableByName)]
pub(super) struct PasswordRow {
    #[diesel(sql_type = Uuid)]
    id: StoreId,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    password: Option<String>,
    #[diesel(sql_type = Bool)]
    is_readable: bool,
}

impl From<PasswordRow> for OldPassword {
    fn from(row: PasswordRow) -> Self {
        Self {
            store_id: row.id,
            email: row.email,
            password: row.password.map(Secret::from),
            is_readable: row.is_readable,
        }
    }
}

#[derive(QueryableByName)]
pub(super) struct ProductRow {
    #[diesel(sql_type = Uuid)]
    id: ProductId,
    #[diesel(sql_type = Nullable<Uuid>)]
    store_id: Option<uuid::Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    kaspi_product_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    kaspi_sku: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    price: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    external_kaspi_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    category: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    image_url: Option<String>,
    #[diesel(sql_type = Nullable<Bool>)]
    bot_active: Option<bool>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_check_time: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    min_profit: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    max_profit: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    strategy: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    created_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    updated_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Bool)]
    is_twice: bool,
    #[diesel(sql_type = Bool)]
    has_preorder: bool,
}

impl From<ProductRow> for OldProduct {
    fn from(row: ProductRow) -> Self {
        Self {
            id: row.id,
            store_id: row.store_id,
            kaspi_product_id: row.kaspi_product_id,
            kaspi_sku: row.kaspi_sku,
            price: row.price,
            name: row.name,
            external_kaspi_id: row.external_kaspi_id,
            category: row.category,
            image_url: row.image_url,
            bot_active: row.bot_active,
            last_check_time: row.last_check_time,
            min_profit: row.min_profit,
            max_profit: row.max_profit,
            strategy: row.strategy,
            created_at: row.created_at,
            updated_at: row.updated_at,
            is_twice: row.is_twice,
            has_preorder: row.has_preorder,
        }
    }
}

#[derive(QueryableByName)]
pub(super) struct PreorderRow {
    #[diesel(sql_type = Uuid)]
    id: PreorderId,
    #[diesel(sql_type = Nullable<Uuid>)]
    product_id: Option<uuid::Uuid>,
    #[diesel(sql_type = Nullable<Uuid>)]
    store_id: Option<uuid::Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    article: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    brand: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    status: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    price: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    warehouses: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    delivery_days: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    created_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    updated_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Bool)]
    is_twice: bool,
}

impl From<PreorderRow> for OldPreorder {
    fn from(row: PreorderRow) -> Self {
        Self {
            id: row.id,
            product_id: row.product_id,
            store_id: row.store_id,
            article: row.article,
            name: row.name,
            brand: row.brand,
            status: row.status,
            price: row.price,
            warehouses: row.warehouses,
            delivery_days: row.delivery_days,
            created_at: row.created_at,
            updated_at: row.updated_at,
            is_twice: row.is_twice,
        }
    }
}

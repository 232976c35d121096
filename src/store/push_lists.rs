//! The pushes of a product as pages and programs see them: newest first, with their city prices. Only reads.

use diesel::prelude::*;

use super::{
    StoreError,
    pushes::{Push, PushCity},
    stores::store_ids_of,
};
use crate::{
    domain::{ProductId, PushId, StoreId, Tenant},
    schema::{price_push_cities, price_pushes},
};

/// The newest pushes of a product with their city prices; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn push_list_for_product(
    conn: &mut PgConnection,
    product_id: ProductId,
    limit: i64,
) -> Result<Vec<(Push, Vec<PushCity>)>, StoreError> {
    let pushes = price_pushes::table
        .filter(price_pushes::product_id.eq(product_id))
        .order(price_pushes::sequence.desc())
        .limit(limit.clamp(1, 200))
        .select(Push::as_select())
        .load(conn)?;
    with_cities(conn, pushes)
}

/// A push that the tenant may see, with its city prices.
///
/// # Errors
/// See [`StoreError`].
pub fn push_fetch(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: PushId,
) -> Result<Option<(Push, Vec<PushCity>)>, StoreError> {
    let mut query = price_pushes::table.filter(price_pushes::id.eq(id)).into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(price_pushes::store_id.eq_any(store_ids_of(user)));
    }
    let push = query.select(Push::as_select()).first(conn).optional()?;
    Ok(with_cities(conn, push.into_iter().collect())?.pop())
}

/// The newest pushes that the tenant may see, of one product or store where it is named; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn push_list_newest(
    conn: &mut PgConnection,
    tenant: Tenant,
    (product_id, store_id): (Option<ProductId>, Option<StoreId>),
    limit: i64,
) -> Result<Vec<(Push, Vec<PushCity>)>, StoreError> {
    let mut query = price_pushes::table.select(Push::as_select()).into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(price_pushes::store_id.eq_any(store_ids_of(user)));
    }
    if let Some(id) = product_id {
        query = query.filter(price_pushes::product_id.eq(id));
    }
    if let Some(id) = store_id {
        query = query.filter(price_pushes::store_id.eq(id));
    }
    let pushes = query
        .order((price_pushes::planned_at.desc(), price_pushes::id.desc()))
        .limit(limit.clamp(1, 200))
        .load(conn)?;
    with_cities(conn, pushes)
}

fn with_cities(conn: &mut PgConnection, pushes: Vec<Push>) -> Result<Vec<(Push, Vec<PushCity>)>, StoreError> {
    let ids: Vec<PushId> = pushes.iter().map(|push| push.id).collect();
    let cities: Vec<PushCity> = price_push_cities::table
        .filter(price_push_cities::push_id.eq_any(ids))
        .order(price_push_cities::city_id)
        .select(PushCity::as_select())
        .load(conn)?;
    Ok(pushes
        .into_iter()
        .map(|push| {
            let own = cities
                .iter()
                .filter(|city| city.push_id == push.id)
                .cloned()
                .collect();
            (push, own)
        })
        .collect())
}

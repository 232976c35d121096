//! The pushes of a product as its page shows them: newest first, with their city prices. Only reads.

use diesel::prelude::*;

use super::{
    StoreError,
    pushes::{Push, PushCity},
};
use crate::{
    domain::{ProductId, PushId},
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

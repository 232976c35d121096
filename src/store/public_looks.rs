//! Confirmed writes whose price is looked for among the public offers, and when buyers saw it.

use chrono::{DateTime, Utc};
use diesel::{prelude::*, sql_types};

use super::{StoreError, planned::planned, pushes::Push};
use crate::{
    domain::{ProductId, PushId, StoreId},
    schema::{price_pushes, public_looks},
};

/// Looks for the price of this write from `at` on, and no more for earlier ones of the product.
///
/// # Errors
/// See [`StoreError`].
pub fn public_look_start(conn: &mut PgConnection, push: &Push, at: DateTime<Utc>) -> Result<(), StoreError> {
    public_look_end(conn, push.product_id)?;
    diesel::insert_into(public_looks::table)
        .values((
            public_looks::push_id.eq(push.id),
            public_looks::store_id.eq(push.store_id),
            public_looks::product_id.eq(push.product_id),
            public_looks::next_look_at.eq(at),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(())
}

/// Looks for the prices of earlier writes of a product no more.
///
/// # Errors
/// See [`StoreError`].
pub fn public_look_end(conn: &mut PgConnection, product_id: ProductId) -> Result<(), StoreError> {
    // By the product: compared as it is, the moment would let the planner read the small index of all looks that are
    // still to come from end to end instead.
    planned(
        "update public_looks set next_look_at = null
         where product_id = $1 and coalesce(next_look_at, 'infinity') <> 'infinity'",
    )
    .bind::<sql_types::Uuid, _>(product_id.0)
    .execute(conn)?;
    Ok(())
}

/// Writes of a store whose price is to be looked for now; at most `limit`, the longest due first.
///
/// # Errors
/// See [`StoreError`].
pub fn public_look_list(
    conn: &mut PgConnection,
    store_id: StoreId,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Push>, StoreError> {
    Ok(public_looks::table
        .inner_join(price_pushes::table)
        .filter(public_looks::store_id.eq(store_id))
        .filter(public_looks::next_look_at.le(now))
        .order(public_looks::next_look_at)
        .limit(limit)
        .select(Push::as_select())
        .load(conn)?)
}

/// Stores with a look that is due.
///
/// # Errors
/// See [`StoreError`].
pub fn public_look_stores(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<StoreId>, StoreError> {
    Ok(public_looks::table
        .filter(public_looks::next_look_at.le(now))
        .select(public_looks::store_id)
        .distinct()
        .load(conn)?)
}

/// When to look again; `None`: never.
///
/// # Errors
/// See [`StoreError`].
pub fn public_look_next(
    conn: &mut PgConnection,
    id: PushId,
    at: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    diesel::update(public_looks::table.find(id))
        .set(public_looks::next_look_at.eq(at))
        .execute(conn)?;
    Ok(())
}

/// Buyers see the price.
///
/// # Errors
/// See [`StoreError`].
pub fn public_look_seen(conn: &mut PgConnection, id: PushId, now: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(public_looks::table.find(id))
        .set((
            public_looks::seen_at.eq(now),
            public_looks::next_look_at.eq(None::<DateTime<Utc>>),
        ))
        .execute(conn)?;
    Ok(())
}

/// The look for a product's newest confirmed price: the write, whether it goes on, and when buyers saw the price.
///
/// # Errors
/// See [`StoreError`].
pub fn public_look_of(
    conn: &mut PgConnection,
    product_id: ProductId,
) -> Result<Option<PublicLook>, StoreError> {
    Ok(public_looks::table
        .inner_join(price_pushes::table)
        .filter(public_looks::product_id.eq(product_id))
        .order(price_pushes::sequence.desc())
        .select(PublicLook::as_select())
        .first(conn)
        .optional()?)
}

/// What is known of a price among the public offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = public_looks, check_for_backend(diesel::pg::Pg))]
pub struct PublicLook {
    /// The write.
    pub push_id: PushId,
    /// Next look; `None`: no more.
    pub next_look_at: Option<DateTime<Utc>>,
    /// First seen.
    pub seen_at: Option<DateTime<Utc>>,
}

//! How the price of a product moved: as it was read, confirmed or stated.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use uuid::Uuid;

use super::StoreError;
use crate::{
    domain::{ProductId, Tenge},
    schema::price_changes,
};

/// A change of a price in a city.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = price_changes, check_for_backend(Pg))]
pub struct PastChange {
    /// When it was read.
    pub at: DateTime<Utc>,
    /// The city.
    pub city_id: String,
    /// Price before; `None`: not known.
    pub before_tenge: Option<Tenge>,
    /// Price after; `None`: on sale there no more.
    pub price_tenge: Option<Tenge>,
    /// Our write behind it.
    pub push_id: Option<Uuid>,
}

/// The newest changes of a product's prices; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn price_changes_of(
    conn: &mut PgConnection,
    product_id: ProductId,
    limit: i64,
) -> Result<Vec<PastChange>, StoreError> {
    Ok(price_changes::table
        .filter(price_changes::product_id.eq(product_id))
        .order((price_changes::at.desc(), price_changes::id.desc()))
        .limit(limit.clamp(1, 200))
        .select(PastChange::as_select())
        .load(conn)?)
}

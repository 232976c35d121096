//! Falls of stocks that were read: how fast products sell, as far as the stock tells. A trigger writes them.

use chrono::{DateTime, Utc};
use diesel::{prelude::*, sql_types as sql};

use super::StoreError;
use crate::{
    domain::{ProductId, StoreId},
    schema::stock_falls,
};

/// A product that sells much faster than usual although it is cheaper than usual.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct FastSale {
    /// The product.
    #[diesel(sql_type = sql::Uuid)]
    pub product_id: ProductId,
    /// Its store.
    #[diesel(sql_type = sql::Uuid)]
    pub store_id: StoreId,
    /// Its name.
    #[diesel(sql_type = sql::Text)]
    pub name: String,
    /// Pieces within the last hour.
    #[diesel(sql_type = sql::BigInt)]
    pub units: i64,
}

/// Products of live stores with automatic prices that sold at least `at_least` pieces within the last hour, more than
/// `times` what they sold per hour in the seven days before it, at a price below the median of their confirmed
/// prices of seven days. Left out are those about which `reason` was told within a day.
///
/// # Errors
/// See [`StoreError`].
pub fn fast_sales(
    conn: &mut PgConnection,
    (times, at_least): (i32, i32),
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Vec<FastSale>, StoreError> {
    Ok(diesel::sql_query(
        "with lately as materialized (
           select product_id, sum(units) as units from stock_falls where at > $1 - interval '1 hour' and at <= $1
           group by product_id having sum(units) >= $3)
         select p.id as product_id, p.store_id, p.name, lately.units from lately
         join products p on p.id = lately.product_id join stores s on s.id = p.store_id
         join product_prices pp on pp.product_id = p.id and pp.city_id = s.main_city_id
         cross join lateral (select coalesce(sum(f.units), 0) as units from stock_falls f where f.product_id = p.id
           and f.at <= $1 - interval '1 hour' and f.at > $1 - interval '169 hours' offset 0) before
         cross join lateral (select percentile_disc(0.5) within group (order by c.price_tenge) as price
           from price_pushes u join price_push_cities c on c.push_id = u.id and c.city_id = s.main_city_id
           where u.product_id = p.id and u.state = 'confirmed' and u.finished_at >= $1 - interval '7 days' offset 0) median
         where s.repricing_mode = 'live' and p.repricing_enabled and pp.price_tenge < median.price
           and lately.units * 168 > $2 * before.units
           and not exists (select from alerts a where a.product_id = p.id and a.data ->> 'reason' = $4
             and a.last_at > $1 - interval '1 day')
         order by p.id",
    )
    .bind::<sql::Timestamptz, _>(now)
    .bind::<sql::Integer, _>(times)
    .bind::<sql::Integer, _>(at_least)
    .bind::<sql::Text, _>(reason)
    .load(conn)?)
}

/// By how many pieces the stock of a product fell in each hour from `from` on, oldest first; hours without are left out.
///
/// # Errors
/// See [`StoreError`].
pub fn stock_falls_by_hour(
    conn: &mut PgConnection,
    product: ProductId,
    from: DateTime<Utc>,
) -> Result<Vec<(DateTime<Utc>, i64)>, StoreError> {
    #[derive(QueryableByName)]
    struct Hour {
        #[diesel(sql_type = sql::Timestamptz)]
        hour: DateTime<Utc>,
        #[diesel(sql_type = sql::BigInt)]
        units: i64,
    }
    let hours: Vec<Hour> = diesel::sql_query(
        "select date_trunc('hour', at) as hour, sum(units)::bigint as units from stock_falls
         where product_id = $1 and at >= $2 group by 1 order by 1",
    )
    .bind::<sql::Uuid, _>(product)
    .bind::<sql::Timestamptz, _>(from)
    .load(conn)?;
    Ok(hours.into_iter().map(|hour| (hour.hour, hour.units)).collect())
}

/// Forgets falls from before `before`.
///
/// # Errors
/// See [`StoreError`].
pub fn stock_falls_prune(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<usize, StoreError> {
    Ok(diesel::delete(stock_falls::table.filter(stock_falls::at.lt(before))).execute(conn)?)
}

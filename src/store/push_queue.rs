//! The writes of a store as its page shows them: what waits and what waiting costs, how long writes take to be seen.
//! Only reads.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{prelude::*, sql_types as sql};

use super::StoreError;
use crate::domain::{ProductId, StoreId, Tenge, WriteClass};

/// Times of a week of confirmed writes.
const DELAYS_OF: TimeDelta = TimeDelta::days(7);

/// A write that waits for its turn.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Waiting {
    /// The product.
    #[diesel(sql_type = sql::Uuid)]
    pub product_id: ProductId,
    /// Its name.
    #[diesel(sql_type = sql::Text)]
    pub name: String,
    /// What the write is for.
    #[diesel(sql_type = sql::Text)]
    pub worth: WriteClass,
    /// What a day without it costs, at one sale of the card a day.
    #[diesel(sql_type = sql::BigInt)]
    pub gain_tenge: Tenge,
    /// Since when the product waits.
    #[diesel(sql_type = sql::Timestamptz)]
    pub since: DateTime<Utc>,
}

/// The queue of a store and its budget.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PushQueue {
    /// Writes that wait.
    pub waiting: i64,
    /// What a day of waiting costs for all of them, at one sale of each card a day.
    pub cost_tenge: Tenge,
    /// Writes of the last half hour.
    pub written: i64,
    /// The next ones, in the order in which they go.
    pub next: Vec<Waiting>,
}

/// What waits for a write in a store, the first `limit` with their names.
///
/// # Errors
/// See [`StoreError`].
pub fn push_queue(
    conn: &mut PgConnection,
    store_id: StoreId,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<PushQueue, StoreError> {
    #[derive(QueryableByName)]
    struct Sums {
        #[diesel(sql_type = sql::BigInt)]
        waiting: i64,
        #[diesel(sql_type = sql::BigInt)]
        cost: Tenge,
        #[diesel(sql_type = sql::BigInt)]
        written: i64,
    }
    let sums: Sums = diesel::sql_query(
        "select count(*) as waiting, coalesce(sum(gain_tenge), 0)::bigint as cost,
           (select count(*) from price_pushes w where w.store_id = $1 and w.sent_at > $2) as written
         from price_pushes where store_id = $1 and state = 'planned'",
    )
    .bind::<sql::Uuid, _>(store_id)
    .bind::<sql::Timestamptz, _>(now - TimeDelta::minutes(30))
    .get_result(conn)?;
    // The same order as `push_list_next`, which leaves some out for a while.
    let next = diesel::sql_query(
        "select u.product_id, p.name, u.worth, u.gain_tenge, coalesce(u.waiting_since, u.planned_at) as since
         from price_pushes u join products p on p.id = u.product_id
         where u.store_id = $1 and u.state = 'planned'
         order by u.origin = 'robot', array_position(array['repair', 'restore', 'place', 'raise', 'cosmetic'], u.worth),
           u.gain_tenge * (1 + greatest(0, extract(epoch from $2 - coalesce(u.waiting_since, u.planned_at))) / 1800) desc,
           u.planned_at, u.id
         limit $3",
    )
    .bind::<sql::Uuid, _>(store_id)
    .bind::<sql::Timestamptz, _>(now)
    .bind::<sql::BigInt, _>(limit)
    .load(conn)?;
    Ok(PushQueue {
        waiting: sums.waiting,
        cost_tenge: sums.cost,
        written: sums.written,
        next,
    })
}

/// How long the writes of a week took, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct PushDelays {
    /// Confirmed writes that count.
    #[diesel(sql_type = sql::BigInt)]
    pub writes: i64,
    /// Half of them were seen on the marketplace within this time of being accepted.
    #[diesel(sql_type = sql::BigInt)]
    pub seen_median: i64,
    /// 95 of 100 of them.
    #[diesel(sql_type = sql::BigInt)]
    pub seen_p95: i64,
    /// Half of them were seen within this time of the reading of the card that led to them.
    #[diesel(sql_type = sql::BigInt)]
    pub whole_median: i64,
    /// 95 of 100 of them.
    #[diesel(sql_type = sql::BigInt)]
    pub whole_p95: i64,
}

/// The delays of a store; `None`: nothing was confirmed within a week.
///
/// # Errors
/// See [`StoreError`].
pub fn push_delays(
    conn: &mut PgConnection,
    store_id: StoreId,
    now: DateTime<Utc>,
) -> Result<Option<PushDelays>, StoreError> {
    let delays: PushDelays = diesel::sql_query(
        "select count(*) as writes,
           coalesce(percentile_disc(0.5) within group (order by seen), 0) as seen_median,
           coalesce(percentile_disc(0.95) within group (order by seen), 0) as seen_p95,
           coalesce(percentile_disc(0.5) within group (order by whole), 0) as whole_median,
           coalesce(percentile_disc(0.95) within group (order by whole), 0) as whole_p95
         from (select extract(epoch from finished_at - accepted_at)::bigint as seen,
             extract(epoch from finished_at - market_taken_at)::bigint as whole
           from price_pushes where store_id = $1 and state = 'confirmed' and origin = 'robot'
             and accepted_at is not null and market_taken_at is not null and sent_at > $2) times",
    )
    .bind::<sql::Uuid, _>(store_id)
    .bind::<sql::Timestamptz, _>(now - DELAYS_OF)
    .get_result(conn)?;
    Ok((delays.writes > 0).then_some(delays))
}

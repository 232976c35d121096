//! The writes of a store as its page shows them: what waits and what waiting costs, how long writes take to be seen.
//! Only reads.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{prelude::*, sql_types as sql};

use super::{StoreError, pushes::push_list_next};
use crate::{
    domain::{ProductId, StoreId, Tenge, WriteClass},
    schema::products,
};

/// Times of a week of confirmed writes.
const DELAYS_OF: TimeDelta = TimeDelta::days(7);

/// A write that waits for its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The product.
    pub product_id: ProductId,
    /// Its name.
    pub name: String,
    /// What the write is for.
    pub worth: WriteClass,
    /// What a day without it costs, at one sale of the card a day.
    pub gain_tenge: Tenge,
    /// Since when the product waits.
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
    let next = push_list_next(conn, store_id, TimeDelta::zero(), limit, now)?;
    let names: HashMap<ProductId, String> = products::table
        .filter(products::id.eq_any(next.iter().map(|push| push.product_id)))
        .select((products::id, products::name))
        .load(conn)?
        .into_iter()
        .collect();
    let next = next
        .into_iter()
        .map(|push| Waiting {
            name: names.get(&push.product_id).cloned().unwrap_or_default(),
            product_id: push.product_id,
            worth: push.worth,
            gain_tenge: push.gain_tenge,
            since: push.waiting_since.unwrap_or(push.planned_at),
        })
        .collect();
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
    /// Half of them were seen within this time of the reading of the card that led to them: by buyers, where they were
    /// looked for.
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
             extract(epoch from coalesce(l.seen_at, finished_at) - market_taken_at)::bigint as whole
           from price_pushes u left join public_looks l on l.push_id = u.id
           where u.store_id = $1 and state = 'confirmed' and origin = 'robot'
             and accepted_at is not null and market_taken_at is not null and sent_at > $2) times",
    )
    .bind::<sql::Uuid, _>(store_id)
    .bind::<sql::Timestamptz, _>(now - DELAYS_OF)
    .get_result(conn)?;
    Ok((delays.writes > 0).then_some(delays))
}

/// The time within which 95 of 100 of a store's last 200 confirmed writes were seen in the cabinet after they had been
/// accepted, at most an hour; none: zero. Those alone that were looked for in the two minutes before: what could not be
/// read for a while would be taken for a slow marketplace, and the next writes be waited for all the longer.
///
/// # Errors
/// See [`StoreError`].
pub fn push_usual_delay(conn: &mut PgConnection, store_id: StoreId) -> Result<TimeDelta, StoreError> {
    #[derive(QueryableByName)]
    struct Usual {
        #[diesel(sql_type = sql::BigInt)]
        seconds: i64,
    }
    let usual: Usual = diesel::sql_query(
        "select coalesce(percentile_disc(0.95) within group (order by seen), 0) as seconds
         from (select extract(epoch from finished_at - accepted_at)::bigint as seen
           from price_pushes where store_id = $1 and state = 'confirmed' and accepted_at is not null
             and sent_at is not null and finished_at - coalesce(looked_at, accepted_at) <= interval '2 minutes'
           order by sent_at desc limit 200) times",
    )
    .bind::<sql::Uuid, _>(store_id)
    .get_result(conn)?;
    Ok(TimeDelta::seconds(usual.seconds.clamp(0, 3_600)))
}

//! What the brakes before a write look at: their settings, a store's present cycle of checks, what a product cost
//! and how it moved lately (pricing rules, guards at the send G12 to G18).

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{prelude::*, sql_types as sql};

use super::{StoreError, planned::planned};
use crate::{
    domain::{
        ProductId, PushId, PushState, StoreId, Tenge, UserId,
        brakes::{Cycle, SafetyLimits},
    },
    schema::{price_pushes, settings},
};

/// Key of the settings row.
const SAFETY_LIMITS: &str = "safety_limits";

/// The limits in force; the defaults where nobody has set any, and where the row cannot be read.
///
/// # Errors
/// See [`StoreError`].
pub fn safety_limits_load(conn: &mut PgConnection) -> Result<SafetyLimits, StoreError> {
    let value: Option<serde_json::Value> = settings::table
        .find(SAFETY_LIMITS)
        .select(settings::value)
        .first(conn)
        .optional()?;
    Ok(value
        .and_then(|value| serde_json::from_value(value).ok())
        .unwrap_or_default())
}

/// When the limits were last set; `None`: never. With `lock` nobody else sets them until the end of the transaction.
///
/// # Errors
/// See [`StoreError`].
pub fn safety_limits_set_at(
    conn: &mut PgConnection,
    lock: bool,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let row = settings::table.find(SAFETY_LIMITS).select(settings::updated_at);
    Ok(if lock {
        row.for_update().first(conn).optional()?
    } else {
        row.first(conn).optional()?
    })
}

/// Keeps other limits. What was planned under the old ones is not sent any more.
///
/// # Errors
/// See [`StoreError`].
pub fn safety_limits_save(
    conn: &mut PgConnection,
    limits: &SafetyLimits,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row = || {
        (
            settings::value.eq(serde_json::json!(limits)),
            settings::updated_by.eq(by),
            settings::updated_at.eq(now),
        )
    };
    diesel::insert_into(settings::table)
        .values((settings::key.eq(SAFETY_LIMITS), row()))
        .on_conflict(settings::key)
        .do_update()
        .set((row(), settings::version.eq(settings::version + 1)))
        .execute(conn)?;
    Ok(())
}

/// Announces the push protocol of this program, so that older ones send nothing from now on. Returns the newest that
/// was ever announced.
///
/// # Errors
/// See [`StoreError`].
pub fn push_protocol_announce(
    conn: &mut PgConnection,
    version: i32,
    now: DateTime<Utc>,
) -> Result<i32, StoreError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql::Integer)]
        newest: i32,
    }
    let row: Row = diesel::sql_query(
        "insert into settings as s (key, value, updated_at) values ('push_protocol', to_jsonb($1), $2)
         on conflict (key) do update set value = to_jsonb(greatest((s.value #>> '{}')::int, $1)),
           updated_at = case when (s.value #>> '{}')::int < $1 then excluded.updated_at else s.updated_at end
         returning (value #>> '{}')::int as newest",
    )
    .bind::<sql::Integer, _>(version)
    .bind::<sql::Timestamptz, _>(now)
    .get_result(conn)?;
    Ok(row.newest)
}

/// The newest push protocol that was announced, and the database's clock.
///
/// # Errors
/// See [`StoreError`].
pub fn push_protocol_and_time(conn: &mut PgConnection) -> Result<(i32, DateTime<Utc>), StoreError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql::Integer)]
        newest: i32,
        #[diesel(sql_type = sql::Timestamptz)]
        at: DateTime<Utc>,
    }
    let row: Row = planned(
        "select coalesce((select (value #>> '{}')::int from settings where key = 'push_protocol'), 0) as newest,
           clock_timestamp() as at",
    )
    .get_result(conn)?;
    Ok((row.newest, row.at))
}

/// Adds what was decided in a batch to the cycles of its stores; a cycle that began before `since` is over, and a new
/// one begins. Returns the sums, and whether a person has accepted big moves of the store for now.
///
/// # Errors
/// See [`StoreError`].
pub fn store_cycles_add(
    conn: &mut PgConnection,
    decided: &[(StoreId, Cycle)],
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<HashMap<StoreId, (Cycle, bool)>, StoreError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql::Uuid)]
        store_id: StoreId,
        #[diesel(sql_type = sql::BigInt)]
        decided: i64,
        #[diesel(sql_type = sql::BigInt)]
        changes: i64,
        #[diesel(sql_type = sql::BigInt)]
        big_drops: i64,
        #[diesel(sql_type = sql::BigInt)]
        impossible: i64,
        #[diesel(sql_type = sql::Bool)]
        accepted: bool,
    }
    let column = |value: fn(&Cycle) -> i64| decided.iter().map(|(_, cycle)| value(cycle)).collect::<Vec<_>>();
    let rows: Vec<Row> = diesel::sql_query(
        "insert into store_cycles as c (store_id, started_at, decided, changes, big_drops, impossible)
         select store_id, $7, decided, changes, big_drops, impossible
         from unnest($1, $2, $3, $4, $5) as told (store_id, decided, changes, big_drops, impossible) order by store_id
         on conflict (store_id) do update set
           started_at = case when c.started_at < $6 then excluded.started_at else c.started_at end,
           decided = case when c.started_at < $6 then 0 else c.decided end + excluded.decided,
           changes = case when c.started_at < $6 then 0 else c.changes end + excluded.changes,
           big_drops = case when c.started_at < $6 then 0 else c.big_drops end + excluded.big_drops,
           impossible = case when c.started_at < $6 then 0 else c.impossible end + excluded.impossible
         returning store_id, decided, changes, big_drops, impossible, coalesce(accepted_until > $7, false) as accepted",
    )
    .bind::<sql::Array<sql::Uuid>, _>(decided.iter().map(|(store, _)| store.0).collect::<Vec<_>>())
    .bind::<sql::Array<sql::BigInt>, _>(column(|cycle| cycle.decided))
    .bind::<sql::Array<sql::BigInt>, _>(column(|cycle| cycle.changes))
    .bind::<sql::Array<sql::BigInt>, _>(column(|cycle| cycle.big_drops))
    .bind::<sql::Array<sql::BigInt>, _>(column(|cycle| cycle.impossible))
    .bind::<sql::Timestamptz, _>(since)
    .bind::<sql::Timestamptz, _>(now)
    .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let cycle = Cycle {
                decided: row.decided,
                changes: row.changes,
                big_drops: row.big_drops,
                impossible: row.impossible,
            };
            (row.store_id, (cycle, row.accepted))
        })
        .collect())
}

/// A person wants the moves of a store: a new cycle begins, in which big drops stop nothing until `until`.
///
/// # Errors
/// See [`StoreError`].
pub fn store_cycle_accept(
    conn: &mut PgConnection,
    store_id: StoreId,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::sql_query(
        "insert into store_cycles (store_id, started_at, accepted_until) values ($1, $2, $3)
         on conflict (store_id) do update set started_at = $2, decided = 0, changes = 0, big_drops = 0, impossible = 0,
           accepted_until = $3",
    )
    .bind::<sql::Uuid, _>(store_id)
    .bind::<sql::Timestamptz, _>(now)
    .bind::<sql::Timestamptz, _>(until)
    .execute(conn)?;
    Ok(())
}

/// The wanted price of each city of a push beside the median of its confirmed prices of the last seven days.
///
/// # Errors
/// See [`StoreError`].
pub fn push_medians(
    conn: &mut PgConnection,
    push: PushId,
    now: DateTime<Utc>,
) -> Result<Vec<(Tenge, Tenge)>, StoreError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql::BigInt)]
        price: Tenge,
        #[diesel(sql_type = sql::BigInt)]
        median: Tenge,
    }
    let rows: Vec<Row> = planned(
        "select wanted.price_tenge as price,
           percentile_disc(0.5) within group (order by confirmed.price_tenge) as median
         from price_pushes u
         join price_push_cities wanted on wanted.push_id = u.id
         cross join lateral (
           select city.price_tenge from price_pushes past
           join price_push_cities city on city.push_id = past.id and city.city_id = wanted.city_id
           where past.product_id = u.product_id and past.state = 'confirmed' and past.finished_at >= $2 offset 0) confirmed
         where u.id = $1 group by wanted.city_id, wanted.price_tenge",
    )
    .bind::<sql::Uuid, _>(push.0)
    .bind::<sql::Timestamptz, _>(now - TimeDelta::days(7))
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.price, row.median)).collect())
}

/// How often the robot lowered a product within a day, since it last rose or a person last did something with it.
///
/// # Errors
/// See [`StoreError`].
pub fn product_drops(
    conn: &mut PgConnection,
    product: ProductId,
    city_id: &str,
    now: DateTime<Utc>,
) -> Result<i64, StoreError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql::BigInt)]
        drops: i64,
    }
    let row: Row = planned(
        "with moves as (
           select u.finished_at as at, u.origin, city.price_tenge < city.before_tenge as down
           from price_pushes u join price_push_cities city on city.push_id = u.id and city.city_id = $2
           where u.product_id = $1 and u.state = 'confirmed' and u.finished_at >= $3
             and city.price_tenge <> city.before_tenge),
         looked as (
           select greatest((select max(at) from moves where not down or origin <> 'robot'),
             (select max(at) from audit_log where object_kind = 'product' and object_id = $1
                and actor_kind in ('person', 'api') and at >= $3)) as at)
         select count(*) as drops from moves, looked
         where down and origin = 'robot' and (looked.at is null or moves.at > looked.at)",
    )
    .bind::<sql::Uuid, _>(product.0)
    .bind::<sql::Text, _>(city_id)
    .bind::<sql::Timestamptz, _>(now - TimeDelta::days(1))
    .get_result(conn)?;
    Ok(row.drops)
}

/// How many offers of a store were withdrawn after a write within a day.
///
/// # Errors
/// See [`StoreError`].
pub fn store_removed(
    conn: &mut PgConnection,
    store_id: StoreId,
    now: DateTime<Utc>,
) -> Result<i64, StoreError> {
    Ok(price_pushes::table
        .filter(price_pushes::store_id.eq(store_id))
        .filter(price_pushes::state.eq(PushState::Removed))
        .filter(price_pushes::sent_at.gt(now - TimeDelta::days(1)))
        .count()
        .get_result(conn)?)
}

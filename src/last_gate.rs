//! The last gate: stands directly before a price leaves for the marketplace. It reads the limits again with
//! its own query, shares no code with the engine, and is the only place that can make a [`ClearedWrite`],
//! which the client's price call demands. Whatever decided the price, nothing passes that is below the
//! floor, above the ceiling, short of the goal where costs are known, stopped, stale, unclaimed, or of a store that
//! is not live.

mod answer;
mod profit;

pub use answer::{CODES, ClearedWrite, GateError};

use std::time::Instant;

use diesel::{PgConnection, RunQueryDsl, sql_types as sql};

use crate::{
    domain::{PushId, Tenge, product::Availability},
    store::{StoreError, planned::planned},
};

/// The push protocol of this program. Raised with every change after which older programs must send nothing; the
/// newest that ran stands in the settings.
pub const PROTOCOL: i32 = 1;

#[derive(diesel::QueryableByName)]
struct Facts {
    #[diesel(sql_type = sql::Text)]
    merchant_id: String,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    sku: Option<String>,
    #[diesel(sql_type = sql::Nullable<sql::Jsonb>)]
    availabilities: Option<serde_json::Value>,
    #[diesel(sql_type = sql::Nullable<sql::Timestamptz>)]
    availabilities_read_at: Option<chrono::DateTime<chrono::Utc>>,
    #[diesel(sql_type = sql::Nullable<sql::BigInt>)]
    floor: Option<i64>,
    #[diesel(sql_type = sql::Nullable<sql::BigInt>)]
    ceiling: Option<i64>,
    #[diesel(sql_type = sql::Nullable<sql::Text>)]
    refusal: Option<String>,
    #[diesel(sql_type = sql::Bool)]
    changed: bool,
}

#[derive(diesel::QueryableByName)]
struct CityPrice {
    #[diesel(sql_type = sql::Text)]
    city_id: String,
    #[diesel(sql_type = sql::BigInt)]
    price: i64,
    #[diesel(sql_type = sql::BigInt)]
    lowest: i64,
    #[diesel(sql_type = sql::Nullable<sql::BigInt>)]
    present: Option<i64>,
}

/// The present state of everything that can forbid a write. Lease and life go by the database's clock,
/// freshness by the program's (`$3`), which wrote those stamps.
const FACTS: &str = "
select s.merchant_id, p.sku, p.availabilities, p.availabilities_read_at,
  coalesce(p.floor_tenge, cat.floor_tenge, shop.floor_tenge) as floor,
  coalesce(p.ceiling_tenge, cat.ceiling_tenge, shop.ceiling_tenge) as ceiling,
  u.origin = 'robot' and u.fingerprint is distinct from decision_fingerprint(p.id) as changed, case
  when exists (select from settings where key = 'push_protocol' and (value #>> '{}')::int > $4)
    then 'program_too_old'
  when u.state <> 'claimed' then 'not_claimed'
  when u.lease_epoch is distinct from $2 or s.lease_epoch <> $2 or s.lease_until is null
    or s.lease_until < now() then 'lease_lost'
  when u.expires_at is null or u.expires_at < now() then 'expired'
  when u.sequence <> p.push_sequence then 'superseded'
  when exists (select from kill_switches k where k.released_at is null and (k.scope = 'all'
    or (k.scope = 'store' and k.store_id = s.id) or (k.scope = 'product' and k.product_id = p.id)
    or (k.scope = 'strategy' and u.origin = 'robot'
      and k.strategy = coalesce(d.input #>> '{rule,strategy,kind}', k.strategy)))) then 'stopped'
  when not s.active or s.session_state <> 'connected' then 'store_not_connected'
  when s.frozen_until > $3 then 'store_frozen'
  when exists (select from price_feeds f where f.store_id = s.id and f.publishing = 'feed') then 'feed_only'
  when not p.on_sale or p.archived_at is not null then 'not_on_sale'
  when u.origin = 'robot' and (s.repricing_mode <> 'live' or not p.repricing_enabled) then 'not_live'
  when u.origin = 'robot' and p.locked_until > $3 then 'locked'
  when u.origin = 'robot' and (u.market_taken_at is null
    or $3 - u.market_taken_at not between interval '-5 seconds' and interval '10 minutes') then 'market_stale'
  when p.availabilities is not null and (p.availabilities_read_at is null
    or $3 - p.availabilities_read_at not between interval '-5 seconds' and interval '5 minutes')
    then 'availabilities_stale'
  end as refusal
from price_pushes u join products p on p.id = u.product_id join stores s on s.id = u.store_id
left join price_decisions d on d.id = u.decision_id
left join pricing_terms cat on cat.store_id = s.id and cat.category = p.category
left join pricing_terms shop on shop.store_id = s.id and shop.category is null and shop.product_id is null
where u.id = $1 and p.store_id = s.id
for update of u";

const CITY_PRICES: &str = "
select c.city_id, c.price_tenge as price, c.floor_tenge as lowest, pp.price_tenge as present
from price_push_cities c join price_pushes u on u.id = c.push_id
left join product_prices pp on pp.product_id = u.product_id and pp.city_id = c.city_id
where c.push_id = $1 order by c.city_id";

const SENT: &str = "
update price_pushes set state = 'sent', sent_at = $2, attempts = attempts + 1, availabilities = $3,
  availabilities_read_at = $4
where id = $1";

/// Clears a claimed push for sending and marks it `sent`, with the product's points of service that it carries. The
/// caller commits, then writes at once: a crash in between leaves `sent`, whose outcome is then read back, never guessed.
///
/// # Errors
/// [`GateError::Refused`] with the code of the rule; nothing was changed then.
pub fn clear(
    conn: &mut PgConnection,
    push: PushId,
    lease_epoch: i64,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<ClearedWrite, GateError> {
    let cleared_at = Instant::now();
    let facts: Facts = planned(FACTS)
        .bind::<sql::Uuid, _>(push.0)
        .bind::<sql::BigInt, _>(lease_epoch)
        .bind::<sql::Timestamptz, _>(now)
        .bind::<sql::Integer, _>(PROTOCOL)
        .get_result(conn)
        .map_err(|error| match error {
            diesel::NotFound => GateError::Refused("not_found"),
            other => StoreError::from(other).into(),
        })?;
    if let Some(refusal) = facts.refusal.as_deref() {
        return Err(GateError::Refused(answer::known(refusal)));
    }
    let cities: Vec<CityPrice> = planned(CITY_PRICES)
        .bind::<sql::Uuid, _>(push.0)
        .load(conn)
        .map_err(StoreError::from)?;
    let goal = profit::goal(conn, push, now)?;
    if facts.floor.is_none() && goal.is_none() {
        return Err(GateError::Refused("no_floor"));
    }
    if cities.is_empty() {
        return Err(GateError::Refused("no_price"));
    }
    for city in &cities {
        if city.price < 10 || facts.floor.is_some_and(|floor| city.price < floor || floor < 1) {
            return Err(GateError::Refused("below_floor"));
        }
        if goal.as_ref().is_some_and(|goal| !goal.is_met_at(city.price)) {
            return Err(GateError::Refused("below_goal"));
        }
        if facts.ceiling.is_some_and(|ceiling| city.price > ceiling) {
            return Err(GateError::Refused("above_ceiling"));
        }
        // Nobody may raise without a ceiling, except back up to the lowest permitted price itself.
        let raise = city.present.is_none_or(|present| city.price > present);
        if facts.ceiling.is_none() && raise && city.price != city.lowest.max(10) {
            return Err(GateError::Refused("no_ceiling"));
        }
    }
    if facts.changed {
        return Err(GateError::Refused("changed_since"));
    }
    let availabilities = match facts.availabilities.clone() {
        None => None,
        Some(image) => {
            let points: Vec<Availability> =
                serde_json::from_value(image).map_err(|_| GateError::Refused("availabilities_unreadable"))?;
            Some(points).filter(|points| !points.is_empty())
        }
    };
    let sku = facts.sku.ok_or(GateError::Refused("no_sku"))?;
    // The row is locked since its state was looked at.
    planned(SENT)
        .bind::<sql::Uuid, _>(push.0)
        .bind::<sql::Timestamptz, _>(now)
        .bind::<sql::Nullable<sql::Jsonb>, _>(facts.availabilities)
        .bind::<sql::Nullable<sql::Timestamptz>, _>(facts.availabilities_read_at)
        .execute(conn)
        .map_err(StoreError::from)?;
    let city_prices = cities.into_iter().map(|c| (c.city_id, Tenge(c.price))).collect();
    Ok(ClearedWrite {
        merchant_id: facts.merchant_id,
        sku,
        city_prices,
        availabilities,
        cleared_at,
    })
}

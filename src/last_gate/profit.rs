//! Does a price still earn what it must? Costs, goal and tariffs are read again, and counted here in the gate's
//! own way.

use chrono::{DateTime, Utc};
use diesel::{OptionalExtension, PgConnection, QueryableByName, RunQueryDsl, sql_types as sql};
use serde::Deserialize;

use crate::{
    domain::PushId,
    store::{StoreError, planned::planned},
};

/// Parts of a tenge that shares are counted in.
const WHOLE: i128 = 100_000_000;

/// Costs as they stand now; all of them are known.
#[derive(QueryableByName)]
struct Costs {
    #[diesel(sql_type = sql::BigInt)]
    unit_cost: i64,
    #[diesel(sql_type = sql::BigInt)]
    commission: i64,
    #[diesel(sql_type = sql::BigInt)]
    tax: i64,
    #[diesel(sql_type = sql::BigInt)]
    vat: i64,
    #[diesel(sql_type = sql::Jsonb)]
    delivery: serde_json::Value,
    #[diesel(sql_type = sql::Nullable<sql::Integer>)]
    weight: Option<i32>,
    #[diesel(sql_type = sql::Text)]
    goal_kind: String,
    #[diesel(sql_type = sql::BigInt)]
    goal: i64,
}

/// What is set nearest for the product of the push, and the tariffs of the day in Almaty (UTC+5). No row: something
/// is not known.
const COSTS: &str = "
with set as (
  select coalesce(own.unit_cost_tenge, cat.unit_cost_tenge, shop.unit_cost_tenge) as unit_cost,
    coalesce(own.commission, cat.commission, shop.commission, 'usual') as commission,
    coalesce(own.tax, cat.tax, shop.tax) as tax,
    coalesce(own.delivery, cat.delivery, shop.delivery, 'country') as delivery,
    coalesce(own.weight_grams, cat.weight_grams, shop.weight_grams) as weight,
    coalesce(own.goal_kind, cat.goal_kind, shop.goal_kind, 'profit') as goal_kind,
    coalesce(own.goal_value, cat.goal_value, shop.goal_value, 0) as goal,
    (($2 at time zone 'UTC') + interval '5 hours')::date as today
  from price_pushes u join products p on p.id = u.product_id
  left join pricing_terms own on own.product_id = p.id
  left join pricing_terms cat on cat.store_id = p.store_id and cat.category = p.category
  left join pricing_terms shop on shop.store_id = p.store_id and shop.category is null and shop.product_id is null
  where u.id = $1)
select unit_cost, c.percent_millionths as commission, t.percent_millionths as tax, v.percent_millionths as vat,
  d.delivery, weight, goal_kind, goal
from set
cross join lateral (select percent_millionths from tariffs where kind = 'commission' and name = set.commission
  and valid_from <= today order by valid_from desc limit 1) c
cross join lateral (select percent_millionths from tariffs where kind = 'tax' and name = set.tax
  and valid_from <= today order by valid_from desc limit 1) t
cross join lateral (select percent_millionths from tariffs where kind = 'delivery_vat' and name = 'standard'
  and valid_from <= today order by valid_from desc limit 1) v
cross join lateral (select delivery from tariffs where kind = 'delivery' and name = set.delivery
  and valid_from <= today order by valid_from desc limit 1) d
where unit_cost is not null";

#[derive(Deserialize)]
struct Prices {
    up_to: Option<i64>,
    fees: Vec<Weights>,
}

#[derive(Deserialize)]
struct Weights {
    up_to_grams: Option<i32>,
    fee: i64,
}

/// What a price must earn, ready to be asked.
pub(super) struct Goal {
    costs: Costs,
    fees: Vec<Prices>,
}

/// The goal of the push's product; `None`: its costs are not known all.
///
/// # Errors
/// See [`StoreError`]; a delivery table that cannot be read is a fault of the database.
pub(super) fn goal(
    conn: &mut PgConnection,
    push: PushId,
    now: DateTime<Utc>,
) -> Result<Option<Goal>, StoreError> {
    let costs: Option<Costs> = planned(COSTS)
        .bind::<sql::Uuid, _>(push.0)
        .bind::<sql::Timestamptz, _>(now)
        .get_result(conn)
        .optional()?;
    costs
        .map(|costs| {
            let fees = serde_json::from_value(costs.delivery.clone())
                .map_err(|error| diesel::result::Error::DeserializationError(Box::new(error)))?;
            Ok(Goal { costs, fees })
        })
        .transpose()
}

impl Goal {
    /// Does one sale at this price earn the goal?
    pub(super) fn is_met_at(&self, price: i64) -> bool {
        let Some(fee) = self.fee(price) else {
            return false;
        };
        let (costs, price) = (&self.costs, i128::from(price));
        let unit_cost = i128::from(costs.unit_cost);
        let kept = WHOLE - i128::from(costs.commission) - i128::from(costs.tax);
        let delivery = i128::from(fee) * (WHOLE + i128::from(costs.vat));
        let earned = price * kept - delivery - unit_cost * WHOLE;
        let wanted = i128::from(costs.goal)
            * match costs.goal_kind.as_str() {
                "margin" => price,
                "roi" => unit_cost,
                _ => WHOLE,
            };
        earned >= wanted
    }

    /// The delivery fee at a price; the highest where the weight is not known.
    fn fee(&self, price: i64) -> Option<i64> {
        let step = self
            .fees
            .iter()
            .find(|step| step.up_to.is_none_or(|end| price <= end))?;
        match self.costs.weight {
            None => step.fees.iter().map(|fee| fee.fee).max(),
            Some(weight) => {
                let fee = step
                    .fees
                    .iter()
                    .find(|fee| fee.up_to_grams.is_none_or(|end| weight <= end))?;
                Some(fee.fee)
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! The journal of price writes: planned, claimed, sent, read back.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{dsl::max, pg::Pg, prelude::*, sql_types as sql};
use serde_json::Value;
use uuid::Uuid;

use super::{StoreError, planned, terms::terms_of_products};
use crate::{
    domain::{
        DecisionId, ProductId, PushId, PushOrigin, PushState, StoreId, Tenge, UserId, WriteClass,
        pricing::Worth,
    },
    schema::{price_push_cities, price_pushes, product_prices, products, stores},
};

/// On its way: nothing else is written for the product meanwhile.
const IN_FLIGHT: [PushState; 4] = [
    PushState::Claimed,
    PushState::Sent,
    PushState::Accepted,
    PushState::Unknown,
];

/// The columns of [`Push`], named one by one: a statement that is planned already fails after a migration has added one
/// to `*`.
const COLUMNS: &str = "id, store_id, product_id, decision_id, sequence, state, late, origin, actor_id, reason, detail,
  lease_epoch, attempts, operation_id, availabilities, availabilities_read_at, market_taken_at, build_id, planned_at,
  claimed_at, expires_at, sent_at, accepted_at, next_read_at, finished_at, worth, gain_tenge, waiting_since, fingerprint";

/// One write of one product, with all its city prices in [`PushCity`].
#[derive(Debug, Clone, PartialEq, Queryable, QueryableByName, Selectable, Identifiable, Insertable)]
#[diesel(table_name = price_pushes, check_for_backend(Pg))]
pub struct Push {
    /// Key.
    pub id: PushId,
    /// The store.
    pub store_id: StoreId,
    /// The product.
    pub product_id: ProductId,
    /// The decision behind it, for the robot's.
    pub decision_id: Option<DecisionId>,
    /// Rises per product; an older one never follows a newer one.
    pub sequence: i64,
    /// Where it stands.
    pub state: PushState,
    /// Accepted, but not applied within the usual time.
    pub late: bool,
    /// Who wanted it.
    pub origin: PushOrigin,
    /// The person, where it was one.
    pub actor_id: Option<UserId>,
    /// Code of what held, refused or ended it.
    pub reason: Option<String>,
    /// What the marketplace said, shortened.
    pub detail: Option<String>,
    /// Lease under which it was claimed.
    pub lease_epoch: Option<i64>,
    /// Sends so far.
    pub attempts: i32,
    /// The marketplace's key of the write.
    pub operation_id: Option<String>,
    /// The availability image that was sent; until then, of a restoring write, the one to be brought back.
    pub availabilities: Option<Value>,
    /// When that image was read.
    pub availabilities_read_at: Option<DateTime<Utc>>,
    /// Age of the evidence.
    pub market_taken_at: Option<DateTime<Utc>>,
    /// The build that planned it.
    pub build_id: String,
    /// Written down at.
    pub planned_at: DateTime<Utc>,
    /// Taken up at.
    pub claimed_at: Option<DateTime<Utc>>,
    /// Must be sent before.
    pub expires_at: Option<DateTime<Utc>>,
    /// Left at.
    pub sent_at: Option<DateTime<Utc>>,
    /// Taken by the marketplace at.
    pub accepted_at: Option<DateTime<Utc>>,
    /// Next look.
    pub next_read_at: Option<DateTime<Utc>>,
    /// Ended at.
    pub finished_at: Option<DateTime<Utc>>,
    /// What it is for: the order in which writes go.
    pub worth: WriteClass,
    /// What a day without it costs, at one sale of the card a day.
    pub gain_tenge: Tenge,
    /// Since when the product waits for a write, over plans that were replaced; `None`: since it was planned.
    pub waiting_since: Option<DateTime<Utc>>,
    /// What the decision rests on, as one short text; `None` for people's.
    pub fingerprint: Option<String>,
}

/// A push that ended without being sent, for its audit row.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct EndedPush {
    /// Key.
    pub id: PushId,
    /// The store.
    pub store_id: StoreId,
    /// The product.
    pub product_id: ProductId,
    /// Its name.
    pub product_name: String,
    /// Since when the product waited for a write.
    pub waiting_since: DateTime<Utc>,
}

/// The price of a push in one city, with the limits in force when it was planned.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = price_push_cities, check_for_backend(Pg))]
pub struct PushCity {
    /// The push.
    pub push_id: PushId,
    /// The city.
    pub city_id: String,
    /// Price before.
    pub before_tenge: Tenge,
    /// Price to be set.
    pub price_tenge: Tenge,
    /// Floor then.
    pub floor_tenge: Tenge,
    /// Ceiling then.
    pub ceiling_tenge: Option<Tenge>,
    /// Price last seen by a read-back.
    pub seen_tenge: Option<Tenge>,
}

/// What is to be written for a product.
#[derive(Debug, Clone)]
pub struct NewPush {
    /// The store.
    pub store_id: StoreId,
    /// The product.
    pub product_id: ProductId,
    /// The decision behind it.
    pub decision_id: Option<DecisionId>,
    /// Who wants it.
    pub origin: PushOrigin,
    /// The person, where it is one.
    pub actor_id: Option<UserId>,
    /// When the market was read that the price rests on.
    pub market_taken_at: Option<DateTime<Utc>>,
    /// Lowest price that meets limits and goal, as the engine counted.
    pub lowest_tenge: Tenge,
    /// What the write is for and what it earns.
    pub worth: Worth,
    /// City, price before, price wanted.
    pub cities: Vec<(String, Tenge, Tenge)>,
    /// The availability image to be brought back; for [`PushOrigin::Restore`] alone.
    pub restore_image: Option<Value>,
}

/// The products of a store for which something is planned.
///
/// # Errors
/// See [`StoreError`].
pub fn push_products_planned(
    conn: &mut PgConnection,
    store_id: StoreId,
) -> Result<Vec<ProductId>, StoreError> {
    Ok(price_pushes::table
        .filter(price_pushes::store_id.eq(store_id))
        .filter(price_pushes::state.eq(PushState::Planned))
        .select(price_pushes::product_id)
        .load(conn)?)
}

/// Ends the planned pushes of these products, which were never sent: a newer decision takes their place. With `only`
/// those of this origin alone. The caller writes their audit rows.
///
/// # Errors
/// See [`StoreError`].
pub fn push_supersede(
    conn: &mut PgConnection,
    product_ids: &[ProductId],
    only: Option<PushOrigin>,
    now: DateTime<Utc>,
) -> Result<Vec<EndedPush>, StoreError> {
    let planned = price_pushes::table
        .inner_join(products::table)
        .filter(price_pushes::product_id.eq_any(product_ids))
        .filter(price_pushes::state.eq(PushState::Planned));
    let mut planned = planned.into_boxed();
    if let Some(origin) = only {
        planned = planned.filter(price_pushes::origin.eq(origin));
    }
    let since = diesel::dsl::sql::<sql::Timestamptz>("coalesce(waiting_since, planned_at)");
    let mut found: Vec<EndedPush> = planned
        .select((
            price_pushes::id,
            price_pushes::store_id,
            price_pushes::product_id,
            products::name,
            since,
        ))
        .load(conn)?;
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<PushId> = found.iter().map(|push| push.id).collect();
    // One that was claimed meanwhile is not touched.
    let ended: HashSet<PushId> = diesel::update(
        price_pushes::table
            .filter(price_pushes::id.eq_any(&ids))
            .filter(price_pushes::state.eq(PushState::Planned)),
    )
    .set((
        price_pushes::state.eq(PushState::Superseded),
        price_pushes::finished_at.eq(now),
    ))
    .returning(price_pushes::id)
    .get_results(conn)?
    .into_iter()
    .collect();
    found.retain(|push| ended.contains(&push.id));
    Ok(found)
}

/// Writes pushes down, one for each product: the next number of its product. Those of `replaced` that were planned
/// for the same product tell since when it waits. Floor and ceiling are read again, and the table itself refuses a
/// price outside them. Returns their keys in the same order.
///
/// # Errors
/// [`StoreError::OutsideLimits`]; [`StoreError::Stale`] for a product without a floor whose costs are not known.
/// Nothing may be committed then.
pub fn push_insert(
    conn: &mut PgConnection,
    new: &[NewPush],
    replaced: &[EndedPush],
    now: DateTime<Utc>,
) -> Result<Vec<PushId>, StoreError> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let products: Vec<ProductId> = new.iter().map(|push| push.product_id).collect();
    let numbered: HashMap<ProductId, i64> =
        diesel::update(products::table.filter(products::id.eq_any(&products)))
            .set(products::push_sequence.eq(products::push_sequence + 1))
            .returning((products::id, products::push_sequence))
            .get_results(conn)?
            .into_iter()
            .collect();
    // The products are locked by now: what is read holds until the end of the transaction.
    let terms = terms_of_products(conn, &products)?;
    let waiting: HashMap<ProductId, DateTime<Utc>> = replaced
        .iter()
        .map(|push| (push.product_id, push.waiting_since))
        .collect();
    let (mut pushes, mut cities) = (Vec::with_capacity(new.len()), Vec::new());
    for new in new {
        let sequence = *numbered.get(&new.product_id).ok_or(StoreError::Stale)?;
        let terms = terms.get(&new.product_id).ok_or(StoreError::Stale)?;
        if terms.floor.is_none() && terms.unit_cost.is_none() {
            return Err(StoreError::Stale);
        }
        let floor_tenge = terms.floor.unwrap_or(new.lowest_tenge).max(new.lowest_tenge);
        let push = Push {
            waiting_since: waiting.get(&new.product_id).copied(),
            ..planned(new, sequence, now)
        };
        cities.extend(new.cities.iter().map(|(city_id, before, price)| PushCity {
            push_id: push.id,
            city_id: city_id.clone(),
            before_tenge: *before,
            price_tenge: *price,
            floor_tenge,
            ceiling_tenge: terms.ceiling,
            seen_tenge: None,
        }));
        pushes.push(push);
    }
    diesel::insert_into(price_pushes::table)
        .values(&pushes)
        .execute(conn)?;
    diesel::insert_into(price_push_cities::table)
        .values(&cities)
        .execute(conn)?;
    diesel::sql_query(
        "update price_pushes set fingerprint = decision_fingerprint(product_id)
         where id = any($1) and origin = 'robot'",
    )
    .bind::<sql::Array<sql::Uuid>, _>(pushes.iter().map(|push| push.id.0).collect::<Vec<_>>())
    .execute(conn)?;
    Ok(pushes.into_iter().map(|push| push.id).collect())
}

fn planned(new: &NewPush, sequence: i64, now: DateTime<Utc>) -> Push {
    Push {
        id: PushId::new(),
        store_id: new.store_id,
        product_id: new.product_id,
        decision_id: new.decision_id,
        sequence,
        state: PushState::Planned,
        late: false,
        origin: new.origin,
        actor_id: new.actor_id,
        reason: None,
        detail: None,
        lease_epoch: None,
        attempts: 0,
        operation_id: None,
        availabilities: new.restore_image.clone(),
        availabilities_read_at: None,
        market_taken_at: new.market_taken_at,
        build_id: crate::BUILD_ID.to_owned(),
        planned_at: now,
        claimed_at: None,
        expires_at: None,
        sent_at: None,
        accepted_at: None,
        next_read_at: None,
        finished_at: None,
        worth: new.worth.class,
        gain_tenge: new.worth.per_day,
        waiting_since: None,
        fingerprint: None,
    }
}

/// Which of these products have a write on its way? Nothing new is planned for them meanwhile.
///
/// # Errors
/// See [`StoreError`].
pub fn push_in_flight(
    conn: &mut PgConnection,
    product_ids: &[ProductId],
) -> Result<HashSet<ProductId>, StoreError> {
    let ids: Vec<ProductId> = price_pushes::table
        .filter(price_pushes::product_id.eq_any(product_ids))
        .filter(price_pushes::state.eq_any(IN_FLIGHT))
        .select(price_pushes::product_id)
        .load(conn)?;
    Ok(ids.into_iter().collect())
}

/// Which of these products wait for a write that is not the robot's: of a person, or of what a write has damaged?
///
/// # Errors
/// See [`StoreError`].
pub fn push_waiting(
    conn: &mut PgConnection,
    product_ids: &[ProductId],
) -> Result<HashSet<ProductId>, StoreError> {
    let ids: Vec<ProductId> = price_pushes::table
        .filter(price_pushes::product_id.eq_any(product_ids))
        .filter(price_pushes::state.eq(PushState::Planned))
        .filter(price_pushes::origin.ne(PushOrigin::Robot))
        .select(price_pushes::product_id)
        .load(conn)?;
    Ok(ids.into_iter().collect())
}

/// Pushes that an earlier round left claimed or sent: its worker was lost, or the database was away from it. Locked,
/// so that their outcome is written by one round alone.
///
/// # Errors
/// See [`StoreError`].
pub fn push_list_left(
    conn: &mut PgConnection,
    store_id: StoreId,
    lease_epoch: i64,
) -> Result<Vec<Push>, StoreError> {
    Ok(planned::planned(format!(
        "select {COLUMNS} from price_pushes where store_id = $1 and state in ('claimed', 'sent')
           and lease_epoch is distinct from $2 order by id for update"
    ))
    .bind::<sql::Uuid, _>(store_id)
    .bind::<sql::BigInt, _>(lease_epoch)
    .load(conn)?)
}

/// The planned pushes of a store whose turn it is, at most `limit`: those of people first, then by what the write is
/// for, then by what a day without it costs, which counts once more for each half hour of waiting. Left out are those
/// of the robot for products that were written less than `gap` ago, and those of products that have a write on its way.
///
/// # Errors
/// See [`StoreError`].
pub fn push_list_next(
    conn: &mut PgConnection,
    store_id: StoreId,
    gap: TimeDelta,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Push>, StoreError> {
    Ok(planned::planned(
        format!("with busy as materialized (
           select product_id from price_pushes where store_id = $1 and state in ('claimed', 'sent', 'accepted', 'unknown')),
         recently as materialized (select product_id from price_pushes where store_id = $1 and sent_at > $2)
         select {COLUMNS} from price_pushes p
         where p.store_id = $1 and p.state = 'planned'
           -- A store whose prices the marketplace fetches: what is planned waits until it is seen.
           and not exists (select from price_feeds f where f.store_id = $1 and f.publishing = 'feed')
           and (p.origin <> 'robot' or p.product_id not in (select product_id from recently))
           and p.product_id not in (select product_id from busy)
         order by p.origin = 'robot',
           array_position(array['repair', 'restore', 'place', 'raise', 'cosmetic'], p.worth),
           p.gain_tenge * (1 + greatest(0, extract(epoch from $3 - coalesce(p.waiting_since, p.planned_at))) / 1800) desc,
           p.planned_at, p.id
         limit $4"),
    )
    .bind::<sql::Uuid, _>(store_id)
    .bind::<sql::Timestamptz, _>(now - gap)
    .bind::<sql::Timestamptz, _>(now)
    .bind::<sql::BigInt, _>(limit)
    .load(conn)?)
}

/// Claims a planned push for this holder of the lease; its life of 120 seconds begins. `None`: it is planned no more.
///
/// # Errors
/// See [`StoreError`].
pub fn push_claim(
    conn: &mut PgConnection,
    id: PushId,
    lease_epoch: i64,
    now: DateTime<Utc>,
) -> Result<Option<Push>, StoreError> {
    // The life goes by the database's clock, as the gate checks it.
    Ok(planned::planned(format!(
        "update price_pushes set state = 'claimed', lease_epoch = $2, claimed_at = $3,
           expires_at = now() + interval '120 seconds'
         where id = $1 and state || '' = 'planned' returning {COLUMNS}"
    ))
    .bind::<sql::Uuid, _>(id.0)
    .bind::<sql::BigInt, _>(lease_epoch)
    .bind::<sql::Timestamptz, _>(now)
    .get_result(conn)
    .optional()?)
}

/// How a push goes on.
#[derive(Debug, Clone, Default)]
pub struct PushStep {
    /// Code of the cause.
    pub reason: Option<&'static str>,
    /// What the marketplace said.
    pub detail: Option<String>,
    /// Its key of the write.
    pub operation_id: Option<String>,
    /// Next look; `None` for an end.
    pub next_read_at: Option<DateTime<Utc>>,
    /// Not applied within the usual time.
    pub late: bool,
    /// When the marketplace was read and did not show it.
    pub looked_at: Option<DateTime<Utc>>,
}

/// Moves a push from its state to `next`; only moves of the protocol are possible.
///
/// # Errors
/// [`StoreError::Stale`] when it is in another state meanwhile or the protocol has no such move.
pub fn push_advance(
    conn: &mut PgConnection,
    push: &Push,
    next: PushState,
    step: &PushStep,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if !(push.state.may_become(next) || push.state == next) {
        return Err(StoreError::Stale);
    }
    let detail: Option<String> = step.detail.as_ref().map(|text| text.chars().take(500).collect());
    // By its key: compared as it is, the state would let the planner read the small index of all writes on their way
    // from end to end instead.
    let rows = planned::planned(
        "update price_pushes set state = $3, reason = $4, detail = $5, operation_id = coalesce($6, operation_id),
           accepted_at = coalesce(accepted_at, case when $3 = 'accepted' then $7 end), next_read_at = $8, late = $9,
           finished_at = case when $10 then $7 else finished_at end, looked_at = coalesce($11, looked_at)
         where id = $1 and state || '' = $2",
    )
    .bind::<sql::Uuid, _>(push.id.0)
    .bind::<sql::Text, _>(push.state)
    .bind::<sql::Text, _>(next)
    .bind::<sql::Nullable<sql::Text>, _>(step.reason)
    .bind::<sql::Nullable<sql::Text>, _>(detail)
    .bind::<sql::Nullable<sql::Text>, _>(step.operation_id.as_deref())
    .bind::<sql::Timestamptz, _>(now)
    .bind::<sql::Nullable<sql::Timestamptz>, _>(step.next_read_at)
    .bind::<sql::Bool, _>(step.late)
    .bind::<sql::Bool, _>(next.is_final())
    .bind::<sql::Nullable<sql::Timestamptz>, _>(step.looked_at)
    .execute(conn)?;
    if rows == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Pushes of a store whose outcome should be looked at now.
///
/// # Errors
/// See [`StoreError`].
pub fn push_list_to_read(
    conn: &mut PgConnection,
    store_id: StoreId,
    now: DateTime<Utc>,
) -> Result<Vec<Push>, StoreError> {
    Ok(planned::planned(format!(
        "select {COLUMNS} from price_pushes where store_id = $1 and state in ('accepted', 'unknown')
           and next_read_at <= $2 order by next_read_at limit 50"
    ))
    .bind::<sql::Uuid, _>(store_id)
    .bind::<sql::Timestamptz, _>(now)
    .load(conn)?)
}

/// When a write to bring back a product's points of service was planned last.
///
/// # Errors
/// See [`StoreError`].
pub fn push_last_restore(
    conn: &mut PgConnection,
    product_id: ProductId,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(price_pushes::table
        .filter(price_pushes::product_id.eq(product_id))
        .filter(price_pushes::origin.eq(PushOrigin::Restore))
        .select(max(price_pushes::planned_at))
        .first(conn)?)
}

/// Stores with pushes to send or to read back now, but those for which another worker than `owner` has the right to
/// write.
///
/// # Errors
/// See [`StoreError`].
pub fn push_stores_with_work(
    conn: &mut PgConnection,
    owner: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<StoreId>, StoreError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql::Uuid)]
        id: StoreId,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "select stores.id from stores
         where (lease_until is null or lease_until < now() or lease_owner = $1)
           and exists (select from price_pushes p where p.store_id = stores.id
             and (p.state in ('claimed', 'sent')
               or (p.state = 'planned' and not exists (select from price_feeds f where f.store_id = stores.id
                 and f.publishing = 'feed'))
               or (p.state in ('accepted', 'unknown') and p.next_read_at <= $2)))
         order by id",
    )
    .bind::<sql::Uuid, _>(owner)
    .bind::<sql::Timestamptz, _>(now)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

/// Writes of a store since `since`: how many, and the last one.
///
/// # Errors
/// See [`StoreError`].
pub fn push_count_sent(
    conn: &mut PgConnection,
    store_id: StoreId,
    since: DateTime<Utc>,
) -> Result<(i64, Option<DateTime<Utc>>), StoreError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql::BigInt)]
        count: i64,
        #[diesel(sql_type = sql::Nullable<sql::Timestamptz>)]
        last: Option<DateTime<Utc>>,
    }
    let row: Row = planned::planned(
        "select count(*) as count, max(sent_at) as last from price_pushes where store_id = $1 and sent_at > $2",
    )
    .bind::<sql::Uuid, _>(store_id)
    .bind::<sql::Timestamptz, _>(since)
    .get_result(conn)?;
    Ok((row.count, row.last))
}

/// The city prices of a push.
///
/// # Errors
/// See [`StoreError`].
pub fn push_cities(conn: &mut PgConnection, id: PushId) -> Result<Vec<PushCity>, StoreError> {
    Ok(price_push_cities::table
        .filter(price_push_cities::push_id.eq(id))
        .order(price_push_cities::city_id)
        .select(PushCity::as_select())
        .load(conn)?)
}

/// The city prices of several pushes.
///
/// # Errors
/// See [`StoreError`].
pub fn push_cities_all(
    conn: &mut PgConnection,
    ids: &[PushId],
) -> Result<HashMap<PushId, Vec<PushCity>>, StoreError> {
    let rows: Vec<PushCity> = price_push_cities::table
        .filter(price_push_cities::push_id.eq_any(ids))
        .order((price_push_cities::push_id, price_push_cities::city_id))
        .select(PushCity::as_select())
        .load(conn)?;
    let mut all: HashMap<PushId, Vec<PushCity>> = HashMap::new();
    for row in rows {
        all.entry(row.push_id).or_default().push(row);
    }
    Ok(all)
}

/// Notes what a read-back saw in a city.
///
/// # Errors
/// See [`StoreError`].
pub fn push_city_seen(
    conn: &mut PgConnection,
    id: PushId,
    city_id: &str,
    seen: Option<Tenge>,
) -> Result<(), StoreError> {
    planned::planned("update price_push_cities set seen_tenge = $3 where push_id = $1 and city_id = $2")
        .bind::<sql::Uuid, _>(id.0)
        .bind::<sql::Text, _>(city_id)
        .bind::<sql::Nullable<sql::BigInt>, _>(seen)
        .execute(conn)?;
    Ok(())
}

/// Sets the price of a product in a city: as it was read on the marketplace, or as a program states it of a product
/// whose price nobody shows to buyers from here. The first price of an Almaty day is kept as its opening.
///
/// # Errors
/// See [`StoreError`].
pub fn product_price_set(
    conn: &mut PgConnection,
    product_id: ProductId,
    city_id: &str,
    price: Tenge,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let today = almaty_day(now);
    let before = product_prices::table
        .find((product_id, city_id))
        .select((product_prices::price_tenge, product_prices::opening_date))
        .first::<(Tenge, Option<chrono::NaiveDate>)>(conn)
        .optional()?;
    let (opening, changed) = match before {
        Some((old, date)) => ((date != Some(today)).then_some(old), old != price),
        // The first reading is not a change: nobody moved the price.
        None => (Some(price), false),
    };
    diesel::insert_into(product_prices::table)
        .values((
            product_prices::product_id.eq(product_id),
            product_prices::city_id.eq(city_id),
            product_prices::price_tenge.eq(price),
            product_prices::opening_price_tenge.eq(opening),
            product_prices::opening_date.eq(today),
            product_prices::read_at.eq(now),
            product_prices::changed_at.eq(changed.then_some(now)),
        ))
        .on_conflict((product_prices::product_id, product_prices::city_id))
        .do_update()
        .set((
            product_prices::price_tenge.eq(price),
            opening.map(|o| product_prices::opening_price_tenge.eq(o)),
            product_prices::opening_date.eq(today),
            product_prices::read_at.eq(now),
            changed.then(|| product_prices::changed_at.eq(now)),
        ))
        .execute(conn)?;
    Ok(())
}

/// The Almaty day of a moment; days of limits and reports are Almaty's.
#[must_use]
pub fn almaty_day(now: DateTime<Utc>) -> chrono::NaiveDate {
    now.with_timezone(&chrono_tz::Asia::Almaty).date_naive()
}

/// Confirmed changes of these products since the start of the Almaty day; none is left out.
///
/// # Errors
/// See [`StoreError`].
pub fn push_count_confirmed_today(
    conn: &mut PgConnection,
    product_ids: &[ProductId],
    now: DateTime<Utc>,
) -> Result<HashMap<ProductId, i64>, StoreError> {
    use chrono::TimeZone;
    let midnight = almaty_day(now)
        .and_hms_opt(0, 0, 0)
        .and_then(|start| chrono_tz::Asia::Almaty.from_local_datetime(&start).earliest())
        .map_or(now - TimeDelta::hours(24), |start| start.with_timezone(&Utc));
    let counted: Vec<(ProductId, i64)> = price_pushes::table
        .filter(price_pushes::product_id.eq_any(product_ids))
        .filter(price_pushes::state.eq(PushState::Confirmed))
        .filter(price_pushes::finished_at.ge(midnight))
        .group_by(price_pushes::product_id)
        .select((price_pushes::product_id, diesel::dsl::count_star()))
        .load(conn)?;
    let mut counts: HashMap<ProductId, i64> = product_ids.iter().map(|id| (*id, 0)).collect();
    counts.extend(counted);
    Ok(counts)
}

/// The confirmed prices of products in a city since `since`, each from the moment it was sent; in the order of time.
///
/// # Errors
/// See [`StoreError`].
pub fn push_moves(
    conn: &mut PgConnection,
    products: &[(ProductId, &str)],
    since: DateTime<Utc>,
) -> Result<Vec<(ProductId, DateTime<Utc>, Tenge)>, StoreError> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql::Uuid)]
        product_id: ProductId,
        #[diesel(sql_type = sql::Timestamptz)]
        at: DateTime<Utc>,
        #[diesel(sql_type = sql::BigInt)]
        price_tenge: Tenge,
    }
    let (ids, cities): (Vec<Uuid>, Vec<&str>) = products.iter().map(|(id, city)| (id.0, *city)).unzip();
    let rows: Vec<Row> = diesel::sql_query(
        "select push.product_id, coalesce(push.sent_at, push.finished_at) as at, city.price_tenge
         from unnest($1, $2) as told (product_id, city_id)
         cross join lateral (select p.id, p.product_id, p.sent_at, p.finished_at from price_pushes p
           where p.product_id = told.product_id and p.state = 'confirmed' and p.finished_at >= $3 offset 0) push
         join price_push_cities city on city.push_id = push.id and city.city_id = told.city_id
         order by 2",
    )
    .bind::<sql::Array<sql::Uuid>, _>(ids)
    .bind::<sql::Array<sql::Text>, _>(cities)
    .bind::<sql::Timestamptz, _>(since)
    .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| (row.product_id, row.at, row.price_tenge))
        .collect())
}

/// No write for the store before `until`: the marketplace said "too many".
///
/// # Errors
/// See [`StoreError`].
pub fn store_freeze(conn: &mut PgConnection, id: StoreId, until: DateTime<Utc>) -> Result<(), StoreError> {
    diesel::update(stores::table.find(id))
        .set(stores::frozen_until.eq(until))
        .execute(conn)?;
    Ok(())
}

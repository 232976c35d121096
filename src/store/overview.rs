//! Figures across the stores of a tenant: for the header of every page and for the dashboard.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{dsl::count_star, prelude::*, sql_types as sql};
use uuid::Uuid;

use super::{
    StoreError,
    alerts::{AlertRow, alert_overview},
    kill_switches::{NamedStop, kill_switch_list_active},
    planned::planned,
    stores::{Store, store_ids_of, stores_of},
    terms::{LIMITED, limited},
};
use crate::{
    domain::{
        JobKind, JobRunId, JobState, Outcome, ProductId, PushState, StopTarget, StoreId, Tenant, Tenge,
    },
    schema::{job_runs, preorders, price_decisions, price_pushes, products, stores},
};

/// Troubles that are read for the header.
const ALERTS: i64 = 100;

/// How long a failure or a held price of the past still asks for attention.
pub(super) const RECENT: TimeDelta = TimeDelta::hours(24);

/// A failed run of background work that nothing has made good since.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct FailedRun {
    /// The run.
    pub id: JobRunId,
    /// What was done.
    pub kind: JobKind,
    /// For which store.
    pub store_id: Option<StoreId>,
    /// Code of the cause.
    pub failure: Option<String>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// What the header of every page shows, and what asks for a person.
#[derive(Debug, Clone, Default)]
pub struct Overview {
    /// The tenant's stores by name.
    pub stores: Vec<Store>,
    /// Products in the catalogues.
    pub products: i64,
    /// Preorders being prepared.
    pub preorders: i64,
    /// Runs that wait or work.
    pub jobs_open: i64,
    /// Stops in force, the widest first.
    pub stops: Vec<NamedStop>,
    /// Pushes that a gate held back within a day.
    pub held: i64,
    /// Products whose robot is on but that have no floor: never touched.
    pub without_floor: i64,
    /// Failures of the last day.
    pub failed: Vec<FailedRun>,
    /// Troubles that nobody has seen yet and that show nowhere else here, the most urgent first; at most 100.
    pub alerts: Vec<AlertRow>,
    /// How many of them there are.
    pub alerts_count: i64,
}

/// The overview of a tenant.
///
/// # Errors
/// See [`StoreError`].
pub fn overview_fetch(
    conn: &mut PgConnection,
    tenant: Tenant,
    now: DateTime<Utc>,
) -> Result<Overview, StoreError> {
    let stores: Vec<Store> = stores_of(tenant)
        .order((stores::name, stores::id))
        .limit(500)
        .select(Store::as_select())
        .load(conn)?;
    let ids: Vec<StoreId> = stores.iter().map(|store| store.id).collect();
    let counts = counts(conn, &ids, now)?;
    let mut stops = kill_switch_list_active(conn, tenant)?;
    stops.sort_by_key(|named| named.stop.scope);
    let (alerts, alerts_count) = alert_overview(conn, tenant, ALERTS)?;
    Ok(Overview {
        products: stores.iter().map(|store| i64::from(store.products_count)).sum(),
        preorders: counts.preorders,
        jobs_open: counts.jobs_open,
        stops,
        held: counts.held,
        without_floor: counts.without_floor,
        failed: failed_runs(conn, &ids, now)?,
        alerts,
        alerts_count,
        stores,
    })
}

#[derive(QueryableByName)]
struct Counts {
    #[diesel(sql_type = sql::BigInt)]
    preorders: i64,
    #[diesel(sql_type = sql::BigInt)]
    jobs_open: i64,
    #[diesel(sql_type = sql::BigInt)]
    held: i64,
    #[diesel(sql_type = sql::BigInt)]
    without_floor: i64,
}

/// What is counted for the header. In one statement: every page asks for it, and four answers cost more than what they say.
fn counts(conn: &mut PgConnection, ids: &[StoreId], now: DateTime<Utc>) -> Result<Counts, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    Ok(planned(format!(
        "select
           (select count(*) from preorders where store_id = any($1) and status = 'processing') as preorders,
           (select count(*) from job_runs where store_id = any($1) and state in ('queued', 'running')) as jobs_open,
           (select count(distinct product_id) from price_pushes
             where store_id = any($1) and state = 'held' and planned_at > $2) as held,
           (select count(*) from products
             where store_id = any($1) and repricing_enabled and archived_at is null and not {LIMITED}) as without_floor"
    ))
    .bind::<sql::Array<sql::Uuid>, _>(ids)
    .bind::<sql::Timestamptz, _>(now - RECENT)
    .get_result(conn)?)
}

/// The last run of each kind and store, where it failed.
pub(super) fn failed_runs(
    conn: &mut PgConnection,
    ids: &[StoreId],
    now: DateTime<Utc>,
) -> Result<Vec<FailedRun>, StoreError> {
    let last: Vec<(FailedRun, JobState)> = job_runs::table
        .filter(job_runs::store_id.eq_any(ids))
        .filter(job_runs::created_at.gt(now - RECENT))
        .filter(job_runs::state.eq_any([JobState::Succeeded, JobState::Failed]))
        .distinct_on((job_runs::kind, job_runs::store_id))
        .order((job_runs::kind, job_runs::store_id, job_runs::created_at.desc()))
        .select((
            (
                job_runs::id,
                job_runs::kind,
                job_runs::store_id,
                job_runs::failure,
                job_runs::finished_at,
            ),
            job_runs::state,
        ))
        .load(conn)?;
    Ok(last
        .into_iter()
        .filter(|(_, state)| *state == JobState::Failed)
        .map(|(run, _)| run)
        .collect())
}

/// Figures of the present day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Today {
    /// Price writes that were sent.
    pub sent: i64,
    /// Of those: seen on the marketplace.
    pub confirmed: i64,
    /// Of those: still open.
    pub open: i64,
    /// Of those: refused or not to be seen.
    pub refused: i64,
    /// Products with a decision since the day began.
    pub decided: i64,
    /// Of those: first by their last decision.
    pub first_place: i64,
    /// Of those: the best rival is below our floor.
    pub at_floor: i64,
    /// Products on sale without stock.
    pub out_of_stock: i64,
}

/// The figures since `since`.
///
/// # Errors
/// See [`StoreError`].
pub fn overview_today(
    conn: &mut PgConnection,
    tenant: Tenant,
    since: DateTime<Utc>,
) -> Result<Today, StoreError> {
    let mut today = Today::default();
    let by_state: Vec<(PushState, i64)> = price_pushes::table
        .filter(price_pushes::store_id.eq_any(ids_of(tenant)))
        .filter(price_pushes::sent_at.gt(since))
        .group_by(price_pushes::state)
        .select((price_pushes::state, count_star()))
        .load(conn)?;
    for (state, count) in by_state {
        today.sent += count;
        match state {
            PushState::Confirmed => today.confirmed += count,
            state if !state.is_final() => today.open += count,
            _ => today.refused += count,
        }
    }
    let last: Vec<(Option<i32>, bool)> = price_decisions::table
        .inner_join(products::table)
        .filter(price_decisions::store_id.eq_any(ids_of(tenant)))
        .filter(price_decisions::decided_at.gt(since))
        .distinct_on(price_decisions::product_id)
        .order((price_decisions::product_id, price_decisions::decided_at.desc()))
        .limit(100_000)
        .select((
            price_decisions::place,
            diesel::dsl::sql::<diesel::sql_types::Bool>(
                "coalesce(best_rival_tenge < floor_tenge or coalesce(price_tenge, current_tenge) = floor_tenge, false)",
            ),
        ))
        .load(conn)?;
    for (place, at_floor) in last {
        today.decided += 1;
        today.first_place += i64::from(place == Some(1));
        today.at_floor += i64::from(at_floor);
    }
    today.out_of_stock = products::table
        .filter(products::store_id.eq_any(ids_of(tenant)))
        .filter(products::on_sale)
        .filter(products::archived_at.is_null())
        .filter(products::stock.eq(0))
        .select(count_star())
        .first(conn)?;
    Ok(today)
}

/// A decision as the dashboard lists it.
#[derive(Debug, Clone, PartialEq, Queryable)]
pub struct RecentDecision {
    /// When.
    pub decided_at: DateTime<Utc>,
    /// The product.
    pub product_id: ProductId,
    /// Its name.
    pub product_name: String,
    /// Change, keep, hold or refuse.
    pub outcome: Outcome,
    /// Price at that time.
    pub current: Tenge,
    /// The new price.
    pub price: Option<Tenge>,
    /// Place after the decision.
    pub place: Option<i32>,
    /// The lowest rival.
    pub best_rival: Option<Tenge>,
    /// Reasons as the deciding function wrote them.
    pub reasons: serde_json::Value,
    /// Only computed.
    pub shadow: bool,
    /// Where the push that followed stands.
    pub push_state: Option<PushState>,
}

/// The newest decisions that say something: changes, holds and refusals, and what was kept; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn overview_decisions(
    conn: &mut PgConnection,
    tenant: Tenant,
    limit: i64,
) -> Result<Vec<RecentDecision>, StoreError> {
    Ok(price_decisions::table
        .inner_join(products::table)
        .left_join(price_pushes::table.on(price_pushes::decision_id.eq(price_decisions::id.nullable())))
        .filter(price_decisions::store_id.eq_any(ids_of(tenant)))
        .order(price_decisions::decided_at.desc())
        .limit(limit.clamp(1, 100))
        .select((
            price_decisions::decided_at,
            products::id,
            products::name,
            price_decisions::outcome,
            price_decisions::current_tenge,
            price_decisions::price_tenge,
            price_decisions::place,
            price_decisions::best_rival_tenge,
            price_decisions::reasons,
            price_decisions::shadow,
            price_pushes::state.nullable(),
        ))
        .load(conn)?)
}

/// Products, open pushes and reachable products of what a stop would cover.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reach {
    /// Products in the catalogues.
    pub products: i64,
    /// Price writes that wait.
    pub waiting: i64,
}

/// What a stop would cover of what the tenant sees.
///
/// # Errors
/// See [`StoreError`].
pub fn overview_reach(
    conn: &mut PgConnection,
    tenant: Tenant,
    target: &StopTarget,
) -> Result<Reach, StoreError> {
    let mut covered = products::table
        .filter(products::store_id.eq_any(ids_of(tenant)))
        .filter(products::archived_at.is_null())
        .select(count_star())
        .into_boxed();
    let mut waiting = price_pushes::table
        .filter(price_pushes::store_id.eq_any(ids_of(tenant)))
        .filter(price_pushes::state.eq_any([PushState::Planned, PushState::Claimed]))
        .select(count_star())
        .into_boxed();
    match target {
        StopTarget::All => {}
        StopTarget::Store(id) => {
            covered = covered.filter(products::store_id.eq(*id));
            waiting = waiting.filter(price_pushes::store_id.eq(*id));
        }
        StopTarget::Product(id) => {
            covered = covered.filter(products::id.eq(*id));
            waiting = waiting.filter(price_pushes::product_id.eq(*id));
        }
        // Which products a strategy decides about is known when it has decided.
        StopTarget::Strategy(_) => return Ok(Reach::default()),
    }
    Ok(Reach {
        products: covered.first(conn)?,
        waiting: waiting.first(conn)?,
    })
}

fn ids_of(tenant: Tenant) -> stores::BoxedQuery<'static, diesel::pg::Pg, diesel::sql_types::Uuid> {
    match tenant {
        Tenant::All => stores::table.select(stores::id).into_boxed(),
        Tenant::User(user) => store_ids_of(user),
    }
}

/// Figures of one store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreFigures {
    /// Products in the catalogue.
    pub products: i64,
    /// Of those: the robot may change their price.
    pub repriced: i64,
    /// Of those: without a floor, so never touched.
    pub without_floor: i64,
    /// Price writes that are on their way.
    pub open_pushes: i64,
    /// Preorders of the store.
    pub preorders: i64,
}

/// The figures of a store.
///
/// # Errors
/// See [`StoreError`].
pub fn overview_store(conn: &mut PgConnection, id: StoreId) -> Result<StoreFigures, StoreError> {
    let in_catalogue = || {
        products::table
            .filter(products::store_id.eq(id))
            .filter(products::archived_at.is_null())
    };
    let repriced = || in_catalogue().filter(products::repricing_enabled);
    Ok(StoreFigures {
        products: in_catalogue().select(count_star()).first(conn)?,
        repriced: repriced().select(count_star()).first(conn)?,
        without_floor: repriced()
            .filter(diesel::dsl::not(limited()))
            .select(count_star())
            .first(conn)?,
        open_pushes: price_pushes::table
            .filter(price_pushes::store_id.eq(id))
            .filter(price_pushes::state.eq_any(PushState::OPEN))
            .select(count_star())
            .first(conn)?,
        preorders: preorders::table
            .filter(preorders::store_id.eq(id))
            .select(count_star())
            .first(conn)?,
    })
}

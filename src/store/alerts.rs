//! What people should hear of: one row for one trouble of one object, until it is over.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    dsl::{exists, not},
    pg::Pg,
    prelude::*,
    sql_types as sql,
};
use serde_json::Value;

use super::{StoreError, planned::planned, stores::store_ids_of};
use crate::{
    domain::{AlertId, AlertKind, AlertSeverity, ProductId, RepricingMode, StopScope, StoreId, Tenant},
    schema::{alerts, kill_switches, stores},
};

/// The same trouble is told again after this time at the earliest.
pub const TOLD_AGAIN: TimeDelta = TimeDelta::minutes(10);

/// A trouble.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = alerts, check_for_backend(Pg))]
pub struct AlertRow {
    /// Key.
    pub id: AlertId,
    /// What it is.
    pub kind: AlertKind,
    /// How soon somebody should look.
    pub severity: AlertSeverity,
    /// The store; `None`: every one.
    pub store_id: Option<StoreId>,
    /// The product, where it is about one.
    pub product_id: Option<ProductId>,
    /// What the texts name.
    pub data: Value,
    /// How often it happened.
    pub times: i32,
    /// First.
    pub created_at: DateTime<Utc>,
    /// Last.
    pub last_at: DateTime<Utc>,
    /// When people were told last.
    pub told_at: DateTime<Utc>,
    /// Who has seen it.
    pub acknowledged_by: Option<String>,
    /// When.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// Over since then.
    pub resolved_at: Option<DateTime<Utc>>,
}

/// What an alert is about: there is one open row for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlertObject {
    /// What it is.
    pub kind: AlertKind,
    /// The store; `None`: every one.
    pub store_id: Option<StoreId>,
    /// The product, where it is about one.
    pub product_id: Option<ProductId>,
}

impl AlertObject {
    fn rows(self) -> alerts::BoxedQuery<'static, Pg> {
        alerts::table
            .filter(alerts::kind.eq(self.kind))
            .filter(alerts::store_id.is_not_distinct_from(self.store_id))
            .filter(alerts::product_id.is_not_distinct_from(self.product_id))
            .into_boxed()
    }
}

/// Writes a trouble down, or counts it in the row that stands for it. Gives the row, and whether people are to be
/// told: not again within [`TOLD_AGAIN`], also where it was over meanwhile.
///
/// # Errors
/// See [`StoreError`].
pub fn alert_raise(
    conn: &mut PgConnection,
    object: AlertObject,
    data: &Value,
    times: i32,
    now: DateTime<Utc>,
) -> Result<(AlertId, bool), StoreError> {
    let row = AlertRow {
        id: AlertId::new(),
        kind: object.kind,
        severity: object.kind.severity(),
        store_id: object.store_id,
        product_id: object.product_id,
        data: data.clone(),
        times,
        created_at: now,
        last_at: now,
        told_at: now,
        acknowledged_by: None,
        acknowledged_at: None,
        resolved_at: None,
    };
    let newest: Option<AlertRow> = object
        .rows()
        .order((
            alerts::resolved_at.desc().nulls_first(),
            alerts::created_at.desc(),
        ))
        .select(AlertRow::as_select())
        .first(conn)
        .optional()?;
    let tell = newest.as_ref().is_none_or(|row| now - row.told_at >= TOLD_AGAIN);
    if newest
        .as_ref()
        .is_none_or(|row| tell && row.resolved_at.is_some())
    {
        // Somebody else may be telling of the same: then it stands already.
        let added = diesel::insert_into(alerts::table)
            .values(&row)
            .on_conflict_do_nothing()
            .execute(conn)?;
        return Ok((row.id, added == 1));
    }
    let known = newest.map_or(row.id, |row| row.id);
    diesel::update(alerts::table.find(known))
        .set((
            alerts::times.eq(alerts::times + times),
            alerts::data.eq(data),
            alerts::last_at.eq(now),
            alerts::resolved_at.eq(None::<DateTime<Utc>>),
            tell.then(|| {
                (
                    alerts::told_at.eq(now),
                    alerts::acknowledged_by.eq(None::<String>),
                    alerts::acknowledged_at.eq(None::<DateTime<Utc>>),
                )
            }),
        ))
        .execute(conn)?;
    Ok((known, tell))
}

/// Notes that a trouble is over, where it stands.
///
/// # Errors
/// See [`StoreError`].
pub fn alert_resolve(
    conn: &mut PgConnection,
    kinds: &[AlertKind],
    (store_id, product_id): (Option<StoreId>, Option<ProductId>),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    planned(
        "update alerts set resolved_at = $4 where resolved_at is null and kind = any($1)
           and store_id is not distinct from $2 and product_id is not distinct from $3",
    )
    .bind::<sql::Array<sql::Text>, _>(kinds)
    .bind::<sql::Nullable<sql::Uuid>, _>(store_id)
    .bind::<sql::Nullable<sql::Uuid>, _>(product_id)
    .bind::<sql::Timestamptz, _>(now)
    .execute(conn)?;
    Ok(())
}

fn of_tenant(tenant: Tenant) -> alerts::BoxedQuery<'static, Pg> {
    let query = alerts::table.into_boxed();
    match tenant {
        Tenant::All => query,
        Tenant::User(user) => query.filter(
            alerts::store_id
                .is_null()
                .or(alerts::store_id.eq_any(store_ids_of(user).select(stores::id.nullable()))),
        ),
    }
}

/// Kinds that the overview tells of by the state of the store: stopped, or in need of a login.
pub(super) const TOLD_BY_STATE: [AlertKind; 2] = [AlertKind::StoreStopped, AlertKind::SessionLost];

/// Troubles that nobody has seen yet, the most urgent first; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn alert_list_open(
    conn: &mut PgConnection,
    tenant: Tenant,
    limit: i64,
) -> Result<Vec<AlertRow>, StoreError> {
    open_by_urgency(conn, of_tenant(tenant), limit)
}

/// As [`alert_list_open`], without those that the overview tells of otherwise, and how many there are in all.
///
/// # Errors
/// See [`StoreError`].
pub(super) fn alert_overview(
    conn: &mut PgConnection,
    tenant: Tenant,
    limit: i64,
) -> Result<(Vec<AlertRow>, i64), StoreError> {
    let told_here = || of_tenant(tenant).filter(alerts::kind.ne_all(TOLD_BY_STATE));
    let most_urgent = open_by_urgency(conn, told_here(), limit)?;
    let listed = i64::try_from(most_urgent.len()).unwrap_or(limit);
    if listed < limit {
        return Ok((most_urgent, listed));
    }
    let count = told_here()
        .filter(alerts::resolved_at.is_null())
        .filter(alerts::acknowledged_at.is_null())
        .count()
        .get_result(conn)?;
    Ok((most_urgent, count))
}

fn open_by_urgency(
    conn: &mut PgConnection,
    query: alerts::BoxedQuery<'static, Pg>,
    limit: i64,
) -> Result<Vec<AlertRow>, StoreError> {
    // 'critical' sorts before 'notice' before 'warning': told apart by the list's own order.
    let mut rows: Vec<AlertRow> = query
        .filter(alerts::resolved_at.is_null())
        .filter(alerts::acknowledged_at.is_null())
        .order((alerts::severity, alerts::last_at.desc()))
        .limit(limit.clamp(1, 500))
        .select(AlertRow::as_select())
        .load(conn)?;
    rows.sort_by_key(|row| (row.severity, std::cmp::Reverse(row.last_at)));
    Ok(rows)
}

/// Troubles that somebody has seen or that are over, the newest first; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn alert_list_seen(
    conn: &mut PgConnection,
    tenant: Tenant,
    limit: i64,
) -> Result<Vec<AlertRow>, StoreError> {
    Ok(of_tenant(tenant)
        .filter(
            alerts::resolved_at
                .is_not_null()
                .or(alerts::acknowledged_at.is_not_null()),
        )
        .order((alerts::last_at.desc(), alerts::id.desc()))
        .limit(limit.clamp(1, 200))
        .select(AlertRow::as_select())
        .load(conn)?)
}

/// A trouble that the tenant may see.
///
/// # Errors
/// See [`StoreError`].
pub fn alert_fetch(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: AlertId,
) -> Result<Option<AlertRow>, StoreError> {
    Ok(of_tenant(tenant)
        .filter(alerts::id.eq(id))
        .select(AlertRow::as_select())
        .first(conn)
        .optional()?)
}

/// Notes who has seen a trouble. False: somebody else was faster.
///
/// # Errors
/// See [`StoreError`].
pub fn alert_acknowledge(
    conn: &mut PgConnection,
    id: AlertId,
    who: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let rows = diesel::update(alerts::table.find(id).filter(alerts::acknowledged_at.is_null()))
        .set((alerts::acknowledged_by.eq(who), alerts::acknowledged_at.eq(now)))
        .execute(conn)?;
    Ok(rows == 1)
}

/// Live stores with an urgent trouble about what a write did that began before `before` and that nobody has taken on,
/// with their names. What stood when a stop of the store was released does not count.
///
/// # Errors
/// See [`StoreError`].
pub fn alert_stores_unanswered(
    conn: &mut PgConnection,
    before: DateTime<Utc>,
) -> Result<Vec<(StoreId, String)>, StoreError> {
    let released_since = kill_switches::table
        .filter(kill_switches::store_id.eq(alerts::store_id))
        .filter(kill_switches::released_at.gt(alerts::created_at.nullable()));
    let stopped = kill_switches::table
        .filter(kill_switches::store_id.eq(alerts::store_id))
        .filter(kill_switches::scope.eq(StopScope::Store))
        .filter(kill_switches::released_at.is_null());
    Ok(alerts::table
        .inner_join(stores::table)
        .filter(alerts::kind.eq_any(AlertKind::OF_WRITES))
        .filter(alerts::resolved_at.is_null())
        .filter(alerts::acknowledged_at.is_null())
        .filter(alerts::created_at.lt(before))
        .filter(stores::repricing_mode.eq(RepricingMode::Live))
        .filter(not(exists(released_since)))
        .filter(not(exists(stopped)))
        .select((stores::id, stores::name))
        .distinct()
        .order(stores::id)
        .load(conn)?)
}

/// Forgets troubles that were over before `before`.
///
/// # Errors
/// See [`StoreError`].
pub fn alert_prune(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<usize, StoreError> {
    Ok(diesel::delete(alerts::table.filter(alerts::resolved_at.lt(before))).execute(conn)?)
}

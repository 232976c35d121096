//! The stop button: a latched row stops all, a store, a strategy or a product until a person releases it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};

use super::{StoreError, stores::store_ids_of};
use crate::{
    domain::{KillSwitchId, ProductId, StopScope, StopTarget, StoreId, Tenant},
    schema::{kill_switches, products, rules, stores},
};

/// A stop.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = kill_switches, check_for_backend(Pg))]
pub struct KillSwitch {
    /// Key.
    pub id: KillSwitchId,
    /// What it covers.
    pub scope: StopScope,
    /// The store; also that of a product.
    pub store_id: Option<StoreId>,
    /// The word of the strategy, where one is stopped.
    pub strategy: Option<String>,
    /// The product, where only one is stopped.
    pub product_id: Option<ProductId>,
    /// Why.
    pub reason: String,
    /// Who.
    pub stopped_by: String,
    /// When.
    pub stopped_at: DateTime<Utc>,
    /// Who let go.
    pub released_by: Option<String>,
    /// When.
    pub released_at: Option<DateTime<Utc>>,
    /// Why.
    pub release_reason: Option<String>,
}

impl KillSwitch {
    /// Does it hold back a product of this store whose price this strategy finds (`None`: not known)?
    #[must_use]
    pub fn covers(&self, store: StoreId, product: ProductId, strategy: Option<&str>) -> bool {
        match self.scope {
            StopScope::All => true,
            StopScope::Store => self.store_id == Some(store),
            StopScope::Strategy => strategy.is_none_or(|kind| self.strategy.as_deref() == Some(kind)),
            StopScope::Product => self.product_id == Some(product),
        }
    }

    /// Does it hold back every price of this store?
    #[must_use]
    pub fn covers_store(&self, store: StoreId) -> bool {
        match self.scope {
            StopScope::All => true,
            StopScope::Store => self.store_id == Some(store),
            StopScope::Strategy | StopScope::Product => false,
        }
    }
}

/// A stop with the names of what it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedStop {
    /// The stop.
    pub stop: KillSwitch,
    /// Name of the store.
    pub store_name: Option<String>,
    /// Name of the product.
    pub product_name: Option<String>,
}

/// The stops that concern the tenant: those of everything and of strategies concern everybody.
fn of_tenant(tenant: Tenant) -> kill_switches::BoxedQuery<'static, Pg> {
    let query = kill_switches::table.into_boxed();
    match tenant {
        Tenant::All => query,
        Tenant::User(user) => query.filter(
            kill_switches::store_id
                .is_null()
                .or(kill_switches::store_id.eq_any(store_ids_of(user).select(stores::id.nullable()))),
        ),
    }
}

fn with_names(conn: &mut PgConnection, stops: Vec<KillSwitch>) -> Result<Vec<NamedStop>, StoreError> {
    if stops.is_empty() {
        return Ok(Vec::new());
    }
    let store_ids: Vec<StoreId> = stops.iter().filter_map(|stop| stop.store_id).collect();
    let product_ids: Vec<ProductId> = stops.iter().filter_map(|stop| stop.product_id).collect();
    let store_names: HashMap<StoreId, String> = stores::table
        .filter(stores::id.eq_any(store_ids))
        .select((stores::id, stores::name))
        .load(conn)?
        .into_iter()
        .collect();
    let product_names: HashMap<ProductId, String> = products::table
        .filter(products::id.eq_any(product_ids))
        .select((products::id, products::name))
        .load(conn)?
        .into_iter()
        .collect();
    Ok(stops
        .into_iter()
        .map(|stop| NamedStop {
            store_name: stop.store_id.and_then(|id| store_names.get(&id).cloned()),
            product_name: stop.product_id.and_then(|id| product_names.get(&id).cloned()),
            stop,
        })
        .collect())
}

/// The stops in force that concern the tenant, newest first; at most 500.
///
/// # Errors
/// See [`StoreError`].
pub fn kill_switch_list_active(
    conn: &mut PgConnection,
    tenant: Tenant,
) -> Result<Vec<NamedStop>, StoreError> {
    let stops = of_tenant(tenant)
        .filter(kill_switches::released_at.is_null())
        .order((kill_switches::stopped_at.desc(), kill_switches::id.desc()))
        .limit(500)
        .select(KillSwitch::as_select())
        .load(conn)?;
    with_names(conn, stops)
}

/// The stops of the past that concern the tenant, those released last first; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn kill_switch_list_past(
    conn: &mut PgConnection,
    tenant: Tenant,
    limit: i64,
) -> Result<Vec<NamedStop>, StoreError> {
    let stops = of_tenant(tenant)
        .filter(kill_switches::released_at.is_not_null())
        .order((kill_switches::released_at.desc(), kill_switches::id.desc()))
        .limit(limit.clamp(1, 200))
        .select(KillSwitch::as_select())
        .load(conn)?;
    with_names(conn, stops)
}

/// A stop that concerns the tenant.
///
/// # Errors
/// See [`StoreError`].
pub fn kill_switch_fetch(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: KillSwitchId,
) -> Result<Option<NamedStop>, StoreError> {
    let stop = of_tenant(tenant)
        .filter(kill_switches::id.eq(id))
        .select(KillSwitch::as_select())
        .load(conn)?;
    Ok(with_names(conn, stop)?.into_iter().next())
}

/// Keys of the stops in force of exactly this target.
///
/// # Errors
/// See [`StoreError`].
pub fn kill_switch_ids_active(
    conn: &mut PgConnection,
    target: &StopTarget,
) -> Result<Vec<KillSwitchId>, StoreError> {
    let query = kill_switches::table
        .filter(kill_switches::released_at.is_null())
        .filter(kill_switches::scope.eq(target.scope()))
        .select(kill_switches::id)
        .into_boxed();
    let query = match target {
        StopTarget::All => query,
        StopTarget::Store(id) => query.filter(kill_switches::store_id.eq(*id)),
        StopTarget::Strategy(kind) => query.filter(kill_switches::strategy.eq(kind.clone())),
        StopTarget::Product(id) => query.filter(kill_switches::product_id.eq(*id)),
    };
    Ok(query.order(kill_switches::id).load(conn)?)
}

/// The stop in force of exactly this target that this person made for this reason.
///
/// # Errors
/// See [`StoreError`].
pub fn kill_switch_fetch_same(
    conn: &mut PgConnection,
    target: &StopTarget,
    (stopped_by, reason): (&str, &str),
) -> Result<Option<KillSwitchId>, StoreError> {
    let active = kill_switch_ids_active(conn, target)?;
    Ok(kill_switches::table
        .filter(kill_switches::id.eq_any(active))
        .filter(kill_switches::stopped_by.eq(stopped_by))
        .filter(kill_switches::reason.eq(reason))
        .select(kill_switches::id)
        .first(conn)
        .optional()?)
}

/// Stops.
///
/// # Errors
/// See [`StoreError`].
pub fn kill_switch_insert(conn: &mut PgConnection, stop: &KillSwitch) -> Result<(), StoreError> {
    diesel::insert_into(kill_switches::table)
        .values(stop)
        .execute(conn)?;
    Ok(())
}

/// Releases a stop that is in force. False: somebody else was faster.
///
/// # Errors
/// See [`StoreError`].
pub fn kill_switch_release(
    conn: &mut PgConnection,
    id: KillSwitchId,
    (released_by, reason): (&str, &str),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let active = kill_switches::table
        .find(id)
        .filter(kill_switches::released_at.is_null());
    let rows = diesel::update(active)
        .set((
            kill_switches::released_by.eq(released_by),
            kill_switches::released_at.eq(now),
            kill_switches::release_reason.eq(reason),
        ))
        .execute(conn)?;
    Ok(rows == 1)
}

/// The strategies that rules in force or products name, in all stores.
///
/// # Errors
/// See [`StoreError`].
pub fn strategies_in_use(conn: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    let mut kinds: Vec<String> = rules::table
        .filter(rules::enabled)
        .select(rules::strategy)
        .distinct()
        .load(conn)?;
    let own: Vec<Option<String>> = products::table
        .filter(products::strategy.is_not_null())
        .select(products::strategy)
        .distinct()
        .load(conn)?;
    kinds.extend(own.into_iter().flatten());
    kinds.sort();
    kinds.dedup();
    Ok(kinds)
}

//! The stop button: a latched row stops all, a store or a product until a person releases it.

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};

use super::{StoreError, stores::store_ids_of};
use crate::{
    domain::{KillSwitchId, ProductId, StopScope, StoreId, Tenant},
    schema::{kill_switches, stores},
};

/// A stop.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = kill_switches, check_for_backend(Pg))]
pub struct KillSwitch {
    /// Key.
    pub id: KillSwitchId,
    /// What it covers.
    pub scope: StopScope,
    /// The store, unless everything is stopped.
    pub store_id: Option<StoreId>,
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
}

/// The stops in force that concern the tenant, newest first.
///
/// # Errors
/// See [`StoreError`].
pub fn kill_switch_list_active(
    conn: &mut PgConnection,
    tenant: Tenant,
) -> Result<Vec<KillSwitch>, StoreError> {
    let mut query = kill_switches::table
        .filter(kill_switches::released_at.is_null())
        .into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(
            kill_switches::store_id
                .is_null()
                .or(kill_switches::store_id.eq_any(store_ids_of(user).select(stores::id.nullable()))),
        );
    }
    Ok(query
        .order(kill_switches::stopped_at.desc())
        .limit(200)
        .select(KillSwitch::as_select())
        .load(conn)?)
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

/// Releases the stops in force of a scope: of everything (`None`), or of a store and its products. Returns
/// those released.
///
/// # Errors
/// See [`StoreError`].
pub fn kill_switch_release(
    conn: &mut PgConnection,
    store_id: Option<StoreId>,
    released_by: &str,
    now: DateTime<Utc>,
) -> Result<Vec<KillSwitch>, StoreError> {
    let set = (
        kill_switches::released_by.eq(released_by),
        kill_switches::released_at.eq(now),
    );
    let active = kill_switches::table.filter(kill_switches::released_at.is_null());
    Ok(match store_id {
        None => diesel::update(active.filter(kill_switches::scope.eq(StopScope::All)))
            .set(set)
            .returning(KillSwitch::as_select())
            .get_results(conn)?,
        Some(id) => diesel::update(active.filter(kill_switches::store_id.eq(id)))
            .set(set)
            .returning(KillSwitch::as_select())
            .get_results(conn)?,
    })
}

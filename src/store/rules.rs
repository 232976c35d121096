//! Rules of repricing, attached to a store, a category, a selection of products or one product.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::{pg::Pg, prelude::*};
use serde_json::Value;

use super::{StoreError, stores::store_ids_of};
use crate::{
    domain::{ProductId, RuleId, RuleScope, StoreId, Tenant},
    schema::{products, rule_products, rules},
};

/// A rule as it is kept.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = rules, check_for_backend(Pg))]
pub struct RuleRow {
    /// Key.
    pub id: RuleId,
    /// The store.
    pub store_id: StoreId,
    /// What people call it.
    pub name: String,
    /// Kind of its strategy.
    pub strategy: String,
    /// Strategy, filters, scenarios and motion limits: `domain::pricing::Rule`.
    pub definition: Value,
    /// What it is attached to.
    pub scope: RuleScope,
    /// The category of such a rule.
    pub category: Option<String>,
    /// The product of such a rule.
    pub product_id: Option<ProductId>,
    /// Among selections the first wins.
    pub position: i32,
    /// Off: as if it were not there.
    pub enabled: bool,
    /// Raised by each change.
    pub version: i32,
    /// Made at.
    pub created_at: DateTime<Utc>,
    /// Changed at.
    pub updated_at: DateTime<Utc>,
}

/// The rules of a tenant, or of one of its stores, by store, nearness and position.
///
/// # Errors
/// See [`StoreError`].
pub fn rule_list(
    conn: &mut PgConnection,
    tenant: Tenant,
    store_id: Option<StoreId>,
) -> Result<Vec<RuleRow>, StoreError> {
    let mut query = rules::table.select(RuleRow::as_select()).into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(rules::store_id.eq_any(store_ids_of(user)));
    }
    if let Some(store_id) = store_id {
        query = query.filter(rules::store_id.eq(store_id));
    }
    let mut rows: Vec<RuleRow> = query
        .order((rules::store_id, rules::position, rules::id))
        .load(conn)?;
    rows.sort_by_key(|rule| (rule.store_id, rule.scope));
    Ok(rows)
}

/// A rule that the tenant may see.
///
/// # Errors
/// See [`StoreError`].
pub fn rule_fetch(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: RuleId,
) -> Result<Option<RuleRow>, StoreError> {
    let mut query = rules::table
        .filter(rules::id.eq(id))
        .select(RuleRow::as_select())
        .into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(rules::store_id.eq_any(store_ids_of(user)));
    }
    Ok(query.first(conn).optional()?)
}

/// Adds a rule.
///
/// # Errors
/// `Duplicate(Rule)` when the store, category or product has one already.
pub fn rule_insert(conn: &mut PgConnection, rule: &RuleRow) -> Result<(), StoreError> {
    diesel::insert_into(rules::table).values(rule).execute(conn)?;
    Ok(())
}

/// Replaces name, definition, position and switch of a rule that still has `version`.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else changed it meanwhile.
pub fn rule_update(conn: &mut PgConnection, version: i32, rule: &RuleRow) -> Result<(), StoreError> {
    let rows = diesel::update(rules::table.find(rule.id).filter(rules::version.eq(version)))
        .set((
            rules::name.eq(&rule.name),
            rules::strategy.eq(&rule.strategy),
            rules::definition.eq(&rule.definition),
            rules::position.eq(rule.position),
            rules::enabled.eq(rule.enabled),
            rules::version.eq(version + 1),
            rules::updated_at.eq(rule.updated_at),
        ))
        .execute(conn)?;
    if rows == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// Removes a rule; the next nearest holds from then on.
///
/// # Errors
/// [`StoreError::Stale`] when somebody else changed it meanwhile.
pub fn rule_delete(conn: &mut PgConnection, (id, version): (RuleId, i32)) -> Result<(), StoreError> {
    let rows = diesel::delete(rules::table.find(id).filter(rules::version.eq(version))).execute(conn)?;
    if rows == 1 { Ok(()) } else { Err(StoreError::Stale) }
}

/// The products of a selection.
///
/// # Errors
/// See [`StoreError`].
pub fn rule_products_list(conn: &mut PgConnection, id: RuleId) -> Result<Vec<ProductId>, StoreError> {
    Ok(rule_products::table
        .filter(rule_products::rule_id.eq(id))
        .order(rule_products::product_id)
        .select(rule_products::product_id)
        .load(conn)?)
}

/// Replaces the products of a selection; those of other stores are left out.
///
/// # Errors
/// See [`StoreError`].
pub fn rule_products_set(
    conn: &mut PgConnection,
    rule: &RuleRow,
    ids: &[ProductId],
) -> Result<usize, StoreError> {
    diesel::delete(rule_products::table.filter(rule_products::rule_id.eq(rule.id))).execute(conn)?;
    let own: Vec<ProductId> = products::table
        .filter(products::id.eq_any(ids))
        .filter(products::store_id.eq(rule.store_id))
        .select(products::id)
        .load(conn)?;
    let rows: Vec<_> = own
        .iter()
        .map(|id| {
            (
                rule_products::rule_id.eq(rule.id),
                rule_products::product_id.eq(*id),
            )
        })
        .collect();
    // A statement takes 65,535 values.
    for part in rows.chunks(10_000) {
        diesel::insert_into(rule_products::table)
            .values(part)
            .execute(conn)?;
    }
    Ok(rows.len())
}

/// The rule that holds for each of these products: the nearest that is switched on. Products without any are
/// left out.
///
/// # Errors
/// See [`StoreError`].
pub fn rules_of_products(
    conn: &mut PgConnection,
    ids: &[ProductId],
) -> Result<HashMap<ProductId, RuleRow>, StoreError> {
    let keys: Vec<(ProductId, StoreId, Option<String>)> = products::table
        .filter(products::id.eq_any(ids))
        .select((products::id, products::store_id, products::category))
        .load(conn)?;
    let mut stores: Vec<StoreId> = keys.iter().map(|key| key.1).collect();
    stores.sort_unstable();
    stores.dedup();
    let mut candidates: Vec<RuleRow> = rules::table
        .filter(rules::store_id.eq_any(&stores))
        .filter(rules::enabled)
        .filter(rules::product_id.is_null().or(rules::product_id.eq_any(ids)))
        .order((rules::position, rules::id))
        .select(RuleRow::as_select())
        .load(conn)?;
    // Stable: the order of positions stays.
    candidates.sort_by_key(|rule| rule.scope);
    let chosen: HashSet<(RuleId, ProductId)> = rule_products::table
        .filter(rule_products::product_id.eq_any(ids))
        .select((rule_products::rule_id, rule_products::product_id))
        .load(conn)?
        .into_iter()
        .collect();
    let reaches = |rule: &RuleRow, (id, store_id, category): &(ProductId, StoreId, Option<String>)| {
        rule.store_id == *store_id
            && match rule.scope {
                RuleScope::Product => rule.product_id == Some(*id),
                RuleScope::Selection => chosen.contains(&(rule.id, *id)),
                RuleScope::Category => rule.category.is_some() && rule.category == *category,
                RuleScope::Store => true,
            }
    };
    Ok(keys
        .iter()
        .filter_map(|key| {
            let rule = candidates.iter().find(|rule| reaches(rule, key))?;
            Some((key.0, rule.clone()))
        })
        .collect())
}

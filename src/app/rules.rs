//! Rules as people make them: attached to a store, a category, a selection of products or one product; changed,
//! switched, put in order, removed. What a rule reaches is looked at again at once; nothing is sent from here.

pub mod definition;
pub mod trial;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use serde_json::{Map, Value, json};

use super::edit::{EditError, FieldError, changed_fields, store_for_change, too_long};
use crate::{
    domain::{Actor, ProductId, RuleId, RuleScope, StoreId, Tenant, pricing::Rule},
    services::Services,
    store::{
        StoreError,
        audit::{AuditEntry, audit_insert},
        error::Unique,
        import_products::rule_products_change,
        products::product_fetch,
        rule_reach::{rule_product_skus, rule_products_due},
        rules::{RuleRow, rule_delete, rule_fetch, rule_insert, rule_list, rule_products_set, rule_update},
    },
};

/// Why a rule was not changed.
pub type RuleEditError = EditError<RuleRow>;

/// Longest name of a rule or a category.
const NAME_MAX: usize = 255;
/// Most products of a selection, as many as a form carries.
pub const SELECTION_MAX: usize = 5_000;
/// Skus that the audit log names.
const SKUS_TOLD: usize = 50;

/// What a rule is attached to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attached {
    /// The whole store.
    Store,
    /// A category of it.
    Category(String),
    /// Chosen products.
    Selection(Vec<ProductId>),
    /// One product.
    Product(ProductId),
}

/// A rule to be made.
#[derive(Debug, Clone)]
pub struct NewRule {
    /// The store.
    pub store_id: StoreId,
    /// What it is attached to.
    pub attached: Attached,
    /// What people may change later.
    pub edit: RuleEdit,
}

/// What people may change of a rule.
#[derive(Debug, Clone)]
pub struct RuleEdit {
    /// What people call it.
    pub name: String,
    /// Strategy, filters, scenarios, motion limits.
    pub rule: Rule,
    /// Off: as if it were not there.
    pub enabled: bool,
    /// The products of a selection; `None`: as they are.
    pub products: Option<Vec<ProductId>>,
}

impl RuleEdit {
    fn errors(&self) -> Vec<FieldError> {
        let mut errors = Vec::new();
        if self.name.is_empty() {
            errors.push(FieldError::new("name", "error-empty"));
        }
        if too_long(Some(&self.name), NAME_MAX) {
            errors.push(FieldError::new("name", "error-too-long"));
        }
        errors.extend(self.products.iter().flat_map(|ids| selection_errors(ids)));
        errors.extend(definition::check(&self.rule).err().into_iter().flatten());
        errors
    }

    fn apply(&self, row: &RuleRow, now: DateTime<Utc>) -> Result<RuleRow, StoreError> {
        Ok(RuleRow {
            name: self.name.clone(),
            strategy: self.rule.strategy.kind().to_owned(),
            definition: serde_json::to_value(&self.rule)
                .map_err(|error| StoreError::Unavailable(Box::new(error)))?,
            enabled: self.enabled,
            updated_at: now,
            ..row.clone()
        })
    }
}

fn selection_errors(ids: &[ProductId]) -> Option<FieldError> {
    match ids.len() {
        0 => Some(FieldError::new("skus", "rule-error-skus-none")),
        n if n > SELECTION_MAX => Some(FieldError::new("skus", "rule-error-skus-many")),
        _ => None,
    }
}

/// Makes a rule. A new selection stands behind the others of its store.
///
/// # Errors
/// See [`EditError`]; `Invalid` also where store, category or product has a rule already.
pub async fn create_rule(services: &Services, actor: &Actor, new: NewRule) -> Result<RuleId, RuleEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            store_for_change::<RuleRow>(conn, &actor, new.store_id)?;
            let (row, products) = new_row(conn, &actor, new, now)?;
            match rule_insert(conn, &row) {
                Err(StoreError::Duplicate(Unique::Rule)) => {
                    return Err(EditError::Invalid(vec![FieldError::new(
                        "attached",
                        "rule-error-taken",
                    )]));
                }
                result => result?,
            }
            if let Some(ids) = products {
                rule_products_set(conn, &row, &ids)?;
            }
            rule_products_due(conn, &row, now)?;
            let mut after = facts(&row);
            note_products(conn, &row, &mut after)?;
            audit_insert(conn, &entry(&actor, now, &row, "create").change(json!({}), after))?;
            Ok(row.id)
        })
        .await
}

fn new_row(
    conn: &mut PgConnection,
    actor: &Actor,
    new: NewRule,
    now: DateTime<Utc>,
) -> Result<(RuleRow, Option<Vec<ProductId>>), RuleEditError> {
    let edit = trimmed(new.edit);
    let mut errors = edit.errors();
    let (scope, category, product_id, products) = match new.attached {
        Attached::Store => (RuleScope::Store, None, None, None),
        Attached::Category(name) => {
            if name.is_empty() || too_long(Some(&name), NAME_MAX) {
                errors.push(FieldError::new("category", "rule-error-category"));
            }
            (RuleScope::Category, Some(name), None, None)
        }
        Attached::Selection(ids) => {
            errors.extend(selection_errors(&ids));
            (RuleScope::Selection, None, None, Some(ids))
        }
        Attached::Product(id) => {
            let product = product_fetch(conn, actor.tenant(), id)?;
            if product.is_none_or(|row| row.product.store_id != new.store_id) {
                errors.push(FieldError::new("sku", "rule-error-product"));
            }
            (RuleScope::Product, None, Some(id), None)
        }
    };
    if !errors.is_empty() {
        return Err(EditError::Invalid(errors));
    }
    let last = selections(conn, new.store_id)?.last().map(|rule| rule.position);
    let row = RuleRow {
        id: RuleId::new(),
        store_id: new.store_id,
        name: String::new(),
        strategy: String::new(),
        definition: Value::Null,
        scope,
        category,
        product_id,
        position: last
            .filter(|_| scope == RuleScope::Selection)
            .map_or(0, |at| at.saturating_add(1)),
        enabled: edit.enabled,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    Ok((edit.apply(&row, now)?, products))
}

fn trimmed(edit: RuleEdit) -> RuleEdit {
    RuleEdit {
        name: edit.name.trim().to_owned(),
        ..edit
    }
}

/// Changes a rule that still has `version`. A change to the same values writes nothing.
///
/// # Errors
/// See [`EditError`].
pub async fn edit_rule(
    services: &Services,
    actor: &Actor,
    (id, version): (RuleId, i32),
    edit: RuleEdit,
) -> Result<(), RuleEditError> {
    let (actor, now, edit) = (actor.clone(), services.now(), trimmed(edit));
    services
        .db
        .tx(move |conn| {
            let row = rule_for_change(conn, &actor, id)?;
            let errors = edit.errors();
            if !errors.is_empty() {
                return Err(EditError::Invalid(errors));
            }
            if row.version != version {
                return Err(EditError::Conflict(Box::new(row)));
            }
            let after = edit.apply(&row, now)?;
            change_in(conn, &actor, &row, &after, edit.products.as_deref())
        })
        .await
}

/// Switches a rule on or off, whatever the version.
///
/// # Errors
/// See [`EditError`].
pub async fn set_rule_enabled(
    services: &Services,
    actor: &Actor,
    id: RuleId,
    enabled: bool,
) -> Result<(), RuleEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let row = rule_for_change(conn, &actor, id)?;
            let after = RuleRow {
                enabled,
                updated_at: now,
                ..row.clone()
            };
            change_in(conn, &actor, &row, &after, None)
        })
        .await
}

/// Puts a selection one place forward or back among those of its store; at the end it stays where it is.
///
/// # Errors
/// See [`EditError`]; `Invalid` for a rule that is no selection.
pub async fn move_rule(
    services: &Services,
    actor: &Actor,
    id: RuleId,
    forward: bool,
) -> Result<(), RuleEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let row = rule_for_change(conn, &actor, id)?;
            let mut order = selections(conn, row.store_id)?;
            let Some(at) = order.iter().position(|rule| rule.id == id) else {
                return Err(EditError::Invalid(vec![FieldError::new(
                    "position",
                    "rule-error-choice",
                )]));
            };
            let to = if forward {
                at.saturating_sub(1)
            } else {
                (at + 1).min(order.len() - 1)
            };
            let moved = order.remove(at);
            order.insert(to, moved);
            for (position, row) in (0..).zip(&order) {
                let after = RuleRow {
                    position,
                    updated_at: now,
                    ..row.clone()
                };
                change_in(conn, &actor, row, &after, None)?;
            }
            Ok(())
        })
        .await
}

fn selections(conn: &mut PgConnection, store_id: StoreId) -> Result<Vec<RuleRow>, StoreError> {
    let mut rules = rule_list(conn, Tenant::All, Some(store_id))?;
    rules.retain(|rule| rule.scope == RuleScope::Selection);
    Ok(rules)
}

/// Moves products between selections: each from those it is in to others. What each selection has lost and got stands
/// in one audit row; the products concerned are due.
///
/// # Errors
/// See [`StoreError`]; the caller has asked whether the actor may.
pub fn move_products_in(
    conn: &mut PgConnection,
    actor: &Actor,
    selections: &[RuleRow],
    moves: &[(ProductId, Vec<RuleId>, Vec<RuleId>)],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for rule in selections {
        let those = |from: bool| -> HashSet<ProductId> {
            moves
                .iter()
                .filter(|(_, old, new)| old.contains(&rule.id) == from && new.contains(&rule.id) != from)
                .map(|(product, ..)| *product)
                .collect()
        };
        let (removed, added) = (those(true), those(false));
        if removed.is_empty() && added.is_empty() {
            continue;
        }
        // Those that leave are due as well as those that come.
        rule_products_due(conn, rule, now)?;
        let (lost, got) = rule_products_change(conn, rule, &removed, &added)?;
        let after = RuleRow {
            updated_at: now,
            ..rule.clone()
        };
        rule_update(conn, rule.version, &after)?;
        rule_products_due(conn, rule, now)?;
        let (mut old, mut new) = (json!({}), json!({}));
        note(&mut old, lost.iter());
        note(&mut new, got.iter());
        audit_insert(conn, &entry(actor, now, rule, "update").change(old, new))?;
    }
    Ok(())
}

/// Removes a rule that still has `version`; the next nearest holds from then on.
///
/// # Errors
/// See [`EditError`].
pub async fn delete_rule(
    services: &Services,
    actor: &Actor,
    (id, version): (RuleId, i32),
) -> Result<(), RuleEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let row = rule_for_change(conn, &actor, id)?;
            if row.version != version {
                return Err(EditError::Conflict(Box::new(row)));
            }
            let mut before = facts(&row);
            note_products(conn, &row, &mut before)?;
            rule_products_due(conn, &row, now)?;
            match rule_delete(conn, (id, version)) {
                Err(StoreError::Stale) => return Err(changed_meanwhile(conn, &actor, id)),
                result => result?,
            }
            let entry = entry(&actor, now, &row, "delete").change(before, json!({}));
            Ok(audit_insert(conn, &entry)?)
        })
        .await
}

/// The rule, when the actor may change it.
///
/// # Errors
/// `NotFound` for rules of others, `Forbidden` for viewers.
pub fn rule_for_change(conn: &mut PgConnection, actor: &Actor, id: RuleId) -> Result<RuleRow, RuleEditError> {
    let row = rule_fetch(conn, actor.tenant(), id)?.ok_or(EditError::NotFound)?;
    store_for_change::<RuleRow>(conn, actor, row.store_id)?;
    Ok(row)
}

fn changed_meanwhile(conn: &mut PgConnection, actor: &Actor, id: RuleId) -> RuleEditError {
    match rule_fetch(conn, actor.tenant(), id) {
        Ok(Some(row)) => EditError::Conflict(Box::new(row)),
        Ok(None) => EditError::NotFound,
        Err(error) => error.into(),
    }
}

/// Writes what differs, with its audit row; what the rule reached before and reaches now is due.
fn change_in(
    conn: &mut PgConnection,
    actor: &Actor,
    row: &RuleRow,
    after: &RuleRow,
    products: Option<&[ProductId]>,
) -> Result<(), RuleEditError> {
    let (mut old, mut new) = (facts(row), facts(after));
    let mut selection = products.filter(|_| row.scope == RuleScope::Selection);
    if let Some(ids) = selection {
        let before = rule_product_skus(conn, row.id)?;
        rule_products_due(conn, row, after.updated_at)?;
        rule_products_set(conn, row, ids)?;
        let now = rule_product_skus(conn, row.id)?;
        if before == now {
            selection = None;
        }
        note(&mut old, before.iter().filter(|sku| !now.contains(sku)));
        note(&mut new, now.iter().filter(|sku| !before.contains(sku)));
    }
    let Some((old, new)) = changed_fields(old, new).or_else(|| selection.map(|_| (json!({}), json!({}))))
    else {
        return Ok(());
    };
    match rule_update(conn, row.version, after) {
        Err(StoreError::Stale) => return Err(changed_meanwhile(conn, actor, row.id)),
        result => result?,
    }
    rule_products_due(conn, after, after.updated_at)?;
    let entry = entry(actor, after.updated_at, after, "update").change(old, new);
    Ok(audit_insert(conn, &entry)?)
}

fn note_products(conn: &mut PgConnection, row: &RuleRow, facts: &mut Value) -> Result<(), StoreError> {
    if row.scope == RuleScope::Selection {
        note(facts, rule_product_skus(conn, row.id)?.iter());
    }
    Ok(())
}

/// Skus as the audit log tells them: the first ones and how many more.
fn note<'s>(facts: &mut Value, skus: impl Iterator<Item = &'s String>) {
    let skus: Vec<&str> = skus.map(String::as_str).collect();
    let mut text = skus
        .iter()
        .take(SKUS_TOLD)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    if skus.len() > SKUS_TOLD {
        text = format!("{text}, … +{}", skus.len() - SKUS_TOLD);
    }
    if let Value::Object(facts) = facts {
        facts.insert("products".to_owned(), json!(text));
    }
}

/// What the audit log says of a rule: the definition field by field, so that a change names what it changes.
fn facts(row: &RuleRow) -> Value {
    let mut facts = Map::new();
    facts.insert("name".to_owned(), json!(row.name));
    facts.insert("enabled".to_owned(), json!(row.enabled));
    facts.insert("strategy".to_owned(), json!(row.strategy));
    if row.scope == RuleScope::Selection {
        facts.insert("position".to_owned(), json!(row.position));
    }
    if let Some(category) = &row.category {
        facts.insert("category".to_owned(), json!(category));
    }
    match serde_json::from_value::<Rule>(row.definition.clone()) {
        Ok(rule) => facts.extend(definition::told(&rule)),
        Err(_) => {
            facts.insert("definition".to_owned(), row.definition.clone());
        }
    }
    Value::Object(facts)
}

/// What differs between a rule as it is kept and as somebody wants it, by field: `(kept, wanted)`. The products of a
/// selection are left out.
#[must_use]
pub fn differences(kept: &RuleRow, wanted: &RuleEdit) -> Option<(Value, Value)> {
    let after = wanted.apply(kept, kept.updated_at).ok()?;
    changed_fields(facts(kept), facts(&after))
}

fn entry(actor: &Actor, now: DateTime<Utc>, row: &RuleRow, action: &str) -> AuditEntry {
    AuditEntry::new(
        actor,
        now,
        Some(row.store_id),
        ("rule", row.id.0, &row.name),
        action,
    )
}

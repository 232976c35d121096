//! The limits of the brakes: read and changed by administrators, with a reason and an audit row. A change makes
//! everything that was planned before be decided anew.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::edit::{EditError, FieldError, changed_fields};
use crate::{
    domain::{Actor, Role, brakes::SafetyLimits},
    services::Services,
    store::{
        StoreError,
        audit::{AuditEntry, audit_insert},
        brakes::{safety_limits_load, safety_limits_save, safety_limits_set_at},
    },
};

/// One limit: its name in forms and in the audit log, and the values it may have.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Name of the field of [`SafetyLimits`].
    pub name: &'static str,
    /// Smallest value.
    pub least: i32,
    /// Greatest value.
    pub most: i32,
    /// Unit: `percent`, `count`, `seconds` or `minutes`.
    pub unit: &'static str,
}

const fn limit(name: &'static str, least: i32, most: i32, unit: &'static str) -> Limit {
    Limit {
        name,
        least,
        most,
        unit,
    }
}

/// All limits, in the order of the form.
pub const LIMITS: &[Limit] = &[
    limit("big_drop_percent", 1, 50, "percent"),
    limit("big_drop_share_percent", 1, 100, "percent"),
    limit("big_drops_at_least", 1, 1_000, "count"),
    limit("impossible_share_percent", 0, 100, "percent"),
    limit("collar_low_percent", 1, 99, "percent"),
    limit("collar_high_percent", 101, 1_000, "percent"),
    limit("drops_per_day", 1, 1_000, "count"),
    limit("product_gap_seconds", 0, 86_400, "seconds"),
    limit("removed_per_day", 1, 1_000, "count"),
    limit("unanswered_minutes", 0, 1_440, "minutes"),
    limit("sales_times", 2, 1_000, "count"),
    limit("sales_at_least", 1, 100_000, "count"),
];

/// Word, key and name under which the audit log keeps changes of the limits.
pub const OBJECT: (&str, Uuid, &str) = ("safety_limits", Uuid::nil(), "");

/// The limits by name.
#[must_use]
pub fn values_of(limits: &SafetyLimits) -> BTreeMap<&'static str, i32> {
    let told = json!(limits);
    LIMITS
        .iter()
        .filter_map(|limit| {
            let value = told.get(limit.name)?.as_i64()?;
            Some((limit.name, i32::try_from(value).ok()?))
        })
        .collect()
}

/// The limits in force and when they were set; `None`: nobody has changed them.
///
/// # Errors
/// See [`StoreError`].
pub async fn safety_limits(services: &Services) -> Result<(SafetyLimits, Option<DateTime<Utc>>), StoreError> {
    services
        .db
        .read(|conn| Ok((safety_limits_load(conn)?, safety_limits_set_at(conn, false)?)))
        .await
}

/// Sets all limits. `seen` is when those were set that the form showed.
///
/// # Errors
/// See [`EditError`]; `Invalid` names every value outside its range and a missing reason.
pub async fn edit_safety_limits(
    services: &Services,
    actor: &Actor,
    seen: Option<DateTime<Utc>>,
    values: &BTreeMap<&'static str, i64>,
    reason: &str,
) -> Result<(), EditError<SafetyLimits>> {
    if actor.role != Role::Admin {
        return Err(EditError::Forbidden);
    }
    let mut errors: Vec<FieldError> = LIMITS
        .iter()
        .filter(|limit| {
            let range = i64::from(limit.least)..=i64::from(limit.most);
            !values.get(limit.name).is_some_and(|value| range.contains(value))
        })
        .map(|limit| FieldError::new(limit.name, "brakes-error-range"))
        .collect();
    let reason: String = reason.trim().chars().take(500).collect();
    if reason.is_empty() {
        errors.push(FieldError::new("reason", "error-empty"));
    }
    if !errors.is_empty() {
        return Err(EditError::Invalid(errors));
    }
    let wanted: Map<String, Value> = values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let wanted: SafetyLimits = serde_json::from_value(Value::Object(wanted))
        .map_err(|_| EditError::Invalid(vec![FieldError::new("reason", "brakes-error-range")]))?;
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let set_at = safety_limits_set_at(conn, true)?;
            let before = safety_limits_load(conn)?;
            if set_at != seen {
                return Err(EditError::Conflict(Box::new(before)));
            }
            let Some((old, new)) = changed_fields(json!(before), json!(wanted)) else {
                return Ok(());
            };
            safety_limits_save(conn, &wanted, actor.user_id, now)?;
            let entry = AuditEntry::new(&actor, now, None, OBJECT, "update").change(old, new);
            Ok(audit_insert(conn, &entry.because(reason))?)
        })
        .await
}

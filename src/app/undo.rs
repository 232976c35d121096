//! Undoing changes of products: what the log says a change replaced is written back, as a change of its own through
//! the same checks. What somebody changed meanwhile stays as it is. Prices are never sent by this: the robot looks at
//! the product again, as after any change.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    edit::EditError,
    product_edit::{change_of, edit_product_in},
};
use crate::{
    domain::{Actor, AuditId, ProductId, Tenge},
    services::Services,
    store::{
        PgConnection, StoreError,
        audit::{AuditEntry, audit_fetch, audit_list_since, audit_list_with, audit_newest_of_request},
        products::{ProductChange, product_fetch},
    },
};

/// Products whose change is undone with one press.
pub const UNDO_MAX: usize = 1_000;
/// Products in one transaction.
const AT_ONCE: usize = 200;

/// What of a product can be put back: what its form sets.
const FIELDS: &[&str] = &[
    "repricing_enabled",
    "floor_tenge",
    "ceiling_tenge",
    "strategy",
    "locked_until",
];

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undone {
    /// Products that have their former values again.
    pub done: Vec<ProductId>,
    /// Products that stay as they are, with their names and why.
    pub left: Vec<(ProductId, String, Left)>,
}

/// Why a product stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// Somebody changed the same values meanwhile; who, where the log tells.
    Changed(Option<String>),
    /// The former values cannot be taken any more.
    NotAllowed,
    /// The product is gone, or its store is somebody else's now.
    Gone,
}

/// Can the change that a line tells of be undone?
#[must_use]
pub fn can_undo(line: &AuditEntry) -> bool {
    let fields = |value: &Option<Value>| {
        let object = value.as_ref().and_then(Value::as_object).cloned();
        object
            .filter(|fields| !fields.is_empty() && fields.keys().all(|name| FIELDS.contains(&name.as_str())))
    };
    line.object_kind == "product"
        && line.action == "update"
        && fields(&line.before).is_some()
        && fields(&line.after).is_some()
}

/// The line of the log about what the actor's present request changed of a product; `None`: nothing.
///
/// # Errors
/// See [`StoreError`].
pub async fn change_to_undo(
    services: &Services,
    actor: &Actor,
    product: ProductId,
) -> Result<Option<AuditId>, StoreError> {
    let Some(request) = actor.request_id.clone() else {
        return Ok(None);
    };
    services
        .db
        .read(move |conn| audit_newest_of_request(conn, ("product", product.0), &request))
        .await
}

/// Puts back what a change replaced; with `whole`, for all products that were changed with the same press.
///
/// # Errors
/// `NotFound` for a line that is not there for the actor, or tells of nothing that can be undone.
pub async fn undo(
    services: &Services,
    actor: &Actor,
    id: AuditId,
    whole: bool,
) -> Result<Undone, EditError<()>> {
    let (tenant, most) = (actor.tenant(), i64::try_from(UNDO_MAX).unwrap_or(i64::MAX));
    let lines = services
        .db
        .read(move |conn| {
            let line = audit_fetch(conn, tenant, id)?.ok_or(EditError::NotFound)?;
            let lines = if whole {
                audit_list_with(conn, &line, most)?
            } else {
                vec![line]
            };
            Ok::<_, EditError<()>>(lines)
        })
        .await?;
    if !lines.iter().any(can_undo) {
        return Err(EditError::NotFound);
    }
    let now = services.now();
    let mut undone = Undone::default();
    for some in lines.chunks(AT_ONCE) {
        let (actor, some) = (actor.clone(), some.to_vec());
        let part = services
            .db
            .tx(move |conn| undo_some(conn, &actor, &some, now))
            .await?;
        undone.done.extend(part.done);
        undone.left.extend(part.left);
    }
    Ok(undone)
}

fn undo_some(
    conn: &mut PgConnection,
    actor: &Actor,
    lines: &[AuditEntry],
    now: DateTime<Utc>,
) -> Result<Undone, StoreError> {
    let lines: Vec<&AuditEntry> = lines.iter().filter(|line| can_undo(line)).collect();
    let changed = changed_meanwhile(conn, &lines)?;
    let mut undone = Undone::default();
    for line in lines {
        let Some(id) = line.object_id else { continue };
        let left = match changed.get(&id) {
            Some(who) => Some(Left::Changed(Some(who.clone()))),
            None => put_back(conn, actor, ProductId(id), line, now)?,
        };
        match left {
            None => undone.done.push(ProductId(id)),
            Some(left) => undone.left.push((ProductId(id), line.object_name.clone(), left)),
        }
    }
    Ok(undone)
}

/// The products of which a later line changed the same values, with the name of who did it last.
fn changed_meanwhile(
    conn: &mut PgConnection,
    lines: &[&AuditEntry],
) -> Result<HashMap<Uuid, String>, StoreError> {
    let Some(since) = lines.iter().map(|line| line.at).min() else {
        return Ok(HashMap::new());
    };
    let of: HashMap<Uuid, &AuditEntry> = lines
        .iter()
        .filter_map(|line| Some((line.object_id?, *line)))
        .collect();
    let ids: Vec<Uuid> = of.keys().copied().collect();
    let mut changed = HashMap::new();
    for later in audit_list_since(conn, ("product", &ids), since)? {
        let Some(line) = later.object_id.and_then(|id| of.get(&id)) else {
            continue;
        };
        let is_later = (later.at, later.id) > (line.at, line.id);
        if is_later && !names(&later).is_disjoint(&names(line)) {
            changed.extend(later.object_id.map(|id| (id, later.actor_name.clone())));
        }
    }
    Ok(changed)
}

/// The values that a line changed.
fn names(line: &AuditEntry) -> HashSet<&str> {
    let fields = line.after.as_ref().and_then(Value::as_object);
    fields
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .collect()
}

/// Writes the former values; gives why it did not.
fn put_back(
    conn: &mut PgConnection,
    actor: &Actor,
    id: ProductId,
    line: &AuditEntry,
    now: DateTime<Utc>,
) -> Result<Option<Left>, StoreError> {
    let Some(row) = product_fetch(conn, actor.tenant(), id)? else {
        return Ok(Some(Left::Gone));
    };
    let present = change_of(&row.product);
    let as_changed = line.after.as_ref().and_then(|after| with(&present, after));
    if as_changed.as_ref() != Some(&present) {
        return Ok(Some(Left::Changed(None)));
    }
    let Some(former) = line.before.as_ref().and_then(|before| with(&present, before)) else {
        return Ok(Some(Left::NotAllowed));
    };
    match edit_product_in(conn, actor, (id, row.product.version), former, now) {
        Ok(()) => Ok(None),
        Err(EditError::Invalid(_)) => Ok(Some(Left::NotAllowed)),
        Err(EditError::Conflict(_)) => Ok(Some(Left::Changed(None))),
        Err(EditError::NotFound | EditError::Forbidden) => Ok(Some(Left::Gone)),
        Err(EditError::Store(error)) => Err(error),
    }
}

/// What may be set of a product, with the values of a line of the log; `None` where one cannot be read.
fn with(present: &ProductChange, values: &Value) -> Option<ProductChange> {
    let mut change = present.clone();
    for (name, value) in values.as_object()? {
        let value = value.clone();
        match name.as_str() {
            "repricing_enabled" => change.repricing_enabled = value.as_bool()?,
            "floor_tenge" => change.floor_tenge = serde_json::from_value::<Option<Tenge>>(value).ok()?,
            "ceiling_tenge" => change.ceiling_tenge = serde_json::from_value::<Option<Tenge>>(value).ok()?,
            "strategy" => change.strategy = serde_json::from_value(value).ok()?,
            "locked_until" => change.locked_until = serde_json::from_value(value).ok()?,
            _ => return None,
        }
    }
    Some(change)
}

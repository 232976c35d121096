//! Automatic prices of many products, switched on or off with one press. Each product is changed as its own form would
//! change it, with its line in the log, so that the whole press can be undone.

use chrono::{DateTime, Utc};

use super::{
    edit::EditError,
    product_edit::{change_of, edit_product_in},
};
use crate::{
    domain::{Actor, AuditId, ProductId},
    services::Services,
    store::{
        PgConnection, StoreError,
        audit::audit_newest_of_request,
        products::{ProductChange, product_fetch},
    },
};

/// Products that are switched with one press: as many as can be undone with one.
pub const SWITCH_MAX: usize = super::undo::UNDO_MAX;
/// Products in one transaction.
const AT_ONCE: usize = 200;

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Switched {
    /// Products that were switched.
    pub changed: usize,
    /// Products that were so already.
    pub same: usize,
    /// Products that cannot be switched on: nothing says how low their price may go.
    pub without_floor: usize,
    /// Products that the actor may not change, or that somebody else changed at the same moment.
    pub left: usize,
    /// A line of the log about it, by which it can be undone.
    pub line: Option<AuditId>,
}

enum One {
    Changed,
    Same,
    WithoutFloor,
    Left,
}

/// Switches automatic prices of products on or off.
///
/// # Errors
/// See [`StoreError`]; what was switched in earlier pieces stays.
pub async fn switch_products(
    services: &Services,
    actor: &Actor,
    ids: &[ProductId],
    on: bool,
) -> Result<Switched, StoreError> {
    let now = services.now();
    let mut switched = Switched::default();
    for some in ids.chunks(AT_ONCE) {
        let (actor, some) = (actor.clone(), some.to_vec());
        let (ends, line) = services
            .db
            .tx(move |conn| switch_some(conn, &actor, &some, on, now))
            .await?;
        switched.line = switched.line.or(line);
        for end in ends {
            match end {
                One::Changed => switched.changed += 1,
                One::Same => switched.same += 1,
                One::WithoutFloor => switched.without_floor += 1,
                One::Left => switched.left += 1,
            }
        }
    }
    Ok(switched)
}

fn switch_some(
    conn: &mut PgConnection,
    actor: &Actor,
    ids: &[ProductId],
    on: bool,
    now: DateTime<Utc>,
) -> Result<(Vec<One>, Option<AuditId>), StoreError> {
    let (mut ends, mut changed) = (Vec::new(), None);
    for id in ids {
        let end = switch_one(conn, actor, *id, on, now)?;
        if matches!(end, One::Changed) {
            changed = Some(*id);
        }
        ends.push(end);
    }
    let line = match (changed, &actor.request_id) {
        (Some(id), Some(request)) => audit_newest_of_request(conn, ("product", id.0), request)?,
        _ => None,
    };
    Ok((ends, line))
}

fn switch_one(
    conn: &mut PgConnection,
    actor: &Actor,
    id: ProductId,
    on: bool,
    now: DateTime<Utc>,
) -> Result<One, StoreError> {
    let Some(row) = product_fetch(conn, actor.tenant(), id)? else {
        return Ok(One::Left);
    };
    if row.product.repricing_enabled == on {
        return Ok(One::Same);
    }
    let change = ProductChange {
        repricing_enabled: on,
        ..change_of(&row.product)
    };
    match edit_product_in(conn, actor, (id, row.product.version), change, now) {
        Ok(()) => Ok(One::Changed),
        Err(EditError::Invalid(_)) => Ok(One::WithoutFloor),
        Err(EditError::NotFound | EditError::Forbidden | EditError::Conflict(_)) => Ok(One::Left),
        Err(EditError::Store(error)) => Err(error),
    }
}

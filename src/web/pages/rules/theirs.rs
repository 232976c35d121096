//! Two people changed one rule: what the first saved, beside what the second typed.

use chrono::{DateTime, Utc};

use crate::{
    app::rules::{RuleEdit, differences},
    domain::Tenant,
    store::{
        PgConnection, StoreError,
        audit::audit_list,
        rules::{RuleRow, rule_products_list},
    },
    web::{
        pages::log::{Change, actor_name},
        texts::Texts,
    },
};

/// What somebody else saved while the form was open.
pub struct Theirs {
    /// Who; empty when not known.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Their values as `before`, those of the form as `after`.
    pub changes: Vec<Change>,
}

impl Theirs {
    /// Reads who changed the rule last, and holds it against what was wanted.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn new(
        conn: &mut PgConnection,
        tenant: Tenant,
        kept: &RuleRow,
        wanted: &RuleEdit,
        t: Texts,
    ) -> Result<Self, StoreError> {
        let line = audit_list(conn, tenant, Some(("rule", kept.id.0)), None, 1)?.pop();
        let (before, after) = differences(kept, wanted).unwrap_or_default();
        let mut changes = Change::between(&before, &after, &t);
        if let Some(ids) = &wanted.products {
            let theirs = rule_products_list(conn, kept.id)?;
            if theirs != *ids {
                changes.push(Change {
                    field: t.get("field-products"),
                    before: t.with("rule-picked", "n", theirs.len()),
                    after: t.with("rule-picked", "n", ids.len()),
                });
            }
        }
        Ok(Self {
            at: line.as_ref().map_or(kept.updated_at, |line| line.at),
            who: line.map(|line| actor_name(&line, &t)).unwrap_or_default(),
            changes,
        })
    }
}

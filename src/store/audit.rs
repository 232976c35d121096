//! The audit log: appended to in the transaction of the change, never changed afterwards.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::StoreError;
use crate::{
    domain::{Actor, ActorKind, AuditId, StoreId, Tenant},
    schema::audit_log,
};

/// One line: who did what to which object, before and after.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = audit_log, check_for_backend(diesel::pg::Pg))]
pub struct AuditEntry {
    /// Key.
    pub id: AuditId,
    /// When.
    pub at: DateTime<Utc>,
    /// Through which door.
    pub actor_kind: ActorKind,
    /// The user, where there is one.
    pub actor_id: Option<Uuid>,
    /// Name at that time.
    pub actor_name: String,
    /// The store it concerns.
    pub store_id: Option<StoreId>,
    /// Table word of the object, singular: `store`, `product`, `preorder`, `price_push`, `user`, …
    pub object_kind: String,
    /// Key of the object.
    pub object_id: Option<Uuid>,
    /// Name at that time.
    pub object_name: String,
    /// `create`, `update`, `delete`, or the domain verb.
    pub action: String,
    /// Changed fields before.
    pub before: Option<Value>,
    /// Changed fields after.
    pub after: Option<Value>,
    /// Why, in the person's words or a code.
    pub reason: Option<String>,
    /// The request or job.
    pub request_id: Option<String>,
    /// The build that wrote it.
    pub build_id: String,
}

impl AuditEntry {
    /// A line about an object; add `before`, `after` and `reason` as needed.
    #[must_use]
    pub fn new(
        actor: &Actor,
        now: DateTime<Utc>,
        store_id: Option<StoreId>,
        (object_kind, object_id, object_name): (&str, Uuid, &str),
        action: &str,
    ) -> Self {
        Self {
            id: AuditId::new(),
            at: now,
            actor_kind: actor.kind,
            actor_id: actor.user_id.map(|id| id.0),
            actor_name: actor.name.clone(),
            store_id,
            object_kind: object_kind.to_owned(),
            object_id: Some(object_id),
            object_name: object_name.to_owned(),
            action: action.to_owned(),
            before: None,
            after: None,
            reason: None,
            request_id: actor.request_id.clone(),
            build_id: crate::BUILD_ID.to_owned(),
        }
    }

    /// Adds the changed fields.
    #[must_use]
    pub fn change(self, before: Value, after: Value) -> Self {
        Self {
            before: Some(before),
            after: Some(after),
            ..self
        }
    }

    /// Adds the reason.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self {
            reason: Some(reason.into()),
            ..self
        }
    }
}

/// Appends a line.
///
/// # Errors
/// See [`StoreError`].
pub fn audit_insert(conn: &mut PgConnection, entry: &AuditEntry) -> Result<(), StoreError> {
    audit_insert_all(conn, std::slice::from_ref(entry))
}

/// Appends lines.
///
/// # Errors
/// See [`StoreError`].
pub fn audit_insert_all(conn: &mut PgConnection, entries: &[AuditEntry]) -> Result<(), StoreError> {
    if !entries.is_empty() {
        diesel::insert_into(audit_log::table)
            .values(entries)
            .execute(conn)?;
    }
    Ok(())
}

/// The newest lines before `before` (all, where `None`) that the tenant may see; at most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn audit_list(
    conn: &mut PgConnection,
    tenant: Tenant,
    object: Option<(&str, Uuid)>,
    before: Option<(DateTime<Utc>, AuditId)>,
    limit: i64,
) -> Result<Vec<AuditEntry>, StoreError> {
    let mut query = audit_log::table.into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(
            audit_log::store_id
                .eq_any(super::stores::store_ids_of(user).select(crate::schema::stores::id.nullable())),
        );
    }
    if let Some((kind, id)) = object {
        query = query
            .filter(audit_log::object_kind.eq(kind.to_owned()))
            .filter(audit_log::object_id.eq(id));
    }
    if let Some((at, id)) = before {
        query = query.filter(
            audit_log::at
                .lt(at)
                .or(audit_log::at.eq(at).and(audit_log::id.lt(id))),
        );
    }
    Ok(query
        .order((audit_log::at.desc(), audit_log::id.desc()))
        .limit(limit.clamp(1, 500))
        .select(AuditEntry::as_select())
        .load(conn)?)
}

/// A line that the tenant may see.
///
/// # Errors
/// See [`StoreError`].
pub fn audit_fetch(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: AuditId,
) -> Result<Option<AuditEntry>, StoreError> {
    let mut query = audit_log::table.filter(audit_log::id.eq(id)).into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(
            audit_log::store_id
                .eq_any(super::stores::store_ids_of(user).select(crate::schema::stores::id.nullable())),
        );
    }
    Ok(query.select(AuditEntry::as_select()).first(conn).optional()?)
}

/// The lines that were written with this one: by the same actor in the same request at the same moment, about objects
/// of the same kind; itself among them. At most `limit`.
///
/// # Errors
/// See [`StoreError`].
pub fn audit_list_with(
    conn: &mut PgConnection,
    line: &AuditEntry,
    limit: i64,
) -> Result<Vec<AuditEntry>, StoreError> {
    Ok(audit_log::table
        .filter(audit_log::at.eq(line.at))
        .filter(audit_log::actor_id.is_not_distinct_from(line.actor_id))
        .filter(audit_log::request_id.is_not_distinct_from(&line.request_id))
        .filter(audit_log::object_kind.eq(&line.object_kind))
        .filter(audit_log::action.eq(&line.action))
        .order(audit_log::id)
        .limit(limit)
        .select(AuditEntry::as_select())
        .load(conn)?)
}

/// The newest line about an object that this request wrote.
///
/// # Errors
/// See [`StoreError`].
pub fn audit_newest_of_request(
    conn: &mut PgConnection,
    (kind, id): (&str, Uuid),
    request_id: &str,
) -> Result<Option<AuditId>, StoreError> {
    Ok(audit_log::table
        .filter(audit_log::object_kind.eq(kind))
        .filter(audit_log::object_id.eq(id))
        .filter(audit_log::request_id.eq(request_id))
        .order((audit_log::at.desc(), audit_log::id.desc()))
        .select(audit_log::id)
        .first(conn)
        .optional()?)
}

/// What was written about these objects since `since`, oldest first.
///
/// # Errors
/// See [`StoreError`].
pub fn audit_list_since(
    conn: &mut PgConnection,
    (kind, ids): (&str, &[Uuid]),
    since: DateTime<Utc>,
) -> Result<Vec<AuditEntry>, StoreError> {
    Ok(audit_log::table
        .filter(audit_log::object_kind.eq(kind))
        .filter(audit_log::object_id.eq_any(ids))
        .filter(audit_log::at.ge(since))
        .order((audit_log::at, audit_log::id))
        .select(AuditEntry::as_select())
        .load(conn)?)
}

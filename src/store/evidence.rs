//! What a login page looked like when it was not understood: a picture and the cleaned source, for the owner
//! of the attempt, for a week.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::StoreError;
use crate::{
    domain::{AttemptId, Tenant},
    schema::{attempt_evidence, connection_attempts},
};

/// Evidence of one attempt. Every secret was blanked before it came here.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = attempt_evidence, check_for_backend(diesel::pg::Pg))]
pub struct AttemptEvidence {
    /// Whose.
    pub attempt_id: AttemptId,
    /// PNG of at most one MiB.
    pub picture: Option<Vec<u8>>,
    /// Source of the page, at most 256 KiB.
    pub page: String,
    /// Host and path, without the query.
    pub address: String,
    /// When.
    pub taken_at: DateTime<Utc>,
}

/// Keeps evidence; the last of an attempt counts.
///
/// # Errors
/// See [`StoreError`].
pub fn evidence_save(conn: &mut PgConnection, evidence: &AttemptEvidence) -> Result<(), StoreError> {
    diesel::delete(attempt_evidence::table.find(evidence.attempt_id)).execute(conn)?;
    diesel::insert_into(attempt_evidence::table)
        .values(evidence)
        .execute(conn)?;
    Ok(())
}

/// Evidence of an attempt of the tenant.
///
/// # Errors
/// See [`StoreError`].
pub fn evidence_fetch(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: AttemptId,
) -> Result<Option<AttemptEvidence>, StoreError> {
    let mut query = attempt_evidence::table
        .inner_join(connection_attempts::table)
        .filter(attempt_evidence::attempt_id.eq(id))
        .into_boxed();
    if let Tenant::User(user) = tenant {
        query = query.filter(connection_attempts::user_id.eq(user));
    }
    Ok(query
        .select(AttemptEvidence::as_select())
        .first(conn)
        .optional()?)
}

/// Removes evidence that was taken before `before`.
///
/// # Errors
/// See [`StoreError`].
pub fn evidence_prune(conn: &mut PgConnection, before: DateTime<Utc>) -> Result<usize, StoreError> {
    Ok(
        diesel::delete(attempt_evidence::table.filter(attempt_evidence::taken_at.lt(before)))
            .execute(conn)?,
    )
}

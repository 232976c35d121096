//! Sharing a store: its owner names people who may look, or change things there as he does. Nobody else decides that.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use super::edit::{EditError, FieldError};
use crate::{
    domain::{Actor, Role, StoreId, UserId},
    services::Services,
    store::{
        PgConnection,
        audit::{AuditEntry, audit_insert},
        store_people::{
            StoreAccess, StorePerson, store_access_fetch_for_update, store_access_of, store_people_list,
            store_person_put, store_person_remove,
        },
        stores::{Store, store_fetch},
        users::{
            User, sign_in_attempt_count_failed_anywhere, sign_in_attempt_insert, user_fetch,
            user_fetch_by_email,
        },
    },
};

/// Why a store was not shared, or a sharing not changed.
pub type StorePeopleError = EditError<StoreAccess>;

/// A store's owner and those with whom it is shared.
///
/// # Errors
/// `NotFound` for stores of others, `Forbidden` for those with whom it is shared themselves.
pub async fn people_of_store(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
) -> Result<(Option<User>, Vec<StorePerson>), StorePeopleError> {
    let actor = actor.clone();
    services
        .db
        .read(move |conn| {
            let store = own_store(conn, &actor, store_id)?;
            Ok((
                user_fetch(conn, store.owner_id)?,
                store_people_list(conn, store_id)?,
            ))
        })
        .await
}

/// E-mails of nobody that one person may type within [`HOUR`]: the answer tells who signs in here, and is not to be
/// asked for a list of them.
const UNKNOWN_PER_HOUR: i64 = 20;
const HOUR: TimeDelta = TimeDelta::hours(1);

/// Shares a store with the user of this e-mail, or lets him do something else there. The same once more writes nothing.
/// Returns the key of the sharing.
///
/// # Errors
/// `Invalid` where nobody signs in with this e-mail, too many such were typed, it is the owner's, or the role is none
/// of a store.
pub async fn share_store(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
    email: &str,
    role: Role,
) -> Result<Uuid, StorePeopleError> {
    let (actor, email, now) = (actor.clone(), email.to_owned(), services.now());
    // Counted with the attempts to sign in, under a name that no e-mail has: those are kept in small letters.
    let who = actor.user_id.map_or_else(String::new, |id| id.0.to_string());
    let asks = format!("SHARING by {who}");
    services
        .db
        .tx(move |conn| {
            let store = own_store(conn, &actor, store_id)?;
            let invalid = |field, code| EditError::Invalid(vec![FieldError::new(field, code)]);
            let asked = sign_in_attempt_count_failed_anywhere(conn, &asks, now - HOUR)?;
            if asked >= UNKNOWN_PER_HOUR {
                return Err(invalid("email", "people-error-too-many"));
            }
            let user = user_fetch_by_email(conn, &email)?.filter(|user| user.active);
            let Some(user) = user else {
                sign_in_attempt_insert(conn, &asks, "-", false, now)?;
                // No error of the transaction: that he asked must stay.
                return Ok(Err(invalid("email", "people-error-unknown")));
            };
            if user.id == store.owner_id {
                return Err(invalid("email", "people-error-owner"));
            }
            if role == Role::Admin {
                return Err(invalid("role", "people-error-role"));
            }
            let before = store_access_of(conn, store_id, user.id)?;
            if let Some(same) = before.as_ref().filter(|before| before.role == role) {
                return Ok(Ok(same.id));
            }
            let id = store_person_put(conn, store_id, user.id, role, now)?;
            let entry = entry(&actor, (id, &store, &user), "share", now);
            let after = json!({ "person": user.email, "role": role });
            let entry = match before {
                Some(before) => entry.change(json!({ "person": user.email, "role": before.role }), after),
                None => AuditEntry {
                    after: Some(after),
                    ..entry
                },
            };
            audit_insert(conn, &entry)?;
            Ok(Ok(id))
        })
        .await?
}

/// Lets somebody with whom a store is shared do something else there, where the sharing still has `version`.
///
/// # Errors
/// `NotFound`; `Conflict` with the sharing as it is now; `Invalid` for a role that is none of a store.
pub async fn change_sharing(
    services: &Services,
    actor: &Actor,
    id: Uuid,
    version: i32,
    role: Role,
) -> Result<(), StorePeopleError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let (before, store, user) = sharing(conn, &actor, id)?;
            if before.version != version {
                return Err(EditError::Conflict(Box::new(before)));
            }
            if role == Role::Admin {
                let error = FieldError::new("role", "people-error-role");
                return Err(EditError::Invalid(vec![error]));
            }
            if before.role == role {
                return Ok(());
            }
            store_person_put(conn, store.id, user.id, role, now)?;
            let entry = entry(&actor, (id, &store, &user), "share", now).change(
                json!({ "person": user.email, "role": before.role }),
                json!({ "person": user.email, "role": role }),
            );
            Ok(audit_insert(conn, &entry)?)
        })
        .await
}

/// Ends a sharing by its key: the store is not there for him from now on.
///
/// # Errors
/// `NotFound`.
pub async fn end_sharing(services: &Services, actor: &Actor, id: Uuid) -> Result<(), StorePeopleError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let (before, store, user) = sharing(conn, &actor, id)?;
            end(conn, &actor, (&before, &store, &user), now)
        })
        .await
}

/// A sharing with its store and person, where the actor decides about the store.
fn sharing(
    conn: &mut PgConnection,
    actor: &Actor,
    id: Uuid,
) -> Result<(StoreAccess, Store, User), StorePeopleError> {
    let access = store_access_fetch_for_update(conn, id)?.ok_or(EditError::NotFound)?;
    let store = own_store(conn, actor, access.store_id)?;
    let user = user_fetch(conn, access.user_id)?.ok_or(EditError::NotFound)?;
    Ok((access, store, user))
}

fn end(
    conn: &mut PgConnection,
    actor: &Actor,
    (before, store, user): (&StoreAccess, &Store, &User),
    now: DateTime<Utc>,
) -> Result<(), StorePeopleError> {
    store_person_remove(conn, store.id, user.id)?;
    let entry = entry(actor, (before.id, store, user), "unshare", now)
        .change(json!({ "person": user.email, "role": before.role }), json!({}));
    Ok(audit_insert(conn, &entry)?)
}

/// Ends the sharing with somebody: the store is not there for him from now on.
///
/// # Errors
/// `NotFound` where it was not shared with him.
pub async fn unshare_store(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
    user_id: UserId,
) -> Result<(), StorePeopleError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let store = own_store(conn, &actor, store_id)?;
            let before = store_access_of(conn, store_id, user_id)?.ok_or(EditError::NotFound)?;
            let user = user_fetch(conn, user_id)?.ok_or(EditError::NotFound)?;
            end(conn, &actor, (&before, &store, &user), now)
        })
        .await
}

/// The store, where the actor decides who else sees it: its owner, or an administrator.
fn own_store(conn: &mut PgConnection, actor: &Actor, id: StoreId) -> Result<Store, StorePeopleError> {
    let store = store_fetch(conn, actor.tenant(), id)?.ok_or(EditError::NotFound)?;
    let decides = actor.role == Role::Admin || (actor.may_change() && actor.user_id == Some(store.owner_id));
    decides.then_some(store).ok_or(EditError::Forbidden)
}

fn entry(
    actor: &Actor,
    (id, store, user): (Uuid, &Store, &User),
    action: &'static str,
    now: DateTime<Utc>,
) -> AuditEntry {
    let name = format!("{} \u{b7} {}", store.name, user.email);
    AuditEntry::new(actor, now, Some(store.id), ("store_access", id, &name), action)
}

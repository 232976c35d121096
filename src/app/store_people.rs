//! Sharing a store: its owner names people who may look, or change things there as he does. Nobody else decides that.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::edit::{EditError, FieldError};
use crate::{
    domain::{Actor, Role, StoreId, UserId},
    services::Services,
    store::{
        PgConnection,
        audit::{AuditEntry, audit_insert},
        store_people::{
            StorePerson, store_people_list, store_person_put, store_person_remove, store_person_role,
        },
        stores::{Store, store_fetch},
        users::{
            User, sign_in_attempt_count_failed_anywhere, sign_in_attempt_insert, user_fetch,
            user_fetch_by_email,
        },
    },
};

/// Why a store was not shared.
pub type StorePeopleError = EditError<()>;

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
) -> Result<(), StorePeopleError> {
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
            let before = store_person_role(conn, store_id, user.id)?;
            if before == Some(role) {
                return Ok(Ok(()));
            }
            store_person_put(conn, store_id, user.id, role, now)?;
            let entry = entry(&actor, &store, "share", now).change(
                json!({ "person": before.map(|_| &user.email), "role": before }),
                json!({ "person": user.email, "role": role }),
            );
            Ok(Ok(audit_insert(conn, &entry)?))
        })
        .await?
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
            let before = store_person_role(conn, store_id, user_id)?.ok_or(EditError::NotFound)?;
            let email = user_fetch(conn, user_id)?.map(|user| user.email);
            store_person_remove(conn, store_id, user_id)?;
            let entry = entry(&actor, &store, "unshare", now)
                .change(json!({ "person": email, "role": before }), json!({}));
            Ok(audit_insert(conn, &entry)?)
        })
        .await
}

/// The store, where the actor decides who else sees it: its owner, or an administrator.
fn own_store(conn: &mut PgConnection, actor: &Actor, id: StoreId) -> Result<Store, StorePeopleError> {
    let store = store_fetch(conn, actor.tenant(), id)?.ok_or(EditError::NotFound)?;
    let decides = actor.role == Role::Admin || (actor.may_change() && actor.user_id == Some(store.owner_id));
    decides.then_some(store).ok_or(EditError::Forbidden)
}

fn entry(actor: &Actor, store: &Store, action: &'static str, now: DateTime<Utc>) -> AuditEntry {
    let object = ("store", store.id.0, store.name.as_str());
    AuditEntry::new(actor, now, Some(store.id), object, action)
}

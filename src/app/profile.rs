//! What a user sets about himself: name, language, look, keys, and his password.

use serde_json::json;

use super::{
    edit::FieldError,
    passwords,
    sign_in::Confirmed,
    user_accounts::{UserError, check_password},
};
use crate::{
    domain::{Actor, names::is_name},
    secrets::Secret,
    services::Services,
    store::{
        StoreError,
        audit::{AuditEntry, audit_insert},
        users::{Profile, User, user_fetch, user_update_password, user_update_profile},
    },
};

/// What is wrong with a profile, by field. A name may be empty: the e-mail stands in its place.
///
/// # Errors
/// The fields that are wrong.
pub fn check_profile(profile: &Profile) -> Result<(), Vec<FieldError>> {
    if is_name(profile.name.trim()) {
        Ok(())
    } else {
        Err(vec![FieldError::new("name", "profile-name-wrong")])
    }
}

/// Writes a profile that [`check_profile`] let through. A new name is told to the log, matters of taste are not.
///
/// # Errors
/// See [`StoreError`].
pub async fn edit_profile(
    services: &Services,
    actor: &Actor,
    user: &User,
    profile: Profile,
) -> Result<(), StoreError> {
    let (id, old, now) = (user.id, user.name.clone(), services.now());
    let profile = Profile {
        name: profile.name.trim().to_owned(),
        ..profile
    };
    let object = ("user", id.0, user.email.as_str());
    let entry = AuditEntry::new(actor, now, None, object, "update")
        .change(json!({ "name": old }), json!({ "name": profile.name }));
    services
        .db
        .tx(move |conn| {
            user_update_profile(conn, id, &profile, now)?;
            if profile.name != old {
                audit_insert(conn, &entry)?;
            }
            Ok(())
        })
        .await
}

/// Gives the user a new password in the place of the one he has just typed; all his sessions end. Gives him with the number
/// of the sessions that begin now. What somebody else gave him does not become his own password.
///
/// # Errors
/// See [`UserError`].
pub async fn change_password(
    services: &Services,
    actor: &Actor,
    user: &User,
    _: &Confirmed,
    password: Secret,
) -> Result<User, UserError> {
    check_password(&user.email, &password)?;
    let cost = services.config.password_cost;
    if user.password_given_at.is_some()
        && passwords::matches(cost, Some(user.password_hash.clone()), password.clone()).await?
    {
        return Err(UserError::PasswordGiven);
    }
    let hash = passwords::hash(cost, password).await?;
    let (id, now) = (user.id, services.now());
    let object = ("user", id.0, user.email.as_str());
    let entry = AuditEntry::new(actor, now, None, object, "set_password");
    services
        .db
        .tx(move |conn| {
            user_update_password(conn, id, (&hash, None), now)?;
            audit_insert(conn, &entry)?;
            user_fetch(conn, id)?.ok_or(UserError::NotFound)
        })
        .await
}

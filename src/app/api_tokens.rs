//! Keys of the JSON API: made, listed, revoked. The key is told once, at its making; the database has its hash.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::ExposeSecret;

use crate::{
    domain::{Actor, ApiTokenId, UserId},
    secrets::{Secret, SecretError, hash_of_random_key, random_bytes},
    services::Services,
    store::{
        StoreError,
        audit::{AuditEntry, audit_insert},
        users::{
            ApiToken, api_token_insert, api_token_is_live, api_token_list, api_token_revoke,
            user_fetch_by_email, user_hold,
        },
    },
};

/// Why a token was not made or revoked.
#[derive(Debug, thiserror::Error)]
pub enum ApiTokenError {
    /// Nobody has this e-mail.
    #[error("there is no user with the e-mail {0}: see `kaspi-panel user list`")]
    NoSuchUser(String),
    /// The name is empty or longer than 255 characters.
    #[error("a token's name has 1 to 255 characters")]
    BadName,
    /// A live token of the user has this name: nobody could tell the two apart.
    #[error("a live token of the user has this name")]
    NameTaken,
    /// No live token with this key belongs to the user.
    #[error("there is no such live token")]
    NotFound,
    /// The system has no randomness.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a token with the rights of the user of `email`, and tells its key: the only time it can be read.
///
/// # Errors
/// See [`ApiTokenError`].
pub async fn create_api_token(
    services: &Services,
    actor: &Actor,
    email: &str,
    name: &str,
) -> Result<(ApiTokenId, Secret), ApiTokenError> {
    let name = name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 255 {
        return Err(ApiTokenError::BadName);
    }
    let key = Secret::from(URL_SAFE_NO_PAD.encode(random_bytes::<32>()?));
    let (actor, email, now) = (actor.clone(), email.to_owned(), services.now());
    let key_hash = hash_of_random_key(key.expose_secret());
    let id = services
        .db
        .tx(move |conn| {
            let user = user_fetch_by_email(conn, &email)?.ok_or(ApiTokenError::NoSuchUser(email))?;
            user_hold(conn, user.id)?;
            if api_token_is_live(conn, user.id, &name)? {
                return Err(ApiTokenError::NameTaken);
            }
            let token = ApiToken {
                id: ApiTokenId::new(),
                user_id: user.id,
                name,
                key_hash,
                created_at: now,
                last_used_at: None,
                revoked_at: None,
            };
            api_token_insert(conn, &token)?;
            let object = ("api_token", token.id.0, token.name.as_str());
            let entry = AuditEntry::new(&actor, now, None, object, "create");
            audit_insert(
                conn,
                &entry.change(serde_json::json!({}), serde_json::json!({"user": user.email})),
            )?;
            Ok::<_, ApiTokenError>(token.id)
        })
        .await?;
    Ok((id, key))
}

/// The user of an e-mail, as the command line names owners of tokens.
///
/// # Errors
/// [`ApiTokenError::NoSuchUser`] and `Store`.
pub async fn owner_of_email(services: &Services, email: &str) -> Result<UserId, ApiTokenError> {
    let email = email.to_owned();
    services
        .db
        .read(move |conn| {
            let user = user_fetch_by_email(conn, &email)?.ok_or(ApiTokenError::NoSuchUser(email))?;
            Ok(user.id)
        })
        .await
}

/// The tokens of a user, newest first, revoked ones included.
///
/// # Errors
/// See [`StoreError`].
pub async fn list_api_tokens(services: &Services, user: UserId) -> Result<Vec<ApiToken>, StoreError> {
    services.db.read(move |conn| api_token_list(conn, user)).await
}

/// Refuses a token of the user from now on.
///
/// # Errors
/// [`ApiTokenError::NotFound`] where the user has no such live token.
pub async fn revoke_api_token(
    services: &Services,
    actor: &Actor,
    user: UserId,
    id: ApiTokenId,
) -> Result<(), ApiTokenError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let name = api_token_revoke(conn, user, id, now)?.ok_or(ApiTokenError::NotFound)?;
            let entry = AuditEntry::new(&actor, now, None, ("api_token", id.0, &name), "revoke");
            audit_insert(conn, &entry)?;
            Ok(())
        })
        .await
}

//! Users, their API tokens and their attempts to sign in.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{StoreError, sessions::session_delete_others};
use crate::{
    domain::{Actor, ActorKind, ApiTokenId, Role, UserId},
    schema::{api_tokens, sign_in_attempts, users},
};

/// A person who signs in.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = users, check_for_backend(diesel::pg::Pg))]
pub struct User {
    /// Key.
    pub id: UserId,
    /// What API clients call this user (`user_id` of the JSON API).
    pub external_id: String,
    /// Lower case.
    pub email: String,
    /// Shown name; may be empty.
    pub name: String,
    /// Argon2id in PHC form.
    pub password_hash: String,
    /// Rights.
    pub role: Role,
    /// May sign in.
    pub active: bool,
    /// Sessions carry it; raising it ends them all.
    pub session_version: i32,
    /// `ru`, `kk` or `en`.
    pub language: String,
    /// `system`, `light` or `dark`.
    pub theme: String,
    /// Last request.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// Made at.
    pub created_at: DateTime<Utc>,
    /// Changed at.
    pub updated_at: DateTime<Utc>,
    /// `dense` or `calm`: how near each other things stand.
    pub density: String,
    /// Do single keys act?
    pub shortcuts: bool,
    /// When somebody else gave him his password; `None`: he chose it himself.
    pub password_given_at: Option<DateTime<Utc>>,
}

/// What a user sets about himself.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = users)]
pub struct Profile {
    /// Shown name.
    pub name: String,
    /// `ru`, `kk` or `en`.
    pub language: String,
    /// `system`, `light` or `dark`.
    pub theme: String,
    /// `dense` or `calm`.
    pub density: String,
    /// Do single keys act?
    pub shortcuts: bool,
}

impl User {
    /// Name for people: the name, or the e-mail where none is set.
    #[must_use]
    pub fn display_name(&self) -> &str {
        if self.name.is_empty() {
            &self.email
        } else {
            &self.name
        }
    }

    /// The user as one who acts through `kind`.
    #[must_use]
    pub fn actor(&self, kind: ActorKind, request_id: Option<String>) -> Actor {
        Actor {
            kind,
            user_id: Some(self.id),
            role: self.role,
            name: self.display_name().to_owned(),
            request_id,
        }
    }
}

/// A user by key.
///
/// # Errors
/// See [`StoreError`].
pub fn user_fetch(conn: &mut PgConnection, id: UserId) -> Result<Option<User>, StoreError> {
    Ok(users::table
        .find(id)
        .select(User::as_select())
        .first(conn)
        .optional()?)
}

/// A user by e-mail, in any case of letters.
///
/// # Errors
/// See [`StoreError`].
pub fn user_fetch_by_email(conn: &mut PgConnection, email: &str) -> Result<Option<User>, StoreError> {
    let email = email.trim().to_lowercase();
    Ok(users::table
        .filter(users::email.eq(email))
        .select(User::as_select())
        .first(conn)
        .optional()?)
}

/// A user by the name API clients use.
///
/// # Errors
/// See [`StoreError`].
pub fn user_fetch_by_external_id(
    conn: &mut PgConnection,
    external_id: &str,
) -> Result<Option<User>, StoreError> {
    Ok(users::table
        .filter(users::external_id.eq(external_id))
        .select(User::as_select())
        .first(conn)
        .optional()?)
}

/// All users by e-mail; at most 1,000.
///
/// # Errors
/// See [`StoreError`].
pub fn user_list(conn: &mut PgConnection) -> Result<Vec<User>, StoreError> {
    Ok(users::table
        .order(users::email)
        .limit(1000)
        .select(User::as_select())
        .load(conn)?)
}

/// The e-mails of these users.
///
/// # Errors
/// See [`StoreError`].
pub fn user_emails(conn: &mut PgConnection, ids: &[UserId]) -> Result<HashMap<UserId, String>, StoreError> {
    let rows: Vec<(UserId, String)> = users::table
        .filter(users::id.eq_any(ids))
        .select((users::id, users::email))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Adds a user.
///
/// # Errors
/// `Duplicate` for an e-mail or external id that exists.
pub fn user_insert(conn: &mut PgConnection, user: &User) -> Result<(), StoreError> {
    diesel::insert_into(users::table).values(user).execute(conn)?;
    Ok(())
}

/// Sets a new password hash, which somebody else has given him at `given_at`, and ends all sessions of the user.
///
/// # Errors
/// See [`StoreError`].
pub fn user_update_password(
    conn: &mut PgConnection,
    id: UserId,
    (password_hash, given_at): (&str, Option<DateTime<Utc>>),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(users::table.find(id))
        .set((
            users::password_hash.eq(password_hash),
            users::password_given_at.eq(given_at),
            users::session_version.eq(users::session_version + 1),
            users::updated_at.eq(now),
        ))
        .execute(conn)?;
    session_delete_others(conn, id, None)?;
    Ok(())
}

/// Ends all sessions of the user; gives him as he is now, `None` where there is no such user.
///
/// # Errors
/// See [`StoreError`].
pub fn user_end_sessions(
    conn: &mut PgConnection,
    id: UserId,
    now: DateTime<Utc>,
) -> Result<Option<User>, StoreError> {
    let user = diesel::update(users::table.find(id))
        .set((
            users::session_version.eq(users::session_version + 1),
            users::updated_at.eq(now),
        ))
        .returning(User::as_returning())
        .get_result(conn)
        .optional()?;
    session_delete_others(conn, id, None)?;
    Ok(user)
}

/// Switches a user on or off; off ends all sessions at once.
///
/// # Errors
/// See [`StoreError`].
pub fn user_update_active(
    conn: &mut PgConnection,
    id: UserId,
    active: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(users::table.find(id))
        .set((
            users::active.eq(active),
            users::session_version.eq(users::session_version + 1),
            users::updated_at.eq(now),
        ))
        .execute(conn)?;
    session_delete_others(conn, id, None)?;
    Ok(())
}

/// The active administrators, held until the end of the transaction: of two who take the rights from each other at the
/// same moment one comes too late.
///
/// # Errors
/// See [`StoreError`].
pub fn user_admins_hold(conn: &mut PgConnection) -> Result<Vec<UserId>, StoreError> {
    Ok(users::table
        .filter(users::active)
        .filter(users::role.eq(Role::Admin))
        .order(users::id)
        .select(users::id)
        .for_no_key_update()
        .load(conn)?)
}

/// Holds a user until the end of the transaction: of two requests that he sends at the same moment, as by a double
/// click, the second one sees what the first one did.
///
/// # Errors
/// See [`StoreError`].
pub fn user_hold(conn: &mut PgConnection, id: UserId) -> Result<(), StoreError> {
    users::table
        .find(id)
        .select(users::id)
        .for_no_key_update()
        .execute(conn)?;
    Ok(())
}

/// Gives the user other rights, from his next request on.
///
/// # Errors
/// See [`StoreError`].
pub fn user_update_role(
    conn: &mut PgConnection,
    id: UserId,
    role: Role,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(users::table.find(id))
        .set((users::role.eq(role), users::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// Remembers what the user set about himself.
///
/// # Errors
/// See [`StoreError`].
pub fn user_update_profile(
    conn: &mut PgConnection,
    id: UserId,
    profile: &Profile,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::update(users::table.find(id))
        .set((profile, users::updated_at.eq(now)))
        .execute(conn)?;
    Ok(())
}

/// Remembers the user's choice of language, theme and keys.
///
/// # Errors
/// See [`StoreError`].
pub fn user_update_preferences(
    conn: &mut PgConnection,
    id: UserId,
    language: &str,
    theme: &str,
    shortcuts: bool,
) -> Result<(), StoreError> {
    diesel::update(users::table.find(id))
        .set((
            users::language.eq(language),
            users::theme.eq(theme),
            users::shortcuts.eq(shortcuts),
        ))
        .execute(conn)?;
    Ok(())
}

/// A key of the JSON API; the key itself is kept as a hash only.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_tokens, check_for_backend(diesel::pg::Pg))]
pub struct ApiToken {
    /// Key of the row.
    pub id: ApiTokenId,
    /// Whose rights it carries.
    pub user_id: UserId,
    /// What its owner calls it.
    pub name: String,
    /// SHA-256 of the key.
    pub key_hash: Vec<u8>,
    /// Made at.
    pub created_at: DateTime<Utc>,
    /// Last request with it.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Refused since.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// Adds a token.
///
/// # Errors
/// See [`StoreError`].
pub fn api_token_insert(conn: &mut PgConnection, token: &ApiToken) -> Result<(), StoreError> {
    diesel::insert_into(api_tokens::table)
        .values(token)
        .execute(conn)?;
    Ok(())
}

/// The active user behind a live token, by the hash of its key; notes the use (at most once a minute).
///
/// # Errors
/// See [`StoreError`].
pub fn api_token_user(
    conn: &mut PgConnection,
    key_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<User>, StoreError> {
    let found = api_tokens::table
        .inner_join(users::table)
        .filter(api_tokens::key_hash.eq(key_hash))
        .filter(api_tokens::revoked_at.is_null())
        .filter(users::active)
        .select((User::as_select(), api_tokens::last_used_at))
        .first::<(User, Option<DateTime<Utc>>)>(conn)
        .optional()?;
    let Some((user, last_used_at)) = found else {
        return Ok(None);
    };
    if last_used_at.is_none_or(|at| now - at > chrono::TimeDelta::minutes(1)) {
        diesel::update(api_tokens::table.filter(api_tokens::key_hash.eq(key_hash)))
            .set(api_tokens::last_used_at.eq(now))
            .execute(conn)?;
    }
    Ok(Some(user))
}

/// The tokens of a user, newest first; at most 500.
///
/// # Errors
/// See [`StoreError`].
pub fn api_token_list(conn: &mut PgConnection, user: UserId) -> Result<Vec<ApiToken>, StoreError> {
    Ok(api_tokens::table
        .filter(api_tokens::user_id.eq(user))
        .order((api_tokens::created_at.desc(), api_tokens::id.desc()))
        .limit(500)
        .select(ApiToken::as_select())
        .load(conn)?)
}

/// Does a live token of the user have this name?
///
/// # Errors
/// See [`StoreError`].
pub fn api_token_is_live(conn: &mut PgConnection, user: UserId, name: &str) -> Result<bool, StoreError> {
    let live = api_tokens::table
        .filter(api_tokens::user_id.eq(user))
        .filter(api_tokens::name.eq(name))
        .filter(api_tokens::revoked_at.is_null());
    Ok(diesel::select(diesel::dsl::exists(live)).get_result(conn)?)
}

/// Revokes a live token of the user and tells its name; `None` where there is none.
///
/// # Errors
/// See [`StoreError`].
pub fn api_token_revoke(
    conn: &mut PgConnection,
    user: UserId,
    id: ApiTokenId,
    now: DateTime<Utc>,
) -> Result<Option<String>, StoreError> {
    let live = api_tokens::table
        .find(id)
        .filter(api_tokens::user_id.eq(user))
        .filter(api_tokens::revoked_at.is_null());
    Ok(diesel::update(live)
        .set(api_tokens::revoked_at.eq(now))
        .returning(api_tokens::name)
        .get_result(conn)
        .optional()?)
}

/// Writes down an attempt to sign in.
///
/// # Errors
/// See [`StoreError`].
pub fn sign_in_attempt_insert(
    conn: &mut PgConnection,
    account: &str,
    address: &str,
    succeeded: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    diesel::insert_into(sign_in_attempts::table)
        .values((
            sign_in_attempts::id.eq(uuid::Uuid::now_v7()),
            sign_in_attempts::account.eq(account),
            sign_in_attempts::address.eq(address),
            sign_in_attempts::succeeded.eq(succeeded),
            sign_in_attempts::at.eq(now),
        ))
        .execute(conn)?;
    Ok(())
}

/// Failed attempts from `address` against `account`, and from `address` against any, since `since`.
///
/// # Errors
/// See [`StoreError`].
pub fn sign_in_attempt_count_failed(
    conn: &mut PgConnection,
    account: &str,
    address: &str,
    since: DateTime<Utc>,
) -> Result<(i64, i64), StoreError> {
    let failed = || {
        sign_in_attempts::table
            .filter(sign_in_attempts::at.gt(since))
            .filter(sign_in_attempts::succeeded.eq(false))
            .filter(sign_in_attempts::address.eq(address))
    };
    let here = failed()
        .filter(sign_in_attempts::account.eq(account))
        .count()
        .get_result(conn)?;
    let any = failed().count().get_result(conn)?;
    Ok((here, any))
}

/// Failed attempts against `account` from anywhere, since `since`.
///
/// # Errors
/// See [`StoreError`].
pub fn sign_in_attempt_count_failed_anywhere(
    conn: &mut PgConnection,
    account: &str,
    since: DateTime<Utc>,
) -> Result<i64, StoreError> {
    Ok(sign_in_attempts::table
        .filter(sign_in_attempts::at.gt(since))
        .filter(sign_in_attempts::succeeded.eq(false))
        .filter(sign_in_attempts::account.eq(account))
        .count()
        .get_result(conn)?)
}

/// When the `nth` newest failed attempt against `account` from anywhere came; `None`: there are fewer since `since`.
///
/// # Errors
/// See [`StoreError`].
pub fn sign_in_attempt_nth_failed(
    conn: &mut PgConnection,
    account: &str,
    nth: i64,
    since: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(sign_in_attempts::table
        .filter(sign_in_attempts::at.gt(since))
        .filter(sign_in_attempts::succeeded.eq(false))
        .filter(sign_in_attempts::account.eq(account))
        .order(sign_in_attempts::at.desc())
        .offset(nth - 1)
        .select(sign_in_attempts::at)
        .first(conn)
        .optional()?)
}

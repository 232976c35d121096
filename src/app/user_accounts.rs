//! Accounts of people: made, given a password, switched on and off. Used by the command line and the panel.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{
    edit::changed_fields,
    passwords::{self, HashError, MAX_LENGTH, MIN_LENGTH},
    sign_in::Confirmed,
};
use crate::{
    domain::{
        Actor, ActorKind, Role, UserId,
        names::{NAME_MAX, is_name},
    },
    secrets::Secret,
    services::Services,
    store::{
        PgConnection, StoreError,
        audit::{AuditEntry, audit_insert},
        error::Unique,
        users::{self, User},
    },
};

/// Why an account cannot be made or changed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// There is a user with this e-mail.
    #[error("there is a user with this e-mail already")]
    EmailTaken,
    /// Not an e-mail.
    #[error("this is not an e-mail address")]
    BadEmail,
    /// Not a name.
    #[error("a name is one line of at most {NAME_MAX} characters, none of them invisible")]
    BadName,
    /// Shorter than [`MIN_LENGTH`] characters.
    #[error("a password has at least {MIN_LENGTH} characters")]
    PasswordTooShort,
    /// Longer than [`MAX_LENGTH`] characters.
    #[error("a password has at most {MAX_LENGTH} characters")]
    PasswordTooLong,
    /// The password is the e-mail, or among the first million that somebody would try.
    #[error("this password is too easy to guess")]
    PasswordTooEasy,
    /// It is the one that somebody else gave him.
    #[error("this is the password that you were given: choose your own")]
    PasswordGiven,
    /// No such user.
    #[error("there is no user with this e-mail")]
    NotFound,
    /// Without him nobody could manage the panel.
    #[error("this is the last administrator: make another one first")]
    LastAdmin,
    /// Nobody takes the access from himself.
    #[error("this is your own account")]
    OwnAccount,
    /// Somebody else changed the account meanwhile.
    #[error("the account was changed meanwhile")]
    Changed,
    /// The database did not do its part.
    #[error(transparent)]
    Store(StoreError),
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
}

impl From<StoreError> for UserError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Duplicate(Unique::UserEmail) => Self::EmailTaken,
            other => Self::Store(other),
        }
    }
}

/// A user to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// In any case of letters.
    pub email: String,
    /// Shown name; may be empty.
    pub name: String,
    /// Rights.
    pub role: Role,
    /// At least [`MIN_LENGTH`] characters.
    pub password: Secret,
}

/// Makes a user.
///
/// # Errors
/// See [`UserError`].
pub async fn create_user(services: &Services, actor: &Actor, new: NewUser) -> Result<User, UserError> {
    let email = new.email.trim().to_lowercase();
    if !looks_like_email(&email) {
        return Err(UserError::BadEmail);
    }
    let name = new.name.trim();
    if !is_name(name) {
        return Err(UserError::BadName);
    }
    check_password(&email, &new.password)?;
    let now = services.now();
    let id = UserId::new();
    let user = User {
        id,
        external_id: id.to_string(),
        email,
        name: name.to_owned(),
        password_hash: passwords::hash(services.config.password_cost, new.password).await?,
        role: new.role,
        active: true,
        session_version: 1,
        language: "ru".into(),
        theme: "system".into(),
        last_seen_at: None,
        created_at: now,
        updated_at: now,
        density: "dense".into(),
        shortcuts: true,
        password_given_at: given_at(actor, now),
    };
    let entry = AuditEntry {
        after: Some(json!({ "role": user.role })),
        ..AuditEntry::new(actor, now, None, ("user", id.0, &user.email), "create")
    };
    services
        .db
        .tx(move |conn| {
            users::user_insert(conn, &user)?;
            audit_insert(conn, &entry)?;
            Ok(user)
        })
        .await
}

/// A password that a person of the panel types for somebody else is a given one; at the machine people make their own
/// accounts.
fn given_at(actor: &Actor, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (actor.kind == ActorKind::Person).then_some(now)
}

/// Gives a user a new password; all his sessions end.
///
/// # Errors
/// See [`UserError`].
pub async fn set_password(
    services: &Services,
    actor: &Actor,
    email: &str,
    password: Secret,
) -> Result<(), UserError> {
    let email = email.trim().to_lowercase();
    check_password(&email, &password)?;
    let hash = passwords::hash(services.config.password_cost, password).await?;
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let user = users::user_fetch_by_email(conn, &email)?.ok_or(UserError::NotFound)?;
            users::user_update_password(conn, user.id, (&hash, given_at(&actor, now)), now)?;
            let entry = AuditEntry::new(
                &actor,
                now,
                None,
                ("user", user.id.0, &user.email),
                "set_password",
            );
            Ok(audit_insert(conn, &entry)?)
        })
        .await
}

/// Switches a user on or off; off ends all his sessions. The last administrator stays.
///
/// # Errors
/// See [`UserError`].
pub async fn set_active(
    services: &Services,
    actor: &Actor,
    email: &str,
    active: bool,
) -> Result<(), UserError> {
    let (email, actor, now) = (email.to_owned(), actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let admins = users::user_admins_hold(conn)?;
            let user = users::user_fetch_by_email(conn, &email)?.ok_or(UserError::NotFound)?;
            let wanted = AccountState {
                active,
                ..AccountState::of(&user)
            };
            change_account(conn, &actor, (&user, &admins), wanted, now)
        })
        .await
}

/// Gives a user other rights, from his next request on. The last administrator stays one.
///
/// # Errors
/// See [`UserError`].
pub async fn set_role(
    services: &Services,
    actor: &Actor,
    id: UserId,
    role: Role,
    _: &Confirmed,
) -> Result<(), UserError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let admins = users::user_admins_hold(conn)?;
            let user = users::user_fetch(conn, id)?.ok_or(UserError::NotFound)?;
            let wanted = AccountState {
                role,
                ..AccountState::of(&user)
            };
            change_account(conn, &actor, (&user, &admins), wanted, now)
        })
        .await
}

/// What administrators decide about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountState {
    /// Rights.
    pub role: Role,
    /// May he sign in?
    pub active: bool,
}

impl AccountState {
    const fn of(user: &User) -> Self {
        Self {
            role: user.role,
            active: user.active,
        }
    }
}

/// Gives an account that is still as it was `seen` other rights, and opens or closes it, in one step; closing ends all
/// sessions.
///
/// # Errors
/// See [`UserError`].
pub async fn edit_account(
    services: &Services,
    actor: &Actor,
    id: UserId,
    (seen, wanted): (AccountState, AccountState),
    _: &Confirmed,
) -> Result<(), UserError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let admins = users::user_admins_hold(conn)?;
            let user = users::user_fetch(conn, id)?.ok_or(UserError::NotFound)?;
            if AccountState::of(&user) != seen {
                return Err(UserError::Changed);
            }
            change_account(conn, &actor, (&user, &admins), wanted, now)
        })
        .await
}

/// Changes an account as far as it is another; what is the same writes nothing. `admins` are held, so that of two who
/// take the rights from each other one comes too late.
fn change_account(
    conn: &mut PgConnection,
    actor: &Actor,
    (user, admins): (&User, &[UserId]),
    wanted: AccountState,
    now: DateTime<Utc>,
) -> Result<(), UserError> {
    let before = AccountState::of(user);
    let fact = |state: AccountState| json!({ "role": state.role, "active": state.active });
    let Some((old, new)) = changed_fields(fact(before), fact(wanted)) else {
        return Ok(());
    };
    if actor.user_id == Some(user.id) && !wanted.active {
        return Err(UserError::OwnAccount);
    }
    if admins == [user.id] {
        return Err(UserError::LastAdmin);
    }
    if wanted.role != before.role {
        users::user_update_role(conn, user.id, wanted.role, now)?;
    }
    if wanted.active != before.active {
        users::user_update_active(conn, user.id, wanted.active, now)?;
    }
    let entry = AuditEntry::new(actor, now, None, ("user", user.id.0, &user.email), "update");
    Ok(audit_insert(conn, &entry.change(old, new))?)
}

/// All users by e-mail.
///
/// # Errors
/// See [`UserError`].
pub async fn list_users(services: &Services) -> Result<Vec<User>, UserError> {
    Ok(services.db.read(users::user_list).await?)
}

/// Remembers a user's language, theme and keys. A matter of taste, so nothing is written to the audit log.
///
/// # Errors
/// See [`UserError`].
pub async fn set_preferences(
    services: &Services,
    id: UserId,
    language: String,
    theme: String,
    shortcuts: bool,
) -> Result<(), UserError> {
    Ok(services
        .db
        .tx(move |conn| users::user_update_preferences(conn, id, &language, &theme, shortcuts))
        .await?)
}

/// Has it the form of an e-mail address that a person could sign in with?
pub(super) fn looks_like_email(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
    }) && text.chars().count() <= 255
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// Is the password long enough and none that is guessed first?
pub(super) fn check_password(email: &str, password: &Secret) -> Result<(), UserError> {
    use secrecy::ExposeSecret;
    let text = password.expose_secret();
    let length = text.chars().count();
    if length < MIN_LENGTH {
        Err(UserError::PasswordTooShort)
    } else if length > MAX_LENGTH {
        Err(UserError::PasswordTooLong)
    } else if text.to_lowercase() == email || is_guessed_soon(text, email) {
        Err(UserError::PasswordTooEasy)
    } else {
        Ok(())
    }
}

/// Would it be among the first million tries? Common passwords and words, rows of keys, repetitions, dates, and the parts of
/// the e-mail, as estimated by `zxcvbn` (Wheeler, USENIX Security 2016).
fn is_guessed_soon(password: &str, email: &str) -> bool {
    let own: Vec<&str> = email
        .split(['@', '.', '-', '_', '+'])
        .chain([email, "kaspi"])
        .collect();
    zxcvbn::zxcvbn(password, &own).score() < zxcvbn::Score::Two
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emails_are_told_from_other_texts() {
        for good in ["a@b.kz", "aigul@tehno-almaty.kz"] {
            assert!(looks_like_email(good), "{good}");
        }
        for bad in [
            "", "a", "a@", "@b.kz", "a@b", "a b@c.kz", "a@.kz", "a@b.", "a@b\n.kz",
        ] {
            assert!(!looks_like_email(bad), "{bad}");
        }
    }

    #[test]
    fn short_long_and_easy_passwords_are_refused() {
        let check = |text: &str| check_password("aigul@tehno.kz", &Secret::from(text));
        assert!(check("a long enough one").is_ok());
        assert!(matches!(check("elevenchars"), Err(UserError::PasswordTooShort)));
        assert!(matches!(check("Aigul@tehno.kz"), Err(UserError::PasswordTooEasy)));
        for easy in [
            "aaaaaaaaaaaaa",
            "password1234",
            "qwertyuiop12",
            "123456789012",
            "tehnotehnotehno",
            "KaspiKaspi2026",
            "iloveyou2026",
        ] {
            assert!(matches!(check(easy), Err(UserError::PasswordTooEasy)), "{easy}");
        }
        for good in ["demo-password-1", "correct horse battery", "Ключ от склада 7"] {
            assert!(check(good).is_ok(), "{good}");
        }
        assert!(matches!(
            check(&"ab".repeat(300)),
            Err(UserError::PasswordTooLong)
        ));
    }
}

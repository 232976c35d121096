//! Signing in: e-mail and password against a user, slowed down for those who guess. Who has a second factor is
//! asked for a code of it afterwards (`second_factor`).

use chrono::TimeDelta;

use super::passwords;
use crate::{
    secrets::Secret,
    services::Services,
    store::{
        StoreError,
        second_factors::second_factor_fetch,
        users::{self, User},
    },
};

/// Failed attempts of one address against one account within [`WINDOW`] before it must wait.
pub(super) const PER_ACCOUNT: i64 = 10;
/// Failed attempts of one address against any account.
pub(super) const PER_ADDRESS: i64 = 30;
/// How far back attempts count.
pub(super) const WINDOW: TimeDelta = TimeDelta::minutes(15);

/// So long a password opens anything that somebody else gave (ASVS 6.4.1).
pub const GIVEN_FOR: TimeDelta = TimeDelta::days(7);

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Unknown user, wrong password or switched off: on purpose not told apart.
    #[error("wrong e-mail or password")]
    Wrong,
    /// The password was right, but somebody else gave it, [`GIVEN_FOR`] ago or longer.
    #[error("a given password that is over")]
    Over,
    /// Too many failed attempts from this address.
    #[error("too many attempts")]
    TooMany {
        /// Seconds until attempts are looked at again.
        after: u64,
    },
    /// The database did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The password could not be checked.
    #[error(transparent)]
    Hash(#[from] passwords::HashError),
}

impl SignInError {
    /// After too many attempts within [`WINDOW`].
    pub(super) fn too_many() -> Self {
        Self::TooMany {
            after: u64::try_from(WINDOW.num_seconds()).unwrap_or_default(),
        }
    }
}

/// What the right password leads to.
#[derive(Debug, Clone)]
pub enum FirstStep {
    /// The user is signed in.
    SignedIn(User),
    /// He is, once a code of his second factor has come.
    CodeWanted(User),
}

/// The user with this e-mail and password, and whether that is enough. Every attempt is written down; an outsider
/// can lock out his own address, never an account.
///
/// # Errors
/// See [`SignInError`].
pub async fn sign_in(
    services: &Services,
    email: &str,
    password: Secret,
    address: &str,
) -> Result<FirstStep, SignInError> {
    let user = with_password(services, email, password, address).await?;
    let id = user.id;
    let factor = services
        .db
        .read(move |conn| second_factor_fetch(conn, id))
        .await?;
    Ok(if factor.is_some_and(|factor| factor.confirmed_at.is_some()) {
        FirstStep::CodeWanted(user)
    } else {
        FirstStep::SignedIn(user)
    })
}

/// The user with this e-mail and password.
async fn with_password(
    services: &Services,
    email: &str,
    password: Secret,
    address: &str,
) -> Result<User, SignInError> {
    let account: String = email.trim().to_lowercase().chars().take(255).collect();
    let address: String = address.chars().take(64).collect();
    let now = services.now();
    let (who, from) = (account.clone(), address.clone());
    let (user, here, any) = services
        .db
        .read(move |conn| {
            let user = users::user_fetch_by_email(conn, &who)?.filter(|user| user.active);
            let (here, any) = users::sign_in_attempt_count_failed(conn, &who, &from, now - WINDOW)?;
            Ok::<_, StoreError>((user, here, any))
        })
        .await?;
    if here >= PER_ACCOUNT || any >= PER_ADDRESS {
        tracing::warn!(%address, here, any, "too many failed attempts to sign in");
        return Err(SignInError::too_many());
    }
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let known = user.as_ref().map(|user| tracing::field::display(user.id));
    let right = passwords::matches(services.config.password_cost, hash, password).await?;
    // Who is not known is not named: people type passwords into the wrong field.
    if right {
        tracing::info!(user = known, %address, "the password was right");
    } else {
        tracing::warn!(user = known, %address, "a wrong password");
    }
    services
        .db
        .tx(move |conn| users::sign_in_attempt_insert(conn, &account, &address, right, now))
        .await?;
    let user = user.filter(|_| right).ok_or(SignInError::Wrong)?;
    match user.password_given_at {
        Some(given_at) if given_at + GIVEN_FOR <= now => Err(SignInError::Over),
        _ => Ok(user),
    }
}

/// Proof that an act was confirmed a moment ago: the person has given his password again, or somebody acts on the
/// machine's own command line. Nothing else can make one.
#[derive(Debug)]
pub struct Confirmed(());

impl Confirmed {
    /// Who can run commands on the machine needs no password of the panel.
    #[must_use]
    pub const fn at_the_machine() -> Self {
        Self(())
    }
}

/// Asks a user who is signed in for his password again. Wrong ones count as failed attempts to sign in.
///
/// # Errors
/// See [`SignInError`].
pub async fn confirm(
    services: &Services,
    user: &User,
    password: Secret,
    address: &str,
) -> Result<Confirmed, SignInError> {
    let found = with_password(services, &user.email, password, address).await?;
    if found.id == user.id {
        Ok(Confirmed(()))
    } else {
        Err(SignInError::Wrong)
    }
}

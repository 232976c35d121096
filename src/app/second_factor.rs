//! The second factor of a user: switched on with the password and a first code, asked for at sign-in, and off
//! again. A change of it ends all sessions of the user; codes and seeds never reach the log.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use serde_json::json;

use super::{
    alerts::{NewAlert, raise},
    sign_in::{Confirmed, PER_ACCOUNT, PER_ADDRESS, SignInError, WINDOW},
};
use crate::{
    domain::{Actor, ActorKind, AlertKind, Role, UserId},
    secrets::{Place, Secret, SecretError, Vault, totp},
    services::Services,
    store::{
        StoreError,
        audit::{AuditEntry, audit_insert},
        second_factors::{
            SecondFactor, recovery_code_count, recovery_code_use, recovery_codes_replace,
            second_factor_begin, second_factor_confirm, second_factor_delete, second_factor_fetch,
            second_factor_fetch_for_update, second_factor_spend,
        },
        users::{
            User, sign_in_attempt_count_failed, sign_in_attempt_count_failed_anywhere,
            sign_in_attempt_insert, sign_in_attempt_nth_failed, user_end_sessions, user_fetch,
        },
    },
};

/// Recovery codes of a user.
pub const RECOVERY_CODES: usize = 10;
/// Wrong codes of one user within [`WINDOW`], from wherever they come. Who types them knows the password already,
/// so this locks out nobody whose password is a secret.
const FROM_ANYWHERE: i64 = 20;
/// Wrong codes of one user within a day. Three codes of a million count at a time: with so many tries one guesser in
/// seven thousand gets in within a day.
const PER_DAY: i64 = 50;
const DAY: TimeDelta = TimeDelta::days(1);
/// The name by which apps list their codes.
const ISSUER: &str = "kaspi-panel";

/// Why the second factor was not changed.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// It counts already, or nothing was begun.
    #[error("the second factor is not in the state for this")]
    WrongState,
    /// Only an administrator does this for others.
    #[error("this is for administrators")]
    Forbidden,
    /// There is no such user, or he has no second factor.
    #[error("the user has no second factor")]
    NotFound,
    /// Not a code of the app, one that has counted, or too many wrong ones.
    #[error(transparent)]
    Code(#[from] SignInError),
    /// No randomness.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The database did not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How it stands with the second factor of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactorState {
    /// The password is enough.
    Off,
    /// A first code is awaited.
    Begun,
    /// A code is asked for at sign-in.
    On {
        /// Since when.
        since: DateTime<Utc>,
        /// Recovery codes that are left.
        codes_left: i64,
    },
}

/// What an app needs to make codes. Shown once.
#[derive(Debug)]
pub struct Enrolment {
    /// The seed in base 32, for typing.
    pub seed: Secret,
    /// The address of the picture.
    pub address: Secret,
}

/// A second factor that counts from now on, or new recovery codes of it.
#[derive(Debug)]
pub struct Codes {
    /// The recovery codes; they are not told again.
    pub recovery: Vec<Secret>,
    /// The user with the number of the sessions that begin now.
    pub user: User,
}

/// What a person typed at the second step.
#[derive(Debug)]
pub enum GivenCode {
    /// Six digits of the app.
    OfApp(Secret),
    /// One of the codes on paper.
    Recovery(Secret),
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondStep {
    /// Right.
    Right,
    /// A recovery code that was right; so many are left.
    Recovered {
        /// Recovery codes that are left.
        left: i64,
    },
}

fn seed_place(user: UserId) -> Place {
    Place {
        column: "second_factors.secret_sealed",
        row: user.0,
        tenant: Some(user.0),
    }
}

fn entry(services: &Services, actor: &Actor, user: &User, action: &str) -> AuditEntry {
    let object = ("user", user.id.0, user.email.as_str());
    AuditEntry::new(actor, services.now(), None, object, action)
}

/// How it stands.
///
/// # Errors
/// See [`StoreError`].
pub async fn second_factor_state(services: &Services, user: UserId) -> Result<SecondFactorState, StoreError> {
    services
        .db
        .read(move |conn| {
            let Some(factor) = second_factor_fetch(conn, user)? else {
                return Ok(SecondFactorState::Off);
            };
            let Some(since) = factor.confirmed_at else {
                return Ok(SecondFactorState::Begun);
            };
            let codes_left = recovery_code_count(conn, user)?;
            Ok(SecondFactorState::On { since, codes_left })
        })
        .await
}

/// Makes a seed and keeps it sealed. It counts once a first code of it has come ([`finish`]).
///
/// # Errors
/// `WrongState` where the user has a second factor.
pub async fn begin(
    services: &Services,
    actor: &Actor,
    user: &User,
    _: &Confirmed,
) -> Result<Enrolment, SecondFactorError> {
    let seed = totp::new_seed()?;
    let factor = SecondFactor {
        user_id: user.id,
        secret_sealed: Some(services.vault.seal(seed_place(user.id), &seed)?),
        confirmed_at: None,
        last_step: 0,
        created_at: services.now(),
    };
    let entry = entry(services, actor, user, "second_factor_begin");
    services
        .db
        .tx(move |conn| {
            if !second_factor_begin(conn, &factor)? {
                return Err(SecondFactorError::WrongState);
            }
            Ok(audit_insert(conn, &entry)?)
        })
        .await?;
    let address = totp::otpauth(&seed, ISSUER, &user.email);
    Ok(Enrolment { seed, address })
}

/// The first code has come: the factor counts, and every session that began without it is over.
///
/// # Errors
/// `WrongState` where nothing was begun, `Code` for those who guess.
pub async fn finish(
    services: &Services,
    actor: &Actor,
    user: &User,
    code: Secret,
    address: &str,
) -> Result<Codes, SecondFactorError> {
    let recovery = new_codes()?;
    let hashes = hashes_of(&recovery);
    let entry = entry(services, actor, user, "second_factor_on").change(
        json!({ "second_factor": false }),
        json!({ "second_factor": true }),
    );
    let (vault, now, id) = (services.vault.clone(), services.now(), user.id);
    let tries = Tries::new(services, user, address);
    let done = services
        .db
        .tx(move |conn| {
            let factor = second_factor_fetch_for_update(conn, id)?
                .filter(|factor| factor.confirmed_at.is_none())
                .ok_or(SecondFactorError::WrongState)?;
            if let Some(error) = tries.too_many(conn)? {
                return Ok(Err(SecondFactorError::Code(error)));
            }
            let step = step_of(&vault, &factor, &code, now.timestamp());
            tries.note(conn, step.is_some())?;
            let Some(step) = step else {
                return Ok(Err(SecondFactorError::Code(SignInError::Wrong)));
            };
            second_factor_confirm(conn, id, step, now)?;
            recovery_codes_replace(conn, id, &hashes, now)?;
            let user = user_end_sessions(conn, id, now)?.ok_or(SecondFactorError::NotFound)?;
            audit_insert(conn, &entry)?;
            Ok::<_, SecondFactorError>(Ok(user))
        })
        .await?;
    done.map(|user| Codes { recovery, user })
}

/// New recovery codes; the earlier ones are void.
///
/// # Errors
/// `WrongState` where the user has no second factor.
pub async fn renew_codes(
    services: &Services,
    actor: &Actor,
    user: &User,
    _: &Confirmed,
) -> Result<Vec<Secret>, SecondFactorError> {
    let recovery = new_codes()?;
    let hashes = hashes_of(&recovery);
    let entry = entry(services, actor, user, "second_factor_codes");
    let (id, now) = (user.id, services.now());
    services
        .db
        .tx(move |conn| {
            second_factor_fetch_for_update(conn, id)?
                .filter(|factor| factor.confirmed_at.is_some())
                .ok_or(SecondFactorError::WrongState)?;
            recovery_codes_replace(conn, id, &hashes, now)?;
            Ok::<_, SecondFactorError>(audit_insert(conn, &entry)?)
        })
        .await?;
    Ok(recovery)
}

/// Switches a user's own second factor off; gives him with the number of the sessions that begin now.
///
/// # Errors
/// `NotFound` where he has none.
pub async fn switch_off(
    services: &Services,
    actor: &Actor,
    user: &User,
    _: &Confirmed,
) -> Result<User, SecondFactorError> {
    remove(services, actor, user.id).await
}

/// Switches the second factor of any user off: he has lost his telephone and the recovery codes. For
/// administrators and the machine's own command line.
///
/// # Errors
/// `Forbidden` for others, `NotFound` where there is none.
pub async fn switch_off_for(
    services: &Services,
    actor: &Actor,
    user: UserId,
) -> Result<(), SecondFactorError> {
    if actor.role != Role::Admin {
        return Err(SecondFactorError::Forbidden);
    }
    remove(services, actor, user).await.map(drop)
}

async fn remove(services: &Services, actor: &Actor, id: UserId) -> Result<User, SecondFactorError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            if !second_factor_delete(conn, id)? {
                return Err(SecondFactorError::NotFound);
            }
            let user = user_end_sessions(conn, id, now)?.ok_or(SecondFactorError::NotFound)?;
            let object = ("user", id.0, user.email.as_str());
            let entry = AuditEntry::new(&actor, now, None, object, "second_factor_off").change(
                json!({ "second_factor": true }),
                json!({ "second_factor": false }),
            );
            audit_insert(conn, &entry)?;
            Ok(user)
        })
        .await
}

/// The second step of signing in: a code of the app, or a recovery code. Each counts once. `Wrong` also where the
/// user has no second factor any more: he begins anew.
///
/// # Errors
/// `Wrong`, `TooMany` and `Store`.
pub async fn second_step(
    services: &Services,
    user: &User,
    given: GivenCode,
    address: &str,
) -> Result<SecondStep, SignInError> {
    let (vault, now, id) = (services.vault.clone(), services.now(), user.id);
    let tries = Tries::new(services, user, address);
    let actor = user.actor(ActorKind::Person, None);
    let recovered = entry(services, &actor, user, "second_factor_recover");
    services
        .db
        .tx(move |conn| {
            let Some(factor) =
                second_factor_fetch_for_update(conn, id)?.filter(|factor| factor.confirmed_at.is_some())
            else {
                return Ok(Err(SignInError::Wrong));
            };
            if let Some(error) = tries.too_many(conn)? {
                return Ok(Err(error));
            }
            let outcome = match &given {
                GivenCode::OfApp(code) => match step_of(&vault, &factor, code, now.timestamp()) {
                    Some(step) => {
                        second_factor_spend(conn, id, step)?;
                        Some(SecondStep::Right)
                    }
                    None => None,
                },
                GivenCode::Recovery(code) => match totp::recovery_code_hash(code) {
                    Some(hash) if recovery_code_use(conn, id, &hash, now)? => {
                        let left = recovery_code_count(conn, id)?;
                        audit_insert(
                            conn,
                            &recovered
                                .change(json!({ "codes_left": left + 1 }), json!({ "codes_left": left })),
                        )?;
                        Some(SecondStep::Recovered { left })
                    }
                    _ => None,
                },
            };
            tries.note(conn, outcome.is_some())?;
            // A wrong code is no error of the transaction: the attempt must stay.
            Ok::<_, StoreError>(outcome.ok_or(SignInError::Wrong))
        })
        .await?
}

/// The user whose second step is awaited, as he is now; `None`: his account was changed since the first step.
///
/// # Errors
/// See [`StoreError`].
pub async fn awaited_user(services: &Services, id: UserId, version: i32) -> Result<Option<User>, StoreError> {
    let user = services.db.read(move |conn| user_fetch(conn, id)).await?;
    Ok(user.filter(|user| user.active && user.session_version == version))
}

fn step_of(vault: &Vault, factor: &SecondFactor, code: &Secret, now: i64) -> Option<i64> {
    let sealed = factor.secret_sealed.as_ref()?;
    let seed = vault
        .open(seed_place(factor.user_id), sealed)
        .inspect_err(|error| tracing::error!(user.id = %factor.user_id, %error, "a seed cannot be opened"))
        .ok()?;
    totp::matching_step(&seed, code, now, factor.last_step)
}

fn new_codes() -> Result<Vec<Secret>, SecretError> {
    (0..RECOVERY_CODES).map(|_| totp::new_recovery_code()).collect()
}

fn hashes_of(codes: &[Secret]) -> Vec<Vec<u8>> {
    codes.iter().filter_map(totp::recovery_code_hash).collect()
}

/// The count of wrong codes: in the table of failed attempts to sign in, under a name that nobody can type as his
/// e-mail there, because e-mails are kept in small letters. With a new password, or once all sessions were ended, it
/// begins anew: who guessed does not know the password any more.
struct Tries {
    account: String,
    address: String,
    user: User,
    now: DateTime<Utc>,
}

impl Tries {
    fn new(services: &Services, user: &User, address: &str) -> Self {
        Self {
            account: format!("CODE of {} {}", user.id, user.session_version),
            address: address.chars().take(64).collect(),
            user: user.clone(),
            now: services.now(),
        }
    }

    /// Why no code is looked at now.
    fn too_many(&self, conn: &mut PgConnection) -> Result<Option<SignInError>, StoreError> {
        if let Some(at) = self.last_of_a_day(conn)? {
            let left = (at + DAY - self.now).num_seconds();
            let after = u64::try_from(left).unwrap_or_default();
            return Ok(Some(SignInError::TooMany { after }));
        }
        let since = self.now - WINDOW;
        let (here, any) = sign_in_attempt_count_failed(conn, &self.account, &self.address, since)?;
        let anywhere = sign_in_attempt_count_failed_anywhere(conn, &self.account, since)?;
        let too_many = here >= PER_ACCOUNT || any >= PER_ADDRESS || anywhere >= FROM_ANYWHERE;
        if too_many {
            tracing::warn!(address = %self.address, here, any, anywhere, "too many wrong codes");
        }
        Ok(too_many.then(SignInError::too_many))
    }

    /// When the oldest of the [`PER_DAY`] newest wrong codes came, where all of them came within a day.
    fn last_of_a_day(&self, conn: &mut PgConnection) -> Result<Option<DateTime<Utc>>, StoreError> {
        sign_in_attempt_nth_failed(conn, &self.account, PER_DAY, self.now - DAY)
    }

    /// Writes a try down. With the last wrong code of a day people are told.
    fn note(&self, conn: &mut PgConnection, right: bool) -> Result<(), StoreError> {
        sign_in_attempt_insert(conn, &self.account, &self.address, right, self.now)?;
        if right || self.last_of_a_day(conn)?.is_none() {
            return Ok(());
        }
        let object = ("user", self.user.id.0, self.user.email.as_str());
        let actor = Actor::system();
        audit_insert(
            conn,
            &AuditEntry::new(&actor, self.now, None, object, "second_factor_guessed"),
        )?;
        // Everybody sees it: whose codes they are stands in the log of the administrators.
        let alert = NewAlert {
            kind: AlertKind::CodesGuessed,
            store_id: None,
            product_id: None,
            data: json!({}),
            times: 1,
        };
        raise(conn, &alert, self.now)
    }
}

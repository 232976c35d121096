//! Connecting a store: a person names an account, a worker logs it in, asks back for codes and choices, and
//! the store appears. Page and worker meet only in the row of the attempt, so either may be started anew.
//! Secrets are sealed from the first moment; no connection to the database is held while a login runs.
//! Start reading at [`start_connection`], then `run`; `answer` holds what a person does on the way.

mod answer;
mod finish;
mod heartbeat;
mod run;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

pub use answer::{
    cancel_attempt, choose_merchant, give_password, look_at_attempt, resend_code, settled_attempt,
    sms_verify, verify_code,
};
pub use run::{Stop, run_connection};

use super::{cabinet_session, edit::FieldError};
use crate::{
    domain::{
        AccountId, AccountKind, Actor, AttemptId, AttemptState, JobKind, JobState, StoreId, Tenant, UserId,
        offer::Merchant,
    },
    queue::{
        enqueue::enqueue_login,
        runs::{job_run_end_logins, job_run_expire},
    },
    secrets::{Place, Secret, SecretError},
    services::Services,
    store::{
        PgConnection, StoreError,
        accounts::{CabinetAccount, account_fetch, account_of_store},
        audit::{AuditEntry, audit_insert},
        connections::{
            AttemptEnd, ConnectionAttempt, attempt_blocked_until, attempt_finish, attempt_insert,
            attempt_list_lost, attempt_open_of,
        },
        error::Unique,
        stores::{Store, store_fetch},
    },
};

/// An attempt that no worker takes up is given up after that.
const ATTEMPT_LIFE: TimeDelta = TimeDelta::minutes(15);
/// So often a login is begun where the one that stood in the way cannot be found.
const BEGIN_TRIES: u32 = 3;

/// Why a connection was not begun or not continued.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// There is no such store, account or attempt, or it belongs to somebody else.
    #[error("not found")]
    NotFound,
    /// The actor may look but not change.
    #[error("no right to connect a store")]
    Forbidden,
    /// Some fields cannot be taken.
    #[error("{} fields are wrong", .0.len())]
    Invalid(Vec<FieldError>),
    /// The account is being logged in already.
    #[error("a login of this account is under way")]
    AlreadyRunning {
        /// The attempt, where the actor may see it.
        attempt: Option<AttemptId>,
    },
    /// The marketplace wants nobody to log in to this account yet.
    #[error("the marketplace lets nobody log in to this account before {until}")]
    Blocked {
        /// Until then.
        until: DateTime<Utc>,
    },
    /// No password was kept for the store.
    #[error("no password is kept for this store")]
    NoPassword,
    /// A secret cannot be sealed or opened.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Begins to connect a store by e-mail and password, or to log `store_id` in again. A worker takes it from
/// here; the page looks at the attempt.
///
/// # Errors
/// [`ConnectError`]; nothing is kept then.
pub async fn start_connection(
    services: &Services,
    actor: &Actor,
    email: &str,
    password: Secret,
    store_id: Option<StoreId>,
) -> Result<AttemptId, ConnectError> {
    let email = email.trim().to_lowercase();
    let mut wrong = Vec::new();
    if !looks_like_email(&email) {
        wrong.push(FieldError::new("email", "connect-email-invalid"));
    }
    let length = password.expose_secret().chars().count();
    if length == 0 || length > 255 {
        wrong.push(FieldError::new("password", "connect-password-missing"));
    }
    let new = NewAttempt {
        kind: AccountKind::Email,
        login: email,
        password: Some(password),
        store_id,
        account_id: None,
    };
    begin(services, actor, new, wrong).await
}

/// Begins to connect a store by telephone: the marketplace sends a code by SMS, and [`sms_verify`] takes it.
///
/// # Errors
/// [`ConnectError`]; nothing is kept then.
pub async fn sms_start(
    services: &Services,
    actor: &Actor,
    phone: &str,
    store_id: Option<StoreId>,
) -> Result<AttemptId, ConnectError> {
    let number = phone_number(phone);
    let wrong = match number {
        Some(_) => Vec::new(),
        None => vec![FieldError::new("phone", "connect-phone-invalid")],
    };
    let new = NewAttempt {
        kind: AccountKind::Phone,
        login: number.unwrap_or_default(),
        password: None,
        store_id,
        account_id: None,
    };
    begin(services, actor, new, wrong).await
}

/// Logs a store in again by what is kept of its account: e-mail and password, or the telephone number.
///
/// # Errors
/// [`ConnectError::NoPassword`] where no password was kept, and the others.
pub async fn reconnect_store(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
) -> Result<AttemptId, ConnectError> {
    let who = actor.clone();
    let account = services
        .db
        .read(move |conn| {
            store_for_login(conn, &who, store_id)?;
            Ok::<_, ConnectError>(account_of_store(conn, store_id)?)
        })
        .await?
        .ok_or(ConnectError::NoPassword)?;
    let password = match (account.kind, account.password_sealed.as_deref()) {
        (AccountKind::Phone, _) => None,
        (AccountKind::Email, None) => return Err(ConnectError::NoPassword),
        (AccountKind::Email, Some(sealed)) => {
            let place = cabinet_session::password_place(&account);
            Some(services.vault.open(place, sealed)?)
        }
    };
    let new = NewAttempt {
        kind: account.kind,
        login: account.login,
        password,
        store_id: Some(store_id),
        account_id: Some(account.id),
    };
    begin(services, actor, new, Vec::new()).await
}

/// Connects another store of an account that is known: without a login where its session is alive.
///
/// # Errors
/// [`ConnectError`]; nothing is kept then.
pub async fn connect_another(
    services: &Services,
    actor: &Actor,
    account_id: AccountId,
) -> Result<AttemptId, ConnectError> {
    let owner = actor.user_id;
    let account = services
        .db
        .read(move |conn| account_fetch(conn, account_id))
        .await?
        .filter(|account| Some(account.owner_id) == owner)
        .ok_or(ConnectError::NotFound)?;
    let new = NewAttempt {
        kind: account.kind,
        login: account.login,
        password: None,
        store_id: None,
        account_id: Some(account.id),
    };
    begin(services, actor, new, Vec::new()).await
}

struct NewAttempt {
    kind: AccountKind,
    login: String,
    password: Option<Secret>,
    store_id: Option<StoreId>,
    account_id: Option<AccountId>,
}

async fn begin(
    services: &Services,
    actor: &Actor,
    new: NewAttempt,
    wrong: Vec<FieldError>,
) -> Result<AttemptId, ConnectError> {
    let (Some(user_id), true) = (actor.user_id, actor.may_change()) else {
        return Err(ConnectError::Forbidden);
    };
    if !wrong.is_empty() {
        return Err(ConnectError::Invalid(wrong));
    }
    let now = services.now();
    let (kind, login, store_id) = (new.kind, new.login.clone(), new.store_id);
    let attempt = new_attempt(services, new, user_id, false, now)?;
    let id = attempt.id;
    let mut tries = BEGIN_TRIES;
    loop {
        let (attempt, who) = (attempt.clone(), actor.clone());
        let silence = services.config.worker.lost_after.as_secs_f64();
        let begun = services
            .db
            .tx(move |conn| {
                expire(conn, silence, now)?;
                if let Some(store_id) = store_id {
                    store_for_login(conn, &who, store_id)?;
                }
                if let Some(until) = attempt_blocked_until(conn, attempt.kind, &attempt.login, now)? {
                    return Err(ConnectError::Blocked { until });
                }
                insert_attempt(conn, &attempt, now)?;
                let object = ("connection_attempt", attempt.id.0, attempt.login.as_str());
                Ok(audit_insert(
                    conn,
                    &AuditEntry::new(&who, now, store_id, object, "begin"),
                )?)
            })
            .await;
        match begun {
            Ok(()) => return Ok(id),
            Err(ConnectError::Store(StoreError::Duplicate(Unique::AttemptOpen | Unique::JobOpen))) => {}
            Err(error) => return Err(error),
        }
        let login = login.clone();
        let open = services
            .db
            .read(move |conn| attempt_open_of(conn, kind, &login))
            .await?;
        tries -= 1;
        if open.is_none() && tries > 0 {
            // The login that stood in the way has ended meanwhile.
            continue;
        }
        let visible = open.filter(|open| match actor.tenant() {
            Tenant::All => true,
            Tenant::User(user) => open.user_id == user,
        });
        return Err(ConnectError::AlreadyRunning {
            attempt: visible.map(|open| open.id),
        });
    }
}

/// The login that the program begins by itself for an account whose session has died.
pub(super) fn automatic_attempt(
    services: &Services,
    account: &CabinetAccount,
    password: &Secret,
    now: DateTime<Utc>,
) -> Result<ConnectionAttempt, SecretError> {
    let new = NewAttempt {
        kind: account.kind,
        login: account.login.clone(),
        password: Some(password.clone()),
        store_id: None,
        account_id: Some(account.id),
    };
    new_attempt(services, new, account.owner_id, true, now)
}

fn new_attempt(
    services: &Services,
    new: NewAttempt,
    user_id: UserId,
    automatic: bool,
    now: DateTime<Utc>,
) -> Result<ConnectionAttempt, SecretError> {
    let id = AttemptId::new();
    let sealed = new
        .password
        .map(|password| services.vault.seal(password_place(id, user_id), &password))
        .transpose()?;
    Ok(ConnectionAttempt {
        id,
        user_id,
        store_id: new.store_id,
        kind: new.kind,
        login: new.login,
        account_id: new.account_id,
        automatic,
        password_sealed: sealed,
        state: AttemptState::Queued,
        merchants: json!([]),
        merchant_id: None,
        answer_sealed: None,
        sent_to: None,
        wrong_answers: 0,
        resend_wanted: false,
        resend_at: None,
        blocked_until: None,
        deadline_at: now + ATTEMPT_LIFE,
        created_at: now,
        updated_at: now,
        finished_at: None,
    })
}

/// Writes an attempt and its job.
///
/// # Errors
/// `Duplicate(AttemptOpen)` or `Duplicate(JobOpen)` while the account or the store is being logged in.
pub(super) fn insert_attempt(
    conn: &mut PgConnection,
    attempt: &ConnectionAttempt,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    attempt_insert(conn, attempt)?;
    let account = format!("{}:{}", attempt.kind, attempt.login);
    enqueue_login(
        conn,
        attempt.id,
        attempt.store_id,
        &account,
        Some(attempt.user_id).filter(|_| !attempt.automatic),
        now,
    )?;
    Ok(())
}

/// The merchants that an attempt offers for choice.
#[must_use]
pub fn merchants_of(json: &Value) -> Vec<Merchant> {
    serde_json::from_value(json.clone()).unwrap_or_default()
}

/// Gives up what is past its deadline or whose worker is gone; part of the upkeep.
///
/// # Errors
/// See [`StoreError`].
pub async fn expire_connections(services: &Services) -> Result<(), StoreError> {
    let now = services.now();
    let silence = services.config.worker.lost_after.as_secs_f64();
    services.db.tx(move |conn| expire(conn, silence, now)).await
}

fn expire(conn: &mut PgConnection, silence: f64, now: DateTime<Utc>) -> Result<(), StoreError> {
    let lost = attempt_list_lost(conn, silence, now)?;
    let mut ids = Vec::new();
    for attempt in lost {
        let state = if attempt.state.wants_code() && attempt.deadline_at <= now {
            AttemptState::CodeExpired
        } else {
            AttemptState::Interrupted
        };
        if attempt_finish(conn, attempt.id, state, &AttemptEnd::default(), now)? {
            ids.push(attempt.id);
            if let Some(account) = attempt.account_id {
                cabinet_session::renewal_ended(conn, &Actor::system(), account, state, None, now)?;
            }
        }
    }
    let failure = AttemptState::Interrupted.as_str();
    job_run_end_logins(conn, &ids, (JobState::Failed, Some(failure)), now)?;
    job_run_expire(conn, JobKind::ConnectStore, now - ATTEMPT_LIFE * 2, failure, now)?;
    Ok(())
}

fn store_for_login(conn: &mut PgConnection, actor: &Actor, store_id: StoreId) -> Result<Store, ConnectError> {
    let store = store_fetch(conn, actor.tenant(), store_id)?.ok_or(ConnectError::NotFound)?;
    if super::edit::actor_may_change(conn, actor, &store)? {
        Ok(store)
    } else {
        Err(ConnectError::Forbidden)
    }
}

fn looks_like_email(email: &str) -> bool {
    let parts = email
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    parts && email.chars().count() <= 255 && !email.contains(char::is_whitespace)
}

/// A number of Kazakhstan or Russia as `+77000000001`, however it was typed.
#[must_use]
pub fn phone_number(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_digit() || c.is_whitespace() || "+-().".contains(c);
    if !text.chars().all(allowed) {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let rest = match (digits.len(), digits.split_at_checked(1)) {
        (10, _) => digits.as_str(),
        (11, Some(("7" | "8", rest))) => rest,
        _ => return None,
    };
    rest.starts_with(['7', '6', '9']).then(|| format!("+7{rest}"))
}

fn password_place(id: AttemptId, user: UserId) -> Place {
    Place {
        column: "connection_attempts.password_sealed",
        row: id.0,
        tenant: Some(user.0),
    }
}

fn answer_place(id: AttemptId, user: UserId) -> Place {
    Place {
        column: "connection_attempts.answer_sealed",
        row: id.0,
        tenant: Some(user.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_understood_however_people_write_them() {
        for text in [
            "+7 700 000 00 01",
            "8 (700) 000-00-01",
            "7700.000.0001",
            "700 000 0001",
        ] {
            assert_eq!(phone_number(text).as_deref(), Some("+77000000001"), "{text}");
        }
        for text in [
            "",
            "12345",
            "+1 700 000 00 01",
            "a@b.kz",
            "1234567890",
            "+7 700 000 00 011",
        ] {
            assert_eq!(phone_number(text), None, "{text}");
        }
    }
}

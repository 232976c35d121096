//! What a person does while a login waits: type a code or password in, ask for the code again, choose a
//! merchant, call it off. Everything goes into the attempt's row; the worker finds it there.

use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;

use super::{ConnectError, answer_place, expire, merchants_of};
use crate::{
    app::{edit::FieldError, waiting::settled},
    domain::{Actor, AttemptId, AttemptState, JobState, Tenant},
    queue::runs::job_run_end_logins,
    secrets::Secret,
    services::Services,
    store::{
        PgConnection, StoreError,
        connections::{
            AttemptEnd, ConnectionAttempt, attempt_answer, attempt_choose, attempt_fetch, attempt_finish,
            attempt_want_resend,
        },
    },
};

/// An attempt as it stands; one whose worker is gone has ended.
///
/// # Errors
/// `NotFound` for attempts of others.
pub async fn look_at_attempt(
    services: &Services,
    tenant: Tenant,
    id: AttemptId,
) -> Result<ConnectionAttempt, ConnectError> {
    let found = services
        .db
        .read(move |conn| attempt_fetch(conn, tenant, id))
        .await?
        .ok_or(ConnectError::NotFound)?;
    if found.state.is_final() {
        return Ok(found);
    }
    let (now, silence) = (services.now(), services.config.worker.lost_after.as_secs_f64());
    services
        .db
        .tx(move |conn| {
            expire(conn, silence, now)?;
            attempt_fetch(conn, tenant, id)?.ok_or(ConnectError::NotFound)
        })
        .await
}

/// Waits until an attempt has ended or needs a person, `patience` at most; then as it stands.
///
/// # Errors
/// `NotFound` for attempts of others.
pub async fn settled_attempt(
    services: &Services,
    actor: &Actor,
    id: AttemptId,
    patience: Duration,
) -> Result<ConnectionAttempt, ConnectError> {
    let look = async || look_at_attempt(services, actor.tenant(), id).await;
    settled(patience, look, |attempt| !attempt.state.is_working()).await
}

/// Takes the code of an SMS for a login by [`super::sms_start`].
///
/// # Errors
/// As [`verify_code`].
pub async fn sms_verify(
    services: &Services,
    actor: &Actor,
    id: AttemptId,
    code: &Secret,
) -> Result<(), ConnectError> {
    verify_code(services, actor, id, code).await
}

/// Takes the code that an attempt waits for, by SMS or by mail. Whether it is right, the attempt tells a
/// moment later.
///
/// # Errors
/// `Invalid` for what cannot be a code, `NotFound` when none is waited for (any more).
pub async fn verify_code(
    services: &Services,
    actor: &Actor,
    id: AttemptId,
    code: &Secret,
) -> Result<(), ConnectError> {
    let code: String = code
        .expose_secret()
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .collect();
    if !(4..=8).contains(&code.len()) || !code.chars().all(|c| c.is_ascii_digit()) {
        let error = FieldError::new("code", "connect-code-invalid");
        return Err(ConnectError::Invalid(vec![error]));
    }
    answer(services, actor, id, AttemptState::wants_code, Secret::from(code)).await
}

/// Takes the password that an attempt waits for.
///
/// # Errors
/// `Invalid` without one, `NotFound` when none is waited for (any more).
pub async fn give_password(
    services: &Services,
    actor: &Actor,
    id: AttemptId,
    password: Secret,
) -> Result<(), ConnectError> {
    let length = password.expose_secret().chars().count();
    if length == 0 || length > 255 {
        let error = FieldError::new("password", "connect-password-missing");
        return Err(ConnectError::Invalid(vec![error]));
    }
    let wanted = |state| state == AttemptState::Password;
    answer(services, actor, id, wanted, password).await
}

async fn answer(
    services: &Services,
    actor: &Actor,
    id: AttemptId,
    wanted: impl Fn(AttemptState) -> bool + Send + 'static,
    secret: Secret,
) -> Result<(), ConnectError> {
    let (actor, now, vault) = (actor.clone(), services.now(), services.vault.clone());
    services
        .db
        .tx(move |conn| {
            let attempt = attempt_for_change(conn, &actor, id)?;
            let sealed = vault.seal(answer_place(id, attempt.user_id), &secret)?;
            if !wanted(attempt.state) || !attempt_answer(conn, id, attempt.state, &sealed, now)? {
                return Err(ConnectError::NotFound);
            }
            Ok(())
        })
        .await
}

/// Asks for the code once more.
///
/// # Errors
/// `Blocked` while it is too early, `NotFound` when no code is waited for (any more).
pub async fn resend_code(services: &Services, actor: &Actor, id: AttemptId) -> Result<(), ConnectError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let attempt = attempt_for_change(conn, &actor, id)?;
            if attempt_want_resend(conn, id, now)? {
                return Ok(());
            }
            Err(too_early(&attempt, now))
        })
        .await
}

fn too_early(attempt: &ConnectionAttempt, now: DateTime<Utc>) -> ConnectError {
    match attempt.resend_at {
        Some(until) if attempt.state.wants_code() && now < until => ConnectError::Blocked { until },
        _ => ConnectError::NotFound,
    }
}

/// Chooses one of the merchants that the account offered; the login then goes on.
///
/// # Errors
/// `NotFound` when nothing is to be chosen (any more), `Invalid` for a merchant that was not offered.
pub async fn choose_merchant(
    services: &Services,
    actor: &Actor,
    id: AttemptId,
    merchant_id: &str,
) -> Result<(), ConnectError> {
    let (actor, now, merchant_id) = (actor.clone(), services.now(), merchant_id.to_owned());
    services
        .db
        .tx(move |conn| {
            let attempt = attempt_for_change(conn, &actor, id)?;
            let offered = merchants_of(&attempt.merchants);
            if !offered.iter().any(|merchant| merchant.id == merchant_id) {
                return Err(ConnectError::Invalid(vec![FieldError::new(
                    "merchant_id",
                    "connect-merchant-not-offered",
                )]));
            }
            if !attempt_choose(conn, id, &merchant_id, now)? {
                return Err(ConnectError::NotFound);
            }
            Ok(())
        })
        .await
}

/// Calls an attempt off that has not ended; the worker notices.
///
/// # Errors
/// `NotFound` for attempts of others. One that has ended stays as it is.
pub async fn cancel_attempt(services: &Services, actor: &Actor, id: AttemptId) -> Result<(), ConnectError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            attempt_for_change(conn, &actor, id)?;
            attempt_finish(conn, id, AttemptState::Cancelled, &AttemptEnd::default(), now)?;
            job_run_end_logins(conn, &[id], (JobState::Cancelled, None), now)?;
            Ok(())
        })
        .await
}

fn attempt_for_change(
    conn: &mut PgConnection,
    actor: &Actor,
    id: AttemptId,
) -> Result<ConnectionAttempt, ConnectError> {
    let attempt = attempt_fetch(conn, actor.tenant(), id)
        .map_err(StoreError::into)
        .and_then(|found| found.ok_or(ConnectError::NotFound))?;
    if actor.may_change() {
        Ok(attempt)
    } else {
        Err(ConnectError::Forbidden)
    }
}

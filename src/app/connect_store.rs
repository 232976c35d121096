//! Connecting a store: a person gives e-mail and password, a worker logs in with a browser, the store appears.
//! The password is sealed from the first moment; no connection to the database is held while a browser runs.
//! Start reading at [`start_connection`], then [`run_connection`].

mod finish;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use self::finish::{Connected, store_connected};
use super::{cabinet_session, edit::FieldError};
use crate::{
    domain::{
        Actor, ActorKind, AttemptId, AttemptState, JobKind, JobRunId, StoreId, Tenant, UserId,
        offer::Merchant,
    },
    kaspi::{
        CabinetSession, KaspiError,
        login::{BrowserLogin, Credentials, LoginOutcome},
    },
    queue::{enqueue::enqueue_login, runs::job_run_expire},
    secrets::{Place, Secret, SecretError},
    services::Services,
    store::{
        PgConnection, StoreError,
        connections::{
            AttemptEnd, ConnectionAttempt, attempt_choose, attempt_expire, attempt_fetch, attempt_finish,
            attempt_insert, attempt_offer_choice, attempt_start,
        },
        error::Unique,
        stores::{Store, store_credentials_fetch, store_fetch},
        users::user_fetch,
    },
};

/// An attempt that is older is given up: waiting for a worker, the login itself, a person's choice.
const ATTEMPT_LIFE: TimeDelta = TimeDelta::minutes(15);
/// The marketplace wants us to wait and does not say how long.
const USUAL_WAIT: TimeDelta = TimeDelta::minutes(5);

/// Why a connection was not begun or not finished.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// There is no such store or attempt, or it belongs to somebody else.
    #[error("not found")]
    NotFound,
    /// The actor may look but not change.
    #[error("no right to connect a store")]
    Forbidden,
    /// Some fields cannot be taken.
    #[error("{} fields are wrong", .0.len())]
    Invalid(Vec<FieldError>),
    /// The store is being logged in already.
    #[error("a login of this store is under way")]
    AlreadyRunning,
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

/// Begins to connect a store, or to log `store_id` in again. A worker takes it from here; the page looks at
/// the attempt.
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
    let (Some(user_id), true) = (actor.user_id, actor.may_change()) else {
        return Err(ConnectError::Forbidden);
    };
    let email = email.trim().to_lowercase();
    let wrong = wrong_fields(&email, &password);
    if !wrong.is_empty() {
        return Err(ConnectError::Invalid(wrong));
    }
    let (now, actor) = (services.now(), actor.clone());
    let id = AttemptId::new();
    let sealed = services.vault.seal(attempt_place(id, user_id), &password)?;
    let attempt = ConnectionAttempt {
        id,
        user_id,
        store_id,
        email,
        password_sealed: Some(sealed),
        state: AttemptState::Queued,
        merchants: json!([]),
        merchant_id: None,
        blocked_until: None,
        deadline_at: now + ATTEMPT_LIFE,
        created_at: now,
        updated_at: now,
        finished_at: None,
    };
    services
        .db
        .tx(move |conn| {
            expire(conn, now)?;
            if let Some(store_id) = store_id {
                store_for_login(conn, &actor, store_id)?;
            }
            attempt_insert(conn, &attempt)?;
            enqueue_login(conn, id, store_id, &attempt.email, user_id, now)
                .map(drop)
                .map_err(already_running)
        })
        .await?;
    Ok(id)
}

/// Logs a store in again with the e-mail and password that were kept.
///
/// # Errors
/// [`ConnectError::NoPassword`] where none was kept, and the others.
pub async fn reconnect_store(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
) -> Result<AttemptId, ConnectError> {
    let who = actor.clone();
    let kept = services
        .db
        .read(move |conn| {
            store_for_login(conn, &who, store_id)?;
            Ok::<_, ConnectError>(store_credentials_fetch(conn, store_id)?)
        })
        .await?
        .and_then(|kept| Some((kept.email?, kept.password_sealed?)));
    let (email, sealed) = kept.ok_or(ConnectError::NoPassword)?;
    let password = services
        .vault
        .open(cabinet_session::password_place(store_id), &sealed)?;
    start_connection(services, actor, &email, password, Some(store_id)).await
}

/// Chooses one of the merchants that the account offered; the login then runs again.
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
            let attempt = attempt_fetch(conn, actor.tenant(), id)?.ok_or(ConnectError::NotFound)?;
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
            enqueue_login(conn, id, attempt.store_id, &attempt.email, attempt.user_id, now)
                .map(drop)
                .map_err(already_running)
        })
        .await
}

/// The merchants that an attempt offers for choice.
#[must_use]
pub fn merchants_of(json: &Value) -> Vec<Merchant> {
    serde_json::from_value(json.clone()).unwrap_or_default()
}

/// Logs in for an attempt and makes the store of it; called by the job. An attempt that does not wait (any
/// more) is left alone. Returns where the attempt stands.
///
/// # Errors
/// Database or vault failed; the attempt then ends at its deadline.
pub async fn run_connection(
    services: &Services,
    id: AttemptId,
    run_id: JobRunId,
) -> Result<AttemptState, ConnectError> {
    // While it waits for a place the attempt stays queued. The places are never closed.
    let _place = services.browsers.acquire().await;
    let now = services.now();
    let Some((attempt, actor, password)) = take_up(services, id, run_id).await? else {
        let attempt = services
            .db
            .tx(move |conn| {
                expire(conn, now)?;
                attempt_fetch(conn, Tenant::All, id)
            })
            .await?;
        return attempt.map(|attempt| attempt.state).ok_or(ConnectError::NotFound);
    };
    let merchant_id = wanted_merchant(services, &attempt).await?;
    let credentials = Credentials {
        email: attempt.email.clone(),
        password,
        merchant_id: merchant_id.clone(),
    };
    let login = BrowserLogin::new(&services.config.kaspi, &services.config.browser);
    let outcome = login.log_in(&services.kaspi, &credentials).await;
    let result = match outcome {
        LoginOutcome::LoggedIn { session, merchants } => {
            finish_login(services, &attempt, &actor, credentials, session, merchants).await
        }
        other => give_up(services, &attempt, &other).await,
    };
    if result.is_err() {
        // The row must not say "running" until its deadline for a fault that is known now.
        end(services, id, AttemptState::Failed, AttemptEnd::default()).await?;
    }
    result
}

/// Gives up what is past its deadline, e.g. the login of a worker that was killed; part of the upkeep.
///
/// # Errors
/// See [`StoreError`].
pub async fn expire_connections(services: &Services) -> Result<(), StoreError> {
    let now = services.now();
    services.db.tx(move |conn| expire(conn, now)).await
}

fn expire(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), StoreError> {
    attempt_expire(conn, now)?;
    let failure = AttemptState::Failed.as_str();
    job_run_expire(conn, JobKind::ConnectStore, now - ATTEMPT_LIFE, failure, now)?;
    Ok(())
}

/// Takes a waiting attempt up, with the person behind it and the opened password.
async fn take_up(
    services: &Services,
    id: AttemptId,
    run_id: JobRunId,
) -> Result<Option<(ConnectionAttempt, Actor, Secret)>, ConnectError> {
    let now = services.now();
    let taken = services
        .db
        .tx(move |conn| {
            if !attempt_start(conn, id, now)? {
                return Ok(None);
            }
            let Some(attempt) = attempt_fetch(conn, Tenant::All, id)? else {
                return Ok(None);
            };
            let user = user_fetch(conn, attempt.user_id)?;
            Ok::<_, StoreError>(user.map(|user| (attempt, user)))
        })
        .await?;
    let Some((attempt, user)) = taken else {
        return Ok(None);
    };
    let sealed = attempt.password_sealed.as_deref().unwrap_or_default();
    let opened = services.vault.open(attempt_place(id, attempt.user_id), sealed);
    if opened.is_err() {
        end(services, id, AttemptState::Failed, AttemptEnd::default()).await?;
    }
    let actor = user.actor(ActorKind::Person, Some(run_id.to_string()));
    Ok(Some((attempt, actor, opened?)))
}

/// The merchant to choose: the one that a person chose, or the one of the store that is logged in again.
async fn wanted_merchant(
    services: &Services,
    attempt: &ConnectionAttempt,
) -> Result<Option<String>, ConnectError> {
    let (chosen, store_id) = (attempt.merchant_id.clone(), attempt.store_id);
    match (chosen, store_id) {
        (Some(chosen), _) => Ok(Some(chosen)),
        (None, None) => Ok(None),
        (None, Some(store_id)) => {
            let store = services
                .db
                .read(move |conn| store_fetch(conn, Tenant::All, store_id))
                .await?;
            Ok(store.map(|store| store.merchant_id))
        }
    }
}

/// The login succeeded: which merchant is it, what does its card say, and then the store.
async fn finish_login(
    services: &Services,
    attempt: &ConnectionAttempt,
    actor: &Actor,
    credentials: Credentials,
    session: CabinetSession,
    merchants: Vec<Merchant>,
) -> Result<AttemptState, ConnectError> {
    let chosen = match (&credentials.merchant_id, merchants.as_slice()) {
        (Some(wanted), all) => all.iter().find(|merchant| merchant.id == *wanted).cloned(),
        (None, [only]) => Some(only.clone()),
        (None, _) => {
            return give_up(services, attempt, &LoginOutcome::ChooseMerchant { merchants }).await;
        }
    };
    let Some(merchant) = chosen else {
        return give_up(services, attempt, &LoginOutcome::NoMerchants).await;
    };
    let card = match services.kaspi.merchant_card(&session, &merchant.id).await {
        Ok(card) => card,
        Err(error) => {
            tracing::warn!(%error, "the card of a merchant could not be read");
            return give_up(services, attempt, &after_login(&error)).await;
        }
    };
    let connected = Connected {
        attempt: attempt.clone(),
        actor: actor.clone(),
        password: credentials.password,
        session,
        card,
    };
    store_connected(services, connected).await?;
    Ok(AttemptState::Done)
}

fn after_login(error: &KaspiError) -> LoginOutcome {
    match error {
        KaspiError::Blocked => LoginOutcome::Blocked { wait: None },
        KaspiError::RateLimited { after } => LoginOutcome::Blocked { wait: *after },
        KaspiError::Unavailable(_) | KaspiError::Paused { .. } | KaspiError::TokenRefused => {
            LoginOutcome::Unavailable
        }
        KaspiError::Rejected { .. } => LoginOutcome::NoMerchants,
        KaspiError::SessionExpired | KaspiError::Malformed { .. } => LoginOutcome::PageChanged {
            what: "the merchant card",
        },
    }
}

/// Writes down how a login ended that did not succeed.
async fn give_up(
    services: &Services,
    attempt: &ConnectionAttempt,
    outcome: &LoginOutcome,
) -> Result<AttemptState, ConnectError> {
    let (id, now) = (attempt.id, services.now());
    let mut ended = AttemptEnd::default();
    let state = match outcome {
        LoginOutcome::WrongCredentials => AttemptState::WrongCredentials,
        LoginOutcome::NeedsCode => AttemptState::NeedsCode,
        LoginOutcome::NoMerchants => AttemptState::NoMerchants,
        LoginOutcome::BrowserMissing { .. } => AttemptState::BrowserMissing,
        LoginOutcome::Unavailable => AttemptState::Unavailable,
        LoginOutcome::LoggedIn { .. } => AttemptState::Failed,
        LoginOutcome::PageChanged { what } => {
            tracing::error!(what, "the login of the marketplace has changed");
            AttemptState::PageChanged
        }
        LoginOutcome::Blocked { wait } => {
            let wait = wait.and_then(|wait| TimeDelta::from_std(wait).ok());
            ended.blocked_until = Some(now + wait.unwrap_or(USUAL_WAIT));
            AttemptState::Blocked
        }
        LoginOutcome::ChooseMerchant { merchants } => {
            let merchants = json!(merchants);
            services
                .db
                .tx(move |conn| attempt_offer_choice(conn, id, &merchants, now))
                .await?;
            return Ok(AttemptState::ChooseMerchant);
        }
    };
    end(services, id, state, ended).await?;
    Ok(state)
}

async fn end(
    services: &Services,
    id: AttemptId,
    state: AttemptState,
    ended: AttemptEnd,
) -> Result<(), StoreError> {
    let now = services.now();
    services
        .db
        .tx(move |conn| attempt_finish(conn, id, state, &ended, now))
        .await
}

fn store_for_login(conn: &mut PgConnection, actor: &Actor, store_id: StoreId) -> Result<Store, ConnectError> {
    let store = store_fetch(conn, actor.tenant(), store_id)?.ok_or(ConnectError::NotFound)?;
    if super::edit::actor_may_change(conn, actor, &store)? {
        Ok(store)
    } else {
        Err(ConnectError::Forbidden)
    }
}

fn already_running(error: StoreError) -> ConnectError {
    match error {
        StoreError::Duplicate(Unique::JobOpen) => ConnectError::AlreadyRunning,
        other => ConnectError::Store(other),
    }
}

fn wrong_fields(email: &str, password: &Secret) -> Vec<FieldError> {
    let mut wrong = Vec::new();
    let looks_like_email = email
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    if !looks_like_email || email.chars().count() > 255 || email.contains(char::is_whitespace) {
        wrong.push(FieldError::new("email", "connect-email-invalid"));
    }
    let length = password.expose_secret().chars().count();
    if length == 0 || length > 255 {
        wrong.push(FieldError::new("password", "connect-password-missing"));
    }
    wrong
}

fn attempt_place(id: AttemptId, user: UserId) -> Place {
    Place {
        column: "connection_attempts.password_sealed",
        row: id.0,
        tenant: Some(user.0),
    }
}

//! Bringing a dead session back: by the cookies of the login host, then by the kept password; where neither
//! helps, a person must log in. Only an expired session comes here: a block or an odd answer proves nothing
//! about the session.

use chrono::{DateTime, TimeDelta, Utc};

use super::{open_session, password_place, seal_session, session_works, set_states};
use crate::{
    app::connect_store::{self, automatic_attempt},
    domain::{AccountId, AccountKind, Actor, AttemptState, SessionState, StoreId, Tenant, offer::Merchant},
    kaspi::{CabinetSession, KaspiError, login, login::Renewed},
    services::Services,
    store::{
        PgConnection, StoreError,
        accounts::{
            CabinetAccount, account_claim_renewal, account_fetch, account_of_store, account_release_renewal,
            account_renew_later, account_save, account_stores_for_update, account_touch,
        },
        connections::{attempt_blocked_until, attempt_open_of},
        error::Unique,
        stores::{store_fetch, store_update_session},
    },
};

/// What became of a session that had expired.
#[derive(Debug)]
pub enum Renewal {
    /// It works again: go on with this one.
    Ready(CabinetSession),
    /// The program is at it (or will be): try again later.
    Queued,
    /// A person must log in.
    NeedsLogin,
}

/// Pause after the first try to renew that failed for a cause that passes; doubled each time.
const PAUSE: TimeDelta = TimeDelta::minutes(1);
/// After so many failures in a row a person is asked.
const FAILURES_MAX: i32 = 6;

/// Renews the session of a store after [`KaspiError::SessionExpired`]: silently where the login host still
/// knows us, else by a login with the kept password in the background. For all stores of the account at once,
/// and by one process at a time.
///
/// # Errors
/// See [`StoreError`].
pub async fn renew_session(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
) -> Result<Renewal, StoreError> {
    let (who, now) = (actor.clone(), services.now());
    let claim = services
        .db
        .tx(move |conn| claim(conn, &who, store_id, now))
        .await?;
    let account = match claim {
        Claim::Ours(account) => *account,
        Claim::Not(renewal) => return Ok(renewal),
    };
    let found = find_out(services, &account).await;
    let id = account.id;
    let ended = conclude(services, actor, account, found).await;
    // Whatever happened: nobody has to wait for the lease to run out.
    let released = services
        .db
        .tx(move |conn| account_release_renewal(conn, id))
        .await;
    let renewal = ended?;
    released?;
    match renewal {
        Renewal::Ready(session) => {
            let connected = services
                .db
                .read(move |conn| store_fetch(conn, Tenant::All, store_id))
                .await?
                .is_some_and(|store| store.session_state == SessionState::Connected);
            // The account works, this store's merchant is not in it.
            Ok(if connected {
                Renewal::Ready(session)
            } else {
                Renewal::NeedsLogin
            })
        }
        other => Ok(other),
    }
}

enum Claim {
    Ours(Box<CabinetAccount>),
    Not(Renewal),
}

fn claim(
    conn: &mut PgConnection,
    actor: &Actor,
    store_id: StoreId,
    now: DateTime<Utc>,
) -> Result<Claim, StoreError> {
    let Some(store) = store_fetch(conn, Tenant::All, store_id)? else {
        return Ok(Claim::Not(Renewal::NeedsLogin));
    };
    if matches!(
        store.session_state,
        SessionState::Never | SessionState::NeedsLogin
    ) {
        return Ok(Claim::Not(Renewal::NeedsLogin));
    }
    let Some(account) = account_of_store(conn, store_id)? else {
        store_update_session(conn, store_id, SessionState::NeedsLogin, now)?;
        return Ok(Claim::Not(Renewal::NeedsLogin));
    };
    if account.renew_after.is_some_and(|after| now < after) {
        return Ok(Claim::Not(Renewal::Queued));
    }
    if attempt_open_of(conn, account.kind, &account.login)?.is_some() {
        // Somebody logs in this moment: what comes of it is what we wait for.
        set_states(conn, actor, account.id, SessionState::Renewing, now)?;
        return Ok(Claim::Not(Renewal::Queued));
    }
    if !account_claim_renewal(conn, account.id)? {
        return Ok(Claim::Not(Renewal::Queued));
    }
    // Read again under the lease: the last holder may have put a new session there.
    Ok(match account_fetch(conn, account.id)? {
        Some(account) => Claim::Ours(Box::new(account)),
        None => Claim::Not(Renewal::NeedsLogin),
    })
}

enum Found {
    /// The kept session works.
    Alive(CabinetSession, Vec<Merchant>),
    /// A new one does.
    Renewed(CabinetSession, Vec<Merchant>),
    /// The session is dead and the login host does not know us.
    NeedsLogin,
    /// The session is dead, and whether it can be renewed is not known.
    DeadForNow,
    /// Nothing is known.
    Unclear,
}

/// Looks at the session and tries the silent way. Holds no connection to the database.
async fn find_out(services: &Services, account: &CabinetAccount) -> Found {
    let Some(session) = open_session(services, account) else {
        return Found::NeedsLogin;
    };
    match probe(services, &session).await {
        Ok(merchants) => return Found::Alive(session, merchants),
        Err(KaspiError::SessionExpired) => {}
        Err(error) => {
            tracing::warn!(account.id = %account.id, %error, "a session could not be probed");
            return Found::Unclear;
        }
    }
    match login::renew(&services.kaspi, &session).await {
        Renewed::Ready(renewed) => match probe(services, &renewed).await {
            Ok(merchants) => Found::Renewed(renewed, merchants),
            Err(KaspiError::SessionExpired) => Found::NeedsLogin,
            Err(_) => Found::DeadForNow,
        },
        Renewed::NeedsLogin => Found::NeedsLogin,
        Renewed::Unavailable => Found::DeadForNow,
    }
}

/// Alive is a session with merchants; without any it is half dead.
pub(super) async fn probe(
    services: &Services,
    session: &CabinetSession,
) -> Result<Vec<Merchant>, KaspiError> {
    let merchants = services.kaspi.merchants(session).await?;
    if merchants.is_empty() {
        return Err(KaspiError::SessionExpired);
    }
    Ok(merchants)
}

async fn conclude(
    services: &Services,
    actor: &Actor,
    mut account: CabinetAccount,
    found: Found,
) -> Result<Renewal, StoreError> {
    let (actor, now) = (actor.clone(), services.now());
    let id = account.id;
    match found {
        Found::Unclear => Ok(Renewal::Queued),
        Found::Alive(session, merchants) => {
            services
                .db
                .tx(move |conn| {
                    account_touch(conn, id, now)?;
                    session_works(conn, &actor, id, &merchants, now)
                })
                .await?;
            Ok(Renewal::Ready(session))
        }
        Found::Renewed(session, merchants) => {
            if let Err(error) = seal_session(services, &mut account, &session, now) {
                tracing::error!(%error, "a renewed session cannot be sealed");
                return Ok(Renewal::Queued);
            }
            services
                .db
                .tx(move |conn| {
                    account_save(conn, &account)?;
                    session_works(conn, &actor, id, &merchants, now)
                })
                .await?;
            Ok(Renewal::Ready(session))
        }
        Found::DeadForNow => {
            services
                .db
                .tx(move |conn| later(conn, &actor, id, now, now))
                .await
        }
        Found::NeedsLogin => by_password(services, &actor, account, now).await,
    }
}

/// Begins a login with the kept password, or asks for a person.
async fn by_password(
    services: &Services,
    actor: &Actor,
    account: CabinetAccount,
    now: DateTime<Utc>,
) -> Result<Renewal, StoreError> {
    let password = match (account.kind, account.password_sealed.as_deref()) {
        (AccountKind::Email, Some(sealed)) => services.vault.open(password_place(&account), sealed).ok(),
        _ => None,
    };
    let attempt = password.and_then(|password| {
        automatic_attempt(services, &account, &password, now)
            .inspect_err(|error| tracing::error!(%error, "a password cannot be sealed"))
            .ok()
    });
    let (actor, id) = (actor.clone(), account.id);
    let begun = services
        .db
        .tx(move |conn| {
            let Some(attempt) = attempt else {
                set_states(conn, &actor, id, SessionState::NeedsLogin, now)?;
                return Ok(Renewal::NeedsLogin);
            };
            if let Some(until) = attempt_blocked_until(conn, account.kind, &account.login, now)? {
                return later(conn, &actor, id, until, now);
            }
            connect_store::insert_attempt(conn, &attempt, now)?;
            set_states(conn, &actor, id, SessionState::Renewing, now)?;
            Ok(Renewal::Queued)
        })
        .await;
    match begun {
        // Somebody was faster.
        Err(StoreError::Duplicate(Unique::AttemptOpen | Unique::JobOpen)) => Ok(Renewal::Queued),
        other => other,
    }
}

/// Waits before the next try, or gives up and asks for a person.
fn later(
    conn: &mut PgConnection,
    actor: &Actor,
    id: AccountId,
    not_before: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Renewal, StoreError> {
    let Some(account) = account_fetch(conn, id)? else {
        return Ok(Renewal::NeedsLogin);
    };
    let doubled = 1_i32 << account.renew_failures.clamp(0, 6);
    let failures = account_renew_later(conn, id, not_before.max(now + PAUSE * doubled))?;
    if failures >= FAILURES_MAX {
        set_states(conn, actor, id, SessionState::NeedsLogin, now)?;
        return Ok(Renewal::NeedsLogin);
    }
    set_states(conn, actor, id, SessionState::Renewing, now)?;
    Ok(Renewal::Queued)
}

/// What follows for the stores of an account from a login that did not succeed: another try later where the
/// cause passes by itself, else a person's turn.
pub(in crate::app) fn renewal_ended(
    conn: &mut PgConnection,
    actor: &Actor,
    account: AccountId,
    state: AttemptState,
    blocked_until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let stores = account_stores_for_update(conn, account)?;
    if !stores
        .iter()
        .any(|store| store.session_state == SessionState::Renewing)
    {
        return Ok(());
    }
    if state.passes() {
        later(conn, actor, account, blocked_until.unwrap_or(now), now)?;
        return Ok(());
    }
    set_states(conn, actor, account, SessionState::NeedsLogin, now)
}

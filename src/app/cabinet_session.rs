//! The cabinet session of a store. It belongs to the account of the cabinet, so its stores share it: what one
//! of them learns about it is true for all. Start reading at [`session_of`]; `renew` brings a dead one back.

mod keep_alive;
mod renew;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

pub use keep_alive::look_after_sessions;
pub(super) use renew::renewal_ended;
pub use renew::{Renewal, renew_session};

use super::alerts::{self, NewAlert};
use crate::{
    domain::{AccountId, Actor, AlertKind, SessionState, StoreId, Tenant, offer::Merchant},
    kaspi::CabinetSession,
    secrets::{Place, SecretError},
    services::Services,
    store::{
        PgConnection, StoreError,
        accounts::{
            CabinetAccount, account_of_session, account_of_store, account_save_cookies,
            account_stores_for_update, account_touch,
        },
        audit::{AuditEntry, audit_insert},
        stores::{Store, store_fetch, store_update_session},
    },
};

/// A use of a session is noted once in so long.
const USE_NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Where an account's password is sealed for.
pub(super) fn password_place(account: &CabinetAccount) -> Place {
    Place {
        column: "cabinet_accounts.password_sealed",
        row: account.id.0,
        tenant: Some(account.owner_id.0),
    }
}

/// Where an account's cookies are sealed for.
fn cookies_place(account: &CabinetAccount) -> Place {
    Place {
        column: "cabinet_accounts.cookies_sealed",
        row: account.id.0,
        tenant: Some(account.owner_id.0),
    }
}

/// Why there is no session to use.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Never logged in, expired, or sealed with another key: a login is needed.
    #[error("the store needs a login")]
    NeedsLogin,
    /// The program is logging in again by itself: try again in a moment.
    #[error("the store's session is being renewed")]
    Renewing,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The session of a store that is connected.
///
/// # Errors
/// [`SessionError`].
pub async fn session_of(services: &Services, store_id: StoreId) -> Result<CabinetSession, SessionError> {
    let now = services.now();
    let account = services
        .db
        .read(move |conn| {
            let Some(store) = store_fetch(conn, Tenant::All, store_id)? else {
                return Err(SessionError::NeedsLogin);
            };
            match store.session_state {
                SessionState::Connected => {}
                SessionState::Renewing => return Err(SessionError::Renewing),
                SessionState::Never | SessionState::NeedsLogin => return Err(SessionError::NeedsLogin),
            }
            let account = account_of_store(conn, store_id)?.ok_or(SessionError::NeedsLogin)?;
            if account
                .session_used_at
                .is_none_or(|used| used + USE_NOTED_EVERY <= now)
            {
                account_touch(conn, account.id, now)?;
            }
            Ok(account)
        })
        .await?;
    open_session(services, &account).ok_or(SessionError::NeedsLogin)
}

/// Keeps the jars that have changed by the answers to their own requests. A jar of an earlier login is not kept
/// over that of a newer one; that is no error.
///
/// # Errors
/// See [`StoreError`]; what could not be kept is said by this process alone until the next login.
pub async fn keep_rotated_sessions(services: &Services) -> Result<(), StoreError> {
    for session in services.kaspi.take_rotated() {
        let (vault, now) = (services.vault.clone(), services.now());
        services
            .db
            .tx(move |conn| {
                let Some(account) = account_of_session(conn, session.id())? else {
                    return Ok(());
                };
                match vault.seal(cookies_place(&account), &session.to_secret()) {
                    Ok(sealed) => {
                        account_save_cookies(conn, account.id, session.id(), &sealed, now)?;
                    }
                    Err(error) => tracing::error!(%error, "rotated cookies cannot be sealed"),
                }
                Ok::<_, StoreError>(())
            })
            .await?;
    }
    Ok(())
}

/// The kept session of an account; `None`: there is none that opens.
pub(super) fn open_session(services: &Services, account: &CabinetAccount) -> Option<CabinetSession> {
    let sealed = account.cookies_sealed.as_deref()?;
    let opened = services
        .vault
        .open(cookies_place(account), sealed)
        .inspect_err(|error| tracing::error!(account.id = %account.id, %error, "cookies cannot be opened"))
        .ok()?;
    CabinetSession::from_secret(&opened).ok()
}

/// Puts the session of a login into an account.
pub(super) fn seal_session(
    services: &Services,
    account: &mut CabinetAccount,
    session: &CabinetSession,
    now: DateTime<Utc>,
) -> Result<(), SecretError> {
    let sealed = services
        .vault
        .seal(cookies_place(account), &session.to_secret())?;
    account.cookies_sealed = Some(sealed);
    account.cookies_set_at = Some(now);
    account.session_id = Some(session.id());
    account.session_used_at = Some(now);
    account.renew_after = None;
    account.renew_failures = 0;
    account.updated_at = now;
    Ok(())
}

/// Notes that the account's session works for these merchants: its stores are connected, and those whose
/// merchant is not among them need a login of their own.
pub(super) fn session_works(
    conn: &mut PgConnection,
    actor: &Actor,
    account: AccountId,
    merchants: &[Merchant],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for store in account_stores_for_update(conn, account)? {
        let opened = merchants.iter().any(|merchant| merchant.id == store.merchant_id);
        let state = if opened {
            SessionState::Connected
        } else {
            SessionState::NeedsLogin
        };
        set_state(conn, actor, &store, state, now)?;
    }
    Ok(())
}

/// Gives all stores of an account a state.
pub(super) fn set_states(
    conn: &mut PgConnection,
    actor: &Actor,
    account: AccountId,
    state: SessionState,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for store in account_stores_for_update(conn, account)? {
        set_state(conn, actor, &store, state, now)?;
    }
    Ok(())
}

/// One line in the audit log per change, however many callers notice.
fn set_state(
    conn: &mut PgConnection,
    actor: &Actor,
    store: &Store,
    state: SessionState,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    store_update_session(conn, store.id, state, now)?;
    if store.session_state == state {
        return Ok(());
    }
    let action = match state {
        SessionState::Connected => "session_renewed",
        SessionState::Renewing | SessionState::NeedsLogin | SessionState::Never => "session_expired",
    };
    let object = ("store", store.id.0, store.name.as_str());
    let entry = AuditEntry::new(actor, now, Some(store.id), object, action).change(
        json!({ "session_state": store.session_state }),
        json!({ "session_state": state }),
    );
    audit_insert(conn, &entry)?;
    match state {
        SessionState::NeedsLogin | SessionState::Never => alerts::raise(
            conn,
            &NewAlert {
                kind: AlertKind::SessionLost,
                store_id: Some(store.id),
                product_id: None,
                data: json!({ "store": store.name }),
                times: 1,
            },
            now,
        ),
        SessionState::Connected => {
            alerts::resolve(conn, &[AlertKind::SessionLost], Some(store.id), None, now)
        }
        // It may still come back by itself.
        SessionState::Renewing => Ok(()),
    }
}

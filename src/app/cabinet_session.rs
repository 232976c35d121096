//! The cabinet session of a store: opening the sealed cookies, and saying when they are worth nothing any more.

use serde_json::json;

use crate::{
    domain::{Actor, SessionState, StoreId, Tenant},
    kaspi::CabinetSession,
    secrets::Place,
    services::Services,
    store::{
        StoreError,
        audit::{AuditEntry, audit_insert},
        stores::{store_credentials_fetch, store_fetch, store_fetch_for_update, store_update_session},
    },
};

/// Where a store's password is sealed for.
pub(super) fn password_place(store_id: StoreId) -> Place {
    Place {
        column: "store_credentials.password_sealed",
        row: store_id.0,
        tenant: None,
    }
}

/// Where a store's cookies are sealed for.
pub(super) fn cookies_place(store_id: StoreId) -> Place {
    Place {
        column: "store_credentials.cookies_sealed",
        row: store_id.0,
        tenant: None,
    }
}

/// Why there is no session to use.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// Never logged in, expired, or sealed with another key: a login is needed.
    #[error("the store needs a login")]
    NeedsLogin,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The session of a store that is connected.
///
/// # Errors
/// [`SessionError`].
pub async fn session_of(services: &Services, store_id: StoreId) -> Result<CabinetSession, SessionError> {
    let sealed = services
        .db
        .read(move |conn| {
            let connected = store_fetch(conn, Tenant::All, store_id)?
                .is_some_and(|store| store.session_state == SessionState::Connected);
            if !connected {
                return Ok(None);
            }
            let credentials = store_credentials_fetch(conn, store_id)?;
            Ok::<_, StoreError>(credentials.and_then(|found| found.cookies_sealed))
        })
        .await?
        .ok_or(SessionError::NeedsLogin)?;
    let opened = services
        .vault
        .open(cookies_place(store_id), &sealed)
        .inspect_err(|error| tracing::error!(store.id = %store_id, %error, "cookies cannot be opened"))
        .map_err(|_| SessionError::NeedsLogin)?;
    CabinetSession::from_secret(&opened).map_err(|_| SessionError::NeedsLogin)
}

/// Notes that the marketplace refused the session: everything for the store waits for a login. One line in
/// the audit log, however many callers notice.
///
/// # Errors
/// See [`StoreError`].
pub async fn mark_expired(services: &Services, actor: &Actor, store_id: StoreId) -> Result<(), StoreError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let Some(store) = store_fetch_for_update(conn, Tenant::All, store_id)? else {
                return Ok(());
            };
            if store.session_state != SessionState::Connected {
                return Ok(());
            }
            store_update_session(conn, store_id, SessionState::NeedsLogin, now)?;
            let object = ("store", store_id.0, store.name.as_str());
            let entry = AuditEntry::new(&actor, now, Some(store_id), object, "session_expired").change(
                json!({ "session_state": store.session_state }),
                json!({ "session_state": SessionState::NeedsLogin }),
            );
            audit_insert(conn, &entry)
        })
        .await
}

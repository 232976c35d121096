//! Looking after sessions that nobody uses: a few at a time, so that they do not die of idleness and a dead one
//! is known before it is needed. And going on with renewals whose pause is over.

use chrono::TimeDelta;

use super::{Renewal, SessionError, renew::probe, renew_session, session_of};
use crate::{
    domain::{Actor, StoreId},
    kaspi::KaspiError,
    services::Services,
    store::{
        StoreError,
        accounts::{account_list_to_renew, account_list_unused, account_of_store, account_touch},
    },
};

/// Sessions looked after in one round: it is upkeep, not traffic.
const ROUND: i64 = 5;

/// Probes sessions that were not used for a while and renews those that are waiting for it; part of the upkeep.
///
/// # Errors
/// See [`StoreError`].
pub async fn look_after_sessions(services: &Services) -> Result<(), StoreError> {
    let now = services.now();
    let idle = TimeDelta::from_std(services.config.browser.keep_alive).unwrap_or(TimeDelta::MAX);
    let (unused, to_renew) = services
        .db
        .read(move |conn| {
            Ok::<_, StoreError>((
                account_list_unused(conn, now - idle, ROUND)?,
                account_list_to_renew(conn, now, ROUND)?,
            ))
        })
        .await?;
    for store_id in unused {
        look_after(services, store_id).await?;
    }
    for store_id in to_renew {
        let renewal = renew_session(services, &Actor::system(), store_id).await?;
        tracing::info!(store.id = %store_id, ready = matches!(renewal, Renewal::Ready(_)), "a renewal went on");
    }
    Ok(())
}

async fn look_after(services: &Services, store_id: StoreId) -> Result<(), StoreError> {
    let session = match session_of(services, store_id).await {
        Ok(session) => session,
        Err(SessionError::Store(error)) => return Err(error),
        // Sealed with another key: nobody can use it, and the next round would only find it again.
        Err(_) => {
            renew_session(services, &Actor::system(), store_id).await?;
            return Ok(());
        }
    };
    match probe(services, &session).await {
        Ok(_) => {}
        Err(KaspiError::SessionExpired) => {
            renew_session(services, &Actor::system(), store_id).await?;
        }
        Err(error) => tracing::debug!(%error, "a session could not be probed"),
    }
    let now = services.now();
    services
        .db
        .tx(move |conn| match account_of_store(conn, store_id)? {
            Some(account) => account_touch(conn, account.id, now),
            None => Ok(()),
        })
        .await
}

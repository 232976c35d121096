//! What a process does with proxies: it hands the enabled ones to its client whenever they change. A worker besides
//! keeps the rows of those that its environment names, adds up what went through them, and tries those that a person
//! asks about; a process that only shows pages writes nothing of them.

use chrono::TimeDelta;
use serde_json::json;
use tokio::sync::Mutex;

use super::{address_of, entry, environment_id, environment_proxies, facts, list_proxies};
use crate::{
    domain::{Actor, ProxyOrigin},
    kaspi::{KaspiError, ProxyAddress},
    secrets::SecretError,
    services::Services,
    store::{
        PgConnection, StoreError,
        audit::audit_insert,
        proxies::{
            Proxy, ProxyUse, proxy_add_use, proxy_claim_check, proxy_delete, proxy_insert, proxy_list,
            proxy_mark, proxy_update_checked,
        },
    },
};

/// Why the proxies cannot be used. Nothing is sent on another way then.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// Credentials cannot be opened.
    #[error("the credentials of proxy {address} cannot be opened; enter them anew on the settings page")]
    Secret {
        /// Which one.
        address: String,
        /// Why.
        #[source]
        source: SecretError,
    },
    /// Another process's environment names it, with credentials that stand nowhere else.
    #[error("proxy {address} stands in the environment of another process, not in that of this one")]
    Elsewhere {
        /// Which one.
        address: String,
    },
    /// The client does not take them.
    #[error("the client cannot use the proxies")]
    Client(#[source] KaspiError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What this process has handed to its client.
#[derive(Debug, Default)]
pub struct ProxyUpkeep {
    loaded: Mutex<Option<String>>,
}

impl ProxyUpkeep {
    /// For a worker: hands the enabled proxies to the client, unless it has them already; the first time it also
    /// brings the rows of the environment's proxies in step with its own environment. Before the first success
    /// nothing should be sent: it would go out directly.
    ///
    /// # Errors
    /// See [`UpkeepError`]; the client keeps what it had.
    pub async fn load(&self, services: &Services) -> Result<(), UpkeepError> {
        let mut loaded = self.loaded.lock().await;
        if loaded.is_none() {
            note_environment(services).await?;
        }
        let mark = services.db.read(proxy_mark).await?;
        take_over(services, &mut loaded, mark).await
    }

    /// For a process that is no worker: as [`ProxyUpkeep::load`], but nothing is written. What the environment of the
    /// workers names is theirs; where this process does not know its credentials, it sends nothing.
    ///
    /// # Errors
    /// As [`ProxyUpkeep::load`], and `Elsewhere`.
    pub async fn load_reading(&self, services: &Services) -> Result<(), UpkeepError> {
        let mut loaded = self.loaded.lock().await;
        let mark = services.db.read(proxy_mark).await?;
        if loaded.as_ref() == Some(&mark) {
            return Ok(());
        }
        let unknown = |proxy: &&Proxy| {
            let mut named = services.config.proxies.iter();
            proxy.enabled
                && proxy.origin == ProxyOrigin::Environment
                && !named.any(|line| environment_id(line) == proxy.id)
        };
        if let Some(proxy) = services.db.read(proxy_list).await?.iter().find(unknown) {
            let address = proxy.address();
            return Err(UpkeepError::Elsewhere { address });
        }
        take_over(services, &mut loaded, mark).await
    }

    /// Adds what went through the proxies since the last time to the table.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn count(&self, services: &Services) -> Result<(), StoreError> {
        let now = services.now();
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let uses: Vec<ProxyUse> = services
            .kaspi
            .take_proxy_counts()
            .into_iter()
            .filter(|counts| counts.requests > 0 || counts.cooling_for.is_some())
            .map(|counts| ProxyUse {
                id: counts.id,
                requests: number(counts.requests),
                failures: number(counts.failures),
                last_error: counts.last_error,
                cooling_until: counts
                    .cooling_for
                    .and_then(|left| TimeDelta::from_std(left).ok())
                    .map(|left| now + left),
            })
            .collect();
        if uses.is_empty() {
            return Ok(());
        }
        services
            .db
            .tx(move |conn| uses.iter().try_for_each(|used| proxy_add_use(conn, used, now)))
            .await
    }

    /// Tries one proxy that a person asked about. `false`: nobody asked.
    ///
    /// # Errors
    /// See [`StoreError`]; what is wrong with the proxy stands in its row.
    pub async fn check_next(&self, services: &Services) -> Result<bool, StoreError> {
        let Some(proxy) = services.db.tx(proxy_claim_check).await? else {
            return Ok(false);
        };
        let (error, millis) = match address(services, &proxy) {
            Ok(address) => {
                let (outcome, took) = services.kaspi.check_proxy(&address).await;
                (outcome.err(), i32::try_from(took.as_millis()).unwrap_or(i32::MAX))
            }
            Err(_) => (Some("proxy_credentials"), 0),
        };
        let now = services.now();
        services
            .db
            .tx(move |conn| proxy_update_checked(conn, proxy.id, error, millis, now))
            .await?;
        Ok(true)
    }
}

/// Hands the enabled proxies to the client where they are not the `loaded` ones. Those that this process's own
/// environment names count even when another process took their rows away.
async fn take_over(
    services: &Services,
    loaded: &mut Option<String>,
    mark: String,
) -> Result<(), UpkeepError> {
    if loaded.as_ref() == Some(&mark) {
        return Ok(());
    }
    let addresses = list_proxies(services)
        .await?
        .iter()
        .filter(|proxy| proxy.enabled)
        .map(|proxy| address(services, proxy))
        .collect::<Result<Vec<_>, _>>()?;
    tracing::info!(proxies = addresses.len(), "proxies taken over");
    services
        .kaspi
        .set_proxies(addresses)
        .map_err(UpkeepError::Client)?;
    *loaded = Some(mark);
    Ok(())
}

fn address(services: &Services, proxy: &Proxy) -> Result<ProxyAddress, UpkeepError> {
    address_of(&services.vault, &services.config, proxy).map_err(|source| UpkeepError::Secret {
        address: proxy.address(),
        source,
    })
}

/// Keeps a row for each proxy that the environment names, for its health, and none for those it names no more.
async fn note_environment(services: &Services) -> Result<(), StoreError> {
    let now = services.now();
    let named = environment_proxies(&services.config, now);
    services
        .db
        .tx(move |conn: &mut PgConnection| {
            let known: Vec<Proxy> = proxy_list(conn)?
                .into_iter()
                .filter(|proxy| proxy.origin == ProxyOrigin::Environment)
                .collect();
            let actor = Actor::system();
            for gone in known
                .iter()
                .filter(|proxy| !named.iter().any(|n| n.id == proxy.id))
            {
                proxy_delete(conn, gone.id)?;
                audit_insert(
                    conn,
                    &entry(&actor, now, gone, "delete").change(facts(gone), json!({})),
                )?;
            }
            for new in named
                .iter()
                .filter(|proxy| !known.iter().any(|k| k.id == proxy.id))
            {
                if proxy_insert(conn, std::slice::from_ref(new))? == 1 {
                    audit_insert(
                        conn,
                        &entry(&actor, now, new, "create").change(json!({}), facts(new)),
                    )?;
                }
            }
            Ok(())
        })
        .await
}

//! Outgoing proxies as people manage them: adding pasted lines, switching, replacing credentials, removing,
//! asking for a check. Only administrators may; nobody gets credentials back. What the workers do with
//! proxies stands in [`upkeep`].

pub mod upkeep;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::edit::{EditError, FieldError, changed_fields, too_long};
use crate::{
    config::Config,
    domain::{
        Actor, ProxyFault, ProxyId, ProxyOrigin, Role,
        proxy::{ProxyLine, parse_lines},
    },
    kaspi::ProxyAddress,
    secrets::{Place, Secret, SecretError, Vault},
    services::Services,
    store::{
        PgConnection, StoreError,
        audit::{AuditEntry, audit_insert},
        proxies::{
            Proxy, ProxyChange, proxy_delete, proxy_fetch_for_update, proxy_insert, proxy_list,
            proxy_request_check, proxy_update,
        },
    },
};

/// Why a proxy was not changed.
pub type ProxyEditError = EditError<Proxy>;

/// Longest name of a proxy.
const LABEL_MAX: usize = 100;

fn place(id: ProxyId) -> Place {
    Place {
        column: "proxies.credentials_sealed",
        row: id.0,
        tenant: None,
    }
}

/// User name and password as they are sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Credentials {
    username: Zeroizing<String>,
    password: Option<Zeroizing<String>>,
}

impl Credentials {
    fn of(line: &ProxyLine) -> Option<Self> {
        Some(Self {
            username: line.username.clone()?,
            password: line.password.clone(),
        })
    }

    fn seal(&self, vault: &Vault, id: ProxyId) -> Result<Vec<u8>, SecretError> {
        let text = serde_json::to_string(self).map_err(|_| SecretError::CannotSeal)?;
        vault.seal(place(id), &Secret::from(text))
    }

    fn open(vault: &Vault, proxy: &Proxy) -> Result<Option<Self>, SecretError> {
        let Some(sealed) = &proxy.credentials_sealed else {
            return Ok(None);
        };
        let text = vault.open(place(proxy.id), sealed)?;
        serde_json::from_str(text.expose_secret())
            .map(Some)
            .map_err(|_| SecretError::CannotOpen)
    }
}

/// A proxy as the client takes it, its credentials opened.
///
/// # Errors
/// The credentials cannot be opened.
fn address_of(vault: &Vault, config: &Config, proxy: &Proxy) -> Result<ProxyAddress, SecretError> {
    let credentials = match proxy.origin {
        ProxyOrigin::Panel => Credentials::open(vault, proxy)?,
        ProxyOrigin::Environment => config
            .proxies
            .iter()
            .find(|line| environment_id(line) == proxy.id)
            .and_then(Credentials::of),
    };
    Ok(ProxyAddress {
        id: proxy.id,
        scheme: proxy.scheme,
        host: proxy.host.clone(),
        port: u16::try_from(proxy.port).unwrap_or_default(),
        username: credentials.as_ref().map(|c| c.username.to_string()),
        password: credentials
            .and_then(|c| c.password)
            .map(|password| Secret::from(password.as_str())),
    })
}

/// The key of a proxy that the environment names: the same in every process and after every start.
#[must_use]
pub fn environment_id(line: &ProxyLine) -> ProxyId {
    let mut digest = Sha256::new();
    let username = line.username.as_ref().map(|name| name.as_str());
    for part in [
        line.scheme.as_str(),
        &line.host,
        &line.port.to_string(),
        username.unwrap_or_default(),
    ] {
        digest.update(part.len().to_be_bytes());
        digest.update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    let digest = digest.finalize();
    bytes
        .iter_mut()
        .zip(digest.iter())
        .for_each(|(to, from)| *to = *from);
    ProxyId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// All proxies: those of the table, and those of this process's environment that no worker has taken up yet.
///
/// # Errors
/// See [`StoreError`].
pub async fn list_proxies(services: &Services) -> Result<Vec<Proxy>, StoreError> {
    let mut proxies = services.db.read(proxy_list).await?;
    for proxy in environment_proxies(&services.config, services.now()) {
        if !proxies.iter().any(|known| known.id == proxy.id) {
            proxies.insert(0, proxy);
        }
    }
    Ok(proxies)
}

fn environment_proxies(config: &Config, now: DateTime<Utc>) -> Vec<Proxy> {
    let row = |line: &ProxyLine| {
        let key = (environment_id(line), ProxyOrigin::Environment);
        Proxy::new(key, line.scheme, (line.host.clone(), line.port), now)
    };
    config.proxies.iter().map(row).collect()
}

/// What became of pasted lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddedProxies {
    /// Proxies that are new.
    pub added: usize,
    /// Proxies that were there already, with the same credentials.
    pub known: usize,
    /// Lines that were not taken, by number, and why.
    pub faults: Vec<(usize, ProxyFault)>,
}

/// Adds the proxies of pasted lines under one label, which may be empty. Good lines are taken whatever the
/// others are; pasting all of them again adds only what is missing.
///
/// # Errors
/// See [`EditError`]; `Invalid` for a label that is too long or a text without any line.
pub async fn add_proxies(
    services: &Services,
    actor: &Actor,
    lines: &Secret,
    label: &str,
) -> Result<AddedProxies, ProxyEditError> {
    administrators_only(actor)?;
    let label = label.trim().to_owned();
    let parsed = parse_lines(lines.expose_secret(), services.config.kaspi.private_proxies);
    let mut errors = Vec::new();
    if too_long(Some(&label), LABEL_MAX) {
        errors.push(FieldError::new("label", "error-too-long"));
    }
    if parsed.is_empty() {
        errors.push(FieldError::new("lines", "proxy-lines-missing"));
    }
    if !errors.is_empty() {
        return Err(EditError::Invalid(errors));
    }
    let mut result = AddedProxies::default();
    let mut wanted: Vec<ProxyLine> = Vec::new();
    for (number, line) in parsed {
        match line {
            Ok(line) if wanted.contains(&line) => result.known += 1,
            Ok(line) => wanted.push(line),
            Err(fault) => result.faults.push((number, fault)),
        }
    }
    let (services, actor, now) = (services.clone(), actor.clone(), services.now());
    let db = services.db.clone();
    db.tx(move |conn| {
        let known: HashSet<String> = proxy_list(conn)?
            .iter()
            .map(|proxy| identity(&services.vault, proxy))
            .collect();
        let mut rows = Vec::new();
        for line in &wanted {
            let mut row = Proxy::new(
                (ProxyId::new(), ProxyOrigin::Panel),
                line.scheme,
                (line.host.clone(), line.port),
                now,
            );
            row.label.clone_from(&label);
            if let Some(credentials) = Credentials::of(line) {
                row.credentials_sealed =
                    Some(credentials.seal(&services.vault, row.id).map_err(cannot_seal)?);
                row.credentials_set_at = Some(now);
            }
            if known.contains(&identity(&services.vault, &row)) {
                result.known += 1;
            } else {
                rows.push(row);
            }
        }
        result.added = proxy_insert(conn, &rows)?;
        for row in &rows {
            let entry = entry(&actor, now, row, "create").change(json!({}), facts(row));
            audit_insert(conn, &entry)?;
        }
        Ok(result)
    })
    .await
}

/// A digest of address and credentials, to tell whether two rows are the same proxy.
fn identity(vault: &Vault, proxy: &Proxy) -> String {
    let credentials = Credentials::open(vault, proxy).ok().flatten();
    let text = Zeroizing::new(format!(
        "{} {}",
        proxy.address(),
        serde_json::to_string(&credentials).unwrap_or_default()
    ));
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What a person enters to change a proxy.
#[derive(Debug, Default)]
pub struct ProxyEdit {
    /// A name for it; may be empty.
    pub label: String,
    /// New user name; empty with an empty password: the credentials stay.
    pub username: Secret,
    /// New password.
    pub password: Secret,
    /// Take the credentials away.
    pub forget_credentials: bool,
    /// Switch it on or off; `None`: it stays as it is.
    pub enabled: Option<bool>,
}

/// Changes label and credentials of a proxy that still has `version`.
///
/// # Errors
/// See [`EditError`]. Proxies of the environment cannot be changed here: `Forbidden`.
pub async fn edit_proxy(
    services: &Services,
    actor: &Actor,
    (id, version): (ProxyId, i32),
    edit: ProxyEdit,
) -> Result<(), ProxyEditError> {
    administrators_only(actor)?;
    let label = edit.label.trim().to_owned();
    let username = Zeroizing::new(edit.username.expose_secret().trim().to_owned());
    let password = Zeroizing::new(edit.password.expose_secret().to_owned());
    let mut errors = Vec::new();
    if too_long(Some(&label), LABEL_MAX) {
        errors.push(FieldError::new("label", "error-too-long"));
    }
    if username.is_empty() && !password.is_empty() && !edit.forget_credentials {
        errors.push(FieldError::new("username", "proxy-username-missing"));
    }
    let unusable = |text: &str| text.len() > 255 || text.contains(char::is_control);
    if unusable(&username) || unusable(&password) {
        errors.push(FieldError::new("username", "proxy-error-credentials"));
    }
    if !errors.is_empty() {
        return Err(EditError::Invalid(errors));
    }
    let (vault, actor, now) = (services.vault.clone(), actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let proxy = own_proxy(conn, id)?;
            let credentials = if edit.forget_credentials {
                Some(None)
            } else if username.is_empty() {
                None
            } else {
                let credentials = Credentials {
                    username,
                    password: Some(password).filter(|password| !password.is_empty()),
                };
                Some(Some(credentials.seal(&vault, id).map_err(cannot_seal)?))
            };
            let change = ProxyChange {
                label,
                enabled: edit.enabled.unwrap_or(proxy.enabled),
                credentials_set_at: credentials.as_ref().map(|new| new.as_ref().map(|_| now)),
                credentials_sealed: credentials,
            };
            change_in(conn, &actor, (proxy, version), &change, now)
        })
        .await
}

/// Switches a proxy on or off, whatever the version.
///
/// # Errors
/// As [`edit_proxy`].
pub async fn set_proxy_enabled(
    services: &Services,
    actor: &Actor,
    id: ProxyId,
    enabled: bool,
) -> Result<(), ProxyEditError> {
    administrators_only(actor)?;
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let proxy = own_proxy(conn, id)?;
            let change = ProxyChange {
                label: proxy.label.clone(),
                enabled,
                credentials_sealed: None,
                credentials_set_at: None,
            };
            let version = proxy.version;
            change_in(conn, &actor, (proxy, version), &change, now)
        })
        .await
}

fn change_in(
    conn: &mut PgConnection,
    actor: &Actor,
    (proxy, version): (Proxy, i32),
    change: &ProxyChange,
    now: DateTime<Utc>,
) -> Result<(), ProxyEditError> {
    if proxy.version != version {
        return Err(EditError::Conflict(Box::new(proxy)));
    }
    let after = Proxy {
        label: change.label.clone(),
        enabled: change.enabled,
        credentials_set_at: change.credentials_set_at.unwrap_or(proxy.credentials_set_at),
        ..proxy.clone()
    };
    let (old, new) = match changed_fields(facts(&proxy), facts(&after)) {
        Some(changed) => changed,
        None if change.credentials_sealed.is_none() => return Ok(()),
        // Replaced within the same moment.
        None => {
            let set_at = |proxy: &Proxy| json!({ "credentials_set_at": proxy.credentials_set_at });
            (set_at(&proxy), set_at(&after))
        }
    };
    proxy_update(conn, proxy.id, version, change, now)?;
    Ok(audit_insert(
        conn,
        &entry(actor, now, &after, "update").change(old, new),
    )?)
}

/// Removes a proxy; what went through it is forgotten, the audit log keeps that it was.
///
/// # Errors
/// As [`edit_proxy`].
pub async fn delete_proxy(services: &Services, actor: &Actor, id: ProxyId) -> Result<(), ProxyEditError> {
    administrators_only(actor)?;
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let proxy = own_proxy(conn, id)?;
            proxy_delete(conn, id)?;
            let entry = entry(&actor, now, &proxy, "delete").change(facts(&proxy), json!({}));
            Ok(audit_insert(conn, &entry)?)
        })
        .await
}

/// Asks a worker to send one harmless request through a proxy now.
///
/// # Errors
/// See [`EditError`]; proxies of the environment can be checked too.
pub async fn check_proxy_now(services: &Services, actor: &Actor, id: ProxyId) -> Result<(), ProxyEditError> {
    administrators_only(actor)?;
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let proxy = proxy_fetch_for_update(conn, id)?.ok_or(EditError::NotFound)?;
            // Asked for already: the answer comes anyway.
            if proxy.check_requested_at.is_none() {
                proxy_request_check(conn, id, now)?;
                audit_insert(conn, &entry(&actor, now, &proxy, "check"))?;
            }
            Ok(())
        })
        .await
}

fn own_proxy(conn: &mut PgConnection, id: ProxyId) -> Result<Proxy, ProxyEditError> {
    let proxy = proxy_fetch_for_update(conn, id)?.ok_or(EditError::NotFound)?;
    match proxy.origin {
        ProxyOrigin::Panel => Ok(proxy),
        ProxyOrigin::Environment => Err(EditError::Forbidden),
    }
}

fn administrators_only(actor: &Actor) -> Result<(), ProxyEditError> {
    if actor.role == Role::Admin {
        Ok(())
    } else {
        Err(EditError::Forbidden)
    }
}

fn cannot_seal(error: SecretError) -> ProxyEditError {
    EditError::Store(StoreError::Unavailable(Box::new(error)))
}

/// What the audit log says of a proxy: never the credentials, only when they were set.
fn facts(proxy: &Proxy) -> serde_json::Value {
    json!({
        "address": proxy.address(),
        "label": proxy.label,
        "enabled": proxy.enabled,
        "credentials_set_at": proxy.credentials_set_at,
    })
}

fn entry(actor: &Actor, now: DateTime<Utc>, proxy: &Proxy, action: &str) -> AuditEntry {
    AuditEntry::new(actor, now, None, ("proxy", proxy.id.0, &proxy.address()), action)
}

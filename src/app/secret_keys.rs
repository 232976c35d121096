//! Keys of stored secrets: refusing to start where values cannot be opened, changing the key while everything
//! runs, and giving up values whose key is lost.

use std::collections::BTreeMap;

use serde_json::json;
use uuid::Uuid;

use crate::{
    domain::{Actor, Role},
    secrets::{AddedKey, KeyFile, KeyId, SecretError, Vault},
    services::Services,
    store::{
        Db, StoreError,
        audit::{AuditEntry, audit_insert},
        sealed::{
            SEALED_COLUMNS, SealedColumn, SealedCount, sealed_clear_unknown, sealed_count,
            sealed_list_outdated_for_update, sealed_update,
        },
    },
};

/// Values of one transaction: short enough that nobody waits for their rows.
const VALUES_PER_BATCH: i64 = 100;
/// Rows that somebody else holds are looked for again so often.
const PASSES_MAX: usize = 20;

/// Why secrets cannot be used, or their key not be changed.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The key file is gone while values are sealed.
    #[error(
        "secret key file {path} is missing, but {values} stored secrets were sealed with its key; \
         put the file back from its backup, or, if it is lost for good, run `kaspi-panel secrets forget` \
         and enter passwords anew"
    )]
    Missing {
        /// The file.
        path: String,
        /// How many values.
        values: i64,
    },
    /// Values are sealed with keys that the file does not hold.
    #[error(
        "{values} stored secrets are sealed with a key that {path} does not hold ({keys}); put that key back \
         from the file's backup, as a line before the others, or, if it is lost for good, run \
         `kaspi-panel secrets forget` and enter passwords anew"
    )]
    Unknown {
        /// The file.
        path: String,
        /// How many values.
        values: i64,
        /// Ids of the keys that are wanted.
        keys: String,
    },
    /// Only administrators.
    #[error("only an administrator may do that")]
    Forbidden,
    /// The key file or a value is unusable.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Refuses a start without the key file where values are sealed: a fresh key would open none of them.
///
/// # Errors
/// [`KeysError::Missing`].
pub async fn refuse_missing_file(db: &Db, file: &KeyFile) -> Result<(), KeysError> {
    if file.exists() {
        return Ok(());
    }
    let counts = db.read(sealed_count).await?;
    match counts.iter().map(|count| count.values).sum() {
        0 => Ok(()),
        values => Err(KeysError::Missing {
            path: file.path().display().to_string(),
            values,
        }),
    }
}

/// Refuses a start where a value is sealed with a key that the file does not hold.
///
/// # Errors
/// [`KeysError::Unknown`].
pub async fn refuse_unknown_keys(services: &Services) -> Result<(), KeysError> {
    let counts = services.db.read(sealed_count).await?;
    let known: Vec<Vec<u8>> = services.vault.key_ids().into_iter().map(KeyId::head).collect();
    let lost: Vec<&SealedCount> = counts
        .iter()
        .filter(|count| !known.contains(&count.head))
        .collect();
    if lost.is_empty() {
        return Ok(());
    }
    let mut keys: Vec<String> = lost.iter().map(|count| key_name(&count.head)).collect();
    keys.sort();
    keys.dedup();
    Err(KeysError::Unknown {
        path: services.config.secret_key_file.display().to_string(),
        values: lost.iter().map(|count| count.values).sum(),
        keys: keys.join(", "),
    })
}

/// What the head of a value says about its key.
fn key_name(head: &[u8]) -> String {
    match head.split_first() {
        Some((_, id)) if id.len() == 8 => id.iter().map(|byte| format!("{byte:02x}")).collect(),
        _ => "unreadable".to_owned(),
    }
}

/// How far a change of the key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct RotationProgress {
    /// Values sealed anew.
    pub done: i64,
    /// Values to be sealed anew when it began.
    pub total: i64,
}

/// What came of a change of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The key that everything is sealed with now.
    pub key: KeyId,
    /// Values sealed anew.
    pub resealed: i64,
    /// Values that cannot be opened, by column. They stay as they are.
    pub unreadable: BTreeMap<&'static str, i64>,
    /// Values that somebody else held all the time; another run takes them.
    pub left: i64,
}

/// Begins to change the key, or goes on with a change that was interrupted: as long as a value is sealed with
/// another key than the newest one, no further key is added. Processes that run notice the key by themselves.
///
/// # Errors
/// See [`KeysError`].
pub async fn begin_rotation(services: &Services, actor: &Actor) -> Result<AddedKey, KeysError> {
    if actor.role != Role::Admin {
        return Err(KeysError::Forbidden);
    }
    let file = KeyFile::at(&services.config.secret_key_file);
    let db = services.db.clone();
    let add = move || {
        file.add_key(|newest| db.read_blocking(|conn| Ok::<_, KeysError>(outdated(conn, newest)? > 0)))
    };
    let key = crate::telemetry::spawn_blocking(add)
        .await
        .map_err(|error| StoreError::Unavailable(Box::new(error)))??;
    if key.is_new {
        let entry = entry(services, actor, key.id, "add_key");
        services.db.tx(move |conn| audit_insert(conn, &entry)).await?;
    }
    Ok(key)
}

/// Seals every value anew that another key than `key` sealed, in small transactions, while everything else
/// goes on. Interrupted, it goes on where it was when it is run again.
///
/// # Errors
/// The database failed; what is done stays done.
pub async fn reseal_all(
    services: &Services,
    actor: &Actor,
    key: KeyId,
    mut progress: impl FnMut(RotationProgress),
) -> Result<Rotation, KeysError> {
    let total = services.db.read(move |conn| outdated(conn, key)).await?;
    let mut rotation = Rotation {
        key,
        resealed: 0,
        unreadable: BTreeMap::new(),
        left: 0,
    };
    progress(RotationProgress { done: 0, total });
    for _ in 0..PASSES_MAX {
        rotation.unreadable.clear();
        for column in SEALED_COLUMNS {
            let mut after = None;
            loop {
                let vault = std::sync::Arc::clone(&services.vault);
                let batch = services
                    .db
                    .tx(move |conn| reseal_batch(conn, &vault, *column, key, after));
                let batch = batch.await?;
                rotation.resealed += batch.done;
                if batch.unreadable > 0 {
                    *rotation.unreadable.entry(column.name).or_default() += batch.unreadable;
                }
                progress(RotationProgress {
                    done: rotation.resealed,
                    total: total.max(rotation.resealed),
                });
                match batch.last {
                    Some(last) => after = Some(last),
                    None => break,
                }
            }
        }
        let unreadable: i64 = rotation.unreadable.values().sum();
        rotation.left = services.db.read(move |conn| outdated(conn, key)).await? - unreadable;
        if rotation.left <= 0 {
            break;
        }
    }
    let entry =
        entry(services, actor, key, "reseal").change(json!({}), json!({ "values": rotation.resealed }));
    services.db.tx(move |conn| audit_insert(conn, &entry)).await?;
    Ok(rotation)
}

struct Batch {
    done: i64,
    unreadable: i64,
    /// Key of the last row looked at; `None`: the column's end.
    last: Option<Uuid>,
}

fn reseal_batch(
    conn: &mut crate::store::PgConnection,
    vault: &Vault,
    column: SealedColumn,
    key: KeyId,
    after: Option<Uuid>,
) -> Result<Batch, StoreError> {
    let values = sealed_list_outdated_for_update(conn, column, key, after, VALUES_PER_BATCH)?;
    let mut batch = Batch {
        done: 0,
        unreadable: 0,
        last: values.last().map(|value| value.place.row),
    };
    for value in &values {
        match vault.reseal(value.place, &value.sealed) {
            Ok(sealed) => batch.done += i64::from(sealed_update(conn, column, value, &sealed)?),
            Err(error) => {
                tracing::error!(column = column.name, row = %value.place.row, %error, "a value cannot be sealed anew");
                batch.unreadable += 1;
            }
        }
    }
    Ok(batch)
}

/// Gives up every value whose key is not in the file: it is emptied, and a person enters it anew. Returns how
/// many, by column.
///
/// # Errors
/// See [`KeysError`].
pub async fn forget_unreadable(
    services: &Services,
    actor: &Actor,
) -> Result<BTreeMap<&'static str, usize>, KeysError> {
    let (Some(newest), Role::Admin) = (services.vault.newest(), actor.role) else {
        return Err(KeysError::Forbidden);
    };
    let known = services.vault.key_ids();
    let entry = entry(services, actor, newest, "forget");
    services
        .db
        .tx(move |conn| {
            let mut forgotten = BTreeMap::new();
            for column in SEALED_COLUMNS {
                let values = sealed_clear_unknown(conn, *column, &known)?;
                if values > 0 {
                    forgotten.insert(column.name, values);
                }
            }
            if !forgotten.is_empty() {
                audit_insert(conn, &entry.change(json!(forgotten), json!({})))?;
            }
            Ok(forgotten)
        })
        .await
}

/// Values that another key than `newest` sealed.
fn outdated(conn: &mut crate::store::PgConnection, newest: KeyId) -> Result<i64, StoreError> {
    let counts = sealed_count(conn)?;
    let others = counts.iter().filter(|count| count.head != newest.head());
    Ok(others.map(|count| count.values).sum())
}

fn entry(services: &Services, actor: &Actor, key: KeyId, action: &str) -> AuditEntry {
    let name = key.to_string();
    AuditEntry {
        object_id: None,
        ..AuditEntry::new(
            actor,
            services.now(),
            None,
            ("secret_key", Uuid::nil(), &name),
            action,
        )
    }
}

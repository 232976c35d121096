//! Setting a price list up: how prices reach the marketplace, the secret address, name and password. What is secret is
//! made here, told once and kept as its digest.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::{
    app::edit::{EditError, changed_fields, store_for_change},
    domain::{Actor, Publishing, StoreId},
    secrets::{Secret, hash_of_random_key, random_bytes},
    services::Services,
    store::{
        StoreError,
        audit::{AuditEntry, audit_insert},
        price_feeds::{PriceFeed, feed_fetch, feed_save},
        stores::Store,
    },
};

/// Why nothing was set.
pub type FeedEditError = EditError<PriceFeed>;

/// Sets how the prices of a store reach the marketplace.
///
/// # Errors
/// See [`EditError`].
pub async fn set_publishing(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
    publishing: Publishing,
) -> Result<(), FeedEditError> {
    change(services, actor, store_id, move |row, _| {
        row.publishing = publishing
    })
    .await
}

/// Makes a new secret for the address, in place of the one before. Returns it: the only time it can be read.
///
/// # Errors
/// See [`EditError`].
pub async fn new_address(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
) -> Result<Secret, FeedEditError> {
    let secret = random()?;
    let hash = hash_of_random_key(secret.expose_secret());
    change(services, actor, store_id, move |row, now| {
        row.address_hash = Some(hash);
        row.address_set_at = Some(now);
    })
    .await?;
    Ok(secret)
}

/// Makes name and password for the address, in place of those before. Returns both: the only time they can be read.
///
/// # Errors
/// See [`EditError`].
pub async fn new_password(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
) -> Result<(String, Secret), FeedEditError> {
    let secret = random()?;
    let hash = hash_of_random_key(secret.expose_secret());
    let name = "kaspi".to_owned();
    let username = name.clone();
    change(services, actor, store_id, move |row, now| {
        row.username = Some(username);
        row.password_hash = Some(hash);
        row.password_set_at = Some(now);
    })
    .await?;
    Ok((name, secret))
}

/// Lets the address alone be enough.
///
/// # Errors
/// See [`EditError`].
pub async fn forget_password(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
) -> Result<(), FeedEditError> {
    change(services, actor, store_id, |row, _| {
        row.username = None;
        row.password_hash = None;
        row.password_set_at = None;
    })
    .await
}

fn random() -> Result<Secret, FeedEditError> {
    let bytes = random_bytes::<32>().map_err(|error| StoreError::Unavailable(Box::new(error)))?;
    Ok(Secret::from(URL_SAFE_NO_PAD.encode(bytes)))
}

async fn change(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
    set: impl FnOnce(&mut PriceFeed, DateTime<Utc>) + Send + 'static,
) -> Result<(), FeedEditError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn: &mut PgConnection| {
            let store: Store = store_for_change::<PriceFeed>(conn, &actor, store_id)?;
            let before = feed_fetch(conn, store_id)?.unwrap_or_else(|| PriceFeed::unset(store_id, now));
            let mut row = before.clone();
            set(&mut row, now);
            let Some((old, new)) = changed_fields(shown(&before), shown(&row)) else {
                return Ok(());
            };
            row.version += 1;
            row.updated_at = now;
            feed_save(conn, &row)?;
            let object = ("price_feed", store_id.0, store.name.as_str());
            let entry = AuditEntry::new(&actor, now, Some(store_id), object, "update");
            Ok(audit_insert(conn, &entry.change(old, new))?)
        })
        .await
}

/// What the log tells: no secrets.
fn shown(row: &PriceFeed) -> Value {
    json!({ "publishing": row.publishing, "address_set_at": row.address_set_at,
        "credentials_set_at": row.password_set_at })
}

//! Buyers' orders on preorder: the store's token for the official orders interface, reading them, and telling the
//! marketplace that the goods are there. Reading and telling are a worker's.

mod arrived;

pub use arrived::{ArrivalError, ask_arrived, tell_arrived};

use chrono::TimeDelta;
use serde_json::json;

use super::edit::{EditError, FieldError, store_for_change};
use crate::{
    domain::{Actor, JobKind, StoreId, Tenant, order::Order},
    kaspi::{KaspiError, orders},
    queue::enqueue::enqueue_for_store,
    secrets::{Place, Secret},
    services::Services,
    store::{
        PgConnection, StoreError,
        audit::{AuditEntry, audit_insert},
        preorder_orders::{
            OrdersAccess, ReadOrder, orders_access_delete, orders_access_read, orders_access_save,
            orders_accesses_due, preorder_order_set_entries, preorder_orders_asked, preorder_orders_bare,
            preorder_orders_keep,
        },
        stores::{Store, store_fetch},
    },
};

/// Orders are read so often.
const READ_EVERY: TimeDelta = TimeDelta::minutes(10);
/// A reading that failed is tried again after this time.
const AGAIN_AFTER: TimeDelta = TimeDelta::minutes(2);
/// Orders placed longer ago are not looked at: a preorder takes 30 days at most, and some are late.
const LOOK_BACK: TimeDelta = TimeDelta::days(60);
/// Stores read in one round.
const PER_ROUND: i64 = 2;
/// Orders whose lines are read in one round of a store.
const ENTRIES_PER_ROUND: i64 = 50;

/// Where a store's token is sealed for.
fn token_place(store_id: StoreId) -> Place {
    Place {
        column: "orders_accesses.token_sealed",
        row: store_id.0,
        tenant: None,
    }
}

/// Keeps a store's token for the orders interface, or forgets it (`None`). The log says that, never the token.
///
/// # Errors
/// See [`EditError`].
pub async fn set_orders_token(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
    token: Option<Secret>,
) -> Result<(), EditError<()>> {
    let (actor, now, vault) = (actor.clone(), services.now(), services.vault.clone());
    let sealed = match token {
        None => None,
        Some(token) => {
            let text = secrecy::ExposeSecret::expose_secret(&token);
            let plain =
                !text.is_empty() && text.len() <= 500 && text.bytes().all(|byte| byte.is_ascii_graphic());
            if !plain {
                return Err(EditError::Invalid(vec![FieldError::new(
                    "token",
                    "orders-token-wrong",
                )]));
            }
            let sealed = vault.seal(token_place(store_id), &token);
            Some(sealed.map_err(|error| StoreError::Unavailable(Box::new(error)))?)
        }
    };
    services
        .db
        .tx(move |conn| {
            let store = store_for_change::<()>(conn, &actor, store_id)?;
            let kept = sealed.is_some();
            match sealed {
                Some(sealed) => orders_access_save(conn, store_id, &sealed, now)?,
                None if orders_access_delete(conn, store_id)? => {}
                None => return Ok(()),
            }
            let entry = AuditEntry::new(
                &actor,
                now,
                Some(store_id),
                ("store", store_id.0, &store.name),
                "update",
            )
            .change(json!({ "orders_token": !kept }), json!({ "orders_token": kept }));
            Ok(audit_insert(conn, &entry)?)
        })
        .await
}

/// The token of a store, opened; `None`: it cannot be opened with the keys there are.
fn token_of(services: &Services, access: &OrdersAccess) -> Option<Secret> {
    let token = services
        .vault
        .open(token_place(access.store_id), &access.token_sealed);
    token
        .inspect_err(|error| tracing::error!(store.id = %access.store_id, %error, "a token cannot be opened"))
        .ok()
}

/// Reads the orders of stores whose turn it is. `true`: there may be more.
///
/// # Errors
/// See [`StoreError`].
pub async fn read_due_orders(services: &Services) -> Result<bool, StoreError> {
    let now = services.now();
    let due = services
        .db
        .tx(move |conn| orders_accesses_due(conn, PER_ROUND, now + READ_EVERY, now))
        .await?;
    let more = i64::try_from(due.len()).is_ok_and(|count| count >= PER_ROUND);
    for access in due {
        read_orders(services, access).await?;
    }
    Ok(more)
}

async fn read_orders(services: &Services, access: OrdersAccess) -> Result<(), StoreError> {
    let id = access.store_id;
    let store = services
        .db
        .read(move |conn| store_fetch(conn, Tenant::All, id))
        .await?;
    let Some(store) = store.filter(|store| store.active) else {
        return Ok(());
    };
    let Some(token) = token_of(services, &access) else {
        return note(services, id, Some("token_lost"), false).await;
    };
    let by = orders::OrdersAccess {
        merchant_id: &store.merchant_id,
        token: &token,
    };
    let now = services.now();
    let read = services.kaspi.orders_between(by, now - LOOK_BACK, now).await;
    let preorders: Vec<ReadOrder> = read
        .orders
        .iter()
        .filter(|order| order.preorder)
        .map(read_order)
        .collect();
    let at = services.now();
    services
        .db
        .tx(move |conn| {
            preorder_orders_keep(conn, id, &preorders, at)?;
            // Said while a job was ending, or left by one that failed.
            if !preorder_orders_asked(conn, id)?.is_empty() {
                enqueue_for_store(conn, JobKind::TellArrived, id, None, at)?;
            }
            Ok::<_, StoreError>(())
        })
        .await?;
    if let Some((state, error)) = read.failed.first() {
        tracing::warn!(store = store.name, %state, %error, "orders could not be read");
        let refused = matches!(error, KaspiError::TokenRefused);
        return note(services, id, Some(error.code()), !refused).await;
    }
    let failure = (read.unreadable > 0).then_some("orders_unreadable");
    note(services, id, failure, true).await?;
    read_entries(services, &store, by).await
}

/// The lines of orders that are new.
async fn read_entries(
    services: &Services,
    store: &Store,
    by: orders::OrdersAccess<'_>,
) -> Result<(), StoreError> {
    let id = store.id;
    let bare = services
        .db
        .read(move |conn| preorder_orders_bare(conn, id, ENTRIES_PER_ROUND))
        .await?;
    for (order, key) in bare {
        let entries = match services.kaspi.order_entries(by, &key).await {
            Ok(entries) => entries,
            Err(error) => {
                tracing::warn!(store = store.name, %error, "the lines of an order could not be read");
                return Ok(());
            }
        };
        let lines: Vec<_> = entries
            .into_iter()
            .map(|entry| json!({ "sku": entry.sku, "name": entry.name, "quantity": entry.quantity }))
            .collect();
        services
            .db
            .tx(move |conn| preorder_order_set_entries(conn, order, &json!(lines)))
            .await?;
    }
    Ok(())
}

fn read_order(order: &Order) -> ReadOrder {
    ReadOrder {
        order_key: order.id.clone(),
        code: order.code.clone(),
        state: order.state.as_str(),
        status: order.status_word.clone(),
        total_tenge: order.total,
        placed_at: order.created_at,
        planned_at: order.planned_delivery_at,
    }
}

async fn note(
    services: &Services,
    store_id: StoreId,
    failure: Option<&'static str>,
    again: bool,
) -> Result<(), StoreError> {
    let now = services.now();
    let pause = if failure.is_some() {
        AGAIN_AFTER
    } else {
        READ_EVERY
    };
    services
        .db
        .tx(move |conn: &mut PgConnection| {
            orders_access_read(conn, store_id, failure, again.then(|| now + pause), now)
        })
        .await
}

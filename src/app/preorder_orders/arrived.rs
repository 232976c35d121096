//! The goods of a preorder are there: a person says so, a job tells the marketplace. Told once; without a clear answer
//! the order is read again.

use serde_json::json;

use super::token_of;
use crate::{
    app::edit::{EditError, store_for_change},
    domain::{
        Actor, Arrival, JobKind, JobRunId, PreorderOrderId, StoreId, Tenant,
        order::{Order, OrderChange, OrderState, OrderStatus},
    },
    kaspi::{KaspiError, orders},
    queue::{enqueue::enqueue_for_store, runs::job_run_succeed},
    services::Services,
    store::{
        StoreError,
        audit::{AuditEntry, audit_insert},
        preorder_orders::{
            PreorderOrder, orders_access_fetch, orders_access_wake, preorder_order_arrival,
            preorder_order_fetch, preorder_orders_asked,
        },
        stores::store_fetch,
    },
};

/// Why it is not told that goods are there.
#[derive(Debug, thiserror::Error)]
pub enum ArrivalError {
    /// There is no such order, or it belongs to somebody else.
    #[error("not found")]
    NotFound,
    /// The actor may look but not change.
    #[error("no right to change this order")]
    Forbidden,
    /// It was told already, or the order does not wait for goods.
    #[error("the order does not wait for goods")]
    TooLate,
    /// The store has no token for the orders interface.
    #[error("the store has no token")]
    NoToken,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<EditError<()>> for ArrivalError {
    fn from(error: EditError<()>) -> Self {
        match error {
            EditError::Forbidden => Self::Forbidden,
            EditError::Store(error) => Self::Store(error),
            EditError::NotFound | EditError::Invalid(_) | EditError::Conflict(_) => Self::NotFound,
        }
    }
}

/// A person says that the goods of an order are there; a job tells the marketplace. Returns its run.
///
/// # Errors
/// See [`ArrivalError`].
pub async fn ask_arrived(
    services: &Services,
    actor: &Actor,
    id: PreorderOrderId,
) -> Result<JobRunId, ArrivalError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            let (order, _) = preorder_order_fetch(conn, actor.tenant(), id)?.ok_or(ArrivalError::NotFound)?;
            store_for_change::<()>(conn, &actor, order.store_id)?;
            let access = orders_access_fetch(conn, order.store_id)?;
            if access.is_none_or(|access| access.next_read_at.is_none()) {
                return Err(ArrivalError::NoToken);
            }
            let waits = order.status == OrderStatus::AcceptedByMerchant.as_str()
                && order.state != OrderState::Archive.as_str();
            let from = [None, Some(Arrival::Failed)];
            let by = Some((actor.user_id, now));
            if !waits || !preorder_order_arrival(conn, id, &from, (Arrival::Asked, None), by)? {
                return Err(ArrivalError::TooLate);
            }
            let object = ("preorder_order", id.0, order.code.as_str());
            let entry = AuditEntry::new(&actor, now, Some(order.store_id), object, "update").change(
                json!({ "arrival": order.arrival }),
                json!({ "arrival": Arrival::Asked }),
            );
            audit_insert(conn, &entry)?;
            let kind = JobKind::TellArrived;
            Ok(enqueue_for_store(conn, kind, order.store_id, actor.user_id, now)?)
        })
        .await
}

/// Tells the marketplace of every order of a store of which a person said that its goods are there; called by the job.
///
/// # Errors
/// The database failed; what was told is written down, the rest is told by the next try.
pub async fn tell_arrived(
    services: &Services,
    actor: &Actor,
    store_id: StoreId,
    run_id: JobRunId,
) -> Result<(), StoreError> {
    let mut told = 0;
    loop {
        let now = services.now();
        let asked = services
            .db
            .tx(move |conn| {
                let asked = preorder_orders_asked(conn, store_id)?;
                if asked.is_empty() {
                    job_run_succeed(conn, run_id, &json!({ "told": told }), now)?;
                }
                Ok::<_, StoreError>(asked)
            })
            .await?;
        let Some(order) = asked.into_iter().next() else {
            return Ok(());
        };
        tell(services, actor, order).await?;
        told += 1;
    }
}

async fn tell(services: &Services, actor: &Actor, order: PreorderOrder) -> Result<(), StoreError> {
    let store_id = order.store_id;
    let (store, access) = services
        .db
        .read(move |conn| {
            Ok::<_, StoreError>((
                store_fetch(conn, Tenant::All, store_id)?,
                orders_access_fetch(conn, store_id)?,
            ))
        })
        .await?;
    let token = access.and_then(|access| token_of(services, &access));
    let (Some(store), Some(token)) = (store, token) else {
        return end(services, actor, order, Arrival::Failed, None).await;
    };
    // From here on it may have been told: a worker that dies leaves an order that is read again.
    let id = order.id;
    let begun = services
        .db
        .tx(move |conn| {
            preorder_order_arrival(conn, id, &[Some(Arrival::Asked)], (Arrival::Unclear, None), None)
        })
        .await?;
    if !begun {
        return Ok(());
    }
    let by = orders::OrdersAccess {
        merchant_id: &store.merchant_id,
        token: &token,
    };
    let answer = services
        .kaspi
        .change_order(by, &as_read(&order), &OrderChange::Arrived)
        .await;
    match answer {
        Ok(()) => end(services, actor, order, Arrival::Told, None).await,
        Err(KaspiError::Rejected { message, .. }) => {
            end(services, actor, order, Arrival::Failed, Some(message)).await
        }
        // Nothing was changed: a person may say it again.
        Err(KaspiError::TokenRefused | KaspiError::RateLimited { .. } | KaspiError::Paused { .. }) => {
            end(services, actor, order, Arrival::Failed, None).await
        }
        Err(error) => {
            tracing::warn!(store = store.name, %error, "it is not clear whether an arrival was taken");
            end(services, actor, order, Arrival::Unclear, None).await
        }
    }
}

/// What of an order the marketplace's client needs.
fn as_read(order: &PreorderOrder) -> Order {
    Order {
        id: order.order_key.clone(),
        code: order.code.clone(),
        state: order.state.parse().unwrap_or(OrderState::KaspiDelivery),
        status: order.status.parse().ok(),
        status_word: order.status.clone(),
        preorder: true,
        total: order.total_tenge,
        delivery_cost_for_seller: None,
        created_at: order.placed_at,
        planned_delivery_at: order.planned_at,
        point_id: None,
        assembled: false,
    }
}

/// Writes down what came of it, and has the orders read again where that tells more.
async fn end(
    services: &Services,
    actor: &Actor,
    order: PreorderOrder,
    end: Arrival,
    said: Option<String>,
) -> Result<(), StoreError> {
    let (now, actor) = (services.now(), actor.clone());
    services
        .db
        .tx(move |conn| {
            let from = [Some(Arrival::Asked), Some(Arrival::Unclear)];
            if !preorder_order_arrival(conn, order.id, &from, (end, said.as_deref()), None)? {
                return Ok(());
            }
            if end == Arrival::Unclear {
                orders_access_wake(conn, order.store_id, now)?;
            }
            let object = ("preorder_order", order.id.0, order.code.as_str());
            let entry = AuditEntry::new(&actor, now, Some(order.store_id), object, "update")
                .change(json!({ "arrival": Arrival::Asked }), json!({ "arrival": end }));
            audit_insert(conn, &entry)
        })
        .await
}

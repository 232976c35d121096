//! A price that a person or a program names for one product: judged by today's limits and stops, planned as a write of
//! its own origin, and sent like every other one: journal, last gate, pace. The robot then leaves the product alone for
//! a while.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{
    edit::{EditError, store_for_change},
    put_back::{HANDS_OFF, Line, judge},
    reprice::{supersede, supersede_of},
    waiting::settled,
};
use crate::{
    domain::{
        Actor, ProductId, PushId, PushOrigin, PushState, SessionState, Tenant, Tenge, WriteClass,
        pricing::{Worth, brought_inside, lowest_safe},
        product::LOWEST_PRICE,
    },
    services::Services,
    store::{
        PgConnection, StoreError,
        audit::{AuditEntry, audit_insert},
        product_writes::products_hold,
        products::{ProductRow, product_fetch, product_prices_list},
        push_lists::push_fetch,
        pushes::{NewPush, Push, PushCity, almaty_day, push_insert},
        put_backs::products_lock,
        stores::Store,
        tariffs::tariffs_load,
    },
};

/// Why no price was planned. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum PriceError {
    /// There is no such product, or it belongs to somebody else.
    #[error("there is no such product")]
    NotFound,
    /// The actor may look but not change.
    #[error("no right to change this")]
    Forbidden,
    /// The store's session is gone: a login comes first.
    #[error("the store needs a login")]
    NeedsLogin,
    /// Limits, stops or the state of things forbid it.
    #[error("refused: {code}")]
    Refused {
        /// Code of the reason, as for prices that are put back.
        code: &'static str,
        /// The limit that was hit, where it is one.
        limit: Option<Tenge>,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<EditError<()>> for PriceError {
    fn from(error: EditError<()>) -> Self {
        match error {
            EditError::Forbidden => Self::Forbidden,
            EditError::Store(error) => Self::Store(error),
            EditError::NotFound | EditError::Invalid(_) | EditError::Conflict(_) => Self::NotFound,
        }
    }
}

/// May the actor name a price for the product, and is its store logged in? Looked at before the price itself.
///
/// # Errors
/// `NotFound`, `Forbidden`, `NeedsLogin`, `Store`.
pub async fn may_set_price(services: &Services, actor: &Actor, id: ProductId) -> Result<(), PriceError> {
    let actor = actor.clone();
    services
        .db
        .read(move |conn| product_for_price(conn, &actor, id).map(|_| ()))
        .await
}

fn product_for_price(
    conn: &mut PgConnection,
    actor: &Actor,
    id: ProductId,
) -> Result<(ProductRow, Store), PriceError> {
    let row = product_fetch(conn, actor.tenant(), id)?.ok_or(PriceError::NotFound)?;
    let store = store_for_change::<()>(conn, actor, row.product.store_id)?;
    if store.session_state != SessionState::Connected {
        return Err(PriceError::NeedsLogin);
    }
    Ok((row, store))
}

/// Plans the write of a price in the store's main city; other cities keep theirs, brought inside the limits. `None`: the
/// product has this price.
///
/// # Errors
/// See [`PriceError`].
pub async fn set_price_by_hand(
    services: &Services,
    actor: &Actor,
    id: ProductId,
    price: Tenge,
) -> Result<Option<PushId>, PriceError> {
    let (actor, now) = (actor.clone(), services.now());
    services
        .db
        .tx(move |conn| {
            products_hold(conn, &[id])?;
            let found = product_for_price(conn, &actor, id)?;
            plan(conn, &actor, &found, price, now)
        })
        .await
}

fn plan(
    conn: &mut PgConnection,
    actor: &Actor,
    (row, store): &(ProductRow, Store),
    price: Tenge,
    now: DateTime<Utc>,
) -> Result<Option<PushId>, PriceError> {
    let product = &row.product;
    let cities = product_prices_list(conn, &[product.id])?;
    if !cities.iter().any(|city| city.city_id == store.main_city_id) {
        return Err(PriceError::Refused {
            code: "no_price",
            limit: None,
        });
    }
    let limits = row.terms.limits();
    let economics = row.terms.economics(&tariffs_load(conn)?, almaty_day(now)).ok();
    let wanted = |city: &str, present: Tenge| {
        if city == store.main_city_id {
            price
        } else {
            brought_inside(limits, economics.as_ref(), present).unwrap_or(price)
        }
    };
    let cities: Vec<_> = cities
        .into_iter()
        .map(|city| {
            let wanted = wanted(&city.city_id, city.price_tenge);
            (city.city_id, city.price_tenge, wanted)
        })
        .collect();
    let line = Line {
        product_id: product.id,
        name: product.name.clone(),
        sku: product.sku.clone(),
        cities,
        refusal: (!product.on_sale || product.archived_at.is_some()).then_some("not_on_sale"),
        lowest: LOWEST_PRICE,
    };
    let mut lines = [line];
    judge(conn, actor, store, &mut lines, now)?;
    let [line] = lines;
    if let Some(code) = line.refusal {
        let limit = match code {
            "below_floor" => Some(limits.floor.unwrap_or(LOWEST_PRICE).max(LOWEST_PRICE)),
            "above_ceiling" => limits.ceiling,
            "below_goal" => lowest_safe(limits, economics.as_ref()),
            _ => None,
        };
        return Err(PriceError::Refused { code, limit });
    }
    if line.cities.iter().all(|(_, present, wanted)| present == wanted) {
        return Ok(None);
    }
    Ok(Some(write_down(conn, actor, store, &line, now)?))
}

fn write_down(
    conn: &mut PgConnection,
    actor: &Actor,
    store: &Store,
    line: &Line,
    now: DateTime<Utc>,
) -> Result<PushId, StoreError> {
    let ids = [line.product_id];
    let mut replaced = supersede(conn, &ids, now)?;
    let peoples = (Some(PushOrigin::Person), None);
    replaced.extend(supersede_of(conn, actor, &ids, peoples, now)?);
    let push = NewPush {
        store_id: store.id,
        product_id: line.product_id,
        decision_id: None,
        origin: PushOrigin::Person,
        actor_id: actor.user_id,
        market_taken_at: None,
        lowest_tenge: line.lowest,
        // Writes of people go before all others.
        worth: Worth {
            class: WriteClass::Place,
            per_day: Tenge(0),
        },
        cities: line.cities.clone(),
        restore_image: None,
    };
    let id = push_insert(conn, &[push], &replaced, now)?
        .pop()
        .ok_or(StoreError::Stale)?;
    products_lock(conn, &ids, now + HANDS_OFF)?;
    let prices: Vec<_> = line
        .cities
        .iter()
        .map(|(city, before, price)| json!({ "city": city, "before": before, "price": price }))
        .collect();
    let object = ("price_push", id.0, line.name.as_str());
    let entry = AuditEntry::new(actor, now, Some(store.id), object, "plan")
        .change(json!({}), json!({ "prices": prices }));
    audit_insert(conn, &entry)?;
    Ok(id)
}

/// Waits until the marketplace has answered a write, or the write has ended before; `patience` at most. Then as it
/// stands.
///
/// # Errors
/// `NotFound` for writes of others, `Store`.
pub async fn settled_push(
    services: &Services,
    tenant: Tenant,
    id: PushId,
    patience: Duration,
) -> Result<(Push, Vec<PushCity>), PriceError> {
    let look = async || {
        services
            .db
            .read(move |conn| push_fetch(conn, tenant, id))
            .await?
            .ok_or(PriceError::NotFound)
    };
    settled(patience, look, |(push, _)| {
        !matches!(
            push.state,
            PushState::Planned | PushState::Claimed | PushState::Sent
        )
    })
    .await
}

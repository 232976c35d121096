//! Buyers' orders on preorder: overdue first, "the goods are there" with a page that asks, and the store's token.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use chrono::{DateTime, Utc};

use crate::{
    app::{
        edit::{EditError, actor_may_change},
        preorder_orders::{ArrivalError, ask_arrived, set_orders_token},
    },
    domain::{Arrival, PreorderOrderId, StoreId, order::OrderStatus},
    secrets::Secret,
    services::Services,
    store::{
        preorder_orders::{
            OrderFilter, OrdersAccess, PreorderOrder, orders_access_fetch, preorder_order_fetch,
            preorder_order_list,
        },
        stores::{Store, store_fetch, store_list},
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser, path_id},
        error::ErrorKind,
        filters, format,
        render::{html, html_with, see_other},
        session,
        texts::Texts,
    },
};

/// Orders of a page.
const LIST_MAX: i64 = 300;

/// An order in words.
struct Line {
    order: PreorderOrder,
    store: Store,
    /// `3 × Kettle`, one for each line of the order.
    goods: Vec<String>,
    class: &'static str,
    icon: &'static str,
    state: String,
    overdue: String,
    /// Its goods are awaited: a person may say that they are there.
    waits: bool,
}

impl Line {
    fn new((order, store): (PreorderOrder, Store), now: DateTime<Utc>, t: &Texts) -> Self {
        let waits = order.status == OrderStatus::AcceptedByMerchant.as_str()
            && order.state != "ARCHIVE"
            && matches!(order.arrival, None | Some(Arrival::Failed));
        let (class, icon, word) = match order.arrival {
            Some(Arrival::Asked | Arrival::Unclear) => ("st info", "clock", "order-arrival-asked"),
            Some(Arrival::Told) => ("st ok", "check-circle", "order-arrival-told"),
            Some(Arrival::Failed) => ("st bad", "x-circle", "order-arrival-failed"),
            None if waits => ("st", "clock", "order-waits"),
            None => ("st ghost", "check", "order-status-other"),
        };
        let state = if word == "order-status-other" {
            t.get_or(&format!("order-status-{}", order.status), "order-status-other")
        } else {
            t.get(word)
        };
        let late = order.planned_at.filter(|planned| waits && *planned < now);
        Self {
            goods: goods(&order),
            class: if late.is_some() && order.arrival.is_none() {
                "st bad"
            } else {
                class
            },
            icon: if late.is_some() && order.arrival.is_none() {
                "alert"
            } else {
                icon
            },
            state: match late {
                Some(_) if order.arrival.is_none() => t.get("order-overdue"),
                _ => state,
            },
            overdue: late.map_or_else(String::new, |planned| format::duration(now - planned, *t)),
            waits,
            order,
            store,
        }
    }
}

/// The lines of an order; empty while they are not read yet.
fn goods(order: &PreorderOrder) -> Vec<String> {
    let entries = order.entries.as_ref().and_then(serde_json::Value::as_array);
    let text = |entry: &serde_json::Value| {
        let name = entry.get("name")?.as_str()?;
        let quantity = entry.get("quantity")?.as_u64()?;
        Some(if quantity > 1 {
            format!("{quantity} × {name}")
        } else {
            name.to_owned()
        })
    };
    entries
        .map(|entries| entries.iter().filter_map(text).collect())
        .unwrap_or_default()
}

/// A store and how reading its orders goes.
struct Source {
    store: Store,
    access: Option<OrdersAccess>,
    /// Why the last reading did not see everything; empty: it did.
    trouble: String,
    may_change: bool,
}

#[derive(Template)]
#[template(path = "preorders/orders.html")]
struct OrdersPage {
    shell: Shell,
    lines: Vec<Line>,
    sources: Vec<Source>,
    all: bool,
    store: Option<StoreId>,
}

impl OrdersPage {
    /// No store has a token that works: there is nothing to wait for.
    fn no_tokens(&self) -> bool {
        self.sources.iter().all(|source| source.access.is_none())
    }

    fn overdue(&self) -> usize {
        self.lines.iter().filter(|line| !line.overdue.is_empty()).count()
    }
}

/// What the list is asked for.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct ListQuery {
    store: Option<StoreId>,
    all: Option<String>,
}

/// The orders on preorder.
///
/// # Errors
/// Database away.
pub async fn list(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    query: web::Query<ListQuery>,
) -> WebResult<HttpResponse> {
    let (actor, t, now) = (user.actor(&req), shell.t, shell.now);
    let filter = OrderFilter {
        store_id: query.store,
        all: query.all.is_some(),
    };
    let (lines, sources) = services
        .db
        .read(move |conn| {
            let tenant = actor.tenant();
            let rows = preorder_order_list(conn, tenant, filter, LIST_MAX)?;
            let mut sources = Vec::new();
            for store in store_list(conn, tenant)? {
                let access = orders_access_fetch(conn, store.id)?;
                let trouble = access.as_ref().and_then(|access| access.failure.clone());
                sources.push(Source {
                    may_change: actor_may_change(conn, &actor, &store)?,
                    trouble: trouble.map_or_else(String::new, |code| {
                        t.get_or(&format!("job-failure-{code}"), "job-failure-failed")
                    }),
                    store,
                    access,
                });
            }
            let lines = rows.into_iter().map(|row| Line::new(row, now, &t)).collect();
            Ok::<_, WebError>((lines, sources))
        })
        .await?;
    html(&OrdersPage {
        shell,
        lines,
        sources,
        all: filter.all,
        store: filter.store_id,
    })
}

#[derive(Template)]
#[template(path = "preorders/order_arrived.html")]
struct ArrivedPage {
    shell: Shell,
    line: Line,
}

/// Asks before it is told that the goods are there.
///
/// # Errors
/// Not found; database away.
pub async fn confirm_arrived(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let (actor, id) = (user.0.actor(&req), path_id::<PreorderOrderId>(&req)?);
    let row = services
        .db
        .read(move |conn| {
            let (order, store) =
                preorder_order_fetch(conn, actor.tenant(), id)?.ok_or_else(WebError::not_found)?;
            if !actor_may_change(conn, &actor, &store)? {
                return Err(WebError::forbidden());
            }
            Ok((order, store))
        })
        .await?;
    let line = Line::new(row, shell.now, &shell.t);
    html(&ArrivedPage { shell, line })
}

/// Tells that the goods are there.
///
/// # Errors
/// Not found; forbidden; database away.
pub async fn arrived(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    let id: PreorderOrderId = path_id(&req)?;
    let (good, text) = match ask_arrived(&services, &user.0.actor(&req), id).await {
        Ok(_) => (true, "order-arrival-noted"),
        Err(ArrivalError::TooLate) => (false, "order-arrival-too-late"),
        Err(ArrivalError::NoToken) => (false, "order-arrival-no-token"),
        Err(ArrivalError::NotFound) => return Err(WebError::not_found()),
        Err(ArrivalError::Forbidden) => return Err(WebError::forbidden()),
        Err(ArrivalError::Store(error)) => return Err(error.into()),
    };
    session::flash(&session, good, shell.t.get(text))?;
    Ok(see_other("/preorders/orders"))
}

#[derive(Template)]
#[template(path = "preorders/orders_token.html")]
struct TokenPage {
    shell: Shell,
    store: Store,
    access: Option<OrdersAccess>,
    wrong: bool,
}

impl TokenPage {
    async fn new(
        shell: Shell,
        services: &Services,
        user: &ManagerUser,
        req: &HttpRequest,
        wrong: bool,
    ) -> WebResult<Self> {
        let (actor, id) = (user.0.actor(req), path_id::<StoreId>(req)?);
        let (store, access) = services
            .db
            .read(move |conn| {
                let store = store_fetch(conn, actor.tenant(), id)?.ok_or_else(WebError::not_found)?;
                if !actor_may_change(conn, &actor, &store)? {
                    return Err(WebError::forbidden());
                }
                Ok((store, orders_access_fetch(conn, id)?))
            })
            .await?;
        Ok(Self {
            shell,
            store,
            access,
            wrong,
        })
    }
}

/// The form of a store's token.
///
/// # Errors
/// Not found; forbidden; database away.
pub async fn token_form(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    html(&TokenPage::new(shell, &services, &user, &req, false).await?)
}

/// What the form sends. The token is dropped from memory with it.
#[derive(serde::Deserialize)]
pub struct TokenForm {
    #[serde(default)]
    token: String,
    #[serde(default)]
    forget: String,
}

/// Keeps or forgets a store's token.
///
/// # Errors
/// Not found; forbidden; database away.
pub async fn save_token(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<TokenForm>,
) -> WebResult<HttpResponse> {
    let id: StoreId = path_id(&req)?;
    let TokenForm { token, forget } = form.into_inner();
    let token = forget.is_empty().then(|| Secret::from(token.trim()));
    let kept = token.is_some();
    match set_orders_token(&services, &user.0.actor(&req), id, token).await {
        Ok(()) => {
            let text = if kept {
                "orders-token-kept"
            } else {
                "orders-token-forgotten"
            };
            session::flash(&session, true, shell.t.get(text))?;
            Ok(see_other(&format!("/preorders/orders?store={id}")))
        }
        Err(EditError::Invalid(_)) => {
            let page = TokenPage::new(shell, &services, &user, &req, true).await?;
            html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(EditError::Forbidden) => Err(WebError::forbidden()),
        Err(EditError::NotFound) => Err(WebError::not_found()),
        Err(EditError::Conflict(_)) => Err(WebError::new(ErrorKind::Conflict)),
        Err(EditError::Store(error)) => Err(error.into()),
    }
}

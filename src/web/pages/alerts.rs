//! Alerts: what happened, what to do about it, and who cares for it.

mod channels;

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::{
    app::alerts::{AlertError, acknowledge},
    domain::{AlertId, AlertKind, AlertSeverity},
    services::Services,
    store::{
        StoreError,
        alerts::{AlertRow, alert_list_open, alert_list_seen},
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser, path_id},
        filters,
        render::{html, see_other},
        routes::{Access, Kind, Route},
        session,
        texts::alerts::title_of,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/alerts", Kind::Page, Access::SignedIn, || web::to(list)),
    Route::get("/settings/alerts", Kind::Page, Access::Admin, || {
        web::to(channels::show)
    }),
    Route::post("/settings/alerts/{channel}", Kind::Page, Access::Admin, || {
        web::to(channels::save)
    }),
    Route::post(
        "/settings/alerts/{channel}/test",
        Kind::Page,
        Access::Admin,
        || web::to(channels::test),
    ),
    Route::post("/alerts/{id}/acknowledge", Kind::Page, Access::Manager, || {
        web::to(seen)
    }),
];

/// Alerts listed that nobody has seen yet, and that somebody has.
const OPEN: i64 = 200;
const SEEN: i64 = 50;

/// An alert in words.
pub(super) struct View {
    alert: AlertRow,
    pub class: &'static str,
    pub icon: &'static str,
    /// How soon somebody should look.
    pub word: String,
    pub title: String,
    todo: String,
    /// Where it is seen to: address and words.
    act: Option<(String, String)>,
    may_acknowledge: bool,
}

impl View {
    pub(super) fn new(alert: AlertRow, shell: &Shell) -> Self {
        let t = shell.t;
        let mut of_stores = shell.overview.stores.iter();
        let store = alert
            .store_id
            .and_then(|id| of_stores.find(|store| store.id == id));
        let told = alert.data.get("store").and_then(|value| value.as_str());
        let store = store.map(|store| store.name.as_str()).or(told);
        let title = title_of(&alert, store.filter(|_| alert.store_id.is_some()), &t);
        let kind = alert.kind;
        let (class, icon) = match alert.severity {
            AlertSeverity::Critical => ("bad", "alert"),
            AlertSeverity::Warning => ("warn", "alert"),
            AlertSeverity::Notice => ("info", "info"),
        };
        let act = match (kind, alert.store_id, alert.product_id) {
            (AlertKind::StoreStopped | AlertKind::Breaker, ..) => Some(("/stop".to_owned(), "stop")),
            (AlertKind::SessionLost, Some(store), _) => Some((format!("/stores/new?store={store}"), "login")),
            (_, _, Some(product)) => Some((format!("/products/{product}"), "product")),
            (_, Some(store), None) => Some((format!("/stores/{store}"), "store")),
            (_, None, None) => None,
        };
        Self {
            class,
            icon,
            word: t.get(format!("alert-severity-{}", alert.severity)),
            title,
            todo: t.get(format!("alert-{kind}-do")),
            act: act.map(|(href, word)| (href, t.get(format!("alert-act-{word}")))),
            may_acknowledge: shell.may_change() && (alert.store_id.is_some() || shell.is_admin()),
            alert,
        }
    }
}

#[derive(Template)]
#[template(path = "alerts/page.html")]
struct AlertsPage {
    shell: Shell,
    open: Vec<View>,
    seen: Vec<View>,
}

async fn list(shell: Shell, user: CurrentUser, services: web::Data<Services>) -> WebResult<HttpResponse> {
    let tenant = user.tenant();
    let (open, seen) = services
        .db
        .read(move |conn| {
            let open = alert_list_open(conn, tenant, OPEN)?;
            Ok::<_, StoreError>((open, alert_list_seen(conn, tenant, SEEN)?))
        })
        .await?;
    let views = |rows: Vec<AlertRow>| rows.into_iter().map(|row| View::new(row, &shell)).collect();
    let (open, seen) = (views(open), views(seen));
    html(&AlertsPage { shell, open, seen })
}

async fn seen(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    let id: AlertId = path_id(&req)?;
    acknowledge(&services, &user.0.actor(&req), id).await?;
    session::flash(&session, true, shell.t.get("alerts-acknowledged"))?;
    Ok(see_other("/alerts"))
}

impl From<AlertError> for WebError {
    fn from(error: AlertError) -> Self {
        match error {
            AlertError::NotFound => Self::not_found(),
            AlertError::Forbidden => Self::forbidden(),
            AlertError::Store(error) => error.into(),
        }
    }
}

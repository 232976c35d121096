//! The stores: the list, one store with its state, its robot and its work, and removing it.

pub mod people;

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use chrono::TimeDelta;
use serde::Deserialize;

use super::{
    jobs::{RunProgress, RunView},
    rules::trial::TrialView,
};
use crate::{
    app::{
        rules::trial::preview_of_store,
        store_edit::{delete_store, set_repricing_mode},
        sync_products::{SyncError, request_sync},
    },
    domain::{AccountKind, RepricingMode, SessionState, city},
    queue::runs::{RunFilter, job_run_list},
    services::Services,
    store::{
        StoreError,
        accounts::{CabinetAccount, account_of_store},
        kill_switches::KillSwitch,
        overview::{StoreFigures, overview_store},
        push_queue::{PushDelays, PushQueue, push_delays, push_queue},
        stores::{Store, StorePoint, store_points_list},
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser, OwnedStore},
        error::ErrorKind,
        filters, format,
        render::{html, html_with, see_other},
        routes::{Access, Kind, Route},
        session,
    },
};

/// The area's addresses; those of connecting a store stand in `connect`.
pub const ROUTES: &[Route] = &[
    Route::get("/stores", Kind::Page, Access::SignedIn, || web::to(list)),
    Route::get("/stores/{id}", Kind::Page, Access::SignedIn, || web::to(show)),
    Route::post("/stores/{id}/sync", Kind::Page, Access::Manager, || web::to(sync)),
    Route::post("/stores/{id}/mode", Kind::Page, Access::Manager, || {
        web::to(set_mode)
    }),
    Route::get("/stores/{id}/delete", Kind::Page, Access::Manager, || {
        web::to(delete_form)
    }),
    Route::post("/stores/{id}/delete", Kind::Page, Access::Manager, || {
        web::to(delete)
    }),
];

/// Waiting writes shown on a store's page.
const QUEUED: i64 = 10;
/// Runs shown on a store's page.
const RUNS: i64 = 12;

#[derive(Template)]
#[template(path = "stores/page.html")]
struct StoresPage {
    shell: Shell,
}

async fn list(shell: Shell) -> WebResult<HttpResponse> {
    html(&StoresPage { shell })
}

#[derive(Template)]
#[template(path = "stores/store.html")]
struct StorePage {
    shell: Shell,
    store: Store,
    figures: StoreFigures,
    points: Vec<StorePoint>,
    account: Option<CabinetAccount>,
    open: Vec<RunProgress>,
    past: Vec<RunView>,
    stop: Option<KillSwitch>,
    queue: PushQueue,
    delays: Option<PushDelays>,
    /// Writes that the marketplace takes within half an hour.
    budget: i64,
}

impl StorePage {
    fn city(&self) -> &str {
        city::city_name(&self.store.main_city_id)
    }

    /// Has it products, and the robot none of them?
    fn is_new(&self) -> bool {
        self.shell.may_change() && self.figures.products > 0 && self.figures.repriced == 0
    }

    fn needs_login(&self) -> bool {
        matches!(
            self.store.session_state,
            SessionState::Never | SessionState::NeedsLogin
        )
    }

    fn renews(&self) -> bool {
        self.store.session_state == SessionState::Renewing
    }

    /// The account can be logged in again with what is kept of it.
    fn can_log_in(&self) -> bool {
        self.account
            .as_ref()
            .is_some_and(|a| a.kind == AccountKind::Phone || a.password_sealed.is_some())
    }

    fn duration(&self, seconds: i64) -> String {
        format::duration(TimeDelta::seconds(seconds), self.shell.t)
    }

    fn modes(&self) -> &'static [RepricingMode] {
        RepricingMode::ALL
    }
}

async fn show(
    shell: Shell,
    user: CurrentUser,
    store: OwnedStore,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let (id, tenant, now, t) = (store.0.id, user.tenant(), shell.now, shell.t);
    let of_store = RunFilter {
        store_id: Some(id),
        ..RunFilter::default()
    };
    let (figures, points, account, runs, queue, delays) = services
        .db
        .read(move |conn| {
            Ok::<_, StoreError>((
                overview_store(conn, id)?,
                store_points_list(conn, id)?,
                account_of_store(conn, id)?,
                job_run_list(conn, tenant, of_store, RUNS)?,
                push_queue(conn, id, QUEUED, now)?,
                push_delays(conn, id, now)?,
            ))
        })
        .await?;
    let (open, past): (Vec<_>, Vec<_>) = runs
        .into_iter()
        .map(|(run, _)| RunView::new(run, None, now, t))
        .partition(|view| view.open);
    let open = open
        .into_iter()
        .map(|view| RunProgress::new(view, &shell))
        .collect();
    let stop = shell
        .overview
        .stops
        .iter()
        .find(|named| named.stop.covers_store(id))
        .map(|named| named.stop.clone());
    html(&StorePage {
        shell,
        figures,
        points,
        account,
        open,
        past,
        stop,
        queue,
        delays,
        budget: services.config.kaspi.limits.writes_per_half_hour.into(),
        store: store.0,
    })
}

async fn sync(
    req: HttpRequest,
    user: ManagerUser,
    store: OwnedStore,
    shell: Shell,
    services: web::Data<Services>,
    session: Session,
) -> WebResult<HttpResponse> {
    let id = store.0.id;
    match request_sync(&services, &user.0.actor(&req), id).await {
        Ok(_) => session::flash(&session, true, shell.t.get("store-sync-started"))?,
        Err(SyncError::Renewing) => session::flash(&session, true, shell.t.get("store-renews"))?,
        Err(SyncError::NeedsLogin) => session::flash(&session, false, shell.t.get("store-sync-needs-login"))?,
        Err(error) => return Err(error.into()),
    }
    Ok(see_other(&format!("/stores/{id}")))
}

impl From<SyncError> for WebError {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::NotFound => Self::not_found(),
            SyncError::Forbidden => Self::forbidden(),
            SyncError::NeedsLogin | SyncError::Renewing | SyncError::Cancelled => {
                Self::new(ErrorKind::Conflict)
            }
            SyncError::Kaspi(error) => Self {
                kind: ErrorKind::Upstream,
                source: Some(error.into()),
            },
            SyncError::Store(error) => error.into(),
        }
    }
}

#[derive(Deserialize)]
struct ModeForm {
    mode: String,
    #[serde(default)]
    confirmed: String,
}

#[derive(Template)]
#[template(path = "stores/go_live.html")]
struct GoLivePage {
    shell: Shell,
    store: Store,
    figures: StoreFigures,
    /// What the robot would have sent so far; none while it decided nothing.
    trial: TrialView,
}

/// Switching to live asks once more: it is the step from which prices are sent.
async fn set_mode(
    req: HttpRequest,
    user: ManagerUser,
    store: OwnedStore,
    shell: Shell,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<ModeForm>,
) -> WebResult<HttpResponse> {
    let mode: RepricingMode = form
        .mode
        .parse()
        .map_err(|_| WebError::new(ErrorKind::BadRequest))?;
    let store = store.0;
    let id = store.id;
    let goes_live = mode == RepricingMode::Live && store.repricing_mode != RepricingMode::Live;
    if goes_live && form.confirmed != "yes" {
        let (figures, trial) = services
            .db
            .read(move |conn| Ok::<_, StoreError>((overview_store(conn, id)?, preview_of_store(conn, id)?)))
            .await?;
        return html(&GoLivePage {
            trial: TrialView::new(trial, shell.t),
            shell,
            store,
            figures,
        });
    }
    set_repricing_mode(&services, &user.0.actor(&req), id, mode).await?;
    let message = shell.t.get(format!("store-mode-set-{mode}"));
    session::flash(&session, true, message)?;
    Ok(see_other(&format!("/stores/{id}")))
}

#[derive(Template)]
#[template(path = "stores/delete.html")]
struct DeletePage {
    shell: Shell,
    store: Store,
    figures: StoreFigures,
    typed: String,
    wrong: bool,
}

async fn delete_form(
    shell: Shell,
    store: OwnedStore,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let id = store.0.id;
    let figures = services.db.read(move |conn| overview_store(conn, id)).await?;
    html(&DeletePage {
        shell,
        store: store.0,
        figures,
        typed: String::new(),
        wrong: false,
    })
}

#[derive(Deserialize)]
struct DeleteForm {
    #[serde(default)]
    name: String,
}

/// Only with the store's name typed out: it cannot be undone.
async fn delete(
    req: HttpRequest,
    user: ManagerUser,
    store: OwnedStore,
    shell: Shell,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<DeleteForm>,
) -> WebResult<HttpResponse> {
    let (store, typed) = (store.0, form.into_inner().name);
    let id = store.id;
    if typed.trim() != store.name.trim() {
        let figures = services.db.read(move |conn| overview_store(conn, id)).await?;
        let page = DeletePage {
            shell,
            store,
            figures,
            typed,
            wrong: true,
        };
        return html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    delete_store(&services, &user.0.actor(&req), id).await?;
    session::flash(&session, true, shell.t.with("store-deleted", "name", &store.name))?;
    Ok(see_other("/stores"))
}

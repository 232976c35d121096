//! The stop button: a page that says what a stop covers, and the way back.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use serde::Deserialize;

use crate::{
    app::kill_switch::{StopError, release_prices, stop_prices},
    domain::StoreId,
    services::Services,
    store::{
        StoreError,
        overview::{Reach, Stop, overview_reach},
        stores::Store,
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser},
        error::ErrorKind,
        filters,
        render::{html, html_with, see_other},
        routes::{Access, Kind, Route},
        session,
        texts::Texts,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/stop", Kind::Page, Access::SignedIn, || web::to(form)),
    Route::get("/robot", Kind::Fragment, Access::SignedIn, || web::to(robot)),
    Route::post("/stop", Kind::Page, Access::Manager, || web::to(stop)),
    Route::post("/stop/release", Kind::Page, Access::Manager, || web::to(release)),
];

/// Ready reasons: keys of texts.
const REASONS: [&str; 4] = [
    "stop-reason-mistake",
    "stop-reason-costs",
    "stop-reason-check",
    "stop-reason-other",
];

/// One choice of what to stop.
struct Choice {
    value: String,
    name: String,
    reach: Reach,
}

#[derive(Template)]
#[template(path = "stop/page.html")]
struct StopPage {
    shell: Shell,
    stops: Vec<(Stop, String)>,
    choices: Vec<Choice>,
    details: String,
    wrong: bool,
}

impl StopPage {
    async fn new(shell: Shell, user: &CurrentUser, services: &Services) -> WebResult<Self> {
        let stores = shell.overview.stores.clone();
        let tenant = user.tenant();
        let all = shell.is_admin().then(|| shell.t.get("stop-all"));
        let choices = services
            .db
            .read(move |conn| {
                let mut choices = Vec::new();
                for store in &stores {
                    choices.push(Choice {
                        value: store.id.to_string(),
                        name: store.name.clone(),
                        reach: overview_reach(conn, tenant, Some(store.id))?,
                    });
                }
                if let Some(name) = all {
                    let reach = overview_reach(conn, tenant, None)?;
                    choices.insert(
                        0,
                        Choice {
                            value: ALL.to_owned(),
                            name,
                            reach,
                        },
                    );
                }
                Ok::<_, StoreError>(choices)
            })
            .await?;
        let stops = shell.overview.stops.iter();
        let stops = stops
            .map(|stop| (stop.clone(), name_of(stop, &shell.overview.stores, shell.t)))
            .collect();
        Ok(Self {
            shell,
            stops,
            choices,
            details: String::new(),
            wrong: false,
        })
    }

    fn reasons(&self) -> [&'static str; 4] {
        REASONS
    }

    /// Managers release what covers their stores; everything only administrators.
    fn may_release(&self, stop: &Stop) -> bool {
        self.shell.may_change() && (stop.store_id.is_some() || self.shell.is_admin())
    }
}

/// What the form calls "every store".
const ALL: &str = "all";

fn name_of(stop: &Stop, stores: &[Store], t: Texts) -> String {
    stop.store_id
        .and_then(|id| stores.iter().find(|store| store.id == id))
        .map_or_else(|| t.get("stop-all"), |store| store.name.clone())
}

fn scope_of(text: &str) -> WebResult<Option<StoreId>> {
    if text == ALL {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|_| WebError::new(ErrorKind::BadRequest))
}

async fn form(shell: Shell, user: CurrentUser, services: web::Data<Services>) -> WebResult<HttpResponse> {
    html(&StopPage::new(shell, &user, &services).await?)
}

#[derive(Template)]
#[template(path = "layout/_robot.html")]
struct RobotFragment {
    shell: Shell,
}

#[derive(Deserialize)]
struct RobotQuery {
    #[serde(default)]
    seen: String,
}

/// The header's line about the robot, asked for by open pages; nothing where they show it already, so that
/// screen readers speak only of changes. By itself it leads to the stop page.
async fn robot(mut shell: Shell, req: HttpRequest, query: web::Query<RobotQuery>) -> WebResult<HttpResponse> {
    if !shell.htmx {
        return Ok(see_other("/stop"));
    }
    shell.load_overview(&req).await?;
    if shell.robot.word(&shell.t) == query.seen {
        return Ok(HttpResponse::NoContent().finish());
    }
    html(&RobotFragment { shell })
}

#[derive(Deserialize)]
struct StopForm {
    #[serde(default)]
    scope: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    details: String,
}

async fn stop(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
    fields: web::Form<StopForm>,
) -> WebResult<HttpResponse> {
    let scope = scope_of(&fields.scope)?;
    // A reason is always on record; "other" alone is none.
    let preset = REASONS
        .iter()
        .find(|key| **key == fields.reason && **key != "stop-reason-other")
        .map(|key| shell.t.get(key));
    let parts = [preset.unwrap_or_default(), fields.details.trim().to_owned()];
    let reason = parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(": ");
    match stop_prices(&services, &user.0.actor(&req), scope, &reason).await {
        Ok(_) => session::flash(&session, true, shell.t.get("stop-done"))?,
        Err(StopError::NoReason) => {
            let mut page = StopPage::new(shell, &user.0, &services).await?;
            page.wrong = true;
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(see_other("/stop"))
}

#[derive(Deserialize)]
struct ReleaseForm {
    #[serde(default)]
    scope: String,
    #[serde(default)]
    details: String,
}

async fn release(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
    fields: web::Form<ReleaseForm>,
) -> WebResult<HttpResponse> {
    let scope = scope_of(&fields.scope)?;
    release_prices(&services, &user.0.actor(&req), scope, &fields.details).await?;
    session::flash(&session, true, shell.t.get("stop-released"))?;
    Ok(see_other("/stop"))
}

impl From<StopError> for WebError {
    fn from(error: StopError) -> Self {
        match error {
            StopError::NotFound => Self::not_found(),
            StopError::Forbidden => Self::forbidden(),
            StopError::NoReason => Self::new(ErrorKind::Invalid),
            StopError::Store(error) => error.into(),
        }
    }
}

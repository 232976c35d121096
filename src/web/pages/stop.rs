//! The stop button: what is stopped now, a page that says what a stop covers, and what was stopped before.

mod release;

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use serde::Deserialize;

use crate::{
    app::{
        edit::actor_may_change,
        kill_switch::{StopError, allowed, stop_prices},
    },
    domain::{Actor, ProductId, StopScope, StopTarget, StoreId},
    services::Services,
    store::{
        PgConnection,
        kill_switches::{KillSwitch, NamedStop, kill_switch_list_past, strategies_in_use},
        overview::{Reach, overview_reach},
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
    Route::post("/stop", Kind::Page, Access::Manager, || web::to(stop)),
    Route::get("/stop/{id}/release", Kind::Page, Access::Manager, || {
        web::to(release::form)
    }),
    Route::post("/stop/{id}/release", Kind::Page, Access::Manager, || {
        web::to(release::submit)
    }),
];

/// Ready reasons: keys of texts.
const REASONS: [&str; 4] = [
    "stop-reason-mistake",
    "stop-reason-costs",
    "stop-reason-check",
    "stop-reason-other",
];

/// Stops of the past that are listed.
const PAST: i64 = 50;

/// What a stop covers, in words.
pub(super) fn covered(named: &NamedStop, t: &Texts) -> String {
    match named.stop.scope {
        StopScope::All => t.get("stop-all"),
        StopScope::Store => named.store_name.clone().unwrap_or_default(),
        StopScope::Strategy => t.with("stop-strategy", "name", strategy_words(&named.stop, t)),
        StopScope::Product => t.with(
            "stop-product",
            "name",
            named.product_name.as_deref().unwrap_or_default(),
        ),
    }
}

fn strategy_words(stop: &KillSwitch, t: &Texts) -> String {
    let kind = stop.strategy.as_deref().unwrap_or_default();
    t.get_or(&format!("strategy-{kind}"), "strategy-other")
}

/// May this person let a stop go? The act itself looks again.
pub(super) fn may_release(shell: &Shell, stop: &KillSwitch) -> bool {
    let wide = matches!(stop.scope, StopScope::All | StopScope::Strategy);
    shell.may_change() && (!wide || shell.is_admin())
}

/// One choice of what to stop.
struct Choice {
    target: StopTarget,
    name: String,
    /// Products and waiting prices; strategies have none before they decide.
    reach: Option<Reach>,
}

/// A stop in force.
struct Active {
    named: NamedStop,
    name: String,
    may_release: bool,
}

#[derive(Template)]
#[template(path = "stop/page.html")]
struct StopPage {
    shell: Shell,
    active: Vec<Active>,
    past: Vec<(NamedStop, String)>,
    choices: Vec<Choice>,
    strategies: Vec<Choice>,
    chosen: StopTarget,
    details: String,
    wrong: bool,
}

impl StopPage {
    async fn new(
        shell: Shell,
        services: &Services,
        actor: Actor,
        wanted: Option<StopTarget>,
    ) -> WebResult<Self> {
        let (stores, t) = (shell.overview.stores.clone(), shell.t);
        let (choices, strategies, past) = services
            .db
            .read(move |conn| {
                let choices = choices(conn, &actor, &stores, wanted.as_ref(), &t)?;
                let strategies = if allowed(conn, &actor, &StopTarget::All).is_ok() {
                    strategies(conn, &t)?
                } else {
                    Vec::new()
                };
                let past = kill_switch_list_past(conn, actor.tenant(), PAST)?;
                Ok::<_, StopError>(((choices, wanted), strategies, past))
            })
            .await?;
        let (choices, wanted) = choices;
        let chosen = wanted
            .or_else(|| choices.first().map(|choice| choice.target.clone()))
            .unwrap_or(StopTarget::All);
        let active = shell.overview.stops.iter().map(|named| Active {
            name: covered(named, &t),
            may_release: may_release(&shell, &named.stop),
            named: named.clone(),
        });
        Ok(Self {
            active: active.collect(),
            past: past
                .into_iter()
                .map(|named| {
                    let name = covered(&named, &t);
                    (named, name)
                })
                .collect(),
            shell,
            choices,
            strategies,
            chosen,
            details: String::new(),
            wrong: false,
        })
    }

    fn reasons(&self) -> [&'static str; 4] {
        REASONS
    }

    fn is_chosen(&self, choice: &Choice) -> bool {
        self.chosen == choice.target
    }

    fn strategy_chosen(&self) -> bool {
        matches!(self.chosen, StopTarget::Strategy(_))
    }
}

/// The product that was asked for, everything, and the stores, as far as the actor may stop them.
fn choices(
    conn: &mut PgConnection,
    actor: &Actor,
    stores: &[Store],
    wanted: Option<&StopTarget>,
    t: &Texts,
) -> Result<Vec<Choice>, StopError> {
    let mut choices = Vec::new();
    if !actor.may_change() {
        return Ok(choices);
    }
    let tenant = actor.tenant();
    let mut add = |conn: &mut PgConnection, target: StopTarget, name: String| {
        let reach = Some(overview_reach(conn, tenant, &target)?);
        choices.push(Choice { target, name, reach });
        Ok::<_, StopError>(())
    };
    if let Some(target @ StopTarget::Product(_)) = wanted {
        let (_, name) = allowed(conn, actor, target)?;
        add(conn, target.clone(), t.with("stop-product", "name", name))?;
    }
    if allowed(conn, actor, &StopTarget::All).is_ok() {
        add(conn, StopTarget::All, t.get("stop-all"))?;
    }
    for store in stores {
        if actor_may_change(conn, actor, store)? {
            add(conn, StopTarget::Store(store.id), store.name.clone())?;
        }
    }
    Ok(choices)
}

/// The strategies that some rule or product uses.
fn strategies(conn: &mut PgConnection, t: &Texts) -> Result<Vec<Choice>, StopError> {
    Ok(strategies_in_use(conn)?
        .into_iter()
        .map(|kind| Choice {
            name: t.get_or(&format!("strategy-{kind}"), "strategy-other"),
            target: StopTarget::Strategy(kind),
            reach: None,
        })
        .collect())
}

#[derive(Deserialize)]
struct Wanted {
    store: Option<StoreId>,
    product: Option<ProductId>,
    strategy: Option<String>,
}

impl Wanted {
    fn target(self) -> Option<StopTarget> {
        self.product
            .map(StopTarget::Product)
            .or(self.store.map(StopTarget::Store))
            .or(self.strategy.map(StopTarget::Strategy))
    }
}

async fn form(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    query: web::Query<Wanted>,
) -> WebResult<HttpResponse> {
    let wanted = query.into_inner().target().filter(|_| user.may_change());
    html(&StopPage::new(shell, &services, user.actor(&req), wanted).await?)
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
    let target: StopTarget = fields
        .scope
        .parse()
        .map_err(|_| WebError::new(ErrorKind::BadRequest))?;
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
    let actor = user.0.actor(&req);
    match stop_prices(&services, &actor, target.clone(), &reason).await {
        Ok(_) => session::flash(&session, true, shell.t.get("stop-done"))?,
        Err(StopError::NoReason) => {
            let mut page = StopPage::new(shell, &services, actor, Some(target)).await?;
            page.wrong = true;
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(see_other("/stop"))
}

impl From<StopError> for WebError {
    fn from(error: StopError) -> Self {
        match error {
            StopError::NotFound => Self::not_found(),
            StopError::Forbidden => Self::forbidden(),
            StopError::NoReason => Self::new(ErrorKind::Invalid),
            StopError::NotStopped => Self::new(ErrorKind::Conflict),
            StopError::Store(error) => error.into(),
        }
    }
}

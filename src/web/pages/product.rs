//! One product: price and state, why this price, sellers of the card, history, settings.

pub mod chart;
pub mod history;
pub mod offers;
pub mod photo;
mod sales;
pub mod what_if;
pub mod why;

use actix_session::SessionExt;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use chrono::{DateTime, Utc};

use super::{
    listing::Params,
    products::{
        edit::{theirs, undo_of},
        limits::{Limits, LimitsForm},
        row::{Row, row_fetch},
    },
    stop::covered,
    terms::Outcome,
};
use crate::{
    app::{
        edit::{EditError, actor_may_change},
        product_edit::edit_product,
    },
    domain::{Actor, ProductId, PushState, Tenant, tariffs::Tariffs},
    services::Services,
    store::{
        PgConnection, StoreError,
        audit::{AuditEntry, audit_list},
        decisions::{StoredDecision, decision_fetch_newest},
        kill_switches::KillSwitch,
        market::{market_offers_current, market_snapshot_fetch},
        products::{ProductRow, product_fetch},
        public_looks::{PublicLook, public_look_of},
        push_lists::push_list_for_product,
        pushes::{Push, PushCity, almaty_day},
        rules::{RuleRow, rules_of_products},
        stores::{Store, store_fetch},
        tariffs::tariffs_load,
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser, path_id},
        filters, format,
        render::{html, html_with, see_other},
        routes::{Access, Kind, Route},
        session,
        texts::Texts,
    },
};
use chart::{ChartView, PriceHistory, Range};
use history::Event;
use offers::CardView;
use what_if::WhatIf;
use why::Step;

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/products/{id}", Kind::Fragment, Access::SignedIn, || {
        web::to(show)
    }),
    Route::get("/products/{id}/photo", Kind::Page, Access::SignedIn, || {
        web::to(photo::photo)
    }),
    Route::post("/products/{id}", Kind::Page, Access::Manager, || web::to(save)),
];

/// Events on the page; the log has them all.
const EVENTS: usize = 12;

/// What the page is made of.
struct Story {
    row: Row,
    store: Store,
    may_change: bool,
    decision: Option<StoredDecision>,
    card: Option<CardView>,
    pushes: Vec<(Push, Vec<PushCity>)>,
    /// Do buyers see the newest confirmed price?
    look: Option<PublicLook>,
    edits: Vec<AuditEntry>,
    tariffs: Tariffs,
    /// The rule that governs it; none: the built-in one.
    rule: Option<RuleRow>,
    prices: PriceHistory,
}

impl Story {
    fn fetch(
        conn: &mut PgConnection,
        actor: &Actor,
        id: ProductId,
        (range, now): (Range, DateTime<Utc>),
    ) -> Result<Option<Self>, StoreError> {
        let tenant = actor.tenant();
        let Some(row) = row_fetch(conn, tenant, id, now)? else {
            return Ok(None);
        };
        let Some(store) = store_fetch(conn, tenant, row.row.product.store_id)? else {
            return Ok(None);
        };
        let city = store.main_city_id.as_str();
        let decision = decision_fetch_newest(conn, id, city)?;
        let card = match &row.row.product.card_id {
            Some(card) => match market_snapshot_fetch(conn, card, city)? {
                Some(snapshot) => Some(CardView::new(
                    snapshot,
                    market_offers_current(conn, card, city)?,
                    (&store.merchant_id, row.price()),
                    decision.as_ref(),
                )),
                None => None,
            },
            None => None,
        };
        Ok(Some(Self {
            may_change: actor_may_change(conn, actor, &store)?,
            pushes: push_list_for_product(conn, id, 50)?,
            look: public_look_of(conn, id)?,
            edits: audit_list(conn, tenant, Some(("product", id.0)), None, 20)?,
            tariffs: tariffs_load(conn)?,
            rule: rules_of_products(conn, &[id])?.remove(&id),
            prices: PriceHistory::fetch(conn, &row.row, &store, decision.as_ref(), (range, now))?,
            row,
            store,
            decision,
            card,
        }))
    }

    /// The last price that was seen applied, as old and new.
    fn last_change(&self) -> Option<&PushCity> {
        let (_, cities) = self
            .pushes
            .iter()
            .find(|(push, _)| push.state == PushState::Confirmed)?;
        cities.iter().find(|city| city.city_id == self.store.main_city_id)
    }

    fn steps(&self, t: &Texts) -> Vec<Step> {
        let Some(decision) = &self.decision else {
            return Vec::new();
        };
        let push = self
            .pushes
            .iter()
            .find(|(push, _)| push.decision_id == Some(decision.id));
        why::steps(decision, push, self.look, t)
    }
}

#[derive(Template)]
#[template(path = "products/show.html")]
struct ProductPage {
    shell: Shell,
    story: Story,
    steps: Vec<Step>,
    events: Vec<Event>,
    chart: ChartView,
    what_if: WhatIf,
    limits: Limits,
    outcome: Outcome,
    last_change: String,
    falls: bool,
    /// The widest stop that holds its prices back, with what it covers.
    stop: Option<(KillSwitch, String)>,
}

impl ProductPage {
    /// The strategy that the product names itself.
    fn strategy_words(&self) -> String {
        let kind = self.story.row.row.product.strategy.as_deref().unwrap_or_default();
        self.shell.t.get_or(&format!("strategy-{kind}"), "strategy-other")
    }
}

async fn show(
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    req: HttpRequest,
) -> WebResult<HttpResponse> {
    let asked = what_if::asked(&req);
    match (&asked, shell.htmx) {
        (Some(asked), true) => return what_if_alone(&shell, &user, &services, &req, asked).await,
        (None, true) => return chart_alone(&shell, &user, &services, &req).await,
        (_, false) => {}
    }
    let story = story_of(&services, &user, &req).await?;
    let limits = Limits::of(&story.row.row.product, "");
    answer(shell, StatusCode::OK, story, limits, asked.as_ref())
}

/// The part that the form "what if" swaps.
async fn what_if_alone(
    shell: &Shell,
    user: &CurrentUser,
    services: &Services,
    req: &HttpRequest,
    asked: &Params,
) -> WebResult<HttpResponse> {
    let id: ProductId = path_id(req)?;
    let tenant = user.tenant();
    let decision = services
        .db
        .read(move |conn| {
            let Some((_, store)) = product_and_store(conn, tenant, id)? else {
                return Ok(None);
            };
            Ok::<_, StoreError>(Some(decision_fetch_newest(conn, id, &store.main_city_id)?))
        })
        .await?
        .ok_or_else(WebError::not_found)?;
    let part = WhatIf::new(id, decision.as_ref(), Some(asked), shell.t);
    html_with(status_of(&part), &part)
}

fn status_of(part: &WhatIf) -> StatusCode {
    if part.is_wrong() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    }
}

fn product_and_store(
    conn: &mut PgConnection,
    tenant: Tenant,
    id: ProductId,
) -> Result<Option<(ProductRow, Store)>, StoreError> {
    let Some(row) = product_fetch(conn, tenant, id)? else {
        return Ok(None);
    };
    let store = store_fetch(conn, tenant, row.product.store_id)?;
    Ok(store.map(|store| (row, store)))
}

/// The part that a link to another range swaps.
async fn chart_alone(
    shell: &Shell,
    user: &CurrentUser,
    services: &Services,
    req: &HttpRequest,
) -> WebResult<HttpResponse> {
    let id: ProductId = path_id(req)?;
    let (tenant, range, now) = (user.tenant(), range_of(req), shell.now);
    let prices = services
        .db
        .read(move |conn| {
            let Some((row, store)) = product_and_store(conn, tenant, id)? else {
                return Ok(None);
            };
            let decision = decision_fetch_newest(conn, id, &store.main_city_id)?;
            let prices = PriceHistory::fetch(conn, &row, &store, decision.as_ref(), (range, now))?;
            Ok::<_, StoreError>(Some(prices))
        })
        .await?
        .ok_or_else(WebError::not_found)?;
    html(&ChartView::new(&prices, &shell.csrf, shell.t))
}

fn range_of(req: &HttpRequest) -> Range {
    Range::named(Params::read(req, "/products", &["range"]).get("range"))
}

async fn save(
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    req: HttpRequest,
    form: web::Form<LimitsForm>,
) -> WebResult<HttpResponse> {
    let story = story_of(&services, &user.0, &req).await?;
    let product = &story.row.row.product;
    let mut limits = Limits::typed(product, &form);
    let result = match form.change(product) {
        Ok(change) => {
            let actor = user.0.actor(&req);
            edit_product(&services, &actor, product.id, form.version, change).await
        }
        Err(errors) => Err(EditError::Invalid(errors)),
    };
    match result {
        Ok(()) => {
            let undo = undo_of(&services, &user.0, &req).await?;
            session::flash_with_undo(&req.get_session(), shell.t.get("product-saved"), undo)?;
            Ok(see_other(&format!("/products/{}", product.id)))
        }
        Err(EditError::Invalid(errors)) => {
            limits.errors = errors;
            limits.version = form.version;
            answer(shell, StatusCode::UNPROCESSABLE_ENTITY, story, limits, None)
        }
        Err(EditError::Conflict(current)) => {
            limits.version = current.product.version;
            limits.theirs = Some(theirs(&services, &user.0, &current).await?);
            answer(shell, StatusCode::CONFLICT, story, limits, None)
        }
        Err(other) => Err(other.into()),
    }
}

fn stop_of(shell: &Shell, story: &Story) -> Option<(KillSwitch, String)> {
    let product = &story.row.row.product;
    let input = story.decision.as_ref().map(|decision| &decision.input);
    let strategy = input.and_then(|input| input.pointer("/rule/strategy/kind")?.as_str());
    // Before anything is decided no strategy has found a price.
    let strategy = Some(strategy.unwrap_or_default());
    let found = shell
        .overview
        .stops
        .iter()
        .find(|named| named.stop.covers(product.store_id, product.id, strategy))?;
    Some((found.stop.clone(), covered(found, &shell.t)))
}

async fn story_of(services: &Services, user: &CurrentUser, req: &HttpRequest) -> WebResult<Story> {
    let id: ProductId = path_id(req)?;
    let (actor, now, range) = (user.actor(req), services.now(), range_of(req));
    services
        .db
        .read(move |conn| Story::fetch(conn, &actor, id, (range, now)))
        .await?
        .ok_or_else(WebError::not_found)
}

fn answer(
    shell: Shell,
    status: StatusCode,
    story: Story,
    limits: Limits,
    asked: Option<&Params>,
) -> WebResult<HttpResponse> {
    let t = shell.t;
    let what_if = WhatIf::new(story.row.row.product.id, story.decision.as_ref(), asked, t);
    let status = if what_if.is_wrong() {
        status_of(&what_if)
    } else {
        status
    };
    let (last_change, falls) = match story.last_change() {
        Some(city) => {
            let (before, after) = (city.before_tenge, city.price_tenge);
            let percent = format::percent_change(before, after, t.language);
            let text = format!("{} ({percent})", format::money_change(before, after));
            (text, after < before)
        }
        None => (String::new(), false),
    };
    let page = ProductPage {
        outcome: Outcome::of(&story.row.row, &story.tariffs, almaty_day(shell.now), &t),
        steps: story.steps(&t),
        events: history::events(
            &story.pushes,
            story.look,
            story.edits.clone(),
            &story.store.main_city_id,
            &t,
            EVENTS,
        ),
        chart: ChartView::new(&story.prices, &shell.csrf, t),
        what_if,
        last_change,
        falls,
        stop: stop_of(&shell, &story),
        shell,
        story,
        limits,
    };
    html_with(status, &page)
}

//! The rules: the list by store and nearness with what each one governs, its switch and order, and removing one.
//! Making and changing stand in [`form`].

mod choose;
mod fields;
mod form;
mod theirs;
pub mod trial;

use std::collections::HashMap;

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use serde::Deserialize;

use crate::{
    app::{
        edit::{EditError, actor_may_change},
        rules::{RuleEditError, delete_rule, move_rule, rule_for_change, set_rule_enabled},
    },
    domain::{ProductId, RuleId, RuleScope, Tenant},
    services::Services,
    store::{
        PgConnection, StoreError,
        products::product_fetch,
        rule_reach::rule_reach,
        rules::{RuleRow, rule_list, rule_products_list},
        stores::{Store, store_list},
    },
    web::{
        Shell, WebResult,
        auth::{CurrentUser, ManagerUser, path_id},
        filters,
        render::{html, html_with, see_other},
        routes::{Access, Kind, Route},
        session,
        texts::Texts,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/rules", Kind::Page, Access::SignedIn, || web::to(list)),
    Route::get("/rules/new", Kind::Page, Access::Manager, || web::to(form::new)),
    Route::post("/rules/new", Kind::Page, Access::Manager, || {
        web::to(form::create)
    }),
    Route::post("/rules/chosen", Kind::Page, Access::Manager, || {
        web::to(choose::for_products)
    }),
    Route::get("/rules/{id}", Kind::Page, Access::SignedIn, || {
        web::to(form::show)
    }),
    Route::post("/rules/{id}", Kind::Page, Access::Manager, || web::to(form::save)),
    Route::post("/rules/{id}/enabled", Kind::Page, Access::Manager, || {
        web::to(set_enabled)
    }),
    Route::post("/rules/{id}/move", Kind::Page, Access::Manager, || web::to(shift)),
    Route::get("/rules/{id}/delete", Kind::Page, Access::Manager, || {
        web::to(delete_form)
    }),
    Route::post("/rules/{id}/delete", Kind::Page, Access::Manager, || {
        web::to(delete)
    }),
];

/// A rule of the list.
struct RuleView {
    rule: RuleRow,
    /// What it is attached to, in words.
    attached: String,
    /// Kind of strategy, in words.
    strategy: String,
    /// Products for which it is the nearest.
    reach: i64,
    /// A selection that is not the first or last of its store.
    up: bool,
    down: bool,
}

/// A store with its rules, the nearest first.
struct StoreRules {
    store: Store,
    rules: Vec<RuleView>,
    may_change: bool,
    /// Products of the store that no rule governs.
    without: i64,
}

#[derive(Template)]
#[template(path = "rules/page.html")]
struct RulesPage {
    shell: Shell,
    stores: Vec<StoreRules>,
}

impl RulesPage {
    fn may_change(&self) -> bool {
        self.stores.iter().any(|store| store.may_change)
    }

    /// Kinds of strategy that a first rule is mostly made of.
    fn starters(&self) -> [&'static str; 4] {
        ["beat_lowest", "behind_leader", "best_reachable", "capture_gap"]
    }

    /// The form of a rule for the whole store; with several stores the first step.
    fn start(&self, kind: &str) -> String {
        match self.stores.as_slice() {
            [only] => format!("/rules/new?store={}&scope=store&kind={kind}", only.store.id),
            _ => format!("/rules/new?scope=store&kind={kind}"),
        }
    }

    fn none(&self) -> bool {
        self.stores.iter().all(|store| store.rules.is_empty())
    }
}

async fn list(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let (actor, t) = (user.actor(&req), shell.t);
    let stores = services
        .db
        .read(move |conn| {
            let tenant = actor.tenant();
            let reach = rule_reach(conn, tenant)?;
            let mut rules: HashMap<_, Vec<RuleRow>> = HashMap::new();
            for rule in rule_list(conn, tenant, None)? {
                rules.entry(rule.store_id).or_default().push(rule);
            }
            let mut stores = Vec::new();
            for store in store_list(conn, tenant)? {
                let may_change = actor_may_change(conn, &actor, &store)?;
                let rules = views(conn, rules.remove(&store.id).unwrap_or_default(), &reach, t)?;
                let governed: i64 = rules.iter().map(|view| view.reach).sum();
                stores.push(StoreRules {
                    without: products_of(conn, &store)? - governed,
                    store,
                    rules,
                    may_change,
                });
            }
            Ok::<_, StoreError>(stores)
        })
        .await?;
    html(&RulesPage { shell, stores })
}

fn products_of(conn: &mut PgConnection, store: &Store) -> Result<i64, StoreError> {
    Ok(crate::store::overview::overview_store(conn, store.id)?.products)
}

fn views(
    conn: &mut PgConnection,
    rules: Vec<RuleRow>,
    reach: &HashMap<RuleId, i64>,
    t: Texts,
) -> Result<Vec<RuleView>, StoreError> {
    let selections: Vec<RuleId> = rules
        .iter()
        .filter(|rule| rule.scope == RuleScope::Selection)
        .map(|rule| rule.id)
        .collect();
    rules
        .into_iter()
        .map(|rule| {
            let selection = rule.scope == RuleScope::Selection;
            Ok(RuleView {
                attached: attached(conn, &rule, t)?,
                strategy: t.get_or(&format!("strategy-{}", rule.strategy), "strategy-other"),
                reach: reach.get(&rule.id).copied().unwrap_or_default(),
                up: selection && selections.first() != Some(&rule.id),
                down: selection && selections.last() != Some(&rule.id),
                rule,
            })
        })
        .collect()
}

/// What a rule is attached to, in words.
fn attached(conn: &mut PgConnection, rule: &RuleRow, t: Texts) -> Result<String, StoreError> {
    Ok(match (rule.scope, &rule.category, rule.product_id) {
        (RuleScope::Category, Some(category), _) => t.with("rule-on-category", "name", category),
        (RuleScope::Product, _, Some(id)) => t.with("rule-on-product", "name", product_name(conn, id)?),
        (RuleScope::Selection, ..) => {
            t.with("rule-on-selection", "n", rule_products_list(conn, rule.id)?.len())
        }
        _ => t.get("rule-on-store"),
    })
}

fn product_name(conn: &mut PgConnection, id: ProductId) -> Result<String, StoreError> {
    // The rule was fetched for its tenant already.
    let row = product_fetch(conn, Tenant::All, id)?;
    Ok(row.map(|row| row.product.name).unwrap_or_default())
}

#[derive(Deserialize)]
struct SwitchForm {
    #[serde(default)]
    enabled: String,
}

async fn set_enabled(
    req: HttpRequest,
    user: ManagerUser,
    shell: Shell,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<SwitchForm>,
) -> WebResult<HttpResponse> {
    let id: RuleId = path_id(&req)?;
    let on = form.enabled == "on";
    set_rule_enabled(&services, &user.0.actor(&req), id, on).await?;
    let message = if on {
        "rule-switched-on"
    } else {
        "rule-switched-off"
    };
    session::flash(&session, true, shell.t.get(message))?;
    Ok(see_other("/rules"))
}

#[derive(Deserialize)]
struct MoveForm {
    #[serde(default)]
    to: String,
}

async fn shift(
    req: HttpRequest,
    user: ManagerUser,
    services: web::Data<Services>,
    form: web::Form<MoveForm>,
) -> WebResult<HttpResponse> {
    let id: RuleId = path_id(&req)?;
    move_rule(&services, &user.0.actor(&req), id, form.to == "up").await?;
    Ok(see_other("/rules"))
}

#[derive(Template)]
#[template(path = "rules/delete.html")]
struct DeletePage {
    shell: Shell,
    rule: RuleRow,
    attached: String,
    reach: i64,
    conflict: bool,
}

impl DeletePage {
    async fn new(
        req: &HttpRequest,
        shell: Shell,
        user: &CurrentUser,
        services: &Services,
        conflict: bool,
    ) -> WebResult<Self> {
        let id: RuleId = path_id(req)?;
        let (actor, t) = (user.actor(req), shell.t);
        let (rule, attached, reach) = services
            .db
            .read(move |conn| {
                let rule = rule_for_change(conn, &actor, id)?;
                let attached = attached(conn, &rule, t)?;
                let reach = rule_reach(conn, actor.tenant())?.get(&id).copied();
                Ok::<_, RuleEditError>((rule, attached, reach.unwrap_or_default()))
            })
            .await?;
        Ok(Self {
            shell,
            rule,
            attached,
            reach,
            conflict,
        })
    }
}

async fn delete_form(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    html(&DeletePage::new(&req, shell, &user.0, &services, false).await?)
}

#[derive(Deserialize)]
struct DeleteForm {
    #[serde(default)]
    version: i32,
}

async fn delete(
    req: HttpRequest,
    user: ManagerUser,
    shell: Shell,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<DeleteForm>,
) -> WebResult<HttpResponse> {
    let id: RuleId = path_id(&req)?;
    match delete_rule(&services, &user.0.actor(&req), (id, form.version)).await {
        Ok(()) => {
            session::flash(&session, true, shell.t.get("rule-deleted"))?;
            Ok(see_other("/rules"))
        }
        Err(EditError::Conflict(_)) => {
            let page = DeletePage::new(&req, shell, &user.0, &services, true).await?;
            html_with(StatusCode::CONFLICT, &page)
        }
        Err(error) => Err(error.into()),
    }
}

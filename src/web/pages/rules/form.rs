//! The form of a rule. What it is attached to and the kind of its strategy are chosen first; choosing another kind
//! later keeps what was typed.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;

use super::{
    choose::{self, Chosen},
    fields::{ChoiceView, FieldView, error_of, kinds, views},
    theirs::Theirs,
    trial::TrialView,
};
use crate::{
    app::{
        edit::{EditError, FieldError, actor_may_change, store_for_change},
        rules::{
            Attached, NewRule, RuleEdit, RuleEditError, create_rule,
            definition::{Group, Texts as Typed, first_texts, is_complete, lines, rule_of, texts_of},
            edit_rule,
            trial::{try_new_rule, try_rule},
        },
    },
    domain::{
        Actor, ProductId, RuleId, RuleScope, StoreId,
        pricing::{Rule, Strategy},
    },
    services::Services,
    store::{
        products::product_categories,
        rule_reach::{products_by_sku, rule_governed, rule_product_skus},
        rules::{RuleRow, rule_fetch},
        stores::{Store, store_fetch},
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser, path_id},
        filters,
        render::{html, html_with, see_other},
        session,
    },
};

/// Unknown skus that an error names.
const SKUS_NAMED: usize = 20;

#[derive(Template)]
#[template(path = "rules/form.html")]
struct FormPage {
    shell: Shell,
    store: Store,
    /// The rule as stored; none while it is new.
    rule: Option<RuleRow>,
    /// The stored rule cannot be read: the form begins anew, and saving it replaces what is stored.
    unreadable: bool,
    scope: RuleScope,
    attached: String,
    kind: String,
    typed: Typed,
    version: i32,
    errors: Vec<FieldError>,
    unknown: Vec<String>,
    /// Somebody saved meanwhile: who, when, and what differs.
    theirs: Option<Theirs>,
    may_change: bool,
    categories: Vec<String>,
    reach: i64,
    /// What the typed rule would do, when that was asked.
    trial: Option<TrialView>,
}

impl FormPage {
    fn fields(&self, group: Group) -> Vec<FieldView> {
        views(group, &self.kind, &self.typed, &self.errors, self.shell.t)
    }

    fn groups(&self) -> [(&'static str, Vec<FieldView>); 5] {
        [
            ("strategy", self.fields(Group::Strategy)),
            ("filters", self.fields(Group::Filters)),
            ("scenarios", self.fields(Group::Scenarios)),
            ("motion", self.fields(Group::Motion)),
            ("modifiers", self.fields(Group::Modifiers)),
        ]
    }

    fn typed(&self, name: &str) -> &str {
        self.typed.get(name).map_or("", String::as_str)
    }

    fn error(&self, name: &str) -> String {
        let error = error_of(name, &self.errors, self.shell.t);
        if name != "skus" && name != "sku" || self.unknown.is_empty() {
            return error;
        }
        let mut named = self
            .unknown
            .iter()
            .take(SKUS_NAMED)
            .cloned()
            .collect::<Vec<_>>()
            .join(", ");
        if self.unknown.len() > SKUS_NAMED {
            named.push_str(", …");
        }
        format!("{error}: {named}")
    }

    fn kinds(&self) -> Vec<ChoiceView> {
        kinds(Strategy::KINDS.iter().copied(), &self.kind, self.shell.t).collect()
    }

    fn kind_hint(&self) -> String {
        let key = format!("strategy-{}-hint", self.kind);
        self.shell.t.get_or(&key, "strategy-other")
    }

    fn scope_words(&self) -> String {
        self.shell.t.get(format!("rule-scope-{}", self.scope))
    }

    fn is(&self, scope: &str) -> bool {
        self.scope.as_str() == scope
    }

    fn action(&self) -> String {
        self.rule
            .as_ref()
            .map_or_else(|| "/rules/new".to_owned(), |rule| format!("/rules/{}", rule.id))
    }
}

/// The first step, or the empty form when it is made.
pub async fn new(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    chosen: web::Query<Chosen>,
) -> WebResult<HttpResponse> {
    let chosen = chosen.into_inner();
    let actor = user.0.actor(&req);
    if !chosen.kind.is_empty() && !chosen.store.is_empty() {
        let mut page = new_page(shell, &services, actor, &chosen).await?;
        page.typed = first_texts(&page.kind);
        page.typed.insert("enabled".to_owned(), "1".to_owned());
        page.typed.insert("category".to_owned(), chosen.category);
        page.typed.insert("sku".to_owned(), chosen.sku);
        return html(&page);
    }
    choose::page(shell, &services, actor, chosen).await
}

async fn new_page(shell: Shell, services: &Services, actor: Actor, chosen: &Chosen) -> WebResult<FormPage> {
    let store_id: StoreId = chosen.store.parse().map_err(|_| WebError::not_found())?;
    let scope: RuleScope = chosen.scope.parse().map_err(|_| WebError::not_found())?;
    let kind = known_kind(&chosen.kind)?;
    let (store, categories) = services
        .db
        .read(move |conn| {
            let store = store_for_change::<RuleRow>(conn, &actor, store_id)?;
            let categories = product_categories(conn, &[store_id])?;
            Ok::<_, RuleEditError>((store, categories))
        })
        .await?;
    Ok(FormPage {
        shell,
        store,
        rule: None,
        unreadable: false,
        scope,
        attached: String::new(),
        kind,
        typed: Typed::new(),
        version: 0,
        errors: Vec::new(),
        unknown: Vec::new(),
        theirs: None,
        may_change: true,
        categories,
        reach: 0,
        trial: None,
    })
}

fn known_kind(kind: &str) -> WebResult<String> {
    if Strategy::KINDS.contains(&kind) {
        Ok(kind.to_owned())
    } else {
        Err(WebError::not_found())
    }
}

/// Makes a rule.
pub async fn create(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<Typed>,
) -> WebResult<HttpResponse> {
    let typed = form.into_inner();
    let text = |name: &str| typed.get(name).cloned().unwrap_or_default();
    let chosen = Chosen {
        store: text("store"),
        scope: text("scope"),
        kind: text("kind"),
        ..Chosen::default()
    };
    let actor = user.0.actor(&req);
    let mut page = new_page(shell, &services, actor.clone(), &chosen).await?;
    page.typed = typed;
    if page.typed("act") == "first" {
        return html(&begun(page));
    }
    if page.typed("act") == "kind" || !is_complete(&page.kind, &page.typed) {
        return html(&with_first_texts(page));
    }
    let (edit, ids) = match typed_edit(&services, &mut page, &Rule::default()).await? {
        Ok(edit) => edit,
        Err(errors) => return wrong(page, errors),
    };
    let attached = match page.scope {
        RuleScope::Store => Attached::Store,
        RuleScope::Category => Attached::Category(page.typed("category").trim().to_owned()),
        RuleScope::Selection => Attached::Selection(ids),
        RuleScope::Product => match ids.first() {
            Some(id) => Attached::Product(*id),
            None => return wrong(page, vec![FieldError::new("sku", "rule-error-product")]),
        },
    };
    if page.typed("act") == "try" {
        let (store, rule, t) = (page.store.id, edit.rule, page.shell.t);
        let trial = services
            .db
            .read(move |conn| try_new_rule(conn, store, &attached, &rule));
        page.trial = Some(TrialView::new(trial.await?, t));
        return html(&page);
    }
    let new = NewRule {
        store_id: page.store.id,
        attached,
        edit,
    };
    match create_rule(&services, &actor, new).await {
        Ok(id) => {
            session::flash(&session, true, page.shell.t.get("rule-created"))?;
            Ok(see_other(&format!("/rules/{id}")))
        }
        Err(EditError::Invalid(errors)) => wrong(page, errors),
        Err(error) => Err(error.into()),
    }
}

/// One rule: what it does, for those who may change it as a form.
pub async fn show(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    html(&rule_page(&req, shell, &user, &services).await?.0)
}

/// Saves; or shows the form for another kind of strategy, or what the typed rule would do.
pub async fn save(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<Typed>,
) -> WebResult<HttpResponse> {
    let (mut page, rule) = rule_page(&req, shell, &user.0, &services).await?;
    if !page.may_change {
        return Err(WebError::forbidden());
    }
    let stored = std::mem::replace(&mut page.typed, form.into_inner());
    page.kind =
        known_kind(page.typed("kind")).map_err(|_| WebError::new(crate::web::error::ErrorKind::Invalid))?;
    page.version = page.typed("version").trim().parse().unwrap_or(page.version);
    if page.typed("act") == "kind" || !is_complete(&page.kind, &page.typed) {
        return html(&with_first_texts(page));
    }
    let base = serde_json::from_value(rule.definition.clone()).unwrap_or_default();
    let (mut edit, ids) = match typed_edit(&services, &mut page, &base).await? {
        Ok(edit) => edit,
        Err(errors) => return wrong(page, errors),
    };
    if page.typed("act") == "try" {
        let (id, typed, t) = (rule.id, edit.rule, page.shell.t);
        let trial = services.db.read(move |conn| try_rule(conn, id, &typed)).await?;
        page.trial = Some(TrialView::new(trial, t));
        return html(&page);
    }
    let same = stored.get("skus").map(|skus| lines(skus)) == Some(lines(page.typed("skus")));
    edit.products = (page.scope == RuleScope::Selection && !same).then_some(ids);
    let key = (rule.id, page.version);
    let wanted = edit.clone();
    match edit_rule(&services, &user.0.actor(&req), key, edit).await {
        Ok(()) => {
            session::flash(&session, true, page.shell.t.get("rule-saved"))?;
            Ok(see_other(&format!("/rules/{}", rule.id)))
        }
        Err(EditError::Invalid(errors)) => wrong(page, errors),
        Err(EditError::Conflict(kept)) => {
            let (tenant, t) = (user.0.tenant(), page.shell.t);
            page.version = kept.version;
            let theirs = services
                .db
                .read(move |conn| Theirs::new(conn, tenant, &kept, &wanted, t));
            page.theirs = Some(theirs.await?);
            html_with(StatusCode::CONFLICT, &page)
        }
        Err(error) => Err(error.into()),
    }
}

async fn rule_page(
    req: &HttpRequest,
    shell: Shell,
    user: &CurrentUser,
    services: &Services,
) -> WebResult<(FormPage, RuleRow)> {
    let id: RuleId = path_id(req)?;
    let (actor, t) = (user.actor(req), shell.t);
    let (rule, store, may_change, attached, skus, reach) = services
        .db
        .read(move |conn| {
            let rule = rule_fetch(conn, actor.tenant(), id)?.ok_or(EditError::NotFound)?;
            let store = store_fetch(conn, actor.tenant(), rule.store_id)?.ok_or(EditError::NotFound)?;
            let may_change = actor_may_change(conn, &actor, &store)?;
            let attached = super::attached(conn, &rule, t)?;
            let skus = rule_product_skus(conn, id)?;
            let (_, reach) = rule_governed(conn, id, 1)?;
            Ok::<_, RuleEditError>((rule, store, may_change, attached, skus, reach))
        })
        .await?;
    let read = serde_json::from_value::<Rule>(rule.definition.clone());
    let usable = read
        .ok()
        .filter(|rule| !matches!(rule.strategy, Strategy::Unavailable { .. }));
    let unreadable = usable.is_none();
    let definition = usable.unwrap_or_default();
    let mut typed = texts_of(&definition);
    typed.insert("name".to_owned(), rule.name.clone());
    typed.insert("skus".to_owned(), skus.join("\n"));
    if rule.enabled {
        typed.insert("enabled".to_owned(), "1".to_owned());
    }
    let page = FormPage {
        shell,
        store,
        unreadable,
        scope: rule.scope,
        attached,
        kind: definition.strategy.kind().to_owned(),
        typed,
        version: rule.version,
        errors: Vec::new(),
        unknown: Vec::new(),
        theirs: None,
        may_change,
        categories: Vec::new(),
        reach,
        trial: None,
        rule: Some(rule.clone()),
    };
    Ok((page, rule))
}

/// The form as it begins, for products that were chosen in their list.
fn begun(mut page: FormPage) -> FormPage {
    let skus = page.typed(&choose::skus_name(page.store.id)).to_owned();
    page.typed = first_texts(&page.kind);
    page.typed.insert("enabled".to_owned(), "1".to_owned());
    page.typed.insert("skus".to_owned(), skus);
    page
}

/// The first texts of a kind under what was typed.
fn with_first_texts(mut page: FormPage) -> FormPage {
    for (name, text) in first_texts(&page.kind) {
        // Switches that are off are not sent.
        if !matches!(name.as_str(), "allow_up" | "allow_down" | "match_if_better_rated") {
            page.typed.entry(name).or_insert(text);
        }
    }
    page
}

/// What was typed, with the products that its skus name; all that cannot be taken at once.
async fn typed_edit(
    services: &Services,
    page: &mut FormPage,
    base: &Rule,
) -> WebResult<Result<(RuleEdit, Vec<ProductId>), Vec<FieldError>>> {
    let mut errors = Vec::new();
    let rule = rule_of(base, &page.kind, &page.typed).unwrap_or_else(|wrong| {
        errors = wrong;
        Rule::default()
    });
    if page.typed("name").trim().is_empty() {
        errors.insert(0, FieldError::new("name", "error-empty"));
    }
    let field = match page.scope {
        RuleScope::Selection => Some("skus"),
        RuleScope::Product if page.rule.is_none() => Some("sku"),
        _ => None,
    };
    let mut ids = Vec::new();
    if let Some(field) = field {
        let skus: Vec<String> = lines(page.typed(field)).into_iter().map(str::to_owned).collect();
        let (wanted, store) = (skus.clone(), page.store.id);
        let found = services
            .db
            .read(move |conn| products_by_sku(conn, store, &wanted))
            .await?;
        page.unknown = skus
            .iter()
            .filter(|sku| !found.contains_key(*sku))
            .cloned()
            .collect();
        if skus.is_empty() {
            errors.push(FieldError::new(field, "rule-error-skus-none"));
        } else if !page.unknown.is_empty() {
            errors.push(FieldError::new(field, "rule-error-skus-unknown"));
        }
        ids.extend(skus.iter().filter_map(|sku| found.get(sku)));
        ids.sort_unstable();
        ids.dedup();
    }
    if !errors.is_empty() {
        return Ok(Err(errors));
    }
    let edit = RuleEdit {
        name: page.typed("name").to_owned(),
        rule,
        enabled: !page.typed("enabled").is_empty(),
        products: None,
    };
    Ok(Ok((edit, ids)))
}

fn wrong(mut page: FormPage, errors: Vec<FieldError>) -> WebResult<HttpResponse> {
    page.errors = errors;
    html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

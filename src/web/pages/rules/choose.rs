//! The first step of a new rule: where it holds and how it looks for a price; from the menu, or for products that were
//! chosen in their list.

use std::collections::BTreeMap;

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::fields::{ChoiceView, kinds};
use crate::{
    app::{edit::actor_may_change, rules::SELECTION_MAX},
    domain::{Actor, ProductId, RuleScope, StoreId, pricing::Strategy},
    services::Services,
    store::{
        StoreError,
        products::{product_ids, product_skus},
        stores::{Store, store_list},
    },
    web::{
        Shell, WebResult,
        auth::ManagerUser,
        filters,
        pages::products,
        render::{html, see_other},
        session,
    },
};

#[derive(Template)]
#[template(path = "rules/choose.html")]
struct ChoosePage {
    shell: Shell,
    stores: Vec<Store>,
    chosen: Chosen,
    kinds: Vec<ChoiceView>,
    /// Skus of products chosen in the list, by store; empty: none were.
    picked: BTreeMap<StoreId, Vec<String>>,
}

impl ChoosePage {
    fn scopes(&self) -> impl Iterator<Item = &'static RuleScope> {
        RuleScope::ALL.iter().rev()
    }

    fn is_scope(&self, scope: &RuleScope) -> bool {
        self.chosen.scope == scope.as_str() || self.chosen.scope.is_empty() && *scope == RuleScope::Store
    }

    fn is_store(&self, store: &Store) -> bool {
        self.chosen.store == store.id.to_string()
    }

    fn is_chosen(&self, kind: &ChoiceView) -> bool {
        kind.chosen || self.chosen.kind.is_empty() && kind.word == "beat_lowest"
    }

    fn skus(&self, store: &Store) -> &[String] {
        self.picked.get(&store.id).map_or(&[], Vec::as_slice)
    }
}

/// What the first step chose, as its address says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    /// The store.
    pub store: String,
    /// What it is attached to.
    pub scope: String,
    /// Kind of strategy.
    pub kind: String,
    /// The category of such a rule.
    pub category: String,
    /// The product of such a rule.
    pub sku: String,
}

/// Name of the field that carries the skus chosen in a store.
pub fn skus_name(store: StoreId) -> String {
    format!("skus-{store}")
}

/// The first step from the menu.
pub async fn page(
    shell: Shell,
    services: &Services,
    actor: Actor,
    chosen: Chosen,
) -> WebResult<HttpResponse> {
    let stores = stores_for_change(services, actor).await?;
    html(&ChoosePage {
        kinds: kinds(Strategy::KINDS.iter().copied(), &chosen.kind, shell.t).collect(),
        shell,
        stores,
        chosen,
        picked: BTreeMap::new(),
    })
}

async fn stores_for_change(services: &Services, actor: Actor) -> WebResult<Vec<Store>> {
    let stores = services.db.read(move |conn| {
        let mut stores = Vec::new();
        for store in store_list(conn, actor.tenant())? {
            if actor_may_change(conn, &actor, &store)? {
                stores.push(store);
            }
        }
        Ok::<_, StoreError>(stores)
    });
    Ok(stores.await?)
}

/// The first step for products that were chosen in their list, or for all that it found. Products of stores that the
/// actor may not change are left out.
pub async fn for_products(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<Vec<(String, String)>>,
) -> WebResult<HttpResponse> {
    let (actor, form) = (user.0.actor(&req), form.into_inner());
    let all_found = form.iter().any(|(name, value)| name == "of" && value == "found");
    let filter = all_found.then(|| products::filter_of_form(&form));
    let ids: Vec<ProductId> = form
        .iter()
        .filter(|(name, _)| name == "product")
        .filter_map(|(_, id)| id.parse().ok())
        .collect();
    let tenant = actor.tenant();
    let most = i64::try_from(SELECTION_MAX).unwrap_or(i64::MAX - 1);
    let mut picked = services
        .db
        .read(move |conn| {
            let ids = match filter {
                Some(filter) => product_ids(conn, tenant, &filter, most + 1)?,
                None => ids,
            };
            product_skus(conn, tenant, &ids)
        })
        .await?;
    let mut stores = stores_for_change(&services, actor).await?;
    stores.retain(|store| picked.contains_key(&store.id));
    picked.retain(|id, _| stores.iter().any(|store| store.id == *id));
    let trouble = match picked.values().map(Vec::len).max() {
        None => Some("rule-pick-none"),
        Some(most) if most > SELECTION_MAX => Some("rule-pick-many"),
        Some(_) => None,
    };
    if let Some(key) = trouble {
        session::flash(&session, false, shell.t.get(key))?;
        return Ok(see_other(&products::address_of_form(&form)));
    }
    html(&ChoosePage {
        kinds: kinds(Strategy::KINDS.iter().copied(), "", shell.t).collect(),
        shell,
        stores,
        chosen: Chosen::default(),
        picked,
    })
}

//! `/api/v1/rules/`: rules of repricing. The definition is the one of the engine: strategy, filters, scenarios, motion.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path},
};
use serde::Serialize;
use serde_json::Value;

use super::{
    body::Body,
    envelope::{Refused, answer, no_content, ok, refused_edit, time},
    fields::{Errors, Field, Needs, Takes, Values, read},
    query, shapes, texts,
};
use crate::{
    app::{
        edit::FieldError,
        rules::{Attached, NewRule, RuleEdit, RuleEditError, create_rule, delete_rule, edit_rule},
    },
    domain::{ProductId, RuleId, RuleScope, StoreId, pricing::Rule},
    services::Services,
    store::{
        rules::{RuleRow, rule_fetch, rule_list, rule_products_list},
        stores::store_fetch,
    },
    web::{WebError, auth::CurrentUser},
};

/// What a body may say.
pub const FIELDS: &[Field] = &[
    Field::required("store", Takes::Key, r#""4022b702-85e4-68ff-98d0-1073c52038b8""#),
    Field::optional("scope", Takes::Choice(SCOPES), r#""store""#),
    Field::nullable("category", Takes::Text(255), "null"),
    Field::nullable("product", Takes::Key, "null"),
    Field::optional("products", Takes::Json, "[]"),
    Field::required("name", Takes::Text(255), r#""Как самый дешёвый""#),
    Field::required(
        "definition",
        Takes::Json,
        r#"{"strategy": {"kind": "match_lowest"}}"#,
    ),
    Field::optional("enabled", Takes::Switch, "true"),
];

/// What a rule may be attached to.
const SCOPES: &[&str] = &["store", "category", "selection", "product"];

/// A rule.
#[derive(Serialize, utoipa::ToSchema)]
pub struct RuleJson {
    #[schema(value_type = uuid::Uuid)]
    id: RuleId,
    #[schema(value_type = uuid::Uuid)]
    store: StoreId,
    /// store, category, selection, product.
    scope: &'static str,
    category: Option<String>,
    #[schema(value_type = Option<uuid::Uuid>)]
    product: Option<ProductId>,
    /// Of a selection.
    #[schema(value_type = Vec<uuid::Uuid>)]
    products: Vec<ProductId>,
    name: String,
    strategy: String,
    definition: Value,
    enabled: bool,
    position: i32,
    created_at: String,
    updated_at: String,
}

/// Rules of the caller's stores.
#[derive(Serialize, utoipa::ToSchema)]
pub struct RuleListJson {
    results: Vec<RuleJson>,
}

fn to_json(rule: RuleRow, products: Vec<ProductId>) -> RuleJson {
    RuleJson {
        id: rule.id,
        store: rule.store_id,
        scope: rule.scope.as_str(),
        category: rule.category,
        product: rule.product_id,
        products,
        name: rule.name,
        strategy: rule.strategy,
        definition: rule.definition,
        enabled: rule.enabled,
        position: rule.position,
        created_at: time(rule.created_at),
        updated_at: time(rule.updated_at),
    }
}

/// `GET /api/v1/rules/`: without the products of selections.
pub async fn list(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
) -> actix_web::Result<HttpResponse> {
    let store: Option<StoreId> = query::filter_key(&req, "store")?;
    let tenant = user.tenant();
    let rows = services
        .db
        .read(move |conn| rule_list(conn, tenant, store))
        .await
        .map_err(WebError::from)?;
    Ok(ok(&RuleListJson {
        results: rows.into_iter().map(|rule| to_json(rule, Vec::new())).collect(),
    }))
}

async fn rule_of(
    services: &Services,
    user: &CurrentUser,
    id: RuleId,
) -> Result<(RuleRow, Vec<ProductId>), WebError> {
    let tenant = user.tenant();
    services
        .db
        .read(move |conn| {
            let rule = rule_fetch(conn, tenant, id)?.ok_or_else(WebError::not_found)?;
            let products = rule_products_list(conn, id)?;
            Ok((rule, products))
        })
        .await
}

/// `GET /api/v1/rules/{id}/`
pub async fn detail(
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
) -> actix_web::Result<HttpResponse> {
    let (rule, products) = rule_of(&services, &user, shapes::path_key(&id)?).await?;
    Ok(ok(&to_json(rule, products)))
}

/// `POST /api/v1/rules/`
pub async fn create(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    body: Body,
) -> actix_web::Result<HttpResponse> {
    let (values, mut errors) = read(FIELDS, &[], body.object()?, Needs::All);
    let products = products_of(&values, &mut errors);
    let rule = definition_of(&values, &mut errors);
    let store = values.key("store").map(StoreId);
    if let Some(id) = store {
        let tenant = user.tenant();
        let known = services
            .db
            .read(move |conn| store_fetch(conn, tenant, id))
            .await
            .map_err(WebError::from)?;
        if known.is_none() {
            errors.add("store", texts::unknown_key(&id.to_string()));
        }
    }
    errors.in_order_of(FIELDS).refuse()?;
    let (Some(store_id), Some(rule)) = (store, rule) else {
        return Err(WebError::not_found().into());
    };
    let required = |name| Refused::one(name, texts::REQUIRED.to_owned());
    let attached = match values.text("scope").as_deref() {
        Some("category") => Attached::Category(values.text("category").ok_or_else(|| required("category"))?),
        Some("selection") => Attached::Selection(products.unwrap_or_default()),
        Some("product") => {
            let key = values.key("product").ok_or_else(|| required("product"))?;
            Attached::Product(ProductId(key))
        }
        _ => Attached::Store,
    };
    let new = NewRule {
        store_id,
        attached,
        edit: RuleEdit {
            name: values.text("name").unwrap_or_default(),
            rule,
            enabled: values.switch("enabled").unwrap_or(true),
            products: None,
        },
    };
    let id = create_rule(&services, &user.actor(&req), new)
        .await
        .map_err(|error| refused(&req, error))?;
    let (rule, products) = rule_of(&services, &user, id).await?;
    Ok(answer(StatusCode::CREATED, &to_json(rule, products)))
}

/// `PATCH /api/v1/rules/{id}/`: what it is attached to stays.
pub async fn patch(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
    body: Body,
) -> actix_web::Result<HttpResponse> {
    let id: RuleId = shapes::path_key(&id)?;
    let (kept, _) = rule_of(&services, &user, id).await?;
    let (values, mut errors) = read(FIELDS, &[], body.object()?, Needs::Some);
    let products = products_of(&values, &mut errors);
    let rule = match values.has("definition") {
        true => definition_of(&values, &mut errors),
        false => serde_json::from_value(kept.definition.clone()).ok(),
    };
    errors.in_order_of(FIELDS).refuse()?;
    let rule = rule.ok_or_else(|| Refused::one("definition", texts::BAD_RULE.to_owned()))?;
    let edit = RuleEdit {
        name: values.text("name").unwrap_or_else(|| kept.name.clone()),
        rule,
        enabled: values.switch("enabled").unwrap_or(kept.enabled),
        products: products.filter(|_| kept.scope == RuleScope::Selection),
    };
    edit_rule(&services, &user.actor(&req), (id, kept.version), edit)
        .await
        .map_err(|error| refused(&req, error))?;
    let (rule, products) = rule_of(&services, &user, id).await?;
    Ok(ok(&to_json(rule, products)))
}

/// `DELETE /api/v1/rules/{id}/`
pub async fn delete(
    req: HttpRequest,
    services: Data<Services>,
    user: CurrentUser,
    id: Path<String>,
) -> actix_web::Result<HttpResponse> {
    let id: RuleId = shapes::path_key(&id)?;
    let (kept, _) = rule_of(&services, &user, id).await?;
    delete_rule(&services, &user.actor(&req), (id, kept.version))
        .await
        .map_err(|error| refused(&req, error))?;
    Ok(no_content())
}

fn definition_of(values: &Values, errors: &mut Errors) -> Option<Rule> {
    let value = values.json("definition")?;
    let rule = serde_json::from_value(value.clone()).ok();
    if rule.is_none() {
        errors.add("definition", texts::BAD_RULE.to_owned());
    }
    rule
}

fn products_of(values: &Values, errors: &mut Errors) -> Option<Vec<ProductId>> {
    let value = values.json("products")?;
    let ids = serde_json::from_value(value.clone()).ok();
    if ids.is_none() {
        errors.add("products", texts::BAD_KEYS.to_owned());
    }
    ids
}

fn refused(req: &HttpRequest, error: RuleEditError) -> actix_web::Error {
    refused_edit(req, error, FIELDS, names)
}

/// Errors of the definition's own fields are told at the definition.
fn names(error: &FieldError) -> (&'static str, Option<String>) {
    match error.field {
        "name" | "category" => (error.field, None),
        "sku" => ("product", None),
        "skus" => ("products", None),
        "attached" => ("non_field_errors", None),
        _ => ("definition", None),
    }
}

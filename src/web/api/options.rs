//! `OPTIONS`: what an address tells about itself, as the predecessor's did.

use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use super::{
    envelope::ok,
    fields::{Field, Takes},
    schema::{OPERATIONS, Sent},
};
use crate::web::WebError;

/// The names that clients know.
const NAMES: &[(&str, &str)] = &[
    ("/api/v1/", "Api Root"),
    ("/api/v1/kaspi/stores/", "Kaspi Store List"),
    ("/api/v1/kaspi/stores/{id}/", "Kaspi Store Instance"),
    ("/api/v1/products/", "Product List"),
    ("/api/v1/products/{id}/", "Product Instance"),
    ("/api/v1/preorders/", "Preorder List"),
    ("/api/v1/preorders/{id}/", "Preorder Instance"),
];

/// Fields that are told and never taken.
const READ_ONLY: &[(&str, &[&str])] = &[
    (
        "/api/v1/kaspi/stores/",
        &["id", "created_at", "updated_at", "api_key", "products_count"],
    ),
    (
        "/api/v1/products/",
        &["id", "price_in_tenge", "created_at", "updated_at"],
    ),
    ("/api/v1/preorders/", &["id", "created_at", "updated_at"]),
];

/// `OPTIONS` of any address of the API.
///
/// # Errors
/// 404 where there is no such address.
pub async fn describe(req: HttpRequest) -> Result<HttpResponse, WebError> {
    let path = req.match_pattern().ok_or_else(WebError::not_found)?;
    let operations: Vec<_> = OPERATIONS
        .iter()
        .filter(|operation| operation.path == path)
        .collect();
    let first = operations.first().ok_or_else(WebError::not_found)?;
    let known = NAMES.iter().find(|(known, _)| *known == path);
    let mut actions = Map::new();
    for operation in &operations {
        if let (Sent::All(fields), "POST" | "PUT") = (operation.sent, operation.method) {
            actions.insert(operation.method.to_owned(), fields_of(&path, fields));
        }
    }
    let mut body = json!({
        "name": known.map_or_else(|| title(&path), |(_, name)| (*name).to_owned()),
        "description": first.summary,
        "renders": ["application/json"],
        "parses": ["application/json"],
    });
    if let (Some(body), false) = (body.as_object_mut(), actions.is_empty()) {
        body.insert("actions".to_owned(), Value::Object(actions));
    }
    Ok(ok(&body))
}

/// `/…/batch_enable/` as `Batch Enable`.
fn title(path: &str) -> String {
    let last = path
        .split('/')
        .rfind(|part| !part.is_empty() && !part.starts_with('{'))
        .unwrap_or_default();
    last.split(['_', '-']).map(capital).collect::<Vec<_>>().join(" ")
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

fn fields_of(path: &str, fields: &[Field]) -> Value {
    let list = path.trim_end_matches("{id}/");
    let read_only = READ_ONLY.iter().find(|(known, _)| *known == list);
    let mut told = Map::new();
    for name in read_only.map_or(&[][..], |(_, names)| names) {
        told.insert(
            (*name).to_owned(),
            json!({ "type": "field", "required": false, "read_only": true, "label": label(name) }),
        );
    }
    for field in fields {
        told.insert(field.name.to_owned(), one(field));
    }
    Value::Object(told)
}

fn label(name: &str) -> String {
    capital(&name.replace('_', " "))
}

fn one(field: &Field) -> Value {
    let (kind, more) = match field.takes {
        Takes::Text(max) => ("string", json!({ "max_length": max })),
        Takes::Url(max) => ("url", json!({ "max_length": max })),
        Takes::Integer(min, max) => ("integer", json!({ "min_value": min, "max_value": max })),
        Takes::Tiyin => ("integer", json!({ "min_value": 1, "max_value": 2_147_483_647 })),
        Takes::Switch => ("boolean", json!({})),
        Takes::Decimal(..) => ("decimal", json!({})),
        Takes::Key | Takes::Json => ("field", json!({})),
        Takes::Choice(words) => {
            let choices: Vec<Value> = words
                .iter()
                .map(|word| json!({ "value": word, "display_name": capital(word) }))
                .collect();
            ("choice", json!({ "choices": choices }))
        }
        Takes::Time => ("datetime", json!({})),
    };
    let mut told = json!({
        "type": kind,
        "required": field.required,
        "read_only": false,
        "label": label(field.name),
    });
    if let (Some(told), Value::Object(more)) = (told.as_object_mut(), more) {
        told.extend(more);
    }
    told
}

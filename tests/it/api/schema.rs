//! The API's description against the route table, the types and the answers themselves.

use std::collections::BTreeSet;

use kaspi_panel::web::{
    api::schema::{OPERATIONS, openapi},
    routes::{Kind, all},
};
use serde_json::Value;

use super::seller;
use crate::support::TestApp;

/// Addresses that are described: all of the API but those that only lead on.
fn described() -> BTreeSet<(String, &'static str)> {
    all()
        .filter(|route| route.kind == Kind::Api && route.path.ends_with('/'))
        .map(|route| (route.method.to_string(), route.path))
        .collect()
}

#[test]
fn every_address_of_the_route_table_is_described() {
    let told: BTreeSet<(String, &str)> = OPERATIONS
        .iter()
        .map(|operation| (operation.method.to_owned(), operation.path))
        .collect();
    assert_eq!(told, described());
    assert_eq!(OPERATIONS.len(), described().len(), "each once");
    assert!(OPERATIONS.len() > 45);
    let ids: BTreeSet<&str> = OPERATIONS.iter().map(|operation| operation.id).collect();
    assert_eq!(ids.len(), OPERATIONS.len());
}

/// Follows one reference.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(name) => document
            .pointer(name.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{name} is not there")),
        None => schema,
    }
}

/// What an example lacks or has too much, and where a value is of another type.
fn misfits(document: &Value, schema: &Value, example: &Value, at: &str, found: &mut Vec<String>) {
    let schema = resolved(document, schema);
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let kind = match example {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !types.is_empty() && !types.contains(&kind) {
        found.push(format!("{at}: {kind}, not {types:?}"));
    }
    if let (Some(properties), Some(object)) = (schema["properties"].as_object(), example.as_object()) {
        for (name, value) in object {
            match properties.get(name) {
                Some(schema) => misfits(document, schema, value, &format!("{at}.{name}"), found),
                None => found.push(format!("{at}.{name} is not described")),
            }
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            if !object.contains_key(name.as_str().unwrap()) {
                found.push(format!("{at}.{name} is missing"));
            }
        }
    }
    if let Some(values) = example.as_array() {
        for value in values {
            misfits(document, &schema["items"], value, &format!("{at}[]"), found);
        }
    }
}

#[test]
fn every_body_and_answer_has_an_example_that_fits_its_schema() {
    let document = openapi("http://panel");
    let mut found = Vec::new();
    let mut looked_at = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let bodies = std::iter::once(("request".to_owned(), &operation["requestBody"])).chain(
                operation["responses"]
                    .as_object()
                    .unwrap()
                    .iter()
                    .map(|(status, answer)| (status.clone(), answer)),
            );
            for (what, body) in bodies {
                let Some(media) = body.pointer("/content/application~1json") else {
                    continue;
                };
                let at = format!("{method} {path} {what}");
                assert!(media.get("example").is_some(), "{at}: no example");
                misfits(&document, &media["schema"], &media["example"], &at, &mut found);
                looked_at += 1;
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
    assert!(looked_at > 300);
}

#[tokio::test]
async fn the_description_is_served_and_its_page_needs_nobody_elses_files() {
    let mut app = TestApp::new();
    seller(&mut app, "anna", "30000001").await;
    let nobody = app.anonymous();
    let document = nobody.get("/api/schema/").await.expect(200).json();
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["components"]["schemas"]["ProductJson"]["properties"]["price"].is_object());
    let page = nobody.get("/api/docs/").await.expect(200);
    assert_eq!(page.texts("details").len(), OPERATIONS.len());
    for operation in OPERATIONS {
        let summary = page.text(&format!("#{} summary", operation.id));
        assert!(summary.contains(operation.path) && summary.contains(operation.method));
    }
    assert_eq!(page.count(".common dt"), 8, "what holds for all addresses");
    assert_eq!(
        page.count("a[href='/'], a[href='/tokens'], a[href='/api/schema/']"),
        3,
        "ways on"
    );
    assert_eq!(page.count("script:not([src^='/'])"), 0);
    assert_eq!(page.count("[style], style"), 0);
    assert!(page.texts("h1")[0].contains("API"));
}

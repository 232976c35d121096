//! Bodies of requests as JSON Schema, from the tables that they are read by.

use serde_json::{Map, Value, json};

use super::Sent;
use crate::web::api::fields::{Field, Takes};

/// The body of an operation; `None`: it takes none.
pub(super) fn body(sent: Sent) -> Option<Value> {
    let (fields, partial) = match sent {
        Sent::Nothing => return None,
        Sent::All(fields) => (fields, false),
        Sent::Some(fields) => (fields, true),
    };
    Some(json!({
        "required": !partial,
        "content": {
            "application/json": { "schema": schema(fields, partial), "example": example(fields) },
        },
    }))
}

/// An object of these fields.
#[must_use]
pub fn schema(fields: &[Field], partial: bool) -> Value {
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| (field.name.to_owned(), field_schema(field)))
        .collect();
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| field.required && !partial)
        .map(|field| field.name)
        .collect();
    let mut object = json!({ "type": "object", "properties": properties });
    if let (Some(object), false) = (object.as_object_mut(), required.is_empty()) {
        object.insert("required".to_owned(), json!(required));
    }
    object
}

/// A body with the example of each field.
#[must_use]
pub fn example(fields: &[Field]) -> Value {
    fields
        .iter()
        .map(|field| {
            let value = serde_json::from_str(field.example).unwrap_or(Value::Null);
            (field.name.to_owned(), value)
        })
        .collect::<Map<_, _>>()
        .into()
}

fn field_schema(field: &Field) -> Value {
    let (kind, more) = match field.takes {
        // Not blank: `\S`.
        Takes::Text(max) if field.nullable => ("string", json!({ "maxLength": max })),
        Takes::Text(max) => (
            "string",
            json!({ "minLength": 1, "maxLength": max, "pattern": "\\S" }),
        ),
        Takes::Url(max) => (
            "string",
            json!({ "maxLength": max, "pattern": "^https?://[a-z0-9]+(\\.[a-z0-9]+)+(/[a-z0-9._-]*)*$" }),
        ),
        Takes::Integer(min, max) => ("integer", json!({ "minimum": min, "maximum": max })),
        Takes::Tiyin => (
            "integer",
            json!({ "minimum": 100, "maximum": 2_147_483_600, "multipleOf": 100 }),
        ),
        Takes::Switch => ("boolean", json!({})),
        Takes::Decimal(digits, places) => (
            "string",
            json!({ "pattern": format!("^[0-9]{{1,{}}}(\\.[0-9]{{1,{places}}})?$", digits - places) }),
        ),
        Takes::Key => ("string", json!({ "format": "uuid" })),
        Takes::Choice(words) => ("string", json!({ "enum": words })),
        Takes::Json => return json!({}),
        Takes::Time => ("string", json!({ "format": "date-time" })),
    };
    let kind = if field.nullable {
        json!([kind, "null"])
    } else {
        json!(kind)
    };
    let mut schema = json!({ "type": kind });
    if let (Some(schema), Value::Object(more)) = (schema.as_object_mut(), more) {
        schema.extend(more);
    }
    schema
}

//! The description as a page: what there is, what it takes, what it gives. Our own files alone.

use actix_web::{HttpResponse, web::Data};
use askama::Template;
use serde_json::Value;

use super::{
    OPERATIONS, Operation, Sent,
    operations::TAGS,
    requests::{example, schema},
};
use crate::{
    services::Services,
    web::{Shell, WebResult, filters, render::html},
};

#[derive(Template)]
#[template(path = "api/docs.html")]
struct DocsPage {
    shell: Shell,
    /// Where people reach the panel.
    address: String,
    groups: Vec<(&'static str, Vec<Entry>)>,
}

/// One operation as it is shown.
struct Entry {
    operation: &'static Operation,
    fields: Vec<FieldLine>,
    /// A body.
    sent: String,
    /// Status and answer.
    answers: Vec<(u16, String)>,
}

/// One field of a body.
struct FieldLine {
    name: String,
    required: bool,
    kind: String,
}

/// `GET /api/docs/`
pub async fn show(shell: Shell, services: Data<Services>) -> WebResult<HttpResponse> {
    let groups = TAGS
        .iter()
        .map(|tag| {
            let own = OPERATIONS.iter().filter(|operation| operation.tag == *tag);
            (*tag, own.map(Entry::new).collect())
        })
        .collect();
    html(&DocsPage {
        shell,
        address: super::address(&services),
        groups,
    })
}

impl Entry {
    fn new(operation: &'static Operation) -> Self {
        let (fields, partial) = match operation.sent {
            Sent::Nothing => (&[][..], true),
            Sent::All(fields) => (fields, false),
            Sent::Some(fields) => (fields, true),
        };
        let schema = schema(fields, partial);
        let lines = fields.iter().map(|field| FieldLine {
            name: field.name.to_owned(),
            required: field.required && !partial,
            kind: kind_of(schema.pointer(&format!("/properties/{}", field.name))),
        });
        let sent = if fields.is_empty() {
            String::new()
        } else {
            pretty(&example(fields))
        };
        let answers = operation.gives.iter().map(|(status, gives)| {
            let json = gives.json();
            let body = json.pointer("/content/application~1json/example");
            (*status, body.map(pretty).unwrap_or_default())
        });
        Self {
            operation,
            fields: lines.collect(),
            sent,
            answers: answers.collect(),
        }
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// `string · maxLength 255`
fn kind_of(schema: Option<&Value>) -> String {
    let Some(Value::Object(schema)) = schema else {
        return String::new();
    };
    let words = schema.iter().map(|(name, value)| {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if name == "type" {
            text
        } else {
            format!("{name} {text}")
        }
    });
    words.collect::<Vec<_>>().join(" · ")
}

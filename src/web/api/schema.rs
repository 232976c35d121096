//! The API's own description: OpenAPI 3.1, made of the tables that the handlers read bodies by and of the answers'
//! types. A test fails where an address of the route table is missing in it.

mod examples;
mod objects;
mod operations;
pub mod page;
mod requests;

use actix_web::{HttpResponse, web::Data};
use serde_json::{Map, Value, json};

use super::envelope::ok;
use crate::services::Services;

pub use operations::{Gives, OPERATIONS, Operation, Param, Sent};

/// `GET /api/schema/`
pub async fn document(services: Data<Services>) -> HttpResponse {
    ok(&openapi(&address(&services)))
}

/// The address of the panel, without a slash at its end.
fn address(services: &Services) -> String {
    let address = services.config.http.public_url.as_str();
    address.trim_end_matches('/').to_owned()
}

/// The whole description; `server` is the address of the panel.
#[must_use]
pub fn openapi(server: &str) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in OPERATIONS {
        let path = paths
            .entry(operation.path)
            .or_insert_with(|| Value::Object(Map::new()));
        if let Some(path) = path.as_object_mut() {
            path.insert(operation.method.to_lowercase(), operation_of(operation));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "kaspi-panel",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": server }],
        "security": [{ "token": [] }],
        "tags": operations::TAGS.iter().map(|tag| json!({ "name": tag })).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": objects::schemas(),
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`Token <ключ>`. Ключ создают на странице `/tokens` или командой `kaspi-panel token create`.",
                },
            },
        },
    })
}

/// What holds for all addresses.
const ABOUT: &str = "JSON API панели. Цены товаров и предзаказов — в тиынах (целое число тенге × 100), \
`update_price` и новые ресурсы — в тенге. Время — Asia/Almaty. Изменяющие запросы принимают заголовок \
`Idempotency-Key`: первый ответ повторяется 24 часа, другой запрос с тем же ключом — 422, параллельный — 409. \
Долгая работа: `?wait=` секунд, затем 202 и `job_id`. Чужие объекты не существуют: 404.";

fn operation_of(operation: &Operation) -> Value {
    let mut parameters: Vec<Value> = path_parameters(operation.path);
    parameters.extend(operation.query.iter().map(Param::json));
    let changes = operation.method != "GET" && operation.path.starts_with("/api/v1/");
    if changes {
        parameters.push(json!({
            "name": "Idempotency-Key",
            "in": "header",
            "required": false,
            "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
        }));
    }
    let mut object = json!({
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": parameters,
        "responses": responses_of(operation),
    });
    if let (Some(object), Some(body)) = (object.as_object_mut(), requests::body(operation.sent)) {
        object.insert("requestBody".to_owned(), body);
    }
    if let (Some(object), true) = (object.as_object_mut(), operation.open) {
        object.insert("security".to_owned(), json!([]));
    }
    object
}

fn path_parameters(path: &str) -> Vec<Value> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            json!({
                "name": name,
                "in": "path",
                "required": true,
                "schema": { "type": "string", "format": "uuid" },
            })
        })
        .collect()
}

fn responses_of(operation: &Operation) -> Value {
    let mut responses: Map<String, Value> = Map::new();
    for (status, gives) in operation.gives {
        let mut answer = gives.json();
        let links = links_of(operation);
        if let (201, false, Some(answer)) = (*status, links.is_empty(), answer.as_object_mut()) {
            answer.insert("links".to_owned(), Value::Object(links));
        }
        responses.insert(status.to_string(), answer);
    }
    let changes = operation.method != "GET";
    if !operation.open {
        for (status, text) in FAILURES {
            if (changes || !CHANGES_ALONE.contains(status)) && !responses.contains_key(*status) {
                responses.insert((*status).to_owned(), failure(status, text));
            }
        }
    }
    Value::Object(responses)
}

/// What can be done with the object that an operation makes.
fn links_of(operation: &Operation) -> Map<String, Value> {
    let of_object = format!("{}{{id}}/", operation.path);
    OPERATIONS
        .iter()
        .filter(|other| other.path.starts_with(&of_object))
        .map(|other| {
            let link = json!({
                "operationId": other.id,
                "parameters": { "id": "$response.body#/id" },
            });
            (other.id.to_owned(), link)
        })
        .collect()
}

/// What may come instead of what was wanted.
const FAILURES: &[(&str, &str)] = &[
    (
        "400",
        "Запрос не понят: ошибки по полям, список с одной фразой или detail",
    ),
    ("401", "Нет ключа, или он отозван"),
    ("403", "Прав не хватает"),
    ("404", "Такого объекта нет, или он чужой"),
    ("405", "Такого метода у адреса нет"),
    ("406", "Такой формы ответа нет"),
    ("409", "Мешает состояние: код и фраза в ответе"),
    ("413", "Слишком большой запрос"),
    ("415", "Тело не JSON"),
    ("422", "Idempotency-Key уже использован с другим запросом"),
    ("429", "Слишком часто: заголовок Retry-After"),
    ("503", "База данных недоступна: повторите позже"),
];

/// Answers of requests that change something.
const CHANGES_ALONE: &[&str] = &["409", "413", "415", "422"];

fn failure(status: &str, text: &str) -> Value {
    let example = match status {
        "400" => json!({ "name": ["Обязательное поле."] }),
        "401" => json!({ "detail": super::texts::NO_CREDENTIALS }),
        "404" => json!({ "detail": super::texts::NOT_FOUND }),
        "405" => json!({ "detail": super::texts::method_not_allowed("PUT") }),
        "415" => json!({ "detail": super::texts::unsupported_media_type("text/plain") }),
        _ => json!({ "success": false, "error": text, "code": "code", "request_id": "0193" }),
    };
    let schema = if status == "400" {
        json!({ "type": ["object", "array"] })
    } else {
        json!({ "type": "object" })
    };
    json!({
        "description": text,
        "content": { "application/json": { "schema": schema, "example": example } },
    })
}

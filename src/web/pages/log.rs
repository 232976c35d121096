//! The log: who changed what, before and after, newest first.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{
    listing::Params,
    tariffs::{FeeLine, fee_lines},
    terms::goal_in_words,
};
use crate::{
    app::undo::can_undo,
    domain::{ActorKind, AuditId, ProductId, PushId, Tenge, UserId},
    services::Services,
    store::{
        audit::{AuditEntry, audit_list},
        put_backs::push_products,
        users::user_emails,
    },
    web::{
        Shell, WebResult,
        auth::CurrentUser,
        filters, format,
        render::html,
        routes::{Access, Kind, Route},
        texts::Texts,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[Route::get("/log", Kind::Page, Access::SignedIn, || web::to(list))];

/// Lines of one page.
const LINES: usize = 50;

/// Names that the log's query string knows. `before` and `id` are the last line of the page before.
const NAMES: &[&str] = &["object", "id", "before", "line"];

/// One field, old and new, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Name of the field.
    pub field: String,
    /// What it was; empty: nothing.
    pub before: String,
    /// What it became; empty: nothing.
    pub after: String,
}

impl Change {
    /// The changed fields of a line.
    #[must_use]
    pub fn all(line: &AuditEntry, t: &Texts) -> Vec<Self> {
        let nothing = Value::Null;
        let (before, after) = (line.before.as_ref(), line.after.as_ref());
        Self::between(before.unwrap_or(&nothing), after.unwrap_or(&nothing), t)
    }

    /// The fields that differ between two objects.
    #[must_use]
    pub fn between(before: &Value, after: &Value, t: &Texts) -> Vec<Self> {
        let empty = serde_json::Map::new();
        let before = before.as_object().unwrap_or(&empty);
        let after = after.as_object().unwrap_or(&empty);
        let mut fields: Vec<&String> = before.keys().chain(after.keys()).collect();
        fields.sort();
        fields.dedup();
        fields
            .into_iter()
            .map(|field| Self {
                field: field_name(field, t),
                before: words(field, before.get(field), t),
                after: words(field, after.get(field), t),
            })
            .filter(|change| change.before != change.after)
            .collect()
    }
}

/// The parts of a rule are called as in its form.
fn field_name(field: &str, t: &Texts) -> String {
    if field.starts_with("rule-") {
        t.get_or(field, "field-other")
    } else {
        t.get_or(&format!("field-{field}"), "field-other")
    }
}

/// A value as people read it: money, yes and no, words of states.
fn words(field: &str, value: Option<&Value>, t: &Texts) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::Bool(true)) => t.get("word-yes"),
        Some(Value::Bool(false)) => t.get("word-no"),
        Some(Value::Number(number)) => match number.as_i64() {
            Some(amount) if field.ends_with("_tenge") => format::money(Tenge(amount)),
            Some(count) => format::number(count),
            None => number.to_string(),
        },
        Some(Value::String(text)) => string_words(field, text, t),
        Some(Value::Object(points)) if field == "warehouses" => points
            .iter()
            .map(
                |(number, stock)| match stock.pointer("/quantity").and_then(Value::as_u64) {
                    Some(quantity) => format!("PP{number}: {quantity}"),
                    None => format!("PP{number}"),
                },
            )
            .collect::<Vec<_>>()
            .join(", "),
        Some(Value::Array(cities)) if field == "prices" => moved_prices(cities),
        Some(value @ Value::Array(_)) if field == "fees" => fees_words(value, t),
        Some(value @ Value::Object(_)) if field == "goal" => serde_json::from_value(value.clone())
            .map_or_else(|_| value.to_string(), |goal| goal_in_words(goal, t)),
        Some(other) => other.to_string(),
    }
}

/// A delivery table, line by line.
fn fees_words(table: &Value, t: &Texts) -> String {
    let Ok(table) = serde_json::from_value(table.clone()) else {
        return table.to_string();
    };
    let line = |line: FeeLine| format!("{}, {}: {}", line.prices, line.weights, format::money(line.fee));
    let lines: Vec<String> = fee_lines(&table, t).into_iter().map(line).collect();
    lines.join("; ")
}

/// The prices of a push that differ from what was, one per city.
fn moved_prices(cities: &[Value]) -> String {
    let moved = cities.iter().filter_map(|city| {
        let money = |name: &str| city.get(name).and_then(Value::as_i64).map(Tenge);
        let (before, price) = (money("before")?, money("price")?);
        (before != price).then(|| format!("{} → {}", format::money(before), format::money(price)))
    });
    moved.collect::<Vec<_>>().join(", ")
}

/// Codes of the engine and of the gate in words, of a decision all of them; what a person wrote stays as it is.
fn reason_words(reason: &str, t: &Texts) -> String {
    let words = |code: &str| {
        let keys = [
            format!("reason-{code}"),
            format!("push-reason-{code}"),
            // What stopped a store, a product or a strategy.
            format!("stop-why-{code}"),
        ];
        keys.iter().find(|key| t.has(key)).map(|key| t.get(key))
    };
    let codes: Option<Vec<String>> = reason.split(' ').map(words).collect();
    codes.map_or_else(|| reason.to_owned(), |codes| codes.join("; "))
}

fn string_words(field: &str, text: &str, t: &Texts) -> String {
    let keys = [
        format!("value-{field}-{text}"),
        format!("push-{field}-{text}"),
        // Choices of rules, kinds of strategy.
        format!("{field}-{text}"),
        // Tariffs that come with the panel.
        format!("tariff-{field}-{text}"),
    ];
    if let Some(key) = keys.iter().find(|key| t.has(key)) {
        return t.get(key);
    }
    if field == "valid_from"
        && let Ok(day) = text.parse()
    {
        return format::day(day);
    }
    match text.parse::<DateTime<Utc>>() {
        Ok(at) if field.ends_with("_at") || field.ends_with("_until") => format::date_time(at),
        _ => text.to_owned(),
    }
}

/// Who acted, in words.
#[must_use]
pub fn actor_name(line: &AuditEntry, t: &Texts) -> String {
    match line.actor_kind {
        ActorKind::Robot => t.get("actor-robot"),
        ActorKind::System => t.get("actor-system"),
        ActorKind::Api => t.with("actor-api", "name", &line.actor_name),
        ActorKind::Person => line.actor_name.clone(),
    }
}

/// A line, ready to be shown.
struct Line {
    entry: AuditEntry,
    who: String,
    /// What he signs in with: names are of people's own choosing. `None`: it is his name.
    email: Option<String>,
    action: String,
    kind: String,
    /// Page of the object, where there is one.
    href: Option<String>,
    changes: Vec<Change>,
    /// Why, in words; empty: nobody said.
    reason: String,
    /// Where the price of before is put back, for a price that was changed.
    put_back: Option<String>,
    /// Its values of before can be put back.
    undo: bool,
}

impl Line {
    fn new(entry: AuditEntry, t: &Texts) -> Self {
        let area = match entry.object_kind.as_str() {
            "product" => Some("products"),
            "preorder" => Some("preorders"),
            "store" => Some("stores"),
            _ => None,
        };
        let gone = entry.action == "delete";
        Self {
            who: actor_name(&entry, t),
            email: None,
            action: t.get_or(&format!("action-{}", entry.action), "action-other"),
            kind: t.get_or(&format!("object-{}", entry.object_kind), "object-other"),
            href: area
                .zip(entry.object_id)
                .filter(|_| !gone)
                .map(|(area, id)| format!("/{area}/{id}")),
            changes: Change::all(&entry, t)
                .into_iter()
                .filter(|change| change.before != entry.object_name && change.after != entry.object_name)
                .collect(),
            reason: reason_words(entry.reason.as_deref().unwrap_or_default(), t),
            put_back: None,
            undo: can_undo(&entry),
            entry,
        }
    }
}

#[derive(Template)]
#[template(path = "log/page.html")]
struct LogPage {
    shell: Shell,
    lines: Vec<Line>,
    /// The next, older page.
    older: Option<String>,
    /// Not the newest page.
    is_older: bool,
    /// Only about one object; its name.
    about: Option<String>,
    /// Only about one product.
    product: Option<Uuid>,
}

async fn list(
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
    req: HttpRequest,
) -> WebResult<HttpResponse> {
    let params = Params::read(&req, "/log", NAMES);
    let object: Option<(String, Uuid)> = params.value("id").map(|id| (params.get("object").to_owned(), id));
    let before: Option<(DateTime<Utc>, AuditId)> = params.value("before").zip(params.value("line"));
    let tenant = user.tenant();
    let filter = object.clone();
    let mut entries = services
        .db
        .read(move |conn| {
            let object = filter.as_ref().map(|(kind, id)| (kind.as_str(), *id));
            // One more than is shown tells whether there is an older page.
            audit_list(conn, tenant, object, before, 51)
        })
        .await?;
    let more = entries.len() > LINES;
    entries.truncate(LINES);
    let put_back = if user.may_change() {
        put_back_links(&services, &entries).await?
    } else {
        HashMap::new()
    };
    let people = entries
        .iter()
        .filter_map(|entry| entry.actor_id.map(UserId))
        .collect::<Vec<_>>();
    let emails = services.db.read(move |conn| user_emails(conn, &people)).await?;
    let older = entries.last().filter(|_| more).map(|last| {
        let mut pairs = vec![
            ("before", format::machine_time_exact(last.at)),
            ("line", last.id.to_string()),
        ];
        if let Some((kind, id)) = &object {
            pairs.extend([("object", kind.clone()), ("id", id.to_string())]);
        }
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        format!("/log?{query}")
    });
    let product = object
        .as_ref()
        .and_then(|(kind, id)| (kind == "product").then_some(*id));
    let about = object.map(|_| {
        entries
            .first()
            .map_or_else(String::new, |entry| entry.object_name.clone())
    });
    let t = shell.t;
    html(&LogPage {
        shell,
        older,
        is_older: before.is_some(),
        about,
        product,
        lines: entries
            .into_iter()
            .map(|entry| Line {
                put_back: put_back.get(&entry.id).cloned(),
                email: entry
                    .actor_id
                    .and_then(|id| emails.get(&UserId(id)))
                    .filter(|email| **email != entry.actor_name)
                    .cloned(),
                ..Line::new(entry, &t)
            })
            .collect(),
    })
}

/// For each line about a price that was changed: the page that puts the price of the moment before back.
async fn put_back_links(services: &Services, entries: &[AuditEntry]) -> WebResult<HashMap<AuditId, String>> {
    let changed = |entry: &&AuditEntry| entry.object_kind == "price_push" && entry.action == "confirmed";
    let pushes: Vec<PushId> = entries
        .iter()
        .filter(changed)
        .filter_map(|entry| entry.object_id.map(PushId))
        .collect();
    let products: HashMap<PushId, ProductId> = services
        .db
        .read(move |conn| push_products(conn, &pushes))
        .await?
        .into_iter()
        .collect();
    Ok(entries
        .iter()
        .filter(changed)
        .filter_map(|entry| {
            let product = products.get(&PushId(entry.object_id?))?;
            let before = format::machine_time_exact(entry.at - TimeDelta::milliseconds(1));
            let at: String = url::form_urlencoded::byte_serialize(before.as_bytes()).collect();
            let store = entry.store_id?;
            Some((
                entry.id,
                format!("/stores/{store}/put-back?product={product}&at={at}"),
            ))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::texts::Language;

    #[test]
    fn codes_are_put_in_words_and_words_stay() {
        let t = Texts::new(Language::Ru);
        let words = |reason: &str| reason_words(reason, &t);
        assert_eq!(words("BEAT_LOWEST"), "Правило «Быть первым»");
        assert_eq!(
            words("BEAT_LOWEST FIRST_SCENARIO"),
            "Правило «Быть первым»; Мы уже первые"
        );
        assert_eq!(words("маржа упала"), "маржа упала");
        assert_eq!(words("BEAT_LOWEST и ещё"), "BEAT_LOWEST и ещё");
        assert_eq!(words(""), "");
    }
}

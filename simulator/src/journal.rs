//! The append-only list of requests the marketplace received, with secrets blanked.

use std::collections::{BTreeMap, VecDeque};

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::clock;
use crate::faults::Kind;

/// Names in a request body whose values are never kept.
const SECRET_FIELDS: [&str; 5] = ["_p", "_c", "_m_c", "password", "token"];

/// What one request wanted to change about one offer.
#[derive(Clone, Debug, Serialize)]
pub struct Write {
    pub sku: String,
    /// The lowest price the cabinet showed when the request came, whole tenge.
    pub price_before: Option<i64>,
    /// The lowest price the request asks for, whole tenge; absent when it asks for no price.
    pub price_after: Option<i64>,
    /// The asked prices by city, where the request named cities.
    pub city_prices_after: BTreeMap<String, i64>,
}

/// One received request and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    pub n: u64,
    /// Milliseconds of the market's time; written as text.
    #[serde(serialize_with = "as_text")]
    pub time: i64,
    pub endpoint: &'static str,
    pub merchant: Option<String>,
    pub method: String,
    pub path: String,
    /// JSON as text, which takes a fraction of the room of a tree; written as the tree it means.
    #[serde(serialize_with = "as_tree")]
    pub body: String,
    /// The answered status; 0 when the connection was dropped without an answer.
    pub status: u16,
    /// The kind of fault that was at work, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Kind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_before: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_after: Option<i64>,
    /// Every offer the request wanted to change; one entry for a single write, more for a batch.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<Write>,
    pub warnings: Vec<String>,
}

fn as_text<S: Serializer>(time_ms: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&clock::text(*time_ms))
}

fn as_tree<S: Serializer>(body: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let tree: Value = serde_json::from_str(body).unwrap_or_default();
    tree.serialize(serializer)
}

/// Older entries than so many, and than so many bytes of bodies, are forgotten: a demonstration may run for weeks.
const ENTRIES_MAX: usize = 50_000;
const BYTES_MAX: usize = 32 * 1024 * 1024;

/// The list itself.
#[derive(Debug, Default)]
pub struct Journal {
    entries: VecDeque<Entry>,
    bytes: usize,
    last: u64,
}

impl Journal {
    /// Adds an entry and numbers it, from 1.
    pub fn add(&mut self, mut entry: Entry) {
        self.last = self.last.saturating_add(1);
        entry.n = self.last;
        if let [only] = entry.writes.as_slice() {
            entry.sku = Some(only.sku.clone());
            entry.price_before = only.price_before;
            entry.price_after = only.price_after;
        }
        self.bytes = self.bytes.saturating_add(entry.body.len());
        self.entries.push_back(entry);
        while self.entries.len() > ENTRIES_MAX || self.bytes > BYTES_MAX {
            let Some(gone) = self.entries.pop_front() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(gone.body.len());
        }
    }

    /// Entries with a number greater than `since`, oldest first.
    pub fn since(&self, since: u64) -> Vec<&Entry> {
        // Numbers rise, so that the later ones are found without looking at all the others.
        let start = self.entries.partition_point(|entry| entry.n <= since);
        self.entries.range(start..).collect()
    }
}

/// The value as text, with everything secret replaced.
pub fn blanked(mut value: Value) -> String {
    blank(&mut value);
    value.to_string()
}

fn blank(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                if SECRET_FIELDS.contains(&name.as_str()) {
                    *inner = Value::from("***");
                } else {
                    blank(inner);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(blank),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(body: &str) -> Entry {
        Entry {
            n: 0,
            time: 0,
            endpoint: "process",
            merchant: None,
            method: "POST".to_owned(),
            path: "/".to_owned(),
            body: body.to_owned(),
            status: 200,
            fault: None,
            sku: None,
            price_before: None,
            price_after: None,
            writes: Vec::new(),
            warnings: Vec::new(),
        }
    }

    #[test]
    fn the_oldest_entries_go_when_there_are_too_many_or_they_are_too_large() {
        let mut journal = Journal::default();
        for _ in 0..ENTRIES_MAX + 5 {
            journal.add(entry("null"));
        }
        assert_eq!(journal.since(0).len(), ENTRIES_MAX);
        assert_eq!(journal.since(0)[0].n, 6);
        assert_eq!(journal.since(u64::try_from(ENTRIES_MAX).unwrap()).len(), 5);
        let large = "x".repeat(BYTES_MAX / 2);
        for _ in 0..3 {
            journal.add(entry(&large));
        }
        assert_eq!(journal.since(0).len(), 2);
        journal.add(entry("null"));
        assert_eq!(journal.since(0).last().unwrap().n, journal.last);
    }

    #[test]
    fn bodies_are_shown_as_they_were_without_secrets() {
        let body = blanked(json!({ "_u": "a", "_p": "secret", "in": [{ "token": "secret" }] }));
        let shown = serde_json::to_value(entry(&body)).unwrap();
        assert_eq!(
            shown["body"],
            json!({ "_u": "a", "_p": "***", "in": [{ "token": "***" }] })
        );
    }
}

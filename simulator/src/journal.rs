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
    pub body: Value,
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

/// Older entries than so many are forgotten: a demonstration may run for weeks.
const ENTRIES_MAX: usize = 50_000;

/// The list itself.
#[derive(Debug, Default)]
pub struct Journal {
    entries: VecDeque<Entry>,
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
        self.entries.push_back(entry);
        if self.entries.len() > ENTRIES_MAX {
            self.entries.pop_front();
        }
    }

    /// Entries with a number greater than `since`, oldest first.
    pub fn since(&self, since: u64) -> Vec<&Entry> {
        self.entries.iter().filter(|entry| entry.n > since).collect()
    }
}

/// The same value with everything secret replaced.
pub fn blanked(mut value: Value) -> Value {
    blank(&mut value);
    value
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

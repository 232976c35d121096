//! Faults: things the marketplace does wrong on request. A fault is state; `call` applies it around a handler.
//! `kind` lists what can go wrong, `answer` changes answers, `wire` changes how they are sent.

pub mod answer;
pub mod kind;
mod rows;
pub mod wire;

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use kind::Kind;

/// A fault that was switched on.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Name of the endpoint, `host:*` for all of a host, or `*` for all.
    pub endpoint: String,
    /// Only for requests about this merchant.
    #[serde(default)]
    pub merchant: Option<String>,
    /// Only for requests whose decoded path, query or body contains this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containing: Option<String>,
    pub kind: Kind,
    #[serde(default)]
    pub status: Option<u16>,
    /// Value of the `Retry-After` header, seconds or any text.
    #[serde(default)]
    pub retry_after: Option<Value>,
    /// How often it strikes; absent means until cleared.
    #[serde(default)]
    pub times: Option<u32>,
    /// How many matching requests pass unharmed first.
    #[serde(default)]
    pub after: u32,
    /// Strikes only on every so many of the matching requests: 2 spares the first and strikes the second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<u32>,
    /// How likely it strikes a matching request, 0 to 1, from the market's seeded randomness.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    #[serde(default)]
    pub delay_ms: Option<u64>,
    /// Seconds of market time, for changes that come late; may be negative for `date`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
    /// Body of a `status` fault.
    #[serde(default)]
    pub body: BodyKind,
    /// Which page an `html` fault shows.
    #[serde(default)]
    pub page: Page,
    /// The text of a `status` fault with `body` `text`, of row errors and of a file's last status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Fields for `patch` and `row_patch`, a row for `add_rows`; the whole JSON body for `status`.
    #[serde(default)]
    pub patch: Option<Value>,
    /// Fields that `patch` and `row_patch` set to null.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nulls: Vec<String>,
    /// Only rows with these field values.
    #[serde(default, rename = "where", skip_serializing_if = "Map::is_empty")]
    pub wanted: Map<String, Value>,
    /// How many rows; may be negative for `shift`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
    /// Headers that `headers` sets; null takes one out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Option<String>>,
    /// Texts that `replace` puts in place of others, all at once.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replace: BTreeMap<String, String>,
    /// How `encoded` and `large` compress the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// Size of a `large` body before compression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
    /// City id for `one_city`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
}

/// The body of an error answer.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyKind {
    #[default]
    Json,
    Html,
    Text,
    Empty,
}

/// A page that stands where something else was expected.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Page {
    #[default]
    Wall,
    Login,
    Captcha,
    Maintenance,
}

/// A content coding.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    Gzip,
    Br,
    Zstd,
}

impl Fault {
    /// What the fault still lacks, for the control interface to refuse.
    pub fn lacks(&self) -> Option<&'static str> {
        let missing = match self.kind {
            Kind::Status => (self.status.is_none(), "a fault of kind status needs a status"),
            Kind::Patch | Kind::RowPatch => (
                self.patch.is_none() && self.nulls.is_empty(),
                "a patch needs patch or nulls",
            ),
            Kind::AddRows => (self.patch.is_none(), "add_rows needs the row in patch"),
            Kind::Headers => (self.headers.is_empty(), "a fault of kind headers needs headers"),
            Kind::Replace => (self.replace.is_empty(), "a fault of kind replace needs replace"),
            Kind::Encoded => (
                self.encoding.is_none(),
                "a fault of kind encoded needs an encoding",
            ),
            Kind::Date => (self.seconds.is_none(), "a fault of kind date needs seconds"),
            Kind::OneCity => (self.city.is_none(), "a fault of kind one_city needs a city"),
            _ => (false, ""),
        };
        let unlikely = self
            .probability
            .is_some_and(|likely| !(0.0..=1.0).contains(&likely));
        match missing {
            (true, what) => Some(what),
            _ if unlikely => Some("probability is between 0 and 1"),
            _ if self.every == Some(0) => Some("every starts at 1"),
            _ => None,
        }
    }
}

/// A fault with the requests it let pass.
#[derive(Debug)]
struct Active {
    fault: Fault,
    matched: u32,
}

/// The faults that are switched on.
#[derive(Debug)]
pub struct Faults {
    active: Vec<Active>,
    random: StdRng,
}

/// The request a fault may strike.
pub struct Target<'a> {
    pub host: &'a str,
    pub endpoint: &'a str,
    pub merchant: Option<&'a str>,
    /// Decoded path and query and the body, read only when a fault asks for it.
    pub text: &'a dyn Fn() -> String,
}

impl Faults {
    pub fn new(seed: u64) -> Self {
        Self {
            active: Vec::new(),
            random: StdRng::seed_from_u64(seed),
        }
    }

    pub fn add(&mut self, fault: Fault) {
        self.active.push(Active { fault, matched: 0 });
    }

    pub fn clear(&mut self) {
        self.active.clear();
    }

    pub fn active(&self) -> Vec<&Fault> {
        self.active.iter().map(|active| &active.fault).collect()
    }

    /// The first fault that strikes this request; counts it down.
    pub fn take(&mut self, target: &Target<'_>) -> Option<Fault> {
        if self.active.is_empty() {
            return None;
        }
        let mut struck = None;
        for active in &mut self.active {
            let fault = &mut active.fault;
            if !fits(fault, target) {
                continue;
            }
            if fault.after > 0 {
                fault.after -= 1;
                continue;
            }
            active.matched = active.matched.wrapping_add(1);
            if fault
                .every
                .is_some_and(|every| !active.matched.is_multiple_of(every))
            {
                continue;
            }
            if fault
                .probability
                .is_some_and(|likely| !self.random.random_bool(likely))
            {
                continue;
            }
            if let Some(times) = &mut fault.times {
                if *times == 0 {
                    continue;
                }
                *times -= 1;
            }
            struck = Some(fault.clone());
            break;
        }
        self.active.retain(|active| active.fault.times != Some(0));
        struck
    }
}

fn fits(fault: &Fault, target: &Target<'_>) -> bool {
    let here = fault.endpoint == target.endpoint
        || fault.endpoint == "*"
        || fault.endpoint.strip_suffix(":*") == Some(target.host);
    here && (fault.merchant.is_none() || fault.merchant.as_deref() == target.merchant)
        && fault
            .containing
            .as_deref()
            .is_none_or(|wanted| (target.text)().contains(wanted))
}

//! Faults: things the marketplace does wrong on request. A fault is state; `call` applies it around a handler.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What goes wrong.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Answers `status` instead of doing anything; `retry_after` and `body` shape the answer.
    Status,
    /// Answers 200 with an HTML page, as an anti-bot wall does.
    Html,
    /// Cuts the JSON answer in the middle.
    Malformed,
    /// Answers 200 with nothing in the body.
    EmptyBody,
    /// Empties the rows of the answer (offers, data, merchants).
    Empty,
    /// Delays the answer by `delay_ms`.
    Slow,
    /// Answers 401 with an empty body and drops the session.
    Expired,
    /// Answers 302 to the login page.
    RedirectLogin,
    /// A price change is accepted and never applied.
    AcceptedNotApplied,
    /// A price change is applied in the cabinet and never in public.
    NotPublic,
    /// A price change is applied, but the answer is 500.
    #[serde(rename = "applied_but_500")]
    AppliedBut500,
    /// A price change is applied, but the answer has no operation id.
    NoId,
    /// The price is applied and the offer is withdrawn from sale.
    Withdraw,
    /// The connection is dropped before anything happens.
    Reset,
    /// The request is carried out, then the connection is dropped.
    ResetAfter,
    /// `patch` is merged into the answer object (null removes a field).
    Patch,
    /// `patch` is merged into every row of the answer.
    RowPatch,
}

/// A fault that was switched on.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Name of the endpoint, or `*` for all.
    pub endpoint: String,
    /// Only for requests about this merchant.
    #[serde(default)]
    pub merchant: Option<String>,
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
    #[serde(default)]
    pub delay_ms: Option<u64>,
    /// Body of a `status` fault.
    #[serde(default)]
    pub body: BodyKind,
    /// Fields for `patch` and `row_patch`; the whole JSON body for `status`.
    #[serde(default)]
    pub patch: Option<Value>,
}

/// The body of an error answer.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyKind {
    #[default]
    Json,
    Html,
    Empty,
}

/// The faults that are switched on.
#[derive(Debug, Default)]
pub struct Faults {
    active: Vec<Fault>,
}

impl Faults {
    pub fn add(&mut self, fault: Fault) {
        self.active.push(fault);
    }

    pub fn clear(&mut self) {
        self.active.clear();
    }

    pub fn active(&self) -> &[Fault] {
        &self.active
    }

    /// The first fault that strikes this request; counts it down.
    pub fn take(&mut self, endpoint: &str, merchant: Option<&str>) -> Option<Fault> {
        let mut struck = None;
        for fault in &mut self.active {
            let same_endpoint = fault.endpoint == endpoint || fault.endpoint == "*";
            let same_merchant = fault.merchant.is_none() || fault.merchant.as_deref() == merchant;
            if !same_endpoint || !same_merchant {
                continue;
            }
            if fault.after > 0 {
                fault.after -= 1;
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
        self.active.retain(|fault| fault.times != Some(0));
        struck
    }
}

//! "Why this price": the stored decision in words, step by step. Nothing is decided anew here.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{
    domain::{Outcome, PushState, Tenge, pricing::Code},
    store::{
        decisions::StoredDecision,
        public_looks::PublicLook,
        pushes::{Push, PushCity},
    },
    web::{
        format,
        texts::{TextValue, Texts},
    },
};

/// One step of the explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `ok`, `bite` (a limit moved or held the price), `end`.
    pub class: &'static str,
    /// Its icon.
    pub icon: &'static str,
    /// What was done.
    pub title: String,
    /// With which numbers; may be empty.
    pub text: String,
    /// The price it led to; may be empty.
    pub output: String,
}

/// How a code is shown: what held or moved the price, and what confirms it. The others are ordinary steps of
/// the rule.
const LOOKS: &[(&[Code], &str, &str)] = &[
    (
        &[
            Code::NO_FLOOR,
            Code::INVERTED_LIMITS,
            Code::EMPTY_SAFE_SET,
            Code::NO_REACHABLE_PLACE,
            Code::AT_FLOOR_SCENARIO,
            Code::BELOW_FLOOR_SCENARIO,
            Code::ABOVE_CEILING_SCENARIO,
            Code::FLOOR_REACHED,
            Code::OUTSIDE_SAFE_SET,
            Code::DOMINATED_PRICE,
            Code::BOUND_REPAIR,
            Code::NO_ECONOMICS,
        ],
        "bite",
        "floor",
    ),
    (&[Code::LOCKED], "bite", "lock"),
    (&[Code::OUT_OF_STOCK], "bite", "box"),
    (
        &[
            Code::NO_EVIDENCE,
            Code::INCOMPLETE_MARKET,
            Code::OWN_OFFER_ABSENT,
            Code::ALONE_UNPROVEN,
            Code::NO_CHOSEN,
            Code::FOLLOWED_ABSENT,
            Code::NOT_ALONE,
            Code::NOT_FIRST,
            Code::GAP_SMALL,
        ],
        "bite",
        "eye",
    ),
    (
        &[
            Code::STALE_MARKET,
            Code::RAISE_COOLDOWN,
            Code::QUIET_HOURS,
            Code::SUGGESTIONS_ONLY,
        ],
        "bite",
        "clock",
    ),
    (
        &[
            Code::NO_CEILING,
            Code::CHANGES_PER_DAY,
            Code::STEP_LIMIT,
            Code::DAY_LIMIT,
            Code::ZONE_CROSSED,
            Code::FOLLOW_CHAMPION,
            Code::WAR_MATCH,
            Code::WAR_YIELD,
            Code::NIGHT_RESET,
        ],
        "bite",
        "shield",
    ),
    (
        &[
            Code::DIRECTION_OFF,
            Code::QUARANTINE,
            Code::INVALID_INPUT,
            Code::STRATEGY_UNAVAILABLE,
        ],
        "bite",
        "hand",
    ),
    (
        &[Code::ALREADY_RIGHT, Code::PLACE_HELD, Code::MIN_MOVE],
        "ok",
        "check",
    ),
];

/// Codes of strategies: the step shows the target.
const STRATEGIES: &[Code] = &[
    Code::BEAT_LOWEST,
    Code::MATCH_LOWEST,
    Code::SMART_MATCH,
    Code::HOLD_PLACE,
    Code::BEHIND_LEADER,
    Code::BEST_REACHABLE,
    Code::FOLLOW,
    Code::AVERAGE,
    Code::CAPTURE_GAP,
    Code::ALONE,
    Code::ALONE_SCENARIO,
    Code::FIXED,
    Code::TARGET_MARGIN,
];

/// Codes whose `price` is where the price stood after the step.
const PRICED: &[Code] = &[
    Code::STEP_LIMIT,
    Code::ZONE_CROSSED,
    Code::DAY_LIMIT,
    Code::BOUND_REPAIR,
    Code::DOMINATED_PRICE,
    Code::OUTSIDE_SAFE_SET,
    Code::ENDING,
    Code::FOLLOW_CHAMPION,
];

/// Names of parameters that texts may use. Amounts of money unless listed in [`COUNTS`].
const NAMES: &[&str] = &[
    "floor",
    "ceiling",
    "price",
    "current",
    "wanted",
    "opening",
    "step",
    "stored_price",
    "rival",
    "gain",
    "place",
    "places",
    "count",
    "streak",
    "percent",
    "until",
    "choice",
    "champion",
    "field",
    "kind",
];
const COUNTS: &[&str] = &["place", "places", "count", "streak"];

/// The steps of a decision, in order, with what became of it.
#[must_use]
pub fn steps(
    decision: &StoredDecision,
    push: Option<&(Push, Vec<PushCity>)>,
    look: Option<PublicLook>,
    t: &Texts,
) -> Vec<Step> {
    let mut steps = steps_to_price(decision, t);
    steps.push(end_step(decision, push, look, t));
    steps
}

/// The steps of a decision that nobody takes: nothing is sent.
#[must_use]
pub fn steps_supposed(decision: &StoredDecision, t: &Texts) -> Vec<Step> {
    let mut steps = steps_to_price(decision, t);
    let (icon, title) = match decision.outcome {
        Outcome::Change => ("shadow", "what-if-change"),
        Outcome::Keep => ("check", "what-if-keep"),
        Outcome::Hold => ("hand", "what-if-hold"),
        Outcome::Refuse => ("x", "what-if-refuse"),
    };
    steps.push(Step {
        class: "end",
        icon,
        title: t.get(title),
        text: t.get("what-if-end-text"),
        output: format::money(decision.price_tenge.unwrap_or(decision.current_tenge)),
    });
    steps
}

fn steps_to_price(decision: &StoredDecision, t: &Texts) -> Vec<Step> {
    let mut steps = market_steps(decision, t);
    for reason in decision.reasons.as_array().into_iter().flatten() {
        let code = reason.get("code").and_then(Value::as_str).unwrap_or_default();
        let params = reason.get("params").unwrap_or(&Value::Null);
        steps.push(reason_step(decision.target_tenge, code, params, t));
    }
    steps
}

fn codes(decision: &StoredDecision) -> impl Iterator<Item = &str> {
    let reasons = decision.reasons.as_array().into_iter().flatten();
    reasons.filter_map(|reason| reason.get("code").and_then(Value::as_str))
}

fn market_steps(decision: &StoredDecision, t: &Texts) -> Vec<Step> {
    let seen = decision.input.pointer("/market").filter(|seen| !seen.is_null());
    let Some(seen) = seen else {
        return Vec::new();
    };
    let taken_at: Option<DateTime<Utc>> = seen
        .get("taken_at")
        .and_then(Value::as_str)
        .and_then(|text| text.parse().ok());
    let offers = seen.get("offers").and_then(Value::as_array).map_or(0, Vec::len);
    let complete = seen.get("complete").and_then(Value::as_bool).unwrap_or(false);
    let age = taken_at.map_or_else(String::new, |at| format::duration(decision.decided_at - at, *t));
    let key = if complete {
        "why-market-complete"
    } else {
        "why-market-incomplete"
    };
    let read = Step {
        class: if complete { "ok" } else { "bite" },
        icon: "eye",
        title: t.get("why-market"),
        text: t.with2(key, "offers", offers, "age", age),
        output: String::new(),
    };
    let rivals = Step {
        class: "ok",
        icon: "filter",
        title: t.get("why-rivals"),
        text: match (decision.competitors.unwrap_or(0), decision.best_rival_tenge) {
            (0, _) | (_, None) => t.get("why-rivals-none"),
            (counted, Some(best)) => t.with2("why-rivals-text", "n", counted, "best", best),
        },
        output: String::new(),
    };
    vec![read, rivals]
}

fn reason_step(target: Option<Tenge>, code: &str, params: &Value, t: &Texts) -> Step {
    let listed = |codes: &[Code]| codes.iter().any(|known| known.as_str() == code);
    let look = LOOKS.iter().find(|(codes, _, _)| listed(codes));
    let (class, icon) = look.map_or(("ok", "sliders"), |(_, class, icon)| (*class, *icon));
    let key = format!("reason-{code}");
    let known = t.has(&key);
    let values = values(params, t);
    let values: Vec<(&'static str, &dyn TextValue)> = values
        .iter()
        .map(|(name, value)| (*name, value.as_ref()))
        .collect();
    let detail = format!("{key}-text");
    let output = if listed(STRATEGIES) {
        target.map(|target| t.with("why-target", "price", target))
    } else if listed(&[Code::FLOOR_REACHED]) {
        money_of(params, "floor").map(format::money)
    } else if listed(PRICED) {
        money_of(params, "price").map(format::money)
    } else {
        None
    };
    Step {
        class,
        icon,
        title: if known {
            t.get(key)
        } else {
            t.with("reason-unknown", "code", code)
        },
        text: if t.has(&detail) {
            t.with_all(detail, &values)
        } else {
            String::new()
        },
        output: output.unwrap_or_default(),
    }
}

/// The parameters as texts take them: money with its sign, counts as numbers, times in Almaty.
fn values(params: &Value, t: &Texts) -> Vec<(&'static str, Box<dyn TextValue>)> {
    NAMES
        .iter()
        .map(|name| {
            let value: Box<dyn TextValue> = match params.get(name) {
                Some(Value::Number(number)) if COUNTS.contains(name) => {
                    Box::new(number.as_i64().unwrap_or_default())
                }
                Some(Value::Number(number)) => Box::new(Tenge(number.as_i64().unwrap_or_default())),
                Some(Value::String(text)) => Box::new(match text.parse::<DateTime<Utc>>() {
                    Ok(at) => format::date_time(at),
                    Err(_) => text.clone(),
                }),
                _ => Box::new(t.get("why-not-set")),
            };
            (*name, value)
        })
        .collect()
}

fn money_of(params: &Value, name: &str) -> Option<Tenge> {
    params.get(name).and_then(Value::as_i64).map(Tenge)
}

fn end_step(
    decision: &StoredDecision,
    push: Option<&(Push, Vec<PushCity>)>,
    look: Option<PublicLook>,
    t: &Texts,
) -> Step {
    let price = decision.price_tenge.unwrap_or(decision.current_tenge);
    let (icon, title, text) = match (decision.outcome, push) {
        (Outcome::Change, Some((push, _))) => {
            let reason = push.reason.as_deref().map(|code| push_reason(code, t));
            (
                "send",
                push_state(push, t),
                reason.unwrap_or_else(|| push_times(push, look, t)),
            )
        }
        (Outcome::Change, None) if decision.shadow => {
            let suggested = codes(decision).any(|code| code == Code::SUGGESTIONS_ONLY.as_str());
            let text = if suggested {
                "why-end-suggestion-text"
            } else {
                "why-end-shadow-text"
            };
            ("shadow", t.get("why-end-shadow"), t.get(text))
        }
        (Outcome::Change, None) => ("send", t.get("why-end-change"), String::new()),
        (Outcome::Keep, _) => ("check", t.get("why-end-keep"), String::new()),
        (Outcome::Hold, _) => ("hand", t.get("why-end-hold"), t.get("why-end-hold-text")),
        (Outcome::Refuse, _) => ("x", t.get("why-end-refuse"), t.get("why-end-refuse-text")),
    };
    Step {
        class: "end",
        icon,
        title,
        text,
        output: format::money(price),
    }
}

/// Where a push stands, in words.
#[must_use]
pub fn push_state(push: &Push, t: &Texts) -> String {
    if push.late && push.state == PushState::Accepted {
        return t.get("push-state-accepted-late");
    }
    t.get(format!("push-state-{}", push.state.as_str()))
}

/// Why a push was held, refused or ended, in words.
#[must_use]
pub fn push_reason(code: &str, t: &Texts) -> String {
    let key = format!("push-reason-{code}");
    if t.has(&key) {
        t.get(key)
    } else {
        t.with("push-reason-unknown", "code", code)
    }
}

/// Do buyers see the price of this push? `None`: it is not looked for.
#[must_use]
pub fn push_shown(push: &Push, look: Option<PublicLook>, t: &Texts) -> Option<String> {
    let look = look.filter(|look| look.push_id == push.id)?;
    Some(match (look.seen_at, look.next_look_at) {
        (Some(at), _) => t.with("push-public-at", "time", format::time_seconds(at)),
        (None, Some(_)) => t.get("push-public-waits"),
        (None, None) => t.get("push-public-unseen"),
    })
}

fn push_times(push: &Push, look: Option<PublicLook>, t: &Texts) -> String {
    let stations = [
        ("push-sent-at", push.sent_at),
        ("push-accepted-at", push.accepted_at),
        ("push-finished-at", push.finished_at),
    ];
    stations
        .iter()
        .filter_map(|(key, at)| Some(t.with(key, "time", format::time_seconds((*at)?))))
        .chain(push_shown(push, look, t))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests;

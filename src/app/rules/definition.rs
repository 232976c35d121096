//! A rule's definition as fields that people fill in: which there are, what each is called, and texts of a form
//! to the engine's [`Rule`] and back. What no field shows stays as it was.

mod hours;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    app::edit::FieldError,
    domain::pricing::{
        AboveCeilingChoice, AloneChoice, AtFloorChoice, BelowFloorChoice, FirstChoice, Invalid,
        PreorderFilter, RoomyChoice, Rule, Strategy, WarChoice,
    },
};

/// What people typed, by the field's name.
pub type Texts = BTreeMap<String, String>;

/// What a field takes.
#[derive(Debug, Clone, Copy)]
pub enum FieldKind {
    /// Tenge or percent: a second text, `<name>_unit`, says which.
    Amount,
    /// A whole number.
    Whole,
    /// A whole number, or nothing.
    OptionalWhole,
    /// A percentage.
    Percent,
    /// A rating, or nothing.
    OptionalRating,
    /// Words, one a line.
    Lines,
    /// Words, one a line; none: no restriction.
    OptionalLines,
    /// Last digits, apart by commas or blanks.
    Endings,
    /// Windows of the week, one a line.
    Windows,
    /// From and to of a time of day, or nothing.
    OptionalHours,
    /// One of these words.
    Choice(fn() -> Vec<&'static str>),
    /// A strategy that does without parameters, or nothing.
    Fallback,
    /// Yes or no.
    Switch,
}

/// Where the field stands in the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// With the strategy: only those of its kind.
    Strategy,
    /// Whose offers count.
    Filters,
    /// What to do where the market leaves no plain answer.
    Scenarios,
    /// How far and how often the price moves.
    Motion,
    /// Price wars, and hours in which the rule behaves otherwise.
    Modifiers,
}

/// One field of the definition.
#[derive(Debug, Clone, Copy)]
pub struct DefinitionField {
    /// Name in forms.
    pub name: &'static str,
    /// Where its value stands in the definition, as a JSON pointer.
    pointer: &'static str,
    /// What it takes.
    pub kind: FieldKind,
    /// What to say where the value is out of its range.
    error: &'static str,
}

impl DefinitionField {
    /// Where it stands in the form.
    #[must_use]
    pub fn group(&self) -> Group {
        match self.pointer.split('/').nth(1) {
            Some("filters") => Group::Filters,
            Some("scenarios") => Group::Scenarios,
            Some("motion") => Group::Motion,
            Some("war" | "schedule" | "night_reset") => Group::Modifiers,
            _ => Group::Strategy,
        }
    }

    /// Is it shown for this kind of strategy?
    #[must_use]
    pub fn belongs_to(&self, kind: &str) -> bool {
        !self.pointer.starts_with("/strategy/") || parameters(kind).contains(&self.name)
    }

    fn wrong(&self) -> FieldError {
        FieldError::new(self.name, self.error)
    }
}

const fn field(
    name: &'static str,
    pointer: &'static str,
    kind: FieldKind,
    error: &'static str,
) -> DefinitionField {
    DefinitionField {
        name,
        pointer,
        kind,
        error,
    }
}

macro_rules! words {
    ($choice:ident) => {
        FieldKind::Choice(|| $choice::ALL.iter().map(|word| word.as_str()).collect())
    };
}

const SHARE: &str = "rule-error-percent";
const WHOLE: &str = "rule-error-whole";
const POSITIVE: &str = "rule-error-positive";
const CHOICE: &str = "rule-error-choice";

/// All fields, in the order of the form.
#[rustfmt::skip]
pub const FIELDS: &[DefinitionField] = &[
    field("place", "/strategy/place", FieldKind::Whole, "rule-error-place"),
    field("max_place", "/strategy/max_place", FieldKind::Whole, "rule-error-twenty"),
    field("merchants", "/strategy/merchants", FieldKind::Lines, "rule-error-merchants"),
    field("count", "/strategy/count", FieldKind::Whole, "rule-error-twenty"),
    field("gap", "/strategy/gap", FieldKind::Amount, "rule-error-amount"),
    field("step", "/strategy/step", FieldKind::Amount, "rule-error-amount"),
    field("delta", "/strategy/delta", FieldKind::Amount, "rule-error-delta"),
    field("min_gain", "/strategy/min_gain", FieldKind::Whole, POSITIVE),
    field("up_percent", "/strategy/up_percent", FieldKind::Percent, "rule-error-percent-positive"),
    field("price", "/strategy/price", FieldKind::Whole, POSITIVE),
    field("fallback", "/strategy/fallback", FieldKind::Fallback, CHOICE),
    field("match_if_better_rated", "/match_if_better_rated", FieldKind::Switch, CHOICE),
    field("ignore", "/filters/ignore", FieldKind::Lines, "rule-error-merchants"),
    field("only", "/filters/only", FieldKind::OptionalLines, "rule-error-merchants"),
    field("min_rating", "/filters/min_rating", FieldKind::OptionalRating, "rule-error-rating"),
    field("min_reviews", "/filters/min_reviews", FieldKind::OptionalWhole, WHOLE),
    field("max_slower_ranks", "/filters/max_slower_ranks", FieldKind::OptionalWhole, WHOLE),
    field("preorder", "/filters/preorder", words!(PreorderFilter), CHOICE),
    field("outlier_median_percent", "/filters/outlier_median_percent", FieldKind::Percent, SHARE),
    field("outlier_cost_percent", "/filters/outlier_cost_percent", FieldKind::Percent, SHARE),
    field("first", "/scenarios/first", words!(FirstChoice), CHOICE),
    field("alone", "/scenarios/alone", words!(AloneChoice), CHOICE),
    field("roomy", "/scenarios/roomy", words!(RoomyChoice), CHOICE),
    field("leader_below_floor", "/scenarios/leader_below_floor", words!(BelowFloorChoice), CHOICE),
    field("leader_at_floor", "/scenarios/leader_at_floor", words!(AtFloorChoice), CHOICE),
    field("leader_above_ceiling", "/scenarios/leader_above_ceiling", words!(AboveCeilingChoice), CHOICE),
    field("allow_down", "/motion/allow_down", FieldKind::Switch, CHOICE),
    field("allow_up", "/motion/allow_up", FieldKind::Switch, CHOICE),
    field("max_down_percent", "/motion/max_down_percent", FieldKind::Percent, SHARE),
    field("max_up_percent", "/motion/max_up_percent", FieldKind::Percent, SHARE),
    field("max_day_percent", "/motion/max_day_percent", FieldKind::Percent, SHARE),
    field("quarantine_percent", "/motion/quarantine_percent", FieldKind::Percent, SHARE),
    field("max_changes_per_day", "/motion/max_changes_per_day", FieldKind::Whole, WHOLE),
    field("raise_cooldown_minutes", "/motion/raise_cooldown_minutes", FieldKind::Whole, WHOLE),
    field("min_move_tenge", "/motion/min_move/tenge", FieldKind::Whole, POSITIVE),
    field("min_move_percent", "/motion/min_move/percent", FieldKind::Percent, SHARE),
    field("endings", "/motion/endings", FieldKind::Endings, "rule-error-endings"),
    field("war", "/war", words!(WarChoice), CHOICE),
    field("schedule", "/schedule", FieldKind::Windows, "rule-error-schedule"),
    field("night_reset", "/night_reset", FieldKind::OptionalHours, "rule-error-night_reset"),
];

/// Names of the parameters of a kind of strategy.
fn parameters(kind: &str) -> &'static [&'static str] {
    match kind {
        "beat_lowest" | "smart_match" => &["step"],
        "hold_place" => &["place", "step"],
        "behind_leader" => &["gap", "step"],
        "best_reachable" => &["max_place", "step"],
        "follow" => &["merchants", "delta", "fallback"],
        "average" => &["count", "delta"],
        "capture_gap" => &["step", "min_gain"],
        "alone" => &["up_percent"],
        "fixed" => &["price"],
        _ => &[],
    }
}

/// The name of the second text of an amount.
#[must_use]
pub fn unit_name(name: &str) -> String {
    format!("{name}_unit")
}

/// The texts of a rule, as its form shows them: all fields of its kind; those of other kinds are left out.
#[must_use]
pub fn texts_of(rule: &Rule) -> Texts {
    let written = serde_json::to_value(rule).unwrap_or_default();
    let mut texts = Texts::new();
    for field in FIELDS {
        let Some(value) = written.pointer(field.pointer) else {
            // What a definition leaves out stands at its default, the first choice.
            if let (Group::Modifiers, FieldKind::Choice(words)) = (field.group(), field.kind) {
                let first = words().first().copied().unwrap_or_default();
                texts.insert(field.name.to_owned(), first.to_owned());
            }
            continue;
        };
        let text = match (field.kind, value) {
            (FieldKind::Amount, Value::Object(amount)) => {
                for (unit, value) in amount {
                    texts.insert(unit_name(field.name), unit.clone());
                    texts.insert(field.name.to_owned(), plain(value));
                }
                continue;
            }
            (FieldKind::Fallback, Value::Object(strategy)) => strategy.get("kind").map(plain),
            (FieldKind::OptionalHours, hours @ Value::Object(_)) => Some(hours::hours(hours)),
            (FieldKind::Windows, Value::Array(windows)) => {
                let lines: Vec<String> = windows.iter().map(hours::line).collect();
                Some(lines.join("\n"))
            }
            (_, Value::Array(words)) => {
                let words: Vec<String> = words.iter().map(plain).collect();
                let endings = matches!(field.kind, FieldKind::Endings);
                Some(words.join(if endings { ", " } else { "\n" }))
            }
            (_, value) => Some(plain(value)),
        };
        texts.insert(field.name.to_owned(), text.unwrap_or_default());
    }
    texts
}

/// The fields of a rule as the audit log tells them: `rule-<name>` and a value in short.
#[must_use]
pub fn told(rule: &Rule) -> Map<String, Value> {
    let written = serde_json::to_value(rule).unwrap_or_default();
    let told = |field: &DefinitionField| {
        let value = match written.pointer(field.pointer)? {
            Value::Null => return None,
            hours if matches!(field.kind, FieldKind::OptionalHours) => json!(hours::hours(hours)),
            Value::Array(windows) if matches!(field.kind, FieldKind::Windows) => {
                json!(windows.iter().map(hours::line).collect::<Vec<_>>().join(", "))
            }
            Value::Array(words) => json!(words.iter().map(plain).collect::<Vec<_>>().join(", ")),
            Value::Object(parts) => {
                let (name, value) = parts.iter().next()?;
                let unit = match name.as_str() {
                    "tenge" => " ₸",
                    "percent" => " %",
                    _ => "",
                };
                json!(format!("{}{unit}", plain(value)))
            }
            value => value.clone(),
        };
        Some((format!("rule-{}", field.name), value))
    };
    FIELDS.iter().filter_map(told).collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(true) => "1".to_owned(),
        Value::Bool(false) => String::new(),
        other => other.to_string(),
    }
}

/// The texts that a strategy of this kind begins with.
#[must_use]
pub fn first_texts(kind: &str) -> Texts {
    let strategy = Strategy::named(kind).unwrap_or_else(|| match kind {
        "hold_place" => Strategy::HoldPlace {
            place: 1,
            step: crate::domain::pricing::Amount::ONE,
        },
        _ => Strategy::Unavailable {
            kind: kind.to_owned(),
        },
    });
    let mut texts = texts_of(&Rule {
        strategy,
        ..Rule::default()
    });
    if kind == "follow" {
        texts.insert("delta".to_owned(), "0".to_owned());
    }
    texts
}

/// Were all parameters of this kind of strategy on the screen? They were not where another kind was chosen there.
#[must_use]
pub fn is_complete(kind: &str, texts: &Texts) -> bool {
    parameters(kind).iter().all(|name| texts.contains_key(*name))
}

/// The rule that these texts say, on top of `base`: what no field shows stays.
///
/// # Errors
/// The fields that cannot be taken.
pub fn rule_of(base: &Rule, kind: &str, texts: &Texts) -> Result<Rule, Vec<FieldError>> {
    if !Strategy::KINDS.contains(&kind) {
        return Err(vec![FieldError::new("kind", CHOICE)]);
    }
    let mut written = serde_json::to_value(base).unwrap_or_default();
    if let Some(strategy) = written.pointer_mut("/strategy") {
        *strategy = json!({ "kind": kind });
    }
    let mut errors = Vec::new();
    for field in FIELDS.iter().filter(|field| field.belongs_to(kind)) {
        match value_of(field, texts).and_then(|value| alone(field, kind, value)) {
            Ok(value) => put(&mut written, field.pointer, value),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let rule: Rule = serde_path_to_error::deserialize(written).map_err(|error| {
        let path = error.path().to_string();
        vec![error_at(&format!("rule.{path}"))]
    })?;
    check(&rule)?;
    Ok(rule)
}

/// The value, if a rule that is right in all else takes it: the engine itself names only its first complaint.
fn alone(field: &DefinitionField, kind: &str, value: Value) -> Result<Value, FieldError> {
    let mut written = serde_json::to_value(Rule::default()).unwrap_or_default();
    put(&mut written, "/strategy", least(kind));
    put(&mut written, field.pointer, value.clone());
    let taken = Rule::deserialize(written).is_ok_and(|rule| rule.check().is_ok());
    if taken { Ok(value) } else { Err(field.wrong()) }
}

/// A strategy of this kind with no more than it needs.
fn least(kind: &str) -> Value {
    match kind {
        "hold_place" => json!({ "kind": kind, "place": 1 }),
        "follow" => json!({ "kind": kind, "merchants": ["-"] }),
        "fixed" => json!({ "kind": kind, "price": 1 }),
        _ => json!({ "kind": kind }),
    }
}

/// Holds a rule against the ranges of the engine.
///
/// # Errors
/// The first field that is out of its range.
pub fn check(rule: &Rule) -> Result<(), Vec<FieldError>> {
    rule.check()
        .map_err(|Invalid { field, .. }| vec![error_at(&field)])
}

/// The field at a dotted path of the engine.
fn error_at(path: &str) -> FieldError {
    FIELDS
        .iter()
        .find(|field| path.starts_with(&format!("rule{}", field.pointer.replace('/', "."))))
        .map_or(FieldError::new("kind", CHOICE), DefinitionField::wrong)
}

fn put(written: &mut Value, pointer: &str, value: Value) {
    let Some((parent, key)) = pointer.rsplit_once('/') else {
        return;
    };
    if let Some(Value::Object(fields)) = written.pointer_mut(parent) {
        fields.insert(key.to_owned(), value);
    }
}

fn value_of(field: &DefinitionField, texts: &Texts) -> Result<Value, FieldError> {
    let text = texts.get(field.name).map_or("", |text| text.trim());
    let needed = |text: &str| match text {
        "" => Err(FieldError::new(field.name, "error-empty")),
        text => Ok(text.to_owned()),
    };
    Ok(match field.kind {
        FieldKind::Switch => json!(!text.is_empty()),
        FieldKind::Whole => whole(&needed(text)?).ok_or_else(|| field.wrong())?,
        FieldKind::Percent => json!(decimal(&needed(text)?)),
        FieldKind::Amount => {
            let text = needed(text)?;
            match texts.get(&unit_name(field.name)).map(String::as_str) {
                Some("percent") => json!({ "percent": decimal(&text) }),
                _ => json!({ "tenge": whole(&text).ok_or_else(|| field.wrong())? }),
            }
        }
        FieldKind::OptionalWhole if text.is_empty() => Value::Null,
        FieldKind::OptionalWhole => whole(text).ok_or_else(|| field.wrong())?,
        FieldKind::OptionalRating if text.is_empty() => Value::Null,
        FieldKind::OptionalRating => json!(decimal(text)),
        FieldKind::Lines => json!(lines(text)),
        FieldKind::OptionalLines if text.is_empty() => Value::Null,
        FieldKind::OptionalLines => json!(lines(text)),
        FieldKind::Endings => {
            let apart = |c: char| c == ',' || c == ';' || c.is_whitespace();
            json!(
                text.split(apart)
                    .filter(|word| !word.is_empty())
                    .collect::<Vec<_>>()
            )
        }
        FieldKind::Windows => hours::windows(&lines(text)).ok_or_else(|| field.wrong())?,
        FieldKind::OptionalHours if text.is_empty() => Value::Null,
        FieldKind::OptionalHours => {
            let (from, to) = hours::times(text).ok_or_else(|| field.wrong())?;
            json!({ "from": from, "to": to })
        }
        FieldKind::Choice(words) if words().contains(&text) => json!(text),
        FieldKind::Choice(_) => return Err(field.wrong()),
        FieldKind::Fallback if text.is_empty() => Value::Null,
        FieldKind::Fallback if Strategy::named_kinds().any(|kind| kind == text) => json!({ "kind": text }),
        FieldKind::Fallback => return Err(field.wrong()),
    })
}

/// Lines without blanks around them, and without the empty ones.
#[must_use]
pub fn lines(text: &str) -> Vec<&str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect()
}

/// A whole number as people write it: with blanks between the thousands.
fn whole(text: &str) -> Option<Value> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    Some(json!(text.replace('−', "-").parse::<i64>().ok()?))
}

/// A decimal as people write it, in the engine's notation; what is none is told by the engine.
fn decimal(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '%').collect();
    text.replace(',', ".").replace('−', "-")
}

#[cfg(test)]
mod tests;

//! The engine's interface on the command line: one JSON object a line in, one a line out (pricing rules,
//! interface on the command line; exact semantics of the input). A line that cannot be read is answered with
//! the place of its fault.

use chrono::{DateTime, Utc};
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};

use super::{
    Decision, Economics, Input, Limits, Market, Product, Rule, War, check,
    check::Invalid,
    decide_checked, input,
    safe_set::SafeSet,
    strict::{self, Plain, REPEATED},
};

/// A line of `pricing decide`: an input with a name for the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecideLine {
    /// Echoed in the answer.
    pub id: String,
    #[serde(deserialize_with = "strict::time")]
    now: DateTime<Utc>,
    #[serde(deserialize_with = "strict::object")]
    product: Product,
    own_merchants: Vec<String>,
    #[serde(default, deserialize_with = "strict::object_or_default")]
    limits: Limits,
    #[serde(default, deserialize_with = "strict::object_or_null")]
    economics: Option<Economics>,
    #[serde(deserialize_with = "strict::object")]
    rule: Rule,
    #[serde(default, deserialize_with = "strict::object_or_null")]
    market: Option<Market>,
    #[serde(default = "input::max_age")]
    market_max_age_seconds: i64,
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "strict::objects"
    )]
    wars: Vec<War>,
}

impl DecideLine {
    /// The line that asks about this input. What several own stores agree on is not part of the interface.
    #[must_use]
    pub fn new(id: String, input: Input) -> Self {
        Self {
            id,
            now: input.now,
            product: input.product,
            own_merchants: input.own_merchants,
            limits: input.limits,
            economics: input.economics,
            rule: input.rule,
            market: input.market,
            market_max_age_seconds: input.market_max_age_seconds,
            wars: input.wars,
        }
    }

    fn split(self) -> (String, Input) {
        let input = Input {
            now: self.now,
            product: self.product,
            own_merchants: self.own_merchants,
            limits: self.limits,
            economics: self.economics,
            rule: self.rule,
            market: self.market,
            market_max_age_seconds: self.market_max_age_seconds,
            own_stores: None,
            wars: self.wars,
        };
        (self.id, input)
    }
}

#[derive(Serialize)]
struct DecideAnswer<'a> {
    id: &'a str,
    #[serde(flatten)]
    decision: &'a Decision,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SafeSetLine {
    id: String,
    #[serde(default, deserialize_with = "strict::object_or_default")]
    limits: Limits,
    #[serde(default, deserialize_with = "strict::object_or_null")]
    economics: Option<Economics>,
}

#[derive(Serialize)]
struct SafeSetAnswer {
    id: String,
    safe: Vec<(i64, Option<i64>)>,
    undominated: Vec<(i64, Option<i64>)>,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineError {
    /// Always `invalid_input`.
    pub code: &'static str,
    /// Dotted path of the value; empty: the line as a whole.
    pub field: String,
    /// For people, with the number of the line.
    pub message: String,
}

#[derive(Serialize)]
struct ErrorAnswer {
    id: Option<String>,
    error: LineError,
}

/// Answers line `number` of `pricing decide` into `out`, with a line feed. False: it could not be read.
pub fn answer_decide(line: &[u8], number: u64, out: &mut Vec<u8>) -> bool {
    answer(line, number, out, |line: DecideLine, out| {
        let (id, input) = line.split();
        if let Err(invalid) = input.check() {
            return Err((id, invalid));
        }
        let decision = decide_checked(&input);
        write_decision(&id, &decision, out);
        Ok(())
    })
}

/// Answers line `number` of `pricing safe-set` into `out`, with a line feed. False: it could not be read.
pub fn answer_safe_set(line: &[u8], number: u64, out: &mut Vec<u8>) -> bool {
    answer(line, number, out, |line: SafeSetLine, out| {
        let checked = check::check_limits(&line.limits)
            .and_then(|()| line.economics.as_ref().map_or(Ok(()), check::check_economics));
        if let Err(invalid) = checked {
            return Err((line.id, invalid));
        }
        let (safe, undominated) = match SafeSet::new(line.limits, line.economics.as_ref()) {
            Ok(set) => (set.written(&set.safe), set.written(&set.undominated)),
            Err(_) => (Vec::new(), Vec::new()),
        };
        write(
            &SafeSetAnswer {
                id: line.id,
                safe,
                undominated,
            },
            out,
        );
        Ok(())
    })
}

/// Answers a line of which more came than anybody reads.
pub fn answer_too_long(number: u64, out: &mut Vec<u8>) {
    let message = format!("line {number}: longer than a line may be");
    write_error(None, String::new(), message, out);
}

fn answer<T: DeserializeOwned>(
    line: &[u8],
    number: u64,
    out: &mut Vec<u8>,
    reply: impl FnOnce(T, &mut Vec<u8>) -> Result<(), (String, Invalid)>,
) -> bool {
    let (id, invalid) = match read::<T>(line) {
        Ok(value) => match reply(value, out) {
            Ok(()) => return true,
            Err((id, invalid)) => (Some(id), invalid),
        },
        Err(error) => fault::<T>(line, &error),
    };
    let message = format!("line {number}: {}", invalid.message);
    write_error(id, invalid.field, message, out);
    false
}

fn write_error(id: Option<String>, field: String, message: String, out: &mut Vec<u8>) {
    let error = LineError {
        code: "invalid_input",
        field,
        message,
    };
    write(&ErrorAnswer { id, error }, out);
}

/// Writing into memory cannot fail; a value that serde cannot write would end up as an incomplete line.
fn write(value: &impl Serialize, out: &mut Vec<u8>) {
    let start = out.len();
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
    out.push(b'\n');
}

fn write_decision(id: &str, decision: &Decision, out: &mut Vec<u8>) {
    write(&DecideAnswer { id, decision }, out);
}

fn read<T: DeserializeOwned>(line: &[u8]) -> Result<T, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(line);
    let value = strict::object(&mut json)?;
    json.end()?;
    Ok(value)
}

/// Where the fault of an unreadable line is: read again, slower, with the path kept.
fn fault<T: DeserializeOwned>(line: &[u8], error: &serde_json::Error) -> (Option<String>, Invalid) {
    let whole = |error: &serde_json::Error| Invalid {
        field: String::new(),
        message: plain_message(error),
    };
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(line) {
        return (None, whole(&error));
    }
    let id = match serde_json::from_slice::<Plain>(line) {
        Ok(plain) => plain.id,
        Err(error) if error.to_string().contains(REPEATED) || error.is_syntax() || error.is_eof() => {
            return (None, whole(&error));
        }
        Err(_) => None,
    };
    let mut json = serde_json::Deserializer::from_slice(line);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    match strict::object::<T, _>(tracked) {
        Ok(_) => (id, whole(error)),
        Err(error) => (id, placed(&track.path(), &error)),
    }
}

/// Without serde's own words for the place.
fn plain_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line 1 column ") {
        Some((message, column)) => format!("{message} (column {column})"),
        None => text,
    }
}

/// A fault with its path. Names that serde tells only in its message are taken out of it.
fn placed(path: &serde_path_to_error::Path, error: &serde_json::Error) -> Invalid {
    let mut field = match path.to_string() {
        root if root == "." => String::new(),
        path => path,
    };
    let mut message = plain_message(error);
    let named = |message: &str, start: &str| -> Option<String> {
        let rest = message.strip_prefix(start)?;
        Some(rest.split_once('`')?.0.to_owned())
    };
    let inner = if let Some(name) = named(&message, "in `") {
        message = message.replacen(&format!("in `{name}`: "), "", 1);
        Some(name)
    } else {
        named(&message, "missing field `")
    };
    if let Some(name) = inner {
        if !field.is_empty() {
            field.push('.');
        }
        field.push_str(&name);
    }
    Invalid { field, message }
}

//! Windows of the week as people type them, one a line: days by number (1 is Monday), hours, and what to do, as
//! `1-5,7 22:00-07:30 hold`. Whether the times make sense is told by the engine.

use serde_json::{Value, json};

use crate::domain::pricing::{Weekday, WindowAction};

/// The windows that these lines say; `None`: a line that is none.
pub fn windows(lines: &[&str]) -> Option<Value> {
    lines.iter().map(|line| window(line)).collect()
}

fn window(line: &str) -> Option<Value> {
    let mut words = line.split_whitespace();
    let (days, between, action) = (days(words.next()?)?, words.next()?, words.next());
    let (from, to) = times(between)?;
    let action = action.unwrap_or(WindowAction::Hold.as_str());
    let known = action.parse::<WindowAction>().is_ok() && words.next().is_none();
    known.then(|| json!({ "days": days, "from": from, "to": to, "action": action }))
}

/// `1-3,5`
fn days(text: &str) -> Option<Vec<&'static str>> {
    let number = |text: &str| text.parse::<usize>().ok().filter(|day| (1..=7).contains(day));
    let mut days = Vec::new();
    for part in text.replace('–', "-").split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        days.extend(Weekday::ALL.get(first - 1..last)?.iter().map(|day| day.as_str()));
    }
    Some(days)
}

/// From and to of `22:00-07:30`.
pub fn times(text: &str) -> Option<(String, String)> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let (from, to) = text.split_once(['-', '–'])?;
    Some((from.to_owned(), to.to_owned()))
}

/// The line of a window as it stands in a definition.
pub fn line(window: &Value) -> String {
    let days = window.get("days").and_then(Value::as_array).into_iter().flatten();
    let numbers: Vec<usize> = days
        .filter_map(Value::as_str)
        .filter_map(|word| Weekday::ALL.iter().position(|day| day.as_str() == word))
        .map(|at| at + 1)
        .collect();
    let runs = numbers
        .chunk_by(|one, next| *next == *one + 1)
        .map(|run| match run {
            [first, .., last] => format!("{first}-{last}"),
            [only] => only.to_string(),
            [] => String::new(),
        });
    let days = runs.collect::<Vec<_>>().join(",");
    let action = window.get("action").and_then(Value::as_str).unwrap_or_default();
    format!("{days} {} {action}", hours(window))
}

/// `from-to` of a window or of the night's hours.
pub fn hours(window: &Value) -> String {
    let text = |name: &str| window.get(name).and_then(Value::as_str).unwrap_or_default();
    format!("{}-{}", text("from"), text("to"))
}

//! Filters of the templates: `{{ price|money }}`, `{{ "stop"|icon }}`, `{{ at|age(shell.now, t) }}`.
//! A module that derives a template writes `use crate::web::filters;`.

use askama::{Result, Values, filters::Safe};
use chrono::{DateTime, Utc};

use super::{assets, format, texts::Texts};
use crate::domain::{AccountKind, JobState, ReportState, RepricingMode, SessionState, Tenge};

/// A small icon (16 px) of `icons.svg`; the word stands beside it.
#[askama::filter_fn]
pub fn icon(name: &str, _: &dyn Values) -> Result<Safe<String>> {
    Ok(Safe(svg(name, "i-s")))
}

/// A large icon (20 px).
#[askama::filter_fn]
pub fn icon_big(name: &str, _: &dyn Values) -> Result<Safe<String>> {
    Ok(Safe(svg(name, "i")))
}

/// Address of a file of `static/`, with its content's hash.
#[askama::filter_fn]
pub fn asset(path: &str, _: &dyn Values) -> Result<String> {
    Ok(assets::url(path))
}

fn svg(name: &str, class: &str) -> String {
    // Names come from our own code; anything else than a name is dropped rather than escaped.
    let name: String = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    format!(
        r#"<svg class="{class}" aria-hidden="true"><use href="{}#{name}"/></svg>"#,
        assets::url("icons.svg")
    )
}

/// `12 480 ₸`
#[askama::filter_fn]
pub fn money(amount: &Tenge, _: &dyn Values) -> Result<String> {
    Ok(format::money(*amount))
}

/// `12 480 ₸` with the sign set back, for columns of prices.
#[askama::filter_fn]
pub fn price(amount: &Tenge, _: &dyn Values) -> Result<Safe<String>> {
    Ok(Safe(format!(
        r#"{}{}<span class="cur">₸</span>"#,
        format::number(amount.0),
        format::NBSP
    )))
}

/// `4 318`
#[askama::filter_fn]
pub fn number(value: &i64, _: &dyn Values) -> Result<String> {
    Ok(format::number(*value))
}

/// `22.11.2026`
#[askama::filter_fn]
pub fn date(at: &DateTime<Utc>, _: &dyn Values) -> Result<Safe<String>> {
    Ok(Safe(time_element(*at, &format::date(*at))))
}

/// `22.11.2026 14:05`
#[askama::filter_fn]
pub fn date_time(at: &DateTime<Utc>, _: &dyn Values) -> Result<Safe<String>> {
    Ok(Safe(time_element(*at, &format::date_time(*at))))
}

/// `14:05`, the day as a hint.
#[askama::filter_fn]
pub fn clock_time(at: &DateTime<Utc>, _: &dyn Values) -> Result<Safe<String>> {
    Ok(Safe(time_element(*at, &format::clock_time(*at))))
}

/// `14:05:31`, for waits of a minute; the day as a hint.
#[askama::filter_fn]
pub fn clock_seconds(at: &DateTime<Utc>, _: &dyn Values) -> Result<Safe<String>> {
    Ok(Safe(time_element(*at, &format::time_seconds(*at))))
}

/// The account of a login as its owner writes it.
#[askama::filter_fn]
pub fn login(text: &str, _: &dyn Values, kind: &AccountKind) -> Result<String> {
    Ok(format::login(*kind, text))
}

/// `3 мин назад`, the exact time as a hint.
#[askama::filter_fn]
pub fn age(at: &DateTime<Utc>, _: &dyn Values, now: &DateTime<Utc>, t: &Texts) -> Result<Safe<String>> {
    Ok(Safe(time_element(*at, &format::age(*at, *now, *t))))
}

fn time_element(at: DateTime<Utc>, text: &str) -> String {
    format!(
        r#"<time datetime="{}" title="{}">{text}</time>"#,
        format::machine_time(at),
        format::date_time_seconds(at)
    )
}

/// State of a store's session: the norm is plain, what wants a person gets a frame.
#[askama::filter_fn]
pub fn session_badge(state: &SessionState, _: &dyn Values, t: &Texts) -> Result<Safe<String>> {
    let (class, icon) = match state {
        SessionState::Connected => ("ok", "check-circle"),
        SessionState::Renewing => ("warn", "refresh"),
        SessionState::NeedsLogin => ("bad", "key"),
        SessionState::Never => ("ghost", "pause"),
    };
    Ok(badge(class, icon, &t.get(format!("state-{}", state.as_str()))))
}

/// What the robot does with a store.
#[askama::filter_fn]
pub fn mode_badge(mode: &RepricingMode, _: &dyn Values, t: &Texts) -> Result<Safe<String>> {
    let (class, icon) = match mode {
        RepricingMode::Live => ("ok", "check-circle"),
        RepricingMode::Shadow => ("ghost", "shadow"),
        RepricingMode::Off => ("ghost", "pause"),
    };
    Ok(badge(class, icon, &t.get(format!("mode-{}", mode.as_str()))))
}

/// Where a run of background work stands.
#[askama::filter_fn]
pub fn job_badge(state: &JobState, _: &dyn Values, t: &Texts) -> Result<Safe<String>> {
    let (class, icon) = match state {
        JobState::Queued => ("ghost", "clock"),
        JobState::Running => ("info", "refresh"),
        JobState::Succeeded => ("ok", "check-circle"),
        JobState::Failed => ("bad", "x-circle"),
        JobState::Cancelled => ("ghost", "x"),
    };
    Ok(badge(
        class,
        icon,
        &t.get(format!("job-state-{}", state.as_str())),
    ))
}

/// Where a report stands.
#[askama::filter_fn]
pub fn report_badge(state: &ReportState, _: &dyn Values, t: &Texts) -> Result<Safe<String>> {
    let (class, icon) = match state {
        ReportState::Queued => ("ghost", "clock"),
        ReportState::Running => ("info", "refresh"),
        ReportState::Ready => ("ok", "check-circle"),
        ReportState::Failed => ("bad", "x-circle"),
        ReportState::Cancelled => ("ghost", "x"),
    };
    let word = t.get(format!("report-state-{}", state.as_str()));
    Ok(badge(class, icon, &word))
}

/// A state as icon, word and colour.
#[must_use]
pub fn badge(class: &str, icon: &str, word: &str) -> Safe<String> {
    let word = askama::filters::escape(word, askama::filters::Html)
        .map_or_else(|_| String::new(), |word| word.to_string());
    Safe(format!(
        r#"<span class="st {class}">{}{word}</span>"#,
        svg(icon, "i-s")
    ))
}

/// `4 318`, for counts that the database keeps as small numbers.
#[askama::filter_fn]
pub fn count(value: &i32, _: &dyn Values) -> Result<String> {
    Ok(format::number(i64::from(*value)))
}

//! The one formatter of money, numbers, dates and durations, the same in all three languages.

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, TimeDelta, Timelike, Utc};
use chrono_tz::Asia::Almaty;

use super::texts::{Language, Texts};
use crate::domain::{AccountKind, Tenge, percent::Percent};

/// Space that never breaks a number in two.
pub const NBSP: char = '\u{a0}';
const MINUS: char = '\u{2212}';

/// `1234567` → `1 234 567` with spaces that do not break and a real minus. Digits behind a point stay.
#[must_use]
pub fn group_digits(number: &str) -> String {
    let (sign, digits) = match number.strip_prefix('-') {
        Some(rest) => (Some(MINUS), rest),
        None => (None, number),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let mut text = String::from_iter(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            text.push(NBSP);
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push(',');
        text.push_str(fraction);
    }
    text
}

/// `4 318`
#[must_use]
pub fn number(value: i64) -> String {
    group_digits(&value.to_string())
}

/// `12 480 ₸`
#[must_use]
pub fn money(amount: Tenge) -> String {
    format!("{}{NBSP}₸", number(amount.0))
}

/// `+500 ₸`, `−1 500 ₸`
#[must_use]
pub fn money_change(before: Tenge, after: Tenge) -> String {
    let change = Tenge(after.0.saturating_sub(before.0));
    let plus = if change.0 > 0 { "+" } else { "" };
    format!("{plus}{}", money(change))
}

/// The change from `before` to `after` in percent with one decimal: `−3,2 %`; nothing for a `before` of zero.
#[must_use]
pub fn percent_change(before: Tenge, after: Tenge, language: Language) -> String {
    let change = after.0.saturating_sub(before.0);
    match share_in_thousandths(change, before.0) {
        Some(thousandths) => {
            let plus = if thousandths > 0 { "+" } else { "" };
            format!("{plus}{}", tenths_of_percent(thousandths, language))
        }
        None => String::new(),
    }
}

/// The share of `part` in `whole` in percent with one decimal: `61,3 %`; nothing for a `whole` of zero.
#[must_use]
pub fn percent(part: i64, whole: i64, language: Language) -> String {
    share_in_thousandths(part, whole).map_or_else(String::new, |t| tenths_of_percent(t, language))
}

/// Rounded half away from zero.
fn share_in_thousandths(part: i64, whole: i64) -> Option<i64> {
    let scaled = part.checked_mul(2000)?.checked_div(whole)?;
    Some((scaled + scaled.signum()) / 2)
}

fn tenths_of_percent(tenths: i64, language: Language) -> String {
    let sign = if tenths < 0 {
        MINUS.to_string()
    } else {
        String::new()
    };
    let (whole, rest) = (tenths.abs() / 10, tenths.abs() % 10);
    match language {
        Language::En => format!("{sign}{whole}.{rest}%"),
        Language::Ru | Language::Kk => format!("{sign}{whole},{rest}{NBSP}%"),
    }
}

/// `12,5 %` of an exact percentage, with as many digits as it has.
#[must_use]
pub fn exact_percent(share: Percent, language: Language) -> String {
    let digits = share.to_string().replace('-', &MINUS.to_string());
    match language {
        Language::En => format!("{digits}%"),
        Language::Ru | Language::Kk => format!("{}{NBSP}%", digits.replace('.', ",")),
    }
}

/// `22.11.2026` of a day.
#[must_use]
pub fn day(day: NaiveDate) -> String {
    // Written out: a pattern is parsed again for each of the hundreds of times of a page.
    format!("{:02}.{:02}.{:04}", day.day(), day.month(), day.year())
}

/// `22.11.2026`, in Almaty.
#[must_use]
pub fn date(at: DateTime<Utc>) -> String {
    day(at.with_timezone(&Almaty).date_naive())
}

/// `22.11.2026 14:05`, in Almaty.
#[must_use]
pub fn date_time(at: DateTime<Utc>) -> String {
    format!("{} {}", date(at), clock_time(at))
}

/// `22.11.2026 14:05:31`, in Almaty; for logs and error pages.
#[must_use]
pub fn date_time_seconds(at: DateTime<Utc>) -> String {
    format!("{} {}", date(at), time_seconds(at))
}

/// The account of a login as its owner writes it: `+7 700 000 00 01`, an e-mail as it is.
#[must_use]
pub fn login(kind: AccountKind, login: &str) -> String {
    let parts = || {
        let digits = login
            .strip_prefix("+7")
            .filter(|rest| rest.is_ascii() && rest.len() == 10)?;
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
        Some(format!(
            "+7 {} {} {} {}",
            part(0, 3),
            part(3, 6),
            part(6, 8),
            part(8, 10)
        ))
    };
    match kind {
        AccountKind::Email => login.to_owned(),
        AccountKind::Phone => parts().unwrap_or_else(|| login.to_owned()),
    }
}

/// `14:05`, in Almaty.
#[must_use]
pub fn clock_time(at: DateTime<Utc>) -> String {
    let at = at.with_timezone(&Almaty);
    format!("{:02}:{:02}", at.hour(), at.minute())
}

/// `14:05:31`, in Almaty.
#[must_use]
pub fn time_seconds(at: DateTime<Utc>) -> String {
    let at = at.with_timezone(&Almaty);
    format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}

/// To the microsecond, in UTC: the place in a list from which it goes on.
#[must_use]
pub fn machine_time_exact(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// `2026-11-22T14:05:31+05:00`, for `<time datetime>`.
#[must_use]
pub fn machine_time(at: DateTime<Utc>) -> String {
    at.with_timezone(&Almaty)
        .to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// Day of the week in Almaty: Monday is 1.
#[must_use]
pub fn weekday(at: DateTime<Utc>) -> u32 {
    at.with_timezone(&Almaty).weekday().number_from_monday()
}

/// `3 мин назад`; a day and more ago: the date.
#[must_use]
pub fn age(at: DateTime<Utc>, now: DateTime<Utc>, t: Texts) -> String {
    let age = now - at;
    if age < TimeDelta::minutes(1) {
        t.get("age-now")
    } else if age < TimeDelta::days(1) {
        t.with("age-ago", "duration", duration(age, t))
    } else {
        date_time(at)
    }
}

/// `2 ч 10 мин`, `45 с`: the two largest parts; days alone beyond ten.
#[must_use]
pub fn duration(length: TimeDelta, t: Texts) -> String {
    let seconds = length.num_seconds().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let parts: &[(&str, i64)] = if seconds < 60 {
        &[("duration-seconds", seconds)]
    } else if seconds < 3600 {
        &[("duration-minutes", minutes)]
    } else if seconds < 86_400 {
        &[("duration-hours", hours), ("duration-minutes", minutes)]
    } else if days <= 10 {
        &[("duration-days", days), ("duration-hours", hours)]
    } else {
        &[("duration-days", days)]
    };
    parts
        .iter()
        .enumerate()
        .filter(|(index, (_, value))| *index == 0 || *value > 0)
        .map(|(_, (key, value))| t.with(key, "n", *value))
        .collect::<Vec<_>>()
        .join(&NBSP.to_string())
}

/// `+7 700 123 45 67` out of whatever was typed; other texts stay as they are.
#[must_use]
pub fn phone(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let national = match digits.len() {
        11 => digits.strip_prefix(['7', '8']),
        10 => Some(digits.as_str()),
        _ => None,
    };
    let parts = national.and_then(|n| Some((n.get(..3)?, n.get(3..6)?, n.get(6..8)?, n.get(8..)?)));
    match parts {
        Some((code, a, b, c)) => format!("+7{NBSP}{code}{NBSP}{a}{NBSP}{b}{NBSP}{c}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;

//! One value of a body: read as the predecessor's fields read it, or what is wrong with it.

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeZone};
use serde_json::Value;
use uuid::Uuid;

use super::{Field, Read, Takes};
use crate::web::api::{body::kind_of, texts};

/// Longer texts are no numbers.
const NUMBER_MAX: usize = 1_000;
/// Largest price in tiyin.
pub const TIYIN_MAX: i64 = 2_147_483_647;

type Told = Vec<String>;

/// Reads a value that is there.
pub(super) fn read(field: &Field, value: &Value) -> Result<Read, Told> {
    let nothing = match field.takes {
        Takes::Key => value.is_null() || value == "",
        Takes::Json => false,
        _ => value.is_null(),
    };
    if nothing || (value.is_null() && !field.nullable) {
        return nothing_of(field);
    }
    match field.takes {
        Takes::Text(max) => text(field, value, max),
        Takes::Url(max) => url(field, value, max),
        Takes::Integer(min, max) => integer(value, min, max).map(Read::Integer),
        Takes::Tiyin => tiyin(value),
        Takes::Switch => switch(value),
        Takes::Decimal(digits, places) => decimal(value, digits, places),
        Takes::Key => key(value).map(Read::Key),
        Takes::Choice(words) => choice(value, words),
        Takes::Json => json(value),
        Takes::Time => time(value),
    }
}

fn nothing_of(field: &Field) -> Result<Read, Told> {
    if field.nullable {
        Ok(Read::Null)
    } else {
        Err(vec![texts::NOT_NULL.to_owned()])
    }
}

/// A text or a number as a text.
fn written(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn text(field: &Field, value: &Value, max: usize) -> Result<Read, Told> {
    let text = written(value).ok_or_else(|| vec![texts::BAD_STRING.to_owned()])?;
    let text = text.trim().to_owned();
    if text.is_empty() && !field.nullable {
        return Err(vec![texts::NOT_NULL.to_owned()]);
    }
    let told = faults(&text, max);
    if told.is_empty() {
        Ok(Read::Text(text))
    } else {
        Err(told)
    }
}

fn faults(text: &str, max: usize) -> Told {
    let mut told = Told::new();
    if text.chars().count() > max {
        told.push(texts::too_long(max));
    }
    if text.contains('\0') {
        told.push(texts::NULL_BYTE.to_owned());
    }
    told
}

fn url(field: &Field, value: &Value, max: usize) -> Result<Read, Told> {
    let Read::Text(text) = text(field, value, usize::MAX)? else {
        return nothing_of(field);
    };
    if text.is_empty() {
        return Ok(Read::Text(text));
    }
    let mut told = faults(&text, max);
    if !is_url(&text) {
        told.insert(0, texts::BAD_URL.to_owned());
    }
    if told.is_empty() {
        Ok(Read::Text(text))
    } else {
        Err(told)
    }
}

fn is_url(text: &str) -> bool {
    if text.contains(char::is_whitespace) || text.contains('\0') || !text.contains("://") {
        return false;
    }
    let Ok(url) = url::Url::parse(text) else {
        return false;
    };
    let known = ["http", "https", "ftp", "ftps"].contains(&url.scheme());
    let host = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.contains('.'),
        Some(_) => true,
        None => false,
    };
    known && host
}

fn integer(value: &Value, min: i64, max: i64) -> Result<i64, Told> {
    let wrong = || vec![texts::BAD_NUMBER.to_owned()];
    let text = written(value).ok_or_else(wrong)?;
    if text.len() > NUMBER_MAX {
        return Err(vec![texts::NUMBER_TOO_LONG.to_owned()]);
    }
    let text = text.trim();
    // `10.0` is ten; `10.5` is nothing.
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if zeros.chars().all(|c| c == '0') => whole,
        Some(_) => return Err(wrong()),
        None => text,
    };
    let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
        return Err(wrong());
    }
    let negative = whole.starts_with('-');
    // What does not fit is beyond every bound.
    let number = whole
        .trim_start_matches('+')
        .parse::<i64>()
        .unwrap_or(if negative { i64::MIN } else { i64::MAX });
    if number > max {
        Err(vec![texts::too_large(max)])
    } else if number < min {
        Err(vec![texts::too_small(min)])
    } else {
        Ok(number)
    }
}

fn tiyin(value: &Value) -> Result<Read, Told> {
    let number = integer(value, 1, TIYIN_MAX)?;
    if number % 100 == 0 {
        Ok(Read::Integer(number))
    } else {
        Err(vec![texts::NOT_WHOLE_TENGE.to_owned()])
    }
}

fn switch(value: &Value) -> Result<Read, Told> {
    let on = match value {
        Value::Bool(on) => Some(*on),
        Value::Number(number) => match number.as_f64() {
            Some(1.0) => Some(true),
            Some(0.0) => Some(false),
            _ => None,
        },
        Value::String(text) => match text.trim() {
            "t" | "T" | "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON"
            | "1" => Some(true),
            "f" | "F" | "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off"
            | "OFF" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    };
    on.map(Read::Switch)
        .ok_or_else(|| vec![texts::BAD_BOOLEAN.to_owned()])
}

/// Digits and the place of the point: `12.50` is `1250` and -2.
struct Digits {
    negative: bool,
    digits: String,
    exponent: i64,
}

fn digits_of(text: &str) -> Option<Digits> {
    let (negative, rest) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let (number, power) = match rest.split_once(['e', 'E']) {
        Some((number, power)) => (number, power.parse::<i64>().ok().filter(|n| n.abs() < 1_000_000)?),
        None => (rest, 0),
    };
    let (whole, places) = number.split_once('.').unwrap_or((number, ""));
    let all = format!("{whole}{places}");
    if all.is_empty() || !all.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let significant = all.trim_start_matches('0');
    Some(Digits {
        negative,
        digits: if significant.is_empty() { "0" } else { significant }.to_owned(),
        exponent: power - i64::try_from(places.len()).ok()?,
    })
}

fn decimal(value: &Value, max_digits: usize, max_places: usize) -> Result<Read, Told> {
    let wrong = || vec![texts::BAD_NUMBER.to_owned()];
    let text = written(value).ok_or_else(wrong)?;
    if text.len() > NUMBER_MAX {
        return Err(vec![texts::NUMBER_TOO_LONG.to_owned()]);
    }
    let Digits {
        negative,
        digits,
        exponent,
    } = digits_of(text.trim()).ok_or_else(wrong)?;
    let count = digits.len();
    let behind = usize::try_from(-exponent).unwrap_or(0);
    let (total, places) = if exponent >= 0 {
        (count.saturating_add(usize::try_from(exponent).unwrap_or(0)), 0)
    } else {
        (count.max(behind), behind)
    };
    if total > max_digits {
        return Err(vec![texts::too_many_digits(max_digits)]);
    }
    if places > max_places {
        return Err(vec![texts::too_many_places(max_places)]);
    }
    if total - places > max_digits - max_places {
        return Err(vec![texts::too_many_whole_digits(max_digits - max_places)]);
    }
    // Neither more digits nor more places than allowed: every part of a unit is a whole number.
    let hundredths = scaled(&digits, exponent, max_places).unwrap_or(digits);
    let filled = format!("{hundredths:0>width$}", width = max_places + 1);
    let (whole, part) = filled
        .split_at_checked(filled.len() - max_places)
        .unwrap_or((filled.as_str(), ""));
    let sign = if negative && hundredths.chars().any(|c| c != '0') {
        "-"
    } else {
        ""
    };
    Ok(Read::Decimal(format!("{sign}{whole}.{part}")))
}

/// The number in units of the last place, as digits.
fn scaled(digits: &str, exponent: i64, places: usize) -> Option<String> {
    let zeros = usize::try_from(exponent + i64::try_from(places).ok()?).ok()?;
    Some(format!("{digits}{}", "0".repeat(zeros)))
}

fn key(value: &Value) -> Result<Uuid, Told> {
    match value {
        Value::String(text) => text.parse().map_err(|_| vec![texts::bad_uuid(text)]),
        Value::Bool(_) => Err(vec![texts::bad_key_kind(kind_of(value))]),
        Value::Number(number) => match number.as_u64() {
            // A number is a key for the predecessor, of an object that nobody has.
            Some(number) => Ok(Uuid::from_u128(number.into())),
            None => Err(vec![texts::bad_uuid(&number.to_string())]),
        },
        other => Err(vec![texts::bad_uuid(&other.to_string())]),
    }
}

fn choice(value: &Value, words: &[&str]) -> Result<Read, Told> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        other => other.to_string(),
    };
    if words.contains(&text.as_str()) {
        Ok(Read::Text(text))
    } else {
        Err(vec![texts::bad_choice(&text)])
    }
}

fn json(value: &Value) -> Result<Read, Told> {
    if holds_null_byte(value) {
        return Err(vec![texts::NULL_BYTE.to_owned()]);
    }
    Ok(Read::Json(value.clone()))
}

/// The database keeps no such text, in JSON either.
fn holds_null_byte(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(holds_null_byte),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name.contains('\0') || holds_null_byte(value)),
        _ => false,
    }
}

fn time(value: &Value) -> Result<Read, Told> {
    let wrong = || vec![texts::BAD_TIME.to_owned()];
    let Value::String(text) = value else {
        return Err(wrong());
    };
    let text = text.trim();
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(Read::Time(at));
    }
    // Without an offset it is the time of Almaty.
    let local = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .ok_or_else(wrong)?;
    FixedOffset::east_opt(5 * 3600)
        .and_then(|zone| zone.from_local_datetime(&local).single())
        .map(Read::Time)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(takes: Takes, value: Value) -> String {
        match read(&Field::optional("f", takes, "null"), &value) {
            Ok(read) => format!("{read:?}"),
            Err(told) => told.join(" "),
        }
    }

    #[test]
    fn decimals_are_printed_with_their_places() {
        let money = Takes::Decimal(10, 2);
        for (value, written) in [
            (json!("500"), "500.00"),
            (json!(500), "500.00"),
            (json!("0500.5"), "500.50"),
            (json!(" 12.34 "), "12.34"),
            (json!("-7"), "-7.00"),
            (json!("-0"), "0.00"),
            (json!("1e3"), "1000.00"),
            (json!("1.5e1"), "15.00"),
            (json!(".5"), "0.50"),
            (json!("99999999.99"), "99999999.99"),
        ] {
            assert_eq!(
                told(money, value.clone()),
                format!("Decimal({written:?})"),
                "{value}"
            );
        }
        for (value, text) in [
            (json!("abc"), texts::BAD_NUMBER.to_owned()),
            (json!(""), texts::BAD_NUMBER.to_owned()),
            (json!(true), texts::BAD_NUMBER.to_owned()),
            (json!("NaN"), texts::BAD_NUMBER.to_owned()),
            (json!("1.234"), texts::too_many_places(2)),
            (json!("123456789.5"), texts::too_many_whole_digits(8)),
            (json!("12345678901"), texts::too_many_digits(10)),
            (json!("1e999999"), texts::too_many_digits(10)),
            (json!(null), texts::NOT_NULL.to_owned()),
        ] {
            assert_eq!(told(money, value.clone()), text, "{value}");
        }
    }

    #[test]
    fn numbers_switches_and_keys_take_the_known_spellings() {
        let price = Takes::Tiyin;
        for (value, text) in [
            (json!(12_345_600), "Integer(12345600)".to_owned()),
            (json!("500"), "Integer(500)".to_owned()),
            (json!("500.0"), "Integer(500)".to_owned()),
            (json!("abc"), texts::BAD_NUMBER.to_owned()),
            (json!(10.5), texts::BAD_NUMBER.to_owned()),
            (json!(true), texts::BAD_NUMBER.to_owned()),
            (json!(99_999_999_999_i64), texts::too_large(TIYIN_MAX)),
            (json!("9".repeat(50)), texts::too_large(TIYIN_MAX)),
            (json!(0), texts::too_small(1)),
            (json!(-5), texts::too_small(1)),
            (json!(150), texts::NOT_WHOLE_TENGE.to_owned()),
        ] {
            assert_eq!(told(price, value.clone()), text, "{value}");
        }
        for value in [
            json!(true),
            json!("on"),
            json!("1"),
            json!(1),
            json!(1.0),
            json!("Yes"),
        ] {
            assert_eq!(told(Takes::Switch, value), "Switch(true)");
        }
        assert_eq!(told(Takes::Switch, json!("maybe")), texts::BAD_BOOLEAN);
        assert_eq!(told(Takes::Key, json!("zzz")), texts::bad_uuid("zzz"));
        assert_eq!(told(Takes::Key, json!("")), texts::NOT_NULL);
    }

    #[test]
    fn texts_are_trimmed_and_measured() {
        assert_eq!(told(Takes::Text(3), json!(" abc ")), "Text(\"abc\")");
        assert_eq!(told(Takes::Text(3), json!(7)), "Text(\"7\")");
        assert_eq!(told(Takes::Text(3), json!("абвг")), texts::too_long(3));
        assert_eq!(told(Takes::Text(3), json!(true)), texts::BAD_STRING);
        assert_eq!(told(Takes::Text(3), json!("  ")), texts::NOT_NULL);
        assert_eq!(told(Takes::Text(3), json!("a\0")), texts::NULL_BYTE);
        let url = Takes::Url(200);
        assert_eq!(
            told(url, json!("https://a.kz/b.jpg")),
            "Text(\"https://a.kz/b.jpg\")"
        );
        for bad in [
            "a.kz",
            "javascript:alert(1)",
            "http://",
            "http://host",
            "http://a b.kz",
        ] {
            assert_eq!(told(url, json!(bad)), texts::BAD_URL, "{bad}");
        }
    }
}

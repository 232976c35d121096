//! The query string of the JSON API: values, filters, and the addresses of neighbouring pages.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, http::header, web::Data};
use url::form_urlencoded;

use super::{envelope::Refused, texts};
use crate::services::Services;

/// The last value of a parameter. Characters that no text in the database holds are dropped.
#[must_use]
pub fn value(request: &HttpRequest, name: &str) -> Option<String> {
    form_urlencoded::parse(request.query_string().as_bytes())
        .filter(|(key, _)| key == name)
        .last()
        .map(|(_, value)| value.replace('\0', ""))
}

/// A filter's value; a blank one filters nothing.
#[must_use]
pub fn filter(request: &HttpRequest, name: &str) -> Option<String> {
    value(request, name).filter(|text| !text.is_empty())
}

/// A filter by key.
///
/// # Errors
/// 400 where the value is no uuid.
pub fn filter_key<T: std::str::FromStr>(
    request: &HttpRequest,
    name: &'static str,
) -> Result<Option<T>, Refused> {
    filter(request, name)
        .map(|text| {
            text.parse()
                .map_err(|_| Refused::Parameter(name, texts::bad_uuid(&text)))
        })
        .transpose()
}

/// A filter by one of a few words.
///
/// # Errors
/// 400 where the value is none of them.
pub fn filter_word<T: std::str::FromStr>(
    request: &HttpRequest,
    name: &'static str,
) -> Result<Option<T>, Refused> {
    filter(request, name)
        .map(|text| {
            text.parse()
                .map_err(|_| Refused::Parameter(name, texts::bad_choice(&text)))
        })
        .transpose()
}

/// A filter by yes or no, in the spellings that clients use.
///
/// # Errors
/// 400 for other spellings.
pub fn filter_bool(request: &HttpRequest, name: &'static str) -> Result<Option<bool>, Refused> {
    filter(request, name)
        .map(|text| match text.to_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" => Ok(true),
            "false" | "f" | "no" | "n" | "off" | "0" => Ok(false),
            _ => Err(Refused::Parameter(name, texts::BAD_BOOLEAN.to_owned())),
        })
        .transpose()
}

/// A whole number within bounds, or `usual` where it is not there.
///
/// # Errors
/// 400 for others.
pub fn number(
    request: &HttpRequest,
    name: &'static str,
    usual: i64,
    min: i64,
    max: i64,
) -> Result<i64, Refused> {
    let Some(text) = filter(request, name) else {
        return Ok(usual);
    };
    match text.trim().parse::<i64>() {
        Ok(number) if number < min => Err(Refused::Parameter(name, texts::too_small(min))),
        Ok(number) if number > max => Err(Refused::Parameter(name, texts::too_large(max))),
        Ok(number) => Ok(number),
        Err(_) => Err(Refused::Parameter(name, texts::BAD_NUMBER.to_owned())),
    }
}

/// How many rows a short list may have: `limit`, 1 to 200, else 50.
///
/// # Errors
/// 400 for others.
pub fn limit(request: &HttpRequest) -> Result<i64, Refused> {
    number(request, "limit", 50, 1, 200)
}

/// `ordering=-price,name` as fields with their direction (`true`: falling). Unknown fields are left out.
#[must_use]
pub fn ordering<F: Copy>(request: &HttpRequest, fields: &[(&str, F)]) -> Vec<(F, bool)> {
    let text = value(request, "ordering").unwrap_or_default();
    text.split(',')
        .map(str::trim)
        .filter_map(|part| {
            let (name, falling) = part.strip_prefix('-').map_or((part, false), |name| (name, true));
            let (_, field) = fields.iter().find(|(known, _)| *known == name)?;
            Some((*field, falling))
        })
        .take(8)
        .collect()
}

/// Scheme and host of the addresses in answers: the scheme people use, the host the client asked.
#[must_use]
pub fn origin(request: &HttpRequest) -> String {
    let public = request
        .app_data::<Data<Services>>()
        .map(|services| services.config.http.public_url.clone());
    let scheme = public.as_ref().map_or("http", |url| url.scheme()).to_owned();
    let asked = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .filter(|host| {
            host.chars()
                .all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c))
        });
    let host = match (asked, &public) {
        (Some(host), _) => host.to_owned(),
        (None, Some(url)) => url.authority().to_owned(),
        (None, None) => String::new(),
    };
    format!("{scheme}://{host}")
}

/// The present address with another page: parameters sorted by name, page 1 without a number.
#[must_use]
pub fn page_link(request: &HttpRequest, number: i64) -> String {
    let mut params: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, value) in form_urlencoded::parse(request.query_string().as_bytes()) {
        params
            .entry(key.into_owned())
            .or_default()
            .push(value.into_owned());
    }
    params.remove("page");
    if number > 1 {
        params.insert("page".to_owned(), vec![number.to_string()]);
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (key, values) in &params {
        for value in values {
            query.append_pair(key, value);
        }
    }
    let query = query.finish();
    let question = if query.is_empty() { "" } else { "?" };
    format!("{}{}{question}{query}", origin(request), request.path())
}

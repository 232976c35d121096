//! The body of a request: JSON alone, read as the predecessor read it.

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::{StatusCode, header},
    web::Bytes,
};
use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value};

use super::{envelope::Refused, parse_error, texts};

/// A JSON value from the body of a request; an empty body is an empty object.
#[derive(Debug, Clone)]
pub struct Body(Value);

impl Body {
    /// The fields of the object.
    ///
    /// # Errors
    /// 400 for anything that is no object.
    pub fn object(&self) -> Result<&Map<String, Value>, Refused> {
        self.0.as_object().ok_or_else(|| {
            let text = match &self.0 {
                Value::Null => texts::NOT_NULL.to_owned(),
                other => texts::not_an_object(kind_of(other)),
            };
            Refused::one("non_field_errors", text)
        })
    }
}

/// What Python calls the type of a value.
#[must_use]
pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

impl FromRequest for Body {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, actix_web::Error>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = media_type_of(req);
        let body = Bytes::from_request(req, payload);
        Box::pin(async move { Ok(read(&media_type, &body.await?)?) })
    }
}

fn media_type_of(req: &HttpRequest) -> String {
    let value = req.headers().get(header::CONTENT_TYPE);
    let text = value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    text.unwrap_or_default()
}

fn read(media_type: &str, bytes: &Bytes) -> Result<Body, Refused> {
    if bytes.is_empty() {
        return Ok(Body(Value::Object(Map::new())));
    }
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        let text = texts::unsupported_media_type(media_type);
        return Err(Refused::Detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    }
    let malformed = |what: &str| {
        let text = format!("JSON parse error - {what}");
        Refused::Detail(StatusCode::BAD_REQUEST, text)
    };
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let byte = bytes.get(at).copied().unwrap_or_default();
        malformed(&format!(
            "'utf-8' codec can't decode byte {byte:#04x} in position {at}: invalid start byte"
        ))
    })?;
    // Some programs begin a text with a mark of its encoding.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str(text)
        .map(Body)
        .map_err(|_| malformed(&parse_error::fault(text)))
}

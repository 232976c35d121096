//! Small things that handlers of the API share: how long to wait, whose a request is, words and keys of actions.

use std::time::Duration;

use actix_web::{HttpRequest, http::StatusCode};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    envelope::Refused,
    fields::{self, Field, Read, Takes},
    query, texts,
};
use crate::{
    domain::{Actor, Role, UserId},
    services::Services,
    store::users::user_fetch_by_external_id,
    web::{WebError, auth::CurrentUser},
};

/// Longest wait that `?wait=` may ask for, seconds.
pub const WAIT_MAX: u64 = 60;

/// How long a request waits for work of the background: `?wait=` seconds, else `usual`.
///
/// # Errors
/// 400 for anything that is no number of seconds within the bounds.
pub fn patience(req: &HttpRequest, usual: u64) -> Result<Duration, Refused> {
    let Some(text) = query::filter(req, "wait") else {
        return Ok(Duration::from_secs(usual));
    };
    match text.trim().parse::<u64>() {
        Ok(seconds) if seconds <= WAIT_MAX => Ok(Duration::from_secs(seconds)),
        Ok(_) => Err(Refused::Parameter(
            "wait",
            texts::too_large(i64::try_from(WAIT_MAX).unwrap_or(i64::MAX)),
        )),
        Err(_) => Err(Refused::Parameter("wait", texts::BAD_NUMBER.to_owned())),
    }
}

/// A word of an action's body: a text that is not empty, or a number as a text.
///
/// # Errors
/// 400 for a text that the database cannot hold.
pub fn word(body: &Map<String, Value>, name: &str) -> Result<Option<String>, Refused> {
    let text = match body.get(name) {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => return Ok(None),
    };
    if text.contains('\0') {
        return Err(Refused::Bare(texts::NULL_BYTE.to_owned()));
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// A key of an action's body; `missing` is the sentence where it is not there.
///
/// # Errors
/// 400 with a bare list.
pub fn key<T: From<Uuid>>(body: &Map<String, Value>, name: &str, missing: &str) -> Result<T, Refused> {
    let Some(value) = body
        .get(name)
        .filter(|value| !value.is_null() && *value != "" && *value != false && *value != 0)
    else {
        return Err(Refused::Bare(missing.to_owned()));
    };
    match fields::one(&Field::required("key", Takes::Key, "null"), value) {
        Ok(Read::Key(key)) => Ok(key.into()),
        Ok(_) => Err(Refused::Bare(missing.to_owned())),
        Err(told) => Err(Refused::Bare(told.join(" "))),
    }
}

/// A key of a query's parameter; `missing` is the sentence where it is not there.
///
/// # Errors
/// 400 with a bare list.
pub fn key_of_query<T: From<Uuid>>(req: &HttpRequest, name: &str, missing: &str) -> Result<T, Refused> {
    let Some(text) = query::filter(req, name) else {
        return Err(Refused::Bare(missing.to_owned()));
    };
    text.parse::<Uuid>()
        .map(Into::into)
        .map_err(|_| Refused::Bare(texts::bad_uuid(&text)))
}

/// The one for whom a request acts: the caller, or the user that an administrator names by `user_id`.
///
/// # Errors
/// 400 where somebody else names another one, or where there is no such user.
pub async fn on_behalf(
    services: &Services,
    req: &HttpRequest,
    user: &CurrentUser,
    named: Option<String>,
) -> actix_web::Result<Actor> {
    let actor = user.actor(req);
    let Some(named) = named.filter(|named| *named != user.user.external_id) else {
        return Ok(actor);
    };
    if user.user.role != Role::Admin {
        return Err(Refused::one("user_id", texts::OTHERS_USER.to_owned()).into());
    }
    let wanted = named.clone();
    let found: Option<UserId> = services
        .db
        .read(move |conn| Ok::<_, WebError>(user_fetch_by_external_id(conn, &wanted)?.map(|user| user.id)))
        .await?;
    let id = found.ok_or_else(|| Refused::one("user_id", texts::unknown_key(&named)))?;
    Ok(Actor {
        user_id: Some(id),
        // The log names both.
        name: format!("{} → {named}", actor.name),
        ..actor
    })
}

/// 202: the work goes on in the background.
#[must_use]
pub fn goes_on(job_id: impl std::fmt::Display, message: &str) -> (StatusCode, Value) {
    (
        StatusCode::ACCEPTED,
        json!({ "success": true, "job_id": job_id.to_string(), "message": message }),
    )
}

/// The key in an address; a text that is no key is of no object.
///
/// # Errors
/// 404.
pub fn path_key<T: std::str::FromStr>(text: &str) -> Result<T, WebError> {
    text.parse().map_err(|_| WebError::not_found())
}

//! Around every request of the API, once it is known who asks: the key that makes a request have one effect however often
//! it is sent.

use actix_web::{
    Error, HttpResponse,
    body::{BoxBody, MessageBody, to_bytes},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{Method, StatusCode, header},
    middleware::Next,
    rt,
    web::{Bytes, Data},
};
use tracing::Instrument;
use uuid::Uuid;

use super::{envelope::Refused, texts};
use crate::{
    app::idempotency::{KEY_MAX, Turn, fingerprint, keep_answer, take_turn},
    services::Services,
    store::idempotency::KeptAnswer,
    web::{
        WebError,
        auth::{self, user_of},
        middleware,
    },
};

/// Name of the header with the key.
pub const KEY: &str = "Idempotency-Key";
/// Tells that an answer was given before.
const REPLAYED: &str = "Idempotent-Replayed";

/// The middleware; it stands inside the guard.
///
/// # Errors
/// What the handler returns.
pub async fn once(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let safe = matches!(*req.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || !req.headers().contains_key(KEY) {
        return Ok(next.call(req).await?.map_into_boxed_body());
    }
    with_key(req, next).await
}

async fn with_key(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let services = auth::services(req.request())?;
    let Some(user) = user_of(req.request()) else {
        return Ok(next.call(req).await?.map_into_boxed_body());
    };
    let key = req
        .headers()
        .get(KEY)
        .and_then(|value| value.to_str().ok())
        .map(str::trim)
        .filter(|key| !key.is_empty() && key.chars().count() <= KEY_MAX);
    let Some(key) = key.map(str::to_owned) else {
        let refused = Refused::failure(
            req.request(),
            StatusCode::BAD_REQUEST,
            "idempotency-key",
            texts::BAD_IDEMPOTENCY_KEY,
        );
        return Ok(req.error_response(refused));
    };
    let body = match req.extract::<Bytes>().await {
        Ok(body) => body,
        Err(error) => return Ok(req.error_response(error)),
    };
    req.set_payload(Payload::from(body.clone()));
    let parts = [
        req.method().as_str().as_bytes(),
        req.path().as_bytes(),
        req.query_string().as_bytes(),
        body.as_ref(),
    ];
    let fingerprint = fingerprint(&services, &parts);
    let turn = take_turn(&services, user.id(), &key, fingerprint)
        .await
        .map_err(WebError::from);
    let refuse = |req: ServiceRequest, status, code, text| {
        let refused = Refused::failure(req.request(), status, code, text);
        Ok(req.error_response(refused))
    };
    match turn {
        Ok(Turn::First(id)) => {
            // A client that goes away must not leave the work half done and the key taken.
            let work = first(services, req, next, id).instrument(tracing::Span::current());
            rt::spawn(work)
                .await
                .map_err(|error| WebError::internal(error.into()))?
        }
        Ok(Turn::Done(answer)) => {
            let answer = replay(answer);
            Ok(req.into_response(answer))
        }
        Ok(Turn::Running) => refuse(
            req,
            StatusCode::CONFLICT,
            "idempotency-running",
            texts::IDEMPOTENCY_RUNNING,
        ),
        Ok(Turn::Other) => refuse(
            req,
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency-other",
            texts::IDEMPOTENCY_OTHER,
        ),
        Err(error) => Ok(req.error_response(error)),
    }
}

/// Does the request and keeps its answer.
async fn first(
    services: Data<Services>,
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    id: Uuid,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let info = middleware::info(req.request());
    let request = req.request().clone();
    let answer = match next.call(req).await {
        Ok(res) => res.map_into_boxed_body(),
        Err(error) => ServiceResponse::from_err(error, request),
    };
    let (req, answer) = middleware::face(&info, answer).await.into_parts();
    let (head, body) = answer.into_parts();
    let bytes = to_bytes(body).await.unwrap_or_default();
    let media_type = head
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match outcome(head.status()) {
        Outcome::Unknown => {}
        outcome => {
            let kept = (outcome == Outcome::Kept).then(|| KeptAnswer {
                status: i32::from(head.status().as_u16()),
                media_type: media_type.to_owned(),
                body: bytes.to_vec(),
            });
            keep_answer(&services, id, kept).await.map_err(WebError::from)?;
        }
    }
    Ok(ServiceResponse::new(req, head.set_body(BoxBody::new(bytes))))
}

/// What an answer means for the key of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Something was done or looked at: whoever repeats the request gets this answer.
    Kept,
    /// Nothing was looked at: the key is free for the next try.
    Free,
    /// The database went away on the way, perhaps after the work was done: the key stays taken until it counts as lost.
    Unknown,
}

/// A refused password of a cabinet is a 401 as well, and must not be tried once more: it is kept.
fn outcome(status: StatusCode) -> Outcome {
    match status {
        StatusCode::FORBIDDEN | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::TOO_MANY_REQUESTS => {
            Outcome::Free
        }
        StatusCode::SERVICE_UNAVAILABLE => Outcome::Unknown,
        _ => Outcome::Kept,
    }
}

fn replay(answer: KeptAnswer) -> HttpResponse {
    let status = u16::try_from(answer.status)
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok())
        .unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    response
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((REPLAYED, "true"));
    if answer.media_type.is_empty() {
        return response.finish();
    }
    response
        .insert_header((header::CONTENT_TYPE, answer.media_type))
        .body(answer.body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_tells_what_becomes_of_its_key() {
        let of = |code| outcome(StatusCode::from_u16(code).unwrap());
        for code in [200, 201, 202, 204, 400, 401, 404, 409, 422, 500, 502] {
            assert_eq!(of(code), Outcome::Kept, "{code}");
        }
        for code in [403, 413, 429] {
            assert_eq!(of(code), Outcome::Free, "{code}");
        }
        assert_eq!(of(503), Outcome::Unknown);
    }
}

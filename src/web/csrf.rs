//! Forged requests are refused twice over: by what the browser says about where a request comes from, and by
//! the session's token in a hidden field (plain forms) or a header (htmx).

use actix_session::SessionExt;
use actix_web::{
    Error, HttpMessage,
    body::{BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::{Method, header},
    middleware::Next,
    web,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use subtle::ConstantTimeEq;

use super::{
    WebError, auth, middleware,
    pages::sign_in,
    routes::{self, Access},
    session,
    unsent::Unsent,
};
use crate::services::Services;

/// Name of the hidden field.
pub const FIELD: &str = "csrf_token";
/// Name of the header.
pub const HEADER: &str = "X-CSRF-Token";

/// Lets safe methods through, and of the others only those that are ours. Clients of the API that bring a
/// token of their own carry no cookie, so there is nothing to forge.
///
/// # Errors
/// The body cannot be read.
pub async fn guard(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let safe = matches!(*req.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    // Nobody's session can be misused where there is none: the API says who is missing.
    let nobody = req.path().starts_with("/api/") && session::signed_in(&req.get_session()).is_none();
    if safe || nobody || auth::has_api_token(req.request()) {
        return Ok(next.call(req).await?.map_into_boxed_body());
    }
    let (token, body) = match sent_token(&mut req).await {
        Ok(sent) => sent,
        Err(error) => return Ok(req.error_response(error)),
    };
    let is_ours = from_our_pages(&req);
    let known = session::known_csrf_token(&req.get_session());
    let is_known = token
        .zip(known)
        .is_some_and(|(sent, known)| bool::from(sent.as_bytes().ct_eq(known.as_bytes())));
    if !is_ours || !is_known {
        // The session of an open page has ended: its form is as good as anybody's, and leads to the login page.
        let is_over =
            is_ours && session::signed_in(&req.get_session()).is_none() && needs_somebody(req.path());
        if !is_over {
            return Ok(req.error_response(WebError::forged()));
        }
        let info = middleware::info(req.request());
        let page = info.page.as_deref();
        let form = body.filter(|_| !info.htmx);
        let Some(form) = form.and_then(|body| Unsent::new(req.path(), page, &body)) else {
            return Ok(req.error_response(WebError::unauthenticated()));
        };
        return Ok(match sign_in::with_unsent(req.request(), form) {
            Ok(page) => req.into_response(page),
            Err(error) => req.error_response(error),
        });
    }
    Ok(next.call(req).await?.map_into_boxed_body())
}

/// Nobody may do anything there without having signed in.
fn needs_somebody(path: &str) -> bool {
    !routes::all().any(|route| route.access == Access::Anonymous && route.path == path)
}

/// `Sec-Fetch-Site` where the browser sends it, else `Origin` against our own address. Neither: no browser.
fn from_our_pages(req: &ServiceRequest) -> bool {
    let text = |name: &str| req.headers().get(name).map(|v| v.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else {
        return true;
    };
    let Ok(origin) = url::Url::parse(origin) else {
        return false;
    };
    let host = origin.host_str().map(|host| match origin.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    });
    let public = req
        .app_data::<web::Data<Services>>()
        .is_some_and(|services| services.config.http.public_url.origin() == origin.origin());
    public || host.as_deref() == text(header::HOST.as_str())
}

/// The token of the header, or of the form and then its body too; the body is put back for the handler.
async fn sent_token(req: &mut ServiceRequest) -> Result<(Option<String>, Option<Bytes>), Error> {
    if let Some(value) = req.headers().get(HEADER) {
        return Ok((value.to_str().ok().map(str::to_owned), None));
    }
    if req.content_type() == "multipart/form-data" {
        return Ok((token_of_parts(req).await?, None));
    }
    if req.content_type() != "application/x-www-form-urlencoded" {
        return Ok((None, None));
    }
    let body = req.extract::<web::Bytes>().await?;
    let token = url::form_urlencoded::parse(&body)
        .find(|(name, _)| name == FIELD)
        .map(|(_, value)| value.into_owned());
    req.set_payload(Payload::from(body.clone()));
    Ok((token, Some(body)))
}

/// So far a form with a file is read for the token, bytes.
const HEAD_MAX: usize = 8 * 1024;

/// The token of a form with a file: its first part. The file behind it is not read; what was read is put back.
async fn token_of_parts(req: &mut ServiceRequest) -> Result<Option<String>, Error> {
    // Nobody without a session gets anything of such a form read.
    if session::known_csrf_token(&req.get_session()).is_none() {
        return Ok(None);
    }
    let mut payload = req.take_payload();
    let mut head = Vec::new();
    let mut token = None;
    while token.is_none() && head.len() < HEAD_MAX {
        match payload.next().await {
            Some(piece) => head.extend_from_slice(&piece?),
            None => break,
        }
        token = first_part(&head);
    }
    let rest = stream::iter([Ok(Bytes::from(head))]).chain(payload);
    req.set_payload(Payload::Stream {
        payload: Box::pin(rest),
    });
    Ok(token)
}

/// The value of the first part, when it is the token and has come whole.
fn first_part(head: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(head);
    let (names, value) = text.split_once("\r\n\r\n")?;
    if !names.contains(&format!("name=\"{FIELD}\"")) {
        return None;
    }
    Some(value.split_once("\r\n")?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_found_in_the_first_part_alone() {
        let part = |name: &str, value: &str| {
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let form = format!("{}{}", part(FIELD, "abc"), part("file", "d"));
        assert_eq!(first_part(form.as_bytes()).as_deref(), Some("abc"));
        // A part of it: not yet.
        assert_eq!(first_part(&form.as_bytes()[..60]), None);
        let second = format!("{}{}", part("file", "d"), part(FIELD, "abc"));
        assert_eq!(first_part(second.as_bytes()), None);
        assert_eq!(first_part(&[0xFF, 0xFE, 0]), None);
    }
}

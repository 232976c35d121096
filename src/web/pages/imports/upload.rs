//! Taking a file from a plain form: one store, one file, no more bytes than are taken.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::header::CONTENT_TYPE, web};
use bytes::Bytes;
use futures_util::{StreamExt, stream};

use super::refused;
use crate::{
    app::imports::{ImportError, check_import},
    domain::imports::FILE_BYTES_MAX,
    services::Services,
    web::{Shell, WebError, WebResult, auth::ManagerUser, error::ErrorKind, render::see_other, session},
};

/// What a form has around its file, bytes.
const AROUND: usize = 16 * 1024;
/// A body that is too large is read to its end up to here: a browser that is cut off shows no sentence.
const READ_MAX: usize = 64 * 1024 * 1024;

/// What the form sends.
#[derive(Debug, Default)]
struct Sent {
    store: String,
    name: String,
    bytes: Vec<u8>,
}

/// Checks an uploaded file; a refused one is told on the form.
///
/// # Errors
/// See [`WebError`].
pub async fn submit(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
    payload: web::Payload,
) -> WebResult<HttpResponse> {
    let t = shell.t;
    let Some(body) = body_of(payload).await? else {
        let error = t.with("import-refused-too_large", "at", "");
        return refused(shell, &user.0, &services, "", (String::new(), error)).await;
    };
    let sent = parts_of(&req, body)
        .await
        .ok_or(WebError::new(ErrorKind::BadRequest))?;
    let Ok(store_id) = sent.store.parse() else {
        let error = t.get("import-error-no-store");
        return refused(shell, &user.0, &services, "", (sent.name, error)).await;
    };
    if sent.name.is_empty() {
        let error = t.get("import-error-no-file");
        return refused(shell, &user.0, &services, &sent.store, (sent.name, error)).await;
    }
    match check_import(&services, &user.0.actor(&req), store_id, &sent.name, sent.bytes).await {
        Ok(id) => {
            session::flash(&session, true, t.get("import-checked"))?;
            Ok(see_other(&format!("/imports/{id}")))
        }
        Err(ImportError::Refused(why)) => {
            let error = t.with(format!("import-refused-{}", why.code), "at", &why.at);
            refused(shell, &user.0, &services, &sent.store, (sent.name, error)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The body; `None`: too large.
async fn body_of(mut payload: web::Payload) -> WebResult<Option<Bytes>> {
    let mut body = Vec::new();
    let mut size = 0_usize;
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|_| WebError::new(ErrorKind::BadRequest))?;
        size = size.saturating_add(piece.len());
        if size > READ_MAX {
            return Ok(None);
        }
        if size <= FILE_BYTES_MAX + AROUND {
            body.extend_from_slice(&piece);
        } else {
            body = Vec::new();
        }
    }
    Ok((size <= FILE_BYTES_MAX + AROUND).then(|| body.into()))
}

/// Store and file of the form; `None`: it is no such form.
async fn parts_of(req: &HttpRequest, body: Bytes) -> Option<Sent> {
    let kind = req.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let boundary = multer::parse_boundary(kind).ok()?;
    let body = stream::iter([Ok::<_, std::convert::Infallible>(body)]);
    let mut parts = multer::Multipart::new(body, boundary);
    let mut sent = Sent::default();
    while let Some(part) = parts.next_field().await.ok()? {
        match part.name() {
            Some("store") => sent.store = part.text().await.ok()?,
            Some("file") => {
                sent.name = part.file_name().unwrap_or_default().to_owned();
                sent.bytes = part.bytes().await.ok()?.to_vec();
            }
            _ => {}
        }
    }
    Some(sent)
}

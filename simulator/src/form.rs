//! The file of an uploaded form.

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use futures_util::stream;

use crate::call::FilePart;

/// More parts than so many are no form of a browser.
const PARTS_MAX: usize = 20;

/// The part `file` of a multipart body; `None` when there is none or the body is something else.
pub async fn file(request: &HttpRequest, body: Bytes) -> Option<FilePart> {
    let content_type = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let boundary = multer::parse_boundary(content_type).ok()?;
    let body = stream::iter([Ok::<_, std::io::Error>(body)]);
    let mut form = multer::Multipart::new(body, boundary);
    for _ in 0..PARTS_MAX {
        let field = form.next_field().await.ok()??;
        if field.name() == Some("file") {
            return Some(FilePart {
                name: field.file_name()?.to_owned(),
                content_type: field.content_type().map(ToString::to_string).unwrap_or_default(),
                data: field.bytes().await.ok()?,
            });
        }
    }
    None
}

//! The picture of a product, through our own server; a drawn box where there is none.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    web,
};
use sha2::{Digest, Sha256};

use crate::{
    app::photos::Photos,
    domain::ProductId,
    services::Services,
    store::products::product_image,
    web::{
        WebError, WebResult,
        auth::{CurrentUser, path_id},
    },
};

/// A picture may be kept by the browser of the one who saw it, for a day.
const KEEP: &str = "private, max-age=86400";
/// The box: somebody will look again soon.
const KEEP_BOX: &str = "private, max-age=60";

/// Drawn in a colour that stands on light and dark alike.
const BOX: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20" fill="none" stroke="#8a857c" stroke-width="1.5" stroke-linejoin="round"><path d="m10 2.5 6.5 3.5v8L10 17.5 3.5 14V6zM3.5 6l6.5 3.5L16.5 6M10 9.5v8"/></svg>"##;

/// `GET /products/{id}/photo`
pub async fn photo(
    user: CurrentUser,
    services: web::Data<Services>,
    photos: web::Data<Photos>,
    req: HttpRequest,
) -> WebResult<HttpResponse> {
    let (id, tenant): (ProductId, _) = (path_id(&req)?, user.tenant());
    let address = services
        .db
        .read(move |conn| product_image(conn, tenant, id))
        .await?
        .ok_or_else(WebError::not_found)?;
    let picture = match &address {
        Some(address) => photos.photo(&services, address).await,
        None => None,
    };
    let Some(picture) = picture else {
        return Ok(HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "image/svg+xml"))
            .insert_header((CACHE_CONTROL, KEEP_BOX))
            .body(BOX));
    };
    let etag = tag(&picture.bytes);
    let known = req.headers().get(IF_NONE_MATCH);
    let mut answer = if known.is_some_and(|known| *known == etag) {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    Ok(answer
        .insert_header((CONTENT_TYPE, picture.media_type))
        .insert_header((CACHE_CONTROL, KEEP))
        .insert_header((ETAG, etag))
        .body(picture.bytes.clone()))
}

fn tag(bytes: &[u8]) -> String {
    let hash: String = Sha256::digest(bytes)
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{hash}\"")
}

//! Files of the program: style sheet, icons, scripts. Served with their content's hash in the address, so
//! that browsers may keep them for a year.

use std::{collections::HashMap, fmt::Write as _, sync::LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH},
    web,
};
use rust_embed::RustEmbed;

use super::{
    WebError, WebResult,
    routes::{Access, Kind, Route},
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/static/{path:.*}", Kind::Static, Access::Anonymous, || {
        web::to(file)
    }),
    Route::get("/favicon.ico", Kind::Static, Access::Anonymous, || {
        web::to(favicon)
    }),
];

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

/// First 16 hex digits of each file's SHA-256.
static VERSIONS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    Files::iter()
        .filter_map(|path| {
            let file = Files::get(&path)?;
            let mut version = String::new();
            for byte in file.metadata.sha256_hash().iter().take(8) {
                // Writing into a string cannot fail.
                let _infallible = write!(version, "{byte:02x}");
            }
            Some((path.into_owned(), version))
        })
        .collect()
});

/// Address of a file, with the hash of its content.
#[must_use]
pub fn url(path: &str) -> String {
    match VERSIONS.get(path) {
        Some(version) => format!("/static/{path}?v={version}"),
        None => format!("/static/{path}"),
    }
}

async fn file(req: HttpRequest, path: web::Path<String>) -> WebResult<HttpResponse> {
    serve(&req, &path)
}

async fn favicon(req: HttpRequest) -> WebResult<HttpResponse> {
    serve(&req, "favicon.svg")
}

fn serve(req: &HttpRequest, path: &str) -> WebResult<HttpResponse> {
    let version = VERSIONS.get(path).ok_or_else(WebError::not_found)?;
    let file = Files::get(path).ok_or_else(WebError::not_found)?;
    let etag = format!("\"{version}\"");
    // Only the address with the right hash may be kept for ever.
    let cache = if req.query_string() == format!("v={version}") {
        "public, max-age=31536000, immutable"
    } else {
        "public, no-cache"
    };
    let mut answer = if req
        .headers()
        .get(IF_NONE_MATCH)
        .is_some_and(|known| *known == etag)
    {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    answer
        .insert_header((CACHE_CONTROL, cache))
        .insert_header((ETAG, etag))
        .insert_header((CONTENT_TYPE, content_type(path, file.metadata.mimetype())));
    Ok(answer.body(file.data.into_owned()))
}

/// Text files say their encoding.
fn content_type(path: &str, guessed: &str) -> String {
    match path.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8".to_owned(),
        Some("css") => "text/css; charset=utf-8".to_owned(),
        _ => guessed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn vendored_scripts_are_those_that_the_readme_names() {
        let readme = include_str!("../../static/vendor/README.md");
        let scripts: Vec<_> = Files::iter()
            .filter(|path| path.starts_with("vendor/") && path.ends_with(".js"))
            .collect();
        assert_eq!(scripts.len(), 1);
        for path in scripts {
            let mut hash = String::new();
            for byte in Sha256::digest(Files::get(&path).unwrap().data) {
                write!(hash, "{byte:02x}").unwrap();
            }
            assert!(
                readme.contains(&hash),
                "{path} has {hash}, which the README does not name"
            );
        }
    }

    #[test]
    fn addresses_carry_the_hash_of_the_content() {
        assert!(url("app.css").starts_with("/static/app.css?v="));
        assert_eq!(url("app.css").len(), "/static/app.css?v=".len() + 16);
    }
}

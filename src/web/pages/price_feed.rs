//! The XML price list of a store: how prices reach the marketplace, the secret address, who fetched; and the address
//! itself, which the marketplace asks without a session.

use actix_session::Session;
use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{
            AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH,
            LAST_MODIFIED, RETRY_AFTER, USER_AGENT, WWW_AUTHENTICATE,
        },
    },
    web,
};
use askama::Template;
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde::Deserialize;

use crate::{
    app::price_feed::{
        FeedError, Fetcher, PriceList, Refused, Served, build_feed, serve_feed,
        setup::{forget_password, new_address, new_password, set_publishing},
    },
    domain::Publishing,
    services::Services,
    store::{
        StoreError,
        price_feeds::{FeedFetch, PriceFeed, feed_fetch, feed_fetch_list},
        stores::Store,
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser, OwnedStore, address_of},
        error::ErrorKind,
        filters,
        render::{html, see_other},
        routes::{Access, Kind, Route},
        session,
        texts::Texts,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/feeds/{secret}.xml", Kind::Health, Access::Anonymous, || {
        web::to(serve)
    }),
    Route::get("/stores/{id}/feed", Kind::Page, Access::SignedIn, || {
        web::to(show)
    }),
    Route::post("/stores/{id}/feed", Kind::Page, Access::Manager, || web::to(save)),
    Route::post("/stores/{id}/feed/address", Kind::Page, Access::Manager, || {
        web::to(address)
    }),
    Route::post("/stores/{id}/feed/password", Kind::Page, Access::Manager, || {
        web::to(password)
    }),
];

/// Fetches shown on the page.
const FETCHES: i64 = 30;

/// What is told once, at its making.
#[derive(Default)]
struct Told {
    address: String,
    username: String,
    password: String,
}

#[derive(Template)]
#[template(path = "stores/feed.html")]
struct FeedPage {
    shell: Shell,
    store: Store,
    feed: PriceFeed,
    fetches: Vec<FeedFetch>,
    /// Why there is no complete list now, in words; empty: there is one.
    refusal: String,
    told: Told,
    may_change: bool,
}

impl FeedPage {
    fn choices(&self) -> &'static [Publishing] {
        Publishing::ALL
    }

    fn detail(&self, fetch: &FeedFetch) -> String {
        match &fetch.detail {
            Some(code) => self.shell.t.get(format!("feed-refusal-{code}")),
            None => self
                .shell
                .t
                .get_or(&format!("feed-status-{}", fetch.status), "feed-status-other"),
        }
    }
}

/// A refusal in words, with the product it is about.
fn refusal_text(refused: &Refused, t: &Texts) -> String {
    let why = t.get(format!("feed-refusal-{}", refused.why));
    if refused.product.is_empty() {
        why
    } else {
        format!("{}: {why}", refused.product)
    }
}

async fn page(
    shell: Shell,
    user: &CurrentUser,
    store: Store,
    services: &Services,
    told: Told,
) -> WebResult<HttpResponse> {
    let (id, now) = (store.id, shell.now);
    let (feed, fetches) = services
        .db
        .read(move |conn| {
            let feed = feed_fetch(conn, id)?.unwrap_or_else(|| PriceFeed::unset(id, now));
            Ok::<_, StoreError>((feed, feed_fetch_list(conn, id, FETCHES)?))
        })
        .await?;
    let refusal = match build_feed(services, user.tenant(), id).await {
        Ok(_) => String::new(),
        Err(FeedError::Refused(refused)) => refusal_text(&refused, &shell.t),
        Err(FeedError::NotFound) => return Err(WebError::not_found()),
        Err(FeedError::Store(error)) => return Err(error.into()),
    };
    html(&FeedPage {
        may_change: shell.may_change(),
        shell,
        store,
        feed,
        fetches,
        refusal,
        told,
    })
}

async fn show(
    shell: Shell,
    user: CurrentUser,
    store: OwnedStore,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    page(shell, &user, store.0, &services, Told::default()).await
}

#[derive(Deserialize)]
struct Chosen {
    publishing: String,
}

async fn save(
    req: HttpRequest,
    user: ManagerUser,
    shell: Shell,
    store: OwnedStore,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<Chosen>,
) -> WebResult<HttpResponse> {
    let publishing = form
        .publishing
        .parse()
        .map_err(|_| WebError::new(ErrorKind::BadRequest))?;
    set_publishing(&services, &user.0.actor(&req), store.0.id, publishing).await?;
    session::flash(&session, true, shell.t.get("feed-saved"))?;
    Ok(see_other(&format!("/stores/{}/feed", store.0.id)))
}

async fn address(
    req: HttpRequest,
    user: ManagerUser,
    shell: Shell,
    store: OwnedStore,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let secret = new_address(&services, &user.0.actor(&req), store.0.id).await?;
    let mut address = services.config.http.public_url.clone();
    address.set_path(&format!("/feeds/{}.xml", secret.expose_secret()));
    let told = Told {
        address: address.into(),
        ..Told::default()
    };
    page(shell, &user.0, store.0, &services, told).await
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    forget: String,
}

async fn password(
    req: HttpRequest,
    user: ManagerUser,
    shell: Shell,
    store: OwnedStore,
    services: web::Data<Services>,
    session: Session,
    form: web::Form<Wanted>,
) -> WebResult<HttpResponse> {
    let actor = user.0.actor(&req);
    if form.forget == "yes" {
        forget_password(&services, &actor, store.0.id).await?;
        session::flash(&session, true, shell.t.get("feed-saved"))?;
        return Ok(see_other(&format!("/stores/{}/feed", store.0.id)));
    }
    let (username, secret) = new_password(&services, &actor, store.0.id).await?;
    let told = Told {
        username,
        password: secret.expose_secret().to_owned(),
        ..Told::default()
    };
    page(shell, &user.0, store.0, &services, told).await
}

async fn serve(req: HttpRequest, services: web::Data<Services>) -> WebResult<HttpResponse> {
    let secret = req.match_info().get("secret").unwrap_or_default().to_owned();
    let fetcher = Fetcher {
        credentials: credentials(&req),
        etags: text(&req, IF_NONE_MATCH)
            .split(',')
            .map(|tag| tag.trim().trim_start_matches("W/").to_owned())
            .filter(|tag| !tag.is_empty())
            .collect(),
        since: DateTime::parse_from_rfc2822(text(&req, IF_MODIFIED_SINCE))
            .ok()
            .map(|at| at.with_timezone(&Utc)),
        address: address_of(&req),
        agent: text(&req, USER_AGENT).to_owned(),
    };
    Ok(match serve_feed(&services, &secret, fetcher).await? {
        Served::NotFound => return Err(WebError::not_found()),
        Served::TooMany => return Err(WebError::new(ErrorKind::TooMany { after: 60 })),
        Served::Unauthenticated => HttpResponse::Unauthorized()
            .insert_header((WWW_AUTHENTICATE, "Basic realm=\"price list\", charset=\"UTF-8\""))
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
            .body(Texts::default().get("feed-unauthenticated")),
        Served::Refused(refused) => HttpResponse::ServiceUnavailable()
            .insert_header((RETRY_AFTER, "600"))
            .insert_header((CACHE_CONTROL, "no-store"))
            .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
            .body(refusal_text(&refused, &Texts::default())),
        Served::NotModified(list) => with_tags(StatusCode::NOT_MODIFIED, &list).finish(),
        Served::List(list) => with_tags(StatusCode::OK, &list)
            .insert_header((CONTENT_TYPE, "application/xml; charset=utf-8"))
            .body(list.bytes),
    })
}

fn with_tags(status: StatusCode, list: &PriceList) -> actix_web::HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    let at = list.modified_at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    answer
        .insert_header((ETAG, list.etag.as_str()))
        .insert_header((LAST_MODIFIED, at))
        .insert_header((CACHE_CONTROL, "private, no-cache"));
    answer
}

fn text(req: &HttpRequest, name: HeaderName) -> &str {
    let value = req.headers().get(name);
    value.and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Name and password of `Authorization: Basic …`.
fn credentials(req: &HttpRequest) -> Option<(String, String)> {
    let (scheme, encoded) = text(req, AUTHORIZATION).split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

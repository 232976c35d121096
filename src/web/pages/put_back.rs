//! Putting the prices of an earlier moment back: the preview, the act and its progress.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use crate::{
    app::put_back::{Line, Preview, PutBackError, Wish, preview_put_back, put_back},
    domain::{ProductId, PushState, PutBackId, moment::parse_moment},
    services::Services,
    store::{
        StoreError,
        put_backs::{PutBackRow, put_back_fetch, put_back_list, put_back_states},
        rule_reach::products_by_sku,
        stores::{Store, store_fetch},
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser, OwnedStore, path_id},
        error::ErrorKind,
        filters, format,
        render::{html, html_with, see_other},
        routes::{Access, Kind, Route},
        session,
    },
};

/// The area's addresses.
pub const ROUTES: &[Route] = &[
    Route::get("/stores/{id}/put-back", Kind::Page, Access::Manager, || {
        web::to(form)
    }),
    Route::post("/stores/{id}/put-back", Kind::Page, Access::Manager, || {
        web::to(submit)
    }),
    Route::get("/put-backs/{id}", Kind::Fragment, Access::SignedIn, || {
        web::to(progress)
    }),
];

/// Products listed in the preview; the counts are over all.
const LISTED: usize = 100;
/// Earlier put-backs listed.
const PAST: i64 = 10;

/// What the address or the form asks for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Asked {
    /// The moment, as people or links write it.
    at: String,
    /// Only these articles, one a line.
    skus: String,
    /// Only this product.
    product: String,
    /// Key of the act, made with the preview.
    id: String,
}

#[derive(Template)]
#[template(path = "put_back/page.html")]
struct PutBackPage {
    shell: Shell,
    store: Store,
    asked: Asked,
    error: String,
    found: Option<Preview>,
    at: DateTime<Utc>,
    id: PutBackId,
    past: Vec<PutBackRow>,
}

impl PutBackPage {
    /// Moments that are asked for often.
    fn moments(&self) -> [(&'static str, String); 3] {
        let ago = |hours| format::machine_time_exact(self.shell.now - TimeDelta::hours(hours));
        [
            ("put-back-hour", ago(1)),
            ("put-back-six-hours", ago(6)),
            ("put-back-day", ago(24)),
        ]
    }

    fn exact(&self) -> String {
        format::machine_time_exact(self.at)
    }

    /// As the field for a moment takes it.
    fn local(&self) -> String {
        let almaty = self.at.with_timezone(&chrono_tz::Asia::Almaty);
        almaty.format("%Y-%m-%dT%H:%M:%S").to_string()
    }

    fn listed<'a>(&self, found: &'a Preview) -> &'a [Line] {
        found.lines.get(..LISTED).unwrap_or(&found.lines)
    }

    fn change(&self, line: &Line) -> String {
        let (now, then) = line.biggest();
        format::percent_change(now, then, self.shell.t.language)
    }

    fn reason(&self, code: &str) -> String {
        self.shell.t.get(format!("push-reason-{code}"))
    }
}

/// The wish, or the key of the text that says what is wrong with it.
async fn wish_of(
    services: &Services,
    store: &Store,
    asked: &Asked,
    now: DateTime<Utc>,
) -> WebResult<Result<Wish, &'static str>> {
    let Some(at) = parse_moment(&asked.at, now) else {
        return Ok(Err("put-back-no-moment"));
    };
    let mut products: Option<Vec<ProductId>> = None;
    if !asked.product.is_empty() {
        let id = asked.product.parse().map_err(|_| WebError::not_found())?;
        products = Some(vec![id]);
    }
    let skus: Vec<String> = asked
        .skus
        .split_whitespace()
        .map(|sku| sku.trim_matches([',', ';']).to_owned())
        .filter(|sku| !sku.is_empty())
        .collect();
    if !skus.is_empty() {
        let store_id = store.id;
        let found = services
            .db
            .read(move |conn| products_by_sku(conn, store_id, &skus))
            .await?;
        if found.is_empty() {
            return Ok(Err("put-back-no-products"));
        }
        products = Some(found.into_values().collect());
    }
    Ok(Ok(Wish {
        store_id: store.id,
        products,
        at,
    }))
}

async fn form(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    store: OwnedStore,
    services: web::Data<Services>,
    asked: web::Query<Asked>,
) -> WebResult<HttpResponse> {
    let (store, asked, now) = (store.0, asked.into_inner(), shell.now);
    let mut page = page_of(shell, store, asked, &services).await?;
    if page.asked.at.is_empty() {
        page.at = now - TimeDelta::hours(1);
        return html(&page);
    }
    match wish_of(&services, &page.store, &page.asked, now).await? {
        Err(code) => page.error = page.shell.t.get(code),
        Ok(wish) => {
            page.at = wish.at;
            match preview_put_back(&services, &user.0.actor(&req), wish).await {
                Ok(found) => page.found = Some(found),
                Err(PutBackError::Ahead) => page.error = page.shell.t.get("put-back-ahead"),
                Err(error) => return Err(error.into()),
            }
        }
    }
    let status = if page.error.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    html_with(status, &page)
}

async fn page_of(shell: Shell, store: Store, asked: Asked, services: &Services) -> WebResult<PutBackPage> {
    let id = store.id;
    let past = services
        .db
        .read(move |conn| put_back_list(conn, id, PAST))
        .await?;
    Ok(PutBackPage {
        at: shell.now,
        shell,
        store,
        asked,
        error: String::new(),
        found: None,
        id: PutBackId::new(),
        past,
    })
}

async fn submit(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    store: OwnedStore,
    services: web::Data<Services>,
    session: Session,
    asked: web::Form<Asked>,
) -> WebResult<HttpResponse> {
    let bad = || WebError::new(ErrorKind::BadRequest);
    let id: PutBackId = asked.id.parse().map_err(|_| bad())?;
    let wish = wish_of(&services, &store.0, &asked, shell.now)
        .await?
        .map_err(|_| bad())?;
    let planned = put_back(&services, &user.0.actor(&req), id, wish).await?;
    if planned.planned == 0 {
        session::flash(&session, false, shell.t.get("put-back-nothing"))?;
    }
    Ok(see_other(&format!("/put-backs/{}", planned.id)))
}

#[derive(Template)]
#[template(path = "put_back/show.html")]
struct ProgressPage {
    shell: Shell,
    store: Store,
    progress: String,
    row: PutBackRow,
}

impl ProgressPage {
    fn exact(&self) -> String {
        format::machine_time_exact(self.row.wanted_at)
    }
}

#[derive(Template)]
#[template(path = "put_back/_progress.html")]
struct Progress<'a> {
    shell: &'a Shell,
    row: &'a PutBackRow,
    /// State, why, how many.
    states: Vec<(PushState, Option<String>, i64)>,
    /// Writes that have ended.
    done: i64,
}

impl Progress<'_> {
    fn open(&self) -> bool {
        self.states.iter().any(|(state, ..)| !state.is_final())
    }

    fn class(&self, state: &PushState) -> (&'static str, &'static str) {
        match state {
            PushState::Confirmed => ("ok", "check-circle"),
            state if !state.is_final() => ("info", "clock"),
            PushState::Superseded => ("ghost", "x"),
            PushState::Held | PushState::Expired => ("held", "hand"),
            _ => ("bad", "x-circle"),
        }
    }

    fn words(&self, state: &PushState) -> String {
        self.shell.t.get(format!("push-state-{state}"))
    }

    fn reason(&self, code: &str) -> String {
        let t = self.shell.t;
        let key = format!("push-reason-{code}");
        if t.has(&key) {
            t.get(key)
        } else {
            t.with("push-reason-unknown", "code", code)
        }
    }
}

async fn progress(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let id: PutBackId = path_id(&req)?;
    let tenant = user.tenant();
    let (row, store, states) = services
        .db
        .read(move |conn| {
            let Some(row) = put_back_fetch(conn, tenant, id)? else {
                return Ok(None);
            };
            let store = store_fetch(conn, tenant, row.store_id)?;
            let states = put_back_states(conn, id)?;
            Ok::<_, StoreError>(store.map(|store| (row, store, states)))
        })
        .await?
        .ok_or_else(WebError::not_found)?;
    let done = states
        .iter()
        .filter(|(state, ..)| state.is_final())
        .map(|(.., count)| count)
        .sum();
    let part = Progress {
        shell: &shell,
        row: &row,
        states,
        done,
    };
    if shell.htmx {
        return html(&part);
    }
    let progress = part.render()?;
    html(&ProgressPage {
        progress,
        shell,
        store,
        row,
    })
}

impl From<PutBackError> for WebError {
    fn from(error: PutBackError) -> Self {
        match error {
            PutBackError::NotFound => Self::not_found(),
            PutBackError::Forbidden => Self::forbidden(),
            PutBackError::Ahead => Self::new(ErrorKind::Invalid),
            PutBackError::Store(error) => error.into(),
        }
    }
}

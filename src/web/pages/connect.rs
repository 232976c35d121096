//! Connecting a store: e-mail and password, then a page that waits for the login and says how it ended.

use actix_session::Session;
use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use serde::Deserialize;

use crate::{
    app::{
        connect_store::{ConnectError, choose_merchant, merchants_of, reconnect_store, start_connection},
        edit::FieldError,
    },
    domain::{AttemptState, StoreId, offer::Merchant},
    secrets::Secret,
    services::Services,
    store::{
        connections::{ConnectionAttempt, attempt_fetch},
        stores::{Store, store_credentials_fetch, store_fetch},
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser, OwnedStore, path_id},
        error::ErrorKind,
        filters, form,
        render::{html, html_with, see_other},
        routes::{Access, Kind, Route},
        session,
        texts::Texts,
    },
};

/// The area's addresses. They stand before those of `stores`, whose `{id}` would swallow them.
pub const ROUTES: &[Route] = &[
    Route::get("/stores/new", Kind::Page, Access::Manager, || web::to(new)),
    Route::post("/stores/new", Kind::Page, Access::Manager, || web::to(start)),
    Route::get("/stores/connect/{id}", Kind::Fragment, Access::SignedIn, || {
        web::to(attempt)
    }),
    Route::post(
        "/stores/connect/{id}/merchant",
        Kind::Page,
        Access::Manager,
        || web::to(choose),
    ),
    Route::post("/stores/{id}/login", Kind::Page, Access::Manager, || {
        web::to(log_in_again)
    }),
];

#[derive(Template)]
#[template(path = "stores/new.html")]
struct NewPage {
    shell: Shell,
    store: Option<Store>,
    email: String,
    errors: Vec<FieldError>,
    already_running: bool,
}

impl NewPage {
    fn error(&self, field: &str) -> Option<&FieldError> {
        self.errors.iter().find(|error| error.field == field)
    }
}

#[derive(Deserialize)]
struct NewQuery {
    store: Option<StoreId>,
}

async fn new(
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    query: web::Query<NewQuery>,
) -> WebResult<HttpResponse> {
    let (store, email) = match query.store {
        Some(id) => known_store(&services, &user.0, id).await?,
        None => (None, String::new()),
    };
    html(&NewPage {
        shell,
        store,
        email,
        errors: Vec::new(),
        already_running: false,
    })
}

/// The store that is logged in again, and the e-mail that was kept for it.
async fn known_store(
    services: &Services,
    user: &CurrentUser,
    id: StoreId,
) -> WebResult<(Option<Store>, String)> {
    let tenant = user.tenant();
    services
        .db
        .read(move |conn| {
            let store = store_fetch(conn, tenant, id)?.ok_or_else(WebError::not_found)?;
            let kept = store_credentials_fetch(conn, id)?;
            Ok((Some(store), kept.and_then(|kept| kept.email).unwrap_or_default()))
        })
        .await
}

#[derive(Deserialize)]
struct NewForm {
    #[serde(default)]
    email: String,
    #[serde(deserialize_with = "form::secret")]
    password: Secret,
    #[serde(default)]
    store: String,
}

async fn start(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    fields: web::Form<NewForm>,
) -> WebResult<HttpResponse> {
    let fields = fields.into_inner();
    let store_id = match fields.store.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| WebError::not_found())?),
    };
    let actor = user.0.actor(&req);
    let outcome = start_connection(&services, &actor, &fields.email, fields.password, store_id).await;
    let (errors, already_running) = match outcome {
        Ok(id) => return Ok(see_other(&format!("/stores/connect/{id}"))),
        Err(ConnectError::Invalid(errors)) => (errors, false),
        Err(ConnectError::AlreadyRunning) => (Vec::new(), true),
        Err(error) => return Err(error.into()),
    };
    let store = match store_id {
        Some(id) => known_store(&services, &user.0, id).await?.0,
        None => None,
    };
    let page = NewPage {
        shell,
        store,
        email: fields.email,
        errors,
        already_running,
    };
    html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// Where a login stands; asks again every two seconds until a person is needed or it is over.
#[derive(Template)]
#[template(path = "stores/_attempt.html")]
struct AttemptFragment {
    t: Texts,
    csrf: String,
    attempt: ConnectionAttempt,
    merchants: Vec<Merchant>,
}

impl AttemptFragment {
    fn new(shell: &Shell, attempt: ConnectionAttempt) -> Self {
        Self {
            t: shell.t,
            csrf: shell.csrf.clone(),
            merchants: merchants_of(&attempt.merchants),
            attempt,
        }
    }

    fn waits(&self) -> bool {
        matches!(self.attempt.state, AttemptState::Queued | AttemptState::Running)
    }

    fn state(&self) -> &'static str {
        self.attempt.state.as_str()
    }

    /// Icon and class of the message.
    fn look(&self) -> (&'static str, &'static str) {
        match self.attempt.state {
            AttemptState::Done => ("check-circle", "note"),
            AttemptState::ChooseMerchant => ("store", "note"),
            AttemptState::NeedsCode => ("phone", "note warn"),
            AttemptState::Blocked | AttemptState::Unavailable => ("clock", "note warn"),
            _ => ("alert", "note bad"),
        }
    }

    /// Typing the password again makes sense.
    fn may_retry(&self) -> bool {
        self.attempt.state.is_final() && self.attempt.state != AttemptState::Done
            || self.attempt.state == AttemptState::NeedsCode
    }
}

#[derive(Template)]
#[template(path = "stores/attempt.html")]
struct AttemptPage {
    shell: Shell,
    fragment: AttemptFragment,
}

impl AttemptPage {
    /// Which of the four steps is the present one.
    fn step(&self) -> usize {
        match self.fragment.attempt.state {
            AttemptState::Queued | AttemptState::Running => 1,
            AttemptState::ChooseMerchant => 2,
            AttemptState::Done => 3,
            _ => 0,
        }
    }
}

async fn attempt(
    req: HttpRequest,
    shell: Shell,
    user: CurrentUser,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let (tenant, id) = (user.tenant(), path_id(&req)?);
    let attempt = services
        .db
        .read(move |conn| attempt_fetch(conn, tenant, id))
        .await?
        .ok_or_else(WebError::not_found)?;
    let fragment = AttemptFragment::new(&shell, attempt);
    if shell.htmx {
        return html(&fragment);
    }
    html(&AttemptPage { shell, fragment })
}

#[derive(Deserialize)]
struct MerchantForm {
    #[serde(default)]
    merchant_id: String,
}

async fn choose(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    session: Session,
    fields: web::Form<MerchantForm>,
) -> WebResult<HttpResponse> {
    let id = path_id(&req)?;
    match choose_merchant(&services, &user.0.actor(&req), id, &fields.merchant_id).await {
        Ok(()) => {}
        Err(ConnectError::Invalid(errors)) => {
            for error in errors {
                session::flash(&session, false, shell.t.get(error.code))?;
            }
        }
        Err(error) => return Err(error.into()),
    }
    Ok(see_other(&format!("/stores/connect/{id}")))
}

/// With the password that was kept; without one the form asks for it.
async fn log_in_again(
    req: HttpRequest,
    user: ManagerUser,
    store: OwnedStore,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let id = store.0.id;
    match reconnect_store(&services, &user.0.actor(&req), id).await {
        Ok(attempt) => Ok(see_other(&format!("/stores/connect/{attempt}"))),
        Err(ConnectError::NoPassword) => Ok(see_other(&format!("/stores/new?store={id}"))),
        Err(ConnectError::AlreadyRunning) => Ok(see_other(&format!("/stores/{id}"))),
        Err(error) => Err(error.into()),
    }
}

impl From<ConnectError> for WebError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::NotFound => Self::not_found(),
            ConnectError::Forbidden => Self::forbidden(),
            ConnectError::Invalid(_) => Self::new(ErrorKind::Invalid),
            ConnectError::AlreadyRunning | ConnectError::NoPassword => Self::new(ErrorKind::Conflict),
            ConnectError::Secret(error) => Self::internal(error.into()),
            ConnectError::Store(error) => error.into(),
        }
    }
}

//! Connecting a store: the way to log in; e-mail and password, or a telephone number; then a page that waits for the
//! login, asks back, and says how it ended. Everything works without scripts.

mod attempt;
mod steps;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use serde::Deserialize;

use crate::{
    app::{
        connect_store::{ConnectError, connect_another, reconnect_store, sms_start, start_connection},
        edit::FieldError,
    },
    domain::{AccountKind, AttemptId, StoreId},
    secrets::Secret,
    services::Services,
    store::{
        accounts::{CabinetAccount, account_list, account_of_store},
        stores::{Store, store_fetch},
    },
    web::{
        Shell, WebError, WebResult,
        auth::{CurrentUser, ManagerUser, OwnedStore},
        error::ErrorKind,
        filters, form,
        render::{html, html_with, see_other},
        routes::{Access, Kind, Route},
    },
};

/// The area's addresses. They stand before those of `stores`, whose `{id}` would swallow them.
pub const ROUTES: &[Route] = &[
    Route::get("/stores/new", Kind::Page, Access::Manager, || web::to(ways)),
    Route::post("/stores/new", Kind::Page, Access::Manager, || web::to(start)),
    Route::get("/stores/new/email", Kind::Page, Access::Manager, || web::to(new)),
    Route::post("/stores/new/email", Kind::Page, Access::Manager, || {
        web::to(start)
    }),
    Route::get("/stores/new/phone", Kind::Page, Access::Manager, || web::to(new)),
    Route::post("/stores/new/phone", Kind::Page, Access::Manager, || {
        web::to(start)
    }),
    Route::get("/stores/connect/{id}", Kind::Fragment, Access::SignedIn, || {
        web::to(attempt::show)
    }),
    Route::get("/stores/connect/{id}/wait", Kind::Page, Access::SignedIn, || {
        web::to(steps::show)
    }),
    Route::get(
        "/stores/connect/{id}/password",
        Kind::Page,
        Access::SignedIn,
        || web::to(steps::show),
    ),
    Route::get("/stores/connect/{id}/code", Kind::Page, Access::SignedIn, || {
        web::to(steps::show)
    }),
    Route::get(
        "/stores/connect/{id}/merchant",
        Kind::Page,
        Access::SignedIn,
        || web::to(steps::show),
    ),
    Route::get("/stores/connect/{id}/read", Kind::Page, Access::SignedIn, || {
        web::to(steps::show)
    }),
    Route::get(
        "/stores/connect/{id}/defaults",
        Kind::Page,
        Access::SignedIn,
        || web::to(steps::show),
    ),
    Route::post("/stores/connect/{id}/code", Kind::Page, Access::Manager, || {
        web::to(attempt::code)
    }),
    Route::post("/stores/connect/{id}/resend", Kind::Page, Access::Manager, || {
        web::to(attempt::resend)
    }),
    Route::post(
        "/stores/connect/{id}/password",
        Kind::Page,
        Access::Manager,
        || web::to(attempt::password),
    ),
    Route::post(
        "/stores/connect/{id}/merchant",
        Kind::Page,
        Access::Manager,
        || web::to(attempt::choose),
    ),
    Route::post("/stores/connect/{id}/cancel", Kind::Page, Access::Manager, || {
        web::to(attempt::cancel)
    }),
    Route::get(
        "/stores/connect/{id}/picture",
        Kind::Page,
        Access::SignedIn,
        || web::to(attempt::picture),
    ),
    Route::get(
        "/stores/connect/{id}/source",
        Kind::Page,
        Access::SignedIn,
        || web::to(attempt::source),
    ),
    Route::post("/stores/{id}/login", Kind::Page, Access::Manager, || {
        web::to(log_in_again)
    }),
];

/// What stood in the way of beginning a login, besides wrong fields.
enum Obstacle {
    /// A login of the account is under way; its page, where the reader may see it.
    Running(Option<AttemptId>),
    /// The marketplace wants us to wait.
    Blocked(chrono::DateTime<chrono::Utc>),
}

/// The first step: which way to log in, or a login that is known already.
#[derive(Template)]
#[template(path = "stores/ways.html")]
struct WaysPage {
    shell: Shell,
    /// Accounts that are known already: another store of theirs needs no typing.
    accounts: Vec<CabinetAccount>,
    errors: Vec<FieldError>,
    obstacle: Option<Obstacle>,
}

/// The second step: what the marketplace asks for on this way.
#[derive(Template)]
#[template(path = "stores/new.html")]
struct NewPage {
    shell: Shell,
    /// The store that is logged in again.
    store: Option<Store>,
    by: AccountKind,
    email: String,
    phone: String,
    errors: Vec<FieldError>,
    obstacle: Option<Obstacle>,
}

impl NewPage {
    fn error(&self, field: &str) -> Option<&FieldError> {
        self.errors.iter().find(|error| error.field == field)
    }

    fn by_phone(&self) -> bool {
        self.by == AccountKind::Phone
    }

    /// Address of this step on the other way.
    fn other_way(&self) -> String {
        let other = if self.by_phone() {
            AccountKind::Email
        } else {
            AccountKind::Phone
        };
        form_address(other, self.store.as_ref().map(|store| store.id))
    }
}

/// Address of the form of a way to log in; of a store that is there already, where one is.
fn form_address(by: AccountKind, store: Option<StoreId>) -> String {
    match store {
        Some(store) => format!("/stores/new/{by}?store={store}"),
        None => format!("/stores/new/{by}"),
    }
}

/// The way that an address names.
fn way_of_path(req: &HttpRequest) -> Option<AccountKind> {
    req.path().rsplit('/').next()?.parse().ok()
}

#[derive(Deserialize)]
struct NewQuery {
    store: Option<StoreId>,
}

/// `GET /stores/new`; a store that is there already has its way.
async fn ways(
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    query: web::Query<NewQuery>,
) -> WebResult<HttpResponse> {
    let (store, account, accounts) = known(&services, &user.0, query.store).await?;
    if let Some(store) = store {
        let by = account.map_or(AccountKind::Email, |account| account.kind);
        return Ok(see_other(&form_address(by, Some(store.id))));
    }
    html(&WaysPage {
        shell,
        accounts,
        errors: Vec::new(),
        obstacle: None,
    })
}

/// `GET /stores/new/email`, `GET /stores/new/phone`
async fn new(
    req: HttpRequest,
    shell: Shell,
    user: ManagerUser,
    services: web::Data<Services>,
    query: web::Query<NewQuery>,
) -> WebResult<HttpResponse> {
    let by = way_of_path(&req).ok_or_else(WebError::not_found)?;
    let (store, account, _) = known(&services, &user.0, query.store).await?;
    let login = |kind| {
        account
            .as_ref()
            .filter(|account| account.kind == kind)
            .map(|account| account.login.clone())
            .unwrap_or_default()
    };
    html(&NewPage {
        shell,
        by,
        email: login(AccountKind::Email),
        phone: login(AccountKind::Phone),
        store,
        errors: Vec::new(),
        obstacle: None,
    })
}

type KnownAccounts = (Option<Store>, Option<CabinetAccount>, Vec<CabinetAccount>);

/// The store that is logged in again with its account; without one the accounts that the user has.
async fn known(
    services: &Services,
    user: &CurrentUser,
    store_id: Option<StoreId>,
) -> WebResult<KnownAccounts> {
    let (tenant, user_id) = (user.tenant(), user.user.id);
    services
        .db
        .read(move |conn| match store_id {
            Some(id) => {
                let store = store_fetch(conn, tenant, id)?.ok_or_else(WebError::not_found)?;
                Ok((Some(store), account_of_store(conn, id)?, Vec::new()))
            }
            None => {
                let mut accounts = account_list(conn, user_id)?;
                accounts.dedup_by(|a, b| (a.kind, &a.login) == (b.kind, &b.login));
                Ok::<_, WebError>((None, None, accounts))
            }
        })
        .await
}

#[derive(Deserialize)]
struct NewForm {
    #[serde(default)]
    by: String,
    #[serde(default)]
    email: String,
    #[serde(default = "form::no_secret", deserialize_with = "form::secret")]
    password: Secret,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    store: String,
    #[serde(default)]
    account: String,
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
    let by = way_of_path(&req).or_else(|| fields.by.parse().ok());
    let by = by.unwrap_or(AccountKind::Email);
    let known_account = !fields.account.is_empty();
    let actor = user.0.actor(&req);
    let begun = if known_account {
        let account = fields.account.parse().map_err(|_| WebError::not_found())?;
        connect_another(&services, &actor, account).await
    } else if by == AccountKind::Phone {
        sms_start(&services, &actor, &fields.phone, store_id).await
    } else {
        start_connection(&services, &actor, &fields.email, fields.password, store_id).await
    };
    let (errors, obstacle) = match begun {
        Ok(id) => return Ok(see_other(&format!("/stores/connect/{id}"))),
        Err(ConnectError::Invalid(errors)) => (errors, None),
        Err(ConnectError::AlreadyRunning { attempt }) => (Vec::new(), Some(Obstacle::Running(attempt))),
        Err(ConnectError::Blocked { until }) => (Vec::new(), Some(Obstacle::Blocked(until))),
        Err(error) => return Err(error.into()),
    };
    let (store, _, accounts) = known(&services, &user.0, store_id).await?;
    if known_account {
        let page = WaysPage {
            shell,
            accounts,
            errors,
            obstacle,
        };
        return html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let page = NewPage {
        shell,
        store,
        by,
        email: fields.email,
        phone: fields.phone,
        errors,
        obstacle,
    };
    html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// With what was kept; where nothing was, the form asks for it.
async fn log_in_again(
    req: HttpRequest,
    user: ManagerUser,
    store: OwnedStore,
    services: web::Data<Services>,
) -> WebResult<HttpResponse> {
    let id = store.0.id;
    match reconnect_store(&services, &user.0.actor(&req), id).await {
        Ok(attempt)
        | Err(ConnectError::AlreadyRunning {
            attempt: Some(attempt),
        }) => Ok(see_other(&format!("/stores/connect/{attempt}"))),
        Err(ConnectError::NoPassword | ConnectError::Blocked { .. }) => {
            Ok(see_other(&format!("/stores/new?store={id}")))
        }
        Err(ConnectError::AlreadyRunning { attempt: None }) => Ok(see_other(&format!("/stores/{id}"))),
        Err(error) => Err(error.into()),
    }
}

impl From<ConnectError> for WebError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::NotFound => Self::not_found(),
            ConnectError::Forbidden => Self::forbidden(),
            ConnectError::Invalid(_) => Self::new(ErrorKind::Invalid),
            ConnectError::AlreadyRunning { .. } | ConnectError::Blocked { .. } | ConnectError::NoPassword => {
                Self::new(ErrorKind::Conflict)
            }
            ConnectError::Secret(error) => Self::internal(error.into()),
            ConnectError::Store(error) => error.into(),
        }
    }
}
